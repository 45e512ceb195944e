//! The page and the workbook: what stands in them, that data stay data, and the pages of the browser's test.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use flate2::read::{DeflateDecoder, GzDecoder};
use tongchou::diagnostic::{Lang, Text};
use tongchou::model::date::Date;
use tongchou::model::money::Fen;
use tongchou::report::audit_page::{AgainstPaid, AuditReport, Looked};
use tongchou::report::balance::Tally;
use tongchou::report::finding::{Finding, Standing, SubjectType, Value};
use tongchou::report::findings::{CheckReport, FindingsReport, ThresholdShown};
use tongchou::report::origin::Origin;
use tongchou::report::overview::Overview;
use tongchou::report::page::{Cell, Column, Detail, Fact, Kind, Page, Part, Row, Section, Table, Tone, html};
use tongchou::report::privacy::Persons;
use tongchou::report::reconciled::{Found, ReconcileReport};
use tongchou::report::workbook::{Content, Sheet, render};

use crate::support::{folder, repo};

/// Text that would like to be markup, script, a formula, or to turn what stands beside it.
pub const HOSTILE: [&str; 8] = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1+1)",
    "-2+3",
    "\u{202e}evil\u{202c} 🏥",
    "&lt;b&gt;<!--",
];

/// Base64 with padding.
fn unpacked(text: &str) -> String {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut bytes = Vec::new();
    for four in text.trim_end_matches('=').as_bytes().chunks(4) {
        let number = four.iter().fold(0u32, |sum, &byte| sum << 6 | u32::from(value(byte))) << (6 * (4 - four.len()));
        bytes.extend_from_slice(&number.to_be_bytes()[1..four.len()]);
    }
    let mut text = String::new();
    GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("gzip of text");
    text
}

/// A page with its packed tables unpacked.
pub fn whole_page(html: &str) -> String {
    let mut parts = html.split(" data-packed>");
    let mut out = parts.next().expect("a page").to_owned();
    for part in parts {
        let (packed, rest) = part.split_once("</script>").expect("a block");
        out += &unpacked(packed);
        out += rest;
    }
    out
}

/// The files of a ZIP, by name.
pub fn unzip(bytes: &[u8]) -> BTreeMap<String, String> {
    let number =
        |at: usize, size: usize| bytes[at..at + size].iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
    let end = bytes.windows(4).rposition(|four| four == b"PK\x05\x06").expect("the end of a directory");
    let mut at = number(end + 16, 4);
    let mut files = BTreeMap::new();
    for _ in 0..number(end + 10, 2) {
        let (method, packed, name, extra, comment) =
            (number(at + 10, 2), number(at + 20, 4), number(at + 28, 2), number(at + 30, 2), number(at + 32, 2));
        let from = number(at + 42, 4);
        let data = from + 30 + number(from + 26, 2) + number(from + 28, 2);
        let content = &bytes[data..data + packed];
        let mut text = String::new();
        match method {
            0 => text.push_str(std::str::from_utf8(content).expect("text")),
            _ => drop(DeflateDecoder::new(content).read_to_string(&mut text).expect("deflated text")),
        }
        files.insert(String::from_utf8(bytes[at + 46..at + 46 + name].to_vec()).expect("a name"), text);
        at += 46 + name + extra + comment;
    }
    files
}

