//! Columns of the tables of a night. No column is null but where it says so.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};

use crate::columnar::schema::{Kind, fields};

pub use crate::columnar::schema::plain;

/// One row for each row of `adjudicated.parquet`, in its order: what it moved. A reversal's amounts are negative, so
/// that the sums over all nights are the accumulators; a denied row has empty names and zeros.
pub const MOVEMENTS: [(&str, Kind); 19] = [
    ("psn_no", Kind::Text),
    ("setl_id", Kind::Text),
    ("setl_time", Kind::Second),
    ("init_setl_id", Kind::Text),
    ("mdtrt_id", Kind::Text),
    ("is_late", Kind::Integer),
    ("pool", Kind::Text),
    ("insutype", Kind::Text),
    ("benefit_year", Kind::Integer),
    ("accumulator", Kind::Text),
    ("deductible_accumulator", Kind::Text),
    ("month", Kind::Integer),
    ("admissions", Kind::Integer),
    ("deductible_amt", Kind::Money),
    ("base_amt", Kind::Money),
    ("pool_base_amt", Kind::Money),
    ("paid_amt", Kind::Money),
    ("counted_amt", Kind::Money),
    ("acct_amt", Kind::Money),
];

/// The last column of `movements.parquet`: what each layer did, as a list.
pub const LAYERS: &str = "layers";

/// Fields of an entry of [`LAYERS`].
pub const LAYER: [(&str, Kind); 3] = [("layer", Kind::Integer), ("base_amt", Kind::Money), ("paid_amt", Kind::Money)];

/// `movements.parquet` of a base: of each settlement what an opening needs, and where the whole of it stands.
pub const BASE_MOVEMENTS: [(&str, Kind); 5] = [
    ("psn_no", Kind::Text),
    ("setl_id", Kind::Text),
    ("init_setl_id", Kind::Text),
    ("night", Kind::Integer),
    ("row", Kind::Integer),
];

/// Year-to-date use of the schemes and years that the night touched. `kind` says what a row counts and which of the
/// columns behind it mean something: `scheme` (`paid_amt`: basic payments that count to the fund cap), `bucket`,
/// `month` (of a bucket, `month` as yyyymm), `layer`.
pub const ACCUMULATORS: [(&str, Kind); 13] = [
    ("psn_no", Kind::Text),
    ("pool", Kind::Text),
    ("insutype", Kind::Text),
    ("benefit_year", Kind::Integer),
    ("kind", Kind::Text),
    ("accumulator", Kind::Text),
    ("month", Kind::Integer),
    ("layer", Kind::Integer),
    ("admissions", Kind::Integer),
    ("deductible_amt", Kind::Money),
    ("base_amt", Kind::Money),
    ("pool_base_amt", Kind::Money),
    ("paid_amt", Kind::Money),
];

/// Words of `kind`.
pub const KINDS: [&str; 4] = ["scheme", "bucket", "month", "layer"];

/// Admissions counted in the schemes and years that the night touched.
pub const ADMISSIONS: [(&str, Kind); 10] = [
    ("psn_no", Kind::Text),
    ("pool", Kind::Text),
    ("insutype", Kind::Text),
    ("benefit_year", Kind::Integer),
    ("accumulator", Kind::Text),
    ("enddate", Kind::Day),
    ("fixmedins_code", Kind::Text),
    ("mdtrt_id", Kind::Text),
    ("setl_id", Kind::Text),
    ("act_pay_dedc", Kind::Money),
];

/// Persons that the night touched: account balance and last settlement in the order. The last two are null for a
/// person of whom only the balance is known.
pub const PERSONS: [(&str, Kind); 4] =
    [("psn_no", Kind::Text), ("balc", Kind::Money), ("last_setl_time", Kind::Second), ("last_setl_id", Kind::Text)];

/// One row for each row of `pended.parquet`, in its order.
pub const OPEN_ITEMS: [(&str, Kind); 4] =
    [("psn_no", Kind::Text), ("setl_id", Kind::Text), ("since_night", Kind::Integer), ("reasons", Kind::Text)];

/// Fields of an entry of [`LAYERS`].
#[must_use]
pub fn layer_fields() -> Fields {
    fields(&LAYER).into()
}

/// The entry of [`LAYERS`].
#[must_use]
pub fn layer_item() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Struct(layer_fields()), false))
}

/// The schema of `movements.parquet`.
#[must_use]
pub fn movements() -> SchemaRef {
    let mut all = fields(&MOVEMENTS);
    all.push(Field::new(LAYERS, DataType::List(layer_item()), false));
    Arc::new(Schema::new(all))
}

/// The schema of `persons.parquet`.
#[must_use]
pub fn persons() -> SchemaRef {
    let mut all = fields(&PERSONS);
    for field in &mut all[2..] {
        field.set_nullable(true);
    }
    Arc::new(Schema::new(all))
}
