//! Where people are insured and treated: pools of the pack, their places, and the institutions in them.

use hashbrown::HashSet;

use super::SynthError;
use super::dice::Dice;
use super::faults::quirks::Quirk;
use super::national::{Grade, HUBS};
use super::year::Year;
use crate::diagnostic::Text;
use crate::model::date::Date;
use crate::model::place::{Admdvs, Place};
use crate::model::reference::{InstitutionPeriod, Institutions};
use crate::model::symbol::Sym;
use crate::rules::book::RuleBook;
use crate::rules::cell::Pattern;
use crate::rules::layout::Table;
use crate::rules::pack::RulePack;

/// What an institution is in the tables, and how many there are.
#[derive(Clone, Debug)]
pub(super) struct Level {
    /// `hosp_lv`.
    pub(super) hosp_lv: &'static str,
    /// `dedc_hosp_lv`.
    pub(super) dedc_hosp_lv: &'static str,
    /// `inst_class`.
    pub(super) inst_class: String,
    /// How large.
    pub(super) grade: Grade,
    /// Institutions of this kind for ten million insured.
    per_ten_million: u32,
    /// Pools and provinces that know the class; empty: everybody.
    known_in: Vec<Admdvs>,
    /// The three words as symbols.
    pub(super) symbols: InstitutionPeriod,
}

impl Level {
    /// Whether it is a pharmacy.
    pub(super) fn is_pharmacy(&self) -> bool {
        self.grade == Grade::Pharmacy
    }
}

/// Hospital grades with the grade used for the deductible, the size, and how many there are for ten million insured.
const LEVELS: &[(&str, &str, Grade, u32)] = &[
    ("01", "", Grade::Three, 20),
    ("02", "3", Grade::Three, 130),
    ("02", "", Grade::Three, 60),
    ("03", "3", Grade::Three, 50),
    ("03", "", Grade::Three, 20),
    ("05", "2", Grade::Two, 260),
    ("05", "", Grade::Two, 60),
    ("06", "2", Grade::Two, 250),
    ("06", "3", Grade::Two, 8),
    ("08", "1", Grade::One, 320),
    ("09", "1", Grade::One, 420),
    ("10", "", Grade::One, 380),
    ("11", "9", Grade::Base, 150),
    ("11", "", Grade::Base, 1_200),
    ("11", "", Grade::Pharmacy, 3_600),
];

/// A place of treatment.
#[derive(Clone, Debug)]
pub(super) struct TreatPlace {
    /// Its code.
    pub(super) code: Admdvs,
    /// Its pool.
    pub(super) pool: Admdvs,
    /// First institution and number of them, by level.
    pub(super) by_level: Vec<(u32, u32)>,
}

/// An institution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Institution {
    /// Place of treatment, by number.
    pub(super) place: u16,
    /// Level, by number.
    pub(super) level: u8,
    /// From a day on, another level.
    pub(super) becomes: Option<(Date, u8)>,
    /// Serial number within its place.
    serial: u32,
    /// First day.
    pub(super) opened: Date,
    /// Last day, if it has closed.
    pub(super) closed: Option<Date>,
    /// A habit that an audit should notice.
    pub(super) quirk: Option<Quirk>,
}

impl Institution {
    /// Its level on a day.
    pub(super) fn level_on(&self, day: Date) -> u8 {
        match self.becomes {
            Some((from, level)) if from <= day => level,
            _ => self.level,
        }
    }
}

/// A pool whose members are made.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    /// Its code.
    pub(super) code: Admdvs,
    /// Codes that members are insured at.
    pub(super) insured_at: Vec<Admdvs>,
    /// Places at home, in the province, in other provinces: numbers, the last with rising weights.
    pub(super) home: Vec<u16>,
    /// Other pools' places of the province.
    pub(super) province: Vec<u16>,
    /// Places in other provinces with rising weights.
    pub(super) cross: (Vec<u16>, Vec<u32>),
}

/// Everything that stands still.
#[derive(Debug)]
pub(super) struct Places {
    /// Kinds of institutions.
    pub(super) levels: Vec<Level>,
    /// Places of treatment.
    pub(super) places: Vec<TreatPlace>,
    /// Institutions.
    pub(super) institutions: Vec<Institution>,
    /// The same as the kernel takes them; an institution has the same number in both.
    pub(super) table: Institutions,
    /// Pools.
    pub(super) pools: Vec<Pool>,
}

