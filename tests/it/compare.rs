//! `tongchou compare`: a run as it is, claims and the basket under every pool, under changed rules, along a value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Outputs, Ran, Record, fen, folder, listing, read_csv, read_parquet, repo, run_args, tongchou};

/// Claims of the sample and all tables beside them, as options.
fn sample() -> Vec<OsString> {
    let mut args: Vec<OsString> = vec!["--claims".into()];
    args.extend(["claims.csv", "claims_large.csv"].map(|name| repo("sample_data").join(name).into()));
    for table in ["enrolments", "filings", "institutions", "accounts", "marks"] {
        args.push(format!("--{table}").into());
        args.push(repo("sample_data").join(format!("{table}.csv")).into());
    }
    args
}

fn compare(what: &[&str], inputs: &[OsString], out: &Path, more: &[&str]) -> Ran {
    let mut args: Vec<OsString> = vec!["compare".into()];
    args.extend(what.iter().map(Into::into));
    args.extend(["--progress", "none", "--out"].map(Into::into));
    args.push(out.into());
    args.extend(inputs.iter().cloned());
    args.extend(more.iter().map(Into::into));
    tongchou(args)
}

/// The sample claims under a pack, adjudicated.
fn run(rules: &Path, out: &Path) -> Outputs {
    let inputs = sample();
    let mut args = run_args(rules, &inputs[1].clone().into_string().map(PathBuf::from).expect("a path"), out, &[]);
    // `--claims` takes the second file, too.
    let at = args.iter().position(|arg| arg == "--claims").expect("--claims");
    args.insert(at + 2, inputs[2].clone());
    args.extend(inputs[3..].iter().cloned());
    let ran = tongchou(args);
    assert!(ran.code < Some(2), "{}", ran.stderr);
    Outputs::read(out)
}

fn rules() -> String {
    repo("sample_data/rules").display().to_string()
}

fn basket() -> String {
    repo("sample_data/basket").display().to_string()
}

/// Sum of a column by pool and insurance type; a reversal takes back what it reverses.
fn by_fund(rows: &[Record], pool: &str, column: &str) -> BTreeMap<(String, String), i64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        *sums.entry((row[pool].clone(), row["insutype"].clone())).or_default() += fen(&row[column]);
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// A copy of a pack with one table's text changed.
fn changed_pack(into: &Path, table: &str, change: impl Fn(&str) -> String) -> PathBuf {
    fs::create_dir_all(into).expect("a folder");
    for entry in fs::read_dir(repo("sample_data/rules")).expect("the pack") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name.ends_with(".csv") && name != "examples.csv" {
            let text = fs::read_to_string(&path).expect("a table");
            let text = if name == format!("{table}.csv") { change(&text) } else { text };
            fs::write(into.join(name), text).expect("a table");
        }
    }
    into.to_owned()
}

/// The number of a heading, and a row's line with another value there.
fn with_cell(text: &str, rule: &str, column: &str, value: &str) -> String {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut at = None;
    for record in reader.records() {
        let record = record.expect("a record");
        let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
        match at {
            None => at = cells.iter().position(|heading| heading == column),
            Some(at) if cells[0] == rule => cells[at] = value.to_owned(),
            Some(_) => {}
        }
        writer.write_record(&cells).expect("a record");
    }
    String::from_utf8(writer.into_inner().expect("memory")).expect("UTF-8")
}

#[test]
fn the_basket_is_priced_as_it_was() {
    let folder = folder();
    let out = folder.path().join("out");
    let ran = compare(&["regions", "--rules", &rules(), "--basket", &basket()], &[], &out, &[]).expect(0);
    assert!(ran.stdout.starts_with("34 cases of the basket under the rules of"), "{}", ran.stdout);
    let table = fs::read_to_string(out.join("basket_table.csv")).expect("the table").replace("\r\n", "\n");
    insta::assert_snapshot!("basket_table", table);
    let long = read_csv(&out.join("basket.csv"));
    assert_eq!(long.len(), read_parquet(&out.join("basket.parquet")).len());
    for row in &long {
        let (total, unanswered) = (fen(&row["medfee_sumamt"]), row["unanswered"] != "0");
        assert_eq!(unanswered, row["psn_part_amt"].is_empty(), "{row:?}");
        assert_eq!(unanswered, row["reasons"].starts_with("P-"), "{row:?}");
        if !unanswered {
            assert_eq!(total, fen(&row["fund_pay_sumamt"]) + fen(&row["psn_part_amt"]), "{row:?}");
            assert_eq!(fen(&row["fund_pay_sumamt"]), fen(&row["hifp_pay"]) + fen(&row["other_funds"]), "{row:?}");
        }
    }
}

