//! Figures that were published for the whole nation, to hold a run against.

use crate::diagnostic::Text;
use crate::model::money::round_signed;
use crate::report::sheet::{Cell, Heading, Kind, Sheet, heading, share};

/// Persons of a kind of scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Insurance types `31x`.
    Employees,
    /// Insurance types `39x`.
    Residents,
}

impl Group {
    /// The group of an insurance type; `None` for others.
    #[must_use]
    pub fn of(insutype: &str) -> Option<Self> {
        match insutype.get(..2)? {
            "31" => Some(Self::Employees),
            "39" => Some(Self::Residents),
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Employees => "employees",
            Self::Residents => "residents",
        }
    }
}

/// A published figure.
struct Figure {
    group: Group,
    name: &'static str,
    year: &'static str,
    value: Value,
    source: &'static str,
}

enum Value {
    /// In millionths.
    Share(i64),
    /// In fen.
    Money(i128),
}

/// The bulletin's own name, as it is cited.
const BULLETIN_2023: &str = "国家医疗保障局《2023年全国医疗保障事业发展统计公报》";
const BULLETIN_2024: &str = "国家医疗保障局《2024年全国医疗保障事业发展统计公报》";

const FIGURES: [Figure; 4] = [
    Figure {
        group: Group::Employees,
        name: "fund_share_of_in_scope",
        year: "2023",
        value: Value::Share(846_000),
        source: BULLETIN_2023,
    },
    Figure {
        group: Group::Residents,
        name: "fund_share_of_in_scope",
        year: "2023",
        value: Value::Share(681_000),
        source: BULLETIN_2023,
    },
    Figure {
        group: Group::Employees,
        name: "mean_stay",
        year: "2024",
        value: Value::Money(1_170_700),
        source: BULLETIN_2024,
    },
    Figure {
        group: Group::Residents,
        name: "mean_stay",
        year: "2023",
        value: Value::Money(767_400),
        source: BULLETIN_2023,
    },
];

/// Stays of a group, as a run has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stays {
    /// How many.
    pub settlements: u64,
    /// Their bills.
    pub total: i128,
    /// In scope.
    pub in_scope: i128,
    /// Paid by the funds.
    pub funds: i128,
}

/// Columns of `national`.
pub const NATIONAL: [Heading; 9] = [
    heading("group", Kind::Text, "Insured", "参保群体"),
    heading("figure", Kind::Text, "Figure of stays", "住院指标"),
    heading("year", Kind::Text, "Published for", "公布年份"),
    heading("published_share", Kind::Share, "Published share", "公布比例"),
    heading("run_share", Kind::Share, "Share in this run", "本次比例"),
    heading("published_amount", Kind::Money, "Published amount", "公布金额"),
    heading("run_amount", Kind::Money, "Amount in this run", "本次金额"),
    heading("settlements", Kind::Count, "Stays in this run", "本次住院笔数"),
    heading("source", Kind::Text, "Source", "来源"),
];

/// Published figures beside those of a run.
#[must_use]
pub fn beside(stays: impl Fn(Group) -> Stays) -> Sheet {
    let title = Text::new("Stays beside the published national figures", "住院指标与全国公布数据对照");
    let mut sheet = Sheet::new("national", title, &NATIONAL);
    for figure in &FIGURES {
        let run = stays(figure.group);
        let (published, run_share, amount, run_amount) = match figure.value {
            Value::Share(value) => (Some(value), share(run.funds, run.in_scope), None, None),
            Value::Money(fen) => {
                let mean = (run.settlements > 0).then(|| round_signed(run.total, i128::from(run.settlements)));
                (None, None, Some(fen), mean)
            }
        };
        sheet.put(vec![
            Cell::text(figure.group.word()),
            Cell::text(figure.name),
            Cell::text(figure.year),
            Cell::Share(published),
            Cell::Share(run_share),
            Cell::Money(amount),
            Cell::Money(run_amount),
            Cell::count(run.settlements),
            Cell::text(figure.source),
        ]);
    }
    sheet
}
