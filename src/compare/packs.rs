//! What if: the same claims under two packs that know the same words. Each is folded as a run would, and settlements
//! are held side by side.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::population::{Bills, FUNDS, Outside, Paid, REASONS, add_all, by_fund, is_reversed};
use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::opening::Earlier;
use crate::adjudicate::person::{Fold, Outcome, fold_person};
use crate::adjudicate::resolve::Context;
use crate::adjudicate::trace::{Off, Trace};
use crate::diagnostic::Text;
use crate::ledger::person::{Desk, Source};
use crate::model::outcome::{Reason, Status};
use crate::model::place::Admdvs;
use crate::model::reference::{ByPerson, Enrolment};
use crate::model::settlement::{Claim, Insutype};
use crate::model::symbol::Sym;
use crate::report::sheet::{Cell, Heading, Kind, Sheet, heading};
use crate::rules::book::RuleBook;

/// Settlements that are listed one by one.
pub const LARGEST: usize = 100;

/// The claims, and the two packs they are folded under.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// The rows with their facts, under the base pack.
    pub base: Source<'a>,
    /// The new pack.
    pub new: Context<'a>,
    /// Spans of cover by the new pack's pools, where its places are others.
    pub new_enrolments: Option<&'a ByPerson<Enrolment>>,
}

impl Sides<'_> {
    /// Folds the claims of a person on the desk under the new pack.
    pub fn fold_new<T: Trace>(
        &self,
        person: u32,
        claims: &[Claim],
        accumulators: &mut Accumulators,
        fold: &mut Fold,
        trace_of: impl FnMut(usize) -> T,
        done: impl FnMut(usize, T),
    ) {
        let mut facts = self.base.facts.of(person);
        if let Some(enrolments) = self.new_enrolments {
            facts.enrolments = Some(enrolments.of(person));
        }
        accumulators.reset(facts.balance.unwrap_or_default());
        fold.clear();
        let arenas = &self.base.rows.arenas;
        fold_person(self.new, arenas, &facts, Earlier::default(), claims, accumulators, fold, trace_of, done);
    }
}

/// Settlements of a fund's insured under both packs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FundSums {
    bills: Bills,
    changed: u64,
    base: [i128; 7],
    new: [i128; 7],
    paid: [Paid; 2],
}

/// Who pays less and who pays more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stakes {
    settlements: u64,
    winners: u64,
    losers: u64,
    won: i128,
    lost: i128,
}

impl Stakes {
    fn add(&mut self, person_change: i64) {
        self.settlements += 1;
        self.winners += u64::from(person_change < 0);
        self.losers += u64::from(person_change > 0);
        self.won += i128::from(person_change.min(0).abs());
        self.lost += i128::from(person_change.max(0));
    }

    fn merge(&mut self, other: &Self) {
        self.settlements += other.settlements;
        self.winners += other.winners;
        self.losers += other.losers;
        self.won += other.won;
        self.lost += other.lost;
    }
}

/// What settlements are grouped by to see who wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Decile(u32),
    Pool(Admdvs),
    VisitClass(Sym),
    PersonClass(Sym),
    Tier(Sym),
}

/// A settlement that changes: how much, and where it is. Sorted, the largest come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Changed {
    /// Sum of the absolute changes of the funds and of the account, in fen.
    weight: Reverse<i64>,
    /// Rank of the person.
    pub person: u32,
    /// Position among the person's settlements.
    pub position: u32,
}

/// Claims under two packs.
#[derive(Clone, Debug, Default)]
pub struct Packs {
    /// Settlements that both answer.
    pub compared: u64,
    /// Of them, those of which any amount or the status changes.
    pub changed: u64,
    /// Answered by the base pack alone, and by the new one alone.
    pub one_sided: [u64; 2],
    one_sided_reasons: [Vec<u64>; 2],
    /// Rows that are not compared otherwise.
    pub outside: Outside,
    funds: BTreeMap<(Admdvs, Insutype), FundSums>,
    stakes: BTreeMap<By, Stakes>,
    totals: Vec<i64>,
    /// Total and change of the person's part.
    moved: Vec<(i64, i64)>,
    largest: Vec<Changed>,
}