/// Worked by hand in docs/basket.md: case, pool, what the person pays.
const WORKED: [(&str, &str, &str); 9] = [
    ("emp-stay-l3-20000", "110000", "6485.00"),
    ("emp-stay-l3-20000", "120000", "6825.00"),
    ("emp-three-stays", "110000", "8305.20"),
    ("res-stay-l2-8000", "140200", "3534.00"),
    ("emp-cross-none", "140200", "10160.00"),
    ("res-cross-referral", "130400", "12190.00"),
    ("res-cross-none", "130400", "13610.00"),
    ("res-cross-temporary", "150700", "8800.00"),
    ("res-stay-l3-100000", "420100", "34908.00"),
];

#[test]
fn cells_worked_by_hand_come_out() {
    let folder = folder();
    let out = folder.path().join("out");
    compare(&["regions", "--rules", &rules(), "--basket", &basket()], &[], &out, &["--quiet"]).expect(0);
    let docs = fs::read_to_string(repo("docs/basket.md")).expect("docs/basket.md");
    let rows = read_csv(&out.join("basket.csv"));
    for (case, pool, person) in WORKED {
        let row = rows.iter().find(|row| row["case_id"] == case && row["pool"] == pool).expect("a price");
        assert_eq!(row["psn_part_amt"], person, "{case} in {pool}");
        let heading = format!("### `{case}` in {pool}");
        let working = docs.split(&heading).nth(1).unwrap_or_else(|| panic!("{heading} is not worked"));
        let working = working.split("\n### ").next().expect("a working");
        assert!(working.contains(person), "{heading}: {working}");
    }
}

#[test]
fn a_case_is_explained_step_by_step() {
    let args = ["compare", "regions", "--rules", &rules(), "--basket", &basket()];
    let explain = |case: &str, pool: &str, more: &[&str]| {
        let args = args.iter().copied().chain(["--explain", case, "--pool", pool]).chain(more.iter().copied());
        tongchou(args)
    };
    let steady = |text: String| text.replace(&repo("").display().to_string(), "<repo>/");
    let ran = explain("emp-cross-none", "大同", &[]).expect(0);
    insta::assert_snapshot!("basket_explained", steady(ran.stdout));
    let ran = explain("emp-cross-none", "140200", &["--json"]).expect(0);
    let value: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(value["settlements"][0]["amounts_yuan"]["psn_part_amt"], "10160.00");
    let ran = explain("emp-cros-none", "140200", &[]).expect(2);
    assert!(ran.stderr.contains("did you mean `emp-cross-none`?"), "{}", ran.stderr);
    let ran = explain("emp-cross-none", "大铜", &[]).expect(2);
    assert!(ran.stderr.contains("error[E030]: places.csv has no place `大铜`"), "{}", ran.stderr);
}

#[test]
fn a_pool_under_its_own_rules_is_the_run() {
    let folder = folder();
    let out = folder.path().join("out");
    compare(&["regions", "--rules", &rules()], &sample(), &out, &["--quiet"]).expect(0);
    let adjudicated = run(&repo("sample_data/rules"), &folder.path().join("run")).adjudicated;
    let matrix = read_csv(&out.join("matrix.csv"));
    let own: Vec<Record> = matrix.iter().filter(|row| row["insured_pool"] == row["rules_pool"]).cloned().collect();
    assert!(own.len() > 40, "{}", own.len());
    for row in &own {
        assert_eq!(row["unanswered"], "0", "{row:?}");
        for (own, as_if) in [("funds_own", "funds_as_if"), ("person_own", "person_as_if")] {
            assert_eq!(row[own], row[as_if], "{row:?}");
        }
    }
    assert_eq!(by_fund(&own, "insured_pool", "funds_as_if"), by_fund(&adjudicated, "pool", "fund_pay_sumamt"));
    // Whatever a pool does not answer is told with its reason, and every row that was read is somewhere.
    let reasons = read_csv(&out.join("unanswered.csv"));
    let count = |row: &Record, column: &str| row[column].parse::<u64>().expect("a count");
    for row in matrix.iter().filter(|row| count(row, "unanswered") > 0) {
        let same =
            |other: &&Record| ["insutype", "insured_pool", "rules_pool"].iter().all(|key| other[*key] == row[*key]);
        let told: u64 = reasons.iter().filter(same).map(|row| count(row, "settlements")).sum();
        assert!(told >= count(row, "unanswered"), "{row:?}");
    }
    let outside = read_csv(&out.join("outside.csv"));
    let rows: u64 = outside.iter().filter(|row| row["what"] != "reason").map(|row| count(row, "rows")).sum();
    assert_eq!(rows, 10_020);
}

