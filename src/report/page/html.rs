//! The page: one file that asks nobody for anything. Style and script are in it, known by their digests; data are text
//! that no browser takes for markup.

use sha2::{Digest, Sha256};

use super::payload::{self, Block, base64};
use super::{Cell, Column, Fact, Figure, Page, Part, Section, Table, Tone};
use crate::diagnostic::{Lang, Text};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Rows of a table that stand in the page as such: on paper, and where no script runs.
const ON_PAPER: usize = 40;

/// The most columns of a table on paper.
const PAPER_COLUMNS: usize = 16;

/// Sections with tables of more columns are printed across.
const WIDE: usize = 8;

/// Text as it stands in markup and in attributes.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            _ => out.push(character),
        }
    }
    out
}

/// Data as it is shown: characters that turn or hide what stands beside them are named instead.
pub(super) fn visible(text: &str) -> String {
    let is_hidden = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            out += &format!("⟨{:04X}⟩", character as u32);
        } else {
            out.push(character);
        }
    }
    out
}

/// A text in both languages; the style shows one of them.
fn both(text: &Text) -> String {
    let shown = |text: &str| escaped(&visible(text));
    if text.en == text.zh {
        return shown(&text.en);
    }
    format!("<span lang=\"en\">{}</span><span lang=\"zh-CN\">{}</span>", shown(&text.en), shown(&text.zh))
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Both(text) => both(text),
        _ => escaped(&visible(&cell.shown(Lang::En))),
    }
}

fn digest(text: &str) -> String {
    base64(&Sha256::digest(text.as_bytes()))
}

