//! Which values the axis of a line shows: those between the minimizers and what goes on from there.
//!
//! Far outside, at α = 2, a deep network's loss may be 10⁴⁵; an axis that reached it would show
//! everything between the minimizers, the barrier with it, as a flat line. It knows no page.

use super::scale::{Scale, finite_range, robust_range};

/// How far beyond the values between the minimizers the axis follows the line, in spans of those.
const REACH: f64 = 1.5;
/// How far the axis goes on where the line leaves it, so that it is seen to leave.
const AIR: f64 = 0.2;
/// The least span on a logarithmic axis, in decades.
const LEAST_DECADES: f64 = 1.4;
/// The least span on a linear axis, as a share of the largest value.
const LEAST_SHARE: f64 = 0.1;

/// The range of the axis, in values; `None` where nothing has a place on it. It takes in every value
/// for α in [0, 1] and `always`, and from there on what isn't too far away.
pub fn range(scale: Scale, alpha: &[f64], losses: &[&[f64]], always: &[f64]) -> Option<(f64, f64)> {
    let between = |(a, _): &(&f64, &f64)| (-1e-9..=1.0 + 1e-9).contains(*a);
    let inner = losses
        .iter()
        .flat_map(|values| alpha.iter().zip(*values).filter(between).map(|(_, v)| *v));
    let ends = losses.iter().flat_map(|values| {
        [0.0, 1.0]
            .into_iter()
            .filter_map(|at| interpolated(alpha, values, at))
    });
    let core = inner.chain(ends).chain(always.iter().copied());
    let all = || losses.iter().flat_map(|values| values.iter().copied());
    let Some((a, b)) = finite_range(core.map(|v| scale.forward(v))) else {
        return robust_range(scale, &all().collect::<Vec<_>>());
    };
    // Halves, because the difference of two huge values would overflow.
    let least = match scale {
        Scale::Log => LEAST_DECADES,
        Scale::Linear => LEAST_SHARE * a.abs().max(b.abs()),
    };
    let half = (b / 2.0 - a / 2.0).max(least / 2.0);
    let far = 2.0 * REACH * half;
    let (mut low, mut high) = (a, b);
    let (mut below, mut above) = (false, false);
    for position in all().map(|v| scale.forward(v)).filter(|p| p.is_finite()) {
        if position < a - far {
            below = true;
        } else if position > b + far {
            above = true;
        } else {
            (low, high) = (low.min(position), high.max(position));
        }
    }
    let air = 2.0 * AIR * half;
    if below {
        low = low.min(a - air);
    }
    if above {
        high = high.max(b + air);
    }
    let (low, high) = (scale.inverse(low), scale.inverse(high));
    (low.is_finite() && high.is_finite()).then_some((low, high))
}

/// Linear, or logarithmic where what such an axis would show spans two decades.
pub fn usual_scale(alpha: &[f64], losses: &[&[f64]]) -> Scale {
    let placed = |v: &f64| !Scale::Log.forward(*v).is_nan();
    let all = losses.iter().flat_map(|values| values.iter());
    let positive = all.filter(|v| v.is_finite()).all(placed);
    match range(Scale::Log, alpha, losses, &[]) {
        Some((low, high)) if positive && high > 100.0 * low => Scale::Log,
        _ => Scale::Linear,
    }
}

/// The value at `alpha` on the straight line between its neighbours, if both are finite.
pub fn interpolated(alpha: &[f64], values: &[f64], at: f64) -> Option<f64> {
    // Coordinates such as −1 + 20·0.05 miss a round number by rounding.
    let same = |a: &f64| (a - at).abs() < 1e-9;
    if let Some(i) = alpha.iter().position(same) {
        return values.get(i).copied().filter(|v| v.is_finite());
    }
    let next = alpha.partition_point(|a| *a < at);
    let before = next.checked_sub(1)?;
    let (a, b) = (alpha.get(before)?, alpha.get(next)?);
    let t = (at - a) / (b - a);
    let value = (1.0 - t) * values.get(before)? + t * values.get(next)?;
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(f: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<f64>) {
        let alpha: Vec<f64> = (0..61).map(|i| -1.0 + f64::from(i) / 20.0).collect();
        let values = alpha.iter().map(|a| f(*a)).collect();
        (alpha, values)
    }

    #[test]
    fn what_explodes_outside_doesnt_flatten_what_lies_between() {
        // A barrier of 2 between the minimizers; 10⁴⁵ at α = 2.
        let (alpha, loss) = line(|a| {
            let wild = 10_f64.powf(45.0 * (a - 1.0).max(0.0).max(-a));
            0.05 + 8.0 * (a * (1.0 - a)).max(0.0) + wild - 1.0
        });
        let (low, high) = range(Scale::Linear, &alpha, &[&loss], &[]).unwrap();
        assert!(low < 0.0501 && (2.04..6.0).contains(&high), "{low} {high}");
        let (low, high) = range(Scale::Log, &alpha, &[&loss], &[]).unwrap();
        assert!((0.04..=0.0501).contains(&low) && (2.04..1e4).contains(&high));
        assert_eq!(usual_scale(&alpha, &[&loss]), Scale::Log);
    }

    #[test]
    fn a_tame_line_is_shown_whole() {
        let (alpha, loss) = line(|a| 0.01 + 0.3 * (a * (a - 1.0)).powi(2));
        let most = loss.iter().copied().fold(0.0, f64::max);
        let (low, high) = range(Scale::Log, &alpha, &[&loss], &[]).unwrap();
        assert!((low / 0.01 - 1.0).abs() < 1e-9, "{low}");
        assert!((high / most - 1.0).abs() < 1e-9, "{high} of {most}");
        let flat = line(|_| 0.5);
        let (low, high) = range(Scale::Linear, &flat.0, &[&flat.1], &[]).unwrap();
        assert_eq!((low, high), (0.5, 0.5));
        assert_eq!(usual_scale(&flat.0, &[&flat.1]), Scale::Linear);
    }

    #[test]
    fn what_must_be_seen_is_within() {
        let (alpha, loss) = line(|a| a * a + 0.1);
        let (_, high) = range(Scale::Linear, &alpha, &[&loss], &[25.0]).unwrap();
        assert!(high >= 25.0);
        let lost = vec![f64::NAN; alpha.len()];
        assert_eq!(range(Scale::Linear, &alpha, &[&lost], &[]), None);
        // Nothing between the minimizers: whatever there is.
        assert_eq!(
            range(Scale::Linear, &[2.0, 3.0], &[&[1.0, 2.0]], &[]),
            Some((1.0, 2.0))
        );
        let huge = range(Scale::Linear, &[0.0, 1.0], &[&[-f64::MAX, f64::MAX]], &[]);
        assert_eq!(huge, Some((-f64::MAX, f64::MAX)));
    }
}
