//! Sums over axes and over samples. Turned round, they broadcast.

use super::op::Op;
use crate::model::program::{Id, Program, Type};

impl Program {
    /// The sum of `x` to a type with ones where axes are added up, shared where samples are.
    pub fn sum(&mut self, x: Id, ty: Type) -> Id {
        if *self.ty(x) == ty {
            return x;
        }
        self.push(Op::Sum, vec![x], ty)
    }

    /// The sum along some axes, which stay as extents of 1.
    pub fn total(&mut self, x: Id, axes: &[usize]) -> Id {
        let ty = self.without(x, axes);
        self.sum(x, ty)
    }

    /// The mean along some axes, which stay as extents of 1.
    pub fn mean(&mut self, x: Id, axes: &[usize]) -> Id {
        let count: usize = axes.iter().map(|a| self.ty(x).shape[*a]).product();
        let sum = self.total(x, axes);
        self.affine(sum, 1.0 / count as f64, 0.0)
    }

    /// A value's type with some extents 1.
    pub(super) fn without(&self, x: Id, axes: &[usize]) -> Type {
        let mut ty = self.ty(x).clone();
        for axis in axes {
            ty.shape[*axis] = 1;
        }
        ty
    }
}
