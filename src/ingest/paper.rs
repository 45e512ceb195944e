//! A working paper that an auditor has filled in.

use super::columns::{WORKING_PAPER, location};
use super::error::{Diagnostics, IngestError};
use super::open::InputFile;
use super::paths::InputPath;
use super::pipeline::ReadOptions;
use super::reference_rows::read_table;
use crate::diagnostic::{Diagnostic, Text};
use crate::model::money::Fen;

/// What the auditor found to be right, line by line.
///
/// # Errors
/// [`IngestError::Rejected`] where a line is missing, stands twice, has no audited amount, or another book amount than
/// `books` says; what the file runs into; cancellation.
pub fn read_paper(
    file: &InputPath,
    books: &[Fen],
    options: &ReadOptions<'_>,
) -> Result<(Vec<Fen>, Vec<InputFile>), IngestError> {
    let table = &*WORKING_PAPER;
    let [line, book, audited] = ["line", "book_amount", "audited_amount"].map(|name| table.index(name));
    let mut found: Vec<Option<Fen>> = vec![None; books.len()];
    let files = read_table(
        std::slice::from_ref(file),
        table,
        options,
        &|row| {
            let number: String = String::from_utf8_lossy(row.text(line)).into_owned();
            let book = row.money(book)?;
            let amount = row.money(audited);
            (amount.is_some() || row.is_missing(audited)).then_some((number, book, amount))
        },
        &mut |_, at, (number, book, audited), problems| {
            let mut wrong = |column: &str, message: Text, hint: Text| {
                problems.push(Diagnostic::error("I-PAPER", location(&file.shown, at, 0, column), message).hint(hint));
            };
            let index = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let Some(index) = index.filter(|&index| index < books.len()) else {
                let message = Text::new(
                    format!("the sample has no line `{number}`, but lines 1 to {}", books.len()),
                    format!("样本中没有第 `{number}` 行，只有第 1 至 {} 行", books.len()),
                );
                return wrong("line", message, restore());
            };
            if book != books[index] {
                let message = Text::new(
                    format!("the book amount is {book}, but {} was drawn", books[index]),
                    format!("账面金额为 {book}，而抽样时为 {}", books[index]),
                );
                return wrong("book_amount", message, restore());
            }
            let Some(audited) = audited else {
                let message = Text::new("the line has no audited amount", "该行未填审定金额");
                let hint = Text::new(
                    "fill in what would have been right; where no evidence can be had, 0",
                    "请填写审计认定的正确金额；无法取得证据的填 0",
                );
                return wrong("audited_amount", message, hint);
            };
            if found[index].replace(audited).is_some() {
                let message = Text::new(format!("line {number} stands twice"), format!("第 {number} 行重复"));
                let hint = Text::new("keep one of the two", "请只保留其中一行");
                wrong("line", message, hint);
            }
        },
    )?;
    let mut missing = Diagnostics::default();
    for (index, _) in found.iter().enumerate().filter(|(_, audited)| audited.is_none()) {
        let message =
            Text::new(format!("line {} of the sample is missing", index + 1), format!("缺少样本第 {} 行", index + 1));
        missing.push(Diagnostic::error("I-PAPER", location(&file.shown, 0, 0, "line"), message).hint(restore()));
    }
    missing.into_result()?;
    Ok((found.into_iter().flatten().collect(), files))
}

fn restore() -> Text {
    Text::new(
        "lines and book amounts are those of the paper as it was written: take them from there again",
        "行号与账面金额须与所出具的底稿一致：请按原底稿恢复",
    )
}
