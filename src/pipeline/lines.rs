//! A CSV file in the making.

use super::RunError;
use crate::publish::{OutputFile, Staging, Written};
use crate::report::privacy::safe_cell;

/// A CSV file in the making.
pub(super) struct Lines {
    file: OutputFile,
    writer: csv::Writer<Vec<u8>>,
}

const INFALLIBLE: &str = "writing to memory does not fail";

impl Lines {
    /// Begins a file with its headings.
    pub(super) fn begin<T: AsRef<[u8]>>(staging: &Staging, name: &str, headings: &[T]) -> Result<Self, RunError> {
        let mut lines = Self { file: staging.create(name)?, writer: Self::writer() };
        lines.put(headings)?;
        Ok(lines)
    }

    fn writer() -> csv::Writer<Vec<u8>> {
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new())
    }

    /// One more line.
    pub(super) fn put<T: AsRef<[u8]>>(&mut self, line: &[T]) -> Result<(), RunError> {
        self.writer.write_record(line.iter().map(|cell| safe_cell(cell.as_ref()))).expect(INFALLIBLE);
        if self.writer.get_ref().len() > 1 << 20 {
            let full = std::mem::replace(&mut self.writer, Self::writer());
            self.file.put(&full.into_inner().expect(INFALLIBLE))?;
        }
        Ok(())
    }

    /// Finishes the file.
    pub(super) fn finish(mut self) -> Result<Written, RunError> {
        self.file.put(&self.writer.into_inner().expect(INFALLIBLE))?;
        Ok(self.file.finish()?)
    }
}
