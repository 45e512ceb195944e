//! Retired persons who are paid less than active ones.

use hashbrown::HashSet;

use super::Check;
use super::context::{Context, hint, warn};
use super::offer::{Case, case_words, cases, days, largest_difference, offer};
use super::world::Word;
use crate::diagnostic::Diagnostic;
use crate::model::symbol::{Sym, Vocabulary};
use crate::rules::layout::Table;

pub(super) const CHECK: Check = Check {
    code: "L122",
    title_en: "retired persons are paid less than active ones",
    title_zh: "退休人员支付比例低于在职人员",
    run,
};

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let (book, table) = (context.book, context.table(Table::Benefits));
    let mut seen: HashSet<(u32, u32)> = HashSet::new();
    for (number, realm) in context.world.realms.iter().enumerate() {
        for day in days(context, number) {
            for case in cases(realm, day) {
                let Some(psn_class) = active_counterpart(&book.vocab.psn_class, case.psn_class) else { continue };
                let held = |&(class, from, to): &Word| class == psn_class.index() && from <= day && day <= to;
                if !realm.classes.iter().any(held) {
                    continue;
                }
                let offered = [case, Case { psn_class, ..case }].map(|case| offer(book, realm, case.at_home(), day));
                let [Some(retired), Some(active)] = &offered else { continue };
                let Some(less) = largest_difference(&active.bands, &retired.bands) else { continue };
                if !seen.insert((retired.benefit.row, active.benefit.row)) {
                    continue;
                }
                let (row, other) = (retired.benefit.row as usize, active.benefit.row as usize);
                let (id, line) = (table.rule_id(other), table.rows[other].line);
                let (from, here, there) = (less.from.plain(), less.here.percent(), less.there.percent());
                let (case, active) = (case_words(book, case), book.vocab.psn_class.word(psn_class));
                found.push(
                    warn(
                        CHECK.code,
                        table.at(row, "band_set"),
                        format!(
                            "{case}: {there} % above {from}, less than the {here} % of `{active}` (`{id}`, line {line})"
                        ),
                        format!(
                            "{case}：{from} 元以上支付 {there}%，低于 `{active}` 的 {here}%（第 {line} 行 `{id}`）"
                        ),
                    )
                    .hint(hint(
                        "the retired are paid at least what the active are (structure of the national benefits list): \
                         compare with the document",
                        "退休人员待遇一般不低于在职（国家医保待遇清单的结构要求）：请与文件核对",
                    )),
                );
            }
        }
    }
}

/// For `retired...` the class of the same name that begins with `active`, else plain `active`.
fn active_counterpart(words: &Vocabulary, class: Sym) -> Option<Sym> {
    let suffix = words.word(class).strip_prefix("retired")?;
    [format!("active{suffix}"), "active".to_owned()]
        .iter()
        .map(|word| words.find(word.as_bytes()))
        .find(|&sym| sym != Sym::OTHER)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TextPack, codes, pack, texts};

    fn classes(active: &str, retired: &str) -> TextPack {
        let row = |class: &str, bands: &str| {
            format!("b{class},330100,310,{class},*,*,*,*,all,none,,,,,visit_net,{bands},,,,,,,,1,2020-01-01,,g,")
        };
        pack()
            .row("benefits", &row("active", active))
            .row("benefits", &row("retired", retired))
            .row("bands", "x1,more,0,0.75,")
    }

    #[test]
    fn less() {
        insta::assert_snapshot!(texts(&classes("more", "stay"), "L122"), @r"
        benefits.csv:4:16 (band_set): warning[L122]: retired, outpatient, L3: 70 % above 0, less than the 75 % of `active` (`bactive`, line 3)
          hint: the retired are paid at least what the active are (structure of the national benefits list): compare with the document
        benefits.csv:4:16 (band_set): 警告[L122]: retired, outpatient, L3：0 元以上支付 70%，低于 `active` 的 75%（第 3 行 `bactive`）
          建议：退休人员待遇一般不低于在职（国家医保待遇清单的结构要求）：请与文件核对
        ");
    }

    #[test]
    fn more() {
        assert!(!codes(&classes("stay", "more")).contains(&"L122"));
    }
}
