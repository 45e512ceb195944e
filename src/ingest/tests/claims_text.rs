//! Claims from CSV and TSV.

use super::*;
use crate::diagnostic::Lang;
use crate::ingest::{Column, Problem, Recalled, Value, recall};
use crate::model::money::Fen;
use crate::model::settlement::{Arenas, Claim, Flags, Insutype};
use crate::text::encoding::Encoding;

fn read_text(text: impl AsRef<[u8]>) -> Read {
    let folder = Folder::new();
    read(&folder.write("claims.csv", text))
}

#[test]
fn a_row_is_typed() {
    let text = table(
        &[
            "hosp_lv",
            "brdy",
            "dise_codg",
            "er_flag",
            "acct_used_flag",
            "init_setl_id",
            "dedc_hosp_lv",
            "x",
            "hosp_part_amt",
        ],
        &[&[
            ("psn_no", " P1 "),
            ("psn_type", "1101.0"),
            ("med_type", "2199"),
            ("hosp_lv", "1.0"),
            ("brdy", "19500203 00:00:00"),
            ("dise_codg", "M01234"),
            ("er_flag", "1.0"),
            ("acct_used_flag", "0"),
            ("dedc_hosp_lv", "3"),
            ("hosp_part_amt", "1.5"),
        ]],
    );
    let mut read = read_text(&text);
    let vocab = vocab();
    let batch = read.batches.remove(0);
    let claim = &batch.claims[0];
    assert_eq!((claim.file, claim.row, claim.institution), (0, 1, 1));
    assert_eq!(claim.setl_time.to_string(), "2024-01-05 10:00:00");
    assert_eq!((claim.begndate.to_string(), claim.enddate.to_string()), ("2024-01-02".into(), "2024-01-05".into()));
    assert_eq!(claim.brdy.map(|day| day.to_string()), Some("1950-02-03".into()));
    assert_eq!((claim.insured.0, claim.treated.0), (440_300, 440_100));
    assert_eq!(claim.insutype, Insutype(vocab.insutype.find(b"310").0));
    assert_eq!(
        (claim.psn_type.code, claim.psn_type.parent),
        (vocab.psn_type.find(b"1101"), vocab.psn_type.find(b"11"))
    );
    assert_eq!((claim.med_type.code, claim.med_type.parent), (Sym::OTHER, vocab.med_type.find(b"21")));
    assert_eq!(claim.disease, vocab.disease.find(b"M0123"));
    assert_eq!((claim.hosp_lv, claim.dedc_hosp_lv), (vocab.level.find(b"01"), vocab.level.find(b"3")));
    assert_eq!((claim.identity, claim.grade, claim.filing_type), (Sym::EMPTY, Sym::EMPTY, Sym::EMPTY));
    let mut flags = Flags::EMERGENCY;
    flags.set(Flags::ACCOUNT_NOT_USED);
    assert_eq!(claim.flags, flags);
    let bill = claim.bill;
    assert_eq!(
        [bill.total, bill.full_own, bill.over_limit, bill.preself, bill.in_scope, bill.hospital].map(|fen| fen.0),
        [10_000, 1_000, 2_000, 3_000, 4_000, 150]
    );
    let text = claim.text;
    let arenas = Arenas(vec![batch.arena]);
    assert_eq!(
        (arenas.person(text), arenas.setl_id(text), arenas.institution(text)),
        (&b"P1"[..], &b"S1"[..], &b"H2"[..])
    );
    assert_eq!(arenas.init_setl_id(text), b"");
    assert_eq!(read.files[0].extra_columns, ["x"]);
    assert_eq!((read.files[0].shown.as_str(), read.files[0].encoding), ("claims.csv", Some(Encoding::Ascii)));
}

