//! Layers that leave their input as it is.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// Identity: `torch.nn.Identity`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {}

/// What drops values or paths in training, identity in eval mode: `torch.nn.Dropout` and its kin, `AlphaDropout`,
/// `torchvision.ops.StochasticDepth`, `DropBlock2d` (Srivastava et al. 2014; Huang et al. 2016).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dropout {}

macro_rules! unchanged {
    ($($name:ident)*) => {
        $(
            impl Kind for $name {
                fn shape(&self, given: &Given<'_>) -> Shape {
                    given.one().map(<[usize]>::to_vec)
                }

                fn is_linear_map(&self) -> bool {
                    true
                }

                fn lower(
                    &self,
                    _: &mut Lowering<'_>,
                    mut inputs: Vec<Value>,
                    _: &[usize],
                ) -> Lower<Value> {
                    Ok(inputs.remove(0))
                }
            }
        )*
    };
}

unchanged! { Identity Dropout }
