//! Three values of a distribution side by side, row by row.

use plotters::style::text_anchor::HPos;

use super::super::Figure;
use super::{Canvas, Ink, Scale, Unit, columns_of, draw, fitted, hue, in_both, logarithm, pixels};
use crate::diagnostic::{Lang, Text};

const ROW: i32 = 22;

/// Columns of a name.
const NAME: usize = 27;

/// Columns of a name where there is room.
const LONG_NAME: usize = 84;

/// The colours of the three values.
const MARKS: [usize; 3] = [0, 1, 3];

/// Three values in order: low, middle, high.
pub type Band = [i128; 3];

/// A row of [`spreads`].
#[derive(Clone, Debug)]
pub struct Spread {
    /// What it is.
    pub name: Text,
    /// Its values.
    pub band: Band,
    /// What is said beside it.
    pub note: Text,
}

/// A line from the first to the last value, a mark at each; `at` are their places.
fn band(canvas: &Canvas, at: [i32; 3], middle: i32) {
    let (first, last) = (at.into_iter().min().unwrap_or(0), at.into_iter().max().unwrap_or(0));
    canvas.rect((first, middle - 1), (last.max(first + 1), middle + 1), Ink::Faint as u8);
    for (end, at) in [(0, at[0]), (2, at[2])] {
        canvas.rect((at - 1, middle - 6), (at + 2, middle + 6), hue(MARKS[end]));
    }
    canvas.dot((at[1], middle), 5, hue(MARKS[1]));
}

/// The three values of rows, from 0 on: even for shares; for money each step is ten times the one before.
struct Axis {
    scale: Scale,
    unit: Unit,
}

impl Axis {
    fn new(unit: Unit, high: i128, left: i32, width: i32) -> Self {
        let high = if unit == Unit::Yuan { logarithm(high.max(100)) } else { high.max(1) };
        Self { scale: Scale { low: 0, high, left, width }, unit }
    }

    fn at(&self, value: i128) -> i32 {
        self.scale.at(if self.unit == Unit::Yuan { logarithm(value) } else { value })
    }

    fn draw(&self, canvas: &Canvas, (top, bottom): (i32, i32)) {
        if self.unit != Unit::Yuan {
            return canvas.scale(&self.scale, (top, bottom), |tick| self.unit.tick(tick));
        }
        let powers = (0..16).map(|power| 100 * 10i128.pow(power));
        for tick in std::iter::once(0).chain(powers).take_while(|&tick| logarithm(tick) <= self.scale.high) {
            canvas.rect((self.at(tick), top), (self.at(tick) + 1, bottom), Ink::Line as u8);
            canvas.small(self.unit.tick(tick), (self.at(tick), top - 10), HPos::Center, Ink::Faint);
        }
    }
}

/// Three values of each row on one axis from 0 on; `names` say what they are, `note` what stands beside. Money is on an
/// axis on which each step is ten times the one before.
#[must_use]
pub fn spreads(caption: Text, unit: Unit, names: &[Text; 3], note: &Text, rows: &[Spread]) -> Figure {
    let one = |lang: Lang| {
        let columns = columns_of(rows.iter().map(|row| row.name.get(lang)), LONG_NAME);
        let (left, width, right) = (pixels(columns), 520, 170);
        let high = rows.iter().flat_map(|row| row.band).max().unwrap_or(0);
        let axis = Axis::new(unit, high, left, width);
        let (top, size) = (58, ROW * rows.len() as i32);
        draw((left + width + right, top + size + 10), caption.get(lang), |canvas| {
            let entries: Vec<(u8, &str)> =
                names.iter().zip(MARKS).map(|(name, mark)| (hue(mark), name.get(lang))).collect();
            canvas.key((left, 12), &entries);
            canvas.small(note.get(lang), (left + width + right - 6, top - 10), HPos::Right, Ink::Faint);
            axis.draw(canvas, (top, top + size));
            for (at, row) in rows.iter().enumerate() {
                let middle = top + ROW * at as i32 + ROW / 2;
                canvas.small(fitted(row.name.get(lang), columns), (left - 10, middle), HPos::Right, Ink::Words);
                band(canvas, row.band.map(|value| axis.at(value)), middle);
                canvas.small(row.note.get(lang), (left + width + right - 6, middle), HPos::Right, Ink::Words);
            }
        })
    };
    in_both(caption.clone(), one).large()
}

/// A row of a [`ranking`].
#[derive(Clone, Debug)]
pub struct Ranked {
    /// What it is.
    pub name: Text,
    /// What it is ranked by, as it is told.
    pub by: String,
    /// Its bar, in parts per million.
    pub bar: i64,
    /// What the bar is held against.
    pub against: i64,
    /// How it spreads, in parts per million.
    pub band: Option<Band>,
    /// What is said at its end.
    pub note: String,
}

