//! One cell of a pack named on the spot, as in `benefits:r123.deductible_1`: set to a value, or stepped from one to
//! another. The value is checked like any cell of the pack.

use super::cell;
use super::layout::{Kind, Table};
use super::pack::RulePack;
use crate::diagnostic::{Diagnostic, Location, Text, did_you_mean, meant};
use crate::model::money::{Fen, Rate, round_ratio};

/// A cell of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellName {
    /// Its table.
    pub table: Table,
    /// Its row.
    pub row: usize,
    /// Position of its column in the layout.
    pub column: usize,
}

/// What is wrong with a question, and where: there is no file.
fn wrong(asked: &str, en: String, zh: String) -> crate::diagnostic::Finding {
    Diagnostic::error("E030", Location { file: format!("--set {asked}"), ..Location::default() }, Text::new(en, zh))
}

fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, otherwise: Text) -> Text {
    did_you_mean(word, known).map_or(otherwise, meant)
}

/// The cell that `table:rule_id.column` names.
///
/// # Errors
/// No such table, row or column, with the one that was probably meant.
pub fn find_cell(pack: &RulePack, asked: &str) -> Result<CellName, Diagnostic> {
    let parts = asked.split_once(':').and_then(|(table, rest)| Some((table, rest.rsplit_once('.')?)));
    let Some((table_name, (rule, column_name))) = parts else {
        let (en, zh) = (format!("`{asked}` names no cell"), format!("`{asked}` 不是单元格的名称"));
        let hint = Text::new(
            "write table:rule_id.column, as in `benefits:r123.deductible_1`",
            "写作 表:rule_id.列，如 `benefits:r123.deductible_1`",
        );
        return Err(wrong(asked, en, zh).hint(hint));
    };
    let (table_name, rule, column_name) = (table_name.trim(), rule.trim(), column_name.trim());
    let names = || Table::ALL.iter().map(|table| table.layout().name);
    let Some(table) = Table::ALL.into_iter().find(|table| table.layout().name == table_name) else {
        let (en, zh) = (format!("a pack has no table `{table_name}`"), format!("规则包没有表 `{table_name}`"));
        let list = names().collect::<Vec<_>>();
        let all = Text::new(format!("the tables are {}", list.join(", ")), format!("规则表有：{}", list.join("、")));
        return Err(wrong(asked, en, zh).hint(near(table_name, names(), all)));
    };
    let (rows, layout) = (pack.table(table), table.layout());
    let ids = || (0..rows.rows.len()).map(|row| rows.rule_id(row));
    let Some(row) = ids().position(|id| id == rule) else {
        let (en, zh) = (format!("{table_name} has no row `{rule}`"), format!("{table_name} 中没有行 `{rule}`"));
        let look = Text::new(
            format!("its rows are named in the first column of {}", rows.file),
            format!("行名见 {} 的第一列", rows.file),
        );
        return Err(wrong(asked, en, zh).hint(near(rule, ids(), look)));
    };
    let columns = || layout.columns.iter().map(|column| column.name);
    let Some(column) = columns().position(|name| name == column_name) else {
        let (en, zh) = (
            format!("{table_name} has no column `{column_name}`"),
            format!("{table_name} 没有 `{column_name}` 这一列"),
        );
        let all = Text::new(format!("the columns are {}", layout.header()), format!("各列为：{}", layout.header()));
        return Err(wrong(asked, en, zh).hint(near(column_name, columns(), all)));
    };
    if column == 0 {
        let (en, zh) = (format!("`{column_name}` names the row"), format!("`{column_name}` 是行的名称"));
        let hint = Text::new("name a column that says something: a key, a value or a date", "请指定键、取值或日期列");
        return Err(wrong(asked, en, zh).hint(hint));
    }
    Ok(CellName { table, row, column })
}

