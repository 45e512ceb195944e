//! Rule rows in the words of a clerk, in Chinese and English: deductibles, bands, caps, adjustments.

use crate::diagnostic::Lang;
use crate::model::money::{Fen, Rate};
use crate::rules::layout::{BURDEN_PARTS, FILING_TITLES, PLACE_TITLES};
use crate::rules::show::KeySet;
use crate::rules::values::{
    AccountValue, Band, BandBasis, BenefitValue, Caps, ChannelValue, DeductibleBasis, LayerValue, NO_CAP, Payer,
    PaysFor, PrepayOrder, SchemeValue,
};

/// The version of a text in a language.
pub(super) fn word(lang: Lang, en: &'static str, zh: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// `85 %`, in Chinese without the blank.
pub(super) fn percent(rate: Rate, lang: Lang) -> String {
    format!("{}{}", rate.percent(), word(lang, " %", "%"))
}

fn joined(parts: Vec<String>, lang: Lang) -> String {
    parts.join(word(lang, "; ", "；"))
}

/// `0–10000 55 %, –20000 60 %, above 65 %`; one band from 0 is its rate alone.
pub(super) fn bands(bands: &[Band], lang: Lang) -> String {
    // Neighbours of one rate are one band to a reader.
    let mut steps: Vec<Band> = Vec::with_capacity(bands.len());
    for band in bands {
        if steps.last().is_none_or(|last| last.rate != band.rate) {
            steps.push(*band);
        }
    }
    // What lies under a threshold is not paid anyway.
    if steps.len() > 1 && steps[0].rate == Rate::default() {
        steps.remove(0);
    }
    let texts: Vec<String> = steps
        .iter()
        .enumerate()
        .map(|(index, band)| {
            let rate = percent(band.rate, lang);
            let from = if index == 0 { band.from.plain() } else { String::new() };
            match steps.get(index + 1) {
                Some(next) => format!("{from}–{} {rate}", next.from.plain()),
                None if index == 0 && band.from == Fen::ZERO => rate,
                None if index == 0 => format!("{} {from} {rate}", word(lang, "above", "超过")),
                None => format!("{} {rate}", word(lang, "above", "以上")),
            }
        })
        .collect();
    texts.join(word(lang, ", ", "，"))
}

/// Where on the bands an amount lies; the usual way needs no word.
pub(super) fn band_basis(basis: BandBasis, lang: Lang) -> &'static str {
    match basis {
        BandBasis::VisitNet => "",
        BandBasis::VisitGross => word(lang, " (from the deductible up)", "（自起付标准起算）"),
        BandBasis::YearNet => word(lang, " (over the year)", "（年内累计）"),
        BandBasis::YearGross => word(lang, " (over the year, deductible included)", "（年内累计，含起付）"),
    }
}

/// `1300, then 650`; `1800 a year`.
pub(super) fn deductible(benefit: &BenefitValue, lang: Lang) -> String {
    let first = benefit.deductibles[0].plain();
    let mut text = match benefit.deductible_basis {
        DeductibleBasis::None => return word(lang, "none", "无").to_owned(),
        DeductibleBasis::Year => format!("{first}{}", word(lang, " a year", "／年")),
        DeductibleBasis::Visit => {
            let mut stays = benefit.deductibles.to_vec();
            while stays.len() > 1 && stays[stays.len() - 1] == stays[stays.len() - 2] {
                stays.pop();
            }
            match stays.len() {
                1 => format!("{first}{}", word(lang, " each time", "／次")),
                2 => format!("{first}{}{}", word(lang, ", then ", "，再次 "), stays[1].plain()),
                _ => stays.iter().map(|amount| amount.plain()).collect::<Vec<_>>().join(" / "),
            }
        }
    };
    if benefit.deductible_cap_year != NO_CAP {
        let cap = benefit.deductible_cap_year.plain();
        text += &match lang {
            Lang::En => format!("; at most {cap} a year"),
            Lang::Zh => format!("；年内合计不超过 {cap}"),
        };
    }
    text
}

