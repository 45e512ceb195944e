//! Two values of each row as bars: below each other, or away from each other.

use plotters::style::text_anchor::HPos;

use super::super::Figure;
use super::{Ink, Scale, Unit, columns_of, draw, fitted, hue, in_both, pixels};
use crate::diagnostic::{Lang, Text};

/// Columns of a name.
const NAME: usize = 52;

/// A row of [`pairs`].
#[derive(Clone, Debug)]
pub struct Pair {
    /// What it is.
    pub name: Text,
    /// The two values; `None`: there is none.
    pub values: [Option<i128>; 2],
}

/// Two bars in each row, both from 0 on; `names` say what they are.
#[must_use]
pub fn pairs(caption: Text, unit: Unit, names: &[Text; 2], rows: &[Pair]) -> Figure {
    let one = |lang: Lang| {
        const ROW: i32 = 42;
        let columns = columns_of(rows.iter().map(|row| row.name.get(lang)), NAME);
        let (left, width, right) = (pixels(columns), 420, 160);
        let values = || rows.iter().flat_map(|row| row.values).flatten();
        let high = if unit == Unit::Share { 1_000_000 } else { values().max().unwrap_or(0).max(1) };
        let scale = Scale { low: 0, high, left, width };
        let (top, size) = (58, ROW * rows.len() as i32);
        draw((left + width + right, top + size + 10), caption.get(lang), |canvas| {
            let entries: Vec<(u8, &str)> =
                names.iter().enumerate().map(|(at, name)| (hue(at), name.get(lang))).collect();
            canvas.key((left, 12), &entries);
            canvas.scale(&scale, (top, top + size), |tick| unit.tick(tick));
            for (at, row) in rows.iter().enumerate() {
                let row_top = top + ROW * at as i32;
                canvas.small(
                    fitted(row.name.get(lang), columns),
                    (left - 10, row_top + ROW / 2),
                    HPos::Right,
                    Ink::Words,
                );
                for (number, value) in row.values.into_iter().enumerate() {
                    let bar = row_top + 5 + 16 * number as i32;
                    let end = value.map_or(left, |value| scale.at(value).max(left + 1));
                    if value.is_some() {
                        canvas.rect((left, bar), (end, bar + 13), hue(number));
                    }
                    let shown = value.map_or_else(|| "–".to_owned(), |value| unit.shown(value));
                    canvas.small(shown, (end + 6, bar + 7), HPos::Left, Ink::Words);
                }
            }
        })
    };
    in_both(caption.clone(), one)
}

/// A row of [`opposed`].
#[derive(Clone, Debug)]
pub struct Opposed {
    /// What it is.
    pub name: Text,
    /// What is to the left and to the right, neither below 0.
    pub sides: [i128; 2],
    /// What is said beside it.
    pub note: String,
}

/// Two bars away from each other in each row, on one scale; `names` say what they are, `note` what stands beside.
#[must_use]
pub fn opposed(caption: Text, unit: Unit, names: &[Text; 2], note: &Text, rows: &[Opposed]) -> Figure {
    let one = |lang: Lang| {
        const ROW: i32 = 26;
        let columns = columns_of(rows.iter().map(|row| row.name.get(lang)), NAME);
        let (left, half, gap, right) = (pixels(columns).max(130), 220, 90, 170);
        let middle_line = left + gap + half;
        let all = middle_line + half + gap + right;
        let most = rows.iter().flat_map(|row| row.sides).max().unwrap_or(0).max(1);
        let length = |value: i128| (value * i128::from(half) / most) as i32;
        let (top, size) = (34, ROW * rows.len() as i32);
        draw((all, top + size + 10), caption.get(lang), |canvas| {
            let inks = [Ink::Less, Ink::More];
            canvas.small(names[0].get(lang), (middle_line - 12, 12), HPos::Right, Ink::Words);
            canvas.small(names[1].get(lang), (middle_line + 12, 12), HPos::Left, Ink::Words);
            canvas.small(note.get(lang), (all - 6, 12), HPos::Right, Ink::Faint);
            canvas.line((middle_line, top - 6), (middle_line, top + size), Ink::Line);
            for (at, row) in rows.iter().enumerate() {
                let middle = top + ROW * at as i32 + ROW / 2;
                canvas.small(fitted(row.name.get(lang), columns), (left, middle), HPos::Right, Ink::Words);
                for (side, value) in row.sides.into_iter().enumerate() {
                    let long = length(value).max(i32::from(value > 0));
                    let (from, to) =
                        if side == 0 { (middle_line - long, middle_line) } else { (middle_line, middle_line + long) };
                    if long > 0 {
                        canvas.rect((from, middle - 8), (to, middle + 8), inks[side] as u8);
                    }
                    let (words, end) = if side == 0 { (from - 6, HPos::Right) } else { (to + 6, HPos::Left) };
                    canvas.small(unit.shown(value), (words, middle), end, Ink::Words);
                }
                canvas.small(&row.note, (all - 6, middle), HPos::Right, Ink::Words);
            }
        })
    };
    in_both(caption.clone(), one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Text {
        Text::new(text, text)
    }

    #[test]
    fn bars_have_their_lengths_and_what_is_missing_has_none() {
        let rows = [Pair { name: text("A"), values: [Some(840_000), None] }];
        let svg = pairs(text("c"), Unit::Share, &["one", "two"].map(text), &rows).svg.en;
        // 84 % of 420 pixels.
        assert!(svg.contains("width=\"352\" height=\"13\""), "{svg}");
        assert_eq!(svg.matches("height=\"13\"").count(), 1, "{svg}");
        assert!(svg.contains("84.0 %") && svg.contains('–'), "{svg}");
    }

    #[test]
    fn bars_go_both_ways() {
        let rows = [Opposed { name: text("1"), sides: [10, 40], note: "net".into() }];
        let svg = opposed(text("c"), Unit::Count, &["less", "more"].map(text), &text("n"), &rows).svg.en;
        assert!(svg.contains("x=\"385\" y=\"39\" width=\"55\""), "a quarter of 220 to the left of 440: {svg}");
        assert!(svg.contains("x=\"440\" y=\"39\" width=\"220\""), "{svg}");
    }
}
