//! The rows of many sorted tables, person by person: one pass, one batch of each table in memory.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::path::PathBuf;

use arrow::array::{Array as _, AsArray as _, RecordBatch, StringArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::read::{Batch, TableError, TableFile};

/// Rows of a batch: with a few megabytes of decoded pages for each table, hundreds of nights fit.
const BATCH_ROWS: usize = 4_096;

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
    reader: ParquetRecordBatchReader,
    batch: RecordBatch,
    batch_number: usize,
    first: usize,
    at: usize,
}

impl Cursor {
    /// Makes sure that there is a row at `at`; `false` at the end.
    fn fill(&mut self, batches: &mut usize) -> Result<bool, TableError> {
        while self.at == self.batch.num_rows() {
            let Some(next) = self.reader.next() else { return Ok(false) };
            self.first += self.batch.num_rows();
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
        let mut merge = Self { cursors: Vec::new(), next: BinaryHeap::new(), batches: 0 };
        for (source, file) in sources {
            for groups in file.rising() {
                let first = file.rows_before(groups.start);
                let reader = file.batches_of(source.columns, groups, BATCH_ROWS)?;
                let batch = RecordBatch::new_empty(file.schema());
                let (table, part, path) = (source.table, source.part, file.path().to_owned());
                merge.cursors.push(Cursor { table, part, path, reader, batch, batch_number: 0, first, at: 0 });
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
