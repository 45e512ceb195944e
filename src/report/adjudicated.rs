//! `adjudicated.parquet`: a chunk of persons becomes columns.

use std::sync::Arc;

use crate::adjudicate::person::Outcome;
use crate::adjudicate::resolve::{Derived, RuleRows};
use crate::columnar::columns::{self, fitting, integer, text_of_bytes};
use crate::columnar::schema::{self, MONEY_COLUMNS};
use crate::columnar::words::{Recorded, Words};
use crate::ledger::fold::Chunk;
use crate::model::money::Fen;
use crate::model::outcome::Status;
use crate::model::place::Admdvs;
use crate::model::settlement::Claim;
use crate::rules::book::RuleBook;
use crate::rules::layout::Table;
use arrow::array::{ArrayRef, Date32Array, Decimal64Array, RecordBatch, StringBuilder, TimestampMicrosecondArray};

/// The money columns of a row, in the order of the output.
#[inline]
#[must_use]
pub fn money(claim: &Claim, outcome: &Outcome) -> [Fen; MONEY_COLUMNS] {
    let (bill, amounts) = (&claim.bill, &outcome.amounts);
    let [civil, enterprise, critical, large, aid, other] = amounts.payers;
    [
        bill.total,
        bill.full_own,
        bill.over_limit,
        bill.preself,
        bill.in_scope,
        amounts.deductible,
        amounts.prepay,
        amounts.over_base,
        amounts.over_cap,
        amounts.pool_base,
        amounts.basic,
        civil,
        enterprise,
        critical,
        large,
        aid,
        other,
        amounts.funds(),
        amounts.hospital,
        amounts.person,
        amounts.account,
        Fen::ZERO,
        amounts.cash(),
    ]
}

/// The rows of a chunk that are paid, denied or reversed, as columns.
#[must_use]
pub fn columns<'a>(chunk: &Chunk, words: Words<'a>) -> RecordBatch {
    let rows: Vec<(&Claim, &Outcome)> =
        chunk.claims.iter().zip(&chunk.fold.outcomes).filter(|(_, outcome)| outcome.status != Status::Pended).collect();
    let seen = |outcome: &Outcome| Seen::of(outcome, words);
    let text = |of: &dyn Fn(&Claim, &Outcome, &mut StringBuilder)| -> ArrayRef {
        let mut builder = StringBuilder::with_capacity(rows.len(), rows.len() * 8);
        rows.iter().for_each(|(claim, outcome)| of(claim, outcome, &mut builder));
        Arc::new(builder.finish())
    };
    let word = |of: &dyn Fn(&Claim, &Outcome) -> &'a str| {
        columns::text(rows.iter().map(|(claim, outcome)| of(claim, outcome)))
    };
    let id = |of: &dyn Fn(&Claim) -> &'a [u8]| text_of_bytes(rows.iter().map(|(claim, _)| of(claim)));
    let code = |of: &dyn Fn(&Claim, &Outcome) -> u32| {
        text(&|claim, outcome, builder| {
            let code = of(claim, outcome);
            let digits = [100_000, 10_000, 1_000, 100, 10, 1].map(|unit| b'0' + (code / unit % 10) as u8);
            builder.append_value(std::str::from_utf8(&digits).expect("digits are UTF-8"));
        })
    };
    let mut arrays: Vec<ArrayRef> = vec![
        id(&|claim| words.arenas.setl_id(claim.text)),
        id(&|claim| words.arenas.person(claim.text)),
        word(&|claim, _| words.insutype(claim.insutype)),
        code(&|_, outcome| seen(outcome).pool().0),
        integer(rows.iter().map(|(_, outcome)| seen(outcome).benefit_year())),
        word(&|_, outcome| seen(outcome).text(0)),
        word(&|_, outcome| seen(outcome).text(1)),
        word(&|_, outcome| seen(outcome).text(2)),
        word(&|_, outcome| seen(outcome).text(3)),
        word(&|_, outcome| seen(outcome).text(4)),
        Arc::new(TimestampMicrosecondArray::from_iter_values(
            rows.iter().map(|(claim, _)| claim.setl_time.0 * 1_000_000),
        )),
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|(claim, _)| claim.enddate.0))),
        id(&|claim| words.arenas.institution(claim.text)),
        code(&|claim, _| claim.treated.0),
        word(&|_, outcome| outcome.status.word()),
        text(&|_, outcome, builder| {
            if outcome.reasons.is_empty() {
                builder.append_value("");
            } else {
                builder.append_value(outcome.reasons.joined());
            }
        }),
        word(&|_, outcome| seen(outcome).text(5)),
        word(&|_, outcome| seen(outcome).text(6)),
        word(&|_, outcome| seen(outcome).text(7)),
        word(&|_, outcome| seen(outcome).text(8)),
        text(&|_, outcome, builder| layer_rules(chunk, words, outcome, builder)),
    ];
    arrays.extend(money_columns(&rows));
    let source = |claim: &Claim| words.sources.of(claim.file, claim.row);
    arrays.push(word(&|claim, _| source(claim).0));
    arrays.push(integer(
        rows.iter().map(|(claim, _)| i32::try_from(source(claim).1).expect("fewer than 2^31 rows in a file")),
    ));
    columns::rows(schema::adjudicated(), arrays)
}

