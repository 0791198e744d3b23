//! Spectral normalisation: a weight over its largest singular value.

use crate::model::lower::context::Lowering;
use crate::model::primitive::expression::{Binary, Unary};
use crate::model::program::Id;
use crate::model::role::Role;
use crate::model::shape::given::Shape;
use serde::{Deserialize, Serialize};

/// W/(uᵀ W v) (Miyato et al. 2018, equations 8 and 20) as it is in eval mode: u and v are what power iterations left.
/// Along a slice they go with W, at their length, unless buffers are frozen.
///
/// `torch.nn.utils.spectral_norm` (`weight_orig`, `weight_u`, `weight_v`) and
/// `torch.nn.utils.parametrizations.spectral_norm` (`parametrizations.weight.original`, `.0._u`, `.0._v`).
/// The weight is a matrix by one axis and all others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpectralNorm {
    /// W, two or more axes.
    pub original: String,
    /// u, one number an entry of the axis; a buffer.
    pub left: String,
    /// v, one number an entry of all other axes; a buffer.
    pub right: String,
    /// The axis that makes the rows: PyTorch's `dim`, 1 for transposed convolutions.
    #[serde(default)]
    pub axis: usize,
}

impl SpectralNorm {
    pub(super) fn tensors(&self, role: Role) -> Vec<(&str, Role)> {
        vec![
            (&self.original, role),
            (&self.left, Role::Fixed),
            (&self.right, Role::Fixed),
        ]
    }

    pub(super) fn shape<'a>(&self, of: &dyn Fn(&str) -> Result<&'a [usize], String>) -> Shape {
        let w = of(&self.original)?;
        if w.len() < 2 || self.axis >= w.len() {
            return Err(format!(
                "{:?} has shape {w:?}, expected two or more axes, among them axis {}",
                self.original, self.axis
            ));
        }
        let rows = w[self.axis];
        let columns = w.iter().product::<usize>() / rows.max(1);
        for (name, extent) in [(&self.left, rows), (&self.right, columns)] {
            let shape = of(name)?;
            if shape != [extent] {
                return Err(format!("{name:?} has shape {shape:?}, expected [{extent}]"));
            }
        }
        Ok(w.to_vec())
    }

    pub(super) fn lower(&self, l: &mut Lowering<'_>) -> Id {
        let w = l.tensor(&self.original);
        let shape = l.p.ty(w).shape.clone();
        let mut left = vec![1; shape.len()];
        left[self.axis] = shape[self.axis];
        let mut right = shape.clone();
        right[self.axis] = 1;
        let u = l.tensor_as(&self.left, &left);
        let v = l.tensor_as(&self.right, &right);
        let outer = l.p.binary(Binary::Mul, u, v);
        let terms = l.p.binary(Binary::Mul, w, outer);
        let all: Vec<usize> = (0..shape.len()).collect();
        let value = l.p.total(terms, &all);
        let inverse = l.p.unary(Unary::Recip, value);
        l.p.binary(Binary::Mul, w, inverse)
    }
}
