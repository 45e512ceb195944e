//! What changed between two packs, and when: for every row that decides something else now, the days on which it
//! does and the settlements that have to do with it.
//!
//! A row that was there before is *lost* to the settlements that it decided on days when it says something else now,
//! or nothing; a row that is there now is *gained* by those that it matches on days when it did not match before.
//! What was lost is known where settlements name the row; all else is told from the keys that they record.

use std::sync::Arc;

use super::cell::Pattern;
use super::diff::{self, CellChange, Change};
use super::layout::{Kind, Table};
use super::pack::{PackTable, RulePack};
use super::rank::code;
use super::reach::{CITED, Key, KeyReach, PoolOf, Reach, Span};

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed,
}

impl Became {
    /// The word for it in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// A row that decides something else now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// Its table.
    pub table: Table,
    /// What became of it.
    pub became: Became,
    /// Its name in the old pack; of an added row that in the new one.
    pub rule_id: String,
    /// Its name in the new pack, where it has another one there.
    pub renamed: Option<String>,
    /// Cells that decide something and differ; none of an added or removed row.
    pub cells: Vec<CellChange>,
    /// Rows of the old pack that used a band set, as `table:rule_id`; empty for other tables.
    pub used_by: Vec<String>,
    /// Days on which it differs.
    pub spans: Vec<Span>,
    /// Which settlements it has to do with.
    pub meets: Vec<Meeting>,
}

/// Settlements of some days that a changed row has to do with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// The days.
    pub span: Span,
    /// Which of theirs.
    pub who: Who,
}

/// How it is known that a row has to do with a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The settlement names this row of a table of [`CITED`].
    Cites(Table, String),
    /// Its recorded keys match.
    Matches(Reach),
}

/// Every row that decides something else in the new pack, in the order of the tables. Rows that only explain, or
/// that are only written differently, are left out; so are sources.
#[must_use]
pub fn changed(old: &RulePack, new: &RulePack) -> Vec<RowChange> {
    let found = diff::diff(old, new);
    let packs = Packs::new(old, new);
    let mut changes = Vec::new();
    for table in &found.tables {
        for change in table.changes.iter().filter(|change| change.decides(table.table)) {
            changes.push(packs.of(table.table, change));
        }
    }
    changes
}

/// Two packs, and what is needed of them again and again.
struct Packs<'a> {
    old: &'a RulePack,
    new: &'a RulePack,
    pools: [Arc<PoolOf>; 2],
    /// No scheme of either pack looks for filings at home.
    never_at_home: bool,
}

impl<'a> Packs<'a> {
    fn new(old: &'a RulePack, new: &'a RulePack) -> Self {
        let at_home = |pack: &RulePack| {
            let schemes = pack.table(Table::Schemes);
            (0..schemes.rows.len()).any(|row| schemes.cell(row, "local_filing") == "1")
        };
        let pools = [old, new].map(|pack| Arc::new(PoolOf::of(pack)));
        Self { old, new, pools, never_at_home: !at_home(old) && !at_home(new) }
    }

    fn of(&self, table: Table, change: &Change) -> RowChange {
        let (before, after) = (self.old.table(table), self.new.table(table));
        let (was, is, cells) = match change {
            Change::Added { new, .. } => (None, Some(*new), Vec::new()),
            Change::Removed { old, .. } => (Some(*old), None, Vec::new()),
            Change::Changed { old, new, cells, .. } => {
                (Some(*old), Some(*new), cells.iter().filter(|cell| cell.decides).cloned().collect())
            }
        };
        let became = match change {
            Change::Added { .. } => Became::Added,
            Change::Removed { .. } => Became::Removed,
            Change::Changed { .. } => Became::Changed,
        };
        let old_name = was.map(|row| before.rule_id(row).to_owned());
        let new_name = is.map(|row| after.rule_id(row).to_owned());
        let renamed = new_name.clone().filter(|name| old_name.as_ref().is_some_and(|old| old != name));
        let mut row = RowChange {
            table,
            became,
            rule_id: old_name.or(new_name).expect("a row of one of the packs"),
            renamed,
            cells,
            used_by: Vec::new(),
            spans: Vec::new(),
            meets: Vec::new(),
        };
        match table {
            Table::Bands => self.bands(&mut row, was, is),
            Table::Places => self.place(&mut row),
            _ => self.dated(&mut row, was, is),
        }
        row
    }

    /// A band counts on the days of the rows that used its set.
    fn bands(&self, row: &mut RowChange, was: Option<usize>, is: Option<usize>) {
        let set =
            |pack: &'a RulePack, row: Option<usize>| row.map(|row| pack.table(Table::Bands).cell(row, "band_set"));
        let sets = [set(self.old, was), set(self.new, is)];
        for table in [Table::Benefits, Table::Layers] {
            let rows = self.old.table(table);
            for user in (0..rows.rows.len()).filter(|&user| sets.contains(&Some(rows.cell(user, "band_set")))) {
                let (span, name) = (period(rows, user), rows.rule_id(user).to_owned());
                row.used_by.push(format!("{}:{name}", table.layout().name));
                row.push(span, Who::Cites(table, name));
            }
        }
    }