#[test]
fn place_and_filing_stay_and_the_rules_change() {
    let folder = folder();
    let out = folder.path().join("out");
    let pools = ["--pools", "杭州,310000", "--quiet"];
    compare(&["regions", "--rules", &rules()], &sample(), &out, &pools).expect(0);
    let matrix = read_csv(&out.join("matrix.csv"));
    assert!(matrix.iter().all(|row| ["310000", "330100"].contains(&row["rules_pool"].as_str())));
    // People of Datong in Datong would be far from home in Hangzhou: they are priced as people at home.
    let at_home = |row: &&Record| row["insured_pool"] == "140200" && row["rules_pool"] == "330100";
    let answered: u64 = matrix.iter().filter(at_home).map(|row| row["answered"].parse::<u64>().expect("a count")).sum();
    assert!(answered > 0, "{matrix:?}");
}

#[test]
fn a_pack_against_itself_changes_nothing() {
    let folder = folder();
    let out = folder.path().join("out");
    let ran = compare(&["packs", &rules(), &rules()], &sample(), &out, &[]).expect(0);
    assert!(ran.stdout.contains("9292 settlements that both packs answer, 0 of them change"), "{}", ran.stdout);
    assert!(read_csv(&out.join("changes.csv")).is_empty() && read_csv(&out.join("one_sided.csv")).is_empty());
    assert!(read_csv(&out.join("funds.csv")).iter().all(|row| row["base"] == row["new"] && row["changed"] == "0"));
    let winners = read_csv(&out.join("winners.csv"));
    assert!(winners.iter().all(|row| (row["winners"].as_str(), row["losers"].as_str()) == ("0", "0")));
    let deciles: u64 = winners
        .iter()
        .filter(|row| row["by"] == "decile")
        .map(|row| row["settlements"].parse::<u64>().expect("a count"))
        .sum();
    assert_eq!(deciles, 9292);
}

/// A pack whose words the base pack does not know: a visit class by a longer code and a disease, a person class, and
/// a place that belongs to another pool.
fn wordy_pack(into: &Path) -> PathBuf {
    changed_pack(into, "visit_classes", |text| {
        text.to_owned()
            + "new-dise,330100,14,M016,special,0,0,2000-01-01,,nat-codes,\n"
            + "new-code,*,2101,*,inpatient,0,0,2000-01-01,,nat-codes,\n"
    });
    let append = |table: &str, rows: &str| {
        let path = into.join(table).with_extension("csv");
        let text = fs::read_to_string(&path).expect("a table");
        fs::write(path, text + rows).expect("a table");
    };
    append("places", "310104,330100,徐汇,Xuhui\n");
    append("filing_types", "new-filing,*,99,resident,,2020-01-01,,nat-22,\n");
    into.to_owned()
}

