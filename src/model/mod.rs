//! The words of the domain as types: money, days, places, settlements, outcomes. Pure: no I/O, no clock, no floats.

pub mod date;
pub mod money;
pub mod outcome;
pub mod place;
pub mod reference;
pub mod settlement;
pub mod symbol;
