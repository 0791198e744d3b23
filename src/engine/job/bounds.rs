//! What numbers the options take. Each bound stands here once: for the command line, which refuses
//! others at once, and for jobs that come from a window or a file.
//!
//! A bound is where a number stops to mean something: what no machine finishes, what single precision
//! can't hold, what makes a box or a mean of nothing.

use crate::error::{Error, Result};
use crate::plot::number::{grouped, significant};
use clap::builder::TypedValueParser;
use clap::{Arg, Command};
use std::ffi::OsStr;
use std::str::FromStr;

/// Samples of each split.
pub const SAMPLES: Bounds<usize> = Bounds::new("--samples", 1, 1_000_000_000);
/// Points of a plane: more are days of work, and gigabytes before the first.
pub const GRID: Bounds<usize> = Bounds::new("the number of points of --x and --y", 1, 4_000_000);
/// Where a centre lies between two checkpoints.
pub const ALPHA: Bounds<f64> = Bounds::new("--alpha", -1e6, 1e6);

/// Half-widths of a box.
pub const EPSILON: Bounds<f64> = Bounds::new("--epsilon", 1e-12, 1e30);
/// Iterations of each method.
pub const ITERATIONS: Bounds<usize> = Bounds::new("--iterations", 1, MANY);
/// Further starts of an ascent.
pub const RESTARTS: Bounds<usize> = Bounds::new("--restarts", 0, MANY);
/// Dimensions of a random manifold.
pub const SUBSPACE: Bounds<usize> = Bounds::new("--subspace", 1, MANY);
/// Sizes of the perturbations of other sharpnesses.
pub const RHO: Bounds<f64> = Bounds::new("--rho", 1e-12, 1e30);
/// Draws of an average, two for a standard error.
pub const DRAWS: Bounds<usize> = Bounds::new("--draws", 2, MANY);

/// Largest eigenvalues.
pub const TOP: Bounds<usize> = Bounds::new("--top", 0, 1_000);
/// Relative residuals.
pub const TOLERANCE: Bounds<f64> = Bounds::new("--tolerance", 1e-15, 0.5);
/// Products of a Lanczos run.
pub const MOST_PRODUCTS: Bounds<usize> = Bounds::new("--most-products", 1, MANY);
/// Random vectors of a trace.
pub const PROBES: Bounds<usize> = Bounds::new("--probes", 1, MANY);
/// Random vectors of a density.
pub const DENSITY_PROBES: Bounds<usize> = Bounds::new("--density-probes", 1, 10_000);
/// Products for each of them.
pub const DENSITY_STEPS: Bounds<usize> = Bounds::new("--density-steps", 1, 10_000);
/// Points along one axis of a map of curvature: two eigenvalues each, more are days of work.
pub const MAP_POINTS: Bounds<usize> = Bounds::new("the points of --map", 1, 201);

/// Largest eigenvalues of a table.
pub const FEW: Bounds<usize> = Bounds::new("--top", 1, 5);
/// How strongly a chain is held at its point.
pub const LOCALISATION: Bounds<f64> = Bounds::new("--localisation", 0.0, 1e12);
/// Steps of a chain, of which a fifth is left out and the others make ten means.
pub const CHAIN: Bounds<usize> = Bounds::new("--chain", 50, MANY);

/// Batch sizes.
pub const BATCHES: Bounds<usize> = Bounds::new("--batches", 1, 1_000_000_000);
/// Learning rates.
pub const LEARNING_RATE: Bounds<f64> = Bounds::new("--learning-rate", 1e-12, 1e12);
/// Batch sizes and steps of runs.
pub const REACHED: Bounds<usize> = Bounds::new("--reached", 1, 1_000_000_000_000);
/// The smaller batch of an estimate.
pub const SMALL_BATCH: Bounds<usize> = Bounds::new("--small-batch", 1, MANY);
/// Smaller batches in a larger one.
pub const PARTS: Bounds<usize> = Bounds::new("--parts", 2, MANY);
/// The larger batch of an estimate: more samples are hours for each of its gradients.
pub const LARGE_BATCH: Bounds<usize> = Bounds::new("--small-batch times --parts", 2, 10_000_000);
/// Larger batches drawn, three for an interval.
pub const REPEATS: Bounds<usize> = Bounds::new("--repeats", 3, MANY);
/// Random vectors of the scale with curvature.
pub const CURVATURE_PROBES: Bounds<usize> = Bounds::new("--curvature-probes", 0, MANY);
/// Batches of an alignment.
pub const ALIGNMENT_REPEATS: Bounds<usize> = Bounds::new("--alignment-repeats", 0, MANY);

