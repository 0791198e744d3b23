//! Element-wise expressions over rows, a chunk of rows at a time, node after node.

use super::simd::{LANES, Real};
use crate::model::primitive::expression::{Binary, Expression, Node, Unary};
use pulp::{Simd, WithSimd};
use std::mem::take;

/// Rows that pass through an expression together.
pub const CHUNK: usize = 16;

/// Where each node of an expression puts its values.
#[derive(Debug)]
pub struct MapPlan {
    /// For each argument the row (or number) that every row of the result reads; `None` for its own.
    pub lists: Vec<Option<Vec<u32>>>,
    slots: Vec<usize>,
    temporaries: usize,
}

/// Strides of a shape that is broadcast to another: 0 where it is repeated.
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

impl MapPlan {
    /// `lists` as in [`MapPlan::lists`].
    pub fn new(expression: &Expression, lists: Vec<Option<Vec<u32>>>) -> Self {
        let count = expression.nodes.len();
        let mut last = vec![0; count];
        for (i, node) in expression.nodes.iter().enumerate() {
            match node {
                Node::Unary(_, x) => last[*x] = i,
                Node::Binary(_, x, y) => {
                    last[*x] = i;
                    last[*y] = i;
                }
                _ => {}
            }
        }
        last[expression.root] = count;
        let is_constant = |i: usize| matches!(expression.nodes[i], Node::Constant(_));
        let (mut free, mut slots, mut temporaries) = (Vec::new(), vec![0; count], 0);
        for i in 0..count {
            let fresh = is_constant(i);
            let slot = if fresh { None } else { free.pop() };
            slots[i] = slot.unwrap_or_else(|| {
                temporaries += 1;
                temporaries - 1
            });
            for k in 0..i {
                if last[k] == i && !is_constant(k) {
                    free.push(slots[k]);
                }
            }
        }
        Self {
            lists,
            slots,
            temporaries,
        }
    }
}

/// What an argument's values are.
#[derive(Debug, Clone, Copy)]
pub struct Argument<'a, T> {
    pub values: &'a [T],
    /// Rows rather than one number for all samples.
    pub sample: bool,
}

/// One expression over all rows of the result.
pub struct Map<'a, T> {
    pub out: &'a mut [T],
    pub args: &'a [Argument<'a, T>],
    pub expression: &'a Expression,
    pub plan: &'a MapPlan,
    pub temporaries: &'a mut Vec<Vec<T>>,
}

/// Where a node's values of this chunk are.
#[derive(Clone, Copy)]
enum At {
    /// In a temporary.
    Temporary(usize),
    /// In an argument, from here on.
    Argument(usize),
}

impl<T: Real> WithSimd for Map<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let plan = self.plan;
        let size = CHUNK * LANES;
        if self.temporaries.len() < plan.temporaries {
            self.temporaries.resize_with(plan.temporaries, Vec::new);
        }
        for temporary in &mut self.temporaries[..plan.temporaries] {
            temporary.resize(size, T::default());
        }
        let nodes = &self.expression.nodes;
        let mut at = vec![At::Temporary(0); nodes.len()];
        let rows = self.out.len() / LANES;
        let mut first = 0;
        while first < rows {
            let count = CHUNK.min(rows - first);
            let (from, end) = (first * LANES, (first + count) * LANES);
            for (i, node) in nodes.iter().enumerate() {
                let slot = plan.slots[i];
                at[i] = At::Temporary(slot);
                if let Node::Argument(a) = node
                    && plan.lists[*a].is_none()
                {
                    at[i] = At::Argument(*a);
                    continue;
                }
                if matches!(node, Node::Constant(_)) && first > 0 {
                    continue;
                }
                let mut temporary = take(&mut self.temporaries[slot]);
                {
                    let out = &mut temporary[..count * LANES];
                    let values = |node: usize| -> &[T] {
                        match at[node] {
                            At::Temporary(slot) => &self.temporaries[slot][..count * LANES],
                            At::Argument(a) => &self.args[a].values[from..end],
                        }
                    };
                    match *node {
                        Node::Argument(a) => {
                            if let Some(list) = &plan.lists[a] {
                                spread(s, out, self.args[a], &list[first..first + count]);
                            }
                        }
                        Node::Constant(bits) => {
                            let value = T::splat(s, T::of(f64::from_bits(bits)));
                            T::vectors_mut::<S>(out).fill(value);
                        }
                        Node::Unary(f, x) => unary(s, out, values(x), f),
                        Node::Binary(f, x, y) => binary(s, out, values(x), values(y), f),
                    }
                    if matches!(node, Node::Constant(_)) {
                        // Whole, because it is filled only once.
                        let value = out.first().copied().unwrap_or_default();
                        temporary.fill(value);
                    }
                }
                self.temporaries[slot] = temporary;
            }
            let root = self.expression.root;
            let values = match at[root] {
                At::Temporary(slot) => &self.temporaries[slot][..count * LANES],
                At::Argument(a) => &self.args[a].values[from..end],
            };
            self.out[from..end].copy_from_slice(values);
            first += count;
        }
    }
}

