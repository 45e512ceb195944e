//! `tongchou audit`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde_json::{Value, json};

use super::Exit;
use super::reconcile::ReconcileArgs;
use crate::diagnostic::Lang;
use crate::pipeline::reconcile::{Audited, audit};

/// Arguments of the command.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    reconcile: ReconcileArgs,
    /// Thresholds of the checks, TOML; those of the documentation without it. The ones in force are printed
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &AuditArgs, cancel: &AtomicBool) -> Exit {
    let config = args.config.as_deref();
    let Some(audited) = args.reconcile.at_work(|plan, progress| audit(plan, config, progress, cancel)) else {
        return Exit::NotReconciled;
    };
    args.reconcile.show(|lang| render(&audited, lang), || to_json(&audited));
    let bits = audited.reconciled.as_ref().map_or(0, |report| report.exit_bits());
    Exit::Reconciled(bits | audited.findings.exit_bits())
}

/// As a person reads it.
pub(super) fn render(audited: &Audited, lang: Lang) -> String {
    let reconciled = match (&audited.reconciled, lang) {
        (Some(report), _) => report.render(lang),
        (None, Lang::En) => "not reconciled: no row of the claims says what was paid\n".to_owned(),
        (None, Lang::Zh) => "未对账：结算记录中没有任何支付金额\n".to_owned(),
    };
    reconciled + &audited.findings.render(lang)
}

/// As JSON.
pub(super) fn to_json(audited: &Audited) -> Value {
    json!({
        "reconciliation": audited.reconciled.as_ref().map(|report| report.to_json()),
        "checks": audited.findings.to_json(),
    })
}