/// Pictures of an animation.
pub const FRAMES: Bounds<usize> = Bounds::new("the number of --frames", 1, 1_000);
/// How long an animation takes.
pub const SECONDS: Bounds<f64> = Bounds::new("--seconds", 0.1, 600.0);
/// Widths of a page in millimetres.
pub const WIDTH: Bounds<f64> = Bounds::new("--width", 40.0, 1000.0);
/// Dots per inch.
pub const DOTS: Bounds<f64> = Bounds::new("--dpi", 36.0, 1200.0);
/// How much larger text and lines of a figure are.
pub const TEXT: Bounds<f64> = Bounds::new("--text", 0.5, 4.0);
/// Iso-lines.
pub const LEVELS: Bounds<usize> = Bounds::new("--levels", 1, 100);

/// More steps of anything are weeks of work.
const MANY: usize = 1_000_000;

/// The smallest and the largest number that an option takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds<T> {
    option: &'static str,
    least: T,
    most: T,
}

impl<T> Bounds<T> {
    const fn new(option: &'static str, least: T, most: T) -> Self {
        Self {
            option,
            least,
            most,
        }
    }
}

impl<T: Number> Bounds<T> {
    /// Reads a number.
    ///
    /// # Errors
    /// Says what is expected where it is none, or out of bounds.
    pub fn parse(&self, text: &str) -> Result<T, String> {
        let number: Option<T> = text.trim().parse().ok();
        number
            .filter(|n| self.hold(*n))
            .ok_or_else(|| format!("expected {}", self.expected()))
    }

    /// From the smallest to the largest number.
    pub fn range(&self) -> std::ops::RangeInclusive<T> {
        self.least..=self.most
    }

    /// The largest number.
    pub const fn most(&self) -> T {
        self.most
    }

    /// Refuses a number out of bounds.
    ///
    /// # Errors
    /// Names the option, the number, and what is expected.
    pub fn check(&self, number: T) -> Result<()> {
        if self.hold(number) {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "{} can't be {}: expected {}",
            self.option,
            number.shown(),
            self.expected()
        )))
    }

    /// Not a number that isn't one.
    fn hold(&self, number: T) -> bool {
        self.least <= number && number <= self.most
    }

    fn expected(&self) -> String {
        format!(
            "{} from {} to {}",
            T::KIND,
            self.least.shown(),
            self.most.shown()
        )
    }
}

impl<T: Number> TypedValueParser for Bounds<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let bounds = *self;
        (move |text: &str| bounds.parse(text)).parse_ref(command, arg, value)
    }
}

/// A kind of number that options take.
pub trait Number: Copy + PartialOrd + FromStr + Send + Sync + 'static {
    /// In words.
    const KIND: &'static str;

    /// As a person reads it.
    fn shown(self) -> String;
}

impl Number for usize {
    const KIND: &'static str = "a whole number";

    fn shown(self) -> String {
        grouped(self)
    }
}

impl Number for f64 {
    const KIND: &'static str = "a number";

    fn shown(self) -> String {
        significant(self, 6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_bounds_are_told_what_is_expected() {
        for text in [
            "1",
            "1000001",
            "99999999999999999999999",
            "-3",
            "2.5",
            "",
            "nan",
        ] {
            let message = DRAWS.parse(text).unwrap_err();
            assert_eq!(
                message, "expected a whole number from 2 to 1,000,000",
                "{text}"
            );
        }
        for text in ["0", "-1e-3", "nan", "inf", "1e31"] {
            let message = EPSILON.parse(text).unwrap_err();
            assert_eq!(message, "expected a number from 10⁻¹² to 10³⁰", "{text}");
        }
        assert_eq!((DRAWS.parse("2"), EPSILON.parse("1e-3")), (Ok(2), Ok(1e-3)));
        let message = RHO.check(f64::NAN).unwrap_err().to_string();
        assert!(
            message.starts_with("--rho can't be NaN: expected"),
            "{message}"
        );
    }
}