fn small_table() -> Table {
    let columns = vec![
        Column::new(Kind::Code, "code", "代码"),
        Column::new(Kind::Text, "words", "说明"),
        Column::new(Kind::Money, "money", "金额"),
        Column::new(Kind::Count, "count", "数量"),
        Column::new(Kind::Share, "share", "占比"),
        Column::new(Kind::Day, "day", "日期"),
    ];
    let mut table = Table::new("small", "A table", "一张表", columns).noted("with a note", "带说明");
    let day = Cell::Day(Date::from_ymd(2024, 2, 29).expect("a day"));
    for (index, text) in HOSTILE.into_iter().enumerate() {
        let cells = vec![
            Cell::text(text),
            Cell::both(Text::new(text, "中文")),
            Cell::Money(-123_456 + index as i128),
            Cell::count(1_234_567),
            Cell::share(1, 3),
            day.clone(),
        ];
        table.push(Row { cells, detail: vec![Detail::Words(Text::new(text, text), Text::new(text, text))] });
    }
    table.push(vec![Cell::Empty, Cell::Empty, Cell::Money(1 << 70), Cell::Empty, Cell::Empty, Cell::Empty]);
    table
}

fn small_page() -> Page {
    let fact = Fact::new("Name", "名称", Cell::text(HOSTILE[0])).noted(HOSTILE[1], "说明").meant(Tone::Attention);
    let parts = vec![
        Part::Tiles(vec![fact.clone()]),
        Part::Facts(vec![fact]),
        Part::Words(Text::new(HOSTILE[7], HOSTILE[1])),
        Part::Table(small_table()),
    ];
    let section = Section { id: "one", title: Text::new("One", "一"), note: Text::new(HOSTILE[0], "注"), parts };
    Page {
        title: Text::new(HOSTILE[0], "标题"),
        lead: Text::new("lead", "导语"),
        lang: Lang::Zh,
        stem: "small",
        sections: vec![section],
    }
}

#[test]
fn a_small_page() {
    let page = html::render(&small_page());
    assert_eq!(page, html::render(&small_page()));
    let style = std::fs::read_to_string(repo("src/report/page/page.css")).expect("the style");
    let script = std::fs::read_to_string(repo("src/report/page/page.js")).expect("the script");
    assert!(!style.contains("</") && !script.contains("</script"));
    let policy = |page: &str| {
        let at = page.find("content=\"default-src").expect("a policy");
        page[at..].split('"').nth(1).expect("its words").to_owned()
    };
    // Both digests turn on the style and the script.
    let policy = policy(&page);
    assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe") && !policy.contains("http"));
    let shown = page.replace(&style, "STYLE").replace(&script, "SCRIPT").replace(&policy, "POLICY");
    insta::assert_snapshot!("a_small_page", shown);
}

#[test]
fn hostile_text_is_no_markup() {
    let page = html::render(&small_page());
    assert!(!page.contains("<script>alert") && !page.contains("<img") && !page.contains("<!--"), "{page}");
    // The table, its details, and the page's own.
    assert_eq!((page.matches("<script").count(), page.matches("</script>").count()), (3, 3));
    assert!(
        page.contains("⟨202E⟩evil⟨202C⟩ 🏥") && !page.split("<script").next().expect("markup").contains('\u{202e}')
    );
    assert!(!page.contains("http://") || page.matches("http://").count() == page.matches("http://www.w3.org").count());
    assert!(!page.contains("https://") && !page.contains("src=\"") && !page.contains("url("));
}

