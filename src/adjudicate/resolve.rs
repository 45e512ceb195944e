//! The rows chosen for a settlement, and the gates before any money. Depends on the claim, the reference
//! tables and the rules alone, never on accumulators.

use super::trace::{FilingBasis, Step, Trace};
use crate::model::date::Date;
use crate::model::outcome::{Reason, Reasons};
use crate::model::place::{Admdvs, Filing, Place};
use crate::model::reference::{InstitutionPeriod, Institutions, PersonFacts};
use crate::model::settlement::{Claim, Flags};
use crate::model::symbol::Sym;
use crate::rules::book::{BenefitKeys, Chosen, LevelField, RuleBook};
use crate::rules::day::{Offer, PoolDay, SchemeDay};
use crate::rules::values::{ClassValue, SchemeValue, TierValue};

/// What the rules are applied with: the compiled pack and the institutions (`None`: that gate is off).
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The compiled pack.
    pub book: &'a RuleBook,
    /// The institutions.
    pub institutions: Option<&'a Institutions>,
}

/// What a settlement is, seen by the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derived {
    /// The insured pool.
    pub pool: Admdvs,
    /// Calendar year in which the benefit year starts.
    pub benefit_year: i32,
    /// Person class, visit class, place, filing, tier.
    pub keys: BenefitKeys,
}

/// Rows of the rule tables that were chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleRows {
    /// Row of `schemes.csv`.
    pub scheme: u32,
    /// Row of `person_classes.csv`.
    pub class: u32,
    /// Row of `channels.csv`.
    pub channel: u32,
    /// Row of `benefits.csv`.
    pub benefit: u32,
}

/// A settlement with its rows, ready to be computed.
#[derive(Clone, Copy, Debug)]
pub struct Resolved<'a> {
    /// What it is.
    pub derived: Derived,
    /// Which rows decide.
    pub rows: RuleRows,
    /// What it is computed by, unless somebody asks what if, and where its layers come from.
    pub offer: Offer<'a>,
    /// Calendar month of `enddate`: year x 12 + month - 1.
    pub month: i32,
    /// Whether it counts as an admission.
    pub is_admission: bool,
    /// Why it is denied; empty: it is not.
    pub denied: Reasons,
    /// A layer that does not pay, where somebody asks what if.
    pub layer_off: Option<u32>,
}

/// A settlement taken as one of another pool's insured: what it was at home stays, the pool's tables decide the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsIf {
    /// The pool whose rules apply.
    pub pool: Admdvs,
    /// The relation of the treatment place to the insured place, as it was under the own pool.
    pub place: Place,
    /// The filing, as it was under the own pool.
    pub filing: Filing,
}

/// Finds the rows of a settlement.
///
/// # Errors
/// Every `P-` reason for which no row matches.
// Never: in one function with the money, what does not fit into registers is written and read again.
#[inline(never)]
pub fn resolve<'a, T: Trace>(
    context: Context<'a>,
    facts: &PersonFacts,
    claim: &Claim,
    trace: &mut T,
) -> Result<Resolved<'a>, Reasons> {
    find_rows(context, facts, claim, None, trace)
}

/// Finds the rows of a settlement under the rules of another pool. Cover and designation are not asked again: they
/// were the own pool's to decide.
///
/// # Errors
/// Every `P-` reason for which that pool has no row.
pub fn resolve_as<'a, T: Trace>(
    context: Context<'a>,
    facts: &PersonFacts,
    claim: &Claim,
    as_if: AsIf,
    trace: &mut T,
) -> Result<Resolved<'a>, Reasons> {
    find_rows(context, facts, claim, Some(as_if), trace)
}

