//! Rows of a pool and insurance type that have no scheme.

use hashbrown::HashMap;

use super::Check;
use super::context::{Context, hint, lines, lines_en, rows_en, warn};
use crate::diagnostic::Diagnostic;
use crate::rules::layout::Table;

pub(super) const CHECK: Check = Check {
    code: "L108",
    title_en: "rows of a pool and insurance type without a scheme",
    title_zh: "所属统筹区与险种没有 schemes 行的规则",
    run,
};

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    for kind in [Table::PersonClasses, Table::Channels, Table::Benefits, Table::Layers, Table::Accounts] {
        let table = context.table(kind);
        // No realm at all: the pool is not reached, which has its own warning.
        let mut met = vec![(false, false); table.rows.len()];
        for (realm, candidates) in context.realms(kind) {
            for row in candidates {
                let (reached, schemed) = &mut met[row.row as usize];
                *reached = true;
                *schemed |= realm.has_scheme(row.from, row.to);
            }
        }
        let mut groups: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        for (row, _) in met.iter().enumerate().filter(|(_, (reached, schemed))| *reached && !*schemed) {
            groups.entry((table.cell(row, "pool"), table.cell(row, "insutype"))).or_default().push(row);
        }
        for ((pool, insutype), rows) in groups {
            let (lines, lines_en) = (lines(table, &rows), lines_en(table, &rows));
            found.push(
                warn(
                    CHECK.code,
                    table.at(rows[0], "insutype"),
                    format!(
                        "{} for {pool} / {insutype} ({lines_en}), of which schemes.csv has nothing while they hold",
                        rows_en(rows.len())
                    ),
                    format!("{pool} / {insutype} 有 {} 行（第 {lines} 行），而同期 schemes.csv 没有相应的行", rows.len()),
                )
                .hint(hint(
                    "every claim of it is pended as P-SCHEME: add the scheme, or correct the pool or the insurance type",
                    "该险种的结算将一律挂起（P-SCHEME）：请补充 schemes 行，或更正统筹区、险种",
                )),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn no_such_scheme() {
        let pack = pack()
            .only("schemes", &["s0,330100,310|390,01-01,,0,2020-01-01,,g,"])
            .row("accounts", "a2,330200,310,active,*,all,2020-01-01,,g,")
            .row("accounts", "a3,330200,310,retired,*,all,2020-01-01,,g,")
            .row("accounts", "a4,330100,310,active,*,all,2018-01-01,2019-12-31,g,");
        insta::assert_snapshot!(texts(&pack, "L108"), @r"
        accounts.csv:3:3 (insutype): warning[L108]: 2 rows for 330200 / 310 (lines 3-4), of which schemes.csv has nothing while they hold
          hint: every claim of it is pended as P-SCHEME: add the scheme, or correct the pool or the insurance type
        accounts.csv:5:3 (insutype): warning[L108]: 1 row for 330100 / 310 (line 5), of which schemes.csv has nothing while they hold
          hint: every claim of it is pended as P-SCHEME: add the scheme, or correct the pool or the insurance type
        accounts.csv:3:3 (insutype): 警告[L108]: 330200 / 310 有 2 行（第 3-4 行），而同期 schemes.csv 没有相应的行
          建议：该险种的结算将一律挂起（P-SCHEME）：请补充 schemes 行，或更正统筹区、险种
        accounts.csv:5:3 (insutype): 警告[L108]: 330100 / 310 有 1 行（第 5 行），而同期 schemes.csv 没有相应的行
          建议：该险种的结算将一律挂起（P-SCHEME）：请补充 schemes 行，或更正统筹区、险种
        ");
    }

    #[test]
    fn a_scheme_for_all() {
        let pack = pack().row("accounts", "a2,330200,310,active,*,all,2020-01-01,,g,");
        assert!(!codes(&pack).contains(&"L108"));
    }
}
