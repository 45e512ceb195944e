//! Random channels, benefits, band sets and layers of a pack.
//!
//! Module paths: this file is `crate::random_benefits`, a part of
//! `crate::random_rules`.

use crate::random_packs::{row_of, yuan};
use crate::random_rules::{CHANNEL_KEYS, CLASSES, FILINGS, INSUTYPES, LAYER_KEYS, MED_CLASSES, PLACES, Pack, TIERS};
use crate::table::{Rec, Table};

impl Pack<'_> {
    // ------------------------------------------------ channels

    pub fn channels(&mut self) -> Table {
        let mut table = Vec::new();
        let dropped = self.rng.chance(60).then(|| self.rng.pick(&[1, 2, 4, 5]));
        for (i, place) in PLACES.iter().cycle().take(6).enumerate() {
            let insutype = if i < 3 { "310" } else { "390" };
            if dropped == Some(i) {
                continue;
            }
            let row = self.channel(["*", insutype, "*", "*", place, "*", "*"].map(str::to_owned));
            table.push(row);
        }
        for _ in 0..38 {
            let keys = self.overlay_keys();
            // A row for everybody everywhere would hide every hole.
            if keys[0] == "*" && keys[4] == "*" && self.rng.chance(85) {
                continue;
            }
            let row = self.channel(keys);
            self.add(&mut table, &CHANNEL_KEYS, row);
        }
        self.versions(&mut table, 15, &mut |pack, first| {
            let keys = CHANNEL_KEYS.map(|column| first[column].clone());
            pack.channel(keys)
        });
        table
    }

    fn overlay_keys(&mut self) -> [String; 7] {
        [
            self.pool_cell(60),
            self.cell(&INSUTYPES, 25),
            self.cell(&CLASSES, 130),
            self.cell(&MED_CLASSES, 40),
            self.cell(&PLACES, 50),
            self.cell(&FILINGS, 90),
            self.cell(&TIERS, 110),
        ]
    }

    fn channel(&mut self, keys: [String; 7]) -> Rec {
        let mut row: Rec = CHANNEL_KEYS.map(str::to_owned).into_iter().zip(keys).collect();
        let mut set = |column: &str, text: &str| {
            row.insert(column.to_owned(), text.to_owned());
        };
        set("valid_from", "2020-01-01");
        let deny = self.rng.chance(6);
        set("decision", if deny { "deny" } else { "allow" });
        if self.rng.chance(15) {
            let amount = self.maybe_money(100, 0, 60_000);
            set("deductible", &amount);
        }
        if self.rng.chance(15) {
            set("deductible_rate", self.rng.pick(&["0.2", "0.05", "0.123456", "1"]));
            let least = self.rng.between(0, 30_000);
            if self.rng.chance(60) {
                set("deductible_min", &yuan(least));
            }
            if self.rng.chance(60) {
                set("deductible_max", &yuan(least + self.rng.between(0, 50_000)));
            }
        }
        if self.rng.chance(20) {
            set("deductible_factor", self.rng.pick(&["2", "1.5", "0.5", "0", "1.123456"]));
        }
        if self.rng.chance(30) {
            set("prepay_rate", self.rng.pick(&["0.1", "0.05", "0.2", "0.123456", "0", "1"]));
            set("prepay_order", self.rng.pick(&["before", "after"]));
        }
        if self.rng.chance(35) {
            let points = ["0.1", "0.05", "-0.05", "-0.3", "0.2", "0.9", "0.000001", "-1"];
            set("rate_points", self.rng.pick(&points));
        }
        if self.rng.chance(30) {
            set("rate_factor", self.rng.pick(&["0.9", "0.8", "0.333333", "0.5", "0", "1"]));
        }
        row
    }

    // ------------------------------------------------ bands and money

    /// Yuan between two numbers of fen, or empty in the other cases. Half of
    /// the amounts are whole yuan.
    pub fn maybe_money(&mut self, percent: usize, low: i64, high: i64) -> String {
        if !self.rng.chance(percent) {
            return String::new();
        }
        let fen = self.rng.between(low, high);
        if self.rng.chance(2) {
            return "0".to_owned();
        }
        if self.rng.chance(50) { (fen / 100).to_string() } else { yuan(fen) }
    }

    /// A band set, new or used before. Those of layers begin at a threshold,
    /// those of benefits mostly at 0.
    fn band_set(&mut self, of_layer: bool) -> String {
        let known: Vec<String> =
            self.band_sets.iter().filter(|(_, layer)| *layer == of_layer).map(|(name, _)| name.clone()).collect();
        if !known.is_empty() && self.rng.chance(25) {
            return self.rng.pick(&known).clone();
        }
        let name = format!("b{:04}", self.band_sets.len());
        let above_zero = self.rng.chance(if of_layer { 65 } else { 20 });
        let mut from = if above_zero {
            let highest = if of_layer { 300_000 } else { 40_000 };
            self.rng.between(1, highest)
        } else {
            0
        };
        for _ in 0..=self.rng.weighted(&[30, 30, 20, 15, 5]) {
            let rate = self.rate();
            let note = if self.rng.chance(3) { "two\nlines, \"quoted\"" } else { "" };
            let row = row_of(
                "rule_id band_set from_amount rate note",
                &[&format!("bd{:05}", self.bands.len()), &name, &yuan(from), &rate, note],
            );
            self.bands.push(row);
            from += match self.rng.weighted(&[40, 50, 10]) {
                0 => self.rng.between(1, 60_000),
                1 => self.rng.between(10_000, 1_000_000),
                _ => self.rng.between(100, 500_000_000_000),
            };
        }
        self.band_sets.push((name.clone(), of_layer));
        name
    }

    fn rate(&mut self) -> String {
        match self.rng.weighted(&[40, 25, 20, 5, 10]) {
            0 => format!("0.{:02}", self.rng.between(30, 99)),
            1 => format!("0.{:06}", self.rng.between(0, 999_999)),
            2 => (self.rng.pick(&["0.5", "0.25", "0.125", "0.75"])).to_owned(),
            3 => "0".to_owned(),
            _ => "1".to_owned(),
        }
    }

    // ------------------------------------------------ benefits

    pub fn benefits(&mut self) -> Table {
        let mut table = Vec::new();
        for insutype in INSUTYPES {
            for class in MED_CLASSES {
                if self.rng.chance(15) {
                    continue;
                }
                let keys = ["*", insutype, "*", class, "*", "*", "*"];
                let row = self.benefit(keys.map(str::to_owned));
                table.push(row);
            }
        }
        for _ in 0..48 {
            let keys = self.overlay_keys();
            if keys[0] == "*" && keys[3] == "*" && self.rng.chance(85) {
                continue;
            }
            let row = self.benefit(keys);
            self.add(&mut table, &CHANNEL_KEYS, row);
        }
        self.versions(&mut table, 25, &mut |pack, first| {
            let keys = CHANNEL_KEYS.map(|column| first[column].clone());
            let mut next = pack.benefit(keys);
            for kept in ["accumulator", "deductible_accumulator"] {
                next.insert(kept.to_owned(), first[kept].clone());
            }
            next
        });
        table
    }

    fn benefit(&mut self, keys: [String; 7]) -> Rec {
        // Amounts fit the visits: small for pharmacies, large for stays.
        let stay = ["inpatient", "dayward", "*"].iter().any(|w| keys[3].contains(w));
        let unit = if stay { 90_000 } else { 8_000 };
        let mut row: Rec = CHANNEL_KEYS.map(str::to_owned).into_iter().zip(keys).collect();
        let accumulator = self.rng.pick(&["shared", "stay", "visit", "shared"]);
        let of_deductible = self.rng.pick(&["", "", "", "shared", "stay", "dedc"]);
        let basis = self.rng.pick(&["none", "visit", "visit", "visit", "year", "year"]);
        let bands = ["visit_net", "visit_gross", "year_net", "year_gross"];
        let band_basis = self.rng.pick(&bands);
        let mut set = |column: &str, text: String| {
            row.insert(column.to_owned(), text);
        };
        set("valid_from", "2020-01-01".to_owned());
        set("accumulator", accumulator.to_owned());
        set("deductible_accumulator", of_deductible.to_owned());
        set("deductible_basis", basis.to_owned());
        set("band_basis", band_basis.to_owned());
        set("band_set", self.band_set(false));
        if basis != "none" || self.rng.chance(10) {
            let up_to = if self.rng.chance(60) { 8 } else { 3 };
            for n in 1..=up_to {
                let filled = if n == 1 { 92 } else { 55 };
                let amount = self.maybe_money(filled, 0, unit);
                set(&format!("deductible_{n}"), amount);
            }
        }
        set("deductible_cap_year", self.maybe_money(25, 0, 3 * unit));
        set("base_cap_visit", self.maybe_money(15, unit / 2, 12 * unit));
        set("base_cap_month", self.maybe_money(15, 2 * unit, 25 * unit));
        set("base_cap_year", self.maybe_money(15, 4 * unit, 60 * unit));
        set("pay_cap_visit", self.maybe_money(15, unit / 2, 10 * unit));
        set("pay_cap_month", self.maybe_money(15, 2 * unit, 20 * unit));
        set("pay_cap_year", self.maybe_money(20, 3 * unit, 50 * unit));
        set("fund_cap_year", self.maybe_money(15, 3 * unit, 60 * unit));
        let over_cap_as = self.rng.pick(&["", "payment", "expense", "expense"]);
        set("over_cap_as", over_cap_as.to_owned());
        if self.rng.chance(25) {
            let floor = self.rng.pick(&["0.3", "0.5", "0.7", "0.456789", "1", "0"]);
            set("floor_rate", floor.to_owned());
        }
        let counts = self.rng.chance(75);
        set("counts_to_fund_cap", if counts { "1" } else { "0" }.to_owned());
        row
    }

    // ------------------------------------------------ layers

    pub fn layers(&mut self) -> Table {
        // Some packs number their layers with holes, and beyond nine, where
        // the order of numbers is not the order of bytes.
        let numbers = if self.rng.chance(15) { [1, 2, 5, 12] } else { [1, 2, 3, 4] };
        let mut table = Vec::new();
        let used = self.rng.weighted(&[3, 15, 27, 30, 25]);
        for at in 0..used {
            for i in 0..=2 * self.rng.below(4) {
                let any = if i == 0 { 2000 } else { 60 };
                let keys = [
                    self.pool_cell(any),
                    self.cell(&INSUTYPES, any),
                    self.cell(&CLASSES, any),
                    self.cell(&MED_CLASSES, any),
                    self.cell(&PLACES, 2 * any),
                    self.cell(&FILINGS, 2 * any),
                    numbers[at].to_string(),
                ];
                let row = self.layer(keys, &numbers[..at]);
                self.add(&mut table, &LAYER_KEYS, row);
            }
        }
        self.versions(&mut table, 25, &mut |pack, first| {
            let keys = LAYER_KEYS.map(|column| first[column].clone());
            let number: usize = keys[6].parse().expect("own layer number");
            let earlier: Vec<usize> = numbers.into_iter().filter(|n| *n < number).collect();
            pack.layer(keys, &earlier)
        });
        table
    }

    fn layer(&mut self, keys: [String; 7], earlier: &[usize]) -> Rec {
        let mut row: Rec = LAYER_KEYS.map(str::to_owned).into_iter().zip(keys).collect();
        let payers = ["hifob_pay", "hifmi_pay", "hifes_pay", "cvlserv_pay", "maf_pay", "oth_pay"];
        let parts = ["deductible", "coinsurance", "over_base", "over_cap", "prepay", "preselfpay"];
        let count = 1 + self.rng.below(6);
        let mut included = self.rng.some_of(&parts, count);
        if self.rng.chance(50) && !included.contains(&"coinsurance") {
            included.push("coinsurance");
        }
        let minus = match self.rng.weighted(&[45, 25, 30]) {
            1 => "none".to_owned(),
            2 if !earlier.is_empty() => {
                let words: Vec<String> = earlier.iter().map(usize::to_string).collect();
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let count = 1 + self.rng.below(words.len());
                self.rng.some_of(&words, count).join("|")
            }
            _ => String::new(),
        };
        let mut set = |column: &str, text: String| {
            row.insert(column.to_owned(), text);
        };
        set("valid_from", "2020-01-01".to_owned());
        set("payer", (self.rng.pick(&payers)).to_owned());
        set("includes", included.join("|"));
        set("minus", minus);
        set("band_basis", (self.rng.pick(&["visit", "year"])).to_owned());
        set("band_set", self.band_set(true));
        set("pay_cap_visit", self.maybe_money(25, 5_000, 300_000));
        set("pay_cap_year", self.maybe_money(35, 20_000, 1_500_000));
        row
    }
}
