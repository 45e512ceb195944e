//! `adjudicated.parquet`: a chunk of persons becomes columns.

use std::ops::Range;
use std::sync::Arc;

use crate::adjudicate::person::Outcome;
use crate::columnar::columns::{self, WordColumn, fitting, integer, text_of_bytes};
use crate::columnar::schema::{self, MONEY_COLUMNS};
use crate::columnar::words::{Recorded, Words};
use crate::ledger::fold::Chunk;
use crate::model::money::Fen;
use crate::model::outcome::Status;
use crate::model::place::Admdvs;
use crate::model::settlement::{Claim, Insutype};
use crate::rules::layout::Table;
use arrow::array::{ArrayRef, Date32Array, Decimal64Array, RecordBatch, TimestampMicrosecondArray};

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

/// Of some rows of a chunk those that are paid, denied or reversed, as columns.
///
/// # Panics
/// If the chunk has no such rows.
#[must_use]
pub fn columns(chunk: &Chunk, some: Range<usize>, words: Words<'_>) -> RecordBatch {
    let (claims, outcomes) = (&chunk.claims[some.clone()], &chunk.fold.outcomes[some]);
    let rows: Vec<(&Claim, &Outcome)> =
        claims.iter().zip(outcomes).filter(|(_, outcome)| outcome.status != Status::Pended).collect();
    let mut texts = Texts::new(rows.len());
    let mut amounts: [Vec<i64>; MONEY_COLUMNS] = std::array::from_fn(|_| Vec::with_capacity(rows.len()));
    let mut years = Vec::with_capacity(rows.len());
    let mut lines = Vec::with_capacity(rows.len());
    for (claim, outcome) in &rows {
        texts.push(chunk, words, claim, outcome);
        years.push(match (outcome.seen, outcome.original) {
            (Some((derived, _)), _) => derived.benefit_year,
            (None, original) => recorded(words, original).benefit_year,
        });
        for (column, amount) in amounts.iter_mut().zip(money(claim, outcome)) {
            column.push(fitting(amount));
        }
        let (file, line) = words.sources.of(claim.file, claim.row);
        texts.file.push(file);
        lines.push(i32::try_from(line).expect("fewer than 2^31 rows in a file"));
    }
    let seconds = rows.iter().map(|(claim, _)| claim.setl_time.0 * 1_000_000);
    let [class, visit, tier, place, filing, scheme, class_row, channel, benefit, layers] =
        texts.recorded.map(WordColumn::finish);
    let mut arrays: Vec<ArrayRef> = vec![
        text_of_bytes(rows.iter().map(|(claim, _)| words.arenas.setl_id(claim.text))),
        texts.person.finish(),
        texts.insutype.finish(),
        texts.pool.finish(),
        integer(years.into_iter()),
        class,
        visit,
        tier,
        place,
        filing,
        Arc::new(TimestampMicrosecondArray::from_iter_values(seconds)),
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|(claim, _)| claim.enddate.0))),
        texts.institution.finish(),
        texts.treated.finish(),
        texts.status.finish(),
        texts.reasons.finish(),
        scheme,
        class_row,
        channel,
        benefit,
        layers,
    ];
    arrays.extend(amounts.into_iter().map(|column| columns::money(Decimal64Array::from(column))));
    arrays.extend([texts.file.finish(), integer(lines.into_iter())]);
    columns::rows(schema::adjudicated(), arrays)
}

/// What an earlier night's output said of a settlement that a row reverses.
fn recorded<'a>(words: Words<'a>, original: Option<u32>) -> &'a Recorded {
    let Some(number) = original else { unreachable!("a row that is not pended has its rows") };
    &words.recorded[number as usize]
}

/// The columns of few words.
struct Texts {
    person: WordColumn,
    insutype: WordColumn,
    pool: WordColumn,
    institution: WordColumn,
    treated: WordColumn,
    status: WordColumn,
    reasons: WordColumn,
    /// [`Recorded::COLUMNS`].
    recorded: [WordColumn; 10],
    file: WordColumn,
    /// `layer_rules` of the row at hand.
    layers: String,
}

impl Texts {
    fn new(rows: usize) -> Self {
        let column = || WordColumn::new(rows);
        Self {
            person: column(),
            insutype: column(),
            pool: column(),
            institution: column(),
            treated: column(),
            status: column(),
            reasons: column(),
            recorded: std::array::from_fn(|_| column()),
            file: column(),
            layers: String::new(),
        }
    }

    fn push(&mut self, chunk: &Chunk, words: Words<'_>, claim: &Claim, outcome: &Outcome) {
        // All rows of a person stand together.
        self.person.push_run(utf8(words.arenas.person(claim.text)));
        if claim.insutype.0 >= Insutype::UNLISTED {
            self.insutype.push(words.insutype(claim.insutype));
        } else {
            self.insutype.push_known(claim.insutype.0, || words.insutype(claim.insutype));
        }
        let code = words.arenas.institution(claim.text);
        if claim.institution == Claim::NO_INSTITUTION {
            self.institution.push(utf8(code));
        } else {
            self.institution.push_known(claim.institution, || utf8(code));
        }
        self.treated.push_known(claim.treated.0, || digits(claim.treated));
        self.status.push_known(outcome.status as u32, || outcome.status.word());
        if outcome.reasons.is_empty() {
            self.reasons.push("");
        } else {
            self.reasons.push(&outcome.reasons.joined());
        }
        let Some((derived, rows)) = outcome.seen else {
            let recorded = recorded(words, outcome.original);
            self.pool.push_known(recorded.pool.0, || digits(recorded.pool));
            self.recorded.iter_mut().zip(&recorded.texts).for_each(|(column, text)| column.push(text));
            return;
        };
        self.pool.push_known(derived.pool.0, || digits(derived.pool));
        let (vocab, keys) = (&words.book.vocab, &derived.keys);
        let [class, visit, tier, place, filing, scheme, class_row, channel, benefit, layers] = &mut self.recorded;
        class.push_known(keys.psn_class.0, || vocab.psn_class.word(keys.psn_class));
        visit.push_known(keys.med_class.0, || vocab.med_class.word(keys.med_class));
        tier.push_known(keys.tier.0, || vocab.tier.word(keys.tier));
        place.push_known(keys.place as u32, || keys.place.word());
        filing.push_known(keys.filing as u32, || keys.filing.word());
        for (column, table, row) in [
            (scheme, Table::Schemes, rows.scheme),
            (class_row, Table::PersonClasses, rows.class),
            (channel, Table::Channels, rows.channel),
            (benefit, Table::Benefits, rows.benefit),
        ] {
            column.push_known(row, || words.book.rule_id(table, row));
        }
        layers.push(layer_rules(chunk, words, outcome, &mut self.layers));
    }
}

/// Text of a claim; ingestion let nothing else in.
fn utf8(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text that was read as UTF-8")
}

fn digits(place: Admdvs) -> String {
    format!("{:06}", place.0)
}

/// `layer_rules` of a row of this run, in a buffer that rows share.
fn layer_rules<'t>(chunk: &Chunk, words: Words, outcome: &Outcome, text: &'t mut String) -> &'t str {
    text.clear();
    for (index, payment) in chunk.fold.layers_of(outcome).iter().enumerate() {
        if index > 0 {
            text.push('|');
        }
        text.push_str(words.book.rule_id(Table::Layers, payment.row));
    }
    text
}
