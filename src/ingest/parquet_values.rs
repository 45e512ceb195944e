//! Columns of a Parquet batch as values, each column turned once for the whole batch.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryViewArray, Int32Array, LargeBinaryArray, LargeStringArray,
    StringArray, StringBuilder, StringViewArray,
};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Date64Type, Decimal64Type, Decimal128Type, Decimal256Type, Float32Type,
    Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt64Type, i256,
};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::cell::Cell;
use super::columns::Kind;
use crate::model::date::{Date, Time};
use crate::model::money::{Fen, MAX_AMOUNT_FEN};
use crate::text::trim;

/// The values of one column in one batch.
#[derive(Debug)]
pub(super) enum Values {
    /// No value in any row.
    None,
    Utf8(StringArray),
    LargeUtf8(LargeStringArray),
    Utf8View(StringViewArray),
    /// Texts by their numbers in a dictionary.
    Words(Int32Array, StringArray),
    Binary(BinaryArray),
    LargeBinary(LargeBinaryArray),
    BinaryView(BinaryViewArray),
    Fen(Vec<i64>),
    Date(Vec<i32>),
    Time(Vec<i64>),
}

/// Stands for no value in a column of numbers; no amount, day or second reaches it.
pub(super) const MISSING: i64 = i64::MIN;
/// Stands for a value that cannot be.
pub(super) const BAD: i64 = i64::MIN + 1;
pub(super) const MISSING_DAY: i32 = i32::MIN;
pub(super) const BAD_DAY: i32 = i32::MIN + 1;

/// First and last day that a text can name: 0001-01-01 and 9999-12-31.
const DAYS: std::ops::RangeInclusive<i64> = -719_162..=2_932_896;
const SECONDS_A_DAY: i64 = 86_400;

/// Whether a column of an Arrow type can be read as values of a kind.
pub(super) fn is_readable(found: &DataType, kind: Kind) -> bool {
    use DataType as T;
    match found {
        T::Dictionary(_, value) => is_readable(value, kind),
        T::Null | T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Binary | T::LargeBinary | T::BinaryView => true,
        T::Float16 => false,
        T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => true,
        _ if found.is_integer() || found.is_floating() => true,
        T::Boolean => matches!(kind, Kind::Code),
        T::Date32 | T::Date64 | T::Timestamp(_, None) => matches!(kind, Kind::Date | Kind::Time),
        _ => false,
    }
}

impl Values {
    /// Turns a column into values of a kind.
    ///
    /// # Errors
    /// If Arrow cannot cast it, which [`is_readable`] has excluded.
    pub(super) fn new(array: &ArrayRef, kind: Kind) -> Result<Self, ArrowError> {
        use DataType as T;
        Ok(match array.data_type() {
            T::Null => Self::None,
            T::Dictionary(..) if words(array).is_some() => {
                let (keys, words) = words(array).expect("looked at above");
                Self::Words(keys.clone(), words.clone())
            }
            T::Dictionary(_, value) => Self::new(&cast(array, value)?, kind)?,
            T::Utf8 => Self::Utf8(array.as_string().clone()),
            T::LargeUtf8 => Self::LargeUtf8(array.as_string().clone()),
            T::Utf8View => Self::Utf8View(array.as_string_view().clone()),
            T::Binary => Self::Binary(array.as_binary().clone()),
            T::LargeBinary => Self::LargeBinary(array.as_binary().clone()),
            T::BinaryView => Self::BinaryView(array.as_binary_view().clone()),
            T::Decimal64(_, 2) if kind == Kind::Money => Self::Fen(fen_of_decimal64(array)),
            T::Decimal32(_, scale) | T::Decimal64(_, scale) => {
                Self::new(&cast(array, &T::Decimal128(38, *scale))?, kind)?
            }
            T::Decimal128(_, scale) if kind == Kind::Money => Self::Fen(fen_of_decimal128(array, *scale)),
            T::Decimal256(_, scale) if kind == Kind::Money => Self::Fen(fen_of_decimal256(array, *scale)),
            T::Date32 if kind != Kind::Time => Self::Date(days_of_date32(array)),
            T::Date32 | T::Date64 | T::Timestamp(..) => {
                let seconds = seconds_of(array)?;
                if kind == Kind::Time { Self::Time(seconds) } else { Self::Date(days_of(&seconds)) }
            }
            T::Float32 if kind == Kind::Money => Self::Fen(fen_of_floats::<Float32Type>(array)),
            T::Float64 if kind == Kind::Money => Self::Fen(fen_of_floats::<Float64Type>(array)),
            found if found.is_integer() && kind == Kind::Money => Self::Fen(fen_of_integers(array)?),
            _ => Self::Utf8(as_text(array)?),
        })
    }