// Always: a run knows that nothing is taken as if, and keeps no trace of the question.
#[inline(always)]
fn find_rows<'a, T: Trace>(
    context: Context<'a>,
    facts: &PersonFacts,
    claim: &Claim,
    as_if: Option<AsIf>,
    trace: &mut T,
) -> Result<Resolved<'a>, Reasons> {
    let book = context.book;
    let day = claim.enddate;
    let numbered = as_if.map_or_else(|| book.pooled(claim.insured), |as_if| book.numbered(as_if.pool));
    let pool = numbered.pool;
    let rules = book.on_numbered(numbered, day);
    let scheme_rules = rules.under(claim.insutype);
    let place = match as_if {
        None => place(book, rules, pool, claim, trace),
        Some(as_if) => {
            trace.note(|| Step::AsIf(as_if));
            as_if.place
        }
    };
    let institution = context.institutions.and_then(|institutions| institutions.open_on(claim.institution, day));
    let scheme = scheme_rules.scheme();
    let class = person_class(book, scheme_rules, facts, claim, trace);
    let visit = rules.visit(claim.med_type, claim.disease);
    let tier = tier(book, rules, institution, claim, trace);
    let (Some(scheme), Some(class), Some(visit), Some(tier)) = (scheme, class, visit, tier) else {
        return Err(missing([
            (scheme.is_some(), Reason::NoScheme),
            (class.is_some(), Reason::NoClass),
            (visit.is_some(), Reason::NoVisit),
            (tier.is_some(), Reason::NoTier),
        ]));
    };
    let is_emergency = visit.value.is_emergency || claim.flags.has(Flags::EMERGENCY);
    let filing = match as_if {
        None => filing(rules, place, scheme.value, facts, claim, is_emergency, trace),
        Some(as_if) => as_if.filing,
    };
    let keys = BenefitKeys {
        psn_class: class.value.psn_class,
        med_class: visit.value.med_class,
        place,
        filing,
        tier: tier.value.tier,
    };
    let offer = scheme_rules.offer(keys);
    let Some((channel, benefit)) = offer.channel_and_benefit() else {
        trace.note(|| Step::Keys { keys, is_emergency });
        return Err(missing([
            (offer.channel().is_some(), Reason::NoChannel),
            (offer.benefit().is_some(), Reason::NoBenefit),
        ]));
    };
    let today = rules.today();
    // The benefit year that holds the day may have begun the year before.
    let benefit_year = today.year() - i32::from(today.month_day() < scheme.value.year_start);
    let derived = Derived { pool, benefit_year, keys };
    trace.note(|| Step::Rows {
        scheme: scheme.row,
        class: class.row,
        visit: visit.row,
        channel,
        benefit,
        derived,
        is_admission: visit.value.is_admission,
        is_emergency,
    });
    let mut denied = match as_if {
        None => gates(context, pool, facts, claim, institution.is_some() || is_emergency),
        Some(_) => Reasons::NONE,
    };
    if offer.denies() {
        denied.add(Reason::ChannelDenies);
    }
    let rows = RuleRows { scheme: scheme.row, class: class.row, channel, benefit };
    Ok(Resolved {
        derived,
        rows,
        offer,
        month: today.month_number(),
        is_admission: visit.value.is_admission,
        denied,
        layer_off: None,
    })
}

/// The reasons of the tables in which no row was found.
#[cold]
fn missing<const N: usize>(tables: [(bool, Reason); N]) -> Reasons {
    let mut reasons = Reasons::NONE;
    tables.iter().filter(|(found, _)| !found).for_each(|&(_, reason)| reasons.add(reason));
    reasons
}

/// Cover and designation; `is_allowed`: the institution is designated, or, in an emergency, need not be.
#[inline(always)]
fn gates(context: Context, pool: Admdvs, facts: &PersonFacts, claim: &Claim, is_allowed: bool) -> Reasons {
    let mut denied = enrolment_gate(pool, facts, claim);
    if context.institutions.is_some() && !is_allowed {
        denied.add(Reason::NotDesignated);
    }
    denied
}

/// The relation of the treatment pool to the insured pool; a neighbour row comes before the codes.
#[inline(always)]
fn place<T: Trace>(book: &RuleBook, rules: PoolDay, pool: Admdvs, claim: &Claim, trace: &mut T) -> Place {
    let treated = book.pooled(claim.treated);
    let neighbour = rules.neighbour(treated);
    let treated = treated.pool;
    let place = match neighbour {
        Some(row) => row.value.place,
        None if pool == treated => Place::Local,
        None if pool.province_digits() == treated.province_digits() => Place::Province,
        None => Place::Cross,
    };
    trace.note(|| Step::Place { pool, treated, place, neighbour: neighbour.map(|row| row.row) });
    place
}

/// The person class of smallest priority whose marks and ages hold.
#[inline(always)]
fn person_class<'a, T: Trace>(
    book: &RuleBook,
    rules: SchemeDay<'a>,
    facts: &PersonFacts,
    claim: &Claim,
    trace: &mut T,
) -> Option<Chosen<'a, ClassValue>> {
    let day = claim.enddate;
    // A birthday after the service is no birthday.
    let age = || claim.brdy.filter(|&born| born <= day).map(|born| born.full_years_to(day));
    // Asked for only by rows with limits, as most have none, and once.
    let mut known = None;
    let holds = |class: &ClassValue| {
        class.is_plain
            || (class.ages_hold(|| *known.get_or_insert_with(age))
                && class.marks.as_ref().is_none_or(|marks| has_mark(book, facts, claim, marks)))
    };
    let is_marked = claim.flags.has_any(Flags::MARKS) || facts.marks.is_some_and(|marks| !marks.is_empty());
    let class = rules.person_class(claim.psn_type, claim.identity, claim.grade, is_marked, holds);
    trace.note(|| Step::Age { age: age() });
    class
}

