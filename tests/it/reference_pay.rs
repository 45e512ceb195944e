//! Computing one settlement: spec section 5, one function per step.
//!
//! Module paths: this file is `crate::reference_pay`; it uses `crate::table`,
//! `crate::reference_rules`, `crate::reference_derive` and
//! `crate::reference_books`, and is used by `crate::reference`. Every amount is
//! an exact Decimal in yuan; only `round_fen` rounds, and only where the spec
//! says `round`.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::reference_books::{Amounts, Balances, Bucket, Month, Move, YearBook};
use crate::reference_derive::{Claim, Rules};
use crate::reference_rules::{Band, Key, band_set, choose, code, number, round_fen, rule_id, segments, value, weigh};
use crate::table::{Rec, Table};

const ZERO: Decimal = Decimal::ZERO;

// ------------------------------------------------ the settlement

/// A settlement that is to be paid, with the rows chosen for it.
pub struct Occasion<'a> {
    pub rules: &'a Rules,
    pub claim: &'a Claim<'a>,
    pub scheme: &'a Rec,
    pub channel: &'a Rec,
    pub benefit: &'a Rec,
    /// Pool, insutype, psn_class, med_class, place, filing.
    pub layer_keys: &'a [(&'a str, Key<'a>)],
    pub psn_class: &'a str,
    pub med_class: &'a str,
    pub is_admission: bool,
    pub benefit_year: i32,
}

/// What paying gives.
pub struct Paid {
    pub amounts: Amounts,
    pub layer_rules: Vec<String>,
    pub moved: Move,
}

/// A denied row: the person pays all but the hospital's part. `None` where
/// that part is larger than the bill.
pub fn denied(parts: &[Decimal; 5], hosp_part: Decimal) -> Option<Amounts> {
    let person = parts[0] - hosp_part;
    (person >= ZERO).then(|| Amounts {
        hosp_part_amt: hosp_part,
        psn_part_amt: person,
        psn_cash_pay: person,
        ..Amounts::default()
    })
}

