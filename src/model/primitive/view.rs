//! The same numbers in another shape; nothing is computed.

use super::op::Op;
use crate::model::program::{Id, Program};

impl Program {
    /// `x` in another shape of the same size.
    ///
    /// # Panics
    /// Where the sizes differ; shape inference has ruled that out.
    pub fn view(&mut self, x: Id, shape: &[usize]) -> Id {
        if self.ty(x).shape == shape {
            return x;
        }
        // A view of a view is a view of the first.
        let x = match self.step(x).op {
            Op::View => self.step(x).args[0],
            _ => x,
        };
        let mut ty = self.ty(x).clone();
        if ty.shape == shape {
            return x;
        }
        assert_eq!(
            ty.size(),
            shape.iter().product::<usize>(),
            "a view of another size"
        );
        ty.shape = shape.to_vec();
        self.push(Op::View, vec![x], ty)
    }
}
