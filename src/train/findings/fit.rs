//! Straight lines through points by least squares, and which of several forms of growth fits best.

/// y = intercept + slope · x.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Rise of y with x.
    pub slope: f64,
    /// y at 0.
    pub intercept: f64,
    /// Share of the variance of y that it explains.
    pub explained: f64,
}

/// The line through the finite points; `None` where fewer than three, or all at one x.
pub fn line(points: &[[f64; 2]]) -> Option<Line> {
    let finite = |p: &&[f64; 2]| p.iter().all(|v| v.is_finite());
    let points: Vec<[f64; 2]> = points.iter().filter(finite).copied().collect();
    if points.len() < 3 {
        return None;
    }
    let count = points.len() as f64;
    let mean = |axis: usize| points.iter().map(|p| p[axis]).sum::<f64>() / count;
    let (x, y) = (mean(0), mean(1));
    let sum = |a: usize, b: usize| -> f64 {
        let means = [x, y];
        let product = |p: &[f64; 2]| (p[a] - means[a]) * (p[b] - means[b]);
        points.iter().map(product).sum()
    };
    let (xx, xy, yy) = (sum(0, 0), sum(0, 1), sum(1, 1));
    // All at one y are a flat line, which explains nothing.
    if xx <= 0.0 {
        return None;
    }
    let slope = xy / xx;
    Some(Line {
        slope,
        intercept: y - slope * x,
        explained: if yy > 0.0 { xy * xy / (xx * yy) } else { 0.0 },
    })
}

/// How well y grows with the logarithm of t, and with the better of t and √t: shares of the variance that the
/// lines explain. A random walk in a rough potential grows with log t, free diffusion with √t, a straight way
/// with t (Hoffer et al. 2017, section 3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// The line over ln t.
    pub logarithm: Line,
    /// Explained by √t.
    pub root: f64,
    /// Explained by t.
    pub straight: f64,
}

/// Fits points (t, y) with t above 0.
pub fn growth(points: &[[f64; 2]]) -> Option<Growth> {
    let over = |map: fn(f64) -> f64| {
        let there = points.iter().filter(|p| p[0] > 0.0);
        let mapped: Vec<[f64; 2]> = there.map(|[t, y]| [map(*t), *y]).collect();
        line(&mapped)
    };
    Some(Growth {
        logarithm: over(f64::ln)?,
        root: over(f64::sqrt)?.explained,
        straight: over(|t| t)?.explained,
    })
}

impl Growth {
    /// By how much more the logarithm explains than the better of the others.
    pub fn favour(&self) -> f64 {
        self.logarithm.explained - self.root.max(self.straight)
    }
}

/// Where y first falls to `level`, between points by a straight line; `None` where it never does. Points in
/// order of x.
pub fn reached(points: &[[f64; 2]], level: f64) -> Option<f64> {
    let at = points.iter().position(|p| p[1] <= level)?;
    let [x, y] = points[at];
    let Some([before, above]) = at.checked_sub(1).map(|i| points[i]) else {
        return Some(x);
    };
    let share = if above > y {
        (above - level) / (above - y)
    } else {
        1.0
    };
    Some(before + share * (x - before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_back_from_its_points() {
        let points: Vec<[f64; 2]> = (0..9)
            .map(|i| [f64::from(i), 3.0 - 0.5 * f64::from(i)])
            .collect();
        let found = line(&points).unwrap();
        assert!((found.slope + 0.5).abs() < 1e-12 && (found.intercept - 3.0).abs() < 1e-12);
        assert!((found.explained - 1.0).abs() < 1e-12);
        assert_eq!(line(&points[..2]), None);
        assert_eq!(line(&[[1.0, 2.0], [1.0, 3.0], [1.0, 4.0]]), None);
    }

    #[test]
    fn forms_of_growth_are_told_apart() {
        let of = |f: fn(f64) -> f64| -> Growth {
            let points: Vec<[f64; 2]> = (1..200).map(f64::from).map(|t| [t, f(t)]).collect();
            growth(&points).unwrap()
        };
        let logarithm = of(|t| 0.7 * t.ln() + 2.0);
        assert!((logarithm.logarithm.slope - 0.7).abs() < 1e-9);
        assert!(logarithm.favour() > 0.05);
        assert!(of(f64::sqrt).favour() < -0.05);
        assert!(of(|t| t).favour() < -0.05);
    }

    #[test]
    fn a_level_is_reached_between_points() {
        let points = [[0.0, 4.0], [10.0, 2.0], [20.0, 1.0]];
        assert_eq!(reached(&points, 3.0), Some(5.0));
        assert_eq!(reached(&points, 1.0), Some(20.0));
        assert_eq!(reached(&points, 5.0), Some(0.0));
        assert_eq!(reached(&points, 0.5), None);
    }
}
