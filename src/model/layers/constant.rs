//! Values that depend on no input: known numbers, or a trained tensor.

use super::kind::{Kind, Tensors};
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::{Value, natural};
use crate::model::role::Role;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// Known numbers, the same for every sample. What it reads is of no consequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Constant {
    /// The numbers in row-major order, or one for all.
    pub values: Vec<f64>,
    /// Their shape, without the batch axis.
    pub shape: Vec<usize>,
}

/// A trained tensor, the same for every sample. What it reads is of no consequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// The tensor, its shape without the batch axis.
    pub weight: String,
}

impl Kind for Constant {
    fn shape(&self, _: &Given<'_>) -> Shape {
        let size = self
            .shape
            .iter()
            .try_fold(1_usize, |n, &d| n.checked_mul(d));
        let count = self.values.len();
        if count != 1 && Some(count) != size {
            return Err(format!(
                "has {count} values, which don't fill the shape {:?}",
                self.shape
            ));
        }
        Ok(self.shape.clone())
    }

    fn lower(&self, l: &mut Lowering<'_>, _: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let size: usize = shape.iter().product();
        let repeated = self.values.iter().copied().cycle().take(size);
        let known = l.constant(repeated, &natural(shape));
        Ok(Value::new(l.of_sample(known), shape))
    }
}

impl Kind for Parameter {
    fn tensors(&self) -> Tensors<'_> {
        vec![(&self.weight, Role::PLAIN)]
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        given.tensor(&self.weight).map(<[usize]>::to_vec)
    }

    fn lists(&self) -> bool {
        false
    }

    fn lower(&self, l: &mut Lowering<'_>, _: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let tensor = l.tensor_as(&self.weight, &natural(shape));
        Ok(Value::new(l.of_sample(tensor), shape))
    }
}
