//! What must hold whatever the rules and claims are: identities, independence of persons, of row order and of
//! threads, and that a bill with more in scope is never paid less.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::fixtures::assert_balanced;
use crate::ledger_nights::for_seeds;
use crate::random_packs::{Case, Rng, random_case};
use crate::support::{Outputs, Record, data, fen, folder, listing, run_folder, run_folder_args, tongchou};
use crate::table::{self, Rec, Table};

/// Runs a property over random cases.
#[track_caller]
fn for_cases(cases: u32, claims: usize, property: impl Fn(&Case, &mut Rng)) {
    for_seeds(cases, |seed, rng| property(&random_case(seed, claims), rng));
}

fn run(case: &Case) -> Outputs {
    let folder = folder();
    case.write_to(folder.path()).expect("the case on disk");
    let out = folder.path().join("out");
    run_folder(folder.path(), &out).unwrap_or_else(|error| panic!("{error:?}"));
    Outputs::read(&out)
}

fn claims_of(case: &Case) -> Table {
    table::parse(&case.files["claims.csv"])
}

/// The case with other claims.
fn with_claims(case: &Case, claims: &[Rec]) -> Case {
    let text = &case.files["claims.csv"];
    let columns: Vec<String> = claims_of(case)[0].keys().cloned().collect();
    assert!(text.lines().next().is_some_and(|header| header.split(',').count() == columns.len()));
    let mut case = case.clone();
    let rows = claims.iter().map(|row| {
        let cells: Vec<&str> = columns.iter().map(|column| row.get(column).map_or("", String::as_str)).collect();
        table::line(&cells)
    });
    let text = table::line(&columns) + &rows.collect::<String>();
    case.files.insert("claims.csv".into(), text);
    case
}

fn cell<'a>(row: &'a Rec, column: &str) -> &'a str {
    match row.get(column).map_or("", |text| text.trim()) {
        "null" | "NULL" | "\\N" => "",
        text => text,
    }
}

/// The settlement and person of a claim, where it has both.
fn name(row: &Rec) -> Option<(String, String)> {
    let (id, person) = (cell(row, "setl_id"), cell(row, "psn_no"));
    (!id.is_empty() && !person.is_empty()).then(|| (id.to_owned(), person.to_owned()))
}

/// Everything that was computed, without where the row stood.
fn results(outputs: &Outputs) -> BTreeSet<Record> {
    let pended = outputs.pended.iter().map(|row| {
        let kept = ["setl_id", "psn_no", "reasons"].map(|column| (column.to_owned(), row[column].clone()));
        kept.into_iter().collect::<Record>()
    });
    let rejected = outputs.rejects.iter().map(|row| {
        let kept = ["column", "value", "reason"].map(|column| (column.to_owned(), row[column].clone()));
        kept.into_iter().collect::<Record>()
    });
    let adjudicated = outputs.adjudicated.iter().map(|row| {
        let mut row = row.clone();
        row.remove("src_row");
        row
    });
    adjudicated.chain(pended).chain(rejected).collect()
}

const FUNDS: [&str; 7] = ["hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay"];
const PARTS: [&str; 4] = ["fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"];

fn sum(row: &Record, columns: &[&str]) -> i64 {
    columns.iter().map(|column| fen(&row[*column])).sum()
}

#[test]
fn the_identities_hold_on_every_row_and_every_row_is_in_the_balance() {
    for_cases(60, 200, |case, _| {
        let outputs = run(case);
        assert_balanced(&outputs);
        assert_eq!(outputs.by_row().len(), claims_of(case).len());
        for row in &outputs.adjudicated {
            let of = |column: &str| fen(&row[column]);
            let at = format!("{} of {}", row["setl_id"], row["psn_no"]);
            assert_eq!(of("medfee_sumamt"), sum(row, &PARTS), "{at}");
            assert_eq!(of("fund_pay_sumamt"), sum(row, &FUNDS), "{at}");
            assert_eq!(of("medfee_sumamt"), of("fund_pay_sumamt") + of("psn_part_amt") + of("hosp_part_amt"), "{at}");
            assert_eq!(of("psn_part_amt"), of("acct_pay") + of("psn_cash_pay"), "{at}");
            let sign = if row["status"] == "reversed" { -1 } else { 1 };
            let computed = [
                "act_pay_dedc",
                "prepay_amt",
                "over_base_amt",
                "over_cap_amt",
                "pool_base_amt",
                "acct_pay",
                "psn_cash_pay",
            ];
            for column in computed.iter().chain(&FUNDS) {
                assert!(of(column) * sign >= 0, "{at}: {column} {}", row[*column]);
            }
            assert!(of("fund_pay_sumamt").abs() <= (of("preselfpay_amt") + of("inscp_scp_amt")).abs(), "{at}");
        }
        let order: Vec<[&str; 3]> = outputs
            .adjudicated
            .iter()
            .map(|row| ["psn_no", "setl_time", "setl_id"].map(|column| row[column].as_str()))
            .collect();
        assert!(order.is_sorted(), "rows stand in the order of person, time and id");
    });
}

