//! The largest changes between two packs, one by one, each with the step at which the two ways part.

use super::packs::{Changed, Packs, Sides};
use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::person::{Fold, Outcome};
use crate::adjudicate::trace::{Step, Steps};
use crate::columnar::words::Words;
use crate::diagnostic::{Lang, Text};
use crate::ledger::person::Desk;
use crate::report::explain::Explanation;
use crate::report::explain_steps::Line;
use crate::report::privacy::Persons;
use crate::report::sheet::{Cell, Heading, Kind, Sheet, heading};
use crate::rules::book::RuleBook;
use crate::rules::layout::Table;
use crate::rules::pack::RulePack;

/// The words of a side.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// Text of the pack.
    pub pack: &'a RulePack,
    /// What its numbers stand for.
    pub words: Words<'a>,
}

/// Columns of `changes`.
pub const CHANGES: [Heading; 20] = [
    heading("rank", Kind::Count, "Rank", "名次"),
    heading("psn_no", Kind::Text, "Person", "人员编号"),
    heading("setl_id", Kind::Text, "Settlement", "结算ID"),
    heading("setl_time", Kind::Text, "Settled", "结算时间"),
    heading("pool", Kind::Text, "Pool", "统筹区"),
    heading("insutype", Kind::Text, "Insurance type", "险种"),
    heading("medfee_sumamt", Kind::Money, "Total cost", "医疗费总额"),
    heading("funds_base", Kind::Money, "Funds, base pack", "基金支付（原规则）"),
    heading("funds_new", Kind::Money, "Funds, new pack", "基金支付（新规则）"),
    heading("funds_change", Kind::Money, "Change", "增减"),
    heading("person_base", Kind::Money, "Person, base pack", "个人负担（原规则）"),
    heading("person_new", Kind::Money, "Person, new pack", "个人负担（新规则）"),
    heading("step", Kind::Text, "Part at", "分歧步骤"),
    heading("base_en", Kind::Text, "Base pack", "原规则（英文）"),
    heading("new_en", Kind::Text, "New pack", "新规则（英文）"),
    heading("base_zh", Kind::Text, "Base pack in Chinese", "原规则"),
    heading("new_zh", Kind::Text, "New pack in Chinese", "新规则"),
    heading("rules_base", Kind::Text, "Rows, base pack", "规则行（原规则）"),
    heading("rules_new", Kind::Text, "Rows, new pack", "规则行（新规则）"),
    heading("since", Kind::Text, "First settlement to change", "首笔变动的结算"),
];

/// What the two sides say at the first step that differs.
struct Parting {
    step: &'static str,
    base: Text,
    new: Text,
}

/// A person under both packs, traced.
struct Person {
    number: u32,
    desk: Desk,
    new: Fold,
    traces: [Vec<Vec<Step>>; 2],
}

/// `changes`: the largest changes of `packs`.
#[must_use]
pub fn changes(packs: &Packs, sides: Sides, told: [Told; 2]) -> Sheet {
    let title = Text::new("The largest changes, and where the two ways part", "变动最大的结算及分歧所在");
    let mut sheet = Sheet::new("changes", title, &CHANGES);
    let mut by_person: Vec<(usize, &Changed)> = packs.largest().iter().enumerate().collect();
    by_person.sort_by_key(|&(rank, changed)| (changed.person, rank));
    let mut rows: Vec<(usize, Vec<Cell>)> = Vec::with_capacity(by_person.len());
    let mut person: Option<Person> = None;
    for (rank, changed) in by_person {
        let current = match person.take() {
            Some(known) if known.number == changed.person => known,
            _ => traced(sides, changed.person),
        };
        rows.push((rank, row(rank, changed.position as usize, &current, sides, told)));
        person = Some(current);
    }
    rows.sort_by_key(|&(rank, _)| rank);
    rows.into_iter().for_each(|(_, row)| sheet.put(row));
    sheet
}

