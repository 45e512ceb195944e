//! Pictures as SVG. Colours are classes of the page's style, so that one picture is right in light and dark.

use plotters::coord::Shift;
use plotters::prelude::{
    Color, DrawingArea, IntoDrawingArea, IntoFont, PathElement, RGBColor, Rectangle, SVGBackend, Text as Words,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontTransform, TextStyle};

use super::Figure;
use crate::diagnostic::{Lang, Text};

/// What a colour means. The picture is drawn in numbers that no style uses; they become classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Ink {
    /// Words and numbers.
    Words = 1,
    /// Words that matter less.
    Faint,
    /// Lines that help the eye.
    Line,
    /// A whole.
    Whole,
    /// More.
    More,
    /// Less.
    Less,
    /// Words on the darker half of a heat map.
    OnHeat,
    /// The first of the steps of a heat map; as many as [`HEATS`] follow each other.
    Heat,
}

/// Steps of a heat map.
pub const HEATS: u8 = 6;

const NAMES: [&str; 14] = [
    "", "words", "faint", "line", "whole", "more", "less", "onheat", "heat0", "heat1", "heat2", "heat3", "heat4",
    "heat5",
];

const fn color(number: u8) -> RGBColor {
    RGBColor(0, 1, number)
}

/// A picture in the making, in one language.
struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

const DRAWN: &str = "drawing into memory does not fail";

impl Canvas<'_> {
    fn rect(&self, from: (i32, i32), to: (i32, i32), number: u8) {
        self.area.draw(&Rectangle::new([from, to], color(number).filled())).expect(DRAWN);
    }

    fn line(&self, from: (i32, i32), to: (i32, i32), ink: Ink) {
        self.area.draw(&PathElement::new([from, to], color(ink as u8))).expect(DRAWN);
    }

    fn words(&self, text: impl Into<String>, at: (i32, i32), side: HPos, ink: Ink) {
        self.styled(text.into(), at, side, ink, FontTransform::None);
    }

    fn styled(&self, text: String, at: (i32, i32), side: HPos, ink: Ink, turn: FontTransform) {
        let font = ("sans-serif", 16).into_font().transform(turn);
        let color = color(ink as u8);
        let style = TextStyle::from(font).color(&color).pos(Pos::new(side, VPos::Center));
        self.area.draw(&Words::new(text, at, style)).expect(DRAWN);
    }
}

fn draw(size: (i32, i32), caption: &str, paint: impl FnOnce(&Canvas)) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (size.0 as u32, size.1 as u32)).into_drawing_area();
        let canvas = Canvas { area };
        paint(&canvas);
        canvas.area.present().expect(DRAWN);
    }
    for (number, name) in NAMES.iter().enumerate().skip(1) {
        let RGBColor(red, green, blue) = color(number as u8);
        for (side, class) in [("fill", "fill"), ("stroke", "line")] {
            let drawn = format!("{side}=\"#{red:02X}{green:02X}{blue:02X}\"");
            svg = svg.replace(&drawn, &format!("class=\"{class}-{name}\""));
        }
    }
    let label = super::html::escaped(caption);
    svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{label}\" "), 1)
}

/// A step of a [`waterfall`].
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is.
    pub name: Text,
    /// What it adds, or, of a whole, what there is.
    pub amount: i128,
    /// The amount in words.
    pub shown: String,
    /// Whether it is what there is, and not what is added.
    pub is_whole: bool,
}

/// Amounts and whole numbers on a line of pixels.
struct Scale {
    low: i128,
    high: i128,
    left: i32,
    width: i32,
}

impl Scale {
    fn at(&self, amount: i128) -> i32 {
        let span = (self.high - self.low).max(1);
        self.left + ((amount - self.low).clamp(0, span) * i128::from(self.width) / span) as i32
    }
}

/// How one amount becomes another, step by step. The steps are small beside the wholes: the axis does not begin at 0.
#[must_use]
pub fn waterfall(caption: Text, steps: &[Step]) -> Figure {
    let one = |lang: Lang| {
        const ROW: i32 = 30;
        let (left, width, right) = (330, 400, 170);
        let mut levels = Vec::with_capacity(steps.len());
        let mut level = 0;
        for step in steps {
            let from = if step.is_whole { 0 } else { level };
            level = from + step.amount;
            levels.push((from, level));
        }
        let ends =
            || steps.iter().zip(&levels).flat_map(|(step, &(from, to))| [to, if step.is_whole { to } else { from }]);
        let (low, high) = (ends().min().unwrap_or(0), ends().max().unwrap_or(0));
        let margin = ((high - low) / 8).max(1);
        let scale = Scale { low: low - margin, high: high + margin / 2, left, width };
        draw((left + width + right, ROW * steps.len() as i32 + 8), caption.get(lang), |canvas| {
            for (row, (step, &(from, to))) in steps.iter().zip(&levels).enumerate() {
                let top = 4 + ROW * row as i32;
                let middle = top + ROW / 2;
                let (start, end) = (if step.is_whole { left } else { scale.at(from) }, scale.at(to));
                let (start, end) = (start.min(end), start.max(end).max(start.min(end) + 2));
                let ink = match (step.is_whole, step.amount >= 0) {
                    (true, _) => Ink::Whole,
                    (false, true) => Ink::More,
                    (false, false) => Ink::Less,
                };
                canvas.rect((start, top + 5), (end, top + ROW - 5), ink as u8);
                if row + 1 < steps.len() {
                    canvas.line((scale.at(to), top + ROW - 5), (scale.at(to), top + ROW + 5), Ink::Line);
                }
                canvas.words(step.name.get(lang), (left - 12, middle), HPos::Right, Ink::Words);
                canvas.words(step.shown.clone(), (left + width + right - 4, middle), HPos::Right, Ink::Words);
            }
        })
    };
    Figure { svg: Text::new(one(Lang::En), one(Lang::Zh)), caption }
}

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
            canvas.styled(matrix.rows.get(lang).into(), (12, top + cell * size / 2), HPos::Center, Ink::Faint, turned);
            for (index, name) in matrix.names.iter().enumerate() {
                let at = cell * index as i32 + cell / 2;
                canvas.words(name.get(lang), (left - 8, top + at), HPos::Right, Ink::Words);
                let turned = FontTransform::Rotate270;
                canvas.styled(name.get(lang).into(), (left + at, top - 8), HPos::Left, Ink::Words, turned);
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
    Figure { svg: Text::new(one(Lang::En), one(Lang::Zh)), caption }
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

    fn step(name: &str, amount: i128, is_whole: bool) -> Step {
        Step { name: Text::new(name, name), amount, shown: amount.to_string(), is_whole }
    }

    #[test]
    fn a_waterfall_has_classes_for_colours_and_escapes_words() {
        let steps =
            [step("<b>", 1000, true), step("more", 30, false), step("less", -50, false), step("end", 980, true)];
        let figure = waterfall(Text::new("a & b", "甲"), &steps);
        let svg = &figure.svg.en;
        assert!(svg.contains("aria-label=\"a &amp; b\"") && svg.contains("&lt;b&gt;") && !svg.contains("<b>"), "{svg}");
        for class in ["fill-whole", "fill-more", "fill-less", "line-line", "fill-words"] {
            assert!(svg.contains(&format!("class=\"{class}\"")), "{class}: {svg}");
        }
        assert!(!svg.contains("#0001") && !svg.contains("style="), "{svg}");
        assert!(figure.svg.zh.contains("aria-label=\"甲\""));
    }

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
