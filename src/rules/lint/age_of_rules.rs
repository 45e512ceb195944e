//! Schemes whose rules are older than the claims.

use super::Check;
use super::context::{Context, hint, warn};
use super::world::Realm;
use crate::diagnostic::{Diagnostic, Location};
use crate::model::date::Date;
use crate::rules::keytable::Candidate;
use crate::rules::layout::Table;
use crate::rules::rank::Pool;

pub(super) const CHECK: Check = Check {
    code: "L104",
    title_en: "the newest rule is older than the claims",
    title_zh: "最新规则早于待结算数据",
    run,
};

/// Schemes are adjusted nearly every year (caps and thresholds follow last year's incomes): two years without
/// a new row are worth a look.
const MONTHS: i32 = 24;

/// Tables that say what is paid.
const SAYING: [Table; 5] = [Table::Schemes, Table::Channels, Table::Benefits, Table::Layers, Table::Accounts];

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let Some(as_of) = context.as_of else { return };
    let mut seen: Vec<Location> = Vec::new();
    for (number, realm) in context.world.realms.iter().enumerate() {
        if !realm.has_scheme(Date::MIN, Date::MAX) {
            continue;
        }
        let diagnostic = ended(context, number, realm, as_of).or_else(|| stale(context, number, realm, as_of));
        if let Some(diagnostic) = diagnostic
            && !seen.contains(&diagnostic.at)
        {
            seen.push(diagnostic.at.clone());
            found.push(diagnostic);
        }
    }
}

/// Benefits there were, but none on the day.
fn ended(context: &Context, number: usize, realm: &Realm, as_of: Date) -> Option<Diagnostic> {
    let rows = context.rows(Table::Benefits, number);
    let last = rows.iter().max_by_key(|row| row.to).filter(|row| row.to < as_of)?;
    let (pool, insutype) = name(context, realm);
    Some(
        warn(
            CHECK.code,
            context.table(Table::Benefits).at(last.row as usize, "valid_to"),
            format!("every benefit of {pool} / {insutype} has ended by {}, before {as_of}", last.to),
            format!("{pool} / {insutype} 的待遇行均已于 {} 前终止，早于 {as_of}", last.to),
        )
        .hint(if realm.has_scheme(as_of, as_of) {
            hint("add the rows now in force, or open the last period", "补充现行规则，或放开最后一段有效期")
        } else {
            hint(
                "its scheme has ended too: was it abolished, or do the next rules wait to be written?",
                "其 schemes 行也已终止：该险种是否已取消，还是后续规则尚未录入？",
            )
        }),
    )
}

/// Nothing that names the pool has begun for long.
fn stale(context: &Context, number: usize, realm: &Realm, as_of: Date) -> Option<Diagnostic> {
    // A row for everybody says nothing about how well this pool is kept.
    let Pool::Named(_) = realm.seen_as else { return None };
    let own = |row: &&Candidate| row.rank[0] >= 2;
    let (newest, table, row) = SAYING
        .iter()
        .flat_map(|&table| context.rows(table, number).iter().filter(own).map(move |row| (row.from, table, row.row)))
        .max_by_key(|&(from, table, row)| (from, std::cmp::Reverse((table, row))))?;
    if newest == Date::MIN || newest.add_months(MONTHS) > as_of {
        return None;
    }
    let (pool, insutype) = name(context, realm);
    Some(
        warn(
            CHECK.code,
            context.table(table).at(row as usize, "valid_from"),
            format!("the newest rule of {pool} / {insutype} began on {newest}, two years or more before {as_of}"),
            format!("{pool} / {insutype} 的最新规则始于 {newest}，距 {as_of} 已满两年"),
        )
        .hint(hint(
            "ask whether the caps, thresholds and rates have been adjusted since",
            "请核实此后封顶线、起付标准与比例是否已调整",
        )),
    )
}

fn name(context: &Context, realm: &Realm) -> (String, String) {
    let insutype = match context.book.vocab.insutype.word(realm.insutype) {
        "" => "*",
        word => word,
    };
    (realm.pool.to_string(), insutype.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{pack, texts_as_of};

    const BENEFIT: &str = "330100,310,*,*,*,*,*,all,none,,,,,visit_net,stay,,,,,,,,1";

    #[test]
    fn all_have_ended() {
        let pack = pack().only("benefits", &[&format!("b1,{BENEFIT},2020-01-01,2022-12-31,g,")]);
        insta::assert_snapshot!(texts_as_of(&pack, "L104", Some("2024-03-01")), @r"
        benefits.csv:2:26 (valid_to): warning[L104]: every benefit of 330100 / 310 has ended by 2022-12-31, before 2024-03-01
          hint: add the rows now in force, or open the last period
        benefits.csv:2:26 (valid_to): 警告[L104]: 330100 / 310 的待遇行均已于 2022-12-31 前终止，早于 2024-03-01
          建议：补充现行规则，或放开最后一段有效期
        ");
        assert_eq!(texts_as_of(&pack, "L104", None), "");
        assert_eq!(texts_as_of(&pack, "L104", Some("2021-12-31")), "");
    }

    #[test]
    fn nothing_new() {
        let pack = pack().row("benefits", &format!("b1,{BENEFIT},2021-01-01,,g,"));
        insta::assert_snapshot!(texts_as_of(&pack, "L104", Some("2023-01-01")), @r"
        benefits.csv:3:25 (valid_from): warning[L104]: the newest rule of 330100 / 310 began on 2021-01-01, two years or more before 2023-01-01
          hint: ask whether the caps, thresholds and rates have been adjusted since
        benefits.csv:3:25 (valid_from): 警告[L104]: 330100 / 310 的最新规则始于 2021-01-01，距 2023-01-01 已满两年
          建议：请核实此后封顶线、起付标准与比例是否已调整
        ");
        assert_eq!(texts_as_of(&pack, "L104", Some("2022-12-31")), "");
    }
}
