//! The rows of many sorted tables, person by person: one pass, one batch of each table in memory.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::path::PathBuf;

use arrow::array::{Array as _, AsArray as _, RecordBatch, StringArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::read::{Batch, TableError, TableFile};

/// Rows of a batch: with a few megabytes of decoded pages for each table, hundreds of nights fit.
const BATCH_ROWS: usize = 4_096;

/// Tables that are open at a time, at most. Where there are more, each is opened for a batch and closed behind it:
/// systems let a process have a thousand files open, and years have more nights.
const MOST_OPEN: usize = 256;

/// A table to be merged.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The caller's number of its kind.
    pub table: usize,
    /// The caller's number of the night or base it is of.
    pub part: usize,
    /// The wanted columns; `psn_no` is one of them.
    pub columns: &'a [&'a str],
}

/// Neighbouring rows of one person in one batch.
#[derive(Clone, Debug)]
pub struct Rows {
    /// [`Source::table`]
    pub table: usize,
    /// [`Source::part`]
    pub part: usize,
    /// The rows, once they are asked for by themselves.
    rows: OnceCell<RecordBatch>,
    /// The batch they stand in.
    pub batch: RecordBatch,
    /// A number that no other batch of the merge has.
    pub batch_number: usize,
    /// Where in the batch.
    pub range: Range<usize>,
    /// Number in its file of the batch's first row.
    pub first: usize,
    path: PathBuf,
}

impl Rows {
    /// The rows' columns by name and type.
    #[must_use]
    pub fn columns(&self) -> Batch<'_> {
        let Range { start, end } = self.range;
        Batch::new(&self.path, self.rows.get_or_init(|| self.batch.slice(start, end - start)))
    }

    /// The columns of the batch they stand in.
    #[must_use]
    pub fn columns_of_batch(&self) -> Batch<'_> {
        Batch::new(&self.path, &self.batch)
    }
}

/// A person and all its rows.
pub type OfPerson = (Box<str>, Vec<Rows>);

/// One rising run of a table.
struct Cursor {
    table: usize,
    part: usize,
    path: PathBuf,
    file: TableFile,
    columns: ProjectionMask,
    groups: Range<usize>,
    /// `None` while the file is closed.
    reader: Option<ParquetRecordBatchReader>,
    stays_open: bool,
    batch: RecordBatch,
    batch_number: usize,
    first: usize,
    at: usize,
}

impl Cursor {
    /// Makes sure that there is a row at `at`; `false` at the end.
    fn fill(&mut self, batches: &mut usize) -> Result<bool, TableError> {
        while self.at == self.batch.num_rows() {
            let from = self.first + self.batch.num_rows();
            let reader = match &mut self.reader {
                Some(reader) => reader,
                closed => {
                    let columns = self.columns.clone();
                    closed.insert(self.file.batches_from(columns, self.groups.clone(), from, BATCH_ROWS)?)
                }
            };
            let Some(next) = reader.next() else {
                self.reader = None;
                return Ok(false);
            };
            if !self.stays_open {
                self.reader = None;
            }
            self.first = from;
            self.batch = next.map_err(|error| TableError::Decode { path: self.path.clone(), error })?;
            self.at = 0;
            self.batch_number = *batches;
            *batches += 1;
        }
        Ok(true)
    }

    fn names(&self) -> Result<&StringArray, TableError> {
        let column = self.batch.column_by_name("psn_no").and_then(|column| column.as_string_opt::<i32>());
        column
            .filter(|column| column.null_count() == 0)
            .ok_or_else(|| TableError::Column { path: self.path.clone(), column: "psn_no" })
    }
}

/// Rows of all sources, in the order of `psn_no`.
pub struct Merge {
    cursors: Vec<Cursor>,
    /// The next person of each cursor that has one.
    next: BinaryHeap<Reverse<(Box<str>, usize)>>,
    batches: usize,
}