fn has_mark(book: &RuleBook, facts: &PersonFacts, claim: &Claim, wanted: &[Sym]) -> bool {
    let own = book.flag_marks();
    let by_flag =
        [(Flags::CIVIL_SERVANT, own.civil_servant), (Flags::FLEXIBLE, own.flexible), (Flags::NEWBORN, own.newborn)];
    let day = claim.enddate;
    by_flag.iter().any(|&(flag, mark)| claim.flags.has(flag) && wanted.contains(&mark))
        || facts.marks.is_some_and(|marks| {
            marks.iter().any(|mark| mark.from <= day && day <= mark.to && wanted.contains(&mark.mark))
        })
}

/// The hospital's tier: its class, else its deductible grade, else its grade; the first that is listed.
#[inline(always)]
fn tier<'a, T: Trace>(
    book: &RuleBook,
    rules: PoolDay<'a>,
    institution: Option<&InstitutionPeriod>,
    claim: &Claim,
    trace: &mut T,
) -> Option<Chosen<'a, TierValue>> {
    let known = institution.unwrap_or(&InstitutionPeriod::UNKNOWN);
    let class = known.inst_class;
    let dedc = claim.dedc_hosp_lv.or(known.dedc_hosp_lv);
    let grade = claim.hosp_lv.or(known.hosp_lv).or(book.lowest_level());
    let tier = rules.first_tier([class, dedc, grade])?;
    trace.note(|| {
        let stated = LevelField::ALL.into_iter().zip([class, dedc, grade]);
        let mut listed = stated.filter(|&(field, level)| level != Sym::EMPTY && rules.tier(field, level).is_some());
        let (field, level) = listed.next().expect("the level that decided");
        Step::Tier { field, level, row: tier.row, tier: tier.value.tier }
    });
    Some(tier)
}

/// The filing that holds for the visit.
#[allow(clippy::too_many_arguments, reason = "the facts a filing turns on, each once")]
#[inline(always)]
fn filing<T: Trace>(
    rules: PoolDay,
    place: Place,
    scheme: &SchemeValue,
    facts: &PersonFacts,
    claim: &Claim,
    is_emergency: bool,
    trace: &mut T,
) -> Filing {
    if place == Place::Local && !scheme.local_filing {
        trace.note(|| Step::Filing { filing: Filing::None, basis: FilingBasis::AtHome });
        return Filing::None;
    }
    let (found, basis) = match facts.filings {
        None => {
            // A row for any type still needs a type: a claim that names none has no filing.
            let named = claim.filing_type != Sym::EMPTY;
            let row = if named { rules.filing_type(claim.filing_type) } else { None };
            (row.map_or(Filing::None, |row| row.value.filing), FilingBasis::ClaimField)
        }
        Some(filings) => {
            let best = filings
                .iter()
                .filter(|filing| covers(filing.area, claim.treated))
                .filter_map(|filing| {
                    let row = rules.filing_type(filing.filing_type)?;
                    let to = filing.to.unwrap_or_else(|| match row.value.default_months {
                        Some(months) if filing.from != Date::MIN => filing.from.add_months(months).pred(),
                        _ => Date::MAX,
                    });
                    (filing.from <= claim.enddate && claim.begndate <= to).then_some((
                        row.value.filing,
                        filing.from,
                        to,
                    ))
                })
                .min_by_key(|&(class, ..)| class);
            match best {
                Some((class, from, to)) => (class, FilingBasis::Record { from, to }),
                None => (Filing::None, FilingBasis::NoRecord),
            }
        }
    };
    let lifted = is_emergency && matches!(found, Filing::None | Filing::Temporary);
    let filing = if lifted { Filing::Emergency } else { found };
    trace.note(|| Step::Filing { filing, basis: if lifted { FilingBasis::Emergency } else { basis } });
    filing
}

/// Whether a filing for `area` (a place, a city or a province) covers a treatment place.
#[inline]
fn covers(area: Admdvs, treated: Admdvs) -> bool {
    area == treated || area == treated.city() || area == treated.province()
}

fn enrolment_gate(pool: Admdvs, facts: &PersonFacts, claim: &Claim) -> Reasons {
    let Some(enrolments) = facts.enrolments else { return Reasons::NONE };
    let day = claim.enddate;
    let mut covered = false;
    for span in enrolments {
        if span.insutype == claim.insutype && span.pool == pool && span.from <= day && day <= span.to {
            if span.benefits_from <= day {
                return Reasons::NONE;
            }
            covered = true;
        }
    }
    if covered { Reason::Waiting.into() } else { Reason::NotEnrolled.into() }
}