/// The page as one file.
#[must_use]
pub fn render(page: &Page) -> String {
    let (ui, lang) = match page.lang {
        Lang::En => ("en", "en"),
        Lang::Zh => ("zh", "zh-CN"),
    };
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    );
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\" data-ui=\"{ui}\" data-stem=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title data-en=\"{}\" data-zh=\"{}\">{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        page.stem,
        escaped(&page.title.en),
        escaped(&page.title.zh),
        escaped(page.title.get(page.lang))
    );
    out += &head(page);
    out += "<main>\n";
    let mut figures = 0;
    for section in &page.sections {
        render_section(section, &mut figures, &mut out);
    }
    out += "</main>\n";
    let mut figures = 0;
    for part in page.sections.iter().flat_map(|section| &section.parts) {
        match part {
            Part::Table(table) => {
                data(&mut out, "t", table.name, Some(payload::table(table)));
                data(&mut out, "d", table.name, payload::details(table));
            }
            Part::Figure(figure) => {
                figures += 1;
                data(&mut out, "f", &figures.to_string(), figure.hover.as_ref().map(payload::hover));
            }
            _ => {}
        }
    }
    out += &format!("<script>{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

fn data(out: &mut String, kind: &str, name: &str, block: Option<Block>) {
    let Some(Block { text, is_packed }) = block else { return };
    let (kind_of, packed) = if is_packed { ("text/plain", " data-packed") } else { ("application/json", "") };
    *out += &format!("<script type=\"{kind_of}\" id=\"{kind}-{name}\"{packed}>{text}</script>\n");
}

fn head(page: &Page) -> String {
    let mut out = format!(
        "<a class=\"skip\" href=\"#content\">{}</a>\n<header class=\"top\">\n<div><h1>{}</h1>\n<p>{}</p></div>\n",
        both(&Text::new("Skip to the content", "跳到正文")),
        both(&page.title),
        both(&page.lead)
    );
    out += &format!("<div class=\"switch\" role=\"group\" aria-label=\"{}\">\n", "Language 语言");
    for (code, lang, name) in [("zh", "zh-CN", "中文"), ("en", "en", "English")] {
        let pressed = (code == "zh") == (page.lang == Lang::Zh);
        out += &format!(
            "<button type=\"button\" data-to=\"{code}\" aria-pressed=\"{pressed}\"><bdi lang=\"{lang}\" class=\"always\">{name}</bdi></button>\n"
        );
    }
    out += "</div>\n</header>\n<nav aria-label=\"Sections 目录\"><ul>\n";
    for section in &page.sections {
        out += &format!("<li><a href=\"#{}\">{}</a></li>\n", section.id, both(&section.title));
    }
    out += "</ul></nav>\n<div id=\"content\" tabindex=\"-1\"></div>\n";
    out
}

fn render_section(section: &Section, figures: &mut usize, out: &mut String) {
    let is_wide = |part: &Part| matches!(part, Part::Table(table) if table.columns.len() > WIDE);
    let class = if section.parts.iter().any(is_wide) { " class=\"wide\"" } else { "" };
    *out += &format!(
        "<section id=\"{id}\"{class} aria-labelledby=\"{id}-h\">\n<h2 id=\"{id}-h\">{}</h2>\n",
        both(&section.title),
        id = section.id
    );
    note(&section.note, out);
    for part in &section.parts {
        match part {
            Part::Tiles(facts) => tiles(facts, out),
            Part::Facts(facts) => render_facts(facts, out),
            Part::Figure(figure) => {
                *figures += 1;
                render_figure(figure, *figures, out);
            }
            Part::Table(table) => render_table(table, out),
            Part::Words(words) => *out += &format!("<p>{}</p>\n", both(words)),
        }
    }
    *out += "</section>\n";
}

fn note(note: &Text, out: &mut String) {
    if !note.en.is_empty() {
        *out += &format!("<p class=\"note\">{}</p>\n", both(note));
    }
}

fn tiles(facts: &[Fact], out: &mut String) {
    *out += "<dl class=\"tiles\">\n";
    for fact in facts {
        let tone = match fact.tone {
            Tone::Plain => "plain",
            Tone::Good => "good",
            Tone::Attention => "attention",
        };
        *out += &format!("<div class=\"tile {tone}\"><dt>{}</dt><dd>{}", both(&fact.name), shown(&fact.cell));
        if !fact.note.en.is_empty() {
            *out += &format!("<small>{}</small>", both(&fact.note));
        }
        *out += "</dd></div>\n";
    }
    *out += "</dl>\n";
}

fn render_facts(facts: &[Fact], out: &mut String) {
    *out += "<dl class=\"facts\">\n";
    for fact in facts {
        *out += &format!("<div><dt>{}</dt><dd>{}", both(&fact.name), shown(&fact.cell));
        if !fact.note.en.is_empty() {
            *out += &format!(" <small>{}</small>", both(&fact.note));
        }
        *out += "</dd></div>\n";
    }
    *out += "</dl>\n";
}

fn render_figure(figure: &Figure, number: usize, out: &mut String) {
    let class = if figure.is_large { "picture large" } else { "picture" };
    let hover = if figure.hover.is_some() { format!(" data-hover=\"f-{number}\"") } else { String::new() };
    *out += &format!(
        "<figure>\n<div class=\"{class}\"{hover} tabindex=\"0\" role=\"group\" aria-label=\"{}\"><div lang=\"en\">{}</div><div lang=\"zh-CN\">{}</div></div>\n<figcaption>{}</figcaption>\n</figure>\n",
        escaped(&format!("{} {}", figure.caption.en, figure.caption.zh)),
        figure.svg.en,
        figure.svg.zh,
        both(&figure.caption)
    );
}

/// How a cell is set: as its column, and on the ground it has.
fn class_of(column: &Column, cell: &Cell) -> String {
    let kind = column.kind.word();
    match cell {
        Cell::Shaded(_, step) => format!("{kind} heat{step}"),
        Cell::Text(_) | Cell::Both(_) if column.kind.is_number() => format!("{kind} why"),
        _ => kind.to_owned(),
    }
}

/// The script's table, and below it the first rows as they are printed.
fn render_table(table: &Table, out: &mut String) {
    let name = table.name;
    *out += &format!("<div class=\"block\">\n<h3 id=\"h-{name}\">{}</h3>\n", both(&table.title));
    note(&table.note, out);
    if table.seen().len() < table.rows.len() {
        let [seen, rows] = [table.seen().len(), table.rows.len()].map(|rows| Cell::count(rows as u64).shown(Lang::En));
        let cut = Text::new(
            format!("The first {seen} of {rows} rows; all of them are in the files beside this page."),
            format!("共 {rows} 行，此处为前 {seen} 行；全部行见同一目录下的文件。"),
        );
        note(&cut, out);
    }
    let holds = if table.holds_first { " data-holds" } else { "" };
    *out +=
        &format!("<div class=\"grid\" data-table=\"{name}\"{holds}></div>\n<div class=\"paper\"><table>\n<thead><tr>");
    let columns = on_paper(table);
    for &at in &columns {
        let column = &table.columns[at];
        *out += &format!("<th scope=\"col\" class=\"{}\">{}</th>", column.kind.word(), both(&column.title));
    }
    *out += "</tr></thead>\n<tbody>\n";
    for row in table.rows.iter().take(ON_PAPER) {
        *out += "<tr>";
        for &at in &columns {
            let (column, cell) = (&table.columns[at], &row.cells[at]);
            *out += &format!("<td class=\"{}\">{}</td>", class_of(column, cell), shown(cell));
        }
        *out += "</tr>\n";
    }
    *out += "</tbody></table>\n";
    paper_notes(table, columns.len(), out);
    *out += "</div>\n</div>\n";
}

/// The columns that are printed: those that are asked for, at most as many as there is room for.
fn on_paper(table: &Table) -> Vec<usize> {
    let mut columns = match table.on_paper.is_empty() {
        true => (0..table.columns.len()).collect(),
        false => table.on_paper.clone(),
    };
    columns.truncate(PAPER_COLUMNS);
    columns
}

/// What of a table is not on paper.
fn paper_notes(table: &Table, columns: usize, out: &mut String) {
    let all = table.columns.len();
    if columns < all {
        let cut = Text::new(
            format!("{columns} of {all} columns; all of them are in the page on screen and in the files."),
            format!("共 {all} 列，此处为 {columns} 列；全部列见屏幕页面与输出文件。"),
        );
        *out += &format!("<p class=\"note\">{}</p>\n", both(&cut));
    }
    if table.rows.len() > ON_PAPER {
        let rows = Cell::count(table.rows.len() as u64).shown(Lang::En);
        let rest = Text::new(
            format!("The first {ON_PAPER} of {rows} rows; all of them are in the page on screen and in the files."),
            format!("共 {rows} 行，此处为前 {ON_PAPER} 行；全部行见屏幕页面与输出文件。"),
        );
        *out += &format!("<p class=\"note\">{}</p>\n", both(&rest));
    } else if table.rows.is_empty() {
        *out += &format!("<p class=\"note\">{}</p>\n", both(&Text::new("No rows.", "无记录。")));
    }
}
