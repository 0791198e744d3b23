//! Largest value of equal parts.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::given::{Given, Shape};
use crate::model::shape::window::parted;
use serde::{Deserialize, Serialize};

/// Largest value of each of `size` equal parts, whatever the input's extent, over one to three axes:
/// `torch.nn.AdaptiveMaxPool1d` to `AdaptiveMaxPool3d`. Parts overlap where the extents don't divide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdaptiveMaxPool {
    /// Output extent.
    pub size: Vec<usize>,
}

impl Kind for AdaptiveMaxPool {
    fn shape(&self, given: &Given<'_>) -> Shape {
        parted(given.one()?, &self.size)
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        l.adaptive_max_pool(inputs.remove(0), shape)
    }
}
