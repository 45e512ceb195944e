//! What the compiled rules can answer: for each kind of care and each way of being treated, the kinds of
//! institutions at which a channel and a benefit row are found. Settlements are drawn from it, so that few pend.

use super::national::{Care, DISEASES, Kind, grade_weights};
use super::places::{Level, Places, Pool};
use super::year::Year;
use crate::model::date::Date;
use crate::model::place::{Filing, Place};
use crate::model::settlement::{CodeAndParent, Insutype};
use crate::model::symbol::{Sym, Vocabulary};
use crate::rules::book::{BenefitKeys, LevelField, RuleBook};

/// Where, and under which filing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// Where.
    pub(super) place: Place,
    /// Under which filing.
    pub(super) filing: Filing,
}

impl Route {
    /// At home.
    pub(super) const HOME: Self = Self { place: Place::Local, filing: Filing::None };
    const COUNT: usize = 11;

    /// All routes.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let away = [Place::Province, Place::Cross]
            .into_iter()
            .flat_map(|place| Filing::ALL.iter().map(move |&filing| Self { place, filing }));
        std::iter::once(Self::HOME).chain(away)
    }

    fn index(self) -> usize {
        match self.place {
            Place::Local => 0,
            Place::Province => 1 + self.filing as usize,
            Place::Cross => 6 + self.filing as usize,
        }
    }
}

/// Kinds of institutions with rising weights.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    /// Numbers of levels.
    pub(super) levels: Vec<u8>,
    /// Rising weights.
    pub(super) rising: Vec<u32>,
}

/// The menu of one person class of a scheme.
#[derive(Clone, Debug)]
pub(super) struct Menu {
    choices: Vec<Choice>,
    has: [bool; 5],
}

impl Menu {
    /// The institutions for a kind of care on a route.
    #[inline]
    pub(super) fn choice(&self, care: Care, route: Route) -> &Choice {
        &self.choices[care as usize * Route::COUNT + route.index()]
    }

    /// Whether a kind of care is answered on a route.
    #[inline]
    pub(super) fn answers(&self, care: Care, route: Route) -> bool {
        !self.choice(care, route).levels.is_empty()
    }

    /// Whether a kind of care is answered at all.
    #[inline]
    pub(super) fn has(&self, care: Care) -> bool {
        self.has[care as usize]
    }

    /// Settlements a thousand persons of a kind have a year, of the care that is answered.
    pub(super) fn rates(&self, kind: Kind) -> [u32; 5] {
        let mut rates = kind.rates();
        for care in Care::ALL {
            if !self.has(care) {
                rates[care as usize] = 0;
            }
        }
        rates
    }
}

/// A `med_type` or `psn_type` as the book looks it up.
pub(super) fn symbols(vocabulary: &Vocabulary, code: &str) -> CodeAndParent {
    let parent = code.get(..2).unwrap_or(code);
    CodeAndParent { code: vocabulary.find(code.as_bytes()), parent: vocabulary.find(parent.as_bytes()) }
}

/// The tier of a kind of institution in a pool: the first of class, deductible grade and grade that is listed.
pub(super) fn tier(book: &RuleBook, pool: &Pool, level: &Level, day: Date) -> Option<Sym> {
    let symbols = &level.symbols;
    [
        (LevelField::InstClass, symbols.inst_class),
        (LevelField::DedcHospLv, symbols.dedc_hosp_lv),
        (LevelField::HospLv, symbols.hosp_lv),
    ]
    .into_iter()
    .filter(|&(_, word)| word != Sym::EMPTY)
    .find_map(|(field, word)| Some(book.tier(pool.code, field, word, day)?.value.tier))
}

/// Days on which the book is asked: near the ends and in the middle, as rules begin and end within the year.
pub(super) fn days(year: Year) -> [Date; 4] {
    [year.day(20), year.day(140), year.day(200), year.day(350)]
}