#[test]
fn every_reason_of_a_row_in_order() {
    let more = ["vali_flag", "hosp_part_amt", "init_setl_id", "brdy", "hifp_pay"];
    type Pairs = &'static [(&'static str, &'static str)];
    let cases: &[(Pairs, Pairs)] = &[
        (&[("vali_flag", "0")], &[("R-INVALIDATED", "vali_flag")]),
        (&[("vali_flag", "1.0")], &[]),
        (&[("enddate", "2024-02-30")], &[("R-PARSE", "enddate")]),
        (&[("setl_time", "2024-01-05T10:00:00")], &[("R-PARSE", "setl_time")]),
        (&[("brdy", "1950/01/01"), ("hifp_pay", "1e3")], &[("R-PARSE", "brdy"), ("R-PARSE", "hifp_pay")]),
        (&[("hosp_part_amt", "x")], &[("R-PARSE", "hosp_part_amt")]),
        (&[("medfee_sumamt", "12x.3")], &[("R-PARSE", "medfee_sumamt")]),
        (&[("medfee_sumamt", "100.001")], &[("R-PARSE", "medfee_sumamt")]),
        (
            &[("setl_id", "null"), ("psn_no", " "), ("inscp_scp_amt", "\\N")],
            &[("R-MISSING", "setl_id"), ("R-MISSING", "psn_no"), ("R-MISSING", "inscp_scp_amt")],
        ),
        (
            &[("insuplc_admdvs", ""), ("mdtrtarea_admvs", "4401")],
            &[("R-MISSING", "insuplc_admdvs"), ("R-DOMAIN", "mdtrtarea_admvs")],
        ),
        (&[("insuplc_admdvs", "440300.0")], &[]),
        (&[("preselfpay_amt", "30.01")], &[("R-SPLIT", "medfee_sumamt")]),
        (
            &[("fulamt_ownpay_amt", "-1"), ("medfee_sumamt", "89"), ("hosp_part_amt", "-0.01")],
            &[("R-NEGATIVE", "fulamt_ownpay_amt"), ("R-NEGATIVE", "hosp_part_amt")],
        ),
        (&[("hifp_pay", "-5")], &[]),
        (
            &[
                ("medfee_sumamt", "-100"),
                ("fulamt_ownpay_amt", "-10"),
                ("overlmt_selfpay", "-20"),
                ("preselfpay_amt", "-30"),
                ("inscp_scp_amt", "-40"),
                ("init_setl_id", "S0"),
            ],
            &[],
        ),
        (&[("begndate", "2024-01-06")], &[("R-DATE", "begndate")]),
        (&[("begndate", "")], &[]),
        (&[("setl_time", "20240104"), ("begndate", "20240106")], &[("R-DATE", "begndate"), ("R-DATE", "enddate")]),
        (&[("setl_time", "20240105")], &[]),
        (
            &[
                ("vali_flag", "x"),
                ("enddate", ""),
                ("setl_time", "?"),
                ("insuplc_admdvs", "44030a"),
                ("medfee_sumamt", "-1"),
            ],
            &[
                ("R-INVALIDATED", "vali_flag"),
                ("R-PARSE", "setl_time"),
                ("R-MISSING", "enddate"),
                ("R-DOMAIN", "insuplc_admdvs"),
                ("R-SPLIT", "medfee_sumamt"),
                ("R-NEGATIVE", "medfee_sumamt"),
            ],
        ),
    ];
    for (changes, expected) in cases {
        let read = read_text(table(&more, &[changes]));
        let found: Vec<_> = read.rejects().iter().map(|&(_, _, reason, column)| (reason, column)).collect();
        assert_eq!(found, *expected, "{changes:?}");
        assert_eq!(read.accepted_rows().len(), usize::from(expected.is_empty()), "{changes:?}");
    }
}

