//! The curvature job: eigenvalues, trace, density, curvature along lines and over a plane.

use super::limits::{eigenvalue_warning, rounding, vectors_within};
use super::place::Place;
use super::series::{Measured, Series, Stage};
use crate::engine::header::Header;
use crate::engine::job::{CurvatureJob, Request as _};
use crate::engine::work::{Observer, Progress, drive, guarded};
use crate::error::{Error, Result};
use crate::landscape::curvature::density::{Density, DensityOptions};
use crate::landscape::curvature::lanczos::{Eigenvalues, LanczosOptions};
use crate::landscape::curvature::line::LinePoint;
use crate::landscape::curvature::ratio::{RATIO_SHARE, RatioGrid, RatioMap};
use crate::landscape::curvature::trace::{Trace, TraceOptions};
use crate::landscape::curvature::variation::{VariationPoint, VariationSummary};
use crate::landscape::curvature::vector::norm;
use crate::landscape::direction::{Normalization, OneDim, normalise, random};
use crate::landscape::evaluate::gradient::StatisticsMode;
use crate::landscape::grid::{Axis, Coordinate, coarse_first};
use crate::landscape::measures;
use crate::landscape::measures::curves;
use crate::landscape::measures::found::Found;
use crate::landscape::measures::measuring::Measuring;
use crate::landscape::objective::Objective as _;
use crate::model::params::Params;
use crate::plot::number::power;
use serde::Serialize;
use std::sync::Arc;

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

/// Measures what the job asks for, the cheapest first; the observer may stop it after any step.
///
/// # Errors
/// Whatever opening or computing says.
pub fn run(job: &CurvatureJob, observer: Observer<'_, CurvatureResult>) -> Result<CurvatureResult> {
    drive(guarded(|| start(job))?, observer)
}

