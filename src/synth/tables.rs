//! The reference tables as CSV lines.

use super::World;
use super::cells::{Days, put_fen};
use super::persons::{Person, Record};
use super::places::{Places, put_digits};
use crate::model::date::Date;
use crate::model::place::Admdvs;

/// A table by person: its file, its header.
pub(super) const BY_PERSON: [(&str, &str); 4] = [
    ("enrolments.csv", "psn_no,insutype,insuplc_admdvs,psn_insu_date,paus_insu_date,bnft_begndate\n"),
    ("filings.csv", "psn_no,out_fil_type,rloc_admdvs,begndate,enddate\n"),
    ("marks.csv", "psn_no,mark,begndate,enddate\n"),
    ("accounts.csv", "psn_no,balc\n"),
];

/// Lines of the tables by person, in the order of [`BY_PERSON`].
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// Lines.
    pub(super) lines: [Vec<u8>; 4],
    /// How many.
    pub(super) counts: [u64; 4],
}

impl Tables {
    /// Appends what is known of a person.
    pub(super) fn add(&mut self, world: &World, who: &Person, record: &Record) {
        let days = Days::new();
        let vocab = &world.rules.book.vocab;
        let [enrolments, filings, marks, accounts] = &mut self.lines;
        for span in &record.enrolments {
            begin(enrolments, who);
            enrolments.extend_from_slice(vocab.insutype.word(span.insutype.sym()).as_bytes());
            enrolments.push(b',');
            let own_pool = world.rules.book.pool_of(who.insured) == span.pool;
            put_place(enrolments, if own_pool { who.insured } else { span.pool });
            put_days(days, enrolments, &[span.from, span.to, span.benefits_from]);
        }
        for filing in &record.filings {
            begin(filings, who);
            filings.extend_from_slice(vocab.filing_type.word(filing.filing_type).as_bytes());
            filings.push(b',');
            put_place(filings, filing.area);
            put_days(days, filings, &[filing.from, filing.to.unwrap_or(Date::MAX)]);
        }
        for mark in &record.marks {
            begin(marks, who);
            marks.extend_from_slice(vocab.mark.word(mark.mark).as_bytes());
            put_days(days, marks, &[mark.from, mark.to]);
        }
        if let Some(balance) = record.balance {
            begin(accounts, who);
            put_fen(accounts, balance);
            accounts.push(b'\n');
        }
        let rows =
            [record.enrolments.len(), record.filings.len(), record.marks.len(), usize::from(record.balance.is_some())];
        self.counts.iter_mut().zip(rows).for_each(|(count, rows)| *count += rows as u64);
    }
}

fn begin(line: &mut Vec<u8>, who: &Person) {
    line.extend_from_slice(&who.number);
    line.push(b',');
}

fn put_place(line: &mut Vec<u8>, place: Admdvs) {
    let mut text = [0; 6];
    put_digits(&mut text, u64::from(place.0));
    line.extend_from_slice(&text);
}

/// Appends days, each behind a comma, and ends the line.
fn put_days(days: Days, line: &mut Vec<u8>, list: &[Date]) {
    for &day in list {
        line.push(b',');
        days.put(line, day);
    }
    line.push(b'\n');
}

/// `institutions.csv`: its text, and how many lines follow the header.
pub(super) fn institutions(places: &Places) -> (Vec<u8>, u64) {
    let days = Days::new();
    let mut text = b"fixmedins_code,admdvs,hosp_lv,dedc_hosp_lv,inst_class,begndate,enddate\n".to_vec();
    let mut count = 0;
    for (number, known) in places.institutions.iter().enumerate() {
        let code = places.code(number as u32, Admdvs(0));
        for period in places.periods(known) {
            let level = &places.levels[usize::from(known.level_on(period.from))];
            text.extend_from_slice(&code);
            text.push(b',');
            put_place(&mut text, places.places[usize::from(known.place)].code);
            for word in [level.hosp_lv, level.dedc_hosp_lv, level.inst_class.as_str()] {
                text.push(b',');
                text.extend_from_slice(word.as_bytes());
            }
            put_days(days, &mut text, &[period.from, period.to]);
            count += 1;
        }
    }
    (text, count)
}
