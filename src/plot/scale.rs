//! Scales from values to positions: linear and logarithmic, their ticks, levels and ranges.
//!
//! egui_plot has no logarithmic axis and a figure none at all, so both take theirs from here and
//! agree. It knows no pixels and no fonts: how many ticks fit is the caller's question.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::axis_numbers::Style;
use super::number::format_value;
use crate::error::Error;

/// How values are laid out along an axis or a colour bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Equal differences take equal room.
    #[default]
    Linear,
    /// Equal ratios take equal room; only positive values have a place.
    Log,
}

impl Scale {
    /// The position of a value in scale space: itself, or its decimal logarithm. A value without a
    /// place (NaN, infinite, or not positive on a logarithmic scale) gives NaN.
    pub fn forward(self, value: f64) -> f64 {
        match self {
            Self::Linear if value.is_finite() => value,
            Self::Log if value.is_finite() && value > 0.0 => value.log10(),
            _ => f64::NAN,
        }
    }

    /// The value at a position in scale space.
    pub fn inverse(self, position: f64) -> f64 {
        match self {
            Self::Linear => position,
            Self::Log => 10f64.powf(position),
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linear => "linear",
            Self::Log => "log",
        })
    }
}

impl FromStr for Scale {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().to_lowercase().as_str() {
            "linear" | "lin" => Ok(Self::Linear),
            "log" | "logarithmic" => Ok(Self::Log),
            _ => Err(Error::Usage(format!(
                "no scale is called {text:?}; choose linear or log"
            ))),
        }
    }
}

/// A mark on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where it is, as a value (not a position in scale space).
    pub value: f64,
    /// What stands beside it; empty for a minor tick.
    pub label: String,
}

/// The smallest step of the form 1, 2 or 5 × 10ᵏ that divides `span` into at most about `count`
/// parts. A span that isn't positive and finite gives 1.
pub fn nice_step(span: f64, count: usize) -> f64 {
    let raw = span / count.max(1) as f64;
    if !raw.is_finite() || raw < f64::MIN_POSITIVE {
        return 1.0;
    }
    let power = raw.log10().floor();
    let unit = 10f64.powf(power);
    // A little slack, so that a span of exactly `count` steps isn't pushed up by rounding.
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|f| raw <= f * unit * (1.0 + 1e-9));
    factor.unwrap_or(10.0) * unit
}

/// Multiples of a nice step in [lo, hi], both ends included: at most about `count` + 1.
pub fn nice_values(lo: f64, hi: f64, count: usize) -> Vec<f64> {
    // Halves first: the span of the two largest numbers would overflow.
    let span = (hi / 2.0 - lo / 2.0) * 2.0;
    if !span.is_finite() || span <= 0.0 {
        return if lo == hi && lo.is_finite() {
            vec![lo]
        } else {
            Vec::new()
        };
    }
    let step = nice_step(span, count);
    let (first, last) = ((lo / step - 1e-6).ceil(), (hi / step + 1e-6).floor());
    let n = last - first;
    if !n.is_finite() || !(0.0..1000.0).contains(&n) {
        return Vec::new();
    }
    // A span below the precision of its ends gives the same number again and again.
    let mut values: Vec<f64> = (0..=n as usize)
        .map(|i| (first + i as f64) * step)
        .collect();
    values.dedup();
    // A step can't be found for the smallest spans; then nothing is left.
    let slack = 1e-5 * span;
    values.retain(|v| *v >= lo - slack && *v <= hi + slack);
    // `+ 0.0` turns −0 into 0.
    values.into_iter().map(|v| v + 0.0).collect()
}

