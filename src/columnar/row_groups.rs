//! Parquet files whose row groups are encoded in parallel and appended in order.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowRowGroupWriterFactory, ArrowWriter, ArrowWriterOptions, compute_leaves,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use std::sync::Arc;

use crate::publish::OutputFile;

/// Writer properties that all Parquet outputs share.
#[must_use]
pub fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).expect("level 1 exists")))
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
}

impl Encoder {
    /// One row group's column chunks.
    ///
    /// # Errors
    /// The encoder failed.
    pub fn encode(&self, batch: &RecordBatch) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
        let mut writers = self.factory.create_column_writers(0)?;
        let mut next = writers.iter_mut();
        for (field, array) in self.schema.fields().iter().zip(batch.columns()) {
            for leaf in compute_leaves(field, array)? {
                next.next().expect("a writer for every leaf").write(&leaf)?;
            }
        }
        writers.into_iter().map(parquet::arrow::arrow_writer::ArrowColumnWriter::close).collect()
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
        Ok(Self { writer, encoder: Encoder { factory: Arc::new(factory), schema }, groups: 0 })
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
    pub fn append(&mut self, chunks: Vec<ArrowColumnChunk>) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group)?;
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
