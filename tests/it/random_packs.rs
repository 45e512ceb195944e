//! Random valid rule packs and claims, each a pure function of a u64 seed.
//!
//! Module paths: this file is `crate::random_packs`; it uses
//! `crate::random_rules` (the pack), `crate::random_claims` (claims and
//! reference tables), `crate::reference` and `crate::table`. A proptest draws
//! the seed; a failure replays by calling [`random_case`] with that seed.
//! Everything is kept as text so that the same case can be written to disk for
//! a program or fed to the reference.

use std::collections::BTreeMap;

use crate::random_claims;
use crate::random_rules;
use crate::reference::Inputs;
use crate::table::{self, Rec, Table};

/// A whole case: relative path (`rules/benefits.csv`, `claims.csv`,
/// `balances.csv`, ...) to CSV text. A reference table that is not there is
/// switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub seed: u64,
    pub files: BTreeMap<String, String>,
}

/// The case of a seed with about `claims` claim rows (never fewer than one).
pub fn random_case(seed: u64, claims: usize) -> Case {
    let mut rng = Rng::new(seed);
    let world = World::new(&mut rng);
    let mut files = BTreeMap::new();
    random_rules::write(&mut rng, &world, &mut files);
    random_claims::write(&mut rng, &world, claims.max(1), &mut files);
    Case { seed, files }
}

impl Case {
    /// The case as the reference reads it.
    pub fn inputs(&self) -> Inputs {
        let table = |name: &str| self.files.get(name).map(|text| table::parse(text));
        let rules = self.files.iter().filter_map(|(path, text)| {
            let name = path.strip_prefix("rules/")?.strip_suffix(".csv")?;
            Some((name.to_owned(), table::parse(text)))
        });
        Inputs {
            rules: rules.collect(),
            claims: table("claims.csv").unwrap_or_default(),
            enrolments: table("enrolments.csv"),
            filings: table("filings.csv"),
            institutions: table("institutions.csv"),
            accounts: table("balances.csv"),
            marks: table("marks.csv"),
        }
    }

    /// Writes every file below `directory`, making directories as needed.
    pub fn write_to(&self, directory: &std::path::Path) -> std::io::Result<()> {
        for (path, text) in &self.files {
            let path = directory.join(path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, text)?;
        }
        Ok(())
    }
}

// ---------------------------------------------------------------- chance

/// Splitmix64: tiny, and the same on every machine and in every year.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..n`; the bias is of no account here.
    pub fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n.max(1)).expect("usize fits u64");
        usize::try_from(self.next() % n).expect("below a usize")
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low + 1).expect("low <= high");
        low + i64::try_from(self.next() % width).expect("within an i64")
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// A number of 0, 1, 2 ... picked by weight.
    pub fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (i, weight) in weights.iter().enumerate() {
            if left < *weight {
                return i;
            }
            left -= weight;
        }
        0
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i + 1));
        }
    }

    /// `count` different entries in random order.
    pub fn some_of<'a>(&mut self, from: &[&'a str], count: usize) -> Vec<&'a str> {
        let mut all = from.to_vec();
        self.shuffle(&mut all);
        all.truncate(count);
        all
    }
}

// ---------------------------------------------------------------- the world

/// Places and pools a case plays in.
pub struct World {
    /// Rows of places.csv as (place, pool).
    pub places: Vec<(&'static str, &'static str)>,
    /// Pools that have insured persons.
    pub pools: Vec<&'static str>,
    /// Places persons are insured at, with the pool.
    pub homes: Vec<(&'static str, &'static str)>,
    /// Places of treatment, listed and not.
    pub treat_places: Vec<&'static str>,
}

impl World {
    fn new(rng: &mut Rng) -> World {
        // A city with a seat and a county below it, a second city, a county
        // that is a pool of its own, a province that is one pool, a city that
        // only its pool lists, and a municipality.
        let all = [
            ("360100", "360100"),
            ("360199", "360100"),
            ("360200", "360200"),
            ("360181", "360181"),
            ("440100", "440100"),
            ("440300", "440300"),
            ("440183", "440300"),
            ("460000", "460000"),
            ("500000", "500000"),
        ];
        let kept = |rng: &mut Rng, code: &str| code == "360100" || rng.chance(80);
        let places: Vec<_> = all.into_iter().filter(|(p, _)| kept(rng, p)).collect();
        let listed = |wanted: &str| places.iter().any(|(place, _)| *place == wanted);
        let mut homes = places.clone();
        // Not listed themselves: by the city, by the province, by the rule of
        // the four cities, and a city nobody lists.
        homes.push(("360102", "360100"));
        homes.push(("530102", "530100"));
        homes.push(if listed("460000") { ("460106", "460000") } else { ("460106", "460100") });
        homes.push(("500112", "500000"));
        rng.shuffle(&mut homes);
        homes.truncate(5);
        let mut pools: Vec<&str> = homes.iter().map(|(_, pool)| *pool).collect();
        pools.sort_unstable();
        pools.dedup();
        let mut treat_places: Vec<&str> = homes.iter().map(|(place, _)| *place).collect();
        treat_places.extend(places.iter().map(|(place, _)| *place));
        treat_places.extend(["360123", "440305", "460106", "500112", "310101", "530102"]);
        World { places, pools, homes, treat_places }
    }
}

// ---------------------------------------------------------------- days

/// Days since 1970-01-01 of a calendar day (Hinnant's civil algorithm).
pub fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// `yyyy-MM-dd` of a day number.
pub fn day_text(number: i64) -> String {
    let z = number + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z - era * 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Day number of a `yyyy-MM-dd` text the generator itself wrote.
pub fn number_of(text: &str) -> i64 {
    let part = |range: std::ops::Range<usize>| text[range].parse().expect("own date");
    day_number(part(0..4), part(5..7), part(8..10))
}

// ---------------------------------------------------------------- text

/// Yuan with two places of a number of fen.
pub fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

/// A row from (column, text) pairs.
pub fn rec(cells: &[(&str, &str)]) -> Rec {
    let owned = cells.iter().map(|(column, text)| ((*column).to_owned(), (*text).to_owned()));
    owned.collect()
}

/// A row from column names with blanks between them, and as many cells.
pub fn row_of(columns: &str, cells: &[&str]) -> Rec {
    let columns = columns.split_whitespace();
    let pairs: Vec<(&str, &str)> = columns.zip(cells.iter().copied()).collect();
    rec(&pairs)
}

/// CSV text of rows with the given columns.
pub fn csv(columns: &[String], rows: &Table) -> String {
    let mut text = table::line(columns);
    for row in rows {
        let cells: Vec<&str> =
            columns.iter().map(|column| row.get(&column.to_lowercase()).map_or("", String::as_str)).collect();
        // A one-column empty row would read as no row; there is none here.
        text.push_str(&table::line(&cells));
    }
    text
}
