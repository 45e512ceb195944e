//! Comparisons from files to files: a run as it is, claims under every pool, under changed rules, along a parameter.

pub mod basket;
pub mod explain;
pub mod observed;
pub mod packs;
pub mod regions;
pub mod sweep;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use rayon::prelude::*;
use serde_json::{Value, json};

use super::lines::Lines;
use super::load::Loaded;
use super::manifest::engine;
use super::rules_dir::Rules;
use super::{RunError, Stage, Watch, check};
use crate::columnar::row_groups::RowGroups;
use crate::diagnostic::{Diagnostic, Lang, Location, Text};
use crate::ingest::InputFile;
use crate::publish::{Staging, Written, file_to_json};
use crate::report::compared::ComparedReport;
use crate::report::compared_page::{ComparedPage, Context};
use crate::report::origin::Origin;
use crate::report::page::html;
use crate::report::privacy::Persons as Shown;
use crate::report::sheet::{Cell, Sheet};
use crate::rules::pack::RulePack;
use crate::rules::set::find_cell;
use crate::shuffle::group::Persons;

/// Where the outputs of a comparison go, and what it may use.
#[derive(Clone, Debug)]
pub struct Output {
    /// The folder.
    pub out: PathBuf,
    /// Replace what stands there.
    pub overwrite: bool,
    /// Most bytes that rows may take in memory.
    pub memory: u64,
    /// How person numbers are shown in what people read.
    pub shown: Shown,
    /// The language in which reports open.
    pub lang: Lang,
}

/// Rows of a part of the persons: sums do not depend on where parts begin.
const PART_ROWS: u32 = 16_384;

/// Takes all persons in, part by part on all threads, and adds the parts up in their order.
fn over_persons<W: Default, S: Send>(
    persons: &Persons,
    watch: &dyn Watch,
    cancel: &AtomicBool,
    part: impl Fn() -> S + Sync,
    add: impl Fn(&mut W, u32, &mut S) + Sync,
    mut merge: impl FnMut(S),
) -> Result<(), RunError> {
    let mut parts: Vec<Range<u32>> = Vec::new();
    let mut first = 0;
    for person in 0..persons.len() {
        let rows = persons.starts[person + 1] - persons.starts[first as usize];
        if rows >= PART_ROWS || person + 1 == persons.len() {
            parts.push(first..person as u32 + 1);
            first = person as u32 + 1;
        }
    }
    for window in parts.chunks(4 * rayon::current_num_threads().max(1)) {
        check(cancel)?;
        let done: Vec<S> = window
            .par_iter()
            .map_init(W::default, |worker, persons_of_part| {
                let mut sums = part();
                persons_of_part.clone().for_each(|person| add(worker, person, &mut sums));
                let rows = |person: u32| u64::from(persons.starts[person as usize]);
                watch.advance(rows(persons_of_part.end) - rows(persons_of_part.start));
                sums
            })
            .collect();
        done.into_iter().for_each(&mut merge);
    }
    Ok(())
}

/// Begins the stage of comparing.
fn begin(watch: &dyn Watch, rows: usize) {
    watch.begin(Stage::Compare, Some(rows as u64));
}

/// What every row that was read became: nothing is lost.
fn balanced(loaded: &Loaded, rows: u64) {
    assert_eq!(rows, loaded.rows_in.rows, "rows compared or told apart, and rows read");
}

/// What went into a comparison.
struct Inputs<'a> {
    rules: Vec<(&'static str, &'a Rules)>,
    files: Vec<(&'static str, &'a [InputFile])>,
    /// Cells that were set by hand.
    set: &'a [String],
}

impl<'a> Inputs<'a> {
    fn of(loaded: &'a Loaded) -> Self {
        let mut files = vec![("claims", loaded.claims_files())];
        files.extend(loaded.gates.iter().filter_map(|(name, files)| Some((*name, files.as_deref()?))));
        Self { rules: vec![("rules", &loaded.rules)], files, set: &[] }
    }

    fn to_json(&self) -> Value {
        let file = |file: &InputFile| file_to_json(&file.shown, file.bytes, &file.sha256);
        let mut inputs = json!({});
        for (name, rules) in &self.rules {
            inputs[*name] = json!({"sha256": rules.sha256});
        }
        for (name, files) in &self.files {
            inputs[*name] = files.iter().map(file).collect();
        }
        if !self.set.is_empty() {
            inputs["set"] = json!(self.set);
        }
        inputs
    }
}

