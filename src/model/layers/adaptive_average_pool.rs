//! Mean over equal parts.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::given::{Given, Shape};
use crate::model::shape::window::parted;
use serde::{Deserialize, Serialize};

/// Mean over each of `size` equal parts, whatever the input's extent, over one to three axes:
/// `torch.nn.AdaptiveAvgPool1d` to `AdaptiveAvgPool3d`. Parts overlap where the extents don't divide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdaptiveAveragePool {
    /// Output extent.
    pub size: Vec<usize>,
}

impl Kind for AdaptiveAveragePool {
    fn shape(&self, given: &Given<'_>) -> Shape {
        parted(given.one()?, &self.size)
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        l.adaptive_average_pool(inputs.remove(0), shape)
    }
}
