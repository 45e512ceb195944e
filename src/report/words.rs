//! Words that reports share, in Chinese and English.

use crate::diagnostic::{Lang, Text};
use crate::model::outcome::{Reason, Status};
use crate::model::place::{Filing, Place};

use super::reconciled::Outcome;

/// A status in words.
#[must_use]
pub const fn status_name(status: Status, lang: Lang) -> &'static str {
    match (status, lang) {
        (_, Lang::En) => status.word(),
        (Status::Paid, Lang::Zh) => "已结算",
        (Status::Denied, Lang::Zh) => "不予支付",
        (Status::Reversed, Lang::Zh) => "已冲正",
        (Status::Pended, Lang::Zh) => "待处理",
        (Status::Rejected, Lang::Zh) => "已退回",
    }
}

/// A reason in words.
#[must_use]
pub const fn reason_name(reason: Reason, lang: Lang) -> &'static str {
    let both = match reason {
        Reason::Invalidated => ("the row is marked void", "记录已作废"),
        Reason::Parse => ("a value is not of its type, or the line is no record", "取值类型不符，或该行不是完整记录"),
        Reason::Missing => ("a required value is empty", "必填值为空"),
        Reason::Domain => ("a place code is not six digits", "医保区划代码不是六位数字"),
        Reason::Split => ("the total is not the sum of its parts", "总额不等于各部分之和"),
        Reason::Negative => ("a negative amount outside a reversal", "非冲正记录的金额为负"),
        Reason::DateOrder => ("dates are out of order", "日期先后颠倒"),
        Reason::Duplicate => ("an earlier row has this settlement number and person", "更早的一行已有相同结算号与人员"),
        Reason::Settled => ("settled in an earlier run", "此前已结算"),
        Reason::NoScheme => ("no scheme row for the pool, insurance type and day", "无适用的险种待遇年度规则"),
        Reason::NoClass => ("no person class", "无适用的人员类别规则"),
        Reason::NoVisit => ("no visit class", "无适用的医疗类别规则"),
        Reason::NoTier => ("no hospital tier", "无适用的医院等级规则"),
        Reason::NoChannel => ("no channel row", "无适用的就医渠道规则"),
        Reason::NoBenefit => ("no benefit row", "无适用的待遇规则"),
        Reason::HospitalPart => ("the hospital's part is larger than the bill allows", "医院负担金额超出可负担部分"),
        Reason::ReversalUnknown => ("the settlement it reverses is not known", "找不到被冲正的结算"),
        Reason::ReversalTwice => ("the settlement is reversed already", "该结算已被冲正"),
        Reason::ReversalAmount => ("it does not negate the amounts of the settlement", "冲正金额与原结算不符"),
        Reason::NotEnrolled => ("no cover on the day", "当日未参保"),
        Reason::Waiting => ("in the waiting period", "处于待遇等待期"),
        Reason::NotDesignated => ("the institution is not designated on the day", "机构当日不是定点机构"),
        Reason::ChannelDenies => ("the channel denies", "就医渠道规则不予支付"),
    };
    match lang {
        Lang::En => both.0,
        Lang::Zh => both.1,
    }
}

/// A line with the rows that use one whose change is told; nothing where none does.
#[must_use]
pub fn used_by_line(rows: &[String], lang: Lang) -> String {
    const MOST: usize = 6;
    if rows.is_empty() {
        return String::new();
    }
    let shown = rows[..rows.len().min(MOST)].join(", ");
    let more = if rows.len() > MOST { ", ..." } else { "" };
    match lang {
        Lang::En => format!("      used by {}: {shown}{more}\n", rows.len()),
        Lang::Zh => format!("      被 {} 行引用：{shown}{more}\n", rows.len()),
    }
}

/// A place in words.
#[must_use]
pub const fn place_name(place: Place, lang: Lang) -> &'static str {
    match (place, lang) {
        (_, Lang::En) => place.word(),
        (Place::Local, Lang::Zh) => "本地",
        (Place::Province, Lang::Zh) => "省内异地",
        (Place::Cross, Lang::Zh) => "跨省异地",
    }
}

/// A filing in words.
#[must_use]
pub const fn filing_name(filing: Filing, lang: Lang) -> &'static str {
    match (filing, lang) {
        (_, Lang::En) => filing.word(),
        (Filing::Resident, Lang::Zh) => "长期异地",
        (Filing::Referral, Lang::Zh) => "转诊",
        (Filing::Emergency, Lang::Zh) => "急诊",
        (Filing::Temporary, Lang::Zh) => "其他临时外出",
        (Filing::None, Lang::Zh) => "无",
    }
}

/// A result of reconciliation in words.
#[must_use]
pub const fn result_name(outcome: Outcome, lang: Lang) -> &'static str {
    match (outcome, lang) {
        (Outcome::Agrees, Lang::En) => "agrees",
        (Outcome::Agrees, Lang::Zh) => "对平",
        (Outcome::OnlyComputed, Lang::En) => "only computed",
        (Outcome::OnlyComputed, Lang::Zh) => "中心多",
        (Outcome::OnlyPaid, Lang::En) => "only paid",
        (Outcome::OnlyPaid, Lang::Zh) => "医药机构多",
        (Outcome::Differs, Lang::En) => "amounts differ",
        (Outcome::Differs, Lang::Zh) => "数据不一致",
        (Outcome::Duplicate, Lang::En) => "duplicate number",
        (Outcome::Duplicate, Lang::Zh) => "结算ID重复",
        (Outcome::NotComputable, Lang::En) => "not computable",
        (Outcome::NotComputable, Lang::Zh) => "无法计算",
    }
}

