//! Rows of a reference table: every value checked, everything wrong collected.

use super::cell::{Cell, Row, Typed};
use super::columns::{Kind, Table, location, not_held};
use super::error::{Diagnostics, IngestError};
use super::open::{InputFile, RowSink, open_all};
use super::paths::InputPath;
use super::pipeline::{self, Base, Collect, Job, ReadOptions};
use super::source::Limits;
use crate::diagnostic::{Diagnostic, Text};
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::model::place::Admdvs;
use crate::text::RowProblem;

/// The values of one row, asked for one by one; what is wrong with them is noted.
pub(super) struct FieldReader<'a> {
    row: &'a dyn Row,
    table: &'static Table,
    line: u64,
    shown: &'a str,
    problems: &'a mut Diagnostics,
}

impl<'a> FieldReader<'a> {
    /// An identifier or a code, normalised; empty where it is missing.
    pub(super) fn text(&mut self, field: usize) -> &'a [u8] {
        let cell = self.row.cell(field);
        let kind = self.table.fields[field].kind;
        let text = if kind == Kind::Identifier { cell.text() } else { cell.code() };
        self.typed(field, text, || kind.expected()).unwrap_or_default()
    }

    /// Whether a field has no value.
    pub(super) fn is_missing(&self, field: usize) -> bool {
        matches!(self.row.cell(field), Cell::Missing)
    }

    /// A day, or `None` where it is missing or wrong.
    pub(super) fn date(&mut self, field: usize) -> Option<Date> {
        let day = self.row.cell(field).date();
        self.typed(field, day, || Kind::Date.expected())
    }

    /// Money, or `None` where it is missing or wrong.
    pub(super) fn money(&mut self, field: usize) -> Option<Fen> {
        let fen = self.row.cell(field).money();
        self.typed(field, fen, || Kind::Money.expected())
    }

    /// A place code of six digits, or `None` where it is missing or wrong.
    pub(super) fn place(&mut self, field: usize) -> Option<Admdvs> {
        let code = match self.row.cell(field).code() {
            Typed::Is(code) => Admdvs::parse(code).map_or(Typed::Bad, Typed::Is),
            Typed::Missing => Typed::Missing,
            Typed::Bad => Typed::Bad,
        };
        self.typed(field, code, || Text::new("a place code of six digits", "六位数字的医保区划代码"))
    }

    fn typed<T>(&mut self, field: usize, value: Typed<T>, expected: impl Fn() -> Text) -> Option<T> {
        match value {
            Typed::Is(value) => return Some(value),
            Typed::Missing if self.table.fields[field].value_required => {
                let expected = expected();
                let message = Text::new(
                    format!("the value is missing; expected {}", expected.en),
                    format!("缺少必填值；应为{}", expected.zh),
                );
                self.problem("I-MISSING", field, message);
            }
            Typed::Missing => {}
            Typed::Bad => {
                self.problem("I-VALUE", field, not_held(&self.row.show(field), &expected()));
            }
        }
        None
    }

    fn problem(&mut self, code: &'static str, field: usize, message: Text) {
        let at = location(self.shown, self.line, self.row.column_number(field), &self.table.fields[field].name);
        let hint = Text::new(
            "correct the value or take the row out of the file; the run starts only with a table that is right as a whole",
            "请更正该值或从文件中去掉该行；参考表全部正确后才会开始运行",
        );
        self.problems.push(Diagnostic::error(code, at, message).hint(hint));
    }
}

/// Turns one row into something; `None` leaves it out.
pub(super) type Parse<'a, T> = &'a (dyn Fn(&mut FieldReader<'_>) -> Option<T> + Sync);

/// Takes a row's result with the number of its file, its line, and the list for what is wrong with it.
pub(super) type Take<'a, T> = &'a mut dyn FnMut(u32, u64, T, &mut Diagnostics);

/// Reads a reference table. `parse` runs in parallel; `take` gets its results in file and row order.
///
/// # Errors
/// [`IngestError::Rejected`] with everything that is wrong; what the files run into; cancellation.
pub(super) fn read_table<T: Send>(
    inputs: &[InputPath],
    table: &'static Table,
    options: &ReadOptions<'_>,
    parse: Parse<'_, T>,
    take: Take<'_, T>,
) -> Result<Vec<InputFile>, IngestError> {
    let opened = open_all(inputs, table)?;
    let mut problems = Diagnostics::default();
    let mut take_part = |file: u32, base: Base, (rows, mut wrong): (Vec<(u64, T)>, Diagnostics)| {
        for diagnostic in wrong.iter_mut() {
            diagnostic.at.line += base.lines;
        }
        problems.extend(wrong);
        for (line, row) in rows {
            take(file, base.lines + line, row, &mut problems);
        }
        Ok(0)
    };
    let collector = |file: u32| Rows {
        shown: &inputs[file as usize].shown,
        table,
        parse,
        rows: Vec::new(),
        problems: Diagnostics::default(),
    };
    let files = pipeline::run(&opened, Limits::RUN, options, &mut Job { collector: &collector, take: &mut take_part })?;
    problems.into_result()?;
    Ok(files)
}

struct Rows<'a, T> {
    shown: &'a str,
    table: &'static Table,
    parse: Parse<'a, T>,
    rows: Vec<(u64, T)>,
    problems: Diagnostics,
}

impl<T: Send> RowSink for Rows<'_, T> {
    fn row<R: Row>(&mut self, row: &R, _: u64, line: u64) {
        let mut reader = FieldReader { row, table: self.table, line, shown: self.shown, problems: &mut self.problems };
        if let Some(row) = (self.parse)(&mut reader) {
            self.rows.push((line, row));
        }
    }

    fn broken(&mut self, problem: RowProblem, _: u64, line: u64, _: &dyn Fn() -> String) {
        let finding = Diagnostic::error("I-LINE", location(self.shown, line, 0, ""), problem.text());
        self.problems.push(finding.hint(problem.hint()));
    }
}

impl<T: Send> Collect for Rows<'_, T> {
    type Output = (Vec<(u64, T)>, Diagnostics);

    fn finish(self) -> Self::Output {
        (self.rows, self.problems)
    }
}
