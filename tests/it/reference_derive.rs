//! What is derived of a settlement before any money is computed: spec section
//! 2 (what a run reads) and 3.2 (pool, place, class, tier, filing, year).
//!
//! Module paths: this file is `crate::reference_derive`; it uses `crate::table`
//! and `crate::reference_rules`, and is used by `crate::reference`.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::reference_rules::{
    Day, Key, choose, code, fit, holds, list_fits, number, pad_two, rule_id, table_day, value,
};
use crate::table::{Rec, Table};

/// Rule tables by name without extension, e.g. `benefits`.
pub type Rules = BTreeMap<String, Table>;

/// Everything a run reads; a reference table that is `None` is switched off.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    pub rules: Rules,
    pub claims: Table,
    pub enrolments: Option<Table>,
    pub filings: Option<Table>,
    pub institutions: Option<Table>,
    pub accounts: Option<Table>,
    pub marks: Option<Table>,
}

/// A row that passed the R- checks, its values read.
pub struct Claim<'a> {
    pub row: &'a Rec,
    pub src_row: usize,
    pub setl_id: &'a str,
    pub psn_no: &'a str,
    pub insutype: String,
    pub insured_pool: String,
    pub treat_code: String,
    pub begin: Day,
    pub end: Day,
    pub time: (Day, u32),
    /// T, F, O, P, S.
    pub parts: [Decimal; 5],
    pub hosp_part: Decimal,
    pub reverses: Option<&'a str>,
}

/// 3.2.1: by the place, else its city, else its province; else the city code
/// itself, in the four cities without cities the province code.
pub fn pool_of(rules: &Rules, place: &str) -> String {
    let city = format!("{}00", &place[..4]);
    let province = format!("{}0000", &place[..2]);
    let listed = [place, &city, &province].into_iter().find_map(|wanted| {
        let row = rules["places"].iter().find(|row| code(row, "admdvs").as_deref() == Some(wanted))?;
        code(row, "pool")
    });
    listed.unwrap_or(match &place[..2] {
        "11" | "12" | "31" | "50" => province,
        _ => city,
    })
}

/// 3.2.2: equal pools are local, else equal first two digits are the
/// province; a row of neighbours.csv has the last word.
pub fn place_of(rules: &Rules, day: Day, insured: &str, treating: &str) -> String {
    let keys = [("pool", Key::Pool(insured)), ("treat_pool", Key::Pool(treating))];
    let neighbour = rules.get("neighbours").and_then(|t| choose(t, day, &keys));
    if let Some(row) = neighbour {
        return value(row, "place").expect("place").to_owned();
    }
    let word = if insured == treating {
        "local"
    } else if insured[..2] == treating[..2] {
        "province"
    } else {
        "cross"
    };
    word.to_owned()
}

/// 3.2.3: by the full med_type and the disease; the first two digits of the
/// med_type only where no row in force for this pool names the full code.
pub fn visit_class<'a>(rules: &'a Rules, claim: &Claim) -> Option<&'a Rec> {
    let table = &rules["visit_classes"];
    let med_type = code(claim.row, "med_type").expect("checked as required");
    let disease = code(claim.row, "dise_codg");
    let by = |med_type: &str| {
        let keys = [
            ("pool", Key::Pool(&claim.insured_pool)),
            ("med_type", Key::Plain(med_type)),
            ("dise_codg", Key::Disease(disease.as_deref())),
        ];
        choose(table, claim.end, &keys)
    };
    let named = table.iter().any(|row| {
        let keys = [("pool", Key::Pool(&claim.insured_pool)), ("med_type", Key::Plain(&med_type))];
        fit(row, claim.end, &keys).is_some()
    });
    if named {
        return by(&med_type);
    }
    by(med_type.get(..2)?)
}

/// The institution's row open on the day.
pub fn open_institution<'a>(inputs: &'a Inputs, claim: &Claim) -> Option<&'a Rec> {
    let wanted = value(claim.row, "fixmedins_code");
    inputs
        .institutions
        .iter()
        .flatten()
        .find(|row| value(row, "fixmedins_code") == wanted && holds(row, "begndate", "enddate", claim.end))
}

/// 3.2.4: the institution's class where tiers.csv lists it, else the level the
/// deductible goes by, else the grade.
pub fn tier_of(inputs: &Inputs, claim: &Claim) -> Option<String> {
    let institution = open_institution(inputs, claim);
    let of_institution = |column: &str| institution.and_then(|row| code(row, column));
    let listed = |field: &str, level: Key| {
        let keys = [("pool", Key::Pool(&claim.insured_pool)), ("level_field", Key::Plain(field)), ("level", level)];
        choose(&inputs.rules["tiers"], claim.end, &keys).map(|row| value(row, "tier").expect("tier").to_owned())
    };
    let class = of_institution("inst_class");
    if let Some(tier) = class.and_then(|c| listed("inst_class", Key::Plain(&c))) {
        return Some(tier);
    }
    let level = code(claim.row, "dedc_hosp_lv").or_else(|| of_institution("dedc_hosp_lv"));
    if let Some(tier) = level.and_then(|l| listed("dedc_hosp_lv", Key::Plain(&l))) {
        return Some(tier);
    }
    // A grade that is nowhere is 11, no grade.
    let grade = code(claim.row, "hosp_lv").or_else(|| of_institution("hosp_lv"));
    let grade = pad_two(&grade.unwrap_or_else(|| "11".to_owned()));
    listed("hosp_lv", Key::Grade(&grade))
}

