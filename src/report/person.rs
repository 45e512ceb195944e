//! What a ledger knows of one person, as a clerk reads it and as JSON.

use serde_json::{Value, json};

use super::summary::{grouped, pad_left, padded};
use super::words::{reason_name, status_name};
use crate::diagnostic::Lang;
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::model::outcome::{Reason, Status};

/// A person in a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonState {
    /// `psn_no`
    pub person: String,
    /// The night after which this is so, and its day.
    pub night: Option<(u32, Date)>,
    /// Balance of the account, and the night that recorded it.
    pub balance: Option<(Fen, u32)>,
    /// Time and number of the last settlement in the order.
    pub last: Option<(Time, String)>,
    /// By pool, insurance type and benefit year.
    pub schemes: Vec<SchemeState>,
    /// All settlements, night by night, each in the order of its night.
    pub settlements: Vec<SettledLine>,
    /// What waits.
    pub open_items: Vec<OpenLine>,
}

/// A scheme and benefit year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemeState {
    /// Pool, insurance type, benefit year.
    pub key: (String, String, i32),
    /// The last night that moved it.
    pub night: u32,
    /// What is used, as `accumulators.parquet` has it.
    pub used: Vec<UsedLine>,
    /// Admissions that count.
    pub admissions: Vec<AdmissionLine>,
}

/// A row of `accumulators.parquet`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsedLine {
    /// `scheme`, `bucket`, `month` or `layer`.
    pub kind: String,
    /// Its accumulator.
    pub accumulator: String,
    /// yyyymm
    pub month: i32,
    /// Its number.
    pub layer: i32,
    /// Admissions counted.
    pub admissions: i32,
    /// Deductible, base, pool base, paid.
    pub amounts: [Fen; 4],
}

/// An admission that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmissionLine {
    /// The accumulator of its deductible.
    pub accumulator: String,
    /// Discharge.
    pub enddate: Date,
    /// `fixmedins_code`
    pub institution: String,
    /// `mdtrt_id`
    pub mdtrt_id: String,
    /// `setl_id`
    pub setl_id: String,
    /// Deductible paid.
    pub deductible: Fen,
}

/// A settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledLine {
    /// Its night.
    pub night: u32,
    /// `setl_id`
    pub setl_id: String,
    /// `setl_time`
    pub time: Time,
    /// `status`
    pub status: String,
    /// Bill, funds, account, cash.
    pub amounts: [Fen; 4],
    /// It came after a later settlement.
    pub late: bool,
    /// The settlement that it reverses; empty: none.
    pub reverses: String,
    /// Number and night of the settlement that reverses it.
    pub reversed_by: Option<(String, u32)>,
}

/// An open item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenLine {
    /// `setl_id`
    pub setl_id: String,
    /// The night since which it is open.
    pub since: u32,
    /// Reason codes, joined by `|`.
    pub reasons: String,
}

const AMOUNTS: [&str; 4] = ["medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay"];
const USED: [&str; 4] = ["deductible_amt", "base_amt", "pool_base_amt", "paid_amt"];