impl Merge {
    /// Begins at the first person. The rows of a person come in the order of the sources.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn of(sources: &[(Source<'_>, &TableFile)]) -> Result<Self, TableError> {
        Self::with_open(sources, MOST_OPEN)
    }

    fn with_open(sources: &[(Source<'_>, &TableFile)], most_open: usize) -> Result<Self, TableError> {
        let cursors: usize = sources.iter().map(|(_, file)| file.rising().len()).sum();
        let mut merge = Self { cursors: Vec::new(), next: BinaryHeap::new(), batches: 0 };
        for (source, file) in sources {
            for groups in file.rising() {
                let first = file.rows_before(groups.start);
                merge.cursors.push(Cursor {
                    table: source.table,
                    part: source.part,
                    path: file.path().to_owned(),
                    file: (*file).clone(),
                    columns: file.mask(source.columns),
                    groups,
                    reader: None,
                    stays_open: cursors <= most_open,
                    batch: RecordBatch::new_empty(file.schema()),
                    batch_number: 0,
                    first,
                    at: 0,
                });
                merge.queue(merge.cursors.len() - 1)?;
            }
        }
        Ok(merge)
    }

    /// How many tables are read at once.
    #[must_use]
    pub fn width(&self) -> usize {
        self.cursors.len()
    }

    fn queue(&mut self, cursor: usize) -> Result<(), TableError> {
        if self.cursors[cursor].fill(&mut self.batches)? {
            let at = self.cursors[cursor].at;
            let name = self.cursors[cursor].names()?.value(at).into();
            self.next.push(Reverse((name, cursor)));
        }
        Ok(())
    }

    /// The next person and all its rows; `None` behind the last.
    ///
    /// # Errors
    /// A table cannot be read, or is not in order.
    pub fn next_person(&mut self) -> Result<Option<OfPerson>, TableError> {
        let Some(Reverse((person, cursor))) = self.next.pop() else { return Ok(None) };
        let mut rows = Vec::new();
        self.take(&person, cursor, &mut rows)?;
        while self.next.peek().is_some_and(|Reverse((next, _))| *next == person) {
            let Reverse((_, cursor)) = self.next.pop().expect("it was just looked at");
            self.take(&person, cursor, &mut rows)?;
        }
        Ok(Some((person, rows)))
    }

    /// Moves a cursor behind its rows of a person.
    fn take(&mut self, person: &str, cursor: usize, rows: &mut Vec<Rows>) -> Result<(), TableError> {
        while self.cursors[cursor].fill(&mut self.batches)? {
            let taken = &mut self.cursors[cursor];
            let names = taken.names()?;
            let start = taken.at;
            let end = (start..names.len()).find(|&row| names.value(row) != person).unwrap_or(names.len());
            if end < names.len() && names.value(end) < person {
                return Err(TableError::Order { path: taken.path.clone() });
            }
            if end > start {
                rows.push(Rows {
                    table: taken.table,
                    part: taken.part,
                    rows: OnceCell::new(),
                    batch: taken.batch.clone(),
                    batch_number: taken.batch_number,
                    range: start..end,
                    first: taken.first,
                    path: taken.path.clone(),
                });
            }
            taken.at = end;
            if end < taken.batch.num_rows() {
                break;
            }
        }
        self.queue(cursor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::Arc;

    use arrow::datatypes::{DataType, Field, Schema};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::*;
    use crate::columnar::columns::{integer, text};

    /// Rows of persons in the order of their numbers, in row groups of three thousand; every row says its number.
    fn table(path: &Path, rows: i32, per_person: i32) -> TableFile {
        let fields = [("psn_no", DataType::Utf8), ("row", DataType::Int32), ("more", DataType::Int32)];
        let schema = Schema::new(fields.map(|(name, kind)| Field::new(name, kind, false)).to_vec());
        let persons = text((0..rows).map(|row| format!("P{:05}", row / per_person)));
        let columns = vec![persons, integer(0..rows), integer(0..rows)];
        let batch = RecordBatch::try_new(Arc::new(schema), columns).expect("columns");
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(3_000)).build();
        let file = std::fs::File::create(path).expect("a file");
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
        writer.write(&batch).expect("rows");
        writer.close().expect("a footer");
        TableFile::open(path).expect("a table")
    }

    #[test]
    fn tables_that_are_opened_batch_by_batch_give_the_same_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let shapes = [(10_000, 1), (9_001, 7), (4_096, 5_000), (1, 1), (0, 1)];
        let files: Vec<TableFile> = shapes
            .iter()
            .enumerate()
            .map(|(part, &(rows, per_person))| table(&folder.path().join(part.to_string()), rows, per_person))
            .collect();
        let source = |part| Source { table: 0, part, columns: &["psn_no", "row"] };
        let sources: Vec<(Source, &TableFile)> =
            files.iter().enumerate().map(|(part, file)| (source(part), file)).collect();
        for most_open in [0, 100] {
            let mut merge = Merge::with_open(&sources, most_open).expect("tables");
            let mut found: BTreeMap<usize, Vec<i32>> = BTreeMap::new();
            let mut last = String::new();
            while let Some((person, rows)) = merge.next_person().expect("as they were written") {
                assert!(*last < *person, "{last} and {person}");
                assert!(merge.cursors.iter().all(|cursor| cursor.stays_open || cursor.reader.is_none()));
                for rows in rows {
                    let numbers = rows.columns().integer("row").expect("numbers").values().to_vec();
                    assert_eq!(rows.first + rows.range.start, numbers[0] as usize, "the number of the row in its file");
                    found.entry(rows.part).or_default().extend(numbers);
                }
                last = person.into();
            }
            for (part, &(rows, _)) in shapes.iter().enumerate() {
                assert!(found.remove(&part).unwrap_or_default().into_iter().eq(0..rows), "{most_open} open, {part}");
            }
        }
    }
}
