//! What is made of a ledger's state: bases, sums, and what a clerk is shown.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Int32Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Decimal128Type, Int32Type};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tongchou::audit::ledger_sums;
use tongchou::ledger::store;
use tongchou::pipeline::compact::compact;

use crate::ledger_nights::{bytes_of_nights, folder, for_seeds, night_folder, nights, run_night};
use crate::ledger_random::unruly_nights;
use crate::random_packs::Rng;
use crate::support::{Nobody, listing, read_parquet, repo, tongchou};

fn merge_nights(ledger: &Path) -> Option<u32> {
    let done = compact(ledger, &Nobody, &AtomicBool::new(false)).expect("a base");
    done.merged.map(|_| done.through)
}

/// Findings as `code file (column)`.
fn findings(ledger: &Path) -> Vec<String> {
    let done = store::verify(ledger, &[&ledger_sums::check]).expect("a ledger");
    assert!(done.summed, "the files are whole: {:?}", done.found);
    done.found.iter().map(|found| format!("{} {}: {}", found.code, found.at, found.message.en)).collect()
}

/// Tables of all nights; a manifest names the folder of its ledger.
fn tables(ledger: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = bytes_of_nights(ledger);
    files.retain(|name, _| !name.contains("manifest."));
    files
}

fn base(ledger: &Path, through: usize) -> BTreeMap<String, Vec<u8>> {
    let folder = ledger.join(format!("base/through={through:06}"));
    let names = listing(&folder).into_iter().filter(|name| name.ends_with(".parquet"));
    names.map(|name| (name.clone(), fs::read(folder.join(&name)).expect("a table of a base"))).collect()
}

#[test]
fn nights_on_bases_are_those_on_nights_and_everything_adds_up() {
    for_seeds(20, |seed, rng| {
        let temporary = folder();
        let [plain, based] = ["plain", "based"].map(|name| temporary.path().join(name));
        for given in &unruly_nights(seed, 100, rng) {
            for ledger in [&plain, &based] {
                run_night(ledger, given).unwrap_or_else(|error| panic!("{error:?}"));
            }
            assert_eq!(tables(&plain), tables(&based), "night {}", nights(&plain));
            if rng.chance(50) {
                assert_eq!(merge_nights(&based), Some(nights(&based) as u32));
                assert_eq!(merge_nights(&based), None, "the same again is no work");
            }
        }
        // A base made of a base and nights is the base made of all nights.
        let last = nights(&plain);
        merge_nights(&plain).expect("a base");
        merge_nights(&based);
        assert_eq!(base(&plain, last), base(&based, last));
        assert_eq!(findings(&plain), Vec::<String>::new());
        assert_eq!(findings(&based), Vec::<String>::new());
    });
}

/// Replaces a table of a night or base, and makes its manifest say so.
fn forge(folder: &Path, table: &str, change: &dyn Fn(RecordBatch) -> RecordBatch) {
    let path = folder.join(table);
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).expect("a table")).expect("Parquet");
    let schema = Arc::clone(reader.schema());
    let batches: Vec<RecordBatch> = reader.build().expect("Parquet").map(|batch| batch.expect("a batch")).collect();
    let rows = change(concat_batches(&schema, &batches).expect("batches of one table"));
    let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), schema, options).expect("a writer");
    writer.write(&rows).expect("rows");
    let bytes = writer.into_inner().expect("a table");
    let digest = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let text = fs::read_to_string(folder.join("manifest.json")).expect("a manifest");
    let mut manifest: Value = serde_json::from_str(&text).expect("JSON");
    for output in manifest["outputs"].as_array_mut().expect("outputs") {
        if output["file"] == table {
            output["bytes"] = json!(bytes.len());
            output["sha256"] = json!(digest(&bytes));
        }
    }
    let manifest = format!("{manifest:#}\n");
    fs::write(path, bytes).expect("written");
    fs::write(folder.join("manifest.sha256"), format!("{}  manifest.json\n", digest(manifest.as_bytes())))
        .expect("written");
    fs::write(folder.join("manifest.json"), manifest).expect("written");
}

/// One more fen, or one more, in a row of a column.
fn raised(rows: &RecordBatch, column: &str, row: usize) -> RecordBatch {
    let index = rows.schema().index_of(column).expect("a column");
    let array = rows.column(index);
    let raised: ArrayRef = match array.data_type() {
        DataType::Int32 => {
            let mut values: Vec<i32> = array.as_primitive::<Int32Type>().values().to_vec();
            values[row] += 1;
            Arc::new(Int32Array::from(values))
        }
        _ => {
            let mut values: Vec<i128> = array.as_primitive::<Decimal128Type>().values().to_vec();
            values[row] += 1;
            Arc::new(Decimal128Array::from(values).with_precision_and_scale(16, 2).expect("money"))
        }
    };
    let mut columns = rows.columns().to_vec();
    columns[index] = raised;
    RecordBatch::try_new(rows.schema(), columns).expect("the same columns")
}

