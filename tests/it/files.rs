//! Claims as they arrive from real systems: byte order marks, line ends, encodings, Chinese headings, numbers for
//! codes, Parquet of several types. Whatever the file looks like, the answers are those of the plain CSV file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use crate::fixtures::{assert_balanced, assert_good, run_small};
use crate::support::{Outputs, Record, data, folder, run_args, tongchou};

/// Headings and rows of the plain file.
fn plain() -> (Vec<String>, Vec<Vec<String>>) {
    let text = std::fs::read_to_string(data("small/claims.csv")).expect("the small claims");
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    (lines.next().expect("a header"), lines.collect())
}

fn csv_text(header: &[String], rows: &[Vec<String>], end: &str) -> String {
    let lines = std::iter::once(header.to_vec()).chain(rows.iter().cloned());
    lines.map(|cells| cells.join(",") + end).collect()
}

fn write(name: &str, bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = folder();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file");
    (folder, path)
}

/// What was computed, without where it came from.
fn answers(outputs: &Outputs) -> Vec<Record> {
    let mut rows = outputs.adjudicated.clone();
    for row in &mut rows {
        row.remove("src_file");
    }
    rows
}

#[track_caller]
fn same_as_plain(claims: &Path, encoding: Option<&str>) -> Outputs {
    let plain = run_small(&data("small/claims.csv"), &[], 1);
    let outputs = run_small(claims, &[], 1);
    assert_eq!(answers(&outputs), answers(&plain));
    let reasons = |outputs: &Outputs| outputs.rejects.iter().map(|row| row["reason"].clone()).collect::<Vec<_>>();
    assert_eq!(reasons(&outputs), reasons(&plain));
    assert_eq!(outputs.manifest["balance"], plain.manifest["balance"]);
    assert_eq!(outputs.manifest["claims"][0]["encoding"].as_str(), encoding);
    assert_balanced(&outputs);
    outputs
}

#[test]
fn a_byte_order_mark_and_crlf_change_nothing() {
    let (header, rows) = plain();
    let text = format!("\u{feff}{}", csv_text(&header, &rows, "\r\n"));
    let (_folder, path) = write("claims.csv", text);
    let outputs = same_as_plain(&path, Some("UTF-8 BOM"));
    assert!(outputs.rejects.iter().all(|row| !row["raw"].ends_with('\r')), "{:?}", outputs.rejects);
}

#[test]
fn blank_lines_are_skipped_and_physical_lines_still_counted() {
    let (header, rows) = plain();
    let text = csv_text(&header, &rows, "\n").replacen('\n', "\n\n \n", 1);
    let (_folder, path) = write("claims.csv", text);
    let outputs = same_as_plain(&path, Some("ASCII"));
    let lines: Vec<&str> = outputs.rejects.iter().map(|row| row["line"].as_str()).collect();
    assert_eq!(lines, ["13", "13", "14"], "two lines further down than in the plain file");
    assert_eq!(outputs.manifest["claims"][0]["blank_lines"], 2);
}

#[test]
fn tabs_between_fields_and_quotes_around_them() {
    let (header, rows) = plain();
    let quoted = |cells: &[String]| cells.iter().map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join("\t");
    let lines = std::iter::once(&header).chain(&rows).map(|cells| quoted(cells) + "\n");
    let (_folder, path) = write("claims.tsv", lines.collect::<String>());
    same_as_plain(&path, Some("ASCII"));
}

/// Chinese headings of the small claims.
const CHINESE: [(&str, &str); 18] = [
    ("setl_id", "结算ID"),
    ("psn_no", "人员编号"),
    ("insutype", "险种类型"),
    ("psn_type", "人员类别"),
    ("insuplc_admdvs", "参保地医保区划"),
    ("mdtrtarea_admvs", "就医地医保区划"),
    ("fixmedins_code", "定点医药机构编号"),
    ("hosp_lv", "医院等级"),
    ("med_type", "医疗类别"),
    ("begndate", "开始日期"),
    ("enddate", "结束日期"),
    ("setl_time", "结算时间"),
    ("medfee_sumamt", "医疗费总额"),
    ("fulamt_ownpay_amt", "全自费金额"),
    ("overlmt_selfpay", "超限价自费费用"),
    ("preselfpay_amt", "先行自付金额"),
    ("inscp_scp_amt", "符合政策范围金额"),
    ("init_setl_id", "原结算ID"),
];

fn chinese() -> Vec<String> {
    let (header, _) = plain();
    let of = |name: &String| CHINESE.iter().find(|(known, _)| known == name).expect("a Chinese heading").1.to_owned();
    header.iter().map(of).collect()
}

