//! What was written is read back, and its sums are derived again by polars: another reader, another sum.
//!
//! This catches what no test of the kernel can: an encoder that stores a number wrongly, a row group that
//! went missing, a column in another's place.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal64Type, Field, Int32Type, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use polars::prelude::{
    BooleanChunked, ChunkAgg, ChunkCompareEq, ChunkFilter, ChunkedArray, Int32Chunked, Int64Chunked, Int128Chunked,
    NewChunkedArray, PolarsError, PolarsNumericType,
};
use rayon::prelude::*;
use thiserror::Error;

use super::exact::fits_64_bits;
use crate::columnar::schema::{ADJUDICATED as COLUMNS, FIRST_MONEY, MONEY_COLUMNS, MONEY_SCALE};
use crate::diagnostic::{Failure, Text};
use crate::report::balance::{ADJUDICATED, Balance};

/// Why a written file cannot be trusted.
#[derive(Debug, Error)]
#[error("{}", self.text().en)]
pub enum TotalsError {
    /// It cannot be read back.
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: parquet::errors::ParquetError,
    },
    /// It cannot be opened.
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// A batch cannot be decoded.
    Decode {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: arrow::error::ArrowError,
    },
    /// The sums cannot be derived.
    Sum {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: PolarsError,
    },
    /// What is in the file is not what was computed.
    Differs {
        /// The file.
        path: PathBuf,
        /// Which number.
        what: Text,
        /// In the file.
        found: i128,
        /// Computed.
        expected: i128,
    },
}

impl Failure for TotalsError {
    fn text(&self) -> Text {
        match self {
            Self::Read { path, .. } => both("cannot read back", "无法回读", path),
            Self::Open { path, .. } => both("cannot open", "无法打开", path),
            Self::Decode { path, .. } => both("cannot decode", "无法解码", path),
            Self::Sum { path, .. } => both("cannot sum up", "无法汇总", path),
            Self::Differs { path, what, found, expected } => Text::new(
                format!("{}: {} is {found} in the file, but {expected} was computed", path.display(), what.en),
                format!("{}：{}在文件中为 {found}，而计算结果为 {expected}", path.display(), what.zh),
            ),
        }
    }
}

fn both(en: &str, zh: &str, path: &Path) -> Text {
    Text::new(format!("{en} {}", path.display()), format!("{zh} {}", path.display()))
}

/// Rows and money sums by status, as they stand in a file.
type Found = [(u64, [i128; MONEY_COLUMNS]); 3];

/// Rows that are summed up together: those of most row groups.
const BATCH_ROWS: usize = 262_144;

/// Compares the sums of a written `adjudicated.parquet` with what was computed.
///
/// # Errors
/// The file cannot be read, or a number differs.
pub fn verify(path: &Path, balance: &Balance) -> Result<(), TotalsError> {
    let found = sums(path)?;
    for (index, status) in ADJUDICATED.into_iter().enumerate() {
        let (rows, money) = &found[index];
        let differs = |what: Text, found: i128, expected: i128| {
            if found == expected {
                Ok(())
            } else {
                Err(TotalsError::Differs { path: path.to_owned(), what, found, expected })
            }
        };
        let computed = balance.of(status);
        let word = status.word();
        let rows_of = Text::new(format!("the number of {word} rows"), format!("状态为 {word} 的行数"));
        differs(rows_of, i128::from(*rows), i128::from(computed.rows))?;
        for (column, &sum) in money.iter().enumerate() {
            let name = COLUMNS[FIRST_MONEY + column].0;
            let sum_of = Text::new(
                format!("the sum of {name} in fen over {word} rows"),
                format!("状态为 {word} 的各行 {name} 合计（分）"),
            );
            differs(sum_of, sum, balance.money[index][column])?;
        }
    }
    Ok(())
}

fn sums(path: &Path) -> Result<Found, TotalsError> {
    let open = || File::open(path).map_err(|error| TotalsError::Open { path: path.to_owned(), error });
    let read = |error| TotalsError::Read { path: path.to_owned(), error };
    let metadata = ArrowReaderMetadata::load(&open()?, ArrowReaderOptions::new()).map_err(read)?;
    let options = ArrowReaderOptions::new().with_schema(Arc::new(lighter(metadata.schema())));
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options).map_err(read)?;
    let wanted = COLUMNS[FIRST_MONEY..FIRST_MONEY + MONEY_COLUMNS].iter().map(|(name, _)| *name);
    let mask = ProjectionMask::columns(metadata.parquet_schema(), wanted.chain(["status"]));
    let of_group = |group: usize| -> Result<Found, TotalsError> {
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(open()?, metadata.clone())
            .with_row_groups(vec![group])
            .with_projection(mask.clone())
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(read)?;
        let mut found = Found::default();
        for batch in reader {
            let batch = batch.map_err(|error| TotalsError::Decode { path: path.to_owned(), error })?;
            add(&batch, &mut found).map_err(|error| TotalsError::Sum { path: path.to_owned(), error })?;
        }
        Ok(found)
    };
    let groups = (0..metadata.metadata().num_row_groups()).into_par_iter();
    groups.map(of_group).try_reduce(Found::default, |one, other| Ok(together(one, &other)))
}

