//! Rows meant for the unfiled elsewhere that meet everybody at home.

use super::Check;
use super::context::{Context, hint, warn};
use crate::diagnostic::Diagnostic;
use crate::rules::cell::Pattern;
use crate::rules::layout::Table;

pub(super) const CHECK: Check = Check {
    code: "L109",
    title_en: "`filing` none beside `place` *",
    title_zh: "`filing` 为 none 而 `place` 为 *",
    run,
};

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    for table in [Table::Channels, Table::Benefits, Table::Layers] {
        let table = context.table(table);
        for row in 0..table.rows.len() {
            let none = Pattern::parse(table.cell(row, "filing")).items().iter().any(|item| &**item == "none");
            if none && Pattern::parse(table.cell(row, "place")) == Pattern::Any {
                found.push(
                    warn(
                        CHECK.code,
                        table.at(row, "filing"),
                        "`filing` none beside `place` *: at home nobody has a filing, so the row meets everybody there",
                        "`filing` 为 none 而 `place` 为 *：在本统筹区就医本无备案，此行将适用于所有本地就医",
                    )
                    .hint(hint(
                        "for unfiled treatment elsewhere write `province|cross` in `place`",
                        "仅针对未备案的异地就医时，`place` 写 `province|cross`",
                    )),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn cuts_everybody() {
        let pack = pack().row("channels", "h9,330100,310,*,*,*,none,allow,,,,,,,,0.2,,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L109"), @r"
        channels.csv:3:7 (filing): warning[L109]: `filing` none beside `place` *: at home nobody has a filing, so the row meets everybody there
          hint: for unfiled treatment elsewhere write `province|cross` in `place`
        channels.csv:3:7 (filing): 警告[L109]: `filing` 为 none 而 `place` 为 *：在本统筹区就医本无备案，此行将适用于所有本地就医
          建议：仅针对未备案的异地就医时，`place` 写 `province|cross`
        ");
    }

    #[test]
    fn elsewhere_alone() {
        let pack = pack().row("channels", "h9,330100,310,*,*,province|cross,none,allow,,,,,,,,0.2,,2020-01-01,,g,");
        assert!(!codes(&pack).contains(&"L109"));
    }
}
