//! Lines of a reconciliation as sums: what [`Overview`] holds, collected in one pass over a chunk.

use std::hash::Hash;

use super::details::{Line, Terms, month_text};
use super::met::Met;
use crate::columnar::reconciled::FIELDS;
use crate::model::money::Fen;
use crate::model::place::Admdvs;
use crate::report::overview::{Difference, Groups, Overview, Reason, Sums};
use crate::report::reconciled::{Outcome, measured};
use crate::rules::vocabulary::Vocabularies;

/// Sums by a key.
struct SumsBy<K> {
    met: Met<K>,
    sums: Vec<Sums>,
}

impl<K> Default for SumsBy<K> {
    fn default() -> Self {
        Self { met: Met::default(), sums: Vec::new() }
    }
}

impl<K: Copy + Eq + Hash> SumsBy<K> {
    fn add(&mut self, key: K, sums: &Sums) {
        let number = self.met.number(key) as usize;
        if number == self.sums.len() {
            self.sums.push(Sums::default());
        }
        self.sums[number].merge(sums);
    }

    /// The sums by the words of their keys.
    fn words<W: AsRef<[u8]>>(self, word: impl Fn(K) -> W) -> Groups {
        let words = self.met.keys().iter().map(|&key| word(key).as_ref().into());
        words.zip(self.sums).collect()
    }
}

/// Lines as they come.
struct Collector<'a> {
    terms: &'a Terms,
    vocab: &'a Vocabularies,
    measure: usize,
    pool: SumsBy<Option<Admdvs>>,
    insutype: SumsBy<&'a str>,
    visit: SumsBy<&'a str>,
    tier: SumsBy<&'a str>,
    institution: SumsBy<&'a [u8]>,
    flow: SumsBy<[u8; 4]>,
    overview: Overview,
}

/// What is seen of a chunk.
#[must_use]
pub fn of<'a>(lines: &[Line<'a>], terms: &'a Terms, vocab: &'a Vocabularies) -> Overview {
    let measure = measured(terms.fields);
    let mut seen = Collector {
        terms,
        vocab,
        measure,
        pool: SumsBy::default(),
        insutype: SumsBy::default(),
        visit: SumsBy::default(),
        tier: SumsBy::default(),
        institution: SumsBy::default(),
        flow: SumsBy::default(),
        overview: Overview::default(),
    };
    lines.iter().for_each(|line| seen.add(line));
    // In the order of what settlements are grouped by.
    let by = [
        seen.pool.words(pool_text),
        seen.insutype.words(|word| word),
        seen.visit.words(|word| word),
        seen.tier.words(|word| word),
        seen.institution.words(|word| word),
        seen.flow.words(|word| word),
    ];
    Overview { by, ..seen.overview }
}

/// Six digits; empty where nobody knows.
fn pool_text(pool: Option<Admdvs>) -> String {
    pool.map(|pool| pool.to_string()).unwrap_or_default()
}

/// Two digits each; `??` where nobody knows.
fn flow(line: &Line) -> [u8; 4] {
    let mut word = *b"????";
    let places = [line.key.pool, line.key.treated];
    for (at, place) in places.into_iter().enumerate() {
        if let Some(place) = place {
            let digits = place.province_digits();
            word[2 * at] = b'0' + (digits / 10) as u8;
            word[2 * at + 1] = b'0' + (digits % 10) as u8;
        }
    }
    word
}

impl<'a> Collector<'a> {
    fn add(&mut self, line: &Line<'a>) {
        let fen = |amount: Option<Fen>| amount.map_or(0, |fen| i128::from(fen.0));
        let computed = fen(line.amounts().map(|amounts| amounts[self.measure]));
        let paid = fen(line.paid.as_ref().map(|paid| paid.amounts[self.measure]));
        let money = line.computed.as_ref().and_then(|side| side.money.as_ref());
        let total = fen(money.map(|&(_, total, _)| total));
        let sums = Sums {
            numbers: 1,
            differing: u64::from(line.outcome == Outcome::Differs),
            others: u64::from(!matches!(line.outcome, Outcome::Agrees | Outcome::Differs)),
            total,
            computed,
            paid,
            gross: (paid - computed).abs(),
        };
        self.pool.add(line.key.pool, &sums);
        self.insutype.add(line.key.insutype, &sums);
        self.visit.add(line.key.clr_type, &sums);
        self.tier.add(line.key.tier, &sums);
        self.institution.add(line.key.institution, &sums);
        self.flow.add(flow(line), &sums);
        self.overview.computed += computed;
        self.overview.paid += paid;
        if paid != computed {
            *self.overview.steps.entry(self.reason(line)).or_default() += paid - computed;
        }
        if line.outcome != Outcome::Agrees {
            self.overview.differences_met += 1;
            self.overview.differences.push(self.difference(line, paid - computed));
        }
    }

    fn reason(&self, line: &Line) -> Reason {
        let is_compared = line.fields.has(self.measure);
        match line.outcome {
            Outcome::OnlyComputed => Reason::OnlyComputed,
            Outcome::OnlyPaid => Reason::OnlyPaid,
            Outcome::Duplicate => Reason::Duplicate,
            Outcome::NotComputable => Reason::NotComputable,
            Outcome::Agrees | Outcome::Differs if !is_compared => Reason::NotCompared,
            Outcome::Agrees => Reason::Tolerance,
            Outcome::Differs => {
                let cause = line.causes.first().expect("a difference has a cause").shown(self.vocab).to_string();
                Reason::Cause(cause.split(':').next().unwrap_or_default().to_owned())
            }
        }
    }

    fn difference(&self, line: &Line, measured: i128) -> Difference {
        let fields = line.fields.and(self.terms.fields);
        let paid_of = |amounts: [Fen; FIELDS]| std::array::from_fn(|field| fields.has(field).then_some(amounts[field]));
        Difference {
            psn_no: line.psn_no.into(),
            setl_id: line.setl_id.into(),
            outcome: line.outcome,
            causes: line.causes.iter().map(|cause| cause.shown(self.vocab).to_string().into()).collect(),
            differing: line.differing,
            computed: line.amounts().copied(),
            paid: line.paid.map(|paid| paid_of(paid.amounts)),
            measured,
            insutype: line.key.insutype.into(),
            institution: line.key.institution.into(),
            pool: pool_text(line.key.pool).into(),
            month: month_text(line.key.month).into(),
        }
    }
}