/// How a settlement stands under a pack.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    Answered,
    NotCovered,
    Pended,
}

fn stand(outcome: &Outcome) -> Stand {
    match outcome.status {
        Status::Pended => Stand::Pended,
        Status::Denied if outcome.reasons != Reason::ChannelDenies.into() => Stand::NotCovered,
        _ => Stand::Answered,
    }
}

impl Packs {
    /// Adds another part of the persons.
    pub fn merge(&mut self, mut other: Self) {
        self.compared += other.compared;
        self.changed += other.changed;
        add_all(&mut self.one_sided, &other.one_sided);
        for (ours, theirs) in self.one_sided_reasons.iter_mut().zip(&other.one_sided_reasons) {
            ours.resize(REASONS, 0);
            add_all(ours, theirs);
        }
        self.outside.merge(&other.outside);
        for (fund, sums) in other.funds {
            let ours = self.funds.entry(fund).or_default();
            ours.bills.merge(&sums.bills);
            ours.changed += sums.changed;
            ours.base.iter_mut().zip(sums.base).for_each(|(ours, theirs)| *ours += theirs);
            ours.new.iter_mut().zip(sums.new).for_each(|(ours, theirs)| *ours += theirs);
            ours.paid.iter_mut().zip(&sums.paid).for_each(|(ours, theirs)| ours.merge(theirs));
        }
        other.stakes.iter().for_each(|(by, stakes)| self.stakes.entry(*by).or_default().merge(stakes));
        self.totals.append(&mut other.totals);
        self.moved.append(&mut other.moved);
        self.largest.append(&mut other.largest);
        self.keep_largest();
    }

    fn keep_largest(&mut self) {
        self.largest.sort_unstable();
        self.largest.truncate(LARGEST);
    }

    /// The largest changes, largest first.
    #[must_use]
    pub fn largest(&self) -> &[Changed] {
        &self.largest
    }

    fn one_sided(&mut self, side: usize, silent: &Outcome) {
        self.one_sided[side] += 1;
        let counts = &mut self.one_sided_reasons[side];
        counts.resize(REASONS, 0);
        silent.reasons.iter().for_each(|reason| counts[reason as usize] += 1);
    }

    fn add(&mut self, at: Changed, pool: Admdvs, claim: &Claim, base: &Outcome, new: &Outcome) {
        if is_reversed(claim, base) || new.is_reversed() {
            self.outside.reversed += 1;
            return;
        }
        match (stand(base), stand(new)) {
            (Stand::Pended, Stand::Pended) | (Stand::NotCovered, Stand::NotCovered) => {
                self.outside.add(base.status, base.reasons);
                return;
            }
            (Stand::Pended, _) => return self.one_sided(1, base),
            (_, Stand::Pended) => return self.one_sided(0, new),
            _ => {}
        }
        self.compared += 1;
        let changed = base.amounts != new.amounts || base.status != new.status;
        let (old, now) = (by_fund(&base.amounts), by_fund(&new.amounts));
        let sums = self.funds.entry((pool, claim.insutype)).or_default();
        sums.bills.add(&claim.bill);
        sums.changed += u64::from(changed);
        sums.base.iter_mut().zip(old).for_each(|(sum, fen)| *sum += i128::from(fen));
        sums.new.iter_mut().zip(now).for_each(|(sum, fen)| *sum += i128::from(fen));
        sums.paid[0].add(&base.amounts);
        sums.paid[1].add(&new.amounts);
        let person_change = new.amounts.person.0 - base.amounts.person.0;
        let (derived, _) = base.seen.or(new.seen).expect("an answered settlement was resolved");
        let keys = derived.keys;
        for by in [By::Pool(pool), By::VisitClass(keys.med_class), By::PersonClass(keys.psn_class), By::Tier(keys.tier)]
        {
            self.stakes.entry(by).or_default().add(person_change);
        }
        self.totals.push(claim.bill.total.0);
        if !changed {
            return;
        }
        self.changed += 1;
        self.moved.push((claim.bill.total.0, person_change));
        let of_funds: i64 = old.iter().zip(now).map(|(old, now)| (now - old).abs()).sum();
        let weight = of_funds + (new.amounts.account.0 - base.amounts.account.0).abs();
        self.largest.push(Changed { weight: Reverse(weight), ..at });
        if self.largest.len() >= 8 * LARGEST {
            self.keep_largest();
        }
    }

