//! Claims from Parquet, in every type a writer may have chosen.

use std::sync::Arc;

use arrow::array::*;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, TimeUnit, i256};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::*;
use crate::ingest::{Column, PendedColumns, Recalled, Value, recall};
use crate::model::money::Fen;
use crate::model::settlement::Claim;

/// Every column of [`ROW`] `rows` times, as text.
fn text_columns(rows: usize) -> Vec<(String, ArrayRef)> {
    let values: Vec<&str> = ROW.split(',').collect();
    let columns = HEADER.split(',').enumerate().map(|(index, name)| {
        let array: StringArray = (0..rows)
            .map(|row| {
                Some(match name {
                    "setl_id" => format!("S{row:07}"),
                    _ => values[index].to_owned(),
                })
            })
            .collect();
        (name.to_owned(), Arc::new(array) as ArrayRef)
    });
    columns.collect()
}

fn with(mut columns: Vec<(String, ArrayRef)>, name: &str, array: ArrayRef) -> Vec<(String, ArrayRef)> {
    match columns.iter_mut().find(|(other, _)| other == name) {
        Some(column) => column.1 = array,
        None => columns.push((name.to_owned(), array)),
    }
    columns
}

fn write(folder: &Folder, columns: &[(String, ArrayRef)], group: usize) -> Vec<InputPath> {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let batch = RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns.iter().map(|(_, array)| Arc::clone(array)).collect(),
    );
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
    let batch = batch.expect("a batch");
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a footer");
    folder.write("claims.parquet", bytes)
}

fn read_columns(columns: &[(String, ArrayRef)]) -> Read {
    let folder = Folder::new();
    read(&write(&folder, columns, 1 << 20))
}

fn claims(read: &Read) -> Vec<&Claim> {
    read.batches.iter().flat_map(|batch| &batch.claims).collect()
}

fn money(read: &Read) -> Vec<Fen> {
    claims(read).iter().map(|claim| claim.bill.hospital).collect()
}

#[test]
fn money_of_every_type() {
    let hospital = |array: ArrayRef| read_columns(&with(text_columns(array.len()), "hosp_part_amt", array));
    let decimal = |values: Vec<Option<i128>>, precision, scale| {
        Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale).expect("a type")) as ArrayRef
    };
    let read = hospital(decimal(vec![Some(150), None, Some(0)], 16, 2));
    assert_eq!(money(&read), [Fen(150), Fen(0), Fen(0)]);
    let read = hospital(decimal(vec![Some(15_000), Some(12_345)], 20, 4));
    assert_eq!((money(&read), read.rejects()), (vec![Fen(150)], vec![(2, 2, "R-PARSE", "hosp_part_amt")]));
    assert_eq!(read.batches[0].rejects[0].value, "1.2345");
    assert_eq!(money(&hospital(decimal(vec![Some(12)], 9, 0))), [Fen(1200)]);
    assert_eq!(money(&hospital(decimal(vec![Some(12)], 9, 1))), [Fen(120)]);
    assert_eq!(hospital(decimal(vec![Some(10_i128.pow(37))], 38, 2)).rejects(), [(1, 1, "R-PARSE", "hosp_part_amt")]);
    let wide = Decimal256Array::from(vec![Some(i256::from_i128(1_500_000)), Some(i256::from_i128(1))]);
    let read = hospital(Arc::new(wide.with_precision_and_scale(60, 6).expect("a type")));
    assert_eq!((money(&read), read.rejects().len()), (vec![Fen(150)], 1));
    let read = hospital(Arc::new(Float64Array::from(vec![
        Some(0.1),
        Some(1e14),
        Some(f64::NAN),
        Some(0.1 + 0.2),
        Some(12_345_678.9),
        None,
    ])));
    assert_eq!(money(&read), [Fen(10), Fen(0), Fen(1_234_567_890), Fen(0)]);
    assert_eq!(read.rejects(), [(2, 2, "R-PARSE", "hosp_part_amt"), (4, 4, "R-PARSE", "hosp_part_amt")]);
    assert_eq!(money(&hospital(Arc::new(Float32Array::from(vec![1.1])))), [Fen(110)]);
    assert_eq!(money(&hospital(Arc::new(Int64Array::from(vec![3])))), [Fen(300)]);
    assert_eq!(money(&hospital(Arc::new(UInt8Array::from(vec![3])))), [Fen(300)]);
    assert_eq!(
        money(&hospital(Arc::new(StringArray::from(vec![Some("3.5"), Some(" null "), None])))),
        [Fen(350), Fen(0), Fen(0)]
    );
}

