//! Random tiers, visit classes, filing types, schemes, person classes,
//! neighbours and account rules of a pack.
//!
//! Module paths: this file is `crate::random_tables`, a part of
//! `crate::random_rules`.

use crate::random_keys::{cells_meet, diseases_conflict, overlap};
use crate::random_packs::{World, row_of};
use crate::random_rules::{CLASSES, FILINGS, INSUTYPES, MED_CLASSES, PLACES, Pack, TIERS};
use crate::table::{Rec, Table};

impl Pack<'_> {
    pub fn tiers(&mut self) -> Table {
        let keys = ["pool", "level_field", "level"];
        let mut table = Vec::new();
        let row = |pool: &str, field: &str, level: &str, tier: &str| {
            row_of("pool level_field level tier valid_from", &[pool, field, level, tier, "2020-01-01"])
        };
        let base = [("01|02|03", "t3"), ("04|05|06", "t2"), ("07|08|09", "t1"), ("10", "t1"), ("11", "t0")];
        for (levels, tier) in base {
            self.add(&mut table, &keys, row("*", "hosp_lv", levels, tier));
        }
        for _ in 0..4 {
            let pool = self.pool_cell(10);
            let level = self.cell(&["01", "03", "05", "06", "10"], 10);
            let tier = self.rng.pick(&TIERS);
            self.add(&mut table, &keys, row(&pool, "hosp_lv", &level, tier));
        }
        for _ in 0..3 {
            let pool = self.pool_cell(40);
            let level = self.cell(&["1", "2", "3"], 5);
            let tier = self.rng.pick(&TIERS);
            self.add(&mut table, &keys, row(&pool, "dedc_hosp_lv", &level, tier));
            let pool = self.pool_cell(40);
            let level = self.cell(&["community", "township", "tcm"], 5);
            let tier = self.rng.pick(&TIERS);
            self.add(&mut table, &keys, row(&pool, "inst_class", &level, tier));
        }
        self.versions(&mut table, 25, &mut |pack, first| {
            let mut next = first.clone();
            let tier = pack.rng.pick(&TIERS);
            next.insert("tier".to_owned(), tier.to_owned());
            next
        });
        table
    }

    pub fn visit_classes(&mut self) -> Table {
        let mut table: Table = Vec::new();
        let row = |pool: &str, med: &str, dise: &str, class: &str, flags: (&str, &str)| {
            row_of(
                "pool med_type dise_codg med_class is_admission is_emergency valid_from",
                &[pool, med, dise, class, flags.0, flags.1, "2020-01-01"],
            )
        };
        let base = [
            ("11|12", "outpatient", ("0", "0")),
            ("13", "urgent", ("0", "1")),
            ("14", "chronic", ("0", "0")),
            ("21", "inpatient", ("1", "0")),
            ("24", "inpatient", ("1", "1")),
            ("41", "pharmacy", ("0", "0")),
            ("22|23", "dayward", ("1", "0")),
        ];
        for (med, class, flags) in base {
            // Now and then a code only has rows for certain diseases.
            let dise = if med == "14" && self.rng.chance(12) { "M0" } else { "*" };
            table.push(row("*", med, dise, class, flags));
        }
        let special = [
            ("14", "M005"),
            ("14", "M03900|M078"),
            ("14", "M0160"),
            ("2106", "*"),
            ("2106", "M078|M083"),
            ("110101", "M039"),
            ("110101|1102", "*"),
            ("21", "M005|M016"),
        ];
        for (med, dise) in special {
            if !self.rng.chance(60) {
                continue;
            }
            let pool = self.pool_cell(50);
            let class = self.rng.pick(&["dialysis", "dayward", "chronic", "urgent"]);
            let flag = |yes: bool| if yes { "1" } else { "0" };
            let flags = (flag(self.rng.chance(50)), flag(self.rng.chance(20)));
            let new = row(&pool, med, dise, class, flags);
            if !table.iter().any(|other| diseases_conflict(other, &new)) {
                table.push(new);
            }
        }
        if self.rng.chance(10) {
            // A whole pool's visits by one row, below every named code.
            let new = row(self.rng.pick(&self.world.pools), "*", "M005", "dialysis", ("0", "0"));
            table.push(new);
        }
        // Every class a key may name is to exist.
        for (i, class) in MED_CLASSES.iter().enumerate() {
            if !table.iter().any(|row| row["med_class"] == **class) {
                table.push(row("*", &format!("9{i}"), "*", class, ("0", "0")));
            }
        }
        self.versions(&mut table, 20, &mut |pack, first| {
            let mut next = first.clone();
            let class = pack.rng.pick(&MED_CLASSES);
            next.insert("med_class".to_owned(), class.to_owned());
            next
        });
        table
    }

    pub fn filing_types(&mut self) -> Table {
        let keys = ["pool", "out_fil_type"];
        let mut table = Vec::new();
        let row = |pool: &str, kind: &str, filing: &str, months: &str| {
            row_of("pool out_fil_type filing default_months valid_from", &[pool, kind, filing, months, "2020-01-01"])
        };
        table.push(row("*", "02|07", "resident", ""));
        table.push(row("*", "08", "referral", "6"));
        table.push(row("*", "10", "temporary", "12"));
        table.push(row("*", "11", "temporary", ""));
        table.push(row("*", "20", "emergency", "1"));
        for _ in 0..3 {
            let pool = self.pool_cell(10);
            let kind = self.cell(&["02", "07", "08", "10", "11"], 5);
            let filing = self.rng.pick(&FILINGS[1..]);
            let months = self.rng.pick(&["", "1", "3", "6", "13"]);
            self.add(&mut table, &keys, row(&pool, &kind, filing, months));
        }
        self.versions(&mut table, 25, &mut |pack, first| {
            let mut next = first.clone();
            let filing = pack.rng.pick(&FILINGS[1..]);
            let months = pack.rng.pick(&["", "2", "6"]);
            next.insert("filing".to_owned(), filing.to_owned());
            next.insert("default_months".to_owned(), months.to_owned());
            next
        });
        table
    }

    pub fn schemes(&mut self) -> Table {
        let keys = ["pool", "insutype"];
        let mut table = Vec::new();
        let local_filing = self.rng.chance(50);
        for insutype in INSUTYPES {
            let row = self.scheme("*", insutype, local_filing);
            table.push(row);
        }
        for _ in 0..4 {
            let pool = self.pool_cell(0);
            let insutype = self.cell(&INSUTYPES, 10);
            let row = self.scheme(&pool, &insutype, local_filing);
            self.add(&mut table, &keys, row);
        }
        self.versions(&mut table, 35, &mut |pack, first| {
            let mut next = pack.scheme(&first["pool"], &first["insutype"], local_filing);
            if !pack.rng.chance(15) {
                // Caps change often, the start of the year hardly ever.
                let start = first["benefit_year_start"].clone();
                next.insert("benefit_year_start".to_owned(), start);
            }
            next
        });
        table
    }

    fn scheme(&mut self, pool: &str, insutype: &str, local_filing: bool) -> Rec {
        let starts = ["01-01", "01-01", "07-01", "04-01", "03-16", "09-20", "12-31"];
        let start = self.rng.pick(&starts);
        let cap = self.maybe_money(70, 200_000, 4_000_000);
        let filing = if local_filing { self.rng.pick(&["1", "0", ""]) } else { "" };
        let has_account = self.rng.pick(&["", "0", "1"]);
        row_of(
            "pool insutype benefit_year_start fund_cap_year local_filing \
             fund_total_has_account valid_from",
            &[pool, insutype, start, &cap, filing, has_account, "2020-01-01"],
        )
    }

    pub fn person_classes(&mut self) -> Table {
        let mut table: Table = Vec::new();
        let (grown, old) = (self.rng.pick(&["17", "16"]), self.rng.pick(&["60", "65"]));
        // class, insutype, psn_types, identities, grades, marks, age_min, age_max
        let base = [
            ("civil", "310", "*", "", "", "cvlserv|months36", "", ""),
            ("flex", "310", "11|13", "", "", "flexible", "", ""),
            ("retired70", "310", "12|1300", "", "", "", "70", ""),
            ("retired", "310", "12|13", "", "*", "", "", ""),
            ("active", "310", "11", "", "", "", "", ""),
            ("newborn", "390", "", "", "", "newborn", "", ""),
            ("poor", "*", "*", "D1|D2", "", "", "", ""),
            ("child", "390", "*", "", "", "", "", grown),
            ("senior", "390", "*", "", "", "", old, ""),
            ("flex", "390", "15", "", "3", "", "", ""),
            ("adult", "390", "14|15|1601", "", "", "", "", ""),
            ("adult", "310|390", "99", "", "2", "signed", "18", "59"),
        ];
        for (class, insutype, types, identities, grades, marks, least, most) in base {
            let row = row_of(
                "pool insutype psn_class psn_types identities grades marks \
                 age_min age_max valid_from",
                &["*", insutype, class, types, identities, grades, marks, least, most, "2020-01-01"],
            );
            self.add_class(&mut table, row, 3);
        }
        for _ in 0..5 {
            let pool = self.pool_cell(10);
            let insutype = self.cell(&INSUTYPES, 10);
            let types = self.cell(&["11", "12", "1300", "14", "1501", "16"], 40);
            let identities = if self.rng.chance(30) { "D2" } else { "" };
            let grades = self.rng.pick(&["", "", "*", "1", "2|3"]);
            let marks = self.rng.pick(&["", "", "signed", "months36|signed", "cvlserv"]);
            let ages = [("", ""), ("", ""), ("18", "40"), ("65", ""), ("", "6"), ("4", "4")];
            let (least, most) = self.rng.pick(&ages);
            let class = self.rng.pick(&CLASSES);
            let row = row_of(
                "pool insutype psn_class psn_types identities grades marks \
                 age_min age_max valid_from",
                &[&pool, &insutype, class, &types, identities, grades, marks, least, most, "2020-01-01"],
            );
            self.add_class(&mut table, row, 0);
        }
        self.versions(&mut table, 20, &mut |pack, first| {
            let mut next = first.clone();
            let class = pack.rng.pick(&CLASSES);
            next.insert("psn_class".to_owned(), class.to_owned());
            next
        });
        table
    }

    /// Gives the row the smallest priority from `from` on that no row one
    /// claim can meet as well has: priorities are shared where they may be.
    fn add_class(&mut self, table: &mut Table, mut row: Rec, from: usize) {
        for priority in from.. {
            let text = priority.to_string();
            let taken = table
                .iter()
                .any(|other| other["priority"] == text && overlap(other, &row) && classes_meet(other, &row));
            if !taken {
                row.insert("priority".to_owned(), text);
                table.push(row);
                return;
            }
        }
    }

    pub fn neighbours(&mut self) -> Table {
        let keys = ["pool", "treat_pool"];
        let mut table = Vec::new();
        for _ in 0..3 {
            let pool = self.pool_cell(5);
            let mut places = self.world.pools.clone();
            places.extend(["310000", "530100", "440100", "360200"]);
            places.sort_unstable();
            places.dedup();
            let treat = match self.rng.weighted(&[35, 25, 25, 15]) {
                0 => (self.rng.pick(&places)).to_owned(),
                1 => self.rng.some_of(&places, 2).join("|"),
                2 => format!("{}0000", &self.rng.pick(&places)[..2]),
                _ => "*".to_owned(),
            };
            let place = self.rng.pick(&PLACES);
            let row = |pool: &str, treat: &str, place: &str| {
                row_of("pool treat_pool place valid_from", &[pool, treat, place, "2020-01-01"])
            };
            let added = self.add(&mut table, &keys, row(&pool, &treat, place));
            // Whether a row also covers the pool's own area is a matter of
            // taste; such rows come with an own-area row that settles it.
            let exact = self.world.pools.contains(&pool.as_str());
            if added && place != "local" && covers_self(self.world, &pool, &treat) {
                table.pop();
                if exact && treat != pool {
                    let own = self.add(&mut table, &keys, row(&pool, &pool, "local"));
                    if own {
                        self.add(&mut table, &keys, row(&pool, &treat, place));
                    }
                }
            }
        }
        self.versions(&mut table, 40, &mut |pack, first| {
            let mut next = first.clone();
            if !covers_self(pack.world, &first["pool"], &first["treat_pool"]) {
                let place = pack.rng.pick(&PLACES);
                next.insert("place".to_owned(), place.to_owned());
            }
            next
        });
        table
    }

    pub fn accounts(&mut self) -> Table {
        let keys = ["pool", "insutype", "psn_class", "med_class"];
        let mut table = Vec::new();
        for i in 0..9 {
            let pool = self.pool_cell(60);
            let insutype = self.cell(&INSUTYPES, 30);
            let class = self.cell(&CLASSES, if i < 3 { 300 } else { 40 });
            let med = self.cell(&MED_CLASSES, if i < 3 { 300 } else { 40 });
            let pays = self.rng.pick(&["none", "in_scope", "in_scope", "all"]);
            let flag = self.rng.pick(&["", "0", "1"]);
            let row = row_of(
                "pool insutype psn_class med_class pays_for uses_flag valid_from",
                &[&pool, &insutype, &class, &med, pays, flag, "2020-01-01"],
            );
            self.add(&mut table, &keys, row);
        }
        self.versions(&mut table, 20, &mut |pack, first| {
            let mut next = first.clone();
            let pays = pack.rng.pick(&["none", "in_scope", "all"]);
            next.insert("pays_for".to_owned(), pays.to_owned());
            next
        });
        table
    }
}

/// Whether some pool of the world meets both cells of a neighbours row.
fn covers_self(world: &World, pool: &str, treat: &str) -> bool {
    let mut pools = world.pools.clone();
    pools.extend(world.places.iter().map(|(_, pool)| *pool));
    pools.iter().any(|own| cells_meet("pool", pool, own) && cells_meet("pool", treat, own))
}

/// Whether one claim can meet both rows of person_classes.csv.
fn classes_meet(a: &Rec, b: &Rec) -> bool {
    let all = ["pool", "insutype", "psn_types", "identities", "grades"];
    let ages = |row: &Rec| {
        let age = |column: &str| row.get(column).and_then(|t| t.parse::<i64>().ok());
        (age("age_min").unwrap_or(0), age("age_max").unwrap_or(999))
    };
    let ((a_min, a_max), (b_min, b_max)) = (ages(a), ages(b));
    all.iter().all(|column| cells_meet(column, &a[*column], &b[*column])) && a_min <= b_max && b_min <= a_max
}
