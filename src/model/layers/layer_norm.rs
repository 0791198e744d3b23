//! Layer normalisation.

use super::kind::{Kind, Tensors, plain};
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// (x − μ)/√(σ² + ε) · γ + β over the last axes, as many as the weight or `shape` has: `torch.nn.LayerNorm` (Ba et
/// al. 2016).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerNorm {
    /// γ, the shape normalised over; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// β, the same shape; absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<String>,
    /// The shape normalised over, where there is no weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<usize>>,
    /// Added to the variance.
    pub epsilon: f64,
}

/// The last axes that a weight or a shape names, held against an input.
pub(super) fn normalised(
    given: &Given<'_>,
    weight: Option<&String>,
    shape: Option<&Vec<usize>>,
) -> Result<Vec<usize>, String> {
    let x = given.one()?;
    let (own, what) = match (weight, shape) {
        (Some(name), shape) => {
            let own = given.tensor(name)?;
            if let Some(shape) = shape
                && shape != own
            {
                return Err(format!("{name:?} has shape {own:?}, expected {shape:?}"));
            }
            (own.to_vec(), format!("{name:?} has shape {own:?}"))
        }
        (None, Some(shape)) => (shape.clone(), format!("normalises over {shape:?}")),
        (None, None) => return Err("has neither a weight nor a shape to normalise over".into()),
    };
    if own.is_empty() || !x.ends_with(&own) {
        return Err(format!("was given {x:?}, but {what}"));
    }
    Ok(own)
}

impl Kind for LayerNorm {
    fn tensors(&self) -> Tensors<'_> {
        let weight = plain(self.weight.as_ref()).into_iter();
        weight.chain(plain(self.bias.as_ref())).collect()
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        let own = normalised(given, self.weight.as_ref(), self.shape.as_ref())?;
        given.expect_if(self.bias.as_ref(), &own)?;
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
        let y = l.standardised(rows, &[1], self.epsilon);
        let y = l.affine_row(y, self.weight.as_deref(), self.bias.as_deref());
        Ok(l.shaped(y, shape))
    }
}
