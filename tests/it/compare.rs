//! `tongchou compare`: a run as it is, claims and the basket under every pool, under changed rules, along a value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Outputs, Ran, Record, fen, folder, listing, read_csv, read_parquet, repo, run_args, tongchou};

/// Claims of the sample and all tables beside them, as options.
pub fn sample() -> Vec<OsString> {
    let mut args: Vec<OsString> = vec!["--claims".into()];
    args.extend(["claims.csv", "claims_large.csv"].map(|name| repo("sample_data").join(name).into()));
    for table in ["enrolments", "filings", "institutions", "accounts", "marks"] {
        args.push(format!("--{table}").into());
        args.push(repo("sample_data").join(format!("{table}.csv")).into());
    }
    args
}

pub fn compare(what: &[&str], inputs: &[OsString], out: &Path, more: &[&str]) -> Ran {
    let mut args: Vec<OsString> = vec!["compare".into()];
    args.extend(what.iter().map(Into::into));
    args.extend(["--progress", "none", "--out"].map(Into::into));
    args.push(out.into());
    args.extend(inputs.iter().cloned());
    args.extend(more.iter().map(Into::into));
    tongchou(args)
}

/// The sample claims under a pack, adjudicated.
pub fn run(rules: &Path, out: &Path) -> Outputs {
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

pub fn rules() -> String {
    repo("sample_data/rules").display().to_string()
}

pub fn basket() -> String {
    repo("sample_data/basket").display().to_string()
}

/// Sum of a column by pool and insurance type; a reversal takes back what it reverses.
pub fn by_fund(rows: &[Record], pool: &str, column: &str) -> BTreeMap<(String, String), i64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        *sums.entry((row[pool].clone(), row["insutype"].clone())).or_default() += fen(&row[column]);
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

#[test]
fn the_basket_is_priced_as_it_was() {
    let folder = folder();
    let out = folder.path().join("out");
    let ran = compare(&["regions", "--rules", &rules(), "--basket", &basket()], &[], &out, &[]).expect(0);
    assert!(ran.stdout.starts_with("34 cases of the basket under the rules of"), "{}", ran.stdout);
    let table = fs::read_to_string(out.join("basket_table.csv")).expect("the table").replace("\r\n", "\n");
    insta::assert_snapshot!("basket_table", table);
    let summary = fs::read_to_string(out.join("compare.json")).expect("compare.json");
    let summary: Value = serde_json::from_str(&summary).expect("JSON");
    let read = summary["inputs"]["basket"].as_array().expect("files").iter().map(|file| file["file"].clone());
    assert_eq!(read.collect::<Vec<_>>(), ["cases.csv", "claims.csv"]);
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

/// The sample's claims of two pools as those of one person, who moves back and forth; no table beside them.
fn one_who_moves(into: &Path) -> PathBuf {
    let rows = read_csv(&repo("sample_data/claims_large.csv"));
    let wanted =
        |row: &&Record| row["insutype"] == "310" && ["110000", "330100"].contains(&row["insuplc_admdvs"].as_str());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns: Vec<&String> = rows[0].keys().collect();
    writer.write_record(&columns).expect("a record");
    for row in rows.iter().filter(wanted).take(400) {
        let cell = |column: &&String| if *column == "psn_no" { "P-MOVES" } else { row[*column].as_str() };
        writer.write_record(columns.iter().map(cell)).expect("a record");
    }
    let path = into.join("claims.csv");
    fs::write(&path, writer.into_inner().expect("memory")).expect("claims");
    path
}

#[test]
fn a_reversal_takes_back_what_the_other_pool_paid() {
    let folder = folder();
    let claims = folder.path().join("claims.csv");
    // A year's deductible in Shanghai: used up by the first stay, so that the second has none; the first is reversed.
    let row = |id: &str, day: &str, init: &str, sign: &str| {
        format!(
            "{id},P,310,1101,310104,310104,H,02,21,{day},{day},{day} 10:00:00,{sign}5000.00,0.00,0.00,0.00,{sign}5000.00,{init}\n"
        )
    };
    let head = "setl_id,psn_no,insutype,psn_type,insuplc_admdvs,mdtrtarea_admvs,fixmedins_code,hosp_lv,med_type,begndate,\
        enddate,setl_time,medfee_sumamt,fulamt_ownpay_amt,overlmt_selfpay,preselfpay_amt,inscp_scp_amt,init_setl_id\n";
    let rows = [
        row("A1", "2025-03-01", "", ""),
        row("A2", "2025-03-10", "", ""),
        row("A3", "2025-03-20", "A1", "-"),
        row("A4", "2025-03-21", "", ""),
    ];
    fs::write(&claims, head.to_owned() + &rows.concat()).expect("claims");
    let out = folder.path().join("out");
    let inputs: Vec<OsString> = vec!["--claims".into(), claims.into()];
    compare(&["regions", "--rules", &rules(), "--pools", "310000"], &inputs, &out, &["--quiet"]).expect(0);
    let matrix = read_csv(&out.join("matrix.csv"));
    // 85 % of 5,000 for A2, and of 5,000 - 1,500 for A4: the deductible went back with A1.
    let [own, as_if] = ["funds_own", "funds_as_if"].map(|column| matrix[0][column].as_str());
    assert_eq!((matrix[0]["answered"].as_str(), own, as_if), ("2", "7225.00", "7225.00"), "{matrix:?}");
}

#[test]
fn a_pool_is_the_run_where_data_are_faulty() {
    let folder = folder();
    let made = folder.path().join("made");
    let (rules, out) = (rules(), made.display().to_string());
    let args = ["synth", "--rows", "30000", "--persons", "4000", "--seed", "7", "--faults", "0.05", "--out", &out];
    tongchou(args.into_iter().chain(["--rules", &rules, "--progress", "none"])).expect(0);
    let mut inputs: Vec<OsString> = vec!["--claims".into(), made.join("claims.csv").into()];
    for table in ["enrolments", "filings", "institutions", "accounts", "marks"] {
        inputs.extend([format!("--{table}").into(), made.join(format!("{table}.csv")).into()]);
    }
    let compared = folder.path().join("out");
    compare(&["regions", "--rules", &rules], &inputs, &compared, &["--quiet"]).expect(0);
    let matrix = read_csv(&compared.join("matrix.csv"));
    let own: Vec<&Record> = matrix.iter().filter(|row| row["insured_pool"] == row["rules_pool"]).collect();
    assert!(own.len() > 40, "{}", own.len());
    for row in own {
        let sides = |side: &str| [format!("funds_{side}"), format!("person_{side}")].map(|column| row[&column].clone());
        assert_eq!((row["unanswered"].as_str(), sides("own")), ("0", sides("as_if")), "{row:?}");
    }
}

#[test]
fn who_moves_is_priced_pool_by_pool() {
    let folder = folder();
    let claims = one_who_moves(folder.path());
    let inputs: Vec<OsString> = vec!["--claims".into(), claims.clone().into()];
    let out = folder.path().join("out");
    compare(&["regions", "--rules", &rules()], &inputs, &out, &["--quiet"]).expect(0);
    let run = folder.path().join("run");
    let ran = tongchou(run_args(&repo("sample_data/rules"), &claims, &run, &[]));
    assert!(ran.code < Some(2), "{}", ran.stderr);
    let adjudicated = Outputs::read(&run).adjudicated;
    let matrix = read_csv(&out.join("matrix.csv"));
    let own: Vec<Record> = matrix.into_iter().filter(|row| row["insured_pool"] == row["rules_pool"]).collect();
    assert_eq!(own.len(), 2, "{own:?}");
    assert_eq!(by_fund(&own, "insured_pool", "funds_as_if"), by_fund(&adjudicated, "pool", "fund_pay_sumamt"));
    assert_eq!(by_fund(&own, "insured_pool", "funds_own"), by_fund(&adjudicated, "pool", "fund_pay_sumamt"));
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
    assert!(set("benefits:sh-res-out-l1-300.deductible_1").contains("未给出取值"));
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