#[test]
fn what_is_kept_of_a_rejected_row() {
    let read = read_text(table(
        &[],
        &[
            &[("enddate", "2024-02-30")],
            &[("medfee_sumamt", "?"), ("psn_no", "")],
            &[("setl_id", "S3"), ("inscp_scp_amt", "41")],
        ],
    ));
    let batch = &read.batches[0];
    assert_eq!((batch.rejected_rows, batch.rejected_total), (3, 20_000));
    assert_eq!(batch.ghosts.iter().map(|ghost| (ghost.row, ghost.line)).collect::<Vec<_>>(), [(1, 2), (3, 4)]);
    let split = &batch.rejects[3];
    assert_eq!(split.problem, Problem::Split { total: Fen(10_000), parts: Fen(10_100) });
    assert_eq!(
        (split.value.as_str(), &*split.raw),
        (
            "100.00",
            ROW.replace("S1", "S3")
                .replace(",40", ",41")
                .replace(",410300", ",440300")
                .replace(",410100", ",440100")
                .as_str()
        )
    );
    assert!(split.problem.text().get(Lang::Zh).contains("100.00"));
    assert_eq!(read.files[0].rejected_rows, 3);
}

#[test]
fn exact_lines_at_every_line_end() {
    for end in ["\n", "\r\n", "\r"] {
        for (bom, encoding) in [("", Encoding::Ascii), ("\u{feff}", Encoding::Utf8Bom)] {
            let lines = ["", HEADER, ROW, "", "  ", "bad", ROW, "\"open", ROW];
            let read = read_text(format!("{bom}{}", lines.join(end)));
            assert_eq!(read.rejects(), [(2, 6, "R-PARSE", ""), (4, 8, "R-PARSE", "")], "{end:?}");
            assert_eq!(read.accepted_rows(), [1, 3, 5]);
            let file = &read.files[0];
            assert_eq!((file.lines, file.rows, file.blank_lines, file.encoding), (9, 5, 3, Some(encoding)));
        }
    }
}

#[test]
fn lines_that_are_no_records() {
    let long = "x".repeat(crate::text::MAX_LINE_BYTES + 5);
    let mut bytes = format!("{HEADER}\n{long}\n{ROW}\n{ROW},1\n\"{ROW}\n").into_bytes();
    bytes.extend_from_slice(&[ROW.as_bytes(), b"\xff\n", ROW.as_bytes(), b"\n"].concat());
    let read = read_text(&bytes);
    let problems: Vec<_> =
        read.batches.iter().flat_map(|batch| &batch.rejects).map(|reject| (reject.line, reject.problem)).collect();
    use crate::text::RowProblem as P;
    assert_eq!(
        problems,
        [
            (2, Problem::Line(P::TooLong)),
            (4, Problem::Line(P::Ragged { expected: 16, found: 17 })),
            (5, Problem::Line(P::UnclosedQuote)),
            (6, Problem::Line(P::BadEncoding)),
        ]
    );
    let raws: Vec<&str> = read.batches.iter().flat_map(|batch| &batch.rejects).map(|reject| &*reject.raw).collect();
    assert_eq!(raws[3], format!("{ROW}\\xFF"));
    assert!(raws[0].len() < 2000 && raws[0].ends_with('…'));
    assert_eq!(read.accepted_rows(), [2, 6]);
    assert!(read.batches.iter().all(|batch| batch.ghosts.is_empty()));
}

#[test]
fn chinese_headings_in_every_encoding() {
    let header = "结算ID\t人员编号\t险种类型\t人员类别\tINSU_ADMDVS\t就医地\t定点医药机构编号\t医疗类别\t开始日期\t结束日期\t结算时间\t医疗费总额\t全自费金额\t超限价自费费用\t先行自付金额\t符合范围金额\t姓名";
    let text = format!("{header}\r\n{}\t张三\r\n", ROW.replace(',', "\t"));
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let gb = encoding_rs::GB18030.encode(&text).0.into_owned();
    for (bytes, encoding) in
        [(text.clone().into_bytes(), Encoding::Utf8), (gb, Encoding::Gb18030), (utf16, Encoding::Utf16Le)]
    {
        let read = read_text(&bytes);
        assert_eq!(read.accepted_rows(), [1], "{encoding:?}: {:?}", read.rejects());
        assert_eq!(read.files[0].encoding, Some(encoding));
        assert_eq!(read.files[0].extra_columns, ["姓名"]);
        assert_eq!(read.files[0].bytes, bytes.len() as u64);
    }
    // A line of a GB18030 file that is no GB18030.
    let mut bytes = encoding_rs::GB18030.encode(&text).0.into_owned();
    bytes.extend_from_slice(b"\x81\xff\n");
    let read = read_text(&bytes);
    assert_eq!(read.rejects(), [(2, 3, "R-PARSE", "")]);
    assert_eq!(&*read.batches[0].rejects[0].raw, "\\x81\\xFF");
}

