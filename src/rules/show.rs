//! What applies to whom: for one pool, insurance type and day every rule row that some claim meets, and the
//! keys of the claims that meet it.

use std::collections::{BTreeMap, BTreeSet};

use super::book::{BenefitKeys, RuleBook};
use super::day::SchemeDay;
use super::layout::{FILINGS, PLACES, Table};
use super::lint::world::Realm;
use super::pack::RulePack;
use super::rank::Ranking;
use crate::diagnostic::{Diagnostic, Location, Text, did_you_mean, meant};
use crate::model::date::Date;
use crate::model::place::{Admdvs, Filing, Place};
use crate::model::settlement::Insutype;
use crate::model::symbol::{Sym, Vocabulary};

/// What is asked. Keys left out mean all of them.
#[derive(Clone, Debug)]
pub struct Query {
    /// A place or pool code, or a name of `places.csv`.
    pub pool: String,
    /// A code, or one of the words of [`INSUTYPE_WORDS`].
    pub insutype: String,
    /// The deciding date.
    pub day: Date,
    /// Person class.
    pub psn_class: Option<String>,
    /// Visit class.
    pub med_class: Option<String>,
    /// Hospital tier.
    pub tier: Option<String>,
    /// `local`, `province` or `cross`.
    pub place: Option<String>,
    /// A filing, as the tables write it.
    pub filing: Option<String>,
}

impl Query {
    /// Everything of a pool and insurance type on a day.
    #[must_use]
    pub fn new(pool: &str, insutype: &str, day: Date) -> Self {
        let (pool, insutype) = (pool.to_owned(), insutype.to_owned());
        Self { pool, insutype, day, psn_class: None, med_class: None, tier: None, place: None, filing: None }
    }
}

/// Words accepted for the two national insurance types.
pub const INSUTYPE_WORDS: &[(&str, &str)] = &[
    ("职工", "310"),
    ("职工医保", "310"),
    ("employee", "310"),
    ("居民", "390"),
    ("居民医保", "390"),
    ("resident", "390"),
];

/// Keys that lead to a row: every combination of them does. `None`: any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    /// Person classes.
    pub psn_class: Option<Vec<String>>,
    /// Visit classes.
    pub med_class: Option<Vec<String>>,
    /// Places.
    pub place: Option<Vec<Place>>,
    /// Filings; any where only `local` is meant.
    pub filing: Option<Vec<Filing>>,
    /// Hospital tiers.
    pub tier: Option<Vec<String>>,
}

/// One rule row and the claims that meet it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRow {
    /// Row number in its table.
    pub row: u32,
    /// The keys that lead to it.
    pub keys: Vec<KeySet>,
}

/// What applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The pool.
    pub pool: Admdvs,
    /// Its name, where `places.csv` has one.
    pub name: Text,
    /// The insurance type.
    pub insutype: String,
    /// The day.
    pub day: Date,
    /// Row of `schemes.csv`; none: every claim is pended.
    pub scheme: Option<u32>,
    /// Rows of `channels.csv`, in the order of the file.
    pub channels: Vec<ShownRow>,
    /// Rows of `benefits.csv`.
    pub benefits: Vec<ShownRow>,
    /// Rows of `layers.csv`, by number of the layer.
    pub layers: Vec<ShownRow>,
    /// Rows of `accounts.csv`.
    pub accounts: Vec<ShownRow>,
    /// Claims for which there is no channel.
    pub without_channel: Vec<KeySet>,
    /// Claims for which there is no benefit.
    pub without_benefit: Vec<KeySet>,
}

/// Person class, visit class, place, filing, tier as numbers.
type Cell = [usize; 5];

/// For each key the values that are asked for.
type Domain = [Vec<usize>; 5];

/// Everything that applies to a pool and insurance type on a day.
///
/// # Errors
/// A pool or key that is not known, each with the likely right one.
pub fn show(pack: &RulePack, book: &RuleBook, query: &Query) -> Result<Shown, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let day = query.day;
    let pool = find_pool(pack, book, &query.pool).map_err(|wrong| vec![wrong])?;
    let insutype = find_insutype(book, &query.insutype);
    let mut vocab = book.vocab.clone();
    let ranking = Ranking::new(pack, &mut vocab);
    let seen_as = ranking.pools()[usize::from(book.pool_number[pool.0 as usize])];
    let realm = Realm::new(pack, book, &ranking, pool, seen_as, insutype);
    let domain = domain(book, &realm, query, day, &mut found);
    if !found.is_empty() {
        return Err(found);
    }
    let rules = book.on(pool, day).under(realm.insutype());
    let scheme = rules.scheme();
    let local_filing = scheme.is_some_and(|scheme| scheme.value.local_filing);
    let mut met = Met::default();
    if scheme.is_some() {
        met.look_up(rules, &domain, local_filing);
    }
    let key_sets = |cells: &BTreeSet<Cell>| boxes(cells).iter().map(|keys| key_set(book, keys, &domain)).collect();
    let rows = |table: Table| -> Vec<ShownRow> {
        met.rows
            .iter()
            .filter(|((of, _), _)| *of == table)
            .map(|(&(_, row), cells)| ShownRow { row, keys: key_sets(cells) })
            .collect()
    };
    let mut layers = rows(Table::Layers);
    layers.sort_by_key(|shown| (book.layers[shown.row as usize].layer, shown.row));
    Ok(Shown {
        pool,
        name: name_of(pack, pool),
        insutype: code_of_insutype(&query.insutype).to_owned(),
        day,
        scheme: scheme.map(|scheme| scheme.row),
        channels: rows(Table::Channels),
        benefits: rows(Table::Benefits),
        layers,
        accounts: rows(Table::Accounts),
        without_channel: key_sets(&met.without_channel),
        without_benefit: key_sets(&met.without_benefit),
    })
}

