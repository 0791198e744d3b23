//! Numbers over seeds: grouped by what a sweep changes, paired by seed, as curves with error bars.

use super::trial::Trial;
use crate::plot::colormap::series;
use crate::plot::curves_figure::{Curve, Form};
use crate::plot::number::{format_value, with_error};
use crate::train::findings::interval::Mean;
use std::collections::BTreeSet;

/// The values of a key, ascending, each once.
pub fn values(trials: &[Trial], key: impl Fn(&Trial) -> usize) -> Vec<usize> {
    let all: BTreeSet<usize> = trials.iter().map(key).collect();
    all.into_iter().collect()
}

/// Batch sizes, ascending.
pub fn batches(trials: &[Trial]) -> Vec<usize> {
    values(trials, Trial::batch)
}

/// Learning rates, ascending.
pub fn rates(trials: &[Trial]) -> Vec<f64> {
    let mut all: Vec<f64> = trials.iter().map(Trial::rate).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    all
}

/// Seeds, ascending.
pub fn seeds(trials: &[Trial]) -> Vec<u64> {
    let all: BTreeSet<u64> = trials.iter().map(Trial::seed).collect();
    all.into_iter().collect()
}

/// The mean over the trials that fit; `None` where none has a finite number.
pub fn mean(
    trials: &[Trial],
    fits: impl Fn(&Trial) -> bool,
    number: impl Fn(&Trial) -> f64,
) -> Option<Mean> {
    Mean::of(trials.iter().filter(|t| fits(t)).map(number))
}

/// ln(a/b) of a number for each seed that both have: a positive one where `a` has the larger.
pub fn log_ratios(
    trials: &[Trial],
    [a, b]: [&dyn Fn(&Trial) -> bool; 2],
    number: impl Fn(&Trial) -> f64,
) -> Vec<f64> {
    let pairs = seeds(trials).into_iter().filter_map(|seed| {
        let of = |fits: &dyn Fn(&Trial) -> bool| {
            trials
                .iter()
                .find(|t| t.seed() == seed && fits(t))
                .map(&number)
        };
        Some((of(a)? / of(b)?).ln())
    });
    pairs.filter(|v| v.is_finite()).collect()
}

/// Smallest and largest batch size.
pub fn ends(trials: &[Trial]) -> [usize; 2] {
    let all = batches(trials);
    [all.first(), all.last()].map(|b| b.copied().unwrap_or(0))
}

/// ln of a number at the largest batch size over that at the smallest, for each seed.
pub fn large_over_small(trials: &[Trial], number: impl Fn(&Trial) -> f64) -> Vec<f64> {
    let [small, large] = ends(trials);
    if small == large {
        return Vec::new();
    }
    log_ratios(
        trials,
        [&|t| t.batch() == large, &|t| t.batch() == small],
        number,
    )
}

/// The mean of logarithms as a factor with its interval: "2.1 (1.8 to 2.5)".
pub fn factor(logarithms: &[f64]) -> String {
    let Some(mean) = Mean::of(logarithms.iter().copied()) else {
        return "no number".into();
    };
    let value = format_value(mean.mean.exp());
    let half = mean.half();
    if half.is_finite() {
        let [low, high] = [mean.mean - half, mean.mean + half].map(|v| format_value(v.exp()));
        format!("{value} ({low} to {high})")
    } else {
        value
    }
}

/// A mean with its standard deviation over seeds: "0.31 ± 0.02".
pub fn spread(mean: Option<Mean>) -> String {
    match mean {
        None => "–".into(),
        Some(m) if m.count < 2 => format_value(m.mean),
        Some(m) if m.deviation == 0.0 => format_value(m.mean),
        Some(m) => {
            let (value, error) = with_error(m.mean, m.deviation);
            format!("{value} {error}").trim_end().to_owned()
        }
    }
}

/// The curve of a number over a key: means with their standard deviations over seeds as bars.
pub fn against(
    trials: &[Trial],
    keys: &[usize],
    (name, index): (&str, usize),
    key: impl Fn(&Trial) -> usize,
    number: impl Fn(&Trial) -> f64,
) -> Curve {
    let mut curve = Curve {
        name: name.to_owned(),
        color: series(index),
        ..Curve::default()
    };
    for &at in keys {
        if let Some(found) = mean(trials, |t| key(t) == at, &number) {
            curve.x.push(at as f64);
            curve.y.push(found.mean);
            curve.errors.push(found.deviation);
        }
    }
    curve
}

/// The mean over seeds of (x, y) of every record, one curve for each batch size.
pub fn by_batch(trials: &[Trial], x: &str, y: &str) -> Vec<Curve> {
    let each = batches(trials)
        .into_iter()
        .enumerate()
        .map(|(index, size)| {
            let own: Vec<&Trial> = trials.iter().filter(|t| t.batch() == size).collect();
            averaged(&own, x, y, (&format!("B = {size}"), index))
        });
    each.filter(|curve| !curve.x.is_empty()).collect()
}

/// The mean over some trials of (x, y), record by record, as far as half of them go.
pub fn averaged(trials: &[&Trial], x: &str, y: &str, (name, index): (&str, usize)) -> Curve {
    let all: Vec<Vec<[f64; 2]>> = trials.iter().map(|t| t.curve(x, y)).collect();
    let longest = all.iter().map(Vec::len).max().unwrap_or(0);
    let mut curve = Curve {
        name: name.to_owned(),
        color: series(index),
        form: Form::Line,
        ..Curve::default()
    };
    for at in 0..longest {
        let there: Vec<[f64; 2]> = all.iter().filter_map(|c| c.get(at).copied()).collect();
        if 2 * there.len() < all.len() {
            break;
        }
        let mean = |axis: usize| Mean::of(there.iter().map(|p| p[axis])).map(|m| m.mean);
        if let (Some(x), Some(y)) = (mean(0), mean(1)) {
            curve.x.push(x);
            curve.y.push(y);
        }
    }
    curve
}
