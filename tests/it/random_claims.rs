//! Random claims and reference tables for a pack, in every spelling the spec
//! allows, with every fault it names.
//!
//! Module paths: this file is `crate::random_claims`, a part of
//! `crate::random_packs`.

use std::collections::BTreeMap;

use crate::random_packs::{Rng, World, day_text, number_of, rec, yuan};
use crate::random_rules::CHANGES;
use crate::table::{Rec, Table};

/// Everything in a claims file, required columns first.
const REQUIRED: &str = "\
     setl_id psn_no insutype psn_type insuplc_admdvs mdtrtarea_admvs fixmedins_code \
     med_type enddate setl_time medfee_sumamt fulamt_ownpay_amt overlmt_selfpay \
     preselfpay_amt inscp_scp_amt";
const OPTIONAL: &str = "\
     hosp_lv begndate brdy sp_psn_type clct_grde dedc_hosp_lv out_fil_type er_flag \
     refd_setl_flag init_setl_id dise_codg acct_used_flag cvlserv_flag flxempe_flag \
     nwb_flag hosp_part_amt vali_flag hifp_pay psn_cash_pay remark_of_the_vendor";
const PARTS: [&str; 4] = ["fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"];
pub const INSTITUTIONS: [&str; 14] =
    ["H01", "H02", "H03", "H04", "H05", "H06", "H07", "H08", "H09", "H10", "H11", "H12", "P01", "P02"];
/// Days of claims run over more than two benefit years.
pub const FIRST_DAY: &str = "2023-10-05";
pub const LAST_DAY: &str = "2025-06-25";

pub struct Person {
    pub number: String,
    pub home: (&'static str, &'static str),
    pub insutype: &'static str,
    pub psn_type: &'static str,
    pub birth: String,
    pub identity: &'static str,
    pub grade: &'static str,
    /// Where the person goes, and so files for.
    pub away: Vec<&'static str>,
    /// Months the person is ill in; a few, so that monthly caps are met.
    pub ill: Vec<i64>,
}

pub struct Scene<'a> {
    pub rng: &'a mut Rng,
    pub world: &'a World,
    pub persons: Vec<Person>,
    pub rows: Table,
    ids: usize,
}

/// Adds claims and reference tables to `files`.
pub fn write(rng: &mut Rng, world: &World, claims: usize, files: &mut BTreeMap<String, String>) {
    let mut scene = Scene { rng, world, persons: Vec::new(), rows: Vec::new(), ids: 0 };
    for i in 0..=claims / 16 {
        let person = scene.person(i);
        scene.persons.push(person);
    }
    let special = claims * 14 / 100;
    while scene.rows.len() < claims - special {
        let row = scene.claim();
        scene.rows.push(row);
    }
    while scene.rows.len() < claims {
        scene.special();
    }
    scene.faults();
    let institutions = "fixmedins_code admdvs hosp_lv dedc_hosp_lv inst_class begndate enddate";
    let enrolments = "psn_no insutype insuplc_admdvs psn_insu_date paus_insu_date bnft_begndate";
    let filings = "psn_no out_fil_type rloc_admdvs begndate enddate";
    let references = [
        ("institutions.csv", institutions, scene.institutions(), 90),
        ("enrolments.csv", enrolments, scene.enrolments(), 85),
        ("filings.csv", filings, scene.filings(), 85),
        ("marks.csv", "psn_no mark begndate enddate", scene.marks(), 85),
        ("balances.csv", "psn_no balc", scene.balances(), 90),
    ];
    for (path, columns, rows, percent) in references {
        // A missing table switches its gate off.
        if scene.rng.chance(percent) {
            let columns: Vec<&str> = columns.split_whitespace().collect();
            files.insert(path.to_owned(), scene.sheet(&columns, rows));
        }
    }
    let mut columns: Vec<&str> = REQUIRED.split_whitespace().collect();
    // Now and then a file lacks one of the optional columns.
    let optional: Vec<&str> = OPTIONAL.split_whitespace().collect();
    let without = scene.rng.chance(15).then(|| scene.rng.pick(&optional));
    let kept = |name: &&str| Some(*name) != without || *name == "init_setl_id";
    columns.extend(optional.iter().copied().filter(kept));
    let mut rows = std::mem::take(&mut scene.rows);
    if scene.rng.chance(70) {
        scene.rng.shuffle(&mut rows);
    }
    files.insert("claims.csv".to_owned(), scene.sheet(&columns, rows));
}

