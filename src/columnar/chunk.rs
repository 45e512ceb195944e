//! How the values of a column get into pages: as keys of a dictionary where they repeat, as differences or as they
//! are where they do not.
//!
//! The choice depends on the values of the row group alone.

use std::hash::BuildHasher as _;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal64Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    UInt32Type,
};
use hashbrown::HashTable;
use parquet::basic::{Encoding, Type};
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::schema::types::ColumnDescPtr;

use super::packed::{self, Packable};
use super::pages::{Paged, Pages};

/// Values of a page, at most.
const PAGE_VALUES: usize = 32_768;
/// Bytes of a page of text, about.
const PAGE_BYTES: usize = 1 << 20;
/// Values that are looked at to decide.
const SAMPLE: usize = 8192;
/// Different numbers that a dictionary may have: what a core's first cache holds.
const NUMBERS: usize = 8192;
/// Bytes of the longest text that is told as the least or greatest.
const BOUND_BYTES: usize = 64;

/// A column that is encoded here; `None`: it may be null, or has a type that few outputs have.
///
/// # Errors
/// A page cannot be compressed.
pub(super) fn encode(array: &ArrayRef, descr: &ColumnDescPtr) -> Result<Option<Paged>, ParquetError> {
    if descr.max_def_level() > 0 || descr.max_rep_level() > 0 || array.is_empty() {
        return Ok(None);
    }
    let paged = match (array.data_type(), descr.physical_type()) {
        (DataType::Utf8, Type::BYTE_ARRAY) => texts(array.as_string(), descr)?,
        (DataType::Dictionary(..), Type::BYTE_ARRAY) => {
            let Some(words) = array.as_dictionary_opt::<UInt32Type>() else { return Ok(None) };
            match words.values().as_string_opt() {
                Some(values) if values.null_count() == 0 => repeated(words.keys().values(), values, descr)?,
                _ => return Ok(None),
            }
        }
        (DataType::Int32, Type::INT32) => numbers::<Int32Type>(array, descr)?,
        (DataType::Date32, Type::INT32) => numbers::<Date32Type>(array, descr)?,
        (DataType::Int64, Type::INT64) => numbers::<Int64Type>(array, descr)?,
        (DataType::Decimal64(..), Type::INT64) => numbers::<Decimal64Type>(array, descr)?,
        (DataType::Timestamp(TimeUnit::Microsecond, None), Type::INT64) => {
            numbers::<TimestampMicrosecondType>(array, descr)?
        }
        _ => return Ok(None),
    };
    Ok(Some(paged))
}

/// The values that are looked at to decide: evenly spread.
fn sample(rows: usize) -> impl ExactSizeIterator<Item = usize> {
    (0..rows).step_by(rows.div_ceil(SAMPLE).max(1))
}

/// Whether so few of the sampled values are different that most others will be among them.
fn repeat(sampled: usize, different: usize) -> bool {
    different * 8 <= sampled
}

fn numbers<T>(array: &ArrayRef, descr: &ColumnDescPtr) -> Result<Paged, ParquetError>
where
    T: ArrowPrimitiveType,
    T::Native: Number,
{
    let values: &[T::Native] = array.as_primitive::<T>().values();
    let mut pages = Pages::new(descr);
    let mut page = Vec::new();
    match Numbered::of(values) {
        Some(numbered) => {
            numbered.values.iter().for_each(|value| value.put(&mut page));
            pages.dictionary(&page, numbered.values.len())?;
            put_keys(&numbered.keys, numbered.values.len(), &mut pages)?;
        }
        None => {
            for values in values.chunks(PAGE_VALUES) {
                page.clear();
                packed::differences(values, &mut page);
                pages.data(&page, values.len(), Encoding::DELTA_BINARY_PACKED)?;
            }
        }
    }
    let any = *values.first().expect("a column of a row group has rows");
    // By folding: the iterators' own least and greatest go value by value.
    let least = values.iter().fold(any, |least, &value| least.min(value));
    let greatest = values.iter().fold(any, |greatest, &value| greatest.max(value));
    pages.finish(T::Native::bounds(least, greatest))
}

/// A number of a column.
trait Number: Packable {
    /// The least and the greatest one for the footer.
    fn bounds(least: Self, greatest: Self) -> Statistics;
}

impl Number for i32 {
    fn bounds(least: Self, greatest: Self) -> Statistics {
        let bounds = ValueStatistics::new(Some(least), Some(greatest), None, Some(0), false);
        Statistics::Int32(bounds.with_backwards_compatible_min_max(true))
    }
}

impl Number for i64 {
    fn bounds(least: Self, greatest: Self) -> Statistics {
        let bounds = ValueStatistics::new(Some(least), Some(greatest), None, Some(0), false);
        Statistics::Int64(bounds.with_backwards_compatible_min_max(true))
    }
}

