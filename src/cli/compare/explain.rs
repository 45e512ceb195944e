//! `tongchou compare regions --explain`: a case of the basket, or a settlement of the claims, under the rules of a pool.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};

use super::OutputArgs;
use crate::cli::explain::{explanation, rejections};
use crate::cli::progress::{Progress, ProgressMode};
use crate::cli::terminal;
use crate::cli::{Exit, fail};
use crate::diagnostic::{Diagnostic, Lang, Location, Text};
use crate::pipeline::compare::basket::{ExplainedCase, explain_case};
use crate::pipeline::compare::explain::{ExplainedAs, explain_as};
use crate::pipeline::explain::persons_of;
use crate::pipeline::{Inputs, RunError};

pub(super) fn run(
    inputs: &Inputs,
    basket: Option<&Path>,
    what: &str,
    pool: &str,
    how: &OutputArgs,
    cancel: &AtomicBool,
) -> Exit {
    let lang = how.common.lang();
    let done = match (basket, inputs.claims.is_empty()) {
        (Some(basket), true) => {
            let quiet = Progress::new(ProgressMode::None, true, lang);
            explain_case(&inputs.rules, basket, what, pool, &quiet, cancel).map(|explained| {
                how.common.show(|lang| render(&explained, lang), || to_json(&explained, lang));
                Exit::Success
            })
        }
        (Some(_), false) => Err(which()),
        (None, _) => settlement(inputs, what, pool, how, cancel),
    };
    done.unwrap_or_else(|error| fail(&error, lang))
}

fn which() -> RunError {
    let at = Location { file: "--explain".into(), ..Location::default() };
    let message = Text::new("a case of the basket, or a settlement of the claims?", "要说明标准算例，还是结算记录？");
    let hint = Text::new("give --basket or --claims, not both", "请只给出 --basket 或 --claims 之一");
    RunError::Asked { diagnostics: vec![Diagnostic::error("E030", at, message).hint(hint)] }
}

fn render(explained: &ExplainedCase, lang: Lang) -> String {
    let case = explained.case();
    let mut text = format!("{}  {}\n  {}\n", case.case_id, case.title.get(lang), case.note.get(lang));
    for explanation in explained.explanations() {
        text += &format!("\n{}", explanation.render(lang));
    }
    text
}

fn to_json(explained: &ExplainedCase, lang: Lang) -> Value {
    let case = explained.case();
    let settlements: Vec<Value> = explained.explanations().map(|one| one.to_json(lang)).collect();
    json!({"case_id": case.case_id, "title": case.title.get(lang), "settlements": settlements})
}

/// The settlement of every person who has one of that number.
fn settlement(
    inputs: &Inputs,
    setl_id: &str,
    pool: &str,
    how: &OutputArgs,
    cancel: &AtomicBool,
) -> Result<Exit, RunError> {
    let lang = how.common.lang();
    let quiet = Progress::new(ProgressMode::None, true, lang);
    let shown = how.shown.persons()?;
    let (mut texts, mut values, mut is_rejected) = (Vec::new(), Vec::new(), false);
    for person in persons_of(inputs, None, setl_id, &quiet, cancel)? {
        let explained = explain_as(inputs, &person, setl_id, pool, &quiet, cancel)?;
        let Some((head, explanation)) =
            head(&explained, setl_id).zip(explanation(&explained.explained, setl_id, &shown))
        else {
            is_rejected = true;
            texts.extend(rejections(&explained.explained, lang, &shown));
            continue;
        };
        if how.common.json {
            let [pool, own_pool] = [Some(explained.pool), explained.settlement.as_ref().map(|of| of.own_pool)]
                .map(|pool| pool.map_or(Value::Null, |pool| json!(pool.to_string())));
            let left_out = explained.settlement.as_ref().and_then(|of| of.left_out.as_ref());
            values.push(json!({
                "rules_pool": pool, "insured_pool": own_pool, "not_compared": left_out.map(|why| why.get(lang)),
                "settlement": explanation.to_json(lang),
            }));
        } else {
            texts.push(format!("{}\n{}", head.get(lang), explanation.render(lang)));
        }
    }
    if values.is_empty() && texts.is_empty() {
        return Err(RunError::NoSuchSettlement { setl_id: setl_id.to_owned() });
    }
    if values.is_empty() {
        terminal::print(&texts.join("\n"));
    } else {
        let value = if values.len() == 1 { values.remove(0) } else { Value::Array(values) };
        terminal::print(&format!("{value:#}\n"));
    }
    Ok(if is_rejected { Exit::Attention } else { Exit::Success })
}

/// Whose rules, whose insured, and whether the settlement is compared.
fn head(explained: &ExplainedAs, setl_id: &str) -> Option<Text> {
    let standing = explained.settlement.as_ref()?;
    let (pool, own) = (explained.name(explained.pool), explained.name(standing.own_pool));
    let mut head = Text::new(
        format!("{setl_id} under the rules of {}; insured in {}\n", pool.en, own.en),
        format!("{setl_id} 适用 {} 的规则；参保于 {}\n", pool.zh, own.zh),
    );
    if let Some(why) = &standing.left_out {
        head.en += &format!("  not compared: {}\n", why.en);
        head.zh += &format!("  不参与比较：{}\n", why.zh);
    }
    Some(head)
}