impl Places {
    /// Lays the land out.
    ///
    /// # Errors
    /// The pack names more kinds of institutions than there are numbers.
    pub(super) fn build(
        pack: &RulePack,
        book: &RuleBook,
        year: Year,
        persons: u64,
        dice: &mut Dice,
    ) -> Result<Self, SynthError> {
        let levels = levels(pack, book);
        if levels.len() > usize::from(u8::MAX) {
            let count = levels.len();
            let reason = Text::new(
                format!("{count} kinds of institutions, more than 255"),
                format!("机构种类有 {count} 种，超过 255 种"),
            );
            return Err(SynthError::Pack { reason });
        }
        let codes = pool_codes(pack);
        let mut made = Self {
            levels,
            places: Vec::new(),
            institutions: Vec::new(),
            table: Institutions::default(),
            pools: Vec::new(),
        };
        let insured = persons / codes.len() as u64;
        made.add_home_places(book, &codes, insured, dice, year);
        made.add_destinations(book, &codes, persons / 200, dice, year);
        made.add_pools(book, &codes, year);
        Ok(made)
    }

    /// The text of an institution's code; `None`: one that is in no table.
    pub(super) fn code(&self, institution: u32, treated: Admdvs) -> [u8; 12] {
        let mut text = *b"H00000000000";
        let (place, serial) = match self.institutions.get(institution as usize) {
            Some(known) => {
                if self.levels[usize::from(known.level)].is_pharmacy() {
                    text[0] = b'P';
                }
                (self.places[usize::from(known.place)].code, known.serial)
            }
            None => (treated, UNLISTED_SERIAL),
        };
        put_digits(&mut text[1..7], u64::from(place.0));
        put_digits(&mut text[7..12], u64::from(serial));
        text
    }

    fn add_home_places(&mut self, book: &RuleBook, codes: &[Admdvs], insured: u64, dice: &mut Dice, year: Year) {
        let wanted = match insured {
            0..20_000 => 1,
            20_000..100_000 => 2,
            _ => 4,
        };
        for &pool in codes {
            // Members of a province's own pool have no area of their own.
            if pool.0 / 100 % 100 == 99 {
                continue;
            }
            let places: Vec<Admdvs> = districts(book, pool).take(wanted).collect();
            let each = insured / places.len().max(1) as u64;
            for place in places {
                self.add_place(book, place, each, dice, year);
            }
        }
    }

    /// Cities that people travel to: the hubs, and each province's capital.
    fn add_destinations(&mut self, book: &RuleBook, codes: &[Admdvs], insured: u64, dice: &mut Dice, year: Year) {
        let hubs = HUBS.iter().map(|&(code, _)| Admdvs(code));
        let mut provinces: Vec<u32> = codes.iter().map(|pool| pool.province_digits()).collect();
        provinces.dedup();
        let capitals = provinces.iter().filter(|&&province| !Admdvs(province * 10_000).is_municipality());
        // The capital and another city, so that members of either have somewhere in the province to go.
        let capitals = capitals.flat_map(|province| [province * 10_000 + 102, province * 10_000 + 202]).map(Admdvs);
        for place in hubs.chain(capitals) {
            self.add_place(book, place, insured, dice, year);
        }
    }

    fn add_place(&mut self, book: &RuleBook, code: Admdvs, insured: u64, dice: &mut Dice, year: Year) {
        if self.places.iter().any(|known| known.code == code) {
            return;
        }
        let pool = book.pool_of(code);
        let number = self.places.len() as u16;
        let mut by_level = Vec::with_capacity(self.levels.len());
        let mut serial = 0;
        for index in 0..self.levels.len() {
            let level = &self.levels[index];
            let known =
                level.known_in.is_empty() || level.known_in.iter().any(|&area| area == pool || area == code.province());
            let count =
                if known { (insured * u64::from(level.per_ten_million) / 10_000_000).clamp(1, 4_000) } else { 0 };
            by_level.push((self.institutions.len() as u32, count as u32));
            for _ in 0..count {
                serial += 1;
                let institution = self.institution(number, index as u8, serial, dice, year);
                self.institutions.push(institution);
            }
        }
        self.places.push(TreatPlace { code, pool, by_level });
        for at in self.table.len()..self.institutions.len() {
            self.register(at);
        }
    }

