//! The draw: two passes over `adjudicated.parquet`, one to know the population, one to choose from it.

use std::collections::BinaryHeap;

use arrow::array::{Array, StringArray};
use sha2::{Digest, Sha256};

use super::strata::{Census, Places, allocate};
use super::{Drawn, Method, Sample, SampleError, StrataBy, Stratum, Terms};
use crate::ledger::tables::TableError;
use crate::ledger::tables::read::{Batch, TableFile};
use crate::model::money::Fen;
use crate::model::outcome::Status;
use crate::report::sample::Sums;

/// Draws from a table of adjudicated settlements. Reversals and negative amounts are not drawn; they are counted apart.
///
/// # Errors
/// The table cannot be read, or holds less than what was asked for.
pub fn draw(table: &TableFile, terms: &Terms) -> Result<Sample, SampleError> {
    let by = (terms.method == Method::Stratified).then_some(&terms.strata);
    let columns: &[&'static str] = match by {
        Some(StrataBy::Columns(columns)) => columns,
        _ => &[],
    };
    let mut census = Census::new(by);
    let (mut zero, mut credits) = (Sums::default(), Sums::default());
    let is_drawn = |fen: Fen| fen > Fen::ZERO || terms.method != Method::Mus;
    each(table, terms.measure, columns, &mut |row| {
        match row.eligible() {
            None => credits.add(row.fen),
            Some(fen) => {
                if fen == Fen::ZERO {
                    zero.add(fen);
                }
                if is_drawn(fen) {
                    census.count(fen, row.words);
                }
            }
        }
        Ok(())
    })?;
    let (mut strata, places) = census.close();
    let mut population = Sums::default();
    for stratum in &strata {
        population.settlements += stratum.all.settlements;
        population.fen += stratum.all.fen;
    }
    let mut drawn = if terms.method == Method::Mus {
        money_units(table, terms, population)?
    } else {
        allocate(&mut strata, terms.size)?;
        smallest(table, terms, columns, &strata, &places)?
    };
    drawn.sort_unstable_by_key(|drawn| drawn.row);
    if terms.method == Method::Mus {
        strata[0].drawn = drawn.len() as u64;
    }
    let Terms { method, measure, size, seed, .. } = terms;
    let measure = (*measure).to_owned();
    Ok(Sample { method: *method, measure, seed: *seed, size: *size, population, zero, credits, strata, drawn })
}

/// A row of the table.
struct Row<'a> {
    number: u64,
    setl_id: &'a str,
    status: &'a str,
    fen: Fen,
    /// Values of the columns that strata are made by.
    words: &'a str,
}

impl Row<'_> {
    /// The measured amount, if the settlement may be drawn.
    fn eligible(&self) -> Option<Fen> {
        (self.status != Status::Reversed.word() && self.fen >= Fen::ZERO).then_some(self.fen)
    }
}

/// Visits every row of the table.
fn each(
    table: &TableFile,
    measure: &'static str,
    columns: &[&'static str],
    visit: &mut dyn FnMut(&Row) -> Result<(), SampleError>,
) -> Result<(), SampleError> {
    let wanted: Vec<&str> = ["setl_id", "status", measure].into_iter().chain(columns.iter().copied()).collect();
    let mut number = 0;
    let mut words = String::new();
    table.visit::<SampleError>(&wanted, &mut |batch: &Batch| {
        let (ids, statuses, money) = (batch.text("setl_id")?, batch.text("status")?, batch.money(measure)?);
        let texts: Vec<&StringArray> =
            columns.iter().map(|column| batch.text(column)).collect::<Result<_, TableError>>()?;
        for (row, &fen) in money.iter().enumerate() {
            words.clear();
            for (index, text) in texts.iter().enumerate() {
                if index > 0 {
                    words.push('|');
                }
                words.push_str(if text.is_null(row) { "" } else { text.value(row) });
            }
            visit(&Row { number, setl_id: ids.value(row), status: statuses.value(row), fen, words: &words })?;
            number += 1;
        }
        Ok(())
    })
}

/// The first 16 bytes of SHA-256 of a text, as a number.
fn chance(text: &str) -> u128 {
    let digest = Sha256::digest(text);
    u128::from_be_bytes(digest[..16].try_into().expect("a digest has 32 bytes"))
}

/// The settlements whose numbers are smallest: what SHA-256 makes of `seed:setl_id`. A larger sample with the same
/// seed holds the smaller one.
fn smallest(
    table: &TableFile,
    terms: &Terms,
    columns: &[&'static str],
    strata: &[Stratum],
    places: &Places,
) -> Result<Vec<Drawn>, SampleError> {
    let mut heaps: Vec<BinaryHeap<(u128, u64)>> = strata.iter().map(|_| BinaryHeap::new()).collect();
    let mut of_row = hashbrown::HashMap::new();
    each(table, terms.measure, columns, &mut |row| {
        let Some(fen) = row.eligible() else { return Ok(()) };
        let stratum = places.of(fen, row.words);
        let (heap, wanted) = (&mut heaps[stratum], strata[stratum].drawn as usize);
        let key = (chance(&format!("{}:{}", terms.seed, row.setl_id)), row.number);
        if heap.len() == wanted {
            if heap.peek().is_none_or(|largest| *largest <= key) {
                return Ok(());
            }
            let (_, out) = heap.pop().expect("it is full");
            of_row.remove(&out);
        }
        heap.push(key);
        let setl_id = row.setl_id.to_owned();
        let certain = strata[stratum].drawn == strata[stratum].all.settlements;
        let drawn = Drawn { row: row.number, setl_id, stratum: stratum as u32, hits: 1, certain, book_fen: fen.0 };
        of_row.insert(row.number, drawn);
        Ok(())
    })?;
    Ok(of_row.into_values().collect())
}

/// Lays all amounts end to end in the order of the rows and takes a fen in every interval: of `total` fen and a size
/// of n, the fen `(k * total + start) / n` for k from 0, `start` being what SHA-256 makes of the seed.
fn money_units(table: &TableFile, terms: &Terms, population: Sums) -> Result<Vec<Drawn>, SampleError> {
    let size = terms.size;
    if population.settlements < u64::from(size) {
        return Err(SampleError::TooFew { settlements: population.settlements, size });
    }
    let (total, size) = (population.fen as u128, u128::from(size));
    let start = chance(&format!("{}", terms.seed)) % total;
    let unit = |k: u128| (k * total + start) / size;
    let (mut next, mut passed) = (0_u128, 0_u128);
    let mut drawn = Vec::new();
    each(table, terms.measure, &[], &mut |row| {
        let Some(fen) = row.eligible().filter(|&fen| fen > Fen::ZERO) else { return Ok(()) };
        let amount = fen.0 as u128;
        passed += amount;
        let mut hits = 0;
        while next < size && unit(next) < passed {
            next += 1;
            hits += 1;
        }
        if hits > 0 {
            let setl_id = row.setl_id.to_owned();
            drawn.push(Drawn {
                row: row.number,
                setl_id,
                stratum: 0,
                hits,
                certain: amount * size >= total,
                book_fen: fen.0,
            });
        }
        Ok(())
    })?;
    assert_eq!((next, passed), (size, total), "every money unit lies in a settlement");
    Ok(drawn)
}
