//! A finished run as it is: `adjudicated.parquet` read once, grouped and put beside the nation's figures.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use hashbrown::HashSet;
use serde_json::json;

use super::{Output, publish};
use crate::compare::observed::{Counts, MONEY, Observed, Settled, TEXTS};
use crate::diagnostic::Text;
use crate::ledger::tables::read::{Batch, TableFile};
use crate::model::date::Date;
use crate::pipeline::explain::EarlierRun;
use crate::pipeline::rules_dir::load_rules;
use crate::pipeline::{RunError, Stage, Watch, check, origin};
use crate::publish::{Staging, digest_of};
use crate::report::compared::{ComparedReport, Shown};
use crate::report::origin::Input;
use crate::rules::layout::Table;
use crate::rules::pack::RulePack;

/// The table of a run that is read.
const TABLE: &str = "adjudicated.parquet";

/// Tells a run as it is.
///
/// # Errors
/// The run, or the rules it was made with, cannot be read, or see [`RunError`].
pub fn observed(
    run: &Path,
    output: &Output,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<ComparedReport, RunError> {
    let staging = Staging::begin(&output.out, output.overwrite)?;
    let earlier = EarlierRun::read(run)?;
    let folder = match earlier.ledger()? {
        Some((ledger, night)) => ledger.rules_folder(&ledger.night(night)?.rules_sha256)?,
        None => earlier.inputs.rules.clone(),
    };
    let rules = load_rules(&folder)?;
    earlier.compare_rules(&rules)?;
    let file = TableFile::open(&run.join(TABLE))?;
    watch.begin(Stage::Compare, Some(file.rows() as u64));
    let mut wanted = vec!["psn_no", "status", "enddate", "mdtrtarea_admvs"];
    wanted.extend(TEXTS.iter().chain(&MONEY));
    let mut observed = Observed::new(admissions(&rules.pack));
    let mut person = String::new();
    file.visit(&wanted, &mut |batch| {
        check(cancel)?;
        take(batch, &mut person, &mut observed)?;
        watch.advance(batch.rows() as u64);
        Ok::<(), RunError>(())
    })?;
    let found = observed.finish();
    let Counts { rows, paid, denied, reversed, reversed_earlier } = found.counts;
    let line = Text::new(
        format!("{rows} adjudicated rows: {paid} paid and {denied} denied stand, {reversed} belong to reversals"),
        format!("已计算 {rows} 行：有效支付 {paid} 笔，不予支付 {denied} 笔，冲正及被冲正 {reversed} 行"),
    );
    let numbers = json!({
        "rows": rows, "paid": paid, "denied": denied, "reversed": reversed, "reversed_earlier": reversed_earlier,
    });
    let mut tables: Vec<Shown> = found.sheets.into_iter().map(Shown::written).collect();
    for shown in &mut tables {
        (shown.columns, shown.most) = match shown.sheet.name {
            "pools" => (
                &[
                    "pool",
                    "insutype",
                    "settlements",
                    "persons",
                    "medfee_sumamt",
                    "fund_share_of_total",
                    "fund_share_of_in_scope",
                    "person_share",
                    "median_person",
                    "p90_person",
                ][..],
                60,
            ),
            "national" => {
                (&["group", "figure", "year", "published_share", "run_share", "published_amount", "run_amount"][..], 9)
            }
            _ => (&[][..], 0),
        };
    }
    let numbers = numbers.as_object().cloned().unwrap_or_default();
    let report = ComparedReport { kind: "observed", lines: vec![line], numbers, tables };
    let mut origin = origin::of_packs(&[(origin::the_rules(), &rules)]);
    origin.inputs.push(read_of(&run.join(TABLE))?);
    publish(staging, &report, &json!({"rules": {"sha256": rules.sha256}}), &origin, output, Vec::new(), cancel)?;
    Ok(report)
}

/// The run's table as a report names it.
fn read_of(path: &Path) -> Result<Input, RunError> {
    let digest = File::open(path).and_then(digest_of);
    let (sha256, bytes) = digest.map_err(|error| RunError::Unreadable { path: path.to_owned(), error })?;
    Ok(Input { kind: Text::new("finished run", "已完成的运行"), file: TABLE.into(), bytes, sha256 })
}

/// Visit classes that count as admissions in some row.
fn admissions(pack: &RulePack) -> HashSet<String> {
    let visits = pack.table(Table::VisitClasses);
    let stays = (0..visits.rows.len()).filter(|&row| visits.cell(row, "is_admission") == "1");
    stays.map(|row| visits.cell(row, "med_class").to_owned()).collect()
}

fn take(batch: &Batch, person: &mut String, observed: &mut Observed) -> Result<(), RunError> {
    let mut texts = Vec::with_capacity(TEXTS.len());
    for column in TEXTS {
        texts.push(batch.text(column)?);
    }
    let mut money = Vec::with_capacity(MONEY.len());
    for column in MONEY {
        money.push(batch.money(column)?);
    }
    let (persons, statuses) = (batch.text("psn_no")?, batch.text("status")?);
    let (days, treated) = (batch.day("enddate")?, batch.text("mdtrtarea_admvs")?);
    for (row, psn_no) in persons.iter().flatten().enumerate() {
        if psn_no != person.as_str() {
            observed.end_person();
            psn_no.clone_into(person);
        }
        observed.put(Settled {
            status: statuses.value(row).to_owned(),
            texts: std::array::from_fn(|column| texts[column].value(row).to_owned()),
            treated: treated.value(row).to_owned(),
            day: Date(days.value(row)),
            money: std::array::from_fn(|column| money[column][row]),
        });
    }
    Ok(())
}
