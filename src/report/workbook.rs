//! The pieces of a report as an XLSX workbook: a sheet for each table. Text is written as text, never as a formula.

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::page::figure::HEATS;
use super::page::{Cell, Column, Fact, Kind, Table};
use crate::diagnostic::{Lang, Text};

/// Rows of a sheet below its heading.
const ROWS: usize = 1_048_575;

/// Characters of a cell.
const CHARACTERS: usize = 32_767;

/// Whole numbers that a spreadsheet holds exactly; larger ones are written as text.
const EXACT: i128 = 1 << 53;

/// Ground and ink of the steps of a heat map, as the page has them by day.
const HEAT_COLORS: [(u32, u32); HEATS as usize] = [
    (0x00E3_EEFA, 0x001A_2330),
    (0x00C5_DCF4, 0x001A_2330),
    (0x009C_C4EC, 0x001A_2330),
    (0x0033_73B7, 0x00FF_FFFF),
    (0x001F_5796, 0x00FF_FFFF),
    (0x0012_3A68, 0x00FF_FFFF),
];

/// A sheet.
pub struct Sheet<'a> {
    /// Its name, at most 25 characters in each language, and none of `[]:*?/\`.
    pub name: Text,
    /// What stands in it.
    pub content: Content<'a>,
}

/// What stands in a sheet.
pub enum Content<'a> {
    /// Names and values, group by group.
    Facts(Vec<(Text, Vec<Fact>)>),
    /// A table. One with more rows than a sheet takes goes on in further sheets.
    Table(&'a Table),
}

struct Formats {
    head: Format,
    group: Format,
    text: Format,
    note: Format,
    money: Format,
    count: Format,
    share: Format,
    day: Format,
    /// Money on a ground, step by step of a heat map.
    heats: [Format; HEATS as usize],
}

impl Formats {
    fn new() -> Self {
        let head = Format::new().set_bold().set_background_color(Color::RGB(0x00E8_EEF5)).set_text_wrap();
        Self {
            head: head.set_align(FormatAlign::Top).set_border_bottom(FormatBorder::Thin),
            group: Format::new().set_bold().set_font_size(13),
            text: Format::new(),
            note: Format::new().set_indent(1),
            money: Format::new().set_num_format("#,##0.00"),
            count: Format::new().set_num_format("#,##0"),
            share: Format::new().set_num_format("0.0%"),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            heats: HEAT_COLORS.map(|(ground, ink)| {
                let money = Format::new().set_num_format("#,##0.00");
                money.set_background_color(Color::RGB(ground)).set_font_color(Color::RGB(ink))
            }),
        }
    }
}

/// The workbook as bytes: the same sheets give the same bytes.
///
/// # Errors
/// The sheets cannot be packed.
pub fn render(title: &Text, sheets: &[Sheet], lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // Else it would say when it was made.
    let made = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_title(title.get(lang)).set_creation_datetime(&made));
    let formats = Formats::new();
    for sheet in sheets {
        let name = sheet.name.get(lang);
        match &sheet.content {
            Content::Facts(groups) => facts(workbook.add_worksheet().set_name(name)?, groups, &formats, lang)?,
            Content::Table(whole) => {
                let parts = whole.rows.len().div_ceil(ROWS).max(1);
                for part in 0..parts {
                    let name = if part == 0 { name.to_owned() } else { format!("{name} {}", part + 1) };
                    let rows = part * ROWS..((part + 1) * ROWS).min(whole.rows.len());
                    table(workbook.add_worksheet().set_name(name)?, whole, rows, &formats, lang)?;
                }
            }
        }
    }
    workbook.save_to_buffer()
}

