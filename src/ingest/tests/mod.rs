//! Files on disk through the whole of reading.

mod claims_parquet;
mod claims_text;
mod references;
mod same_as_text;
mod soup;

use std::fs;
use std::path::PathBuf;

use super::source::Limits;
use super::{Border, ClaimBatch, IngestError, InputFile, InputPath, ReadOptions, expand};
use crate::model::date::Date;
use crate::model::reference::{InstitutionPeriod, Institutions};
use crate::model::symbol::Sym;
use crate::rules::vocabulary::Vocabularies;

/// A folder that is gone after the test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Vec<InputPath> {
        fs::write(self.path(name), bytes).expect("a file");
        expand(&[self.path(name)]).expect("the file")
    }
}

fn vocab() -> Vocabularies {
    let mut vocab = Vocabularies::default();
    for word in ["310", "390"] {
        vocab.insutype.intern(word);
    }
    for word in ["11", "1101", "14"] {
        vocab.psn_type.intern(word);
    }
    for word in ["11", "21", "2101"] {
        vocab.med_type.intern(word);
    }
    for word in ["M01", "M0123"] {
        vocab.disease.intern(word);
    }
    for word in ["01", "02", "11", "3"] {
        vocab.level.intern(word);
    }
    vocab.identity.intern("D1");
    vocab.grade.intern("2");
    vocab.filing_type.intern("01");
    vocab.mark.intern("cvlserv");
    vocab
}

fn institutions() -> Institutions {
    let mut institutions = Institutions::default();
    let period = InstitutionPeriod {
        from: Date::MIN,
        to: Date::MAX,
        hosp_lv: Sym::EMPTY,
        dedc_hosp_lv: Sym::EMPTY,
        inst_class: Sym::EMPTY,
    };
    assert!(institutions.add(b"H1", period) && institutions.add(b"H2", period));
    institutions
}

const HEADER: &str = "setl_id,psn_no,insutype,psn_type,insuplc_admdvs,mdtrtarea_admvs,fixmedins_code,med_type,begndate,enddate,setl_time,medfee_sumamt,fulamt_ownpay_amt,overlmt_selfpay,preselfpay_amt,inscp_scp_amt";
const ROW: &str = "S1,P1,310,1101,440300,440100,H2,2101,2024-01-02,2024-01-05,2024-01-05 10:00:00,100.00,10,20,30,40";

/// The header with more columns, and rows that differ from [`ROW`] in some columns.
fn table(more: &[&str], rows: &[&[(&str, &str)]]) -> String {
    let header: Vec<&str> = HEADER.split(',').chain(more.iter().copied()).collect();
    let mut text = header.join(",");
    for row in rows {
        let values = header.iter().enumerate().map(|(index, name)| {
            let changed = row.iter().find(|(column, _)| column == name).map(|&(_, value)| value);
            changed.or_else(|| ROW.split(',').nth(index)).unwrap_or("")
        });
        text.push('\n');
        text.push_str(&values.collect::<Vec<_>>().join(","));
    }
    text.push('\n');
    text
}

/// Everything read from files.
struct Read {
    batches: Vec<ClaimBatch>,
    files: Vec<InputFile>,
}

impl Read {
    /// `(row, line, reason, column)` of every reject.
    fn rejects(&self) -> Vec<(u32, u64, &'static str, &'static str)> {
        let rejects = self.batches.iter().flat_map(|batch| &batch.rejects);
        rejects.map(|reject| (reject.row, reject.line, reject.reason.word(), reject.column)).collect()
    }

    fn accepted_rows(&self) -> Vec<u32> {
        self.batches.iter().flat_map(|batch| &batch.claims).map(|claim| claim.row).collect()
    }
}

fn read_with(inputs: &[InputPath], options: &ReadOptions<'_>, limits: Limits) -> Result<Read, IngestError> {
    let (vocab, institutions) = (vocab(), institutions());
    let border = Border { vocab: &vocab, institutions: Some(&institutions), with_mdtrt_id: false };
    let mut batches = Vec::new();
    let files = super::claims::read_claims_in(inputs, &border, options, limits, &mut |batch| {
        batches.push(batch);
        Ok(())
    })?;
    Ok(Read { batches, files })
}

fn read(inputs: &[InputPath]) -> Read {
    read_with(inputs, &ReadOptions::default(), Limits::RUN).expect("readable files")
}
