//! Pictures as SVG. Colours are classes of the page's style, so that one picture is right in light and dark.

mod bars;
mod counts;
mod flow;
mod lines;
mod shares;
mod spread;
mod waterfall;

use std::cell::RefCell;

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, Color, DrawingArea, IntoDrawingArea, IntoFont, PathElement, RGBColor, Rectangle, SVGBackend, Text as Words,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontTransform, TextStyle};

pub use bars::{Opposed, Pair, opposed, pairs};
pub use counts::{Matrix, heat_map};
pub use flow::{Flow, flow};
pub use lines::{Chart, Series, lines};
pub use shares::{Shares, share_map, step_at, steps_of};
pub use spread::{Band, Ranked, RankingHeads, Spread, ranking, spreads};
pub use waterfall::{Step, waterfall};

use super::html::{escaped, visible};
use super::{Cell, Figure};
use crate::diagnostic::{Lang, Text};
use crate::report::summary::{grouped, width};

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
    /// The first of the colours that tell things apart; as many as [`HUES`] follow each other.
    Hue = Self::Heat as u8 + HEATS,
}

/// Steps of a heat map.
pub const HEATS: u8 = 6;

/// Colours that tell things apart.
pub const HUES: u8 = 6;

const NAMES: [&str; 20] = [
    "", "words", "faint", "line", "whole", "more", "less", "onheat", "heat0", "heat1", "heat2", "heat3", "heat4",
    "heat5", "hue0", "hue1", "hue2", "hue3", "hue4", "hue5",
];

const fn color(number: u8) -> RGBColor {
    RGBColor(0, 1, number)
}

/// The name of a colour in the style.
const fn class(number: u8) -> &'static str {
    NAMES[number as usize]
}

/// The colour of the thing with a number, from the first again where there are more.
const fn hue(number: usize) -> u8 {
    Ink::Hue as u8 + (number % HUES as usize) as u8
}

/// Letters of an ordinary size, and smaller ones.
const LETTERS: u32 = 16;
const SMALL: u32 = 14;

/// A picture in the making, in one language.
struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    /// What lies below everything else.
    shapes: RefCell<String>,
}

const DRAWN: &str = "drawing into memory does not fail";

impl Canvas<'_> {
    fn rect(&self, from: (i32, i32), to: (i32, i32), number: u8) {
        self.area.draw(&Rectangle::new([from, to], color(number).filled())).expect(DRAWN);
    }

    fn dot(&self, at: (i32, i32), radius: i32, number: u8) {
        self.area.draw(&Circle::new(at, radius, color(number).filled())).expect(DRAWN);
    }

    fn line(&self, from: (i32, i32), to: (i32, i32), ink: Ink) {
        self.path(&[from, to], ink as u8, 1);
    }

    fn path(&self, points: &[(i32, i32)], number: u8, wide: u32) {
        let style = color(number).stroke_width(wide);
        self.area.draw(&PathElement::new(points.to_vec(), style)).expect(DRAWN);
    }

    /// A shape below everything else, as SVG has it; `hint` is told to whoever points at it.
    fn shape(&self, classes: &str, path: &str, hint: &str) {
        let hint = if hint.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(&visible(hint))) };
        *self.shapes.borrow_mut() += &format!("<path class=\"{classes}\" d=\"{path}\">{hint}</path>\n");
    }

    fn words(&self, text: impl AsRef<str>, at: (i32, i32), side: HPos, ink: Ink) {
        self.styled(text.as_ref(), at, side, ink, LETTERS, FontTransform::None);
    }

    fn small(&self, text: impl AsRef<str>, at: (i32, i32), side: HPos, ink: Ink) {
        self.styled(text.as_ref(), at, side, ink, SMALL, FontTransform::None);
    }

    fn styled(&self, text: &str, at: (i32, i32), side: HPos, ink: Ink, size: u32, turn: FontTransform) {
        let font = ("sans-serif", size).into_font().transform(turn);
        let color = color(ink as u8);
        let style = TextStyle::from(font).color(&color).pos(Pos::new(side, VPos::Center));
        self.area.draw(&Words::new(visible(text), at, style)).expect(DRAWN);
    }

    /// Vertical lines of a scale with their numbers above.
    fn scale(&self, scale: &Scale, (top, bottom): (i32, i32), shown: impl Fn(i128) -> String) {
        for tick in ticks(scale.low, scale.high, 4) {
            let at = scale.at(tick);
            self.rect((at, top), (at + 1, bottom), Ink::Line as u8);
            self.small(shown(tick), (at, top - 10), HPos::Center, Ink::Faint);
        }
    }

    /// What colours stand for, in a line.
    fn key(&self, (mut left, middle): (i32, i32), entries: &[(u8, &str)]) {
        for &(number, words) in entries {
            self.rect((left, middle - 6), (left + 14, middle + 6), number);
            self.small(words, (left + 20, middle), HPos::Left, Ink::Words);
            left += 48 + wide(words);
        }
    }
}

