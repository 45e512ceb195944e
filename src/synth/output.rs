//! Blocks as bytes, encoded in parallel, appended in order.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Builder, Decimal64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use super::block::Block;
use super::cells::{Days, put_fen};
use super::claims::{self, Cells, Kind};
use super::faults::{self, Planted};
use super::mix::Mix;
use super::places::Places;
use super::tables::{self, BY_PERSON, Tables};
use super::{Format, SynthError, World};
use crate::columnar::row_groups::{ColumnChunk, RowGroups};
use crate::columnar::schema::{MONEY_PRECISION, MONEY_SCALE};
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::publish::{OutputFile, Staging};

/// The claims file.
pub(super) enum ClaimsFile {
    Csv(OutputFile),
    Parquet(Box<RowGroups>, SchemaRef),
}

/// A block ready to be appended.
pub(super) struct Encoded {
    /// Its claims.
    pub(super) claims: Claims,
    /// Its lines of the other tables.
    pub(super) tables: Tables,
    /// What is in it.
    pub(super) mix: Mix,
    /// What is wrong in it on purpose.
    pub(super) planted: Vec<Planted>,
}

/// Claims of a block in the format of the file.
pub(super) enum Claims {
    Csv(Vec<u8>),
    Parquet(Vec<ColumnChunk>),
}

/// Bytes a row of the CSV takes, about.
const ROW_BYTES: usize = 400;

impl ClaimsFile {
    /// Begins the file.
    pub(super) fn begin(staging: &Staging, format: Format) -> Result<Self, SynthError> {
        let mut file = staging.create(format.file())?;
        Ok(match format {
            Format::Csv => {
                let names: Vec<&str> = claims::columns().map(|(name, _)| name).collect();
                file.put(format!("{}\n", names.join(",")).as_bytes())?;
                Self::Csv(file)
            }
            Format::Parquet => {
                let schema = schema();
                Self::Parquet(Box::new(RowGroups::begin(file, Arc::clone(&schema))?), schema)
            }
        })
    }

    /// Encodes a block, on any thread.
    pub(super) fn encode(&self, world: &World, block: Block) -> Result<Encoded, SynthError> {
        let Block { persons, rows, tables, mix, planted } = block;
        let claims = match self {
            Self::Csv(_) => {
                let mut csv = Csv { text: Vec::with_capacity(rows.len() * ROW_BYTES), days: Days::new() };
                for row in &rows {
                    claims::put(world, &persons, row, &mut csv);
                    csv.end_row();
                }
                Claims::Csv(csv.text)
            }
            Self::Parquet(file, schema) => {
                let mut columns = Columns::new(rows.len());
                for row in &rows {
                    columns.next = 0;
                    claims::put(world, &persons, row, &mut columns);
                }
                if rows.is_empty() {
                    Claims::Parquet(Vec::new())
                } else {
                    Claims::Parquet(file.encoder().encode(&columns.finish(schema))?)
                }
            }
        };
        Ok(Encoded { claims, tables, mix, planted })
    }

    /// Appends a block.
    pub(super) fn append(&mut self, claims: Claims) -> Result<(), SynthError> {
        match (self, claims) {
            (Self::Csv(file), Claims::Csv(text)) => file.put(&text)?,
            (Self::Parquet(file, _), Claims::Parquet(chunks)) if !chunks.is_empty() => file.append(chunks)?,
            _ => {}
        }
        Ok(())
    }

    /// Ends the file and names it.
    pub(super) fn finish(self) -> Result<String, SynthError> {
        let file = match self {
            Self::Csv(file) => file,
            Self::Parquet(file, _) => file.finish()?,
        };
        Ok(file.finish()?.name)
    }
}

/// The tables by person.
pub(super) struct ByPerson {
    files: Vec<OutputFile>,
    counts: [u64; 4],
}

impl ByPerson {
    /// Begins the files.
    pub(super) fn begin(staging: &Staging) -> Result<Self, SynthError> {
        let mut files = Vec::with_capacity(BY_PERSON.len());
        for (name, header) in BY_PERSON {
            let mut file = staging.create(name)?;
            file.put(header.as_bytes())?;
            files.push(file);
        }
        Ok(Self { files, counts: [0; 4] })
    }

    /// Appends the lines of a block.
    pub(super) fn put(&mut self, tables: &Tables) -> Result<(), SynthError> {
        for (file, lines) in self.files.iter_mut().zip(&tables.lines) {
            file.put(lines)?;
        }
        self.counts.iter_mut().zip(tables.counts).for_each(|(count, more)| *count += more);
        Ok(())
    }

    /// Ends the files; their names and data rows.
    pub(super) fn finish(self) -> Result<Vec<(String, u64)>, SynthError> {
        let finished = self.files.into_iter().zip(self.counts);
        finished.map(|(file, count)| Ok((file.finish()?.name, count))).collect()
    }
}

/// `planted.csv`
pub(super) struct PlantedFile {
    file: OutputFile,
    count: u64,
}

impl PlantedFile {
    /// Begins the file.
    pub(super) fn begin(staging: &Staging) -> Result<Self, SynthError> {
        let mut file = staging.create("planted.csv")?;
        file.put(faults::HEADER.as_bytes())?;
        Ok(Self { file, count: 0 })
    }

