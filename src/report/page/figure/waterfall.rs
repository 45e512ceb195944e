//! How one amount becomes another.

use plotters::style::text_anchor::HPos;

use super::super::Figure;
use super::{Ink, Scale, draw, in_both};
use crate::diagnostic::{Lang, Text};

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
                canvas.words(&step.shown, (left + width + right - 4, middle), HPos::Right, Ink::Words);
            }
        })
    };
    in_both(caption.clone(), one)
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
}