    fn place(&self, row: &mut RowChange) {
        let place = code(&row.rule_id);
        let pools = [self.pools[0].get(place), self.pools[1].get(place)];
        row.push(Span::ALWAYS, Who::Matches(Reach::Place { pools, place }));
    }

    /// A row with keys and a period.
    fn dated(&self, row: &mut RowChange, was: Option<usize>, is: Option<usize>) {
        let (before, after) = (self.old.table(row.table), self.new.table(row.table));
        let old_span = was.map(|was| period(before, was));
        let new_span = is.map(|is| period(after, is));
        // Other keys, or another priority, may also change which of two rows wins where both match.
        let rekeyed = row.cells.iter().any(|cell| chooses(before, cell.column));
        let revalued = row.cells.iter().any(|cell| !chooses(before, cell.column) && !dates(cell.column));
        let only = |span: Option<Span>, other: Option<Span>, whole: bool| match (span, other) {
            (None, _) => Vec::new(),
            (Some(span), Some(other)) if !whole => span.without(other),
            (Some(span), _) => vec![span],
        };
        for span in only(old_span, new_span, rekeyed || revalued) {
            let who = if CITED.contains(&row.table) {
                Who::Cites(row.table, row.rule_id.clone())
            } else {
                Who::Matches(self.reach(before, was.expect("it has a period"), false))
            };
            row.push(span, who);
        }
        let gained = only(new_span, old_span, rekeyed);
        for span in gained {
            row.push(span, Who::Matches(self.reach(after, is.expect("it has a period"), true)));
        }
        // Of a person's filings the best counts: a better word for one changes settlements that went by another.
        if row.table == Table::FilingTypes
            && revalued
            && let (Some(is), Some(span)) = (is, new_span)
        {
            row.push(span, Who::Matches(self.reach(after, is, true)));
        }
    }

    /// The settlements that a row matches, as far as they record it: with `gained` those that it did not decide yet.
    fn reach(&self, table: &PackTable, row: usize, gained: bool) -> Reach {
        let pattern = |column| Pattern::parse(table.cell(row, column));
        let has = |name: &str| table.layout().columns.iter().any(|column| column.name == name);
        let outcome = |key, column| Some((key, table.cell(row, column).into(), !gained));
        let mut reach = KeyReach {
            pool: pattern("pool"),
            keys: Vec::new(),
            outcome: None,
            treated: None,
            away: false,
            payable: matches!(table.table, Table::Layers | Table::Accounts),
        };
        match table.table {
            Table::Tiers => reach.outcome = outcome(Key::Tier, "tier"),
            // What else a visit class says (admission, emergency) is not recorded.
            Table::VisitClasses if !gained => reach.outcome = outcome(Key::MedClass, "med_class"),
            Table::VisitClasses => {}
            Table::FilingTypes => reach.away = self.never_at_home,
            Table::Neighbours => {
                reach.outcome = outcome(Key::Place, "place");
                reach.treated = Some((pattern("treat_pool"), Arc::clone(&self.pools[usize::from(gained)])));
            }
            Table::PersonClasses => reach.keys.push((Key::Insutype, pattern("insutype"))),
            _ => {
                reach.keys = Key::ALL
                    .into_iter()
                    .filter(|(_, column)| has(column))
                    .map(|(key, column)| (key, pattern(column)))
                    .filter(|(_, pattern)| *pattern != Pattern::Any)
                    .collect();
            }
        }
        Reach::Keys(reach)
    }
}

impl RowChange {
    fn push(&mut self, span: Span, who: Who) {
        if span.is_empty() {
            return;
        }
        if !self.spans.contains(&span) {
            self.spans.push(span);
        }
        let meeting = Meeting { span, who };
        if !self.meets.contains(&meeting) {
            self.meets.push(meeting);
        }
    }
}

fn period(table: &PackTable, row: usize) -> Span {
    let (from, to) = table.period(row);
    Span { from, to }
}

fn dates(column: &str) -> bool {
    matches!(column, "valid_from" | "valid_to")
}

/// Whether a column has a say in which row is chosen.
fn chooses(table: &PackTable, column: &'static str) -> bool {
    if table.table == Table::PersonClasses {
        return column != "psn_class" && !dates(column);
    }
    let kind = table.layout().columns[table.layout().position(column)].kind;
    matches!(kind, Kind::PoolKey | Kind::Key | Kind::WordKey(_) | Kind::PrefixKey | Kind::LayerNumber)
}

