//! Pools that no place leads to.

use super::Check;
use super::context::{Context, DATED, hint, warn};
use crate::diagnostic::Diagnostic;
use crate::rules::cell::Pattern;
use crate::rules::layout::Kind;
use crate::rules::rank::code;

pub(super) const CHECK: Check =
    Check { code: "L107", title_en: "a pool that no place leads to", title_zh: "没有区划归入的统筹区", run };

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    for &table in DATED {
        let table = context.table(table);
        for column in table.layout().columns.iter().filter(|column| column.kind == Kind::PoolKey) {
            for row in 0..table.rows.len() {
                for item in Pattern::parse(table.cell(row, column.name)).items() {
                    let pool = code(item);
                    // A province code stands for every pool of the province.
                    if pool.is_province() || context.world.pools.binary_search(&pool).is_ok() {
                        continue;
                    }
                    let leads_to = context.book.pool_of(pool);
                    found.push(
                        warn(
                            CHECK.code,
                            table.at(row, column.name),
                            format!("no place belongs to the pool {pool}: {pool} itself belongs to {leads_to}"),
                            format!("没有区划归入统筹区 {pool}：{pool} 本身归入 {leads_to}"),
                        )
                        .hint(hint(
                            format!("write {leads_to}, or list in places.csv the places of the pool {pool}"),
                            format!("改写为 {leads_to}，或在 places.csv 列出归入 {pool} 的区划"),
                        )),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn a_district() {
        let pack = pack().row("schemes", "s1,330106|330100,310,01-01,,0,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L107"), @r"
        schemes.csv:3:2 (pool): warning[L107]: no place belongs to the pool 330106: 330106 itself belongs to 330100
          hint: write 330100, or list in places.csv the places of the pool 330106
        schemes.csv:3:2 (pool): 警告[L107]: 没有区划归入统筹区 330106：330106 本身归入 330100
          建议：改写为 330100，或在 places.csv 列出归入 330106 的区划
        ");
    }

    #[test]
    fn cities_that_places_lacks_and_listed_districts() {
        let pack = pack()
            .row("places", "330122,330122,桐庐县,Tonglu")
            .row("schemes", "s1,330122,310,01-01,,0,2020-01-01,,g,")
            .row("schemes", "s2,320400,310,01-01,,0,2020-01-01,,g,")
            .row("schemes", "s3,330000,310,01-01,,0,2020-01-01,,g,");
        assert!(!codes(&pack).contains(&"L107"));
    }
}
