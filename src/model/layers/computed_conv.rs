//! A convolution whose weights are computed.

use super::conv::{Sliding, one};
use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// Convolution of the first input by the second: `torch.nn.functional.conv1d` to `conv3d` with weights that other layers
/// make of trained tensors, as weight standardisation does (Qiao et al. 2019).
///
/// `stride`, `padding` and `dilation` have an entry for each axis after the channels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComputedConv {
    /// Step between outputs; absent: 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stride: Vec<usize>,
    /// Zeros added on both sides; absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub padding: Vec<usize>,
    /// Step between kernel taps; absent: 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dilation: Vec<usize>,
    /// Number of channel groups.
    #[serde(default = "one")]
    pub groups: usize,
}

impl ComputedConv {
    fn sliding(&self) -> Sliding<'_> {
        Sliding {
            stride: &self.stride,
            padding: &self.padding,
            dilation: &self.dilation,
            groups: self.groups,
        }
    }
}

impl Kind for ComputedConv {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let [x, weight] = given.inputs else {
            return Err("needs exactly two inputs: values and weights".into());
        };
        self.sliding().shape(x, "the second input", weight)
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let w = l.natural(inputs.remove(0));
        if l.p.ty(w.id).sample {
            return Err(
                "has weights that depend on the data, expected some that all samples share".into(),
            );
        }
        let y = self.sliding().product(l, x, w.id, shape)?;
        Ok(Value::last(y, shape))
    }
}
