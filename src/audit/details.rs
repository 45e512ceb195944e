//! One line for each settlement number of either side: what was computed, what was paid, what they make of each other.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal64Builder, RecordBatch, StringBuilder};

use super::cause::Cause;
use super::paid_side::PaidSum;
use crate::columnar::columns::{self, fitting, integer, text_of_bytes};
use crate::columnar::reconciled::{COMPARED, FIELDS, FieldSet, details};
use crate::model::money::Fen;
use crate::model::place::Admdvs;
use crate::report::balance::Tally;
use crate::report::privacy::{Persons, formula_safe, formula_safe_bytes};
use crate::report::reconciled::{Found, Outcome, measured};
use crate::rules::vocabulary::Vocabularies;

/// What is compared, and how exactly.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Fields that the paid side has at all.
    pub fields: FieldSet,
    /// What each field may be off by.
    pub tolerance: [Fen; FIELDS],
}

/// The computed side of a settlement number.
#[derive(Clone, Copy, Debug)]
pub struct Computed {
    /// Rows of the run with the number.
    pub rows: Tally,
    /// What was computed: the amounts, `medfee_sumamt`, and 1 or, for a reversal, -1. `None`: it is pended or rejected.
    pub money: Option<([Fen; FIELDS], Fen, i64)>,
}

/// What a line is grouped by in the totals.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// `insutype`
    pub insutype: &'a str,
    /// `clr_type`, or the visit class.
    pub clr_type: &'a str,
    /// `clr_optins`, or the pool.
    pub clr_optins: Agency<'a>,
    /// `fixmedins_code`
    pub institution: &'a [u8],
    /// Month of `setl_time`.
    pub month: Option<i32>,
    /// The insured pool, where a claim was accepted.
    pub pool: Option<Admdvs>,
    /// The place of treatment, where a claim was accepted.
    pub treated: Option<Admdvs>,
    /// The hospital tier by the rules; empty where nobody found one.
    pub tier: &'a str,
}

/// A [`Key::month`] as `yyyy-MM`; empty for none.
#[must_use]
pub fn month_text(month: Option<i32>) -> String {
    month.map_or(String::new(), |month| format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1))
}

/// Who clears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Agency<'a> {
    /// As the row says.
    Named(&'a str),
    /// The pool, where the row does not say.
    Pool(Admdvs),
}

/// A line of the reconciliation.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// `psn_no`
    pub psn_no: &'a [u8],
    /// `setl_id`
    pub setl_id: &'a [u8],
    /// The result.
    pub outcome: Outcome,
    /// Fields that differ by more than the tolerance; only where the result is that amounts differ.
    pub differing: FieldSet,
    /// Fields that were compared on this line.
    pub fields: FieldSet,
    /// Why; only where amounts differ.
    pub causes: Vec<Cause>,
    /// The computed side.
    pub computed: Option<Computed>,
    /// The paid side.
    pub paid: Option<PaidSum>,
    /// What it is grouped by.
    pub key: Key<'a>,
}

impl<'a> Line<'a> {
    /// Compares the two sides of a number.
    #[must_use]
    pub fn new(
        psn_no: &'a [u8],
        setl_id: &'a [u8],
        key: Key<'a>,
        computed: Option<Computed>,
        paid: Option<PaidSum>,
        terms: &Terms,
    ) -> Self {
        let fields = paid.map_or(FieldSet::NONE, |paid| paid.columns.and(terms.fields));
        let mut differing = FieldSet::NONE;
        let is_double = computed.is_some_and(|side| side.rows.rows > 1) || paid.is_some_and(|side| side.rows > 1);
        let outcome = match (computed.map(|side| side.money), paid) {
            _ if is_double => Outcome::Duplicate,
            (Some(None), _) => Outcome::NotComputable,
            (Some(Some(_)), None) => Outcome::OnlyComputed,
            (Some(Some((amounts, ..))), Some(paid)) => {
                for field in fields.iter() {
                    let off = (i128::from(paid.amounts[field].0) - i128::from(amounts[field].0)).abs();
                    if off > i128::from(terms.tolerance[field].0) {
                        differing.add(field);
                    }
                }
                if differing.is_empty() { Outcome::Agrees } else { Outcome::Differs }
            }
            (None, _) => Outcome::OnlyPaid,
        };
        Self { psn_no, setl_id, outcome, differing, fields, causes: Vec::new(), computed, paid, key }
    }

    /// The amounts computed.
    #[must_use]
    pub fn amounts(&self) -> Option<&[Fen; FIELDS]> {
        self.computed.as_ref().and_then(|side| side.money.as_ref()).map(|(amounts, ..)| amounts)
    }

    /// Paid less computed; a side that is not there is 0. `None`: the field was not compared, or nobody can compute it.
    fn diff(&self, field: usize) -> Option<Fen> {
        if self.computed.as_ref().is_some_and(|side| side.money.is_none()) {
            return None;
        }
        let computed = self.amounts().map_or(Fen::ZERO, |amounts| amounts[field]);
        match &self.paid {
            Some(paid) => self.fields.has(field).then(|| paid.amounts[field] - computed),
            None => Some(-computed),
        }
    }

