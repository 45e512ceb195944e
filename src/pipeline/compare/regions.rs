//! The same claims, and the standard basket, under the rules of every pool.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use serde_json::{Map, json};

use super::basket::{Priced, read_basket};
use super::{Inputs as Read, Output, balanced, begin, over_persons, percent, publish, write_lines};
use crate::compare::basket;
use crate::compare::population::pools_of;
use crate::compare::regions::{Pair, Regions, Worker};
use crate::diagnostic::Text;
use crate::model::place::Admdvs;
use crate::pipeline::load::{Loaded, load_under};
use crate::pipeline::rules_dir::{Rules, load_rules};
use crate::pipeline::{Inputs, RunError, Watch, origin};
use crate::publish::Staging;
use crate::report::compared::{ComparedReport, Shown};
use crate::rules::show::find_pool;

/// A comparison of regions as it was meant.
#[derive(Clone, Debug)]
pub struct RegionsPlan {
    /// The pack, the claims (there may be none) and their tables.
    pub inputs: Inputs,
    /// Folder of a basket.
    pub basket: Option<PathBuf>,
    /// Pools whose rules are asked, by code or name; none: every pool that the pack names.
    pub pools: Vec<String>,
    /// Where the outputs go.
    pub output: Output,
}

/// Compares and publishes, all at once or not at all.
///
/// # Errors
/// See [`RunError`]; the output folder is as it was.
pub fn regions(plan: &RegionsPlan, watch: &dyn Watch, cancel: &AtomicBool) -> Result<ComparedReport, RunError> {
    let staging = Staging::begin(&plan.output.out, plan.output.overwrite)?;
    let rules = load_rules(&plan.inputs.rules)?;
    let pools = asked(&rules, &plan.pools)?;
    let mut report = ComparedReport { kind: "regions", lines: Vec::new(), numbers: Map::new(), tables: Vec::new() };
    report.numbers.insert("pools".into(), json!(pools.len()));
    let mut outputs = Vec::new();
    let mut inputs = json!({});
    let mut origin = origin::of_packs(&[(origin::the_rules(), &rules)]);
    if let Some(folder) = &plan.basket {
        let basket = read_basket(load_rules(&plan.inputs.rules)?, folder, watch, cancel)?;
        let mut read = vec![basket.cases_file.clone()];
        read.extend(Read::of(&basket.loaded).to_json()["claims"].as_array().into_iter().flatten().cloned());
        inputs["basket"] = json!(read);
        basket.add_to(&mut origin);
        outputs.push(price(&basket, &pools, &staging, &mut report)?);
    }
    if plan.inputs.claims.is_empty() {
        inputs["rules"] = json!({"sha256": rules.sha256});
    } else {
        let loaded = load_under(rules, &plan.inputs, None, None, false, plan.output.memory, watch, cancel)?;
        compare(&loaded, &pools, &mut report, watch, cancel)?;
        origin::add_loaded(&mut origin, &loaded, &[]);
        let read = Read::of(&loaded).to_json();
        read.as_object().into_iter().flatten().for_each(|(name, value)| inputs[name] = value.clone());
    }
    publish(staging, &report, &inputs, &origin, &plan.output, outputs, cancel)?;
    Ok(report)
}

/// The pools that were asked for, each once, by code.
fn asked(rules: &Rules, names: &[String]) -> Result<Vec<Admdvs>, RunError> {
    if names.is_empty() {
        return Ok(pools_of(&rules.pack));
    }
    let mut pools = Vec::with_capacity(names.len());
    for name in names {
        pools.push(pool(rules, name)?);
    }
    pools.sort_unstable();
    pools.dedup();
    Ok(pools)
}

/// The pool of a code or a name.
pub(super) fn pool(rules: &Rules, name: &str) -> Result<Admdvs, RunError> {
    find_pool(&rules.pack, &rules.book, name).map_err(|wrong| RunError::Asked { diagnostics: vec![wrong] })
}

fn price(
    basket: &Priced,
    pools: &[Admdvs],
    staging: &Staging,
    report: &mut ComparedReport,
) -> Result<crate::publish::Written, RunError> {
    let priced = basket.prices(pools);
    let pack = &basket.loaded.rules.pack;
    let answered = priced.iter().flat_map(|(_, prices)| prices).filter(|price| price.unanswered == 0).count();
    let (cases, cells) = (priced.len(), priced.len() * pools.len());
    report.lines.push(Text::new(
        format!("{cases} cases of the basket under the rules of {} pools: {answered} of {cells} prices", pools.len()),
        format!("{cases} 个标准算例，{} 个统筹区：{cells} 个结果中 {answered} 个可计算", pools.len()),
    ));
    report.numbers.insert("cases".into(), json!(cases));
    report.numbers.insert("priced".into(), json!(answered));
    report.tables.push(Shown::written(basket::sheet(pack, pools, &priced)));
    let shown = &["case_id", "medfee_sumamt", "pools", "least", "least_pool", "median", "most", "most_pool"];
    report.tables.push(Shown::some(basket::spread(pools, &priced), shown, &["pools"], 100));
    write_lines(staging, "basket_table.csv", &basket::wide(pack, pools, &priced))
}

/// All claims under all pools.
///
/// # Errors
/// The user stopped it.
pub fn fold_regions(
    loaded: &Loaded,
    pools: &[Admdvs],
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Regions, RunError> {
    begin(watch, loaded.rows.len());
    let mut regions = Regions::new(pools);
    over_persons(
        &loaded.persons,
        watch,
        cancel,
        || Regions::new(pools),
        |worker: &mut Worker, person, regions| worker.add(loaded.source(), person, regions),
        |part| regions.merge(part),
    )?;
    regions.outside.rejected = loaded.rejected.rows;
    balanced(loaded, regions.compared + regions.outside.rows());
    Ok(regions)
}

fn compare(
    loaded: &Loaded,
    pools: &[Admdvs],
    report: &mut ComparedReport,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<(), RunError> {
    let regions = fold_regions(loaded, pools, watch, cancel)?;
    let mut whole = Pair::default();
    regions.rows().flat_map(|(_, pairs)| pairs).for_each(|pair| whole.merge(pair));
    let (compared, outside) = (regions.compared, regions.outside.rows());
    let answered = percent(i128::from(whole.bills.settlements), i128::from(whole.bills.settlements + whole.unanswered));
    report.lines.push(Text::new(
        format!(
            "{compared} settlements under the rules of {} pools, which answer {answered} of them; {outside} rows are not compared",
            pools.len()
        ),
        format!("{compared} 笔结算适用 {} 个统筹区的规则，可计算 {answered}；{outside} 行不参与比较", pools.len()),
    ));
    report.numbers.insert("compared".into(), json!(compared));
    report.numbers.insert("outside".into(), json!(outside));
    let words = loaded.words();
    for sheet in regions.sheets(&loaded.rules.pack, |insutype| words.insutype(insutype)) {
        let columns: &[&str] = match sheet.name {
            "ranking" => &[
                "insutype",
                "rank",
                "rules_pool",
                "name_zh",
                "answered",
                "fund_share_own",
                "fund_share_as_if",
                "gain",
                "person_share_as_if",
                "person_p10",
                "person_p50",
                "person_p90",
            ],
            "outside" => &["what", "reason", "rows"],
            _ => &[],
        };
        let telling: &[&str] = if sheet.name == "ranking" { &["answered"] } else { &[] };
        report.tables.push(Shown::some(sheet, columns, telling, 120));
    }
    Ok(())
}
