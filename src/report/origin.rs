//! What a report was made of: packs, files, sources, as reports tell them.

use std::collections::BTreeMap;

use super::page::{Cell, Column, Fact, Kind, Table};
use super::privacy::Persons;
use super::provinces::province_name;
use crate::diagnostic::Text;

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Input {
    /// What it is.
    pub kind: Text,
    /// Its name.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its digest.
    pub sha256: String,
}

/// A source of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSource {
    /// `source_id, title, document_no, issuer, published, trust, url`.
    pub cells: [String; 7],
}

/// A rule pack that was used.
#[derive(Clone, Debug)]
pub struct Pack {
    /// What it is called beside others.
    pub name: Text,
    /// Its folder.
    pub folder: String,
    /// Its digest.
    pub sha256: String,
}

/// What was run, and on what.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The rules.
    pub packs: Vec<Pack>,
    /// What was read.
    pub inputs: Vec<Input>,
    /// What the rules rest on.
    pub sources: Vec<RuleSource>,
    /// Reference tables that were not given; `None`: none is asked for.
    pub gates_off: Option<Vec<&'static str>>,
    /// Cells of the rules that were set by hand.
    pub set: Vec<String>,
    /// Names of places, by their code.
    pub places: BTreeMap<String, Text>,
}

impl Origin {
    /// The name of a pool; of one that the rules do not name, that of its province.
    #[must_use]
    pub fn place(&self, code: &str) -> Text {
        let province = || code.get(..2).and_then(|digits| digits.parse().ok()).map(province_name);
        self.places.get(code).cloned().or_else(province).unwrap_or_default()
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> Fact {
        let engine = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
        Fact::new("Program", "程序", Cell::text(engine))
    }

    /// The rules, each with its digest.
    pub fn packs_facts(&self) -> impl Iterator<Item = Fact> {
        self.packs.iter().flat_map(|Pack { name, folder, sha256 }| {
            let digest = [&name.en, &name.zh].map(|name| name.clone() + ", SHA-256");
            let zh = digest[1].replace(", ", " ");
            [Fact::new(&name.en, &name.zh, Cell::text(folder)), Fact::new(&digest[0], &zh, Cell::text(sha256))]
        })
    }

    /// Cells of the rules that were set by hand, if any were.
    #[must_use]
    pub fn set_fact(&self) -> Option<Fact> {
        let cells = Cell::text(self.set.join(", "));
        (!self.set.is_empty()).then(|| Fact::new("Cells set in the new pack", "新规则中设定的单元格", cells))
    }

    /// Reference tables that were not given.
    #[must_use]
    pub fn gates_fact(&self) -> Fact {
        let cell = match self.gates_off.as_deref() {
            None | Some([]) => Cell::both(Text::new("none", "无")),
            Some(names) => Cell::text(names.join(", ")),
        };
        Fact::new("Reference tables not given", "未提供的参考表", cell)
    }

    /// Files that were read.
    #[must_use]
    pub fn inputs_table(&self) -> Table {
        let columns = vec![
            Column::new(Kind::Text, "what", "内容"),
            Column::new(Kind::Code, "file", "文件"),
            Column::new(Kind::Count, "bytes", "字节数"),
            Column::new(Kind::Code, "SHA-256", "SHA-256"),
        ];
        let mut table = Table::new("inputs", "Files that were read", "读取的文件", columns);
        for input in &self.inputs {
            table.push(vec![
                Cell::both(input.kind.clone()),
                Cell::text(&input.file),
                Cell::count(input.bytes),
                Cell::text(&input.sha256),
            ]);
        }
        table
    }

    /// What the rules rest on.
    #[must_use]
    pub fn sources_table(&self) -> Table {
        let columns = vec![
            Column::new(Kind::Code, "source", "来源编号"),
            Column::new(Kind::Text, "title", "标题"),
            Column::new(Kind::Text, "document number", "文号"),
            Column::new(Kind::Text, "issuer", "发布机构"),
            Column::new(Kind::Code, "published", "发布日期"),
            Column::new(Kind::Code, "trust", "可信度"),
            Column::new(Kind::Code, "address", "网址"),
        ];
        let mut table = Table::new("sources", "Sources of the rules", "规则来源", columns);
        for source in &self.sources {
            table.push(source.cells.iter().map(Cell::text).collect::<Vec<_>>());
        }
        table
    }
}

/// How person numbers are shown.
#[must_use]
pub fn persons_fact(persons: &Persons) -> Fact {
    let words = match persons {
        Persons::Masked => Text::new("masked", "遮盖显示"),
        Persons::Pseudonyms(key) => {
            let key = key.fingerprint();
            Text::new(format!("pseudonyms, key {key}"), format!("假名，密钥指纹 {key}"))
        }
        Persons::Revealed => Text::new("as they are: keep this file safe", "完整显示：请妥善保管本文件"),
    };
    Fact::new("Person numbers", "人员编号", Cell::both(words))
}
