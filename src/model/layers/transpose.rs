//! Axes in another order.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// New order of all axes; the batch axis stays first: `torch.permute`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transpose {
    /// `axes[i]` is the old axis that becomes axis i.
    pub axes: Vec<usize>,
}

impl Kind for Transpose {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let (x, axes) = (given.one()?, &self.axes);
        let mut sorted = axes.clone();
        sorted.sort_unstable();
        if axes.first() != Some(&0) || sorted != (0..=x.len()).collect::<Vec<_>>() {
            return Err(format!(
                "the axes {axes:?} aren't an order of the {} axes of [batch, {x:?}] with the batch first",
                x.len() + 1
            ));
        }
        Ok(axes[1..].iter().map(|&a| x[a - 1]).collect())
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        if x.shape.len() < 2 {
            return Ok(Value::new(x.id, shape));
        }
        let axes: Vec<usize> = self.axes[1..].iter().map(|a| a - 1).collect();
        Ok(Value::new(l.p.permuted(x.id, &axes), shape))
    }
}
