//! Sources that nothing rests on.

use hashbrown::HashSet;

use super::Check;
use super::context::{Context, DATED, hint, warn};
use crate::diagnostic::Diagnostic;
use crate::rules::layout::Table;

pub(super) const CHECK: Check =
    Check { code: "L115", title_en: "a source that no row names", title_zh: "未被引用的来源", run };

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let mut named: HashSet<&str> = HashSet::new();
    for &table in DATED {
        let table = context.table(table);
        named.extend((0..table.rows.len()).map(|row| table.cell(row, "source_id")));
    }
    let sources = context.table(Table::Sources);
    for row in 0..sources.rows.len() {
        let id = sources.rule_id(row);
        if !named.contains(id) {
            found.push(
                warn(
                    CHECK.code,
                    sources.at(row, "source_id"),
                    format!("no row rests on the source `{id}`"),
                    format!("没有任何行引用来源 `{id}`"),
                )
                .hint(hint(
                    "take it out, or look for the rows that should name it",
                    "删去该来源，或检查本应引用它的行",
                )),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn nobody_names_it() {
        let pack = pack().row("sources", "old,Old text,,,,,G");
        insta::assert_snapshot!(texts(&pack, "L115"), @r"
        sources.csv:3:1 (source_id): warning[L115]: no row rests on the source `old`
          hint: take it out, or look for the rows that should name it
        sources.csv:3:1 (source_id): 警告[L115]: 没有任何行引用来源 `old`
          建议：删去该来源，或检查本应引用它的行
        ");
    }

    #[test]
    fn named() {
        assert!(!codes(&pack()).contains(&"L115"));
    }
}
