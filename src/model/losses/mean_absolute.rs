//! Mean absolute error: `torch.nn.L1Loss`.

use super::regression::{Target, magnitude, regression};
use serde::{Deserialize, Serialize};

/// The mean of |y − t| over all outputs of all samples; its derivative at 0 is 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanAbsoluteError {
    /// What t is; absent: the data's targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

regression!(
    MeanAbsoluteError,
    own,
    None,
    magnitude,
    "mean absolute error"
);