    /// The groups, deciles of cost first: a tenth of the settlements each, equal costs in one.
    fn all_stakes(&self) -> BTreeMap<By, Stakes> {
        let mut totals = self.totals.clone();
        totals.sort_unstable();
        let count = totals.len();
        let edges: Vec<i64> = match count {
            0 => Vec::new(),
            _ => (1..10).map(|tenth| totals[(count * tenth).div_ceil(10) - 1]).collect(),
        };
        let decile = |total: i64| edges.partition_point(|&edge| edge < total) as u32 + 1;
        let mut stakes = self.stakes.clone();
        for total in totals {
            stakes.entry(By::Decile(decile(total))).or_default().settlements += 1;
        }
        for &(total, change) in &self.moved {
            let group = stakes.entry(By::Decile(decile(total))).or_default();
            group.add(change);
            group.settlements -= 1;
        }
        stakes
    }
}

/// Memory for persons, kept from one to the next.
#[derive(Debug, Default)]
pub struct Worker {
    desk: Desk,
    fold: Fold,
    accumulators: Accumulators,
}

impl Worker {
    /// Takes a person into the comparison.
    pub fn add(&mut self, sides: Sides, person: u32, packs: &mut Packs) {
        let Self { desk, fold, accumulators } = self;
        desk.lay(sides.base, person);
        desk.fold(sides.base, person, |_| Off, |_, _| ());
        packs.outside.refused += desk.aside.refused.iter().filter(|row| !row.was_rejected).count() as u64;
        sides.fold_new(person, &desk.claims, accumulators, fold, |_| Off, |_, _| ());
        let outcomes = desk.fold.outcomes.iter().zip(&fold.outcomes);
        for (position, (claim, (base, new))) in desk.claims.iter().zip(outcomes).enumerate() {
            let at = Changed { weight: Reverse(0), person, position: position as u32 };
            packs.add(at, sides.base.context.book.pool_of(claim.insured), claim, base, new);
        }
    }
}

/// Columns of `funds`.
pub const FUND_CHANGES: [Heading; 8] = [
    heading("pool", Kind::Text, "Pool", "统筹区"),
    heading("insutype", Kind::Text, "Insurance type", "险种"),
    heading("fund", Kind::Text, "Paid by", "支付方"),
    heading("settlements", Kind::Count, "Settlements", "结算笔数"),
    heading("changed", Kind::Count, "Changed", "变动笔数"),
    heading("base", Kind::Money, "Base pack", "原规则"),
    heading("new", Kind::Money, "New pack", "新规则"),
    heading("change", Kind::Money, "Change", "增减"),
];

/// Columns of `winners`.
pub const WINNERS: [Heading; 9] = [
    heading("by", Kind::Text, "By", "分组方式"),
    heading("value", Kind::Text, "Group", "分组"),
    heading("settlements", Kind::Count, "Settlements", "结算笔数"),
    heading("winners", Kind::Count, "Pay less", "负担减少"),
    heading("losers", Kind::Count, "Pay more", "负担增加"),
    heading("unchanged", Kind::Count, "Pay the same", "负担不变"),
    heading("won", Kind::Money, "Less in all", "减少合计"),
    heading("lost", Kind::Money, "More in all", "增加合计"),
    heading("net", Kind::Money, "Net change of the persons", "个人负担净增减"),
];

/// Columns of `one_sided`.
pub const ONE_SIDED: [Heading; 3] = [
    heading("answered_by", Kind::Text, "Answered by", "可计算的一方"),
    heading("reason", Kind::Text, "Why not by the other", "另一方的原因"),
    heading("settlements", Kind::Count, "Settlements", "结算笔数"),
];

