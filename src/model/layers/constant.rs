//! Values that depend on no input: known numbers, or a trained tensor. All samples share them, and so what is computed
//! from them alone.

use super::conv::one;
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
    /// The axis of the tensor whose entries are filters; absent: it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_axis: Option<usize>,
    /// In how many equal groups along the first axis they are filters; absent: in one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub groups: usize,
    /// It is a buffer that isn't trained.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fixed: bool,
}

fn is_one(count: &usize) -> bool {
    *count == 1
}

impl Parameter {
    /// A trained tensor without filters.
    pub fn trained(weight: impl Into<String>) -> Self {
        Self {
            weight: weight.into(),
            output_axis: None,
            groups: 1,
            fixed: false,
        }
    }

    /// A trained table whose rows are filters, as those of an embedding.
    pub fn table(weight: impl Into<String>) -> Self {
        Self {
            output_axis: Some(0),
            ..Self::trained(weight)
        }
    }

    /// A stored tensor that isn't trained.
    pub fn fixed(weight: impl Into<String>) -> Self {
        Self {
            fixed: true,
            ..Self::trained(weight)
        }
    }
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
        Ok(Value::new(known, shape))
    }
}

impl Kind for Parameter {
    fn tensors(&self) -> Tensors<'_> {
        let role = match (self.fixed, self.output_axis, self.groups) {
            (true, ..) => Role::Fixed,
            (_, Some(axis), groups) if groups > 1 => Role::Grouped { axis, groups },
            (_, output_axis, _) => Role::Trainable { output_axis },
        };
        vec![(&self.weight, role)]
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        let shape = given.tensor(&self.weight)?;
        if self.output_axis.is_some_and(|axis| axis >= shape.len()) {
            return Err(format!(
                "{:?} of shape {shape:?} has no such output_axis",
                self.weight
            ));
        }
        let whole = shape.first().is_some_and(|n| n.is_multiple_of(self.groups));
        if self.groups != 1 && (!whole || self.output_axis.is_none_or(|axis| axis == 0)) {
            return Err(format!(
                "{:?} of shape {shape:?} hasn't {} groups along its first axis and filters along another",
                self.weight, self.groups
            ));
        }
        // A tensor of one number without axes is a row of one.
        Ok(if shape.is_empty() {
            vec![1]
        } else {
            shape.to_vec()
        })
    }

    fn lists(&self) -> bool {
        false
    }

    fn lower(&self, l: &mut Lowering<'_>, _: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let tensor = l.tensor_as(&self.weight, &natural(shape));
        Ok(Value::new(tensor, shape))
    }
}
