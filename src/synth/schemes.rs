//! Schemes of the pack and the kinds of persons in them, as far as the compiled rules answer for them.

use super::menu::{self, Menu, Route, symbols};
use super::national::{Care, EMPLOYEE_SHARE, EMPLOYEES, Kind, PersonType, RESIDENTS};
use super::places::{Places, Pool};
use super::year::Year;
use crate::model::date::Date;
use crate::model::settlement::{CodeAndParent, Flags, Insutype};
use crate::model::symbol::Sym;
use crate::rules::book::RuleBook;
use crate::rules::cell::{self, Pattern};
use crate::rules::layout::Table;
use crate::rules::pack::{PackTable, RulePack};
use crate::rules::values::ClassValue;

/// A kind of person in a scheme.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// `psn_type`.
    pub(super) psn_type: String,
    /// Its symbols.
    pub(super) psn_type_symbols: CodeAndParent,
    /// Who this is.
    pub(super) kind: Kind,
    /// Youngest and oldest age.
    pub(super) ages: (i32, i32),
    /// `sp_psn_type`.
    pub(super) identity: String,
    /// `clct_grde`.
    pub(super) grade: String,
    /// A mark that the class asks for.
    pub(super) mark: Option<(String, Sym)>,
    /// `cvlserv_flag`, `flxempe_flag`, `nwb_flag` of the person's claims.
    pub(super) flags: Flags,
    /// What the rules answer for this kind of person: position among the scheme's menus.
    menu: usize,
    /// Settlements a thousand persons a year, by kind of care.
    pub(super) rates: [u32; 5],
}

/// A scheme: pool and insurance type.
#[derive(Clone, Debug)]
pub(super) struct Scheme {
    /// Its pool, by number.
    pub(super) pool: u16,
    /// `insutype`.
    pub(super) word: String,
    /// The same for the kernel.
    pub(super) insutype: Insutype,
    /// Whether it is an employees' scheme.
    pub(super) employee: bool,
    /// Kinds of persons.
    pub(super) profiles: Vec<Profile>,
    /// Their rising weights.
    pub(super) rising: Vec<u32>,
    /// `out_fil_type` words and symbols, by [`Filing`].
    pub(super) filing_words: [Vec<(String, Sym)>; 5],
    /// Classes that its persons have.
    pub(super) classes: Vec<Sym>,
    menus: Vec<Menu>,
}

impl Scheme {
    /// The menu of a profile.
    #[inline]
    pub(super) fn menu(&self, profile: usize) -> &Menu {
        &self.menus[self.profiles[profile].menu]
    }
}

/// Every scheme that answers something, with rising weights: employees and residents as in the nation, pools alike.
#[derive(Clone, Debug, Default)]
pub(super) struct Schemes {
    /// Schemes.
    pub(super) list: Vec<Scheme>,
    /// Rising weights.
    pub(super) rising: Vec<u32>,
}

/// How an extra condition of a class row compares with the plain kind of person, in weight.
const SPECIAL_DIVISOR: u32 = 16;

impl Schemes {
    /// Finds the schemes of a pack.
    pub(super) fn build(pack: &RulePack, book: &RuleBook, places: &Places, year: Year) -> Self {
        let mut list = Vec::new();
        for (number, pool) in places.pools.iter().enumerate() {
            for (insutype, word) in book.vocab.insutype.iter() {
                let insutype = Insutype(insutype.0);
                let exists = menu::days(year).iter().any(|&day| book.scheme(pool.code, insutype, day).is_some());
                let maker = Maker { pack, book, places, pool, insutype, word, year };
                list.extend(exists.then(|| maker.scheme(number as u16)).flatten());
            }
        }
        let whole =
            |employee: bool| -> u64 { list.iter().filter(|scheme| scheme.employee == employee).map(weight).sum() };
        let (employees, residents) = (whole(true), whole(false));
        let mut rising = Vec::with_capacity(list.len());
        let mut sum = 0;
        for scheme in &list {
            let (share, weights) =
                if scheme.employee { (EMPLOYEE_SHARE, employees) } else { (1_000_000 - EMPLOYEE_SHARE, residents) };
            sum += (u64::from(share) * 100 * weight(scheme) / weights) as u32;
            rising.push(sum);
        }
        Self { list, rising }
    }
}

/// Persons a scheme has beside others. One of stays alone gets few, else a pack that knows the stays of many
/// pools and the visits of some would make a nation of hospital patients.
fn weight(scheme: &Scheme) -> u64 {
    let visits = scheme.profiles.iter().any(|profile| profile.rates[Care::Outpatient as usize] > 0);
    let home = scheme.menus.iter().any(|menu| menu.answers(Care::Inpatient, Route::HOME));
    match (visits, home) {
        (true, _) => 8,
        (false, true) => 2,
        (false, false) => 1,
    }
}

