//! What people open of the comparisons: pages and workbooks, and a settlement under another pool step by step.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::audit_page::{HOSTILE, unzip, whole_page};
use crate::compare::{basket, compare, rules, run, sample};
use crate::support::{folder, read_csv, repo, tongchou};

const CELL: &str = "benefits:sh-res-out-l1-300.deductible_1";

/// The four comparisons of the sample, in a folder.
fn all_four(rules: &str, basket: &str, into: &Path, more: &[&str]) -> [(&'static str, PathBuf); 4] {
    let finished = into.join("run");
    run(Path::new(rules), &finished);
    let (finished, set) = (finished.display().to_string(), format!("{CELL}=100"));
    let commands: [(&str, Vec<&str>, Vec<OsString>); 4] = [
        ("observed", vec!["observed", "--run", &finished], Vec::new()),
        ("regions", vec!["regions", "--rules", rules, "--basket", basket], sample()),
        ("packs", vec!["packs", rules, "--set", &set], sample()),
        (
            "sweep",
            vec!["sweep", "--rules", rules, "--set", CELL, "--from", "0", "--to", "600", "--steps", "4"],
            sample(),
        ),
    ];
    let more: Vec<&str> = more.iter().copied().chain(["--quiet"]).collect();
    commands.map(|(name, what, inputs)| {
        let out = into.join(name);
        compare(&what, &inputs, &out, &more).expect(0);
        (name, out)
    })
}

/// What a reader sees of a page before its tables: headings, notes, tiles, captions.
fn outline(page: &str) -> String {
    let (_, page) = page.split_once("<h1>").expect("a heading");
    let page = page.split("</main>").next().expect("a page");
    let mut seen = String::new();
    for line in page.lines() {
        let kind = ["<h2", "<h3", "<figcaption", "<div class=\"tile", "<p class=\"note"];
        let is_cut = line.contains("The first ");
        if !kind.iter().any(|kind| line.trim_start().starts_with(kind)) || is_cut {
            continue;
        }
        let line = line.replace("</span><span lang=\"zh-CN\">", " | ").replace("</dt><dd>", ": ");
        let mut words = String::new();
        let mut in_tag = false;
        for character in line.replace("<small>", " — ").chars() {
            match character {
                '<' => in_tag = true,
                '>' => in_tag = false,
                _ if !in_tag => words.push(character),
                _ => {}
            }
        }
        seen += &format!("{}{}\n", if line.starts_with("<h2") { "\n## " } else { "" }, words.trim());
    }
    seen
}

#[test]
fn every_comparison_has_a_page_and_a_workbook() {
    let folder = folder();
    for (name, out) in all_four(&rules(), &basket(), folder.path(), &[]) {
        let page = fs::read_to_string(out.join("report.html")).expect("a page");
        insta::assert_snapshot!(format!("page_of_{name}"), outline(&page));
        assert!(page.contains("default-src 'none'") && page.starts_with("<!DOCTYPE html>\n<html lang=\"en\""));
        // An address is text of a source, and nothing that a browser would open.
        assert!(!page.contains("src=\"") && !page.contains("href=\"http") && !page.contains("url("), "{name}");
        assert!(page.len() < 4_000_000, "{name}: {} bytes", page.len());
        // Both are listed with the files beside them, and are what is listed.
        let listed: Value =
            serde_json::from_str(&fs::read_to_string(out.join("compare.json")).expect("compare.json")).expect("JSON");
        for file in ["report.html", "report.xlsx"] {
            let digest = Sha256::digest(fs::read(out.join(file)).expect("a file"));
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let of = listed["outputs"].as_array().expect("files").iter().find(|one| one["file"] == file);
            assert_eq!(of.expect("it is listed")["sha256"], digest, "{name}/{file}");
        }
        // A sheet for each table; nothing of the page is missing in the workbook.
        let files = unzip(&fs::read(out.join("report.xlsx")).expect("a workbook"));
        let tables: Vec<&str> =
            page.split("data-table=\"").skip(1).map(|rest| rest.split('"').next().expect("a name")).collect();
        assert!(tables.len() >= 4, "{tables:?}");
        for table in tables {
            assert!(files["xl/workbook.xml"].contains(&format!("name=\"{table}\"")), "{name}: {table}");
        }
    }
}

#[test]
fn a_page_opens_in_the_language_that_was_asked_for() {
    let folder = folder();
    let out = folder.path().join("out");
    compare(&["regions", "--rules", &rules(), "--basket", &basket()], &[], &out, &["--quiet", "--lang", "zh"])
        .expect(0);
    let page = fs::read_to_string(out.join("report.html")).expect("a page");
    assert!(page.contains("<html lang=\"zh-CN\" data-ui=\"zh\"") && page.contains("data-to=\"en\""));
    let files = unzip(&fs::read(out.join("report.xlsx")).expect("a workbook"));
    assert!(files["xl/workbook.xml"].contains("name=\"标准算例\""), "{}", files["xl/workbook.xml"]);
    // A basket alone has no ranking, and no picture of one.
    assert!(!page.contains("id=\"ranking\"") && page.contains("id=\"basket\""));
}

#[test]
fn the_basket_is_printed_as_the_file_has_it() {
    let folder = folder();
    let out = folder.path().join("out");
    compare(&["regions", "--rules", &rules(), "--basket", &basket()], &[], &out, &["--quiet"]).expect(0);
    let page = whole_page(&fs::read_to_string(out.join("report.html")).expect("a page"));
    let (_, block) = page.split_once("id=\"t-basket_table\"").expect("the table");
    let (_, block) = block.split_once('>').expect("its data");
    let table: Value = serde_json::from_str(block.split("</script>").next().expect("its end")).expect("JSON");
    let lines = read_csv(&out.join("basket_table.csv"));
    let mut lines_raw = csv::Reader::from_path(out.join("basket_table.csv")).expect("the file");
    let heads: Vec<String> = lines_raw.headers().expect("headings").iter().map(str::to_owned).collect();
    let columns = table["columns"].as_array().expect("columns");
    // The file has four columns before the pools, the page two.
    assert_eq!((lines.len() as u64, heads.len() - 4), (table["rows"].as_u64().expect("rows"), columns.len() - 2));
    let (mut prices, mut reasons) = (0, 0);
    for (column, head) in columns[2..].iter().zip(&heads[4..]) {
        assert!(head.ends_with(column["title"][1].as_str().expect("a name")), "{head}: {}", column["title"]);
        for (row, line) in lines.iter().enumerate() {
            let (value, heat) = (&column["values"][row], column["heat"][row].as_i64());
            if let Some(fen) = value.as_i64() {
                prices += 1;
                assert_eq!(format!("{}.{:02}", fen / 100, fen % 100), line[head], "{head}");
                assert!(heat.is_some_and(|heat| (0..6).contains(&heat)), "{heat:?}");
            } else {
                reasons += 1;
                let at = column["at"][row].as_u64().expect("a reason") as usize;
                assert_eq!((column["words"][at].as_str(), heat), (Some(line[head].as_str()), Some(-1)), "{head}");
            }
        }
    }
    assert!(prices > 200 && reasons > 200, "{prices} {reasons}");
}

/// A copy of a folder of tables, with names of one of them changed.
fn with_names(from: &Path, into: &Path, table: &str, columns: &[&str]) {
    fs::create_dir_all(into).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, into.join(path.file_name().expect("a name"))).expect("a copy");
    }
    let path = into.join(table);
    let mut reader = csv::Reader::from_path(&path).expect("a table");
    let head = reader.headers().expect("a header").clone();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&head).expect("a record");
    for (row, record) in reader.records().enumerate() {
        let record = record.expect("a record");
        let cells = head.iter().zip(&record).map(|(name, cell)| match columns.contains(&name) {
            true => HOSTILE[row % HOSTILE.len()],
            false => cell,
        });
        writer.write_record(cells).expect("a record");
    }
    drop(reader);
    fs::write(path, writer.into_inner().expect("memory")).expect("a table");
}

