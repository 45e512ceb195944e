//! A rule pack as text: every table read from bytes, every cell checked. No look-ups yet.

use hashbrown::HashMap;

use super::cell;
use super::layout::{Kind, Layout, Table};
use crate::diagnostic::{Diagnostic, Location, Text, did_you_mean};
use crate::model::date::Date;
use crate::text::table::{self, TextError, TextRow};

/// One row: its line in the file, and the cells in the order of the layout; a column the file lacks is empty.
#[derive(Clone, Debug)]
pub struct Row {
    /// Physical line.
    pub line: u64,
    /// Cells, trimmed.
    pub cells: Vec<Box<str>>,
}

/// One table of a pack.
#[derive(Clone, Debug)]
pub struct PackTable {
    /// Which table.
    pub table: Table,
    /// The file as the user knows it.
    pub file: String,
    /// For each column of the layout its position in the file, from 1; 0 where the file lacks it.
    pub positions: Vec<usize>,
    /// Rows in file order.
    pub rows: Vec<Row>,
}

/// All tables of a pack, in the order of [`Table::ALL`].
#[derive(Clone, Debug)]
pub struct RulePack {
    /// The tables.
    pub tables: Vec<PackTable>,
}

/// The bytes of one file of a pack.
#[derive(Clone, Debug)]
pub struct PackFile {
    /// Name of the table: the file without `.csv`.
    pub table: String,
    /// The file as the user knows it.
    pub shown: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl PackTable {
    /// The layout.
    #[must_use]
    pub fn layout(&self) -> &'static Layout {
        self.table.layout()
    }

    /// The text of a cell.
    #[must_use]
    pub fn cell(&self, row: usize, column: &str) -> &str {
        &self.rows[row].cells[self.layout().position(column)]
    }

    /// The place of a cell.
    #[must_use]
    pub fn at(&self, row: usize, column: &str) -> Location {
        let position = self.layout().position(column);
        Location {
            file: self.file.clone(),
            line: self.rows[row].line,
            column_number: self.positions[position],
            column: column.to_owned(),
        }
    }

    /// The place of a row.
    #[must_use]
    pub fn at_row(&self, row: usize) -> Location {
        Location { file: self.file.clone(), line: self.rows[row].line, ..Location::default() }
    }

    /// The row's name.
    #[must_use]
    pub fn rule_id(&self, row: usize) -> &str {
        &self.rows[row].cells[0]
    }

    /// First and last day of a row of a dated table.
    #[must_use]
    pub fn period(&self, row: usize) -> (Date, Date) {
        let from = cell::day(self.cell(row, "valid_from")).unwrap_or(Date::MIN);
        let to = cell::day(self.cell(row, "valid_to")).unwrap_or(Date::MAX);
        (from, to)
    }
}

impl RulePack {
    /// The last day before, and the first day after, each of some rows, rising: the versions of the rules next to the
    /// one in force.
    pub fn days_beside(&self, rows: impl IntoIterator<Item = (Table, u32)>, days: &mut Vec<Date>) {
        days.clear();
        for (table, row) in rows {
            let (from, to) = self.table(table).period(row as usize);
            if from > Date::MIN {
                days.push(from.pred());
            }
            if to < Date::MAX {
                days.push(to.succ());
            }
        }
        days.sort_unstable();
        days.dedup();
    }

    /// A table.
    #[must_use]
    pub fn table(&self, table: Table) -> &PackTable {
        &self.tables[table as usize]
    }

    /// Reads the files of a pack. The second part says what is wrong; with an error among it the pack must not be used.
    #[must_use]
    pub fn read(files: &[PackFile]) -> (Self, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let mut tables = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL {
            let layout = table.layout();
            let file = files.iter().find(|file| file.table == layout.name);
            if file.is_none() && !layout.optional {
                found.push(
                    Diagnostic::error(
                        "E001",
                        Location { file: format!("{}.csv", layout.name), ..Location::default() },
                        Text::new("the pack has no such table", "规则包缺少此表"),
                    )
                    .hint(Text::new(
                        format!("add {}.csv to the folder, at least with its header: {}", layout.name, layout.header()),
                        format!("请在文件夹中加入 {}.csv，至少写明表头：{}", layout.name, layout.header()),
                    )),
                );
            }
            tables.push(file.map_or_else(|| empty(table), |file| read_table(table, file, &mut found)));
        }
        let pack = Self { tables };
        pack.check_references(&mut found);
        (pack, found)
    }