#[test]
fn two_packs_are_two_runs() {
    let folder = folder();
    let new = wordy_pack(&folder.path().join("new"));
    let out = folder.path().join("out");
    compare(&["packs", &rules(), &new.display().to_string()], &sample(), &out, &["--quiet"]).expect(0);
    let base = run(&repo("sample_data/rules"), &folder.path().join("base-run")).adjudicated;
    let after = run(&new, &folder.path().join("new-run")).adjudicated;
    let summary: Value =
        serde_json::from_str(&fs::read_to_string(out.join("compare.json")).expect("compare.json")).expect("JSON");
    let numbers = &summary["numbers"];
    assert!(numbers["changed"].as_u64() > Some(0) && numbers["base_alone"].as_u64() > Some(0), "{numbers}");
    // Of the settlements that both answer.
    let answered = |row: &&Record| row["status"] == "paid" || row["reasons"] == "D-CHANNEL";
    let known = |rows: &[Record]| -> BTreeMap<String, Record> {
        rows.iter().filter(answered).map(|row| (row["setl_id"].clone(), row.clone())).collect()
    };
    let reversed: Vec<String> =
        base.iter().chain(&after).filter(|row| row["status"] == "reversed").map(|row| row["setl_id"].clone()).collect();
    assert!(!reversed.is_empty());
    let (known_base, known_after) = (known(&base), known(&after));
    // Which settlement a reversal takes back is told by the claims alone.
    let mut originals = Vec::new();
    for name in ["claims.csv", "claims_large.csv"] {
        let claims = read_csv(&repo("sample_data").join(name));
        originals.extend(
            claims.iter().filter(|row| reversed.contains(&row["setl_id"])).map(|row| row["init_setl_id"].clone()),
        );
    }
    let both: Vec<&String> =
        known_base.keys().filter(|id| known_after.contains_key(*id) && !originals.contains(id)).collect();
    assert_eq!(numbers["compared"].as_u64(), Some(both.len() as u64));
    let computed = |row: &Record| -> Vec<String> {
        let columns = "status,act_pay_dedc,prepay_amt,over_base_amt,over_cap_amt,pool_base_amt,hifp_pay,cvlserv_pay,\
            hifes_pay,hifmi_pay,hifob_pay,maf_pay,oth_pay,hosp_part_amt,psn_part_amt,acct_pay";
        columns.split(',').map(|column| row[column].clone()).collect()
    };
    let changed = both.iter().filter(|id| computed(&known_base[**id]) != computed(&known_after[**id]));
    assert_eq!(numbers["changed"].as_u64(), Some(changed.count() as u64));
    let funds = read_csv(&out.join("funds.csv"));
    let of = |column: &str| {
        let whole: Vec<Record> = funds.iter().filter(|row| row["fund"] == "fund_pay_sumamt").cloned().collect();
        by_fund(&whole, "pool", column)
    };
    let sums = |known: &BTreeMap<String, Record>| {
        let rows: Vec<Record> = both
            .iter()
            .map(|id| {
                let mut row = known[*id].clone();
                row.insert("pool".into(), known_base[*id]["pool"].clone());
                row
            })
            .collect();
        by_fund(&rows, "pool", "fund_pay_sumamt")
    };
    assert_eq!((of("base"), of("new")), (sums(&known_base), sums(&known_after)));
    // The largest changes say what the two runs say.
    let changes = read_csv(&out.join("changes.csv"));
    assert!(!changes.is_empty());
    for row in &changes {
        let id = &row["setl_id"];
        assert_eq!(row["funds_base"], known_base[id]["fund_pay_sumamt"]);
        assert_eq!(row["funds_new"], known_after[id]["fund_pay_sumamt"]);
        assert!(!row["step"].is_empty() && row["base_en"] != row["new_en"], "{row:?}");
    }
}

#[test]
fn a_cell_that_is_set_is_a_pack_that_was_edited() {
    let folder = folder();
    let edited = changed_pack(&folder.path().join("edited"), "benefits", |text| {
        with_cell(text, "sh-res-out-l1-300", "deductible_1", "100")
    });
    let [set, by_hand] = ["set", "by-hand"].map(|name| folder.path().join(name));
    let ran =
        compare(&["packs", &rules(), "--set", "benefits:sh-res-out-l1-300.deductible_1=100"], &sample(), &set, &[])
            .expect(0);
    compare(&["packs", &rules(), &edited.display().to_string()], &sample(), &by_hand, &["--quiet"]).expect(0);
    for name in listing(&set).iter().filter(|name| *name != "compare.json") {
        assert_eq!(fs::read(set.join(name)).expect("a file"), fs::read(by_hand.join(name)).expect("a file"), "{name}");
    }
    let changes = read_csv(&set.join("changes.csv"));
    assert!(!changes.is_empty(), "{}", ran.stdout);
    assert_eq!(changes[0]["step"], "deductible");
    assert!(changes[0]["new_en"].contains("standard 100.00"), "{:?}", changes[0]);
    assert_eq!(changes[0]["rules_base"], "channels:nat-home|benefits:sh-res-out-l1-300");
    insta::assert_snapshot!("compare_packs", ran.stdout);
}

