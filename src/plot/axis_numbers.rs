//! Numbers along an axis, all of them in one style: plain digits or powers of ten.
//!
//! One number for itself is short in one way or the other (`number`); beside each other 0.001, 10⁻⁴ and
//! 10000 would be three ways on one axis. Its range and the step of its marks choose the style, so that
//! every axis, in the window and in files, and what is read from it at the pointer agree.

use super::number::{fixed, format_value, power, power_to};

/// How the numbers of one axis are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// In plain digits, all with so many decimals.
    Decimals(usize),
    /// In plain digits, each with the decimals it needs.
    Plain,
    /// As powers of ten, of at most so many digits.
    Powers(usize),
}

/// Decimals that are read at a glance.
const FEW: i32 = 4;
/// Decimals that tell neighbours apart on an axis far nearer than it is from zero, at most.
const MOST: i32 = 8;
/// From here on a linear axis has powers of ten.
const LONG: f64 = 99_999.5;
/// Above 5×10⁻⁴ and below 10⁴ no label of a logarithmic axis has more than three decimals or four
/// digits: the next smaller one would be 5×10⁻⁴ itself.
const DECADES: (f64, f64) = (5e-4, 1e4);

impl Style {
    /// Of a linear axis from `lo` to `hi` with a mark every `step`.
    pub fn steps(step: f64, lo: f64, hi: f64) -> Self {
        // Of any step two digits count: that between two marks has no more.
        let unit = 10f64.powf(step.abs().log10().floor() - 1.0);
        let step = (step.abs() / unit).round() * unit;
        let largest = lo.abs().max(hi.abs());
        // The decimals that tell neighbours apart.
        let needed = (0..=MOST).find(|d| {
            let scaled = step * 10f64.powi(*d);
            (scaled - scaled.round()).abs() < 1e-6 * scaled && scaled >= 0.5
        });
        let few = if largest < 0.01 { FEW } else { MOST };
        match needed {
            Some(d) if largest < LONG && d <= few => Self::Decimals(d as usize),
            _ => {
                let apart = (largest / step).log10().floor();
                Self::Powers(if apart.is_finite() {
                    (apart + 2.0).clamp(3.0, 9.0) as usize
                } else {
                    3
                })
            }
        }
    }

    /// Of a logarithmic axis from `lo` to `hi`.
    pub fn decades(lo: f64, hi: f64) -> Self {
        let slack = 1e-9;
        if lo > DECADES.0 * (1.0 + slack) && hi < DECADES.1 * (1.0 - slack) {
            Self::Plain
        } else {
            Self::Powers(3)
        }
    }

    /// The number at a mark.
    pub fn write(self, value: f64) -> String {
        match self {
            Self::Decimals(decimals) => fixed(value, decimals),
            Self::Plain => format_value(value),
            Self::Powers(digits) => power_to(value, digits),
        }
    }

    /// A number that is read beside the axis, to about three digits.
    pub fn read(self, value: f64) -> String {
        match self {
            Self::Powers(_) => power(value),
            _ => format_value(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn along(style: Style, values: &[f64]) -> Vec<String> {
        values.iter().map(|v| style.write(*v)).collect()
    }

    #[test]
    fn neighbours_share_their_decimals() {
        let check = |step: f64, values: &[f64], expected: &[&str]| {
            let (lo, hi) = (values[0], values[values.len() - 1]);
            assert_eq!(along(Style::steps(step, lo, hi), values), expected);
        };
        check(0.25, &[0.0, 0.25, 0.5], &["0.00", "0.25", "0.50"]);
        check(0.1, &[-0.1, 0.0, 0.1 + 0.2 - 0.2], &["−0.1", "0.0", "0.1"]);
        check(1e-7, &[0.0, 1e-7, 2e-7], &["0", "10⁻⁷", "2×10⁻⁷"]);
        // Far from zero the digits that differ are the last.
        check(1e-5, &[0.5, 0.500_01], &["0.50000", "0.50001"]);
        check(100.0, &[1200.0, 1300.0], &["1200", "1300"]);
        check(1.234_567, &[0.5, 1.7], &["0.5", "1.7"]);
    }

    #[test]
    fn long_numbers_are_powers_of_ten_all_along() {
        let style = Style::steps(5e4, 0.0, 1e5);
        assert_eq!(along(style, &[0.0, 5e4, 1e5]), ["0", "5×10⁴", "10⁵"]);
        let style = Style::steps(2e4, 0.0, 9e4);
        assert_eq!(along(style, &[2e4, 8e4]), ["20000", "80000"]);
        let style = Style::steps(1.0, 1e6, 1e6 + 4.0);
        assert_eq!(style.write(1e6 + 1.0), "1.000001×10⁶");
    }

    #[test]
    fn decades_are_written_one_way() {
        let decade = |k: i32| 10f64.powi(k);
        let style = Style::decades(1e-3, 2e4);
        let all: Vec<f64> = (-3..=4).map(decade).collect();
        let expected = ["10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹", "10²", "10³", "10⁴"];
        assert_eq!(along(style, &all), expected);
        assert_eq!(style.read(12_300.0), "1.23×10⁴");
        let style = Style::decades(6e-4, 9e3);
        assert_eq!(along(style, &[1e-3, 0.5, 1e3]), ["0.001", "0.5", "1000"]);
        assert_eq!(style.read(0.012_34), "0.0123");
        assert_eq!(Style::decades(5e-4, 1.0), Style::Powers(3));
    }

    #[test]
    fn no_axis_is_too_odd() {
        for (step, lo, hi) in [
            (0.0, 0.0, 0.0),
            (f64::NAN, f64::NAN, 1.0),
            (1e-320, 0.0, 1e300),
            (f64::INFINITY, -1.0, 1.0),
        ] {
            assert!(!Style::steps(step, lo, hi).write(0.3).is_empty());
            assert!(!Style::decades(lo, hi).write(0.3).is_empty());
        }
    }
}
