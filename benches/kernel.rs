//! The kernel alone: settlements per second of one core, from typed claims to outcomes.
//!
//! `cargo bench --bench kernel`. Claims of whole persons in order, made by `synth` from the sample pack; resolving rows,
//! computing and accumulating are measured, reading and writing are not.

mod support {
    pub mod loaded;
    pub mod made;
}

use std::ops::Range;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tongchou::adjudicate::accumulators::Accumulators;
use tongchou::adjudicate::opening::Earlier;
use tongchou::adjudicate::person::{Fold, fold_person};
use tongchou::adjudicate::trace::Off;
use tongchou::ledger::person::Desk;
use tongchou::model::settlement::{Arenas, Claim};

use support::loaded::loaded;

fn kernel(criterion: &mut Criterion) {
    let loaded = loaded("bench-kernel", 300_000, 50_000);
    let mut desk = Desk::default();
    // As they lie in a chunk of a run: person by person, their text beside them.
    let mut claims: Vec<Claim> = Vec::new();
    let mut arenas = Arenas::default();
    let mut persons: Vec<Range<usize>> = Vec::new();
    for person in 0..loaded.persons.len() as u32 {
        desk.lay(loaded.source(), person);
        let mut put = |claim: &Claim| Claim { text: arenas.put(&loaded.rows.arenas, claim.text), ..claim.clone() };
        let first = claims.len();
        claims.extend(desk.claims.iter().map(&mut put));
        persons.push(first..claims.len());
    }
    let settlements = claims.len();
    let mut group = criterion.benchmark_group("kernel");
    group.throughput(Throughput::Elements(settlements as u64));
    group.sample_size(20);
    group.bench_function("fold", |bencher| {
        let mut fold = Fold::default();
        let mut accumulators = Accumulators::default();
        bencher.iter(|| {
            let mut outcomes = 0;
            for (person, range) in persons.iter().enumerate() {
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
                    &arenas,
                    &facts,
                    Earlier::default(),
                    &claims[range.clone()],
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