#[test]
fn the_ends_of_a_sweep_are_two_runs() {
    let folder = folder();
    let out = folder.path().join("out");
    let what = [
        "sweep",
        "--rules",
        &rules(),
        "--set",
        "benefits:sh-res-out-l1-300.deductible_1",
        "--from",
        "0",
        "--to",
        "600",
        "--steps",
        "4",
    ];
    let ran = compare(&what, &sample(), &out, &[]).expect(0);
    insta::assert_snapshot!("compare_sweep", ran.stdout);
    let curve = read_csv(&out.join("sweep.csv"));
    assert_eq!(
        curve.iter().map(|row| row["value"].as_str()).collect::<Vec<_>>(),
        ["0.00", "200.00", "400.00", "600.00"]
    );
    for (end, value) in [(0, "0"), (3, "600")] {
        let pack = changed_pack(&folder.path().join(value), "benefits", |text| {
            with_cell(text, "sh-res-out-l1-300", "deductible_1", value)
        });
        let adjudicated = run(&pack, &folder.path().join(format!("run-{value}"))).adjudicated;
        let paid: i64 = adjudicated.iter().map(|row| fen(&row["fund_pay_sumamt"])).sum();
        assert_eq!(fen(&curve[end]["fund_pay_sumamt"]), paid);
        let funds: Vec<Record> = read_csv(&out.join("sweep_funds.csv"))
            .into_iter()
            .filter(|row| row["step"] == (end + 1).to_string())
            .collect();
        assert_eq!(by_fund(&funds, "pool", "fund_pay_sumamt"), by_fund(&adjudicated, "pool", "fund_pay_sumamt"));
    }
    assert!(fen(&curve[0]["fund_pay_sumamt"]) > fen(&curve[3]["fund_pay_sumamt"]), "a deductible saves the fund money");
}

#[test]
fn a_run_is_told_as_it_is() {
    let folder = folder();
    let finished = folder.path().join("run");
    let outputs = run(&repo("sample_data/rules"), &finished);
    let out = folder.path().join("out");
    let ran = compare(&["observed", "--run", &finished.display().to_string()], &[], &out, &[]).expect(0);
    assert!(ran.stdout.contains("84.6 %") && ran.stdout.contains("68.1 %"), "{}", ran.stdout);
    let paid = |row: &&Record| row["status"] != "denied";
    let rows: Vec<Record> = outputs.adjudicated.iter().filter(paid).cloned().collect();
    for column in ["fund_pay_sumamt", "hifp_pay"] {
        let expected = by_fund(&rows, "pool", column);
        for table in ["pools", "groups", "months"] {
            let told = read_csv(&out.join(table).with_extension("csv"));
            assert_eq!(by_fund(&told, "pool", column), expected, "{table} {column}");
        }
    }
    let flows = read_csv(&out.join("flows.csv"));
    let all: i64 = flows.iter().map(|row| fen(&row["fund_pay_sumamt"])).sum();
    assert_eq!(all, rows.iter().map(|row| fen(&row["fund_pay_sumamt"])).sum::<i64>());
    assert!(flows.iter().any(|row| row["insured_province"] != row["treatment_province"]));
    // One pool looked at alone, its persons and middle counted the plain way.
    let pools = read_csv(&out.join("pools.csv"));
    let row = pools.iter().find(|row| row["pool"] == "140200" && row["insutype"] == "390").expect("Datong");
    let own: Vec<&Record> = outputs
        .adjudicated
        .iter()
        .filter(|row| row["pool"] == "140200" && row["insutype"] == "390" && row["status"] == "paid")
        .collect();
    let mut totals: Vec<i64> = own.iter().map(|row| fen(&row["medfee_sumamt"])).collect();
    totals.sort_unstable();
    assert_eq!(row["settlements"], own.len().to_string());
    assert_eq!(fen(&row["median_total"]), totals[totals.len().div_ceil(2) - 1]);
    // A pack that is not the run's any more is refused.
    let manifest = fs::read_to_string(finished.join("manifest.json")).expect("the manifest");
    let mut value: Value = serde_json::from_str(&manifest).expect("JSON");
    value["rules"]["sha256"] = "0".into();
    fs::write(finished.join("manifest.json"), value.to_string()).expect("the manifest");
    let again = folder.path().join("again");
    let ran = compare(&["observed", "--run", &finished.display().to_string()], &[], &again, &[]).expect(2);
    assert!(ran.stderr.contains("has changed since the run") && !again.exists(), "{}", ran.stderr);
}

