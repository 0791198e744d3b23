//! Sharpness on its way: φ along ε at one point of the line, one gradient at a time.

use super::news::SharpnessCurve;
use super::open::Workbench;
use crate::error::Result;
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::landscape::sharpness::curve::{Advance, Curve};
use crate::landscape::sharpness::region::Region;
use crate::model::params::Params;
use std::sync::Arc;

/// ε of a curve: four a decade from 1e-5 to 1e-1, so that the decades are among them.
pub(in crate::engine) fn epsilons() -> Vec<f64> {
    (0..=16)
        .map(|i| 10_f64.powf(-5.0 + f64::from(i) / 4.0))
        .collect()
}

/// Steps at each ε of a curve, which starts from the worst point of the ε before.
pub(in crate::engine) const CURVE_ITERATIONS: usize = 2;

/// φ at a list of ε on its way.
pub struct SharpnessWork {
    objective: NetworkObjective,
    curve: Curve,
    theta: Params,
    /// Whether the weights are numbers; others have no neighbourhood.
    finite: bool,
    news: SharpnessCurve,
}

impl SharpnessWork {
    /// A whole curve at θ(α).
    ///
    /// # Errors
    /// Never in practice: the ε are this file's own.
    pub fn curve(alpha: f64, bench: &Workbench) -> Result<Self> {
        Self::new(alpha, bench, |region| {
            Curve::new(region, &epsilons(), CURVE_ITERATIONS)
        })
    }

    /// One value at θ(α).
    ///
    /// # Errors
    /// Unless ε is a positive number.
    pub fn value(alpha: f64, epsilon: f64, bench: &Workbench) -> Result<Self> {
        Self::new(alpha, bench, |region| Curve::towards(region, epsilon))
    }

    fn new(
        alpha: f64,
        bench: &Workbench,
        curve: impl FnOnce(Arc<Region>) -> Result<Curve>,
    ) -> Result<Self> {
        let (point, _) = bench.line.slice().at(&[alpha]);
        let theta = point.flatten();
        // The first split is the training split, where it was asked for.
        let split = &bench.splits[0];
        let mode = StatisticsMode::Running;
        Ok(Self {
            objective: NetworkObjective::new(&bench.evaluator, &point, split, mode),
            finite: theta.iter().all(|w| w.is_finite()),
            curve: curve(Arc::new(Region::full(&theta)))?,
            theta: point,
            news: SharpnessCurve {
                alpha,
                epsilon: Vec::new(),
                phi: Vec::new(),
                gradients: 0,
                complete: false,
            },
        })
    }

    /// Values found and in all.
    pub fn points(&self) -> (usize, usize) {
        (self.news.phi.len(), self.curve.epsilons().len())
    }

    /// The values so far.
    pub fn news(&self) -> &SharpnessCurve {
        &self.news
    }

    /// The worst point of the last box.
    pub fn worst(&self) -> Option<Params> {
        let z = self.curve.worst().filter(|_| self.finite)?;
        let moved = self
            .theta
            .flatten()
            .iter()
            .zip(z)
            .map(|(w, z)| w + z)
            .collect::<Vec<_>>();
        Some(self.theta.with_trainable(&moved))
    }

    /// Computes one more gradient.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn step(&mut self) -> Result<()> {
        if !self.finite {
            self.news.epsilon = self.curve.epsilons().to_vec();
            self.news.phi = vec![f64::NAN; self.news.epsilon.len()];
            self.news.complete = true;
            return Ok(());
        }
        match self.curve.step(&mut self.objective) {
            Ok(Advance::Working) => {}
            Ok(Advance::Point(point)) => {
                self.news.epsilon.push(point.epsilon);
                self.news.phi.push(point.phi);
                self.news.gradients = point.gradients;
                self.news.complete = self.news.phi.len() == self.curve.epsilons().len();
            }
            Ok(Advance::Done) => self.news.complete = true,
            // A loss that isn't finite has no sharpness; the device is well.
            Err(crate::error::Error::Slice(_)) => self.finite = false,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
