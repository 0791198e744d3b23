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

impl MaxPool {
    /// Whether any of `windows` along an axis of `extent` entries has all its taps in the padding.
    fn misses(&self, axis: usize, extent: usize, windows: usize) -> bool {
        let (step, before) = (self.stride[axis], self.padding[axis]);
        // A window that starts inside sees something; before, only its first tap that isn't in the padding counts.
        let starts = (0..windows).map(|i| i * step);
        let mut early = starts.take_while(|start| *start < before);
        early.any(|start| {
            let short = before - start;
            let taps = short.div_ceil(self.dilation[axis]);
            taps >= self.size[axis] || taps * self.dilation[axis] - short >= extent
        })
    }
}

impl Kind for MaxPool {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let y = pooled(
            x,
            &self.size,
            &self.stride,
            &self.padding,
            &self.dilation,
            self.ceil,
        )?;
        if (0..self.size.len()).any(|axis| self.misses(axis, x[axis + 1], y[axis + 1])) {
            return Err(format!(
                "was given {x:?}, but a window of {:?} with padding {:?} and dilation {:?} sees nothing there but padding, whose largest value is -inf; take a smaller dilation",
                self.size, self.padding, self.dilation
            ));
        }
        Ok(y)
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
