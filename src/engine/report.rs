//! The report: everything there is to measure for two checkpoints, one part after another.
//!
//! Each part is the job of another command. A part that is stopped or fails is left out and said to
//! be; what is finished stays.

mod part;

use crate::engine;
use crate::engine::drive::{Flow, guarded};
use crate::engine::header::Header;
use crate::engine::inputs::{Inputs, check_finite, open_checkpoint};
use crate::engine::job::{CENTRES, Job, ReportJob};
use crate::engine::live::sharpness::{CURVE_ITERATIONS, epsilons};
use crate::engine::local::Place;
use crate::engine::local::curvature::{self, CurvatureResult};
use crate::engine::local::noise::{self, NoiseResult};
use crate::engine::result::Outcome;
use crate::engine::sharpness::{self, SharpnessReport};
use crate::error::{Error, Result};
use crate::landscape::distance::{Distance, between};
use crate::landscape::evaluate::gradient::StatisticsMode;
use crate::landscape::sharpness::curve::{Advance, Curve, CurvePoint};
use crate::landscape::sharpness::region::Region;
use crate::landscape::slice::Geometry;
pub use part::Part;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

/// What was measured; `None` where it wasn't. Pairs are small batch, large batch.
#[derive(Debug, Clone)]
pub struct Report {
    /// How; its checkpoints are small batch, large batch and, where it was named, the start.
    pub header: Header,
    /// What was asked for.
    pub job: ReportJob,
    /// Whether the network has running statistics.
    pub has_statistics: bool,
    /// The large-batch minimizer seen from the small-batch one.
    pub between: Distance,
    /// Both seen from the start.
    pub from_start: Option<[Distance; 2]>,
    /// Loss and accuracy between both.
    pub line: Option<Outcome>,
    /// Planes around [`CENTRES`].
    pub surfaces: [Option<Outcome>; 3],
    /// φ in full space and the sharpnesses of other papers.
    pub sharpness: Option<SharpnessReport>,
    /// φ in a random subspace.
    pub subspace: Option<SharpnessReport>,
    /// φ along ε.
    pub curves: [Option<PhiCurve>; 2],
    /// Eigenvalues, trace, density, along the gradient and along the line.
    pub curvature: [Option<CurvatureResult>; 2],
    /// Gradient noise.
    pub noise: [Option<NoiseResult>; 2],
    /// |λ_min/λ_max| over planes.
    pub maps: [Option<CurvatureResult>; 2],
    /// What isn't there, and why.
    pub gaps: Vec<Gap>,
}

/// φ at a list of ε, each box starting from the worst point of the smaller one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhiCurve {
    /// How.
    #[serde(rename = "recipe")]
    pub header: Header,
    /// Steps at each ε, besides the two that choose its start.
    pub iterations: usize,
    /// ε ascending.
    pub points: Vec<CurvePoint>,
}

/// A part that isn't there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Which one.
    #[serde(serialize_with = "part::as_words")]
    pub part: Part,
    /// Why.
    pub reason: String,
    /// Whether the user stopped it; false: it failed.
    pub stopped: bool,
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// What is being measured.
    pub part: Part,
    /// Which of [`Part::asked`] that is, from 0.
    pub number: usize,
    /// Steps of it done.
    pub done: usize,
    /// Steps of it in all, as far as is known.
    pub total: usize,
}

/// Sees every step and, before each part, what is measured until then.
pub type Observer<'a> = &'a mut dyn FnMut(Pulse, Option<&Report>) -> Flow;

/// Steps done and in all go in; whether to go on comes out.
type Tell<'a> = &'a mut dyn FnMut(usize, usize) -> Flow;

/// Measures everything, until the observer stops it.
///
/// # Errors
/// Where checkpoints, network, data or device can't be opened. A part that fails later is one of the
/// report's gaps.
pub fn run(job: &ReportJob, observer: Observer<'_>) -> Result<Report> {
    let start = Instant::now();
    let mut report = guarded(|| open(job))?;
    let mut stopped = false;
    for (number, part) in Part::asked(job).into_iter().enumerate() {
        let pulse = |done, total| Pulse {
            part,
            number,
            done,
            total,
        };
        report.header.elapsed_seconds = start.elapsed().as_secs_f64();
        // Who has stopped the work isn't asked again.
        stopped = stopped || observer(pulse(0, 1), Some(&report)) == Flow::Stop;
        let result = if stopped {
            Ok(false)
        } else {
            let mut tell = |done, total| {
                stopped = stopped || observer(pulse(done, total), None) == Flow::Stop;
                if stopped { Flow::Stop } else { Flow::Continue }
            };
            guarded(|| report.measure(part, &mut tell))
        };
        let reason = match result {
            Ok(true) => continue,
            Ok(false) => "stopped before it was finished".to_owned(),
            Err(error) => error.to_string(),
        };
        report.gaps.push(Gap {
            part,
            reason,
            stopped,
        });
    }
    report.header.elapsed_seconds = start.elapsed().as_secs_f64();
    report.header.complete = report.complete();
    Ok(report)
}

