//! `rules check|show|diff` and `synth`: the tools around a run.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::fixtures::assert_balanced;
use crate::support::{Outputs, Ran, data, folder, listing, read_csv, repo, run_folder, tongchou};

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn sample_rules() -> String {
    text(&repo("sample_data/rules"))
}

#[track_caller]
fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("not JSON alone: {error}\n{}", ran.stdout))
}

#[test]
fn warnings_count_only_when_denied() {
    let rules = text(&data("small/rules"));
    let ran = tongchou(["rules", "check", &rules]).expect(0);
    let last = ran.stdout.lines().last().expect("a count").to_owned();
    assert!(last.starts_with("0 errors, ") && last != "0 errors, 0 warnings", "{last}");
    tongchou(["rules", "check", &rules, "--deny-warnings"]).expect(1);
    let found = json(&tongchou(["rules", "check", &rules, "--json"]).expect(0));
    assert_eq!(format!("{} errors, {} warnings", found["errors"], found["warnings"]), last);
    assert_eq!(found["found"].as_array().map(Vec::len), found["warnings"].as_u64().map(|count| count as usize));
    let quiet = tongchou(["rules", "check", &rules, "--quiet"]).expect(0);
    assert_eq!(quiet.stdout, format!("{last}\n"));
}

#[test]
fn show_names_the_rules_that_apply() {
    let rules = text(&data("small/rules"));
    let args = ["rules", "show", &rules, "--pool", "440300", "--insutype", "310", "--date", "2024-01-05"];
    let by_code = tongchou(args).expect(0).stdout;
    for word in ["B-IN-ACTIVE", "B-IN-RETIRED"] {
        assert!(by_code.contains(word), "no {word} in:\n{by_code}");
    }
    let by_name = tongchou(args.map(|word| if word == "440300" { "深圳市" } else { word })).expect(0).stdout;
    assert_eq!(by_name, by_code);
    json(&tongchou(args.into_iter().chain(["--json"])).expect(0));
    let only =
        tongchou(args.into_iter().chain(["--psn-class", "retired", "--med-class", "inpatient"])).expect(0).stdout;
    assert!(only.contains("B-IN-RETIRED") && !only.contains("B-IN-ACTIVE"), "{only}");
}

