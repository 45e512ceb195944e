//! `manifest.json`: what was read, with digests; which gates were off; the balance; what was written.
//!
//! It holds no clock and no speed, so that the same inputs give the same bytes.

use serde_json::{Map, Value, json};

use super::ReferencePaths;
use super::load::Loaded;
use crate::diagnostic::Lang;
use crate::ingest::InputFile;
use crate::publish::Written;
use crate::report::balance::{self, Summary};

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
    /// The object `ledger`, in a night.
    pub ledger: Option<Value>,
}

/// The manifest as JSON, two blanks a level, with a line end behind it.
#[must_use]
pub fn render(manifest: &Manifest) -> String {
    let (loaded, summary) = (manifest.loaded, manifest.summary);
    let mut reference = Map::new();
    let mut gates = Map::new();
    for (name, files) in &loaded.gates {
        let path = manifest.reference.given(name).map(absolute);
        let table =
            files.as_ref().map(|files| json!({"path": path, "files": files.iter().map(input).collect::<Vec<_>>()}));
        reference.insert((*name).to_owned(), table.unwrap_or(Value::Null));
        gates.insert((*name).to_owned(), json!(if files.is_some() { "on" } else { "off" }));
    }
    let files =
        loaded.rules.files.iter().map(|(name, bytes, sha256)| json!({"file": name, "bytes": bytes, "sha256": sha256}));
    let mut whole = json!({
        "engine": {"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")},
        "lang": match manifest.lang { Lang::En => "en", Lang::Zh => "zh" },
        "rules": {
            "path": absolute(&loaded.rules.folder),
            "sha256": loaded.rules.sha256,
            "files": files.collect::<Vec<_>>(),
            "warnings": loaded.rules.warnings.iter().map(|warning| warning.render(manifest.lang)).collect::<Vec<_>>(),
        },
        "claims": loaded.claims_files().iter().map(input).collect::<Vec<_>>(),
        "reference": reference,
        "gates": gates,
        "balance": balance::to_json(summary),
        "persons": summary.persons,
        "reasons": balance::reasons_to_json(summary),
        "money_yuan": balance::money_to_json(summary),
        "outputs": manifest.outputs.iter()
            .map(|file| json!({"file": file.name, "bytes": file.bytes, "sha256": file.sha256}))
            .collect::<Vec<_>>(),
    });
    if let Some(ledger) = &manifest.ledger {
        whole["ledger"] = ledger.clone();
    }
    let mut text = serde_json::to_string_pretty(&whole).expect("a manifest is JSON");
    text.push('\n');
    text
}

pub(super) fn absolute(path: &std::path::Path) -> String {
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