fn caps(caps: Caps, what: &str, lang: Lang, parts: &mut Vec<String>) {
    let spans = [(caps.visit, " a visit", "／次"), (caps.month, " a month", "／月"), (caps.year, " a year", "／年")];
    for (cap, en, zh) in spans.into_iter().filter(|(cap, ..)| *cap != NO_CAP) {
        parts.push(format!("{what} {}{}", cap.plain(), word(lang, en, zh)));
    }
}

/// Caps, floor and what else limits a benefit.
pub(super) fn limits(benefit: &BenefitValue, lang: Lang) -> String {
    let mut parts = Vec::new();
    caps(benefit.base_caps, word(lang, "costs up to", "费用限额"), lang, &mut parts);
    caps(benefit.pay_caps, word(lang, "pays up to", "支付限额"), lang, &mut parts);
    if let Some(cap) = benefit.fund_cap_year {
        parts.push(format!(
            "{} {}{}",
            word(lang, "fund pays up to", "统筹封顶"),
            cap.plain(),
            word(lang, " a year", "／年")
        ));
    }
    if let Some(floor) = benefit.floor_rate {
        parts.push(format!("{} {}", word(lang, "at least", "保底"), percent(floor, lang)));
    }
    if !benefit.counts_to_fund_cap {
        parts.push(word(lang, "outside the fund's yearly cap", "不计入统筹年度封顶").to_owned());
    }
    joined(parts, lang)
}

/// What a channel does to the benefit.
pub(super) fn channel(channel: &ChannelValue, lang: Lang) -> String {
    if channel.deny {
        return word(lang, "not paid", "不予支付").to_owned();
    }
    let mut parts = Vec::new();
    if let Some(amount) = channel.deductible {
        parts.push(format!("{} {}", word(lang, "deductible", "起付标准"), amount.plain()));
    }
    if let Some(rate) = channel.deductible_rate {
        let mut text =
            format!("{} {}", word(lang, "deductible of the bill:", "起付标准为总费用的"), percent(rate, lang));
        if channel.deductible_min > Fen::ZERO {
            text += &format!("{} {}", word(lang, ", at least", "，不低于"), channel.deductible_min.plain());
        }
        if channel.deductible_max != NO_CAP {
            text += &format!("{} {}", word(lang, ", at most", "，不高于"), channel.deductible_max.plain());
        }
        parts.push(text);
    }
    if let Some(factor) = channel.deductible_factor {
        parts.push(format!("{} × {factor}", word(lang, "deductible", "起付标准")));
    }
    if let Some(order) = channel.prepay_order {
        let when = match order {
            PrepayOrder::Before => word(lang, "before the deductible", "（起付线之前）"),
            PrepayOrder::After => word(lang, "after the deductible", "（起付线之后）"),
        };
        parts.push(format!(
            "{} {} {when}",
            word(lang, "person pays first", "先行自付"),
            percent(channel.prepay_rate, lang)
        ));
    }
    let points = channel.rate_points;
    if points != Rate::default() {
        let (en, zh) = if points.0 > 0 { ("rate minus", "比例降低") } else { ("rate plus", "比例提高") };
        let size = Rate(points.0.abs()).percent();
        parts.push(format!("{} {size} {}", word(lang, en, zh), word(lang, "points", "个百分点")));
    }
    if channel.rate_factor != Rate::ONE {
        parts.push(format!("{} × {}", word(lang, "rate", "比例"), channel.rate_factor));
    }
    if parts.is_empty() {
        return word(lang, "as the benefit says", "按待遇执行，不作调整").to_owned();
    }
    joined(parts, lang)
}

/// The fund of a layer.
pub(super) fn payer(payer: Payer, lang: Lang) -> &'static str {
    match payer {
        Payer::CivilServant => word(lang, "civil servants' supplement", "公务员补助"),
        Payer::Enterprise => word(lang, "enterprise supplement", "企业补充"),
        Payer::ResidentCritical => word(lang, "critical-illness insurance", "居民大病保险"),
        Payer::EmployeeLarge => word(lang, "large-amount fund", "职工大额"),
        Payer::Aid => word(lang, "medical aid", "医疗救助"),
        Payer::Other => word(lang, "other fund", "其他基金"),
    }
}

