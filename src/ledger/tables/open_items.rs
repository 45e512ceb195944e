//! How long open items have been open.

use std::collections::BTreeMap;
use std::path::Path;

use super::read::{TableError, TableFile};

/// Open items of one age.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Age {
    /// How many.
    pub rows: u64,
    /// How many for each reason; a row may have several.
    pub by_reason: BTreeMap<String, u64>,
}

/// Counts the rows of an `open_items.parquet` by the night since which they are open.
///
/// # Errors
/// The file cannot be read.
pub fn ages(path: &Path) -> Result<BTreeMap<u32, Age>, TableError> {
    let mut ages: BTreeMap<u32, Age> = BTreeMap::new();
    TableFile::open(path)?.visit::<TableError>(&["since_night", "reasons"], &mut |batch| {
        let (since, reasons) = (batch.integer("since_night")?, batch.text("reasons")?);
        for row in 0..batch.rows() {
            let age = ages.entry(u32::try_from(since.value(row)).unwrap_or_default()).or_default();
            age.rows += 1;
            for reason in reasons.value(row).split('|') {
                *age.by_reason.entry(reason.to_owned()).or_default() += 1;
            }
        }
        Ok(())
    })?;
    Ok(ages)
}
