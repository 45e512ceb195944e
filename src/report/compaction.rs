//! What is said of a compaction.

use serde_json::{Value, json};

use super::summary::grouped;
use crate::diagnostic::Lang;
use crate::ledger::tables::compact::Merged;
use crate::ledger::tables::scan::Part;

/// What a compaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// The last night of the ledger, and of the base.
    pub through: u32,
    /// The base that it goes on from, if there was one.
    pub from_base: Option<u32>,
    /// What was merged; `None`: there is no night behind the newest base.
    pub merged: Option<Merged>,
    /// Size of the new base in bytes.
    pub bytes: u64,
}

impl Compacted {
    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let rows = self.merged.map(|merged| {
            Part::TABLES.iter().zip(merged.rows).map(|(table, rows)| ((*table).to_owned(), json!(rows))).collect()
        });
        json!({
            "through": self.through,
            "from_base": self.from_base,
            "made": self.merged.is_some(),
            "persons": self.merged.map(|merged| merged.persons),
            "rows": rows.map(Value::Object),
            "bytes": self.bytes,
        })
    }

    /// As text.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let through = self.through;
        let Some(merged) = self.merged else {
            return match (lang, through) {
                (Lang::En, 0) => "there is no night yet; nothing to merge\n".to_owned(),
                (Lang::Zh, 0) => "尚无批次，无需合并\n".to_owned(),
                (Lang::En, _) => format!("the base through night {through} is the newest already\n"),
                (Lang::Zh, _) => format!("至第 {through} 批的基线已是最新\n"),
            };
        };
        let first = self.from_base.map_or(1, |base| base + 1);
        let nights = if first == through { through.to_string() } else { format!("{first}-{through}") };
        let from = match (lang, self.from_base) {
            (_, None) => String::new(),
            (Lang::En, Some(base)) => format!("the base through night {base} and "),
            (Lang::Zh, Some(base)) => format!("至第 {base} 批的基线与"),
        };
        let [persons, bytes] = [merged.persons, self.bytes].map(grouped);
        let rows = grouped(merged.rows.iter().sum::<u64>());
        match lang {
            Lang::En => format!(
                "merged: {from}nights {nights} -> base/through={through:06}\npersons {persons}, rows {rows}, {bytes} bytes\n"
            ),
            Lang::Zh => format!(
                "已合并：{from}第 {nights} 批 → base/through={through:06}\n{persons} 人，{rows} 行，{bytes} 字节\n"
            ),
        }
    }
}
