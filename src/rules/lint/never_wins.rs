//! Rows that no claim can ever reach: over all their days and all claims they match, others come first.

use super::Check;
use super::context::{Context, DATED, hint, warn};
use super::region::Region;
use super::world::{Realm, has_insutype};
use crate::diagnostic::Diagnostic;
use crate::model::symbol::{Sym, Vocabulary};
use crate::rules::cell;
use crate::rules::keytable::{Candidate, Matches};
use crate::rules::layout::{LEVEL_FIELDS, Table};
use crate::rules::pack::PackTable;

pub(super) const CHECK: Check =
    Check { code: "L105", title_en: "a row that never wins", title_zh: "永远不会被选中的行", run };

/// A row as a set of claims.
struct Placed {
    row: usize,
    /// Larger is more specific.
    rank: Vec<i64>,
    /// Rows compete only within a layer.
    layer: u32,
    region: Region,
}

/// What became of a row in the realms looked at so far.
#[derive(Clone, Default)]
enum Fate {
    /// No realm has claims for it: other checks say why.
    #[default]
    Unmet,
    /// Some claim reaches it.
    Wins,
    /// These rows come first everywhere; none: such claims cannot be.
    Beaten(Vec<usize>),
}

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    for &kind in DATED {
        let table = context.table(kind);
        let mut fates = vec![Fate::default(); table.rows.len()];
        for (realm, candidates) in context.realms(kind) {
            // Tables by pool alone are the same for every insurance type: the first stands for all.
            if has_insutype(kind) || realm.insutype == Sym::OTHER {
                judge(context, kind, realm, candidates, &mut fates);
            }
        }
        for (row, fate) in fates.into_iter().enumerate() {
            if let Fate::Beaten(by) = fate {
                found.push(beaten(table, row, &by));
            }
        }
    }
}

fn judge(context: &Context, kind: Table, realm: &Realm, candidates: &[Candidate], fates: &mut [Fate]) {
    let placed: Vec<Placed> = candidates
        .iter()
        .filter(|row| !has_insutype(kind) || kind == Table::Schemes || realm.has_scheme(row.from, row.to))
        .map(|row| Placed {
            row: row.row as usize,
            rank: row.rank.clone(),
            layer: if kind == Table::Layers { context.book.layers[row.row as usize].layer } else { 0 },
            region: region(context, kind, realm, row),
        })
        .collect();
    let impossible = match kind {
        Table::Channels | Table::Benefits => realm.impossible(5),
        Table::Layers => realm.impossible(4),
        _ => None,
    };
    for (index, own) in placed.iter().enumerate() {
        if matches!(fates[own.row], Fate::Wins) || own.region.is_empty() {
            continue;
        }
        // Rows come most specific first: those before this one rank above it or equal.
        let above: Vec<&Placed> = placed[..index]
            .iter()
            .filter(|other| other.rank > own.rank && other.layer == own.layer)
            .filter(|other| hides(context, kind, other.row, own.row))
            .filter(|other| other.region.meets(&own.region))
            .collect();
        let covers: Vec<Region> =
            impossible.iter().cloned().chain(above.iter().map(|other| other.region.clone())).collect();
        if own.region.uncovered(&covers).is_some() {
            fates[own.row] = Fate::Wins;
        } else {
            let by = match std::mem::take(&mut fates[own.row]) {
                Fate::Beaten(by) => by,
                _ => Vec::new(),
            };
            let mut by: Vec<usize> = by.into_iter().chain(above.iter().map(|other| other.row)).collect();
            by.sort_unstable();
            by.dedup();
            fates[own.row] = Fate::Beaten(by);
        }
    }
}

/// The claims a row matches, whatever other rows say.
fn region(context: &Context, kind: Table, realm: &Realm, row: &Candidate) -> Region {
    let vocab = &context.book.vocab;
    let any = |words: &Vocabulary| 0..words.len();
    // The first symbol is no value: fields that a claim cannot lack begin behind it.
    let required = |words: &Vocabulary| 1..words.len();
    let held = |domain: std::ops::Range<usize>, matches: &Matches| -> Vec<usize> {
        domain
            .filter(|value| match matches {
                Matches::Any => true,
                Matches::Values(values) => values.binary_search(value).is_ok(),
            })
            .collect()
    };
    let keys = match kind {
        Table::Tiers => {
            vec![held(0..LEVEL_FIELDS.len(), &row.columns[0]), held(required(&vocab.level), &row.columns[1])]
        }
        Table::VisitClasses => {
            vec![held(required(&vocab.med_type), &row.columns[0]), held(any(&vocab.disease), &row.columns[1])]
        }
        Table::FilingTypes => vec![held(any(&vocab.filing_type), &row.columns[0])],
        Table::Neighbours => {
            let number = |realm: &Realm| usize::from(context.book.pool_number[realm.pool.0 as usize]);
            let numbers = context.world.realms.iter().map(number);
            let mut treated: Vec<usize> =
                numbers.filter(|number| !held(*number..number + 1, &row.columns[0]).is_empty()).collect();
            treated.dedup();
            vec![treated]
        }
        Table::Schemes => Vec::new(),
        Table::PersonClasses => vec![
            person_types(&vocab.psn_type, &row.columns[0]),
            held(any(&vocab.identity), &row.columns[1]),
            held(any(&vocab.grade), &row.columns[2]),
            ages(context.table(kind), row.row as usize),
        ],
        _ => return realm.region(row),
    };
    Region { keys, from: row.from, to: row.to }
}