/// Few different numbers, in the order in which they were met.
struct Numbered<T> {
    values: Vec<T>,
    keys: Vec<u32>,
}

impl<T: Packable> Numbered<T> {
    /// Bits of the table: twice the numbers there may be.
    const BITS: u32 = NUMBERS.ilog2() + 1;

    fn of(values: &[T]) -> Option<Self> {
        let sampled = sample(values.len());
        let count = sampled.len();
        let different = Self::number(sampled.map(|row| values[row]), count)?.values.len();
        if repeat(count, different) { Self::number(values.iter().copied(), values.len()) } else { None }
    }

    /// `None` if there are too many.
    fn number(values: impl Iterator<Item = T>, rows: usize) -> Option<Self> {
        let mut found = Self { values: Vec::new(), keys: Vec::with_capacity(rows) };
        let mut slots = vec![0_u16; 1 << Self::BITS];
        for value in values {
            let key = match found.keys.last() {
                Some(&last) if found.values[last as usize] == value => last,
                _ => found.key(&mut slots, value)?,
            };
            found.keys.push(key);
        }
        Some(found)
    }

    #[inline]
    fn key(&mut self, slots: &mut [u16], value: T) -> Option<u32> {
        // Fibonacci hashing: the top bits choose the slot, the next free one behind it is taken.
        let mut slot = ((value.wide() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - Self::BITS)) as usize;
        loop {
            match slots[slot] {
                0 if self.values.len() == NUMBERS => return None,
                0 => {
                    self.values.push(value);
                    slots[slot] = self.values.len() as u16;
                    return Some(self.values.len() as u32 - 1);
                }
                taken if self.values[usize::from(taken) - 1] == value => return Some(u32::from(taken) - 1),
                _ => slot = (slot + 1) & (slots.len() - 1),
            }
        }
    }
}

fn texts(values: &StringArray, descr: &ColumnDescPtr) -> Result<Paged, ParquetError> {
    let sampled = sample(values.len());
    let count = sampled.len();
    if !repeat(count, words(sampled.map(|row| values.value(row)), count).0.len()) {
        return each(values.iter().flatten(), descr);
    }
    let (words, keys) = words(values.iter().flatten(), values.len());
    repeated(&keys, &StringArray::from_iter_values(words), descr)
}

/// Different texts in the order in which they were met, and a key for each text.
fn words<'a>(texts: impl Iterator<Item = &'a str>, rows: usize) -> (Vec<&'a str>, Vec<u32>) {
    let state = hashbrown::DefaultHashBuilder::default();
    let mut by_text: HashTable<u32> = HashTable::new();
    let (mut words, mut keys): (Vec<&str>, Vec<u32>) = (Vec::new(), Vec::with_capacity(rows));
    for text in texts {
        let key = match keys.last() {
            Some(&last) if words[last as usize] == text => last,
            _ => {
                let next = words.len() as u32;
                let hash = |key: &u32| state.hash_one(words[*key as usize]);
                let equal = |key: &u32| words[*key as usize] == text;
                let key = *by_text.entry(state.hash_one(text), equal, hash).or_insert(next).get();
                if key == next {
                    words.push(text);
                }
                key
            }
        };
        keys.push(key);
    }
    (words, keys)
}

/// Texts by keys of a dictionary; as they are where keys save nothing.
fn repeated(keys: &[u32], words: &StringArray, descr: &ColumnDescPtr) -> Result<Paged, ParquetError> {
    if words.len() * 2 > keys.len().max(SAMPLE) {
        return each(keys.iter().map(|&key| words.value(key as usize)), descr);
    }
    let mut pages = Pages::new(descr);
    let mut page = Vec::with_capacity(words.value_data().len() + 4 * words.len());
    words.iter().flatten().for_each(|word| put_text(word, &mut page));
    pages.dictionary(&page, words.len())?;
    put_keys(keys, words.len(), &mut pages)?;
    let mut bounds = Bounds::default();
    words.iter().flatten().for_each(|word| bounds.take(word));
    pages.finish(bounds.told())
}

fn each<'a>(texts: impl Iterator<Item = &'a str>, descr: &ColumnDescPtr) -> Result<Paged, ParquetError> {
    let (mut pages, mut bounds) = (Pages::new(descr), Bounds::default());
    let (mut page, mut count) = (Vec::with_capacity(PAGE_BYTES + PAGE_BYTES / 4), 0);
    for text in texts {
        put_text(text, &mut page);
        bounds.take(text);
        count += 1;
        if page.len() >= PAGE_BYTES || count == PAGE_VALUES {
            pages.data(&page, count, Encoding::PLAIN)?;
            page.clear();
            count = 0;
        }
    }
    if count > 0 {
        pages.data(&page, count, Encoding::PLAIN)?;
    }
    pages.finish(bounds.told())
}