fn traced(sides: Sides, number: u32) -> Person {
    let mut person = Person { number, desk: Desk::default(), new: Fold::default(), traces: [Vec::new(), Vec::new()] };
    let [base, new] = &mut person.traces;
    person.desk.lay(sides.base, number);
    person.desk.fold(sides.base, number, |_| Steps::default(), |_, trace| base.push(trace.0));
    let mut accumulators = Accumulators::default();
    let keep = |_: usize, trace: Steps| new.push(trace.0);
    sides.fold_new(number, &person.desk.claims, &mut accumulators, &mut person.new, |_| Steps::default(), keep);
    person
}

fn row(rank: usize, at: usize, person: &Person, sides: Sides, told: [Told; 2]) -> Vec<Cell> {
    let claim = &person.desk.claims[at];
    let (base, new) = (&person.desk.fold.outcomes[at], &person.new.outcomes[at]);
    let parting = part(person, at, told);
    let outcomes = person.desk.fold.outcomes.iter().zip(&person.new.outcomes);
    let first = outcomes.enumerate().find(|(_, (base, new))| base.amounts != new.amounts || base.status != new.status);
    let arenas = &sides.base.rows.arenas;
    let text = |bytes: &[u8]| Cell::text(String::from_utf8_lossy(bytes));
    let fen = |amount: i64| Cell::money(i128::from(amount));
    let (funds, now) = (base.amounts.funds(), new.amounts.funds());
    vec![
        Cell::count(rank as u64 + 1),
        text(arenas.person(claim.text)),
        text(arenas.setl_id(claim.text)),
        Cell::text(claim.setl_time.to_string()),
        Cell::text(sides.base.context.book.pool_of(claim.insured).to_string()),
        Cell::text(told[0].words.insutype(claim.insutype)),
        fen(claim.bill.total.0),
        fen(funds.0),
        fen(now.0),
        fen(now.0 - funds.0),
        fen(base.amounts.person.0),
        fen(new.amounts.person.0),
        Cell::text(parting.step),
        Cell::text(parting.base.en),
        Cell::text(parting.new.en),
        Cell::text(parting.base.zh),
        Cell::text(parting.new.zh),
        Cell::text(rules(told[0].words.book, base)),
        Cell::text(rules(told[1].words.book, new)),
        first.map_or_else(|| Cell::text(""), |(at, _)| text(arenas.setl_id(person.desk.claims[at].text))),
    ]
}

/// Channel and benefit row of an outcome.
fn rules(book: &RuleBook, outcome: &Outcome) -> String {
    outcome.seen.map_or_else(String::new, |(_, rows)| {
        let (channel, benefit) =
            (book.rule_id(Table::Channels, rows.channel), book.rule_id(Table::Benefits, rows.benefit));
        format!("channels:{channel}|benefits:{benefit}")
    })
}

/// The first step of which the two sides say something else.
fn part(person: &Person, at: usize, told: [Told; 2]) -> Parting {
    let claim = &person.desk.claims[at];
    let outcomes = [&person.desk.fold.outcomes[at], &person.new.outcomes[at]];
    let lines = [0, 1].map(|side| {
        let Told { pack, words } = told[side];
        let steps = &person.traces[side][at];
        Explanation { claim, outcome: outcomes[side], steps, pack, words, original: None, persons: &Persons::Masked }
            .lines()
    });
    let [base, new] = &lines;
    let same = |ours: &Line, theirs: &Line| {
        ours.key == theirs.key && ours.text.en == theirs.text.en && ours.amount == theirs.amount
    };
    let steps = base.len().max(new.len());
    let at = (0..steps).find(|&step| match (base.get(step), new.get(step)) {
        (Some(ours), Some(theirs)) => !same(ours, theirs),
        _ => true,
    });
    let Some(at) = at else { return Parting { step: "", base: Text::default(), new: Text::default() } };
    let said = |lines: &[Line]| {
        lines.get(at).map_or_else(Text::default, |line| {
            let with = |lang| match line.amount {
                Some(amount) => format!("{} = {amount}", line.text.get(lang)),
                None => line.text.get(lang).to_owned(),
            };
            Text::new(with(Lang::En), with(Lang::Zh))
        })
    };
    let step = base.get(at).or(new.get(at)).map_or("", |line| line.key);
    Parting { step, base: said(base), new: said(new) }
}