/// The insurance types for which a pool has a scheme on a day, for a query that names none.
#[must_use]
pub fn insutypes(book: &RuleBook, pool: Admdvs, day: Date) -> Vec<String> {
    let has_scheme = |sym: Sym| book.scheme(pool, Insutype(sym.0), day).is_some();
    let mut words: Vec<String> =
        book.vocab.insutype.iter().filter(|&(sym, _)| has_scheme(sym)).map(|(_, word)| word.to_owned()).collect();
    words.sort_unstable();
    words
}

/// Rows met so far, with the claims that met them.
#[derive(Default)]
struct Met {
    rows: BTreeMap<(Table, u32), BTreeSet<Cell>>,
    without_channel: BTreeSet<Cell>,
    without_benefit: BTreeSet<Cell>,
}

impl Met {
    fn look_up(&mut self, rules: SchemeDay, domain: &Domain, local_filing: bool) {
        for cell in product(domain) {
            let [class, visit, place, filing, tier] = cell;
            // At home nobody has a filing: whatever is asked for, the row is that of none.
            let at_home = place == Place::Local as usize && !local_filing;
            let keys = BenefitKeys {
                psn_class: Sym(class as u32),
                med_class: Sym(visit as u32),
                place: Place::ALL[place],
                filing: if at_home { Filing::None } else { Filing::ALL[filing] },
                tier: Sym(tier as u32),
            };
            let offer = rules.offer(keys);
            match offer.channel() {
                Some(row) => self.add(Table::Channels, row.row, cell),
                None => _ = self.without_channel.insert(cell),
            }
            match offer.benefit() {
                Some(row) => self.add(Table::Benefits, row.row, cell),
                None => _ = self.without_benefit.insert(cell),
            }
            offer.layers().for_each(|row| self.add(Table::Layers, row.row, cell));
            if let Some(row) = offer.account() {
                self.add(Table::Accounts, row.row, cell);
            }
        }
    }

    fn add(&mut self, table: Table, row: u32, cell: Cell) {
        self.rows.entry((table, row)).or_default().insert(cell);
    }
}

fn product(domain: &Domain) -> impl Iterator<Item = Cell> {
    let [classes, visits, places, filings, tiers] = domain;
    classes.iter().flat_map(move |&class| {
        visits.iter().flat_map(move |&visit| {
            places.iter().flat_map(move |&place| {
                filings
                    .iter()
                    .flat_map(move |&filing| tiers.iter().map(move |&tier| [class, visit, place, filing, tier]))
            })
        })
    })
}

/// Cells joined into as few boxes as joining along one key after the other gives.
fn boxes(cells: &BTreeSet<Cell>) -> Vec<[BTreeSet<usize>; 5]> {
    let mut boxes: Vec<[BTreeSet<usize>; 5]> =
        cells.iter().map(|cell| cell.map(|value| BTreeSet::from([value]))).collect();
    loop {
        let before = boxes.len();
        for key in (0..5).rev() {
            let mut joined: BTreeMap<[BTreeSet<usize>; 5], BTreeSet<usize>> = BTreeMap::new();
            for mut keys in boxes {
                let own = std::mem::take(&mut keys[key]);
                joined.entry(keys).or_default().extend(own);
            }
            boxes = joined
                .into_iter()
                .map(|(mut keys, own)| {
                    keys[key] = own;
                    keys
                })
                .collect();
        }
        if boxes.len() == before {
            return boxes;
        }
    }
}