#[test]
fn show_of_a_word_nobody_knows_says_so() {
    let rules = text(&data("small/rules"));
    let args = [
        "rules",
        "show",
        &rules,
        "--pool",
        "440300",
        "--insutype",
        "310",
        "--date",
        "2024-01-05",
        "--psn-class",
        "retierd",
    ];
    let ran = tongchou(args).expect(2);
    assert!(
        ran.stderr.contains("E030") && ran.stderr.contains("retierd") && ran.stderr.contains("retired"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_pack_does_not_differ_from_itself_and_one_cell_is_one_difference() {
    let rules = text(&data("small/rules"));
    tongchou(["rules", "diff", &rules, &rules]).expect(0);
    let folder = folder();
    for name in listing(&data("small/rules")) {
        fs::copy(data("small/rules").join(&name), folder.path().join(&name)).expect("a copy");
    }
    let bands = folder.path().join("bands.csv");
    fs::write(&bands, fs::read_to_string(&bands).expect("bands").replace("10000,0.85", "10000,0.86")).expect("bands");
    let ran = tongchou(["rules", "diff", &rules, &text(folder.path())]).expect(1);
    for word in ["BA-2", "0.85", "0.86"] {
        assert!(ran.stdout.contains(word), "no {word} in:\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("B-IN-RETIRED"), "what did not change is not named:\n{}", ran.stdout);
    json(&tongchou(["rules", "diff", &rules, &text(folder.path()), "--json"]).expect(1));
}

/// Made claims and tables in a folder that a run can take.
fn synthesise(folder: &Path, rows: &str, more: &[&str]) -> Ran {
    let out = text(&folder.join("made"));
    let rules = sample_rules();
    let args = ["synth", "--rows", rows, "--out", &out, "--rules", &rules, "--progress", "none"];
    tongchou(args.into_iter().chain(more.iter().copied()))
}

#[test]
fn made_claims_are_the_same_for_the_same_seed_at_any_number_of_threads() {
    let folders = [folder(), folder(), folder()];
    synthesise(folders[0].path(), "3000", &["--seed", "7", "--threads", "1"]).expect(0);
    synthesise(folders[1].path(), "3000", &["--seed", "7", "--threads", "4"]).expect(0);
    synthesise(folders[2].path(), "3000", &["--seed", "8"]).expect(0);
    let names = listing(&folders[0].path().join("made"));
    assert!(names.iter().any(|name| name == "claims.csv"), "{names:?}");
    let bytes = |folder: usize, name: &str| fs::read(folders[folder].path().join("made").join(name)).expect("a file");
    for name in &names {
        assert!(bytes(0, name) == bytes(1, name), "{name} differs at another number of threads");
    }
    assert!(bytes(0, "claims.csv") != bytes(2, "claims.csv"), "another seed makes other claims");
}

#[test]
fn the_sample_is_what_its_documented_command_makes() {
    let guide = fs::read_to_string(repo("docs/operators.md")).expect("docs/operators.md");
    let documented = "tongchou synth --rows 10000 --persons 1700 --seed 2024 --out made";
    assert!(guide.lines().any(|line| line == documented), "docs/operators.md has no `{documented}`");
    let folder = folder();
    synthesise(folder.path(), "10000", &["--persons", "1700", "--seed", "2024"]).expect(0);
    let made = |name: &str| fs::read_to_string(folder.path().join("made").join(name)).expect("a table");
    let sample = |name: &str| fs::read_to_string(repo("sample_data").join(name)).expect("a table");
    assert!(sample("claims_large.csv") == made("claims.csv"), "claims_large.csv is not what the command makes");
    for name in ["enrolments.csv", "filings.csv", "institutions.csv", "accounts.csv", "marks.csv"] {
        let (sample, made) = (sample(name), made(name));
        let (header, rows) = made.split_once('\n').expect("a header line");
        assert!(
            sample.starts_with(header) && sample.ends_with(rows),
            "{name} does not end with what the command makes"
        );
        let by_hand = sample.lines().count() - made.lines().count();
        assert!((1..=20).contains(&by_hand), "{name}: {by_hand} rows are not the command's");
    }
}

#[test]
fn made_claims_can_be_adjudicated() {
    let folder = folder();
    synthesise(folder.path(), "4000", &[]).expect(0);
    let made = folder.path().join("made");
    let table = |name: &str| Some(made.join(name)).filter(|path| path.exists());
    assert_eq!(read_csv(&made.join("claims.csv")).len(), 4000);
    // The names that `run_folder` looks for.
    for (name, known) in [("accounts.csv", "balances.csv")] {
        if let Some(path) = table(name) {
            fs::rename(path, made.join(known)).expect("a rename");
        }
    }
    fs::create_dir(made.join("rules")).expect("a folder");
    for name in listing(&repo("sample_data/rules")) {
        fs::copy(repo("sample_data/rules").join(&name), made.join("rules").join(&name)).expect("a copy");
    }
    let out = folder.path().join("out");
    run_folder(&made, &out).unwrap_or_else(|error| panic!("{error:?}"));
    let outputs = Outputs::read(&out);
    assert_eq!(outputs.rows("in"), 4000);
    assert_balanced(&outputs);
    assert!(outputs.rows("paid") > 3000, "most of them are paid: {:#}", outputs.manifest["balance"]);
    assert_eq!(outputs.rows("rejected"), 0, "{:?}", outputs.rejects.first());
}

#[test]
fn a_folder_that_holds_something_is_not_made_over() {
    let folder = folder();
    fs::create_dir(folder.path().join("made")).expect("a folder");
    fs::write(folder.path().join("made/mine.txt"), "mine").expect("a file");
    let ran = synthesise(folder.path(), "100", &[]).expect(2);
    assert!(ran.stderr.contains("--overwrite"), "{}", ran.stderr);
    assert_eq!(listing(folder.path()), ["made", "made/mine.txt"]);
}
