//! A draw, and what it says of the population, as people read them and as JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::summary::{grouped, pad_left, padded};
use super::words::money_name;
use crate::diagnostic::Lang;
use crate::model::money::{Fen, Rate};

/// Settlements and their money, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Settlements.
    pub settlements: u64,
    /// Sum of the measured amount.
    pub fen: i64,
}

impl Sums {
    /// One more.
    ///
    /// # Panics
    /// If the sum is beyond what 64 bits hold: 9 * 10^16 yuan.
    pub fn add(&mut self, fen: Fen) {
        self.settlements += 1;
        self.fen = self.fen.checked_add(fen.0).expect("a population's money fits 64 bits of fen");
    }

    fn money(self) -> String {
        grouped(Fen(self.fen))
    }
}

/// A draw.
#[derive(Debug)]
pub struct DrawReport<'a> {
    /// Where it is.
    pub out: &'a str,
    /// How it was made, as `--method` says it.
    pub method: &'a str,
    /// The audited column.
    pub measure: &'a str,
    /// The seed.
    pub seed: u64,
    /// What was drawn from.
    pub population: Sums,
    /// Without money, and whether they are part of the population.
    pub zero: (u64, bool),
    /// Reversals and other negative amounts, which are no part of it.
    pub credits: Sums,
    /// What was drawn.
    pub drawn: Sums,
    /// Settlements that every draw has.
    pub certain: u64,
    /// Strata: name, all of them, how many were drawn.
    pub strata: Vec<(&'a str, Sums, u64)>,
}

impl DrawReport<'_> {
    /// As text.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        let measure = format!("{} {}", self.measure, money_name(self.measure, lang));
        let (rows, money) = (grouped(self.drawn.settlements), self.drawn.money());
        let mut text = if zh {
            format!("抽取 {rows} 笔（{}，种子 {}，{measure}）→ {}\n\n", self.method, self.seed, self.out)
        } else {
            format!("{rows} settlements ({}, seed {}, {measure}) -> {}\n\n", self.method, self.seed, self.out)
        };
        let mut line = |name: &str, counted: Sums| {
            text += &format!("  {}{:>14}{:>26}\n", padded(name, 34), grouped(counted.settlements), counted.money());
        };
        line(if zh { "总体（笔数，元）" } else { "population (settlements, yuan)" }, self.population);
        line(if zh { "样本" } else { "sample" }, self.drawn);
        line(if zh { "冲正等负金额，不在总体内" } else { "reversals and negatives, apart" }, self.credits);
        let zero = Sums { settlements: self.zero.0, fen: 0 };
        line(
            match (self.zero.1, zh) {
                (true, true) => "其中金额为 0",
                (true, false) => "of the population without money",
                (false, true) => "金额为 0，不在总体内",
                (false, false) => "without money, apart",
            },
            zero,
        );
        let certain = grouped(self.certain);
        text += &if zh {
            format!("\n  其中 {certain} 笔必然抽中；样本金额合计 {money} 元\n")
        } else {
            format!("\n  {certain} of them stand in every draw; the sample has {money} yuan in all\n")
        };
        if self.strata.len() > 1 {
            text += &format!(
                "\n  {}{}{}{}\n",
                padded(if zh { "层" } else { "stratum" }, 40),
                pad_left(if zh { "笔数" } else { "settlements" }, 14),
                pad_left(if zh { "金额（元）" } else { "yuan" }, 24),
                pad_left(if zh { "抽取" } else { "drawn" }, 10)
            );
            for (name, all, drawn) in &self.strata {
                text += &format!(
                    "  {}{:>14}{:>24}{:>10}\n",
                    padded(name, 40),
                    grouped(all.settlements),
                    all.money(),
                    grouped(drawn)
                );
            }
        }
        text += if zh {
            "\n  请在 working_paper.csv 的 audited_amount 列填写审定金额，再运行 tongchou sample evaluate\n"
        } else {
            "\n  fill in audited_amount in working_paper.csv, then run tongchou sample evaluate\n"
        };
        text
    }
}

/// Errors in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Side {
    /// Settlements with such an error.
    pub errors: u64,
    /// Their errors, as found.
    pub found: Fen,
    /// The most likely error of the population.
    pub projected: Fen,
    /// At the level of confidence it is no larger than this. Only where money units were drawn.
    pub bound: Option<Fen>,
}

/// What is said of the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Level of confidence of each bound by itself.
    pub confidence: Rate,
    /// Settlements that were examined.
    pub examined: u64,
    /// Recorded above what was right: paid too much.
    pub over: Side,
    /// Recorded below it: paid too little.
    pub under: Side,
    /// The most likely net error, over less under.
    pub net: Fen,
    /// One-sided lower and upper bound of the net error, where settlements were drawn and at least two errors differ
    /// from nothing.
    pub net_bounds: Option<(Fen, Fen)>,
    /// Upper bound of the share of wrong settlements, where settlements were drawn without strata.
    pub rate_bound: Option<Rate>,
}

/// What was found, projected.
#[derive(Debug)]
pub struct EvaluationReport<'a> {
    /// How the sample was drawn.
    pub method: &'a str,
    /// The audited column.
    pub measure: &'a str,
    /// What was drawn from.
    pub population: Sums,
    /// What is said of it.
    pub evaluation: &'a Evaluation,
    /// The spread of so few errors is not known well enough.
    pub is_few: bool,
    /// What can be borne, if it was said.
    pub tolerable: Option<Fen>,
}