    fn institution(&self, place: u16, level: u8, serial: u32, dice: &mut Dice, year: Year) -> Institution {
        let grade = self.levels[usize::from(level)].grade;
        let plain = |index: &usize| self.levels[*index].inst_class.is_empty() && self.levels[*index].grade == grade;
        let others: Vec<usize> =
            (0..self.levels.len()).filter(plain).filter(|&other| other != usize::from(level)).collect();
        let is_plain = self.levels[usize::from(level)].inst_class.is_empty();
        let becomes = (is_plain && !others.is_empty() && dice.chance(6_000))
            .then(|| (year.day(dice.below(365)), *dice.of(&others) as u8));
        let closed = (becomes.is_none() && dice.chance(4_000)).then(|| year.day(dice.below(365)));
        let opened = Date(year.first.0 - dice.between(800, 4_400));
        Institution { place, level, becomes, serial, opened, closed, quirk: None }
    }

    fn register(&mut self, at: usize) {
        let known = self.institutions[at];
        let code = self.code(at as u32, Admdvs(0));
        for period in self.periods(&known) {
            let free = self.table.add(&code, period);
            debug_assert!(free, "periods of one institution do not overlap");
        }
    }

    /// The rows of an institution's record.
    pub(super) fn periods(&self, known: &Institution) -> Vec<InstitutionPeriod> {
        let of =
            |level: u8, from: Date, to: Date| InstitutionPeriod { from, to, ..self.levels[usize::from(level)].symbols };
        let end = known.closed.unwrap_or(Date::MAX);
        match known.becomes {
            Some((day, level)) => vec![of(known.level, known.opened, day.pred()), of(level, day, end)],
            None => vec![of(known.level, known.opened, end)],
        }
    }

    fn add_pools(&mut self, book: &RuleBook, codes: &[Admdvs], year: Year) {
        let day = year.day(182);
        for &code in codes {
            let mut pool = Pool {
                code,
                insured_at: insured_at(book, code),
                home: Vec::new(),
                province: Vec::new(),
                cross: Default::default(),
            };
            let mut sum = 0;
            for (number, place) in self.places.iter().enumerate() {
                match relation(book, code, place.pool, day) {
                    Place::Local => pool.home.push(number as u16),
                    Place::Province => pool.province.push(number as u16),
                    Place::Cross => {
                        let hub =
                            HUBS.iter().find(|&&(hub, _)| hub == place.code.0).map_or(1, |&(_, weight)| 4 * weight);
                        sum += hub;
                        pool.cross.0.push(number as u16);
                        pool.cross.1.push(sum);
                    }
                }
            }
            self.pools.push(pool);
        }
    }
}

/// Serial number of institutions that are in no table.
const UNLISTED_SERIAL: u32 = 99_001;

