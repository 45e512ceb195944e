//! Parquet, whose rows are checked column by column, against the same rows as text, which are checked one by one.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use proptest::prelude::*;

use super::*;
use crate::model::money::Fen;

/// Columns beside those of [`HEADER`].
const MORE: [&str; 16] = [
    "hosp_lv",
    "brdy",
    "er_flag",
    "acct_used_flag",
    "vali_flag",
    "init_setl_id",
    "mdtrt_id",
    "gend",
    "sp_psn_type",
    "dise_codg",
    "dedc_hosp_lv",
    "out_fil_type",
    "clct_grde",
    "refd_setl_flag",
    "hosp_part_amt",
    "hifp_pay",
];
/// Money, which the second file has as decimals.
const MONEY: [&str; 7] = [
    "medfee_sumamt",
    "fulamt_ownpay_amt",
    "overlmt_selfpay",
    "preselfpay_amt",
    "inscp_scp_amt",
    "hosp_part_amt",
    "hifp_pay",
];
/// What a text column may be changed to.
const TEXTS: [&str; 26] = [
    "",
    "null",
    "0",
    "1",
    "1.0",
    "01",
    "x",
    "一二",
    "310",
    "310.0",
    "999",
    "1101",
    "14",
    "21",
    "440300",
    "44030",
    "2024-01-05",
    "20240104",
    "2024-02-30",
    "2024-01-05 09:00:00",
    "2023-12-31",
    "M0123.4",
    "H1",
    "D1",
    " 2 ",
    "-1",
];
/// What money may be changed to, in fen.
const AMOUNTS: [Option<i64>; 8] =
    [None, Some(0), Some(1), Some(4000), Some(10_000), Some(-1), Some(-10_000), Some(12_345)];

fn columns() -> Vec<&'static str> {
    HEADER.split(',').chain(MORE).collect()
}

type Rows = Vec<Vec<String>>;

/// Rows that differ from [`ROW`] in a few places.
fn rows() -> impl Strategy<Value = Rows> {
    let change = (0..columns().len(), 0..TEXTS.len(), 0..AMOUNTS.len());
    let changes = prop_oneof![2 => Just(Vec::new()), 3 => proptest::collection::vec(change, 1..4)];
    proptest::collection::vec(changes, 1..60).prop_map(|rows| {
        let row = |(number, changes): (usize, Vec<(usize, usize, usize)>)| {
            let mut row: Vec<String> = ROW.split(',').map(str::to_owned).collect();
            row.resize(columns().len(), String::new());
            row[0] = format!("S{}", number % 40);
            for (column, text, amount) in changes {
                row[column] = match AMOUNTS[amount] {
                    _ if !MONEY.contains(&columns()[column]) => TEXTS[text].to_owned(),
                    Some(fen) => Fen(fen).to_string(),
                    None => String::new(),
                };
            }
            row
        };
        rows.into_iter().enumerate().map(row).collect()
    })
}

fn parquet(folder: &Folder, rows: &Rows, decimals: bool, properties: WriterProperties) -> Vec<InputPath> {
    let arrays = columns().into_iter().enumerate().map(|(at, name)| -> (Field, ArrayRef) {
        let texts = rows.iter().map(|row| Some(row[at].as_str()).filter(|text| !text.is_empty()));
        let array: ArrayRef = if decimals && MONEY.contains(&name) {
            let fen = texts.map(|text| text.map(|text| i128::from(Fen::parse_yuan(text.as_bytes()).expect("money").0)));
            Arc::new(Decimal128Array::from_iter(fen).with_precision_and_scale(16, 2).expect("a type"))
        } else {
            Arc::new(StringArray::from_iter(texts))
        };
        (Field::new(name, array.data_type().clone(), true), array)
    });
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = arrays.unzip();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("a batch");
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a footer");
    folder.write("claims.parquet", bytes)
}

/// All that was found out about the rows, but for the physical lines, which only text has.
fn found(read: &Read) -> Vec<String> {
    let batch = |batch: &ClaimBatch| {
        let texts = batch
            .claims
            .iter()
            .map(|claim| (claim.row, claim.text))
            .chain(batch.ghosts.iter().map(|ghost| (ghost.row, ghost.text)));
        let texts = texts.map(|(row, text)| {
            let length = [text.psn_len, text.setl_len, text.inst_len, text.init_len, text.mdtrt_len]
                .map(usize::from)
                .iter()
                .sum::<usize>();
            (row, String::from_utf8_lossy(&batch.arena[text.offset as usize..][..length]).into_owned())
        });
        let mut texts: Vec<String> = texts.map(|text| format!("{text:?}")).collect();
        let claims = batch.claims.iter().map(|claim| {
            format!("{:?}", crate::model::settlement::Claim { text: Default::default(), ..claim.clone() })
        });
        texts.extend(claims);
        texts.extend(batch.unlisted_insutypes.iter().map(ToString::to_string));
        texts.extend(batch.rejects.iter().map(|reject| {
            let decimals = |text: &str| text.replace(".00", "");
            format!(
                "{} {} {:?} {} {}",
                reject.row,
                reject.column,
                reject.problem,
                decimals(reject.value.trim()),
                decimals(&reject.raw)
            )
        }));
        texts.push(format!("{} {}", batch.rejected_rows, batch.rejected_total));
        texts
    };
    read.batches.iter().flat_map(batch).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_same_rows_are_the_same_claims(rows in rows()) {
        let text: Vec<String> = std::iter::once(columns().join(",")).chain(rows.iter().map(|row| row.join(","))).collect();
        let folder = Folder::new();
        let expected = found(&read(&folder.write("claims.csv", text.join("\n"))));
        let properties = WriterProperties::builder;
        for properties in [
            properties().build(),
            properties().set_dictionary_enabled(false).build(),
            properties().set_statistics_enabled(EnabledStatistics::None).build(),
        ] {
            for decimals in [false, true] {
                let read = read(&parquet(&folder, &rows, decimals, properties.clone()));
                prop_assert_eq!(&found(&read), &expected);
            }
        }
    }
}
