//! The reference adjudication: spec section 4 (the status of every row) and 6
//! (reversals), read top to bottom. It is slow on purpose; its only virtue is
//! that each function is one paragraph of the spec.
//!
//! Module paths: this file is `crate::reference`; it uses `crate::table`,
//! `crate::reference_rules` (cells, dates, choosing a row),
//! `crate::reference_derive` (section 3.2), `crate::reference_pay` (section 5)
//! and `crate::reference_books` (step 9), and otherwise only std and
//! rust_decimal. The entry is [`adjudicate`].

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::reference_books::{Amounts, Balances, Move};
use crate::reference_derive::{
    Claim, benefit_year, filing_of, open_institution, person_class, place_of, pool_of, tier_of, visit_class,
};
pub use crate::reference_derive::{Inputs, Rules};
use crate::reference_pay::{Occasion, denied, pay};
use crate::reference_rules::{Day, Key, all_digits, choose, code, holds, money, parse_time, rule_id, table_day, value};
use crate::table::Rec;

/// The answer for one input row. Derived and rule columns are empty on
/// rejected and pended rows, which have no amounts either.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Data row of the claims input, from 1.
    pub src_row: usize,
    pub setl_id: String,
    pub psn_no: String,
    pub status: String,
    /// Joined with `|`, in the order of the spec's table of statuses.
    pub reasons: String,
    pub pool: String,
    pub benefit_year: String,
    pub psn_class: String,
    pub med_class: String,
    pub tier: String,
    pub place: String,
    pub filing: String,
    pub scheme_rule: String,
    pub class_rule: String,
    pub channel_rule: String,
    pub benefit_rule: String,
    pub layer_rules: String,
    /// Of paid, denied and reversed rows.
    pub amounts: Option<Amounts>,
}

/// What became of a settlement, kept so that a reversal can undo it.
pub struct Done<'a> {
    pub claim: Claim<'a>,
    pub answer: Row,
    pub moved: Option<Move>,
    pub reversed: bool,
}

const PARTS: [&str; 5] = ["medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"];

const REQUIRED: [&str; 15] = [
    "setl_id",
    "psn_no",
    "insutype",
    "psn_type",
    "insuplc_admdvs",
    "mdtrtarea_admvs",
    "fixmedins_code",
    "med_type",
    "enddate",
    "setl_time",
    PARTS[0],
    PARTS[1],
    PARTS[2],
    PARTS[3],
    PARTS[4],
];

const PAID_COLUMNS: [&str; 13] = [
    "act_pay_dedc",
    "hifp_pay",
    "cvlserv_pay",
    "hifes_pay",
    "hifmi_pay",
    "hifob_pay",
    "maf_pay",
    "oth_pay",
    "fund_pay_sumamt",
    "psn_part_amt",
    "acct_pay",
    "acct_mulaid_pay",
    "psn_cash_pay",
];

/// One answer per input row, in input order.
pub fn adjudicate(inputs: &Inputs) -> Vec<Row> {
    let mut answers: Vec<Row> = Vec::new();
    let mut claims: Vec<Claim> = Vec::new();
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (i, row) in inputs.claims.iter().enumerate() {
        let key = value(row, "setl_id").zip(value(row, "psn_no"));
        let duplicate = key.is_some_and(|key| !seen.insert(key));
        let reasons = rejections(row, duplicate);
        answers.push(Row {
            src_row: i + 1,
            setl_id: value(row, "setl_id").unwrap_or_default().to_owned(),
            psn_no: value(row, "psn_no").unwrap_or_default().to_owned(),
            status: "rejected".to_owned(),
            reasons: reasons.join("|"),
            ..Row::default()
        });
        if reasons.is_empty() {
            claims.push(read_claim(&inputs.rules, row, i + 1));
        }
    }
    // Section 5: a person's settlements in the order of (setl_time, setl_id as
    // bytes), whatever their scheme; persons do not touch each other.
    claims.sort_by(|a, b| (a.psn_no, a.time, a.setl_id).cmp(&(b.psn_no, b.time, b.setl_id)));
    let mut done: Vec<Done> = Vec::new();
    let mut balances = Balances::default();
    for claim in claims {
        if done.last().is_none_or(|d| d.claim.psn_no != claim.psn_no) {
            done.clear();
            balances = Balances::of_person(inputs.accounts.as_ref(), claim.psn_no);
        }
        let (answer, moved) = if claim.reverses.is_some() {
            (reverse(&claim, &mut done, &mut balances), None)
        } else {
            settle(inputs, &claim, &mut balances)
        };
        answers[claim.src_row - 1] = answer.clone();
        done.push(Done { claim, answer, moved, reversed: false });
    }
    answers
}

