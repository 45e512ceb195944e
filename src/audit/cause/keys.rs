//! Hypotheses about what the settlement is: filing, place, tier, class of person, kind of visit.

use super::{Asking, Values};
use crate::adjudicate::whatif::{Change, Stand};
use crate::model::place::{Filing, Place};

/// Asks for every other value, in the order of the table of causes; within a cause by the enum, or by the words' bytes.
pub(super) fn ask(stand: &Stand, values: &Values, asking: &mut Asking) {
    let keys = stand.resolved.derived.keys;
    for &filing in Filing::ALL.iter().filter(|&&filing| filing != keys.filing) {
        asking.ask(Change::Filing(filing));
    }
    for &place in Place::ALL.iter().filter(|&&place| place != keys.place) {
        asking.ask(Change::Place(place));
    }
    for &tier in values.tiers.iter().filter(|&&tier| tier != keys.tier) {
        asking.ask(Change::Tier(tier));
    }
    for &class in values.classes.iter().filter(|&&class| class != keys.psn_class) {
        asking.ask(Change::Class(class));
    }
    for &class in values.visits.iter().filter(|&&class| class != keys.med_class) {
        asking.ask(Change::Visit(class));
    }
}
