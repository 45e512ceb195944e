//! The standard basket: documented cases, each a person's year, priced under the rules of every pool. A case says where
//! each settlement was relative to home and how it was filed; everything else is a row of claims.

use hashbrown::HashMap;

use super::population::{Bills, Paid};
use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::person::{Fold, fold_person_as};
use crate::adjudicate::trace::Trace;
use crate::diagnostic::{Diagnostic, Location, Text, did_you_mean};
use crate::ledger::person::{Desk, Source};
use crate::model::money::Fen;
use crate::model::outcome::{Reasons, Status};
use crate::model::place::{Admdvs, Filing, Place};
use crate::report::sheet::{Cell, Heading, Kind, Sheet, heading};
use crate::rules::pack::RulePack;
use crate::rules::show::name_of;
use crate::text::table::{TextRow, TextTable};

/// A case: what it is called and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its name, the `psn_no` of its settlements.
    pub case_id: String,
    /// What a reader is told it is.
    pub title: Text,
    /// What it assumes.
    pub note: Text,
}

/// Columns of `cases.csv`.
pub const CASE_COLUMNS: [&str; 5] = ["case_id", "title_en", "title_zh", "note_en", "note_zh"];

/// What a basket's tables say beside the claims.
#[derive(Clone, Debug, Default)]
pub struct Basket {
    /// The cases, in the order of their table.
    pub cases: Vec<Case>,
    /// Place and filing of each settlement, by data row from 1.
    pub standing: Vec<(Place, Filing)>,
}

struct Table<'a> {
    file: &'a str,
    table: &'a TextTable,
}

impl<'a> Table<'a> {
    fn position(&self, column: &str) -> Option<usize> {
        self.table.header.iter().position(|heading| heading.eq_ignore_ascii_case(column))
    }

    fn wrong(&self, row: &TextRow, column: &str, message: Text, hint: Text) -> Diagnostic {
        let column_number = self.position(column).map_or(0, |position| position + 1);
        let at = Location { file: self.file.to_owned(), line: row.line, column_number, column: column.to_owned() };
        Diagnostic::error("X020", at, message).hint(hint)
    }

    fn missing(&self, column: &str) -> Diagnostic {
        let at = Location { file: self.file.to_owned(), line: self.table.header_line, ..Location::default() };
        let message = Text::new(format!("the column `{column}` is missing"), format!("缺少列 `{column}`"));
        Diagnostic::error("X020", at, message)
            .hint(Text::new("add the heading and one field in every row", "请加入该表头，并在每行补上一个字段"))
    }

    fn columns<const N: usize>(&self, names: [&str; N], found: &mut Vec<Diagnostic>) -> Option<[usize; N]> {
        let positions = names.map(|name| self.position(name));
        found.extend(names.iter().zip(positions).filter(|(_, at)| at.is_none()).map(|(name, _)| self.missing(name)));
        positions.iter().all(Option::is_some).then(|| positions.map(Option::unwrap_or_default))
    }

    fn rows(&self, found: &mut Vec<Diagnostic>) -> Vec<&'a TextRow> {
        for row in &self.table.rows {
            if let Some(problem) = &row.problem {
                found.push(self.wrong(row, "", problem.text(), problem.hint()));
            }
        }
        self.table.rows.iter().filter(|row| row.problem.is_none()).collect()
    }
}

