//! `tongchou compare packs` and `sweep`: changed rules against runs under them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::compare::{by_fund, compare, rules, run, sample};
use crate::support::{Record, fen, folder, listing, read_csv, repo};

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
    // What names the two folders differs, and says so.
    for name in listing(&set).iter().filter(|name| *name != "compare.json" && !name.starts_with("report.")) {
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