fn key_set(book: &RuleBook, keys: &[BTreeSet<usize>; 5], domain: &Domain) -> KeySet {
    // One value that is all there is says more than `any`.
    let some = |key: usize| (keys[key].len() < domain[key].len() || domain[key].len() == 1).then(|| keys[key].iter());
    let words = |key: usize, vocab: &Vocabulary| {
        some(key).map(|values| {
            let mut words: Vec<String> = values.map(|&value| vocab.word(Sym(value as u32)).to_owned()).collect();
            words.sort_unstable();
            words
        })
    };
    KeySet {
        psn_class: words(0, &book.vocab.psn_class),
        med_class: words(1, &book.vocab.med_class),
        place: some(2).map(|values| values.map(|&value| Place::ALL[value]).collect()),
        filing: some(3).map(|values| values.map(|&value| Filing::ALL[value]).collect()),
        tier: words(4, &book.vocab.tier),
    }
}

/// The values of every key on a day, narrowed to what is asked for.
fn domain(book: &RuleBook, realm: &Realm, query: &Query, day: Date, found: &mut Vec<Diagnostic>) -> Domain {
    let in_force = |words: &[(usize, Date, Date)]| -> Vec<usize> {
        let held: BTreeSet<usize> =
            words.iter().filter(|&&(_, from, to)| from <= day && day <= to).map(|&(word, ..)| word).collect();
        held.into_iter().collect()
    };
    let vocab = &book.vocab;
    let open = |words: &Vocabulary| -> Vec<String> {
        (0..words.len()).map(|sym| words.word(Sym(sym as u32)).to_owned()).collect()
    };
    let fixed = |words: &[&str]| -> Vec<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    let places = (0..PLACES.len()).collect();
    [
        narrow("psn_class", &query.psn_class, in_force(&realm.classes), &open(&vocab.psn_class), found),
        narrow("med_class", &query.med_class, in_force(&realm.visits), &open(&vocab.med_class), found),
        narrow("place", &query.place, places, &fixed(PLACES), found),
        narrow("filing", &query.filing, in_force(&realm.filings), &fixed(FILINGS), found),
        narrow("tier", &query.tier, in_force(&realm.tiers), &open(&vocab.tier), found),
    ]
}

fn narrow(
    key: &str,
    asked: &Option<String>,
    known: Vec<usize>,
    words: &[String],
    found: &mut Vec<Diagnostic>,
) -> Vec<usize> {
    let Some(asked) = asked else { return known };
    let kept: Vec<usize> = known.iter().copied().filter(|&value| words[value] == *asked).collect();
    if kept.is_empty() {
        let words: Vec<&str> = known.iter().map(|&value| words[value].as_str()).collect();
        let list = words.join("`, `");
        let hint = did_you_mean(asked, words.iter().copied())
            .map_or_else(|| Text::new(format!("there are `{list}`"), format!("可用：`{list}`")), meant);
        found.push(problem(
            key,
            &format!("no claim of this pool and insurance type has the {key} `{asked}` on that day"),
            &format!("该统筹区与险种在当日没有 {key} 为 `{asked}` 的结算"),
            hint,
        ));
    }
    kept
}

fn problem(key: &str, en: &str, zh: &str, hint: Text) -> Diagnostic {
    let at = Location { file: key.to_owned(), ..Location::default() };
    Diagnostic::error("E030", at, Text::new(en, zh)).hint(hint)
}

/// The pool that a code or a name of `places.csv` means.
///
/// # Errors
/// No place has the name, or places of several pools do.
pub fn find_pool(pack: &RulePack, book: &RuleBook, text: &str) -> Result<Admdvs, Diagnostic> {
    if let Some(place) = Admdvs::parse(text.as_bytes()) {
        return Ok(book.pool_of(place));
    }
    let places = pack.table(Table::Places);
    let pool_of = |row: usize| Admdvs::parse(places.cell(row, "pool").as_bytes()).expect("a checked code");
    let named = |matches: &dyn Fn(&str, &str) -> bool| -> BTreeSet<Admdvs> {
        (0..places.rows.len())
            .filter(|&row| matches(places.cell(row, "name_zh"), places.cell(row, "name_en")))
            .map(pool_of)
            .collect()
    };
    let wanted = text.trim().to_lowercase();
    let exact = named(&|zh, en| zh == wanted || en.to_lowercase() == wanted);
    // 杭州 for 杭州市; Hangzhou for Hangzhou City.
    let begins = |zh: &str, en: &str| zh.starts_with(&wanted) || en.to_lowercase().starts_with(&wanted);
    let pools = if exact.is_empty() { named(&begins) } else { exact };
    match pools.iter().copied().collect::<Vec<_>>()[..] {
        [pool] if !wanted.is_empty() => Ok(pool),
        [] | [_] => {
            let names: Vec<&str> = (0..places.rows.len())
                .flat_map(|row| [places.cell(row, "name_zh"), places.cell(row, "name_en")])
                .filter(|name| !name.is_empty())
                .collect();
            let hint = did_you_mean(text, names)
                .map_or_else(|| Text::new("give its six-digit code", "请给出六位区划代码"), meant);
            Err(problem(
                "pool",
                &format!("places.csv has no place `{text}`"),
                &format!("places.csv 中没有 `{text}`"),
                hint,
            ))
        }
        _ => {
            let list: Vec<String> = pools.iter().map(Admdvs::to_string).collect();
            let list = list.join(", ");
            let hint = Text::new(format!("give one of the codes {list}"), format!("请给出代码之一：{list}"));
            let (en, zh) = (format!("`{text}` names several pools"), format!("`{text}` 指向多个统筹区"));
            Err(problem("pool", &en, &zh, hint))
        }
    }
}

