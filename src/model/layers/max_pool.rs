//! Max pooling.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::lower::window::Slide;
use crate::model::shape::given::{Given, Shape};
use crate::model::shape::window::pooled;
use serde::{Deserialize, Serialize};

/// Largest value in a window over one to three axes by the window's: `torch.nn.MaxPool1d` to `MaxPool3d`. The first
/// of equal ones counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaxPool {
    /// Window.
    pub size: Vec<usize>,
    /// Step.
    pub stride: Vec<usize>,
    /// Padding with −∞.
    pub padding: Vec<usize>,
    /// Step between taps.
    pub dilation: Vec<usize>,
    /// Keep a last, partial window.
    #[serde(default)]
    pub ceil: bool,
}

impl Kind for MaxPool {
    fn shape(&self, given: &Given<'_>) -> Shape {
        pooled(
            given.one()?,
            &self.size,
            &self.stride,
            &self.padding,
            &self.dilation,
            self.ceil,
        )
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let slide = Slide {
            size: &self.size,
            stride: &self.stride,
            padding: &self.padding,
            dilation: &self.dilation,
        };
        l.max_pool(inputs.remove(0), &slide, shape)
    }
}
