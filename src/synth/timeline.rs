//! What a person did when, so that nobody is in two places at once unless that is planted.

use crate::model::date::Date;
use crate::model::place::Admdvs;

/// Days after a discharge on which a return to the same institution would be a split admission.
const RETURN_DAYS: i32 = 15;

/// A person's year.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline {
    stays: Vec<(Date, Date, u32)>,
    visits: Vec<(Date, Admdvs)>,
}

impl Timeline {
    pub(super) fn clear(&mut self) {
        self.stays.clear();
        self.visits.clear();
    }

    /// Whether a stay meets nothing else, and is no early return.
    pub(super) fn stay_fits(&self, begin: Date, end: Date, institution: u32) -> bool {
        let stays = self.stays.iter().all(|&(from, to, at)| {
            let gap = if at == institution { RETURN_DAYS } else { 0 };
            end.0 + gap < from.0 || to.0 + gap < begin.0
        });
        stays && self.visits.iter().all(|&(day, _)| day < begin || end < day)
    }

    /// Whether a visit falls into no stay, and into one city or province a day.
    pub(super) fn visit_fits(&self, day: Date, place: Admdvs) -> bool {
        self.stays.iter().all(|&(from, to, _)| day < from || to < day)
            && self.visits.iter().all(|&(other, at)| other != day || at.province() == place.province())
    }

    pub(super) fn add_stay(&mut self, begin: Date, end: Date, institution: u32) {
        self.stays.push((begin, end, institution));
    }

    pub(super) fn add_visit(&mut self, day: Date, place: Admdvs) {
        self.visits.push((day, place));
    }
}
