//! Measures on their way: what the literature measures at a point of the line, one step at a time.
//!
//! Each is an entry of the catalogue with its usual settings, so that the window and the command line
//! say the same number; here it goes out after every step, with the error it still has.

use super::convexity;
use super::open::Workbench;
use super::quantity::{MeasureNews, Quantity};
use super::surface::SurfaceWork;
use super::wish::Wish;
use crate::engine::job::Setup;
use crate::engine::local::{rounding, vectors_within};
use crate::engine::work::{Progress, Step, Work};
use crate::error::{Error, Result};
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::landscape::measures::by_part;
use crate::landscape::measures::entry::Need;
use crate::landscape::measures::measuring::Measuring;
use crate::landscape::measures::part::By;
use crate::landscape::measures::spot::{Settings, Spot};
use crate::model::params::Params;
use std::sync::Arc;

/// Lanczos vectors that must fit into memory for eigenvalues to make sense.
const FEWEST_VECTORS: usize = 30;

/// A measure being computed.
pub struct MeasureWork {
    objective: NetworkObjective,
    /// `None` where there is nothing to measure.
    measuring: Option<Measuring>,
    news: MeasureNews,
}

impl MeasureWork {
    /// Starts at θ(α), or over the plane around it.
    pub fn new(
        quantity: Quantity,
        alpha: f64,
        bench: &Workbench,
        wish: &Wish,
        plane: Option<&SurfaceWork>,
    ) -> Self {
        let setup = &wish.plane.setup;
        let map = plane
            .filter(|_| quantity == Quantity::Convexity)
            .and_then(|work| convexity::start(work, setup));
        let (theta, map) = match map {
            Some((map, centre)) => (centre, Some(map)),
            None => (bench.line.slice().at(&[alpha]).0, None),
        };
        let (split, mode) = (&bench.splits[0], StatisticsMode::Running);
        let objective = NetworkObjective::new(&bench.evaluator, &theta, split, mode);
        let begun = match problem(quantity, &theta, setup) {
            Some(problem) => Err(problem),
            None => match map {
                Some(map) => Ok(Some(map)),
                None => begin(quantity, theta, alpha, bench, wish).map_err(|e| e.to_string()),
            },
        };
        let problem = begun.as_ref().err().cloned();
        let measuring = begun.ok().flatten();
        let total = measuring.as_ref().map_or(0, |m| m.count().total);
        Self {
            objective,
            measuring,
            news: MeasureNews {
                alpha,
                quantity,
                found: None,
                steps: (0, total),
                complete: problem.is_some(),
                problem,
            },
        }
    }
}

/// The measure of a quantity at θ(α); `None` for a map, which has a plane.
fn begin(
    quantity: Quantity,
    theta: Params,
    alpha: f64,
    bench: &Workbench,
    wish: &Wish,
) -> Result<Option<Measuring>> {
    let settings = settings(wish, theta.count());
    let spot = Spot {
        samples: bench.splits[0].len(),
        other: bench.large.clone().filter(|_| alpha == 0.0),
        network: Arc::clone(bench.evaluator.network()),
        theta,
    };
    Ok(match quantity {
        Quantity::Of(entry) | Quantity::ByLayer(entry)
            if entry.needs(Need::Other) && spot.other.is_none() =>
        {
            return Err(Error::Slice(
                "it is of both minimizers together, and stands in the column of small batch".into(),
            ));
        }
        Quantity::Of(entry) => Some((entry.begin)(spot, &settings)?),
        Quantity::ByLayer(entry) => {
            let parts = By::Layer.parts(spot.theta.layout());
            Some(by_part::measuring(entry, spot, parts, settings))
        }
        Quantity::Convexity => None,
    })
}

/// The usual settings, within what the setup allows.
fn settings(wish: &Wish, parameters: usize) -> Settings {
    let setup = &wish.plane.setup;
    Settings {
        most_vectors: vectors_within(setup.memory.0, parameters).max(1),
        rounding: rounding(setup.precision),
        learning_rate: Some(wish.learning_rate),
        seed: setup.seed,
        ..Settings::default()
    }
}

/// Why a quantity can't be measured at a point, where that is known beforehand.
fn problem(quantity: Quantity, theta: &Params, setup: &Setup) -> Option<String> {
    let parameters = theta.count();
    let vectors = quantity
        .entry()
        .is_none_or(|entry| entry.needs(Need::Vectors));
    if vectors && vectors_within(setup.memory.0, parameters) < FEWEST_VECTORS {
        return Some(format!(
            "{FEWEST_VECTORS} vectors of {parameters} parameters take {} MB: allow more memory",
            (parameters * size_of::<f64>() * FEWEST_VECTORS) >> 20
        ));
    }
    let finite = theta.flatten().iter().all(|w| w.is_finite());
    (!finite).then(|| "the weights aren't finite here".into())
}

impl Work for MeasureWork {
    type Found = MeasureNews;

    fn step(&mut self) -> Result<Step> {
        let (Some(measuring), false) = (&mut self.measuring, self.news.complete) else {
            self.news.complete = true;
            return Ok(Step::Done);
        };
        let found = measuring.step(&mut self.objective);
        let count = measuring.count();
        self.news.steps = (count.done, count.total);
        match found {
            Ok(Some(found)) => self.news.found = found.or_else(|| self.news.found.take()),
            Ok(None) => self.news.complete = true,
            // Something about this point: the device is well.
            Err(Error::Slice(words) | Error::Usage(words)) => {
                self.news.problem = Some(words);
                self.news.complete = true;
            }
            Err(error) => return Err(error),
        }
        Ok(if self.news.complete {
            Step::Done
        } else {
            Step::More
        })
    }

    fn progress(&self) -> Progress {
        Progress {
            what: self.news.quantity.name().into(),
            unit: match self.news.quantity {
                Quantity::Convexity => "point",
                _ => "step",
            },
            done: self.news.steps.0,
            total: self.news.steps.1,
        }
    }

    fn found(&self) -> &MeasureNews {
        &self.news
    }

    fn finish(self) -> MeasureNews {
        self.news
    }
}