    /// Fen, with [`MISSING`] and [`BAD`], if that is what it holds.
    pub(super) fn fen(&self) -> Option<&[i64]> {
        if let Self::Fen(fen) = self { Some(fen) } else { None }
    }

    /// Days, with [`MISSING_DAY`] and [`BAD_DAY`], if that is what it holds.
    pub(super) fn days(&self) -> Option<&[i32]> {
        if let Self::Date(days) = self { Some(days) } else { None }
    }

    /// Seconds, with [`MISSING`] and [`BAD`], if that is what it holds.
    pub(super) fn seconds(&self) -> Option<&[i64]> {
        if let Self::Time(seconds) = self { Some(seconds) } else { None }
    }

    /// The value of a row.
    #[inline]
    pub(super) fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::None => Cell::Missing,
            Self::Utf8(array) if array.is_valid(row) => Cell::of_text(trim(array.value(row).as_bytes())),
            Self::LargeUtf8(array) if array.is_valid(row) => Cell::of_text(trim(array.value(row).as_bytes())),
            Self::Utf8View(array) if array.is_valid(row) => Cell::of_text(trim(array.value(row).as_bytes())),
            Self::Words(keys, words) if keys.is_valid(row) => word_cell(words, keys.value(row) as usize),
            Self::Binary(array) if array.is_valid(row) => bytes_cell(array.value(row)),
            Self::LargeBinary(array) if array.is_valid(row) => bytes_cell(array.value(row)),
            Self::BinaryView(array) if array.is_valid(row) => bytes_cell(array.value(row)),
            Self::Fen(values) => match values[row] {
                MISSING => Cell::Missing,
                BAD => Cell::Bad,
                fen => Cell::Fen(Fen(fen)),
            },
            Self::Date(values) => match values[row] {
                MISSING_DAY => Cell::Missing,
                BAD_DAY => Cell::Bad,
                day => Cell::Date(Date(day)),
            },
            Self::Time(values) => match values[row] {
                MISSING => Cell::Missing,
                BAD => Cell::Bad,
                second => Cell::Time(Time(second)),
            },
            _ => Cell::Missing,
        }
    }
}

/// Keys and texts of a dictionary of texts, as the readers of this module ask for them.
fn words(array: &ArrayRef) -> Option<(&Int32Array, &StringArray)> {
    let dictionary = array.as_dictionary_opt::<Int32Type>()?;
    Some((dictionary.keys(), dictionary.values().as_string_opt()?))
}

/// A text of a dictionary.
#[inline]
pub(super) fn word_cell(words: &StringArray, key: usize) -> Cell<'_> {
    if words.is_null(key) { Cell::Missing } else { Cell::of_text(trim(words.value(key).as_bytes())) }
}

/// Bytes that some writers leave without the mark of text.
fn bytes_cell(bytes: &[u8]) -> Cell<'_> {
    if std::str::from_utf8(bytes).is_ok() { Cell::of_text(trim(bytes)) } else { Cell::Bad }
}

fn fen_or_bad(fen: Option<i64>) -> i64 {
    fen.filter(|fen| fen.unsigned_abs() <= MAX_AMOUNT_FEN as u64).unwrap_or(BAD)
}

/// Fen of decimals whose number is fen.
fn fen_of_decimal64(array: &ArrayRef) -> Vec<i64> {
    let array = array.as_primitive::<Decimal64Type>();
    let fen = array.values().iter().map(|&fen| if fen.unsigned_abs() <= MAX_AMOUNT_FEN as u64 { fen } else { BAD });
    with_nulls(fen.collect(), array, MISSING)
}

/// Values of a column, and in place of its nulls what stands for none.
fn with_nulls<T: Copy>(mut values: Vec<T>, array: &dyn Array, missing: T) -> Vec<T> {
    if let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) {
        values.iter_mut().zip(nulls).filter(|(_, valid)| !valid).for_each(|(value, _)| *value = missing);
    }
    values
}

