//! The state of all nights as one base, so that the next night opens on it instead of on each of them.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use arrow::array::RecordBatch;
use parquet::errors::ParquetError;
use rayon::prelude::*;
use serde_json::json;

use super::earlier::parts;
use super::manifest::engine;
use super::{RunError, Stage, Watch, check};
use crate::columnar::row_groups::RowGroups;
use crate::ledger::store::{Access, Ledger};
use crate::ledger::tables::compact;
use crate::ledger::tables::scan::Part;
use crate::publish::Written;
use crate::report::compaction::Compacted;

/// Merges the newest base and the nights behind it into a base of all nights. No night is changed or removed.
///
/// # Errors
/// The ledger cannot be used, a file is not what its manifest says, or the base cannot be written. The ledger is as
/// it was.
pub fn compact(folder: &Path, watch: &dyn Watch, cancel: &AtomicBool) -> Result<Compacted, RunError> {
    let ledger = Ledger::open(folder, Access::Write { command: "tongchou ledger compact".to_owned() })?;
    let view = ledger.view();
    let (base, nights) = view.parts();
    let mut done =
        Compacted { through: ledger.last(), from_base: base.map(|base| base.through), merged: None, bytes: 0 };
    if nights.is_empty() {
        return Ok(done);
    }
    let parts = parts(&view)?;
    let files = parts.iter().map(Part::open_all).collect::<Result<Vec<_>, _>>()?;
    let rows = files.iter().flatten().map(|file| file.rows() as u64).sum();
    watch.begin(Stage::Compact, Some(rows));
    let staging = ledger.begin_base()?;
    let mut tables = Vec::with_capacity(Part::TABLES.len());
    for (index, schema) in compact::schemas(&files).into_iter().enumerate() {
        let file = staging.staging().create(Part::TABLES[index])?;
        tables.push(RowGroups::begin(file, schema).map_err(failed(index))?);
    }
    let mut window: Vec<(usize, RecordBatch)> = Vec::new();
    let merged = compact::merge::<RunError>(&parts, &files, &mut |table, rows| {
        window.push((table, rows));
        if window.len() >= 2 * rayon::current_num_threads() {
            check(cancel)?;
            append(&mut tables, &mut window, watch)?;
        }
        Ok(())
    })?;
    append(&mut tables, &mut window, watch)?;
    let outputs = tables
        .into_iter()
        .enumerate()
        .map(|(index, file)| -> Result<Written, RunError> { Ok(file.finish().map_err(failed(index))?.finish()?) });
    let outputs: Vec<Written> = outputs.collect::<Result<_, _>>()?;
    let manifest = json!({
        "engine": engine(),
        "base": staging.heading(),
        "persons": merged.persons,
        "outputs": outputs.iter().map(Written::to_json).collect::<Vec<_>>(),
    });
    check(cancel)?;
    staging.publish(format!("{manifest:#}\n").as_bytes())?;
    done.merged = Some(merged);
    done.bytes = outputs.iter().map(|file| file.bytes).sum();
    Ok(done)
}

fn failed(index: usize) -> impl Fn(ParquetError) -> RunError {
    move |error| RunError::Parquet { file: Part::TABLES[index], error }
}

/// Encodes the row groups of a window in parallel and appends them in order.
fn append(tables: &mut [RowGroups], window: &mut Vec<(usize, RecordBatch)>, watch: &dyn Watch) -> Result<(), RunError> {
    let encoders: Vec<_> = tables.iter().map(RowGroups::encoder).collect();
    let encoded: Vec<_> = window
        .par_iter()
        .map(|(table, rows)| encoders[*table].encode(rows).map_err(failed(*table)))
        .collect::<Result<_, _>>()?;
    for ((table, rows), group) in window.drain(..).zip(encoded) {
        tables[table].append(group).map_err(failed(table))?;
        watch.advance(rows.num_rows() as u64);
    }
    Ok(())
}
