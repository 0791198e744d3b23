//! Mean squared error: `torch.nn.MSELoss`.

use super::regression::{Target, regression};
use crate::model::primitive::expression::Binary;
use serde::{Deserialize, Serialize};

/// The mean of (y − t)² over all outputs of all samples.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanSquaredError {
    /// What t is; absent: the data's targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

regression!(
    MeanSquaredError,
    own,
    None,
    |p, error| p.binary(Binary::Mul, error, error),
    "mean squared error"
);
