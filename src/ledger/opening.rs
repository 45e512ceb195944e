//! What earlier nights left of the persons of a night, and what the night leaves of them.

use std::ops::Range;

use hashbrown::{HashMap, HashSet};

use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::opening::{Moved, Original, SchemeKey, UsageRow};
use crate::adjudicate::person::Fold;
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::model::outcome::{Reason, Status};
use crate::model::reference::ByPerson;
use crate::model::settlement::{Arenas, Claim};
use crate::model::symbol::Sym;
use crate::shuffle::group::Entry;

/// One admission that a deductible bucket has counted, for stays that will be linked by transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The scheme and year.
    pub key: SchemeKey,
    /// The deductible bucket.
    pub accumulator: Sym,
    /// Discharge date.
    pub enddate: Date,
    /// D of the settlement.
    pub deductible: Fen,
    /// `setl_id`.
    pub setl_id: Box<[u8]>,
    /// `fixmedins_code`.
    pub institution: Box<[u8]>,
    /// `mdtrt_id`; empty where the claim had none.
    pub mdtrt_id: Box<[u8]>,
}

/// Place in the order of a person's settlements.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// `setl_time`.
    pub time: Time,
    /// `setl_id`, compared as bytes.
    pub setl_id: Box<[u8]>,
}

/// What earlier nights left of a run of this night's persons; tables by person begin with the first of them.
#[derive(Debug)]
pub struct Opening {
    /// The ranks of the persons.
    pub persons: Range<usize>,
    /// Use of schemes and years.
    pub usage: ByPerson<UsageRow>,
    /// Settlements that this night's reversals name.
    pub originals: ByPerson<Original>,
    /// Admissions counted.
    pub admissions: ByPerson<Admission>,
    /// The place of the last settlement, by person; `None`: there is none.
    pub last: Vec<Option<Place>>,
    /// Rows of this night whose settlement is in the ledger already.
    pub settled: HashSet<Entry>,
    /// Number of the input file that holds the open items of earlier nights; it comes behind all others.
    pub open_items: Option<u32>,
    /// Whether tonight's table gives a person's balance, by person; empty without a table.
    pub balance_given: Vec<bool>,
    /// Balances that several nights, folded as one, were given.
    pub given: Option<GivenBalances>,
    /// Of several rows with one number, what several nights, folded as one, made of each sound one.
    pub fates: HashMap<Entry, Fate>,
}

/// What became of a sound row whose number stands in several rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is the settlement, or the open item, of its number.
    Stands,
    /// A row of a later night took its place while it was open.
    Replaced,
    /// It was rejected for this reason.
    Refused(Reason),
}

/// Balances given in the midst of a fold that takes several nights as one.
#[derive(Debug)]
pub struct GivenBalances {
    /// The night of each input file.
    pub night_of_file: Vec<u32>,
    /// Night and balance, by person, nights rising.
    pub balances: ByPerson<(u32, Fen)>,
}

impl Opening {
    /// A person's place in the tables.
    fn at(&self, person: u32) -> u32 {
        assert!(self.persons.contains(&(person as usize)), "person {person} of an opening of {:?}", self.persons);
        person - self.persons.start as u32
    }

    /// Use of a person's schemes and years.
    #[must_use]
    pub fn usage_of(&self, person: u32) -> &[UsageRow] {
        self.usage.of(self.at(person))
    }

    /// Settlements that a person's reversals name.
    #[must_use]
    pub fn originals_of(&self, person: u32) -> &[Original] {
        self.originals.of(self.at(person))
    }

    /// The place of a person's last settlement; `None`: there is none.
    #[must_use]
    pub fn last_of(&self, person: u32) -> Option<&Place> {
        self.last[self.at(person) as usize].as_ref()
    }

    /// Before which of a person's claims, in their order, the account is set to a balance: a night's balance holds
    /// from the first claim on that lies behind all claims of the nights before it, as it did that night.
    #[must_use]
    pub fn balances_before(&self, person: u32, claims: &[Claim]) -> Vec<(usize, Fen)> {
        let Some(given) = &self.given else { return Vec::new() };
        let night = |claim: &Claim| given.night_of_file[claim.file as usize];
        let first = |of: u32| claims.iter().rposition(|claim| night(claim) < of).map_or(0, |last| last + 1);
        given.balances.of(self.at(person)).iter().map(|&(of, balance)| (first(of), balance)).collect()
    }
}

/// The state of a person behind a night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingPerson {
    /// The person's rank.
    pub person: u32,
    /// The account.
    pub balance: Fen,
    /// The last settlement in the order, of this night and all before.
    pub last: Option<Place>,
}