/// Person types: every listed code, and for every listed two-digit code one of its children that is not listed.
fn person_types(words: &Vocabulary, matches: &Matches) -> Vec<usize> {
    let holds = |sym: usize| match matches {
        Matches::Any => true,
        Matches::Values(values) => values.binary_search(&sym).is_ok(),
    };
    let parent = |sym: usize| match words.word(Sym(sym as u32)).get(..2) {
        Some(parent) => words.find(parent.as_bytes()).index(),
        None => Sym::OTHER.index(),
    };
    let codes = (1..words.len()).filter(|&sym| holds(sym) || holds(parent(sym)));
    let children = (2..words.len()).filter(|&sym| words.word(Sym(sym as u32)).len() == 2 && holds(sym));
    codes.chain(children.map(|sym| words.len() + sym)).collect()
}

/// Ages in full years up to 150, then the unknown age, which only a row without limits matches.
fn ages(table: &PackTable, row: usize) -> Vec<usize> {
    const OLDEST: i32 = 150;
    let limit = |column: &str| cell::integer(table.cell(row, column));
    let (least, most) = (limit("age_min"), limit("age_max"));
    if least.is_none() && most.is_none() {
        return (0..=OLDEST as usize + 1).collect();
    }
    (least.unwrap_or(0).max(0)..=most.unwrap_or(OLDEST).min(OLDEST)).map(|age| age as usize).collect()
}

/// A person class with marks hides only classes that ask for one of the same marks.
fn hides(context: &Context, kind: Table, above: usize, below: usize) -> bool {
    if kind != Table::PersonClasses {
        return true;
    }
    let classes = &context.book.classes;
    match (&classes[above].marks, &classes[below].marks) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(above), Some(below)) => below.iter().all(|mark| above.contains(mark)),
    }
}

fn beaten(table: &PackTable, row: usize, by: &[usize]) -> Diagnostic {
    let at = table.at_row(row);
    if by.is_empty() {
        return warn(
            CHECK.code,
            at,
            "no claim can meet this row: at home the filing is always none",
            "没有结算能符合此行：在本统筹区就医，备案恒为 none",
        )
        .hint(hint(
            "write `none` or `*` in `filing`, or set `local_filing` in schemes.csv",
            "`filing` 写 `none` 或 `*`；本地就医也看备案的，在 schemes.csv 设 `local_filing`",
        ));
    }
    let name = |row: &usize| (format!("`{}`", table.rule_id(*row)), table.rows[*row].line);
    let shown: Vec<(String, u64)> = by.iter().take(3).map(name).collect();
    let more = by.len() - shown.len();
    let en: Vec<String> = shown.iter().map(|(id, line)| format!("{id} (line {line})")).collect();
    let zh: Vec<String> = shown.iter().map(|(id, line)| format!("第 {line} 行 {id}")).collect();
    let (more_en, more_zh) =
        if more > 0 { (format!(" and {more} more"), format!("等 {} 行", by.len())) } else { Default::default() };
    let (how_en, how_zh) = match table.table {
        Table::PersonClasses => ("have a smaller priority number", "优先级数字更小"),
        _ => ("are more specific", "更具体"),
    };
    warn(
        CHECK.code,
        at,
        format!("every claim that this row matches is taken by rows that {how_en}: {}{more_en}", en.join(", ")),
        format!("凡符合此行的结算，总有{how_zh}的行先被选中：{}{more_zh}", zh.join("、")),
    )
    .hint(hint("take the row out, or narrow the rows that hide it", "删去此行，或收窄遮蔽它的行"))
}

#[cfg(test)]
mod tests {
    use hashbrown::HashSet;

    use super::super::testing::{codes, pack, texts};
    use crate::model::date::Date;
    use crate::model::place::{Admdvs, Filing, Place};
    use crate::model::settlement::Insutype;
    use crate::model::symbol::Sym;
    use crate::rules::book::{BenefitKeys, RuleBook};
    use crate::rules::layout::Table;