#[test]
fn a_reversal_is_the_exact_negative_of_what_it_reverses() {
    let seen = std::cell::Cell::new(0);
    for_cases(30, 200, |case, _| {
        let outputs = run(case);
        let by_name: BTreeMap<(&str, &str), &Record> =
            outputs.adjudicated.iter().map(|row| ((row["psn_no"].as_str(), row["setl_id"].as_str()), row)).collect();
        let claims = claims_of(case);
        for row in outputs.adjudicated.iter().filter(|row| row["status"] == "reversed") {
            let claim = &claims[row["src_row"].parse::<usize>().expect("a row") - 1];
            let original = by_name[&(row["psn_no"].as_str(), cell(claim, "init_setl_id"))];
            for (column, text) in row
                .iter()
                .filter(|(column, _)| column.ends_with("amt") || column.ends_with("pay") || *column == "act_pay_dedc")
            {
                assert_eq!(fen(text), -fen(&original[column]), "{column}");
            }
            for column in
                ["pool", "benefit_year", "psn_class", "tier", "filing", "scheme_rule", "benefit_rule", "layer_rules"]
            {
                assert_eq!(row[column], original[column], "{column}");
            }
            seen.set(seen.get() + 1);
        }
    });
    assert!(seen.get() > 30, "only {} reversals", seen.get());
}

/// The files of a run, byte by byte.
fn bytes_at(folder: &Path, threads: &str) -> BTreeMap<String, Vec<u8>> {
    let to = crate::support::folder();
    let out = to.path().join("out");
    let ran = tongchou(run_folder_args(folder, &out, &["--threads", threads]));
    assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.stderr);
    listing(&out).into_iter().map(|name| (name.clone(), fs::read(out.join(&name)).expect("an output"))).collect()
}

/// The files, which are the same at any number of threads.
#[track_caller]
fn same_bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let one = bytes_at(folder, "1");
    assert_eq!(one.len(), 4);
    for threads in ["2", "8"] {
        let more = bytes_at(folder, threads);
        for (name, bytes) in &one {
            assert!(more[name] == *bytes, "{name} differs at {threads} threads");
        }
    }
    one
}

fn manifest(files: &BTreeMap<String, Vec<u8>>) -> Value {
    serde_json::from_slice(&files["manifest.json"]).expect("JSON")
}

#[test]
fn the_same_bytes_at_any_number_of_threads() {
    same_bytes(&data("conformance/pack103"));
    for_cases(4, 300, |case, _| {
        let folder = folder();
        case.write_to(folder.path()).expect("the case on disk");
        same_bytes(folder.path());
    });
}

/// The claims of pack 102 so many times over, each time of other persons, with its rules and institutions. Tables by
/// person are left out: their gates are off.
fn copies_of_pack_102(copies: i64) -> tempfile::TempDir {
    let pack = data("conformance/pack102");
    let folder = folder();
    fs::create_dir(folder.path().join("rules")).expect("a folder");
    let kept = |name: &String| name.starts_with("rules/") || name == "institutions.csv";
    for name in listing(&pack).into_iter().filter(kept) {
        fs::copy(pack.join(&name), folder.path().join(&name)).expect("a copy");
    }
    let claims = table::parse(&fs::read_to_string(pack.join("claims.csv")).expect("claims"));
    let columns: Vec<&String> = claims[0].keys().collect();
    let mut text = table::line(&columns);
    for copy in 0..copies {
        for row in &claims {
            let of = |column: &str| match column {
                "psn_no" if !row[column].is_empty() => format!("{}-{copy}", row[column]),
                _ => row[column].clone(),
            };
            text.push_str(&table::line(&columns.iter().map(|column| of(column)).collect::<Vec<_>>()));
        }
    }
    fs::write(folder.path().join("claims.csv"), text).expect("a file");
    folder
}

