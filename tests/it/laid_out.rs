//! Answers that a pack's look-ups lay out ahead, against the same pack with none laid out: every choice is the same.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tongchou::model::date::Date;
use tongchou::model::place::{Admdvs, Filing, Place};
use tongchou::model::settlement::{CodeAndParent, Insutype};
use tongchou::model::symbol::{Sym, Vocabulary};
use tongchou::rules::book::{BenefitKeys, RuleBook};
use tongchou::rules::compile::{compile, compile_within};
use tongchou::rules::day::{PoolDay, SchemeDay};
use tongchou::rules::pack::{PackFile, RulePack};
use tongchou::rules::terms::Terms;
use tongchou::rules::values::{Band, ClassValue};

use crate::against_reference::setting;
use crate::random_packs::{Case, random_case};
use crate::support::repo;

fn pack_of_case(case: &Case) -> RulePack {
    let tables = case.files.iter().filter_map(|(path, text)| {
        let table = path.strip_prefix("rules/")?.strip_suffix(".csv")?.to_owned();
        Some(PackFile { shown: path.clone(), table, bytes: text.clone().into_bytes() })
    });
    RulePack::read(&tables.collect::<Vec<_>>()).0
}

fn sample_pack() -> RulePack {
    let files = std::fs::read_dir(repo("sample_data/rules")).expect("the sample pack").map(|entry| {
        let path = entry.expect("a file").path();
        let table = path.file_stem().expect("a name").to_string_lossy().into_owned();
        PackFile { shown: table.clone(), table, bytes: std::fs::read(&path).expect("a table") }
    });
    RulePack::read(&files.filter(|file| file.table != "examples").collect::<Vec<_>>()).0
}

fn symbols(words: &Vocabulary) -> impl Iterator<Item = Sym> + Clone + use<> {
    (0..words.len() as u32).map(Sym)
}

/// All rows that are chosen by the pool, for every key.
fn of_pool(rules: PoolDay, book: &RuleBook, pools: &[Admdvs]) -> Vec<Option<u32>> {
    let words = &book.vocab;
    let neighbours = pools.iter().map(|&treated| rules.neighbour(book.numbered(treated)).map(|row| row.row));
    let filings = symbols(&words.filing_type).map(|word| rules.filing_type(word).map(|row| row.row));
    let diseases = symbols(&words.disease);
    let visits = symbols(&words.med_type).flat_map(|code| {
        // As a code with and without a listed parent.
        let parents = [Sym::OTHER, symbols(&words.med_type).last().unwrap_or(Sym::OTHER)];
        let types = parents.map(|parent| CodeAndParent { code, parent });
        let diseases = diseases.clone();
        types
            .into_iter()
            .flat_map(move |code| diseases.clone().map(move |disease| rules.visit(code, disease).map(|row| row.row)))
    });
    let levels = symbols(&words.level);
    let pairs = levels.clone().flat_map(|first| levels.clone().map(move |second| (first, second)));
    let tiers = pairs.flat_map(|(first, second)| {
        levels.clone().map(move |third| rules.first_tier([first, second, third]).map(|row| row.row))
    });
    neighbours.chain(filings).chain(visits).chain(tiers).collect()
}

/// Every combination of keys that offers are chosen by.
fn all_keys(book: &RuleBook) -> impl Iterator<Item = BenefitKeys> {
    let words = &book.vocab;
    let persons = symbols(&words.psn_class);
    persons.flat_map(move |psn_class| symbols(&words.med_class).map(move |med_class| (psn_class, med_class))).flat_map(
        move |(psn_class, med_class)| {
            let places = Place::ALL.iter().flat_map(|place| Filing::ALL.iter().map(move |filing| (*place, *filing)));
            places.flat_map(move |(place, filing)| {
                symbols(&words.tier).map(move |tier| BenefitKeys { psn_class, med_class, place, filing, tier })
            })
        },
    )
}

/// All rows that are chosen by pool and insurance type, for every key.
fn of_scheme(rules: SchemeDay, book: &RuleBook) -> Vec<Option<u32>> {
    let mut rows = vec![rules.scheme().map(|row| row.row)];
    for offer in all_keys(book).map(|keys| rules.offer(keys)) {
        rows.push(offer.channel().map(|row| row.row));
        rows.push(offer.benefit().map(|row| row.row));
        rows.extend(
            offer.channel_and_benefit().map(|(channel, benefit)| [channel, benefit].map(Some)).into_iter().flatten(),
        );
        rows.push(offer.denies().then_some(1));
        rows.push(offer.account().map(|row| row.row));
        rows.extend(offer.layers().map(|row| Some(row.row)));
        rows.push(None);
    }
    rows
}

