//! Reading claims: CSV and Parquet into typed rows, with every check, on all threads and on one.
//!
//! `cargo bench --bench ingest`

mod support {
    pub mod made;
}

use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tongchou::ingest::{self, Border, ReadOptions};
use tongchou::pipeline::rules_dir::load_rules;

use support::made::made;

fn read(path: &Path, border: &Border) -> usize {
    let files = ingest::expand(&[path]).expect("claims");
    let mut rows = 0;
    ingest::read_claims(&files, border, &ReadOptions::default(), &mut |batch| {
        rows += batch.claims.len();
        Ok(())
    })
    .expect("claims are read");
    rows
}

fn ingest_claims(criterion: &mut Criterion) {
    let rules = load_rules(Path::new("sample_data/rules")).expect("the sample pack");
    let border = Border { vocab: &rules.book.vocab, institutions: None, with_mdtrt_id: false };
    let mut group = criterion.benchmark_group("ingest");
    group.sample_size(10);
    for format in ["csv", "parquet"] {
        let data = made(&format!("bench-ingest-{format}"), 500_000, 80_000, format);
        let path = data.join("claims").with_extension(format);
        let bytes = std::fs::metadata(&path).expect("claims").len();
        group.throughput(Throughput::Bytes(bytes));
        group.bench_function(format!("{format}, all threads"), |bencher| bencher.iter(|| read(&path, &border)));
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
        group.bench_function(format!("{format}, one thread"), |bencher| {
            bencher.iter(|| one.install(|| read(&path, &border)));
        });
    }
    group.finish();
}

criterion_group!(benches, ingest_claims);
criterion_main!(benches);
