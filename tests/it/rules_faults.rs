//! Every fault a rule pack can have: found before the run, named with file, line and column, and what to do
//! about it. One fault at a time in a copy of the small pack.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{data, folder, repo, tongchou};

/// A change to one file of the small pack that must be refused with a code: what it is, file, old text, new text.
type Fault = (&'static str, &'static str, &'static str, &'static str, &'static str);

const FAULTS: [Fault; 32] = [
    ("E002", "an empty table", "accounts.csv", "", ""),
    ("E003", "a column nobody knows", "tiers.csv", "level_field", "level_feild"),
    ("E004", "a column twice", "bands.csv", "rate,note", "rate,rate"),
    ("E005", "a column that is missing", "places.csv", "admdvs,pool", "admdvs,pol"),
    ("E006", "a comma in an unquoted note", "bands.csv", "0,0.9,", "0,0.9,a, b"),
    ("E007", "a word that is none of the words", "channels.csv", "before", "befour"),
    ("E007", "a rate in per cent", "bands.csv", "0.85", "85"),
    ("E007", "a rate of seven decimals", "bands.csv", "0.85", "0.8512345"),
    ("E007", "a rate above 1", "bands.csv", "0.85", "1.2"),
    ("E007", "a rate below 0", "bands.csv", "0.85", "-0.1"),
    ("E007", "money with three decimals", "bands.csv", "10000,", "10000.001,"),
    ("E007", "money with a thousands mark", "bands.csv", "10000,", "\"10,000\","),
    ("E007", "money with an exponent", "bands.csv", "10000,", "1e4,"),
    ("E007", "a negative deductible", "benefits.csv", "visit,300,200", "visit,-300,200"),
    ("E007", "an empty key", "channels.csv", "CH-HOME,440300", "CH-HOME,"),
    ("E007", "`*` in a list", "channels.csv", "CH-HOME,440300,310", "CH-HOME,440300,310|*"),
    ("E007", "a pool of four digits", "channels.csv", "CH-HOME,440300", "CH-HOME,4403"),
    ("E007", "a place nobody knows", "channels.csv", ",local,", ",locale,"),
    ("E007", "a filing nobody knows", "channels.csv", "resident|referral", "resident|refferal"),
    ("E007", "a day that is none", "schemes.csv", "2020-01-01", "2020-02-30"),
    ("E007", "a year that starts on no day", "schemes.csv", ",01-01,", ",13-01,"),
    ("E007", "a flag that is neither 0 nor 1", "visit_classes.csv", "inpatient,1", "inpatient,yes"),
    ("E007", "a priority that is no number", "person_classes.csv", "310,1,retired", "310,first,retired"),
    ("E007", "a payer nobody knows", "layers.csv", "hifob_pay", "hifop_pay"),
    ("E007", "a part of the burden nobody knows", "layers.csv", "coinsurance", "co-insurance"),
    ("E010", "a rule_id twice", "tiers.csv", "T-2,", "T-1,"),
    ("E011", "a source nobody knows", "tiers.csv", "2020-01-01,,S1", "2020-01-01,,S2"),
    ("E011", "a band set nobody knows", "benefits.csv", "in-active", "in-activ"),
    ("E012", "a prepay rate without its order", "channels.csv", "0.1,before", "0.1,"),
    ("E020", "two rows of equal rank", "tiers.csv", ",11,t1", ",01,t1"),
    ("E020", "two person classes of equal priority", "person_classes.csv", "310,2,active,11", "310,1,active,11|12"),
    ("E021", "two bands that begin at one amount", "bands.csv", "in-active,10000", "in-active,0"),
];

/// What the check says of a copy of the small pack with one change.
fn check(file: &str, old: &str, new: &str) -> (i32, String) {
    check_in("en", file, old, new)
}

fn check_in(lang: &str, file: &str, old: &str, new: &str) -> (i32, String) {
    let folder = folder();
    for entry in fs::read_dir(data("small/rules")).expect("the small pack") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, folder.path().join(path.file_name().expect("a name"))).expect("a copy");
    }
    let path = folder.path().join(file);
    let text = fs::read_to_string(&path).expect("a table");
    assert!(text.contains(old), "{file} has no `{old}`");
    let text = if old.is_empty() { String::new() } else { text.replacen(old, new, 1) };
    fs::write(&path, text).expect("a table");
    let ran = tongchou(["rules", "check", "--quiet", "--lang", lang, &folder.path().display().to_string()]);
    assert_eq!(ran.stderr, "", "{file}: {old} -> {new}");
    (ran.code.expect("an exit status"), ran.stdout.replace(&format!("{}/", folder.path().display()), ""))
}

#[test]
fn every_fault_is_found_and_named() {
    let mut said = String::new();
    for (code, what, file, old, new) in FAULTS {
        let (exit, text) = check(file, old, new);
        assert_eq!(exit, 2, "{what}: {text}");
        assert!(text.contains(&format!("error[{code}]")), "{what}: {text}");
        assert!(text.starts_with(file), "{what}: {text}");
        said += &format!("# {what}\n{text}");
    }
    insta::assert_snapshot!("rules_faults", said);
}

