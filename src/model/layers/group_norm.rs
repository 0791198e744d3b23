//! Group normalisation.

use super::kind::{Kind, Tensors, plain};
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::given::{Given, Shape, channels};
use serde::{Deserialize, Serialize};

/// (x − μ)/√(σ² + ε) · γ + β over groups of channels of axis 1: `torch.nn.GroupNorm` (Wu and He 2018).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupNorm {
    /// Number of groups.
    pub groups: usize,
    /// γ, `[channels]`; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// β, `[channels]`; absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<String>,
    /// Added to the variance.
    pub epsilon: f64,
}

impl Kind for GroupNorm {
    fn tensors(&self) -> Tensors<'_> {
        let weight = plain(self.weight.as_ref()).into_iter();
        weight.chain(plain(self.bias.as_ref())).collect()
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        let (x, groups) = (given.one()?, self.groups);
        let c = channels(x, None)?;
        if groups == 0 || c % groups != 0 {
            return Err(format!("{c} channels don't divide into {groups} groups"));
        }
        given.expect_if(self.weight.as_ref(), &[c])?;
        given.expect_if(self.bias.as_ref(), &[c])?;
        Ok(x.to_vec())
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.channels_last(x);
        let (positions, channels) = (l.p.ty(x.id).shape[0], l.p.ty(x.id).shape[1]);
        let parts =
            l.p.view(x.id, &[positions, self.groups, channels / self.groups]);
        let y = l.standardised(parts, &[0, 2], self.epsilon);
        let y = l.p.view(y, &[positions, channels]);
        let y = l.affine_row(y, self.weight.as_deref(), self.bias.as_deref());
        Ok(Value::last(y, shape))
    }
}
