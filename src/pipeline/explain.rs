//! Explaining one settlement: its person's rows are read again and folded by the same kernel, with the trace on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde_json::Value;

use super::archived;
use super::load::{self, Loaded, NightInput, load};
use super::rules_dir::{Rules, load_rules};
use super::{Inputs, ReferencePaths, RunError, Watch};
use crate::adjudicate::person::Fold;
use crate::adjudicate::trace::{Step, Steps};
use crate::diagnostic::Text;
use crate::ingest::{self, Border, ReadOptions};
use crate::ledger::person::Desk;
use crate::ledger::store::{Access, Ledger, LedgerError};
use crate::model::settlement::Claim;

/// One person's settlements with their traces.
pub struct Explained {
    /// Everything that was read of the person.
    pub loaded: Loaded,
    /// Claims in the total order.
    pub claims: Vec<Claim>,
    /// Their outcomes.
    pub fold: Fold,
    /// Their traces.
    pub traces: Vec<Vec<Step>>,
}

/// The inputs of a finished run, and the digests they had.
pub struct EarlierRun {
    /// What was read.
    pub inputs: Inputs,
    rules_sha256: String,
    digests: Vec<(PathBuf, String)>,
    /// The ledger and the number, if the run was a night. Its inputs then come from the ledger's archive.
    night: Option<(PathBuf, u32)>,
}

impl EarlierRun {
    /// Reads the manifest of a finished run.
    ///
    /// # Errors
    /// The manifest is not there or not one of ours.
    pub fn read(out: &Path) -> Result<Self, RunError> {
        let path = out.join("manifest.json");
        let fail = |en: String, zh: String| RunError::EarlierRun { path: path.clone(), reason: Text::new(en, zh) };
        let text = fs::read_to_string(&path)
            .map_err(|error| fail(format!("cannot be read: {error}"), format!("无法读取：{error}")))?;
        let manifest: Value = serde_json::from_str(&text)
            .map_err(|error| fail(format!("is not a manifest: {error}"), format!("不是运行清单：{error}")))?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let missing = |en: &str, zh: &str| {
            fail(
                format!("is not a manifest of this program: it has no {en}"),
                format!("不是本程序的运行清单：缺少{zh}"),
            )
        };
        if manifest["ledger"]["replayed"].is_object() {
            return Err(fail(
                "is that of a replay, whose inputs are in the ledger: name a night of the ledger".to_owned(),
                "属于重算结果，其输入在账本中：请指定账本的某一批".to_owned(),
            ));
        }
        let night = archived::night_of(out, &manifest);
        let claims = manifest["claims"].as_array().ok_or_else(|| missing("claims", "结算记录"))?;
        let mut digests = Vec::new();
        let mut file = |value: &Value| -> Result<PathBuf, RunError> {
            let path =
                PathBuf::from(text(&value["path"]).ok_or_else(|| missing("path of an input", "输入文件的路径"))?);
            digests.push((
                path.clone(),
                text(&value["sha256"]).ok_or_else(|| missing("digest of an input", "输入文件的摘要"))?,
            ));
            Ok(path)
        };
        let claims = claims.iter().map(&mut file).collect::<Result<Vec<_>, _>>()?;
        // A table of several files was given as one path: their digests are checked, the path is the argument's.
        let mut table = |name: &str| -> Result<Option<PathBuf>, RunError> {
            match &manifest["reference"][name] {
                Value::Null => Ok(None),
                value => {
                    let files = value["files"]
                        .as_array()
                        .ok_or_else(|| missing("files of a reference table", "参考表的文件"))?;
                    files.iter().try_for_each(|value| file(value).map(|_| ()))?;
                    Ok(text(&value["path"]).map(PathBuf::from))
                }
            }
        };
        let reference = ReferencePaths {
            enrolments: table("enrolments")?,
            filings: table("filings")?,
            institutions: table("institutions")?,
            accounts: table("accounts")?,
            marks: table("marks")?,
        };
        let rules = PathBuf::from(text(&manifest["rules"]["path"]).ok_or_else(|| missing("rules", "规则包"))?);
        let rules_sha256 =
            text(&manifest["rules"]["sha256"]).ok_or_else(|| missing("digest of the rules", "规则包的摘要"))?;
        Ok(Self { inputs: Inputs { rules, claims, reference }, rules_sha256, digests, night })
    }

