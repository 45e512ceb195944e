//! A block of persons: made, settled by the kernel, shuffled. What a block holds depends on the seed and the
//! parameters alone, never on the threads.

use super::World;
use super::dice::{Dice, Stream};
use super::faults::scripts::Scripts;
use super::faults::{Faults, Planted};
use super::mix::Mix;
use super::persons::{self, Person};
use super::row::Row;
use super::settle::Desk;
use super::tables::Tables;
use super::visits::Visits;

/// Which persons and rows a block has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// Number of the block.
    pub(super) block: u64,
    /// Its first person.
    pub(super) first_person: u64,
    /// How many persons.
    pub(super) persons: u32,
    /// Its first row.
    pub(super) first_row: u64,
    /// How many rows.
    pub(super) rows: u32,
}

/// A finished block.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Persons.
    pub(super) persons: Vec<Person>,
    /// Settlements, shuffled.
    pub(super) rows: Vec<Row>,
    /// Lines of the tables by person.
    pub(super) tables: Tables,
    /// What is in it.
    pub(super) mix: Mix,
    /// What is wrong in it on purpose.
    pub(super) planted: Vec<Planted>,
}

/// Makes a block.
pub(super) fn make(world: &World, share: Share) -> Block {
    let mut dice = Dice::new(world.seed, Stream::Block(share.block));
    let person = |number| persons::person(world, &mut dice, share.first_person + number);
    let people: Vec<Person> = (0..u64::from(share.persons)).map(person).collect();
    let mut counts = allot(world, &mut dice, &people, share.rows);
    let mut faults = Faults::new(world.seed, share.block, world.faults.share, world.faults.text);
    let mut scripts =
        faults.as_mut().map(|faults| Scripts::choose(world, faults, &people, &mut counts)).unwrap_or_default();
    let mut visits = Visits::new(world, share.first_row, faults);
    let mut desk = Desk::default();
    let mut block = Block::default();
    block.rows.reserve(share.rows as usize);
    for (number, (who, &count)) in people.iter().zip(&counts).enumerate() {
        persons::record(world, &mut dice, who, &mut desk.record);
        desk.own.clear();
        let around = visits.around(&mut dice, who, number as u32);
        let mut script = scripts.of(number as u32);
        visits.make(&mut dice, &around, &mut desk.record, count, &mut script, &mut desk.own);
        scripts.keep(number as u32, script);
        desk.settle(world, who, &mut visits);
        block.mix.add(world, &desk.own, &desk.fold);
        block.planted.append(&mut visits.planted);
        block.rows.append(&mut desk.own);
        block.tables.add(world, who, &desk.record);
    }
    block.persons = people;
    dice.shuffle(&mut block.rows);
    block
}

/// Gives each person a number of rows by what the rules answer for the kind of person and by frailty; the
/// numbers add up to `rows` exactly.
fn allot(world: &World, dice: &mut Dice, persons: &[Person], rows: u32) -> Vec<u32> {
    let weight = |who: &Person| {
        let profile = &world.schemes.list[usize::from(who.scheme)].profiles[usize::from(who.profile)];
        u128::from(profile.rates.iter().sum::<u32>()) * u128::from(who.frailty)
    };
    let whole: u128 = persons.iter().map(weight).sum();
    let start = u128::from(dice.below_u64(whole.min(u128::from(u64::MAX)) as u64));
    let mut so_far = 0;
    let mut given = 0;
    let counts = persons
        .iter()
        .map(|who| {
            so_far += weight(who);
            let upto = (so_far * u128::from(rows) + start) / whole;
            let count = upto as u32 - given;
            given = upto as u32;
            count
        })
        .collect();
    assert_eq!(given, rows, "the persons of a block share its rows out");
    counts
}
