//! `schemas/` says in words what the code says in types: the same columns, in the same order, each described in
//! both languages.

use std::fs;

use arrow::datatypes::DataType;
use serde_json::Value;
use tongchou::audit::touched;
use tongchou::columnar::findings::FINDINGS;
use tongchou::columnar::reconciled;
use tongchou::columnar::schema::{ADJUDICATED, Kind as OutputKind};
use tongchou::compare::{basket, observed, packs, parting, population, published, regions_sheets, sweep};
use tongchou::ingest::columns::{self, Kind};
use tongchou::ledger::tables::schema as ledger;
use tongchou::pipeline::kept::{REJECT_COLUMNS, pended_schema};
use tongchou::pipeline::night_lists::LATE_COLUMNS;
use tongchou::report::rules_changed;
use tongchou::report::sheet::{Heading, Kind as SheetKind};
use tongchou::rules::layout::Table;

use crate::support::repo;

fn schema(path: &str) -> Value {
    let path = repo("schemas").join(path).with_extension("schema.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn fields(schema: &Value) -> &[Value] {
    schema["fields"].as_array().expect("fields")
}

fn field_names(schema: &Value) -> Vec<&str> {
    fields(schema).iter().map(|field| field["name"].as_str().expect("a name")).collect()
}

#[test]
fn rule_tables_have_the_columns_of_the_layout() {
    for table in Table::ALL {
        let layout = table.layout();
        let schema = schema(&format!("rules/{}", layout.name));
        assert_eq!(schema["name"], layout.name);
        assert_eq!(
            field_names(&schema),
            layout.columns.iter().map(|column| column.name).collect::<Vec<_>>(),
            "{}",
            layout.name
        );
        for (field, column) in fields(&schema).iter().zip(layout.columns) {
            assert_eq!(field["column_required"], !column.optional, "{}.{}", layout.name, column.name);
        }
    }
}

#[test]
fn every_rule_table_has_a_schema_and_no_schema_is_left_over() {
    let mut expected: Vec<String> = Table::ALL.iter().map(|table| table.layout().name.to_owned()).collect();
    expected.push("examples".to_owned());
    expected.sort();
    let files =
        fs::read_dir(repo("schemas/rules")).expect("schemas/rules").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> =
        files.map(|name| name.to_string_lossy().trim_end_matches(".schema.json").to_owned()).collect();
    names.sort();
    assert_eq!(names, expected);
}

/// Names and types of Parquet columns.
#[track_caller]
fn has_columns(fields: &[Value], columns: &[(&str, OutputKind)]) {
    let names = fields.iter().map(|field| field["name"].as_str().expect("a name"));
    assert_eq!(names.collect::<Vec<_>>(), columns.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (field, (name, kind)) in fields.iter().zip(columns) {
        let is_money = field["logical_type"] == "money";
        assert_eq!(is_money, *kind == OutputKind::Money, "{name}");
        let parquet = field["parquet_type"].as_str().expect("a type");
        let expected = match kind {
            OutputKind::Text | OutputKind::Word => "Utf8",
            OutputKind::Integer => "Int32",
            OutputKind::Day => "Date32",
            OutputKind::Second => "Timestamp",
            OutputKind::Money => "Decimal",
        };
        assert!(parquet.starts_with(expected), "{name}: {parquet}, not {expected}");
    }
}

#[test]
fn adjudicated_rows_have_the_columns_of_the_code() {
    has_columns(fields(&schema("output/adjudicated")), &ADJUDICATED);
}

#[test]
fn tables_of_the_ledger_have_the_columns_of_the_code() {
    let movements = schema("ledger/movements");
    let (layers, plain) = fields(&movements).split_last().expect("columns");
    has_columns(plain, &ledger::MOVEMENTS);
    assert_eq!(layers["name"], ledger::LAYERS);
    for (name, _) in ledger::LAYER {
        assert!(layers["parquet_type"].as_str().expect("a type").contains(name), "{name}");
    }
    has_columns(fields(&schema("ledger/base_movements")), &ledger::BASE_MOVEMENTS);
    let accumulators = schema("ledger/accumulators");
    has_columns(fields(&accumulators), &ledger::ACCUMULATORS);
    let kind = fields(&accumulators).iter().find(|field| field["name"] == "kind").expect("a column");
    assert_eq!(kind["constraints"]["enum"], serde_json::json!(ledger::KINDS));
    has_columns(fields(&schema("ledger/admissions")), &ledger::ADMISSIONS);
    has_columns(fields(&schema("ledger/persons")), &ledger::PERSONS);
    has_columns(fields(&schema("ledger/open_items")), &ledger::OPEN_ITEMS);
    assert_eq!(field_names(&schema("ledger/late")), LATE_COLUMNS);
    assert_eq!(field_names(&schema("ledger/rules_changed")), rules_changed::HEADINGS);
    has_columns(fields(&schema("ledger/rules_changed_settlements")), &touched::COLUMNS);
    // Nulls are where the code allows them.
    let persons = schema("ledger/persons");
    for (field, arrow) in fields(&persons).iter().zip(ledger::persons().fields()) {
        assert_eq!(field["constraints"]["required"], !arrow.is_nullable(), "{}", arrow.name());
    }
}

#[test]
fn pended_rows_have_the_columns_of_the_code() {
    let arrow = pended_schema();
    let names: Vec<&str> = arrow.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(field_names(&schema("output/pended")), names);
}

#[test]
fn rejects_have_the_columns_of_the_code() {
    assert_eq!(field_names(&schema("output/rejects")), REJECT_COLUMNS);
}

#[test]
fn findings_have_the_columns_of_the_code() {
    let schema = schema("output/findings");
    let found: Vec<(&str, &str)> = fields(&schema)
        .iter()
        .map(|field| (field["name"].as_str().expect("a name"), field["parquet_type"].as_str().expect("a type")))
        .collect();
    let columns = FINDINGS.map(|(name, kind)| (name, kind.to_string()));
    assert_eq!(found, columns.iter().map(|(name, kind)| (*name, kind.as_str())).collect::<Vec<_>>());
}

#[test]
fn reconciliations_have_the_columns_of_the_code() {
    assert_eq!(field_names(&schema("output/reconciliation")), reconciled::detail_names());
    assert_eq!(field_names(&schema("output/totals")), reconciled::total_names());
    for (name, arrow) in [("reconciliation", reconciled::details()), ("totals", reconciled::totals())] {
        for (field, column) in fields(&schema(&format!("output/{name}"))).iter().zip(arrow.fields()) {
            let written = field["parquet_type"].as_str().expect("a type");
            let is_decimal = matches!(column.data_type(), DataType::Decimal64(..) | DataType::Decimal128(..));
            assert_eq!(column.name(), field["name"].as_str().expect("a name"));
            assert_eq!(written.starts_with("Decimal"), is_decimal, "{name}.{}", column.name());
        }
    }
}

#[test]
fn comparisons_have_the_columns_of_the_code() {
    let tables: [(&str, &[Heading]); 17] = [
        ("pools", &observed::POOLS),
        ("groups", &observed::GROUPS),
        ("flows", &observed::FLOWS),
        ("months", &observed::MONTHS),
        ("national", &published::NATIONAL),
        ("ranking", &regions_sheets::RANKING),
        ("matrix", &regions_sheets::MATRIX),
        ("unanswered", &regions_sheets::UNANSWERED_BY_REASON),
        ("outside", &population::OUTSIDE),
        ("basket", &basket::BASKET),
        ("basket_spread", &basket::SPREAD),
        ("funds", &packs::FUND_CHANGES),
        ("winners", &packs::WINNERS),
        ("one_sided", &packs::ONE_SIDED),
        ("changes", &parting::CHANGES),
        ("sweep", &sweep::SWEEP),
        ("sweep_funds", &sweep::SWEEP_FUNDS),
    ];
    for (name, headings) in tables {
        let schema = schema(&format!("output/compare_{name}"));
        assert_eq!(fields(&schema).len(), headings.len(), "{name}");
        for (field, heading) in fields(&schema).iter().zip(headings) {
            let said = ["name", "title", "title_zh", "parquet_type"].map(|key| field[key].as_str().expect("a text"));
            let kind = match heading.kind {
                SheetKind::Text => "Utf8",
                SheetKind::Count => "Int64",
                SheetKind::Money => "Decimal(38,2)",
                SheetKind::Share => "Decimal(12,6)",
            };
            assert_eq!(said, [heading.name, heading.en, heading.zh, kind], "{name}");
        }
    }
    assert_eq!(field_names(&schema("input/basket_cases")), basket::CASE_COLUMNS);
}

#[test]
fn input_tables_are_read_as_their_schemas_say() {
    let tables = [
        ("claims", &columns::CLAIMS),
        ("enrolments", &columns::ENROLMENTS),
        ("filings", &columns::FILINGS),
        ("institutions", &columns::INSTITUTIONS),
        ("marks", &columns::MARKS),
        ("accounts_balances", &columns::ACCOUNTS),
        ("paid", &columns::PAID),
        ("working_paper", &columns::WORKING_PAPER),
    ];
    for (name, table) in tables {
        let schema = schema(&format!("input/{name}"));
        assert_eq!((schema["name"].as_str(), table.name.as_str()), (Some(name), name));
        assert_eq!(
            field_names(&schema),
            table.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(),
            "{name}"
        );
        for (field, column) in fields(&schema).iter().zip(&table.fields) {
            let at = format!("{name}.{}", column.name);
            assert_eq!(field["column_required"], column.column_required, "{at}");
            assert_eq!(field["constraints"]["required"].as_bool().unwrap_or(false), column.value_required, "{at}");
            let is =
                [Kind::Money, Kind::Date, Kind::Time, Kind::Identifier].into_iter().find(|kind| *kind == column.kind);
            let word = match is {
                Some(Kind::Money) => "money",
                Some(Kind::Date) => "date",
                Some(Kind::Time) => "time",
                Some(Kind::Identifier) => "identifier",
                _ => continue,
            };
            assert_eq!(field["logical_type"], word, "{at}");
        }
    }
}

#[test]
fn every_table_and_column_is_described_in_both_languages() {
    let mut seen = 0;
    for folder in ["input", "rules", "output", "ledger"] {
        for entry in fs::read_dir(repo("schemas").join(folder)).expect("schemas") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().trim_end_matches(".schema.json").to_owned();
            let schema = schema(&format!("{folder}/{name}"));
            for described in std::iter::once(&schema).chain(fields(&schema)) {
                for word in ["title", "title_zh", "description", "description_zh"] {
                    let text = described[word].as_str().unwrap_or_default();
                    assert!(!text.trim().is_empty(), "{folder}/{name}: {} has no {word}", described["name"]);
                    let is_chinese = text.chars().any(|character| ('\u{4e00}'..'\u{a000}').contains(&character));
                    assert!(
                        is_chinese || !word.ends_with("_zh"),
                        "{folder}/{name}: {} {word}: {text}",
                        described["name"]
                    );
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 300, "only {seen} tables and columns were looked at");
}
