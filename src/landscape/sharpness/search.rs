//! The search for the largest loss in one box: several methods, several starts, one answer.
//!
//! In order: sign-gradient ascent from the centre; a few steps of it from each of some random
//! corners, because wide boxes have several maxima; more steps of the best two of these ascents;
//! L-BFGS-B from a small random interior point, as at the centre the gradient is tiny; and as many
//! random points of the box as gradients were spent, which any search should beat.

use super::ascent::{SignAscent, Start};
use super::effort::FINALISTS;
pub use super::effort::{Effort, Method, MethodResult, Sharpness, Unfinished};
use super::region::{Region, active_fraction};
use super::{lbfgsb, phi};
use crate::error::{Error, Result};
use crate::landscape::objective::Objective;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

/// L-BFGS-B starts this far into the box.
const INTERIOR: f64 = 0.1;
/// Random points tried in one step of the search.
const POINTS_A_STEP: usize = 4;

/// What a search does next.
#[derive(Debug)]
enum Phase {
    Origin,
    Centre(SignAscent, usize),
    Corner(usize, Option<SignAscent>, usize),
    /// A finalist and the steps it has left.
    Polish(SignAscent, usize),
    Bounded,
    Random(usize),
    Done,
}

/// A search that is stepped.
#[derive(Debug)]
pub struct Search {
    region: Arc<Region>,
    half_widths: Arc<[f64]>,
    effort: Effort,
    epsilon: f64,
    rng: ChaCha8Rng,
    phase: Phase,
    origin: Option<(f64, Vec<f64>)>,
    best: Option<(f64, Vec<f64>)>,
    /// The best starts, best first.
    finalists: Vec<SignAscent>,
    methods: Vec<MethodResult>,
    gradients: usize,
    /// Random points evaluated.
    points: usize,
    /// Points tried besides θ, and how many of them have a loss that isn't finite.
    tried: usize,
    overflows: usize,
    floor: Option<f64>,
}

impl Search {
    /// `origin`: the value and derivative at θ, where they are known.
    ///
    /// # Errors
    /// Unless ε is positive and there is a method.
    pub fn new(
        region: Arc<Region>,
        epsilon: f64,
        effort: Effort,
        origin: Option<(f64, Vec<f64>)>,
    ) -> Result<Self> {
        if effort.methods.is_empty() || effort.iterations == 0 {
            return Err(Error::Usage(
                "a sharpness needs a method and at least one iteration".into(),
            ));
        }
        Ok(Self {
            half_widths: region.half_widths(epsilon)?.into(),
            region,
            rng: ChaCha8Rng::seed_from_u64(effort.seed),
            effort,
            epsilon,
            phase: Phase::Origin,
            origin,
            best: None,
            finalists: Vec::new(),
            methods: Vec::new(),
            gradients: 0,
            points: 0,
            tried: 0,
            overflows: 0,
            floor: None,
        })
    }

    /// Gradients spent so far.
    pub fn gradients(&self) -> usize {
        self.gradients
    }

    /// Gradients the whole search takes at most, L-BFGS-B's line searches left out.
    pub fn expected_gradients(&self) -> usize {
        self.effort.gradients()
    }

    /// Gradients and random points spent so far.
    pub fn evaluations(&self) -> usize {
        self.gradients + self.points
    }

    /// Gradients and random points the whole search takes, about.
    pub fn expected_evaluations(&self) -> usize {
        // As many random points as gradients.
        let times = if self.effort.floor { 2 } else { 1 };
        times * self.expected_gradients()
    }

    /// How far it is; `None` at its end.
    fn unfinished(&self) -> Option<Unfinished> {
        let evaluations = self.evaluations();
        let going = !matches!(self.phase, Phase::Done);
        going.then(|| Unfinished {
            evaluations,
            expected: self.expected_evaluations().max(evaluations + 1),
        })
    }

