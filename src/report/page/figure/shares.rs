//! Shares of things by two keys as a heat map.

use plotters::style::FontTransform;
use plotters::style::text_anchor::HPos;

use super::super::{Figure, Hover};
use super::{Canvas, HEATS, Ink, LETTERS, SMALL, Unit, class, columns_of, draw, fitted, in_both, pixels};
use crate::diagnostic::{Lang, Text};

/// Pixels of a cell where there are many.
const SMALL_CELL: i32 = 15;

/// A share for each pair of a row and a column.
#[derive(Clone, Debug)]
pub struct Shares {
    /// Names of the rows.
    pub rows: Vec<Text>,
    /// Names of the columns.
    pub columns: Vec<Text>,
    /// In parts per million, row by row; `None`: there is none.
    pub values: Vec<Option<i64>>,
    /// Whether the pair is of the same thing.
    pub own: Vec<bool>,
    /// What rows and columns are.
    pub heads: [Text; 2],
    /// What a pair of the same thing is called.
    pub own_name: Text,
}

/// The lowest share and the width of a step, in whole percents, so that [`HEATS`] even steps hold all of `values`.
#[must_use]
pub fn steps_of(values: impl Iterator<Item = i64> + Clone) -> (i64, i64) {
    const PERCENT: i64 = 10_000;
    let low = values.clone().min().unwrap_or(0).div_euclid(PERCENT);
    let high = values.max().unwrap_or(0).div_euclid(PERCENT) + 1;
    let step = (high - low + i64::from(HEATS) - 1).div_euclid(HEATS.into()).max(1);
    // No step is beyond a whole where no share is.
    let beyond = if high <= 101 { (low + step * i64::from(HEATS) - 100).max(0) } else { 0 };
    ((low - beyond).max(0).min(low) * PERCENT, step * PERCENT)
}

/// The step of a share.
#[must_use]
pub const fn step_at(value: i64, (low, step): (i64, i64)) -> u8 {
    let at = (value - low).div_euclid(step);
    if at < 0 {
        0
    } else if at >= HEATS as i64 {
        HEATS - 1
    } else {
        at as u8
    }
}

impl Shares {
    fn cell(&self) -> i32 {
        match self.columns.len().max(self.rows.len()) {
            0..=24 => 30,
            25..=40 => 20,
            _ => SMALL_CELL,
        }
    }

    /// Cells of one colour are one shape.
    fn paint(&self, canvas: &Canvas, steps: (i64, i64), (left, top): (i32, i32)) {
        let cell = self.cell();
        let mut paths: [String; HEATS as usize] = Default::default();
        let [mut own, mut none] = [String::new(), String::new()];
        for (at, value) in self.values.iter().enumerate() {
            let (row, column) = (at / self.columns.len(), at % self.columns.len());
            let (x, y) = (left + cell * column as i32, top + cell * row as i32);
            let square = format!("M{x} {y}h{0}v{0}h-{0}z", cell - 1);
            match value {
                Some(value) => paths[usize::from(step_at(*value, steps))] += &square,
                None => none += &square,
            }
            if self.own[at] {
                own += &square;
            }
        }
        for (step, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
            canvas.shape(&format!("fill-{}", class(Ink::Heat as u8 + step as u8)), path, "");
        }
        for (classes, path) in [("nothing", none), ("own", own)].into_iter().filter(|(_, path)| !path.is_empty()) {
            canvas.shape(classes, &path, "");
        }
    }

    fn legend(&self, canvas: &Canvas, (low, step): (i64, i64), left: i32, middle: i32, lang: Lang) {
        const WIDE: i32 = 92;
        for at in 0..HEATS {
            let from = left + i32::from(at) * WIDE;
            canvas.rect((from, middle - 8), (from + WIDE - 2, middle + 8), Ink::Heat as u8 + at);
            let edge = |at: u8| (low + step * i64::from(at)) / 10_000;
            let words = format!("{} – {} %", edge(at), edge(at + 1));
            let ink = if at >= HEATS / 2 { Ink::OnHeat } else { Ink::Words };
            canvas.small(words, (from + WIDE / 2 - 1, middle), HPos::Center, ink);
        }
        let none = Text::new("no answer", "无规则");
        canvas.shape("nothing", &format!("M{left} {}h13v13h-13z", middle + 20), "");
        canvas.small(none.get(lang), (left + 20, middle + 26), HPos::Left, Ink::Words);
        if self.own.contains(&true) {
            let from = left + 130;
            canvas.shape("own", &format!("M{from} {}h13v13h-13z", middle + 20), "");
            canvas.small(self.own_name.get(lang), (from + 20, middle + 26), HPos::Left, Ink::Words);
        }
    }
}

