//! Sources that are no document of an authority.

use hashbrown::HashMap;

use super::Check;
use super::context::{Context, DATED, hint, rows_en, warn};
use crate::diagnostic::Diagnostic;
use crate::rules::layout::Table;

pub(super) const CHECK: Check = Check {
    code: "L116",
    title_en: "a source that is neither official nor an official text quoted",
    title_zh: "来源既非官方文件，也非官方文本的引述",
    run,
};

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let mut resting: HashMap<&str, usize> = HashMap::new();
    for &table in DATED {
        let table = context.table(table);
        (0..table.rows.len()).for_each(|row| *resting.entry(table.cell(row, "source_id")).or_default() += 1);
    }
    let sources = context.table(Table::Sources);
    for row in 0..sources.rows.len() {
        let (id, trust) = (sources.rule_id(row), sources.cell(row, "trust"));
        let Some(&count) = resting.get(id) else { continue };
        if matches!(trust, "G" | "Q") {
            continue;
        }
        let (meaning_en, meaning_zh) = meaning(trust);
        found.push(
            warn(
                CHECK.code,
                sources.at(row, "trust"),
                format!("`{id}` is {meaning_en}; {} on it: unverified", verb_en(count)),
                format!("`{id}` 为{meaning_zh}；{count} 行以其为据：未经核实"),
            )
            .hint(hint(
                "find the authority's own text before such a row decides a payment",
                "在据以支付之前，请查得主管部门原文",
            )),
        );
    }
}

fn verb_en(count: usize) -> String {
    format!("{} {}", rows_en(count), if count == 1 { "rests" } else { "rest" })
}

fn meaning(trust: &str) -> (String, String) {
    let (en, zh) = match trust {
        "A" => ("an aggregator's page (A)", "聚合网站页面（A）"),
        "AI" => ("a mass-produced page (AI)", "批量生成的页面（AI）"),
        "R" => ("a public data file (R)", "公开数据文件（R）"),
        "calc" => ("arithmetic or inference (calc)", "推算（calc）"),
        "" => ("of no stated trust", "未注明可信度的来源"),
        _ => return (format!("of trust `{trust}`"), format!("可信度为 `{trust}` 的来源")),
    };
    (en.to_owned(), zh.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn once_for_each_source() {
        let pack = pack()
            .row("sources", "w,Some page,,,,,A")
            .row("schemes", "s1,330100,310,01-01,,0,2020-01-01,2020-12-31,w,")
            .row("schemes", "s2,330100,310,01-01,,0,2021-01-01,,w,");
        insta::assert_snapshot!(texts(&pack, "L116"), @r"
        sources.csv:3:7 (trust): warning[L116]: `w` is an aggregator's page (A); 2 rows rest on it: unverified
          hint: find the authority's own text before such a row decides a payment
        sources.csv:3:7 (trust): 警告[L116]: `w` 为聚合网站页面（A）；2 行以其为据：未经核实
          建议：在据以支付之前，请查得主管部门原文
        ");
    }

    #[test]
    fn quoted_texts_will_do() {
        let pack = pack().row("sources", "q,Newspaper,,,,,Q").row("schemes", "s1,330100,310,01-01,,0,2020-01-01,,q,");
        assert!(!codes(&pack).contains(&"L116"));
    }
}