#[test]
fn headings_are_refused_before_anything_is_read() {
    let folder = Folder::new();
    fs::write(folder.path("a.csv"), table(&[], &[&[]])).expect("a file");
    fs::write(folder.path("b.csv"), HEADER.replace("psn_no", "psn_nr")).expect("a file");
    fs::write(folder.path("c.csv"), "\n\n").expect("a file");
    let unmarked: Vec<u8> = HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(folder.path("d.csv"), unmarked).expect("a file");
    let inputs = expand(&[folder.0.path()]).expect("files");
    let error = read_with(&inputs, &ReadOptions::default(), Limits::RUN).err().expect("refused");
    let IngestError::Rejected { diagnostics, more: 0 } = error else { panic!("{error}") };
    let found: Vec<_> =
        diagnostics.iter().map(|one| (one.at.file.as_str(), one.code, one.at.column.as_str())).collect();
    assert_eq!(found, [("b.csv", "I-COLUMN-MISSING", "psn_no"), ("c.csv", "I-HEADER", ""), ("d.csv", "I-HEADER", "")]);
}

#[test]
fn unlisted_insurance_types_keep_their_names() {
    let read = read_text(table(&[], &[&[("insutype", "399")], &[], &[("insutype", "397.0")], &[("insutype", "399")]]));
    let batch = &read.batches[0];
    assert_eq!(batch.unlisted_insutypes.iter().map(|name| &**name).collect::<Vec<_>>(), ["399", "397"]);
    let numbers: Vec<u32> = batch.claims.iter().map(|claim| claim.insutype.0).collect();
    assert_eq!(numbers, [Insutype::UNLISTED, 2, Insutype::UNLISTED + 1, Insutype::UNLISTED]);
}

#[test]
fn one_person_only() {
    let folder = Folder::new();
    let text = table(&[], &[&[], &[("psn_no", "P2"), ("enddate", "?")], &[("psn_no", "P2")], &[("psn_no", "P12")]])
        + "broken\n";
    let inputs = folder.write("claims.csv", text);
    let options = ReadOptions { person: Some(b"P2"), ..ReadOptions::default() };
    let read = read_with(&inputs, &options, Limits::RUN).expect("readable");
    assert_eq!(read.accepted_rows(), [3]);
    assert_eq!(read.rejects(), [(2, 3, "R-PARSE", "enddate")]);
    assert_eq!(read.files[0].rows, 5);
}

#[test]
fn cancelled() {
    let folder = Folder::new();
    let inputs = folder.write("claims.csv", table(&[], &[&[]]));
    let flag = std::sync::atomic::AtomicBool::new(true);
    let options = ReadOptions { cancel: Some(&flag), ..ReadOptions::default() };
    assert!(matches!(read_with(&inputs, &options, Limits::RUN), Err(IngestError::Cancelled)));
}

/// Two files of many rows, some bad, some lines blank.
fn two_files(folder: &Folder) -> Vec<InputPath> {
    for (file, end) in [("a.csv", "\n"), ("b.csv", "\r\n")] {
        let mut text = format!("{HEADER},姓名{end}");
        for row in 0..400 {
            let line = ROW.replace("S1", &format!("{file}{row}"));
            text += &match row % 50 {
                7 => format!("{line},张三,x{end}"),
                9 => format!("{end}{},李四{end}", line.replace("440300", "4403")),
                11 => format!("{},王五{end}", line.replace("310", &format!("9{row}"))),
                _ => format!("{line},赵六{end}"),
            };
        }
        fs::write(folder.path(file), text).expect("a file");
    }
    expand(&[folder.0.path()]).expect("files")
}