struct Maker<'a> {
    pack: &'a RulePack,
    book: &'a RuleBook,
    places: &'a Places,
    pool: &'a Pool,
    insutype: Insutype,
    word: &'a str,
    year: Year,
}

/// What a row of `person_classes.csv` may ask for beside the type.
#[derive(Clone, Debug, Default)]
struct Condition {
    identity: String,
    grade: String,
    mark: Option<(String, Sym)>,
    psn_types: Option<Vec<String>>,
    ages: (Option<i32>, Option<i32>),
}

impl Maker<'_> {
    fn scheme(&self, pool: u16) -> Option<Scheme> {
        let employee = self.word.starts_with('3') && !self.word.starts_with("38") && !self.word.starts_with("39");
        let mut menus: Vec<(Sym, Menu)> = Vec::new();
        let mut found: Vec<(Profile, u32)> = Vec::new();
        let conditions = self.conditions();
        for person in self.types(employee, &conditions) {
            let first = found.len();
            for (index, condition) in conditions.iter().enumerate() {
                if let Some(profile) = self.profile(&person.0, person.1, condition, employee, &mut menus) {
                    found.push((profile, if index == 0 { SPECIAL_DIVISOR } else { 1 }));
                }
            }
            // The type's weight goes to those of its kinds that are answered.
            let sum: u32 = found[first..].iter().map(|(_, share)| share).sum();
            for (_, share) in &mut found[first..] {
                *share = (person.1.weight * *share / sum).max(1);
            }
        }
        if found.is_empty() {
            return None;
        }
        let mut rising = Vec::with_capacity(found.len());
        let mut sum = 0;
        for (_, weight) in &found {
            sum += weight;
            rising.push(sum);
        }
        Some(Scheme {
            pool,
            word: self.word.to_owned(),
            insutype: self.insutype,
            employee,
            profiles: found.into_iter().map(|(profile, _)| profile).collect(),
            rising,
            filing_words: self.filing_words(),
            classes: menus.iter().map(|(class, _)| *class).collect(),
            menus: menus.into_iter().map(|(_, menu)| menu).collect(),
        })
    }

    /// The national types of persons, and codes that only this pack's rows name.
    fn types(&self, employee: bool, conditions: &[Condition]) -> Vec<(String, PersonType)> {
        let national = if employee { EMPLOYEES } else { RESIDENTS };
        let mut types: Vec<(String, PersonType)> =
            national.iter().map(|person| (person.code.to_owned(), *person)).collect();
        for code in conditions.iter().filter_map(|condition| condition.psn_types.as_ref()).flatten() {
            let parent = national.iter().find(|person| person.code.get(..2) == code.get(..2));
            if let Some(parent) = parent
                && code.len() > 2
                && types.iter().all(|(known, _)| known != code)
            {
                types.push((code.clone(), PersonType { weight: parent.weight / 8, ..*parent }));
            }
        }
        types
    }

    /// No condition, and what each row of person classes that this scheme can meet asks for.
    fn conditions(&self) -> Vec<Condition> {
        let table = self.pack.table(Table::PersonClasses);
        let mut conditions = vec![Condition::default()];
        for row in 0..table.rows.len() {
            if !self.meets(table, row) {
                continue;
            }
            let words = |column: &str| -> Vec<String> {
                let words = cell::words(table.cell(row, column)).unwrap_or_default();
                words.into_iter().filter(|word| *word != "*").take(3).map(str::to_owned).collect()
            };
            let or_none = |words: Vec<String>| if words.is_empty() { vec![String::new()] } else { words };
            let psn_types = cell::words(table.cell(row, "psn_types"));
            let ages = (cell::integer(table.cell(row, "age_min")), cell::integer(table.cell(row, "age_max")));
            for identity in or_none(words("identities")) {
                for grade in or_none(words("grades")) {
                    for mark in or_none(words("marks")) {
                        let (named, symbol) = (!mark.is_empty(), self.book.vocab.mark.find(mark.as_bytes()));
                        conditions.push(Condition {
                            identity: identity.clone(),
                            grade: grade.clone(),
                            mark: named.then_some((mark, symbol)),
                            psn_types: psn_types
                                .as_ref()
                                .map(|types| types.iter().map(|&code| code.to_owned()).collect()),
                            ages,
                        });
                    }
                }
            }
        }
        conditions
    }

    /// Whether a row of person classes can be met in this scheme and year.
    fn meets(&self, table: &PackTable, row: usize) -> bool {
        let pool = Pattern::parse(table.cell(row, "pool"));
        let insutype = Pattern::parse(table.cell(row, "insutype"));
        let pool_meets = pool.items().is_empty()
            || pool.items().iter().any(|item| {
                let code = cell::integer(item).unwrap_or_default() as u32;
                code == self.pool.code.0 || code == self.pool.code.province().0
            });
        let insutype_meets = insutype.items().is_empty() || insutype.items().iter().any(|item| **item == *self.word);
        let (from, to) = table.period(row);
        pool_meets && insutype_meets && from <= self.year.last && self.year.first <= to
    }

    fn profile(
        &self,
        code: &str,
        person: PersonType,
        condition: &Condition,
        employee: bool,
        menus: &mut Vec<(Sym, Menu)>,
    ) -> Option<Profile> {
        if let Some(types) = &condition.psn_types
            && !types
                .iter()
                .any(|named| named == "*" || named == code || (named.len() == 2 && code.starts_with(named.as_str())))
        {
            return None;
        }
        let ages = (
            person.ages.0.max(condition.ages.0.unwrap_or(person.ages.0)),
            person.ages.1.min(condition.ages.1.unwrap_or(person.ages.1)),
        );
        if ages.0 > ages.1 {
            return None;
        }
        let mut profile = Profile {
            psn_type: code.to_owned(),
            psn_type_symbols: symbols(&self.book.vocab.psn_type, code),
            kind: person.kind,
            ages,
            identity: condition.identity.clone(),
            grade: condition.grade.clone(),
            mark: condition.mark.clone(),
            flags: self.flags(code, condition),
            menu: 0,
            rates: [0; 5],
        };
        let class = self.class(&profile)?;
        profile.menu = menus.iter().position(|(known, _)| *known == class).unwrap_or_else(|| {
            let menu = menu::build(self.book, self.places, self.pool, self.insutype, class, employee, self.year);
            menus.push((class, menu));
            menus.len() - 1
        });
        profile.rates = menus[profile.menu].1.rates(person.kind);
        (profile.rates.iter().sum::<u32>() > 0).then_some(profile)
    }

    /// The class of a kind of person, in the middle of the ages, on the first day that has one.
    fn class(&self, profile: &Profile) -> Option<Sym> {
        let age = profile.ages.0.midpoint(profile.ages.1);
        let identity = self.book.vocab.identity.find(profile.identity.as_bytes());
        let grade = self.book.vocab.grade.find(profile.grade.as_bytes());
        menu::days(self.year).iter().find_map(|&day| {
            let (pool, insutype) = (self.pool.code, self.insutype);
            let holds = |class: &ClassValue| {
                class.age_min.is_none_or(|least| least <= age)
                    && class.age_max.is_none_or(|most| age <= most)
                    && class.marks.as_ref().is_none_or(|wanted| {
                        profile.mark.as_ref().is_some_and(|(_, mark)| wanted.contains(mark))
                            || self
                                .flag_marks()
                                .iter()
                                .any(|&(flag, mark)| profile.flags.has(flag) && wanted.contains(&mark))
                    })
            };
            let rules = self.book.on(pool, day).under(insutype);
            let row = rules.person_class(profile.psn_type_symbols, identity, grade, true, holds)?;
            Some(row.value.psn_class)
        })
    }

    fn flag_marks(&self) -> [(Flags, Sym); 3] {
        let marks = self.book.flag_marks();
        [
            (Flags::CIVIL_SERVANT, marks.civil_servant),
            (Flags::FLEXIBLE, marks.flexible),
            (Flags::NEWBORN, marks.newborn),
        ]
    }

    /// The flags of a type of person, and those that stand for the mark a class asks for.
    fn flags(&self, code: &str, condition: &Condition) -> Flags {
        let mut flags = match code {
            "1102" => Flags::CIVIL_SERVANT,
            "1103" => Flags::FLEXIBLE,
            "1401" => Flags::NEWBORN,
            _ => Flags::default(),
        };
        if let Some((_, wanted)) = &condition.mark {
            self.flag_marks().iter().filter(|(_, mark)| mark == wanted).for_each(|&(flag, _)| flags.set(flag));
        }
        flags
    }

    /// Words of the filings table, by what they count as.
    fn filing_words(&self) -> [Vec<(String, Sym)>; 5] {
        let mut words: [Vec<(String, Sym)>; 5] = Default::default();
        let day: Date = self.year.day(182);
        for (symbol, word) in self.book.vocab.filing_type.iter() {
            if let Some(row) = self.book.filing_type(self.pool.code, symbol, day) {
                words[row.value.filing as usize].push((word.to_owned(), symbol));
            }
        }
        words
    }
}