/// A cause in words, by its code with or without what it turns on.
#[must_use]
pub fn cause_name(code: &str, lang: Lang) -> &'static str {
    let both = match code.split(':').next().unwrap_or_default() {
        "C-ROUND" => ("a fen of rounding", "一分钱的舍入"),
        "C-FILING" => ("paid under another filing", "按另一种备案支付"),
        "C-PLACE" => ("paid as if treated elsewhere", "按另一种就医地支付"),
        "C-TIER" => ("paid at another hospital tier", "按另一医院等级支付"),
        "C-CLASS" => ("paid for another class of person", "按另一人员类别支付"),
        "C-VISIT" => ("paid as another kind of visit", "按另一医疗类别支付"),
        "C-DEDUCTIBLE-NONE" => ("no deductible taken", "未扣起付线"),
        "C-DEDUCTIBLE-FULL" => ("the deductible of the first time in the year", "按年度首次扣起付线"),
        "C-NTH" => ("the deductible of another ordinal", "按另一住院次数扣起付线"),
        "C-YEAR-FRESH" => ("as if nothing had been used this year", "未计本年度累计"),
        "C-CAPS-IGNORED" => ("caps not applied", "未执行限额"),
        "C-RULE-DATE" => ("by the rules of another day", "按另一日期的规则支付"),
        "C-PRESELF-IN-BASE" => ("the first self-pay counted into the base", "先行自付计入支付基数"),
        "C-POINTS-AS-FACTOR" => ("points off taken as a factor", "降低的百分点误作系数"),
        "C-FACTOR-AS-POINTS" => ("a factor taken as points off", "系数误作降低的百分点"),
        "C-LAYER-SKIPPED" => ("a layer did not pay", "某一险层未支付"),
        "C-NOT-COVERED" => ("denied and paid changed about", "应付未付，或不应付而付"),
        "C-DIGIT" => ("a digit mistyped", "录错一位数字"),
        _ => ("none of these", "未能解释"),
    };
    match lang {
        Lang::En => both.0,
        Lang::Zh => both.1,
    }
}

/// Money columns of the output in words, in their order.
const MONEY: [(&str, &str, &str); 23] = [
    ("medfee_sumamt", "total of the bill", "医疗费总额"),
    ("fulamt_ownpay_amt", "outside the catalogue", "全自费金额"),
    ("overlmt_selfpay", "above price ceilings", "超限价自费费用"),
    ("preselfpay_amt", "pre-self-pay", "先行自付金额"),
    ("inscp_scp_amt", "within scope", "符合政策范围金额"),
    ("act_pay_dedc", "deductible", "实际支付起付线"),
    ("prepay_amt", "transfer prepayment", "转外先行自付"),
    ("over_base_amt", "above the base caps", "超计入基数限额"),
    ("over_cap_amt", "above the payment caps", "超支付限额"),
    ("pool_base_amt", "entered the pool", "进入统筹金额"),
    ("hifp_pay", "basic fund", "基本医疗保险统筹基金"),
    ("cvlserv_pay", "civil servants' aid", "公务员医疗补助"),
    ("hifes_pay", "enterprise supplement", "企业补充医疗保险"),
    ("hifmi_pay", "residents' critical illness", "居民大病保险"),
    ("hifob_pay", "employees' large amounts", "职工大额医疗费用补助"),
    ("maf_pay", "medical aid", "医疗救助"),
    ("oth_pay", "other funds", "其他基金"),
    ("fund_pay_sumamt", "all funds", "基金支付总额"),
    ("hosp_part_amt", "borne by the hospital", "医院负担金额"),
    ("psn_part_amt", "borne by the person", "个人负担总金额"),
    ("acct_pay", "personal account", "个人账户支出"),
    ("acct_mulaid_pay", "family account", "个人账户共济支付"),
    ("psn_cash_pay", "cash of the person", "个人现金支出"),
];

/// A money column in words.
#[must_use]
pub fn money_name(column: &str, lang: Lang) -> &'static str {
    let found = MONEY.iter().find(|(name, ..)| *name == column);
    found.map_or("", |(_, en, zh)| match lang {
        Lang::En => en,
        Lang::Zh => zh,
    })
}

/// Insurance types of the national code list.
const INSUTYPES: [(&str, &str, &str); 12] = [
    ("310", "employees' basic insurance", "职工基本医疗保险"),
    ("320", "civil servants' aid", "公务员医疗补助"),
    ("330", "large amounts", "大额医疗费用补助"),
    ("340", "retired cadres", "离休人员医疗保障"),
    ("350", "disabled soldiers", "一至六级残废军人医疗补助"),
    ("360", "veterans of the Red Army", "老红军医疗保障"),
    ("370", "enterprise supplement", "企业补充医疗保险"),
    ("380", "new rural cooperative", "新型农村合作医疗"),
    ("390", "residents' basic insurance", "城乡居民基本医疗保险"),
    ("391", "urban residents' basic insurance", "城镇居民基本医疗保险"),
    ("392", "residents' critical illness", "城乡居民大病医疗保险"),
    ("510", "maternity insurance", "生育保险"),
];

/// An insurance type in words; empty where the list does not have it.
#[must_use]
pub fn insutype_name(code: &str) -> Text {
    let found = INSUTYPES.iter().find(|(known, ..)| *known == code);
    found.map_or_else(Text::default, |(_, en, zh)| Text::new(*en, *zh))
}
