//! Rule packs: read, checked, compiled into a [`RuleBook`](book::RuleBook). Pure: bytes in, values out.

pub mod almanac;
pub mod book;
pub mod cell;
pub mod changed;
pub mod compile;
pub mod day;
pub mod diff;
mod grid;
pub mod keytable;
pub mod layout;
pub mod lint;
pub mod pack;
mod rank;
pub mod reach;
pub mod set;
pub mod show;
mod tables;
pub mod terms;
#[cfg(test)]
pub(crate) mod testing;
pub mod values;
pub mod vocabulary;