fn without(rows: &RecordBatch, row: usize) -> RecordBatch {
    let parts = [rows.slice(0, row), rows.slice(row + 1, rows.num_rows() - row - 1)];
    concat_batches(&rows.schema(), &parts).expect("the same columns")
}

/// Person by person a row stands twice, next to itself.
fn doubled(rows: &RecordBatch, row: usize) -> RecordBatch {
    let parts = [rows.slice(0, row + 1), rows.slice(row, rows.num_rows() - row)];
    concat_batches(&rows.schema(), &parts).expect("the same columns")
}

/// A ledger of several nights whose last one has rows in every table, and a base of all of them.
fn full_ledger(ledger: &Path) -> usize {
    for seed in 0.. {
        let _ = fs::remove_dir_all(ledger);
        let rng = &mut Rng::new(seed);
        for given in &unruly_nights(seed, 150, rng) {
            run_night(ledger, given).unwrap_or_else(|error| panic!("{error:?}"));
        }
        let last = night_folder(ledger, nights(ledger));
        let some = |table: &str, wanted: &dyn Fn(&BTreeMap<String, String>) -> bool| {
            read_parquet(&last.join(table)).iter().any(wanted)
        };
        let applied = fs::read_to_string(last.join("manifest.json")).expect("a manifest");
        let applied: Value = serde_json::from_str(&applied).expect("JSON");
        if some("admissions.parquet", &|_| true)
            && ["bucket", "month", "layer"].iter().all(|kind| some("accumulators.parquet", &|row| row["kind"] == *kind))
            && applied["ledger"]["accounts_applied"] == json!([])
        {
            merge_nights(ledger).expect("a base");
            return nights(ledger);
        }
    }
    unreachable!("some seed has all of it")
}

fn copy(from: &Path, to: &Path) {
    for name in listing(from) {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            fs::create_dir_all(&to).expect("a folder");
        } else {
            fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
            fs::copy(&from, &to).expect("copied");
        }
    }
}

#[test]
fn a_night_that_was_published_wrong_is_found_in_every_column() {
    let temporary = folder();
    let ledger = temporary.path().join("ledger");
    let last = full_ledger(&ledger);
    fs::remove_dir_all(ledger.join("base")).expect("removed: it follows the night's own manifest");
    assert_eq!(findings(&ledger), Vec::<String>::new());
    let night = night_folder(&ledger, last);
    let check = |table: &str, code: &str, change: &dyn Fn(RecordBatch) -> RecordBatch| {
        let forged = temporary.path().join("forged");
        copy(&ledger, &forged);
        forge(&night_folder(&forged, last), table, change);
        let found = findings(&forged);
        assert!(found.iter().any(|line| line.starts_with(code)), "{table}: {found:#?}");
        // A row that stands twice moves every accumulator of its settlement: two buckets, a month, layers, an admission.
        assert!(found.len() < 25, "one wrong number is few findings: {found:#?}");
        fs::remove_dir_all(forged).expect("removed");
    };
    let rows = |table: &str| read_parquet(&night.join(table));
    for (row, record) in rows("accumulators.parquet").iter().enumerate().step_by(7) {
        let columns: &[&str] = match record["kind"].as_str() {
            "scheme" => &["paid_amt"],
            "bucket" => &["admissions", "deductible_amt", "base_amt", "pool_base_amt", "paid_amt"],
            _ => &["base_amt", "paid_amt"],
        };
        for column in columns {
            check("accumulators.parquet", "N-SUM", &|rows| raised(&rows, column, row));
        }
    }
    let moved = rows("movements.parquet").iter().position(|row| !row["pool"].is_empty()).expect("a paid row");
    for column in
        ["deductible_amt", "base_amt", "pool_base_amt", "paid_amt", "counted_amt", "acct_amt", "admissions", "month"]
    {
        check("movements.parquet", "N-SUM", &|rows| raised(&rows, column, moved));
    }
    check("movements.parquet", "N-TWICE", &|rows| doubled(&rows, moved));
    check("admissions.parquet", "N-SUM", &|rows| without(&rows, 0));
    check("admissions.parquet", "N-SUM", &|rows| doubled(&rows, 0));
    check("admissions.parquet", "N-SUM", &|rows| raised(&rows, "act_pay_dedc", 0));
    check("persons.parquet", "N-SUM", &|rows| raised(&rows, "balc", 0));
    check("persons.parquet", "N-SUM", &|rows| without(&rows, 0));
}

