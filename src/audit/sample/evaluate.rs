//! What the errors found in a sample say of the whole population.
//!
//! Money units: the projection and the upper bound of Stringer (1963), for each direction by itself, as audit guides
//! have it: a settlement that every draw has counts with its own error, every other one stands for an interval.
//! Settlements, with and without strata: the mean difference projected, with Student's t (degrees of freedom by
//! Satterthwaite) and the finite population correction; and the share of wrong settlements by Clopper and Pearson.
//!
//! Bounds are statistics and computed in floating point; they are rounded away from what is hoped for, to the fen.

use statrs::distribution::{Beta, ContinuousCDF, Gamma, StudentsT};

use super::{Method, Sample, Stratum};
use crate::model::money::{Fen, PPM, Rate};
use crate::report::sample::{Evaluation, Side};

/// Fewer errors than this say too little of their spread for a bound of money that can be relied on.
pub const FEW_ERRORS: u64 = 10;

/// Projects what was found: `audited` is, settlement by settlement, what would have been right.
///
/// # Panics
/// If the sample and what was audited are not of one length.
#[must_use]
pub fn evaluate(sample: &Sample, audited: &[Fen], confidence: Rate) -> Evaluation {
    assert_eq!(sample.drawn.len(), audited.len(), "an audited amount for each settlement of the sample");
    let mut evaluation = Evaluation {
        confidence,
        examined: audited.len() as u64,
        over: Side::default(),
        under: Side::default(),
        net: Fen::ZERO,
        net_bounds: None,
        rate_bound: None,
    };
    for (drawn, &audited) in sample.drawn.iter().zip(audited) {
        let error = Fen(drawn.book_fen) - audited;
        let side = if error > Fen::ZERO { &mut evaluation.over } else { &mut evaluation.under };
        if error != Fen::ZERO {
            side.errors += 1;
            side.found += if error > Fen::ZERO { error } else { -error };
        }
    }
    if sample.method == Method::Mus {
        money_units(sample, audited, &mut evaluation);
    } else {
        settlements(sample, audited, &mut evaluation);
    }
    evaluation
}

/// A rate as statistics take it.
fn share(rate: Rate) -> f64 {
    rate.0 as f64 / PPM as f64
}

/// The mean number of errors at which no more than `errors` are seen with the probability left over.
fn poisson_bound(errors: usize, confidence: Rate) -> f64 {
    Gamma::new(errors as f64 + 1.0, 1.0).expect("a shape above 0").inverse_cdf(share(confidence))
}

fn money_units(sample: &Sample, audited: &[Fen], evaluation: &mut Evaluation) {
    let interval = sample.population.fen as f64 / f64::from(sample.size);
    for is_over in [true, false] {
        let (mut certain, mut taints) = (0_i64, Vec::new());
        for (drawn, audited) in sample.drawn.iter().zip(audited) {
            let error = if is_over { drawn.book_fen - audited.0 } else { audited.0 - drawn.book_fen };
            if error > 0 && drawn.certain {
                certain += error;
            } else if error > 0 {
                taints.push(error as f64 / drawn.book_fen as f64);
            }
        }
        taints.sort_unstable_by(|a, b| b.total_cmp(a));
        let projected = certain as f64 + interval * taints.iter().sum::<f64>();
        // Every fen outside the certain settlements may be wholly wrong, with none of them seen to be.
        let has_rest = sample.drawn.iter().any(|drawn| !drawn.certain);
        let mut factor = if has_rest { poisson_bound(0, evaluation.confidence) } else { 0.0 };
        for (index, taint) in taints.iter().enumerate() {
            let step = poisson_bound(index + 1, evaluation.confidence) - poisson_bound(index, evaluation.confidence);
            factor += step * taint;
        }
        let side = if is_over { &mut evaluation.over } else { &mut evaluation.under };
        side.projected = Fen(projected.round() as i64);
        side.bound = Some(Fen((certain as f64 + interval * factor).ceil() as i64));
    }
    evaluation.net = evaluation.over.projected - evaluation.under.projected;
}

/// What one stratum adds.
struct Part {
    all: f64,
    examined: f64,
    sum: f64,
    variance: f64,
}