    /// Sources and band sets that rows name must exist; a rate of prepayment needs its order.
    pub(super) fn check_references(&self, found: &mut Vec<Diagnostic>) {
        let names = |table: Table, column: &str| -> HashMap<&str, ()> {
            let table = self.table(table);
            (0..table.rows.len()).map(|row| (table.cell(row, column), ())).collect()
        };
        let sources = names(Table::Sources, "source_id");
        let band_sets = names(Table::Bands, "band_set");
        let has_sources = !self.table(Table::Sources).rows.is_empty();
        for table in &self.tables {
            let columns = table.layout().columns;
            let source = columns.iter().any(|column| column.kind == Kind::SourceId);
            let bands = matches!(table.table, Table::Benefits | Table::Layers);
            for row in 0..table.rows.len() {
                if source && has_sources {
                    check_name(table, row, "source_id", &sources, "sources.csv", found);
                }
                if bands {
                    check_name(table, row, "band_set", &band_sets, "bands.csv", found);
                }
                let unordered = table.table == Table::Channels
                    && !table.cell(row, "prepay_rate").is_empty()
                    && table.cell(row, "prepay_order").is_empty();
                if unordered {
                    found.push(
                        Diagnostic::error(
                            "E012",
                            table.at(row, "prepay_order"),
                            Text::new("a prepay rate stands without its order", "有先行自付比例而无先后顺序"),
                        )
                        .hint(Text::new(
                            "`before` the deductible or `after` it: write which",
                            "写明在起付线之前 `before` 还是之后 `after`",
                        )),
                    );
                }
            }
        }
    }
}

fn check_name(
    table: &PackTable,
    row: usize,
    column: &str,
    names: &HashMap<&str, ()>,
    listed_in: &str,
    found: &mut Vec<Diagnostic>,
) {
    let name = table.cell(row, column);
    if name.is_empty() || names.contains_key(name) {
        return;
    }
    let finding = Diagnostic::error(
        "E011",
        table.at(row, column),
        Text::new(format!("`{name}` is not in {listed_in}"), format!("{listed_in} 中没有 `{name}`")),
    );
    let mut sorted: Vec<_> = names.keys().copied().collect();
    sorted.sort_unstable();
    found.push(finding.near_or(did_you_mean(name, sorted), || {
        Text::new(
            format!("add `{name}` to {listed_in}, or name one that is there"),
            format!("请在 {listed_in} 中加入 `{name}`，或改用其中已有的名称"),
        )
    }));
}

fn empty(table: Table) -> PackTable {
    let layout = table.layout();
    PackTable {
        table,
        file: format!("{}.csv", layout.name),
        positions: vec![0; layout.columns.len()],
        rows: Vec::new(),
    }
}

fn read_table(table: Table, file: &PackFile, found: &mut Vec<Diagnostic>) -> PackTable {
    let layout = table.layout();
    let mut result = PackTable { file: file.shown.clone(), ..empty(table) };
    let whole_file = Location { file: file.shown.clone(), ..Location::default() };
    let text = match table::parse(&file.bytes) {
        Ok(text) => text,
        Err(error) => {
            let hint = match error {
                TextError::Empty => Text::new(
                    format!("write its header line: {}", layout.header()),
                    format!("请写入表头行：{}", layout.header()),
                ),
                TextError::Header { .. } => error.hint(),
            };
            found.push(Diagnostic::error("E002", whole_file, error.text()).hint(hint));
            return result;
        }
    };
    if !read_header(layout, &text.header, text.header_line, &whole_file, &mut result.positions, found) {
        return result;
    }
    let mut ids: HashMap<Box<str>, u64> = HashMap::new();
    for row in &text.rows {
        if let Some(row) = read_row(layout, &result, row, found) {
            if layout.columns[0].kind != Kind::Free
                && let Some(first) = ids.insert(row.cells[0].clone(), row.line)
                && !row.cells[0].is_empty()
            {
                let (name, id) = (layout.columns[0].name, &row.cells[0]);
                let at = Location {
                    line: row.line,
                    column_number: result.positions[0],
                    column: name.into(),
                    ..whole_file.clone()
                };
                let message = Text::new(
                    format!("`{id}` is already the {name} of line {first}"),
                    format!("`{id}` 已是第 {first} 行的 {name}"),
                );
                found.push(Diagnostic::error("E010", at, message).hint(Text::new(
                    format!("give this row a {name} that no other row has, or take it out if it is a copy"),
                    format!("请为该行取一个不重复的 {name}；若为重复行则删去"),
                )));
            }
            result.rows.push(row);
        }
    }
    result
}

