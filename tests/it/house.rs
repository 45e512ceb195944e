//! The rules of the house, read off the sources: `path:line: why`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::repo;

/// The stages, in the order in which data moves; a stage may import an earlier one, never a later one.
const STAGES: [&str; 17] = [
    "diagnostic",
    "ordered",
    "model",
    "text",
    "rules",
    "adjudicate",
    "publish",
    "columnar",
    "ingest",
    "shuffle",
    "ledger",
    "report",
    "audit",
    "compare",
    "pipeline",
    "synth",
    "cli",
];

/// Imports against the order: file, later stage, reason.
const LATER_IMPORTS: [(&str, &str, &str); 0] = [];

/// Stages that compute and nothing else.
const PURE: [&str; 3] = ["model", "rules", "adjudicate"];

/// What a pure stage does not name.
const IMPURE: [&str; 14] = [
    "std::fs",
    "std::io",
    "std::time",
    "std::thread",
    "std::net",
    "std::process",
    "std::env",
    "rayon",
    "polars",
    "f32",
    "f64",
    "Instant",
    "SystemTime",
    "rand",
];

/// A name of somebody else's crate, and the stages (or files) that may know it.
const FOREIGN: [(&str, &[&str]); 20] = [
    ("polars", &["audit", "compare", "columnar/bridge.rs"]),
    ("parquet", &["columnar", "ingest", "shuffle", "ledger", "report", "audit", "pipeline", "synth"]),
    ("arrow", &["columnar", "ingest", "shuffle", "ledger", "report", "audit", "pipeline", "synth"]),
    (
        "rayon",
        &["ordered.rs", "columnar/row_groups.rs", "shuffle", "ledger", "ingest", "pipeline", "audit", "synth", "cli"],
    ),
    ("clap", &["cli"]),
    ("indicatif", &["cli/terminal.rs", "cli/progress.rs"]),
    ("comfy_table", &["cli/terminal.rs", "report"]),
    ("ctrlc", &["cli/mod.rs"]),
    ("rustix", &["publish", "ledger/store"]),
    ("zstd", &["ledger/store", "columnar/packing.rs"]),
    ("glob", &["ingest/paths.rs", "ingest/error.rs"]),
    ("encoding_rs", &["text/encoding.rs"]),
    ("csv_core", &["text/fields.rs"]),
    ("flate2", &["ingest/zip.rs", "report/page"]),
    ("strsim", &["diagnostic.rs"]),
    ("toml", &["audit/findings/thresholds.rs"]),
    ("rand", &["synth"]),
    ("rand_chacha", &["synth"]),
    ("tempfile", &["pipeline", "shuffle/shelf.rs"]),
    ("rust_decimal", &["audit"]),
];

/// Other words that have one room: the word, where it may stand, why.
const ONE_ROOM: [(&str, &[&str], &str); 10] = [
    ("println!", &["cli/terminal.rs"], "only cli/terminal.rs speaks"),
    ("eprintln!", &["cli/terminal.rs"], "only cli/terminal.rs speaks"),
    ("print!", &["cli/terminal.rs"], "only cli/terminal.rs speaks"),
    ("eprint!", &["cli/terminal.rs"], "only cli/terminal.rs speaks"),
    ("stdout", &["cli/terminal.rs"], "only cli/terminal.rs speaks"),
    ("stderr", &["cli/terminal.rs"], "only cli/terminal.rs speaks"),
    ("Instant", &["cli"], "the clock is read to say how long a run took, and for nothing else"),
    ("f32", &[], "no float near money"),
    (
        "f64",
        &[
            "ingest/parquet_values.rs",
            "report/summary.rs",
            "report/finding.rs",
            "report/workbook.rs",
            "audit/findings/statistics.rs",
            "audit/findings/benford.rs",
            "audit/sample/evaluate.rs",
            "cli",
        ],
        "no float near money: Parquet doubles become fen, speeds are shown, statistics are no money, a workbook has no other numbers",
    ),
    ("unsafe", &["columnar/bridge.rs"], "no unsafe code"),
];

/// Files of more than [`MOST_LINES`] lines, and why they stay whole.
const LONG: [(&str, &str); 0] = [];
const MOST_LINES: usize = 500;

