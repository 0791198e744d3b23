//! Augmentation: how the inputs of a sample are changed each time it is seen.
//!
//! What happens to a sample depends on the seed, the epoch and the sample alone, not on the batch it is in.
//! Inputs are already scaled: what is filled in is 0, the mean of inputs that were standardised.

use crate::error::{Error, Result};
use crate::landscape::curvature::vector::generator;
use clap::Args;
use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

/// What is done to inputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, Args)]
#[command(next_help_heading = "Augmentation")]
#[serde(default)]
pub struct Augmentation {
    /// Mirror half of the pictures left to right
    #[arg(long)]
    pub flip: bool,
    /// Move pictures by up to so many pixels each way, filled up with 0
    #[arg(long, default_value_t = 0, value_name = "PIXELS")]
    pub crop: usize,
    /// Side of a square set to 0 at a random place (DeVries and Taylor 2017); 0: none
    #[arg(long, default_value_t = 0, value_name = "PIXELS")]
    pub cutout: usize,
    /// Standard deviation of Gaussian noise added to the scaled inputs
    #[arg(long, default_value_t = 0.0, value_name = "SIGMA")]
    pub input_noise: f64,
}

/// Above the streams of orders.
const STREAM: u64 = 1 << 40;
/// An odd number that spreads epochs over all seeds: 2⁶⁴ over the golden ratio.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

impl Augmentation {
    /// Whether anything is done.
    pub fn is_on(&self) -> bool {
        *self != Self::default()
    }

    /// Refuses to move what is no picture.
    ///
    /// # Errors
    /// Names the shape.
    pub fn check(&self, shape: &[usize]) -> Result<()> {
        let moves = self.flip || self.crop > 0 || self.cutout > 0;
        if moves && shape.len() != 3 {
            return Err(Error::Usage(format!(
                "flip, crop and cutout take pictures, but the data's samples have shape {shape:?}; leave them out"
            )));
        }
        Ok(())
    }

    /// Changes the inputs of one sample in an epoch.
    pub fn apply(&self, seed: u64, epoch: usize, sample: usize, shape: &[usize], x: &mut [f32]) {
        let seed = seed.wrapping_add((epoch as u64).wrapping_mul(SPREAD));
        let mut rng = generator(seed, STREAM + sample as u64);
        if let [_, height, width] = *shape {
            if self.flip && rng.random::<bool>() {
                x.chunks_exact_mut(width).for_each(<[f32]>::reverse);
            }
            if self.crop > 0 {
                let most = i64::try_from(self.crop).unwrap_or(i64::MAX / 4);
                let [down, right] = [(); 2].map(|()| rng.random_range(-most..=most));
                x.chunks_exact_mut(height * width)
                    .for_each(|plane| shift(plane, [height, width], [down, right]));
            }
            if self.cutout > 0 {
                let [y, x_at] = [height, width].map(|n| rng.random_range(0..n));
                let side = self.cutout;
                let span = |at: usize, n: usize| {
                    at.saturating_sub(side / 2)..(at + side.div_ceil(2)).min(n)
                };
                for plane in x.chunks_exact_mut(height * width) {
                    for row in span(y, height) {
                        plane[row * width..(row + 1) * width][span(x_at, width)].fill(0.0);
                    }
                }
            }
        }
        if self.input_noise > 0.0 {
            for value in x {
                let draw: f64 = StandardNormal.sample(&mut rng);
                *value += (self.input_noise * draw) as f32;
            }
        }
    }
}

/// Moves a plane, 0 where nothing comes from.
fn shift(plane: &mut [f32], [height, width]: [usize; 2], [down, right]: [i64; 2]) {
    let before = plane.to_vec();
    for row in 0..height {
        for column in 0..width {
            let from = (row as i64 - down, column as i64 - right);
            let inside = |at: i64, n: usize| usize::try_from(at).ok().filter(|at| *at < n);
            plane[row * width + column] = match (inside(from.0, height), inside(from.1, width)) {
                (Some(y), Some(x)) => before[y * width + x],
                _ => 0.0,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_changed_the_same_way_whenever_it_is_seen_again() {
        let how = Augmentation {
            flip: true,
            crop: 2,
            cutout: 3,
            input_noise: 0.1,
        };
        let picture: Vec<f32> = (0..64_u8).map(f32::from).collect();
        let of = |epoch, sample| {
            let mut x = picture.clone();
            how.apply(7, epoch, sample, &[1, 8, 8], &mut x);
            x
        };
        assert_eq!(of(3, 5), of(3, 5));
        assert_ne!(of(3, 5), of(4, 5));
        assert_ne!(of(3, 5), of(3, 6));
        assert!(how.check(&[64]).unwrap_err().to_string().contains("[64]"));
    }

    #[test]
    fn a_plane_moves_and_is_filled_with_zeros() {
        let mut plane = vec![1.0, 2.0, 3.0, 4.0];
        shift(&mut plane, [2, 2], [1, 0]);
        assert_eq!(plane, [0.0, 0.0, 1.0, 2.0]);
        shift(&mut plane, [2, 2], [0, -1]);
        assert_eq!(plane, [0.0, 0.0, 2.0, 0.0]);
    }
}