/// Finds every column of the layout in the header. `false` if the file cannot be read on.
fn read_header(
    layout: &Layout,
    header: &[String],
    line: u64,
    file: &Location,
    positions: &mut [usize],
    found: &mut Vec<Diagnostic>,
) -> bool {
    let names = || layout.columns.iter().map(|column| column.name);
    let before = found.len();
    for (index, heading) in header.iter().enumerate() {
        let at = Location { line, column_number: index + 1, column: heading.clone(), ..file.clone() };
        match names().position(|name| name.eq_ignore_ascii_case(heading)) {
            None => {
                let message = Text::new(
                    format!("{}.csv has no column `{heading}`", layout.name),
                    format!("{}.csv 没有 `{heading}` 这一列", layout.name),
                );
                let finding = Diagnostic::error("E003", at, message);
                found.push(finding.near_or(did_you_mean(heading, names()), || {
                    Text::new(
                        format!("take it out; remarks stand in `note`; the columns are {}", layout.header()),
                        format!("请删去该列；说明文字写入 `note`；可用的列：{}", layout.header()),
                    )
                }));
            }
            Some(position) if positions[position] > 0 => found.push(
                Diagnostic::error(
                    "E004",
                    at,
                    Text::new(format!("column `{heading}` stands twice"), format!("列 `{heading}` 重复")),
                )
                .hint(Text::new(
                    format!("keep one of columns {} and {}", positions[position], index + 1),
                    format!("请只保留第 {} 列与第 {} 列之一", positions[position], index + 1),
                )),
            ),
            Some(position) => positions[position] = index + 1,
        }
    }
    for (column, &position) in layout.columns.iter().zip(positions.iter()) {
        if position == 0 && !column.optional {
            let (en, zh) = match cell::check(column.kind, "") {
                None => ("the field may be empty", "字段可以为空"),
                Some(_) => ("the field must be filled", "字段须填写"),
            };
            found.push(
                Diagnostic::error(
                    "E005",
                    Location { line, ..file.clone() },
                    Text::new(format!("column `{}` is missing", column.name), format!("缺少列 `{}`", column.name)),
                )
                .hint(Text::new(
                    format!("add the heading `{}` and one field in every row; {en}", column.name),
                    format!("请加入表头 `{}`，并在每行补上一个字段；{zh}", column.name),
                )),
            );
        }
    }
    found.len() == before
}

/// Checks every cell of a row. `None` if a cell is wrong: the row is not compiled.
fn read_row(layout: &Layout, table: &PackTable, row: &TextRow, found: &mut Vec<Diagnostic>) -> Option<Row> {
    let at = |position: usize, column: &str| Location {
        file: table.file.clone(),
        line: row.line,
        column_number: position,
        column: column.to_owned(),
    };
    if let Some(problem) = &row.problem {
        found.push(Diagnostic::error("E006", at(0, ""), problem.text()).hint(problem.hint()));
        return None;
    }
    let mut cells: Vec<Box<str>> = Vec::with_capacity(layout.columns.len());
    let mut good = true;
    for (column, &position) in layout.columns.iter().zip(&table.positions) {
        // An optional column that the file lacks is empty, which every optional kind but a key allows.
        let text = if position == 0 { "" } else { row.fields[position - 1].as_str() };
        let absent_key = position == 0 && matches!(column.kind, Kind::Key | Kind::PrefixKey);
        if !absent_key && let Some((message, hint)) = cell::check(column.kind, text) {
            found.push(Diagnostic::error("E007", at(position, column.name), message).hint(hint));
            good = false;
        }
        cells.push(text.into());
    }
    good.then_some(Row { line: row.line, cells })
}
