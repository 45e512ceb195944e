//! The packs that come with the program: they load without an error, and their own examples come out to the fen.

use crate::support::{repo, tongchou};

fn pack(name: &str) -> String {
    repo("sample_data").join(name).display().to_string()
}

#[test]
fn every_example_of_the_sample_pack_comes_out() {
    let ran = tongchou(["rules", "test", &pack("rules")]).expect(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn every_example_of_the_illustrations_comes_out() {
    let ran = tongchou(["rules", "test", &pack("illustrations")]).expect(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn the_pack_that_is_measured_beside_other_programs_says_what_they_compute() {
    let pack = repo("benches/peers/pack").display().to_string();
    tongchou(["rules", "check", &pack, "--quiet"]).expect(0);
    let ran = tongchou(["rules", "test", &pack]).expect(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn an_example_that_does_not_come_out_is_named() {
    let folder = crate::support::folder();
    for entry in std::fs::read_dir(pack("illustrations")).expect("the pack") {
        let path = entry.expect("an entry").path();
        std::fs::copy(&path, folder.path().join(path.file_name().expect("a name"))).expect("a copy");
    }
    let path = folder.path().join("examples.csv");
    let mut rows = crate::table::parse(&std::fs::read_to_string(&path).expect("the examples"));
    let columns: Vec<String> = rows[0].keys().cloned().collect();
    let (row, id) = rows
        .iter()
        .enumerate()
        .find_map(|(index, row)| (!row["expect_hifp_pay"].is_empty()).then(|| (index, row["example_id"].clone())))
        .expect("an example that expects a payment");
    rows[row].insert("expect_hifp_pay".into(), "0.07".into());
    let lines = rows.iter().map(|row| {
        let cells: Vec<&str> = columns.iter().map(|column| row.get(column).map_or("", String::as_str)).collect();
        crate::table::line(&cells)
    });
    std::fs::write(&path, crate::table::line(&columns) + &lines.collect::<String>()).expect("the examples");
    let ran = tongchou(["rules", "test", &folder.path().display().to_string()]).expect(1);
    let said = ran.stdout + &ran.stderr;
    for word in [id.as_str(), "hifp_pay", "0.07"] {
        assert!(said.contains(word), "`{word}` is not in:\n{said}");
    }
}

#[test]
fn the_packs_that_come_with_the_program_have_no_errors() {
    for name in ["rules", "illustrations"] {
        tongchou(["rules", "check", &pack(name), "--quiet"]).expect(0);
    }
    for name in ["small/rules", "conformance/pack101/rules"] {
        let ran = tongchou(["rules", "check", &crate::support::data(name).display().to_string(), "--quiet"]);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.stderr);
    }
}