/// Writes the tables as CSV and Parquet, what people open, and `compare.json`, and publishes them.
fn publish(
    staging: Staging,
    report: &ComparedReport,
    inputs: &Value,
    origin: &Origin,
    output: &Output,
    mut outputs: Vec<Written>,
    cancel: &AtomicBool,
) -> Result<(), RunError> {
    let shown = &output.shown;
    for table in &report.tables {
        outputs.extend(write_sheet(&staging, &table.sheet, shown)?);
    }
    check(cancel)?;
    let page = ComparedPage::new(&Context { report, origin, persons: shown });
    outputs.push(staging.write("report.html", html::render(&page.page(output.lang)).as_bytes())?);
    let workbook = page.workbook(output.lang).map_err(|error| RunError::Workbook { error })?;
    outputs.push(staging.write("report.xlsx", &workbook)?);
    let files: Vec<Value> = outputs.iter().map(Written::to_json).collect();
    let mut whole = json!({
        "engine": engine(), "comparison": report.kind, "inputs": inputs, "numbers": report.numbers, "outputs": files,
    });
    shown.note(whole.as_object_mut().expect("an object"));
    staging.write("compare.json", format!("{whole:#}\n").as_bytes())?;
    check(cancel)?;
    Ok(staging.publish()?)
}

/// A table as `NAME.csv` and `NAME.parquet`. Parquet has person numbers as they are.
pub(crate) fn write_sheet(staging: &Staging, sheet: &Sheet, shown: &Shown) -> Result<[Written; 2], RunError> {
    let mut lines = sheet.lines();
    let head = lines.next().expect("headings");
    let person = head.iter().position(|name| name == "psn_no");
    let mut file = Lines::begin(staging.create(&format!("{}.csv", sheet.name))?, &head)?;
    lines.try_for_each(|mut line| {
        if let Some(person) = person {
            line[person] = shown.person(&line[person]);
        }
        file.put(&line)
    })?;
    let failed = |error| RunError::Parquet { file: sheet.name, error };
    let name = format!("{}.parquet", sheet.name);
    let mut groups = RowGroups::begin(staging.create(&name)?, sheet.schema()).map_err(failed)?;
    groups.put(&sheet.batch()).map_err(failed)?;
    Ok([file.finish()?, groups.finish().map_err(failed)?.finish()?])
}

/// Lines that are no [`Sheet`]: their columns depend on the data.
fn write_lines(staging: &Staging, name: &str, lines: &[Vec<String>]) -> Result<Written, RunError> {
    let (head, rows) = lines.split_first().expect("headings");
    let mut file = Lines::begin(staging.create(name)?, head)?;
    rows.iter().try_for_each(|row| file.put(row))?;
    file.finish()
}

/// Sets cells of a pack: `table:rule_id.column=value`.
fn set_cells(pack: &mut RulePack, set: &[String]) -> Result<(), RunError> {
    let asked = |diagnostics| RunError::Asked { diagnostics };
    for one in set {
        let Some((name, value)) = one.split_once('=') else {
            let at = Location { file: format!("--set {one}"), ..Location::default() };
            let message = Text::new("no value is given", "未给出取值");
            let hint =
                Text::new("write =VALUE behind the cell; = alone empties it", "请在单元格名后写 =取值；只写 = 则清空");
            return Err(asked(vec![Diagnostic::error("E030", at, message).hint(hint)]));
        };
        let cell = find_cell(pack, name).map_err(|wrong| asked(vec![wrong]))?;
        cell.set(pack, value.trim()).map_err(asked)?;
    }
    Ok(())
}

/// A share as a person reads it.
fn percent(part: i128, whole: i128) -> String {
    Cell::share(part, whole).shown()
}

/// A sum as a person reads it.
fn yuan(fen: i128) -> String {
    Cell::money(fen).shown()
}

/// A folder's table, as bytes.
fn read_bytes(path: &Path) -> Result<Vec<u8>, RunError> {
    std::fs::read(path).map_err(|error| RunError::Unreadable { path: path.to_owned(), error })
}
