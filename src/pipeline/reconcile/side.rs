//! The run's side: persons folded again, their settlements beside what was paid.

use std::ops::Range;

use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

use super::view::Auditor;
use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::person::Outcome as Adjudicated;
use crate::adjudicate::trace::{Off, Step, Trace};
use crate::audit::cause::{Difference, Inquest, Settlement};
use crate::audit::details::{Agency, Computed, Key, Line, Terms};
use crate::audit::paid_side::PaidSide;
use crate::columnar::reconciled::{FIELDS, field};
use crate::columnar::words::{Recorded, Words};
use crate::ingest::notes::Notes;
use crate::ingest::paid::{Group, PaidRows};
use crate::ledger::fold::{self, Aside};
use crate::ledger::person::{Desk, Source};
use crate::model::money::Fen;
use crate::model::outcome::Status;
use crate::model::settlement::{Claim, Flags};
use crate::pipeline::load::Loaded;
use crate::report::adjudicated;
use crate::report::balance::{ADJUDICATED, Balance, Tally};
use crate::report::reconciled::{Outcome, compared};
use crate::shuffle::group::{Entry, text_hash};

/// Open items of earlier nights whose place a new row took: file and row. They are no rows of the run.
pub(super) fn replaced(loaded: &Loaded) -> HashSet<(u32, u32)> {
    let Some(opening) = loaded.opening.as_ref().filter(|opening| opening.open_items.is_some()) else {
        return HashSet::new();
    };
    let mut aside = Aside::default();
    let mut kept = Vec::new();
    for person in 0..loaded.persons.len() {
        kept.clear();
        let entries = loaded.persons.entries_of(person);
        fold::keep_first_of_each(&loaded.rows, entries, Some(opening), &mut kept, &mut aside);
    }
    aside.replaced.iter().map(|row| (row.file, row.row)).collect()
}

/// Both sides of a reconciliation.
pub(super) struct Sides<'a> {
    /// The run, read again.
    pub loaded: &'a Loaded,
    /// The paid side.
    pub paid: PaidSide,
    /// What is compared.
    pub terms: Terms,
    /// What the claims say of their groups, where the paid side is files of its own.
    own: Option<PaidRows>,
    replaced: HashSet<(u32, u32)>,
    /// Numbers that the run has more than once.
    doubles: HashMap<&'a [u8], Double>,
    /// Numbers that only the paid side has.
    unmet: Vec<u32>,
    /// Rows of the run that have a number.
    pub(super) numbered: u64,
}

/// A number that stands more than once in the run: all of its rows, on the line of the first person.
#[derive(Clone, Copy)]
struct Double {
    owner: u32,
    computed: Computed,
}

/// The lines of some persons.
pub(super) struct Chunk<'a> {
    /// In the order of (`psn_no`, `setl_id`).
    pub lines: Vec<Line<'a>>,
    /// The national 3202 text of what was computed, if it is wanted.
    pub national: Vec<u8>,
    /// What was computed, as a run counts it.
    pub balance: Balance,
    /// Rows.
    pub rows: u64,
}

/// Keeps the accumulators before a settlement, and nothing of what comes after.
struct Before {
    wanted: bool,
    accumulators: Option<Box<Accumulators>>,
}

impl Trace for Before {
    #[inline]
    fn note(&mut self, make: impl FnOnce() -> Step) {
        // The first note of a settlement is the state before it.
        if std::mem::take(&mut self.wanted)
            && let Step::Before { accumulators } = make()
        {
            self.accumulators = Some(accumulators);
        }
    }
}

impl<'a> Sides<'a> {
    /// Puts both sides beside each other.
    pub(super) fn new(
        loaded: &'a Loaded,
        paid: PaidSide,
        own: Option<PaidRows>,
        replaced: HashSet<(u32, u32)>,
        terms: Terms,
    ) -> Self {
        let mut sides =
            Self { loaded, paid, terms, own, replaced, doubles: HashMap::new(), unmet: Vec::new(), numbered: 0 };
        let mut hashes: Vec<u64> = (0..loaded.persons.len())
            .into_par_iter()
            .flat_map_iter(|person| sides.entries(person as u32))
            .map(|entry| {
                let setl_id = sides.setl_id(entry);
                sides.paid.meet(setl_id);
                text_hash(setl_id)
            })
            .collect();
        sides.numbered = hashes.len() as u64;
        hashes.par_sort_unstable();
        let twice: HashSet<u64> = hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        drop(hashes);
        sides.doubles = sides.find_doubles(&twice);
        sides.unmet = sides.paid.unmet();
        sides
    }

