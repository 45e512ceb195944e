//! `manifest.json`: what was read, with digests; which gates were off; the balance; what was written.
//!
//! It holds no clock and no speed, so that the same inputs give the same bytes.

use serde_json::{Map, Value, json};

use super::balance::{Summary, Tally, yuan};
use super::publish::Written;
use crate::columnar::schema::{ADJUDICATED as COLUMNS, FIRST_MONEY, MONEY_COLUMNS};
use crate::diagnostic::Lang;
use crate::ingest::InputFile;
use crate::model::outcome::{Reason, Status};
use crate::pipeline::ReferencePaths;
use crate::pipeline::load::Loaded;

/// What a manifest tells of.
pub struct Manifest<'a> {
    /// What was read.
    pub loaded: &'a Loaded,
    /// Where the reference tables are.
    pub reference: &'a ReferencePaths,
    /// What became of it.
    pub summary: &'a Summary,
    /// What was written.
    pub outputs: &'a [Written],
    /// The language of the texts.
    pub lang: Lang,
}

/// The manifest as JSON, two blanks a level, with a line end behind it.
#[must_use]
pub fn render(manifest: &Manifest) -> String {
    let (loaded, summary) = (manifest.loaded, manifest.summary);
    let mut reference = Map::new();
    let mut gates = Map::new();
    for (name, files) in &loaded.gates {
        let path = manifest.reference.given(name).map(|path| absolute(path));
        let table = files.as_ref().map(|files| json!({"path": path, "files": files.iter().map(input).collect::<Vec<_>>()}));
        reference.insert((*name).to_owned(), table.unwrap_or(Value::Null));
        gates.insert((*name).to_owned(), json!(if files.is_some() { "on" } else { "off" }));
    }
    let files = loaded.rules.files.iter().map(|(name, bytes, sha256)| json!({"file": name, "bytes": bytes, "sha256": sha256}));
    let whole = json!({
        "engine": {"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")},
        "lang": match manifest.lang { Lang::En => "en", Lang::Zh => "zh" },
        "rules": {
            "path": absolute(&loaded.rules.folder),
            "sha256": loaded.rules.sha256,
            "files": files.collect::<Vec<_>>(),
            "warnings": loaded.rules.warnings.iter().map(|warning| warning.render(manifest.lang)).collect::<Vec<_>>(),
        },
        "claims": loaded.files.iter().map(input).collect::<Vec<_>>(),
        "reference": reference,
        "gates": gates,
        "balance": balance(summary),
        "persons": summary.persons,
        "reasons": reasons(summary),
        "money_yuan": money(summary),
        "outputs": manifest.outputs.iter()
            .map(|file| json!({"file": file.name, "bytes": file.bytes, "sha256": file.sha256}))
            .collect::<Vec<_>>(),
    });
    let mut text = serde_json::to_string_pretty(&whole).expect("a manifest is JSON");
    text.push('\n');
    text
}

fn absolute(path: &std::path::Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

fn input(file: &InputFile) -> Value {
    json!({
        "file": file.shown,
        "path": absolute(&file.path),
        "format": file.format.word(),
        "encoding": file.encoding.map(crate::text::encoding::Encoding::word),
        "bytes": file.bytes,
        "sha256": file.sha256,
        "rows": file.rows,
        "blank_lines": file.blank_lines,
        "rejected_rows": file.rejected_rows,
        "ignored_columns": file.extra_columns,
    })
}

fn tally(tally: Tally) -> Value {
    json!({"rows": tally.rows, "medfee_sumamt": yuan(tally.total_fen)})
}

/// Rows in = paid + denied + reversed + pended + rejected.
#[must_use]
pub fn balance(summary: &Summary) -> Value {
    let mut out = Map::new();
    out.insert("in".to_owned(), tally(summary.rows_in));
    for &status in Status::ALL {
        out.insert(status.word().to_owned(), tally(summary.balance.of(status)));
    }
    out.insert("out".to_owned(), tally(summary.balance.out()));
    out.insert("balanced".to_owned(), json!(summary.balance.out() == summary.rows_in));
    Value::Object(out)
}

/// Rows by reason, in reporting order; a row with two reasons counts under both.
#[must_use]
pub fn reasons(summary: &Summary) -> Value {
    let counted = Reason::ALL.iter().zip(&summary.balance.by_reason).filter(|(_, rows)| **rows > 0);
    Value::Object(counted.map(|(reason, rows)| (reason.word().to_owned(), json!(rows))).collect())
}

/// Sums of the money columns over paid, denied and reversed rows, in yuan.
#[must_use]
pub fn money(summary: &Summary) -> Value {
    let sums = (0..MONEY_COLUMNS)
        .map(|column| (COLUMNS[FIRST_MONEY + column].0.to_owned(), json!(yuan(summary.balance.money_sum(column)))));
    Value::Object(sums.collect())
}