    /// Rows of `accounts.csv` that some claim of the employees meets on some day.
    fn met(book: &RuleBook) -> HashSet<u32> {
        let mut met = HashSet::new();
        let insutype = Insutype(book.vocab.insutype.find(b"310").0);
        for day in (2020..=2024).map(|year| Date::from_ymd(year, 7, 1).expect("a day")) {
            for pool in [330_100, 330_200, 440_100].map(Admdvs) {
                let people = ["active", "retired"].map(|class| ["outpatient", "inpatient"].map(|visit| (class, visit)));
                for (class, visit) in people.into_iter().flatten() {
                    let keys = BenefitKeys {
                        psn_class: book.vocab.psn_class.find(class.as_bytes()),
                        med_class: book.vocab.med_class.find(visit.as_bytes()),
                        place: Place::Local,
                        filing: Filing::None,
                        tier: Sym::OTHER,
                    };
                    met.extend(book.offer(pool, insutype, keys, day).account().map(|row| row.row));
                }
            }
        }
        met
    }

    #[test]
    fn hidden_by_more_specific_rows() {
        let pack = pack()
            .row("accounts", "a2,330100,310,*,*,none,2020-01-01,,g,")
            .row("accounts", "a3,330100,310,active,*,all,2020-01-01,,g,")
            .row("accounts", "a4,330100,310,retired|resident,*,all,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L105"), @r"
        accounts.csv:3: warning[L105]: every claim that this row matches is taken by rows that are more specific: `a3` (line 4), `a4` (line 5)
          hint: take the row out, or narrow the rows that hide it
        accounts.csv:3: 警告[L105]: 凡符合此行的结算，总有更具体的行先被选中：第 4 行 `a3`、第 5 行 `a4`
          建议：删去此行，或收窄遮蔽它的行
        ");
    }

    /// The answer found by asking for every claim and day, on packs made by a small generator.
    #[test]
    fn agrees_with_asking_everywhere() {
        let mut state = 1_u32;
        let mut draw = |count: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize % count
        };
        let mut hidden = 0;
        for _ in 0..40 {
            let mut text = pack().only("accounts", &[]);
            let mut keys = HashSet::new();
            for id in 0..14 {
                let pool = ["*", "330100", "330000"][draw(3)];
                let class = ["*", "active", "retired", "active|retired"][draw(4)];
                let visit = ["*", "outpatient", "inpatient"][draw(3)];
                let (from, to) = (2020 + draw(3), ["", "2022-12-31"][draw(2)]);
                if keys.insert((pool, class, visit)) {
                    text = text.row("accounts", &format!("a{id},{pool},310,{class},{visit},all,{from}-01-01,{to},g,"));
                }
            }
            let (pack, book) = text.compiled();
            let met = met(&book);
            let accounts = pack.table(Table::Accounts);
            let never = (0..accounts.rows.len()).filter(|row| !met.contains(&(*row as u32)));
            let never: Vec<u64> = never.map(|row| accounts.rows[row].line).collect();
            let found = super::super::lint(&pack, &book, None);
            let told = found.iter().filter(|diagnostic| diagnostic.code == "L105");
            let told: Vec<u64> = told.map(|diagnostic| diagnostic.at.line).collect();
            hidden += never.len();
            assert_eq!(told, never);
        }
        assert!(hidden > 20, "{hidden} rows never win: too few to tell");
    }

    #[test]
    fn hidden_for_a_time() {
        let pack = pack()
            .row("accounts", "a2,330100,310,*,*,none,2020-01-01,,g,")
            .row("accounts", "a3,330100,310,active|retired,*,all,2020-01-01,2023-12-31,g,");
        assert!(!codes(&pack).contains(&"L105"));
    }

    #[test]
    fn classes_by_priority() {
        let pack = pack()
            .row("person_classes", "c7,330100,310,1,veteran,*,x|y,,,,2020-01-01,,g,")
            .row("person_classes", "c8,330100,310,2,hero,1101,y,,60,,2020-01-01,,g,")
            .row("person_classes", "c9,330100,310,3,child,11,,,,17,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L105"), @r"
        person_classes.csv:6: warning[L105]: every claim that this row matches is taken by rows that have a smaller priority number: `c7` (line 5)
          hint: take the row out, or narrow the rows that hide it
        person_classes.csv:6: 警告[L105]: 凡符合此行的结算，总有优先级数字更小的行先被选中：第 5 行 `c7`
          建议：删去此行，或收窄遮蔽它的行
        ");
    }

    #[test]
    fn filed_at_home() {
        let pack = pack().row("channels", "h9,330100,310,*,*,local,resident|referral,allow,,,,,,,,,,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L105"), @r"
        channels.csv:3: warning[L105]: no claim can meet this row: at home the filing is always none
          hint: write `none` or `*` in `filing`, or set `local_filing` in schemes.csv
        channels.csv:3: 警告[L105]: 没有结算能符合此行：在本统筹区就医，备案恒为 none
          建议：`filing` 写 `none` 或 `*`；本地就医也看备案的，在 schemes.csv 设 `local_filing`
        ");
    }
}