    /// Rows of the run: those that were read, but those whose place another row took.
    pub(super) fn rows_of_run(&self) -> Tally {
        let mut replaced = Tally::default();
        for person in 0..self.loaded.persons.len() {
            if self.replaced.is_empty() {
                break;
            }
            for &entry in self.loaded.persons.entries_of(person) {
                if entry.index < Entry::GHOSTS && self.is_replaced(entry) {
                    replaced.add(self.claim(entry).bill.total.0);
                }
            }
        }
        let rows_in = &self.loaded.rows_in;
        Tally { rows: rows_in.rows - replaced.rows, total_fen: rows_in.total_fen - replaced.total_fen }
    }

    pub(super) fn claim(&self, entry: Entry) -> &'a Claim {
        &self.loaded.rows.claims[entry.batch as usize][entry.index as usize]
    }

    pub(super) fn setl_id(&self, entry: Entry) -> &'a [u8] {
        self.loaded.rows.arenas.setl_id(self.loaded.rows.text(entry))
    }

    fn is_replaced(&self, entry: Entry) -> bool {
        !self.replaced.is_empty() && self.replaced.contains(&fold::position(&self.loaded.rows, entry))
    }

    /// What was noted of the claims for an audit.
    pub(super) fn notes(&self) -> Option<&Notes> {
        self.own.as_ref().unwrap_or(&self.paid.rows).notes.as_ref()
    }

    /// Whether what was paid comes from files of its own.
    pub(super) const fn is_from_files(&self) -> bool {
        self.own.is_some()
    }

    /// Settlement numbers that stand more than once in the run.
    pub(super) fn repeated(&self) -> HashSet<&'a [u8]> {
        self.doubles.keys().copied().collect()
    }

    /// A person's rows of the run.
    fn entries(&self, person: u32) -> impl Iterator<Item = Entry> + '_ {
        let entries = self.loaded.persons.entries_of(person as usize).iter().copied();
        entries.filter(|&entry| !self.is_replaced(entry))
    }

    /// What persons are folded with.
    pub(super) fn source(&self) -> Source<'a> {
        self.loaded.source()
    }

    /// Numbers whose hash stands twice, if they do themselves, with everything that was computed of them.
    fn find_doubles(&self, twice: &HashSet<u64>) -> HashMap<&'a [u8], Double> {
        if twice.is_empty() {
            return HashMap::new();
        }
        let found: Vec<(&[u8], u32)> = (0..self.loaded.persons.len() as u32)
            .into_par_iter()
            .flat_map_iter(|person| self.entries(person).map(move |entry| (self.setl_id(entry), person)))
            .filter(|(setl_id, _)| twice.contains(&text_hash(setl_id)))
            .collect();
        let mut persons_of: HashMap<&[u8], Vec<u32>> = HashMap::new();
        found.into_iter().for_each(|(setl_id, person)| persons_of.entry(setl_id).or_default().push(person));
        persons_of.retain(|_, persons| persons.len() > 1);
        let mut doubles: HashMap<&[u8], Double> = HashMap::new();
        let none = Computed { rows: Tally::default(), money: None };
        for (setl_id, persons) in &persons_of {
            doubles.insert(setl_id, Double { owner: *persons.iter().min().expect("two of them"), computed: none });
        }
        let mut persons: Vec<u32> = persons_of.into_values().flatten().collect();
        persons.sort_unstable();
        persons.dedup();
        let mut desk = Desk::default();
        for person in persons {
            desk.lay(self.source(), person);
            desk.fold(self.source(), person, |_| Off, |_, _| ());
            for (entry, kept) in self.rows_of(person, &desk) {
                let Some(double) = doubles.get_mut(self.setl_id(entry)) else { continue };
                let one = self.computed(entry, kept.map(|at| &desk.fold.outcomes[at]));
                let sum = &mut double.computed;
                sum.rows.merge(&one.rows);
                sum.money = match (sum.money, one.money) {
                    (None, one) => one,
                    (sum, None) => sum,
                    (Some((mut amounts, total, count)), Some((more, more_total, more_count))) => {
                        amounts.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
                        Some((amounts, total + more_total, count + more_count))
                    }
                };
            }
        }
        doubles
    }

    /// A person's rows of the run, each with its place among the claims on the desk where it was adjudicated.
    fn rows_of<'d>(&'d self, person: u32, desk: &'d Desk) -> impl Iterator<Item = (Entry, Option<usize>)> + 'd {
        let kept = desk.kept.iter().enumerate().map(|(at, &entry)| (entry, Some(at)));
        // Nearly always everything was kept.
        let all_kept = self.loaded.persons.entries_of(person as usize).len() == desk.kept.len();
        let rest = self.entries(person).filter(move |entry| !all_kept && !desk.kept.contains(entry));
        kept.chain(rest.map(|entry| (entry, None)))
    }

    /// The computed side of one row.
    fn computed(&self, entry: Entry, outcome: Option<&Adjudicated>) -> Computed {
        let claim = (entry.index < Entry::GHOSTS).then(|| self.claim(entry));
        let mut rows = Tally::default();
        rows.add(claim.map_or(0, |claim| claim.bill.total.0));
        let outcome = outcome.filter(|outcome| outcome.status != Status::Pended);
        let money = outcome.zip(claim).map(|(outcome, claim)| {
            let count = if claim.flags.has(Flags::REVERSAL) { -1 } else { 1 };
            (compared(&outcome.amounts, self.has_account(claim, outcome)), claim.bill.total, count)
        });
        Computed { rows, money }
    }

    /// Whether the paid fund total of a settlement's scheme includes the account.
    pub(super) fn has_account(&self, claim: &Claim, outcome: &Adjudicated) -> bool {
        let book = &self.loaded.rules.book;
        let scheme = match outcome.seen {
            Some((_, rows)) => Some(book.scheme_of_row(rows.scheme)),
            None => book.scheme(book.pool_of(claim.insured), claim.insutype, claim.enddate).map(|chosen| chosen.value),
        };
        scheme.is_some_and(|scheme| scheme.fund_total_has_account)
    }

    /// What a row says of its group.
    fn group(&self, entry: Entry) -> Option<&Group> {
        let own = self.own.as_ref().unwrap_or(&self.paid.rows);
        let (file, row) = fold::position(&self.loaded.rows, entry);
        let number = *own.group_of.get(file as usize)?.get(row as usize - 1)?;
        own.groups.get(number as usize)
    }

    fn key<'k>(&'k self, entry: Entry, outcome: Option<&Adjudicated>, words: Words<'k>) -> Key<'k> {
        let group = self.group(entry);
        let said = |of: fn(&Group) -> &str| group.map(of).filter(|word| !word.is_empty());
        if entry.index >= Entry::GHOSTS {
            return Key {
                insutype: said(|group| &group.insutype).unwrap_or_default(),
                clr_type: said(|group| &group.clr_type).unwrap_or_default(),
                clr_optins: Agency::Named(said(|group| &group.clr_optins).unwrap_or_default()),
                institution: said(|group| &group.institution).unwrap_or_default().as_bytes(),
                month: group.and_then(|group| group.month),
                pool: None,
                treated: None,
                tier: "",
            };
        }
        let claim = self.claim(entry);
        let (year, month, _) = claim.setl_time.day().ymd();
        Key {
            insutype: words.insutype(claim.insutype),
            clr_type: said(|group| &group.clr_type).unwrap_or_else(|| visit_class(outcome, words)),
            clr_optins: said(|group| &group.clr_optins)
                .map_or_else(|| Agency::Pool(words.book.pool_of(claim.insured)), Agency::Named),
            institution: self.loaded.rows.arenas.institution(claim.text),
            month: Some(year * 12 + month as i32 - 1),
            pool: Some(words.book.pool_of(claim.insured)),
            treated: Some(claim.treated),
            tier: outcome
                .and_then(|outcome| outcome.seen)
                .map_or("", |(derived, _)| words.book.vocab.tier.word(derived.keys.tier)),
        }
    }

    /// The lines of a run of persons, and of the numbers that only the paid side has, as far as they stand among them.
    pub(super) fn chunk(
        &'a self,
        range: Range<usize>,
        (is_first, is_last): (bool, bool),
        national: bool,
        mut auditor: Option<&mut Auditor<'a>>,
        desk: &mut Desk,
        inquest: &mut Inquest,
    ) -> Chunk<'a> {
        let mut chunk = Chunk { lines: Vec::new(), national: Vec::new(), balance: Balance::default(), rows: 0 };
        let mut placed = Vec::new();
        for person in range.clone() {
            let person = person as u32;
            desk.lay(self.source(), person);
            desk.fold(self.source(), person, |_| Off, |_, _| ());
            count(desk, &mut chunk.balance);
            chunk.rows += desk.claims.len() as u64;
            if national {
                self.write_national(desk, &mut chunk.national);
            }
            placed.clear();
            if !self.terms.fields.is_empty() {
                self.lines_of(person, desk, inquest, &mut chunk.lines, &mut placed);
            }
            if let Some(auditor) = &mut auditor {
                auditor.see(self, person, desk, &placed, &chunk.lines);
            }
        }
        // Without anything paid there is nothing to compare.
        if self.terms.fields.is_empty() {
            return chunk;
        }
        let name = |person: usize| self.loaded.rows.arenas.person(self.loaded.persons.name(person as u32));
        let below = |person: usize| self.unmet.partition_point(|&row| self.paid.psn_no(row) < name(person));
        let from = if is_first { 0 } else { below(range.start) };
        let to = if is_last { self.unmet.len() } else { below(range.end) };
        chunk.lines.extend(self.unmet[from..to].iter().map(|&row| self.only_paid(row)));
        chunk.lines.sort_unstable_by(Line::order);
        chunk
    }

    fn only_paid(&self, row: u32) -> Line<'_> {
        let group = &self.paid.rows.groups[self.paid.rows.rows[row as usize].group as usize];
        let key = Key {
            insutype: &group.insutype,
            clr_type: &group.clr_type,
            clr_optins: Agency::Named(&group.clr_optins),
            institution: group.institution.as_bytes(),
            month: group.month,
            pool: None,
            treated: None,
            tier: "",
        };
        let sum = self.paid.sum(row);
        // The claims' own columns have no row that the run does not have: it was rejected for want of a person.
        let is_rejected = self.own.is_none();
        let mut line = Line::new(self.paid.psn_no(row), self.paid.setl_id(row), key, None, Some(sum), &self.terms);
        if is_rejected && line.outcome == Outcome::OnlyPaid {
            line.outcome = Outcome::NotComputable;
        }
        line
    }

    /// `placed` receives each line of a claim on the desk, and its place there.
    fn lines_of<'k>(
        &'k self,
        person: u32,
        desk: &mut Desk,
        inquest: &mut Inquest,
        lines: &mut Vec<Line<'k>>,
        placed: &mut Vec<(usize, usize)>,
    ) {
        let words = self.loaded.words();
        let psn_no = self.loaded.rows.arenas.person(self.loaded.persons.name(person));
        let first = lines.len();
        let mut doubles_done: Vec<&[u8]> = Vec::new();
        for (entry, kept) in self.rows_of(person, desk) {
            let setl_id = self.setl_id(entry);
            let outcome = kept.map(|at| &desk.fold.outcomes[at]);
            let computed = match self.doubles.get(setl_id) {
                None => self.computed(entry, outcome),
                Some(double) if double.owner == person && !doubles_done.contains(&setl_id) => {
                    doubles_done.push(setl_id);
                    double.computed
                }
                Some(_) => continue,
            };
            let paid = self.paid.find(setl_id).map(|row| self.paid.sum(row));
            let line = Line::new(psn_no, setl_id, self.key(entry, outcome, words), Some(computed), paid, &self.terms);
            if let Some(at) = kept {
                placed.push((lines.len(), at));
            }
            lines.push(line);
        }
        let differs = |&&(line, _): &&(usize, usize)| lines[line].outcome == Outcome::Differs;
        let differing: Vec<(usize, usize)> = placed.iter().filter(differs).copied().collect();
        if !differing.is_empty() {
            self.ask_why(person, desk, inquest, &differing, &mut lines[..]);
        }
        debug_assert!(lines.len() >= first, "lines are only added");
    }

    /// Names the causes of a person's differences: pairs of a line and its place on the desk.
    fn ask_why(
        &self,
        person: u32,
        desk: &mut Desk,
        inquest: &mut Inquest,
        differing: &[(usize, usize)],
        lines: &mut [Line<'_>],
    ) {
        let origins: Vec<Option<usize>> = differing.iter().map(|&(_, at)| self.origin(desk, at)).collect();
        let mut before: Vec<Option<Box<Accumulators>>> = vec![None; desk.claims.len()];
        let trace_of = |at: usize| Before { wanted: origins.contains(&Some(at)), accumulators: None };
        desk.fold(self.source(), person, trace_of, |at, trace: Before| before[at] = trace.accumulators);
        let facts = self.loaded.facts.of(person);
        for (&(line, at), origin) in differing.iter().zip(&origins) {
            let line = &mut lines[line];
            let (claim, outcome) = (&desk.claims[at], &desk.fold.outcomes[at]);
            let (Some(&computed), Some(paid)) = (line.amounts(), line.paid) else { continue };
            let turned = claim.flags.has(Flags::REVERSAL);
            let sign = |amounts: [Fen; FIELDS]| if turned { amounts.map(|amount| -amount) } else { amounts };
            let difference = Difference {
                computed: sign(computed),
                paid: sign(paid.amounts),
                fields: line.fields,
                has_account: self.has_account(claim, outcome),
                total: if turned { -claim.bill.total } else { claim.bill.total },
                hospital: if turned { -outcome.amounts.hospital } else { outcome.amounts.hospital },
            };
            let settlement = origin.and_then(|at| Some((&desk.claims[at], before[at].as_deref()?)));
            let settlement =
                settlement.map(|(claim, before)| Settlement { context: self.loaded.context(), facts, claim, before });
            inquest.causes(&difference, settlement.as_ref(), &mut line.causes);
        }
    }

    /// The settlement that a claim computes or takes back, among those on the desk.
    fn origin(&self, desk: &Desk, at: usize) -> Option<usize> {
        let claim = &desk.claims[at];
        if !claim.flags.has(Flags::REVERSAL) {
            return Some(at);
        }
        let arenas = &self.loaded.rows.arenas;
        let name = arenas.init_setl_id(claim.text);
        desk.claims[..at].iter().position(|earlier| arenas.setl_id(earlier.text) == name)
    }

    /// Lines of the national text: what was computed, a settlement a line.
    fn write_national(&self, desk: &Desk, out: &mut Vec<u8>) {
        let arenas = &self.loaded.rows.arenas;
        for (claim, outcome) in desk.claims.iter().zip(&desk.fold.outcomes) {
            if outcome.status == Status::Pended {
                continue;
            }
            let amounts = compared(&outcome.amounts, self.has_account(claim, outcome));
            let visit = match arenas.mdtrt_id(claim.text) {
                b"" => &b"null"[..],
                visit => visit,
            };
            let is_refunded = claim.flags.has(Flags::REVERSAL) || outcome.is_reversed();
            let money = [claim.bill.total, amounts[field::FUNDS], amounts[field::ACCOUNT]].map(|fen| fen.to_string());
            let flag: &[u8] = if is_refunded { b"1" } else { b"0" };
            let fields = [arenas.setl_id(claim.text), visit, arenas.person(claim.text)]
                .into_iter()
                .chain(money.iter().map(String::as_bytes));
            for field in fields {
                out.extend_from_slice(field);
                out.push(b'\t');
            }
            out.extend_from_slice(flag);
            out.push(b'\n');
        }
    }
}

/// The visit class of a settlement; empty where nobody found one.
fn visit_class<'k>(outcome: Option<&Adjudicated>, words: Words<'k>) -> &'k str {
    let Some(outcome) = outcome else { return "" };
    match (outcome.seen, outcome.original) {
        (Some((derived, _)), _) => words.book.vocab.med_class.word(derived.keys.med_class),
        (None, Some(number)) => {
            let column = Recorded::COLUMNS.iter().position(|name| *name == "med_class").expect("a column");
            &words.recorded[number as usize].texts[column]
        }
        (None, None) => "",
    }
}

/// Counts a person's outcomes as a run does.
fn count(desk: &Desk, balance: &mut Balance) {
    for (claim, outcome) in desk.claims.iter().zip(&desk.fold.outcomes) {
        balance.by_status[outcome.status as usize].add(claim.bill.total.0);
        let Some(status) = ADJUDICATED.iter().position(|&status| status == outcome.status) else { continue };
        let money = adjudicated::money(claim, outcome);
        balance.money[status].iter_mut().zip(money).for_each(|(sum, fen)| *sum += i128::from(fen.0));
    }
}