#[test]
fn gb18030_with_chinese_headings() {
    let (_, rows) = plain();
    let text = csv_text(&chinese(), &rows, "\r\n");
    let (bytes, _, _) = encoding_rs::GB18030.encode(&text);
    let (_folder, path) = write("结算.csv", &bytes);
    let outputs = same_as_plain(&path, Some("GB18030"));
    assert_eq!(outputs.adjudicated[0]["src_file"], "结算.csv");
}

#[test]
fn utf16_with_chinese_headings() {
    let (_, rows) = plain();
    let text = format!("\u{feff}{}", csv_text(&chinese(), &rows, "\r\n"));
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (_folder, path) = write("claims.csv", bytes);
    same_as_plain(&path, Some("UTF-16LE"));
}

#[test]
fn upper_case_names_of_a_settlement_table_and_columns_nobody_asked_for() {
    let (header, rows) = plain();
    let mut header: Vec<String> = header.iter().map(|name| name.to_uppercase()).collect();
    header.push("RID".into());
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|mut row| {
            row.push("0001".into());
            row
        })
        .collect();
    let (_folder, path) = write("SETL_D.csv", csv_text(&header, &rows, "\n"));
    let outputs = same_as_plain(&path, Some("ASCII"));
    assert_eq!(outputs.manifest["claims"][0]["ignored_columns"], serde_json::json!(["RID"]));
}

/// The plain rows with some columns rewritten.
fn rewritten(columns: &[&str], change: impl Fn(&str) -> String) -> String {
    let (header, mut rows) = plain();
    for name in columns {
        let position = header.iter().position(|other| other == name).expect("a column");
        for row in &mut rows {
            row[position] = change(&row[position]);
        }
    }
    csv_text(&header, &rows, "\n")
}

#[test]
fn codes_that_went_through_a_spreadsheet_as_numbers() {
    let coded = ["insutype", "psn_type", "insuplc_admdvs", "mdtrtarea_admvs", "med_type"];
    let text = rewritten(&coded, |code| if code.is_empty() { String::new() } else { format!("{code}.0") });
    let (_folder, path) = write("claims.csv", text);
    same_as_plain(&path, Some("ASCII"));
}

#[test]
fn a_hospital_grade_that_lost_its_leading_zero() {
    let text = rewritten(&["hosp_lv"], |level| level.trim_start_matches('0').to_owned());
    assert!(text.contains(",H1,1,21,"), "the fixture lost its zeros");
    let (_folder, path) = write("claims.csv", text);
    same_as_plain(&path, Some("ASCII"));
}

#[test]
fn the_word_null_is_a_missing_value() {
    for null in ["null", "NULL", "\\N", "  "] {
        let columns = ["begndate", "hosp_lv", "init_setl_id"];
        let text = rewritten(&columns, |value| if value.is_empty() { null.to_owned() } else { value.to_owned() });
        let (_folder, path) = write("claims.csv", text);
        same_as_plain(&path, Some("ASCII"));
    }
}

#[test]
fn days_without_hyphens_and_with_midnight() {
    let compact = rewritten(&["begndate", "enddate"], |day| day.replace('-', ""));
    let midnight =
        rewritten(
            &["begndate", "enddate"],
            |day| if day.is_empty() { String::new() } else { format!("{day} 00:00:00") },
        );
    for text in [compact, midnight] {
        let (_folder, path) = write("claims.csv", text);
        same_as_plain(&path, Some("ASCII"));
    }
}

