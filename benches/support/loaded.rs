//! Claims, read and grouped, for what is measured in this process.

use std::sync::atomic::AtomicBool;

use tongchou::pipeline::load::{Loaded, load};
use tongchou::pipeline::{Inputs, ReferencePaths, Stage, Watch};

use super::made::made;

struct Unwatched;

impl Watch for Unwatched {
    fn begin(&self, _stage: Stage, _rows: Option<u64>) {}
    fn advance(&self, _rows: u64) {}
}

/// Whatever is given.
pub fn read(inputs: &Inputs) -> Loaded {
    load(inputs, None, None, u64::MAX, &Unwatched, &AtomicBool::new(false)).expect("the bench data loads")
}

/// Made claims with all reference tables.
#[allow(dead_code, reason = "not every bench that reads claims has them made here")]
pub fn loaded(name: &str, rows: usize, persons: usize) -> Loaded {
    let data = made(name, rows, persons, "csv");
    let table = |name: &str| Some(data.join(name).with_extension("csv"));
    read(&Inputs {
        rules: "sample_data/rules".into(),
        claims: vec![data.join("claims.csv")],
        reference: ReferencePaths {
            enrolments: table("enrolments"),
            filings: table("filings"),
            institutions: table("institutions"),
            accounts: table("accounts"),
            marks: table("marks"),
        },
    })
}
