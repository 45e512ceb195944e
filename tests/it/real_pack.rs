//! Fairness of the sample pack of real rules, over a grid of pools, insurances, visits, institutions and amounts:
//! the same bill pays a long-term filer no less away than at home, a referral no more than at home, a retired
//! person no less than an active one. Where a source itself says otherwise, it is listed here by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::support::{fen, folder, read_csv, repo, run_args, tongchou};

/// A bill in every circumstance but the one that is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Bill {
    pool: String,
    insutype: &'static str,
    med_type: &'static str,
    institution: String,
    amount: i64,
}

/// Who, where, with which filing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Patient {
    psn_type: &'static str,
    place: &'static str,
    filing: &'static str,
}

const ACTIVE: &str = "11";
const RETIRED: &str = "12";
/// In-scope amounts in yuan: small, around deductibles, above the caps.
const AMOUNTS: [i64; 6] = [90, 700, 1_800, 12_000, 150_000, 1_200_000];
const GRADES: [&str; 5] = ["01", "03", "05", "08", "11"];
const MED_TYPES: [&str; 3] = ["11", "14", "21"];
const DAY: &str = "2025-12-10";

/// What the fund paid, and under which benefit row.
#[derive(Clone, Debug)]
struct Paid {
    fund: i64,
    rule: String,
}

type Answers = BTreeMap<(Bill, Patient), Paid>;

/// Words of `inst_class` that the pack knows for a pool.
fn institution_classes() -> Vec<(String, String)> {
    let tiers = read_csv(&repo("sample_data/rules/tiers.csv"));
    let classes = tiers.into_iter().filter(|row| row["level_field"] == "inst_class");
    classes.map(|row| (row["pool"].clone(), row["level"].clone())).collect()
}

/// Every bill with every patient, each a person of its own; those that are paid.
fn answers() -> Answers {
    let folder = folder();
    let mut asked: Vec<(Bill, Patient)> = Vec::new();
    let mut institutions = "fixmedins_code,admdvs,hosp_lv,dedc_hosp_lv,inst_class,begndate,enddate\n".to_owned();
    for grade in GRADES {
        institutions += &format!("G{grade},110000,{grade},,,2000-01-01,\n");
    }
    let classes = institution_classes();
    let words: BTreeSet<&String> = classes.iter().map(|(_, word)| word).collect();
    for word in words {
        institutions += &format!("I{word},110000,03,,{word},2000-01-01,\n");
    }
    let pools: BTreeSet<String> =
        read_csv(&repo("sample_data/rules/places.csv")).into_iter().map(|row| row["pool"].clone()).collect();
    assert!(pools.len() > 30, "{pools:?}");
    for pool in pools {
        let own = classes
            .iter()
            .filter(|(known, _)| known == "*" || *known == pool || *known == format!("{}0000", &pool[..2]));
        let institutions: Vec<String> =
            GRADES.iter().map(|grade| format!("G{grade}")).chain(own.map(|(_, word)| format!("I{word}"))).collect();
        for (insutype, types) in [("310", &[ACTIVE, RETIRED][..]), ("390", &["14", "15", "16"])] {
            for (med_type, institution, amount) in MED_TYPES.iter().flat_map(|med_type| {
                institutions
                    .iter()
                    .flat_map(move |institution| AMOUNTS.iter().map(move |amount| (*med_type, institution, *amount)))
            }) {
                let bill = Bill { pool: pool.clone(), insutype, med_type, institution: institution.clone(), amount };
                for psn_type in types {
                    for (place, filing) in
                        [("local", ""), ("province", "02"), ("cross", "02"), ("province", "06"), ("cross", "06")]
                    {
                        asked.push((bill.clone(), Patient { psn_type, place, filing }));
                    }
                }
            }
        }
    }
    let mut claims = "setl_id,psn_no,insutype,psn_type,insuplc_admdvs,mdtrtarea_admvs,fixmedins_code,med_type,enddate,setl_time,medfee_sumamt,fulamt_ownpay_amt,overlmt_selfpay,preselfpay_amt,inscp_scp_amt,out_fil_type,brdy\n".to_owned();
    for (number, (bill, patient)) in asked.iter().enumerate() {
        let pool = &bill.pool;
        let treated = match patient.place {
            "local" => pool.clone(),
            // A city of the province that is nobody's pool; another province.
            "province" => format!("{}7700", &pool[..2]),
            _ => (if pool.starts_with("65") { "540100" } else { "650100" }).to_owned(),
        };
        let Patient { psn_type, filing, .. } = patient;
        let born = match *psn_type {
            "14" => "2015-05-05",
            "11" | "15" => "1985-05-05",
            _ => "1958-05-05",
        };
        claims += &format!(
            "S{number},P{number},{},{psn_type},{pool},{treated},{},{},{DAY},{DAY},{amount},0,0,0,{amount},{filing},{born}\n",
            bill.insutype,
            bill.institution,
            bill.med_type,
            amount = bill.amount,
        );
    }
    let paths = ["claims.csv", "institutions.csv"].map(|name| folder.path().join(name));
    fs::write(&paths[0], claims).expect("a file");
    fs::write(&paths[1], institutions).expect("a file");
    let out = folder.path().join("out");
    let institutions = paths[1].display().to_string();
    tongchou(run_args(&repo("sample_data/rules"), &paths[0], &out, &["--institutions", &institutions, "--quiet"]))
        .expect(1);
    let file = fs::File::open(out.join("adjudicated.parquet")).expect("an output");
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let columns = ["status", "benefit_rule", "fund_pay_sumamt", "src_row"];
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
    let mut answers = Answers::new();
    for batch in builder.with_projection(mask).build().expect("Parquet") {
        let batch = batch.expect("a batch");
        let texts = columns.map(|name| {
            let array = batch.column_by_name(name).expect("a column");
            arrow::compute::cast(array, &arrow::datatypes::DataType::Utf8).expect("text")
        });
        let text = |column: usize, row: usize| {
            texts[column].as_any().downcast_ref::<arrow::array::StringArray>().expect("text").value(row).to_owned()
        };
        for row in (0..batch.num_rows()).filter(|&row| text(0, row) == "paid") {
            let number: usize = text(3, row).parse().expect("a row");
            answers.insert(asked[number - 1].clone(), Paid { fund: fen(&text(2, row)), rule: text(1, row) });
        }
    }
    answers
}

