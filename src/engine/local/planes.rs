//! Directions that are found rather than given: eigenvectors of the Hessian, the worst point of a box.

use super::limits::{is_flat, rounding, vectors_within};
use crate::engine::header::AxisFacts;
use crate::engine::inputs::Inputs;
use crate::engine::job::{Directions, Setup, SplitChoice};
use crate::engine::work::{Progress, Step, Work};
use crate::error::{Error, Result};
use crate::landscape::curvature::lanczos::{Eigenvalues, Lanczos, LanczosOptions};
use crate::landscape::curvature::vector::{generator, rademacher};
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::landscape::evaluate::{Evaluator, Split};
use crate::landscape::sharpness::curve::{Advance, Curve, CurvePoint};
use crate::landscape::sharpness::region::{Region, epsilon_text};
use crate::model::params::Params;
use crate::plot::number::{format_value, significant};
use std::sync::Arc;

/// Two directions, and the words for their axes.
pub type Pair = (Vec<Params>, Vec<AxisFacts>);

/// A search for the directions of a plane, one gradient or product a step.
pub struct Finder {
    objective: NetworkObjective,
    centre: Params,
    setup: Setup,
    search: Search,
    steps: (usize, usize),
}

enum Search {
    /// The two largest eigenvalues of the Hessian.
    Eigenvectors(Box<Lanczos>, Option<Eigenvalues>),
    /// The worst point of the box of this size.
    Worst(Box<Curve>, f64, Option<CurvePoint>),
}

/// The signs of a box's random corner are other than those of the same seed's traces.
const CORNER_STREAM: u64 = 3;

impl Finder {
    /// A search around `centre`, over the samples of `split`; `None` where a plane's directions
    /// needn't be searched for.
    ///
    /// # Errors
    /// Where the network has fewer than two parameters, the weights aren't finite, or ε isn't positive.
    pub fn new(
        directions: &Directions,
        setup: &Setup,
        evaluator: &Evaluator,
        split: &Split,
        centre: &Params,
    ) -> Result<Option<Self>> {
        let point = centre.flatten();
        let (search, total) = match directions {
            Directions::Hessian => {
                let options = LanczosOptions {
                    top: 2,
                    smallest: false,
                    most_vectors: vectors_within(setup.memory.0, point.len()),
                    seed: setup.seed,
                    rounding: rounding(setup.precision),
                    ..LanczosOptions::default()
                };
                let total = options.most_products.min(point.len());
                let lanczos = Lanczos::new(point.clone(), options);
                (Search::Eigenvectors(Box::new(lanczos), None), total)
            }
            Directions::Worst(epsilon) => {
                let curve = Curve::towards(Arc::new(Region::full(&point)), *epsilon)?;
                let total = curve.expected_steps();
                (Search::Worst(Box::new(curve), *epsilon, None), total)
            }
            _ => return Ok(None),
        };
        if point.len() < 2 {
            return Err(Error::Slice(
                "a network of one parameter has no plane around it".into(),
            ));
        }
        if !point.iter().all(|w| w.is_finite()) {
            return Err(Error::Slice(
                "the weights at the centre aren't all finite: no direction can be found here"
                    .into(),
            ));
        }
        let mode = StatisticsMode::Running;
        Ok(Some(Self {
            objective: NetworkObjective::new(evaluator, centre, split, mode),
            centre: centre.clone(),
            setup: setup.clone(),
            search,
            steps: (0, total),
        }))
    }

