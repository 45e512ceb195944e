//! A CSV file in the making.

use super::RunError;
use crate::publish::{OutputFile, Written};
use crate::report::privacy::safe_cell;

/// A CSV file in the making.
pub(super) struct Lines {
    file: OutputFile,
    writer: csv::Writer<Vec<u8>>,
}

/// A writer of lines in memory.
pub(super) fn writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new())
}

/// What was written in memory.
pub(super) fn written(writer: csv::Writer<Vec<u8>>) -> Vec<u8> {
    writer.into_inner().expect(INFALLIBLE)
}

const INFALLIBLE: &str = "writing to memory does not fail";

impl Lines {
    /// Begins a file with its headings.
    pub(super) fn begin<T: AsRef<[u8]>>(file: OutputFile, headings: &[T]) -> Result<Self, RunError> {
        let mut lines = Self { file, writer: writer() };
        lines.put(headings)?;
        Ok(lines)
    }

    /// One more line.
    pub(super) fn put<T: AsRef<[u8]>>(&mut self, line: &[T]) -> Result<(), RunError> {
        self.writer.write_record(line.iter().map(|cell| safe_cell(cell.as_ref()))).expect(INFALLIBLE);
        if self.writer.get_ref().len() > 1 << 20 { self.flush() } else { Ok(()) }
    }

    /// Lines of a [`writer`] elsewhere.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), RunError> {
        self.flush()?;
        Ok(self.file.put(lines)?)
    }

    fn flush(&mut self) -> Result<(), RunError> {
        let full = std::mem::replace(&mut self.writer, writer());
        Ok(self.file.put(&written(full))?)
    }

    /// Finishes the file.
    pub(super) fn finish(mut self) -> Result<Written, RunError> {
        self.flush()?;
        Ok(self.file.finish()?)
    }
}