impl PersonState {
    /// As JSON. Money is yuan, as text.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "psn_no": self.person,
            "night": self.night.map(|(night, _)| night),
            "date": self.night.map(|(_, date)| date.to_string()),
            "balc": self.balance.map(|(balance, _)| balance.to_string()),
            "balc_night": self.balance.map(|(_, night)| night),
            "last_setl_time": self.last.as_ref().map(|(time, _)| time.to_string()),
            "last_setl_id": self.last.as_ref().map(|(_, id)| id),
            "schemes": self.schemes.iter().map(SchemeState::to_json).collect::<Vec<_>>(),
            "settlements": self.settlements.iter().map(SettledLine::to_json).collect::<Vec<_>>(),
            "open_items": self.open_items.iter().map(|item| {
                json!({
                    "setl_id": item.setl_id,
                    "since_night": item.since,
                    "reasons": item.reasons.split('|').collect::<Vec<_>>(),
                })
            }).collect::<Vec<_>>(),
        })
    }

    /// As text.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let (person, (night, date)) = (&self.person, self.night.unwrap_or((0, Date(0))));
        let mut text = match lang {
            Lang::En => format!("person {person}, after night {night} ({date}); money in yuan\n"),
            Lang::Zh => format!("人员 {person}，截至第 {night} 批（{date}）；金额单位：元\n"),
        };
        if let Some((balance, night)) = self.balance {
            let balance = grouped(balance);
            text += &match lang {
                Lang::En => format!("  account balance: {balance} (night {night})\n"),
                Lang::Zh => format!("  个人账户余额：{balance}（第 {night} 批）\n"),
            };
        }
        if let Some((time, id)) = &self.last {
            text += &match lang {
                Lang::En => format!("  last settlement: {time} {id}\n"),
                Lang::Zh => format!("  最后一笔结算：{time} {id}\n"),
            };
        }
        self.schemes.iter().for_each(|scheme| text += &scheme.render(lang));
        if !self.settlements.is_empty() {
            text += &self.render_settlements(lang);
        }
        if !self.open_items.is_empty() {
            text += match lang {
                Lang::En => "\n  open items\n",
                Lang::Zh => "\n  待处理（挂起）记录\n",
            };
        }
        for item in &self.open_items {
            let since = match lang {
                Lang::En => format!("since night {}", item.since),
                Lang::Zh => format!("自第 {} 批", item.since),
            };
            text += &format!("    {}  {since}\n", item.setl_id);
            for word in item.reasons.split('|') {
                let name = Reason::ALL.iter().find(|reason| reason.word() == word);
                text += &format!("      {word}  {}\n", name.map_or("", |reason| reason_name(*reason, lang)));
            }
        }
        text
    }

    fn render_settlements(&self, lang: Lang) -> String {
        let ids = self.settlements.iter().map(|line| line.setl_id.chars().count()).max().unwrap_or(0).max(10) + 2;
        let head = match lang {
            Lang::En => ["night", "settlement", "time", "status", "bill", "funds", "account", "cash"],
            Lang::Zh => ["批次", "结算号", "结算时间", "状态", "医疗费总额", "基金支付", "个人账户", "个人现金"],
        };
        let line = |cells: [String; 8]| {
            let [night, id, time, status, amounts @ ..] = cells;
            let amounts: String = amounts.iter().map(|amount| pad_left(amount, 16)).collect();
            let [id, time, status] = [padded(&id, ids), padded(&time, 21), padded(&status, 10)];
            format!("  {}  {id}{time}{status}{amounts}", pad_left(&night, 7))
        };
        let mut text = match lang {
            Lang::En => "\n  settlements\n".to_owned(),
            Lang::Zh => "\n  结算记录\n".to_owned(),
        };
        text += &(line(head.map(str::to_owned)) + "\n");
        for settled in &self.settlements {
            let [bill, funds, account, cash] = settled.amounts.map(grouped);
            let status = Status::ALL.iter().find(|status| status.word() == settled.status);
            let status = status.map_or(settled.status.as_str(), |status| status_name(*status, lang));
            let (night, time) = (settled.night.to_string(), settled.time.to_string());
            text += &line([night, settled.setl_id.clone(), time, status.to_owned(), bill, funds, account, cash]);
            if settled.late {
                text += match lang {
                    Lang::En => "  late",
                    Lang::Zh => "  迟到",
                };
            }
            if !settled.reverses.is_empty() {
                text += &match lang {
                    Lang::En => format!("  reverses {}", settled.reverses),
                    Lang::Zh => format!("  冲正 {}", settled.reverses),
                };
            }
            if let Some((id, night)) = &settled.reversed_by {
                text += &match lang {
                    Lang::En => format!("  reversed by {id} (night {night})"),
                    Lang::Zh => format!("  已由 {id} 冲正（第 {night} 批）"),
                };
            }
            text += "\n";
        }
        text
    }
}

impl SchemeState {
    fn counted(&self) -> Fen {
        self.used.iter().find(|used| used.kind == "scheme").map_or(Fen::ZERO, |used| used.amounts[3])
    }

    fn to_json(&self) -> Value {
        let (pool, insutype, year) = &self.key;
        let of = |kind: &str| self.used.iter().filter(|used| used.kind == kind).collect::<Vec<_>>();
        let money = |used: &UsedLine, wanted: &[usize]| {
            let named = wanted.iter().map(|&index| (USED[index].to_owned(), json!(used.amounts[index].to_string())));
            named.collect::<serde_json::Map<_, _>>()
        };
        let with = |mut map: serde_json::Map<String, Value>, name: &str, value: Value| {
            map.shift_insert(0, name.to_owned(), value);
            map
        };
        let buckets = of("bucket").into_iter().map(|used| {
            let own = with(money(used, &[0, 1, 2, 3]), "admissions", json!(used.admissions));
            let months = of("month").into_iter().filter(|month| month.accumulator == used.accumulator);
            let months = months.map(|month| Value::Object(with(money(month, &[1, 3]), "month", json!(month.month))));
            let mut own = with(own, "accumulator", json!(used.accumulator));
            own.insert("months".to_owned(), months.collect());
            Value::Object(own)
        });
        let layers =
            of("layer").into_iter().map(|used| Value::Object(with(money(used, &[1, 3]), "layer", json!(used.layer))));
        let admissions = self.admissions.iter().map(|listed| {
            json!({
                "accumulator": listed.accumulator,
                "enddate": listed.enddate.to_string(),
                "fixmedins_code": listed.institution,
                "mdtrt_id": listed.mdtrt_id,
                "setl_id": listed.setl_id,
                "act_pay_dedc": listed.deductible.to_string(),
            })
        });
        json!({
            "pool": pool,
            "insutype": insutype,
            "benefit_year": year,
            "night": self.night,
            "counted_amt": self.counted().to_string(),
            "buckets": buckets.collect::<Vec<_>>(),
            "layers": layers.collect::<Vec<_>>(),
            "admissions": admissions.collect::<Vec<_>>(),
        })
    }

