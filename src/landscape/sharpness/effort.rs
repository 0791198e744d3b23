//! What a search for a sharpness may spend, and what it reports.

use serde::{Deserialize, Serialize};

/// Of all starts of sign ascent so many go on to the end.
pub(super) const FINALISTS: usize = 2;

/// A way to look for the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Projected sign-gradient ascent.
    Sign,
    /// L-BFGS-B, the maximiser of Keskar et al.
    Lbfgsb,
}

impl Method {
    /// The name in tables.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Sign => "sign ascent",
            Self::Lbfgsb => "L-BFGS-B",
        }
    }
}

/// What a search may spend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effort {
    /// Methods tried, each once.
    pub methods: Vec<Method>,
    /// Steps of each method.
    pub iterations: usize,
    /// Random corners that sign ascent also starts from.
    pub restarts: usize,
    /// Seed of corners and random points.
    pub seed: u64,
    /// Whether random points are tried for comparison.
    pub floor: bool,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            methods: vec![Method::Sign, Method::Lbfgsb],
            iterations: 10,
            restarts: 8,
            seed: 0,
            floor: true,
        }
    }
}

/// The sharpness of one box, a lower bound of the true one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sharpness {
    /// ε, the size of the box.
    pub epsilon: f64,
    /// φ in percent: the best value of all methods; NaN where every point tried overflows.
    pub phi: f64,
    /// f(θ), nats.
    pub loss: f64,
    /// The largest loss found, nats; NaN as φ.
    pub worst_loss: f64,
    /// ‖∇f(θ)‖₂ in the box's own coordinates.
    pub gradient_norm: f64,
    /// Each method alone.
    pub methods: Vec<MethodResult>,
    /// Gradients over the whole split, all methods together.
    pub gradients: usize,
    /// Fraction of the worst point's coordinates that lie on the box's surface.
    pub active_bounds: f64,
    /// φ of the best of as many random points of the box as gradients were spent.
    pub random_floor: Option<f64>,
    /// Why φ is zero or unknown.
    pub reason: Option<String>,
    /// How far its search came, where that isn't at its end: φ is what was found until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<Unfinished>,
    /// The worst point, in the box's own coordinates.
    #[serde(skip)]
    pub z: Vec<f64>,
}

/// How far work came that isn't at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// Points at which the loss was evaluated.
    pub evaluations: usize,
    /// About how many there would have been.
    pub expected: usize,
}

/// What one method found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MethodResult {
    /// The method.
    pub method: Method,
    /// Its φ in percent.
    pub phi: f64,
    /// Gradients it took; the one at θ, which all share, is counted with the first.
    pub gradients: usize,
}

impl Effort {
    /// Gradients that the methods take at most, L-BFGS-B's line searches left out.
    pub(super) fn gradients(&self) -> usize {
        let (steps, restarts) = (self.iterations, self.restarts);
        let one = |method: &Method| match method {
            Method::Sign if restarts > 0 => {
                (1 + FINALISTS) * steps + restarts * (self.scouting() + 1)
            }
            Method::Sign => steps,
            Method::Lbfgsb => steps + 1,
        };
        1 + self.methods.iter().map(one).sum::<usize>()
    }

    /// Steps from each random corner before the best ones go on.
    pub(super) fn scouting(&self) -> usize {
        (self.iterations / 2).clamp(1, 20)
    }
}
