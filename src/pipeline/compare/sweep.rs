//! A cell of the pack stepped from one value to another: the claims are read once and folded at every value.

use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::{Inputs as Read, Output, balanced, begin, over_persons, publish};
use crate::adjudicate::resolve::Context;
use crate::compare::sweep::{At, sheets};
use crate::diagnostic::Text;
use crate::ledger::person::{Desk, Source};
use crate::pipeline::load::load_under;
use crate::pipeline::rules_dir::load_rules;
use crate::pipeline::{Inputs, RunError, Watch, origin};
use crate::publish::Staging;
use crate::report::compared::{ComparedReport, Shown};
use crate::rules::book::RuleBook;
use crate::rules::compile::compile;
use crate::rules::pack::RulePack;
use crate::rules::set::find_cell;

/// A sweep as it was meant.
#[derive(Clone, Debug)]
pub struct SweepPlan {
    /// The pack, the claims and their tables.
    pub inputs: Inputs,
    /// The cell, `table:rule_id.column`.
    pub cell: String,
    /// The first value.
    pub from: String,
    /// The last value.
    pub to: String,
    /// How many values, both ends included.
    pub steps: u32,
    /// Where the outputs go.
    pub output: Output,
}

/// Sweeps and publishes, all at once or not at all.
///
/// # Errors
/// See [`RunError`]; the output folder is as it was.
pub fn sweep(plan: &SweepPlan, watch: &dyn Watch, cancel: &AtomicBool) -> Result<ComparedReport, RunError> {
    let asked = |diagnostics| RunError::Asked { diagnostics };
    let staging = Staging::begin(&plan.output.out, plan.output.overwrite)?;
    let rules = load_rules(&plan.inputs.rules)?;
    let one = |wrong| asked(vec![wrong]);
    let cell = find_cell(&rules.pack, &plan.cell).map_err(one)?;
    let values = cell.steps(&plan.from, &plan.to, plan.steps).map_err(one)?;
    let now = cell.value(&rules.pack).to_owned();
    let folder = rules.folder.clone();
    let at_value = |pack: &RulePack, value: &str| -> Result<RuleBook, RunError> {
        let mut pack = pack.clone();
        cell.set(&mut pack, value).map_err(asked)?;
        compile(&pack).map_err(|diagnostics| RunError::Rules { folder: folder.clone(), diagnostics })
    };
    // Before any claim is read: an end may be what no pack can hold.
    for end in [values.first(), values.last()].into_iter().flatten() {
        at_value(&rules.pack, end)?;
    }
    let loaded = load_under(rules, &plan.inputs, None, None, false, plan.output.memory, watch, cancel)?;
    begin(watch, loaded.rows.len() * values.len());
    let mut curve: Vec<(String, At)> = Vec::with_capacity(values.len());
    for value in values {
        // One book at a time: a thousand of them need not be held.
        let book = at_value(&loaded.rules.pack, &value)?;
        assert_eq!(book.vocab.len(), loaded.rules.book.vocab.len(), "a number is no word");
        let context = Context { book: &book, institutions: loaded.institutions.as_ref() };
        let source = Source { context, ..loaded.source() };
        let mut at = At::default();
        over_persons(
            &loaded.persons,
            watch,
            cancel,
            At::default,
            |desk: &mut Desk, person, at| at.add(source, person, desk),
            |part| at.merge(&part),
        )?;
        at.outside.rejected = loaded.rejected.rows;
        let counted: u64 = at.funds.values().map(|(sums, _)| sums.bills.settlements).sum();
        balanced(&loaded, counted + at.outside.rows());
        curve.push((value, at));
    }
    let words = loaded.words();
    let mut tables = sheets(&curve, |insutype| words.insutype(insutype)).into_iter();
    let shown = &["value", "settlements", "fund_pay_sumamt", "psn_part_amt", "fund_share_of_in_scope", "person_share"];
    let whole = Shown::some(tables.next().expect("the curve"), shown, &[], 60);
    let count = curve.len();
    let line = Text::new(
        format!("{} at {count} values; the pack says `{now}`", plan.cell),
        format!("{} 取 {count} 个值；规则包中为 `{now}`", plan.cell),
    );
    let numbers = json!({"cell": plan.cell, "from": plan.from, "to": plan.to, "steps": count, "now": now});
    let report = ComparedReport {
        kind: "sweep",
        lines: vec![line],
        numbers: numbers.as_object().cloned().unwrap_or_default(),
        tables: std::iter::once(whole).chain(tables.map(Shown::written)).collect(),
    };
    let mut origin = origin::of_packs(&[(origin::the_rules(), &loaded.rules)]);
    origin::add_loaded(&mut origin, &loaded, &[]);
    publish(staging, &report, &Read::of(&loaded).to_json(), &origin, &plan.output, Vec::new(), cancel)?;
    Ok(report)
}