/// Section 5, steps 1 to 8, and the moves of step 9 (not booked here). `None`
/// where the hospital's part is larger than what the funds leave.
pub fn pay(on: &Occasion, balances: &Balances) -> Option<Paid> {
    let [total, _, _, preself, in_scope] = on.claim.parts;
    let year_key = (on.claim.insured_pool.clone(), on.claim.insutype.clone(), on.benefit_year);
    let year = balances.years.get(&year_key).cloned().unwrap_or_default();
    let month = (on.claim.end.year, on.claim.end.month);
    let name = value(on.benefit, "accumulator").expect("accumulator");
    let shared_name = value(on.benefit, "deductible_accumulator").unwrap_or(name);
    let bucket = year.buckets.get(name).cloned().unwrap_or_default();
    let shared = year.buckets.get(shared_name).cloned().unwrap_or_default();

    // Step 1, transfer prepay taken before everything.
    let prepay_rate = number(on.channel, "prepay_rate").unwrap_or_default();
    let prepay_order = value(on.channel, "prepay_order");
    let prepay_before = match prepay_order {
        Some("before") => round_fen(prepay_rate * in_scope),
        _ => ZERO,
    };
    let after_prepay = in_scope - prepay_before;

    // Step 2, base caps.
    let base = base_within_caps(on.benefit, &bucket, month, after_prepay);
    let over_base = after_prepay - base;

    // Step 3, deductible.
    let deductible = deductible(on, &shared, total, base);

    // Step 4, transfer prepay taken after the deductible.
    let prepay_after = match prepay_order {
        Some("after") => round_fen(prepay_rate * (base - deductible)),
        _ => ZERO,
    };
    let prepay = prepay_before + prepay_after;
    let entering = base - deductible - prepay_after;

    // Step 5, bands.
    let stretches = pool_stretches(on, &bucket, deductible, entering);
    let by_bands = round_fen(weigh(&stretches));

    // Step 6, floor, caps and the burden.
    let floored = match number(on.benefit, "floor_rate") {
        Some(rate) => by_bands.max((in_scope - prepay - over_base).min(round_fen(rate * in_scope))),
        None => by_bands,
    };
    let counts = code(on.benefit, "counts_to_fund_cap").as_deref() == Some("1");
    let basic = payment_within_caps(on, &bucket, month, counts, year.counted_to_cap, floored);
    let over_cap = over_cap(on.benefit, floored - basic, basic, entering, &stretches);
    let left = in_scope - basic - prepay - over_base - over_cap;
    let burden = Burden {
        // A floor payment can eat into the deductible; what is left of it.
        deductible: deductible.min(left),
        coinsurance: (left - deductible).max(ZERO),
        over_base,
        over_cap,
        prepay,
        preself,
    };

    // Step 7, layers.
    let layers = pay_layers(on, &year, &burden, in_scope + preself - basic);
    let by_layers: Decimal = layers.iter().map(|l| l.paid).sum();

    // Step 8, the person.
    let hosp_part = on.claim.hosp_part;
    let person = total - basic - by_layers - hosp_part;
    if person < ZERO {
        return None;
    }
    let in_scope_left = in_scope + preself - basic - by_layers;
    let account = account_pays(on, in_scope_left, person).min(balances.account);

    let mut amounts = Amounts {
        act_pay_dedc: deductible,
        prepay_amt: prepay,
        over_base_amt: over_base,
        over_cap_amt: over_cap,
        pool_base_amt: entering,
        hifp_pay: basic,
        fund_pay_sumamt: basic + by_layers,
        hosp_part_amt: hosp_part,
        psn_part_amt: person,
        acct_pay: account,
        psn_cash_pay: person - account,
        ..Amounts::default()
    };
    for layer in &layers {
        *payer_column(&mut amounts, &layer.payer) += layer.paid;
    }
    let moved = Move {
        year: year_key,
        month,
        bucket: name.to_owned(),
        deductible_bucket: shared_name.to_owned(),
        admission: on.is_admission,
        deductible,
        base,
        entered: entering,
        paid: basic,
        counted_to_cap: if counts { basic } else { ZERO },
        layers: layers.iter().map(|l| (l.number, l.base, l.paid)).collect(),
        account,
    };
    Some(Paid { amounts, layer_rules: layers.into_iter().map(|l| l.rule).collect(), moved })
}

/// `amount` held under an optional cap, what is left of the cap never below 0.
fn under(amount: Decimal, cap: Option<Decimal>, used: Decimal) -> Decimal {
    cap.map_or(amount, |cap| amount.min((cap - used).max(ZERO)))
}

/// Step 2: S2.
fn base_within_caps(benefit: &Rec, bucket: &Bucket, month: Month, amount: Decimal) -> Decimal {
    let cap = |column: &str| number(benefit, column);
    let month_used = bucket.base_month.get(&month).copied().unwrap_or_default();
    let amount = under(amount, cap("base_cap_visit"), ZERO);
    let amount = under(amount, cap("base_cap_month"), month_used);
    under(amount, cap("base_cap_year"), bucket.base_year)
}

/// Step 3: D. `shared` is the deductible bucket.
fn deductible(on: &Occasion, shared: &Bucket, total: Decimal, base: Decimal) -> Decimal {
    let basis = value(on.benefit, "deductible_basis").expect("deductible_basis");
    let fixed = number(on.channel, "deductible");
    let rate = number(on.channel, "deductible_rate");
    if basis == "none" && fixed.is_none() && rate.is_none() {
        return ZERO;
    }
    let mut amount = ZERO;
    if basis != "none" {
        // The ordinal is one more than the admissions so far; an empty amount
        // repeats the one before, and there is no ninth.
        let ordinal = if basis == "year" { 1 } else { (1 + shared.admissions).clamp(1, 8) };
        for n in 1..=ordinal {
            amount = number(on.benefit, &format!("deductible_{n}")).unwrap_or(amount);
        }
    }
    if let Some(fixed) = fixed {
        amount = fixed;
    } else if let Some(rate) = rate {
        amount = round_fen(rate * total);
        if let Some(least) = number(on.channel, "deductible_min") {
            amount = amount.max(least);
        }
        if let Some(most) = number(on.channel, "deductible_max") {
            amount = amount.min(most);
        }
    }
    if let Some(factor) = number(on.channel, "deductible_factor") {
        amount = round_fen(amount * factor);
    }
    if basis == "year" {
        amount = (amount - shared.deductible).max(ZERO);
    }
    let year_cap = number(on.benefit, "deductible_cap_year");
    under(amount, year_cap, shared.deductible).min(base)
}