/// Ticks in [lo, hi] with labels, at most about `count` labelled ones; a logarithmic scale adds
/// minor ticks with empty labels.
pub fn ticks(scale: Scale, lo: f64, hi: f64, count: usize) -> Vec<Tick> {
    if scale == Scale::Log && lo > 0.0 && hi.is_finite() {
        let ticks = log_ticks(lo, hi, count);
        if ticks.iter().filter(|t| !t.label.is_empty()).count() >= 2 {
            return ticks;
        }
    }
    let values = nice_values(lo, hi, count);
    let apart = values.windows(2).map(|w| w[1] - w[0]);
    let step = apart.fold(f64::INFINITY, f64::min);
    let style = Style::steps(step, lo, hi);
    let label = |value: f64| match values.len() {
        // One alone has no neighbours to agree with.
        1 => format_value(value),
        _ => style.write(value),
    };
    let tick = |&value: &f64| Tick {
        value,
        label: label(value),
    };
    values.iter().map(tick).collect()
}

/// Ticks in [lo, hi] that stand apart: of at most `most` labelled ones the most whose labels keep the
/// first of two gaps between them; where that leaves no two of them, the second.
///
/// * `place`: where a value lies along the axis, in the unit of the gaps.
/// * `taken`: how much of that the labels of two neighbours cover between their middles, measured.
pub fn spaced(
    scale: Scale,
    (lo, hi): (f64, f64),
    most: usize,
    place: impl Fn(f64) -> f64,
    gaps: [f64; 2],
    taken: impl Fn(&Tick, &Tick) -> f64,
) -> Vec<Tick> {
    let tries: Vec<Vec<Tick>> = (1..=most.max(1))
        .rev()
        .map(|n| ticks(scale, lo, hi, n))
        .collect();
    for gap in gaps {
        let fits = |ticks: &&Vec<Tick>| {
            let shown: Vec<&Tick> = ticks.iter().filter(|t| !t.label.is_empty()).collect();
            let apart = |w: &[&Tick]| {
                (place(w[1].value) - place(w[0].value)).abs() >= taken(w[0], w[1]) + gap
            };
            shown.len() > 1 && shown.windows(2).all(apart)
        };
        if let Some(ticks) = tries.iter().find(fits) {
            return ticks.clone();
        }
    }
    let labelled = |ticks: &[Tick]| ticks.iter().filter(|t| !t.label.is_empty()).count();
    tries
        .into_iter()
        .find(|ticks| labelled(ticks) == 1)
        .unwrap_or_default()
}

fn log_ticks(lo: f64, hi: f64, count: usize) -> Vec<Tick> {
    let (first, last) = (lo.log10().floor() as i32, hi.log10().ceil() as i32);
    // Beyond the ends of what numbers can hold, powers of ten are 0 or infinite.
    let is_power = |v: f64| v > 0.0 && v.is_finite();
    let inside = |v: f64| is_power(v) && v >= lo * (1.0 - 1e-9) && v <= hi * (1.0 + 1e-9);
    let decade = |k: i32, factors: &[f64]| -> Vec<f64> {
        factors
            .iter()
            .map(|f| power_of_ten(*f, k))
            .filter(|v| inside(*v))
            .collect()
    };
    let all = |factors: &[f64]| {
        (first..=last)
            .flat_map(|k| decade(k, factors))
            .collect::<Vec<_>>()
    };
    let decades = all(&[1.0]);
    let stride = decades.len().div_ceil(count.max(2)).max(1);
    let candidates = [all(&[1.0, 2.0, 5.0]), all(&[1.0, 3.0]), decades.clone()];
    let labelled: Vec<f64> = if stride > 1 {
        (first..=last)
            .filter(|k| k.rem_euclid(stride as i32) == 0)
            .flat_map(|k| decade(k, &[1.0]))
            .collect()
    } else {
        candidates
            .into_iter()
            .find(|c| c.len() <= count.max(2))
            .unwrap_or(decades.clone())
    };
    // Minor ticks help only while a decade has room for nine of them.
    let minor = match (stride, decades.len()) {
        (1, 0..=7) => all(&[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]),
        (1, _) => Vec::new(),
        // Nor do more of them than the eye can count.
        _ if decades.len() > 40 => Vec::new(),
        _ => decades,
    };
    let style = Style::decades(lo, hi);
    let mut ticks: Vec<Tick> = labelled
        .iter()
        .map(|&value| Tick {
            value,
            label: style.write(value),
        })
        .collect();
    let is_new = |v: &f64| !labelled.iter().any(|l| (l / v - 1.0).abs() < 1e-9);
    ticks.extend(minor.into_iter().filter(is_new).map(|value| Tick {
        value,
        label: String::new(),
    }));
    ticks.sort_by(|a, b| a.value.total_cmp(&b.value));
    ticks
}