#[test]
fn hostile_names_are_text_in_every_page() {
    let folder = folder();
    let [rules, basket] = ["rules", "basket"].map(|name| folder.path().join(name));
    with_names(&repo("sample_data/rules"), &rules, "places.csv", &["name_zh", "name_en"]);
    with_names(&repo("sample_data/basket"), &basket, "cases.csv", &["title_zh", "title_en"]);
    let [rules, basket] = [rules, basket].map(|path| path.display().to_string());
    for (name, out) in all_four(&rules, &basket, folder.path(), &[]) {
        let page = fs::read_to_string(out.join("report.html")).expect("a page");
        assert!(!page.contains("<script>alert") && !page.contains("<img") && !page.contains("<!--"), "{name}");
        assert_eq!(page.matches("<script").count(), page.matches("</script>").count(), "{name}");
        let markup = page.split("<script type").next().expect("markup");
        assert!(!markup.contains('\u{202e}') && markup.contains("⟨202E⟩"), "{name}");
        let files = unzip(&fs::read(out.join("report.xlsx")).expect("a workbook"));
        assert!(files.values().all(|text| !text.contains("<f>") && !text.contains("<f ")), "{name}: a formula");
    }
}

#[test]
fn a_change_names_nobody_unless_it_is_asked_for() {
    let folder = folder();
    let set = format!("{CELL}=100");
    let page = |name: &str, more: &[&str]| {
        let out = folder.path().join(name);
        compare(&["packs", &rules(), "--set", &set], &sample(), &out, more).expect(0);
        let page = whole_page(&fs::read_to_string(out.join("report.html")).expect("a page"));
        let strings = unzip(&fs::read(out.join("report.xlsx")).expect("a workbook"))["xl/sharedStrings.xml"].clone();
        (out, page, strings)
    };
    let (out, masked, strings) = page("masked", &["--quiet"]);
    let exact = crate::support::read_parquet(&out.join("changes.parquet"));
    let numbers: Vec<&String> = exact.iter().map(|row| &row["psn_no"]).collect();
    assert!(
        !numbers.is_empty() && numbers.iter().all(|number| !masked.contains(*number) && !strings.contains(*number))
    );
    assert!(masked.contains("Where the two part: deductible"), "the step is told");
    let (_, revealed, strings) = page("revealed", &["--quiet", "--reveal"]);
    assert!(numbers.iter().all(|number| revealed.contains(*number) && strings.contains(*number)));
    assert!(revealed.contains("as they are: keep this file safe"));
}