fn facts(sheet: &mut Worksheet, groups: &[(Text, Vec<Fact>)], formats: &Formats, lang: Lang) -> Result<(), XlsxError> {
    sheet.set_column_width(0, 44)?.set_column_width(1, 26)?.set_column_width(2, 80)?;
    sheet.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0);
    let mut row = 0;
    for (heading, facts) in groups {
        sheet.write_string_with_format(row, 0, heading.get(lang), &formats.group)?;
        row += 1;
        for fact in facts {
            sheet.write_string(row, 0, fact.name.get(lang))?;
            put(sheet, row, 1, &fact.cell, formats, lang)?;
            // An empty cell would cut a long value short.
            let note = fact.note.get(lang);
            if !note.is_empty() {
                sheet.write_string_with_format(row, 2, note, &formats.note)?;
            }
            row += 1;
        }
        row += 1;
    }
    Ok(())
}

fn table(
    sheet: &mut Worksheet,
    table: &Table,
    rows: std::ops::Range<usize>,
    formats: &Formats,
    lang: Lang,
) -> Result<(), XlsxError> {
    for (at, column) in table.columns.iter().enumerate() {
        sheet.write_string_with_format(0, at as u16, column.title.get(lang), &formats.head)?;
        sheet.set_column_width(at as u16, width(table, at, column, lang))?;
    }
    sheet.set_row_height(0, 32)?;
    sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    let last_column = table.columns.len().saturating_sub(1) as u16;
    sheet.autofilter(0, 0, rows.len() as u32, last_column)?;
    for (at, row) in table.rows[rows].iter().enumerate() {
        for (column, cell) in row.cells.iter().enumerate() {
            put(sheet, at as u32 + 1, column as u16, cell, formats, lang)?;
        }
    }
    Ok(())
}

/// In characters, by the heading and what stands in some of the rows.
fn width(table: &Table, at: usize, column: &Column, lang: Lang) -> u32 {
    let wide = |text: &str| text.chars().map(|one| if (one as u32) < 0x1100 { 1 } else { 2 }).sum::<u32>();
    let step = table.rows.len() / 200 + 1;
    let rows = table.rows.iter().step_by(step).map(|row| wide(&row.cells[at].shown(lang)));
    let most = rows.max().unwrap_or(0) + 2;
    let least = (wide(column.title.get(lang)) / 2 + 4).clamp(9, 24);
    most.clamp(least, if column.kind == Kind::Text { 70 } else { 30 })
}

fn put(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell,
    formats: &Formats,
    lang: Lang,
) -> Result<(), XlsxError> {
    let number = |number: i128, parts: i32, format| -> Option<(f64, &Format)> {
        // A spreadsheet has no other numbers; divided this once, its two decimals are those that are shown.
        (number.abs() < EXACT).then(|| (number as f64 / f64::from(parts), format))
    };
    let written = match cell {
        Cell::Empty => return Ok(()),
        Cell::Money(fen) => number(*fen, 100, &formats.money),
        Cell::Shaded(fen, step) => number(*fen, 100, &formats.heats[usize::from(*step)]),
        Cell::Count(count) => number(i128::from(*count), 1, &formats.count),
        Cell::Share(ppm) => number(i128::from(*ppm), 1_000_000, &formats.share),
        Cell::Day(day) => {
            let (year, month, day) = day.ymd();
            let days = u16::try_from(year).ok().filter(|year| *year > 1900);
            let day = days.and_then(|year| ExcelDateTime::from_ymd(year, month as u8, day as u8).ok());
            if let Some(day) = day {
                sheet.write_datetime_with_format(row, column, &day, &formats.day)?;
                return Ok(());
            }
            None
        }
        Cell::Text(_) | Cell::Both(_) => None,
    };
    match written {
        Some((number, format)) => sheet.write_number_with_format(row, column, number, format)?,
        None => {
            let text = cell.shown(lang);
            let kept = text.char_indices().nth(CHARACTERS - 1).map_or(text.as_str(), |(end, _)| &text[..end]);
            sheet.write_string_with_format(row, column, kept, &formats.text)?
        }
    };
    Ok(())
}
