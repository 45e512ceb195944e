//! The words a rule pack uses, column by column. Claims and reference rows are turned into its symbols at the border.

use crate::model::symbol::Vocabulary;

/// One vocabulary for each kind of word. Frozen once the pack is compiled.
#[derive(Clone, Debug, Default)]
pub struct Vocabularies {
    /// `insutype`.
    pub insutype: Vocabulary,
    /// `psn_types` entries: codes and two-digit parents.
    pub psn_type: Vocabulary,
    /// `identities` entries, of `sp_psn_type`.
    pub identity: Vocabulary,
    /// `grades` entries, of `clct_grde`.
    pub grade: Vocabulary,
    /// `marks` entries; always holds `cvlserv`, `flexible`, `newborn`.
    pub mark: Vocabulary,
    /// `med_type`: codes and two-digit parents.
    pub med_type: Vocabulary,
    /// `dise_codg` entries.
    pub disease: Vocabulary,
    /// `level` of `tiers.csv`: values of `inst_class`, `dedc_hosp_lv` and (padded) `hosp_lv`; always holds `11`.
    pub level: Vocabulary,
    /// `out_fil_type`.
    pub filing_type: Vocabulary,
    /// `psn_class`.
    pub psn_class: Vocabulary,
    /// `med_class`.
    pub med_class: Vocabulary,
    /// `tier`.
    pub tier: Vocabulary,
    /// `accumulator` and `deductible_accumulator`.
    pub accumulator: Vocabulary,
}

impl Vocabularies {
    /// How many words there are in all.
    #[must_use]
    pub fn len(&self) -> usize {
        [
            &self.insutype,
            &self.psn_type,
            &self.identity,
            &self.grade,
            &self.mark,
            &self.med_type,
            &self.disease,
            &self.level,
            &self.filing_type,
            &self.psn_class,
            &self.med_class,
            &self.tier,
            &self.accumulator,
        ]
        .iter()
        .map(|words| words.len())
        .sum()
    }

    /// Whether no vocabulary has a word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 13 * 2
    }
}
