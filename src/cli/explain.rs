//! `tongchou explain`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::persons::PersonsArgs;
use super::progress::{Progress, ProgressMode};
use super::terminal;
use super::{CommonArgs, Exit, ReferenceArgs, fail};
use crate::diagnostic::Lang;
use crate::pipeline::RunError;
use crate::pipeline::archived::Archived;
use crate::pipeline::explain::{EarlierRun, Explained, explain_person, persons_of};
use crate::report::explain::{Explanation, original_of};
use crate::report::privacy::Persons;

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 explained, 1 the row was rejected and is not explained, 2 not found or not readable."
)]
pub(super) struct ExplainArgs {
    /// Settlement number, setl_id
    #[arg(value_name = "SETL_ID")]
    setl_id: String,
    /// Output folder of a finished run; its inputs are read again and must be unchanged
    #[arg(long, value_name = "OUT", conflicts_with_all = ["rules", "claims"], required_unless_present_all = ["rules", "claims"])]
    run: Option<PathBuf>,
    /// Folder of the rule pack
    #[arg(long, value_name = "DIR", requires = "claims")]
    rules: Option<PathBuf>,
    /// Claims: files, folders or patterns
    #[arg(long, value_name = "PATH", num_args = 1.., requires = "rules")]
    claims: Vec<PathBuf>,
    #[command(flatten)]
    reference: ReferenceArgs,
    /// Person number, where one settlement number stands under several persons
    #[arg(long, value_name = "PSN_NO")]
    person: Option<String>,
    #[command(flatten)]
    shown: PersonsArgs,
    #[command(flatten)]
    common: CommonArgs,
}

pub(super) fn explain(args: &ExplainArgs, cancel: &AtomicBool) -> Exit {
    let lang = args.common.lang();
    match explained(args, cancel) {
        Ok(exit) => exit,
        Err(error) => fail(&error, lang),
    }
}

fn explained(args: &ExplainArgs, cancel: &AtomicBool) -> Result<Exit, RunError> {
    let lang = args.common.lang();
    let earlier = args.run.as_deref().map(EarlierRun::read).transpose()?;
    let inputs = match &earlier {
        Some(run) => run.inputs.clone(),
        None => args.reference.inputs(args.rules.clone().unwrap_or_default(), args.claims.clone()),
    };
    let quiet = Progress::new(ProgressMode::None, true, lang);
    let ledger = earlier.as_ref().map(EarlierRun::ledger).transpose()?.flatten();
    let archived = ledger.as_ref().map(|(ledger, night)| Archived::restore(ledger, *night, *night)).transpose()?;
    let inputs = archived.as_ref().map_or(inputs, |archived| archived.inputs.clone());
    let night = || archived.as_ref().map(Archived::night_input).transpose();
    let persons = match &args.person {
        Some(person) => vec![person.clone().into_bytes()],
        None => persons_of(&inputs, night()?.as_ref(), &args.setl_id, &quiet, cancel)?,
    };
    let shown = args.shown.persons()?;
    let mut texts = Vec::new();
    let mut values = Vec::new();
    let mut rejected = false;
    for person in &persons {
        let explained = explain_person(&inputs, person, night()?, &quiet, cancel)?;
        if let Some(earlier) = &earlier {
            earlier.compare(&explained.loaded)?;
        }
        match explanation(&explained, &args.setl_id, &shown) {
            Some(explanation) if args.common.json => values.push(explanation.to_json(lang)),
            Some(explanation) => texts.push(explanation.render(lang)),
            None => {
                rejected = true;
                texts.extend(rejections(&explained, lang, &shown));
            }
        }
    }
    if values.is_empty() && texts.is_empty() {
        return Err(RunError::NoSuchSettlement { setl_id: args.setl_id.clone() });
    }
    if args.common.json && !values.is_empty() {
        let value = if values.len() == 1 { values.remove(0) } else { serde_json::Value::Array(values) };
        terminal::print(&format!("{value:#}\n"));
    } else {
        terminal::print(&texts.join("\n"));
    }
    Ok(if rejected { Exit::Attention } else { Exit::Success })
}

/// The settlement's explanation, if it was accepted.
pub(super) fn explanation<'a>(
    explained: &'a Explained,
    setl_id: &str,
    persons: &'a Persons,
) -> Option<Explanation<'a>> {
    let arenas = &explained.loaded.rows.arenas;
    let at = explained.claims.iter().position(|claim| arenas.setl_id(claim.text) == setl_id.as_bytes())?;
    let (claim, steps) = (&explained.claims[at], &explained.traces[at]);
    Some(Explanation {
        claim,
        outcome: &explained.fold.outcomes[at],
        steps,
        pack: &explained.loaded.rules.pack,
        words: explained.loaded.words(),
        original: original_of(arenas, &explained.claims, claim, steps),
        persons,
    })
}

/// Why rows of the person were rejected.
pub(super) fn rejections(explained: &Explained, lang: Lang, persons: &Persons) -> Vec<String> {
    let files = &explained.loaded.sources.files;
    let lines = explained.loaded.rejects.in_memory().iter().map(|reject| {
        let (file, line) = (&files[reject.file as usize], reject.line);
        let column = reject.column;
        let value = if column == "psn_no" { &*persons.person(&reject.value) } else { &*reject.value };
        format!("{file}:{line}: {} {column} `{value}`: {}\n", reject.reason.word(), reject.problem.text().get(lang))
    });
    lines.collect()
}
