//! The standard basket from its folder: `cases.csv`, and `claims.csv` with a place and a filing in every row.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::read_bytes;
use crate::adjudicate::person::Fold;
use crate::adjudicate::trace::{Off, Steps};
use crate::compare::basket::{Basket, Case, Price, price};
use crate::diagnostic::{Diagnostic, Location, Text, did_you_mean, meant};
use crate::ledger::person::Desk;
use crate::model::place::Admdvs;
use crate::pipeline::load::{Loaded, load_under};
use crate::pipeline::rules_dir::{Rules, load_rules};
use crate::pipeline::{Inputs, ReferencePaths, RunError, Watch, origin};
use crate::publish::{file_to_json, hex};
use crate::report::explain::Explanation;
use crate::report::origin::{Input, Origin};
use crate::report::privacy::Persons;
use crate::text::table::{self, TextTable};

/// A basket, read.
pub struct Priced {
    /// Its settlements, by case.
    pub loaded: Loaded,
    /// What its tables say.
    pub basket: Basket,
    /// `cases.csv`, as a manifest names it.
    pub cases_file: Value,
    /// The same, as a report does.
    cases: Input,
}

/// Reads a basket.
///
/// # Errors
/// A table cannot be read or is wrong, a settlement is no usable record.
pub(super) fn read_basket(
    rules: Rules,
    folder: &Path,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Priced, RunError> {
    let asked = |diagnostics| RunError::Asked { diagnostics };
    let [cases, claims] = ["cases.csv", "claims.csv"].map(|name| folder.join(name));
    let parsed = |path: &Path, bytes: &[u8]| -> Result<TextTable, RunError> {
        table::parse(bytes).map_err(|error| {
            let at = Location { file: path.display().to_string(), line: error.line(), ..Location::default() };
            asked(vec![Diagnostic::error("X020", at, error.text()).hint(error.hint())])
        })
    };
    let case_bytes = read_bytes(&cases)?;
    let (case_table, claim_table) = (parsed(&cases, &case_bytes)?, parsed(&claims, &read_bytes(&claims)?)?);
    let sha256 = hex(&Sha256::digest(&case_bytes));
    let cases_file = file_to_json("cases.csv", case_bytes.len() as u64, &sha256);
    let told = Input { kind: kind(), file: "cases.csv".into(), bytes: case_bytes.len() as u64, sha256 };
    let (case_file, claim_file) = (cases.display().to_string(), claims.display().to_string());
    let basket = Basket::read((&case_file, &case_table), (&claim_file, &claim_table)).map_err(asked)?;
    let inputs = Inputs { rules: rules.folder.clone(), claims: vec![claims], reference: ReferencePaths::default() };
    let loaded = load_under(rules, &inputs, None, None, false, u64::MAX, watch, cancel)?;
    let rejected: Vec<Diagnostic> = loaded
        .rejects
        .in_memory()
        .iter()
        .map(|reject| {
            let column = reject.column.to_owned();
            let at = Location { file: claim_file.clone(), line: reject.line, column_number: 0, column };
            Diagnostic::error("X020", at, reject.problem.text()).hint(Text::new(
                "a settlement of the basket must be a row that a run accepts",
                "标准算例的结算须为可被接受的记录",
            ))
        })
        .collect();
    if !rejected.is_empty() {
        return Err(asked(rejected));
    }
    let mut desk = Desk::default();
    for person in 0..loaded.persons.len() as u32 {
        desk.lay(loaded.source(), person);
        if let Some(twice) = desk.aside.refused.first() {
            let at = Location { file: claim_file, line: u64::from(twice.row) + 1, ..Location::default() };
            let message = Text::new("a setl_id stands twice in a case", "同一算例中 setl_id 重复");
            let hint = Text::new("give every settlement a number of its own", "请为每笔结算取不重复的编号");
            return Err(asked(vec![Diagnostic::error("X020", at, message).hint(hint)]));
        }
    }
    Ok(Priced { loaded, basket, cases_file, cases: told })
}

/// What the files of a basket are called.
fn kind() -> Text {
    Text::new("standard basket", "标准算例")
}

impl Priced {
    /// Adds the files of the basket to what was read.
    pub(super) fn add_to(&self, origin: &mut Origin) {
        origin.inputs.push(self.cases.clone());
        origin::add(origin, &kind(), self.loaded.claims_files());
    }

    fn person(&self, case: &Case) -> u32 {
        let person = self.loaded.persons.find(&self.loaded.rows.arenas, case.case_id.as_bytes());
        person.expect("a case has settlements: it was read so")
    }

    /// Every case under every pool.
    #[must_use]
    pub fn prices(&self, pools: &[Admdvs]) -> Vec<(&Case, Vec<Price>)> {
        let (mut desk, mut fold) = (Desk::default(), Fold::default());
        let mut of_case = |case: &Case| -> Vec<Price> {
            let (source, person) = (self.loaded.source(), self.person(case));
            let mut of_pool =
                |&pool: &Admdvs| price(source, &self.basket, person, pool, &mut desk, &mut fold, |_| Off, |_, _| ());
            pools.iter().map(&mut of_pool).collect()
        };
        self.basket.cases.iter().map(|case| (case, of_case(case))).collect()
    }
}

/// One price, step by step.
pub struct ExplainedCase {
    priced: Priced,
    case: usize,
    desk: Desk,
    fold: Fold,
    traces: Vec<Steps>,
}

/// Prices a case under the rules of a pool with the trace on.
///
/// # Errors
/// The pack has no such pool, the basket no such case, or a table cannot be read.
pub fn explain_case(
    rules: &Path,
    folder: &Path,
    case_id: &str,
    pool: &str,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<ExplainedCase, RunError> {
    let rules = load_rules(rules)?;
    let pool = super::regions::pool(&rules, pool)?;
    let priced = read_basket(rules, folder, watch, cancel)?;
    let cases = &priced.basket.cases;
    let Some(case) = cases.iter().position(|case| case.case_id == case_id) else {
        let at = Location { file: "--explain".into(), ..Location::default() };
        let message = Text::new(format!("the basket has no case `{case_id}`"), format!("标准算例中没有 `{case_id}`"));
        let near = did_you_mean(case_id, cases.iter().map(|case| case.case_id.as_str()));
        let look = || Text::new("cases.csv lists them", "算例见 cases.csv");
        let hint = near.map_or_else(look, meant);
        return Err(RunError::Asked { diagnostics: vec![Diagnostic::error("E030", at, message).hint(hint)] });
    };
    let (mut desk, mut fold, mut traces) = (Desk::default(), Fold::default(), Vec::new());
    let person = priced.person(&cases[case]);
    let (source, basket) = (priced.loaded.source(), &priced.basket);
    let keep = |_: usize, trace: Steps| traces.push(trace);
    price(source, basket, person, pool, &mut desk, &mut fold, |_| Steps::default(), keep);
    Ok(ExplainedCase { case, desk, fold, traces, priced })
}

impl ExplainedCase {
    /// The case.
    #[must_use]
    pub fn case(&self) -> &Case {
        &self.priced.basket.cases[self.case]
    }

    /// Its settlements in order.
    pub fn explanations(&self) -> impl Iterator<Item = Explanation<'_>> {
        let claims = self.desk.claims.iter().zip(&self.fold.outcomes).zip(&self.traces);
        claims.map(|((claim, outcome), steps)| Explanation {
            claim,
            outcome,
            steps: &steps.0,
            pack: &self.priced.loaded.rules.pack,
            words: self.priced.loaded.words(),
            original: None,
            // The persons of a basket are its cases.
            persons: &Persons::Revealed,
        })
    }
}