/// Everything opened, and nothing measured but the loss and the gradient.
///
/// # Errors
/// Whatever opening says; where the loss isn't finite at the point.
pub fn start(job: &CurvatureJob) -> Result<Series<CurvatureResult>> {
    job.check()?;
    let mut place = Place::open(job.file.as_deref(), job.clone())?;
    let target = match &job.to {
        Some(file) => Some(place.another(file, "end of the line")?),
        None => None,
    };
    let mut objective = place.objective(job.statistics);
    let point = Arc::new(place.theta.flatten());
    let (loss, gradient) = objective.gradient(&point)?;
    let gradient_norm = norm(&gradient);
    if !(loss.is_finite() && gradient_norm.is_finite()) {
        return Err(Error::Slice(
            "the loss or its gradient isn't finite here: there is no curvature to measure; check the weights and the data's normalisation, or compute in --precision f64".into(),
        ));
    }
    let direction = target.map(|target| target.minus(&place.theta).flatten());
    let result = CurvatureResult {
        header: place.header,
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
    let stages = stages(&point, place.theta, direction);
    Ok(Series::new(objective, result, stages))
}

fn stages(
    point: &Arc<Vec<f64>>,
    theta: Params,
    direction: Option<Vec<f64>>,
) -> Vec<Stage<CurvatureResult>> {
    let at = || {
        let point = Arc::clone(point);
        move || point.to_vec()
    };
    let [spectrum, trace, density, gradient, line] = [at(), at(), at(), at(), at()];
    vec![
        Stage::noting(
            move |found: &mut CurvatureResult| {
                let options = found.lanczos(spectrum().len());
                (found.job.top > 0).then(|| measures::eigenvalues::measuring(spectrum(), options))
            },
            |found: &mut CurvatureResult| {
                let last = found.eigenvalues.as_ref();
                let warning = last.and_then(|e| eigenvalue_warning(e, found.job.tolerance));
                found.header.warn(warning);
            },
        ),
        Stage::new(move |found: &mut CurvatureResult| {
            let options = TraceOptions {
                probes: found.job.probes,
                tolerance: 0.0,
                seed: found.job.setup.seed,
            };
            found
                .job
                .trace
                .then(|| measures::trace::measuring(trace(), options))
        }),
        Stage::new(move |found: &mut CurvatureResult| {
            let point = found.job.density.then(density)?;
            let options = found.density_options(point.len());
            Some(measures::density::measuring(point, options))
        }),
        Stage::noting(
            move |found: &mut CurvatureResult| {
                let rates = found.job.along_gradient?.values();
                Some(curves::along_gradient(gradient(), rates))
            },
            CurvatureResult::note_gradient,
        ),
        Stage::new(move |found: &mut CurvatureResult| {
            let at = found.job.alpha.values();
            Some(curves::along_line(line(), direction?, at))
        }),
        Stage::new(move |found: &mut CurvatureResult| {
            let axis = found.job.map?;
            Some(found.begin_map(&theta, axis))
        }),
    ]
}

impl CurvatureResult {
    fn lanczos(&self, parameters: usize) -> LanczosOptions {
        let job = &self.job;
        LanczosOptions {
            top: job.top,
            smallest: true,
            tolerance: job.tolerance,
            most_products: job.most_products,
            most_vectors: vectors_within(job.setup.memory.0, parameters),
            seed: job.setup.seed,
            rounding: rounding(job.setup.precision),
            ..LanczosOptions::default()
        }
    }

    /// What is asked of the density; where it takes more memory than allowed that is noted.
    fn density_options(&mut self, parameters: usize) -> DensityOptions {
        let job = &self.job;
        let options = DensityOptions {
            probes: job.density_probes,
            steps: job.density_steps,
            seed: job.setup.seed,
        };
        let steps = options.steps.min(parameters);
        if steps > vectors_within(job.setup.memory.0, parameters) {
            let bytes = steps * parameters * size_of::<f64>();
            self.header.warn([format!(
                "the {steps} vectors of a density of so many steps take {} MB, more than --memory",
                bytes >> 20
            )]);
        }
        options
    }

    /// What a reader should know of the steps along the gradient.
    fn note_gradient(&mut self) {
        let points = &self.along_gradient;
        let lost = points.iter().filter(|p| !p.is_finite()).count();
        if lost > 0 {
            self.header.warn([format!(
                "along the gradient the loss or its gradient isn't finite at {lost} of {} steps: the ranges are over the others",
                points.len()
            )]);
        }
        if self.gradient_norm == 0.0 {
            let words = "the gradient is zero here: no step along it leads anywhere";
            self.header.warn([words.to_owned()]);
        }
    }

    /// Makes room for the map over the plane around θ, and starts it.
    fn begin_map(&mut self, theta: &Params, axis: Axis) -> Measuring {
        let seed = self.job.setup.seed;
        let (rule, one_dim) = (Normalization::Filter, OneDim::Zero);
        let directions: Vec<_> = (0..2)
            .map(|stream| normalise(&random(theta.layout(), seed, stream), theta, rule, one_dim))
            .collect();
        let at = axis.values();
        let n = at.len();
        let coordinates: Vec<Coordinate> = (0..n * n).map(|i| vec![at[i % n], at[i / n]]).collect();
        let tolerance = self.job.tolerance;
        self.map = Some(RatioGrid {
            norms: directions.iter().map(Params::norm).collect(),
            rule: format!(
                "Gaussian, seed {seed}, {}, {}; residuals up to {} of λ_max, {} for λ_min where it is small; normalisation statistics {}",
                rule.describe(),
                one_dim.describe(),
                power(tolerance),
                power(tolerance * RATIO_SHARE),
                match self.job.statistics {
                    StatisticsMode::Running => "frozen",
                    StatisticsMode::Batch => "of each batch (train mode)",
                }
            ),
            ..RatioGrid::blank(at.clone(), at)
        });
        let flat = directions.iter().map(Params::flatten).collect();
        let order = coarse_first(n, n);
        let options = self.lanczos(theta.count());
        let map = RatioMap::new(theta.flatten(), flat, coordinates, order, options);
        curves::map(map, n * n)
    }
}

impl Measured for CurvatureResult {
    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn put(&mut self, found: Found) {
        match found {
            Found::Eigenvalues(found) => self.eigenvalues = Some(found),
            Found::Trace(found) => self.trace = Some(found),
            Found::Density(found) => self.density = Some(found),
            Found::AlongGradient(point, summary) => {
                self.along_gradient.push(point);
                self.variation = summary;
            }
            Found::AlongLine(point) => self.line.push(point),
            Found::Cell(cell) => {
                if let Some(grid) = &mut self.map {
                    grid.put(cell);
                }
            }
            _ => {}
        }
    }

    fn stopped(&mut self, _: &Progress) {
        if !self.along_gradient.is_empty() {
            self.note_gradient();
        }
    }
}