/// `factor` × 10ᵏ without the noise of multiplying by an inexact negative power.
fn power_of_ten(factor: f64, k: i32) -> f64 {
    if k < 0 {
        factor / 10f64.powi(-k)
    } else {
        factor * 10f64.powi(k)
    }
}

/// The values for iso-lines strictly inside (lo, hi), about `count` of them: multiples of a nice
/// step, or on a logarithmic scale nice numbers at about equal ratios.
pub fn levels(scale: Scale, lo: f64, hi: f64, count: usize) -> Vec<f64> {
    let mut candidates: Vec<Vec<f64>> = Vec::new();
    if scale == Scale::Log && lo > 0.0 && hi.is_finite() {
        let sets: [&[f64]; 5] = [
            &[1.0],
            &[1.0, 3.0],
            &[1.0, 2.0, 5.0],
            &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
            &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
        ];
        let (first, last) = (lo.log10().floor() as i32, hi.log10().ceil() as i32);
        let decades = (last - first).max(1) as usize;
        let stride = decades.div_ceil(count.max(1)).max(1);
        for factors in sets {
            let powers = (first..=last).filter(|k| k.rem_euclid(stride as i32) == 0);
            candidates.push(
                powers
                    .flat_map(|k| factors.iter().map(move |f| power_of_ten(*f, k)))
                    .collect(),
            );
        }
    }
    let inside = |set: Vec<f64>| {
        set.into_iter()
            .filter(|v| *v > lo && *v < hi)
            .collect::<Vec<_>>()
    };
    let mut candidates: Vec<Vec<f64>> = candidates.into_iter().map(inside).collect();
    // On a narrow range even the densest logarithmic set is too coarse; equal steps serve there.
    if candidates.iter().all(|set| set.len() * 2 < count) {
        candidates.push(inside(nice_values(lo, hi, count.max(1))));
    }
    let miss = |set: &Vec<f64>| ((set.len().max(1) as f64) / count.max(1) as f64).ln().abs();
    candidates
        .into_iter()
        .min_by(|a, b| miss(a).total_cmp(&miss(b)))
        .unwrap_or_default()
}

/// The smallest and the largest finite value, if there is one.
pub fn finite_range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .into_iter()
        .filter(|v| v.is_finite())
        .fold(None, |range, v| match range {
            None => Some((v, v)),
            Some((lo, hi)) => Some((lo.min(v), hi.max(v))),
        })
}

