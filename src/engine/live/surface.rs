//! One surface on its way: a coarse grid of few samples, the whole grid of few, then all samples.

use super::news::{LiveSurface, ProbeResult, Quality};
use super::open::{FEW_SAMPLES, STEP, Workbench};
use super::wish::Probe;
use crate::engine::ground::Ground;
use crate::engine::header::Header;
use crate::engine::job::{Job, Request as _, SurfaceJob};
use crate::engine::local::planes::Pair;
use crate::engine::plane;
use crate::engine::result::{Numbers, Outcome};
use crate::engine::resume::fingerprints;
use crate::engine::sampling::Sampling;
use crate::engine::surface::prepare;
use crate::engine::work::{Progress, Step, Work};
use crate::error::Result;
use crate::landscape::evaluate::Split;
use crate::landscape::grid::{Coordinate, coarse_first};
use crate::landscape::slice::Slice;
use crate::model::params::Params;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Cells of a first picture, at most: some 8 × 8.
const COARSE_CELLS: usize = 81;
/// Cells of a picture of a network so slow that anything is better than nothing.
const FEWEST_CELLS: usize = 4;
/// Where all samples take longer than this, the whole grid is first filled from few.
const WORTH_SAMPLING: Duration = Duration::from_millis(2500);

/// A surface on its way.
pub struct SurfaceWork {
    /// Where its centre stands.
    pub alpha: f64,
    /// The plane, for whoever puts points on it.
    pub ground: Arc<Ground>,
    /// Over all samples.
    full: Sampling,
    /// Over few samples, while the numbers of all are not yet better.
    few: Option<Sampling>,
    pass: Pass,
    /// Whether the last step was over few samples.
    was_of_few: bool,
    /// Samples in all, over those of the few.
    times: f64,
    /// Seconds of evaluating few samples, and the points evaluated.
    spent: (f64, usize),
    /// Cells of the first picture.
    first: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Pass {
    Coarse,
    Sampled,
    Full,
    Done,
}

impl SurfaceWork {
    /// Builds the plane of `job` and uploads it; `found`: its directions, where they were searched for.
    pub fn new(
        alpha: f64,
        job: &SurfaceJob,
        bench: &mut Workbench,
        found: Option<Pair>,
    ) -> Result<Self> {
        job.check()?;
        bench.inputs.begin_slice();
        let built = plane::build(job, &mut bench.inputs, found)?;
        let (evaluator, splits) = (&bench.evaluator, &bench.splits);
        let mut prepared = prepare(job, built, &bench.inputs, evaluator, splits, None)?;
        prepared.outcome.header.device.clone_from(&bench.device);
        let few = bench
            .few
            .as_ref()
            .map(|few| (few, of_few(&prepared.outcome)));
        let first = coarse(&prepared.outcome).len();
        let full = Sampling::new(prepared, evaluator, splits, &bench.device, STEP);
        let full = full.shared(&bench.helpers);
        let few = few.map(|(splits, outcome)| full.over(splits, outcome));
        let samples = |splits: &[Split]| splits.iter().map(Split::len).sum::<usize>();
        let times = bench.few.as_ref().map_or(1.0, |few| {
            samples(splits) as f64 / samples(few).max(1) as f64
        });
        let (network, assumed) = (&bench.inputs.network, &bench.inputs.model.assumptions);
        let ground = Ground::new(
            full.slice().shared(),
            Arc::clone(network),
            assumed.clone(),
            bench.inputs.data.description.clone(),
        );
        let mut work = Self {
            alpha,
            ground: Arc::new(ground),
            full,
            pass: Pass::Coarse,
            was_of_few: few.is_some(),
            few,
            times,
            spent: (0.0, 0),
            first,
        };
        work.begin(if work.few.is_some() {
            Pass::Coarse
        } else {
            Pass::Full
        });
        Ok(work)
    }

