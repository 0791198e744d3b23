//! Weight normalisation: a length and a direction.

use crate::model::lower::context::Lowering;
use crate::model::primitive::expression::{Binary, Unary};
use crate::model::program::Id;
use crate::model::role::Role;
use crate::model::shape::given::Shape;
use serde::{Deserialize, Serialize};

/// W = g v/‖v‖ (Salimans and Kingma 2016, equation 2), `torch.nn.utils.weight_norm` (`weight_g`, `weight_v`) and
/// `torch.nn.utils.parametrizations.weight_norm` (`parametrizations.weight.original0`, `original1`).
///
/// The norm is over the axes along which g has one entry: PyTorch's `dim` is the axis that is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightNorm {
    /// g, as many axes as v, with ones; or one number.
    pub magnitude: String,
    /// v, the shape of the weight.
    pub direction: String,
}

impl WeightNorm {
    pub(super) fn tensors(&self, role: Role) -> Vec<(&str, Role)> {
        vec![(&self.magnitude, Role::PLAIN), (&self.direction, role)]
    }

    pub(super) fn shape<'a>(&self, of: &dyn Fn(&str) -> Result<&'a [usize], String>) -> Shape {
        let (g, v) = (of(&self.magnitude)?, of(&self.direction)?);
        let one = g.iter().product::<usize>() == 1;
        let fits = g.len() == v.len() && g.iter().zip(v).all(|(g, v)| *g == 1 || g == v);
        if one || fits {
            Ok(v.to_vec())
        } else {
            Err(format!(
                "{:?} has shape {g:?}, expected that of {:?}, {v:?}, with ones",
                self.magnitude, self.direction
            ))
        }
    }

    pub(super) fn lower(&self, l: &mut Lowering<'_>) -> Id {
        let v = l.tensor(&self.direction);
        let shape = l.p.ty(v).shape.clone();
        let mut g = l.tensor(&self.magnitude);
        if l.p.ty(g).size() == 1 {
            g = l.p.view(g, &vec![1; shape.len()]);
        }
        let ones = l.p.ty(g).shape.clone();
        let over: Vec<usize> = (0..shape.len()).filter(|axis| ones[*axis] == 1).collect();
        let square = l.p.binary(Binary::Mul, v, v);
        let norm = l.p.total(square, &over);
        let norm = l.p.unary(Unary::Sqrt, norm);
        let inverse = l.p.unary(Unary::Recip, norm);
        let scale = l.p.binary(Binary::Mul, g, inverse);
        l.p.binary(Binary::Mul, v, scale)
    }
}
