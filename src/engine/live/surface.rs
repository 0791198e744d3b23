//! One surface on its way: a coarse grid of few samples, the whole grid of few, then all samples.

use super::news::{LiveSurface, ProbeResult, Quality};
use super::open::{FEW_SAMPLES, Workbench};
use super::wish::Probe;
use super::work::Chunk;
use crate::engine::job::{Job, Request as _, SurfaceJob};
use crate::engine::local::planes::Pair;
use crate::engine::plane;
use crate::engine::result::{Numbers, Outcome, Prepared};
use crate::engine::resume::fingerprints;
use crate::engine::surface::prepare;
use crate::error::Result;
use crate::landscape::evaluate::Split;
use crate::landscape::grid::{Coordinate, coarse_first};
use crate::landscape::sample::{Cell, sample};
use crate::landscape::slice::Slice;
use crate::model::params::Params;
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
    prepared: Prepared,
    /// The numbers of few samples, while those of all are not yet better.
    few: Option<Outcome>,
    stage: Step,
    order: Vec<usize>,
    next: usize,
    chunk: Chunk,
    /// Seconds of evaluating few samples, and the points evaluated.
    spent: (f64, usize),
    /// Cells of the first picture.
    first: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
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
        let mut prepared = prepare(
            job,
            built,
            &bench.inputs,
            &bench.evaluator,
            &bench.splits,
            None,
        )?;
        prepared.outcome.header.device.clone_from(&bench.device);
        let few = bench.few.is_some().then(|| of_few(&prepared.outcome));
        let mut work = Self {
            alpha,
            first: coarse(&prepared.outcome).len(),
            few,
            stage: Step::Coarse,
            order: Vec::new(),
            next: 0,
            chunk: Chunk::default(),
            spent: (0.0, 0),
            prepared,
        };
        work.begin(if work.few.is_some() {
            Step::Coarse
        } else {
            Step::Full
        });
        Ok(work)
    }

    fn begin(&mut self, stage: Step) {
        self.stage = stage;
        self.next = 0;
        self.order = match (stage, &self.few) {
            (Step::Coarse, Some(few)) => coarse(few),
            (Step::Sampled, Some(few)) => few.order(),
            _ => self.prepared.outcome.order(),
        };
        if stage == Step::Full {
            // Another number of samples takes another time.
            self.chunk = Chunk::default();
            // Whoever goes on from its file can tell these directions from others. A first picture
            // doesn't wait for that.
            let directions = fingerprints(&self.slice().directions);
            self.prepared.outcome.header.fingerprints.directions = directions;
        }
    }

    /// Whether the first picture is still to come.
    pub fn is_coarse(&self) -> bool {
        self.points().0 < self.first
    }

    /// Whether there is a picture of the whole grid, if only of few samples.
    pub fn is_whole(&self) -> bool {
        let outcome = self.current();
        outcome.missing() == 0
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
        self.prepared.loaded.slice()
    }

    /// From where to where it reaches along both axes; `None` where an axis is a single point.
    pub fn extent(&self) -> Option<[(f64, f64); 2]> {
        let Numbers::Surface(surface) = &self.prepared.outcome.numbers else {
            return None;
        };
        let ends = |v: &[f64]| Some((*v.first()?, *v.last()?)).filter(|(a, b)| a != b);
        Some([ends(&surface.x)?, ends(&surface.y)?])
    }

    /// Names of both axes.
    pub fn axes(&self) -> [String; 2] {
        let axes = &self.prepared.outcome.header.axes;
        [0, 1].map(|i| axes.get(i).map_or_else(String::new, |a| a.label.clone()))
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        self.stage == Step::Done
    }

    /// Points of what is shown that are done, and in all.
    fn points(&self) -> (usize, usize) {
        done(self.current())
    }

    /// Points done and in all of the pass that runs; another pass begins anew, however much its
    /// predecessor has drawn.
    pub fn progress(&self) -> (usize, usize) {
        match (self.stage, &self.few) {
            (Step::Coarse, Some(_)) => (self.next, self.order.len()),
            (Step::Sampled, Some(few)) => done(few),
            _ => done(&self.prepared.outcome),
        }
    }

    /// The grid and the pass that runs, in words.
    pub fn pass(&self) -> String {
        let Numbers::Surface(surface) = &self.prepared.outcome.numbers else {
            return String::new();
        };
        let grid = format!("{} × {}", surface.x.len(), surface.y.len());
        match self.stage {
            Step::Coarse => format!("{grid}, a first coarse pass"),
            Step::Sampled => format!("{grid}, a first pass of {FEW_SAMPLES} samples"),
            Step::Full | Step::Done => grid,
        }
    }

    /// Computes the next few cells; returns how many.
    pub fn step(&mut self, bench: &Workbench) -> Result<usize> {
        let end = self.chunk.end(self.next, self.order.len());
        let of_few = matches!(self.stage, Step::Coarse | Step::Sampled);
        let splits: Vec<&Split> = match (&bench.few, of_few) {
            (Some(few), true) => few.iter().collect(),
            _ => bench.splits.iter().collect(),
        };
        let started = Instant::now();
        let indices = self.order[self.next..end].to_vec();
        let points = indices.len();
        let mut sampler = sample(
            &bench.evaluator,
            &self.prepared.loaded,
            splits,
            &self.prepared.coordinates,
            indices,
        );
        sampler.chunk = points.max(1);
        let cells: Vec<Cell> = sampler.next().transpose()?.unwrap_or_default();
        let took = started.elapsed();
        self.chunk.took(took, points);
        let outcome = match (&mut self.few, of_few) {
            (Some(few), true) => {
                self.spent.0 += took.as_secs_f64();
                self.spent.1 += points;
                few
            }
            _ => &mut self.prepared.outcome,
        };
        outcome.header.elapsed_seconds += took.as_secs_f64();
        if let Numbers::Surface(surface) = &mut outcome.numbers {
            plane::store(&mut surface.table, &mut outcome.header.non_finite, cells);
        }
        self.next = end;
        if self.next >= self.order.len() {
            let next = self.next_stage(bench);
            self.begin(next);
        }
        Ok(points)
    }

    /// Exact metrics at points of the plane.
    pub fn probe(&self, bench: &Workbench, probes: &[Probe]) -> Result<Vec<ProbeResult>> {
        let coordinates: Vec<Coordinate> = probes.iter().map(|p| vec![p.x, p.y]).collect();
        let splits: Vec<&Split> = bench.splits.iter().collect();
        let found = bench
            .evaluator
            .evaluate(&self.prepared.loaded, &coordinates, &splits)?;
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

    fn next_stage(&self, bench: &Workbench) -> Step {
        match self.stage {
            Step::Coarse => {
                let all: usize = bench.splits.iter().map(Split::len).sum();
                let few: usize = bench.few.iter().flatten().map(Split::len).sum();
                let seconds = self.spent.0 / self.spent.1.max(1) as f64
                    * (all as f64 / few.max(1) as f64)
                    * self.prepared.outcome.points() as f64;
                if seconds > WORTH_SAMPLING.as_secs_f64() {
                    Step::Sampled
                } else {
                    Step::Full
                }
            }
            Step::Sampled => Step::Full,
            Step::Full | Step::Done => Step::Done,
        }
    }

    /// The numbers best to show: those of all samples, as soon as they are no coarser.
    fn current(&self) -> &Outcome {
        match &self.few {
            Some(few) if self.stage != Step::Done && !self.full_is_better(few) => few,
            _ => &self.prepared.outcome,
        }
    }

    fn full_is_better(&self, few: &Outcome) -> bool {
        let outcome = &self.prepared.outcome;
        self.stage == Step::Full && done(outcome).0 >= done(few).0.min(outcome.points())
    }

    /// What there is to show; `None` before the first picture is whole.
    pub fn picture(&self) -> Option<LiveSurface> {
        let outcome = self.current();
        let quality = match (&self.few, self.stage) {
            (_, Step::Done) => Quality::Full,
            (Some(few), _) if std::ptr::eq(outcome, few) => {
                if few.missing() == 0 {
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
        self.chunk.points == 1
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
