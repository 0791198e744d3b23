//! Lines of nested grids, and cubic interpolation between them.

/// Every line of an axis of `n` nodes whose number is a multiple of `step`, and the last one.
pub fn lines(n: usize, step: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..n).step_by(step).collect();
    if n > 0 && all.last() != Some(&(n - 1)) {
        all.push(n - 1);
    }
    all
}

/// How a line follows from coarser ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Stencil {
    /// The line.
    pub at: usize,
    /// Up to four lines around it, and their weights.
    cubic: Vec<(usize, f64)>,
    /// The lines on both sides of it, the nearer one first.
    beside: [usize; 2],
}

/// The lines of the grid of `step` that the next coarser one lacks.
pub fn between(n: usize, step: usize) -> Vec<Stencil> {
    let coarser = lines(n, 2 * step);
    let new = lines(n, step)
        .into_iter()
        .filter(|line| coarser.binary_search(line).is_err());
    new.map(|at| {
        let right = coarser.partition_point(|line| *line < at);
        let first = right.saturating_sub(2).min(coarser.len().saturating_sub(4));
        let used = &coarser[first..coarser.len().min(first + 4)];
        let weight = |own: &usize| {
            let others = used.iter().filter(|other| *other != own);
            let of = |other: &usize| (at as f64 - *other as f64) / (*own as f64 - *other as f64);
            others.map(of).product::<f64>()
        };
        let mut beside = [coarser[right - 1], coarser[right]];
        beside.sort_by_key(|line| line.abs_diff(at));
        Stencil {
            at,
            cubic: used.iter().map(|own| (*own, weight(own))).collect(),
            beside,
        }
    })
    .collect()
}

impl Stencil {
    /// Lagrange's polynomial through the lines around. Where one of them isn't finite, a straight line between
    /// those beside; where one of these isn't, what both are, or NaN where they differ.
    pub fn of(&self, value: impl Fn(usize) -> f64) -> f64 {
        let cubic: f64 = self.cubic.iter().map(|(line, w)| w * value(*line)).sum();
        if cubic.is_finite() {
            return cubic;
        }
        let [near, far] = self.beside.map(&value);
        if near.is_finite() && far.is_finite() {
            let [a, b] = self.beside.map(|line| line.abs_diff(self.at) as f64);
            return (near * b + far * a) / (a + b);
        }
        if near == far || near.is_nan() && far.is_nan() {
            return near;
        }
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cubics_are_exact_at_the_borders_and_beside_an_odd_last_line_too() {
        let cubic = |x: usize| {
            let x = x as f64;
            1.0 - 2.0 * x + 0.5 * x * x - 0.01 * x * x * x
        };
        for (n, step) in [(51, 4), (51, 8), (33, 4), (26, 1), (31, 2)] {
            for stencil in between(n, step) {
                let found = stencil.of(cubic);
                let expected = cubic(stencil.at);
                assert!(
                    (found - expected).abs() < 1e-9,
                    "{n} by {step}: {stencil:?}"
                );
            }
        }
    }

    #[test]
    fn lines_are_nested_and_end_with_the_last() {
        for n in [1, 2, 3, 31, 51, 64, 251] {
            for step in [1, 2, 4, 8, 16] {
                let (fine, coarse) = (lines(n, step), lines(n, 2 * step));
                assert_eq!(fine.last(), Some(&(n - 1)));
                assert!(coarse.iter().all(|line| fine.contains(line)), "{n}, {step}");
            }
        }
    }

    #[test]
    fn what_is_infinite_on_both_sides_is_so_between() {
        let [stencil] = between(3, 1).try_into().unwrap();
        let both = |values: [f64; 3]| stencil.of(|line| values[line]);
        assert_eq!(both([f64::INFINITY, 0.0, f64::INFINITY]), f64::INFINITY);
        assert!(both([1.0, 0.0, f64::INFINITY]).is_nan());
        assert!(both([f64::NAN, 0.0, f64::NAN]).is_nan());
        assert_eq!(both([1.0, 0.0, 3.0]), 2.0);
    }
}