/// The small claims as Parquet; `typed` says which columns are decimals and whole numbers instead of strings.
fn parquet(typed: bool) -> (TempDir, PathBuf) {
    let (header, rows) = plain();
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (position, name) in header.iter().enumerate() {
        let values = rows.iter().map(|row| Some(row[position].as_str()).filter(|value| !value.is_empty()));
        let is_money = name.ends_with("amt") || name.ends_with("selfpay");
        let array: ArrayRef = match (typed, name.as_str()) {
            (true, _) if is_money => {
                let fen = values.map(|value| value.map(|value| i128::from(crate::support::fen(value))));
                Arc::new(fen.collect::<Decimal128Array>().with_precision_and_scale(16, 2).expect("a decimal"))
            }
            (true, "insutype" | "psn_type" | "med_type" | "insuplc_admdvs") => {
                Arc::new(values.map(|value| value.map(|value| value.parse().expect("digits"))).collect::<Int64Array>())
            }
            _ => Arc::new(values.collect::<StringArray>()),
        };
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let schema = Arc::new(Schema::new(fields));
    assert_eq!(schema.fields().iter().any(|field| matches!(field.data_type(), DataType::Decimal128(16, 2))), typed);
    let folder = folder();
    let path = folder.path().join("claims.parquet");
    let mut writer =
        ArrowWriter::try_new(File::create(&path).expect("a file"), Arc::clone(&schema), None).expect("a writer");
    writer.write(&RecordBatch::try_new(schema, arrays).expect("a batch")).expect("rows");
    writer.close().expect("a footer");
    (folder, path)
}

#[test]
fn parquet_of_strings() {
    let (_folder, path) = parquet(false);
    let outputs = same_as_plain(&path, None);
    assert_eq!(outputs.rejects[0]["line"], "10", "in Parquet a line is a row");
}

#[test]
fn parquet_of_decimals_and_whole_numbers() {
    let (_folder, path) = parquet(true);
    same_as_plain(&path, None);
}

#[test]
fn claims_in_several_files_of_several_formats() {
    // The plain rows again, behind the Parquet file: all of them are duplicates, whatever became of the first.
    let (header, rows) = plain();
    let (folder, first) = parquet(true);
    let second = folder.path().join("claims-2.tsv");
    let lines = std::iter::once(&header).chain(&rows).map(|cells| cells.join("\t") + "\n");
    std::fs::write(&second, lines.collect::<String>()).expect("a file");
    let third = folder.path().join("a-new-row.csv");
    let row = rows[0].join(",").replacen("A1,P1", "N1,P1", 1);
    std::fs::write(&third, format!("{}\n{row}\n", header.join(","))).expect("a file");
    let out = folder.path().join("out");
    let mut args = run_args(&data("small/rules"), &first, &out, &[]);
    let at = args.iter().position(|word| word == "--out").expect("--out");
    args.splice(at..at, [second.into(), third.into()]);
    tongchou(args).expect(1);
    let outputs = Outputs::read(&out);
    assert_balanced(&outputs);
    let plain = run_small(&data("small/claims.csv"), &[], 1);
    assert_eq!(outputs.rows("in"), 2 * plain.rows("in") + 1);
    assert_eq!(outputs.rows("rejected"), plain.rows("rejected") + plain.rows("in"));
    let new = outputs.settlement("N1");
    assert_eq!([&new["src_file"], &new["src_row"], &new["status"]], ["a-new-row.csv", "1", "paid"]);
    let duplicates =
        outputs.rejects.iter().filter(|row| row["reason"] == "R-DUPLICATE" && row["file"] == "claims-2.tsv");
    assert_eq!(duplicates.count(), rows.len());
    let files: Vec<&str> = outputs.manifest["claims"]
        .as_array()
        .expect("claims")
        .iter()
        .filter_map(|file| file["file"].as_str())
        .collect();
    assert_eq!(files, ["claims.parquet", "claims-2.tsv", "a-new-row.csv"], "in the order of the arguments");
}

#[test]
fn thousands_of_bad_rows_among_many_good_ones() {
    let (header, _) = plain();
    let good = |number: usize| {
        format!(
            "G{number},Q{number},310,11,440300,440300,H1,01,21,2024-01-02,2024-01-05,2024-01-05 10:00:00,1000.00,100.00,50.00,50.00,800.00,"
        )
    };
    const ROWS: usize = 30_000;
    let mut text = header.join(",") + "\n";
    let mut bad = Vec::new();
    for number in 0..ROWS {
        let row = match number % 10 {
            3 => good(number).replace("800.00", "800.0x"),
            6 => good(number).replace(",310,", ",\"310,"),
            9 => good(number).replace("440300", "44030"),
            _ => good(number),
        };
        if [3, 6, 9].contains(&(number % 10)) {
            bad.push((number + 2).to_string());
        }
        text.push_str(&row);
        text.push('\n');
    }
    let (_folder, path) = write("claims.csv", text);
    let outputs = run_small(&path, &[], 1);
    assert_eq!([outputs.rows("in"), outputs.rows("paid"), outputs.rows("rejected")], [30_000, 21_000, 9_000]);
    let mut lines: Vec<String> = outputs.rejects.iter().map(|row| row["line"].clone()).collect();
    lines.dedup();
    assert_eq!(lines, bad, "every bad line, in file order");
    assert_balanced(&outputs);
    for number in [0, 1, 29_998] {
        assert_good(&outputs, &format!("G{number}"));
    }
    assert!(outputs.adjudicated.iter().all(|row| row["fund_pay_sumamt"] == "500.00"));
}