/// What a night keeps of a chunk beside its outcomes.
#[derive(Debug, Default)]
pub struct Closing {
    /// What each claim moved (a reversal: took back), by name; parallel to the chunk's claims.
    pub moved: Vec<Option<Moved>>,
    /// Whether a claim's place lies before a settlement of an earlier night; parallel to the claims.
    pub late: Vec<bool>,
    /// Use of the schemes and years that the night touched, person by person.
    pub usage: Vec<(u32, UsageRow)>,
    /// Admissions of the schemes and years that the night touched, person by person.
    pub admissions: Vec<(u32, Admission)>,
    /// Persons with a settlement this night, or a balance given.
    pub persons: Vec<ClosingPerson>,
}

/// A person's settlements of a night, as [`Closing::close`] takes them.
#[derive(Clone, Copy)]
pub struct Settled<'a> {
    /// Text of the claims.
    pub arenas: &'a Arenas,
    /// Claims in the total order.
    pub claims: &'a [Claim],
    /// Outcomes of the chunk; the person's stand at its end.
    pub fold: &'a Fold,
    /// The accumulators behind the last claim.
    pub accumulators: &'a Accumulators,
}

impl Closing {
    /// Takes in a folded person.
    pub fn close(&mut self, person: u32, opening: &Opening, settled: Settled) {
        let Settled { arenas, claims, fold, accumulators } = settled;
        let outcomes = &fold.outcomes[fold.outcomes.len() - claims.len()..];
        let before = opening.last_of(person);
        let id = |claim: &Claim| arenas.setl_id(claim.text);
        let is_late = |claim: &Claim| {
            before.is_some_and(|last| (claim.setl_time, id(claim)) < (last.time, last.setl_id.as_ref()))
        };
        let mut touched = vec![false; accumulators.schemes.len()];
        let mut last = None;
        for (claim, outcome) in claims.iter().zip(outcomes) {
            let is_settled = outcome.status != Status::Pended;
            self.late.push(is_settled && is_late(claim));
            let movement = outcome.movement();
            self.moved.push(movement.as_ref().map(|movement| accumulators.named(movement)));
            if let Some(movement) = &movement {
                touched[movement.at.scheme as usize] = true;
            }
            if is_settled {
                last = Some(claim);
            }
        }
        let Some(last) = last else {
            // A balance that was given tonight is known from now on, though nothing was settled on it yet.
            if opening.balance_given.get(opening.at(person) as usize) == Some(&true) {
                self.persons.push(ClosingPerson { person, balance: accumulators.balance, last: before.cloned() });
            }
            return;
        };
        let last = Place { time: last.setl_time, setl_id: id(last).into() };
        let last = before.filter(|before| **before > last).cloned().unwrap_or(last);
        self.persons.push(ClosingPerson { person, balance: accumulators.balance, last: Some(last) });
        for scheme in (0..touched.len()).filter(|&scheme| touched[scheme]) {
            self.usage.extend(accumulators.usage_of(scheme).map(|row| (person, row)));
        }
        let touched_keys: Vec<SchemeKey> =
            (0..touched.len()).filter(|&scheme| touched[scheme]).map(|scheme| accumulators.key(scheme)).collect();
        self.list_admissions(person, opening.admissions.of(opening.at(person)), &touched_keys, settled);
    }

    /// The admissions of the touched schemes and years: those of before, those of this night, less the reversed ones.
    fn list_admissions(&mut self, person: u32, before: &[Admission], touched: &[SchemeKey], settled: Settled) {
        let Settled { arenas, claims, fold, accumulators } = settled;
        let outcomes = &fold.outcomes[fold.outcomes.len() - claims.len()..];
        let first = self.admissions.len();
        let kept = before.iter().filter(|admission| touched.contains(&admission.key)).cloned();
        self.admissions.extend(kept.map(|admission| (person, admission)));
        for (claim, outcome) in claims.iter().zip(outcomes) {
            let Some(movement) = &outcome.movement().filter(|movement| movement.by.admissions > 0) else {
                continue;
            };
            if outcome.status == Status::Reversed {
                let name = arenas.init_setl_id(claim.text);
                let at = self.admissions[first..].iter().position(|(_, admission)| *admission.setl_id == *name);
                self.admissions.remove(first + at.expect("an admission is listed until it is reversed"));
                continue;
            }
            let moved = accumulators.named(movement);
            let admission = Admission {
                key: moved.key,
                accumulator: moved.deductible_accumulator,
                enddate: claim.enddate,
                deductible: moved.by.deductible,
                setl_id: arenas.setl_id(claim.text).into(),
                institution: arenas.institution(claim.text).into(),
                mdtrt_id: arenas.mdtrt_id(claim.text).into(),
            };
            self.admissions.push((person, admission));
        }
    }
}