    /// The ledger that the run is a night of, and the night; `None`: it stands alone.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn ledger(&self) -> Result<Option<(Ledger, u32)>, LedgerError> {
        let Some((folder, night)) = &self.night else { return Ok(None) };
        Ok(Some((Ledger::open(folder, Access::Read)?, *night)))
    }

    /// Whether a pack is the one that the run was made with.
    ///
    /// # Errors
    /// It has changed since.
    pub fn compare_rules(&self, rules: &Rules) -> Result<(), RunError> {
        if rules.sha256 == self.rules_sha256 { Ok(()) } else { Err(changed(&rules.folder)) }
    }

    /// Whether what was read now is what the run read.
    ///
    /// # Errors
    /// A file has changed since.
    pub fn compare(&self, loaded: &Loaded) -> Result<(), RunError> {
        self.compare_rules(&loaded.rules)?;
        let read = loaded.files.iter().chain(loaded.gates.iter().filter_map(|(_, files)| files.as_ref()).flatten());
        for file in read {
            let path = ingest::absolute(&file.path);
            if self.digests.iter().any(|(known, digest)| *known == path && *digest != file.sha256) {
                return Err(changed(&file.path));
            }
        }
        Ok(())
    }
}

fn changed(path: &Path) -> RunError {
    RunError::EarlierRun {
        path: path.to_owned(),
        reason: Text::new(
            "has changed since the run: run again, and ask the new output",
            "在运行之后已改动：请重新运行，并以新的输出为准",
        ),
    }
}

/// Persons that have a row with a settlement number, in input order.
///
/// # Errors
/// The rules or the claims cannot be read.
pub fn persons_of(
    inputs: &Inputs,
    night: Option<&NightInput>,
    setl_id: &str,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Vec<Vec<u8>>, RunError> {
    watch.begin(super::Stage::Ingest, None);
    let rules = load_rules(&inputs.rules)?;
    let files = load::claims_of(inputs, night)?;
    let border = Border { vocab: &rules.book.vocab, institutions: None, with_mdtrt_id: false };
    let advance = |rows: u64, _bytes: u64| watch.advance(rows);
    let options = ReadOptions { progress: Some(&advance), cancel: Some(cancel), ..ReadOptions::default() };
    let mut persons: Vec<Vec<u8>> = Vec::new();
    ingest::read_claims(&files, &border, &options, &mut |batch| {
        let texts = batch.claims.iter().map(|claim| claim.text).chain(batch.ghosts.iter().map(|ghost| ghost.text));
        for text in texts {
            let person = &batch.arena[text.offset as usize..][..usize::from(text.psn_len)];
            let id = &batch.arena[text.offset as usize + usize::from(text.psn_len)..][..usize::from(text.setl_len)];
            if id == setl_id.as_bytes() && !persons.iter().any(|known| known == person) {
                persons.push(person.to_vec());
            }
        }
        Ok(())
    })?;
    if persons.is_empty() {
        return Err(RunError::NoSuchSettlement { setl_id: setl_id.to_owned() });
    }
    Ok(persons)
}

/// Folds one person with the trace on.
///
/// # Errors
/// The inputs cannot be read.
pub fn explain_person(
    inputs: &Inputs,
    person: &[u8],
    night: Option<NightInput>,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Explained, RunError> {
    let loaded = load(inputs, Some(person), night, u64::MAX, watch, cancel)?;
    assert!(loaded.persons.len() <= 1, "{} persons where one was asked for", loaded.persons.len());
    let mut desk = Desk::default();
    let mut traces = Vec::new();
    if loaded.persons.len() == 1 {
        desk.lay(loaded.source(), 0);
        desk.fold(loaded.source(), 0, |_| Steps::default(), |_, trace| traces.push(trace.0));
    }
    let Desk { claims, fold, .. } = desk;
    Ok(Explained { loaded, claims, fold, traces })
}