fn draw(size: (i32, i32), caption: &str, paint: impl FnOnce(&Canvas)) -> String {
    let mut svg = String::new();
    let shapes = {
        let area = SVGBackend::with_string(&mut svg, (size.0 as u32, size.1 as u32)).into_drawing_area();
        let canvas = Canvas { area, shapes: RefCell::default() };
        paint(&canvas);
        canvas.area.present().expect(DRAWN);
        canvas.shapes.into_inner()
    };
    for number in 1..NAMES.len() as u8 {
        let RGBColor(red, green, blue) = color(number);
        for (side, kind) in [("fill", "fill"), ("stroke", "line")] {
            let drawn = format!("{side}=\"#{red:02X}{green:02X}{blue:02X}\"");
            svg = svg.replace(&drawn, &format!("class=\"{kind}-{}\"", class(number)));
        }
    }
    let begun = svg.find(">\n").map_or(svg.len(), |at| at + 2);
    svg.insert_str(begun, &shapes);
    let label = escaped(caption);
    svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{label}\" "), 1)
}

/// A picture in both languages.
fn in_both(caption: Text, one: impl Fn(Lang) -> String) -> Figure {
    Figure { svg: Text::new(one(Lang::En), one(Lang::Zh)), caption, hover: None, is_large: false }
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

/// Round numbers from `low` to `high`, about `count` of them.
fn ticks(low: i128, high: i128, count: i128) -> Vec<i128> {
    let rough = ((high - low) / count.max(1)).max(1);
    let power = 10i128.pow(rough.ilog10());
    let step = [1, 2, 5, 10].map(|digit| digit * power).into_iter().find(|&step| step >= rough).unwrap_or(rough);
    let first = low.div_euclid(step) + i128::from(low.rem_euclid(step) != 0);
    (first..).map(|number| number * step).take_while(|&tick| tick <= high).collect()
}

/// Where labels stand that want to be at `wanted`, in order: `apart` pixels from each other, between two ends.
fn spaced(wanted: &[i32], apart: i32, (low, high): (i32, i32)) -> Vec<i32> {
    let mut at: Vec<i32> = Vec::with_capacity(wanted.len());
    for &one in wanted {
        let least = at.last().map_or(low, |last| last + apart);
        at.push(one.max(least));
    }
    let mut most = high;
    for one in at.iter_mut().rev() {
        *one = (*one).min(most);
        most = *one - apart;
    }
    at
}

/// Pixels that small words take, about.
fn wide(words: &str) -> i32 {
    width(words) as i32 * 13 / 2
}

/// Columns that the longest of some names take, at most so many.
fn columns_of<'a>(names: impl Iterator<Item = &'a str>, most: usize) -> usize {
    names.map(|name| width(&visible(name))).max().unwrap_or(0).clamp(12, most)
}

/// Pixels of so many columns.
const fn pixels(columns: usize) -> i32 {
    columns as i32 * 27 / 4 + 14
}

