//! What the steps since the last record came to.

use super::history::{Record, finite};
use super::state::State;
use crate::error::Result;
use crate::landscape::curvature::vector::{add_scaled, norm};

/// Sums over some steps.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Σ of the loss over samples, and of what their mean divides by.
    pub loss: [f64; 2],
    /// Σ of what the score is made of.
    pub second: f64,
    /// Samples seen.
    pub samples: f64,
    /// Σ ‖g‖
    pub gradient_norms: f64,
    /// Σ of cosines of successive gradients, and their number.
    pub cosines: [f64; 2],
    /// ‖θ_{t+1} − θ_t‖ of every step.
    pub updates: Vec<f64>,
    /// Σ g
    pub gradients: Vec<f64>,
}

/// One step's share.
#[derive(Debug, Clone, Copy)]
pub struct Share<'a> {
    /// Sums of the loss and of what its mean divides by.
    pub loss: [f64; 2],
    /// Sum of what the score is made of.
    pub second: f64,
    /// Samples.
    pub samples: usize,
    /// The mean gradient.
    pub gradient: &'a [f64],
    /// Its norm.
    pub gradient_norm: f64,
    /// Its cosine with the one before.
    pub cosine: Option<f64>,
}

/// A step that was taken and isn't noted yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    pub(super) loss: f64,
    /// Its length; `None` where it diverged.
    pub(super) update_norm: Option<f64>,
    pub(super) rate: f64,
}

impl Tally {
    /// Takes a step in; its update comes after ([`Tally::updates`]).
    pub fn add(&mut self, share: Share<'_>) {
        for (sum, part) in self.loss.iter_mut().zip(share.loss) {
            *sum += part;
        }
        self.second += share.second;
        self.samples += share.samples as f64;
        self.gradient_norms += share.gradient_norm;
        if let Some(cosine) = share.cosine {
            self.cosines[0] += cosine;
            self.cosines[1] += 1.0;
        }
        if self.gradients.is_empty() {
            self.gradients = share.gradient.to_vec();
        } else {
            add_scaled(&mut self.gradients, 1.0, share.gradient);
        }
    }

    /// Its numbers in a record; `score`: the score of a sum over so many samples.
    pub fn tell(&self, record: &mut Record, score: impl Fn(f64, f64) -> f64) {
        let steps = self.updates.len();
        if steps == 0 {
            return;
        }
        record.train_loss = finite(self.loss[0] / self.loss[1]);
        record.train_accuracy = finite(score(self.second, self.samples));
        record.gradient_norm = finite(self.gradient_norms / steps as f64);
        record.gradient_sum_norm = finite(norm(&self.gradients));
        let mut sorted = self.updates.clone();
        sorted.sort_by(f64::total_cmp);
        let quantile = |share: f64| {
            let at = share * (steps - 1) as f64;
            let (below, above) = (at.floor() as usize, at.ceil() as usize);
            sorted[below] + (sorted[above] - sorted[below]) * at.fract()
        };
        let five = [0.0, 0.25, 0.5, 0.75, 1.0].map(quantile);
        if five.iter().all(|v| v.is_finite()) {
            record.update_norm = Some(five[2]);
            record.update_norms = Some(five);
        }
        record.alignment = finite(self.cosines[0] / self.cosines[1]);
    }

    /// Writes it into a state.
    pub fn store(&self, name: &str, state: &mut State) {
        let [loss, weight] = self.loss;
        let [cosines, pairs] = self.cosines;
        let (samples, norms) = (self.samples, self.gradient_norms);
        let sums = [loss, weight, self.second, samples, norms, cosines, pairs];
        state.put(&format!("{name}.sums"), sums);
        state.put(&format!("{name}.updates"), self.updates.clone());
        state.put(&format!("{name}.gradients"), self.gradients.clone());
    }

    /// Reads it back.
    ///
    /// # Errors
    /// Where a part is missing.
    pub fn restore(name: &str, state: &State) -> Result<Self> {
        let [
            loss,
            weight,
            second,
            samples,
            gradient_norms,
            cosines,
            pairs,
        ] = state.array(&format!("{name}.sums"))?;
        Ok(Self {
            loss: [loss, weight],
            second,
            samples,
            gradient_norms,
            cosines: [cosines, pairs],
            updates: state.get(&format!("{name}.updates"))?.to_vec(),
            gradients: state.get(&format!("{name}.gradients"))?.to_vec(),
        })
    }
}

/// What is told of a gradient, in one pass over it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// ‖g‖
    pub norm: f64,
    /// g · g₋₁; 0 where there is none before.
    pub dot: f64,
}

/// Numbers that a pass takes at a time.
const LANES: usize = 8;

/// Scales a sum of gradients to their mean, and keeps it as the one before the next.
pub fn seen(gradient: &mut [f64], scale: f64, before: &mut Vec<f64>) -> Seen {
    before.resize(gradient.len(), 0.0);
    let (mut squares, mut products) = ([0.0; LANES], [0.0; LANES]);
    let (heads, rest) = gradient.as_chunks_mut::<LANES>();
    let (heads_before, rest_before) = before.as_chunks_mut::<LANES>();
    for (g, b) in heads.iter_mut().zip(heads_before) {
        for lane in 0..LANES {
            g[lane] *= scale;
            squares[lane] += g[lane] * g[lane];
            products[lane] += g[lane] * b[lane];
        }
        *b = *g;
    }
    for ((g, b), lane) in rest.iter_mut().zip(rest_before).zip(0..) {
        let lane: usize = lane;
        *g *= scale;
        squares[lane] += *g * *g;
        products[lane] += *g * *b;
        *b = *g;
    }
    Seen {
        norm: squares.iter().sum::<f64>().sqrt(),
        dot: products.iter().sum(),
    }
}