    fn begin(&mut self, pass: Pass) {
        self.pass = pass;
        match (pass, &mut self.few) {
            (Pass::Coarse, Some(few)) => few.begin(coarse(few.found())),
            (Pass::Sampled, Some(few)) => few.begin(few.found().order()),
            (Pass::Full, _) => {
                // Whoever goes on from its file can tell these directions from others. A first picture
                // doesn't wait for that.
                let directions = fingerprints(&self.slice().directions);
                self.full.outcome_mut().header.fingerprints.directions = directions;
            }
            _ => {}
        }
    }

    /// Whether the first picture is still to come.
    pub fn is_coarse(&self) -> bool {
        done(self.found()).0 < self.first
    }

    /// Whether there is a picture of the whole grid, if only of few samples.
    pub fn is_whole(&self) -> bool {
        self.found().missing() == 0
    }

    /// The nearest point of the plane, its distance from the centre and the share of it outside.
    pub fn project(&self, point: &Params) -> ([f64; 2], f64, f64) {
        let slice = self.slice();
        let distance = point.minus(&slice.origin).norm();
        let seen = slice.project(point);
        let at = |i| seen.coordinate.get(i).copied().unwrap_or(0.0);
        ([at(0), at(1)], distance, seen.outside)
    }

    /// The plane.
    pub fn slice(&self) -> &Slice {
        self.full.slice().slice()
    }

    /// From where to where it reaches along both axes; `None` where an axis is a single point.
    pub fn extent(&self) -> Option<[(f64, f64); 2]> {
        let Numbers::Surface(surface) = &self.full.found().numbers else {
            return None;
        };
        let ends = |v: &[f64]| Some((*v.first()?, *v.last()?)).filter(|(a, b)| a != b);
        Some([ends(&surface.x)?, ends(&surface.y)?])
    }

    /// Names of both axes.
    pub fn axes(&self) -> [String; 2] {
        let axes = &self.full.found().header.axes;
        [0, 1].map(|i| axes.get(i).map_or_else(String::new, |a| a.label.clone()))
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        self.pass == Pass::Done
    }

    /// Exact metrics at points of the plane.
    pub fn probe(&self, bench: &Workbench, probes: &[Probe]) -> Result<Vec<ProbeResult>> {
        let coordinates: Vec<Coordinate> = probes.iter().map(|p| vec![p.x, p.y]).collect();
        let splits: Vec<&Split> = bench.splits.iter().collect();
        let slice = self.full.slice();
        let found = bench.evaluator.evaluate(slice, &coordinates, &splits)?;
        let results = probes
            .iter()
            .zip(found)
            .map(|(&probe, metrics)| ProbeResult {
                probe,
                alpha: self.alpha,
                metrics,
            });
        Ok(results.collect())
    }

    fn next_pass(&self) -> Pass {
        match self.pass {
            Pass::Coarse => {
                let each = self.spent.0 / self.spent.1.max(1) as f64 * self.times;
                if each * self.full.found().points() as f64 > WORTH_SAMPLING.as_secs_f64() {
                    Pass::Sampled
                } else {
                    Pass::Full
                }
            }
            Pass::Sampled => Pass::Full,
            Pass::Full | Pass::Done => Pass::Done,
        }
    }

    fn full_is_better(&self, few: &Outcome) -> bool {
        let outcome = self.full.found();
        self.pass == Pass::Full && done(outcome).0 >= done(few).0.min(outcome.points())
    }

    /// What there is to show; `None` before the first picture is whole.
    pub fn picture(&self) -> Option<LiveSurface> {
        let outcome = self.found();
        let quality = match (&self.few, self.pass) {
            (_, Pass::Done) => Quality::Full,
            (Some(few), _) if std::ptr::eq(outcome, few.found()) => {
                if few.found().missing() == 0 {
                    Quality::Sampled(FEW_SAMPLES)
                } else {
                    Quality::Coarse(FEW_SAMPLES)
                }
            }
            _ => Quality::Filling,
        };
        let cells = outcome.points() - outcome.missing();
        let shows = cells >= self.first || self.slow() && cells >= FEWEST_CELLS;
        shows.then(|| LiveSurface {
            alpha: self.alpha,
            outcome: outcome.clone(),
            quality,
            version: 0,
        })
    }

