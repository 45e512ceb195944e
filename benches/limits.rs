//! What this machine can do with the same bytes: decode the claims, all columns or six, encode the 46 columns, compress,
//! copy memory.
//!
//! `cargo bench --bench limits` (rows: `TONGCHOU_BENCH_ROWS`, 1,000,000 by default), or on files that are there
//! `-- --claims FILE --adjudicated FILE [--threads N] [--rounds N]`. Nothing is read or written but the two files:
//! arrow-rs decodes and encodes whole row groups in parallel, with the properties of the project's own outputs, into
//! memory. Prints JSON; figures are medians. `benches/peers/machine.py` measures disks, too.

mod support {
    pub mod command;
    pub mod made;
    pub mod option;
}

use std::fs::File;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowWriterOptions, compute_leaves};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use rayon::prelude::*;
use serde_json::{Value, json};
use tongchou::columnar::row_groups::properties;
use tongchou::columnar::schema::adjudicated;

use support::command::{data, median, number, run};
use support::option::{option, threads};

const MIB: f64 = (1 << 20) as f64;
/// Rows of a decoded batch.
const BATCH: usize = 8_192;
/// Bytes that are compressed at once: about a page of a column.
const BLOCK: usize = 1 << 20;
/// Bytes that are copied: far more than any cache holds.
const COPIED: usize = 512 << 20;

/// Row groups, each as its batches.
type Groups = Vec<Vec<RecordBatch>>;

/// The columns that other programs of `benches/peers` read.
const FEW: [&str; 6] = ["setl_id", "psn_no", "setl_time", "enddate", "medfee_sumamt", "inscp_scp_amt"];

/// All row groups of a file, in parallel: all columns or some; as the types of a schema, where one is given.
fn decode(path: &Path, schema: Option<SchemaRef>, columns: Option<&[&str]>) -> Groups {
    let file = File::open(path).expect("the file opens");
    let options = schema.map_or_else(ArrowReaderOptions::new, |schema| ArrowReaderOptions::new().with_schema(schema));
    let metadata = ArrowReaderMetadata::load(&file, options).expect("Parquet");
    let mask = match columns {
        Some(columns) => ProjectionMask::columns(metadata.parquet_schema(), columns.iter().copied()),
        None => ProjectionMask::all(),
    };
    let groups: Vec<usize> = (0..metadata.metadata().num_row_groups()).collect();
    let group = |&group: &usize| {
        // A file of its own for each: a cloned one shares its position.
        let file = File::open(path).expect("the file opens");
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
        let builder = builder.with_row_groups(vec![group]).with_projection(mask.clone()).with_batch_size(BATCH);
        let reader = builder.build().expect("a reader");
        reader.map(|batch| batch.expect("a batch")).collect()
    };
    groups.par_iter().map(group).collect()
}

/// One row group's chunks.
fn encode_group(writers: Vec<ArrowColumnWriter>, batches: &[RecordBatch]) -> Vec<ArrowColumnChunk> {
    let mut writers = writers;
    for batch in batches {
        let mut next = writers.iter_mut();
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            for leaf in compute_leaves(field, array).expect("leaves") {
                next.next().expect("a writer for every leaf").write(&leaf).expect("a chunk");
            }
        }
    }
    writers.into_iter().map(|writer| writer.close().expect("a chunk")).collect()
}

/// All row groups into memory, in parallel. Returns their bytes.
fn encode(groups: &Groups) -> usize {
    let schema = groups[0][0].schema();
    let options = ArrowWriterOptions::new().with_properties(properties()).with_skip_arrow_metadata(true);
    let writer = ArrowWriter::try_new_with_options(Vec::new(), schema, options).expect("a writer");
    let (_, factory) = writer.into_serialized_writer().expect("a factory");
    let bytes = |batches: &Vec<RecordBatch>| {
        let chunks = encode_group(factory.create_column_writers(0).expect("writers"), batches);
        chunks.iter().map(|chunk| chunk.close().bytes_written as usize).sum::<usize>()
    };
    groups.par_iter().map(bytes).sum()
}

