//! Values along an axis as lines.

use plotters::style::text_anchor::HPos;

use super::super::Figure;
use super::{Canvas, Ink, Scale, Unit, draw, fitted, hue, in_both, spaced, ticks};
use crate::diagnostic::{Lang, Text};

/// The most names of places on the axis.
const MOST_NAMES: usize = 12;

/// A line.
#[derive(Clone, Debug)]
pub struct Series {
    /// What it is.
    pub name: Text,
    /// Its value at each place; `None`: there is none, and the line is broken.
    pub values: Vec<Option<i128>>,
}

/// Lines over the same places.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What values are in.
    pub unit: Unit,
    /// Names of the places, evenly apart.
    pub places: Vec<String>,
    /// The lines.
    pub series: Vec<Series>,
    /// Whether the axis begins at 0.
    pub from_zero: bool,
    /// A point between the places that is marked, in millionths of the whole way, and what it is.
    pub mark: Option<(i64, Text)>,
}

const LEFT: i32 = 120;
const WIDTH: i32 = 620;
const RIGHT: i32 = 260;
const TOP: i32 = 34;
const HEIGHT: i32 = 260;
const BOTTOM: i32 = TOP + HEIGHT;

impl Chart {
    fn ends(&self) -> (i128, i128) {
        let values = || self.series.iter().flat_map(|series| series.values.iter().flatten().copied());
        let (low, high) = (values().min().unwrap_or(0), values().max().unwrap_or(0));
        let margin = ((high - low) / 10).max(1);
        if self.from_zero { (low.min(0), high.max(1) + margin) } else { (low - margin, high + margin) }
    }

    fn place(&self, at: usize) -> i32 {
        let steps = self.places.len().saturating_sub(1).max(1);
        LEFT + WIDTH * at as i32 / steps as i32
    }

    fn axes(&self, canvas: &Canvas, height: impl Fn(i128) -> i32, (low, high): (i128, i128), lang: Lang) {
        for tick in ticks(low, high, 5) {
            let at = height(tick);
            canvas.rect((LEFT, at), (LEFT + WIDTH, at + 1), Ink::Line as u8);
            canvas.small(self.unit.tick(tick), (LEFT - 8, at), HPos::Right, Ink::Faint);
        }
        let every = self.places.len().div_ceil(MOST_NAMES).max(1);
        for (at, name) in self.places.iter().enumerate().filter(|(at, _)| at % every == 0) {
            canvas.rect((self.place(at), BOTTOM), (self.place(at) + 1, BOTTOM + 5), Ink::Faint as u8);
            canvas.small(fitted(name, 12), (self.place(at), BOTTOM + 16), HPos::Center, Ink::Faint);
        }
        if let Some((way, words)) = &self.mark {
            let at = LEFT + (i64::from(WIDTH) * way.clamp(&0, &1_000_000) / 1_000_000) as i32;
            canvas.line((at, TOP - 8), (at, BOTTOM), Ink::Line);
            canvas.small(words.get(lang), (at, TOP - 18), HPos::Center, Ink::Words);
        }
    }

    fn draw(&self, canvas: &Canvas, lang: Lang) {
        let (low, high) = self.ends();
        let scale = Scale { low, high, left: 0, width: HEIGHT };
        let height = |value: i128| BOTTOM - scale.at(value);
        self.axes(canvas, height, (low, high), lang);
        let mut ends: Vec<(i32, usize)> = Vec::new();
        for (number, series) in self.series.iter().enumerate() {
            let points = series.values.iter().enumerate();
            let points: Vec<Option<(i32, i32)>> =
                points.map(|(at, value)| value.map(|value| (self.place(at), height(value)))).collect();
            for part in points.split(Option::is_none) {
                let part: Vec<(i32, i32)> = part.iter().flatten().copied().collect();
                if part.len() > 1 {
                    canvas.path(&part, hue(number), 2);
                }
                part.iter().for_each(|&point| canvas.dot(point, 3, hue(number)));
            }
            let last = points.iter().rev().flatten().next();
            ends.extend(last.map(|&(_, at)| (at, number)));
        }
        ends.sort_unstable();
        let wanted: Vec<i32> = ends.iter().map(|&(at, _)| at).collect();
        for (at, (_, number)) in spaced(&wanted, 18, (TOP, BOTTOM)).into_iter().zip(ends) {
            let left = LEFT + WIDTH + 14;
            canvas.rect((left, at - 2), (left + 14, at + 2), hue(number));
            canvas.small(fitted(self.series[number].name.get(lang), 34), (left + 20, at), HPos::Left, Ink::Words);
        }
    }
}

/// Lines along an axis, each named at its end.
#[must_use]
pub fn lines(caption: Text, chart: &Chart) -> Figure {
    let one =
        |lang: Lang| draw((LEFT + WIDTH + RIGHT, BOTTOM + 30), caption.get(lang), |canvas| chart.draw(canvas, lang));
    in_both(caption.clone(), one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: Vec<Option<i128>>) -> Chart {
        let name = Text::new("line", "线");
        let places = (0..values.len()).map(|at| format!("p{at}")).collect();
        let series = vec![Series { name, values }];
        Chart { unit: Unit::Share, places, series, from_zero: true, mark: Some((500_000, Text::new("now", "现值"))) }
    }

    #[test]
    fn a_gap_breaks_the_line() {
        let svg = lines(Text::new("c", "题"), &chart(vec![Some(0), Some(10), None, Some(10), Some(20)])).svg;
        assert_eq!(svg.en.matches("<polyline").count(), 2 + 1, "two parts and the mark: {}", svg.en);
        assert_eq!(svg.en.matches("<circle").count(), 4);
        assert!(svg.en.contains("now") && svg.zh.contains("现值") && svg.zh.contains('线'));
    }

    #[test]
    fn one_point_and_none_are_drawn() {
        assert_eq!(lines(Text::default(), &chart(vec![Some(5)])).svg.en.matches("<circle").count(), 1);
        assert_eq!(lines(Text::default(), &chart(Vec::new())).svg.en.matches("<circle").count(), 0);
    }
}
