//! What a report says of what it was made of.

use super::load::Loaded;
use super::rules_dir::Rules;
use crate::diagnostic::Text;
use crate::ingest::InputFile;
use crate::report::origin::{Input, Origin, Pack, RuleSource};
use crate::rules::layout::Table;

/// Names and sources of some packs, each beside what it is called; of a place that several name, the first.
pub(super) fn of_packs(packs: &[(Text, &Rules)]) -> Origin {
    const CELLS: [&str; 7] = ["source_id", "title", "document_no", "issuer", "published", "trust", "url"];
    let mut origin = Origin::default();
    for (name, rules) in packs {
        let (folder, sha256) = (rules.folder.display().to_string(), rules.sha256.clone());
        origin.packs.push(Pack { name: name.clone(), folder, sha256 });
        let sources = rules.pack.table(Table::Sources);
        for row in 0..sources.rows.len() {
            let source = RuleSource { cells: CELLS.map(|column| sources.cell(row, column).to_owned()) };
            if !origin.sources.contains(&source) {
                origin.sources.push(source);
            }
        }
        let places = rules.pack.table(Table::Places);
        for row in 0..places.rows.len() {
            let name = Text::new(places.cell(row, "name_en"), places.cell(row, "name_zh"));
            origin.places.entry(places.cell(row, "admdvs").to_owned()).or_insert_with(|| name.clone());
        }
        // A pool that is no place of its own is called as the first place in it.
        for row in 0..places.rows.len() {
            let name = Text::new(places.cell(row, "name_en"), places.cell(row, "name_zh"));
            origin.places.entry(places.cell(row, "pool").to_owned()).or_insert(name);
        }
    }
    origin
}

/// What a pack is called where there is one.
pub(super) fn the_rules() -> Text {
    Text::new("Rules", "规则包")
}

/// Adds files that were read.
pub(super) fn add(origin: &mut Origin, kind: &Text, files: &[InputFile]) {
    origin.inputs.extend(files.iter().map(|file| Input {
        kind: kind.clone(),
        file: file.shown.clone(),
        bytes: file.bytes,
        sha256: file.sha256.clone(),
    }));
}

/// Adds the claims, files between them and the tables, and the tables.
pub(super) fn add_loaded(origin: &mut Origin, loaded: &Loaded, between: &[(Text, &[InputFile])]) {
    add(origin, &Text::new("claims", "结算记录"), loaded.claims_files());
    between.iter().for_each(|(kind, files)| add(origin, kind, files));
    for (name, files) in &loaded.gates {
        add(origin, &Text::new(*name, *name), files.as_deref().unwrap_or_default());
    }
    let off = loaded.gates.iter().filter(|(_, files)| files.is_none());
    origin.gates_off = Some(off.map(|(name, _)| *name).collect());
}