/// One line of code, without comments.
struct Line {
    number: usize,
    code: String,
    in_tests: bool,
}

/// A source file.
struct Source {
    path: String,
    lines: Vec<Line>,
}

impl Source {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a source file");
        let shown = path.strip_prefix(repo("")).expect("below the repository").display().to_string();
        let mut in_tests = shown.contains("/tests/");
        let lines = text.lines().enumerate().map(|(index, line)| {
            in_tests |= line.trim() == "#[cfg(test)]";
            let code = line.split_once("//").map_or(line, |(code, _)| code);
            Line { number: index + 1, code: code.to_owned(), in_tests }
        });
        Self { lines: lines.collect(), path: shown }
    }

    /// The folder below `src`, or the file's name where it stands alone.
    fn stage(&self) -> &str {
        let below = self.path.strip_prefix("src/").expect("a file of src");
        below.split(['/', '.']).next().expect("a name")
    }

    fn is_in(&self, rooms: &[&str]) -> bool {
        let below = self.path.strip_prefix("src/").unwrap_or(&self.path);
        rooms.iter().any(|room| below == *room || below.starts_with(&format!("{room}/")))
    }

    /// Lines outside of tests.
    fn code(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| !line.in_tests)
    }
}

fn files_below(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // The repository's own folder; in a worktree it is a file.
            if name == ".git" || name == "target" {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if path.is_file() && wanted(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn rust_files(folder: &str) -> Vec<Source> {
    let is_rust = |path: &Path| path.extension().is_some_and(|extension| extension == "rs");
    let files: Vec<Source> = files_below(&repo(folder), &is_rust).iter().map(|path| Source::read(path)).collect();
    assert!(!files.is_empty(), "no sources in {folder}");
    files
}

/// Whether `word` stands in `code` as a word of its own.
fn names(code: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back().is_none_or(|character| !is_part(character));
        let after = code[at + word.len()..].chars().next().is_none_or(|character| !is_part(character));
        before && after
    })
}

/// Whether `code` uses the crate `name`: a path that begins with it.
fn uses_crate(code: &str, name: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_' || character == ':';
    code.match_indices(&format!("{name}::"))
        .any(|(at, _)| code[..at].chars().next_back().is_none_or(|before| !is_part(before)))
        || code.trim_start().starts_with(&format!("use {name};"))
}

#[track_caller]
fn none(found: &[String]) {
    assert!(found.is_empty(), "{} breach(es) of the rules of the house:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_stage_imports_only_earlier_stages() {
    let rank = |stage: &str| STAGES.iter().position(|known| *known == stage);
    let mut found = Vec::new();
    let mut used = Vec::new();
    for source in rust_files("src") {
        let own = source.stage();
        if own == "lib" || own == "main" {
            continue;
        }
        let Some(own_rank) = rank(own) else {
            found.push(format!("{}:1: the stage `{own}` has no place in the order of stages", source.path));
            continue;
        };
        for line in source.code() {
            let stages = line
                .code
                .split("crate::")
                .skip(1)
                .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
            for stage in stages.flatten().filter(|stage| rank(stage).is_some_and(|rank| rank > own_rank)) {
                match LATER_IMPORTS.iter().position(|(file, later, _)| *file == source.path && *later == stage) {
                    Some(exception) => used.push(exception),
                    None => found
                        .push(format!("{}:{}: `{own}` imports the later stage `{stage}`", source.path, line.number)),
                }
            }
        }
    }
    for (index, (file, later, _)) in LATER_IMPORTS.iter().enumerate().filter(|(index, _)| !used.contains(index)) {
        found.push(format!("{file}:1: exception {index} for `{later}` is not needed any more"));
    }
    none(&found);
}

#[test]
fn model_rules_and_adjudicate_are_pure() {
    let mut found = Vec::new();
    for source in rust_files("src").iter().filter(|source| PURE.contains(&source.stage())) {
        for line in source.code() {
            for word in IMPURE.iter().filter(|word| names(&line.code, word)) {
                found.push(format!("{}:{}: a pure stage names `{word}`", source.path, line.number));
            }
        }
    }
    none(&found);
}

#[test]
fn the_names_of_other_crates_stand_in_their_rooms() {
    let mut found = Vec::new();
    for source in rust_files("src") {
        for line in source.code() {
            for (name, rooms) in FOREIGN {
                if uses_crate(&line.code, name) && !source.is_in(rooms) {
                    found.push(format!(
                        "{}:{}: `{name}` stands outside of {}",
                        source.path,
                        line.number,
                        rooms.join(", ")
                    ));
                }
            }
            for (word, rooms, why) in ONE_ROOM {
                if names(&line.code, word) && !source.is_in(rooms) {
                    found.push(format!("{}:{}: `{word}`: {why}", source.path, line.number));
                }
            }
        }
    }
    none(&found);
}

#[test]
fn audit_does_not_ask_the_kernel() {
    let mut found = Vec::new();
    let sources = rust_files("src");
    // Naming a cause asks what if; that is no check of the kernel.
    let checks = sources.iter().filter(|source| source.stage() == "audit" && !source.is_in(&["audit/cause"]));
    for source in checks {
        for line in source.code().filter(|line| line.code.contains("crate::adjudicate")) {
            found.push(format!("{}:{}: audit re-derives, it does not call `adjudicate`", source.path, line.number));
        }
    }
    none(&found);
}

#[test]
fn no_file_is_long() {
    let mut found = Vec::new();
    for source in ["src", "tests/it"].iter().flat_map(|folder| rust_files(folder)) {
        let excused = LONG.iter().any(|(path, _)| *path == source.path);
        if source.lines.len() > MOST_LINES && !excused {
            found.push(format!("{}:{}: more than {MOST_LINES} lines", source.path, source.lines.len()));
        }
        if source.lines.len() <= MOST_LINES && excused {
            found.push(format!("{}:1: not long any more, and still excused", source.path));
        }
    }
    none(&found);
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not name them.
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["to", "do!"], ["unimple", "mented!"], ["db", "g!"]]
        .map(|parts| parts.concat());
    let mut found = Vec::new();
    for folder in ["src", "tests/it", "benches"].iter().filter(|folder| repo(folder).is_dir()) {
        for path in files_below(&repo(folder), &|path| path.extension().is_some_and(|extension| extension == "rs")) {
            let text = fs::read_to_string(&path).expect("a source file");
            for (index, line) in text.lines().enumerate() {
                for word in words.iter().filter(|word| line.contains(word.as_str())) {
                    found.push(format!("{}:{}: `{word}`", path.display(), index + 1));
                }
            }
        }
    }
    none(&found);
}

#[test]
fn no_file_speaks_of_the_folder_it_was_made_beside() {
    let folder = ["shar", "ed/"].concat();
    let work = ["/wo", "rk/"].concat();
    let mut found = Vec::new();
    for path in files_below(&repo(""), &|_| true) {
        let bytes = fs::read(&path).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        for (index, line) in text.lines().enumerate() {
            let alone = |at: usize| line[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
            if line.match_indices(&folder).any(|(at, _)| alone(at)) || line.contains(&work) {
                found.push(format!("{}:{}: names a folder outside of the repository", path.display(), index + 1));
            }
        }
    }
    none(&found);
}

#[test]
fn the_readers_of_sources_see_what_is_there() {
    assert!(
        names("use std::fs;", "std::fs") && names("a f64,", "f64") && !names("of64", "f64") && !names("f64x", "f64")
    );
    assert!(uses_crate("use polars::prelude::*;", "polars") && uses_crate("-> parquet::errors::E", "parquet"));
    assert!(!uses_crate("crate::glob::x", "glob") && !uses_crate("my_polars::x", "polars"));
    let sources = rust_files("src");
    let terminal = sources.iter().find(|source| source.path == "src/cli/terminal.rs").expect("the terminal");
    assert!(terminal.code().any(|line| names(&line.code, "stdout")));
    let totals = sources.iter().find(|source| source.path == "src/audit/totals.rs").expect("the totals");
    assert!(totals.code().any(|line| uses_crate(&line.code, "polars")));
}