#[test]
fn a_base_that_is_not_its_nights_is_found() {
    let temporary = folder();
    let ledger = temporary.path().join("ledger");
    let last = full_ledger(&ledger);
    let check = |table: &str, change: &dyn Fn(RecordBatch) -> RecordBatch| {
        let forged = temporary.path().join("forged");
        copy(&ledger, &forged);
        forge(&forged.join(format!("base/through={last:06}")), table, change);
        let found = findings(&forged);
        assert!(!found.is_empty() && found.iter().all(|line| line.starts_with("N-BASE")), "{table}: {found:#?}");
        fs::remove_dir_all(forged).expect("removed");
    };
    for column in ["admissions", "deductible_amt", "base_amt", "pool_base_amt", "paid_amt", "month", "layer"] {
        check("accumulators.parquet", &|rows| raised(&rows, column, 0));
    }
    for column in ["night", "row"] {
        check("movements.parquet", &|rows| raised(&rows, column, 0));
    }
    check("movements.parquet", &|rows| without(&rows, 1));
    check("admissions.parquet", &|rows| raised(&rows, "act_pay_dedc", 0));
    check("admissions.parquet", &|rows| without(&rows, 0));
    check("persons.parquet", &|rows| raised(&rows, "balc", 0));
    let last_of = |rows: &RecordBatch| (0..rows.num_rows()).find(|&row| rows.column(3).is_valid(row));
    check("persons.parquet", &|rows| without(&rows, last_of(&rows).expect("a person with a settlement")));
}

/// Persons of the sample data: one with a late settlement, one with a reversal, one with an open item.
const PERSON: &str = "11010119800101000001";
const REVERSED: &str = "61010119790101000007";
const WAITING: &str = "65010019800101000010";

/// A ledger of two nights of the sample data; a settlement, a reversal and another bill come in the second.
fn sample_ledger(folder: &Path) {
    let text = fs::read_to_string(repo("sample_data/claims.csv")).expect("the sample claims");
    let (head, rows) = text.split_once('\n').expect("a heading");
    let comes_late = |row: &&str| ["S0002,", "S0015,", "S0016,", "S0020,"].iter().any(|id| row.starts_with(id));
    let (late, early): (Vec<&str>, Vec<&str>) = rows.lines().partition(comes_late);
    for (night, rows) in [(1, early), (2, late)] {
        let claims = folder.join(format!("night-{night}.csv"));
        fs::write(&claims, format!("{head}\n{}\n", rows.join("\n"))).expect("claims");
        let tables = ["enrolments", "filings", "institutions", "accounts", "marks"];
        let tables = tables.iter().flat_map(|table| [format!("--{table}"), sample(&format!("{table}.csv"))]);
        let args = ["run", "--quiet", "--progress", "none", "--rules", &sample("rules"), "--claims"].map(str::to_owned);
        let more = [claims.display().to_string(), "--ledger".to_owned(), folder.join("ledger").display().to_string()];
        let ran = tongchou(args.into_iter().chain(more).chain(tables));
        assert!(ran.code < Some(2), "{}", ran.stderr);
    }
}

fn sample(path: &str) -> String {
    repo("sample_data").join(path).display().to_string()
}

#[test]
fn a_clerk_sees_a_person_as_the_ledger_does() {
    let temporary = folder();
    sample_ledger(temporary.path());
    let ledger = temporary.path().join("ledger").display().to_string();
    let on = |args: &[&str]| tongchou([&["ledger"], args, &["--ledger", &ledger]].concat());
    let show = |args: &[&str]| on(&[&["show"], args].concat()).expect(0).stdout;
    insta::assert_snapshot!("ledger_show_en", show(&[PERSON]));
    insta::assert_snapshot!("ledger_show_zh", show(&[REVERSED, "--lang", "zh"]));
    insta::assert_snapshot!("ledger_show_json", show(&[PERSON, "--json"]));
    insta::assert_snapshot!("ledger_show_night_1", show(&[PERSON, "--night", "1"]));
    insta::assert_snapshot!("ledger_show_open_items", show(&[WAITING, "--lang", "zh"]));
    let ran = on(&["show", "NOBODY"]).expect(2);
    assert_eq!(ran.stderr, "error: the ledger has no person `NOBODY`\n");
    let ran = on(&["show", PERSON, "--night", "3"]).expect(2);
    assert!(ran.stderr.contains("error[N-NIGHT]: there is no night 3: the last one is 2"), "{}", ran.stderr);

    let first = on(&["compact", "--progress", "none"]).expect(0).stdout;
    assert!(first.starts_with("merged: nights 1-2 -> base/through=000002\npersons "), "{first}");
    assert_eq!(on(&["compact", "--progress", "none", "--lang", "zh"]).expect(0).stdout, "至第 2 批的基线已是最新\n");
    let value: Value = serde_json::from_str(&on(&["compact", "--json"]).expect(0).stdout).expect("JSON");
    assert_eq!((&value["through"], &value["from_base"], &value["made"]), (&json!(2), &json!(2), &json!(false)));
    assert_eq!(show(&[PERSON]), show(&[PERSON, "--night", "2"]), "a base changes nothing that is shown");
    on(&["verify"]).expect(0);
}
