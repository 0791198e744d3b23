//! What is measured on the way: each a stepper of the landscape's, at the point where the run is.

use crate::engine::job::{Keep, Measured};
use crate::engine::local::rounding;
use crate::error::Result;
use crate::landscape::curvature::lanczos::{Lanczos, LanczosOptions};
use crate::landscape::curvature::trace::{Hutchinson, TraceOptions};
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::landscape::evaluate::{Evaluator, Precision, Split};
use crate::landscape::noise::Sampled as _;
use crate::landscape::noise::exact::ExactPass;
use crate::landscape::sharpness::effort::{Effort, Method};
use crate::landscape::sharpness::region::Region;
use crate::landscape::sharpness::search::Search;
use crate::model::params::Params;
use crate::train::Record;
use crate::train::history::finite;
use std::sync::Arc;

/// An eigenvalue on the way needs no more.
const TOLERANCE: f64 = 1e-2;
/// Nor more products.
const PRODUCTS: usize = 100;
/// Random vectors of a trace.
const PROBES: usize = 30;

/// One measure on its way.
enum One {
    Noise(ExactPass),
    Sharpness(Box<Search>),
    Lambda(Box<Lanczos>),
    Trace(Box<Hutchinson>),
}

/// Several measures at one point, one after another.
pub struct Measures {
    objective: NetworkObjective,
    point: Params,
    coming: Vec<Measured>,
    current: Option<One>,
    epsilon: f64,
    rounding: f64,
    seed: u64,
}

impl Measures {
    /// Measures what `keep` names, over `split`.
    pub fn new(
        keep: &Keep,
        evaluator: &Evaluator,
        point: Params,
        split: &Split,
        (precision, seed): (Precision, u64),
    ) -> Self {
        let mut coming = keep.measure.clone();
        coming.reverse();
        Self {
            objective: NetworkObjective::new(evaluator, &point, split, StatisticsMode::Running),
            point,
            coming,
            current: None,
            epsilon: keep.sharpness_epsilon,
            rounding: rounding(precision),
            seed,
        }
    }

    /// About one gradient or product more, noted in the record once it is known; `false` at the end.
    ///
    /// # Errors
    /// Where the device fails, or nothing can be measured here.
    pub fn step(&mut self, record: &mut Record) -> Result<bool> {
        let Some(mut current) = self.current.take() else {
            let Some(next) = self.coming.pop() else {
                return Ok(false);
            };
            self.current = Some(self.start(next)?);
            return Ok(true);
        };
        let objective = &mut self.objective;
        let more = match &mut current {
            One::Noise(pass) => {
                let more = pass.step(objective)?.is_some();
                if !more {
                    let noise = pass.noise(&objective.tensors());
                    record.noise_scale = noise.and_then(|noise| finite(noise.total.scale));
                }
                more
            }
            One::Sharpness(search) => {
                let more = search.step(objective)?;
                let found = search.result();
                record.sharpness = found.and_then(|found| finite(found.phi));
                more
            }
            One::Lambda(lanczos) => match lanczos.step(objective)? {
                Some(found) => {
                    let largest = found.top.first();
                    record.lambda_max = largest.and_then(|found| finite(found.value));
                    true
                }
                None => false,
            },
            One::Trace(work) => match work.step(objective)? {
                Some(found) => {
                    record.trace = finite(found.trace.mean);
                    true
                }
                None => false,
            },
        };
        self.current = more.then_some(current);
        Ok(true)
    }

    fn start(&self, what: Measured) -> Result<One> {
        let point = self.point.flatten();
        Ok(match what {
            Measured::NoiseScale => One::Noise(ExactPass::new(point)),
            Measured::Sharpness => {
                let effort = Effort {
                    methods: vec![Method::Sign],
                    restarts: 0,
                    floor: false,
                    seed: self.seed,
                    ..Effort::default()
                };
                let region = Arc::new(Region::of_network(&self.point));
                One::Sharpness(Box::new(Search::new(region, self.epsilon, effort, None)?))
            }
            Measured::LambdaMax => {
                let options = LanczosOptions {
                    top: 1,
                    smallest: false,
                    tolerance: TOLERANCE,
                    most_products: PRODUCTS,
                    seed: self.seed,
                    rounding: self.rounding,
                    ..LanczosOptions::default()
                };
                One::Lambda(Box::new(Lanczos::new(point, options)))
            }
            Measured::Trace => {
                let options = TraceOptions {
                    probes: PROBES,
                    tolerance: 0.0,
                    seed: self.seed,
                };
                One::Trace(Box::new(
                    Hutchinson::new(point, options).several_at_a_time(),
                ))
            }
        })
    }
}
