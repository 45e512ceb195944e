//! Lines of a reconciliation as sums: what [`Overview`] holds, collected in one pass over a chunk.

use hashbrown::HashMap;

use super::details::{Line, Terms, month_text};
use crate::columnar::reconciled::FIELDS;
use crate::model::money::Fen;
use crate::report::overview::{By, Difference, Overview, Reason, Sums};
use crate::report::reconciled::{Outcome, measured};
use crate::rules::vocabulary::Vocabularies;

/// Sums by a word: the words once, the sums in a row. Neighbours often have the same word, so the last one is asked
/// before the table.
#[derive(Default)]
struct Dense {
    index: HashMap<Box<[u8]>, usize>,
    sums: Vec<Sums>,
    last: Option<(Box<[u8]>, usize)>,
}

impl Dense {
    fn add(&mut self, word: &[u8], sums: &Sums) {
        let at = match &self.last {
            Some((last, at)) if **last == *word => *at,
            _ => {
                let at = match self.index.get(word) {
                    Some(&at) => at,
                    None => {
                        self.sums.push(Sums::default());
                        self.index.insert(word.into(), self.sums.len() - 1);
                        self.sums.len() - 1
                    }
                };
                self.last = Some((word.into(), at));
                at
            }
        };
        self.sums[at].merge(sums);
    }
}

/// Lines as they come.
struct Collector<'a> {
    terms: &'a Terms,
    vocab: &'a Vocabularies,
    measure: usize,
    by: [Dense; By::ALL.len()],
    overview: Overview,
}

/// What is seen of a chunk.
#[must_use]
pub fn of(lines: &[Line], terms: &Terms, vocab: &Vocabularies) -> Overview {
    let measure = measured(terms.fields);
    let mut collector = Collector { terms, vocab, measure, by: Default::default(), overview: Overview::default() };
    lines.iter().for_each(|line| collector.add(line));
    let Collector { by, mut overview, .. } = collector;
    for (groups, Dense { index, sums, .. }) in overview.by.iter_mut().zip(by) {
        groups.extend(index.into_iter().map(|(word, at)| (word, sums[at])));
    }
    overview
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

impl Collector<'_> {
    fn add(&mut self, line: &Line) {
        let fen = |amount: Option<Fen>| amount.map_or(0, |fen| i128::from(fen.0));
        let computed = fen(line.amounts().map(|amounts| amounts[self.measure]));
        let paid = fen(line.paid.map(|paid| paid.amounts[self.measure]));
        let total = fen(line.computed.and_then(|side| side.money).map(|(_, total, _)| total));
        let sums = Sums {
            numbers: 1,
            differing: u64::from(line.outcome == Outcome::Differs),
            others: u64::from(!matches!(line.outcome, Outcome::Agrees | Outcome::Differs)),
            total,
            computed,
            paid,
            gross: (paid - computed).abs(),
        };
        let pool = line.key.pool.map(|pool| pool.to_string()).unwrap_or_default();
        let words: [&[u8]; By::ALL.len()] = [
            pool.as_bytes(),
            line.key.insutype.as_bytes(),
            line.key.clr_type.as_bytes(),
            line.key.tier.as_bytes(),
            line.key.institution,
            &flow(line),
        ];
        self.by.iter_mut().zip(words).for_each(|(dense, word)| dense.add(word, &sums));
        self.overview.computed += computed;
        self.overview.paid += paid;
        if paid != computed {
            *self.overview.steps.entry(self.reason(line)).or_default() += paid - computed;
        }
        if line.outcome != Outcome::Agrees {
            self.overview.differences_met += 1;
            self.overview.differences.push(self.difference(line, pool, paid - computed));
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

    fn difference(&self, line: &Line, pool: String, measured: i128) -> Difference {
        let fields = line.fields.and(self.terms.fields);
        let paid_of = |amounts: [Fen; FIELDS]| std::array::from_fn(|field| fields.has(field).then_some(amounts[field]));
        Difference {
            psn_no: line.psn_no.into(),
            setl_id: line.setl_id.into(),
            outcome: line.outcome,
            causes: line.causes.iter().map(|cause| cause.shown(self.vocab).to_string().into()).collect(),
            differing: line.differing,
            computed: line.amounts(),
            paid: line.paid.map(|paid| paid_of(paid.amounts)),
            measured,
            insutype: line.key.insutype.into(),
            institution: line.key.institution.into(),
            pool: pool.into(),
            month: month_text(line.key.month).into(),
        }
    }
}