/// The names of a pool in `places.csv`; empty where it has none.
#[must_use]
pub fn name_of(pack: &RulePack, pool: Admdvs) -> Text {
    let places = pack.table(Table::Places);
    let code = pool.to_string();
    let named = |column: &str| (0..places.rows.len()).find(|&row| places.cell(row, column) == code);
    let row = named("admdvs").or_else(|| named("pool"));
    row.map_or_else(Text::default, |row| Text::new(places.cell(row, "name_en"), places.cell(row, "name_zh")))
}

fn code_of_insutype(text: &str) -> &str {
    let word = |&&(word, _): &&(&str, &str)| word.eq_ignore_ascii_case(text);
    INSUTYPE_WORDS.iter().find(word).map_or(text, |&(_, code)| code)
}

fn find_insutype(book: &RuleBook, text: &str) -> Sym {
    book.vocab.insutype.find(code_of_insutype(text).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::testing::pack;
    use super::*;
    use crate::diagnostic::Lang;

    fn query(pool: &str, insutype: &str) -> Query {
        Query::new(pool, insutype, Date::parse(b"2024-06-30").expect("a day"))
    }

    #[test]
    fn keys_are_joined() {
        let text = pack()
            .row("channels", "h9,330100,310,*,*,cross,referral,allow,,,,,,,,0.1,,2020-01-01,,g,")
            .row("accounts", "a9,330100,310,retired,outpatient,all,2020-01-01,,g,");
        let (pack, book) = text.compiled();
        let shown = show(&pack, &book, &query("杭州", "职工")).expect("what applies");
        assert_eq!((shown.pool, shown.name.get(Lang::En)), (Admdvs(330_100), "Hangzhou"));
        let any = KeySet { psn_class: None, med_class: None, place: None, filing: None, tier: None };
        assert_eq!(shown.benefits, [ShownRow { row: 0, keys: vec![any.clone()] }]);
        let cut = KeySet { place: Some(vec![Place::Cross]), filing: Some(vec![Filing::Referral]), ..any.clone() };
        assert_eq!(shown.channels[1], ShownRow { row: 1, keys: vec![cut.clone()] });
        let narrowed = Query { place: Some("cross".into()), filing: Some("referral".into()), ..query("330106", "310") };
        let shown = show(&pack, &book, &narrowed).expect("what applies");
        assert_eq!(shown.channels, [ShownRow { row: 1, keys: vec![cut] }]);
        let retired =
            KeySet { psn_class: Some(vec!["retired".into()]), med_class: Some(vec!["outpatient".into()]), ..any };
        assert_eq!(shown.accounts[1].keys[0].psn_class, retired.psn_class);
        assert_eq!(shown.accounts[1].keys[0].med_class, retired.med_class);
    }

    #[test]
    fn unknown_names_get_the_likely_one() {
        let (pack, book) = pack().compiled();
        let say = |query: &Query| -> String {
            let found = show(&pack, &book, query).expect_err("nothing to show");
            found.iter().map(|wrong| wrong.render(Lang::En)).collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(say(&query("Hangzou", "310")), @r"
        pool: error[E030]: places.csv has no place `Hangzou`
          hint: did you mean `Hangzhou`?
        ");
        let wrong = Query { psn_class: Some("retird".into()), tier: Some("village".into()), ..query("330100", "310") };
        insta::assert_snapshot!(say(&wrong), @r"
        psn_class: error[E030]: no claim of this pool and insurance type has the psn_class `retird` on that day
          hint: did you mean `retired`?
        tier: error[E030]: no claim of this pool and insurance type has the tier `village` on that day
          hint: there are `L3`, `L2`, `L1`, `ungraded`
        ");
    }

    #[test]
    fn no_scheme_shows_nothing() {
        let (pack, book) = pack().only("schemes", &["s0,330100,310,01-01,,0,2020-01-01,,g,"]).compiled();
        let shown = show(&pack, &book, &query("330100", "390")).expect("what applies");
        assert_eq!((shown.scheme, shown.benefits.len()), (None, 0));
        assert_eq!(insutypes(&book, Admdvs(330_100), query("", "").day), ["310"]);
    }
}
