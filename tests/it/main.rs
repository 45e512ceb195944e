//! The one integration-test binary: each further one would link polars again.

mod against_reference;
mod cli;
mod conformance;
mod explain;
mod files;
mod fixtures;
mod house;
mod properties;
mod random_benefits;
mod random_claims;
mod random_keys;
mod random_packs;
mod random_people;
mod random_rules;
mod random_tables;
mod real_pack;
mod reference;
mod reference_books;
mod reference_derive;
mod reference_pay;
mod reference_rules;
mod rules_examples;
mod schemas;
mod support;
mod table;
