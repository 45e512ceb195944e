//! Naming causes: differences per second of one core, every hypothesis asked of each.
//!
//! `cargo bench --bench causes`. Settlements made by `synth` from the sample pack, each taken to have been paid a yuan more
//! from the basic fund: no cheap way out, every hypothesis is computed and none reproduces it.

mod support {
    pub mod loaded;
    pub mod made;
}

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tongchou::adjudicate::accumulators::Accumulators;
use tongchou::adjudicate::trace::{Step, Trace};
use tongchou::audit::cause::{Cause, Difference, Inquest, Settlement};
use tongchou::columnar::reconciled::{FieldSet, field};
use tongchou::ledger::person::Desk;
use tongchou::model::outcome::Status;
use tongchou::model::settlement::{Claim, Flags};
use tongchou::report::reconciled::compared;

use support::loaded::loaded;

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
    let loaded = loaded("bench-causes", 30_000, 5_000);
    let mut differences: Vec<(u32, Claim, Accumulators, Difference)> = Vec::new();
    let mut desk = Desk::default();
    for person in 0..loaded.persons.len() as u32 {
        let mut before = Vec::new();
        desk.lay(loaded.source(), person);
        desk.fold(loaded.source(), person, |_| Before::default(), |_, trace| before.extend(trace.0));
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