fn together(mut one: Found, other: &Found) -> Found {
    for ((rows, money), (more_rows, more)) in one.iter_mut().zip(other) {
        *rows += more_rows;
        money.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    }
    one
}

/// The schema with types that take less work: money in 64 bits, statuses as keys of a dictionary.
fn lighter(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Decimal128(precision, scale) if *scale == MONEY_SCALE => {
            field.as_ref().clone().with_data_type(DataType::Decimal64(*precision, *scale))
        }
        DataType::Utf8 if field.name() == "status" => {
            let keys = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            field.as_ref().clone().with_data_type(keys)
        }
        _ => field.as_ref().clone(),
    });
    Schema::new_with_metadata(fields.collect::<Vec<Field>>(), schema.metadata().clone())
}

/// Adds the sums of one batch by status. Nothing that is asked of polars here waits for threads of its own.
fn add(batch: &RecordBatch, found: &mut Found) -> Result<(), PolarsError> {
    let statuses = batch.column_by_name("status").expect("the file has a column of statuses");
    assert_eq!(statuses.null_count(), 0, "a status is never null");
    let statuses = statuses.as_dictionary::<Int32Type>();
    let keys = Int32Chunked::from_slice("status".into(), statuses.keys().values());
    let mut parts = Vec::new();
    for (key, word) in statuses.values().as_string::<i32>().iter().enumerate() {
        let index = ADJUDICATED.iter().position(|known| Some(known.word()) == word).expect("a status of this file");
        let rows = keys.equal(key as i32);
        found[index].0 += rows.sum().map_or(0, u64::from);
        parts.push(Part { index, rows });
    }
    // Most rows have one status: its sums are what the others leave, and only the others' rows are picked out.
    parts.sort_by_key(|part| part.rows.sum());
    let Some(rest) = parts.pop() else { return Ok(()) };
    let schema = batch.schema();
    let money = schema.fields().iter().zip(batch.columns()).filter(|(field, _)| field.name() != "status");
    for (column, (field, array)) in money.enumerate() {
        assert_eq!(field.name(), COLUMNS[FIRST_MONEY + column].0, "columns in the order of the file");
        assert_eq!(array.null_count(), 0, "{} is never null", field.name());
        let fen = array.as_primitive::<Decimal64Type>().values();
        let (whole, others) = if fits_64_bits(fen) {
            sums_of(&Int64Chunked::from_slice(field.name().as_str().into(), fen), &parts)?
        } else {
            let wide = fen.iter().map(|&fen| i128::from(fen)).collect();
            sums_of(&Int128Chunked::from_vec(field.name().as_str().into(), wide), &parts)?
        };
        found[rest.index].1[column] += whole - others.iter().sum::<i128>();
        parts.iter().zip(others).for_each(|(part, sum)| found[part.index].1[column] += sum);
    }
    Ok(())
}

/// Rows of one status.
struct Part {
    /// Its place in [`ADJUDICATED`].
    index: usize,
    rows: BooleanChunked,
}

/// The sum of all amounts, and that of each part.
fn sums_of<T: PolarsNumericType>(amounts: &ChunkedArray<T>, parts: &[Part]) -> Result<(i128, Vec<i128>), PolarsError>
where
    ChunkedArray<T>: ChunkAgg<T::Native> + ChunkFilter<T>,
    T::Native: Into<i128>,
{
    let sum = |amounts: &ChunkedArray<T>| amounts.sum().map_or(0, Into::into);
    let of_part = |part: &Part| Ok(sum(&amounts.filter(&part.rows)?));
    Ok((sum(amounts), parts.iter().map(of_part).collect::<Result<_, PolarsError>>()?))
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Decimal64Array, DictionaryArray};

    use super::*;
    use crate::columnar::columns::money;
    use crate::model::money::MAX_AMOUNT_FEN;

    #[test]
    fn sums_of_64_bits_and_of_more() {
        for amount in [123, MAX_AMOUNT_FEN] {
            let rows = 3000;
            let statuses: DictionaryArray<Int32Type> =
                (0..rows).map(|row| Some(if row % 3 == 0 { "denied" } else { "paid" })).collect();
            let amounts = Decimal64Array::from_iter_values((0..rows).map(|row| if row % 2 == 0 { amount } else { -1 }));
            let columns: Vec<(String, ArrayRef)> = COLUMNS[FIRST_MONEY..FIRST_MONEY + MONEY_COLUMNS]
                .iter()
                .map(|(name, _)| ((*name).to_owned(), money(amounts.clone())))
                .chain([("status".to_owned(), Arc::new(statuses) as ArrayRef)])
                .collect();
            let mut found = Found::default();
            add(&RecordBatch::try_from_iter(columns).expect("columns of one length"), &mut found).expect("sums");
            let half = |rows: i128| rows / 2 * (i128::from(amount) - 1);
            let of = |status: &str| found[ADJUDICATED.iter().position(|known| known.word() == status).expect("known")];
            assert_eq!(of("denied"), (1000, [half(1000); MONEY_COLUMNS]));
            assert_eq!(of("paid"), (2000, [half(2000); MONEY_COLUMNS]));
        }
    }
}
