//! Batch normalisation.

use super::kind::{Kind, Tensors, plain};
use crate::model::lower::context::{Lower, Lowering, Statistics};
use crate::model::lower::normalization::Tracked;
use crate::model::lower::value::Value;
use crate::model::role::Role;
use crate::model::shape::given::{Given, Shape, channels};
use serde::{Deserialize, Serialize};

/// (x − μ)/√(σ² + ε) · γ + β over axis 1 with the running statistics: `torch.nn.BatchNorm1d` to `BatchNorm3d`
/// (Ioffe and Szegedy 2015).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchNorm {
    /// γ, `[channels]`; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// β, `[channels]`; absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<String>,
    /// Running mean, `[channels]`, a buffer.
    pub running_mean: String,
    /// Running variance (unbiased), `[channels]`, a buffer.
    pub running_var: String,
    /// Added to the variance.
    pub epsilon: f64,
}

impl Kind for BatchNorm {
    fn tensors(&self) -> Tensors<'_> {
        let affine = plain(self.weight.as_ref())
            .into_iter()
            .chain(plain(self.bias.as_ref()));
        affine
            .chain([
                (self.running_mean.as_str(), Role::RunningMean),
                (self.running_var.as_str(), Role::RunningVar),
            ])
            .collect()
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let c = channels(x, None)?;
        given.expect_if(self.weight.as_ref(), &[c])?;
        given.expect_if(self.bias.as_ref(), &[c])?;
        given.expect(&self.running_mean, &[c])?;
        given.expect(&self.running_var, &[c])?;
        Ok(x.to_vec())
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.channels_last(x);
        let names = Tracked {
            weight: self.weight.as_deref(),
            bias: self.bias.as_deref(),
            running_mean: &self.running_mean,
            running_var: &self.running_var,
        };
        let y = match l.statistics {
            Statistics::Running => l.with_running(x.id, &names, self.epsilon),
            Statistics::Batch => l.with_batch(x.id, &names, self.epsilon),
        };
        Ok(Value::last(y, shape))
    }
}
