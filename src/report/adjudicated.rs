//! `adjudicated.parquet`: a chunk of persons becomes columns.

use std::sync::Arc;

use crate::adjudicate::person::Outcome;
use crate::columnar::schema::{self, MONEY_COLUMNS, MONEY_PRECISION, MONEY_SCALE};
use crate::ledger::fold::Chunk;
use crate::model::money::{Fen, MAX_AMOUNT_FEN};
use crate::model::outcome::Status;
use crate::model::settlement::{Arenas, Claim, Insutype};
use crate::rules::book::RuleBook;
use crate::rules::layout::Table;
use arrow::array::{
    ArrayRef, BinaryArray, Date32Array, Decimal64Array, Int32Array, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};

/// The words that numbers stand for.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// The compiled pack.
    pub book: &'a RuleBook,
    /// Text of the claims.
    pub arenas: &'a Arenas,
    /// Insurance types the pack does not name, from [`Insutype::UNLISTED`] up.
    pub unlisted_insutypes: &'a [Box<str>],
    /// Input files as `src_file` names them.
    pub files: &'a [String],
}

impl<'a> Words<'a> {
    /// The insurance type as written.
    #[inline]
    #[must_use]
    pub fn insutype(&self, insutype: Insutype) -> &'a str {
        if insutype.0 >= Insutype::UNLISTED {
            &self.unlisted_insutypes[(insutype.0 - Insutype::UNLISTED) as usize]
        } else {
            self.book.vocab.insutype.word(insutype.sym())
        }
    }
}

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
    let vocab = &words.book.vocab;
    let seen = |outcome: &Outcome| outcome.seen.expect("a row that is not pended has its rows");
    let text = |of: &dyn Fn(&Claim, &Outcome, &mut StringBuilder)| -> ArrayRef {
        let mut builder = StringBuilder::with_capacity(rows.len(), rows.len() * 8);
        rows.iter().for_each(|(claim, outcome)| of(claim, outcome, &mut builder));
        Arc::new(builder.finish())
    };
    let word = |of: &dyn Fn(&Claim, &Outcome) -> &'a str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(|(claim, outcome)| of(claim, outcome))))
    };
    let rule =
        |table: Table, row: &dyn Fn(&Outcome) -> u32| word(&|_, outcome| words.book.rule_id(table, row(outcome)));
    let id = |of: &dyn Fn(&Claim) -> &'a [u8]| -> ArrayRef {
        let bytes = BinaryArray::from_iter_values(rows.iter().map(|(claim, _)| of(claim)));
        // Checked to be UTF-8 once for the whole column; ingestion let nothing else in.
        Arc::new(StringArray::try_from_binary(bytes).expect("text that was read as UTF-8"))
    };
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
        code(&|_, outcome| seen(outcome).0.pool.0),
        Arc::new(Int32Array::from_iter_values(rows.iter().map(|(_, outcome)| seen(outcome).0.benefit_year))),
        word(&|_, outcome| vocab.psn_class.word(seen(outcome).0.keys.psn_class)),
        word(&|_, outcome| vocab.med_class.word(seen(outcome).0.keys.med_class)),
        word(&|_, outcome| vocab.tier.word(seen(outcome).0.keys.tier)),
        word(&|_, outcome| seen(outcome).0.keys.place.word()),
        word(&|_, outcome| seen(outcome).0.keys.filing.word()),
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
        rule(Table::Schemes, &|outcome| seen(outcome).1.scheme),
        rule(Table::PersonClasses, &|outcome| seen(outcome).1.class),
        rule(Table::Channels, &|outcome| seen(outcome).1.channel),
        rule(Table::Benefits, &|outcome| seen(outcome).1.benefit),
        text(&|_, outcome, builder| layer_rules(chunk, words.book, outcome, builder)),
    ];
    arrays.extend(money_columns(&rows));
    arrays.push(word(&|claim, _| &words.files[claim.file as usize]));
    arrays.push(Arc::new(Int32Array::from_iter_values(
        rows.iter().map(|(claim, _)| i32::try_from(claim.row).expect("fewer than 2^31 rows in a file")),
    )));
    RecordBatch::try_new(schema::adjudicated(), arrays).expect("the columns are those of the schema")
}

fn layer_rules(chunk: &Chunk, book: &RuleBook, outcome: &Outcome, builder: &mut StringBuilder) {
    use std::fmt::Write as _;
    for (index, payment) in chunk.fold.layers_of(outcome).iter().enumerate() {
        let bar = if index > 0 { "|" } else { "" };
        write!(builder, "{bar}{}", book.rule_id(Table::Layers, payment.row)).expect("a builder takes every text");
    }
    builder.append_value("");
}

fn money_columns(rows: &[(&Claim, &Outcome)]) -> Vec<ArrayRef> {
    let mut columns: [Vec<i64>; MONEY_COLUMNS] = std::array::from_fn(|_| Vec::with_capacity(rows.len()));
    for (claim, outcome) in rows {
        for (column, amount) in columns.iter_mut().zip(money(claim, outcome)) {
            // The writer would store a larger number wrongly without a word.
            assert!(amount.0.unsigned_abs() <= MAX_AMOUNT_FEN as u64, "{amount} does not fit N(16,2)");
            column.push(amount.0);
        }
    }
    columns
        .into_iter()
        .map(|column| -> ArrayRef {
            let array = Decimal64Array::from(column).with_precision_and_scale(MONEY_PRECISION, MONEY_SCALE);
            Arc::new(array.expect("16 digits, 2 decimals"))
        })
        .collect()
}