    /// The order of lines.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        (self.psn_no, self.setl_id).cmp(&(other.psn_no, other.setl_id))
    }

    /// Counts the line.
    pub fn count(&self, found: &mut Found, terms: &Terms, vocab: &Vocabularies) {
        let measure = measured(terms.fields);
        let tally = &mut found.by_code[self.outcome as usize];
        tally.numbers += 1;
        if let Some(computed) = &self.computed {
            tally.run.merge(&computed.rows);
        }
        if let Some(paid) = &self.paid {
            tally.paid.merge(&Tally { rows: paid.rows, total_fen: i128::from(paid.amounts[measure].0) });
        }
        if self.outcome != Outcome::Differs {
            return;
        }
        let diff = |field: usize| self.diff(field).map_or(0, |fen| i128::from(fen.0));
        for field in self.differing.iter() {
            let tally = &mut found.by_field[field];
            tally.rows += 1;
            tally.net += diff(field);
            tally.gross += diff(field).abs();
        }
        let cause = self.causes.first().expect("a difference has a cause").shown(vocab).to_string();
        let tally = found.by_cause.entry(cause).or_default();
        tally.rows += 1;
        tally.shared += u64::from(self.causes.len() > 1);
        tally.net += diff(measure);
        tally.gross += diff(measure).abs();
    }

    fn differing_text(&self, text: &mut String) {
        for (index, field) in self.differing.iter().enumerate() {
            let bar = if index > 0 { "|" } else { "" };
            *text += bar;
            *text += COMPARED[field];
        }
    }

    fn causes_text(&self, vocab: &Vocabularies, text: &mut String) {
        for (index, cause) in self.causes.iter().enumerate() {
            let bar = if index > 0 { "|" } else { "" };
            write!(text, "{bar}{}", cause.shown(vocab)).expect("a text takes every text");
        }
    }

    /// A line of `differences.csv`; an amount that a side does not have is empty.
    pub fn write_csv(&self, vocab: &Vocabularies, persons: &Persons, writer: &mut csv::Writer<Vec<u8>>) {
        let infallible = "writing to memory does not fail";
        let mut put = |bytes: &[u8]| writer.write_field(bytes).expect(infallible);
        let (mut differing, mut causes) = (String::new(), String::new());
        self.differing_text(&mut differing);
        self.causes_text(vocab, &mut causes);
        put(&formula_safe_bytes(self.setl_id));
        put(formula_safe(&persons.person_of(self.psn_no)).as_bytes());
        put((self.outcome as u8).to_string().as_bytes());
        put(differing.as_bytes());
        put(causes.split('|').next().unwrap_or_default().as_bytes());
        put(causes.as_bytes());
        for field in 0..FIELDS {
            for amount in self.three(field) {
                put(amount.map_or(String::new(), |fen| fen.to_string()).as_bytes());
            }
        }
        writer.write_record(None::<&[u8]>).expect(infallible);
    }

    /// Computed, paid and their difference, where there are such.
    fn three(&self, field: usize) -> [Option<Fen>; 3] {
        let computed = self.amounts().map(|amounts| amounts[field]);
        let paid = self.paid.as_ref().filter(|_| self.fields.has(field)).map(|paid| paid.amounts[field]);
        [computed, paid, self.diff(field)]
    }
}

/// Lines as a row group of `reconciliation.parquet`.
///
/// # Panics
/// If an amount does not fit N(16,2): every amount that was read or computed does, and a sum of duplicates must.
#[must_use]
pub fn batch(lines: &[Line], vocab: &Vocabularies) -> RecordBatch {
    let text = |of: &dyn Fn(&Line, &mut String)| -> ArrayRef {
        let mut builder = StringBuilder::with_capacity(lines.len(), 0);
        let mut word = String::new();
        for line in lines {
            word.clear();
            of(line, &mut word);
            builder.append_value(&word);
        }
        Arc::new(builder.finish())
    };
    let mut arrays: Vec<ArrayRef> = vec![
        text_of_bytes(lines.iter().map(|line| line.setl_id)),
        text_of_bytes(lines.iter().map(|line| line.psn_no)),
        integer(lines.iter().map(|line| line.outcome as i32)),
        text(&|line, text| line.differing_text(text)),
        text(&|line, text| {
            if let Some(cause) = line.causes.first() {
                write!(text, "{}", cause.shown(vocab)).expect("a text takes every text");
            }
        }),
        text(&|line, text| line.causes_text(vocab, text)),
    ];
    for field in 0..FIELDS {
        let mut sides: [_; 3] = std::array::from_fn(|_| Decimal64Builder::with_capacity(lines.len()));
        for line in lines {
            let amounts = line.three(field).into_iter();
            sides.iter_mut().zip(amounts).for_each(|(side, amount)| side.append_option(amount.map(fitting)));
        }
        arrays.extend(sides.map(|mut side| columns::money(side.finish())));
    }
    columns::rows(details(), arrays)
}
