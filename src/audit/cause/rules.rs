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
    let derived = stand.resolved.derived;
    let layers = stand.context.book.layers(derived.pool, stand.claim.insutype, derived.keys, stand.claim.enddate);
    layers.for_each(|row| asking.ask(Change::LayerSkipped(row.value.layer)));
    asking.ask(Change::NotCovered);
}

/// The days beside all rows that decided.
pub(super) fn other_days(stand: &Stand, pack: &RulePack, days: &mut Vec<Date>) {
    let (rows, derived, claim) = (stand.resolved.rows, stand.resolved.derived, stand.claim);
    let book = stand.context.book;
    let chosen = [(Table::Schemes, rows.scheme), (Table::Channels, rows.channel), (Table::Benefits, rows.benefit)];
    let layers = book.layers(derived.pool, claim.insutype, derived.keys, claim.enddate);
    let layers = layers.map(|row| (Table::Layers, row.row));
    let account = book.account(derived.pool, claim.insutype, derived.keys, claim.enddate);
    let account = account.map(|row| (Table::Accounts, row.row));
    pack.days_beside(chosen.into_iter().chain(layers).chain(account), days);
}