/// Step 5: the stretches of E on the bands, with the channel's rates.
fn pool_stretches(on: &Occasion, bucket: &Bucket, deductible: Decimal, entering: Decimal) -> Vec<(Decimal, Decimal)> {
    let points = number(on.channel, "rate_points").unwrap_or_default();
    let factor = number(on.channel, "rate_factor").unwrap_or(Decimal::ONE);
    let name = value(on.benefit, "band_set").expect("band_set");
    let bands: Vec<Band> = band_set(&on.rules["bands"], name)
        .into_iter()
        .map(|band| {
            let rate = ((band.rate - points) * factor).clamp(ZERO, Decimal::ONE);
            let rate = rate.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero);
            Band { rate, ..band }
        })
        .collect();
    let low = match value(on.benefit, "band_basis").expect("band_basis") {
        "visit_net" => ZERO,
        "visit_gross" => deductible,
        "year_net" => bucket.entered,
        "year_gross" => bucket.base_year + deductible,
        other => panic!("band_basis {other}"),
    };
    segments(&bands, low, low + entering)
}

/// Step 6, the caps on the payment.
fn payment_within_caps(
    on: &Occasion,
    bucket: &Bucket,
    month: Month,
    counts: bool,
    counted: Decimal,
    amount: Decimal,
) -> Decimal {
    let cap = |column: &str| number(on.benefit, column);
    let month_paid = bucket.paid_month.get(&month).copied().unwrap_or_default();
    let amount = under(amount, cap("pay_cap_visit"), ZERO);
    let amount = under(amount, cap("pay_cap_month"), month_paid);
    let amount = under(amount, cap("pay_cap_year"), bucket.paid_year);
    if !counts {
        return amount.max(ZERO);
    }
    let fund_cap = cap("fund_cap_year").or_else(|| number(on.scheme, "fund_cap_year"));
    under(amount, fund_cap, counted).max(ZERO)
}

/// Step 6, what the caps took: as payment, or as the expense above the point
/// where the bands reach the payment.
fn over_cap(
    benefit: &Rec,
    cut: Decimal,
    paid: Decimal,
    entering: Decimal,
    stretches: &[(Decimal, Decimal)],
) -> Decimal {
    let as_expense = value(benefit, "over_cap_as") == Some("expense");
    if !as_expense || cut == ZERO || weigh(stretches) < paid {
        return cut;
    }
    // Walk up from the lower end until the payment is reached.
    let mut expense = ZERO;
    let mut missing = paid;
    for (length, rate) in stretches {
        if missing == ZERO {
            break;
        }
        if length * rate >= missing {
            expense += missing / rate;
            missing = ZERO;
        } else {
            expense += length;
            missing -= length * rate;
        }
    }
    round_fen(entering - expense)
}

// ------------------------------------------------ step 7: layers

/// What the basic pool left, by its parts.
struct Burden {
    deductible: Decimal,
    coinsurance: Decimal,
    over_base: Decimal,
    over_cap: Decimal,
    prepay: Decimal,
    preself: Decimal,
}

impl Burden {
    fn part(&self, name: &str) -> Decimal {
        match name {
            "deductible" => self.deductible,
            "coinsurance" => self.coinsurance,
            "over_base" => self.over_base,
            "over_cap" => self.over_cap,
            "prepay" => self.prepay,
            "preselfpay" => self.preself,
            other => panic!("includes {other}"),
        }
    }
}

struct LayerPaid {
    number: u32,
    rule: String,
    payer: String,
    base: Decimal,
    paid: Decimal,
}

