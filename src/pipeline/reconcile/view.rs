//! What the audit's checks see of a person on the desk.

use super::side::Sides;
use crate::audit::details::Line;
use crate::audit::findings::view::{Care, Has, Payment, Person, Seen, Settlement, World};
use crate::audit::findings::{Audit, Gathered};
use crate::columnar::reconciled::FIELDS;
use crate::ingest::paid::PaidRow;
use crate::ledger::fold;
use crate::ledger::person::Desk;
use crate::model::money::Fen;
use crate::model::outcome::Status;
use crate::model::settlement::Flags;
use crate::report::reconciled::compared;
use crate::shuffle::group::Entry;

/// The checks at work on a run of persons; its memory is kept from person to person.
pub(super) struct Auditor<'a> {
    audit: &'a Audit,
    world: &'a World<'a>,
    settlements: Vec<Settlement<'a>>,
    /// What was found so far.
    pub gathered: Gathered,
}

impl<'a> Auditor<'a> {
    /// Begins.
    pub(super) fn new(audit: &'a Audit, world: &'a World<'a>) -> Self {
        Self { audit, world, settlements: Vec::new(), gathered: audit.begin() }
    }

    /// Looks at the person on the desk. `lines` are those of the person, `placed` says which line each claim has.
    pub(super) fn see(
        &mut self,
        sides: &'a Sides<'a>,
        person: u32,
        desk: &Desk,
        placed: &[(usize, usize)],
        lines: &[Line<'_>],
    ) {
        self.settlements.clear();
        self.settlements.extend((0..desk.kept.len()).map(|at| sides.settlement(desk, at)));
        for &(line, at) in placed {
            self.settlements[at].cause = lines[line].causes.first().copied();
        }
        let person = Person {
            world: self.world,
            rank: person,
            number: self.world.psn_no(person),
            facts: sides.loaded.facts.of(person),
            settlements: &self.settlements,
        };
        self.audit.see(&person, &mut self.gathered);
    }
}

impl<'a> Sides<'a> {
    /// What there is to look at.
    pub(super) fn has(&self) -> Has {
        let loaded = self.loaded;
        let notes = self.notes();
        Has {
            paid: self.terms.fields,
            disease: notes.is_some_and(|notes| notes.has_disease),
            refund_flag: notes.is_some_and(|notes| notes.has_refund_flag),
            begin: notes.is_some_and(|notes| notes.has_begin),
            level: notes.is_some_and(|notes| notes.has_level),
            enrolments: loaded.facts.enrolments.is_some(),
            institutions: loaded.institutions.is_some(),
            years: loaded.opening.is_none(),
        }
    }

    fn settlement(&'a self, desk: &Desk, at: usize) -> Settlement<'a> {
        let (entry, outcome) = (desk.kept[at], &desk.fold.outcomes[at]);
        let (claim, arenas, book) = (self.claim(entry), &self.loaded.rows.arenas, &self.loaded.rules.book);
        let (file, row) = fold::position(&self.loaded.rows, entry);
        let notes = self.notes();
        let has_account = self.has_account(claim, outcome);
        let visit = book.visit(book.pool_of(claim.insured), claim.med_type, claim.disease, claim.enddate);
        Settlement {
            claim,
            entry,
            setl_id: arenas.setl_id(claim.text),
            institution: arenas.institution(claim.text),
            disease: notes.map_or("", |notes| notes.disease(file, row)),
            is_flagged: notes.and_then(|notes| notes.is_refunded(file, row)),
            status: outcome.status,
            reasons: outcome.reasons,
            is_reversed: outcome.is_reversed(),
            care: visit.map(|visit| Care {
                med_class: visit.value.med_class,
                is_admission: visit.value.is_admission,
                is_emergency: visit.value.is_emergency || claim.flags.has(Flags::EMERGENCY),
            }),
            seen: outcome.seen.map(|(derived, rows)| Seen {
                pool: derived.pool,
                benefit_year: derived.benefit_year,
                keys: derived.keys,
                channel: rows.channel,
                benefit: rows.benefit,
                pool_base: outcome.amounts.pool_base,
            }),
            computed: match outcome.status {
                Status::Pended => [Fen::ZERO; FIELDS],
                _ => compared(&outcome.amounts, has_account),
            },
            has_account,
            paid: self.payment(entry),
            cause: None,
        }
    }

    /// What was paid of a row: its own columns, or the row of the files that names its person or nobody.
    fn payment(&self, entry: Entry) -> Option<Payment> {
        let place = fold::position(&self.loaded.rows, entry);
        let person = self.loaded.rows.arenas.person(self.loaded.rows.text(entry));
        let paid = &self.paid.rows;
        let is_its = |row: &PaidRow| {
            if self.is_from_files() {
                let named = paid.psn_no(row);
                named.is_empty() || named == person
            } else {
                (row.file, row.row) == place
            }
        };
        let row = self.paid.row_of(self.setl_id(entry), is_its)?;
        Some(Payment { columns: row.columns.and(self.terms.fields), amounts: row.amounts })
    }
}
