//! What the computing thread has found, as plain numbers.

use super::company::{OtherNews, OtherPhi};
use super::quantity::{MeasureNews, Quantity};
use super::wish::{Place, Probe};
use crate::checkpoint::Set;
use crate::engine::ground::Ground;
use crate::engine::header::{DataFacts, FileFacts, ModelFacts};
use crate::engine::result::{Numbers, Outcome};
use crate::error::Question;
use crate::landscape::distance::Distance;
use crate::landscape::evaluate::Metrics;
use crate::landscape::surface::Surface;
use crate::model::losses::Score;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The newest state of everything. Cloning one is cheap: what is large is shared.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The number of the newest wish all this is about.
    pub wish: u64,
    /// What is open; `None` until the first experiment is.
    pub experiment: Option<Arc<ExperimentFacts>>,
    /// Whether everything the wish names is open and fits: checkpoints, data, directions.
    pub stands: bool,
    /// Why nothing, or not everything, could be opened or computed.
    pub failure: Option<Failure>,
    /// Further minimizers, in the order they were found in.
    pub others: Vec<Arc<OtherNews>>,
    /// Surfaces around them, one each.
    pub other_surfaces: Vec<(PathBuf, Arc<LiveSurface>)>,
    /// φ of them at the ε asked for.
    pub other_phi: Vec<OtherPhi>,
    /// Metrics along the line.
    pub line: Option<Arc<Outcome>>,
    /// Metrics at θ(α), exactly.
    pub point: Option<PointMetrics>,
    /// Surfaces of the plane wanted, one an α, those around recent α first.
    pub surfaces: Vec<Arc<LiveSurface>>,
    /// Sharpness of both minimizers and of θ(α).
    pub sharpness: SharpnessNews,
    /// The worst point of the box around θ(α) at the ε wanted, seen in the plane around it.
    pub worst: Option<WorstPoint>,
    /// What was measured, one entry a point and quantity, the newest last.
    pub measures: Vec<Arc<MeasureNews>>,
    /// Metrics of the pinned points.
    pub probes: Vec<ProbeResult>,
    /// The plane around θ(α), for whoever puts points on it; `None` until it stands.
    pub ground: Option<Arc<Ground>>,
    /// What is going on.
    pub activity: Activity,
    /// What happened, oldest first.
    pub log: Arc<Vec<Entry>>,
}

/// The checkpoints, network and data that are open.
#[derive(Debug, Clone)]
pub struct ExperimentFacts {
    /// The network.
    pub model: ModelFacts,
    /// The data.
    pub data: DataFacts,
    /// Every checkpoint read, in the order of its role.
    pub checkpoints: Vec<FileFacts>,
    /// The device that computes.
    pub device: String,
    /// Metrics of the small-batch minimizer, in the order training, validation of those asked for.
    pub small: Vec<Metrics>,
    /// Metrics of the large-batch minimizer.
    pub large: Option<Vec<Metrics>>,
    /// From the small-batch to the large-batch minimizer.
    pub apart: Option<Distance>,
    /// From the initial weights to the small-batch minimizer.
    pub small_from_initial: Option<Distance>,
    /// From the initial weights to the large-batch minimizer.
    pub large_from_initial: Option<Distance>,
    /// Where in each checkpoint its weights lie.
    pub inside: Vec<(Place, Inside)>,
    /// Which splits metrics are taken over: training, validation.
    pub splits: (bool, bool),
    /// Layers with weights of their own, in the network's order.
    pub layers: Vec<String>,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

/// Where in a checkpoint the weights are, and where they could be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inside {
    /// The keys that lead to them, dotted; empty at the top.
    pub at: String,
    /// What there is to choose between; empty where there is no choice.
    pub sets: Vec<Set>,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A checkpoint can't be read.
    Checkpoint(Place),
    /// A checkpoint doesn't fit the network of the first.
    Stranger(Place),
    /// The network isn't recognised.
    Network,
    /// Data that can't be read, or lack the samples asked for.
    Data,
    /// Data that the network can't take.
    Fit,
    /// Directions, corners or a run that don't fit the network.
    Plane,
    /// The device.
    Device,
    /// Later, while computing.
    Computing,
}

