//! Sharpness on its way: φ along ε at one point of the line, one gradient at a time.

use super::news::SharpnessCurve;
use super::open::Workbench;
use crate::engine::local::series::progress_of;
use crate::engine::work::{Progress, Step, Work};
use crate::error::{Error, Result};
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::landscape::measures::found::Found;
use crate::landscape::measures::measuring::Measuring;
use crate::landscape::measures::phi::{self, CURVE_ITERATIONS, epsilons};
use crate::landscape::sharpness::curve::Curve;
use crate::landscape::sharpness::region::Region;
use crate::model::params::Params;
use std::sync::Arc;

/// φ at a list of ε on its way.
pub struct SharpnessWork {
    objective: NetworkObjective,
    measuring: Measuring,
    epsilons: Vec<f64>,
    theta: Params,
    /// Whether the weights are numbers; others have no neighbourhood.
    finite: bool,
    /// The worst point of the last box, relative to the weights.
    worst: Option<Vec<f64>>,
    news: SharpnessCurve,
}

impl SharpnessWork {
    /// A whole curve at θ(α).
    ///
    /// # Errors
    /// Never in practice: the ε are this file's own.
    pub fn curve(alpha: f64, bench: &Workbench) -> Result<Self> {
        let point = bench.line.slice().at(&[alpha]).0;
        Self::new(alpha, point, bench, |region| {
            Curve::new(region, &epsilons(), CURVE_ITERATIONS)
        })
    }

    /// One value at θ(α).
    ///
    /// # Errors
    /// Unless ε is a positive number.
    pub fn value(alpha: f64, epsilon: f64, bench: &Workbench) -> Result<Self> {
        let point = bench.line.slice().at(&[alpha]).0;
        Self::new(alpha, point, bench, |region| {
            Curve::towards(region, epsilon)
        })
    }

    /// One value at a point that isn't of the line.
    ///
    /// # Errors
    /// Unless ε is a positive number.
    pub fn beside(point: Params, epsilon: f64, bench: &Workbench) -> Result<Self> {
        Self::new(0.0, point, bench, |region| Curve::towards(region, epsilon))
    }

    fn new(
        alpha: f64,
        point: Params,
        bench: &Workbench,
        curve: impl FnOnce(Arc<Region>) -> Result<Curve>,
    ) -> Result<Self> {
        let theta = point.flatten();
        // The first split is the training split, where it was asked for.
        let split = &bench.splits[0];
        let mode = StatisticsMode::Running;
        let curve = curve(Arc::new(Region::full(&theta)))?;
        Ok(Self {
            objective: NetworkObjective::new(&bench.evaluator, &point, split, mode),
            finite: theta.iter().all(|w| w.is_finite()),
            epsilons: curve.epsilons().to_vec(),
            measuring: phi::along(curve),
            theta: point,
            worst: None,
            news: SharpnessCurve {
                alpha,
                epsilon: Vec::new(),
                phi: Vec::new(),
                gradients: 0,
                complete: false,
            },
        })
    }

    /// The worst point of the last box.
    pub fn worst(&self) -> Option<Params> {
        let z = self.worst.as_ref().filter(|_| self.finite)?;
        let weights = self.theta.flatten();
        let moved: Vec<f64> = weights.iter().zip(z).map(|(w, z)| w + z).collect();
        Some(self.theta.with_trainable(&moved))
    }
}

impl Work for SharpnessWork {
    type Found = SharpnessCurve;

    fn step(&mut self) -> Result<Step> {
        let news = &mut self.news;
        if !self.finite {
            news.epsilon = self.epsilons.clone();
            news.phi = vec![f64::NAN; news.epsilon.len()];
            news.complete = true;
            return Ok(Step::Done);
        }
        match self.measuring.step(&mut self.objective) {
            Ok(None) => news.complete = true,
            Ok(Some(Some(Found::Phi(point, worst)))) => {
                news.epsilon.push(point.epsilon);
                news.phi.push(point.phi);
                news.gradients = point.gradients;
                news.complete = news.phi.len() == self.epsilons.len();
                self.worst = Some(worst);
            }
            Ok(Some(_)) => {}
            // A loss that isn't finite has no sharpness; the device is well.
            Err(Error::Slice(_)) => self.finite = false,
            Err(error) => return Err(error),
        }
        Ok(if news.complete {
            Step::Done
        } else {
            Step::More
        })
    }

    fn progress(&self) -> Progress {
        Progress {
            done: self.news.phi.len(),
            total: self.epsilons.len(),
            ..progress_of(&self.measuring)
        }
    }

    fn found(&self) -> &SharpnessCurve {
        &self.news
    }

    fn finish(self) -> SharpnessCurve {
        self.news
    }
}