/// What all offers come to, for every key, with the rates as a settlement is computed by them.
fn terms(rules: SchemeDay, book: &RuleBook) -> Vec<Option<(Terms, Vec<Band>)>> {
    let come_to = |keys: BenefitKeys| {
        let terms = *rules.offer(keys).terms(&mut None)?;
        let ready = |band: &Band| Band { rate: terms.adjust_left().apply(band.rate), ..*band };
        let bands = book.bands(terms.bands).iter().map(ready).collect();
        // Which set they come from, and whether they are changed already, is all that may differ.
        Some((Terms { bands: 0, are_rates_ready: true, ..terms }, bands))
    };
    all_keys(book).map(come_to).collect()
}

/// Person classes, for every key, of persons of 40 years: of those without a mark, and of those with each one.
fn classes(rules: SchemeDay, book: &RuleBook) -> Vec<Option<u32>> {
    let words = &book.vocab;
    let marks: Vec<Option<Sym>> = std::iter::once(None).chain(symbols(&words.mark).map(Some)).collect();
    let mut rows = Vec::new();
    for code in symbols(&words.psn_type) {
        let psn_type = CodeAndParent { code, parent: Sym::OTHER };
        for (identity, grade) in
            symbols(&words.identity).flat_map(|identity| symbols(&words.grade).map(move |grade| (identity, grade)))
        {
            rows.extend(marks.iter().map(|&mark| {
                let holds = |class: &ClassValue| {
                    let is_wanted = |wanted: &Vec<Sym>| mark.is_some_and(|mark| wanted.contains(&mark));
                    class.ages_hold(|| Some(40)) && class.marks.as_ref().is_none_or(is_wanted)
                };
                rules.person_class(psn_type, identity, grade, mark.is_some(), holds).map(|row| row.row)
            }));
        }
    }
    rows
}

/// Pools that the pack names, and one that it does not.
fn pools(pack: &RulePack, book: &RuleBook) -> Vec<Admdvs> {
    let places = pack.table(tongchou::rules::layout::Table::Places);
    let named = (0..places.rows.len()).filter_map(|row| Admdvs::parse(places.cell(row, "admdvs").as_bytes()));
    let pools: BTreeSet<Admdvs> = named.chain([Admdvs(990_000)]).map(|place| book.pool_of(place)).collect();
    pools.into_iter().collect()
}

/// Asks both books everything on some days; how many answers were rows.
fn compare(pack: &RulePack, every: usize, days: impl Iterator<Item = Date> + Clone) -> Result<usize, String> {
    let laid = compile(pack).expect("a pack without an error");
    let asked = compile_within(pack, 0).expect("the same pack");
    let pools = pools(pack, &laid);
    let mut rows = 0;
    for &pool in pools.iter().step_by(every) {
        for day in days.clone() {
            let (ours, theirs) = (laid.on(pool, day), asked.on(pool, day));
            let answers = (of_pool(ours, &laid, &pools), of_pool(theirs, &asked, &pools));
            rows += answers.0.iter().flatten().count();
            if answers.0 != answers.1 {
                return Err(format!("pool {pool} on {day}"));
            }
            for insutype in symbols(&laid.vocab.insutype).map(|word| Insutype(word.0)) {
                let (ours, theirs) = (ours.under(insutype), theirs.under(insutype));
                for ask in [of_scheme, classes] {
                    let answers = (ask(ours, &laid), ask(theirs, &asked));
                    rows += answers.0.iter().flatten().count();
                    if answers.0 != answers.1 {
                        return Err(format!("pool {pool}, {insutype:?} on {day}"));
                    }
                }
                let come_to = (terms(ours, &laid), terms(theirs, &asked));
                if come_to.0 != come_to.1 {
                    return Err(format!("terms of pool {pool}, {insutype:?} on {day}"));
                }
            }
        }
    }
    Ok(rows)
}

#[test]
fn random_packs_choose_the_same_rows_laid_out_or_asked_for() {
    let cases = setting("TONGCHOU_CASES").unwrap_or(40).min(400);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let rows = std::cell::Cell::new(0);
    let result = TestRunner::new(config).run(&any::<u64>().no_shrink(), |seed| {
        let days = (2019..=2026).map(|year| Date::from_ymd(year, 1 + (seed % 12) as u32, 1).expect("a day"));
        let found = compare(&pack_of_case(&random_case(seed, 1)), 1, days.step_by(2));
        prop_assert!(found.is_ok(), "seed {seed}: {found:?}");
        rows.set(rows.get() + found.unwrap_or_default());
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.expect_err("a failure"));
    assert!(rows.get() > 1_000 * cases as usize, "only {} rows were chosen", rows.get());
}

#[test]
fn the_sample_pack_chooses_the_same_rows_laid_out_or_asked_for() {
    let rows = compare(&sample_pack(), 7, [Date::from_ymd(2025, 12, 10).expect("a day")].into_iter());
    assert!(rows.as_ref().is_ok_and(|&rows| rows > 10_000), "{rows:?}");
}