impl Packs {
    /// `funds, winners, one_sided, outside`.
    #[must_use]
    pub fn sheets<'a>(&self, book: &RuleBook, word: impl Fn(Insutype) -> &'a str) -> Vec<Sheet> {
        vec![self.fund_sheet(word), self.winners(book), self.one_sided_sheet(), self.outside.sheet(self.compared)]
    }

    fn fund_sheet<'a>(&self, word: impl Fn(Insutype) -> &'a str) -> Sheet {
        let title = Text::new("What every fund and the persons pay under both packs", "两套规则下各基金与个人的支付");
        let mut sheet = Sheet::new("funds", title, &FUND_CHANGES);
        for (&(pool, insutype), sums) in &self.funds {
            let by_fund =
                FUNDS.iter().zip(sums.base.iter().zip(sums.new)).map(|(&name, (&base, new))| (name, base, new));
            let [base, new] = sums.paid;
            let whole = [("fund_pay_sumamt", base.funds, new.funds), ("psn_part_amt", base.person, new.person)];
            // A fund that pays nothing in either is no news.
            for (fund, base, new) in by_fund.filter(|&(_, base, new)| base != 0 || new != 0).chain(whole) {
                sheet.put(vec![
                    Cell::text(pool.to_string()),
                    Cell::text(word(insutype)),
                    Cell::text(fund),
                    Cell::count(sums.bills.settlements),
                    Cell::count(sums.changed),
                    Cell::money(base),
                    Cell::money(new),
                    Cell::money(new - base),
                ]);
            }
        }
        sheet
    }

    fn winners(&self, book: &RuleBook) -> Sheet {
        let title = Text::new("Who pays less and who pays more", "个人负担的增减");
        let mut sheet = Sheet::new("winners", title, &WINNERS);
        let vocab = &book.vocab;
        let named = |by: By| match by {
            By::Decile(decile) => ("decile", format!("{decile:02}")),
            By::Pool(pool) => ("pool", pool.to_string()),
            By::VisitClass(word) => ("med_class", vocab.med_class.word(word).to_owned()),
            By::PersonClass(word) => ("psn_class", vocab.psn_class.word(word).to_owned()),
            By::Tier(word) => ("tier", vocab.tier.word(word).to_owned()),
        };
        for (by, stakes) in self.all_stakes() {
            let (by, value) = named(by);
            let Stakes { settlements, winners, losers, won, lost } = stakes;
            sheet.put(vec![
                Cell::text(by),
                Cell::text(value),
                Cell::count(settlements),
                Cell::count(winners),
                Cell::count(losers),
                Cell::count(settlements - winners - losers),
                Cell::money(won),
                Cell::money(lost),
                Cell::money(lost - won),
            ]);
        }
        sheet
    }

    fn one_sided_sheet(&self) -> Sheet {
        let title = Text::new("Settlements that one pack alone answers", "仅一套规则可计算的结算");
        let mut sheet = Sheet::new("one_sided", title, &ONE_SIDED);
        for (side, name) in ["base", "new"].into_iter().enumerate() {
            let reasons = Reason::ALL.iter().zip(&self.one_sided_reasons[side]);
            for (reason, &settlements) in reasons.filter(|&(_, &settlements)| settlements > 0) {
                sheet.put(vec![Cell::text(name), Cell::text(reason.word()), Cell::count(settlements)]);
            }
        }
        sheet
    }

    /// How many rows it has seen.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.compared + self.one_sided.iter().sum::<u64>() + self.outside.rows()
    }

    /// What all funds pay under both packs, and the persons.
    #[must_use]
    pub fn totals(&self) -> [Paid; 2] {
        let mut totals = [Paid::default(); 2];
        for sums in self.funds.values() {
            totals.iter_mut().zip(&sums.paid).for_each(|(total, paid)| total.merge(paid));
        }
        totals
    }
}
