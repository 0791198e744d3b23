//! How a plane's sides relate on the page: one unit along x is as long as one along y.
//!
//! Figures, the window and surfaces in space all take the shape of their plane from here. Where true
//! proportions would leave a sliver nobody could read, units differ, and every picture says so.

use super::number::format_value;

/// A plane up to so many times as wide as high, or as high as wide, is drawn true to scale.
pub const MOST: f64 = 8.0;
/// Width over height, or height over width, of a plane that can't be.
const DEGENERATE: f64 = 3.0;

/// The shape in which a plane is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aspect {
    /// Width over height on the page.
    pub ratio: f64,
    /// How many times as long a unit of y is drawn as one of x; 1 for true to scale.
    pub stretch: f64,
}

impl Aspect {
    /// Of a plane that spans so much along x and y.
    pub fn of(x: f64, y: f64) -> Self {
        // Halves, because what a span is divided by may be tiny.
        let natural = (x / 2.0) / (y / 2.0);
        if !natural.is_finite() || natural <= 0.0 {
            return Self {
                ratio: 1.0,
                stretch: 1.0,
            };
        }
        let ratio = match natural {
            wide if wide > MOST => DEGENERATE,
            high if high < 1.0 / MOST => 1.0 / DEGENERATE,
            natural => natural,
        };
        Self {
            ratio,
            stretch: natural / ratio,
        }
    }

    /// Whether units are equally long.
    pub fn is_equal(self) -> bool {
        self.stretch == 1.0
    }

    /// Half the width and half the height where the longer of both is 1.
    pub fn half(self) -> [f64; 2] {
        [self.ratio.min(1.0), (1.0 / self.ratio).min(1.0)]
    }

    /// What a reader must know where units differ.
    pub fn words(self) -> Option<String> {
        if self.is_equal() {
            return None;
        }
        let (times, longer, than) = if self.stretch > 1.0 {
            (self.stretch, "y", "x")
        } else {
            (1.0 / self.stretch, "x", "y")
        };
        Some(format!(
            "not to scale: a unit of {longer} is drawn {} times as long as one of {than}",
            format_value(times)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_true_to_scale_up_to_a_sliver() {
        for (x, y, ratio) in [
            (2.0, 2.0, 1.0),
            (16.0, 12.0, 16.0 / 12.0),
            (1.0, 8.0, 0.125),
        ] {
            let aspect = Aspect::of(x, y);
            assert_eq!((aspect.ratio, aspect.words()), (ratio, None));
        }
        let sliver = Aspect::of(60.0, 1.0);
        assert_eq!((sliver.ratio, sliver.stretch), (3.0, 20.0));
        let words = sliver.words().unwrap_or_default();
        assert!(words.contains("a unit of y is drawn 20 times"), "{words}");
        let words = Aspect::of(1.0, 60.0).words().unwrap_or_default();
        assert!(words.contains("a unit of x is drawn 20 times"), "{words}");
        for (x, y) in [(0.0, 1.0), (1.0, 0.0), (f64::NAN, 1.0), (f64::MAX, 1e-300)] {
            let aspect = Aspect::of(x, y);
            assert!(aspect.ratio.is_finite() && aspect.is_equal());
        }
        assert_eq!(Aspect::of(4.0, 1.0).half(), [1.0, 0.25]);
    }
}