/// The values of all columns as blocks of bytes, as they lie in memory.
fn blocks(groups: &Groups) -> Vec<Vec<u8>> {
    let mut blocks = Vec::new();
    for column in 0..groups[0][0].num_columns() {
        let mut bytes = Vec::new();
        let arrays = groups.iter().flatten().map(|batch| batch.column(column).to_data());
        arrays.for_each(|array| array.buffers().iter().for_each(|buffer| bytes.extend_from_slice(buffer.as_slice())));
        blocks.extend(bytes.chunks(BLOCK).map(<[u8]>::to_vec));
    }
    blocks
}

/// What a piece of work took, as the median of some rounds, on so many threads.
fn timed<R: Send>(threads: usize, rounds: usize, work: impl Fn() -> R + Sync) -> f64 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let round = |_| {
        let started = Instant::now();
        // Freeing what came of it is no part of the work.
        let made = pool.install(&work);
        let seconds = started.elapsed().as_secs_f64();
        drop(black_box(made));
        seconds
    };
    median((0..rounds).map(round).collect())
}

/// Megabytes a second of so many bytes, on one thread and on all.
fn speed<R: Send>(threads: usize, rounds: usize, bytes: usize, work: impl Fn() -> R + Sync) -> Value {
    let [one, all] = [1, threads].map(|threads| timed(threads, rounds, &work));
    let per_second = |seconds: f64| (bytes as f64 / MIB / seconds).round();
    json!({ "bytes": bytes, "seconds_one": one, "seconds_all": all, "mib_s_one": per_second(one), "mib_s_all": per_second(all) })
}

fn memory(threads: usize, rounds: usize) -> Value {
    let from = vec![1_u8; COPIED];
    let to = std::sync::Mutex::new(vec![2_u8; COPIED]);
    speed(threads, rounds, COPIED, || {
        let part = COPIED / rayon::current_num_threads();
        let mut to = to.lock().expect("nobody failed");
        to.par_chunks_mut(part).zip(from.par_chunks(part)).for_each(|(to, from)| to.copy_from_slice(from));
    })
}

/// A run of the project on made claims, where none is given.
fn made() -> (PathBuf, PathBuf) {
    let data = data(number("TONGCHOU_BENCH_ROWS", 1_000_000));
    let (claims, out) = (data.join("claims.parquet"), data.join("limits"));
    let ended = run(&data, &claims).arg("--overwrite").arg("--out").arg(&out).output().expect("the run starts");
    assert!(ended.status.code() < Some(2), "{}", String::from_utf8_lossy(&ended.stderr));
    (claims, out.join("adjudicated.parquet"))
}

fn main() {
    let given = option("--claims").zip(option("--adjudicated"));
    let (claims, output) = given.map_or_else(made, |(claims, output)| (claims.into(), output.into()));
    let rounds = option("--rounds").map_or(3, |text| text.parse().expect("a number of rounds"));
    let threads = threads();
    let length = |path: &Path| std::fs::metadata(path).expect("the file").len() as usize;
    let decoding = speed(threads, rounds, length(&claims), || decode(&claims, None, None));
    let decoding_few = speed(threads, rounds, length(&claims), || decode(&claims, None, Some(&FEW)));
    let groups = decode(&output, Some(adjudicated()), None);
    let rows: usize = groups.iter().flatten().map(RecordBatch::num_rows).sum();
    let encoded = encode(&groups);
    let encoding = speed(threads, rounds, encoded, || encode(&groups));
    let blocks = blocks(&groups);
    drop(groups);
    let raw = blocks.iter().map(Vec::len).sum();
    let squeeze = |block: &Vec<u8>| zstd::bulk::compress(block, 1).expect("zstd").len();
    let squeezed: usize = blocks.par_iter().map(squeeze).sum();
    let compressing = speed(threads, rounds, raw, || blocks.par_iter().map(squeeze).sum::<usize>());
    drop(blocks);
    let told = json!({
        "threads": threads, "rounds": rounds, "rows": rows,
        "decode_claims": decoding, "decode_few_columns": decoding_few, "encode_adjudicated": encoding,
        "zstd_1": compressing, "zstd_1_ratio": raw as f64 / squeezed as f64,
        "memory_copy": memory(threads, rounds),
    });
    println!("{told:#}");
}
