//! A block of persons: made, settled by the kernel, shuffled. What a block holds depends on the seed and the
//! parameters alone, never on the threads.

use super::World;
use super::dice::{Dice, Stream};
use super::mix::Mix;
use super::persons::{self, Person, Record};
use super::row::{Row, paid};
use super::tables::Tables;
use super::visits::Visits;
use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::person::{Fold, fold_person};
use crate::adjudicate::resolve::Context;
use crate::adjudicate::trace::Off;
use crate::model::settlement::{Arenas, Claim, TextRef};

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
}

/// What is kept from person to person so that nothing is allocated for each.
#[derive(Default)]
struct Desk {
    record: Record,
    own: Vec<Row>,
    claims: Vec<Claim>,
    arenas: Arenas,
    accumulators: Accumulators,
    fold: Fold,
}

/// Makes a block.
pub(super) fn make(world: &World, share: Share) -> Block {
    let mut dice = Dice::new(world.seed, Stream::Block(share.block));
    let mut block = Block::default();
    block.rows.reserve(share.rows as usize);
    let persons = (0..u64::from(share.persons)).map(|number| persons::person(world, &mut dice, share.first_person + number));
    block.persons = persons.collect();
    let counts = allot(world, &mut dice, &block.persons, share.rows);
    let mut visits = Visits::new(world, share.first_row);
    let mut desk = Desk::default();
    desk.arenas.0.push(Vec::new());
    for (number, &count) in counts.iter().enumerate() {
        let who = &block.persons[number];
        persons::record(world, &mut dice, who, &mut desk.record);
        desk.own.clear();
        visits.make(&mut dice, who, number as u32, &mut desk.record, count, &mut desk.own);
        settle(world, &mut desk);
        block.mix.add(world, who, &desk.own, &desk.fold);
        block.rows.append(&mut desk.own);
        block.tables.add(world, who, &desk.record);
    }
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

/// Runs the kernel over one person's settlements and writes what it paid into them.
fn settle(world: &World, desk: &mut Desk) {
    desk.own.sort_unstable_by_key(|row| (row.claim.setl_time, row.id));
    let arena = &mut desk.arenas.0[0];
    arena.clear();
    desk.claims.clear();
    for row in &mut desk.own {
        let offset = arena.len() as u32;
        arena.extend_from_slice(&row.id.text());
        if let Some(init) = row.init {
            arena.extend_from_slice(&init.text());
        }
        let setl_len = super::row::SETL_ID_LEN as u16;
        let init_len = if row.init.is_some() { setl_len } else { 0 };
        row.claim.text = TextRef { arena: 0, offset, psn_len: 0, setl_len, inst_len: 0, init_len };
        desk.claims.push(row.claim.clone());
    }
    let facts = desk.record.facts();
    desk.accumulators.reset(facts.balance.unwrap_or_default());
    desk.fold.clear();
    let context = Context { book: &world.rules.book, institutions: Some(&world.places.table) };
    fold_person(
        context,
        &desk.arenas,
        &facts,
        &desk.claims,
        &mut desk.accumulators,
        &mut desk.fold,
        |_| Off,
        |_, _| (),
    );
    for (row, outcome) in desk.own.iter_mut().zip(&desk.fold.outcomes) {
        let claim = &row.claim;
        let pool = world.rules.book.pool_of(claim.insured);
        let scheme = world.rules.book.scheme(pool, claim.insutype, claim.enddate);
        let has_account = scheme.is_some_and(|scheme| scheme.value.fund_total_has_account);
        row.paid = paid(&claim.bill, outcome, has_account);
    }
}
