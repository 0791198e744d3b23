//! Average pooling.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::lower::window::Slide;
use crate::model::shape::given::{Given, Shape};
use crate::model::shape::window::pooled;
use serde::{Deserialize, Serialize};

/// Mean over a window over one to three axes by the window's: `torch.nn.AvgPool1d` to `AvgPool3d`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AveragePool {
    /// Window.
    pub size: Vec<usize>,
    /// Step.
    pub stride: Vec<usize>,
    /// Padding with zeros.
    pub padding: Vec<usize>,
    /// Whether the padding counts in the mean.
    pub count_padding: bool,
    /// Keep a last, partial window.
    #[serde(default)]
    pub ceil: bool,
}

impl Kind for AveragePool {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let dilation = vec![1; self.size.len()];
        pooled(
            given.one()?,
            &self.size,
            &self.stride,
            &self.padding,
            &dilation,
            self.ceil,
        )
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let slide = Slide {
            size: &self.size,
            stride: &self.stride,
            padding: &self.padding,
            dilation: &vec![1; self.size.len()],
        };
        l.average_pool(inputs.remove(0), &slide, self.count_padding, shape)
    }
}