impl Basket {
    /// What `cases.csv` and the columns `psn_no`, `place` and `filing` of `claims.csv` say.
    ///
    /// # Errors
    /// A column is missing, a word is none, a case has no settlement, or a settlement no case.
    pub fn read(cases: (&str, &TextTable), claims: (&str, &TextTable)) -> Result<Self, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let mut basket = Self::default();
        let table = Table { file: cases.0, table: cases.1 };
        let mut lines: HashMap<String, &TextRow> = HashMap::new();
        if let Some(at) = table.columns(CASE_COLUMNS, &mut found) {
            for row in table.rows(&mut found) {
                let [case_id, title_en, title_zh, note_en, note_zh] = at.map(|position| row.fields[position].clone());
                if lines.insert(case_id.clone(), row).is_some() || case_id.is_empty() {
                    let message = Text::new(
                        format!("`{case_id}` does not name one case"),
                        format!("`{case_id}` 不能唯一指明算例"),
                    );
                    let hint = Text::new("give every case a name of its own", "请为每个算例取一个不重复的名称");
                    found.push(table.wrong(row, "case_id", message, hint));
                }
                let (title, note) = (Text::new(title_en, title_zh), Text::new(note_en, note_zh));
                basket.cases.push(Case { case_id, title, note });
            }
        }
        basket.read_claims(&Table { file: claims.0, table: claims.1 }, &mut lines, &mut found);
        let mut unused: Vec<(String, &TextRow)> = lines.into_iter().collect();
        unused.sort_by_key(|(_, row)| row.line);
        for (case_id, row) in unused {
            let message = Text::new(format!("`{case_id}` has no settlement"), format!("`{case_id}` 没有结算"));
            let hint = Text::new("add one to claims.csv with this psn_no", "请在 claims.csv 中加入该 psn_no 的结算");
            found.push(table.wrong(row, "case_id", message, hint));
        }
        if found.is_empty() { Ok(basket) } else { Err(found) }
    }

    fn read_claims(&mut self, table: &Table, unused: &mut HashMap<String, &TextRow>, found: &mut Vec<Diagnostic>) {
        let Some([person, place, filing]) = table.columns(["psn_no", "place", "filing"], found) else { return };
        let known: Vec<String> = self.cases.iter().map(|case| case.case_id.clone()).collect();
        for row in table.rows(found) {
            let case_id = &row.fields[person];
            if !known.contains(case_id) {
                let message = Text::new(
                    format!("cases.csv has no case `{case_id}`"),
                    format!("cases.csv 中没有算例 `{case_id}`"),
                );
                let near = did_you_mean(case_id, known.iter().map(String::as_str));
                let otherwise = || Text::new("describe the case there", "请在其中说明该算例");
                let hint = near.map_or_else(otherwise, crate::diagnostic::meant);
                found.push(table.wrong(row, "psn_no", message, hint));
            }
            unused.remove(case_id);
            let (place, filing) = (&row.fields[place], &row.fields[filing]);
            let words = (Place::from_word(place), Filing::from_word(filing));
            for (column, word, good) in [("place", place, words.0.is_some()), ("filing", filing, words.1.is_some())] {
                if !good {
                    let message =
                        Text::new(format!("`{word}` is no {column}"), format!("`{word}` 不是 {column} 的取值"));
                    let hint = Text::new(
                        "a place is local, province or cross; a filing resident, referral, emergency, temporary or none",
                        "place 为 local、province、cross；filing 为 resident、referral、emergency、temporary、none",
                    );
                    found.push(table.wrong(row, column, message, hint));
                }
            }
            self.standing.push((words.0.unwrap_or(Place::Local), words.1.unwrap_or(Filing::None)));
        }
    }
}

/// A case under the rules of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Its bills.
    pub bills: Bills,
    /// Settlements that the pool does not answer.
    pub unanswered: u64,
    /// Why.
    pub reasons: Reasons,
    /// Deductibles.
    pub deductible: i128,
    /// The basic fund.
    pub basic: i128,
    /// All funds and the person, of the settlements that are answered.
    pub paid: Paid,
}

