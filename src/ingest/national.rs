//! The text of transaction 3202 (对明细账): a settlement a line, TAB between fields, UTF-8, no header, `null` for
//! nothing; plain or in a ZIP.
//!
//! `setl_id  mdtrt_id  psn_no  medfee_sumamt  fund_pay_sumamt  acct_pay  refd_setl_flag  [exp_content]`

use std::fs::{self, File};
use std::io::Read as _;

use sha2::{Digest as _, Sha256};

use super::cell::{Cell, Typed};
use super::columns::{PAID, location};
use super::error::{Diagnostics, IngestError};
use super::open::InputFile;
use super::paid::{Group, PaidRow, Part};
use super::paths::{FileFormat, InputPath};
use super::zip;
use crate::columnar::reconciled::{FieldSet, field};
use crate::diagnostic::{Diagnostic, Text};
use crate::model::money::Fen;
use crate::publish::hex;
use crate::text::encoding::Encoding;
use crate::text::lines::Lines;

/// Fields that every line has; one more may follow.
const FIELDS: usize = 7;

/// Reads a file, if it is one of these.
pub(super) fn read(input: &InputPath) -> Result<Option<(Part, InputFile)>, IngestError> {
    if input.format != FileFormat::Text || !looks_national(input)? {
        return Ok(None);
    }
    let failed = |source| IngestError::Read { path: input.path.clone(), source };
    let bytes = fs::read(&input.path).map_err(failed)?;
    let mut reader =
        Reader { shown: &input.shown, part: Part::default(), problems: Diagnostics::default(), rows: 0, lines: 0 };
    if zip::is_zip(&bytes) {
        match zip::files(&bytes) {
            Some(files) => files.iter().for_each(|(name, content)| reader.lines_of(content, name)),
            None => reader.problem(
                "I-ZIP",
                "",
                0,
                Text::new(
                    "the ZIP is damaged, encrypted or packed in an unusual way",
                    "ZIP 已损坏、加密或压缩方式不受支持",
                ),
            ),
        }
    } else {
        reader.lines_of(&bytes, "");
    }
    reader.problems.into_result()?;
    let described = InputFile {
        path: input.path.clone(),
        shown: input.shown.clone(),
        format: input.format,
        encoding: Some(Encoding::Utf8),
        bytes: bytes.len() as u64,
        sha256: hex(&Sha256::digest(&bytes)),
        lines: reader.lines,
        rows: reader.rows,
        blank_lines: reader.lines - reader.rows,
        rejected_rows: 0,
        extra_columns: Vec::new(),
        modified: None,
        marks: Vec::new(),
    };
    Ok(Some((reader.part, described)))
}

/// By its first line: a ZIP, or at least seven fields between TABs none of which is a heading.
fn looks_national(input: &InputPath) -> Result<bool, IngestError> {
    let failed = |source| IngestError::Read { path: input.path.clone(), source };
    let mut start = Vec::new();
    let file = File::open(&input.path).map_err(|source| IngestError::Open { path: input.path.clone(), source })?;
    file.take(64 << 10).read_to_end(&mut start).map_err(failed)?;
    if zip::is_zip(&start) {
        return Ok(true);
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
    let Some(first) = Lines::new(text, 1).find(|line| !line.is_blank()) else { return Ok(false) };
    let fields: Vec<&[u8]> = first.bytes.split(|&byte| byte == b'\t').collect();
    let is_heading = |field: &&[u8]| std::str::from_utf8(field).is_ok_and(|text| PAID.names(text));
    Ok(fields.len() >= FIELDS && !fields.iter().any(is_heading))
}

struct Reader<'a> {
    shown: &'a str,
    part: Part,
    problems: Diagnostics,
    rows: u64,
    lines: u64,
}

impl Reader<'_> {
    fn problem(&mut self, code: &'static str, inside: &str, line: u64, message: Text) {
        let shown = if inside.is_empty() { self.shown.to_owned() } else { format!("{}:{inside}", self.shown) };
        self.problems.push(Diagnostic::error(code, location(&shown, line, 0, ""), message).hint(Text::new(
            "make the file again: setl_id, mdtrt_id, psn_no, medfee_sumamt, fund_pay_sumamt, acct_pay, refd_setl_flag, a TAB between them, UTF-8, no header",
            "请重新生成该文件：setl_id、mdtrt_id、psn_no、medfee_sumamt、fund_pay_sumamt、acct_pay、refd_setl_flag，以 TAB 分隔，UTF-8，无表头",
        )));
    }

    fn lines_of(&mut self, content: &[u8], inside: &str) {
        let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        for line in Lines::new(text, 1) {
            self.lines += 1;
            if line.is_blank() {
                continue;
            }
            self.rows += 1;
            if let Err(message) = self.line(line.bytes) {
                self.problem("I-LINE", inside, line.number, message);
            }
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Text> {
        let line = std::str::from_utf8(line).map_err(|_| Text::new("the line is not UTF-8", "该行不是 UTF-8 编码"))?;
        let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
        if fields.len() < FIELDS || fields.len() > FIELDS + 1 {
            let found = fields.len();
            return Err(Text::new(
                format!("{found} fields instead of 7 or 8"),
                format!("有 {found} 个字段，应为 7 或 8 个"),
            ));
        }
        let cell = |at: usize| Cell::of_text(fields[at].as_bytes());
        let Typed::Is(setl_id) = cell(0).text() else {
            return Err(Text::new("the settlement number is missing", "缺少结算ID"));
        };
        let psn_no = match cell(2).text() {
            Typed::Is(text) => text,
            _ => b"",
        };
        if setl_id.len().max(psn_no.len()) > usize::from(u16::MAX) {
            return Err(Text::new("a number is too long", "编号过长"));
        }
        let money = |at: usize| match cell(at).money() {
            Typed::Is(fen) => Ok(Some(fen)),
            Typed::Missing => Ok(None),
            Typed::Bad => Err(Text::new(
                format!("`{}` is no amount of yuan with at most 2 decimals", fields[at]),
                format!("`{}` 不是至多两位小数、以元为单位的金额", fields[at]),
            )),
        };
        let group = self.part.group(Group::default());
        let mut columns = FieldSet::NONE;
        columns.add(field::FUNDS);
        columns.add(field::ACCOUNT);
        let mut row = PaidRow::new(self.rows, group, columns);
        row.total = money(3)?;
        for (at, field) in [(4, field::FUNDS), (5, field::ACCOUNT)] {
            if let Some(amount) = money(at)? {
                row.amounts[field] = amount;
                row.given.add(field);
            }
        }
        row.is_reversal = row.total.or(Some(row.amounts[field::FUNDS])).is_some_and(|fen| fen < Fen::ZERO);
        self.part.push(setl_id, psn_no, row);
        Ok(())
    }
}