/// Something that could not be opened or computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Where it went wrong.
    pub stage: Stage,
    /// What was found, what was expected, what to do.
    pub message: String,
    /// Names and shapes of the checkpoint's tensors, where the network is the question.
    pub tensors: Vec<(String, Vec<usize>)>,
    /// The sets of tensors in the checkpoint, where one of several may be what was meant.
    pub sets: Vec<Set>,
    /// What only a person can answer, where that is why.
    pub question: Option<Box<Question>>,
}

/// Metrics at one α.
#[derive(Debug, Clone, PartialEq)]
pub struct PointMetrics {
    /// Where.
    pub alpha: f64,
    /// One entry a split, training first.
    pub metrics: Vec<Metrics>,
}

/// How good a surface is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    /// A coarse grid over this many samples of each split.
    Coarse(usize),
    /// The whole grid over this many samples of each split.
    Sampled(usize),
    /// All samples, the grid still filling.
    Filling,
    /// Done.
    Full,
}

/// A surface around θ(α), finished or on its way.
#[derive(Debug, Clone)]
pub struct LiveSurface {
    /// Where its centre stands.
    pub alpha: f64,
    /// Header and numbers, as a result file holds them.
    pub outcome: Outcome,
    /// How good it is.
    pub quality: Quality,
    /// Counts the versions of all surfaces: an unchanged one needs no redrawing.
    pub version: u64,
}

/// φ(ε) at one point of the line.
#[derive(Debug, Clone, PartialEq)]
pub struct SharpnessCurve {
    /// Where.
    pub alpha: f64,
    /// Ascending.
    pub epsilon: Vec<f64>,
    /// φ in Keskar et al.'s unit (per cent), as many.
    pub phi: Vec<f64>,
    /// Gradients it took.
    pub gradients: usize,
    /// Whether all of it is there.
    pub complete: bool,
}

/// φ at exactly the ε asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confirmed {
    /// Where.
    pub alpha: f64,
    /// How large a neighbourhood.
    pub epsilon: f64,
    /// φ, per cent.
    pub phi: f64,
}

/// Everything known of sharpness.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SharpnessNews {
    /// Of the small-batch minimizer.
    pub small: Option<Arc<SharpnessCurve>>,
    /// Of the large-batch minimizer.
    pub large: Option<Arc<SharpnessCurve>>,
    /// Of θ(α), perhaps of an earlier α.
    pub here: Option<Arc<SharpnessCurve>>,
    /// Values at exactly this ε, newest last.
    pub confirmed: Vec<Confirmed>,
}

/// Where the ascent in a box ended, y* (Keskar et al. 2017, metric 2.1), as a point of a plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorstPoint {
    /// Where the box has its centre.
    pub alpha: f64,
    /// Half of its width, relative.
    pub epsilon: f64,
    /// The nearest point of the plane.
    pub coordinate: [f64; 2],
    /// ‖y* − θ‖₂
    pub distance: f64,
    /// The share of it that lies outside the plane.
    pub outside: f64,
    /// φ there, per cent.
    pub phi: f64,
}

/// Exact metrics of a pinned point.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeResult {
    /// The point.
    pub probe: Probe,
    /// Where the plane's centre stood.
    pub alpha: f64,
    /// One entry a split, training first.
    pub metrics: Vec<Metrics>,
}

/// What the thread is doing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Activity {
    /// "Surface around α = 0.31"; empty when there is nothing to do.
    pub what: String,
    /// Points done and in all of the pass that runs, where they are counted.
    pub points: Option<(usize, usize)>,
    /// What is counted, one of them: a point, or a step of a measure.
    pub unit: &'static str,
    /// Points a second, where they are counted; 0 before the first.
    pub points_per_second: f64,
    /// Time left for this part.
    pub left: Option<Duration>,
    /// What else is waiting to be done.
    pub waiting: usize,
    /// Time left for this and all of that, where all of it has been done before.
    pub left_in_all: Option<Duration>,
    /// Whether it is done for nobody who looks at it now.
    pub aside: bool,
    /// Whether refining was stopped by hand with something left to do.
    pub stopped: bool,
}

