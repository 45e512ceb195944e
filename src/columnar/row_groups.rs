//! Parquet files whose row groups are encoded in parallel and appended in order.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowRowGroupWriterFactory, ArrowWriter, ArrowWriterOptions, compute_leaves,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnDescPtr;
use rayon::prelude::*;
use std::sync::Arc;

use super::chunk;
use super::pages::{Paged, compression};
use crate::publish::OutputFile;

/// Writer properties that all Parquet outputs share.
#[must_use]
pub fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(compression())
        .set_created_by(concat!("tongchou ", env!("CARGO_PKG_VERSION")).to_owned())
        .build()
}

/// Writer of a Parquet file whose row groups are encoded elsewhere.
pub struct RowGroups {
    writer: SerializedFileWriter<OutputFile>,
    encoder: Encoder,
    groups: usize,
}

/// Encodes row groups, on any thread.
#[derive(Clone)]
pub struct Encoder {
    factory: Arc<ArrowRowGroupWriterFactory>,
    schema: SchemaRef,
    leaves: Arc<[ColumnDescPtr]>,
}

/// One column of an encoded row group.
pub struct ColumnChunk(Inner);

enum Inner {
    /// What nearly all columns are.
    Paged(Paged),
    /// Columns with nulls or nested values.
    Arrow(ArrowColumnChunk),
}

impl Encoder {
    /// One row group's column chunks.
    ///
    /// # Errors
    /// The encoder failed.
    pub fn encode(&self, batch: &RecordBatch) -> Result<Vec<ColumnChunk>, ParquetError> {
        let mut chunks = Vec::with_capacity(self.leaves.len());
        let mut writers = Vec::new();
        for (field, array) in self.schema.fields().iter().zip(batch.columns()) {
            if let Some(paged) = chunk::encode(array, &self.leaves[chunks.len()])? {
                chunks.push(ColumnChunk(Inner::Paged(paged)));
                continue;
            }
            if writers.is_empty() {
                writers = self.factory.create_column_writers(0)?.into_iter().map(Some).collect();
            }
            for leaf in compute_leaves(field, array)? {
                let mut writer = writers[chunks.len()].take().expect("a writer for every leaf");
                writer.write(&leaf)?;
                chunks.push(ColumnChunk(Inner::Arrow(writer.close()?)));
            }
        }
        Ok(chunks)
    }

    /// [`Encoder::encode`], each column on any thread: for a single batch that nobody else has work beside.
    ///
    /// # Errors
    /// The encoder failed.
    pub fn encode_in_parallel(&self, batch: &RecordBatch) -> Result<Vec<ColumnChunk>, ParquetError> {
        if self.leaves.len() != batch.num_columns() {
            return self.encode(batch);
        }
        let encoded: Result<Vec<Option<Paged>>, ParquetError> =
            batch.columns().par_iter().zip(&*self.leaves).map(|(array, leaf)| chunk::encode(array, leaf)).collect();
        let all: Option<Vec<ColumnChunk>> =
            encoded?.into_iter().map(|paged| Some(ColumnChunk(Inner::Paged(paged?)))).collect();
        all.map_or_else(|| self.encode(batch), Ok)
    }
}

impl RowGroups {
    /// Begins a file.
    ///
    /// # Errors
    /// The header cannot be written.
    pub fn begin(file: OutputFile, schema: SchemaRef) -> Result<Self, ParquetError> {
        let options = ArrowWriterOptions::new().with_properties(properties()).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options)?;
        let (writer, factory) = writer.into_serialized_writer()?;
        let leaves = writer.schema_descr().columns().into();
        Ok(Self { writer, encoder: Encoder { factory: Arc::new(factory), schema, leaves }, groups: 0 })
    }

    /// The encoder of its row groups.
    #[must_use]
    pub fn encoder(&self) -> Encoder {
        self.encoder.clone()
    }

    /// Appends an encoded row group.
    ///
    /// # Errors
    /// The write failed.
    pub fn append(&mut self, chunks: Vec<ColumnChunk>) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for chunk in chunks {
            match chunk.0 {
                Inner::Paged(Paged { bytes, close }) => group.append_column(bytes.buffer(), close)?,
                Inner::Arrow(chunk) => chunk.append_to_row_group(&mut group)?,
            }
        }
        group.close()?;
        self.groups += 1;
        Ok(())
    }

    /// Encodes a row group and appends it; nothing where the batch has no row.
    ///
    /// # Errors
    /// The encoder or the write failed.
    pub fn put(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let group = self.encoder.encode(batch)?;
        self.append(group)
    }

    /// Writes the footer and gives the file back.
    ///
    /// # Errors
    /// The write failed.
    pub fn finish(self) -> Result<OutputFile, ParquetError> {
        self.writer.into_inner()
    }
}
