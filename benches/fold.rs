//! Read, group and fold without writing: one sum of what the basic fund pays.
//!
//! `cargo bench --bench fold` (rows: `TONGCHOU_BENCH_ROWS`, 1,000,000 by default), or on other claims
//! `-- --rules DIR --claims FILE [--threads N]`. Prints JSON; `benches/peers` sets it beside other programs.

mod support {
    pub mod command;
    pub mod loaded;
    pub mod made;
    pub mod option;
}

use std::path::PathBuf;
use std::time::Instant;

use rayon::prelude::*;
use serde_json::json;
use tongchou::adjudicate::trace::Off;
use tongchou::ledger::person::Desk;
use tongchou::pipeline::load::Loaded;
use tongchou::pipeline::{Inputs, ReferencePaths};

use support::command::{data, number};
use support::loaded::read;
use support::option::{option, threads};

/// Persons that a thread takes at once.
const PERSONS: usize = 4_096;

/// How many settlements were folded, and what the basic fund pays of them, in fen.
fn fold(loaded: &Loaded) -> (u64, i128) {
    let persons: Vec<u32> = (0..loaded.persons.len() as u32).collect();
    let part = |desk: &mut Desk, persons: &[u32]| {
        let (mut rows, mut sum) = (0, 0);
        for &person in persons {
            desk.lay(loaded.source(), person);
            desk.fold(loaded.source(), person, |_| Off, |_, _| ());
            rows += desk.fold.outcomes.len() as u64;
            sum += desk.fold.outcomes.iter().map(|outcome| i128::from(outcome.amounts.basic.0)).sum::<i128>();
        }
        (rows, sum)
    };
    let parts = persons.par_chunks(PERSONS).map_init(Desk::default, part);
    parts.reduce(|| (0, 0), |one, other| (one.0 + other.0, one.1 + other.1))
}

fn main() {
    let rules = option("--rules").map_or("sample_data/rules".into(), PathBuf::from);
    let claims = option("--claims")
        .map_or_else(|| data(number("TONGCHOU_BENCH_ROWS", 1_000_000)).join("claims.parquet"), PathBuf::from);
    let inputs = Inputs { rules, claims: vec![claims], reference: ReferencePaths::default() };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads()).build().expect("threads");
    pool.install(|| {
        let started = Instant::now();
        let loaded = read(&inputs);
        let loading = started.elapsed().as_secs_f64();
        let (rows, sum_fen) = fold(&loaded);
        let seconds = started.elapsed().as_secs_f64();
        let sum_fen = i64::try_from(sum_fen).expect("a sum of 64 bits");
        let (threads, folding) = (threads(), seconds - loading);
        println!(
            "{}",
            json!({ "threads": threads, "rows": rows, "sum_fen": sum_fen, "seconds": seconds, "folding_seconds": folding })
        );
    });
}