#[test]
fn every_fault_says_what_to_do_in_both_languages() {
    for (_, what, file, old, new) in FAULTS {
        for (lang, hint) in [("en", "\n  hint: "), ("zh", "\n  建议：")] {
            let (_, text) = check_in(lang, file, old, new);
            let faults = text.matches("[E").count();
            assert_eq!((faults > 0, text.matches(hint).count()), (true, faults), "{what}: {text}");
        }
    }
}

#[test]
fn two_disease_prefixes_of_which_one_begins_with_the_other() {
    let old = "pool,med_type,med_class,is_admission,is_emergency,valid_from,valid_to,source_id,note\n";
    let new = "pool,med_type,med_class,is_admission,is_emergency,valid_from,valid_to,source_id,note,dise_codg\n";
    let rows = "V-1,*,14,chronic,0,0,2020-01-01,,S1,,M05\nV-2,*,14,special,0,0,2020-01-01,,S1,,M0512\n";
    let (exit, text) = check("visit_classes.csv", old, &format!("{new}{rows}"));
    // The other rows are shorter than the header now: that is said too.
    assert_eq!(exit, 2);
    assert!(text.contains("error[E006]"), "{text}");
    let folder = folder();
    for entry in fs::read_dir(data("small/rules")).expect("the small pack") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, folder.path().join(path.file_name().expect("a name"))).expect("a copy");
    }
    let check = |rows: &str| {
        let text = format!(
            "rule_id,{new}{rows}V-3,*,21,inpatient,1,0,2020-01-01,,S1,,\nV-4,*,11,outpatient,0,0,2020-01-01,,S1,,\n"
        );
        fs::write(folder.path().join("visit_classes.csv"), text.replace(",,\n", ",,*\n")).expect("a table");
        tongchou(["rules", "check", "--quiet", &folder.path().display().to_string()])
    };
    let ran = check(rows);
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("visit_classes.csv:3") && ran.stdout.contains("E020") && ran.stdout.contains("V-1"),
        "{}",
        ran.stdout
    );
    let ran = check(&rows.replace("M0512", "M06"));
    assert_eq!(ran.code, Some(0), "apart they are no fault: {}", ran.stdout);
}

#[test]
fn a_note_over_two_lines_is_one_record_and_later_lines_are_still_counted() {
    let (exit, text) = check("bands.csv", "in-active,0,0.8,", "in-active,0,0.8,\"two\nlines\"");
    assert_eq!(exit, 0, "{text}");
    let (exit, text) = check(
        "bands.csv",
        "in-active,0,0.8,\nBA-2,in-active,10000,0.85",
        "in-active,0,0.8,\"two\nlines\"\nBA-2,in-active,10000,85",
    );
    assert_eq!(exit, 2, "{text}");
    assert!(text.starts_with("bands.csv:4:4 (rate): error[E007]"), "{text}");
}

#[test]
fn what_looks_odd_and_is_allowed() {
    let odd = [
        ("bands.csv", "10000,0.85", "10000.000,0.850000"),
        ("channels.csv", "0.1,before,,", "0.1,before,-0.05,"),
        ("benefits.csv", "year,500,,", "year,0,,"),
        ("schemes.csv", ",500000,", ",,"),
        ("tiers.csv", "T-1,*", "T-1,440000"),
        ("tiers.csv", "2020-01-01,,S1,", ",,,"),
    ];
    for (file, old, new) in odd {
        let (exit, text) = check(file, old, new);
        assert_eq!(exit, 0, "{file} {new}: {text}");
    }
}

/// Codes such as `E007` that stand in quotes in the sources.
fn codes_in_sources() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    let mut open = vec![repo("src")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source");
            let is_code = |word: &&str| {
                let numbered = word.len() == 4
                    && word.starts_with(['E', 'W', 'X'])
                    && word[1..].bytes().all(|byte| byte.is_ascii_digit());
                let named = word.len() > 3
                    && word.starts_with("I-")
                    && word[2..].bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
                numbered || named
            };
            codes.extend(text.split('"').filter(is_code).map(str::to_owned));
        }
    }
    codes
}

#[test]
fn the_error_reference_lists_the_codes_of_the_program() {
    let reference = fs::read_to_string(repo("docs/errors.md")).expect("docs/errors.md");
    let listed = reference.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let listed: BTreeSet<String> = listed
        .filter(|code| code.starts_with("I-") && code.len() > 2 || code.starts_with(['E', 'W', 'X']) && code.len() == 4)
        .map(str::to_owned)
        .collect();
    let known = codes_in_sources();
    assert!(known.len() > 25, "{known:?}");
    assert_eq!(listed, known, "left: docs/errors.md, right: the sources");
    // A folder that cannot be read, a table that is missing, and a query are tested on the command line.
    let elsewhere = ["E000", "E001", "E030"];
    for code in known.iter().filter(|code| code.starts_with('E') && !elsewhere.contains(&code.as_str())) {
        assert!(FAULTS.iter().any(|(fault, ..)| fault == code), "{code} has no fault");
    }
}