/// Days; what is outside years 1 to 9999 is bad.
fn days_of_date32(array: &ArrayRef) -> Vec<i32> {
    let array = array.as_primitive::<Date32Type>();
    let days = array.values().iter().map(|&day| if DAYS.contains(&i64::from(day)) { day } else { BAD_DAY });
    with_nulls(days.collect(), array, MISSING_DAY)
}

/// Fen of decimals of any scale; more than two significant decimals are no amount.
fn fen_of_decimal128(array: &ArrayRef, scale: i8) -> Vec<i64> {
    let shift = 2 - i32::from(scale);
    let power = 10_i128.checked_pow(shift.unsigned_abs());
    let convert = |value: i128| {
        let fen = match (power, shift >= 0) {
            (Some(power), true) => value.checked_mul(power),
            (Some(power), false) => (value % power == 0).then(|| value / power),
            // Beyond 10^38 only zero has a value that fits.
            (None, _) => (value == 0).then_some(0),
        };
        fen_or_bad(fen.and_then(|fen| i64::try_from(fen).ok()))
    };
    array.as_primitive::<Decimal128Type>().iter().map(|value| value.map_or(MISSING, convert)).collect()
}

fn fen_of_decimal256(array: &ArrayRef, scale: i8) -> Vec<i64> {
    let shift = 2 - i32::from(scale);
    let power = i256::from_i128(10).checked_pow(shift.unsigned_abs());
    let convert = |value: i256| {
        let fen = match (power, shift >= 0) {
            (Some(power), true) => value.checked_mul(power),
            (Some(power), false) => match (value.checked_rem(power), value.checked_div(power)) {
                (Some(i256::ZERO), quotient) => quotient,
                _ => None,
            },
            (None, _) => (value == i256::ZERO).then_some(i256::ZERO),
        };
        fen_or_bad(fen.and_then(i256::to_i128).and_then(|fen| i64::try_from(fen).ok()))
    };
    array.as_primitive::<Decimal256Type>().iter().map(|value| value.map_or(MISSING, convert)).collect()
}

/// Fen of floats: the shortest decimal text that reads back as the same float, then the grammar of text.
/// Not a number is no value: data frames write missing numbers so.
fn fen_of_floats<T: ArrowPrimitiveType>(array: &ArrayRef) -> Vec<i64>
where
    T::Native: std::fmt::Display + Into<f64>,
{
    let mut text = String::new();
    let mut convert = |value: T::Native| {
        use std::fmt::Write as _;
        if value.into().is_nan() {
            return MISSING;
        }
        text.clear();
        // Writing to a String cannot fail. Display of a float is the shortest round-trip text, without exponent.
        let _ = write!(text, "{value}");
        fen_or_bad(Fen::parse_yuan(text.as_bytes()).map(|fen| fen.0))
    };
    array.as_primitive::<T>().iter().map(|value| value.map_or(MISSING, &mut convert)).collect()
}

fn fen_of_integers(array: &ArrayRef) -> Result<Vec<i64>, ArrowError> {
    if array.data_type() == &DataType::UInt64 {
        let convert = |yuan: u64| fen_or_bad(i64::try_from(yuan).ok().and_then(|yuan| yuan.checked_mul(100)));
        return Ok(array.as_primitive::<UInt64Type>().iter().map(|value| value.map_or(MISSING, convert)).collect());
    }
    let wide = cast(array, &DataType::Int64)?;
    let convert = |yuan: i64| fen_or_bad(yuan.checked_mul(100));
    Ok(wide.as_primitive::<Int64Type>().iter().map(|value| value.map_or(MISSING, convert)).collect())
}

