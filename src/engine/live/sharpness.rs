//! Sharpness on its way: φ along ε at one point of the line, one gradient at a time.

use super::news::SharpnessCurve;
use super::open::Workbench;
use crate::error::Result;
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::landscape::sharpness::ascent::{SignAscent, Start};
use crate::landscape::sharpness::phi;
use crate::landscape::sharpness::region::Region;
use std::sync::Arc;

/// ε of a curve: four a decade from 1e-5 to 1e-1, so that the decades are among them.
pub fn epsilons() -> Vec<f64> {
    (0..=16)
        .map(|i| 10_f64.powf(-5.0 + f64::from(i) / 4.0))
        .collect()
}

/// Gradients a value of the curve takes at most: it starts from the worst point of the ε before.
const CURVE_GRADIENTS: usize = 5;
/// Gradients a single value takes at most, as at the command line, and one for the minimizer itself.
const VALUE_GRADIENTS: usize = 11;

/// φ at a list of ε, ascending, each found from the worst point of the last.
pub struct SharpnessWork {
    /// Where on the line.
    pub alpha: f64,
    objective: NetworkObjective,
    region: Arc<Region>,
    epsilons: Vec<f64>,
    most: usize,
    /// f(θ), known after the first gradient.
    loss: Option<f64>,
    ascent: Option<SignAscent>,
    /// The worst loss of any ε so far: a larger box holds the smaller ones.
    worst: f64,
    news: SharpnessCurve,
}

impl SharpnessWork {
    /// A whole curve at θ(α).
    pub fn curve(alpha: f64, bench: &Workbench) -> Self {
        Self::new(alpha, bench, epsilons(), CURVE_GRADIENTS)
    }

    /// One value at θ(α).
    pub fn value(alpha: f64, epsilon: f64, bench: &Workbench) -> Self {
        Self::new(alpha, bench, vec![epsilon], VALUE_GRADIENTS)
    }

    fn new(alpha: f64, bench: &Workbench, epsilons: Vec<f64>, most: usize) -> Self {
        let (point, _) = bench.line.slice().at(&[alpha]);
        // The first split is the training split, where it was asked for.
        let split = &bench.splits[0];
        let mode = StatisticsMode::Running;
        Self {
            alpha,
            objective: NetworkObjective::new(&bench.evaluator, &point, split, mode),
            region: Arc::new(Region::full(&point.flatten())),
            epsilons,
            most,
            loss: None,
            ascent: None,
            worst: f64::NEG_INFINITY,
            news: SharpnessCurve {
                alpha,
                epsilon: Vec::new(),
                phi: Vec::new(),
                gradients: 0,
                complete: false,
            },
        }
    }

    /// Values found and in all.
    pub fn points(&self) -> (usize, usize) {
        (self.news.phi.len(), self.epsilons.len())
    }

    /// The values so far.
    pub fn news(&self) -> &SharpnessCurve {
        &self.news
    }

    /// Computes one more gradient.
    pub fn step(&mut self) -> Result<()> {
        if self.region.origin().iter().any(|w| !w.is_finite()) {
            // Weights that aren't numbers have no neighbourhood.
            self.news.epsilon.clone_from(&self.epsilons);
            self.news.phi = vec![f64::NAN; self.epsilons.len()];
        }
        let Some(&epsilon) = self.epsilons.get(self.news.phi.len()) else {
            self.news.complete = true;
            return Ok(());
        };
        if self.ascent.is_none() {
            let start = Start::At(vec![0.0; self.region.dimension()]);
            let half_widths = self.region.half_widths(epsilon)?;
            self.ascent = Some(SignAscent::new(
                Arc::clone(&self.region),
                half_widths,
                start,
            ));
        }
        let Some(ascent) = &mut self.ascent else {
            return Ok(());
        };
        let before = ascent.gradients();
        let stepped = ascent.step(&mut self.objective)?;
        self.news.gradients += ascent.gradients() - before;
        if let (Some(step), None) = (stepped, self.loss) {
            self.loss = Some(step.best);
        }
        let first = usize::from(self.news.phi.is_empty());
        if stepped.is_none() || ascent.gradients() >= self.most + first {
            self.finish(epsilon)?;
        }
        Ok(())
    }

    /// Notes φ at this ε and turns to the next.
    fn finish(&mut self, epsilon: f64) -> Result<()> {
        let found = self.ascent.as_ref().and_then(SignAscent::best);
        let loss = self.loss.unwrap_or(f64::NAN);
        let (value, z) = found.map_or((f64::NAN, None), |(v, z)| (v, Some(z.to_vec())));
        // f64::max passes over NaN: a point that isn't finite is no worse than the best one.
        self.worst = self.worst.max(value);
        self.news.epsilon.push(epsilon);
        self.news.phi.push(phi(loss, self.worst.max(loss)));
        let Some(&next) = self.epsilons.get(self.news.phi.len()) else {
            self.news.complete = true;
            self.ascent = None;
            return Ok(());
        };
        let half_widths = self.region.half_widths(next)?;
        let start = match z {
            Some(z) => z.iter().map(|z| z * next / epsilon).collect(),
            None => vec![0.0; self.region.dimension()],
        };
        self.ascent = Some(SignAscent::new(
            Arc::clone(&self.region),
            half_widths,
            Start::At(start),
        ));
        Ok(())
    }
}