#[test]
fn texts_and_codes_of_every_type() {
    let columns = text_columns(2);
    let typed = |name: &str, to: &DataType| {
        let array = &columns.iter().find(|(other, _)| other == name).expect("a column").1;
        cast(array, to).expect("a cast")
    };
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let mut changed = columns.clone();
    for (name, to) in [
        ("psn_no", DataType::LargeUtf8),
        ("setl_id", DataType::Utf8View),
        ("fixmedins_code", DataType::Binary),
        ("psn_type", dictionary),
        ("med_type", DataType::Int16),
        ("insutype", DataType::Float64),
        ("insuplc_admdvs", DataType::Int32),
        ("mdtrtarea_admvs", DataType::Decimal128(10, 2)),
    ] {
        changed = with(changed.clone(), name, typed(name, &to));
    }
    let changed = with(changed, "er_flag", Arc::new(BooleanArray::from(vec![Some(true), None])));
    let changed = with(changed, "x", Arc::new(Int32Array::from(vec![1, 2])));
    let (plain, read) = (read_columns(&columns), read_columns(&changed));
    assert_eq!(read.rejects(), []);
    assert_eq!(read.files[0].extra_columns, ["x"]);
    for (a, b) in claims(&plain).iter().zip(claims(&read)) {
        assert_eq!(
            (a.insutype, a.psn_type, a.med_type, a.institution, a.insured, a.treated),
            (b.insutype, b.psn_type, b.med_type, b.institution, b.insured, b.treated)
        );
    }
    assert_eq!(claims(&read).iter().map(|claim| claim.flags.0).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(plain.batches[0].arena, read.batches[0].arena);

    let read = read_columns(&with(columns.clone(), "psn_no", Arc::new(Int64Array::from(vec![Some(44_030_012), None]))));
    assert_eq!(&read.batches[0].arena[..8], b"44030012");
    assert_eq!(read.rejects(), [(2, 2, "R-MISSING", "psn_no")]);
    let read = read_columns(&with(columns, "psn_no", Arc::new(BinaryArray::from(vec![&b"ok"[..], b"\xff"]))));
    assert_eq!(read.rejects(), [(2, 2, "R-PARSE", "psn_no")]);
    assert_eq!(read.batches[0].rejects[0].value, "\\xFF");
}

#[test]
fn days_and_seconds_of_every_type() {
    let day = Date::parse(b"2024-01-05").expect("a day");
    let second = day.midnight().0 + 36_000;
    let times: Vec<ArrayRef> = vec![
        Arc::new(TimestampSecondArray::from(vec![second])),
        Arc::new(TimestampMillisecondArray::from(vec![second * 1_000])),
        Arc::new(TimestampMicrosecondArray::from(vec![second * 1_000_000])),
        Arc::new(TimestampNanosecondArray::from(vec![second * 1_000_000_000])),
    ];
    for time in times {
        let days: Vec<ArrayRef> = vec![
            Arc::new(Date32Array::from(vec![day.0])),
            Arc::new(Date64Array::from(vec![i64::from(day.0) * 86_400_000])),
            Arc::new(TimestampMicrosecondArray::from(vec![day.midnight().0 * 1_000_000])),
            Arc::new(Int32Array::from(vec![20_240_105])),
            Arc::new(StringArray::from(vec!["20240105"])),
        ];
        for end in days {
            let read = read_columns(&with(with(text_columns(1), "enddate", end), "setl_time", Arc::clone(&time)));
            assert_eq!(read.rejects(), []);
            assert_eq!((claims(&read)[0].enddate, claims(&read)[0].setl_time.0), (day, second));
        }
    }
    let late = TimestampMillisecondArray::from(vec![Some(second * 1_000 + 1), Some(day.midnight().0 * 1_000), None]);
    let read = read_columns(&with(text_columns(3), "brdy", Arc::new(late.clone())));
    assert_eq!(read.rejects(), [(1, 1, "R-PARSE", "brdy")]);
    assert_eq!(read.batches[0].rejects[0].value, "2024-01-05 10:00:00.001");
    let read = read_columns(&with(text_columns(3), "setl_time", Arc::new(late)));
    assert_eq!(read.rejects(), [(1, 1, "R-PARSE", "setl_time"), (3, 3, "R-MISSING", "setl_time")]);
    assert!(read.batches[0].rejects[0].raw.starts_with("S0000000,P1,310,"), "{}", read.batches[0].rejects[0].raw);
    let read = read_columns(&with(text_columns(1), "enddate", Arc::new(Date32Array::from(vec![i32::MAX]))));
    assert_eq!(read.rejects(), [(1, 1, "R-PARSE", "enddate")]);
}

#[test]
fn a_type_that_cannot_be_read_is_refused() {
    let folder = Folder::new();
    let zoned = TimestampMillisecondArray::from(vec![0]).with_timezone("UTC");
    let columns =
        with(with(text_columns(1), "setl_time", Arc::new(zoned)), "psn_type", Arc::new(Date32Array::from(vec![1])));
    let error = read_with(&write(&folder, &columns, 10), &ReadOptions::default(), Limits::RUN).err().expect("refused");
    let IngestError::Rejected { diagnostics, .. } = error else { panic!("{error}") };
    let found: Vec<_> =
        diagnostics.iter().map(|one| (one.code, one.at.column.as_str(), one.at.column_number)).collect();
    assert_eq!(found, [("I-COLUMN-TYPE", "psn_type", 4), ("I-COLUMN-TYPE", "setl_time", 11)]);
}

#[test]
fn many_groups_and_slices_keep_their_row_numbers() {
    let folder = Folder::new();
    let rows = 150_000;
    let mut place: Vec<Option<&str>> = vec![Some("440300"); rows];
    for bad in [0, 69_999, 70_000, 139_999, 149_999] {
        place[bad] = None;
    }
    let dictionary: DictionaryArray<Int32Type> = place.into_iter().collect();
    let columns = with(text_columns(rows), "mdtrtarea_admvs", Arc::new(dictionary));
    let inputs = write(&folder, &columns, 140_000);
    let expected =
        [1, 70_000, 70_001, 140_000, 150_000].map(|row| (row, u64::from(row), "R-MISSING", "mdtrtarea_admvs"));
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let read = pool.install(|| read(&inputs));
        assert_eq!(read.rejects(), expected);
        assert_eq!((read.files[0].rows, read.files[0].lines, read.accepted_rows().len()), (150_000, 0, 149_995));
        assert!(read.accepted_rows().is_sorted());
        assert!(read.batches.iter().enumerate().all(|(number, batch)| batch.number as usize == number));
        assert_eq!(read.files[0].sha256.len(), 64);
    }
    let files = read(&inputs).files;
    let wanted = [1, 2, 70_000, 70_001, 140_000, 140_001, 149_999].map(|row| (0, row));
    let mut rows: Vec<Recalled> = Vec::new();
    recall(&files, &wanted, true, 4, &mut |row| {
        rows.push(row);
        Ok(())
    })
    .expect("the same file");
    for (row, (_, number)) in rows.iter().zip(wanted) {
        assert_eq!((row.row, row.line), (number, u64::from(number)));
        assert_eq!(row.value(Column::SetlId), &Value::Text(format!("S{:07}", number - 1)));
    }
    assert_eq!(rows[0].value(Column::MdtrtareaAdmvs), &Value::Missing);
}