    /// Does the next piece of work, about one gradient (L-BFGS-B: all of its own); `false` when
    /// nothing is left to do.
    ///
    /// # Errors
    /// Where the objective fails, or the loss at θ isn't finite.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<bool> {
        match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Origin => self.start(objective)?,
            Phase::Centre(ascent, left) => self.centre(ascent, left, objective)?,
            Phase::Corner(left, ascent, steps) => self.corner(left, ascent, steps, objective)?,
            Phase::Polish(ascent, left) => self.polish(ascent, left, objective)?,
            Phase::Bounded => self.bounded(objective)?,
            Phase::Random(left) => self.random(left, objective)?,
            Phase::Done => return Ok(false),
        }
        Ok(true)
    }

    /// All steps one after the other.
    ///
    /// # Errors
    /// As [`Search::step`].
    pub fn run(mut self, objective: &mut dyn Objective) -> Result<Sharpness> {
        while self.step(objective)? {}
        self.result().ok_or_else(not_finite)
    }

    /// What was found until now; `None` before the loss at θ is known.
    pub fn result(&self) -> Option<Sharpness> {
        let (loss, gradient) = self.origin.as_ref()?;
        let gradient_norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        let (worst_loss, z) = match &self.best {
            Some((value, z)) if value > loss => (*value, z.clone()),
            _ => (*loss, vec![0.0; self.half_widths.len()]),
        };
        // Where every point overflows not even a lower bound is known.
        let nothing = self.tried > 0 && self.overflows == self.tried;
        let worst_loss = if nothing { f64::NAN } else { worst_loss };
        let phi = phi(*loss, worst_loss);
        let unfinished = self.unfinished();
        let reason = (nothing || phi == 0.0).then(|| {
            if nothing {
                format!(
                    "the loss isn't finite at any of the {} points tried: it overflows within this box; try a smaller ε or --precision f64",
                    self.tried
                )
            } else if unfinished.is_some() {
                "no point tried until then has a higher loss".to_owned()
            } else if self.overflows > 0 {
                format!(
                    "no point tried has a higher loss, but at {} of {} it isn't finite: it overflows within this box; try a smaller ε or --precision f64",
                    self.overflows, self.tried
                )
            } else if gradient_norm == 0.0 {
                "the gradient is zero and no point tried has a higher loss: the loss is constant here, or this is a maximum".to_owned()
            } else {
                format!(
                    "no point tried has a higher loss: the gradient, {gradient_norm:.1e} long, is lost in rounding; try --precision f64 or a larger ε"
                )
            }
        });
        let mut methods = self.methods.clone();
        if nothing {
            for method in &mut methods {
                method.phi = f64::NAN;
            }
        }
        Some(Sharpness {
            epsilon: self.epsilon,
            phi,
            loss: *loss,
            worst_loss,
            gradient_norm,
            methods,
            gradients: self.gradients,
            active_bounds: active_fraction(&z, &self.half_widths),
            random_floor: self.floor,
            reason,
            unfinished,
            z,
        })
    }

    fn start(&mut self, objective: &mut dyn Objective) -> Result<()> {
        let centre = vec![0.0; self.half_widths.len()];
        let (value, gradient) = match self.origin.take() {
            Some(known) => known,
            None => {
                self.gradients += 1;
                self.region.gradient(objective, &centre)?
            }
        };
        if !value.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
            return Err(not_finite());
        }
        self.origin = Some((value, gradient.clone()));
        self.phase = if self.effort.methods.contains(&Method::Sign) {
            self.methods.push(MethodResult {
                method: Method::Sign,
                phi: 0.0,
                gradients: self.gradients,
            });
            let start = Start::Known {
                z: centre,
                value,
                gradient,
            };
            Phase::Centre(self.ascent(start), self.effort.iterations)
        } else {
            self.after_sign()
        };
        Ok(())
    }

    fn ascent(&self, start: Start) -> SignAscent {
        SignAscent::new(
            Arc::clone(&self.region),
            Arc::clone(&self.half_widths),
            start,
        )
    }

    /// One step of an ascent, its best point noted; `false` where it is at its end.
    fn climb(&mut self, ascent: &mut SignAscent, objective: &mut dyn Objective) -> Result<bool> {
        let before = (ascent.gradients(), ascent.overflows());
        let more = ascent.step(objective)?.is_some();
        let spent = ascent.gradients() - before.0;
        self.spend(Method::Sign, spent);
        self.tried += spent;
        self.overflows += ascent.overflows() - before.1;
        if let Some((value, z)) = ascent.best() {
            self.note(Method::Sign, value, z);
        }
        Ok(more)
    }

    fn centre(
        &mut self,
        mut ascent: SignAscent,
        left: usize,
        objective: &mut dyn Objective,
    ) -> Result<()> {
        let more = left > 0 && self.climb(&mut ascent, objective)?;
        if more {
            self.phase = Phase::Centre(ascent, left - 1);
            return Ok(());
        }
        self.enter(ascent);
        self.phase = if self.effort.restarts > 0 {
            Phase::Corner(self.effort.restarts, None, 0)
        } else {
            self.after_sign()
        };
        Ok(())
    }

    fn corner(
        &mut self,
        left: usize,
        ascent: Option<SignAscent>,
        steps: usize,
        objective: &mut dyn Objective,
    ) -> Result<()> {
        let mut ascent = ascent.unwrap_or_else(|| {
            let whole_filters = left.is_multiple_of(2);
            let corner = self
                .region
                .corner(&self.half_widths, whole_filters, &mut self.rng);
            self.ascent(Start::At(corner))
        });
        // The first step only evaluates the corner.
        let more = self.climb(&mut ascent, objective)? && steps < self.effort.scouting();
        if more {
            self.phase = Phase::Corner(left, Some(ascent), steps + 1);
            return Ok(());
        }
        self.enter(ascent);
        self.phase = if left > 1 {
            Phase::Corner(left - 1, None, 0)
        } else {
            self.next_finalist()
        };
        Ok(())
    }

    /// Keeps an ascent where it is one of the best so far.
    fn enter(&mut self, ascent: SignAscent) {
        let value = |ascent: &SignAscent| ascent.best().map_or(f64::NEG_INFINITY, |(v, _)| v);
        let place = self
            .finalists
            .partition_point(|other| value(other) >= value(&ascent));
        self.finalists.insert(place, ascent);
        self.finalists.truncate(FINALISTS);
    }

    fn next_finalist(&mut self) -> Phase {
        if self.finalists.is_empty() {
            return self.after_sign();
        }
        Phase::Polish(self.finalists.remove(0), self.effort.iterations)
    }

    fn polish(
        &mut self,
        mut ascent: SignAscent,
        left: usize,
        objective: &mut dyn Objective,
    ) -> Result<()> {
        let more = left > 0 && self.climb(&mut ascent, objective)?;
        self.phase = if more {
            Phase::Polish(ascent, left - 1)
        } else {
            self.next_finalist()
        };
        Ok(())
    }

    fn after_sign(&self) -> Phase {
        if self.effort.methods.contains(&Method::Lbfgsb) {
            Phase::Bounded
        } else {
            self.after_methods()
        }
    }

    fn after_methods(&self) -> Phase {
        if self.effort.floor {
            Phase::Random(self.gradients.max(1))
        } else {
            Phase::Done
        }
    }

    fn bounded(&mut self, objective: &mut dyn Objective) -> Result<()> {
        self.methods.push(MethodResult {
            method: Method::Lbfgsb,
            phi: 0.0,
            gradients: 0,
        });
        let start = self.uniform(INTERIOR);
        let found = lbfgsb::maximise(
            &self.region,
            &self.half_widths,
            start,
            self.effort.iterations,
            objective,
        )?;
        self.spend(Method::Lbfgsb, found.gradients);
        self.tried += found.tried;
        self.overflows += found.overflows;
        self.note(Method::Lbfgsb, found.value, &found.z);
        self.phase = self.after_methods();
        Ok(())
    }

    fn random(&mut self, left: usize, objective: &mut dyn Objective) -> Result<()> {
        let Some((loss, _)) = self.origin else {
            return Ok(());
        };
        let now = left.min(POINTS_A_STEP);
        for _ in 0..now {
            let z = self.uniform(1.0);
            let value = self.region.value(objective, &z)?;
            self.points += 1;
            self.tried += 1;
            self.overflows += usize::from(!value.is_finite());
            let found = phi(loss, value);
            if value.is_finite() && self.floor.is_none_or(|floor| found > floor) {
                self.floor = Some(found);
                // A random point that beats every method is still a point of the box.
                if self.best.as_ref().is_none_or(|(best, _)| value > *best) {
                    self.best = Some((value, z));
                }
            }
        }
        if left > now {
            self.phase = Phase::Random(left - now);
        }
        Ok(())
    }

    /// A point drawn evenly from the middle `share` of the box.
    fn uniform(&mut self, share: f64) -> Vec<f64> {
        let draw = |b: &f64| share * b * self.rng.random_range(-1.0..=1.0);
        self.half_widths.iter().map(draw).collect()
    }

    fn spend(&mut self, method: Method, gradients: usize) {
        self.gradients += gradients;
        if let Some(result) = self.methods.iter_mut().find(|m| m.method == method) {
            result.gradients += gradients;
        }
    }

    fn note(&mut self, method: Method, value: f64, z: &[f64]) {
        let Some((loss, _)) = self.origin else {
            return;
        };
        if !value.is_finite() {
            return;
        }
        if let Some(result) = self.methods.iter_mut().find(|m| m.method == method) {
            result.phi = result.phi.max(phi(loss, value));
        }
        if self.best.as_ref().is_none_or(|(best, _)| value > *best) {
            self.best = Some((value, z.to_vec()));
        }
    }
}

fn not_finite() -> Error {
    Error::Slice(
        "the loss or its gradient isn't finite at the checkpoint: there is no sharpness to measure; check the weights and the data's normalisation"
            .into(),
    )
}