/// Pairs of answers for the same bill: what, `one` and `other` of it; breaches by pool, insurance and rule row.
fn breaches(
    answers: &Answers,
    pair: impl Fn(&Patient) -> Option<Patient>,
    is_fair: impl Fn(i64, i64) -> bool,
) -> (BTreeMap<String, String>, usize) {
    let mut found = BTreeMap::new();
    let mut compared = 0;
    for ((bill, patient), one) in answers {
        let Some(other) = pair(patient).and_then(|other| answers.get(&(bill.clone(), other))) else { continue };
        compared += 1;
        if !is_fair(one.fund, other.fund) {
            let name = format!("{} {} {} {}", bill.pool, bill.insutype, one.rule, other.rule);
            found
                .entry(name)
                .or_insert_with(|| format!("{} and {} fen for {bill:?} of {patient:?}", one.fund, other.fund));
        }
    }
    (found, compared)
}

/// The breaches are exactly those that a source makes: the beginning of `pool insurance rule-here rule-there`, and why.
#[track_caller]
fn only_excused((found, compared): (BTreeMap<String, String>, usize), excused: &[(&str, &str)]) {
    assert!(compared > 1_000, "only {compared} bills could be compared");
    let new = found.iter().filter(|(name, _)| !excused.iter().any(|(start, _)| name.starts_with(start)));
    let new: Vec<String> = new.map(|(name, example)| format!("{name}: {example}")).collect();
    assert!(
        new.is_empty(),
        "{} kinds of {compared} bills are not as fair as they should be:\n{}",
        new.len(),
        new.join("\n")
    );
    for (start, why) in excused {
        assert!(found.keys().any(|name| name.starts_with(start)), "{start}: excused ({why}), and not needed");
    }
}

/// Where a source pays a long-term filer less than at home.
const LONG_TERM_LESS: [(&str, &str); 2] = [
    ("340300 390 bb-res-in-", "Bengbu's floor payment is 45 % in the province and 40 % outside of it, for everybody"),
    ("510100 310 cd-emp-in-cross-", "Chengdu's deductible outside of the province is 970 and says nothing of filings"),
];
/// Where a source pays a referral more than the same bill at home.
const REFERRAL_MORE: [(&str, &str); 0] = [];
/// Where a source pays a retired person less than an active one.
const RETIRED_LESS: [(&str, &str); 0] = [];

static ANSWERS: LazyLock<Answers> = LazyLock::new(answers);

#[test]
fn a_long_term_filer_is_paid_no_less_than_at_home() {
    let at_home = |patient: &Patient| Patient { place: "local", filing: "", ..*patient };
    let long_term = |patient: &Patient| (patient.filing == "02").then(|| at_home(patient));
    only_excused(breaches(&ANSWERS, long_term, |away, home| away >= home), &LONG_TERM_LESS);
}

#[test]
fn a_referral_is_paid_no_more_than_at_home() {
    let at_home = |patient: &Patient| Patient { place: "local", filing: "", ..*patient };
    let referral = |patient: &Patient| (patient.filing == "06").then(|| at_home(patient));
    only_excused(breaches(&ANSWERS, referral, |away, home| away <= home), &REFERRAL_MORE);
}

#[test]
fn the_retired_are_paid_no_less_than_the_active() {
    let retired = |patient: &Patient| (patient.psn_type == RETIRED).then_some(Patient { psn_type: ACTIVE, ..*patient });
    only_excused(breaches(&ANSWERS, retired, |retired, active| retired >= active), &RETIRED_LESS);
}