/// Everything that has to be the same however the files are cut and on however many threads.
fn summary(read: &Read) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    let arenas = Arenas(read.batches.iter().map(|batch| batch.arena.clone()).collect());
    for batch in &read.batches {
        for claim in &batch.claims {
            let Claim { file, row, text: at, insutype, .. } = claim;
            let name = insutype.0.checked_sub(Insutype::UNLISTED).map(|n| &batch.unlisted_insutypes[n as usize]);
            let (person, setl) = (arenas.person(*at), arenas.setl_id(*at));
            writeln!(text, "{file} {row} {person:?} {setl:?} {name:?} {:?}", claim.bill).expect("a text");
        }
        for reject in &batch.rejects {
            writeln!(text, "{reject:?}").expect("a text");
        }
        for ghost in &batch.ghosts {
            let (person, setl) = (arenas.person(ghost.text), arenas.setl_id(ghost.text));
            writeln!(text, "{} {} {} {person:?} {setl:?}", ghost.file, ghost.row, ghost.line).expect("a text");
        }
    }
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

#[test]
fn the_same_at_any_thread_count_and_block_size() {
    let folder = Folder::new();
    let inputs = two_files(&folder);
    let whole = read(&inputs);
    let expected = summary(&whole);
    assert_eq!(whole.accepted_rows().len(), 2 * (400 - 16));
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let debug = |read: &Read| format!("{:?}", read.batches);
        let limits = Limits { block: 3000, line: crate::text::MAX_LINE_BYTES };
        let [one, again] =
            [0, 1].map(|_| pool.install(|| read_with(&inputs, &ReadOptions::default(), limits)).expect("readable"));
        assert_eq!(summary(&one), expected, "{threads} threads");
        assert_eq!(debug(&one), debug(&again));
        assert!(one.batches.len() > 20, "many blocks");
        assert!(one.accepted_rows()[..384].is_sorted());
        for (file, same) in one.files.iter().zip(&whole.files) {
            assert_eq!(
                (&file.sha256, file.rows, file.lines, file.blank_lines),
                (&same.sha256, same.rows, same.lines, same.blank_lines)
            );
        }
    }
}

#[test]
fn rows_are_recalled() {
    let folder = Folder::new();
    let inputs = two_files(&folder);
    for block in [2000, 1 << 20] {
        let limits = Limits { block, line: crate::text::MAX_LINE_BYTES };
        let read = read_with(&inputs, &ReadOptions::default(), limits).expect("readable");
        let wanted: Vec<(u32, u32)> = [(0, 1), (0, 8), (0, 10), (0, 11), (0, 400), (1, 12), (1, 399)].to_vec();
        let mut rows: Vec<Recalled> = Vec::new();
        recall(&read.files, &wanted, true, 4, &mut |row| {
            rows.push(row);
            Ok(())
        })
        .expect("the same files");
        let found: Vec<_> = rows.iter().map(|row| (row.file, row.row, row.line)).collect();
        assert_eq!(found, [(0, 1, 2), (0, 8, 9), (0, 10, 12), (0, 11, 13), (0, 400, 409), (1, 12, 14), (1, 399, 408)]);
        assert_eq!(rows[0].value(Column::SetlId), &Value::Text("a.csv0".into()));
        assert_eq!(rows[0].value(Column::MedfeeSumamt), &Value::Money(Fen(10_000)));
        assert_eq!(rows[0].value(Column::HospLv), &Value::Missing);
        assert!(rows[1].raw.ends_with(",张三,x") && rows[1].value(Column::SetlId) == &Value::Missing);
        assert_eq!(rows[2].value(Column::InsuplcAdmdvs), &Value::Text("4403".into()));
    }
}

#[test]
fn a_file_that_changed_is_not_recalled() {
    let folder = Folder::new();
    let inputs = folder.write("claims.csv", table(&[], &[&[]]));
    let read = read(&inputs);
    fs::write(folder.path("claims.csv"), table(&[], &[&[], &[]])).expect("a file");
    assert!(matches!(recall(&read.files, &[(0, 1)], false, 1, &mut |_| Ok(())), Err(IngestError::Changed { .. })));
}