/// Prices a case: the person of its number, under the rules of a pool. The settlements stay on the desk with their
/// outcomes in `fold`.
#[allow(clippy::too_many_arguments, reason = "the case, the pool, what is kept from price to price and who listens")]
pub fn price<T: Trace>(
    source: Source,
    basket: &Basket,
    person: u32,
    pool: Admdvs,
    desk: &mut Desk,
    fold: &mut Fold,
    trace_of: impl FnMut(usize) -> T,
    done: impl FnMut(usize, T),
) -> Price {
    desk.lay(source, person);
    fold.clear();
    let mut accumulators = Accumulators::default();
    accumulators.reset(Fen::ZERO);
    let facts = source.facts.of(person);
    let (claims, arenas) = (&desk.claims, &source.rows.arenas);
    let standing = |position: usize| Ok(basket.standing[claims[position].row as usize - 1]);
    fold_person_as(source.context, arenas, &facts, claims, pool, standing, &mut accumulators, fold, trace_of, done);
    let mut price = Price::default();
    for (claim, outcome) in claims.iter().zip(&fold.outcomes) {
        price.bills.add(&claim.bill);
        if outcome.status == Status::Pended {
            price.unanswered += 1;
            price.reasons = price.reasons.and(outcome.reasons);
            continue;
        }
        price.deductible += i128::from(outcome.amounts.deductible.0);
        price.basic += i128::from(outcome.amounts.basic.0);
        price.paid.add(&outcome.amounts);
    }
    price
}

/// Columns of `basket`.
pub const BASKET: [Heading; 18] = [
    heading("case_id", Kind::Text, "Case", "算例"),
    heading("title_en", Kind::Text, "Title", "英文名称"),
    heading("title_zh", Kind::Text, "Title in Chinese", "名称"),
    heading("pool", Kind::Text, "Pool", "统筹区"),
    heading("name_zh", Kind::Text, "Pool in Chinese", "统筹区名称"),
    heading("name_en", Kind::Text, "Name", "统筹区英文名称"),
    heading("settlements", Kind::Count, "Settlements", "结算笔数"),
    heading("unanswered", Kind::Count, "Not answered", "无规则笔数"),
    heading("reasons", Kind::Text, "Why not", "原因"),
    heading("medfee_sumamt", Kind::Money, "Total cost", "医疗费总额"),
    heading("inscp_scp_amt", Kind::Money, "Within scope", "政策范围内费用"),
    heading("act_pay_dedc", Kind::Money, "Deductible", "起付线"),
    heading("hifp_pay", Kind::Money, "Basic fund", "基本统筹"),
    heading("other_funds", Kind::Money, "Other funds", "其他各层基金"),
    heading("fund_pay_sumamt", Kind::Money, "All funds", "基金支付合计"),
    heading("psn_part_amt", Kind::Money, "Person", "个人负担"),
    heading("fund_share_of_in_scope", Kind::Share, "Funds of in-scope", "基金占范围内"),
    heading("person_share", Kind::Share, "Person of total", "个人占总额"),
];

/// The basket under every pool; a case that a pool answers in part has no price there.
#[must_use]
pub fn sheet(pack: &RulePack, pools: &[Admdvs], priced: &[(&Case, Vec<Price>)]) -> Sheet {
    let title = Text::new("The standard basket under the rules of every pool", "标准算例在各统筹区的待遇");
    let mut sheet = Sheet::new("basket", title, &BASKET);
    for (case, prices) in priced {
        for (pool, price) in pools.iter().zip(prices) {
            let name = name_of(pack, *pool);
            let whole = |fen: i128| Cell::Money((price.unanswered == 0).then_some(fen));
            let of = |part: i128, all: i128| match price.unanswered {
                0 => Cell::share(part, all),
                _ => Cell::Share(None),
            };
            let Price { bills, paid, deductible, basic, .. } = price;
            sheet.put(vec![
                Cell::text(&case.case_id),
                Cell::text(&case.title.en),
                Cell::text(&case.title.zh),
                Cell::text(pool.to_string()),
                Cell::text(name.zh),
                Cell::text(name.en),
                Cell::count(bills.settlements),
                Cell::count(price.unanswered),
                Cell::text(price.reasons.joined()),
                Cell::money(bills.total),
                Cell::money(bills.in_scope),
                whole(*deductible),
                whole(*basic),
                whole(paid.funds - *basic),
                whole(paid.funds),
                whole(paid.person),
                of(paid.funds, bills.in_scope),
                of(paid.person, bills.total),
            ]);
        }
    }
    sheet
}