    /// Whether single points take so long that anything is better than nothing.
    fn slow(&self) -> bool {
        let of_few = self.few.as_ref().filter(|_| self.was_of_few);
        of_few.unwrap_or(&self.full).points_a_step() == 1
    }
}

impl Work for SurfaceWork {
    type Found = Outcome;

    fn step(&mut self) -> Result<Step> {
        let few = self.few.as_mut().filter(|_| self.pass < Pass::Full);
        self.was_of_few = few.is_some();
        let started = Instant::now();
        let end = match few {
            Some(few) => {
                let before = few.begun().0;
                let end = few.step()?;
                self.spent.0 += started.elapsed().as_secs_f64();
                self.spent.1 += few.begun().0 - before;
                end
            }
            None => self.full.step()?,
        };
        if end == Step::Done {
            self.begin(self.next_pass());
        }
        Ok(if self.is_done() {
            Step::Done
        } else {
            Step::More
        })
    }

    /// The grid and the pass that runs; another pass begins anew, however much its predecessor has drawn.
    fn progress(&self) -> Progress {
        let grid = match &self.full.found().numbers {
            Numbers::Surface(surface) => format!("{} × {}", surface.x.len(), surface.y.len()),
            _ => String::new(),
        };
        let (what, (done, total)) = match (self.pass, &self.few) {
            (Pass::Coarse, Some(few)) => (format!("{grid}, a first coarse pass"), few.begun()),
            (Pass::Sampled, Some(few)) => (
                format!("{grid}, a first pass of {FEW_SAMPLES} samples"),
                done(few.found()),
            ),
            _ => (grid, done(self.full.found())),
        };
        Progress {
            what: what.into(),
            unit: "point",
            done,
            total,
        }
    }

    /// The numbers best to show: those of all samples, as soon as they are no coarser.
    fn found(&self) -> &Outcome {
        match self.few.as_ref().map(Work::found) {
            Some(few) if self.pass != Pass::Done && !self.full_is_better(few) => few,
            _ => self.full.found(),
        }
    }

    fn header(&mut self) -> Option<&mut Header> {
        match &mut self.few {
            Some(few) if self.was_of_few => few.header(),
            _ => self.full.header(),
        }
    }

    fn finish(self) -> Outcome {
        self.full.finish()
    }
}

/// Points done and in all.
fn done(outcome: &Outcome) -> (usize, usize) {
    let all = outcome.points();
    (all - outcome.missing(), all)
}

/// The cells of a first picture that are still missing.
fn coarse(outcome: &Outcome) -> Vec<usize> {
    let Numbers::Surface(surface) = &outcome.numbers else {
        return Vec::new();
    };
    let (nx, ny) = (surface.x.len(), surface.y.len());
    let mut step = 1_usize;
    while nx.div_ceil(step) * ny.div_ceil(step) > COARSE_CELLS {
        step *= 2;
    }
    let on_grid = |i: &usize| (i % nx).is_multiple_of(step) && (i / nx).is_multiple_of(step);
    coarse_first(nx, ny)
        .into_iter()
        .filter(on_grid)
        .filter(|&i| !surface.table.computed[i])
        .collect()
}

/// An empty result over few samples, whose header says so.
fn of_few(outcome: &Outcome) -> Outcome {
    let mut few = outcome.clone();
    if let Job::Surface(job) = &mut few.header.job {
        job.setup.samples = Some(FEW_SAMPLES);
    }
    let data = &mut few.header.data;
    data.train_samples = data.train_samples.min(FEW_SAMPLES);
    data.validation_samples = data.validation_samples.min(FEW_SAMPLES);
    few
}
