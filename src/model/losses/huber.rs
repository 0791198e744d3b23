//! Huber's loss: `torch.nn.HuberLoss`.

use super::regression::{Target, huber, regression};
use serde::{Deserialize, Serialize};

/// The mean of (y − t)²/2 where |y − t| < δ and of δ(|y − t| − δ/2) elsewhere (Huber 1964).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Huber {
    /// δ, above 0; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<f64>,
    /// What t is; absent: the data's targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

impl Huber {
    fn delta(&self) -> f64 {
        self.delta.unwrap_or(1.0)
    }
}

regression!(
    Huber,
    own,
    (!(own.delta() > 0.0 && own.delta().is_finite())).then(|| format!(
        "has a Huber loss with delta {}, which should be above 0",
        own.delta()
    )),
    |p, error| huber(p, error, own.delta()),
    format!("Huber loss, delta {}", own.delta())
);