#[inline(always)]
fn spread<T: Real, S: Simd>(s: S, out: &mut [T], argument: Argument<'_, T>, list: &[u32]) {
    for (out, from) in out.chunks_exact_mut(LANES).zip(list) {
        let from = *from as usize;
        if argument.sample {
            out.copy_from_slice(&argument.values[from * LANES..(from + 1) * LANES]);
        } else {
            let value = T::splat(s, argument.values[from]);
            T::vectors_mut::<S>(out).fill(value);
        }
    }
}

#[inline(always)]
fn each<T: Real, S: Simd>(out: &mut [T], x: &[T], f: impl Fn(T::V<S>) -> T::V<S>) {
    let (out, x) = (T::vectors_mut::<S>(out), T::vectors::<S>(x));
    for (out, x) in out.iter_mut().zip(x) {
        *out = f(*x);
    }
}

#[inline(always)]
fn pairs<T: Real, S: Simd>(
    out: &mut [T],
    x: &[T],
    y: &[T],
    f: impl Fn(T::V<S>, T::V<S>) -> T::V<S>,
) {
    let out = T::vectors_mut::<S>(out);
    let (x, y) = (T::vectors::<S>(x), T::vectors::<S>(y));
    for ((out, x), y) in out.iter_mut().zip(x).zip(y) {
        *out = f(*x, *y);
    }
}

/// out = f(x), element by element; both fill whole vectors.
#[inline(always)]
pub fn unary<T: Real, S: Simd>(s: S, out: &mut [T], x: &[T], f: Unary) {
    let (zero, one) = (T::splat(s, T::default()), T::splat(s, T::of(1.0)));
    match f {
        Unary::Neg => each::<T, S>(out, x, |x| T::sub(s, zero, x)),
        Unary::Exp => each::<T, S>(out, x, |x| T::exp(s, x)),
        Unary::Ln => each::<T, S>(out, x, |x| T::each::<S>(x, f64::ln)),
        Unary::Ln1p => each::<T, S>(out, x, |x| T::each::<S>(x, f64::ln_1p)),
        Unary::Tanh => each::<T, S>(out, x, |x| T::tanh(s, x)),
        Unary::Erf => each::<T, S>(out, x, |x| T::erf(s, x)),
        Unary::Sin => each::<T, S>(out, x, |x| T::each::<S>(x, f64::sin)),
        Unary::Cos => each::<T, S>(out, x, |x| T::each::<S>(x, f64::cos)),
        Unary::Sqrt => each::<T, S>(out, x, |x| T::sqrt(s, x)),
        Unary::Recip => each::<T, S>(out, x, |x| T::div(s, one, x)),
        Unary::Step => each::<T, S>(out, x, |x| T::if_greater(s, x, zero, one, zero)),
        Unary::Relu => each::<T, S>(out, x, |x| T::relu(s, x)),
    }
}

/// out = f(x, y), element by element; all fill whole vectors.
#[inline(always)]
pub fn binary<T: Real, S: Simd>(s: S, out: &mut [T], x: &[T], y: &[T], f: Binary) {
    let (zero, one) = (T::splat(s, T::default()), T::splat(s, T::of(1.0)));
    match f {
        Binary::Add => pairs::<T, S>(out, x, y, |x, y| T::add(s, x, y)),
        Binary::Sub => pairs::<T, S>(out, x, y, |x, y| T::sub(s, x, y)),
        Binary::Mul => pairs::<T, S>(out, x, y, |x, y| T::mul(s, x, y)),
        Binary::Greater => pairs::<T, S>(out, x, y, |x, y| T::if_greater(s, x, y, one, zero)),
        Binary::Equal => pairs::<T, S>(out, x, y, |x, y| T::if_equal(s, x, y, one, zero)),
        Binary::Where => pairs::<T, S>(out, x, y, |x, y| T::if_equal(s, x, zero, zero, y)),
    }
}