/// What the columns of a [`ranking`] are.
#[derive(Clone, Debug)]
pub struct RankingHeads {
    /// Of what rows are ranked by.
    pub by: Text,
    /// Of the bars.
    pub bar: Text,
    /// Of what bars are held against.
    pub against: Text,
    /// Of the three values.
    pub band: [Text; 3],
    /// Of what stands at the end.
    pub note: Text,
}

/// Rows by rank: a bar with a mark, and beside it three values of a distribution; both from 0 to 100 percent.
#[must_use]
pub fn ranking(caption: Text, heads: &RankingHeads, rows: &[Ranked]) -> Figure {
    let one = |lang: Lang| {
        let (first, second, width) = (280, 640, 300);
        let (top, size, all) = (66, ROW * rows.len() as i32, 1040);
        let share = |left| Scale { low: 0, high: 1_000_000, left, width };
        let (bars, bands) = (share(first), share(second));
        draw((all, top + size + 10), caption.get(lang), |canvas| {
            let keys = [(Ink::Whole as u8, heads.bar.get(lang)), (Ink::More as u8, heads.against.get(lang))];
            canvas.key((first, 12), &keys[..1]);
            canvas.key((first, 32), &keys[1..]);
            let entries: Vec<(u8, &str)> =
                heads.band.iter().zip(MARKS).map(|(name, mark)| (hue(mark), name.get(lang))).collect();
            canvas.key((second, 12), &entries[..1]);
            canvas.key((second, 32), &entries[1..]);
            canvas.small(heads.by.get(lang), (first - 26, top - 10), HPos::Right, Ink::Faint);
            canvas.small(heads.note.get(lang), (all - 6, top - 10), HPos::Right, Ink::Faint);
            for scale in [&bars, &bands] {
                canvas.scale(scale, (top, top + size), |tick| Unit::Share.tick(tick));
            }
            for (at, row) in rows.iter().enumerate() {
                let middle = top + ROW * at as i32 + ROW / 2;
                canvas.small(fitted(row.name.get(lang), NAME), (first - 84, middle), HPos::Right, Ink::Words);
                canvas.small(&row.by, (first - 14, middle), HPos::Right, Ink::Words);
                canvas.rect(
                    (first, middle - 6),
                    (bars.at(row.bar.into()).max(first + 1), middle + 6),
                    Ink::Whole as u8,
                );
                let mark = bars.at(row.against.into());
                canvas.rect((mark - 1, middle - 9), (mark + 2, middle + 9), Ink::More as u8);
                if let Some(values) = row.band {
                    band(canvas, values.map(|value| bands.at(value)), middle);
                }
                canvas.small(&row.note, (all - 6, middle), HPos::Right, Ink::Words);
            }
        })
    };
    in_both(caption.clone(), one).large()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Text {
        Text::new(text, text)
    }

    #[test]
    fn a_row_has_its_line_and_its_marks() {
        let rows = [Spread { name: text("A"), band: [100_000, 300_000, 1_000_000], note: text("n") }];
        let names = ["low", "middle", "high"].map(text);
        let svg = spreads(text("c"), Unit::Share, &names, &text("note"), &rows).svg.en;
        // The dot at 30 % of 520 pixels, from 95 on.
        assert!(svg.contains("cx=\"251\""), "{svg}");
        assert_eq!((svg.matches("<circle").count(), svg.matches("fill-hue0").count()), (1, 2), "key and mark: {svg}");
    }

    #[test]
    fn money_is_told_on_powers_of_ten() {
        let rows = [Spread { name: text("A"), band: [0, 10_000, 2_000_000], note: text("n") }];
        let svg = spreads(text("c"), Unit::Yuan, &["low", "middle", "high"].map(text), &text("note"), &rows).svg.en;
        for tick in ["\n0\n", "\n1\n", "\n10\n", "\n100\n", "\n1,000\n", "\n10,000\n"] {
            assert!(svg.contains(tick), "{tick}: {svg}");
        }
        assert!(!svg.contains("\n100,000\n"), "{svg}");
    }

    #[test]
    fn a_ranking_has_a_bar_with_its_mark() {
        let heads = RankingHeads {
            by: text("by"),
            bar: text("bar"),
            against: text("against"),
            band: ["low", "middle", "high"].map(text),
            note: text("note"),
        };
        let row = Ranked {
            name: text("A & B"),
            by: "+1.0 %".into(),
            bar: 500_000,
            against: 400_000,
            band: None,
            note: "7".into(),
        };
        let figure = ranking(text("c"), &heads, &[row]);
        assert!(figure.is_large && figure.svg.en.contains("A &amp; B"));
        // From 280 to half of 300 more; the mark at two fifths.
        assert!(figure.svg.en.contains("x=\"280\" y=\"71\" width=\"150\""), "{}", figure.svg.en);
        assert!(figure.svg.en.contains("x=\"399\""), "{}", figure.svg.en);
    }
}