#[test]
fn many_chunks_have_the_same_bytes_at_any_number_of_threads_and_the_sums_of_their_copies() {
    // More rows than one chunk, row group and block of reading hold.
    const COPIES: i64 = 120;
    let (one, many) = (copies_of_pack_102(1), copies_of_pack_102(COPIES));
    let (one, many) = (manifest(&bytes_at(one.path(), "2")), manifest(&same_bytes(many.path())));
    assert_eq!(many["balance"]["in"]["rows"], 2500 * COPIES);
    assert!(one["balance"]["paid"]["rows"].as_i64() > Some(1500), "{:#}", one["balance"]);
    for status in ["in", "paid", "denied", "reversed", "pended", "rejected", "out"] {
        let (many, one) = (&many["balance"][status], &one["balance"][status]);
        assert_eq!(many["rows"].as_i64(), one["rows"].as_i64().map(|rows| rows * COPIES), "{status}");
        let money = |value: &Value| fen(value["medfee_sumamt"].as_str().expect("a sum"));
        assert_eq!(money(many), money(one) * COPIES, "{status}");
    }
    for (column, sum) in one["money_yuan"].as_object().expect("sums") {
        let copies = fen(many["money_yuan"][column].as_str().expect("a sum"));
        assert_eq!(copies, fen(sum.as_str().expect("a sum")) * COPIES, "{column}");
    }
}

#[test]
fn one_persons_claims_never_matter_to_another() {
    for_cases(30, 200, |case, rng| {
        let whole = results(&run(case));
        let claims = claims_of(case);
        let persons: BTreeSet<String> = claims.iter().map(|row| cell(row, "psn_no").to_owned()).collect();
        let first: BTreeSet<&String> = persons.iter().filter(|_| rng.chance(50)).collect();
        let (one, other): (Table, Table) =
            claims.into_iter().partition(|row| first.contains(&cell(row, "psn_no").to_owned()));
        let mut apart = BTreeSet::new();
        for half in [one, other] {
            apart.extend(results(&run(&with_claims(case, &half))));
        }
        assert!(apart == whole, "{:#?}", apart.symmetric_difference(&whole).take(4).collect::<Vec<_>>());
    });
}

/// The first row of each settlement: which of two duplicates counts is a matter of row order.
fn without_duplicates(claims: Table) -> Table {
    let mut seen = BTreeSet::new();
    claims.into_iter().filter(|row| name(row).is_none_or(|name| seen.insert(name))).collect()
}

#[test]
fn the_order_of_rows_does_not_matter() {
    for_cases(30, 200, |case, rng| {
        let mut claims = without_duplicates(claims_of(case));
        let in_order = results(&run(&with_claims(case, &claims)));
        rng.shuffle(&mut claims);
        let shuffled = results(&run(&with_claims(case, &claims)));
        assert!(in_order == shuffled, "{:#?}", in_order.symmetric_difference(&shuffled).take(4).collect::<Vec<_>>());
    });
}

/// The case with every excess over a cap counted as payment. Counted as expense, it starts where the cap is reached,
/// not where it is passed: it jumps when a band of a low rate lies between, what is counted as coinsurance falls by
/// as much, and a layer that includes coinsurance alone pays less.
fn excess_as_payment(case: &Case) -> Case {
    let mut case = case.clone();
    let benefits = table::parse(&case.files["rules/benefits.csv"]);
    let columns: Vec<String> = benefits[0].keys().filter(|column| *column != "over_cap_as").cloned().collect();
    let lines =
        benefits.iter().map(|row| table::line(&columns.iter().map(|column| row[column].as_str()).collect::<Vec<_>>()));
    let text = table::line(&columns) + &lines.collect::<String>();
    case.files.insert("rules/benefits.csv".into(), text);
    case
}

