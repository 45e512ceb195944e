//! Persons whose year follows a script: one who goes every day, two who always go together.

use hashbrown::HashMap;

use super::{Faults, Planted};
use crate::model::date::Date;
use crate::model::place::Place;
use crate::synth::World;
use crate::synth::dice::Dice;
use crate::synth::draw::{Around, Spot, Wish};
use crate::synth::menu::Route;
use crate::synth::national::Care;
use crate::synth::persons::{Person, Record};
use crate::synth::row::Row;
use crate::synth::visits::Visits;

/// Settlements of a frequent person within thirty days.
const FREQUENT: u32 = 42;
/// Visits that two persons make together within ninety days.
const TOGETHER: u32 = 6;

/// What a person's year follows.
#[derive(Debug)]
pub(in crate::synth) enum Script {
    /// Chance.
    None,
    /// More than thirty settlements in thirty days.
    Frequent,
    /// The first of two who go together; where they went.
    Leader(Vec<Spot>),
    /// The second.
    Follower(Vec<Spot>),
}

/// Who follows which script in a block.
#[derive(Debug, Default)]
pub(in crate::synth) struct Scripts {
    frequent: Option<u32>,
    leader_of: HashMap<u32, u32>,
    went: HashMap<u32, Vec<Spot>>,
}

impl Scripts {
    /// Chooses persons of a block, and gives the frequent one rows of others.
    pub(in crate::synth) fn choose(world: &World, faults: &mut Faults, persons: &[Person], counts: &mut [u32]) -> Self {
        let mut scripts = Self::default();
        let mut rows = faults.scripted(counts.iter().sum());
        let goes = |number: usize| {
            let who = &persons[number];
            let scheme = &world.schemes.list[usize::from(who.scheme)];
            scheme.menu(usize::from(who.profile)).answers(Care::Outpatient, Route::HOME)
        };
        // At most one frequent person in three blocks, else they would not stand out.
        let often = rows.min(2 * FREQUENT) * 350_000 / (2 * FREQUENT);
        if faults.dice.chance(often) {
            let drawn: Vec<usize> = (0..20).map(|_| faults.dice.below(persons.len() as u32) as usize).collect();
            if let Some(number) = drawn.into_iter().find(|&number| goes(number))
                && take_rows(counts, number, FREQUENT)
            {
                scripts.frequent = Some(number as u32);
                rows = rows.saturating_sub(FREQUENT);
            }
        }
        let mut waiting: HashMap<u16, u32> = HashMap::new();
        for number in 0..persons.len() {
            if rows < 2 * TOGETHER {
                break;
            }
            if counts[number] < TOGETHER || scripts.frequent == Some(number as u32) || !goes(number) {
                continue;
            }
            match waiting.remove(&persons[number].scheme) {
                Some(leader) => {
                    scripts.leader_of.insert(number as u32, leader);
                    scripts.went.insert(leader, Vec::new());
                    rows -= 2 * TOGETHER;
                }
                None => {
                    waiting.insert(persons[number].scheme, number as u32);
                }
            }
        }
        scripts
    }

    /// The script of a person.
    pub(in crate::synth) fn of(&self, number: u32) -> Script {
        if self.frequent == Some(number) {
            Script::Frequent
        } else if let Some(leader) = self.leader_of.get(&number) {
            Script::Follower(self.went[leader].clone())
        } else if self.went.contains_key(&number) {
            Script::Leader(Vec::new())
        } else {
            Script::None
        }
    }

    /// Keeps where a leader went.
    pub(in crate::synth) fn keep(&mut self, number: u32, script: Script) {
        if let Script::Leader(went) = script {
            self.went.insert(number, went);
        }
    }
}

/// Gives a person rows of others who have more than one. `false`: there are too few.
fn take_rows(counts: &mut [u32], number: usize, wanted: u32) -> bool {
    let mut missing = wanted.saturating_sub(counts[number]);
    let spare: u32 =
        counts.iter().enumerate().filter(|&(other, _)| other != number).map(|(_, count)| count.saturating_sub(1)).sum();
    if spare < missing {
        return false;
    }
    counts[number] += missing;
    while missing > 0 {
        for (other, count) in counts.iter_mut().enumerate() {
            if missing > 0 && other != number && *count > 1 {
                *count -= 1;
                missing -= 1;
            }
        }
    }
    true
}

impl Visits<'_> {
    /// Makes the settlements that a script asks for, at most `count`.
    pub(in crate::synth) fn play(
        &mut self,
        dice: &mut Dice,
        around: &Around,
        record: &mut Record,
        script: &mut Script,
        count: u32,
        rows: &mut Vec<Row>,
    ) {
        let year = around.world.year;
        let window = |dice: &mut Dice, days: u32| year.day(dice.below(year.days() - days)).max(around.who.born);
        let plain = Wish::of(Care::Outpatient);
        match script {
            Script::None => {}
            Script::Frequent => {
                let first = window(dice, 30);
                for _ in 0..FREQUENT.min(count) {
                    let day = Date(first.0 + dice.below(28) as i32);
                    let wish = Wish { days: Some((day, day)), ..home(dice, around, plain) };
                    let drawn = self.settlement(dice, around, record, &wish);
                    self.planted.push(Planted::of(&drawn.row, around.who, "A502", "enddate", "one of 42 in 28 days"));
                    rows.push(drawn.row);
                }
            }
            Script::Leader(went) => {
                let first = window(dice, 90);
                for visit in 0..TOGETHER.min(count) {
                    let day = Date(first.0 + (visit * 13 + dice.below(8)) as i32);
                    let wish = Wish { days: Some((day, day)), ..home(dice, around, plain) };
                    let drawn = self.settlement(dice, around, record, &wish);
                    went.push(drawn.spot);
                    rows.push(drawn.row);
                }
            }
            Script::Follower(went) => {
                for spot in went.iter().take(count as usize) {
                    let at = Some((spot.route, spot.place, Some(spot.institution)));
                    let wish = Wish { days: Some((spot.begin, spot.end)), at, ..plain };
                    let drawn = self.settlement(dice, around, record, &wish);
                    let note = "same day, same institution as another person, six times in 90 days";
                    self.planted.push(Planted::of(&drawn.row, around.who, "A504", "enddate", note));
                    rows.push(drawn.row);
                }
            }
        }
    }
}

/// The wish to be treated at home.
fn home(dice: &mut Dice, around: &Around, wish: Wish) -> Wish {
    let place = crate::synth::persons::away(dice, around.pool, Place::Local);
    Wish { at: place.map(|place| (Route::HOME, place, None)), ..wish }
}