impl CellName {
    /// What the cell may hold.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.table.layout().columns[self.column].kind
    }

    /// What the cell holds.
    #[must_use]
    pub fn value(self, pack: &RulePack) -> &str {
        &pack.table(self.table).rows[self.row].cells[self.column]
    }

    /// Sets the cell.
    ///
    /// # Errors
    /// The value is none that a pack may hold there, or the pack does not hold together with it.
    pub fn set(self, pack: &mut RulePack, value: &str) -> Result<(), Vec<Diagnostic>> {
        let column = &self.table.layout().columns[self.column];
        let id = pack.table(self.table).rule_id(self.row).to_owned();
        let asked = format!("{}:{id}.{}={value}", self.table.layout().name, column.name);
        if let Some((message, hint)) = cell::check(column.kind, value) {
            return Err(vec![wrong(&asked, message.en, message.zh).hint(hint)]);
        }
        pack.tables[self.table as usize].rows[self.row].cells[self.column] = value.into();
        let mut found = Vec::new();
        pack.check_references(&mut found);
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    /// `count` values from one to another, both ends included, evenly: in fen, in millionths, or in whole numbers.
    ///
    /// # Errors
    /// The cell holds no number, or an end is none.
    pub fn steps(self, from: &str, to: &str, count: u32) -> Result<Vec<String>, Diagnostic> {
        let column = &self.table.layout().columns[self.column];
        let parse = |text: &str| match column.kind {
            Kind::Money | Kind::MoneyRequired => Fen::parse_yuan(text.as_bytes()).map(|fen| fen.0),
            Kind::Rate | Kind::RateRequired | Kind::Points | Kind::Factor => {
                Rate::parse(text.as_bytes()).map(|rate| rate.0)
            }
            _ => text.parse::<i32>().ok().map(i64::from),
        };
        let is_number = matches!(
            column.kind,
            Kind::Money
                | Kind::MoneyRequired
                | Kind::Rate
                | Kind::RateRequired
                | Kind::Points
                | Kind::Factor
                | Kind::Integer
                | Kind::IntegerRequired
        );
        if !is_number {
            let (en, zh) = (format!("`{}` holds no number", column.name), format!("`{}` 不是数值列", column.name));
            let hint = Text::new("name an amount, a rate or a whole number", "请指定金额、比例或整数列");
            return Err(wrong(column.name, en, zh).hint(hint));
        }
        let mut ends = [0; 2];
        for (end, text) in ends.iter_mut().zip([from, to]) {
            let Some(number) = parse(text) else {
                let (message, hint) = cell::check(column.kind, text).unwrap_or_else(|| {
                    (Text::new("an end is empty", "端点为空"), Text::new("write a number", "请写数值"))
                });
                return Err(wrong(&format!("{} {text}", column.name), message.en, message.zh).hint(hint));
            };
            *end = number;
        }
        let [first, last] = ends;
        let value = |step: u32| {
            let distance = i128::from(last) - i128::from(first);
            let part = round_ratio(distance.abs() * i128::from(step), i128::from(count.max(2) - 1));
            let number = if distance < 0 { first - part } else { first + part };
            match column.kind {
                Kind::Money | Kind::MoneyRequired => Fen(number).to_string(),
                Kind::Integer | Kind::IntegerRequired => number.to_string(),
                _ => Rate(number).to_string(),
            }
        };
        Ok((0..count.max(2)).map(value).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::pack;

    #[test]
    fn a_cell_is_found_and_set() {
        let mut pack = pack().read();
        let cell = find_cell(&pack, "benefits:b0.deductible_1").expect("a cell");
        assert_eq!(cell.value(&pack), "");
        cell.set(&mut pack, "500").expect("an amount");
        assert_eq!(cell.value(&pack), "500");
        let bands = find_cell(&pack, "benefits:b0.band_set").expect("a cell");
        assert!(bands.set(&mut pack.clone(), "nowhere").is_err(), "a band set that is not there");
        assert!(cell.set(&mut pack.clone(), "-1").is_err(), "an amount below zero");
    }

    #[test]
    fn what_is_misspelt_is_guessed() {
        let pack = pack().read();
        let hint = |asked: &str| find_cell(&pack, asked).expect_err("misspelt").hint.en;
        assert_eq!(hint("benefit:b0.deductible_1"), "did you mean `benefits`?");
        assert_eq!(hint("benefits:bo.deductible_1"), "did you mean `b0`?");
        assert_eq!(hint("benefits:b0.deductible1"), "did you mean `deductible_1`?");
        assert!(hint("benefits:b0").starts_with("write table:rule_id.column"));
        assert!(hint("benefits:b0.rule_id").starts_with("name a column"));
    }

    #[test]
    fn steps_reach_both_ends() {
        let pack = pack().read();
        let steps = |asked: &str, from: &str, to: &str, count| {
            find_cell(&pack, asked).expect("a cell").steps(from, to, count).expect("numbers")
        };
        assert_eq!(steps("benefits:b0.deductible_1", "0", "1", 4), ["0.00", "0.33", "0.67", "1.00"]);
        assert_eq!(steps("bands:d1.rate", "0.9", "0.7", 3), ["0.9", "0.8", "0.7"]);
        let words = find_cell(&pack, "benefits:b0.band_set").expect("a cell");
        assert!(words.steps("0", "1", 2).is_err());
    }
}