/// The layers in the order of their numbers. `left` is S + P - hifp_pay.
fn pay_layers(on: &Occasion, year: &YearBook, burden: &Burden, left: Decimal) -> Vec<LayerPaid> {
    let Some(table) = on.rules.get("layers") else {
        return Vec::new();
    };
    let number_of = |row: &Rec| -> u32 {
        let text = code(row, "layer").expect("layer");
        text.parse().expect("layer")
    };
    let mut numbers: Vec<u32> = table.iter().map(number_of).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut done: Vec<LayerPaid> = Vec::new();
    for layer in numbers {
        let of_number: Table = table.iter().filter(|row| number_of(row) == layer).cloned().collect();
        let Some(row) = choose(&of_number, on.claim.end, on.layer_keys) else {
            continue;
        };
        let parts = value(row, "includes").expect("includes");
        let included: Decimal = parts.split('|').map(|name| burden.part(name.trim())).sum();
        let minus = value(row, "minus");
        let subtracted: Decimal = done
            .iter()
            .filter(|earlier| match minus {
                None => true,
                Some("none") => false,
                Some(list) => list.split('|').any(|n| n.trim().parse() == Ok(earlier.number)),
            })
            .map(|earlier| earlier.paid)
            .sum();
        let base = (included - subtracted).max(ZERO);
        let (base_before, paid_before) = year.layers.get(&layer).copied().unwrap_or_default();
        let low = match value(row, "band_basis").expect("band_basis") {
            "visit" => ZERO,
            "year" => base_before,
            other => panic!("band_basis {other}"),
        };
        let name = value(row, "band_set").expect("band_set");
        let bands = band_set(&on.rules["bands"], name);
        let mut paid = round_fen(weigh(&segments(&bands, low, low + base)));
        paid = under(paid, number(row, "pay_cap_visit"), ZERO);
        paid = under(paid, number(row, "pay_cap_year"), paid_before);
        paid = paid.min(base);
        if minus.is_some() {
            // Without the default subtraction nobody is paid twice for a yuan.
            let by_earlier: Decimal = done.iter().map(|l| l.paid).sum();
            paid = paid.min(left - by_earlier);
        }
        done.push(LayerPaid {
            number: layer,
            rule: rule_id(row),
            payer: value(row, "payer").expect("payer").to_owned(),
            base,
            paid: paid.max(ZERO),
        });
    }
    done
}

fn payer_column<'a>(amounts: &'a mut Amounts, payer: &str) -> &'a mut Decimal {
    match payer {
        "hifob_pay" => &mut amounts.hifob_pay,
        "hifmi_pay" => &mut amounts.hifmi_pay,
        "hifes_pay" => &mut amounts.hifes_pay,
        "cvlserv_pay" => &mut amounts.cvlserv_pay,
        "maf_pay" => &mut amounts.maf_pay,
        "oth_pay" => &mut amounts.oth_pay,
        other => panic!("payer {other}"),
    }
}

// ------------------------------------------------ step 8: the account

/// How much the account may pay, before its balance is looked at.
fn account_pays(on: &Occasion, in_scope_left: Decimal, person: Decimal) -> Decimal {
    let keys = [
        ("pool", Key::Pool(&on.claim.insured_pool)),
        ("insutype", Key::Plain(&on.claim.insutype)),
        ("psn_class", Key::Plain(on.psn_class)),
        ("med_class", Key::Plain(on.med_class)),
    ];
    let table = on.rules.get("accounts");
    let Some(row) = table.and_then(|t| choose(t, on.claim.end, &keys)) else {
        return ZERO;
    };
    let asked = code(row, "uses_flag").as_deref() == Some("1");
    if asked && code(on.claim.row, "acct_used_flag").as_deref() == Some("0") {
        return ZERO;
    }
    match value(row, "pays_for").expect("pays_for") {
        "none" => ZERO,
        "in_scope" => in_scope_left.max(ZERO).min(person),
        "all" => person,
        other => panic!("pays_for {other}"),
    }
}
