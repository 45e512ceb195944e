//! Naming causes: differences per second of one core, every hypothesis asked of each.
//!
//! `cargo bench --bench causes`. Settlements made by `synth` from the sample pack, each taken to have been paid a yuan more
//! from the basic fund: no cheap way out, every hypothesis is computed and none reproduces it.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tongchou::adjudicate::accumulators::Accumulators;
use tongchou::adjudicate::trace::{Step, Trace};
use tongchou::audit::cause::{Cause, Difference, Inquest, Settlement};
use tongchou::columnar::reconciled::{FieldSet, field};
use tongchou::ledger::person::{Desk, Source};
use tongchou::model::outcome::Status;
use tongchou::model::settlement::{Claim, Flags};
use tongchou::pipeline::load::{Loaded, load};
use tongchou::pipeline::{Inputs, ReferencePaths, Stage, Watch};
use tongchou::report::reconciled::compared;

struct Unwatched;

impl Watch for Unwatched {
    fn begin(&self, _stage: Stage, _rows: Option<u64>) {}
    fn advance(&self, _rows: u64) {}
}

fn loaded() -> Loaded {
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-causes");
    if !data.join("claims.csv").exists() {
        let made = std::process::Command::new(env!("CARGO_BIN_EXE_tongchou"))
            .args(["synth", "--rows", "30000", "--persons", "5000", "--seed", "1", "--out"])
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

/// Keeps the accumulators before a settlement.
#[derive(Default)]
struct Before(Option<Box<Accumulators>>);

impl Trace for Before {
    fn note(&mut self, make: impl FnOnce() -> Step) {
        if self.0.is_none()
            && let Step::Before { accumulators } = make()
        {
            self.0 = Some(accumulators);
        }
    }
}

fn causes(criterion: &mut Criterion) {
    let loaded = loaded();
    let source = Source {
        context: loaded.context(),
        facts: &loaded.facts,
        rows: &loaded.rows,
        persons: &loaded.persons,
        opening: None,
    };
    let mut differences: Vec<(u32, Claim, Accumulators, Difference)> = Vec::new();
    let mut desk = Desk::default();
    for person in 0..loaded.persons.len() as u32 {
        let mut before = Vec::new();
        desk.lay(source, person);
        desk.fold(source, person, |_| Before::default(), |_, trace| before.extend(trace.0));
        for ((claim, outcome), before) in desk.claims.iter().zip(&desk.fold.outcomes).zip(before) {
            if outcome.status != Status::Paid || claim.flags.has(Flags::REVERSAL) {
                continue;
            }
            let computed = compared(&outcome.amounts, false);
            let mut paid = computed;
            for (moved, more) in [(field::BASIC, 100), (field::FUNDS, 100), (field::PERSON, -100), (field::CASH, -100)]
            {
                paid[moved].0 += more;
            }
            let (total, hospital) = (claim.bill.total, claim.bill.hospital);
            let difference = Difference { computed, paid, fields: FieldSet::ALL, has_account: false, total, hospital };
            differences.push((person, claim.clone(), *before, difference));
        }
    }
    let mut group = criterion.benchmark_group("causes");
    group.throughput(Throughput::Elements(differences.len() as u64));
    group.sample_size(10);
    group.bench_function("all", |bencher| {
        let mut inquest = Inquest::new(&loaded.rules.pack);
        let mut causes: Vec<Cause> = Vec::new();
        bencher.iter(|| {
            let mut named = 0;
            for (person, claim, before, difference) in &differences {
                let facts = loaded.facts.of(*person);
                let settlement = Settlement { context: loaded.context(), facts, claim, before };
                causes.clear();
                inquest.causes(difference, Some(&settlement), &mut causes);
                named += causes.len();
            }
            named
        });
    });
    group.finish();
}

criterion_group!(benches, causes);
criterion_main!(benches);
