//! Reference tables: institutions, enrolments, filings, marks, balances of personal accounts.
//!
//! Unlike a bad claim, a bad row here is an error: the run does not start, because every gate that turns on the
//! table would give wrong answers. All errors are collected, each with file, line, column, value and what was
//! expected. Rows of persons that the claims do not have are checked and dropped.

use hashbrown::HashMap;

use super::check::hosp_lv;
use super::columns::{ACCOUNTS, ENROLMENTS, FILINGS, INSTITUTIONS, MARKS, Table, location};
use super::error::IngestError;
use super::open::InputFile;
use super::paths::InputPath;
use super::pipeline::ReadOptions;
use super::reference_rows::{Parse, read_table};
use crate::diagnostic::{Diagnostic, Text};
use crate::model::date::Date;
use crate::model::place::Admdvs;
use crate::model::reference::{AccountBalance, Enrolment, FilingRecord, InstitutionPeriod, Institutions, Mark};
use crate::model::settlement::Insutype;
use crate::rules::vocabulary::Vocabularies;

/// What the run knows a `psn_no` by, or `None` where it is not asked about that person.
pub type Lookup<'a, P> = &'a (dyn Fn(&[u8]) -> Option<P> + Sync);

/// Takes what is told about a person, in file order.
pub type Take<'a, P, T> = &'a mut dyn FnMut(P, T);

