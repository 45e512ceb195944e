//! Keys that no claim derives: a person class, visit class, tier or filing that no row yields.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use super::context::{Context, hint, lines, lines_en, rows_en, warn};
use super::world::Realm;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::model::date::Date;
use crate::model::place::Filing;
use crate::model::symbol::{Sym, Vocabulary};
use crate::rules::cell::Pattern;
use crate::rules::layout::Table;
use crate::rules::pack::PackTable;

pub(super) const CHECK: Check =
    Check { code: "L106", title_en: "a key that no claim derives", title_zh: "没有结算能得出的键值", run };

/// A key column and the table that yields its words.
const KEYS: [(&str, &str); 4] = [
    ("psn_class", "person_classes.csv"),
    ("med_class", "visit_classes.csv"),
    ("filing", "filing_types.csv"),
    ("tier", "tiers.csv"),
];

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    for table in [Table::Channels, Table::Benefits, Table::Layers, Table::Accounts] {
        let rows = context.table(table);
        let columns = rows.layout().columns;
        let keys: Vec<_> =
            KEYS.into_iter().filter(|(name, _)| columns.iter().any(|column| column.name == *name)).collect();
        let mut realms: Vec<Vec<&Realm>> = vec![Vec::new(); rows.rows.len()];
        for (realm, candidates) in context.realms(table) {
            for row in candidates.iter().filter(|row| realm.has_scheme(row.from, row.to)) {
                realms[row.row as usize].push(realm);
            }
        }
        // A row that meets no scheme has its own warning.
        let mut missing: BTreeMap<(&str, &str, Box<str>), Missing> = BTreeMap::new();
        for (row, realms) in realms.iter().enumerate().filter(|(_, realms)| !realms.is_empty()) {
            for &(column, from_table) in &keys {
                let known = known(context, column, realms, rows.period(row));
                for item in Pattern::parse(rows.cell(row, column)).items() {
                    if !known.contains(&**item) {
                        let entry = missing.entry((column, from_table, item.clone())).or_default();
                        entry.rows.push(row);
                        entry.known.extend(&known);
                    }
                }
            }
        }
        for ((column, from_table, item), missing) in &missing {
            found.push(say(rows, column, from_table, item, missing));
        }
    }
}

/// Rows that ask for a word nothing yields, and the words that are yielded there.
#[derive(Default)]
struct Missing<'a> {
    rows: Vec<usize>,
    known: BTreeSet<&'a str>,
}

fn say(table: &PackTable, column: &str, from_table: &str, item: &str, missing: &Missing) -> Diagnostic {
    let (first, count) = (missing.rows[0], missing.rows.len());
    let (lines, lines_en) = (lines(table, &missing.rows), lines_en(table, &missing.rows));
    let hint = match did_you_mean(item, missing.known.iter().copied()) {
        Some(near) => hint(format!("did you mean `{near}`?"), format!("是否应为 `{near}`？")),
        None => hint(
            format!("add the row that yields it to {from_table}, or take the word out"),
            format!("在 {from_table} 增加能得出该词的行，或删去该词"),
        ),
    };
    warn(
        CHECK.code,
        table.at(first, column),
        format!(
            "no row of {from_table} yields `{item}` in the pools and on the days of {} with this key ({lines_en})",
            rows_en(count)
        ),
        format!("有 {count} 行（第 {lines} 行）使用 `{item}`，而在其适用的地区与期间内，{from_table} 没有行能得出该词"),
    )
    .hint(hint)
}

/// The words of a key column that some claim of the realms derives on some day of a period.
fn known<'a>(context: &'a Context, column: &str, realms: &[&'a Realm], (from, to): (Date, Date)) -> BTreeSet<&'a str> {
    let vocab = &context.book.vocab;
    let word = |words: &'a Vocabulary, number: usize| words.word(Sym(number as u32));
    let mut known = BTreeSet::new();
    for realm in realms {
        let yielded = match column {
            "psn_class" => &realm.classes,
            "med_class" => &realm.visits,
            "tier" => &realm.tiers,
            _ => &realm.filings,
        };
        let in_force = yielded.iter().filter(|&&(_, first, last)| first <= to && from <= last);
        known.extend(in_force.map(|&(number, ..)| match column {
            "psn_class" => word(&vocab.psn_class, number),
            "med_class" => word(&vocab.med_class, number),
            "tier" => word(&vocab.tier, number),
            _ => Filing::ALL[number].word(),
        }));
    }
    known
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn misspelt_and_foreign() {
        let pack = pack()
            .row("accounts", "a2,330100,310,actve|retired,outpatient,all,2020-01-01,,g,")
            .row("layers", "l2,330100,310,resident,dental,*,*,2,oth_pay,coinsurance,,visit,aid,,,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L106"), @r"
        accounts.csv:3:4 (psn_class): warning[L106]: no row of person_classes.csv yields `actve` in the pools and on the days of 1 row with this key (line 3)
          hint: did you mean `active`?
        layers.csv:3:4 (psn_class): warning[L106]: no row of person_classes.csv yields `resident` in the pools and on the days of 1 row with this key (line 3)
          hint: add the row that yields it to person_classes.csv, or take the word out
        layers.csv:3:5 (med_class): warning[L106]: no row of visit_classes.csv yields `dental` in the pools and on the days of 1 row with this key (line 3)
          hint: add the row that yields it to visit_classes.csv, or take the word out
        accounts.csv:3:4 (psn_class): 警告[L106]: 有 1 行（第 3 行）使用 `actve`，而在其适用的地区与期间内，person_classes.csv 没有行能得出该词
          建议：是否应为 `active`？
        layers.csv:3:4 (psn_class): 警告[L106]: 有 1 行（第 3 行）使用 `resident`，而在其适用的地区与期间内，person_classes.csv 没有行能得出该词
          建议：在 person_classes.csv 增加能得出该词的行，或删去该词
        layers.csv:3:5 (med_class): 警告[L106]: 有 1 行（第 3 行）使用 `dental`，而在其适用的地区与期间内，visit_classes.csv 没有行能得出该词
          建议：在 visit_classes.csv 增加能得出该词的行，或删去该词
        ");
    }

    #[test]
    fn before_the_class_existed() {
        let pack = pack()
            .row("person_classes", "c9,330100,310,1,model_worker,*,x,,,,2024-01-01,,g,")
            .row("accounts", "a2,330100,310,model_worker,*,all,2020-01-01,2022-12-31,g,")
            .row("accounts", "a3,330100,310,model_worker,*,all,2023-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L106"), @r"
        accounts.csv:3:4 (psn_class): warning[L106]: no row of person_classes.csv yields `model_worker` in the pools and on the days of 1 row with this key (line 3)
          hint: add the row that yields it to person_classes.csv, or take the word out
        accounts.csv:3:4 (psn_class): 警告[L106]: 有 1 行（第 3 行）使用 `model_worker`，而在其适用的地区与期间内，person_classes.csv 没有行能得出该词
          建议：在 person_classes.csv 增加能得出该词的行，或删去该词
        ");
    }

    #[test]
    fn every_word_is_yielded() {
        let pack = pack().row("accounts", "a2,330100,310,active|retired,outpatient,all,2020-01-01,,g,");
        assert!(!codes(&pack).contains(&"L106"));
    }
}