/// Money of the last settlement moves from full own pay into scope. The total stays, so that a deductible that is a
/// share of the total stays: with a total that rises, such a deductible rises too, and where a base cap holds the
/// rest down, more cost pays less. With the total as it is, floors, caps, factors and falling bands only ever pay
/// the same or more; the one exception is taken out by [`excess_as_payment`].
#[test]
fn more_of_the_last_bill_in_scope_never_pays_less() {
    let (moved, risen) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    for_cases(80, 200, |case, rng| {
        let case = &excess_as_payment(case);
        let before = run(case);
        let mut claims = claims_of(case);
        let mut last: BTreeMap<&str, &Record> = BTreeMap::new();
        for row in &before.adjudicated {
            last.insert(&row["psn_no"], row);
        }
        // A pended reversal behind it would see other amounts, but is pended either way.
        let movable = |row: &&Record| {
            row["status"] == "paid" && fen(&row["fulamt_ownpay_amt"]) > 0 && fen(&row["hosp_part_amt"]) == 0
        };
        let last: Vec<&Record> = last.into_values().filter(movable).collect();
        for row in &last {
            let claim = &mut claims[row["src_row"].parse::<usize>().expect("a row") - 1];
            let all = fen(&row["fulamt_ownpay_amt"]);
            let some = rng.between(1, all);
            let yuan = crate::random_packs::yuan;
            claim.insert("fulamt_ownpay_amt".into(), yuan(all - some));
            claim.insert("inscp_scp_amt".into(), yuan(fen(&row["inscp_scp_amt"]) + some));
        }
        let after = run(&with_claims(case, &claims)).by_row();
        for row in last {
            let src_row: u64 = row["src_row"].parse().expect("a row");
            let (was, is) = (fen(&row["fund_pay_sumamt"]), fen(&after[&src_row]["fund_pay_sumamt"]));
            // A floor is a share of all in scope, what a base cap took off included. Where a payment cap cuts what the
            // floor adds, the coinsurance falls all the same, and a layer that does not see what a cap cuts off pays
            // less on it, by no more than that.
            let cut = |row: &Record| fen(&row["over_cap_amt"]);
            let unseen = (cut(&after[&src_row]) - cut(row)).max(0);
            let basic = |row: &Record| fen(&row["hifp_pay"]);
            if is < was && basic(&after[&src_row]) >= basic(row) && was - is <= unseen {
                continue;
            }
            assert!(is >= was, "row {src_row}: {was} fen before, {is} after, of {row:#?}\n{:#?}", after[&src_row]);
            moved.set(moved.get() + 1);
            risen.set(risen.get() + i32::from(is > was));
        }
    });
    assert!(moved.get() > 300 && risen.get() > 100, "{} bills moved, {} paid more", moved.get(), risen.get());
}

/// Runs one claim of the small pack after a change to its rules.
fn fund_of(change: impl Fn(&Path), in_scope: &str) -> i64 {
    let folder = folder();
    fs::create_dir(folder.path().join("rules")).expect("a folder");
    for name in listing(&data("small/rules")) {
        fs::copy(data("small/rules").join(&name), folder.path().join("rules").join(&name)).expect("a copy");
    }
    change(&folder.path().join("rules"));
    let header =
        fs::read_to_string(data("small/claims.csv")).expect("claims").lines().next().expect("a header").to_owned();
    let row = format!("A1,P1,310,11,440300,440300,H1,01,21,,2024-01-05,2024-01-05,{in_scope},0,0,0,{in_scope},");
    fs::write(folder.path().join("claims.csv"), format!("{header}\n{row}\n")).expect("a file");
    let out = folder.path().join("out");
    run_folder(folder.path(), &out).unwrap_or_else(|error| panic!("{error:?}"));
    fen(&Outputs::read(&out).settlement("A1")["fund_pay_sumamt"])
}

fn edit(path: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(path).expect("a table");
    assert!(text.contains(old), "{} has no `{old}`", path.display());
    fs::write(path, text.replacen(old, new, 1)).expect("a table");
}

/// The two exceptions that [`more_of_the_last_bill_in_scope_never_pays_less`] leaves out are real, and follow from
/// the definition to the letter.
#[test]
fn more_cost_pays_less_only_where_the_definition_says_so() {
    // A deductible of a fifth of the bill rises on while the base cap holds the rest.
    let share = |rules: &Path| {
        edit(&rules.join("channels.csv"), "local,*,*,allow,,,,,", "local,*,*,allow,,,0.2,,");
        edit(&rules.join("benefits.csv"), "in-active,,,", "in-active,1000,,");
        fs::remove_file(rules.join("layers.csv")).expect("the layers");
    };
    assert_eq!([fund_of(share, "1000.00"), fund_of(share, "2000.00")], [64_000, 48_000]);
    // 0.005 yuan above the cap, in a band of 1 %, is half a yuan of expense that a layer does not see.
    let expense = |rules: &Path| {
        edit(&rules.join("benefits.csv"), "pay_cap_visit,", "over_cap_as,pay_cap_visit,");
        edit(
            &rules.join("benefits.csv"),
            "visit,300,200,,,visit_net,in-active,,,,,",
            "visit,0,,,,visit_net,in-active,,,,expense,900,",
        );
        for row in ["visit,300,200,,,visit_net,in-retired,,,,", "year,500,,,,visit_net,out,,,,"] {
            edit(&rules.join("benefits.csv"), row, &format!("{row},"));
        }
        edit(&rules.join("bands.csv"), "in-active,0,0.8", "in-active,0,0.9");
        edit(&rules.join("bands.csv"), "in-active,10000,0.85", "in-active,1000,0.01");
        edit(&rules.join("bands.csv"), "large,200,0.5", "large,0,1");
    };
    assert_eq!([fund_of(expense, "1000.40"), fund_of(expense, "1000.50")], [100_040, 100_000]);
}