#[test]
fn a_workbook_read_back() {
    let table = small_table();
    let fact = Fact::new("Name", "名称", Cell::Money(1234)).noted(HOSTILE[2], HOSTILE[2]);
    let facts = vec![(Text::new("Group", "组"), vec![fact])];
    let sheets = |table| {
        [
            Sheet { name: Text::new("facts", "概览"), content: Content::Facts(vec![]) },
            Sheet { name: Text::new("table", "表"), content: Content::Table(table) },
        ]
    };
    let mut sheets = sheets(&table);
    sheets[0].content = Content::Facts(facts);
    let title = Text::new("T", "题");
    let bytes = render(&title, &sheets, Lang::Zh).expect("a workbook");
    assert!(bytes == render(&title, &sheets, Lang::Zh).expect("a workbook"), "the same bytes");
    let files = unzip(&bytes);
    assert!(files["xl/workbook.xml"].contains("name=\"概览\"") && files["xl/workbook.xml"].contains("name=\"表\""));
    assert!(files["docProps/core.xml"].contains("2000-01-01T00:00:00Z"), "{}", files["docProps/core.xml"]);
    let sheet = &files["xl/worksheets/sheet2.xml"];
    assert!(sheet.contains("state=\"frozen\"") && sheet.contains("<autoFilter ref=\"A1:F10\"/>"), "{sheet}");
    assert!(sheet.contains("<v>-1234.56</v>") && sheet.contains("<v>1234567</v>") && sheet.contains("<v>0.333333</v>"));
    // A day is a number of days.
    assert!(sheet.contains("<v>45351</v>"), "{sheet}");
    assert!(files.values().all(|text| !text.contains("<f>") && !text.contains("<f ")), "a formula");
    let strings = &files["xl/sharedStrings.xml"];
    for text in ["=cmd|' /C calc'!A0", "+1+1", "@SUM(1+1)", "-2+3", "&lt;/script&gt;&lt;script&gt;alert(1)", "🏥"] {
        assert!(strings.contains(text), "{text}: {strings}");
    }
    assert!(strings.contains("11,805,916,207,174,113,034.24"), "a sum that no spreadsheet holds is text: {strings}");
    assert!(files["xl/styles.xml"].contains("#,##0.00"));
}

#[test]
fn a_long_table_goes_on_in_another_sheet() {
    let mut table = Table::new("long", "Long", "长", vec![Column::new(Kind::Count, "n", "数")]);
    (0..1_048_580).for_each(|count| table.push(vec![Cell::Count(count)]));
    let sheets = [Sheet { name: Text::new("long", "长"), content: Content::Table(&table) }];
    let files = unzip(&render(&Text::new("T", "题"), &sheets, Lang::En).expect("a workbook"));
    assert!(files["xl/workbook.xml"].contains("name=\"long 2\""));
    let rest = &files["xl/worksheets/sheet2.xml"];
    assert!(rest.contains("<v>1048575</v>") && rest.contains("<v>1048579</v>") && rest.contains("r=\"A6\""), "{rest}");
}

/// Findings as many as asked for, some of them hostile.
fn findings(count: usize) -> (Vec<Finding>, FindingsReport) {
    const CODES: [(&str, &str, &str); 4] = [
        ("A201", "same bill twice", "同一账单结算两次"),
        ("A203", "out while in", "挂床住院"),
        ("A501", "costly institution", "次均费用异常机构"),
        ("A502", "frequent person", "高频就医人员"),
    ];
    let one = |index: usize| {
        let (code, en, zh) = CODES[index % 4];
        let subject_type =
            [SubjectType::Claim, SubjectType::Claim, SubjectType::Institution, SubjectType::Person][index % 4];
        let subject = match (subject_type, index % 50) {
            (SubjectType::Person, _) => format!("11010119800101{index:06}"),
            (_, 0..8) => HOSTILE[index % 8].to_owned(),
            _ => format!("S{index:08}"),
        };
        let message = Text::new(format!("No. {index}: {en}; was it so?"), format!("第 {index} 条：{zh}，是否属实？"));
        Finding {
            code,
            severity: (index % 5) as u8 + 1,
            standing: if index.is_multiple_of(3) { Standing::Lead } else { Standing::Doubtful },
            subject_type,
            subject: subject.into(),
            case: "".into(),
            setl_ids: (0..index % 4 + 1).map(|at| format!("S{index:08}-{at}").into()).collect(),
            evidence: vec![
                ("psn_no", Value::Person(format!("44030119800101{index:06}").into())),
                ("text", Value::Text(HOSTILE[index % 8].into())),
                ("amount", Value::Money(Fen(index as i64 * 37))),
                ("z", Value::Number(3.75)),
                ("days", Value::List(vec![Value::Day(Date(19_000)), Value::Count(3)])),
            ],
            amount: Fen((index as i64 * 7919) % 10_000_000),
            message,
            basis: Text::new("audit rules", "审计规则"),
            first_seen: Date(19_000 + (index % 365) as i32),
        }
    };
    let check = |code: &'static str, title: Text, not_checked: Option<Text>| CheckReport {
        code,
        title,
        severity: 3,
        standing: Standing::Doubtful,
        findings: count as u64 / 4,
        amount_fen: 1_234_567,
        not_checked,
        in_part: None,
        thresholds: vec![ThresholdShown { key: "days", value: "15".into(), meaning: Text::new("days", "天数") }],
    };
    let mut checks: Vec<CheckReport> =
        CODES.into_iter().map(|(code, en, zh)| check(code, Text::new(en, zh), None)).collect();
    let why = Text::new("hosp_lv", " hosp_lv ");
    checks.push(check("A305", Text::new("hospital level", "医院等级不符"), Some(why)));
    ((0..count).map(one).collect(), FindingsReport { checks })
}

