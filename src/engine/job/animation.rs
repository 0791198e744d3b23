//! The job of `losscope animate`: which surfaces, at which α.

use super::bounds;
use super::request::Request;
use super::setup::{Setup, without_options};
use super::surface::SurfaceJob;
use super::values::{AxisChoice, BUILTIN_LARGE, BUILTIN_SMALL};
use crate::error::{Error, Result};
use crate::landscape::grid::Axis;
use crate::plot::number::format_value;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Pixels across that a frame can have.
pub const PIXELS: RangeInclusive<u32> = 80..=4096;
/// All frames are in memory before the first is written, since they share a range of colours.
const MOST_BYTES: u64 = 2 << 30;
/// Points along each axis of a frame unless told otherwise.
pub const GRID: usize = 25;
/// A viewer shows no frame for less than 2 hundredths of a second, nor does a file hold more than
/// 65,535 of them.
const HUNDREDTHS: RangeInclusive<f64> = 2.0..=65_535.0;

/// The surface around θ(α) while α moves from one minimizer to the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct AnimationJob {
    /// The surface at every α; what it says of α itself is replaced.
    #[command(flatten)]
    #[serde(flatten)]
    pub surface: SurfaceJob,
    /// Which α, how long, how large.
    #[command(flatten)]
    #[serde(flatten)]
    pub run: Run,
}

/// How an animation runs: the flags of `animate`, and the fields of the window's dialog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
#[command(next_help_heading = "Animation")]
pub struct Run {
    /// Places of α: FROM:TO:FRAMES
    #[arg(long, default_value_t = Run::default().frames, allow_hyphen_values = true, value_name = "RANGE")]
    pub frames: Axis,
    /// How long one round takes, seconds
    #[arg(long, default_value_t = Run::default().seconds, value_parser = bounds::SECONDS)]
    pub seconds: f64,
    /// Pixels across
    #[arg(long, default_value_t = Run::default().pixels, value_parser = pixels)]
    pub pixels: u32,
}

impl Default for AnimationJob {
    fn default() -> Self {
        without_options()
    }
}

impl Default for Run {
    fn default() -> Self {
        Self {
            frames: Axis {
                from: -1.0,
                to: 2.0,
                points: 61,
            },
            seconds: 6.0,
            pixels: 640,
        }
    }
}

fn pixels(text: &str) -> Result<u32, String> {
    let found = text.parse().ok().filter(|p| PIXELS.contains(p));
    found.ok_or_else(|| {
        format!(
            "expected pixels from {} to {}",
            PIXELS.start(),
            PIXELS.end()
        )
    })
}

impl AnimationJob {
    /// The job with what it doesn't say: the built-in minimizers, and a grid of [`GRID`] points.
    #[must_use]
    pub fn settled(mut self) -> Self {
        let surface = &mut self.surface;
        if surface.small.is_none() && surface.at.is_none() {
            surface.small = Some(BUILTIN_SMALL.into());
            surface.large = Some(BUILTIN_LARGE.into());
        }
        if surface.x.is_none() {
            surface.x = Some(AxisChoice::Given(Axis {
                from: -1.0,
                to: 1.0,
                points: GRID,
            }));
        }
        self
    }

    /// The surface of the frame at α.
    pub fn frame(&self, alpha: f64) -> SurfaceJob {
        SurfaceJob {
            at: None,
            alpha: Some(alpha),
            ..self.surface.clone()
        }
    }
}

impl Request for AnimationJob {
    fn setup(&self) -> Option<&Setup> {
        self.surface.setup()
    }

    fn setup_mut(&mut self) -> Option<&mut Setup> {
        self.surface.setup_mut()
    }

    fn files(&self) -> Vec<PathBuf> {
        self.surface.files()
    }

    fn check(&self) -> Result<()> {
        self.run.check()
    }
}

impl Run {
    /// Refuses what no GIF can hold or show.
    ///
    /// # Errors
    /// Says what is out of which bounds.
    pub fn check(&self) -> Result<()> {
        let wrong = |message: String| Err(Error::Usage(message));
        let Axis { from, to, points } = self.frames;
        if !from.is_finite() || !to.is_finite() || from >= to {
            return wrong(format!(
                "α must run from a smaller to a larger number, not from {from} to {to}"
            ));
        }
        if points < 2 {
            return wrong(format!("an animation has 2 frames at least, not {points}"));
        }
        bounds::FRAMES.check(points)?;
        bounds::SECONDS.check(self.seconds)?;
        // A frame three quarters as high as wide, four bytes a pixel.
        let across = u64::from(self.pixels);
        let bytes = points as u64 * across * (across * 3 / 4) * 4;
        if bytes > MOST_BYTES {
            return wrong(format!(
                "{points} frames of {across} pixels across take {} GB of memory, more than {}; take fewer frames or pixels",
                bytes >> 30,
                MOST_BYTES >> 30
            ));
        }
        let each = 100.0 * self.seconds / points as f64;
        if !HUNDREDTHS.contains(&each) {
            return wrong(format!(
                "{points} frames in {} s are {} s each, but a GIF shows one for {} to {} s; take more or fewer frames, or more or fewer seconds",
                self.seconds,
                format_value(each / 100.0),
                HUNDREDTHS.start() / 100.0,
                HUNDREDTHS.end() / 100.0
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gif_cant_show_is_refused() {
        let run = |frames: &str, seconds: f64| Run {
            frames: frames.parse().unwrap(),
            seconds,
            ..Run::default()
        };
        assert!(run("-1:2:61", 6.0).check().is_ok());
        for (frames, seconds, part) in [
            ("-1:2:61", 0.5, "61 frames in 0.5 s"),
            ("0:1:1", 6.0, "2 frames at least"),
            ("-1:2:2000", 60.0, "1,000"),
        ] {
            let error = run(frames, seconds).check().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
