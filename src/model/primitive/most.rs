//! The largest value along axes, as a constant.
//!
//! Its derivative is taken for 0, which is right only where it cancels, as the shift of a softmax does.

use super::op::Op;
use crate::model::program::{Id, Program};

impl Program {
    /// The largest value along some axes, which stay as extents of 1; only for shifts that cancel.
    pub fn most(&mut self, x: Id, axes: &[usize]) -> Id {
        let ty = self.without(x, axes);
        self.push(Op::Most, vec![x], ty)
    }
}
