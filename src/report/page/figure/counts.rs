//! Numbers of things between places as a heat map.

use plotters::style::FontTransform;
use plotters::style::text_anchor::HPos;

use super::super::Figure;
use super::{Canvas, HEATS, Ink, LETTERS, draw, in_both};
use crate::diagnostic::{Lang, Text};

/// Numbers of things from one of `names` to another.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// Rows and columns.
    pub names: Vec<Text>,
    /// Row by row.
    pub counts: Vec<u64>,
    /// What the rows are.
    pub rows: Text,
    /// What the columns are.
    pub columns: Text,
}

/// The step of a heat map that a number has: each is about four times the one before.
fn heat(count: u64, most: u64) -> Option<u8> {
    if count == 0 {
        return None;
    }
    let below = (most / count).max(1).ilog(4) as u8;
    Some((HEATS - 1).saturating_sub(below))
}

/// A short number: `12k`.
fn short(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => format!("{}k", count / 1000),
        _ => format!("{}M", count / 1_000_000),
    }
}

/// A heat map of a [`Matrix`].
#[must_use]
pub fn heat_map(caption: Text, matrix: &Matrix) -> Figure {
    let size = matrix.names.len() as i32;
    let most = matrix.counts.iter().copied().max().unwrap_or(0);
    let one = |lang: Lang| {
        let cell = if size <= 14 { 46 } else { 24 };
        let left = if lang == Lang::En { 148 } else { 104 };
        let top = if lang == Lang::En { 142 } else { 96 };
        let (width, height) = (left + cell * size + 12, top + cell * size + 44);
        draw((width.max(420), height), caption.get(lang), |canvas| {
            canvas.words(matrix.columns.get(lang), (left + cell * size / 2, 12), HPos::Center, Ink::Faint);
            let turned = FontTransform::Rotate270;
            canvas.styled(
                matrix.rows.get(lang),
                (12, top + cell * size / 2),
                HPos::Center,
                Ink::Faint,
                LETTERS,
                turned,
            );
            for (index, name) in matrix.names.iter().enumerate() {
                let at = cell * index as i32 + cell / 2;
                canvas.words(name.get(lang), (left - 8, top + at), HPos::Right, Ink::Words);
                let turned = FontTransform::Rotate270;
                canvas.styled(name.get(lang), (left + at, top - 8), HPos::Left, Ink::Words, LETTERS, turned);
            }
            for (index, &count) in matrix.counts.iter().enumerate() {
                let (row, column) = (index as i32 / size, index as i32 % size);
                let from = (left + column * cell, top + row * cell);
                let to = (from.0 + cell - 1, from.1 + cell - 1);
                let Some(heat) = heat(count, most) else {
                    canvas.rect(from, to, Ink::Line as u8);
                    continue;
                };
                canvas.rect(from, to, Ink::Heat as u8 + heat);
                if cell > 40 {
                    let ink = if heat >= HEATS / 2 { Ink::OnHeat } else { Ink::Words };
                    canvas.words(short(count), ((from.0 + to.0) / 2, (from.1 + to.1) / 2), HPos::Center, ink);
                }
            }
            legend(canvas, left, top + cell * size + 22, most);
        })
    };
    in_both(caption.clone(), one)
}

fn legend(canvas: &Canvas, left: i32, middle: i32, most: u64) {
    canvas.words("1", (left, middle), HPos::Left, Ink::Faint);
    for step in 0..HEATS {
        let from = left + 18 + i32::from(step) * 22;
        canvas.rect((from, middle - 7), (from + 21, middle + 7), Ink::Heat as u8 + step);
    }
    canvas.words(short(most), (left + 26 + i32::from(HEATS) * 22, middle), HPos::Left, Ink::Faint);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heat_has_its_step() {
        assert_eq!([0, 1, 300, 4096].map(|count| heat(count, 4096)), [None, Some(0), Some(4), Some(5)]);
        assert_eq!([9_999, 10_000, 2_500_000].map(short), ["9999", "10k", "2M"]);
        let names = ["A", "B"].map(|name| Text::new(name, name)).to_vec();
        let matrix =
            Matrix { names, counts: vec![9, 0, 1, 9], rows: Text::new("r", "r"), columns: Text::new("c", "c") };
        let svg = heat_map(Text::new("m", "m"), &matrix).svg.en;
        assert_eq!(svg.matches("fill-heat5").count(), 2 + 1, "{svg}");
    }
}
