//! Instance normalisation.

use super::kind::{Kind, Tensors, plain};
use crate::model::lower::context::{Lower, Lowering, Statistics};
use crate::model::lower::normalization::Tracked;
use crate::model::lower::value::Value;
use crate::model::primitive::expression::Binary;
use crate::model::role::Role;
use crate::model::shape::given::{Given, Shape, channels};
use serde::{Deserialize, Serialize};

/// (x − μ)/√(σ² + ε) · γ + β, a channel of a sample at a time: `torch.nn.InstanceNorm1d` to `InstanceNorm3d` (Ulyanov
/// et al. 2016).
///
/// With running statistics (`track_running_stats=True`) these take the place of the sample's own in eval mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceNorm {
    /// γ, `[channels]`; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// β, `[channels]`; absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<String>,
    /// Running mean, `[channels]`, a buffer; absent: the sample's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_mean: Option<String>,
    /// Running variance (unbiased), `[channels]`, a buffer; there if the mean is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_var: Option<String>,
    /// Added to the variance.
    pub epsilon: f64,
}

impl InstanceNorm {
    fn tracked(&self) -> Option<Tracked<'_>> {
        Some(Tracked {
            weight: self.weight.as_deref(),
            bias: self.bias.as_deref(),
            running_mean: self.running_mean.as_deref()?,
            running_var: self.running_var.as_deref()?,
        })
    }
}

impl Kind for InstanceNorm {
    fn tensors(&self) -> Tensors<'_> {
        let mut tensors: Tensors<'_> = plain(self.weight.as_ref())
            .into_iter()
            .chain(plain(self.bias.as_ref()))
            .collect();
        for (name, role) in [
            (&self.running_mean, Role::RunningMean),
            (&self.running_var, Role::RunningVar),
        ] {
            tensors.extend(name.as_deref().map(|name| (name, role)));
        }
        tensors
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let c = channels(x, None)?;
        if x.len() < 2 {
            return Err(format!(
                "was given {x:?}, but needs axes after the channels"
            ));
        }
        let all = [
            &self.weight,
            &self.bias,
            &self.running_mean,
            &self.running_var,
        ];
        for name in all {
            given.expect_if(name.as_ref(), &[c])?;
        }
        if self.running_mean.is_some() != self.running_var.is_some() {
            return Err("has one running statistic, expected both or none".into());
        }
        let positions: usize = x[1..].iter().product();
        if positions < 2 && self.running_mean.is_none() {
            return Err(format!(
                "was given {x:?}, but one value a channel has no variance"
            ));
        }
        Ok(x.to_vec())
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.channels_last(x);
        let tracked = self.tracked();
        if let (Some(names), Statistics::Running) = (&tracked, l.statistics) {
            let y = l.with_running(x.id, names, self.epsilon);
            return Ok(Value::last(y, shape));
        }
        let [mean, centred, variance] = l.moments(x.id, &[0]);
        if let Some(names) = &tracked {
            let positions = l.p.ty(x.id).shape[0] as f64;
            let unbiased =
                l.p.affine(variance, positions / (positions - 1.0).max(1.0), 0.0);
            let (mean, variance) = (l.batch_mean(mean), l.batch_mean(unbiased));
            l.measure(mean, variance, names);
        }
        let scale = l.inverse_root(variance, self.epsilon);
        let y = l.p.binary(Binary::Mul, centred, scale);
        let y = l.affine_row(y, self.weight.as_deref(), self.bias.as_deref());
        Ok(Value::last(y, shape))
    }
}
