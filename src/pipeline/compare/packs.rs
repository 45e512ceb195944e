//! The same claims under two packs, read once and typed by the words of both.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::{Inputs as Read, Output, balanced, begin, over_persons, publish, set_cells, yuan};
use crate::adjudicate::resolve::Context;
use crate::columnar::words::Words;
use crate::compare::packs::{Packs, Sides, Worker};
use crate::compare::parting::{Told, changes};
use crate::diagnostic::Text;
use crate::ingest::ReadOptions;
use crate::pipeline::load::{Loaded, enrolments_under, load_under};
use crate::pipeline::rules_dir::{Rules, load_rules};
use crate::pipeline::{Inputs, RunError, Watch, origin};
use crate::publish::Staging;
use crate::report::compared::{ComparedReport, Shown};
use crate::report::sheet::Sheet;
use crate::rules::compile::compile_together;
use crate::rules::layout::Table;
use crate::rules::pack::RulePack;

/// A comparison of packs as it was meant.
#[derive(Clone, Debug)]
pub struct PacksPlan {
    /// The base pack, the claims and their tables.
    pub inputs: Inputs,
    /// The new pack; `None`: the base pack with the cells that are set.
    pub new: Option<PathBuf>,
    /// Cells of the new pack that are set by hand.
    pub set: Vec<String>,
    /// Where the outputs go.
    pub output: Output,
}

/// The two packs, compiled on one vocabulary.
fn both_packs(plan: &PacksPlan) -> Result<(Rules, Rules), RunError> {
    let mut base = load_rules(&plan.inputs.rules)?;
    let mut new = load_rules(plan.new.as_ref().unwrap_or(&plan.inputs.rules))?;
    set_cells(&mut new.pack, &plan.set)?;
    let books = compile_together(&[&base.pack, &new.pack])
        .map_err(|(index, diagnostics)| RunError::Rules { folder: [&base, &new][index].folder.clone(), diagnostics })?;
    let mut books = books.into_iter();
    base.book = books.next().expect("a book for each pack");
    new.book = books.next().expect("a book for each pack");
    Ok((base, new))
}

/// Whether some place belongs to another pool.
fn places_differ(base: &RulePack, new: &RulePack) -> bool {
    let pools = |pack: &RulePack| -> Vec<(String, String)> {
        let places = pack.table(Table::Places);
        let cell = |row: usize, column: &str| places.cell(row, column).to_owned();
        let mut pools: Vec<_> = (0..places.rows.len()).map(|row| (cell(row, "admdvs"), cell(row, "pool"))).collect();
        pools.sort_unstable();
        pools
    };
    pools(base) != pools(new)
}

/// Compares and publishes, all at once or not at all.
///
/// # Errors
/// See [`RunError`]; the output folder is as it was.
pub fn packs(plan: &PacksPlan, watch: &dyn Watch, cancel: &AtomicBool) -> Result<ComparedReport, RunError> {
    let staging = Staging::begin(&plan.output.out, plan.output.overwrite)?;
    let (base, new) = both_packs(plan)?;
    let loaded = load_under(base, &plan.inputs, None, None, false, plan.output.memory, watch, cancel)?;
    let options = ReadOptions { cancel: Some(cancel), ..ReadOptions::default() };
    let enrolments = match places_differ(&loaded.rules.pack, &new.pack) {
        true => enrolments_under(&new.book, &plan.inputs, &loaded, &options)?,
        false => None,
    };
    let new_enrolments = enrolments.as_ref().map(|(rows, _)| rows);
    let context = Context { book: &new.book, institutions: loaded.institutions.as_ref() };
    let sides = Sides { base: loaded.source(), new: context, new_enrolments };
    let mut packs = Packs::default();
    begin(watch, loaded.rows.len());
    over_persons(
        &loaded.persons,
        watch,
        cancel,
        Packs::default,
        |worker: &mut Worker, person, packs| worker.add(sides, person, packs),
        |part| packs.merge(part),
    )?;
    packs.outside.rejected = loaded.rejected.rows;
    balanced(&loaded, packs.rows());
    let report = report(&packs, sides, &loaded, &new);
    let mut read = Read::of(&loaded);
    read.rules = vec![("base", &loaded.rules), ("new", &new)];
    read.set = &plan.set;
    let packs = [(Text::new("Base pack", "原规则"), &loaded.rules), (Text::new("New pack", "新规则"), &new)];
    let mut origin = origin::of_packs(&packs);
    origin::add_loaded(&mut origin, &loaded, &[]);
    origin.set.clone_from(&plan.set);
    publish(staging, &report, &read.to_json(), &origin, &plan.output, Vec::new(), cancel)?;
    Ok(report)
}

fn report(packs: &Packs, sides: Sides, loaded: &Loaded, new: &Rules) -> ComparedReport {
    let words = loaded.words();
    let told =
        [Told { pack: &loaded.rules.pack, words }, Told { pack: &new.pack, words: Words { book: &new.book, ..words } }];
    let [base, after] = packs.totals();
    let (compared, changed) = (packs.compared, packs.changed);
    let [base_alone, new_alone] = packs.one_sided;
    let lines = vec![
        Text::new(
            format!("{compared} settlements that both packs answer, {changed} of them change"),
            format!("两套规则均可计算的结算 {compared} 笔，其中变动 {changed} 笔"),
        ),
        Text::new(
            format!("{base_alone} that the base pack alone answers, {new_alone} that the new one alone does"),
            format!("仅原规则可计算 {base_alone} 笔，仅新规则可计算 {new_alone} 笔"),
        ),
        Text::new(
            format!(
                "all funds {} -> {}, {}; persons {} -> {}, {}",
                yuan(base.funds),
                yuan(after.funds),
                signed(after.funds - base.funds),
                yuan(base.person),
                yuan(after.person),
                signed(after.person - base.person),
            ),
            format!(
                "基金 {} → {}，{}；个人 {} → {}，{}",
                yuan(base.funds),
                yuan(after.funds),
                signed(after.funds - base.funds),
                yuan(base.person),
                yuan(after.person),
                signed(after.person - base.person),
            ),
        ),
    ];
    let numbers = json!({
        "compared": compared, "changed": changed, "base_alone": base_alone, "new_alone": new_alone,
        "outside": packs.outside.rows(),
    });
    let mut sheets = packs.sheets(&loaded.rules.book, |insutype| words.insutype(insutype));
    sheets.push(changes(packs, sides, told));
    let shown = |sheet: Sheet| {
        let (columns, telling, most): (&[&str], &[&str], usize) = match sheet.name {
            "funds" => {
                (&["pool", "insutype", "fund", "settlements", "changed", "base", "new", "change"], &["changed"], 40)
            }
            "winners" => {
                (&["by", "value", "settlements", "winners", "losers", "won", "lost", "net"], &["winners", "losers"], 60)
            }
            "changes" => {
                (&["rank", "setl_id", "medfee_sumamt", "funds_base", "funds_new", "step", "base_en", "new_en"], &[], 10)
            }
            "one_sided" => (&["answered_by", "reason", "settlements"], &[], 20),
            _ => (&[], &[], 0),
        };
        Shown::some(sheet, columns, telling, most)
    };
    let numbers = numbers.as_object().cloned().unwrap_or_default();
    ComparedReport { kind: "packs", lines, numbers, tables: sheets.into_iter().map(shown).collect() }
}

/// A change with its sign.
fn signed(fen: i128) -> String {
    let sign = if fen > 0 { "+" } else { "" };
    format!("{sign}{}", yuan(fen))
}