/// A name that has room: of a longer one, its beginning.
fn fitted(name: &str, columns: usize) -> String {
    let name = visible(name);
    if width(&name) <= columns {
        return name;
    }
    let mut kept = String::new();
    for character in name.chars() {
        if width(&kept) + 3 > columns {
            break;
        }
        kept.push(character);
    }
    kept + "…"
}

/// A place on an axis on which each step is so many times the one before: the binary logarithm of whole yuan and one
/// more, in steps of 1/1024, straight from one power of 2 to the next.
fn logarithm(fen: i128) -> i128 {
    let yuan = (fen.max(0) / 100) as u128 + 1;
    let power = yuan.ilog2();
    let rest = yuan - (1 << power);
    i128::from(power) * 1024 + ((rest * 1024) >> power) as i128
}

/// What an axis is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Fen, shown as whole yuan.
    Yuan,
    /// Parts per million, shown as percent.
    Share,
    /// A number of things.
    Count,
}

impl Unit {
    /// A number of an axis.
    fn tick(self, number: i128) -> String {
        match self {
            Self::Yuan if number % 100 == 0 => grouped(number / 100),
            Self::Yuan => Cell::Money(number).shown(Lang::En),
            Self::Share if number % 10_000 == 0 => format!("{} %", number / 10_000),
            Self::Share => {
                let basis = number / 100;
                let sign = if basis < 0 { "-" } else { "" };
                format!("{sign}{}.{:02} %", basis.abs() / 100, basis.abs() % 100)
            }
            Self::Count => grouped(number),
        }
    }

    /// A value as it is told.
    fn shown(self, number: i128) -> String {
        let cell = match self {
            Self::Yuan => Cell::Money(number),
            Self::Share => Cell::Share(number as i64),
            Self::Count => Cell::Count(number as i64),
        };
        cell.shown(Lang::En)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(ticks(0, 1_000_000, 4), [0, 500_000, 1_000_000]);
        assert_eq!(ticks(-7, 7, 4), [-5, 0, 5]);
        assert_eq!(ticks(612_345, 701_000, 4), [650_000, 700_000]);
        assert_eq!(ticks(5, 5, 4), [5]);
    }

    #[test]
    fn labels_do_not_lie_on_each_other() {
        assert_eq!(spaced(&[10, 12, 14], 16, (0, 100)), [10, 26, 42]);
        assert_eq!(spaced(&[90, 95, 99], 16, (0, 100)), [68, 84, 100]);
    }

    #[test]
    fn long_names_are_cut_and_hidden_characters_named() {
        assert_eq!(fitted("杭州", 6), "杭州");
        assert_eq!(fitted("a long name of a place", 8), "a long…");
        assert_eq!(fitted("\u{202e}x", 20), "⟨202E⟩x");
    }

    #[test]
    fn shapes_lie_below_and_say_what_they_are() {
        let svg = draw((10, 10), "c", |canvas| {
            canvas.rect((0, 0), (1, 1), Ink::Whole as u8);
            canvas.shape("fill-hue0", "M0 0h1v1z", "<a> & b");
        });
        let shape = svg.find("<path class=\"fill-hue0\" d=\"M0 0h1v1z\"><title>&lt;a&gt; &amp; b</title></path>");
        assert!(shape.expect("the shape") < svg.find("fill-whole").expect("the rectangle"), "{svg}");
    }

    #[test]
    fn logarithms_rise() {
        assert_eq!([0, 100, 300, 700].map(logarithm), [0, 1024, 2048, 3072]);
        assert_eq!(logarithm(200), 1024 + 512);
        assert!((0..100_000).step_by(100).all(|fen| logarithm(fen) < logarithm(fen + 100)));
    }

    #[test]
    fn units_are_told() {
        assert_eq!([Unit::Yuan.tick(123_400), Unit::Yuan.tick(50)], ["1,234", "0.50"]);
        assert_eq!([Unit::Share.tick(250_000), Unit::Share.tick(-12_500)], ["25 %", "-1.25 %"]);
        assert_eq!([Unit::Count.shown(1234), Unit::Share.shown(712_345)], ["1,234", "71.2 %"]);
    }
}