    fn render(&self, lang: Lang) -> String {
        let ((pool, insutype, year), night) = (&self.key, self.night);
        let counted = grouped(self.counted());
        let mut text = match lang {
            Lang::En => format!(
                "\n  pool {pool}, insurance type {insutype}, benefit year {year} (moved by night {night})\n    basic payments that count to the fund cap: {counted}\n"
            ),
            Lang::Zh => format!(
                "\n  统筹区 {pool}，险种 {insutype}，{year} 待遇年度（第 {night} 批变动）\n    计入统筹基金封顶线的支付：{counted}\n"
            ),
        };
        let head = match lang {
            Lang::En => ["accumulator", "admissions", "deductible", "base", "pool base", "paid"],
            Lang::Zh => ["累计项", "住院次数", "已付起付线", "计入基数", "进入统筹", "统筹支付"],
        };
        let line = |cells: [String; 6]| {
            let [name, admissions, amounts @ ..] = cells;
            let amounts: String = amounts.iter().map(|amount| pad_left(amount, 16)).collect();
            format!("    {}{}{amounts}\n", padded(&name, 24), pad_left(&admissions, 12))
        };
        text += &line(head.map(str::to_owned));
        let of = |kind: &'static str| self.used.iter().filter(move |used| used.kind == kind);
        for used in of("bucket") {
            let [deductible, base, pool_base, paid] = used.amounts.map(grouped);
            text += &line([used.accumulator.clone(), used.admissions.to_string(), deductible, base, pool_base, paid]);
            for month in of("month").filter(|month| month.accumulator == used.accumulator) {
                let name = format!("  {:04}-{:02}", month.month / 100, month.month % 100);
                let [_, base, _, paid] = month.amounts.map(grouped);
                text += &line([name, String::new(), String::new(), base, String::new(), paid]);
            }
        }
        for layer in of("layer") {
            let name = match lang {
                Lang::En => format!("layer {}", layer.layer),
                Lang::Zh => format!("第 {} 层", layer.layer),
            };
            let [_, base, _, paid] = layer.amounts.map(grouped);
            text += &line([name, String::new(), String::new(), base, String::new(), paid]);
        }
        for listed in &self.admissions {
            let AdmissionLine { accumulator, enddate, institution, mdtrt_id, setl_id, .. } = listed;
            let visit = if mdtrt_id.is_empty() { "-" } else { mdtrt_id.as_str() };
            let deductible = grouped(listed.deductible);
            text += &match lang {
                Lang::En => format!(
                    "    admission: discharged {enddate}, institution {institution}, visit {visit}, settlement {setl_id}, accumulator {accumulator}, deductible {deductible}\n"
                ),
                Lang::Zh => format!(
                    "    住院：{enddate} 出院，机构 {institution}，就诊 {visit}，结算 {setl_id}，累计项 {accumulator}，起付线 {deductible}\n"
                ),
            };
        }
        text
    }
}

impl SettledLine {
    fn to_json(&self) -> Value {
        let mut value = json!({
            "night": self.night,
            "setl_id": self.setl_id,
            "setl_time": self.time.to_string(),
            "status": self.status,
        });
        for (name, amount) in AMOUNTS.iter().zip(self.amounts) {
            value[*name] = json!(amount.to_string());
        }
        value["late"] = json!(self.late);
        value["reverses"] = if self.reverses.is_empty() { Value::Null } else { json!(self.reverses) };
        value["reversed_by"] =
            self.reversed_by.as_ref().map_or(Value::Null, |(id, night)| json!({"setl_id": id, "night": night}));
        value
    }
}
