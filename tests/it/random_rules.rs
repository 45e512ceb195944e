//! Random rule packs: valid by construction, and dense enough that most
//! settlements meet several candidates.
//!
//! Module paths: this file is `crate::random_rules`, a part of
//! `crate::random_packs`. A new row is kept only if no row already there can
//! tie with it, so a pack never holds two candidates of equal rank.

use std::collections::BTreeMap;

use crate::random_keys::conflict;
use crate::random_packs::{Rng, World, csv, day_text, number_of, row_of};
use crate::table::{Rec, Table};

pub const CLASSES: [&str; 10] =
    ["active", "retired", "retired70", "civil", "flex", "poor", "newborn", "child", "senior", "adult"];
pub const MED_CLASSES: [&str; 7] = ["inpatient", "outpatient", "chronic", "dialysis", "pharmacy", "urgent", "dayward"];
pub const PLACES: [&str; 3] = ["local", "province", "cross"];
pub const FILINGS: [&str; 5] = ["none", "resident", "referral", "emergency", "temporary"];
pub const TIERS: [&str; 5] = ["t1", "t2", "t3", "t0", "tc"];
pub const INSUTYPES: [&str; 2] = ["310", "390"];

/// Key columns of channels.csv and benefits.csv, most significant first.
pub const CHANNEL_KEYS: [&str; 7] = ["pool", "insutype", "psn_class", "med_class", "place", "filing", "tier"];
/// Key columns of layers.csv.
pub const LAYER_KEYS: [&str; 7] = ["pool", "insutype", "psn_class", "med_class", "place", "filing", "layer"];

/// Days on which rules change: year ends, half years, mid-month.
pub const CHANGES: [&str; 9] = [
    "2024-01-01",
    "2024-02-29",
    "2024-03-16",
    "2024-05-11",
    "2024-07-01",
    "2024-07-01",
    "2024-10-20",
    "2025-01-01",
    "2025-03-08",
];

const CHANNEL_VALUES: &str = "\
     decision deductible deductible_factor deductible_rate deductible_min \
     deductible_max prepay_rate prepay_order rate_points rate_factor";
const BENEFIT_VALUES: &str = "\
     accumulator deductible_accumulator deductible_basis deductible_1 deductible_2 \
     deductible_3 deductible_4 deductible_5 deductible_6 deductible_7 deductible_8 \
     deductible_cap_year band_basis band_set base_cap_visit base_cap_month \
     base_cap_year pay_cap_visit pay_cap_month pay_cap_year fund_cap_year over_cap_as \
     floor_rate counts_to_fund_cap";
const BENEFIT_OPTIONAL: &str = "\
     deductible_accumulator deductible_4 deductible_5 deductible_6 deductible_7 \
     deductible_8 fund_cap_year over_cap_as";
const LAYER_VALUES: &str = "payer includes minus band_basis band_set pay_cap_visit pay_cap_year";
const KEYS: &str = "pool insutype psn_class med_class place filing tier";
const KEYS_OF_LAYERS: &str = "pool insutype psn_class med_class place filing layer";
const VISIT_COLUMNS: &str = "pool med_type dise_codg med_class is_admission is_emergency";
const SCHEME_COLUMNS: &str = "pool insutype benefit_year_start fund_cap_year local_filing \
     fund_total_has_account";
const CLASS_COLUMNS: &str = "pool insutype priority psn_class psn_types identities grades marks \
     age_min age_max";

/// What is being built: the tables, and counters for names.
pub struct Pack<'a> {
    pub rng: &'a mut Rng,
    pub world: &'a World,
    pub bands: Table,
    /// Name of a band set, and whether it was made for a layer.
    pub band_sets: Vec<(String, bool)>,
    rules: usize,
}

/// Adds all `rules/*.csv` of a pack to `files`.
pub fn write(rng: &mut Rng, world: &World, files: &mut BTreeMap<String, String>) {
    let mut pack = Pack { rng, world, bands: Vec::new(), band_sets: Vec::new(), rules: 0 };
    // Name, key and value columns, those that may be left out, rows.
    let mut tables: Vec<(&str, String, &str, Table)> = vec![
        ("tiers", "pool level_field level tier".to_owned(), "", pack.tiers()),
        ("visit_classes", VISIT_COLUMNS.to_owned(), "", pack.visit_classes()),
        ("filing_types", "pool out_fil_type filing default_months".to_owned(), "", pack.filing_types()),
        ("schemes", SCHEME_COLUMNS.to_owned(), "local_filing", pack.schemes()),
        ("person_classes", CLASS_COLUMNS.to_owned(), "marks", pack.person_classes()),
        ("channels", format!("{KEYS} {CHANNEL_VALUES}"), "", pack.channels()),
        ("benefits", format!("{KEYS} {BENEFIT_VALUES}"), BENEFIT_OPTIONAL, pack.benefits()),
        ("layers", format!("{KEYS_OF_LAYERS} {LAYER_VALUES}"), "minus", pack.layers()),
        ("accounts", "pool insutype psn_class med_class pays_for uses_flag".to_owned(), "uses_flag", pack.accounts()),
    ];
    if pack.rng.chance(75) {
        let rows = pack.neighbours();
        tables.push(("neighbours", "pool treat_pool place".to_owned(), "", rows));
    }
    for (name, columns, optional, rows) in tables {
        let columns = columns.split_whitespace().collect();
        let optional: Vec<&str> = optional.split_whitespace().collect();
        let text = pack.sheet(columns, &optional, rows);
        files.insert(format!("rules/{name}.csv"), text);
    }
    files.insert("rules/places.csv".to_owned(), places(world));
    let bands = ["rule_id", "band_set", "from_amount", "rate", "note"].map(str::to_owned);
    files.insert("rules/bands.csv".to_owned(), csv(&bands, &pack.bands));
    let sources = "source_id,title,document_no,issuer,published,url,trust\n\
                   s1,\"invented, for tests\",,,,,T\n";
    files.insert("rules/sources.csv".to_owned(), sources.to_owned());
}