/// Builds the menu of a person class.
pub(super) fn build(
    book: &RuleBook,
    places: &Places,
    pool: &Pool,
    insutype: Insutype,
    psn_class: Sym,
    employee: bool,
    year: Year,
) -> Menu {
    let mut menu = Menu { choices: vec![Choice::default(); Care::ALL.len() * Route::COUNT], has: [false; 5] };
    let mut answered = vec![false; places.levels.len() * Care::ALL.len() * Route::COUNT];
    for day in days(year) {
        let tiers: Vec<Option<Sym>> = places.levels.iter().map(|level| tier(book, pool, level, day)).collect();
        for care in Care::ALL {
            for med_class in med_classes(book, pool, care, day) {
                for route in Route::all() {
                    let mut of_tier: Vec<(Sym, bool)> = Vec::new();
                    for (level, tier) in tiers.iter().enumerate() {
                        let Some(tier) = *tier else { continue };
                        let keys = BenefitKeys { psn_class, med_class, place: route.place, filing: route.filing, tier };
                        let known = of_tier.iter().find(|(known, _)| *known == tier).map(|&(_, answers)| answers);
                        let answers = known.unwrap_or_else(|| {
                            let offer = book.offer(pool.code, insutype, keys, day);
                            let answers =
                                offer.channel().is_some_and(|row| !row.value.deny) && offer.benefit().is_some();
                            of_tier.push((tier, answers));
                            answers
                        });
                        let cell = (care as usize * Route::COUNT + route.index()) * places.levels.len() + level;
                        answered[cell] |= answers;
                    }
                }
            }
        }
    }
    for care in Care::ALL {
        for route in Route::all() {
            let at = care as usize * Route::COUNT + route.index();
            let answered = &answered[at * places.levels.len()..(at + 1) * places.levels.len()];
            let choice = weigh(places, pool, care, route, employee, answered);
            menu.has[care as usize] |= !choice.levels.is_empty();
            menu.choices[at] = choice;
        }
    }
    menu
}

/// Visit classes that a kind of care can have.
fn med_classes(book: &RuleBook, pool: &Pool, care: Care, day: Date) -> Vec<Sym> {
    let code = symbols(&book.vocab.med_type, care.base_code());
    let diseases: Vec<Sym> = match care {
        Care::Chronic => {
            DISEASES.iter().map(|(code, _)| book.vocab.disease.find_longest_prefix(code.as_bytes())).collect()
        }
        _ => vec![Sym::EMPTY],
    };
    let mut classes: Vec<Sym> = diseases
        .iter()
        .filter_map(|&disease| Some(book.visit(pool.code, code, disease, day)?.value.med_class))
        .collect();
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// Weighs the kinds of institutions that answer and exist where the route leads: first the national share of
/// their grade, then how many of each kind there are.
fn weigh(places: &Places, pool: &Pool, care: Care, route: Route, employee: bool, answered: &[bool]) -> Choice {
    let reached = match route.place {
        Place::Local => &pool.home,
        Place::Province => &pool.province,
        Place::Cross => &pool.cross.0,
    };
    let count = |level: usize| -> u64 {
        reached.iter().map(|&place| u64::from(places.places[usize::from(place)].by_level[level].1)).sum()
    };
    let fits = |level: usize| answered[level] && (places.levels[level].is_pharmacy() == (care == Care::Pharmacy));
    let counts: Vec<u64> = (0..places.levels.len()).map(|level| if fits(level) { count(level) } else { 0 }).collect();
    let mut of_grade = [0_u64; 5];
    for (level, &count) in counts.iter().enumerate() {
        of_grade[places.levels[level].grade as usize] += count;
    }
    let weights = grade_weights(care, employee, route.place != Place::Local);
    let mut choice = Choice::default();
    let mut sum = 0;
    for (level, &count) in counts.iter().enumerate() {
        let grade = places.levels[level].grade as usize;
        if count > 0 && weights[grade] > 0 {
            sum += (u64::from(weights[grade]) * 10_000 * count / of_grade[grade]).max(1) as u32;
            choice.levels.push(level as u8);
            choice.rising.push(sum);
        }
    }
    choice
}
