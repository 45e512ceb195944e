//! Reference tables.

use super::*;
use crate::diagnostic::Diagnostic;
use crate::ingest::reference::{gathered, read_balances, read_enrolments, read_filings, read_institutions, read_marks};
use crate::model::money::Fen;
use crate::model::place::Admdvs;
use crate::model::settlement::Insutype;

fn lookup(psn_no: &[u8]) -> Option<u32> {
    match psn_no {
        b"P1" => Some(0),
        b"P2" => Some(1),
        _ => None,
    }
}

fn wrong<T>(result: Result<T, IngestError>) -> Vec<Diagnostic> {
    match result {
        Err(IngestError::Rejected { diagnostics, .. }) => diagnostics,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("nothing was found wrong"),
    }
}

fn places(problems: &[Diagnostic]) -> Vec<(&'static str, u64, usize, &str)> {
    problems.iter().map(|one| (one.code, one.at.line, one.at.column_number, one.at.column.as_str())).collect()
}

#[test]
fn institutions_and_their_overlaps() {
    let folder = Folder::new();
    let header = "定点机构编号,FIX_BLNG_ADMDVS,hosp_lv,开始日期,enddate,机构类别\n";
    let good = folder.write(
        "good.csv",
        format!("{header}H1,440300,1,2020-01-01,2020-12-31,3\nH1,440300,2.0,20210101,,\nH2,,,,2019-01-01,\n"),
    );
    let vocab = vocab();
    let (table, files) = read_institutions(&good, &vocab, &ReadOptions::default()).expect("right");
    let day = |text: &str| Date::parse(text.as_bytes()).expect("a day");
    let open = |code: &str, on: &str| table.open_on(table.find(code.as_bytes()), day(on)).copied();
    assert_eq!(open("H1", "2020-12-31").map(|period| period.hosp_lv), Some(vocab.level.find(b"01")));
    assert_eq!(open("H1", "2020-12-31").map(|period| period.inst_class), Some(vocab.level.find(b"3")));
    assert_eq!(open("H1", "2021-01-01").map(|period| period.hosp_lv), Some(vocab.level.find(b"02")));
    assert!(open("H2", "1900-01-01").is_some() && open("H2", "2019-01-02").is_none());
    assert_eq!(files[0].rows, 3);

    let bad = folder
        .write("bad.csv", format!("{header}H1,,1,2020-01-01,2021-01-01,\nH1,,1,2021-01-01,,\n,,,,,\nH3,,,x,,\nH4\n"));
    let problems = wrong(read_institutions(&bad, &vocab, &ReadOptions::default()));
    assert_eq!(
        places(&problems),
        [
            ("I-MISSING", 4, 1, "fixmedins_code"),
            ("I-VALUE", 5, 4, "begndate"),
            ("I-LINE", 6, 0, ""),
            ("I-OVERLAP", 3, 0, "fixmedins_code"),
        ]
    );
    assert!(problems[3].message.en.contains("bad.csv:2"), "{}", problems[3].message.en);
}

#[test]
fn enrolments_filings_and_marks() {
    let folder = Folder::new();
    let vocab = vocab();
    let options = ReadOptions::default();
    let files = folder.write("e.csv", "psn_no,insutype,insuplc_admdvs,psn_insu_date,paus_insu_date\nP2,310.0,440305,,2024-01-01\nP9,310,440305,,\nP1,399,440300.0,20200101,\n");
    let pool = |place: Admdvs| place.city();
    let insutype = |name: &str| Insutype(name.parse().expect("a number"));
    let (rows, _) = gathered(|take| read_enrolments(&files, &lookup, &pool, &insutype, &options, take)).expect("right");
    assert_eq!(
        rows.iter().map(|(person, row)| (*person, row.insutype.0, row.pool.0)).collect::<Vec<_>>(),
        [(1, 310, 440_300), (0, 399, 440_300)]
    );
    assert_eq!((rows[0].1.from, rows[0].1.to.to_string(), rows[1].1.to), (Date::MIN, "2024-01-01".into(), Date::MAX));
    assert_eq!(rows[1].1.benefits_from, Date::MIN);

    let files =
        folder.write("bad.csv", "psn_no,insutype,insuplc_admdvs,psn_insu_date\nP9,310,4403,\n,,440300,2024-13-01\n");
    let problems = wrong(read_enrolments(&files, &lookup, &|place| place, &|_| Insutype(0), &options, &mut |_, _| {}));
    assert_eq!(
        places(&problems),
        [
            ("I-VALUE", 2, 3, "insuplc_admdvs"),
            ("I-MISSING", 3, 1, "psn_no"),
            ("I-MISSING", 3, 2, "insutype"),
            ("I-VALUE", 3, 4, "psn_insu_date"),
        ]
    );

    let files = folder
        .write("f.csv", "psn_no,out_fil_type,rloc_admdvs,begndate,enddate\nP1,01,440000,2024-01-01,\nP3,01,440000,,\n");
    let (rows, _) = gathered(|take| read_filings(&files, &vocab, &lookup, &options, take)).expect("right");
    assert_eq!(
        (rows.len(), rows[0].1.area.0, rows[0].1.to, rows[0].1.filing_type),
        (1, 440_000, None, vocab.filing_type.find(b"01"))
    );

    let files = folder.write("m.csv", "psn_no,mark\nP1,cvlserv\nP1,other\n");
    let (rows, _) = gathered(|take| read_marks(&files, &vocab, &lookup, &options, take)).expect("right");
    assert_eq!(rows.iter().map(|(_, row)| row.mark).collect::<Vec<_>>(), [vocab.mark.find(b"cvlserv"), Sym::OTHER]);
}

#[test]
fn balances_of_everybody() {
    let folder = Folder::new();
    let options = ReadOptions::default();
    let files = folder.write("b.csv", "psn_no,余额\nP1,-3\nP9,5\nP2,12.30\n");
    let read = |files: &[InputPath]| gathered(|take| read_balances(files, &options, take));
    let (rows, _) = read(&files).expect("right");
    let told: Vec<_> = rows.iter().map(|(person, told)| (&**person, told.balance, told.line)).collect();
    assert_eq!(told, [(&b"P1"[..], Fen(0), 2), (b"P9", Fen(500), 3), (b"P2", Fen(1230), 4)]);
    let files = folder.write("b.csv", "psn_no,余额\nP9,1\n\nP9,1\nP1,\n");
    let problems = wrong(read(&files));
    assert_eq!(places(&problems), [("I-MISSING", 5, 2, "balc")]);
}

#[test]
fn a_hundred_errors_and_a_count_of_the_rest() {
    let folder = Folder::new();
    let files = folder.write("b.csv", "psn_no,balc\n".to_owned() + &"P1,x\n".repeat(130));
    match read_balances(&files, &ReadOptions::default(), &mut |_, _| {}) {
        Err(IngestError::Rejected { diagnostics, more }) => assert_eq!((diagnostics.len(), more), (100, 30)),
        _ => panic!("130 errors"),
    }
}