#[test]
fn the_same_bytes_at_any_number_of_threads() {
    let folder = folder();
    let finished = folder.path().join("run");
    run(&repo("sample_data/rules"), &finished);
    let (rules, basket, finished) = (rules(), basket(), finished.display().to_string());
    let cell = "benefits:sh-res-out-l1-300.deductible_1";
    let set = format!("{cell}=100");
    let commands: [(&str, Vec<&str>, Vec<OsString>); 4] = [
        ("observed", vec!["observed", "--run", &finished], Vec::new()),
        ("regions", vec!["regions", "--rules", &rules, "--basket", &basket], sample()),
        ("packs", vec!["packs", &rules, "--set", &set], sample()),
        (
            "sweep",
            vec!["sweep", "--rules", &rules, "--set", cell, "--from", "0", "--to", "9", "--steps", "2"],
            sample(),
        ),
    ];
    for (name, what, inputs) in &commands {
        let outs = ["1", "2", "8"].map(|threads| {
            let out = folder.path().join(format!("{name}-{threads}"));
            compare(what, inputs, &out, &["--quiet", "--threads", threads]).expect(0);
            out
        });
        let names = listing(&outs[0]);
        assert!(names.len() > 2, "{names:?}");
        for out in &outs[1..] {
            assert_eq!(listing(out), names, "{name}");
            for file in &names {
                assert_eq!(
                    fs::read(out.join(file)).expect("a file"),
                    fs::read(outs[0].join(file)).expect("a file"),
                    "{name}/{file}"
                );
            }
        }
    }
}

#[test]
fn questions_that_cannot_be_put_are_refused() {
    let folder = folder();
    let out = folder.path().join("out");
    let said = |what: &[&str], inputs: &[OsString]| {
        let ran = compare(what, inputs, &out, &["--lang", "zh"]).expect(2);
        assert!(!out.exists(), "nothing is written");
        ran.stderr
    };
    let rules = rules();
    let set = |cell: &str| said(&["packs", &rules, "--set", cell], &sample());
    assert!(set("benefit:sh-res-out-l1-300.deductible_1=1").contains("是否应为 `benefits`？"));
    assert!(set("benefits:sh-res-out-l1-30.deductible_1=1").contains("是否应为 `sh-res-out-l1-300`？"));
    assert!(set("benefits:sh-res-out-l1-300.deductible_l=1").contains("是否应为 `deductible_1`？"));
    assert!(set("benefits:sh-res-out-l1-300.deductible_1=1,5").contains("不是以元为单位的金额"));
    assert!(set("benefits:sh-res-out-l1-300.band_set=none").contains("[E011]"));
    let sweep = |cell: &str| said(&["sweep", "--rules", &rules, "--set", cell, "--from", "0", "--to", "1"], &sample());
    assert!(sweep("benefits:sh-res-out-l1-300.band_set").contains("不是数值列"));
    assert!(said(&["regions", "--rules", &rules, "--pools", "杭洲"], &sample()).contains("没有 `杭洲`"));
    // A basket with a place that is none, a case without settlements, and a bill that does not add up.
    let bad = folder.path().join("basket");
    fs::create_dir(&bad).expect("a folder");
    let copy = |name: &str, change: &dyn Fn(String) -> String| {
        let text = fs::read_to_string(repo("sample_data/basket").join(name)).expect("a table");
        fs::write(bad.join(name), change(text)).expect("a table");
    };
    let question = ["regions", "--rules", &rules, "--basket", &bad.display().to_string()];
    copy("cases.csv", &|text| text + "lonely,Alone,孤例,,\n");
    copy("claims.csv", &|text| text.replacen(",local,", ",lokal,", 1));
    let both = said(&question, &[]);
    assert!(both.contains("`lokal` 不是 place 的取值") && both.contains("`lonely` 没有结算"), "{both}");
    copy("cases.csv", &|text| text);
    copy("claims.csv", &|text| text.replacen("5000.00,400.00", "5000.00,401.00", 1));
    assert!(said(&question, &[]).contains("[X020]"));
    fs::remove_file(bad.join("cases.csv")).expect("a file");
    assert!(said(&question, &[]).contains("无法读取"));
}
