//! Benefits whose lowest amounts lie on no band.

use super::Check;
use super::context::{Context, hint, rows_en, warn};
use crate::diagnostic::Diagnostic;
use crate::model::money::Fen;
use crate::rules::layout::Table;
use crate::rules::values::{BandBasis, BenefitValue, DeductibleBasis};

pub(super) const CHECK: Check =
    Check {
        code: "L112", title_en: "a benefit's first band begins above 0", title_zh: "待遇的首档不从 0 起", run
    };

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let table = context.table(Table::Bands);
    let benefits = context.table(Table::Benefits);
    for (name, rows) in context.band_sets() {
        let amount = |row: usize| crate::rules::cell::money(table.cell(row, "from_amount")).expect("a checked amount");
        let Some(lowest) = rows.iter().copied().min_by_key(|&row| amount(row)) else { continue };
        let first = amount(lowest);
        let uncovered: Vec<usize> = (0..benefits.rows.len())
            .filter(|&row| benefits.cell(row, "band_set") == name)
            .filter(|&row| first > lowest_amount(&context.book.benefits[row]))
            .collect();
        let Some(&benefit) = uncovered.first() else { continue };
        let (from, id, line) = (first.plain(), benefits.rule_id(benefit), benefits.rows[benefit].line);
        found.push(
            warn(
                CHECK.code,
                table.at(lowest, "from_amount"),
                format!(
                    "the bands of `{name}` begin at {from}: below that nothing is paid by {} of benefits.csv, \
                     first `{id}` (line {line})",
                    rows_en(uncovered.len())
                ),
                format!(
                    "`{name}` 的首档起于 {from}：其下各段，benefits.csv 有 {} 行不予支付，首见于第 {line} 行 `{id}`",
                    uncovered.len()
                ),
            )
            .hint(hint(
                "write the deductible as a deductible and let the bands begin at 0",
                "起付线请写在 deductible 列，分段从 0 起",
            )),
        );
    }
}

/// The lowest amount that can lie on the bands: with a gross basis the deductible lies below it.
fn lowest_amount(benefit: &BenefitValue) -> Fen {
    let gross = matches!(benefit.band_basis, BandBasis::VisitGross | BandBasis::YearGross);
    match benefit.deductible_basis {
        DeductibleBasis::Visit if gross => benefit.deductibles.iter().copied().min().unwrap_or(Fen::ZERO),
        DeductibleBasis::Year if gross && benefit.band_basis == BandBasis::YearGross => benefit.deductibles[0],
        _ => Fen::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn a_deductible_in_the_bands() {
        let pack = pack().row("bands", "x1,from1300,1300,0.85,").row(
            "benefits",
            "b9,330100,310,*,inpatient,*,*,L3,stay,visit,1300,650,,,visit_gross,from1300,,,,,,,,1,2020-01-01,,g,",
        );
        insta::assert_snapshot!(texts(&pack, "L112"), @r"
        bands.csv:4:3 (from_amount): warning[L112]: the bands of `from1300` begin at 1300: below that nothing is paid by 1 row of benefits.csv, first `b9` (line 3)
          hint: write the deductible as a deductible and let the bands begin at 0
        bands.csv:4:3 (from_amount): 警告[L112]: `from1300` 的首档起于 1300：其下各段，benefits.csv 有 1 行不予支付，首见于第 3 行 `b9`
          建议：起付线请写在 deductible 列，分段从 0 起
        ");
    }

    #[test]
    fn the_deductible_lies_below() {
        let pack = pack().row("bands", "x1,from1300,1300,0.85,").row(
            "benefits",
            "b9,330100,310,*,inpatient,*,*,L3,stay,visit,1300,,,,visit_gross,from1300,,,,,,,,1,2020-01-01,,g,",
        );
        assert!(!codes(&pack).contains(&"L112"));
    }
}