/// Writes a number in digits that fill `out`.
pub(super) fn put_digits(out: &mut [u8], mut number: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Where a treatment pool lies, seen from an insured pool: as the kernel sees it.
fn relation(book: &RuleBook, pool: Admdvs, treated: Admdvs, day: Date) -> Place {
    match book.neighbour(pool, treated, day) {
        Some(row) => row.value.place,
        None if pool == treated => Place::Local,
        None if pool.province_digits() == treated.province_digits() => Place::Province,
        None => Place::Cross,
    }
}

/// The pools that the pack names.
fn pool_codes(pack: &RulePack) -> Vec<Admdvs> {
    let mut codes: HashSet<Admdvs> = HashSet::new();
    let places = pack.table(Table::Places);
    codes.extend((0..places.rows.len()).filter_map(|row| Admdvs::parse(places.cell(row, "pool").as_bytes())));
    for table in [Table::Schemes, Table::PersonClasses, Table::Benefits, Table::Channels] {
        let table = pack.table(table);
        for row in 0..table.rows.len() {
            for item in Pattern::parse(table.cell(row, "pool")).items() {
                let code = Admdvs::parse(item.as_bytes());
                codes.extend(code.filter(|code| !code.is_province() || code.is_municipality()));
            }
        }
    }
    if codes.is_empty() {
        // A pack of national rows alone: any pool is as good as another.
        codes.extend([110_000, 310_000, 320_100, 420_100, 440_100, 510_100].map(Admdvs));
    }
    let mut codes: Vec<Admdvs> = codes.into_iter().collect();
    codes.sort_unstable();
    codes
}

/// Districts of a pool: codes below its own that the book gives to it, and, last, its own.
fn districts(book: &RuleBook, pool: Admdvs) -> impl Iterator<Item = Admdvs> {
    let below: &[u32] = if pool.is_municipality() {
        &[105, 101, 112, 230]
    } else if pool == pool.city() {
        &[2, 4, 21, 81]
    } else {
        &[]
    };
    let own: Vec<Admdvs> =
        below.iter().map(|offset| Admdvs(pool.0 + offset)).filter(|&code| book.pool_of(code) == pool).collect();
    own.into_iter().chain([pool])
}

/// Codes that members of a pool are insured at: its districts, the city's own members (99), and its own.
fn insured_at(book: &RuleBook, pool: Admdvs) -> Vec<Admdvs> {
    let seat = Admdvs(pool.0 + 99);
    let seat = (pool == pool.city() && !pool.is_municipality() && book.pool_of(seat) == pool).then_some(seat);
    districts(book, pool).chain(seat).collect()
}

/// The national grades, and a kind for every `inst_class` that `tiers.csv` lists.
fn levels(pack: &RulePack, book: &RuleBook) -> Vec<Level> {
    let symbols = |hosp_lv: &str, dedc: &str, class: &str| {
        let find = |word: &str| book.vocab.level.find(word.as_bytes());
        InstitutionPeriod {
            from: Date::MIN,
            to: Date::MAX,
            hosp_lv: find(hosp_lv),
            dedc_hosp_lv: if dedc.is_empty() { Sym::EMPTY } else { find(dedc) },
            inst_class: if class.is_empty() { Sym::EMPTY } else { find(class) },
        }
    };
    let mut levels: Vec<Level> = LEVELS
        .iter()
        .map(|&(hosp_lv, dedc_hosp_lv, grade, per_ten_million)| Level {
            hosp_lv,
            dedc_hosp_lv,
            inst_class: String::new(),
            grade,
            per_ten_million,
            known_in: Vec::new(),
            symbols: symbols(hosp_lv, dedc_hosp_lv, ""),
        })
        .collect();
    let tiers = pack.table(Table::Tiers);
    for row in 0..tiers.rows.len() {
        if !Pattern::parse(tiers.cell(row, "level_field")).items().iter().any(|field| **field == *"inst_class") {
            continue;
        }
        for class in Pattern::parse(tiers.cell(row, "level")).items() {
            let areas: Vec<Admdvs> = Pattern::parse(tiers.cell(row, "pool"))
                .items()
                .iter()
                .filter_map(|item| Admdvs::parse(item.as_bytes()))
                .collect();
            if let Some(known) = levels.iter_mut().find(|level| *level.inst_class == **class) {
                if areas.is_empty() {
                    known.known_in.clear();
                } else if !known.known_in.is_empty() {
                    known.known_in.extend(areas);
                }
                continue;
            }
            let (hosp_lv, dedc_hosp_lv, grade, per_ten_million) = of_class(class, tiers.cell(row, "tier"));
            levels.push(Level {
                hosp_lv,
                dedc_hosp_lv,
                inst_class: class.to_string(),
                grade,
                per_ten_million,
                known_in: areas,
                symbols: symbols(hosp_lv, dedc_hosp_lv, class),
            });
        }
    }
    levels
}

/// What an `inst_class` most likely is, by its word and its tier's.
fn of_class(class: &str, tier: &str) -> (&'static str, &'static str, Grade, u32) {
    match class {
        "community" => ("10", "1", Grade::Base, 700),
        "township" => ("10", "1", Grade::Base, 2_500),
        "village" => ("11", "", Grade::Base, 4_000),
        _ if class.contains("station") || class.contains("community") => ("11", "", Grade::Base, 600),
        _ if class.contains('1') || tier.contains('1') => ("08", "1", Grade::One, 200),
        _ if class.contains('2') || tier.contains('2') => ("05", "2", Grade::Two, 150),
        _ => ("02", "3", Grade::Three, 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_fill_their_place() {
        let mut text = [0; 6];
        put_digits(&mut text, 44_0300);
        assert_eq!(&text, b"440300");
        put_digits(&mut text, 7);
        assert_eq!(&text, b"000007");
    }
}