    /// Appends the lines of a block.
    pub(super) fn put(&mut self, planted: &[Planted]) -> Result<(), SynthError> {
        let mut lines = Vec::new();
        planted.iter().for_each(|planted| planted.put(&mut lines));
        self.count += planted.len() as u64;
        Ok(self.file.put(&lines)?)
    }

    /// Ends the file; its name and data rows.
    pub(super) fn finish(self) -> Result<(String, u64), SynthError> {
        Ok((self.file.finish()?.name, self.count))
    }
}

/// Writes the institutions; the file's name and data rows.
pub(super) fn institutions(staging: &Staging, places: &Places) -> Result<(String, u64), SynthError> {
    let (text, count) = tables::institutions(places);
    let mut file = staging.create("institutions.csv")?;
    file.put(&text)?;
    Ok((file.finish()?.name, count))
}

/// Rows as CSV. No value of ours needs quotes.
struct Csv {
    text: Vec<u8>,
    days: Days,
}

impl Csv {
    /// The last comma becomes the end of the line.
    fn end_row(&mut self) {
        if let Some(last) = self.text.last_mut() {
            *last = b'\n';
        }
    }
}

impl Cells for Csv {
    #[inline]
    fn text(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
        self.text.push(b',');
    }

    #[inline]
    fn day(&mut self, day: Option<Date>) {
        if let Some(day) = day {
            self.days.put(&mut self.text, day);
        }
        self.text.push(b',');
    }

    #[inline]
    fn second(&mut self, time: Time) {
        self.days.put_time(&mut self.text, time);
        self.text.push(b',');
    }

    #[inline]
    fn money(&mut self, amount: Option<Fen>) {
        if let Some(amount) = amount {
            put_fen(&mut self.text, amount);
        }
        self.text.push(b',');
    }

    fn raw(&mut self, text: &[u8]) {
        self.text(text);
    }
}

/// The schema of `claims.parquet`.
fn schema() -> SchemaRef {
    let data_type = |kind: Kind| match kind {
        Kind::Text => DataType::Utf8,
        Kind::Day => DataType::Date32,
        Kind::Second => DataType::Timestamp(TimeUnit::Microsecond, None),
        Kind::Money => DataType::Decimal64(MONEY_PRECISION, MONEY_SCALE),
    };
    Arc::new(Schema::new(
        claims::columns().map(|(name, kind)| Field::new(name, data_type(kind), true)).collect::<Vec<_>>(),
    ))
}

/// A column of a Parquet row group in the making.
enum Column {
    Text(StringBuilder),
    Day(Date32Builder),
    Second(TimestampMicrosecondBuilder),
    Money(Decimal64Builder),
}

/// The columns of a row group.
struct Columns {
    columns: Vec<Column>,
    next: usize,
}

impl Columns {
    fn new(rows: usize) -> Self {
        let column = |kind: Kind| match kind {
            Kind::Text => Column::Text(StringBuilder::with_capacity(rows, rows * 4)),
            Kind::Day => Column::Day(Date32Builder::with_capacity(rows)),
            Kind::Second => Column::Second(TimestampMicrosecondBuilder::with_capacity(rows)),
            Kind::Money => Column::Money(
                Decimal64Builder::with_capacity(rows)
                    .with_precision_and_scale(MONEY_PRECISION, MONEY_SCALE)
                    .expect("16 digits, 2 decimals"),
            ),
        };
        Self { columns: claims::columns().map(|(_, kind)| column(kind)).collect(), next: 0 }
    }

    fn finish(self, schema: &SchemaRef) -> RecordBatch {
        let arrays = self
            .columns
            .into_iter()
            .map(|column| -> ArrayRef {
                match column {
                    Column::Text(mut builder) => Arc::new(builder.finish()),
                    Column::Day(mut builder) => Arc::new(builder.finish()),
                    Column::Second(mut builder) => Arc::new(builder.finish()),
                    Column::Money(mut builder) => Arc::new(builder.finish()),
                }
            })
            .collect();
        RecordBatch::try_new(Arc::clone(schema), arrays).expect("the columns are those of the schema")
    }

    fn column(&mut self) -> &mut Column {
        self.next += 1;
        &mut self.columns[self.next - 1]
    }
}

impl Cells for Columns {
    fn text(&mut self, text: &[u8]) {
        if let Column::Text(builder) = self.column() {
            // All our text is ASCII, but words of the pack, which is UTF-8.
            builder.append_option((!text.is_empty()).then(|| String::from_utf8_lossy(text)));
        }
    }

    fn day(&mut self, day: Option<Date>) {
        if let Column::Day(builder) = self.column() {
            builder.append_option(day.map(|day| day.0));
        }
    }

    fn second(&mut self, time: Time) {
        if let Column::Second(builder) = self.column() {
            builder.append_value(time.0 * 1_000_000);
        }
    }

    fn money(&mut self, amount: Option<Fen>) {
        if let Column::Money(builder) = self.column() {
            builder.append_option(amount.map(|amount| amount.0));
        }
    }

    fn raw(&mut self, text: &[u8]) {
        match self.column() {
            Column::Text(builder) => builder.append_option((!text.is_empty()).then(|| String::from_utf8_lossy(text))),
            Column::Day(builder) => builder.append_null(),
            Column::Second(builder) => builder.append_null(),
            Column::Money(builder) => builder.append_null(),
        }
    }
}
