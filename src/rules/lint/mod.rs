//! The lint: what a pack that reads and compiles without an error still gets wrong, as far as the pack itself
//! can tell. Every check is one file here and one page in `docs/lint/`; every finding is a warning.
//!
//! What makes a pack unusable is found before: unknown columns and words, duplicate names, bands that begin
//! twice, two rows that one claim can meet. Those are errors of the reader and the compiler.

mod age_of_rules;
mod aid_rate;
mod away_cut;
mod band_order;
mod bands_fall;
mod cap_below_deductible;
mod context;
mod critical_illness_poor;
mod critical_illness_rate;
mod deductible_by_stay;
mod deductible_by_tier;
mod empty_begin;
mod empty_flag;
mod empty_source;
mod filing_length;
mod first_band;
mod layer_minus;
mod limits;
mod long_term_cut;
mod never_wins;
mod no_scheme;
mod none_at_home;
mod offer;
mod period_gap;
mod period_inverted;
mod rate_by_tier;
pub(in crate::rules) mod region;
mod retired_below_active;
mod template;
mod unknown_word;
mod unreached_pool;
mod unused_band_set;
mod unused_source;
mod weak_source;
pub(in crate::rules) mod world;

#[cfg(test)]
mod testing;

use super::book::RuleBook;
use super::pack::RulePack;
use crate::diagnostic::{Diagnostic, Text};
use crate::model::date::Date;
pub use away_cut::{Cut, beyond_the_notice};
use context::Context;

/// One check: its code, what it looks for, and the look.
pub struct Check {
    /// Stable code; its page is `docs/lint/<code>.md`.
    pub code: &'static str,
    /// What it looks for, in Chinese.
    pub title_zh: &'static str,
    /// What it looks for, in English.
    pub title_en: &'static str,
    run: fn(&Context, &mut Vec<Diagnostic>),
}

impl Check {
    /// What it looks for.
    #[must_use]
    pub fn title(&self) -> Text {
        Text::new(self.title_en, self.title_zh)
    }
}

/// All checks, in the order of their codes.
pub const CHECKS: &[Check] = &[
    period_gap::CHECK,
    period_inverted::CHECK,
    empty_begin::CHECK,
    age_of_rules::CHECK,
    never_wins::CHECK,
    unknown_word::CHECK,
    unreached_pool::CHECK,
    no_scheme::CHECK,
    none_at_home::CHECK,
    unused_band_set::CHECK,
    band_order::CHECK,
    first_band::CHECK,
    bands_fall::CHECK,
    empty_source::CHECK,
    unused_source::CHECK,
    weak_source::CHECK,
    empty_flag::CHECK,
    limits::CHECK,
    layer_minus::CHECK,
    deductible_by_tier::CHECK,
    rate_by_tier::CHECK,
    retired_below_active::CHECK,
    deductible_by_stay::CHECK,
    cap_below_deductible::CHECK,
    away_cut::CHECK,
    long_term_cut::CHECK,
    filing_length::CHECK,
    critical_illness_rate::CHECK,
    aid_rate::CHECK,
    template::CHECK,
    critical_illness_poor::CHECK,
];

/// Warnings on a pack and the book compiled from it, in the order of file, line, column and code.
///
/// `as_of` is the day the rules should be fit for, usually that of the newest claim; without it their age is
/// not judged. The clock is never asked.
#[must_use]
pub fn lint(pack: &RulePack, book: &RuleBook, as_of: Option<Date>) -> Vec<Diagnostic> {
    let context = Context::new(pack, book, as_of);
    let mut found = Vec::new();
    for check in CHECKS {
        (check.run)(&context, &mut found);
    }
    found.sort_by(|a, b| a.at.cmp(&b.at).then(a.code.cmp(b.code)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_its_page_and_its_line_in_the_index() {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lint");
        let index = std::fs::read_to_string(docs.join("README.md")).expect("the index of the lint's pages");
        for (number, check) in CHECKS.iter().enumerate() {
            assert_eq!(check.code, format!("L{}", 101 + number), "codes rise in the order of the list");
            let page = std::fs::read_to_string(docs.join(format!("{}.md", check.code)))
                .unwrap_or_else(|error| panic!("docs/lint/{}.md: {error}", check.code));
            let heading = format!("# {} {}\n", check.code, check.title_en);
            assert!(page.starts_with(&heading), "{}.md begins with `{}`", check.code, heading.trim_end());
            assert!(page.contains(check.title_zh), "{}.md has the Chinese title", check.code);
            assert!(index.contains(&format!("[{0}]({0}.md) | {1} |", check.code, check.title_en)), "{}", check.code);
        }
        let pages = std::fs::read_dir(docs).expect("docs/lint").count();
        assert_eq!(pages, CHECKS.len() + 1, "one page for each check, and the index");
    }
}
