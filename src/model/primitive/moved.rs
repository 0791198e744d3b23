//! Values in another order: transposing, slicing, padding, rolling, concatenating.
//!
//! No index is used twice, so that turned round it is another such list.

use super::op::Op;
use super::table::Table;
use crate::model::program::{Id, Program, Type};

/// The index that stands for a zero.
pub const NONE: u32 = u32::MAX;

impl Program {
    /// `out[i] = x[list[i]]`, in a new shape.
    pub fn moved(&mut self, x: Id, list: Vec<u32>, shape: &[usize]) -> Id {
        let size = self.ty(x).size();
        let same = list.len() == size && list.iter().enumerate().all(|(i, from)| *from == i as u32);
        if same {
            return self.view(x, shape);
        }
        // What is moved from a view is moved from what is viewed.
        let x = match self.step(x).op {
            Op::View => self.step(x).args[0],
            _ => x,
        };
        let ty = Type {
            sample: self.ty(x).sample,
            shape: shape.to_vec(),
        };
        self.push(Op::Moved(Table::new(list)), vec![x], ty)
    }

    /// The axes in a new order: axis i of the result is axis `axes[i]` of `x`.
    pub fn permuted(&mut self, x: Id, axes: &[usize]) -> Id {
        let from = self.ty(x).shape.clone();
        let shape: Vec<usize> = axes.iter().map(|a| from[*a]).collect();
        let mut strides = vec![1; from.len()];
        for axis in (1..from.len()).rev() {
            strides[axis - 1] = strides[axis] * from[axis];
        }
        let strides: Vec<usize> = axes.iter().map(|a| strides[*a]).collect();
        let list = indices(&shape, &strides);
        self.moved(x, list, &shape)
    }
}

/// Offsets of all entries of a shape in row-major order, with a stride an axis.
pub fn indices(shape: &[usize], strides: &[usize]) -> Vec<u32> {
    let size = shape.iter().product();
    let mut all = Vec::with_capacity(size);
    let mut at = vec![0; shape.len()];
    let mut offset = 0;
    for _ in 0..size {
        all.push(offset as u32);
        for axis in (0..shape.len()).rev() {
            at[axis] += 1;
            offset += strides[axis];
            if at[axis] < shape[axis] {
                break;
            }
            offset -= strides[axis] * shape[axis];
            at[axis] = 0;
        }
    }
    all
}

/// Strides of a shape that is broadcast to another of as many axes: 0 where it is repeated.
pub fn strides(shape: &[usize], to: &[usize]) -> Vec<usize> {
    let mut strides = vec![0; to.len()];
    let mut step = 1;
    for axis in (0..to.len()).rev() {
        if shape[axis] != 1 {
            strides[axis] = step;
            step *= shape[axis];
        }
    }
    strides
}

pub(super) fn pull(p: &mut Program, list: &[u32], slope: Id, ty: Type) -> Id {
    let mut back = vec![NONE; ty.size()];
    for (i, from) in list.iter().enumerate() {
        if *from != NONE {
            back[*from as usize] = i as u32;
        }
    }
    p.moved(slope, back, &ty.shape)
}