// ------------------------------------------------ section 4: the R- checks

/// All reasons for rejecting a row, each once, in the order of the table.
pub fn rejections(row: &Rec, duplicate: bool) -> Vec<&'static str> {
    let amount = |column: &str| value(row, column).map(money);
    let day = |column: &str| value(row, column).map(Day::parse_date_cell);
    let time = value(row, "setl_time").map(parse_time);
    let reversal = value(row, "init_setl_id").is_some();

    let bad_date = ["begndate", "enddate", "brdy"].iter().any(|c| day(c) == Some(None));
    let bad_money = PARTS.iter().chain(&PAID_COLUMNS).chain(&["hosp_part_amt"]).any(|c| amount(c) == Some(None));
    // An empty place is missing, not outside its domain.
    let bad_place = ["insuplc_admdvs", "mdtrtarea_admvs"]
        .iter()
        .filter_map(|c| code(row, c))
        .any(|place| place.len() != 6 || !all_digits(&place));
    let parts: Option<Vec<Decimal>> = PARTS.iter().map(|c| amount(c).flatten()).collect();
    let bad_split = parts.is_some_and(|p| p[0] != p[1] + p[2] + p[3] + p[4]);
    // What was actually paid is never judged here: that is the audit's work.
    let negative =
        PARTS.iter().chain(&["hosp_part_amt"]).filter_map(|c| amount(c).flatten()).any(|x| x < Decimal::ZERO);
    let end = day("enddate").flatten();
    let backwards = matches!((day("begndate").flatten(), end), (Some(b), Some(e)) if b > e);
    let ahead = matches!((end, time.flatten()), (Some(e), Some((settled, _))) if e > settled);

    let checks = [
        ("R-INVALIDATED", code(row, "vali_flag").is_some_and(|flag| flag != "1")),
        ("R-PARSE", bad_date || bad_money || time == Some(None)),
        ("R-MISSING", REQUIRED.iter().any(|c| value(row, c).is_none())),
        ("R-DOMAIN", bad_place),
        ("R-SPLIT", bad_split),
        ("R-NEGATIVE", negative && !reversal),
        ("R-DATE", backwards || ahead),
        ("R-DUPLICATE", duplicate),
    ];
    let failed = checks.iter().filter(|(_, fails)| *fails);
    failed.map(|(reason, _)| *reason).collect()
}

pub fn read_claim<'a>(rules: &Rules, row: &'a Rec, src_row: usize) -> Claim<'a> {
    let text = |column: &str| value(row, column).expect("checked as required");
    let day = |column: &str| value(row, column).and_then(Day::parse_date_cell);
    let amount = |column: &str| money(text(column)).expect("checked as money");
    let end = day("enddate").expect("checked as a date");
    let insured = code(row, "insuplc_admdvs").expect("checked as required");
    Claim {
        row,
        src_row,
        setl_id: text("setl_id"),
        psn_no: text("psn_no"),
        insutype: code(row, "insutype").expect("checked as required"),
        insured_pool: pool_of(rules, &insured),
        treat_code: code(row, "mdtrtarea_admvs").expect("checked as required"),
        begin: day("begndate").unwrap_or(end),
        end,
        time: parse_time(text("setl_time")).expect("checked as a time"),
        parts: PARTS.map(amount),
        hosp_part: value(row, "hosp_part_amt").and_then(money).unwrap_or_default(),
        reverses: value(row, "init_setl_id"),
    }
}

