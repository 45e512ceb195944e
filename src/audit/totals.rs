//! What was written is read back, and its sums are derived again by polars: another reader, another sum.
//!
//! This catches what no test of the kernel can: an encoder that stores a number wrongly, a row group that
//! went missing, a column in another's place.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Decimal64Type, Field, Int32Type, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use polars::prelude::{Column, DataFrame, Int128Chunked, IntoColumn, IntoLazy, PolarsError, col, len};
use rayon::prelude::*;
use thiserror::Error;

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
    let decode = |group: usize| -> Result<Vec<RecordBatch>, TotalsError> {
        let wanted = COLUMNS[FIRST_MONEY..FIRST_MONEY + MONEY_COLUMNS].iter().map(|(name, _)| *name);
        let mask = ProjectionMask::columns(metadata.parquet_schema(), wanted.chain(["status"]));
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(open()?, metadata.clone())
            .with_row_groups(vec![group])
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(read)?;
        reader.collect::<Result<_, _>>().map_err(|error| TotalsError::Decode { path: path.to_owned(), error })
    };
    let groups: Vec<usize> = (0..metadata.metadata().num_row_groups()).collect();
    let mut windows = groups.chunks(rayon::current_num_threads());
    let mut found: Found = Default::default();
    let mut decoded: Vec<Result<Vec<RecordBatch>, TotalsError>> = Vec::new();
    loop {
        let (window, before) = (windows.next(), std::mem::take(&mut decoded));
        if window.is_none() && before.is_empty() {
            return Ok(found);
        }
        // One window is decoded while the one before is summed up. polars has threads of its own, and is never called
        // from inside a rayon closure: whoever waits for it here has nothing to do meanwhile but to decode.
        rayon::in_place_scope(|scope| {
            if let Some(window) = window {
                scope.spawn(|_| decoded = window.par_iter().map(|&group| decode(group)).collect());
            }
            before.into_iter().try_for_each(|batches| {
                batches?.iter().try_for_each(|batch| {
                    add(batch, &mut found).map_err(|error| TotalsError::Sum { path: path.to_owned(), error })
                })
            })
        })?;
    }
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

/// Adds the sums of one batch, grouped by status.
fn add(batch: &RecordBatch, found: &mut Found) -> Result<(), PolarsError> {
    let mut columns = Vec::with_capacity(MONEY_COLUMNS + 1);
    let mut names = Vec::with_capacity(MONEY_COLUMNS);
    let mut words: Option<&StringArray> = None;
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        assert_eq!(array.null_count(), 0, "{} is never null", field.name());
        if let Some(money) = array.as_primitive_opt::<Decimal64Type>() {
            columns.push(summable(field.name(), money.values()));
            names.push(field.name().clone());
        } else {
            let statuses = array.as_dictionary::<Int32Type>();
            words = Some(statuses.values().as_string());
            columns.push(Column::new(field.name().as_str().into(), statuses.keys().values().to_vec()));
        }
    }
    let words = words.expect("the file has a column of statuses");
    let frame = DataFrame::new(batch.num_rows(), columns)?;
    let mut wanted: Vec<_> = names.iter().map(|name| col(name.as_str()).sum()).collect();
    wanted.push(len().alias("rows"));
    let sums = frame.lazy().group_by([col("status")]).agg(wanted).collect()?;
    let statuses = sums.column("status")?.i32()?.clone();
    for (row, status) in statuses.iter().enumerate() {
        let status = words.value(status.expect("status is never null") as usize);
        let index = ADJUDICATED.iter().position(|known| known.word() == status).expect("a status of this file");
        found[index].0 += u64::from(sums.column("rows")?.u32()?.get(row).expect("a count"));
        for (name, sum) in names.iter().zip(&mut found[index].1) {
            let column = sums.column(name)?;
            *sum += match column.i64() {
                Ok(narrow) => i128::from(narrow.get(row).expect("a sum")),
                Err(_) => column.decimal()?.phys.get(row).expect("a sum"),
            };
        }
    }
    Ok(())
}

/// Amounts as polars sums them up: in 64 bits, which it is quickest at, where no sum of theirs can be larger; its sums
/// wrap around without a word.
fn summable(name: &str, fen: &[i64]) -> Column {
    let largest = fen.iter().fold(0, |largest, fen| largest.max(fen.unsigned_abs()));
    if u128::from(largest) * fen.len() as u128 <= i64::MAX as u128 {
        return Column::new(name.into(), fen.to_vec());
    }
    let wide = Int128Chunked::from_vec(name.into(), fen.iter().map(|&fen| i128::from(fen)).collect());
    wide.into_decimal_unchecked(38, MONEY_SCALE as usize).into_column()
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
