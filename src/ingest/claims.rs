//! Claims: accepted rows as the kernel takes them, the rest quarantined.

use std::sync::Arc;

use super::cell::{Row, Typed};
use super::check::{Checked, Checker, Texts, is_spare, only_checked};
use super::claim_columns::ClaimColumns;
use super::columns::{CLAIMS, Column};
use super::error::IngestError;
use super::open::{InputFile, RowSink, open_all};
use super::parquet_file::BatchRows;
use super::paths::InputPath;
use super::pipeline::{self, Base, Collect, Job, ReadOptions};
use super::reject::{Problem, Reject};
use super::source::Limits;
use crate::model::money::Fen;
use crate::model::reference::Institutions;
use crate::model::settlement::{Claim, TextRef};
use crate::rules::vocabulary::Vocabularies;
use crate::text::RowProblem;

/// What turns text into numbers at the border.
#[derive(Clone, Copy)]
pub struct Border<'a> {
    /// The words of the rule pack.
    pub vocab: &'a Vocabularies,
    /// The institutions, where the table was given.
    pub institutions: Option<&'a Institutions>,
    /// Keep each claim's `mdtrt_id`: a ledger lists admissions by it.
    pub with_mdtrt_id: bool,
}

/// A run of consecutive rows of one file.
#[derive(Debug, Default)]
pub struct ClaimBatch {
    /// Number of the batch, from 0: the arena of every [`TextRef`] in it.
    pub number: u32,
    /// Accepted rows, in row order.
    pub claims: Vec<Claim>,
    /// The text that the claims and ghosts refer to.
    pub arena: Vec<u8>,
    /// Insurance types that the rule book does not name: a claim's `Insutype(UNLISTED + n)` is the n-th of these.
    pub unlisted_insutypes: Vec<Box<str>>,
    /// Every reason of every rejected row, in row order, then in the order of the reasons and of the columns.
    pub rejects: Vec<Reject>,
    /// How many rows were rejected.
    pub rejected_rows: u64,
    /// Sum of `medfee_sumamt` of the rejected rows, in fen; what cannot be read counts as 0.
    pub rejected_total: i128,
    /// Rejected rows that name a person and a settlement, in row order: a later row with both is a duplicate.
    pub ghosts: Vec<Ghost>,
}

/// A rejected row that has both `psn_no` and `setl_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ghost {
    /// `psn_no` and `setl_id`; the other lengths are 0.
    pub text: TextRef,
    /// Number of the input file.
    pub file: u32,
    /// Data row in that file, from 1.
    pub row: u32,
    /// Physical line of a text file; the row number in Parquet.
    pub line: u64,
}

/// Reads all claims. Batches reach `sink` in file order, then row order, whatever the number of threads.
///
/// Runs on rayon's current pool; `sink` is called on the calling thread. About six blocks of 2 MiB (or slices of
/// at most 131,072 Parquet rows) per thread are in memory at a time. With [`ReadOptions::person`] the other persons' rows,
/// and lines that are no record, are counted in [`InputFile::rows`] and otherwise passed over.
///
/// # Errors
/// [`IngestError::Rejected`] before the first batch if a file lacks a required column or has one twice or of
/// a type that cannot be read; what the files and `sink` run into afterwards; cancellation.
pub fn read_claims(
    files: &[InputPath],
    border: &Border<'_>,
    options: &ReadOptions<'_>,
    sink: &mut dyn FnMut(ClaimBatch) -> Result<(), IngestError>,
) -> Result<Vec<InputFile>, IngestError> {
    read_claims_in(files, border, options, Limits::RUN, sink)
}

/// [`read_claims`] with blocks of another size.
pub(super) fn read_claims_in(
    files: &[InputPath],
    border: &Border<'_>,
    options: &ReadOptions<'_>,
    limits: Limits,
    sink: &mut dyn FnMut(ClaimBatch) -> Result<(), IngestError>,
) -> Result<Vec<InputFile>, IngestError> {
    let opened = open_all(files, &CLAIMS)?;
    let mut number = 0;
    let mut take = |_: u32, base: Base, batches: Vec<ClaimBatch>| {
        let mut rejected = 0;
        // Row numbers of a part grow from batch to batch: all have the same base.
        for mut batch in batches {
            batch.settle(base, number);
            rejected += batch.rejected_rows;
            number += 1;
            sink(batch)?;
        }
        Ok(rejected)
    };
    let only_checked: Vec<Vec<Column>> =
        opened.iter().map(|file| only_checked(|column| file.has(column.index()))).collect();
    let collector = |file| ClaimCollector {
        file,
        person: options.person,
        checker: Checker::new(border, &only_checked[file as usize]),
        batch: ClaimBatch::default(),
        done: Vec::new(),
    };
    pipeline::run(&opened, limits, options, &mut Job { collector: &collector, take: &mut take })
}

impl ClaimBatch {
    /// Turns numbers within a part of a file into numbers of the file and of the run.
    fn settle(&mut self, base: Base, number: u32) {
        self.number = number;
        // The pipeline has checked that the rows of a file fit 31 bits.
        let rows = base.rows as u32;
        for claim in &mut self.claims {
            claim.row += rows;
            claim.text.arena = number;
        }
        for ghost in &mut self.ghosts {
            ghost.row += rows;
            ghost.line += base.lines;
            ghost.text.arena = number;
        }
        for reject in &mut self.rejects {
            reject.row += rows;
            reject.line += base.lines;
        }
    }

