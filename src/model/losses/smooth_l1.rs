//! Smooth L1: `torch.nn.SmoothL1Loss`.

use super::regression::{Target, huber, magnitude, regression};
use serde::{Deserialize, Serialize};

/// The mean of (y − t)²/(2β) where |y − t| < β and of |y − t| − β/2 elsewhere (Girshick 2015, equation 3);
/// the absolute error where β is 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmoothL1 {
    /// β, 0 or more; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beta: Option<f64>,
    /// What t is; absent: the data's targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

impl SmoothL1 {
    fn beta(&self) -> f64 {
        self.beta.unwrap_or(1.0)
    }
}

regression!(
    SmoothL1,
    own,
    (!(own.beta() >= 0.0 && own.beta().is_finite())).then(|| format!(
        "has a smooth L1 loss with beta {}, which should be 0 or more",
        own.beta()
    )),
    |p, error| {
        if own.beta() == 0.0 {
            return magnitude(p, error);
        }
        let scaled = huber(p, error, own.beta());
        p.affine(scaled, 1.0 / own.beta(), 0.0)
    },
    format!("smooth L1 loss, beta {}", own.beta())
);