fn places(world: &World) -> String {
    let columns = ["admdvs", "pool", "name_zh", "name_en"].map(str::to_owned);
    let rows = world.places.iter().map(|(place, pool)| row_of("admdvs pool name_zh", &[place, pool, "某地"])).collect();
    csv(&columns, &rows)
}

impl Pack<'_> {
    /// CSV text: `rule_id` first, the dates last, the rest in any order.
    /// Optional columns nobody fills are sometimes left out.
    fn sheet(&mut self, mut columns: Vec<&str>, optional: &[&str], mut rows: Table) -> String {
        for row in &mut rows {
            self.rules += 1;
            row.insert("rule_id".to_owned(), format!("r{:05}", self.rules));
            row.insert("source_id".to_owned(), "s1".to_owned());
        }
        self.rng.shuffle(&mut rows);
        let unused = |column: &str| rows.iter().all(|row| row.get(column).is_none_or(String::is_empty));
        let leave_out = self.rng.chance(50);
        columns.retain(|column| !(leave_out && optional.contains(column) && unused(column)));
        if self.rng.chance(50) {
            self.rng.shuffle(&mut columns);
        }
        let ends = ["valid_from", "valid_to", "source_id", "note"];
        let all = ["rule_id"].into_iter().chain(columns).chain(ends);
        csv(&all.map(str::to_owned).collect::<Vec<_>>(), &rows)
    }

    /// Adds a row unless it could tie with one that is there.
    pub fn add(&self, table: &mut Table, keys: &[&str], row: Rec) -> bool {
        let clash = table.iter().any(|other| conflict(keys, other, &row));
        if !clash {
            table.push(row);
        }
        !clash
    }

    /// A pool cell: anything, province, pool, list of both.
    pub fn pool_cell(&mut self, any: usize) -> String {
        let pools = &self.world.pools;
        let pool = self.rng.pick(pools);
        let province = format!("{}0000", &pool[..2]);
        match self.rng.weighted(&[any, 25, 30, 15]) {
            0 => "*".to_owned(),
            1 => province,
            2 => pool.to_owned(),
            _ => {
                let mut list = self.rng.some_of(pools, 2);
                if self.rng.chance(40) {
                    list.push(&province);
                }
                list.dedup();
                if list.len() < 2 || list[0] == list[list.len() - 1] {
                    return pool.to_owned();
                }
                list.join("|")
            }
        }
    }

    /// An ordinary key cell: anything, one value, or a list.
    pub fn cell(&mut self, words: &[&str], any: usize) -> String {
        match self.rng.weighted(&[any, 30, 20]) {
            0 => "*".to_owned(),
            1 => (self.rng.pick(words)).to_owned(),
            _ => {
                let count = 2 + self.rng.below(2);
                self.rng.some_of(words, count).join("|")
            }
        }
    }

    /// Cuts some rows in two or three at the days on which rules change;
    /// `renew` gives the later version its values. An overlay may leave a gap,
    /// in which a more general row decides.
    pub fn versions(&mut self, table: &mut Table, percent: usize, renew: &mut dyn FnMut(&mut Self, &Rec) -> Rec) {
        let mut later = Vec::new();
        for row in table.iter_mut() {
            if !self.rng.chance(percent) {
                continue;
            }
            let mut cuts: Vec<&str> = (0..=self.rng.weighted(&[70, 30])).map(|_| self.rng.pick(&CHANGES)).collect();
            cuts.sort_unstable();
            cuts.dedup();
            let first = row.clone();
            let mut current = row;
            for cut in cuts {
                let gap = if self.rng.chance(10) { 20 } else { 1 };
                let last = day_text(number_of(cut) - gap);
                if last < current["valid_from"] {
                    continue;
                }
                current.insert("valid_to".to_owned(), last);
                let mut next = renew(self, &first);
                next.insert("valid_from".to_owned(), cut.to_owned());
                next.insert("valid_to".to_owned(), String::new());
                later.push(next);
                current = later.last_mut().expect("just pushed");
            }
        }
        table.extend(later);
    }
}