fn settlements(sample: &Sample, audited: &[Fen], evaluation: &mut Evaluation) {
    let mut errors: Vec<Vec<f64>> = vec![Vec::new(); sample.strata.len()];
    for (drawn, audited) in sample.drawn.iter().zip(audited) {
        errors[drawn.stratum as usize].push((drawn.book_fen - audited.0) as f64);
    }
    let part = |(stratum, errors): (&Stratum, &Vec<f64>)| {
        let examined = errors.len() as f64;
        let mean = errors.iter().sum::<f64>() / examined;
        let squares: f64 = errors.iter().map(|error| (error - mean).powi(2)).sum();
        let variance = if errors.len() > 1 { squares / (examined - 1.0) } else { 0.0 };
        Part { all: stratum.all.settlements as f64, examined, sum: errors.iter().sum(), variance }
    };
    let parts: Vec<Part> =
        sample.strata.iter().zip(&errors).filter(|(_, errors)| !errors.is_empty()).map(part).collect();
    let project = |of: &dyn Fn(f64) -> f64| {
        let strata = sample.strata.iter().zip(&errors).filter(|(_, errors)| !errors.is_empty());
        let projected = strata.map(|(stratum, errors)| {
            stratum.all.settlements as f64 / errors.len() as f64 * errors.iter().map(|&error| of(error)).sum::<f64>()
        });
        Fen(projected.sum::<f64>().round() as i64)
    };
    evaluation.over.projected = project(&|error| error.max(0.0));
    evaluation.under.projected = project(&|error| (-error).max(0.0));
    let net: f64 = parts.iter().map(|part| part.all / part.examined * part.sum).sum();
    evaluation.net = Fen(net.round() as i64);
    let weighted = |part: &Part| part.all * (part.all - part.examined) / part.examined * part.variance;
    let variance: f64 = parts.iter().map(weighted).sum();
    if variance > 0.0 {
        let spread = parts.iter().filter(|part| part.examined > 1.0);
        let degrees = variance.powi(2) / spread.map(|part| weighted(part).powi(2) / (part.examined - 1.0)).sum::<f64>();
        let student = StudentsT::new(0.0, 1.0, degrees).expect("degrees of freedom above 0");
        let half = student.inverse_cdf(share(evaluation.confidence)) * variance.sqrt();
        evaluation.net_bounds = Some((Fen((net - half).floor() as i64), Fen((net + half).ceil() as i64)));
    }
    if sample.method == Method::Random {
        let wrong = evaluation.over.errors + evaluation.under.errors;
        let right = evaluation.examined - wrong;
        evaluation.rate_bound = Some(match right {
            0 => Rate::ONE,
            right => {
                let rate = Beta::new(wrong as f64 + 1.0, right as f64).expect("shapes above 0");
                Rate((rate.inverse_cdf(share(evaluation.confidence)) * PPM as f64).ceil() as i64)
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::sample::Drawn;
    use crate::report::sample::Sums;

    fn sample(method: Method, size: u32, strata: &[(u64, i64)], drawn: &[(u32, i64, bool)]) -> Sample {
        let strata: Vec<Stratum> = strata
            .iter()
            .map(|&(settlements, fen)| Stratum { name: String::new(), all: Sums { settlements, fen }, drawn: 0 })
            .collect();
        let population = Sums {
            settlements: strata.iter().map(|stratum| stratum.all.settlements).sum(),
            fen: strata.iter().map(|stratum| stratum.all.fen).sum(),
        };
        let drawn = drawn.iter().enumerate().map(|(row, &(stratum, book_fen, certain))| Drawn {
            row: row as u64,
            setl_id: row.to_string(),
            stratum,
            hits: 1,
            certain,
            book_fen,
        });
        let (zero, credits) = (Sums::default(), Sums::default());
        let measure = "fund_pay_sumamt".to_owned();
        Sample { method, measure, seed: 1, size, population, zero, credits, strata, drawn: drawn.collect() }
    }

    #[test]
    fn poisson_factors_are_those_of_the_audit_guides() {
        // 95 %: 3.00, 4.75, 6.30, 7.76; 90 %: 2.31, 3.89.
        for (errors, confidence, expected) in [
            (0, 950_000, 2.9957),
            (1, 950_000, 4.7439),
            (2, 950_000, 6.2958),
            (3, 950_000, 7.7537),
            (0, 800_000, 1.6094),
            (1, 900_000, 3.8897),
        ] {
            assert!((poisson_bound(errors, Rate(confidence)) - expected).abs() < 1e-3, "{errors} at {confidence}");
        }
    }

    #[test]
    fn no_error_in_a_hundred_money_units_leaves_three_intervals() {
        let drawn: Vec<_> = (0..100).map(|_| (0, 5_000, false)).collect();
        let sample = sample(Method::Mus, 100, &[(20_000, 100_000_000)], &drawn);
        let found = evaluate(&sample, &[Fen(5_000); 100], Rate(950_000));
        assert_eq!((found.over.errors, found.over.projected), (0, Fen::ZERO));
        // 1,000,000 fen an interval, 2.99573...
        assert_eq!(found.over.bound, Some(Fen(2_995_733)));
        assert_eq!(found.over.bound, found.under.bound);
    }

    #[test]
    fn taints_and_certain_settlements() {
        // Interval 10,000: one certain settlement 3,000 too high, taints of 50 % and 10 %.
        let drawn = [(0, 50_000, true), (0, 2_000, false), (0, 1_000, false), (0, 800, false)];
        let sample = sample(Method::Mus, 10, &[(90, 100_000)], &drawn);
        let found = evaluate(&sample, &[Fen(47_000), Fen(1_000), Fen(900), Fen(800)], Rate(950_000));
        assert_eq!((found.over.errors, found.over.found), (3, Fen(3_000 + 1_000 + 100)));
        assert_eq!(found.over.projected, Fen(3_000 + 5_000 + 1_000));
        // 3,000 + 10,000 x (2.9957 + (4.7439 - 2.9957) x 0.5 + (6.2958 - 4.7439) x 0.1)
        let bound = found.over.bound.expect("money units").0;
        assert!((bound - 43_250).abs() <= 5, "{bound}");
        assert_eq!(found.net, Fen(9_000));
    }

    #[test]
    fn everything_examined_leaves_nothing_open() {
        let drawn = [(0, 100, true), (0, 200, true), (0, 300, true)];
        let audited = [Fen(100), Fen(150), Fen(320)];
        let random = evaluate(&sample(Method::Random, 3, &[(3, 600)], &drawn), &audited, Rate(950_000));
        assert_eq!((random.over.projected, random.under.projected, random.net), (Fen(50), Fen(20), Fen(30)));
        assert_eq!(random.net_bounds, None);
        let units = evaluate(&sample(Method::Mus, 3, &[(3, 600)], &drawn), &audited, Rate(950_000));
        assert_eq!((units.over.bound, units.under.bound), (Some(Fen(50)), Some(Fen(20))));
    }

    #[test]
    fn mean_difference_of_a_random_sample() {
        // Ten of 1,000, differences 0 x 8, 100, 300: mean 40, s = 96.61, standard error 1,000 x 30.55 x sqrt(0.99).
        let mut audited = [Fen(1_000); 10];
        (audited[0], audited[1]) = (Fen(900), Fen(700));
        let drawn = [(0, 1_000, false); 10];
        let found = evaluate(&sample(Method::Random, 10, &[(1_000, 1_000_000)], &drawn), &audited, Rate(950_000));
        assert_eq!(found.net, Fen(40_000));
        let (lower, upper) = found.net_bounds.expect("a spread");
        // t of 9 degrees at 95 %: 1.8331
        let half = 1.8331 * 1_000.0 * (9333.333_f64 / 10.0 * 0.99).sqrt();
        assert!((upper.0 as f64 - (40_000.0 + half)).abs() < 10.0, "{upper}");
        assert!((lower.0 as f64 - (40_000.0 - half)).abs() < 10.0, "{lower}");
        // Two of ten: at most 50.69 %.
        assert!((found.rate_bound.expect("no strata").0 - 506_900).abs() < 100);
    }

    #[test]
    fn strata_are_projected_by_themselves() {
        // 100 settlements with 10 fen too much each, 10 with none.
        let drawn = [(0, 50, false), (0, 50, false), (1, 900, false), (1, 900, false)];
        let audited = [Fen(40), Fen(40), Fen(900), Fen(900)];
        let found =
            evaluate(&sample(Method::Stratified, 4, &[(100, 5_000), (10, 9_000)], &drawn), &audited, Rate(950_000));
        assert_eq!((found.net, found.net_bounds, found.rate_bound), (Fen(1_000), None, None));
    }
}
