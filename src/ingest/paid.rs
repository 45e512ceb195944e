//! What was paid: from the claims' own columns, or from files that say it settlement by settlement.
//!
//! Nothing here reaches the kernel. Claims are read a second time for it, since a claim has no paid fields.

use hashbrown::HashMap;

use super::cell::{Row, Typed};
use super::columns::{CLAIMS, PAID, Table, location, not_held};
use super::error::{Diagnostics, IngestError};
use super::national;
use super::notes::{Notes, PartNotes};
use super::open::{InputFile, RowSink, open_all};
use super::paths::InputPath;
use super::pipeline::{self, Base, Collect, Job, ReadOptions};
use super::source::Limits;
use crate::columnar::reconciled::{COMPARED, FIELDS, FieldSet};
use crate::diagnostic::{Diagnostic, Text};
use crate::model::money::Fen;
use crate::text::RowProblem;

/// What settlements are grouped by in totals, as far as the paid side says it; empty where it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Group {
    /// `insutype`
    pub insutype: Box<str>,
    /// `clr_type`
    pub clr_type: Box<str>,
    /// `clr_optins`
    pub clr_optins: Box<str>,
    /// `fixmedins_code`
    pub institution: Box<str>,
    /// Month of `setl_time`, year x 12 + month - 1.
    pub month: Option<i32>,
}

/// One row of the paid side.
#[derive(Clone, Copy, Debug)]
pub struct PaidRow {
    /// Number of its arena.
    arena: u32,
    /// First byte of `setl_id`, which `psn_no` follows.
    offset: u32,
    setl_len: u16,
    psn_len: u16,
    /// Number of the file.
    pub file: u32,
    /// Data row in it, from 1.
    pub row: u32,
    /// Number of its [`Group`].
    pub group: u32,
    /// Fields its file has a column for.
    pub columns: FieldSet,
    /// Fields it has a value for; the others are 0.
    pub given: FieldSet,
    /// It takes a settlement back: it names one, or its total is below zero.
    pub is_reversal: bool,
    /// `medfee_sumamt`, where it says so.
    pub total: Option<Fen>,
    /// The compared fields.
    pub amounts: [Fen; FIELDS],
}

/// The paid side.
#[derive(Debug, Default)]
pub struct PaidRows {
    /// Rows with a settlement number.
    pub rows: Vec<PaidRow>,
    /// Their groups.
    pub groups: Vec<Group>,
    /// The files.
    pub files: Vec<InputFile>,
    /// Of every data row of every file the number of its group; `u32::MAX` where the line is no record.
    pub group_of: Vec<Vec<u32>>,
    /// Rows that name no settlement.
    pub without_number: u64,
    /// What else the audit asks the claims for; `None` where it does not.
    pub notes: Option<Notes>,
    arenas: Vec<Vec<u8>>,
    numbers: HashMap<Group, u32>,
}

impl PaidRows {
    /// `setl_id` of a row.
    #[inline]
    #[must_use]
    pub fn setl_id(&self, row: &PaidRow) -> &[u8] {
        &self.arenas[row.arena as usize][row.offset as usize..][..usize::from(row.setl_len)]
    }

    /// `psn_no` of a row; empty where it does not say.
    #[inline]
    #[must_use]
    pub fn psn_no(&self, row: &PaidRow) -> &[u8] {
        let start = row.offset as usize + usize::from(row.setl_len);
        &self.arenas[row.arena as usize][start..start + usize::from(row.psn_len)]
    }

    fn take(&mut self, file: u32, base: Base, part: Part) {
        let arena = u32::try_from(self.arenas.len()).expect("fewer than 2^32 parts of files");
        let mut numbers: Vec<(Group, u32)> = part.groups.into_iter().collect();
        numbers.sort_unstable_by_key(|&(_, number)| number);
        let numbers: Vec<u32> = numbers.into_iter().map(|(group, _)| self.number(group)).collect();
        let before = base.rows as u32;
        self.rows.extend(part.rows.into_iter().map(|row| PaidRow {
            arena,
            file,
            row: row.row + before,
            group: numbers[row.group as usize],
            ..row
        }));
        self.arenas.push(part.arena);
        self.without_number += part.without_number;
        if let Some(notes) = &mut self.notes {
            notes.take(file, part.notes);
        }
        let known = &mut self.group_of[file as usize];
        known.extend(part.group_of.iter().map(|&number| numbers.get(number as usize).copied().unwrap_or(u32::MAX)));
    }

    fn number(&mut self, group: Group) -> u32 {
        let next = u32::try_from(self.groups.len()).expect("fewer than 2^32 groups");
        *self.numbers.entry(group).or_insert_with_key(|group| {
            self.groups.push(group.clone());
            next
        })
    }

    /// Takes over the rows of further files.
    fn append(&mut self, other: Self) {
        let (arenas, files) = (self.arenas.len() as u32, self.files.len() as u32);
        let numbers: Vec<u32> = other.groups.into_iter().map(|group| self.number(group)).collect();
        self.rows.extend(other.rows.into_iter().map(|row| PaidRow {
            arena: row.arena + arenas,
            file: row.file + files,
            group: numbers[row.group as usize],
            ..row
        }));
        self.arenas.extend(other.arenas);
        self.files.extend(other.files);
        self.group_of.extend(other.group_of);
        self.without_number += other.without_number;
    }
}