/// What kind of news an entry of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something happened.
    Note,
    /// Something a reader should know.
    Warning,
    /// Something failed.
    Error,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub time: SystemTime,
    /// What kind.
    pub kind: Kind,
    /// What.
    pub text: String,
}

impl Stage {
    /// Whether what was wanted isn't there, as opposed to a part of the work that failed later.
    pub fn is_opening(self) -> bool {
        self != Self::Computing
    }
}

impl Failure {
    /// A failure with these words.
    pub fn new(stage: Stage, message: impl Into<String>) -> Self {
        Self {
            stage,
            message: message.into(),
            tensors: Vec::new(),
            sets: Vec::new(),
            question: None,
        }
    }
}

impl ExperimentFacts {
    /// Where in a checkpoint its weights lie.
    pub fn inside(&self, place: Place) -> Option<&Inside> {
        let found = self.inside.iter().find(|(p, _)| *p == place);
        found.map(|(_, inside)| inside)
    }
}

impl Activity {
    /// Whether nothing is being computed that anybody looks at.
    pub fn is_idle(&self) -> bool {
        self.what.is_empty() || self.aside
    }
}

impl Snapshot {
    /// What the second number of everything is.
    pub fn score(&self) -> Score {
        let facts = self.experiment.as_deref();
        facts.map_or_else(Score::default, |facts| facts.model.criterion.score())
    }

    /// The surface that answers best for `alpha`: its own, or that of the nearest neighbour.
    pub fn surface_near(&self, alpha: f64) -> Option<&Arc<LiveSurface>> {
        let distance = |s: &LiveSurface| (s.alpha - alpha).abs();
        self.surfaces
            .iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    /// What is known of a quantity at one point.
    pub fn measure(&self, alpha: f64, quantity: Quantity) -> Option<&Arc<MeasureNews>> {
        self.measures
            .iter()
            .find(|m| m.alpha == alpha && m.quantity == quantity)
    }

    /// φ at exactly this point and ε, if confirmed.
    pub fn confirmed(&self, alpha: f64, epsilon: f64) -> Option<f64> {
        let found = self.sharpness.confirmed.iter().rev();
        found
            .filter(|c| c.alpha == alpha && c.epsilon == epsilon)
            .map(|c| c.phi)
            .next()
    }
}

impl LiveSurface {
    /// The numbers.
    pub fn surface(&self) -> Option<&Surface> {
        match &self.outcome.numbers {
            Numbers::Surface(surface) => Some(surface),
            _ => None,
        }
    }
}

impl SharpnessCurve {
    /// φ at any ε of the curve's range, linear in log ε and log φ between its points.
    pub fn at(&self, epsilon: f64) -> Option<f64> {
        let right = self
            .epsilon
            .iter()
            .position(|&e| e >= epsilon * (1.0 - 1e-12))?;
        let (e1, p1) = (*self.epsilon.get(right)?, *self.phi.get(right)?);
        if right == 0 {
            return ((e1 / epsilon - 1.0).abs() < 1e-9).then_some(p1);
        }
        let (e0, p0) = (self.epsilon[right - 1], *self.phi.get(right - 1)?);
        let t = (epsilon / e0).ln() / (e1 / e0).ln();
        if p0 > 0.0 && p1 > 0.0 {
            Some((p0.ln() + t * (p1 / p0).ln()).exp())
        } else {
            Some(p0 + t * (p1 - p0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_read_between_its_points_and_not_beyond() {
        let curve = SharpnessCurve {
            alpha: 0.0,
            epsilon: vec![1e-3, 1e-2, 1e-1],
            phi: vec![1.0, 100.0, 0.0],
            gradients: 0,
            complete: true,
        };
        let middle = curve.at(10_f64.powf(-2.5)).unwrap();
        assert!((middle - 10.0).abs() < 1e-9, "{middle}");
        assert_eq!(curve.at(1e-3), Some(1.0));
        assert_eq!(curve.at(1e-4), None);
        assert_eq!(curve.at(0.2), None);
        assert!(curve.at(0.05).unwrap() < 100.0);
    }
}
