//! Fully connected layers.

use super::kind::{Kind, Tensors, plain};
use crate::model::lower::context::{Lower, Lowering, bounded};
use crate::model::lower::value::Value;
use crate::model::role::Role;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// y = x Wᵀ + b over the last axis: `torch.nn.Linear`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    /// Weight, `[out, in]` (or `[in, out]` with `output_axis = 1`).
    pub weight: String,
    /// Bias, `[out]`, also as a row `[1, out]` or a column `[out, 1]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<String>,
    /// Which axis of the weight counts the outputs: 0 as PyTorch stores it, 1 as burn does.
    #[serde(default)]
    pub output_axis: usize,
}

impl Kind for Linear {
    fn tensors(&self) -> Tensors<'_> {
        let role = Role::Trainable {
            output_axis: Some(self.output_axis),
        };
        let mut tensors = vec![(self.weight.as_str(), role)];
        tensors.extend(plain(self.bias.as_ref()));
        tensors
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        let Self {
            weight,
            bias,
            output_axis,
        } = self;
        let x = given.one()?;
        let shape = given.tensor(weight)?;
        let (out, inner) = match (shape, output_axis) {
            (&[out, inner], 0) | (&[inner, out], 1) => (out, inner),
            (_, 0 | 1) => {
                return Err(format!("{weight:?} has shape {shape:?}, expected two axes"));
            }
            _ => return Err(format!("output_axis is {output_axis}, expected 0 or 1")),
        };
        if x.last() != Some(&inner) {
            return Err(format!(
                "was given {x:?}, but {weight:?} with shape {shape:?} takes {inner} features"
            ));
        }
        if let Some(bias) = bias {
            let shape = given.tensor(bias)?;
            let rest: Vec<usize> = shape.iter().copied().filter(|&n| n != 1).collect();
            if shape.is_empty() || rest != [out] && !(out == 1 && rest.is_empty()) {
                return Err(format!("{bias:?} has shape {shape:?}, expected [{out}]"));
            }
        }
        let mut y = x.to_vec();
        y.pop();
        y.push(out);
        Ok(y)
    }

    fn lists(&self) -> bool {
        false
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        let width = x.shape.last().copied().unwrap_or(1);
        let rows = x.size() / width;
        bounded(rows.checked_mul(2))?;
        let rows = l.p.view(x.id, &[rows, width]);
        let mut w = l.tensor(&self.weight);
        if self.output_axis == 1 {
            w = l.p.permuted(w, &[1, 0]);
        }
        let b = self.bias.as_ref().map(|name| l.row(name));
        let y = l.linear(rows, w, b);
        Ok(l.shaped(y, shape))
    }
}