/// What a layer pays of.
pub(super) fn layer_base(layer: &LayerValue, lang: Lang) -> String {
    const NAMES: [(&str, &str); 6] = [
        ("deductible", "起付标准"),
        ("coinsurance", "按比例自付"),
        ("above the cost cap", "超费用限额"),
        ("above the pay cap", "超支付限额"),
        ("transfer prepayment", "转外先行自付"),
        ("class B pre-self-pay", "乙类先行自付"),
    ];
    let held = (0..BURDEN_PARTS.len()).filter(|bit| layer.includes.0 >> bit & 1 == 1);
    let mut text = held.map(|bit| word(lang, NAMES[bit].0, NAMES[bit].1)).collect::<Vec<_>>().join(" + ");
    match layer.minus.as_deref() {
        None => {}
        Some([]) => text += word(lang, ", earlier layers not taken off", "，不扣在前险层"),
        Some(layers) => {
            let numbers: Vec<String> = layers.iter().map(u32::to_string).collect();
            text += &format!("{} {}", word(lang, ", minus layers", "，扣减险层"), numbers.join(", "));
        }
    }
    if layer.by_year {
        text += word(lang, ", over the year", "，年内累计");
    }
    text
}

/// Caps of a layer.
pub(super) fn layer_limits(layer: &LayerValue, lang: Lang) -> String {
    let mut parts = Vec::new();
    let both = Caps { visit: layer.pay_cap_visit, month: NO_CAP, year: layer.pay_cap_year };
    caps(both, word(lang, "pays up to", "支付限额"), lang, &mut parts);
    joined(parts, lang)
}

/// What a personal account may pay.
pub(super) fn account(account: &AccountValue, lang: Lang) -> String {
    let what = match account.pays_for {
        PaysFor::None => word(lang, "nothing", "不支付"),
        PaysFor::InScope => word(lang, "the person's part within scope", "范围内个人负担"),
        PaysFor::All => word(lang, "everything the person pays", "全部个人负担"),
    };
    let flag =
        if account.uses_flag { word(lang, ", unless the claim says no", "，结算注明不用的除外") } else { "" };
    format!("{what}{flag}")
}

/// Benefit year and ceiling of a scheme.
pub(super) fn scheme(scheme: &SchemeValue, lang: Lang) -> String {
    let (month, day) = scheme.year_start;
    let mut text = match lang {
        Lang::En => format!("benefit year from {month:02}-{day:02}"),
        Lang::Zh => format!("保险年度自 {month} 月 {day} 日起"),
    };
    if scheme.fund_cap_year != NO_CAP {
        let cap = scheme.fund_cap_year.plain();
        text += &match lang {
            Lang::En => format!("; basic fund pays up to {cap} a year"),
            Lang::Zh => format!("；统筹基金年度封顶 {cap}"),
        };
    }
    if scheme.local_filing {
        text += word(lang, "; filings count at home too", "；本地就医也看备案");
    }
    text
}

/// Keys for a reader: person class, visit class, place and filing, tier; an asterisk is any.
pub(super) fn keys(keys: &KeySet, lang: Lang) -> [String; 4] {
    let words = |words: &Option<Vec<String>>| words.as_ref().map_or_else(|| "*".to_owned(), |words| words.join(", "));
    let titled = |(zh, en): (&'static str, &'static str)| word(lang, en, zh);
    let list = |names: Vec<&str>| names.join(word(lang, ", ", "、"));
    let place = keys
        .place
        .as_ref()
        .map(|places| list(places.iter().map(|&place| titled(PLACE_TITLES[place as usize])).collect()));
    let filing = keys
        .filing
        .as_ref()
        .map(|filings| list(filings.iter().map(|&filing| titled(FILING_TITLES[filing as usize])).collect()));
    let anywhere = || word(lang, "anywhere", "各地").to_owned();
    let where_from = match (place, filing) {
        (None, None) => "*".to_owned(),
        (Some(place), None) => place,
        (place, Some(filing)) => format!("{}{}{filing}", place.unwrap_or_else(anywhere), word(lang, ": ", "：")),
    };
    [words(&keys.psn_class), words(&keys.med_class), where_from, words(&keys.tier)]
}
