//! What goes from where to where, as bands between two columns.

use plotters::style::text_anchor::HPos;

use super::super::Figure;
use super::{Canvas, Ink, class, draw, fitted, hue, in_both, spaced};
use crate::diagnostic::{Lang, Text};
use crate::report::summary::grouped;

/// Numbers of things that go from one of `from` to one of `to`.
#[derive(Clone, Debug)]
pub struct Flow {
    /// What the left and the right column are.
    pub heads: [Text; 2],
    /// The left column.
    pub from: Vec<Text>,
    /// The right column.
    pub to: Vec<Text>,
    /// Row by row of the left column.
    pub weights: Vec<u64>,
}

const LEFT: i32 = 210;
const RIGHT: i32 = 750;
const ALL: i32 = 960;
const BAR: i32 = 12;
const TOP: i32 = 34;
const GAP: i32 = 9;
const HEIGHT: i32 = 520;

/// Where the things of a column lie: top and bottom, in pixels.
fn places(sums: &[u64]) -> Vec<(i32, i32)> {
    let all: u64 = sums.iter().sum::<u64>().max(1);
    let mut before = 0;
    let at = |number: u64| (u128::from(number) * HEIGHT as u128 / u128::from(all)) as i32;
    let place = |(row, &sum): (usize, &u64)| {
        let top = at(before);
        before += sum;
        (TOP + GAP * row as i32 + top, TOP + GAP * row as i32 + at(before).max(top + 1))
    };
    sums.iter().enumerate().map(place).collect()
}

impl Flow {
    fn sums(&self) -> [Vec<u64>; 2] {
        let columns = self.to.len();
        let row = |from: usize| self.weights[from * columns..][..columns].iter().sum();
        let column = |to: usize| (0..self.from.len()).map(|from| self.weights[from * columns + to]).sum();
        [(0..self.from.len()).map(row).collect(), (0..columns).map(column).collect()]
    }

    fn bands(&self, canvas: &Canvas, [sums_from, sums_to]: &[Vec<u64>; 2], lang: Lang) {
        let (from, to) = (places(sums_from), places(sums_to));
        let mut used = (vec![0u64; from.len()], vec![0u64; to.len()]);
        // Part of a place, by what has gone before.
        let part = |(top, bottom): (i32, i32), of: u64, until: u64| {
            top + (i128::from(bottom - top) * i128::from(until) / i128::from(of.max(1))) as i32
        };
        for (at, &weight) in self.weights.iter().enumerate().filter(|&(_, &weight)| weight > 0) {
            let (row, column) = (at / to.len(), at % to.len());
            let left = (used.0[row], used.0[row] + weight);
            let right = (used.1[column], used.1[column] + weight);
            used.0[row] = left.1;
            used.1[column] = right.1;
            let [a, b] = [left.0, left.1].map(|until| part(from[row], sums_from[row], until));
            let [c, d] = [right.0, right.1].map(|until| part(to[column], sums_to[column], until));
            let (b, d) = (b.max(a + 1), d.max(c + 1));
            let (start, end, bend) = (LEFT + BAR, RIGHT - BAR, (LEFT + RIGHT) / 2);
            let path =
                format!("M{start} {a}C{bend} {a} {bend} {c} {end} {c}L{end} {d}C{bend} {d} {bend} {b} {start} {b}Z");
            let hint = format!("{} → {}: {}", self.from[row].get(lang), self.to[column].get(lang), grouped(weight));
            canvas.shape(&format!("soft fill-{}", class(hue(row))), &path, &hint);
        }
    }

    fn column(&self, canvas: &Canvas, side: usize, sums: &[u64], lang: Lang) {
        let (names, edge) = ([&self.from, &self.to][side], [LEFT, RIGHT - BAR][side]);
        let places = places(sums);
        let wanted: Vec<i32> = places.iter().map(|(top, bottom)| (top + bottom) / 2).collect();
        let bottom = places.last().map_or(TOP, |&(_, bottom)| bottom);
        let labels = spaced(&wanted, 17, (TOP, bottom.max(TOP + 17 * places.len() as i32)));
        for (at, (&(top, bottom), label)) in places.iter().zip(labels).enumerate() {
            let ink = if side == 0 { hue(at) } else { Ink::Whole as u8 };
            canvas.rect((edge, top), (edge + BAR, bottom), ink);
            let (words, corner, end) = match side {
                0 => (LEFT - 16, LEFT - 2, HPos::Right),
                _ => (RIGHT + 16, RIGHT + 2, HPos::Left),
            };
            if label != wanted[at] {
                let step = if side == 0 { words + 2 } else { words - 2 };
                canvas.path(&[(corner, wanted[at]), (step, label)], Ink::Faint as u8, 1);
            }
            let name = format!("{} {}", fitted(names[at].get(lang), 20), grouped(sums[at]));
            canvas.small(name, (words, label), end, Ink::Words);
        }
    }
}

/// Bands from the left to the right column, as wide as there is of each; colours are those of the left.
#[must_use]
pub fn flow(caption: Text, whole: &Flow) -> Figure {
    assert_eq!(whole.weights.len(), whole.from.len() * whole.to.len(), "a weight for each pair");
    let one = |lang: Lang| {
        let sums = whole.sums();
        let rows = whole.from.len().max(whole.to.len()) as i32;
        let size = (HEIGHT + GAP * rows).max(17 * rows);
        draw((ALL, TOP + size + 10), caption.get(lang), |canvas| {
            canvas.small(whole.heads[0].get(lang), (LEFT - 16, 12), HPos::Right, Ink::Faint);
            canvas.small(whole.heads[1].get(lang), (RIGHT + 16, 12), HPos::Left, Ink::Faint);
            whole.bands(canvas, &sums, lang);
            sums.iter().enumerate().for_each(|(side, sums)| whole.column(canvas, side, sums, lang));
        })
    };
    in_both(caption.clone(), one).large()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_as_wide_as_what_goes() {
        let name = |name: &str| Text::new(name, name);
        let whole = Flow {
            heads: [name("from"), name("to")],
            from: vec![name("A"), name("B")],
            to: vec![name("C"), name("<D>")],
            weights: vec![30, 10, 0, 40],
        };
        assert_eq!(whole.sums(), [vec![40, 40], vec![30, 50]]);
        let svg = flow(name("c"), &whole).svg.en;
        assert_eq!(svg.matches("<path").count(), 3, "nothing goes from B to C: {svg}");
        // Three eighths of 520 pixels, from the top.
        assert!(svg.contains("M222 34C480 34 480 34 738 34L738 229C480 229 480 229 222 229Z"), "{svg}");
        assert!(svg.contains("<title>A → &lt;D&gt;: 10</title>"), "{svg}");
    }
}