/// 3.2.5: full years on the day. Comparing (month, day) puts a 29 February
/// birthday on 1 March in common years. A birth after the day is unknown.
fn age_on(claim: &Claim) -> Option<i32> {
    let born = table_day(claim.row, "brdy")?;
    let had_birthday = (claim.end.month, claim.end.day) >= (born.month, born.day);
    let years = claim.end.year - born.year - i32::from(!had_birthday);
    (born <= claim.end).then_some(years)
}

/// The marks of the person in force on the day, with those of the claim itself.
fn marks_on(inputs: &Inputs, claim: &Claim) -> Vec<String> {
    let of_table = inputs
        .marks
        .iter()
        .flatten()
        .filter(|row| value(row, "psn_no") == Some(claim.psn_no) && holds(row, "begndate", "enddate", claim.end));
    let mut marks: Vec<String> = of_table.filter_map(|row| code(row, "mark")).collect();
    let own = [("cvlserv_flag", "cvlserv"), ("flxempe_flag", "flexible"), ("nwb_flag", "newborn")];
    let set = own.iter().filter(|(column, _)| code(claim.row, column).as_deref() == Some("1"));
    marks.extend(set.map(|(_, mark)| (*mark).to_owned()));
    marks
}

/// 3.2.6: of the rows whose conditions all hold, the smallest priority; how
/// specific pool and insutype are plays no part.
pub fn person_class<'a>(inputs: &'a Inputs, claim: &Claim) -> Option<&'a Rec> {
    let psn_type = code(claim.row, "psn_type").expect("checked as required");
    let identity = code(claim.row, "sp_psn_type");
    let grade = code(claim.row, "clct_grde");
    let marks = marks_on(inputs, claim);
    let age = age_on(claim);
    let age_fits = |row: &Rec| {
        let (least, most) = (number(row, "age_min"), number(row, "age_max"));
        match age {
            None => least.is_none() && most.is_none(),
            Some(age) => least.is_none_or(|l| l <= age.into()) && most.is_none_or(|m| m >= age.into()),
        }
    };
    let meets = |row: &&Rec| {
        let keys = [("pool", Key::Pool(&claim.insured_pool)), ("insutype", Key::Plain(&claim.insutype))];
        fit(row, claim.end, &keys).is_some()
            && list_fits(row, "psn_types", |entry| entry == psn_type || psn_type.get(..2) == Some(entry))
            && list_fits(row, "identities", |entry| identity.as_deref() == Some(entry))
            && list_fits(row, "grades", |entry| grade.as_deref() == Some(entry))
            && list_fits(row, "marks", |entry| marks.iter().any(|m| m == entry))
            && age_fits(row)
    };
    let mut rows: Vec<&Rec> = inputs.rules["person_classes"].iter().filter(meets).collect();
    rows.sort_by_key(|row| number(row, "priority"));
    if let [first, second, ..] = rows.as_slice() {
        let differ = number(first, "priority") != number(second, "priority");
        assert!(differ, "the pack is invalid: {} ties", rule_id(first));
    }
    rows.first().copied()
}

/// 3.2.7: the best filing that covers the treatment place and meets the visit.
pub fn filing_of(inputs: &Inputs, claim: &Claim, scheme: &Rec, place: &str, emergency: bool) -> String {
    // At home there is nothing to file for, unless the scheme says otherwise.
    if place == "local" && code(scheme, "local_filing").as_deref() != Some("1") {
        return "none".to_owned();
    }
    let filing_type = |kind: &str| {
        let keys = [("pool", Key::Pool(&claim.insured_pool)), ("out_fil_type", Key::Plain(kind))];
        choose(&inputs.rules["filing_types"], claim.end, &keys)
    };
    let mut found: Vec<&str> = Vec::new();
    if let Some(filings) = &inputs.filings {
        for row in filings {
            let Some(rule) = code(row, "out_fil_type").and_then(|kind| filing_type(&kind)) else {
                continue;
            };
            if value(row, "psn_no") == Some(claim.psn_no)
                && area_covers(row, &claim.treat_code)
                && filing_meets_visit(row, rule, claim)
            {
                found.extend(value(rule, "filing"));
            }
        }
    } else {
        let rule = code(claim.row, "out_fil_type").and_then(|kind| filing_type(&kind));
        found.extend(rule.and_then(|rule| value(rule, "filing")));
    }
    let best = ["resident", "referral", "emergency", "temporary"]
        .into_iter()
        .find(|word| found.contains(word))
        .unwrap_or("none");
    let lifted = emergency && (best == "none" || best == "temporary");
    let word = if lifted { "emergency" } else { best };
    word.to_owned()
}

/// The filed area is the treatment place, its city or its province.
fn area_covers(filing: &Rec, treat_code: &str) -> bool {
    let area = code(filing, "rloc_admdvs").unwrap_or_default();
    area == treat_code || area == format!("{}00", &treat_code[..4]) || area == format!("{}0000", &treat_code[..2])
}

/// A filing without an end runs for the type's months, the last day being the
/// day before the same day of that month; or for ever.
fn filing_meets_visit(filing: &Rec, rule: &Rec, claim: &Claim) -> bool {
    let begin = table_day(filing, "begndate");
    let end = table_day(filing, "enddate").or_else(|| {
        let months = value(rule, "default_months")?.parse().expect("months");
        Some(begin?.plus_months(months).previous())
    });
    begin.is_none_or(|b| b <= claim.end) && end.is_none_or(|e| e >= claim.begin)
}

/// 3.2.8: the calendar year in which the benefit year holding the day starts.
pub fn benefit_year(scheme: &Rec, day: Day) -> i32 {
    let start = value(scheme, "benefit_year_start").expect("benefit_year_start");
    let (month, first) = start.split_once('-').expect("MM-DD");
    let start: (u32, u32) = (month.parse().expect("MM"), first.parse().expect("DD"));
    day.year - i32::from((day.month, day.day) < start)
}