/// Seconds since 1970 of days and timestamps; what is no whole second or outside years 1 to 9999 is bad.
fn seconds_of(array: &ArrayRef) -> Result<Vec<i64>, ArrowError> {
    // Divided by constants: a division by a number that is only known here costs more than all the rest.
    fn of<T: ArrowPrimitiveType, const MULTIPLY: i64, const PER_SECOND: i64>(array: &ArrayRef) -> Vec<i64>
    where
        T::Native: Into<i64>,
    {
        let convert = |value: T::Native| {
            let value: i64 = value.into();
            let second = if value % PER_SECOND == 0 { (value / PER_SECOND).checked_mul(MULTIPLY) } else { None };
            second.filter(|second| DAYS.contains(&second.div_euclid(SECONDS_A_DAY))).unwrap_or(BAD)
        };
        let array = array.as_primitive::<T>();
        with_nulls(array.values().iter().map(|&value| convert(value)).collect(), array, MISSING)
    }
    Ok(match array.data_type() {
        DataType::Date32 => of::<Date32Type, SECONDS_A_DAY, 1>(array),
        DataType::Date64 => of::<Date64Type, 1, 1_000>(array),
        DataType::Timestamp(TimeUnit::Second, None) => of::<TimestampSecondType, 1, 1>(array),
        DataType::Timestamp(TimeUnit::Millisecond, None) => of::<TimestampMillisecondType, 1, 1_000>(array),
        DataType::Timestamp(TimeUnit::Microsecond, None) => of::<TimestampMicrosecondType, 1, 1_000_000>(array),
        DataType::Timestamp(TimeUnit::Nanosecond, None) => of::<TimestampNanosecondType, 1, 1_000_000_000>(array),
        other => return Err(ArrowError::CastError(format!("{other} is no day and no time"))),
    })
}

/// Days of seconds; a second that is no midnight is no day.
fn days_of(seconds: &[i64]) -> Vec<i32> {
    let day = |second: i64| match second {
        MISSING => MISSING_DAY,
        BAD => BAD_DAY,
        _ if second % SECONDS_A_DAY == 0 => i32::try_from(second / SECONDS_A_DAY).unwrap_or(BAD_DAY),
        _ => BAD_DAY,
    };
    seconds.iter().map(|&second| day(second)).collect()
}

/// Numbers and truth values of a column of codes, identifiers or days as text: a whole number is its digits.
fn as_text(array: &ArrayRef) -> Result<StringArray, ArrowError> {
    let mut texts = StringBuilder::with_capacity(array.len(), array.len() * 8);
    match array.data_type() {
        DataType::Boolean => {
            for value in array.as_boolean() {
                texts.append_option(value.map(|set| if set { "1" } else { "0" }));
            }
        }
        DataType::Float32 | DataType::Float64 => {
            let wide = cast(array, &DataType::Float64)?;
            for value in wide.as_primitive::<Float64Type>() {
                texts.append_option(value.filter(|value| !value.is_nan()).map(|value| value.to_string()));
            }
        }
        _ => {
            let options = FormatOptions::new();
            let formatter = ArrayFormatter::try_new(array, &options)?;
            for row in 0..array.len() {
                texts.append_option(array.is_valid(row).then(|| whole_number(formatter.value(row).to_string())));
            }
        }
    }
    Ok(texts.finish())
}

/// `12` of `12.000`, as a decimal of some scale writes it.
fn whole_number(mut text: String) -> String {
    let sign = usize::from(text.starts_with('-'));
    let digits = super::cell::digits_of_number(&text.as_bytes()[sign..]).len();
    text.truncate(sign + digits);
    text
}

/// The values of a batch as they stand in the file, for messages.
pub(super) struct Shown {
    batch: RecordBatch,
}

impl Shown {
    pub(super) fn new(batch: RecordBatch) -> Self {
        Self { batch }
    }

    pub(super) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// One value.
    pub(super) fn value(&self, column: usize, row: usize) -> String {
        let array = self.batch.column(column);
        if let DataType::Binary | DataType::LargeBinary | DataType::BinaryView = array.data_type() {
            return binary_text(array, row);
        }
        let options = FormatOptions::new()
            .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
            .with_datetime_format(Some("%Y-%m-%d %H:%M:%S%.f"));
        match ArrayFormatter::try_new(array, &options) {
            Ok(formatter) => formatter.value(row).try_to_string().unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// The row as a CSV line.
    pub(super) fn line(&self, row: usize) -> String {
        let mut line = String::new();
        for column in 0..self.batch.num_columns() {
            if column > 0 {
                line.push(',');
            }
            let value = self.value(column, row);
            if value.contains([',', '"', '\n', '\r']) {
                line.push('"');
                line.push_str(&value.replace('"', "\"\""));
                line.push('"');
            } else {
                line.push_str(&value);
            }
        }
        line
    }
}

fn binary_text(array: &ArrayRef, row: usize) -> String {
    use crate::text::encoding::escaped;
    if array.is_null(row) {
        return String::new();
    }
    match array.data_type() {
        DataType::Binary => escaped(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => escaped(array.as_binary::<i64>().value(row)),
        _ => escaped(array.as_binary_view().value(row)),
    }
}