/// Columns of `basket_spread`.
pub const SPREAD: [Heading; 10] = [
    heading("case_id", Kind::Text, "Case", "算例"),
    heading("title_en", Kind::Text, "Title", "英文名称"),
    heading("title_zh", Kind::Text, "Title in Chinese", "名称"),
    heading("medfee_sumamt", Kind::Money, "Total cost", "医疗费总额"),
    heading("pools", Kind::Count, "Pools", "可计算统筹区数"),
    heading("least", Kind::Money, "Least", "个人负担最低"),
    heading("least_pool", Kind::Text, "In", "最低统筹区"),
    heading("median", Kind::Money, "Median", "个人负担中位数"),
    heading("most", Kind::Money, "Most", "个人负担最高"),
    heading("most_pool", Kind::Text, "In", "最高统筹区"),
];

/// What the person pays of each case: where least, where most, and in the middle of the pools that answer it.
#[must_use]
pub fn spread(pools: &[Admdvs], priced: &[(&Case, Vec<Price>)]) -> Sheet {
    let title = Text::new("What the person pays, from pool to pool", "个人负担在各统筹区的差距");
    let mut sheet = Sheet::new("basket_spread", title, &SPREAD);
    for (case, prices) in priced {
        let answered = pools.iter().zip(prices).filter(|(_, price)| price.unanswered == 0);
        let mut parts: Vec<(i128, Admdvs)> = answered.map(|(&pool, price)| (price.paid.person, pool)).collect();
        parts.sort_unstable();
        let middle = parts.len().div_ceil(2).max(1) - 1;
        let money = |part: Option<&(i128, Admdvs)>| Cell::Money(part.map(|&(fen, _)| fen));
        let pool =
            |part: Option<&(i128, Admdvs)>| Cell::text(part.map_or_else(String::new, |(_, pool)| pool.to_string()));
        sheet.put(vec![
            Cell::text(&case.case_id),
            Cell::text(&case.title.en),
            Cell::text(&case.title.zh),
            Cell::money(prices.first().map_or(0, |price| price.bills.total)),
            Cell::count(parts.len() as u64),
            money(parts.first()),
            pool(parts.first()),
            money(parts.get(middle)),
            money(parts.last()),
            pool(parts.last()),
        ]);
    }
    sheet
}

/// The table a newspaper would print: a line for each case, and what the person pays in each pool that answers one of
/// them, in yuan.
#[must_use]
pub fn wide(pack: &RulePack, pools: &[Admdvs], priced: &[(&Case, Vec<Price>)]) -> Vec<Vec<String>> {
    let name = |pool: Admdvs| {
        let name = name_of(pack, pool).zh;
        if name.is_empty() { pool.to_string() } else { format!("{pool} {name}") }
    };
    let answers = |&pool: &usize| priced.iter().any(|(_, prices)| prices[pool].unanswered == 0);
    let shown: Vec<usize> = (0..pools.len()).filter(answers).collect();
    let head = ["case_id", "title_zh", "title_en", "medfee_sumamt"].map(str::to_owned);
    let names = shown.iter().map(|&pool| name(pools[pool]));
    let mut lines = vec![head.into_iter().chain(names).collect::<Vec<_>>()];
    for (case, prices) in priced {
        let total = prices.first().map_or(0, |price| price.bills.total);
        let title = [case.case_id.clone(), case.title.zh.clone(), case.title.en.clone(), Cell::money(total).plain()];
        let parts = shown.iter().map(|&pool| match prices[pool].unanswered {
            0 => Cell::money(prices[pool].paid.person).plain(),
            _ => prices[pool].reasons.joined(),
        });
        lines.push(title.into_iter().chain(parts).collect());
    }
    lines
}
