//! Which settlements a comparison is about, and what became of the other rows.

use crate::adjudicate::person::Outcome;
use crate::adjudicate::settle::Amounts;
use crate::diagnostic::Text;
use crate::model::outcome::{Reason, Reasons, Status};
use crate::model::place::Admdvs;
use crate::model::settlement::{Bill, Claim, Flags};
use crate::report::sheet::{Cell, Heading, Kind, Sheet, heading};
use crate::rules::cell::Pattern;
use crate::rules::layout::PAYERS;
use crate::rules::pack::RulePack;

/// Number of reasons.
pub const REASONS: usize = Reason::ALL.len();

/// The basic fund and the funds of the layers, by the names of their columns.
pub const FUNDS: [&str; 7] = {
    let mut names = ["hifp_pay"; 7];
    let mut payer = 0;
    while payer < PAYERS.len() {
        names[payer + 1] = PAYERS[payer];
        payer += 1;
    }
    names
};

/// Bills, what each fund pays of them in the order of [`FUNDS`], and what is left to persons, as columns.
pub const PAID: [Heading; 11] = [
    heading("medfee_sumamt", Kind::Money, "Total cost", "医疗费总额"),
    heading("inscp_scp_amt", Kind::Money, "Within scope", "政策范围内费用"),
    heading(FUNDS[0], Kind::Money, "Basic fund", "基本统筹"),
    heading(FUNDS[1], Kind::Money, "Civil servants' aid", "公务员补助"),
    heading(FUNDS[2], Kind::Money, "Enterprise supplement", "企业补充"),
    heading(FUNDS[3], Kind::Money, "Critical illness", "居民大病"),
    heading(FUNDS[4], Kind::Money, "Large amounts", "职工大额"),
    heading(FUNDS[5], Kind::Money, "Medical aid", "医疗救助"),
    heading(FUNDS[6], Kind::Money, "Other funds", "其他基金"),
    heading("fund_pay_sumamt", Kind::Money, "All funds", "基金支付合计"),
    heading("psn_part_amt", Kind::Money, "Person", "个人负担"),
];

/// What each fund pays, in the order of [`FUNDS`].
#[must_use]
pub fn by_fund(amounts: &Amounts) -> [i64; 7] {
    let [a, b, c, d, e, f] = amounts.payers.map(|fen| fen.0);
    [amounts.basic.0, a, b, c, d, e, f]
}

/// Rows that stand out of a comparison, by why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outside {
    /// Rejected when they were read.
    pub rejected: u64,
    /// They name a settlement that an earlier row has.
    pub refused: u64,
    /// Reversals, those without an original among them, and the settlements that they reverse.
    pub reversed: u64,
    /// Pended under their own pool: each counted once.
    pub pended: u64,
    /// Denied for want of cover or designation: each counted once.
    pub denied: u64,
    /// The same two by reason; a row may have several.
    pub by_reason: [u64; REASONS],
}

impl Default for Outside {
    fn default() -> Self {
        Self { rejected: 0, refused: 0, reversed: 0, pended: 0, denied: 0, by_reason: [0; REASONS] }
    }
}

impl Outside {
    /// Adds the rows of another part.
    pub fn merge(&mut self, other: &Self) {
        self.rejected += other.rejected;
        self.refused += other.refused;
        self.reversed += other.reversed;
        self.pended += other.pended;
        self.denied += other.denied;
        add_all(&mut self.by_reason, &other.by_reason);
    }

    /// How many rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rejected + self.refused + self.reversed + self.pended + self.denied
    }

    /// Counts a row that is pended or denied for `reasons`.
    pub fn add(&mut self, status: Status, reasons: Reasons) {
        if status == Status::Pended {
            self.pended += 1;
        } else {
            self.denied += 1;
        }
        count(&mut self.by_reason, reasons);
    }

    /// As a table.
    #[must_use]
    pub fn sheet(&self, compared: u64) -> Sheet {
        let mut sheet = Sheet::new("outside", Text::new("What became of every row", "每一行的去向"), &OUTSIDE);
        let mut put = |what: &str, reason: &str, rows: u64| {
            sheet.put(vec![Cell::text(what), Cell::text(reason), Cell::count(rows)]);
        };
        put("compared", "", compared);
        put("reversed", "", self.reversed);
        put("pended", "", self.pended);
        put("denied", "", self.denied);
        put("refused", "", self.refused);
        put("rejected", "", self.rejected);
        for (&reason, &rows) in Reason::ALL.iter().zip(&self.by_reason).filter(|&(_, &rows)| rows > 0) {
            put("reason", reason.word(), rows);
        }
        sheet
    }
}

/// Columns of `outside`.
pub const OUTSIDE: [Heading; 3] = [
    heading("what", Kind::Text, "What", "去向"),
    heading("reason", Kind::Text, "Reason", "原因"),
    heading("rows", Kind::Count, "Rows", "行数"),
];

/// Counts each of some reasons.
#[inline]
pub fn count(by_reason: &mut [u64; REASONS], reasons: Reasons) {
    for reason in reasons.iter() {
        by_reason[reason as usize] += 1;
    }
}

/// Adds counts to counts.
pub fn add_all(ours: &mut [u64], theirs: &[u64]) {
    ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
}

/// Whether a claim is half of a reversed pair.
#[inline]
#[must_use]
pub fn is_reversed(claim: &Claim, outcome: &Outcome) -> bool {
    claim.flags.has(Flags::REVERSAL) || outcome.is_reversed()
}

/// Bills of some settlements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bills {
    /// How many.
    pub settlements: u64,
    /// `medfee_sumamt`.
    pub total: i128,
    /// `inscp_scp_amt`.
    pub in_scope: i128,
}

impl Bills {
    /// One more.
    #[inline]
    pub fn add(&mut self, bill: &Bill) {
        self.settlements += 1;
        self.total += i128::from(bill.total.0);
        self.in_scope += i128::from(bill.in_scope.0);
    }

    /// Those of another part.
    pub fn merge(&mut self, other: &Self) {
        self.settlements += other.settlements;
        self.total += other.total;
        self.in_scope += other.in_scope;
    }
}

/// What was paid of some bills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paid {
    /// By all funds.
    pub funds: i128,
    /// By the persons, from the account or in cash.
    pub person: i128,
}

impl Paid {
    /// One more settlement.
    #[inline]
    pub fn add(&mut self, amounts: &Amounts) {
        self.funds += i128::from(amounts.funds().0);
        self.person += i128::from(amounts.person.0);
    }

    /// Those of another part.
    pub fn merge(&mut self, other: &Self) {
        self.funds += other.funds;
        self.person += other.person;
    }
}

/// Every pool that the pack names: in `places.csv`, or in the key of a rule. A province is one where it is a
/// municipality; else it stands for the pools in it.
#[must_use]
pub fn pools_of(pack: &RulePack) -> Vec<Admdvs> {
    let mut pools = Vec::new();
    for table in &pack.tables {
        let has_pool = table.layout().columns.iter().any(|column| column.name == "pool");
        for row in (0..table.rows.len()).filter(|_| has_pool) {
            let key = Pattern::parse(table.cell(row, "pool"));
            pools.extend(key.items().iter().map(|item| Admdvs::parse(item.as_bytes()).expect("a checked code")));
        }
    }
    pools.retain(|pool| !pool.is_province() || pool.is_municipality());
    pools.sort_unstable();
    pools.dedup();
    pools
}