impl Scene<'_> {
    fn id(&mut self) -> String {
        self.ids += 1;
        // Lengths and letters differ so that byte order is not number order.
        match self.rng.weighted(&[60, 15, 15, 10]) {
            0 => self.ids.to_string(),
            1 => format!("S{}", self.ids),
            2 => format!("s{:06}", self.ids),
            _ => format!("{:012}x", self.ids),
        }
    }

    // ------------------------------------------------ ordinary claims

    fn claim(&mut self) -> Rec {
        // A few people are ill again and again, so that admissions add up.
        let often = self.rng.chance(35);
        let at = match often {
            true => self.rng.below(self.persons.len().min(2)),
            false => self.rng.below(self.persons.len()),
        };
        let ill = self.rng.pick(&self.persons[at].ill);
        let birth = self.persons[at].birth.clone();
        let end = match self.rng.weighted(&[48, 28, 11, 7, 6]) {
            0 => ill + self.rng.between(0, 25),
            1 => self.day(),
            // On the days rules change, and around them.
            2 => number_of(self.rng.pick(&CHANGES)) - self.rng.between(0, 1),
            // Where filings of so many months end.
            4 => {
                let ends = ["2024-02-28", "2024-02-29", "2025-02-27", "2025-02-28", "2024-04-29", "2024-04-30"];
                number_of(self.rng.pick(&ends))
            }
            // Around the birthday, also where the year has none.
            _ if birth.ends_with("-02-29") => {
                let days = ["2024-02-28", "2024-02-29", "2025-02-28", "2025-03-01"];
                number_of(self.rng.pick(&days))
            }
            _ => {
                let day = birth.get(4..).unwrap_or("-03-01");
                number_of(&format!("2024{day}")) - self.rng.between(0, 1)
            }
        };
        let person = &self.persons[at];
        let treat = match self.rng.weighted(&[40, 50, 10]) {
            0 => person.home.0,
            1 => self.rng.pick(&person.away),
            _ => self.rng.pick(&self.world.treat_places),
        };
        let stays = ["21", "21", "21", "2106", "24", "22"];
        let visits = [
            "11", "11", "110101", "13", "14", "14", "41", "11", "1102", "12", "35", "11", "13", "14", "41", "110101",
            "11", "41",
        ];
        let med = if often || self.rng.chance(45) { self.rng.pick(&stays) } else { self.rng.pick(&visits) };
        let stay = med.starts_with('2');
        let begin = if stay { end - self.rng.between(0, 40) } else { end };
        let settled = end
            + match self.rng.weighted(&[60, 30, 10]) {
                0 => 0,
                1 => self.rng.between(1, 5),
                _ => self.rng.between(30, 420),
            };
        let clock = self.rng.between(0, 86_399);
        let time = match self.rng.weighted(&[85, 15]) {
            0 => clock_text(settled, clock),
            _ => day_text(settled),
        };
        let begin = if self.rng.chance(25) { String::new() } else { day_text(begin) };
        let id = self.id();
        let insutype = self.persons[at].insutype;
        let other = if insutype == "310" { "390" } else { "310" };
        let insutype = match self.rng.weighted(&[94, 4, 2]) {
            0 => insutype,
            1 => other,
            _ => "510",
        };
        let home = match self.rng.weighted(&[95, 5]) {
            0 => self.persons[at].home.0,
            _ => self.rng.pick(&self.world.homes).0,
        };
        let diseases = ["", "", "", "M00503", "M03900", "M07803", "M08300", "M01600"];
        let disease = if med == "14" || self.rng.chance(25) { self.rng.pick(&diseases) } else { "" };
        let institution = match self.rng.weighted(&[96, 4]) {
            0 => self.rng.pick(&INSTITUTIONS),
            _ => "H99",
        };
        let grades = ["", "", "01", "1", "3", "05", "06", "07", "08", "10", "11", "12"];
        let mut row = rec(&[
            ("setl_id", &id),
            ("psn_no", &self.persons[at].number),
            ("insutype", insutype),
            ("psn_type", self.persons[at].psn_type),
            ("insuplc_admdvs", home),
            ("mdtrtarea_admvs", treat),
            ("fixmedins_code", institution),
            ("med_type", med),
            ("begndate", &begin),
            ("enddate", &day_text(end)),
            ("setl_time", &time),
            ("hosp_lv", self.rng.pick(&grades)),
            ("dise_codg", disease),
            ("sp_psn_type", self.persons[at].identity),
            ("clct_grde", self.persons[at].grade),
            ("dedc_hosp_lv", self.rng.pick(&["", "", "", "1", "2", "3", "7"])),
            ("out_fil_type", self.rng.pick(&["", "", "02", "08", "10", "11", "77"])),
            ("er_flag", self.rng.pick(&["", "", "", "0", "0", "0", "", "1"])),
            ("refd_setl_flag", "0"),
            ("acct_used_flag", self.rng.pick(&["", "1", "1", "0"])),
            ("cvlserv_flag", self.rng.pick(&["", "", "0", "0", "1"])),
            ("flxempe_flag", self.rng.pick(&["", "", "", "0", "1"])),
            ("nwb_flag", self.rng.pick(&["", "", "", "0", "1"])),
            ("vali_flag", self.rng.pick(&["", "", "", "1"])),
            ("hifp_pay", self.rng.pick(&["", "0.00", "12.50", "-3.00"])),
            ("remark_of_the_vendor", self.rng.pick(&["", "门诊, 急", "a \"b\"", "two, lines"])),
        ]);
        let birth = &self.persons[at].birth;
        row.insert("brdy".to_owned(), birth.clone());
        self.amounts(&mut row, stay);
        row
    }

    /// T and its four parts, and the hospital's part.
    fn amounts(&mut self, row: &mut Rec, stay: bool) {
        let unit = if stay { 4_000_000 } else { 250_000 };
        let in_scope = match self.rng.weighted(&[62, 25, 7, 4, 2]) {
            0 => self.rng.between(0, unit / 6),
            1 => self.rng.between(unit / 10, unit),
            2 => self.rng.between(0, 200),
            3 => 100 * self.rng.between(0, unit / 100),
            _ => self.rng.pick(&[5_000_000_000, 123_456_789_012_345, 9_999_999_999_999_999]),
        };
        let huge = in_scope > 1_000_000_000_000_000;
        let mut part = |low: i64| match self.rng.weighted(&[45, 55]) {
            _ if huge => 0,
            0 => 0,
            _ => self.rng.between(0, 1 + (in_scope + low) / 6),
        };
        let parts = [part(0), part(0), part(500), in_scope];
        let total: i64 = parts.iter().sum();
        set_amounts(row, total, parts);
        let hosp = match self.rng.weighted(&[85, 10, 3, 2]) {
            0 => None,
            1 => Some(self.rng.between(0, 1 + total / 50)),
            2 => Some(self.rng.between(0, total)),
            _ => Some((total + self.rng.between(0, 100)).min(9_999_999_999_999_999)),
        };
        let hosp = hosp.map(yuan).unwrap_or_default();
        row.insert("hosp_part_amt".to_owned(), hosp);
    }

    // ------------------------------------------------ claims about claims

    /// A reversal, a settlement of the same second, or a duplicate.
    fn special(&mut self) {
        let original = self.rng.pick(&self.rows).clone();
        match self.rng.weighted(&[60, 20, 20]) {
            0 => self.reversal(&original),
            1 => {
                let mut row = self.claim();
                let same = "psn_no insutype insuplc_admdvs psn_type brdy setl_time enddate";
                for same in same.split(' ') {
                    row.insert(same.to_owned(), original[same].clone());
                }
                row.insert("begndate".to_owned(), String::new());
                if original["setl_time"].len() == 10 && self.rng.chance(50) {
                    let midnight = format!("{} 00:00:00", original["setl_time"]);
                    row.insert("setl_time".to_owned(), midnight);
                }
                self.rows.push(row);
            }
            _ => {
                let mut row = original.clone();
                if self.rng.chance(50) {
                    row = self.claim();
                }
                for same in ["setl_id", "psn_no"] {
                    row.insert(same.to_owned(), original[same].clone());
                }
                if self.rng.chance(10) {
                    // The same number under another person is no duplicate.
                    let person = self.someone();
                    row.insert("psn_no".to_owned(), person);
                }
                self.rows.push(row);
            }
        }
    }

    fn reversal(&mut self, original: &Rec) {
        let mut row = original.clone();
        let mut set = |column: &str, text: String| {
            row.insert(column.to_owned(), text);
        };
        let id = self.id();
        set("setl_id", id);
        set("refd_setl_flag", "1".to_owned());
        set("init_setl_id", original["setl_id"].clone());
        for column in ["medfee_sumamt", "hosp_part_amt"].iter().chain(&PARTS) {
            set(column, minus(&original[*column]));
        }
        let day = number_of(&original["setl_time"]);
        let later = day + self.rng.between(0, 60);
        set("setl_time", clock_text(later, self.rng.between(0, 86_399)));
        match self.rng.weighted(&[60, 8, 7, 5, 4, 3, 3, 6, 10]) {
            1 => {
                // In balance, but not the original's amounts.
                let wrong = self.rng.between(1, 500_000);
                set_amounts(&mut row, -wrong, [0, 0, 0, -wrong]);
            }
            2 => {
                let insutype = if original["insutype"] == "310" { "390" } else { "310" };
                set("insutype", insutype.to_owned());
            }
            3 => {
                let home = self.rng.pick(&self.world.homes).0;
                set("insuplc_admdvs", home.to_owned());
            }
            4 => {
                // Before its original; its own dates must still be in order.
                let end = number_of(&original["enddate"]);
                let before = end + self.rng.between(0, (day - end).max(0));
                set("setl_time", day_text(before));
            }
            5 => set("init_setl_id", "NOSUCH".to_owned()),
            6 => set("psn_no", self.someone()),
            7 => {
                // Its own visit data do not matter, its dates need not agree.
                set("enddate", day_text(day));
                set("begndate", String::new());
                set("med_type", "35".to_owned());
                set("mdtrtarea_admvs", "820000".to_owned());
                set("hosp_part_amt", "7.77".to_owned());
            }
            8 => {
                // A second one, which comes too late if the first is good.
                let mut again = row.clone();
                let id = self.id();
                again.insert("setl_id".to_owned(), id);
                let later = later + self.rng.between(1, 9);
                again.insert("setl_time".to_owned(), clock_text(later, 3_600));
                if self.rng.chance(30) {
                    set_amounts(&mut again, -100, [-100, 0, 0, 0]);
                }
                self.rows.push(again);
            }
            _ => {}
        }
        self.rows.push(row);
    }

    /// Spoils a few rows in each of the ways that get a row rejected, some in
    /// more than one.
    fn faults(&mut self) {
        for at in 0..self.rows.len() {
            for _ in 0..self.rng.weighted(&[935, 50, 15]) {
                self.fault(at);
            }
        }
    }

    fn fault(&mut self, at: usize) {
        let amounts = ["medfee_sumamt", "overlmt_selfpay", "inscp_scp_amt"];
        let (column, text) = match self.rng.weighted(&[10, 14, 10, 14, 12, 6, 8, 8, 6, 6]) {
            0 => ("vali_flag", self.rng.pick(&["0", "2", "X"])),
            1 => {
                let dates = ["2024-02-30", "2023-02-29", "2024/03/01", "20241301", "2024-3-1", "x"];
                let column = self.rng.pick(&["begndate", "enddate", "brdy", "setl_time"]);
                (column, self.rng.pick(&dates))
            }
            2 => {
                let times = ["2024-03-01 25:00:00", "2024-03-01 10:00", "2024-03-01T10:00:00"];
                ("setl_time", self.rng.pick(&times))
            }
            3 => {
                let bad = ["12x.3", "1,000.00", "1e3", "1.005", "--1", "12.3.4", "NaN", "1 000"];
                let columns = ["hosp_part_amt", "hifp_pay", "psn_cash_pay"];
                let column = self.rng.pick(&[&amounts[..], &columns].concat());
                (column, self.rng.pick(&bad))
            }
            4 => {
                let columns: Vec<&'static str> = REQUIRED.split_whitespace().collect();
                (self.rng.pick(&columns), "")
            }
            5 => {
                let column = self.rng.pick(&["insuplc_admdvs", "mdtrtarea_admvs"]);
                (column, self.rng.pick(&["4401", "4401001", "44O100", "CN4401"]))
            }
            6 => (self.rng.pick(&amounts), "123.45"),
            7 => {
                if self.rng.chance(50) {
                    ("hosp_part_amt", "-0.01")
                } else {
                    let row = &mut self.rows[at];
                    set_amounts(row, -100, [0, 0, 0, -100]);
                    ("overlmt_selfpay", "-0.00")
                }
            }
            8 => ("begndate", "2025-12-31"),
            _ => ("enddate", "2026-12-31"),
        };
        self.rows[at].insert(column.to_owned(), text.to_owned());
    }
}

fn set_amounts(row: &mut Rec, total: i64, parts: [i64; 4]) {
    row.insert("medfee_sumamt".to_owned(), yuan(total));
    for (column, fen) in PARTS.iter().zip(parts) {
        row.insert((*column).to_owned(), yuan(fen));
    }
}

/// The text with its sign turned.
fn minus(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(positive) => positive.to_owned(),
        None if text.is_empty() => String::new(),
        None => format!("-{text}"),
    }
}

fn clock_text(day: i64, second: i64) -> String {
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{} {hour:02}:{minute:02}:{:02}", day_text(day), second % 60)
}
