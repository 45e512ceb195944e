//! Parts of files parsed in parallel and handed on in file order and row order.
//!
//! The calling thread cuts the files into parts, reads (and hashes) them and takes in the rows of those that are
//! parsed; the pool parses, and the calling thread with it where it is one of the pool. A fixed number of parts is on
//! its way, so memory is bounded; the result does not depend on the number of threads.

use std::fs::File;
use std::io::Read as _;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest as _, Sha256};

use super::error::IngestError;
use super::open::{Content, InputFile, Mark, OpenFile, RowSink, RowStats};
use super::parquet_file::{ParquetFile, Slice};
use super::paths::FileFormat;
use super::source::{Block, Blocks, Limits};
use crate::ordered::in_order;
use crate::publish::hex;

/// How a run wants its files read.
#[derive(Clone, Copy, Default)]
pub struct ReadOptions<'a> {
    /// Keep only the rows of this `psn_no` (trimmed bytes); other rows are counted, not checked. Claims only.
    pub person: Option<&'a [u8]>,
    /// Called from any thread with the rows and the bytes read since it was last called.
    pub progress: Option<&'a (dyn Fn(u64, u64) + Sync)>,
    /// How many parts of files are read at a time; by default two for each thread.
    pub parts: Option<usize>,
    /// Reading stops soon after this becomes true, with [`IngestError::Cancelled`].
    pub cancel: Option<&'a AtomicBool>,
}

impl ReadOptions<'_> {
    pub(super) fn check_cancelled(&self) -> Result<(), IngestError> {
        match self.cancel {
            Some(flag) if flag.load(Ordering::Relaxed) => Err(IngestError::Cancelled),
            _ => Ok(()),
        }
    }

    fn report(&self, rows: u64, bytes: u64) {
        if let Some(progress) = self.progress {
            progress(rows, bytes);
        }
    }
}

/// What stands before a part of a file: add it to the part's own numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Base {
    pub(super) rows: u64,
    pub(super) lines: u64,
}

/// Builds something from the rows of one part.
pub(super) trait Collect: RowSink + Send {
    /// What it builds.
    type Output: Send;
    /// Behind each decoded batch of a Parquet file.
    fn batch_end(&mut self) {}
    /// The end of the part.
    fn finish(self) -> Self::Output;
}

/// Where the rows of a table go: one collector per part, their outputs in order.
pub(super) struct Job<'a, C: Collect> {
    /// Makes the collector of a part of a file.
    pub(super) collector: &'a (dyn Fn(u32) -> C + Sync),
    /// Takes what a part built, the number of its file and what stands before it. Returns the rejected rows.
    pub(super) take: &'a mut dyn FnMut(u32, Base, C::Output) -> Result<u64, IngestError>,
}

/// One part of one file.
struct Part {
    file: usize,
    work: Work,
}

enum Work {
    Block { block: Block, first: bool },
    Slice(Slice),
}

/// What a part built, and its rows.
struct Outcome<T> {
    output: T,
    stats: RowStats,
}

type Parsed<T> = Result<(Part, Outcome<T>), IngestError>;

/// Reads all files of a table.
///
/// # Errors
/// Of the failures met, the first in file order; whatever the collectors' consumer returns; cancellation.
pub(super) fn run<C: Collect>(
    files: &[OpenFile],
    limits: Limits,
    options: &ReadOptions<'_>,
    job: &mut Job<'_, C>,
) -> Result<Vec<InputFile>, IngestError> {
    let mut inputs: Vec<InputFile> = files.iter().map(describe).collect();
    let mut reader = Reader::new(files, limits);
    let collector = job.collector;
    // Two per thread, so that a slow one does not hold up the rest.
    let at_a_time = options.parts.unwrap_or(2 * rayon::current_num_threads().max(2));
    let parts = std::iter::from_fn(|| reader.next_part(options).transpose());
    let work = |part: Result<Part, IngestError>| {
        let part = part?;
        let outcome = parse(files, &part, collector, options)?;
        Ok((part, outcome))
    };
    in_order(parts, at_a_time, work, |parsed: Parsed<C::Output>| {
        let (part, outcome) = parsed?;
        take_in(files, &mut inputs, &part, outcome, job.take)
    })?;
    for (file, (input, digest)) in files.iter().zip(inputs.iter_mut().zip(&reader.digests)) {
        file.check_unchanged()?;
        if let Some(digest) = digest {
            input.sha256 = hex(digest);
        }
    }
    Ok(inputs)
}

fn describe(file: &OpenFile) -> InputFile {
    InputFile {
        path: file.input.path.clone(),
        shown: file.input.shown.clone(),
        format: file.input.format,
        encoding: match &file.content {
            Content::Text(text) => Some(text.encoding),
            Content::Parquet(_) => None,
        },
        bytes: file.bytes,
        sha256: String::new(),
        lines: 0,
        rows: 0,
        blank_lines: 0,
        rejected_rows: 0,
        extra_columns: file.extra.clone(),
        modified: file.modified,
        marks: Vec::new(),
    }
}

