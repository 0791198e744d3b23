//! Root-mean-square normalisation.

use super::kind::{Kind, Tensors, plain};
use super::layer_norm::normalised;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::primitive::expression::Binary;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// x/√(mean x² + ε) · γ over the last axes, as many as the weight or `shape` has: `torch.nn.RMSNorm` (Zhang and
/// Sennrich 2019). PyTorch's usual ε is that of its number type, 1.1920929e-7 for single precision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RmsNorm {
    /// γ, the shape normalised over; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// The shape normalised over, where there is no weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<usize>>,
    /// Added to the mean square.
    pub epsilon: f64,
}

impl Kind for RmsNorm {
    fn tensors(&self) -> Tensors<'_> {
        plain(self.weight.as_ref()).into_iter().collect()
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        normalised(given, self.weight.as_ref(), self.shape.as_ref())?;
        Ok(given.one()?.to_vec())
    }

    fn lists(&self) -> bool {
        false
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        let width = match (&self.weight, &self.shape) {
            (Some(name), _) => {
                let gamma = l.tensor(name);
                l.p.ty(gamma).size()
            }
            (None, own) => own.as_ref().map_or(1, |own| own.iter().product()),
        };
        let rows = l.p.view(x.id, &[x.size() / width, width]);
        let square = l.p.binary(Binary::Mul, rows, rows);
        let mean = l.p.mean(square, &[1]);
        let scale = l.inverse_root(mean, self.epsilon);
        let y = l.p.binary(Binary::Mul, rows, scale);
        let y = l.affine_row(y, self.weight.as_deref(), None);
        Ok(l.shaped(y, shape))
    }
}
