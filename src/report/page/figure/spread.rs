//! Three values of a distribution side by side, row by row.

use plotters::style::text_anchor::HPos;

use super::super::Figure;
use super::{Canvas, Ink, Scale, Unit, draw, fitted, hue, in_both};
use crate::diagnostic::{Lang, Text};

const ROW: i32 = 22;

/// Columns of a name.
const NAME: usize = 27;

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

/// A line from the first to the last value, a mark at each.
fn band(canvas: &Canvas, scale: &Scale, band: Band, middle: i32) {
    let at = band.map(|value| scale.at(value));
    let (first, last) = (at.into_iter().min().unwrap_or(0), at.into_iter().max().unwrap_or(0));
    canvas.rect((first, middle - 1), (last.max(first + 1), middle + 1), Ink::Faint as u8);
    for (end, at) in [(0, at[0]), (2, at[2])] {
        canvas.rect((at - 1, middle - 6), (at + 2, middle + 6), hue(end));
    }
    canvas.dot((at[1], middle), 5, hue(1));
}

/// Three values of each row on one scale from 0 on; `names` say what they are, `note` what stands beside.
#[must_use]
pub fn spreads(caption: Text, unit: Unit, names: &[Text; 3], note: &Text, rows: &[Spread]) -> Figure {
    let one = |lang: Lang| {
        let (left, width, right) = (210, 560, 210);
        let high = rows.iter().flat_map(|row| row.band).max().unwrap_or(0).max(1);
        let scale = Scale { low: 0, high, left, width };
        let (top, size) = (58, ROW * rows.len() as i32);
        draw((left + width + right, top + size + 10), caption.get(lang), |canvas| {
            let entries: Vec<(u8, &str)> =
                names.iter().enumerate().map(|(at, name)| (hue(at), name.get(lang))).collect();
            canvas.key((left, 12), &entries);
            canvas.small(note.get(lang), (left + width + right - 6, top - 10), HPos::Right, Ink::Faint);
            canvas.scale(&scale, (top, top + size), |tick| unit.tick(tick));
            for (at, row) in rows.iter().enumerate() {
                let middle = top + ROW * at as i32 + ROW / 2;
                canvas.small(fitted(row.name.get(lang), NAME), (left - 10, middle), HPos::Right, Ink::Words);
                band(canvas, &scale, row.band, middle);
                canvas.small(row.note.get(lang), (left + width + right - 6, middle), HPos::Right, Ink::Words);
            }
        })
    };
    in_both(caption.clone(), one)
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
                heads.band.iter().enumerate().map(|(at, name)| (hue(at), name.get(lang))).collect();
            canvas.key((second, 12), &entries[..1]);
            canvas.key((second, 32), &entries[1..]);
            canvas.small(heads.by.get(lang), (first - 14, top - 10), HPos::Right, Ink::Faint);
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
                    band(canvas, &bands, values, middle);
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
        let rows = [Spread { name: text("A"), band: [100, 300, 1000], note: text("n") }];
        let names = ["low", "middle", "high"].map(text);
        let svg = spreads(text("c"), Unit::Yuan, &names, &text("note"), &rows).svg.en;
        // The dot at 300 of 1000 on 560 pixels from 210 on.
        assert!(svg.contains("cx=\"378\""), "{svg}");
        assert_eq!((svg.matches("<circle").count(), svg.matches("fill-hue0").count()), (1, 2), "key and mark: {svg}");
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