#[test]
fn recalled_rows_as_columns() {
    let folder = Folder::new();
    let text = table(
        &["hosp_lv", "hifp_pay"],
        &[&[("hosp_lv", "1"), ("insutype", "310.0")], &[("setl_time", "20240105"), ("begndate", "")]],
    );
    let files = read(&folder.write("claims.csv", text)).files;
    let mut columns = PendedColumns::new();
    recall(&files, &[(0, 1), (0, 2)], false, 1, &mut |row| {
        columns.push(&row);
        Ok(())
    })
    .expect("the same file");
    assert_eq!(columns.len(), 2);
    let batch = columns.finish().expect("columns");
    assert!(columns.is_empty() && batch.num_rows() == 2);
    assert_eq!(batch.schema(), PendedColumns::schema());
    let text = |name: &str| batch.column_by_name(name).expect("a column").as_string::<i32>().clone();
    assert_eq!((text("hosp_lv").value(0), text("hosp_lv").is_null(1), text("insutype").value(0)), ("01", true, "310"));
    let total = batch.column_by_name("medfee_sumamt").expect("a column");
    assert_eq!(total.data_type(), &DataType::Decimal128(16, 2));
    assert_eq!(total.as_primitive::<arrow::datatypes::Decimal128Type>().value(1), 10_000);
    let settled = batch.column_by_name("setl_time").expect("a column");
    assert_eq!(settled.data_type(), &DataType::Timestamp(TimeUnit::Microsecond, None));
    assert!(batch.column_by_name("begndate").expect("a column").is_null(1));
    assert!(batch.column_by_name("hifp_pay").expect("a column").is_null(0));
}
