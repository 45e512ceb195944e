//! Reference tables of a random case, and the spellings of cells.
//!
//! Module paths: this file is `crate::random_people`, a part of
//! `crate::random_claims`.

use crate::random_claims::{FIRST_DAY, INSTITUTIONS, LAST_DAY, Person, Scene};
use crate::random_packs::{csv, day_number, day_text, number_of, row_of, yuan};
use crate::table::{Rec, Table};

/// Columns whose values may arrive as `310.0` or with blanks around them.
const CODED: [&str; 15] = [
    "insutype",
    "psn_type",
    "insuplc_admdvs",
    "mdtrtarea_admvs",
    "hosp_lv",
    "med_type",
    "sp_psn_type",
    "clct_grde",
    "dedc_hosp_lv",
    "out_fil_type",
    "er_flag",
    "acct_used_flag",
    "cvlserv_flag",
    "vali_flag",
    "rloc_admdvs",
];
const DATES: [&str; 6] = ["begndate", "enddate", "brdy", "psn_insu_date", "paus_insu_date", "bnft_begndate"];
impl Scene<'_> {
    /// CSV text in the allowed spellings, columns in any order.
    pub fn sheet(&mut self, columns: &[&str], mut rows: Table) -> String {
        for row in &mut rows {
            for column in columns {
                let text = row.get(*column).cloned().unwrap_or_default();
                row.insert((*column).to_owned(), self.spell(column, &text));
            }
        }
        let mut columns = columns.to_vec();
        if self.rng.chance(60) {
            self.rng.shuffle(&mut columns);
        }
        let upper = self.rng.chance(20);
        let named: Vec<String> =
            columns.iter().map(|c| if upper { c.to_uppercase() } else { (*c).to_owned() }).collect();
        csv(&named, &rows)
    }

    /// One of the spellings of a value.
    fn spell(&mut self, column: &str, text: &str) -> String {
        if text.is_empty() {
            let spellings = ["", "", "", "", "", "", "null", "NULL", "\\N", " "];
            return (self.rng.pick(&spellings)).to_owned();
        }
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        if DATES.contains(&column) && number_like_date(text) {
            return match self.rng.weighted(&[70, 20, 7, 3]) {
                0 => text.to_owned(),
                1 => text.replace('-', ""),
                2 => format!("{text} 00:00:00"),
                _ => format!("{} 00:00:00", text.replace('-', "")),
            };
        }
        if CODED.contains(&column) && digits {
            return match self.rng.weighted(&[92, 4, 1, 3]) {
                0 => text.to_owned(),
                1 => format!("{text}.0"),
                2 => format!("{text}.00"),
                _ => format!(" {text} "),
            };
        }
        if (column.ends_with("amt") || column == "overlmt_selfpay" || column == "balc")
            && text.len() > 3
            && text.contains('.')
        {
            let short = text.strip_suffix('0').unwrap_or(text);
            let short = short.strip_suffix(".0").unwrap_or(short);
            return match self.rng.weighted(&[90, 6, 4]) {
                0 => text.to_owned(),
                1 => short.to_owned(),
                _ => format!("{text}00"),
            };
        }
        text.to_owned()
    }

    /// Any day of the run.
    pub fn day(&mut self) -> i64 {
        self.rng.between(number_of(FIRST_DAY), number_of(LAST_DAY))
    }

    // ------------------------------------------------ persons

    /// A person; `at` makes the number unlike any other.
    pub fn person(&mut self, at: usize) -> Person {
        let insutype = self.rng.pick(&["310", "390"]);
        let types: &[&str] = if insutype == "310" {
            &["11", "1101", "12", "1300", "1101", "13", "11", "1102", "12", "99"]
        } else {
            &["14", "1404", "1501", "15", "1601", "1601", "14", "15", "15", "1602"]
        };
        let birth = match self.rng.weighted(&[70, 12, 8, 10]) {
            // Birthdays in every season, and the one that is not every year.
            0 => {
                let year = self.rng.between(1938, 2020);
                format!("{year}-{:02}-{:02}", self.rng.between(1, 12), self.rng.between(1, 28))
            }
            // Old enough for an age limit on just such a day.
            1 => format!("{}-02-29", self.rng.pick(&[1960, 1964, 1984, 2008, 2020])),
            // Born after some of the visits: age unknown there.
            2 => day_text(self.day()),
            _ => String::new(),
        };
        let mut ill: Vec<i64> = (0..=self.rng.below(4)).map(|_| self.day()).collect();
        if birth.ends_with("-02-29") {
            ill.push(number_of("2024-02-20"));
            ill.push(number_of("2025-02-20"));
        }
        let home = self.rng.pick(&self.world.homes);
        let mut away = Vec::new();
        let near: Vec<&str> = self.world.treat_places.clone();
        let near: Vec<&str> = near.into_iter().filter(|place| place[..2] == home.0[..2] && *place != home.0).collect();
        if !near.is_empty() {
            away.push(self.rng.pick(&near));
        }
        away.push(self.rng.pick(&self.world.treat_places));
        Person {
            number: format!("{}{at:03}", self.rng.pick(&["44", "P", "乙", "p", "00"])),
            home,
            away,
            insutype,
            psn_type: self.rng.pick(types),
            birth,
            identity: self.rng.pick(&["", "", "", "D1", "D2"]),
            grade: self.rng.pick(&["", "1", "2", "3"]),
            ill,
        }
    }

    /// The number of any person.
    pub fn someone(&mut self) -> String {
        let at = self.rng.below(self.persons.len());
        self.persons[at].number.clone()
    }

    /// A claim of the person, or of anybody where there is none.
    fn claim_of(&mut self, number: &str) -> Rec {
        let own = |row: &&Rec| row["psn_no"] == number;
        let rows: Vec<&Rec> = self.rows.iter().filter(own).collect();
        let at = self.rng.below(rows.len().max(1));
        rows.get(at).copied().unwrap_or(&self.rows[0]).clone()
    }

    /// A day of the run, mostly the one on which this visit ends or begins:
    /// where a span begins or ends with it, the day itself decides.
    fn edge_day(&mut self, visit: &Rec) -> i64 {
        let column = self.rng.pick(&["enddate", "enddate", "enddate", "begndate"]);
        let text = &visit[column];
        if number_like_date(text) && text.as_str() < "2026" && self.rng.chance(85) {
            return number_of(text) + self.rng.pick(&[0, 0, -1, 1]);
        }
        self.day()
    }

    /// Such a day of a visit at an institution.
    fn edge_at(&mut self, institution: &str) -> i64 {
        let there = |row: &&Rec| row["fixmedins_code"] == institution;
        let rows: Vec<&Rec> = self.rows.iter().filter(there).collect();
        let at = self.rng.below(rows.len().max(1));
        let visit = rows.get(at).copied().unwrap_or(&self.rows[0]).clone();
        self.edge_day(&visit)
    }

    // ------------------------------------------------ reference tables

    pub fn institutions(&mut self) -> Table {
        let mut table = Vec::new();
        for code in INSTITUTIONS {
            // One to three rows that do not touch, with holes between some.
            let mut from = "2020-01-01".to_owned();
            if self.rng.chance(20) {
                from = day_text(self.edge_at(code).min(number_of("2024-03-01")));
            }
            let cuts = self.rng.weighted(&[60, 30, 10]);
            for cut in 0..=cuts {
                let next = if cut == cuts {
                    self.rng.chance(12).then(|| self.edge_at(code))
                } else {
                    Some(self.edge_at(code))
                };
                let to = next.map(day_text).unwrap_or_default();
                if !to.is_empty() && to < from {
                    break;
                }
                let place = self.rng.pick(&self.world.treat_places);
                table.push(row_of(
                    "fixmedins_code admdvs hosp_lv dedc_hosp_lv inst_class begndate enddate",
                    &[
                        code,
                        place,
                        self.rng.pick(&["", "01", "2", "06", "09", "10", "5"]),
                        self.rng.pick(&["", "", "1", "2", "3", "9"]),
                        self.rng.pick(&["", "", "community", "township", "tcm", "odd"]),
                        if cut == 0 && self.rng.chance(30) { "" } else { &from },
                        &to,
                    ],
                ));
                let Some(next) = next else { break };
                let gap = self.rng.pick(&[1, 1, 60]);
                from = day_text(next + gap);
            }
        }
        table
    }

    pub fn enrolments(&mut self) -> Table {
        let mut table = Vec::new();
        for at in 0..self.persons.len() {
            let (home, insutype) = (self.persons[at].home.0, self.persons[at].insutype);
            let number = self.persons[at].number.clone();
            let visit = self.claim_of(&number);
            let cut = self.edge_day(&visit);
            let later = self.claim_of(&number);
            let begun = self.edge_day(&later).max(cut);
            let cut = cut.min(begun);
            let at = day_text(cut);
            let waits = day_text(begun);
            let mut span = |insutype: &str, from: &str, to: &str, begun: &str| {
                table.push(row_of(
                    "psn_no insutype insuplc_admdvs psn_insu_date paus_insu_date bnft_begndate",
                    &[&number, insutype, home, from, to, begun],
                ));
            };
            match self.rng.weighted(&[68, 13, 9, 8, 2]) {
                0 => span(insutype, "2020-01-01", "", ""),
                1 => {
                    // A break, after which benefits begin late.
                    span(insutype, "", &at, "");
                    span(insutype, &day_text(cut + 30), "", &day_text(begun.max(cut + 30)));
                }
                2 => span(insutype, &at, "", &waits),
                3 => {
                    // Two spans of which only one has begun.
                    span(insutype, "2020-01-01", "", &waits);
                    span(insutype, "2020-01-01", &at, "2020-01-01");
                }
                _ => {}
            }
            if self.rng.chance(75) {
                let other = if insutype == "310" { "390" } else { "310" };
                span(other, "2019-07-01", "", "");
            }
        }
        table
    }

    pub fn filings(&mut self) -> Table {
        let mut table = Vec::new();
        for at in 0..self.persons.len() {
            for _ in 0..self.rng.below(8) {
                // Mostly where a visit was, sometimes anywhere.
                let number = self.persons[at].number.clone();
                let visit = self.claim_of(&number);
                let there = &visit["mdtrtarea_admvs"];
                let six = there.len() == 6 && there.bytes().all(|b| b.is_ascii_digit());
                let place = match self.rng.weighted(&[70, 20, 10]) {
                    0 if six => there.clone(),
                    1 => self.rng.pick(&self.persons[at].away).to_owned(),
                    _ => self.rng.pick(&self.world.treat_places).to_owned(),
                };
                let area = match self.rng.weighted(&[30, 35, 35]) {
                    0 => place.clone(),
                    1 => format!("{}00", &place[..4]),
                    _ => format!("{}0000", &place[..2]),
                };
                // Either it begins some time before a visit, or so that its
                // default months run out about then.
                let edge = self.edge_day(&visit);
                let kinds = [("02", 13), ("07", 3), ("08", 6), ("08", 6), ("10", 12), ("20", 1)];
                let (kind, months) = match self.rng.weighted(&[85, 15]) {
                    0 => self.rng.pick(&kinds),
                    _ => (self.rng.pick(&["11", "77", "10"]), self.rng.pick(&[1, 2, 3])),
                };
                let begin = match self.rng.weighted(&[45, 30, 25]) {
                    0 => day_text(edge - self.rng.pick(&[0, 0, 0, 10, 60, 200])),
                    1 => months_before(edge, months),
                    _ => {
                        // A month that lacks the day of the begin.
                        let short: &[&str] = match months {
                            1 => &["2024-01-31", "2024-01-30", "2025-01-31", "2024-03-31"],
                            6 => &["2024-08-31", "2024-08-30", "2024-08-29", "2023-08-31"],
                            _ => &["2024-02-29", "2023-11-30", "2024-01-31"],
                        };
                        self.rng.pick(short).to_owned()
                    }
                };
                let end = if self.rng.chance(25) { day_text(edge.max(number_of(&begin))) } else { String::new() };
                table.push(row_of(
                    "psn_no out_fil_type rloc_admdvs begndate enddate",
                    &[&self.persons[at].number, kind, &area, &begin, &end],
                ));
            }
        }
        table
    }

    pub fn marks(&mut self) -> Table {
        let mut table = Vec::new();
        for at in 0..self.persons.len() {
            for _ in 0..self.rng.below(4) {
                let mark = self.rng.pick(&["signed", "months36", "cvlserv", "odd", "newborn"]);
                let number = self.persons[at].number.clone();
                let (first, last) = (self.claim_of(&number), self.claim_of(&number));
                let from = self.edge_day(&first);
                let to = self.edge_day(&last).max(from);
                let text = |day: i64, open: bool| if open { String::new() } else { day_text(day) };
                let from = text(from, self.rng.chance(40));
                let to = text(to, self.rng.chance(50));
                table.push(row_of("psn_no mark begndate enddate", &[&self.persons[at].number, mark, &from, &to]));
            }
        }
        table
    }

    pub fn balances(&mut self) -> Table {
        let mut table = Vec::new();
        for at in 0..self.persons.len() {
            let fen = match self.rng.weighted(&[30, 40, 20, 5, 5]) {
                0 => continue,
                1 => self.rng.between(0, 200_000),
                2 => self.rng.between(0, 3_000_000),
                3 => -self.rng.between(1, 100_000),
                _ => 9_999_999_999_999_999,
            };
            let number = self.persons[at].number.clone();
            table.push(row_of("psn_no balc", &[&number, &yuan(fen)]));
        }
        table
    }
}

/// About the same day of the month so many months earlier, so that a filing
/// of that length ends on the day, the day before or the day after.
fn months_before(day: i64, months: i64) -> String {
    let text = day_text(day);
    let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().expect("own date");
    let count = part(0..4) * 12 + part(5..7) - 1 - months;
    // The 28th is in every month; the days beyond it come by adding.
    let first = day_number(count / 12, count % 12 + 1, 1);
    day_text(first + part(8..10) - 1)
}

/// Whether a cell still holds a date the generator wrote, not a fault.
fn number_like_date(text: &str) -> bool {
    let plausible = text.len() == 10 && text.is_char_boundary(4) && text.as_bytes()[4] == b'-';
    plausible && text.bytes().filter(u8::is_ascii_digit).count() == 8
}