impl EvaluationReport<'_> {
    /// The largest error that must be reckoned with; `None` where the sample does not say.
    #[must_use]
    pub fn bound(&self) -> Option<Fen> {
        match (self.evaluation.over.bound, self.evaluation.net_bounds) {
            (Some(over), _) => Some(over.max(self.evaluation.under.bound.unwrap_or_default())),
            (None, Some((lower, upper))) => Some(upper.max(-lower)),
            (None, None) => None,
        }
    }

    /// Whether what must be reckoned with can be borne; `None` where that was not said or the sample does not tell.
    #[must_use]
    pub fn is_tolerable(&self) -> Option<bool> {
        self.tolerable.zip(self.bound()).map(|(tolerable, bound)| bound <= tolerable)
    }

    /// As text.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        let (method, confidence) = (self.method, self.evaluation.confidence.percent());
        let measure = format!("{} {}", self.measure, money_name(self.measure, lang));
        let (examined, all) = (grouped(self.evaluation.examined), grouped(self.population.settlements));
        let money = self.population.money();
        let mut text = if zh {
            format!("已审 {examined} 笔，总体 {all} 笔、{money} 元（{method}，{measure}），置信水平 {confidence}%\n\n")
        } else {
            format!(
                "{examined} of {all} settlements examined, {money} yuan ({method}, {measure}), {confidence} % confidence\n\n"
            )
        };
        let heads = if zh {
            ["", "有误笔数", "已发现（元）", "推断误差（元）", "误差上限（元）"]
        } else {
            ["", "errors", "found, yuan", "projected, yuan", "upper bound, yuan"]
        };
        text += &format!(
            "  {}{}{}{}{}\n",
            padded(heads[0], 22),
            pad_left(heads[1], 10),
            pad_left(heads[2], 20),
            pad_left(heads[3], 22),
            pad_left(heads[4], 22)
        );
        let names = if zh { ["多付", "少付"] } else { ["paid too much", "paid too little"] };
        for (name, side) in names.into_iter().zip([self.evaluation.over, self.evaluation.under]) {
            text += &format!(
                "  {}{:>10}{:>20}{:>22}{:>22}\n",
                padded(name, 22),
                grouped(side.errors),
                grouped(side.found),
                grouped(side.projected),
                side.bound.map_or_else(|| "-".to_owned(), grouped)
            );
        }
        let net = grouped(self.evaluation.net);
        text += &match (self.evaluation.net_bounds, zh) {
            (Some((lower, upper)), true) => {
                format!("\n  推断净误差 {net} 元；单侧置信下限 {}，上限 {}\n", grouped(lower), grouped(upper))
            }
            (Some((lower, upper)), false) => format!(
                "\n  projected net error {net} yuan; one-sided lower bound {}, upper bound {}\n",
                grouped(lower),
                grouped(upper)
            ),
            (None, true) => format!("\n  推断净误差 {net} 元\n"),
            (None, false) => format!("\n  projected net error {net} yuan\n"),
        };
        if let Some(rate) = self.evaluation.rate_bound.map(Rate::percent) {
            text += &if zh {
                format!("  有误结算的比例至多为 {rate}%\n")
            } else {
                format!("  at most {rate} % of the settlements are wrong\n")
            };
        }
        if self.is_few && self.evaluation.net_bounds.is_some() {
            text += if zh {
                "  误差笔数过少，金额上下限仅供参考：请扩大样本，或按货币单位抽样（mus）\n"
            } else {
                "  too few errors to rely on the bounds of money: draw more, or draw money units (mus)\n"
            };
        }
        text + &self.verdict(zh)
    }

    fn verdict(&self, zh: bool) -> String {
        let Some(tolerable) = self.tolerable.map(grouped) else { return String::new() };
        match (self.is_tolerable(), zh) {
            (Some(true), true) => format!("\n  误差上限不超过可容忍误差 {tolerable} 元\n"),
            (Some(true), false) => format!("\n  within the tolerable error of {tolerable} yuan\n"),
            (Some(false), true) => format!("\n  误差上限超过可容忍误差 {tolerable} 元\n"),
            (Some(false), false) => format!("\n  ABOVE the tolerable error of {tolerable} yuan\n"),
            (None, true) => format!("\n  样本中没有误差差异，无法与可容忍误差 {tolerable} 元比较\n"),
            (None, false) => {
                format!("\n  the errors show no spread: nothing to compare with the tolerable {tolerable} yuan\n")
            }
        }
    }

    /// As JSON; money is a decimal of yuan, as text.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let side = |side: Side| {
            json!({
                "errors": side.errors,
                "found_yuan": side.found.to_string(),
                "projected_yuan": side.projected.to_string(),
                "bound_yuan": side.bound.map(|fen| fen.to_string()),
            })
        };
        json!({
            "method": self.method,
            "measure": self.measure,
            "confidence_percent": self.evaluation.confidence.percent(),
            "population": {
                "settlements": self.population.settlements,
                "yuan": Fen(self.population.fen).to_string(),
            },
            "examined": self.evaluation.examined,
            "paid_too_much": side(self.evaluation.over),
            "paid_too_little": side(self.evaluation.under),
            "net_yuan": self.evaluation.net.to_string(),
            "net_bounds_yuan": self.evaluation.net_bounds.map(|(lower, upper)| [lower.to_string(), upper.to_string()]),
            "wrong_share_bound_percent": self.evaluation.rate_bound.map(Rate::percent),
            "tolerable_yuan": self.tolerable.map(|fen| fen.to_string()),
            "is_tolerable": self.is_tolerable(),
        })
    }
}