/// What a row says of the rules: by this run's rule book, or as an earlier night recorded it.
#[derive(Clone, Copy)]
enum Seen<'a> {
    Here(Derived, RuleRows, &'a RuleBook),
    Recorded(&'a Recorded),
}

/// Position of `layer_rules` in [`Recorded::COLUMNS`].
const LAYER_RULES: usize = 9;

impl<'a> Seen<'a> {
    #[inline]
    fn of(outcome: &Outcome, words: Words<'a>) -> Self {
        match (outcome.seen, outcome.original) {
            (Some((derived, rows)), _) => Self::Here(derived, rows, words.book),
            (None, Some(number)) => Self::Recorded(&words.recorded[number as usize]),
            (None, None) => unreachable!("a row that is not pended has its rows"),
        }
    }

    #[inline]
    fn pool(self) -> Admdvs {
        match self {
            Self::Here(derived, ..) => derived.pool,
            Self::Recorded(recorded) => recorded.pool,
        }
    }

    #[inline]
    fn benefit_year(self) -> i32 {
        match self {
            Self::Here(derived, ..) => derived.benefit_year,
            Self::Recorded(recorded) => recorded.benefit_year,
        }
    }

    /// A text column, by its position in [`Recorded::COLUMNS`].
    #[inline]
    fn text(self, column: usize) -> &'a str {
        let (derived, rows, book) = match self {
            Self::Here(derived, rows, book) => (derived, rows, book),
            Self::Recorded(recorded) => return &recorded.texts[column],
        };
        match column {
            0 => book.vocab.psn_class.word(derived.keys.psn_class),
            1 => book.vocab.med_class.word(derived.keys.med_class),
            2 => book.vocab.tier.word(derived.keys.tier),
            3 => derived.keys.place.word(),
            4 => derived.keys.filing.word(),
            5 => book.rule_id(Table::Schemes, rows.scheme),
            6 => book.rule_id(Table::PersonClasses, rows.class),
            7 => book.rule_id(Table::Channels, rows.channel),
            8 => book.rule_id(Table::Benefits, rows.benefit),
            _ => unreachable!("{} is put together elsewhere", Recorded::COLUMNS[column]),
        }
    }
}

fn layer_rules(chunk: &Chunk, words: Words, outcome: &Outcome, builder: &mut StringBuilder) {
    use std::fmt::Write as _;
    if let Some(number) = outcome.original {
        builder.append_value(&words.recorded[number as usize].texts[LAYER_RULES]);
        return;
    }
    for (index, payment) in chunk.fold.layers_of(outcome).iter().enumerate() {
        let bar = if index > 0 { "|" } else { "" };
        write!(builder, "{bar}{}", words.book.rule_id(Table::Layers, payment.row)).expect("a builder takes every text");
    }
    builder.append_value("");
}

fn money_columns(rows: &[(&Claim, &Outcome)]) -> Vec<ArrayRef> {
    let mut columns: [Vec<i64>; MONEY_COLUMNS] = std::array::from_fn(|_| Vec::with_capacity(rows.len()));
    for (claim, outcome) in rows {
        for (column, amount) in columns.iter_mut().zip(money(claim, outcome)) {
            column.push(fitting(amount));
        }
    }
    columns.into_iter().map(|column| columns::money(Decimal64Array::from(column))).collect()
}