// ------------------------------------------------ section 4: the gates

/// A settlement that is no reversal: pended, denied or paid.
pub fn settle(inputs: &Inputs, claim: &Claim, balances: &mut Balances) -> (Row, Option<Move>) {
    let rules = &inputs.rules;
    let day = claim.end;
    let scheme_keys = [("pool", Key::Pool(&claim.insured_pool)), ("insutype", Key::Plain(&claim.insutype))];
    let scheme = choose(&rules["schemes"], day, &scheme_keys);
    let class = person_class(inputs, claim);
    let visit = visit_class(rules, claim);
    let tier = tier_of(inputs, claim);
    let (Some(scheme), Some(class), Some(visit), Some(tier)) = (scheme, class, visit, &tier) else {
        let lacking = [
            ("P-SCHEME", scheme.is_none()),
            ("P-CLASS", class.is_none()),
            ("P-VISIT", visit.is_none()),
            ("P-TIER", tier.is_none()),
        ];
        return (pended(claim, &lacking), None);
    };

    let word = |row: &Rec, column: &str| value(row, column).unwrap_or_default().to_owned();
    let is_one = |row: &Rec, column: &str| code(row, column).as_deref() == Some("1");
    let psn_class = word(class, "psn_class");
    let med_class = word(visit, "med_class");
    let emergency = is_one(visit, "is_emergency") || is_one(claim.row, "er_flag");
    let treat_pool = pool_of(rules, &claim.treat_code);
    let place = place_of(rules, day, &claim.insured_pool, &treat_pool);
    let filing = filing_of(inputs, claim, scheme, &place, emergency);

    // Channels, benefits and layers share their first key columns.
    let keys = [
        ("pool", Key::Pool(&claim.insured_pool)),
        ("insutype", Key::Plain(&claim.insutype)),
        ("psn_class", Key::Plain(&psn_class)),
        ("med_class", Key::Plain(&med_class)),
        ("place", Key::Plain(&place)),
        ("filing", Key::Plain(&filing)),
        ("tier", Key::Plain(tier)),
    ];
    let channel = choose(&rules["channels"], day, &keys);
    let benefit = choose(&rules["benefits"], day, &keys);
    let (Some(channel), Some(benefit)) = (channel, benefit) else {
        let lacking = [("P-CHANNEL", channel.is_none()), ("P-BENEFIT", benefit.is_none())];
        return (pended(claim, &lacking), None);
    };

    let year = benefit_year(scheme, day);
    let mut answer = Row {
        pool: claim.insured_pool.clone(),
        benefit_year: year.to_string(),
        psn_class: psn_class.clone(),
        med_class: med_class.clone(),
        tier: tier.clone(),
        place: place.clone(),
        filing: filing.clone(),
        scheme_rule: rule_id(scheme),
        class_rule: rule_id(class),
        channel_rule: rule_id(channel),
        benefit_rule: rule_id(benefit),
        ..start_row(claim, "paid")
    };
    let refusals = refusals(inputs, claim, emergency, channel);
    if !refusals.is_empty() {
        let Some(amounts) = denied(&claim.parts, claim.hosp_part) else {
            return (pended(claim, &[("P-HOSPITAL-PART", true)]), None);
        };
        answer.status = "denied".to_owned();
        answer.reasons = refusals.join("|");
        answer.amounts = Some(amounts);
        return (answer, None);
    }
    let occasion = Occasion {
        rules,
        claim,
        scheme,
        channel,
        benefit,
        layer_keys: &keys[..6],
        psn_class: &psn_class,
        med_class: &med_class,
        is_admission: is_one(visit, "is_admission"),
        benefit_year: year,
    };
    let Some(paid) = pay(&occasion, balances) else {
        return (pended(claim, &[("P-HOSPITAL-PART", true)]), None);
    };
    balances.book(&paid.moved, Decimal::ONE);
    answer.layer_rules = paid.layer_rules.join("|");
    answer.amounts = Some(paid.amounts);
    (answer, Some(paid.moved))
}