fn put_keys(keys: &[u32], words: usize, pages: &mut Pages) -> Result<(), ParquetError> {
    let width = packed::width(words);
    let mut page = Vec::new();
    for keys in keys.chunks(PAGE_VALUES) {
        page.clear();
        page.push(width as u8);
        packed::keys(keys, width, &mut page);
        pages.data(&page, keys.len(), Encoding::RLE_DICTIONARY)?;
    }
    Ok(())
}

/// A text as `PLAIN`.
fn put_text(text: &str, page: &mut Vec<u8>) {
    page.extend_from_slice(
        &u32::try_from(text.len()).expect("an array of texts has less than 2^31 bytes").to_le_bytes(),
    );
    page.extend_from_slice(text.as_bytes());
}

/// The least and the greatest text, by their bytes.
#[derive(Default)]
struct Bounds<'a> {
    least: Option<(u128, &'a str)>,
    greatest: Option<(u128, &'a str)>,
}

impl<'a> Bounds<'a> {
    /// One more text. Its first bytes as one number nearly always tell that it is neither.
    #[inline]
    fn take(&mut self, text: &'a str) {
        let bytes = text.as_bytes();
        let first = bytes.first_chunk().copied().unwrap_or_else(|| {
            let mut padded = [0; 16];
            padded[..bytes.len()].copy_from_slice(bytes);
            padded
        });
        let this = (u128::from_be_bytes(first), text);
        if self.least.is_none_or(|least| this < least) {
            self.least = Some(this);
        }
        if self.greatest.is_none_or(|greatest| this > greatest) {
            self.greatest = Some(this);
        }
    }

    /// As the footer says it; a long text is not told.
    fn told(&self) -> Statistics {
        let told = |bound: Option<(u128, &str)>| {
            bound.map(|(_, text)| text).filter(|text| text.len() <= BOUND_BYTES).map(ByteArray::from)
        };
        Statistics::ByteArray(ValueStatistics::new(told(self.least), told(self.greatest), None, Some(0), false))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Arc;

    use arrow::array::{Date32Array, Decimal64Array, Int32Array, Int64Array, RecordBatch, TimestampMicrosecondArray};
    use arrow::compute::cast;
    use arrow::datatypes::{Field, Schema};
    use parquet::arrow::ArrowSchemaConverter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::file::writer::SerializedFileWriter;
    use proptest::prelude::*;

    use super::*;
    use crate::columnar::columns::WordColumn;
    use crate::columnar::row_groups::properties;

    /// Columns as one row group of a file, and what arrow-rs reads from it.
    fn through_a_file(columns: &[ArrayRef]) -> (Vec<ArrayRef>, Vec<Encoding>) {
        let fields = columns
            .iter()
            .enumerate()
            .map(|(at, array)| Field::new(format!("c{at}"), array.data_type().clone(), false));
        let descr = ArrowSchemaConverter::new().convert(&Schema::new(fields.collect::<Vec<_>>())).expect("a schema");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.parquet");
        let file = File::create(&path).expect("a file");
        let mut writer =
            SerializedFileWriter::new(file, descr.root_schema_ptr(), Arc::new(properties())).expect("a header");
        let mut group = writer.next_row_group().expect("a row group");
        for (array, descr) in columns.iter().zip(descr.columns()) {
            let paged = encode(array, descr).expect("pages").expect("a column of these types");
            group.append_column(paged.bytes.buffer(), paged.close).expect("appended");
        }
        group.close().expect("a whole row group");
        writer.close().expect("a footer");
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).expect("the file")).expect("a footer");
        let encodings = reader.metadata().row_group(0).columns().iter().map(|chunk| {
            let told = chunk.page_encoding_stats_mask().expect("encodings of the pages");
            let known = [Encoding::RLE_DICTIONARY, Encoding::DELTA_BINARY_PACKED, Encoding::PLAIN];
            known.into_iter().find(|&encoding| told.is_only(encoding)).expect("one encoding for all pages")
        });
        let encodings = encodings.collect();
        let batches: Vec<RecordBatch> =
            reader.with_batch_size(1 << 20).build().expect("a reader").map(|batch| batch.expect("a batch")).collect();
        assert_eq!(batches.len(), 1);
        (batches[0].columns().to_vec(), encodings)
    }

    fn same(columns: &[ArrayRef]) {
        let (read, _) = through_a_file(columns);
        for (read, written) in read.iter().zip(columns) {
            let written = cast(written, read.data_type()).expect("the type that was written");
            assert_eq!(read, &written);
        }
    }

    fn money(fen: Vec<i64>) -> ArrayRef {
        Arc::new(Decimal64Array::from(fen).with_precision_and_scale(16, 2).expect("16 digits"))
    }

    #[test]
    fn the_choice_of_an_encoding() {
        let many: Vec<i64> = (0..100_000).map(|row| row * row % 99_991).collect();
        let few: Vec<i64> = (0..100_000).map(|row| row / 10 % 700 * 1_000_000_007).collect();
        let person: Vec<String> = (0..100_000).map(|row| format!("p{}", row / 7)).collect();
        let mut persons = WordColumn::new(person.len());
        person.iter().for_each(|person| persons.push_run(person));
        let id = StringArray::from_iter_values((0..100_000).map(|row| format!("id{row}")));
        let words = StringArray::from_iter_values((0..100_000).map(|row| format!("word {}", row % 300)));
        let columns: Vec<ArrayRef> = vec![
            money(many.clone()),
            money(few),
            Arc::new(TimestampMicrosecondArray::from_iter_values(many.iter().map(|second| second * 1_000_000))),
            Arc::new(Date32Array::from_iter_values(many.iter().map(|day| (day % 365) as i32))),
            Arc::new(Int32Array::from_iter_values(0..100_000)),
            persons.finish(),
            Arc::new(id),
            Arc::new(words),
            money(vec![0; 100_000]),
        ];
        let (keys, differences) = (Encoding::RLE_DICTIONARY, Encoding::DELTA_BINARY_PACKED);
        let (_, encodings) = through_a_file(&columns);
        assert_eq!(encodings, [differences, keys, differences, keys, differences, keys, Encoding::PLAIN, keys, keys]);
        same(&columns);
    }

    #[test]
    fn ends_of_pages_and_of_the_types() {
        for rows in [1, 7, 8, 9, 128, 129, 130, 32_767, 32_768, 32_769, 65_537] {
            let far = [i64::MIN, i64::MAX, 0, -1, 1];
            let near = [i32::MIN, i32::MAX, 0, -1, 1];
            same(&[
                Arc::new(Int64Array::from_iter_values(
                    (0..rows).map(|row| far[row % 5].wrapping_add((row / 5) as i64)),
                )),
                Arc::new(Int32Array::from_iter_values(
                    (0..rows).map(|row| near[row % 5].wrapping_add((row / 5) as i32)),
                )),
                Arc::new(Int64Array::from_iter_values((0..rows).map(|row| far[row / 9 % 5]))),
                Arc::new(StringArray::from_iter_values((0..rows).map(|row| "医".repeat(row % 40)))),
                Arc::new(StringArray::from_iter_values((0..rows).map(|row| format!("{row}{}", "x".repeat(row % 90))))),
            ]);
        }
    }

    proptest! {
        #[test]
        fn bounds_are_the_least_and_the_greatest(texts in proptest::collection::vec("[\\x00-\\x02ab医]{0,20}", 1..40)) {
            let mut bounds = Bounds::default();
            texts.iter().for_each(|text| bounds.take(text));
            prop_assert_eq!(bounds.least.map(|(_, text)| text), texts.iter().map(String::as_str).min());
            prop_assert_eq!(bounds.greatest.map(|(_, text)| text), texts.iter().map(String::as_str).max());
        }

        #[test]
        fn long_texts_bounded_by_their_ends(ends in proptest::collection::vec("[ab]{0,3}", 1..20)) {
            let texts: Vec<String> = ends.iter().map(|end| format!("the same beginning {end}")).collect();
            let mut bounds = Bounds::default();
            texts.iter().for_each(|text| bounds.take(text));
            prop_assert_eq!(bounds.least.map(|(_, text)| text), texts.iter().map(String::as_str).min());
            prop_assert_eq!(bounds.greatest.map(|(_, text)| text), texts.iter().map(String::as_str).max());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_values(
            runs in proptest::collection::vec((any::<i64>(), 1_usize..60), 1..200),
            shift in 0_u32..64,
        ) {
            let values: Vec<i64> = runs.iter().flat_map(|&(value, run)| std::iter::repeat_n(value >> shift, run)).collect();
            let mut words = WordColumn::new(values.len());
            values.iter().for_each(|value| words.push(&value.to_string()));
            let mut known = WordColumn::new(values.len());
            values.iter().for_each(|value| known.push_known((*value as u8).into(), || (*value as u8).to_string()));
            same(&[
                Arc::new(Int64Array::from(values.clone())),
                Arc::new(Int32Array::from_iter_values(values.iter().map(|&value| value as i32))),
                Arc::new(StringArray::from_iter_values(values.iter().map(ToString::to_string))),
                words.finish(),
                known.finish(),
            ]);
        }
    }
}
