//! Means of a few numbers with intervals: Student's t, because there are few seeds.

/// A mean and how far it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// Sample standard deviation, n − 1; NaN of fewer than two.
    pub deviation: f64,
    /// How many finite numbers it is a mean of.
    pub count: usize,
}

/// 97.5 % quantiles of Student's t by degrees of freedom from 1.
const T: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// The number of standard errors that a two-sided 95 % interval reaches; infinite without a degree of
/// freedom. Beyond 30 degrees by the expansion of the quantile in 1/n, to three decimals.
pub fn reach(freedom: usize) -> f64 {
    match freedom {
        0 => f64::INFINITY,
        1..=30 => T[freedom - 1],
        more => {
            let (z, n) = (1.959_964_f64, more as f64);
            let first = (z.powi(3) + z) / 4.0;
            let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
            z + first / n + second / (n * n)
        }
    }
}

impl Mean {
    /// Of the finite numbers among these; `None` where there is none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        let count = values.len();
        if count == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        let deviation = if count > 1 {
            (squares / (count - 1) as f64).sqrt()
        } else {
            f64::NAN
        };
        Some(Self {
            mean,
            deviation,
            count,
        })
    }

    /// Half length of the 95 % interval of the mean; NaN of a single number.
    pub fn half(&self) -> f64 {
        reach(self.count.saturating_sub(1)) * self.deviation / (self.count as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_that_of_student() {
        // 1, 2, 3: deviation 1, standard error 1/√3, two degrees of freedom.
        let mean = Mean::of([1.0, 2.0, f64::NAN, 3.0]).unwrap();
        assert_eq!((mean.mean, mean.deviation, mean.count), (2.0, 1.0, 3));
        assert!((mean.half() - 4.303 / 3.0_f64.sqrt()).abs() < 1e-12);
        assert!(
            Mean::of([5.0]).unwrap().half().is_nan(),
            "one has no spread"
        );
        assert_eq!(Mean::of([f64::NAN]), None);
    }

    #[test]
    fn quantiles_fall_to_the_normal_one() {
        assert!((reach(31) - 2.0395).abs() < 5e-4 && (reach(60) - 2.0003).abs() < 5e-4);
        assert!((reach(1_000_000) - 1.960).abs() < 1e-3);
    }
}
