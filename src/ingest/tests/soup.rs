//! Any bytes at all: nothing is lost, nothing panics.

use proptest::prelude::*;

use super::*;

/// Pieces that files are made of, and some that they should not be made of.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => Just(format!("{ROW}\n").into_bytes()),
        2 => Just(ROW.as_bytes().to_vec()),
        2 => proptest::sample::select(vec!["\n", "\r", "\r\n", ",", "\"", "\t", " ", "null", "张三", "\u{3000}", "440300", "-1.00"])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..30),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn header_and_blanks_and_accepted_and_rejected_are_all_lines(
        pieces in proptest::collection::vec(piece(), 0..30),
        block in 1_usize..2000,
    ) {
        let bytes = [format!("{HEADER}\n").into_bytes(), pieces.concat()].concat();
        let folder = Folder::new();
        let inputs = folder.write("soup.csv", &bytes);
        let limits = Limits { block: block + 4, line: crate::text::MAX_LINE_BYTES };
        let read = read_with(&inputs, &ReadOptions::default(), limits).expect("readable");
        let file = &read.files[0];
        let accepted: usize = read.batches.iter().map(|batch| batch.claims.len()).sum();
        let rejected: u64 = read.batches.iter().map(|batch| batch.rejected_rows).sum();
        prop_assert_eq!(file.rows, accepted as u64 + rejected);
        prop_assert_eq!(file.lines, 1 + file.blank_lines + file.rows);
        prop_assert_eq!(file.lines, physical_lines(&bytes));
        prop_assert_eq!(file.rejected_rows, rejected);
        let rows: Vec<u32> = read.batches.iter().flat_map(|batch| {
            let mut rows: Vec<u32> = batch.claims.iter().map(|claim| claim.row)
                .chain(batch.rejects.iter().map(|reject| reject.row)).collect();
            rows.sort_unstable();
            rows.dedup();
            rows
        }).collect();
        prop_assert_eq!(rows, (1..=file.rows as u32).collect::<Vec<_>>());
    }

    #[test]
    fn bytes_that_need_not_begin_with_a_header(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let folder = Folder::new();
        let inputs = folder.write("soup.csv", &bytes);
        prop_assert!(read_with(&inputs, &ReadOptions::default(), Limits::RUN).is_err());
        let _ = crate::text::table::parse(&bytes);
    }
}

/// Lines counted in the plainest way.
fn physical_lines(bytes: &[u8]) -> u64 {
    let mut lines = 0;
    let mut at = 0;
    while at < bytes.len() {
        lines += 1;
        while at < bytes.len() && bytes[at] != b'\n' && bytes[at] != b'\r' {
            at += 1;
        }
        at += if bytes[at..].starts_with(b"\r\n") { 2 } else { 1 };
    }
    lines
}
