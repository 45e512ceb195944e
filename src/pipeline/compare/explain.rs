//! A settlement of the claims under the rules of another pool, step by step: the fold of a comparison with the trace on.

use std::sync::atomic::AtomicBool;

use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::person::{Fold, Outcome, fold_person_as};
use crate::adjudicate::trace::Steps;
use crate::compare::population::is_reversed;
use crate::diagnostic::{Lang, Text};
use crate::ledger::person::Desk;
use crate::model::outcome::Reasons;
use crate::model::place::Admdvs;
use crate::model::settlement::Claim;
use crate::pipeline::explain::Explained;
use crate::pipeline::load::load;
use crate::pipeline::{Inputs, RunError, Watch};
use crate::report::words::{reason_name, status_name};
use crate::rules::show::name_of;

/// One person's settlements under the rules of a pool, with their traces.
pub struct ExplainedAs {
    /// What was read of the person, and how it is computed there.
    pub explained: Explained,
    /// The pool.
    pub pool: Admdvs,
    /// The settlement, where it was accepted.
    pub settlement: Option<Standing>,
}

/// How a settlement stands in a comparison.
pub struct Standing {
    /// Its own pool.
    pub own_pool: Admdvs,
    /// Why it is not compared; `None`: it is.
    pub left_out: Option<Text>,
}

/// Folds the claims of the own pool of a settlement under another pool, as a comparison does. A settlement that is not
/// compared for what it is under its own pool is explained as it is there.
///
/// # Errors
/// The pack has no such pool, or a table cannot be read.
pub fn explain_as(
    inputs: &Inputs,
    person: &[u8],
    setl_id: &str,
    pool: &str,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<ExplainedAs, RunError> {
    let loaded = load(inputs, Some(person), None, u64::MAX, watch, cancel)?;
    let pool = super::regions::pool(&loaded.rules, pool)?;
    let (mut desk, mut own_traces) = (Desk::default(), Vec::new());
    let (source, arenas) = (loaded.source(), &loaded.rows.arenas);
    if loaded.persons.len() == 1 {
        desk.lay(source, 0);
        desk.fold(source, 0, |_| Steps::default(), |_, trace| own_traces.push(trace.0));
    }
    let Desk { claims, fold: own, .. } = desk;
    let Some(at) = claims.iter().position(|claim| arenas.setl_id(claim.text) == setl_id.as_bytes()) else {
        let explained = Explained { loaded, claims, fold: own, traces: own_traces };
        return Ok(ExplainedAs { explained, pool, settlement: None });
    };
    let own_pool = source.context.book.pool_of(claims[at].insured);
    let (left_out, stands) = left_out(&claims[at], &own.outcomes[at]);
    let settlement = Some(Standing { own_pool, left_out });
    if !stands {
        let explained = Explained { loaded, claims, fold: own, traces: own_traces };
        return Ok(ExplainedAs { explained, pool, settlement });
    }
    let standing = |position: usize| match source.context.book.pool_of(claims[position].insured) == own_pool {
        true => own.outcomes[position].standing(),
        false => Err(Reasons::NONE),
    };
    let facts = source.facts.of(0);
    let (mut accumulators, mut fold, mut traces) = (Accumulators::default(), Fold::default(), Vec::new());
    accumulators.reset(facts.balance.unwrap_or_default());
    let (context, listen) = (source.context, |_: usize| Steps::default());
    let keep = |_: usize, trace: Steps| traces.push(trace.0);
    fold_person_as(context, arenas, &facts, &claims, pool, standing, &mut accumulators, &mut fold, listen, keep);
    let explained = Explained { loaded, claims, fold, traces };
    Ok(ExplainedAs { explained, pool, settlement })
}

/// Why a settlement is not compared, if it is not; and whether it has a place under other rules.
fn left_out(claim: &Claim, outcome: &Outcome) -> (Option<Text>, bool) {
    if is_reversed(claim, outcome) {
        let why = Text::new(
            "it is half of a reversed pair, and moves the year until it is taken back",
            "它属于冲正或被冲正的结算，仅在被冲正之前计入年度累计",
        );
        return (Some(why), true);
    }
    let Err(reasons) = outcome.standing() else { return (None, true) };
    let said = |lang: Lang| {
        let words: Vec<&str> = reasons.iter().map(|reason| reason_name(reason, lang)).collect();
        let status = status_name(outcome.status, lang);
        match lang {
            Lang::En => format!("under its own rules it is {status} ({}), as shown here", words.join(", ")),
            Lang::Zh => format!("按本地规则{status}（{}），以下为本地规则下的过程", words.join("、")),
        }
    };
    (Some(Text::new(said(Lang::En), said(Lang::Zh))), false)
}

impl ExplainedAs {
    /// A pool with its name.
    #[must_use]
    pub fn name(&self, pool: Admdvs) -> Text {
        let name = name_of(&self.explained.loaded.rules.pack, pool);
        let with = |name: &str| format!("{pool} {name}").trim_end().to_owned();
        Text::new(with(&name.en), with(&name.zh))
    }
}
