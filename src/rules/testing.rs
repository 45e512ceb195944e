//! A small clean pack for tests: they add the rows they are about.

use super::book::RuleBook;
use super::compile::compile;
use super::pack::{PackFile, RulePack};
use crate::diagnostic::{Diagnostic, Lang};

const TABLES: &[(&str, &str)] = &[
    ("sources", "source_id,title,document_no,issuer,published,url,trust\ng,Text,No. 1,Bureau,2020-01-01,,G\n"),
    ("places", "admdvs,pool,name_zh,name_en\n330100,330100,杭州市,Hangzhou\n330200,330200,宁波市,Ningbo\n"),
    (
        "tiers",
        "rule_id,pool,level_field,level,tier,valid_from,valid_to,source_id,note\n\
         t3,*,hosp_lv,01|02|03|04,L3,2020-01-01,,g,\n\
         t2,*,hosp_lv,05|06|07,L2,2020-01-01,,g,\n\
         t1,*,hosp_lv,08|09|10,L1,2020-01-01,,g,\n\
         t0,*,hosp_lv,11,ungraded,2020-01-01,,g,\n",
    ),
    (
        "visit_classes",
        "rule_id,pool,med_type,dise_codg,med_class,is_admission,is_emergency,valid_from,valid_to,source_id,note\n\
         v1,*,11,*,outpatient,0,0,2020-01-01,,g,\nv2,*,21,*,inpatient,1,0,2020-01-01,,g,\n",
    ),
    (
        "filing_types",
        "rule_id,pool,out_fil_type,filing,default_months,valid_from,valid_to,source_id,note\n\
         f1,*,02,resident,,2020-01-01,,g,\nf2,*,06,referral,6,2020-01-01,,g,\nf3,*,10,temporary,12,2020-01-01,,g,\n",
    ),
    (
        "schemes",
        "rule_id,pool,insutype,benefit_year_start,fund_cap_year,fund_total_has_account,valid_from,valid_to,source_id,note\n\
         s0,*,*,01-01,,0,2020-01-01,,g,\n",
    ),
    (
        "person_classes",
        "rule_id,pool,insutype,priority,psn_class,psn_types,identities,grades,age_min,age_max,valid_from,valid_to,source_id,note\n\
         c1,*,310,90,active,11,,,,,2020-01-01,,g,\nc2,*,310,91,retired,12,,,,,2020-01-01,,g,\n\
         c3,*,390,92,resident,*,,,,,2020-01-01,,g,\n",
    ),
    (
        "channels",
        "rule_id,pool,insutype,psn_class,med_class,place,filing,decision,deductible,deductible_factor,deductible_rate,\
         deductible_min,deductible_max,prepay_rate,prepay_order,rate_points,rate_factor,valid_from,valid_to,source_id,note\n\
         h0,*,*,*,*,*,*,allow,,,,,,,,,,2020-01-01,,g,\n",
    ),
    (
        "benefits",
        "rule_id,pool,insutype,psn_class,med_class,place,filing,tier,accumulator,deductible_basis,deductible_1,\
         deductible_2,deductible_3,deductible_cap_year,band_basis,band_set,base_cap_visit,base_cap_month,base_cap_year,\
         pay_cap_visit,pay_cap_month,pay_cap_year,floor_rate,counts_to_fund_cap,valid_from,valid_to,source_id,note\n\
         b0,*,*,*,*,*,*,*,all,none,,,,,visit_net,stay,,,,,,,,1,2020-01-01,,g,\n",
    ),
    ("bands", "rule_id,band_set,from_amount,rate,note\nd1,stay,0,0.7,\nd2,aid,0,0.8,\n"),
    (
        "layers",
        "rule_id,pool,insutype,psn_class,med_class,place,filing,layer,payer,includes,minus,band_basis,band_set,\
         pay_cap_visit,pay_cap_year,valid_from,valid_to,source_id,note\n\
         l1,*,390,*,*,*,*,1,maf_pay,coinsurance,,visit,aid,,,2020-01-01,,g,\n",
    ),
    (
        "accounts",
        "rule_id,pool,insutype,psn_class,med_class,pays_for,valid_from,valid_to,source_id,note\n\
         a1,*,310,*,*,in_scope,2020-01-01,,g,\n",
    ),
];

/// A pack as text, to which rows can be added.
pub(crate) struct TextPack(Vec<(&'static str, String)>);

/// The clean pack.
pub(crate) fn pack() -> TextPack {
    TextPack(TABLES.iter().map(|&(table, text)| (table, text.to_owned())).collect())
}

impl TextPack {
    /// The pack with one more row.
    pub(crate) fn row(mut self, table: &str, row: &str) -> Self {
        let text = self.text(table);
        text.push_str(row);
        text.push('\n');
        self
    }

    /// The pack with other rows in one table, or none.
    pub(crate) fn only(mut self, table: &str, rows: &[&str]) -> Self {
        let text = self.text(table);
        text.truncate(text.find('\n').expect("a header") + 1);
        rows.iter().for_each(|row| text.extend([row, "\n"]));
        self
    }

    fn text(&mut self, table: &str) -> &mut String {
        &mut self.0.iter_mut().find(|(name, _)| *name == table).expect("a table of the pack").1
    }

    /// Read; every cell must be right.
    pub(crate) fn read(&self) -> RulePack {
        let file = |(table, text): &(&'static str, String)| PackFile {
            table: (*table).to_owned(),
            shown: format!("{table}.csv"),
            bytes: text.clone().into_bytes(),
        };
        let (pack, found) = RulePack::read(&self.0.iter().map(file).collect::<Vec<_>>());
        assert!(found.is_empty(), "{}", render(&found));
        pack
    }

    /// Read and compiled.
    pub(crate) fn compiled(&self) -> (RulePack, RuleBook) {
        let pack = self.read();
        let book = compile(&pack).unwrap_or_else(|found| panic!("{}", render(&found)));
        (pack, book)
    }
}

/// Diagnostics in both languages, one after the other.
pub(crate) fn render(found: &[Diagnostic]) -> String {
    let text = |lang| found.iter().map(move |diagnostic| diagnostic.render(lang));
    text(Lang::En).chain(text(Lang::Zh)).collect::<Vec<_>>().join("\n")
}