#[cfg(test)]
mod tests {
    use super::super::reach::Settled;
    use super::super::testing::{TextPack, pack};
    use super::*;
    use crate::model::date::Date;
    use crate::model::place::Admdvs;

    const BASE: &str = "b1,330100,310,*,inpatient,*,*,*,all,none,,,,,visit_net,stay,,,,,,,,1,2020-01-01,,g,";

    /// The only change.
    fn one(old: &TextPack, new: &TextPack) -> RowChange {
        let mut found = all(old, new);
        assert_eq!(found.len(), 1, "{found:#?}");
        found.remove(0)
    }

    fn all(old: &TextPack, new: &TextPack) -> Vec<RowChange> {
        changed(&old.compiled().0, &new.compiled().0)
    }

    fn day(text: &str) -> Date {
        if text.is_empty() { Date::MAX } else { Date::parse(text.as_bytes()).expect("a day") }
    }

    fn span(from: &str, to: &str) -> Span {
        Span { from: day(from), to: day(to) }
    }

    fn cites(table: Table, rule_id: &str, from: &str, to: &str) -> Meeting {
        Meeting { span: span(from, to), who: Who::Cites(table, rule_id.to_owned()) }
    }

    /// An inpatient stay in Hangzhou under the rules of [`pack`].
    fn stay() -> Settled<'static> {
        Settled {
            day: day("2024-06-01"),
            pool: Admdvs(330_100),
            treated: Admdvs(330_100),
            keys: ["310", "active", "inpatient", "local", "none", "L3"],
            rules: ["s0", "c1", "h0", "b0", ""],
            denied: false,
        }
    }

    /// Whether the keys of a settlement match on one of the days.
    fn candidate(change: &RowChange, settled: &Settled<'_>) -> bool {
        change.meets.iter().any(|meeting| match &meeting.who {
            Who::Matches(reach) => {
                meeting.span.holds(settled.day) && reach.meets_pool(settled.pool) && reach.holds(settled)
            }
            Who::Cites(..) => false,
        })
    }

    #[test]
    fn days_that_another_span_has_not() {
        let year = span("2024-01-01", "2024-12-31");
        assert_eq!(year.without(span("2025-01-01", "")), [year]);
        assert_eq!(year.without(Span::ALWAYS), []);
        assert_eq!(year.without(span("2024-06-01", "")), [span("2024-01-01", "2024-05-31")]);
        assert_eq!(
            year.without(span("2024-03-01", "2024-03-31")),
            [span("2024-01-01", "2024-02-29"), span("2024-04-01", "2024-12-31")]
        );
        assert_eq!(year.without(span("2024-06-01", "2024-05-01")), [year], "a span without days takes none");
    }

    #[test]
    fn a_value_counts_where_the_row_was_named() {
        let new = BASE.replace("none,,", "year,500,");
        let found = one(&pack().row("benefits", BASE), &pack().row("benefits", &new));
        assert_eq!(
            found.cells.iter().map(|cell| cell.column).collect::<Vec<_>>(),
            ["deductible_basis", "deductible_1"]
        );
        assert_eq!(found.meets, [cites(Table::Benefits, "b1", "2020-01-01", "")]);
    }

    #[test]
    fn a_row_that_ends_earlier_is_lost_after_its_end_alone() {
        let new = BASE.replace("2020-01-01,,g", "2020-01-01,2024-12-31,g");
        let found = one(&pack().row("benefits", BASE), &pack().row("benefits", &new));
        assert_eq!(found.meets, [cites(Table::Benefits, "b1", "2025-01-01", "")]);
        // The other way round nobody loses it, and those it matches may gain it.
        let found = one(&pack().row("benefits", &new), &pack().row("benefits", BASE));
        assert_eq!(found.spans, [span("2025-01-01", "")]);
        assert!(!candidate(&found, &stay()));
        assert!(candidate(&found, &Settled { day: day("2025-01-01"), ..stay() }));
    }

    #[test]
    fn a_row_that_moves_in_time_differs_before_and_behind() {
        let (old, new) = (
            BASE.replace("2020-01-01,,g", "2023-01-01,2023-12-31,g"),
            BASE.replace("2020-01-01,,g", "2023-07-01,2024-06-30,g"),
        );
        let found = one(&pack().row("benefits", &old), &pack().row("benefits", &new));
        assert_eq!(found.spans, [span("2023-01-01", "2023-06-30"), span("2024-01-01", "2024-06-30")]);
        assert_eq!(found.meets[0], cites(Table::Benefits, "b1", "2023-01-01", "2023-06-30"));
        assert!(candidate(&found, &stay()) && !candidate(&found, &Settled { day: day("2023-08-01"), ..stay() }));
    }

    #[test]
    fn a_narrower_key_is_lost_by_those_who_named_it_and_a_wider_one_gained_by_those_it_matches() {
        let (wide, narrow) = (BASE.to_owned(), BASE.replace("310,*,inpatient", "310,retired,inpatient"));
        let found = one(&pack().row("benefits", &wide), &pack().row("benefits", &narrow));
        assert_eq!(found.meets[0], cites(Table::Benefits, "b1", "2020-01-01", ""));
        // More specific than before: it may now win where it lost.
        let retired = Settled { keys: ["310", "retired", "inpatient", "local", "none", "L3"], ..stay() };
        assert!(candidate(&found, &retired) && !candidate(&found, &stay()));
        let found = one(&pack().row("benefits", &narrow), &pack().row("benefits", &wide));
        assert!(candidate(&found, &stay()) && candidate(&found, &retired));
        assert!(!candidate(&found, &Settled { pool: Admdvs(330_200), ..stay() }), "of another pool");
        assert!(!candidate(
            &found,
            &Settled { keys: ["310", "active", "outpatient", "local", "none", "L3"], ..stay() }
        ));
    }

    #[test]
    fn a_band_counts_for_every_row_that_used_its_set() {
        let limited = BASE.replace("2020-01-01,,g", "2024-01-01,2024-12-31,g");
        let of = |rate: &str| pack().row("benefits", &limited).only("bands", &[rate, "d2,aid,0,0.8,"]);
        let found = one(&of("d1,stay,0,0.7,"), &of("d1,stay,0,0.75,"));
        assert_eq!(found.used_by, ["benefits:b0", "benefits:b1"]);
        assert_eq!(
            found.meets,
            [cites(Table::Benefits, "b0", "2020-01-01", ""), cites(Table::Benefits, "b1", "2024-01-01", "2024-12-31")]
        );
        // A band that moves to another set counts for both.
        let moved = ["d1,stay,0,0.7,", "d2,aid,0,0.8,", "d3,stay,1000,0.9,"];
        let old = pack().only("bands", &moved);
        let new = pack().only("bands", &[moved[0], moved[1], "d3,aid,1000,0.9,"]);
        assert_eq!(one(&old, &new).used_by, ["benefits:b0", "layers:l1"]);
        // A set that nobody used touches nothing.
        let found = one(&pack(), &pack().row("bands", "d9,unused,0,0.5,"));
        assert!(found.meets.is_empty() && found.spans.is_empty());
    }

    #[test]
    fn a_new_name_alone_changes_nothing() {
        let renamed = BASE.replace("b1,", "b2,");
        assert_eq!(all(&pack().row("benefits", BASE), &pack().row("benefits", &renamed)), []);
        // With a new value it is looked for by the name that settlements have.
        let found =
            one(&pack().row("benefits", BASE), &pack().row("benefits", &renamed.replace("none,,", "year,500,")));
        assert_eq!((found.rule_id.as_str(), found.renamed.as_deref()), ("b1", Some("b2")));
        assert_eq!(found.meets, [cites(Table::Benefits, "b1", "2020-01-01", "")]);
    }

    #[test]
    fn rows_that_settlements_do_not_name_are_told_by_what_they_decided() {
        let old = pack().row("tiers", "t9,330100,hosp_lv,04,L2,2020-01-01,,g,");
        let found = one(&old, &pack());
        // It made L2 of somebody's level; whoever has L3 did not go by it.
        let second = Settled { keys: ["310", "active", "inpatient", "local", "none", "L2"], ..stay() };
        assert!(candidate(&found, &second) && !candidate(&found, &stay()));
        let found = one(&pack(), &old);
        assert!(!candidate(&found, &second) && candidate(&found, &stay()));
        let found = one(&pack(), &pack().only("accounts", &[]));
        assert!(candidate(&found, &stay()) && !candidate(&found, &Settled { denied: true, ..stay() }));
    }

    #[test]
    fn filings_matter_at_home_only_where_a_scheme_looks_for_them_there() {
        let new =
            pack().only("filing_types", &["f1,*,02,resident,,2020-01-01,,g,", "f2,*,06,referral,6,2020-01-01,,g,"]);
        let away = Settled { keys: ["310", "active", "inpatient", "cross", "temporary", "L3"], ..stay() };
        let found = one(&pack(), &new);
        assert!(candidate(&found, &away) && !candidate(&found, &stay()));
    }

    #[test]
    fn a_place_counts_for_those_insured_and_those_treated_there() {
        let old = pack();
        let new = pack().row("places", "330182,330182,建德市,Jiande");
        let found = one(&old, &new);
        assert_eq!(found.rule_id, "330182");
        assert!(candidate(&found, &stay()), "insured in the city that the place was a part of");
        let far = Settled { pool: Admdvs(330_200), treated: Admdvs(330_300), ..stay() };
        assert!(!candidate(&found, &far) && candidate(&found, &Settled { treated: Admdvs(330_182), ..far }));
    }
}