/// Reads what the claims say of their groups, with `amounts` of what was paid, and with `notes` what an audit asks for.
/// Values that are not of their kind are none: their rows are rejected, and that is said elsewhere.
///
/// # Errors
/// What the files run into; cancellation.
pub fn read_own(
    files: &[InputPath],
    amounts: bool,
    notes: bool,
    options: &ReadOptions<'_>,
) -> Result<PaidRows, IngestError> {
    read(files, &CLAIMS, Wants { amounts, notes, strict: false }, options)
}

/// Reads files that say what was paid: tables with the national names, or the national 3202 text, plain or in a ZIP.
///
/// # Errors
/// [`IngestError::Rejected`] for a row that cannot be used; what the files run into; cancellation.
pub fn read_paid(files: &[InputPath], options: &ReadOptions<'_>) -> Result<PaidRows, IngestError> {
    let mut all = PaidRows::default();
    for file in files {
        let one = match national::read(file)? {
            Some((part, described)) => {
                let mut one = PaidRows { group_of: vec![Vec::new()], ..PaidRows::default() };
                one.take(0, Base::default(), part);
                one.files.push(described);
                one
            }
            None => {
                let wants = Wants { amounts: true, notes: false, strict: true };
                read(std::slice::from_ref(file), &PAID, wants, options)?
            }
        };
        all.append(one);
    }
    Ok(all)
}

#[derive(Clone, Copy)]
struct Wants {
    amounts: bool,
    /// What an audit asks for; the claims alone have it.
    notes: bool,
    /// A bad value is an error of the input.
    strict: bool,
}

fn read(
    files: &[InputPath],
    table: &'static Table,
    wants: Wants,
    options: &ReadOptions<'_>,
) -> Result<PaidRows, IngestError> {
    let opened = open_all(files, table)?;
    let places = Places::of(table, wants.notes);
    let columns: Vec<FieldSet> = opened
        .iter()
        .map(|file| {
            let mut has = FieldSet::NONE;
            (0..FIELDS).filter(|&field| file.has(places.amounts[field])).for_each(|field| has.add(field));
            has
        })
        .collect();
    let notes = wants.notes.then(|| Notes::of_files(&opened));
    let mut paid = PaidRows { group_of: vec![Vec::new(); files.len()], notes, ..PaidRows::default() };
    let mut problems = Diagnostics::default();
    let mut take = |file: u32, base: Base, (part, mut wrong): (Part, Diagnostics)| {
        wrong.iter_mut().for_each(|diagnostic| diagnostic.at.line += base.lines);
        problems.extend(wrong);
        paid.take(file, base, part);
        Ok(0)
    };
    let collector = |file: u32| Collector {
        shown: &files[file as usize].shown,
        table,
        places,
        wants,
        columns: columns[file as usize],
        part: Part::default(),
        problems: Diagnostics::default(),
    };
    let read = pipeline::run(&opened, Limits::RUN, options, &mut Job { collector: &collector, take: &mut take })?;
    problems.into_result()?;
    paid.files = read;
    Ok(paid)
}

/// Where the columns stand in a table.
#[derive(Clone, Copy)]
struct Places {
    setl_id: usize,
    psn_no: usize,
    insutype: usize,
    clr_type: usize,
    clr_optins: usize,
    institution: usize,
    setl_time: usize,
    init_setl_id: usize,
    total: usize,
    amounts: [usize; FIELDS],
    /// `dise_codg` and `refd_setl_flag`, which the claims have.
    noted: Option<(usize, usize)>,
}

impl Places {
    fn of(table: &Table, notes: bool) -> Self {
        Self {
            noted: notes.then(|| (table.index("dise_codg"), table.index("refd_setl_flag"))),
            setl_id: table.index("setl_id"),
            psn_no: table.index("psn_no"),
            insutype: table.index("insutype"),
            clr_type: table.index("clr_type"),
            clr_optins: table.index("clr_optins"),
            institution: table.index("fixmedins_code"),
            setl_time: table.index("setl_time"),
            init_setl_id: table.index("init_setl_id"),
            total: table.index("medfee_sumamt"),
            amounts: COMPARED.map(|name| table.index(name)),
        }
    }
}

/// Rows of one part of a file.
#[derive(Debug, Default)]
pub(super) struct Part {
    rows: Vec<PaidRow>,
    arena: Vec<u8>,
    groups: HashMap<Group, u32>,
    group_of: Vec<u32>,
    without_number: u64,
    notes: PartNotes,
}

impl Part {
    pub(super) fn group(&mut self, group: Group) -> u32 {
        let next = self.groups.len() as u32;
        let number = *self.groups.entry(group).or_insert(next);
        self.group_of.push(number);
        number
    }