fn parse<C: Collect>(
    files: &[OpenFile],
    part: &Part,
    collector: &(dyn Fn(u32) -> C + Sync),
    options: &ReadOptions<'_>,
) -> Result<Outcome<C::Output>, IngestError> {
    options.check_cancelled()?;
    let file = &files[part.file];
    let mut collect = collector(part.file as u32);
    let stats = match (&file.content, &part.work) {
        (Content::Text(text), Work::Block { block, first }) => {
            let stats = text.visit(block, *first, &mut collect);
            options.report(stats.rows, block.read);
            stats
        }
        (Content::Parquet(parquet), Work::Slice(slice)) => {
            let stats = parquet.visit(&file.input, file.handle()?, slice, &mut collect, &mut C::batch_end)?;
            options.report(stats.rows, slice.bytes);
            stats
        }
        _ => unreachable!("blocks come from text files, slices from Parquet files"),
    };
    Ok(Outcome { output: collect.finish(), stats })
}

fn take_in<T>(
    files: &[OpenFile],
    inputs: &mut [InputFile],
    part: &Part,
    outcome: Outcome<T>,
    take: &mut dyn FnMut(u32, Base, T) -> Result<u64, IngestError>,
) -> Result<(), IngestError> {
    let input = &mut inputs[part.file];
    let Outcome { output, stats } = outcome;
    let base =
        Base { rows: input.rows, lines: if input.format == FileFormat::Text { input.lines } else { input.rows } };
    if let Work::Block { block, first } = &part.work {
        input.encoding = Some(block.encoding);
        if input.marks.is_empty() || !block.encoding.is_utf16() {
            input.marks.push(Mark {
                offset: block.offset,
                rows: input.rows,
                lines: input.lines,
                before_header: *first,
            });
        }
    }
    input.rows += stats.rows;
    input.lines += stats.lines;
    input.blank_lines += stats.blank;
    if input.rows > IngestError::MAX_ROWS {
        return Err(IngestError::TooManyRows { path: files[part.file].input.path.clone() });
    }
    input.rejected_rows += take(part.file as u32, base, output)?;
    Ok(())
}

/// Cuts the files into parts, one after the other.
struct Reader<'a> {
    files: &'a [OpenFile],
    limits: Limits,
    /// The file at hand.
    file: usize,
    blocks: Option<Blocks<File>>,
    /// Whether the next block is the file's first.
    first: bool,
    /// The Parquet file at hand.
    sliced: Option<Sliced>,
    /// Digests of the files read to their end.
    digests: Vec<Option<[u8; 32]>>,
}

/// A Parquet file: the slices that are still to come, and its digest in the making. The bytes of a slice are hashed as
/// it is handed out, so that no window of parts waits for the digest of a whole file.
struct Sliced {
    slices: std::vec::IntoIter<Slice>,
    handle: File,
    hash: Sha256,
}

impl Sliced {
    /// Hashes so many bytes more, or what is left.
    fn hash(&mut self, bytes: u64) -> std::io::Result<()> {
        let mut left = (&mut self.handle).take(bytes);
        let mut buffer = vec![0; 1 << 18];
        loop {
            match left.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => self.hash.update(&buffer[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl<'a> Reader<'a> {
    fn new(files: &'a [OpenFile], limits: Limits) -> Self {
        Self { files, limits, file: 0, blocks: None, first: true, sliced: None, digests: vec![None; files.len()] }
    }

    /// The next part; `None` behind the last. A failure ends the run once the parts before it are taken in: what comes
    /// behind it is not looked at.
    fn next_part(&mut self, options: &ReadOptions<'_>) -> Result<Option<Part>, IngestError> {
        options.check_cancelled()?;
        while let Some(file) = self.files.get(self.file) {
            let work = match &file.content {
                Content::Text(_) => self.next_block(file)?,
                Content::Parquet(parquet) => self.next_slice(file, parquet)?,
            };
            if let Some(work) = work {
                return Ok(Some(Part { file: self.file, work }));
            }
            self.file += 1;
        }
        Ok(None)
    }

    fn next_block(&mut self, file: &OpenFile) -> Result<Option<Work>, IngestError> {
        let Content::Text(text) = &file.content else { return Ok(None) };
        if self.blocks.is_none() {
            self.blocks = Some(Blocks::new(file.handle()?, self.limits, text.encoding, true));
            self.first = true;
        }
        let blocks = self.blocks.as_mut().expect("made above");
        let block =
            blocks.next_block().map_err(|source| IngestError::Read { path: file.input.path.clone(), source })?;
        let Some(block) = block else {
            if blocks.bytes_read() != file.bytes {
                return Err(IngestError::Changed { path: file.input.path.clone() });
            }
            self.digests[self.file] = blocks.digest();
            self.blocks = None;
            return Ok(None);
        };
        // Blank lines before the header may fill whole blocks: it is the first line that is not blank.
        let first = self.first;
        self.first = first && crate::text::lines::Lines::new(&block.bytes, 1).all(|line| line.is_blank());
        Ok(Some(Work::Block { block, first }))
    }

    fn next_slice(&mut self, file: &OpenFile, parquet: &ParquetFile) -> Result<Option<Work>, IngestError> {
        let failed = |source| IngestError::Read { path: file.input.path.clone(), source };
        let mut sliced = match self.sliced.take() {
            Some(sliced) => sliced,
            None => Sliced { slices: parquet.slices().into_iter(), handle: file.handle()?, hash: Sha256::new() },
        };
        let slice = sliced.slices.next();
        sliced.hash(slice.as_ref().map_or(u64::MAX, |slice| slice.bytes)).map_err(failed)?;
        if slice.is_some() {
            self.sliced = Some(sliced);
        } else {
            self.digests[self.file] = Some(sliced.hash.finalize().into());
        }
        Ok(slice.map(Work::Slice))
    }
}