/// The range to spread colours over, in values: that of all values with a place on the scale. On a
/// linear scale a few exploding values would leave the rest a single colour, so there it ends with
/// the largest value not farther from the smallest than 8 times what takes in 95 % of them.
pub fn robust_range(scale: Scale, values: &[f64]) -> Option<(f64, f64)> {
    let has_place = |v: &f64| !scale.forward(*v).is_nan();
    let mut placed: Vec<f64> = values.iter().copied().filter(has_place).collect();
    placed.sort_by(f64::total_cmp);
    let (&lo, &hi) = (placed.first()?, placed.last()?);
    let &usual = placed.get((0.95 * (placed.len() - 1) as f64).round() as usize)?;
    if scale == Scale::Log || usual == lo {
        return Some((lo, hi));
    }
    // Halves, because the difference of two huge values would overflow.
    let reach = |v: f64| v / 2.0 - lo / 2.0;
    let top = placed
        .iter()
        .rev()
        .find(|v| reach(**v) <= 8.0 * reach(usual));
    Some((lo, top.copied().unwrap_or(hi)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(scale: Scale, lo: f64, hi: f64, count: usize, expected: &[&str]) {
        let labels: Vec<String> = ticks(scale, lo, hi, count)
            .into_iter()
            .map(|t| t.label)
            .filter(|l| !l.is_empty())
            .collect();
        assert_eq!(labels, expected, "{scale} {lo}..{hi}");
    }

    #[test]
    fn ticks_are_round_numbers() {
        check(
            Scale::Linear,
            -1.0,
            1.0,
            5,
            &["−1.0", "−0.5", "0.0", "0.5", "1.0"],
        );
        check(Scale::Linear, 0.0, 0.3, 3, &["0.0", "0.1", "0.2", "0.3"]);
        check(Scale::Linear, -3.0, 7.0, 5, &["−2", "0", "2", "4", "6"]);
        check(Scale::Linear, 0.93, 0.999, 4, &["0.94", "0.96", "0.98"]);
        check(
            Scale::Linear,
            0.0,
            2e6,
            4,
            &["0", "5×10⁵", "10⁶", "1.5×10⁶", "2×10⁶"],
        );
        check(Scale::Linear, 5.0, 5.0, 4, &["5"]);
        check(
            Scale::Log,
            0.02,
            5.0,
            8,
            &["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5"],
        );
        check(Scale::Log, 0.02, 5.0, 5, &["0.03", "0.1", "0.3", "1", "3"]);
        check(Scale::Log, 1e-9, 1e3, 4, &["10⁻⁸", "10⁻⁴", "10⁰"]);
        check(
            Scale::Log,
            1e-3,
            2e4,
            8,
            &["10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹", "10²", "10³", "10⁴"],
        );
        check(Scale::Linear, 0.0, 1e5, 2, &["0", "5×10⁴", "10⁵"]);
        check(Scale::Log, 3.1, 3.9, 4, &["3.2", "3.4", "3.6", "3.8"]);
    }

    #[test]
    fn a_few_exploding_values_dont_flatten_the_rest() {
        let mut values: Vec<f64> = (0..200).map(|i| f64::from(i) / 100.0).collect();
        assert_eq!(robust_range(Scale::Linear, &values), Some((0.0, 1.99)));
        values.extend([1e30, f64::INFINITY, f64::NAN]);
        assert_eq!(robust_range(Scale::Linear, &values), Some((0.0, 1.99)));
        assert_eq!(robust_range(Scale::Log, &values), Some((0.01, 1e30)));
        assert_eq!(robust_range(Scale::Log, &[-1.0, f64::NAN]), None);
    }

    #[test]
    fn levels_come_near_the_wanted_number() {
        for (scale, lo, hi) in [
            (Scale::Linear, 0.02, 5.6),
            (Scale::Log, 0.02, 5.6),
            (Scale::Log, 1e-8, 1e30),
            (Scale::Log, 0.5, 0.6),
            (Scale::Linear, -1e30, 1e30),
        ] {
            let levels = levels(scale, lo, hi, 12);
            assert!(
                (7..=20).contains(&levels.len()),
                "{scale} {lo} {hi}: {levels:?}"
            );
        }
        assert_eq!(levels(Scale::Linear, 2.0, 2.0, 12), Vec::<f64>::new());
    }

    proptest! {
        #[test]
        fn nothing_panics_and_ticks_stay_inside(
            a in proptest::num::f64::ANY, b in proptest::num::f64::ANY, count in 0usize..40, log: bool,
        ) {
            let scale = if log { Scale::Log } else { Scale::Linear };
            let (lo, hi) = if a < b { (a, b) } else { (b, a) };
            let slack = 1e-5 * (hi / 2.0 - lo / 2.0).abs();
            for tick in ticks(scale, lo, hi, count) {
                prop_assert!(tick.value >= lo - slack && tick.value <= hi + slack);
            }
            for level in levels(scale, lo, hi, count) {
                prop_assert!(level > lo && level < hi);
            }
            assert!(!format_value(a).is_empty());
            robust_range(scale, &[a, b, a / 2.0]);
        }
    }
}