    /// The directions, once there are no more steps.
    ///
    /// # Errors
    /// Where there is nothing to be found.
    pub fn pair(&self) -> Result<Pair> {
        let over = match self.setup.split {
            SplitChoice::Validation => "validation",
            _ => "training",
        };
        let still = Params::zeros(&Arc::clone(self.centre.layout()));
        let seed = self.setup.seed;
        match &self.search {
            Search::Eigenvectors(lanczos, latest) => {
                let found = latest
                    .as_ref()
                    .ok_or_else(|| Error::Slice("there is no Hessian here".into()))?;
                if is_flat(found) {
                    return Err(Error::Slice(format!(
                        "the Hessian of the {over} loss is zero at the centre: every direction is an eigenvector, and none is worth drawing a plane along"
                    )));
                }
                let vectors = lanczos.eigenvectors(2);
                let directions = vectors.iter().map(|v| still.with_trainable(v)).collect();
                let axis = |(i, pair): (
                    usize,
                    &crate::landscape::curvature::lanczos::Eigenvalue,
                )| {
                    AxisFacts {
                        label: format!(
                            "eigenvector {}, λ = {} (L2)",
                            i + 1,
                            format_value(pair.value)
                        ),
                        rule: format!(
                            "unit eigenvector of the {over} loss' Hessian at the centre, Lanczos to a relative residual of {} in {} products, seed {seed}",
                            significant(pair.residual / pair.value.abs(), 1),
                            found.products,
                        ),
                    }
                };
                Ok((directions, found.top.iter().enumerate().map(axis).collect()))
            }
            Search::Worst(curve, epsilon, latest) => {
                let size = epsilon_text(*epsilon);
                let (Some(worst), Some(found)) = (curve.worst(), latest) else {
                    return Err(Error::Slice("the box has no worst point".into()));
                };
                if worst.iter().all(|z| *z == 0.0) && curve.overflows() > 0 {
                    return Err(Error::Slice(format!(
                        "the loss overflows within ε = {size}: it isn't finite at {} points tried and no higher at any other; take a smaller ε",
                        curve.overflows()
                    )));
                }
                if worst.iter().all(|z| *z == 0.0) {
                    return Err(Error::Slice(format!(
                        "the loss doesn't rise anywhere the ascent went within ε = {size}: there is no worst point to draw a plane through"
                    )));
                }
                let region = Region::full(&self.centre.flatten());
                let widths = region.half_widths(*epsilon)?;
                let signs = rademacher(widths.len(), &mut generator(seed, CORNER_STREAM));
                let corner: Vec<f64> = widths.iter().zip(&signs).map(|(w, s)| w * s).collect();
                let axes = [
                    AxisFacts {
                        label: format!("towards the worst point, φ = {:.3} % at 1", found.phi),
                        rule: format!(
                            "to the worst point within |zᵢ| ≤ {size} (|wᵢ| + 1) of the {over} loss, sign-gradient ascent over growing boxes, {} gradients (Keskar et al. 2017)",
                            found.gradients
                        ),
                    },
                    AxisFacts {
                        label: "towards a random corner".into(),
                        rule: format!("to a random corner of the same box, seed {seed}"),
                    },
                ];
                let directions = [worst, &corner].map(|z| still.with_trainable(z));
                Ok((directions.to_vec(), axes.to_vec()))
            }
        }
    }
}

impl Work for Finder {
    type Found = ();

    fn step(&mut self) -> Result<Step> {
        let more = match &mut self.search {
            Search::Eigenvectors(lanczos, latest) => match lanczos.step(&mut self.objective)? {
                Some(found) => {
                    *latest = Some(found);
                    true
                }
                None => false,
            },
            Search::Worst(curve, _, latest) => match curve.step(&mut self.objective)? {
                Advance::Working => true,
                Advance::Point(point) => {
                    *latest = Some(point);
                    true
                }
                Advance::Done => false,
            },
        };
        self.steps.0 += usize::from(more);
        Ok(if more { Step::More } else { Step::Done })
    }

    fn progress(&self) -> Progress {
        Progress {
            what: match &self.search {
                Search::Eigenvectors(..) => "Eigenvectors".into(),
                Search::Worst(..) => "Worst point of the box".into(),
            },
            unit: "step",
            done: self.steps.0,
            total: self.steps.1.max(self.steps.0),
        }
    }

    fn found(&self) -> &() {
        &()
    }

    fn finish(self) {}
}

/// The directions of a plane, where they are to be searched for.
///
/// # Errors
/// As [`Finder`].
pub fn find(
    directions: &Directions,
    inputs: &Inputs,
    setup: &Setup,
    centre: &Params,
) -> Result<Option<Pair>> {
    if !directions.are_found() {
        return Ok(None);
    }
    let (evaluator, _, splits) = inputs.evaluator(setup)?;
    let split = splits
        .first()
        .ok_or_else(|| Error::Usage("no samples to find directions with".into()))?;
    let Some(mut finder) = Finder::new(directions, setup, &evaluator, split, centre)? else {
        return Ok(None);
    };
    while finder.step()? == Step::More {}
    finder.pair().map(Some)
}