/// A heat map of even steps, which [`steps_of`] finds; the page tells the value that is pointed at.
#[must_use]
pub fn share_map(caption: Text, shares: &Shares) -> Figure {
    assert_eq!(shares.values.len(), shares.rows.len() * shares.columns.len(), "a value for each pair");
    assert_eq!(shares.values.len(), shares.own.len(), "whether each is its own");
    const NAME: usize = 20;
    let cell = shares.cell();
    // The same in both languages, so that cells are where they are told to be.
    let names = |of: &'_ [Text]| {
        let columns = columns_of(of.iter().flat_map(|name| [&*name.en, &*name.zh]), NAME);
        pixels(columns) * if cell > SMALL_CELL { 8 } else { 7 } / 7
    };
    let (left, top) = (names(&shares.rows) + 24, names(&shares.columns) + 22);
    let (columns, rows) = (shares.columns.len() as i32, shares.rows.len() as i32);
    let steps = steps_of(shares.values.iter().flatten().copied());
    let one = |lang: Lang| {
        let size = ((left + cell * columns + 16).max(left + 600), top + cell * rows + 70);
        draw(size, caption.get(lang), |canvas| {
            let turned = FontTransform::Rotate270;
            canvas.small(shares.heads[1].get(lang), (left + cell * columns / 2, 10), HPos::Center, Ink::Faint);
            let middle = (12, top + cell * rows / 2);
            canvas.styled(shares.heads[0].get(lang), middle, HPos::Center, Ink::Faint, SMALL, turned.clone());
            let letters = if cell > SMALL_CELL { LETTERS } else { SMALL };
            for (at, name) in shares.rows.iter().enumerate() {
                let at = (left - 6, top + cell * at as i32 + cell / 2);
                canvas.styled(&fitted(name.get(lang), NAME), at, HPos::Right, Ink::Words, letters, FontTransform::None);
            }
            for (at, name) in shares.columns.iter().enumerate() {
                let at = (left + cell * at as i32 + cell / 2, top - 6);
                canvas.styled(&fitted(name.get(lang), NAME), at, HPos::Left, Ink::Words, letters, turned.clone());
            }
            shares.paint(canvas, steps, (left, top));
            shares.legend(canvas, steps, left, top + cell * rows + 22, lang);
        })
    };
    let mut figure = in_both(caption.clone(), one).large();
    figure.hover = Some(Hover {
        from: [left, top],
        cell,
        rows: shares.rows.clone(),
        columns: shares.columns.clone(),
        values: shares.values.iter().map(|value| value.map(i128::from)).collect(),
        unit: Unit::Share,
    });
    figure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_even_and_hold_all() {
        let steps = steps_of([512_345, 701_000, 899_999].into_iter());
        assert_eq!(steps, (510_000, 70_000));
        assert_eq!([512_345, 579_999, 580_000, 899_999].map(|value| step_at(value, steps)), [0, 0, 1, 5]);
        assert_eq!(steps_of([300_000].into_iter()), (300_000, 10_000));
        assert_eq!(steps_of([190_000, 985_000].into_iter()), (160_000, 140_000));
        assert_eq!(steps_of([0, 1_000_000].into_iter()), (0, 170_000));
        assert_eq!((step_at(-5, (0, 10)), step_at(1_000, (0, 10))), (0, HEATS - 1));
    }

    #[test]
    fn cells_of_a_colour_are_one_shape() {
        let name = |name: &str| Text::new(name, name);
        let shares = Shares {
            rows: vec![name("A"), name("B")],
            columns: vec![name("A"), name("B")],
            values: vec![Some(100_000), Some(900_000), None, Some(100_000)],
            own: vec![true, false, false, true],
            heads: [name("rows"), name("columns")],
            own_name: name("own"),
        };
        let figure = share_map(name("c"), &shares);
        let svg = &figure.svg.en;
        // 12 columns of names, an eighth wider as letters are larger.
        assert!(
            svg.contains("<path class=\"fill-heat0\" d=\"M132 130h29v29h-29zM162 160h29v29h-29z\"></path>"),
            "{svg}"
        );
        assert_eq!(svg.matches("class=\"own\"").count(), 2, "the cells, and the legend: {svg}");
        assert_eq!(figure.hover.expect("values").values[2], None);
    }
}