    /// Puts the texts of a row into the arena.
    fn store(&mut self, texts: Texts<'_>) -> TextRef {
        // A batch's rows come from one block, or are at most 8,192 rows of five texts of 64 KiB: 32 bits suffice.
        let offset = self.arena.len() as u32;
        for text in [texts.psn_no, texts.setl_id, texts.institution, texts.init_setl_id, texts.mdtrt_id] {
            self.arena.extend_from_slice(text);
        }
        TextRef {
            arena: 0,
            offset,
            psn_len: texts.psn_no.len() as u16,
            setl_len: texts.setl_id.len() as u16,
            inst_len: texts.institution.len() as u16,
            init_len: texts.init_setl_id.len() as u16,
            mdtrt_len: texts.mdtrt_id.len() as u16,
        }
    }
}

/// Builds the batches of one part of a file.
struct ClaimCollector<'a> {
    file: u32,
    person: Option<&'a [u8]>,
    checker: Checker<'a>,
    batch: ClaimBatch,
    done: Vec<ClaimBatch>,
}

impl RowSink for ClaimCollector<'_> {
    fn row<R: Row>(&mut self, row: &R, number: u64, line: u64) {
        if let Some(person) = self.person
            && row.cell(Column::PsnNo.index()).text() != Typed::Is(person)
        {
            return;
        }
        let number = number as u32;
        match self.checker.check(row) {
            Checked::Accepted(texts, claim) => self.accept(texts, claim, number),
            Checked::Rejected(texts, total) => self.reject(row, texts, total, number, line),
        }
    }

    #[cold]
    fn broken(&mut self, problem: RowProblem, number: u64, line: u64, raw: &dyn Fn() -> String) {
        if self.person.is_some() {
            return;
        }
        let problem = Problem::Line(problem);
        self.batch.rejected_rows += 1;
        self.batch.rejects.push(Reject {
            file: self.file,
            row: number as u32,
            line,
            column: "",
            value: String::new(),
            reason: problem.reason(),
            problem,
            raw: raw().into(),
        });
    }

    fn batch(&mut self, rows: &BatchRows<'_>, first: u64) {
        let columns = self.person.is_none().then(|| ClaimColumns::new(rows, &mut self.checker));
        self.batch.claims.reserve(rows.len());
        for row in 0..rows.len() {
            let number = first + row as u64;
            match columns.as_ref().and_then(|columns| columns.claim(row)) {
                Some((texts, claim)) => self.accept(texts, claim, number as u32),
                None => self.row(&rows.row(row), number, number),
            }
        }
    }

    fn is_spare(&self, field: usize) -> bool {
        is_spare(Column::ALL[field], self.checker.border)
    }

    fn incomplete(&self) -> Vec<u64> {
        let mut rows: Vec<u64> = self
            .done
            .iter()
            .chain([&self.batch])
            .flat_map(|batch| &batch.rejects)
            .map(|reject| reject.row.into())
            .collect();
        rows.dedup();
        rows
    }

    fn complete(&mut self, raw: &[(u64, Arc<str>)]) {
        let rejects = self.done.iter_mut().chain([&mut self.batch]).flat_map(|batch| &mut batch.rejects);
        let mut next = raw.iter().peekable();
        for reject in rejects {
            while next.next_if(|(row, _)| *row < u64::from(reject.row)).is_some() {}
            if let Some((_, raw)) = next.peek().filter(|(row, _)| *row == u64::from(reject.row)) {
                reject.raw = Arc::clone(raw);
            }
        }
    }
}

impl ClaimCollector<'_> {
    #[inline]
    fn accept(&mut self, texts: Texts<'_>, claim: Claim, number: u32) {
        let text = self.batch.store(texts);
        self.batch.claims.push(Claim { text, file: self.file, row: number, ..claim });
    }

    #[cold]
    fn reject(&mut self, row: &impl Row, texts: Texts<'_>, total: Fen, number: u32, line: u64) {
        let raw: Arc<str> = row.raw().into();
        self.batch.rejected_rows += 1;
        self.batch.rejected_total += i128::from(total.0);
        for issue in self.checker.issues() {
            self.batch.rejects.push(Reject {
                file: self.file,
                row: number,
                line,
                column: issue.column.name(),
                value: row.show(issue.column.index()),
                reason: issue.problem.reason(),
                problem: issue.problem,
                raw: Arc::clone(&raw),
            });
        }
        if !texts.psn_no.is_empty() && !texts.setl_id.is_empty() {
            let text = self.batch.store(Texts { psn_no: texts.psn_no, setl_id: texts.setl_id, ..Texts::default() });
            self.batch.ghosts.push(Ghost { text, file: self.file, row: number, line });
        }
    }
}

impl Collect for ClaimCollector<'_> {
    type Output = Vec<ClaimBatch>;

    fn batch_end(&mut self) {
        self.batch.unlisted_insutypes = self.checker.take_unlisted();
        self.done.push(std::mem::take(&mut self.batch));
    }

    fn finish(mut self) -> Vec<ClaimBatch> {
        if self.batch.rejected_rows > 0 || !self.batch.claims.is_empty() {
            self.batch_end();
        }
        self.done
    }
}