fn page_of((findings, report): &(Vec<Finding>, FindingsReport), persons: &Persons, lang: Lang) -> String {
    let looked = Some(Looked { findings, report });
    let report = ReconcileReport {
        found: Found::default(),
        run: Tally::default(),
        run_without_number: 0,
        run_rejected_total: 0,
        paid: Tally::default(),
        paid_without_number: 0,
        unpaid: 0,
        paid_files: Vec::new(),
        fields: tongchou::columnar::reconciled::FieldSet::ALL,
        tolerance: Default::default(),
        of_run: "out".into(),
        out: "reconciled".into(),
    };
    let (origin, overview) = (Origin::default(), Overview::default());
    let totals = Table::new("totals", "Totals", "对总账", vec![Column::new(Kind::Code, "a", "甲")]);
    let against = AgainstPaid { report: &report, overview: &overview, explained: &[], totals: &totals };
    let audit = AuditReport { origin: &origin, of_run: "out", rows: 0, against_paid: Some(against), looked, persons };
    assert!(!audit.workbook(lang).expect("a workbook").is_empty());
    html::render(&audit.page(lang))
}

#[test]
fn findings_say_who_only_as_they_may() {
    let audited = findings(60);
    let masked = whole_page(&page_of(&audited, &Persons::Masked, Lang::En));
    assert!(
        masked.contains("110******03") && !masked.contains("110101198001010") && !masked.contains("440301198001010")
    );
    let person = &audited.0[3];
    assert!(!masked.contains(&person.id()) && masked.contains(&audited.0[0].id()));
    assert!(masked.contains("not checked: no hosp_lv") && masked.contains("A305.days"));
    let revealed = whole_page(&page_of(&audited, &Persons::Revealed, Lang::En));
    assert!(revealed.contains("11010119800101000003") && revealed.contains(&person.id()));
    let zh = page_of(&audited, &Persons::Masked, Lang::Zh);
    assert!(zh.contains("<html lang=\"zh-CN\" data-ui=\"zh\"") && zh.contains("<title data-en="));
}

/// Where `TONGCHOU_PAGES` names a folder, a page of many findings is put there for the browser's test.
#[test]
fn a_page_of_many_findings() {
    let (own, count) = (folder(), if std::env::var_os("TONGCHOU_PAGES").is_some() { 100_000 } else { 3_000 });
    let into = std::env::var_os("TONGCHOU_PAGES")
        .map_or_else(|| own.path().to_owned(), |folder| Path::new(&folder).to_owned());
    let page = page_of(&findings(count), &Persons::Masked, Lang::En);
    assert!(page.contains("id=\"t-findings\" data-packed") && page.contains("id=\"d-findings\" data-packed"));
    let whole = whole_page(&page);
    assert_eq!(whole.matches("was it so?").count(), 40 + 2 * count, "on paper, in the table, in the details");
    std::fs::write(into.join("many.html"), page).expect("a page");
}