/// Opens everything once, so that what can't be opened is said before hours of work.
fn open(job: &ReportJob) -> Result<Report> {
    let [small_path, large_path] = job.pair()?;
    let state = open_checkpoint(&small_path, job.setup.key.as_deref())?;
    let mut inputs = Inputs::open(&job.setup, &state)?;
    let small = inputs.point_of(&small_path, &state, "small batch")?;
    let large = inputs.point(&large_path, "large batch")?;
    let start = job
        .start()
        .map(|path| inputs.point(&path, "start"))
        .transpose()?;
    for (path, point) in [(&small_path, &small), (&large_path, &large)] {
        check_finite(path, point.tensors())?;
    }
    let seen = between(&large, &small);
    if seen.total == 0.0 {
        return Err(Error::Slice(
            "both checkpoints hold the same weights: there is nothing to compare".into(),
        ));
    }
    let (_, device, splits) = inputs.evaluator(&job.setup)?;
    if splits.is_empty() {
        return Err(Error::Usage("the data has no samples in this split".into()));
    }
    let mut header = inputs.header(job.clone(), Vec::new(), Geometry::default());
    header.measured_over(&job.setup);
    header.device = device.name;
    Ok(Report {
        header,
        job: job.clone(),
        has_statistics: inputs.network.has_statistics(),
        between: seen,
        from_start: start.map(|start| [&small, &large].map(|end| between(end, &start))),
        line: None,
        surfaces: [None, None, None],
        sharpness: None,
        subspace: None,
        curves: [None, None],
        curvature: [None, None],
        noise: [None, None],
        maps: [None, None],
        gaps: Vec::new(),
    })
}

impl Report {
    /// What there is while the parts from `number` on aren't measured yet, which it says.
    #[must_use]
    pub fn so_far(&self, number: usize) -> Self {
        let mut report = self.clone();
        let coming = Part::asked(&self.job).into_iter().skip(number);
        report.header.complete = false;
        report.gaps.extend(coming.map(|part| Gap {
            part,
            reason: "not measured yet".into(),
            stopped: true,
        }));
        report
    }

    /// Whether nothing is missing.
    pub fn complete(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Measures one part; false: stopped before its end, and left out.
    fn measure(&mut self, part: Part, tell: Tell<'_>) -> Result<bool> {
        let job = &self.job;
        let mut warnings = Vec::new();
        let done = match part {
            Part::Line => {
                let found = outcome(&Job::Line(job.line()?), tell)?;
                keep(&mut self.line, found, |o| {
                    warnings.clone_from(&o.header.warnings);
                })
            }
            Part::Contour(which) => {
                let found = outcome(&Job::Surface(job.surface(CENTRES[which])?), tell)?;
                let slot = &mut self.surfaces[which];
                keep(slot, found, |o| warnings.clone_from(&o.header.warnings))
            }
            Part::Sharpness | Part::Subspace => {
                let (job, slot) = match part {
                    Part::Sharpness => (job.sharpness()?, &mut self.sharpness),
                    _ => (job.subspace()?, &mut self.subspace),
                };
                let found = sharpness::run(&job, false, &mut |_, now| tell(now.done, now.total))?;
                let found = Some(found).filter(|r| r.header.complete);
                keep(slot, found, |r| warnings.clone_from(&r.header.warnings))
            }
            Part::Curve(which) => {
                let found = curve(job, which, tell)?;
                let slot = &mut self.curves[which];
                keep(slot, found, |c| warnings.clone_from(&c.header.warnings))
            }
            Part::Curvature(which) | Part::Map(which) => {
                let (job, slot) = match part {
                    Part::Map(_) => (job.map(which)?, &mut self.maps[which]),
                    _ => (job.curvature(which)?, &mut self.curvature[which]),
                };
                let found = curvature::run(&job, &mut |_, now| tell(now.done, now.total))?;
                let found = Some(found).filter(|r| r.header.complete);
                keep(slot, found, |r| warnings.clone_from(&r.header.warnings))
            }
            Part::Noise(which) => {
                let job = job.noise(which)?;
                let found = noise::run(&job, &mut |_, now| tell(now.done, now.total))?;
                let found = Some(found).filter(|r| r.header.complete);
                let slot = &mut self.noise[which];
                keep(slot, found, |r| warnings.clone_from(&r.header.warnings))
            }
        };
        self.header.warn(warnings);
        Ok(done)
    }
}

/// Keeps what was found, and lets `look` see it; false where there is nothing.
fn keep<T>(slot: &mut Option<T>, found: Option<T>, look: impl FnOnce(&T)) -> bool {
    if let Some(found) = &found {
        look(found);
    }
    *slot = found;
    slot.is_some()
}

/// A finished line or surface.
fn outcome(job: &Job, tell: Tell<'_>) -> Result<Option<Outcome>> {
    let found = engine::run(job, None, &mut |_, now| tell(now.done, now.total))?;
    Ok(Some(found).filter(|o| o.missing() == 0))
}

/// φ along ε, as the window draws it.
fn curve(job: &ReportJob, which: usize, tell: Tell<'_>) -> Result<Option<PhiCurve>> {
    let path = &job.pair()?[which];
    let place = Place::open(Some(path), job.clone())?;
    let mut objective = place.objective(StatisticsMode::Running);
    let region = Region::full(&place.theta.flatten());
    let every = if job.quick { 2 } else { 1 };
    let epsilons: Vec<f64> = epsilons().into_iter().step_by(every).collect();
    let mut curve = Curve::new(Arc::new(region), &epsilons, CURVE_ITERATIONS)?;
    let mut found = PhiCurve {
        header: place.header.clone(),
        iterations: CURVE_ITERATIONS,
        points: Vec::new(),
    };
    loop {
        match curve.step(&mut objective)? {
            Advance::Done => break,
            Advance::Working => {}
            Advance::Point(point) => found.points.push(point),
        }
        if tell(found.points.len(), epsilons.len()) == Flow::Stop {
            return Ok(None);
        }
    }
    found.header.complete = true;
    found.header.elapsed_seconds = place.elapsed();
    Ok(Some(found))
}
