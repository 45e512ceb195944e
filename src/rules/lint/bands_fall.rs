//! Bands whose rate falls as the amount rises.

use super::Check;
use super::context::{Context, hint, warn};
use crate::diagnostic::Diagnostic;
use crate::rules::cell;
use crate::rules::layout::Table;

pub(super) const CHECK: Check = Check {
    code: "L113",
    title_en: "a rate that falls as the amount rises",
    title_zh: "分段比例随金额升高而下降",
    run,
};

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let table = context.table(Table::Bands);
    let users = context.users_of_bands();
    let from = |row: usize| cell::money(table.cell(row, "from_amount")).expect("a checked amount");
    let rate = |row: usize| cell::rate(table.cell(row, "rate")).expect("a checked rate");
    for (name, mut rows) in context.band_sets() {
        rows.sort_by_key(|&row| from(row));
        let fall = rows.windows(2).find(|pair| rate(pair[1]) < rate(pair[0]));
        let Some(pair) = fall.filter(|_| users.contains_key(name)) else { continue };
        let (amount, below, above) = (from(pair[1]).plain(), rate(pair[0]).percent(), rate(pair[1]).percent());
        found.push(
            warn(
                CHECK.code,
                table.at(pair[1], "rate"),
                format!("in `{name}` the rate falls from {below} % to {above} % at {amount}"),
                format!("`{name}` 在 {amount} 元处由 {below}% 降为 {above}%"),
            )
            .hint(hint(
                "most tables rise; Beijing, Hangzhou and Fuzhou really fall in their last band: compare with the document",
                "多数地区逐段升高；北京、杭州、福州末段确有下降：请与文件核对",
            )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn falls() {
        let pack = pack().row("bands", "x1,stay,500,0.6,");
        insta::assert_snapshot!(texts(&pack, "L113"), @r"
        bands.csv:4:4 (rate): warning[L113]: in `stay` the rate falls from 70 % to 60 % at 500
          hint: most tables rise; Beijing, Hangzhou and Fuzhou really fall in their last band: compare with the document
        bands.csv:4:4 (rate): 警告[L113]: `stay` 在 500 元处由 70% 降为 60%
          建议：多数地区逐段升高；北京、杭州、福州末段确有下降：请与文件核对
        ");
    }

    #[test]
    fn rises() {
        assert!(!codes(&pack()).contains(&"L113"));
    }
}
