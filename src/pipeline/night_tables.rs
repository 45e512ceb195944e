//! The tables that a night writes beside the outputs of every run.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::errors::ParquetError;

use super::RunError;
use super::load::Loaded;
use crate::columnar::row_groups::{ColumnChunk, Encoder, RowGroups};
use crate::ledger::fold::{CHUNK_ROWS, Chunk};
use crate::ledger::opening::ClosingPerson;
use crate::ledger::tables::scan::table::PERSONS;
use crate::ledger::tables::{Part, encode, schema};
use crate::publish::{Staging, Written};
use crate::shuffle::order::Sorter;
use crate::shuffle::records::Balance;

/// A chunk's row groups; `None` where the chunk has no rows of a table.
pub(super) struct NightEncoded([Option<Vec<ColumnChunk>>; 4]);

/// The tables in the making, in the order of [`Part::TABLES`].
pub(super) struct NightFiles(Vec<RowGroups>);

/// Encodes their row groups, on any thread.
pub(super) struct NightEncoder(Vec<Encoder>);

fn failed(index: usize) -> impl Fn(ParquetError) -> RunError {
    move |error| RunError::Parquet { file: Part::TABLES[index], error }
}

impl NightFiles {
    /// Begins the four files.
    pub(super) fn begin(staging: &Staging) -> Result<Self, RunError> {
        let schemas: [SchemaRef; 4] = [
            schema::movements(),
            schema::plain(&schema::ACCUMULATORS),
            schema::plain(&schema::ADMISSIONS),
            schema::persons(),
        ];
        let begun = Part::TABLES
            .iter()
            .zip(schemas)
            .enumerate()
            .map(|(index, (name, schema))| RowGroups::begin(staging.create(name)?, schema).map_err(failed(index)));
        Ok(Self(begun.collect::<Result<_, _>>()?))
    }

    /// The encoder of their row groups.
    pub(super) fn encoder(&self) -> NightEncoder {
        NightEncoder(self.0.iter().map(RowGroups::encoder).collect())
    }

    /// Appends a chunk's rows.
    pub(super) fn append(&mut self, encoded: NightEncoded) -> Result<(), RunError> {
        for (index, group) in encoded.0.into_iter().enumerate() {
            if let Some(group) = group {
                self.0[index].append(group).map_err(failed(index))?;
            }
        }
        Ok(())
    }

    /// Finishes the files. `others` are of persons that had no settlement but got a balance.
    pub(super) fn finish(mut self, others: Option<Sorter<Balance>>) -> Result<Vec<Written>, RunError> {
        let mut others = others.map(Sorter::in_order).transpose()?.into_iter().flatten();
        loop {
            let group = others.by_ref().take(CHUNK_ROWS).collect::<Result<Vec<Balance>, _>>()?;
            if group.is_empty() {
                break;
            }
            let person = |(index, (_, told)): (usize, &Balance)| ClosingPerson {
                person: index as u32,
                balance: told.balance,
                last: None,
            };
            let rows: Vec<ClosingPerson> = group.iter().enumerate().map(person).collect();
            let name =
                |person: u32| std::str::from_utf8(&group[person as usize].0).expect("text that was read as UTF-8");
            let batch: RecordBatch = encode::persons(rows.iter(), &name);
            self.0[PERSONS].put(&batch).map_err(failed(PERSONS))?;
        }
        let finished = self.0.into_iter().enumerate();
        finished.map(|(index, file)| Ok(file.finish().map_err(failed(index))?.finish()?)).collect()
    }
}

impl NightEncoder {
    /// A chunk's rows of all tables.
    pub(super) fn encode(&self, chunk: &Chunk, loaded: &Loaded) -> Result<NightEncoded, RunError> {
        let name = |person| loaded.rows.arenas.person(loaded.persons.name(person));
        let mut encoded = NightEncoded([const { None }; 4]);
        for (index, encoder) in self.0.iter().enumerate() {
            let rows = encode::rows_of(index, chunk, loaded.words_of(chunk), &name);
            if rows.num_rows() > 0 {
                encoded.0[index] = Some(encoder.encode(&rows).map_err(failed(index))?);
            }
        }
        Ok(encoded)
    }
}

/// Name of the table beside `pended.parquet`.
pub(super) const OPEN_ITEMS: &str = "open_items.parquet";

/// Whether a file of a night is state, not an output.
pub(super) fn is_state(name: &str) -> bool {
    Part::TABLES.contains(&name) || name == OPEN_ITEMS
}