    /// Keeps a row; its number, texts and amounts are given, the rest is filled in.
    pub(super) fn push(&mut self, setl_id: &[u8], psn_no: &[u8], row: PaidRow) {
        let offset = self.arena.len() as u32;
        self.arena.extend_from_slice(setl_id);
        self.arena.extend_from_slice(psn_no);
        self.rows.push(PaidRow { offset, setl_len: setl_id.len() as u16, psn_len: psn_no.len() as u16, ..row });
    }
}

impl PaidRow {
    /// A row of a part, without its texts.
    pub(super) fn new(row: u64, group: u32, columns: FieldSet) -> Self {
        Self {
            arena: 0,
            offset: 0,
            setl_len: 0,
            psn_len: 0,
            file: 0,
            row: row as u32,
            group,
            columns,
            given: FieldSet::NONE,
            is_reversal: false,
            total: None,
            amounts: [Fen::ZERO; FIELDS],
        }
    }
}

struct Collector<'a> {
    shown: &'a str,
    table: &'static Table,
    places: Places,
    wants: Wants,
    columns: FieldSet,
    part: Part,
    problems: Diagnostics,
}

impl Collector<'_> {
    fn value<T>(&mut self, row: &impl Row, field: usize, line: u64, value: Typed<T>) -> Option<T> {
        match value {
            Typed::Is(value) => Some(value),
            Typed::Missing => None,
            Typed::Bad => {
                if self.wants.strict {
                    let expected = self.table.fields[field].kind.expected();
                    self.problem("I-VALUE", row, field, line, not_held(&row.show(field), &expected));
                }
                None
            }
        }
    }

    fn problem(&mut self, code: &'static str, row: &impl Row, field: usize, line: u64, message: Text) {
        let at = location(self.shown, line, row.column_number(field), &self.table.fields[field].name);
        self.problems.push(
            Diagnostic::error(code, at, message)
                .hint(Text::new("correct the value or take the row out of the file", "请更正该值或从文件中去掉该行")),
        );
    }
}

/// Text of an identifier that fits its length field.
fn fitting(text: Typed<&[u8]>) -> Typed<&[u8]> {
    match text {
        Typed::Is(text) if text.len() > usize::from(u16::MAX) => Typed::Bad,
        other => other,
    }
}

impl RowSink for Collector<'_> {
    fn row<R: Row>(&mut self, row: &R, number: u64, line: u64) {
        let places = self.places;
        let word = |this: &mut Self, field: usize| {
            let code = this.value(row, field, line, row.cell(field).code()).unwrap_or_default();
            Box::from(String::from_utf8_lossy(code))
        };
        let group = Group {
            insutype: word(self, places.insutype),
            clr_type: word(self, places.clr_type),
            clr_optins: word(self, places.clr_optins),
            institution: word(self, places.institution),
            month: self.value(row, places.setl_time, line, row.cell(places.setl_time).time()).map(|time| {
                let (year, month, _) = time.day().ymd();
                year * 12 + month as i32 - 1
            }),
        };
        let group = self.part.group(group);
        if let Some((disease, flag)) = places.noted {
            let disease = self.value(row, disease, line, row.cell(disease).code()).unwrap_or_default();
            let flag = self.value(row, flag, line, row.cell(flag).code()).map(|flag| flag == b"1");
            self.part.notes.push(disease, flag);
        }
        if !self.wants.amounts {
            return;
        }
        let setl_id = self.value(row, places.setl_id, line, fitting(row.cell(places.setl_id).text()));
        let Some(setl_id) = setl_id else {
            self.part.without_number += 1;
            if self.wants.strict {
                let message = Text::new("the settlement number is missing", "缺少结算ID");
                self.problem("I-MISSING", row, places.setl_id, line, message);
            }
            return;
        };
        let psn_no = self.value(row, places.psn_no, line, fitting(row.cell(places.psn_no).text())).unwrap_or_default();
        let mut paid = PaidRow::new(number, group, self.columns);
        paid.total = self.value(row, places.total, line, row.cell(places.total).money());
        let names_original = row.cell(places.init_setl_id) != super::cell::Cell::Missing;
        paid.is_reversal = names_original || paid.total.is_some_and(|total| total < Fen::ZERO);
        for field in self.columns.iter() {
            let place = places.amounts[field];
            if let Some(amount) = self.value(row, place, line, row.cell(place).money()) {
                paid.amounts[field] = amount;
                paid.given.add(field);
            }
        }
        self.part.push(setl_id, psn_no, paid);
    }

    fn broken(&mut self, problem: RowProblem, _: u64, line: u64, _: &dyn Fn() -> String) {
        self.part.group_of.push(u32::MAX);
        self.part.notes.push(b"", None);
        self.part.without_number += 1;
        if self.wants.strict {
            let finding = Diagnostic::error("I-LINE", location(self.shown, line, 0, ""), problem.text());
            self.problems.push(finding.hint(problem.hint()));
        }
    }
}

impl Collect for Collector<'_> {
    type Output = (Part, Diagnostics);

    fn finish(self) -> Self::Output {
        (self.part, self.problems)
    }
}
