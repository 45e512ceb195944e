//! Hypotheses about how the settlement is computed: deductible, accumulators, caps, version of the rules, base,
//! reduction of the channel, layers, cover.

use super::Asking;
use crate::adjudicate::whatif::{Change, Stand};
use crate::model::date::Date;
use crate::rules::layout::Table;
use crate::rules::pack::RulePack;

/// Admission ordinals that are tried.
const ORDINALS: std::ops::RangeInclusive<u32> = 1..=8;

/// Asks, in the order of the table of causes.
pub(super) fn ask(stand: &Stand, days: &[Date], asking: &mut Asking) {
    asking.ask(Change::DeductibleNone);
    asking.ask(Change::DeductibleFull);
    ORDINALS.for_each(|ordinal| asking.ask(Change::Nth(ordinal)));
    asking.ask(Change::YearFresh);
    asking.ask(Change::CapsIgnored);
    days.iter().for_each(|&day| asking.ask(Change::RuleDate(day)));
    asking.ask(Change::PreselfInBase);
    asking.ask(Change::PointsAsFactor);
    asking.ask(Change::FactorAsPoints);
    stand.resolved.offer.layers().for_each(|row| asking.ask(Change::LayerSkipped(row.value.layer)));
    asking.ask(Change::NotCovered);
}

/// The days beside all rows that decided.
pub(super) fn other_days(stand: &Stand, pack: &RulePack, days: &mut Vec<Date>) {
    let (rows, offer) = (stand.resolved.rows, stand.resolved.offer);
    let chosen = [(Table::Schemes, rows.scheme), (Table::Channels, rows.channel), (Table::Benefits, rows.benefit)];
    let layers = offer.layers().map(|row| (Table::Layers, row.row));
    let account = offer.account().map(|row| (Table::Accounts, row.row));
    pack.days_beside(chosen.into_iter().chain(layers).chain(account), days);
}