/// The command, and the same of `explain`, for a settlement of the sample.
fn explained(setl_id: &str, pool: Option<&str>, more: &[&str]) -> crate::support::Ran {
    let rules = rules();
    let mut args: Vec<OsString> = match pool {
        Some(pool) => ["compare", "regions", "--explain", setl_id, "--pool", pool].map(Into::into).into(),
        None => ["explain", setl_id].map(Into::into).into(),
    };
    args.extend(["--rules".into(), rules.into()]);
    args.extend(sample());
    args.extend(more.iter().map(Into::into));
    tongchou(args)
}

/// What an explanation says, but for how place and filing were found.
fn said(mut value: Value) -> Value {
    let found = ["place", "filing", "as_if"];
    let steps = value["steps"].as_array_mut().expect("steps");
    steps.retain(|step| !found.contains(&step["step"].as_str().expect("a name")));
    let rules = value["rules"].as_array_mut().expect("rules");
    rules.retain(|rule| !["neighbours", "filing_types"].contains(&rule["table"].as_str().expect("a table")));
    value
}

#[test]
fn under_its_own_pool_a_settlement_is_explained_as_it_is() {
    let folder = folder();
    let adjudicated = run(&repo("sample_data/rules"), &folder.path().join("run")).adjudicated;
    let mut wanted = Vec::new();
    for (status, place, most) in [
        ("paid", "local", 3),
        ("paid", "cross", 3),
        ("paid", "province", 2),
        ("denied", "local", 1),
        ("reversed", "local", 1),
    ] {
        let mut pools = Vec::new();
        for row in adjudicated.iter().rev().filter(|row| row["status"] == status && row["place"] == place) {
            if pools.len() < most && !pools.contains(&&row["pool"]) {
                pools.push(&row["pool"]);
                wanted.push((row["setl_id"].clone(), row["pool"].clone(), status));
            }
        }
    }
    assert!(wanted.len() >= 8, "{wanted:?}");
    for (setl_id, pool, status) in wanted {
        let json = |ran: crate::support::Ran| -> Value { serde_json::from_str(&ran.stdout).expect("JSON") };
        let own = json(explained(&setl_id, None, &["--json"]).expect(0));
        let as_if = json(explained(&setl_id, Some(&pool), &["--json"]).expect(0));
        assert_eq!((as_if["rules_pool"].as_str(), as_if["insured_pool"].as_str()), (Some(&*pool), Some(&*pool)));
        assert_eq!(as_if["not_compared"].is_null(), status == "paid", "{as_if}");
        assert_eq!(said(as_if["settlement"].clone()), said(own), "{setl_id} in {pool}");
    }
}

#[test]
fn a_settlement_is_explained_under_another_pool() {
    let folder = folder();
    let adjudicated = run(&repo("sample_data/rules"), &folder.path().join("run")).adjudicated;
    let is = |row: &&crate::support::Record| {
        row["pool"] == "330100" && row["med_class"] == "inpatient" && row["status"] == "paid"
    };
    let setl_id = &adjudicated.iter().find(is).expect("a stay in Hangzhou")["setl_id"];
    let steady = |text: String| text.replace(&repo("").display().to_string(), "<repo>/");
    insta::assert_snapshot!("explained_as_if", steady(explained(setl_id, Some("北京"), &[]).expect(0).stdout));
    let zh = explained(setl_id, Some("110000"), &["--lang", "zh"]).expect(0).stdout;
    assert!(zh.starts_with(&format!("{setl_id} 适用 110000 北京 的规则；参保于 330100 杭州\n")), "{zh}");
    assert!(zh.contains("视同参保于 110000 北京"), "{zh}");
    // One that is not compared is told as it stands, and why.
    let denied = adjudicated.iter().find(|row| row["reasons"] == "D-NOT-ENROLLED").expect("one without cover");
    let told = explained(&denied["setl_id"], Some("110000"), &[]).expect(0).stdout;
    assert!(told.contains("  not compared: under its own rules it is denied (no cover on the day)"), "{told}");
    // What cannot be asked.
    let ran = explained("S-NOBODY", Some("110000"), &[]).expect(2);
    assert!(ran.stderr.contains("S-NOBODY"), "{}", ran.stderr);
    let ran = explained(setl_id, Some("110000"), &["--basket", &basket()]).expect(2);
    assert!(ran.stderr.contains("give --basket or --claims, not both"), "{}", ran.stderr);
    let ran = explained(setl_id, Some("大铜"), &[]).expect(2);
    assert!(ran.stderr.contains("places.csv has no place `大铜`"), "{}", ran.stderr);
}
