//! The curvature job: eigenvalues, trace, density, curvature along lines and over a plane.

use super::limits::{eigenvalue_warning, rounding, vectors_within};
use super::place::{Place, Pulse, pull};
use crate::engine::drive::{Flow, guarded};
use crate::engine::header::Header;
use crate::engine::job::{CurvatureJob, Request as _};
use crate::error::{Error, Result};
use crate::landscape::curvature::density::{Density, DensityOptions, Quadrature};
use crate::landscape::curvature::lanczos::{Eigenvalues, Lanczos, LanczosOptions};
use crate::landscape::curvature::line::{LineCurvature, LinePoint};
use crate::landscape::curvature::ratio::{RATIO_SHARE, RatioMap};
use crate::landscape::curvature::trace::{Hutchinson, Trace, TraceOptions};
use crate::landscape::curvature::variation::{Variation, VariationPoint, VariationSummary};
use crate::landscape::curvature::vector::norm;
use crate::landscape::direction::{Normalization, OneDim, normalise, random};
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::landscape::grid::{Coordinate, coarse_first};
use crate::landscape::objective::Objective as _;
use crate::plot::number::power;
use serde::{Deserialize, Serialize};

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurvatureResult {
    /// How.
    #[serde(skip)]
    pub header: Header,
    /// What was asked for, which the header holds for files.
    #[serde(skip)]
    pub job: CurvatureJob,
    /// Mean loss, nats.
    pub loss: f64,
    /// ‖∇f‖₂
    pub gradient_norm: f64,
    /// Extreme eigenvalues.
    pub eigenvalues: Option<Eigenvalues>,
    /// Trace and Frobenius norm.
    pub trace: Option<Trace>,
    /// Density of all eigenvalues.
    pub density: Option<Density>,
    /// Along the gradient, in the order of the learning rates.
    pub along_gradient: Vec<VariationPoint>,
    /// The same in a few numbers.
    pub variation: Option<VariationSummary>,
    /// Along the line to another checkpoint.
    pub line: Vec<LinePoint>,
    /// Over a plane.
    pub map: Option<RatioGrid>,
}

/// |λ_min/λ_max| over a plane; NaN (null in JSON) where it wasn't computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RatioGrid {
    /// Coordinates of the columns.
    pub x: Vec<f64>,
    /// Coordinates of the rows.
    pub y: Vec<f64>,
    /// λ_max, row by row.
    pub largest: Vec<f64>,
    /// λ_min, row by row.
    pub smallest: Vec<f64>,
    /// |λ_min/λ_max|, row by row.
    pub ratio: Vec<f64>,
    /// Whether each was computed; one that was may still be NaN, where the loss overflows.
    #[serde(default)]
    pub computed: Vec<bool>,
    /// Norms of the two directions.
    pub norms: Vec<f64>,
    /// How the directions were made.
    pub rule: String,
}

/// Sees the result so far after every step.
pub type CurvatureObserver<'a> = &'a mut dyn FnMut(&CurvatureResult, Pulse) -> Flow;

/// Measures what the job asks for, the cheapest first.
///
/// # Errors
/// Whatever opening or computing says.
pub fn run(job: &CurvatureJob, observer: CurvatureObserver<'_>) -> Result<CurvatureResult> {
    job.check()?;
    guarded(|| {
        let mut place = Place::open(job.file.as_deref(), job.clone())?;
        let target = match &job.to {
            Some(file) => Some(place.another(file, "end of the line")?),
            None => None,
        };
        let mut objective = place.objective(job.statistics);
        let point = place.theta.flatten();
        let (loss, gradient) = objective.gradient(&point)?;
        let gradient_norm = norm(&gradient);
        if !(loss.is_finite() && gradient_norm.is_finite()) {
            return Err(Error::Slice(
                "the loss or its gradient isn't finite here: there is no curvature to measure; check the weights and the data's normalisation, or compute in --precision f64".into(),
            ));
        }
        let mut result = CurvatureResult {
            header: place.header.clone(),
            job: job.clone(),
            loss,
            gradient_norm,
            eigenvalues: None,
            trace: None,
            density: None,
            along_gradient: Vec::new(),
            variation: None,
            line: Vec::new(),
            map: None,
        };
        let work = Work {
            job,
            place: &place,
            point,
        };
        let complete = work.eigenvalues(&mut objective, &mut result, observer)?
            && work.trace(&mut objective, &mut result, observer)?
            && work.density(&mut objective, &mut result, observer)?
            && work.along_gradient(&mut objective, &mut result, observer)?
            && match target {
                Some(target) => {
                    let direction = target.minus(&place.theta).flatten();
                    work.line(direction, &mut objective, &mut result, observer)?
                }
                None => true,
            }
            && work.map(&mut objective, &mut result, observer)?;
        result.header.complete = complete;
        result.header.elapsed_seconds = place.elapsed();
        Ok(result)
    })
}

