//! The kernel alone: settlements per second of one core, from typed claims to outcomes.
//!
//! `cargo bench --bench kernel`. Claims of whole persons in order, made by `synth` from the sample pack; resolving rows,
//! computing and accumulating are measured, reading and writing are not.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tongchou::adjudicate::accumulators::Accumulators;
use tongchou::adjudicate::opening::Earlier;
use tongchou::adjudicate::person::{Fold, fold_person};
use tongchou::adjudicate::trace::Off;
use tongchou::ledger::fold::{Aside, keep_first_of_each, sort_entries};
use tongchou::model::settlement::Claim;
use tongchou::pipeline::load::{Loaded, load};
use tongchou::pipeline::{Inputs, ReferencePaths, Stage, Watch};

struct Unwatched;

impl Watch for Unwatched {
    fn begin(&self, _stage: Stage, _rows: Option<u64>) {}
    fn advance(&self, _rows: u64) {}
}

fn loaded() -> Loaded {
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-kernel");
    if !data.join("claims.csv").exists() {
        let made = std::process::Command::new(env!("CARGO_BIN_EXE_tongchou"))
            .args(["synth", "--rows", "300000", "--persons", "50000", "--seed", "1", "--out"])
            .arg(&data)
            .status()
            .expect("synth starts");
        assert!(made.success(), "synth failed");
    }
    let table = |name: &str| Some(data.join(name));
    let inputs = Inputs {
        rules: "sample_data/rules".into(),
        claims: vec![data.join("claims.csv")],
        reference: ReferencePaths {
            enrolments: table("enrolments.csv"),
            filings: table("filings.csv"),
            institutions: table("institutions.csv"),
            accounts: table("accounts.csv"),
            marks: table("marks.csv"),
        },
    };
    load(&inputs, None, None, u64::MAX, &Unwatched, &AtomicBool::new(false)).expect("the bench data loads")
}

fn kernel(criterion: &mut Criterion) {
    let loaded = loaded();
    let mut persons: Vec<Vec<Claim>> = Vec::new();
    for person in 0..loaded.persons.len() {
        let mut kept = Vec::new();
        keep_first_of_each(&loaded.rows, loaded.persons.entries_of(person), None, &mut kept, &mut Aside::default());
        sort_entries(&loaded.rows, &mut kept);
        let claim = |entry: &tongchou::shuffle::group::Entry| {
            loaded.rows.claims[entry.batch as usize][entry.index as usize].clone()
        };
        persons.push(kept.iter().map(claim).collect());
    }
    let settlements: usize = persons.iter().map(Vec::len).sum();
    let mut group = criterion.benchmark_group("kernel");
    group.throughput(Throughput::Elements(settlements as u64));
    group.sample_size(20);
    group.bench_function("fold", |bencher| {
        let mut fold = Fold::default();
        let mut accumulators = Accumulators::default();
        bencher.iter(|| {
            let mut outcomes = 0;
            for (person, claims) in persons.iter().enumerate() {
                // Results are taken away block by block, as any host takes them.
                if fold.outcomes.len() > 4096 {
                    outcomes += fold.outcomes.len();
                    fold.clear();
                }
                let facts = loaded.facts.of(person as u32);
                accumulators.reset(facts.balance.unwrap_or_default());
                let context = loaded.context();
                fold_person(
                    context,
                    &loaded.rows.arenas,
                    &facts,
                    Earlier::default(),
                    claims,
                    &mut accumulators,
                    &mut fold,
                    |_| Off,
                    |_, _| (),
                );
            }
            outcomes
        });
    });
    group.finish();
}

criterion_group!(benches, kernel);
criterion_main!(benches);