/// The columns every answer has.
fn start_row(claim: &Claim, status: &str) -> Row {
    Row {
        src_row: claim.src_row,
        setl_id: claim.setl_id.to_owned(),
        psn_no: claim.psn_no.to_owned(),
        status: status.to_owned(),
        ..Row::default()
    }
}

fn pended(claim: &Claim, reasons: &[(&str, bool)]) -> Row {
    let hold = reasons.iter().filter(|(_, holds)| *holds);
    let names: Vec<&str> = hold.map(|(reason, _)| *reason).collect();
    Row { reasons: names.join("|"), ..start_row(claim, "pended") }
}

/// The D- reasons. A gate whose table is missing is switched off.
fn refusals(inputs: &Inputs, claim: &Claim, emergency: bool, channel: &Rec) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    if let Some(enrolments) = &inputs.enrolments {
        let covering: Vec<&Rec> = enrolments
            .iter()
            .filter(|row| {
                value(row, "psn_no") == Some(claim.psn_no)
                    && code(row, "insutype").as_deref() == Some(&claim.insutype)
                    && holds(row, "psn_insu_date", "paus_insu_date", claim.end)
                    && code(row, "insuplc_admdvs").is_some_and(|p| pool_of(&inputs.rules, &p) == claim.insured_pool)
            })
            .collect();
        let begun = |row: &&Rec| table_day(row, "bnft_begndate").is_none_or(|first| first <= claim.end);
        if covering.is_empty() {
            reasons.push("D-NOT-ENROLLED");
        } else if !covering.iter().any(begun) {
            reasons.push("D-WAITING");
        }
    }
    let undesignated = inputs.institutions.is_some() && open_institution(inputs, claim).is_none();
    if undesignated && !emergency {
        reasons.push("D-NOT-DESIGNATED");
    }
    if value(channel, "decision") == Some("deny") {
        reasons.push("D-CHANNEL");
    }
    reasons
}

// ------------------------------------------------ section 6: reversals

/// Undoes an earlier settlement of the same person, pool and insutype, or
/// pends. `done` holds what stands earlier in the person's order.
pub fn reverse(claim: &Claim, done: &mut [Done], balances: &mut Balances) -> Row {
    let original = done.iter_mut().find(|earlier| {
        Some(earlier.claim.setl_id) == claim.reverses
            && earlier.claim.insured_pool == claim.insured_pool
            && earlier.claim.insutype == claim.insutype
            && matches!(earlier.answer.status.as_str(), "paid" | "denied")
    });
    let Some(original) = original else {
        return pended(claim, &[("P-REVERSAL-UNKNOWN", true)]);
    };
    let mut pairs = claim.parts.iter().zip(&original.claim.parts);
    let negates = pairs.all(|(own, first)| own + first == Decimal::ZERO);
    if original.reversed || !negates {
        let faults = [("P-REVERSAL-TWICE", original.reversed), ("P-REVERSAL-AMOUNT", !negates)];
        return pended(claim, &faults);
    }
    original.reversed = true;
    if let Some(moved) = &original.moved {
        balances.book(moved, -Decimal::ONE);
    }
    let first = original.answer.clone();
    Row {
        src_row: claim.src_row,
        setl_id: claim.setl_id.to_owned(),
        psn_no: claim.psn_no.to_owned(),
        status: "reversed".to_owned(),
        reasons: String::new(),
        amounts: first.amounts.as_ref().map(Amounts::negated),
        ..first
    }
}