/// What the parts of a job share.
struct Work<'a> {
    job: &'a CurvatureJob,
    place: &'a Place,
    point: Vec<f64>,
}

impl Work<'_> {
    fn lanczos(&self) -> LanczosOptions {
        LanczosOptions {
            top: self.job.top,
            smallest: true,
            tolerance: self.job.tolerance,
            most_products: self.job.most_products,
            most_vectors: vectors_within(self.job.setup.memory.0, self.point.len()),
            seed: self.job.setup.seed,
            rounding: rounding(self.job.setup.precision),
            ..LanczosOptions::default()
        }
    }

    fn show(
        &self,
        result: &mut CurvatureResult,
        observer: &mut dyn FnMut(&CurvatureResult, Pulse) -> Flow,
        pulse: Pulse,
    ) -> Flow {
        result.header.elapsed_seconds = self.place.elapsed();
        observer(result, pulse)
    }

    fn eigenvalues(
        &self,
        objective: &mut NetworkObjective,
        result: &mut CurvatureResult,
        observer: CurvatureObserver<'_>,
    ) -> Result<bool> {
        if self.job.top == 0 {
            return Ok(true);
        }
        let mut lanczos = Lanczos::new(self.point.clone(), self.lanczos());
        let mut done = 0;
        let finished = pull(
            || lanczos.step(objective),
            |found| {
                done += 1;
                result.eigenvalues = Some(found);
                let total = self.job.most_products.min(self.point.len());
                self.show(
                    result,
                    observer,
                    Pulse {
                        what: "eigenvalues",
                        done,
                        total,
                    },
                )
            },
        )?;
        let last = result.eigenvalues.as_ref().filter(|_| finished);
        let warning = last.and_then(|found| eigenvalue_warning(found, self.job.tolerance));
        result.header.warnings.extend(warning);
        Ok(finished)
    }

    fn trace(
        &self,
        objective: &mut NetworkObjective,
        result: &mut CurvatureResult,
        observer: CurvatureObserver<'_>,
    ) -> Result<bool> {
        if !self.job.trace {
            return Ok(true);
        }
        let options = TraceOptions {
            probes: self.job.probes,
            tolerance: 0.0,
            seed: self.job.setup.seed,
        };
        let mut hutchinson = Hutchinson::new(self.point.clone(), options).several_at_a_time();
        pull(
            || hutchinson.step(objective),
            |found| {
                result.trace = Some(found);
                let (done, total) = (found.products, self.job.probes);
                self.show(
                    result,
                    observer,
                    Pulse {
                        what: "trace",
                        done,
                        total,
                    },
                )
            },
        )
    }

    fn density(
        &self,
        objective: &mut NetworkObjective,
        result: &mut CurvatureResult,
        observer: CurvatureObserver<'_>,
    ) -> Result<bool> {
        if !self.job.density {
            return Ok(true);
        }
        let options = DensityOptions {
            probes: self.job.density_probes,
            steps: self.job.density_steps,
            seed: self.job.setup.seed,
        };
        let steps = options.steps.min(self.point.len());
        if steps > vectors_within(self.job.setup.memory.0, self.point.len()) {
            let bytes = steps * self.point.len() * size_of::<f64>();
            result.header.warnings.push(format!(
                "the {steps} vectors of a density of so many steps take {} MB, more than --memory",
                bytes >> 20
            ));
        }
        let mut quadrature = Quadrature::new(self.point.clone(), options);
        pull(
            || quadrature.step(objective),
            |found| {
                let done = found.products;
                let total = options.probes * options.steps.min(self.point.len());
                result.density = Some(found);
                self.show(
                    result,
                    observer,
                    Pulse {
                        what: "density",
                        done,
                        total,
                    },
                )
            },
        )
    }

    fn along_gradient(
        &self,
        objective: &mut NetworkObjective,
        result: &mut CurvatureResult,
        observer: CurvatureObserver<'_>,
    ) -> Result<bool> {
        let Some(axis) = self.job.along_gradient else {
            return Ok(true);
        };
        let mut variation = Variation::new(self.point.clone(), axis.values());
        let finished = pull(
            || variation.step(objective),
            |point| {
                result.along_gradient.push(point);
                let (done, total) = (result.along_gradient.len(), axis.points);
                self.show(
                    result,
                    observer,
                    Pulse {
                        what: "along the gradient",
                        done,
                        total,
                    },
                )
            },
        )?;
        result.variation = variation.summary();
        let points = &result.along_gradient;
        let lost = points.iter().filter(|p| !p.is_finite()).count();
        let warnings = &mut result.header.warnings;
        if lost > 0 {
            warnings.push(format!(
                "along the gradient the loss or its gradient isn't finite at {lost} of {} steps: the ranges are over the others",
                points.len()
            ));
        }
        if result.gradient_norm == 0.0 {
            warnings.push("the gradient is zero here: no step along it leads anywhere".into());
        }
        Ok(finished)
    }

    fn line(
        &self,
        direction: Vec<f64>,
        objective: &mut NetworkObjective,
        result: &mut CurvatureResult,
        observer: CurvatureObserver<'_>,
    ) -> Result<bool> {
        let at = self.job.alpha.values();
        let mut line = LineCurvature::new(self.point.clone(), direction, at);
        pull(
            || line.step(objective),
            |point| {
                result.line.push(point);
                let (done, total) = (result.line.len(), self.job.alpha.points);
                self.show(
                    result,
                    observer,
                    Pulse {
                        what: "line",
                        done,
                        total,
                    },
                )
            },
        )
    }

    fn map(
        &self,
        objective: &mut NetworkObjective,
        result: &mut CurvatureResult,
        observer: CurvatureObserver<'_>,
    ) -> Result<bool> {
        let Some(axis) = self.job.map else {
            return Ok(true);
        };
        let (theta, seed) = (&self.place.theta, self.job.setup.seed);
        let (rule, one_dim) = (Normalization::Filter, OneDim::Zero);
        let directions: Vec<_> = (0..2)
            .map(|stream| normalise(&random(theta.layout(), seed, stream), theta, rule, one_dim))
            .collect();
        let at = axis.values();
        let n = at.len();
        let coordinates: Vec<Coordinate> = (0..n * n).map(|i| vec![at[i % n], at[i / n]]).collect();
        let missing = vec![f64::NAN; n * n];
        result.map = Some(RatioGrid {
            x: at.clone(),
            y: at,
            largest: missing.clone(),
            smallest: missing.clone(),
            ratio: missing,
            computed: vec![false; n * n],
            norms: directions
                .iter()
                .map(crate::model::params::Params::norm)
                .collect(),
            rule: format!(
                "Gaussian, seed {seed}, {}, {}; residuals up to {} of λ_max, {} for λ_min where it is small; normalisation statistics {}",
                rule.describe(),
                one_dim.describe(),
                power(self.job.tolerance),
                power(self.job.tolerance * RATIO_SHARE),
                match self.job.statistics {
                    StatisticsMode::Running => "frozen",
                    StatisticsMode::Batch => "of each batch (train mode)",
                }
            ),
        });
        let flat = directions
            .iter()
            .map(crate::model::params::Params::flatten)
            .collect();
        let order = coarse_first(n, n);
        let mut map = RatioMap::new(self.point.clone(), flat, coordinates, order, self.lanczos());
        pull(
            || map.step(objective),
            |step| {
                if let (Some(cell), Some(grid)) = (step.finished, &mut result.map) {
                    grid.largest[cell.index] = cell.largest;
                    grid.smallest[cell.index] = cell.smallest;
                    grid.ratio[cell.index] = cell.ratio;
                    grid.computed[cell.index] = true;
                }
                let (done, total) = (step.done, step.total);
                self.show(
                    result,
                    observer,
                    Pulse {
                        what: "map",
                        done,
                        total,
                    },
                )
            },
        )
    }
}