/// What a reader gives to its taker, all in memory, and what it returns.
///
/// # Errors
/// Of the reader.
pub fn gathered<P, T, R, E>(read: impl FnOnce(Take<'_, P, T>) -> Result<R, E>) -> Result<(Vec<(P, T)>, R), E> {
    let mut rows = Vec::new();
    let read = read(&mut |person, row| rows.push((person, row)))?;
    Ok((rows, read))
}

/// Where an institution's earlier periods stand: first day, last day, number of the file, line.
type Periods = Vec<(Date, Date, u32, u64)>;

/// Reads the institutions.
///
/// # Errors
/// [`IngestError::Rejected`] for bad rows and for two rows of one institution that are open on one day; what
/// the files run into; cancellation.
pub fn read_institutions(
    files: &[InputPath],
    vocab: &Vocabularies,
    options: &ReadOptions<'_>,
) -> Result<(Institutions, Vec<InputFile>), IngestError> {
    let table = &*INSTITUTIONS;
    let [code, level, deductible_level, class, begin, end] =
        ["fixmedins_code", "hosp_lv", "dedc_hosp_lv", "inst_class", "begndate", "enddate"]
            .map(|name| table.index(name));
    let mut institutions = Institutions::default();
    let mut seen: HashMap<Box<[u8]>, Periods> = HashMap::new();
    let inputs = read_table(
        files,
        table,
        options,
        &|row| {
            let code: Box<[u8]> = row.text(code).into();
            let period = InstitutionPeriod {
                from: row.date(begin).unwrap_or(Date::MIN),
                to: row.date(end).unwrap_or(Date::MAX),
                hosp_lv: hosp_lv(&vocab.level, row.text(level)),
                dedc_hosp_lv: vocab.level.find(row.text(deductible_level)),
                inst_class: vocab.level.find(row.text(class)),
            };
            // A period that ends before it begins holds no day: it opens nothing and meets no other.
            (!code.is_empty() && period.from <= period.to).then_some((code, period))
        },
        &mut |file, line, (code, period), problems| {
            let earlier = seen.entry_ref(&*code).or_default();
            if !institutions.add(&code, period) {
                let meets = |&&(from, to, ..): &&(Date, Date, u32, u64)| period.from <= to && from <= period.to;
                let (other_file, other_line) =
                    earlier.iter().find(meets).map_or((file, 0), |&(.., file, line)| (file, line));
                let shown = &files[other_file as usize].shown;
                let name = String::from_utf8_lossy(&code);
                let message = Text::new(
                    format!("`{name}` is open on a day on which the row at {shown}:{other_line} is open too"),
                    format!("`{name}` 与 {shown}:{other_line} 的有效期重叠"),
                );
                let hint = Text::new(
                    "end the earlier period the day before the later one begins",
                    "请将前一有效期截止到后一有效期开始的前一天",
                );
                let at = location(&files[file as usize].shown, line, 0, "fixmedins_code");
                problems.push(Diagnostic::error("I-OVERLAP", at, message).hint(hint));
            }
            earlier.push((period.from, period.to, file, line));
        },
    )?;
    Ok((institutions, inputs))
}

/// Reads a table whose rows each tell one thing about one person: what `parse` makes of the rows of the run's
/// persons, in file order. The rows of others are checked all the same.
fn read_by_person<P: Send, T: Send>(
    files: &[InputPath],
    table: &'static Table,
    lookup: Lookup<'_, P>,
    options: &ReadOptions<'_>,
    parse: Parse<'_, T>,
    take: Take<'_, P, T>,
) -> Result<Vec<InputFile>, IngestError> {
    let person = table.index("psn_no");
    read_table(
        files,
        table,
        options,
        &|row| {
            let number = lookup(row.text(person));
            let told = parse(row);
            number.zip(told)
        },
        &mut |_, _, (person, row), _| take(person, row),
    )
}

/// Reads the enrolments of the run's persons, in file order.
///
/// `pool` gives the pool of a place code, `insutype` the number of an insurance type.
///
/// # Errors
/// [`IngestError::Rejected`] for bad rows; what the files run into; cancellation.
pub fn read_enrolments<P: Send>(
    files: &[InputPath],
    lookup: Lookup<'_, P>,
    pool: &(dyn Fn(Admdvs) -> Admdvs + Sync),
    insutype: &(dyn Fn(&str) -> Insutype + Sync),
    options: &ReadOptions<'_>,
    take: Take<'_, P, Enrolment>,
) -> Result<Vec<InputFile>, IngestError> {
    let table = &*ENROLMENTS;
    let [kind, place, begin, end, benefits] =
        ["insutype", "insuplc_admdvs", "psn_insu_date", "paus_insu_date", "bnft_begndate"]
            .map(|name| table.index(name));
    read_by_person(
        files,
        table,
        lookup,
        options,
        &|row| {
            let kind = row.text(kind);
            let place = row.place(place);
            let (from, to, benefits_from) = (row.date(begin), row.date(end), row.date(benefits));
            Some(Enrolment {
                insutype: insutype(&String::from_utf8_lossy(kind)),
                pool: pool(place?),
                from: from.unwrap_or(Date::MIN),
                to: to.unwrap_or(Date::MAX),
                benefits_from: benefits_from.unwrap_or(Date::MIN),
            })
        },
        take,
    )
}

/// Reads the filings of the run's persons, in file order.
///
/// # Errors
/// [`IngestError::Rejected`] for bad rows; what the files run into; cancellation.
pub fn read_filings<P: Send>(
    files: &[InputPath],
    vocab: &Vocabularies,
    lookup: Lookup<'_, P>,
    options: &ReadOptions<'_>,
    take: Take<'_, P, FilingRecord>,
) -> Result<Vec<InputFile>, IngestError> {
    let table = &*FILINGS;
    let [kind, area, begin, end] = ["out_fil_type", "rloc_admdvs", "begndate", "enddate"].map(|name| table.index(name));
    read_by_person(
        files,
        table,
        lookup,
        options,
        &|row| {
            let filing_type = vocab.filing_type.find(row.text(kind));
            let area = row.place(area);
            let (from, to) = (row.date(begin).unwrap_or(Date::MIN), row.date(end));
            Some(FilingRecord { filing_type, area: area?, from, to })
        },
        take,
    )
}

/// Reads the marks of the run's persons, in file order.
///
/// # Errors
/// [`IngestError::Rejected`] for bad rows; what the files run into; cancellation.
pub fn read_marks<P: Send>(
    files: &[InputPath],
    vocab: &Vocabularies,
    lookup: Lookup<'_, P>,
    options: &ReadOptions<'_>,
    take: Take<'_, P, Mark>,
) -> Result<Vec<InputFile>, IngestError> {
    let table = &*MARKS;
    let [mark, begin, end] = ["mark", "begndate", "enddate"].map(|name| table.index(name));
    read_by_person(
        files,
        table,
        lookup,
        options,
        &|row| {
            let mark = vocab.mark.find(row.text(mark));
            let (from, to) = (row.date(begin).unwrap_or(Date::MIN), row.date(end).unwrap_or(Date::MAX));
            Some(Mark { mark, from, to })
        },
        take,
    )
}

/// Reads the balances of all persons, of the run or not, in file order; a negative one is 0. That each person has at
/// most one is the caller's business: [`second_balance`].
///
/// # Errors
/// [`IngestError::Rejected`] for bad rows; what the files run into; cancellation.
pub fn read_balances(
    files: &[InputPath],
    options: &ReadOptions<'_>,
    take: Take<'_, Box<[u8]>, AccountBalance>,
) -> Result<Vec<InputFile>, IngestError> {
    let table = &*ACCOUNTS;
    let [person, balance] = ["psn_no", "balc"].map(|name| table.index(name));
    read_table(
        files,
        table,
        options,
        &|row| {
            let name: Box<[u8]> = row.text(person).into();
            let balance = row.money(balance);
            (!name.is_empty()).then_some((name, balance?.or_zero()))
        },
        &mut |file, line, (name, balance), _| take(name, AccountBalance { balance, file, line }),
    )
}

/// A person has a second balance: what is wrong, by the file and line of both.
#[must_use]
pub fn second_balance(files: &[InputPath], name: &[u8], first: (u32, u64), second: (u32, u64)) -> Diagnostic {
    let shown = |file: u32| &files[file as usize].shown;
    let (first, line) = (shown(first.0), first.1);
    let who = String::from_utf8_lossy(name);
    let message = Text::new(
        format!("a second balance of the person `{who}`; the first is at {first}:{line}"),
        format!("人员 `{who}` 的余额重复；第一次出现在 {first}:{line}"),
    );
    let hint =
        Text::new("keep the balance before the first settlement of the run", "请只保留本次运行第一笔结算之前的余额");
    let at = location(shown(second.0), second.1, 0, "psn_no");
    Diagnostic::error("I-BALANCE-TWICE", at, message).hint(hint)
}
