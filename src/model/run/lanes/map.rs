//! Element-wise expressions over rows, a chunk of rows at a time, instruction after instruction.
//!
//! An expression becomes a list of instructions once. What is one number for all rows (constants,
//! coordinates) is never written out into rows, and a product that is only added becomes one instruction
//! with the sum, so that base + c₁ d₁ + c₂ d₂ takes two passes over a chunk.

use super::simd::{LANES, Real};
use crate::model::primitive::expression::{Binary, Expression, Node, Unary};
use pulp::{Simd, WithSimd};
use std::mem::take;

/// Rows that pass through an expression together.
pub const CHUNK: usize = 16;

/// How the rows of a result read an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// Row by row.
    Own,
    /// The row, or the shared number, that each row of the result reads.
    List(Vec<u32>),
    /// One shared number everywhere.
    One,
}

/// A number that all rows share.
#[derive(Debug, Clone, Copy)]
enum One {
    Argument(usize),
    Constant(u64),
    Unary(Unary, usize),
    Binary(Binary, usize, usize),
}

/// Where an instruction finds a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// In a temporary.
    Temporary(usize),
    /// In an argument, row by row.
    Argument(usize),
    /// Among the numbers that all rows share.
    One(usize),
}

/// What an instruction does.
#[derive(Debug, Clone, Copy)]
enum Do {
    /// The rows that a list names.
    Spread(usize),
    /// The same again.
    Copy(From),
    Unary(Unary, From),
    Binary(Binary, From, From),
    /// x · y + z
    Fused(From, From, From),
}

/// An expression as instructions.
#[derive(Debug)]
pub struct MapPlan {
    reads: Vec<Read>,
    ones: Vec<One>,
    /// Each with the temporary it fills; the last fills the result.
    instructions: Vec<(Do, usize)>,
    temporaries: usize,
}

/// x · y and z, where a node is their sum and nobody else reads the product.
fn fused(nodes: &[Node], uses: &[usize], ones: &[Option<usize>], i: usize) -> Option<[usize; 3]> {
    let Node::Binary(Binary::Add, a, b) = nodes[i] else {
        return None;
    };
    let product = |m: usize, z: usize| match nodes[m] {
        Node::Binary(Binary::Mul, x, y) if uses[m] == 1 && ones[m].is_none() => Some([x, y, z]),
        _ => None,
    };
    product(b, a).or_else(|| product(a, b))
}

/// The nodes that a node reads.
fn inputs(node: Node) -> impl Iterator<Item = usize> {
    let (x, y) = match node {
        Node::Unary(_, x) => (Some(x), None),
        Node::Binary(_, x, y) => (Some(x), Some(y)),
        Node::Argument(_) | Node::Constant(_) => (None, None),
    };
    x.into_iter().chain(y)
}

impl MapPlan {
    /// `reads` as in [`Read`], one an argument.
    pub fn new(expression: &Expression, reads: Vec<Read>) -> Self {
        let nodes = &expression.nodes;
        let count = nodes.len();
        let mut uses = vec![0; count];
        uses[expression.root] += 1;
        for node in nodes {
            inputs(*node).for_each(|x| uses[x] += 1);
        }
        let mut ones: Vec<One> = Vec::new();
        let mut one: Vec<Option<usize>> = vec![None; count];
        for (i, node) in nodes.iter().enumerate() {
            let found = match *node {
                Node::Argument(a) => (reads[a] == Read::One).then_some(One::Argument(a)),
                Node::Constant(bits) => Some(One::Constant(bits)),
                Node::Unary(f, x) => one[x].map(|x| One::Unary(f, x)),
                Node::Binary(f, x, y) => one[x].zip(one[y]).map(|(x, y)| One::Binary(f, x, y)),
            };
            one[i] = found.map(|found| {
                ones.push(found);
                ones.len() - 1
            });
        }
        // Products that go into the sums that read them.
        let sums: Vec<Option<[usize; 3]>> = (0..count)
            .map(|i| fused(nodes, &uses, &one, i).filter(|_| one[i].is_none()))
            .collect();
        let mut inside = vec![false; count];
        for (i, sum) in sums.iter().enumerate() {
            if let Some([x, y, _]) = sum {
                let product = |m: &usize| nodes[*m] == Node::Binary(Binary::Mul, *x, *y);
                if let Some(m) = inputs(nodes[i]).find(|m| product(m) && uses[*m] == 1) {
                    inside[m] = true;
                }
            }
        }
        let reads_of = |i: usize| -> Vec<usize> {
            sums[i].map_or_else(|| inputs(nodes[i]).collect(), |all| all.to_vec())
        };
        let mut last = vec![0; count];
        for i in (0..count).filter(|i| !inside[*i]) {
            for x in reads_of(i) {
                last[x] = i;
            }
        }
        let (mut free, mut temporaries) = (Vec::new(), 0);
        let mut from = vec![From::Temporary(0); count];
        let mut instructions = Vec::new();
        for i in (0..count).filter(|i| !inside[*i]) {
            let what = match (one[i], nodes[i]) {
                (Some(k), _) => {
                    from[i] = From::One(k);
                    continue;
                }
                (None, Node::Argument(a)) if reads[a] == Read::Own => {
                    from[i] = From::Argument(a);
                    continue;
                }
                (None, Node::Argument(a)) => Do::Spread(a),
                (None, Node::Unary(f, x)) => Do::Unary(f, from[x]),
                (None, Node::Binary(f, x, y)) => match sums[i] {
                    Some([x, y, z]) => Do::Fused(from[x], from[y], from[z]),
                    None => Do::Binary(f, from[x], from[y]),
                },
                (None, Node::Constant(_)) => continue,
            };
            let slot = free.pop().unwrap_or_else(|| {
                temporaries += 1;
                temporaries - 1
            });
            from[i] = From::Temporary(slot);
            instructions.push((what, slot));
            let mut read = reads_of(i);
            read.sort_unstable();
            read.dedup();
            for x in read {
                if let From::Temporary(slot) = from[x]
                    && last[x] == i
                    && x != expression.root
                {
                    free.push(slot);
                }
            }
        }
        // Nothing may come after what fills the result.
        let root = from[expression.root];
        let is_last = matches!((root, instructions.last()), (From::Temporary(slot), Some((_, to))) if *to == slot);
        if !is_last {
            instructions.push((Do::Copy(root), temporaries));
        }
        Self {
            reads,
            ones,
            instructions,
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
    pub plan: &'a MapPlan,
    pub temporaries: &'a mut Vec<Vec<T>>,
}

/// A value of the chunk at hand.
#[derive(Clone, Copy)]
enum Side<'a, T> {
    Rows(&'a [T]),
    One(T),
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
        let mut ones: Vec<T> = Vec::with_capacity(plan.ones.len());
        for one in &plan.ones {
            ones.push(match *one {
                One::Argument(a) => self.args[a].values[0],
                One::Constant(bits) => T::of(f64::from_bits(bits)),
                One::Unary(f, x) => T::of(f.of(ones[x].wide())),
                One::Binary(f, x, y) => T::of(f.of(ones[x].wide(), ones[y].wide())),
            });
        }
        let rows = self.out.len() / LANES;
        let mut first = 0;
        while first < rows {
            let count = CHUNK.min(rows - first);
            let (start, end) = (first * LANES, (first + count) * LANES);
            for (i, (what, slot)) in plan.instructions.iter().enumerate() {
                let is_last = i + 1 == plan.instructions.len();
                let mut temporary = if is_last {
                    Vec::new()
                } else {
                    take(&mut self.temporaries[*slot])
                };
                let out = if is_last {
                    &mut self.out[start..end]
                } else {
                    &mut temporary[..count * LANES]
                };
                let side = |from: From| match from {
                    From::Temporary(slot) => Side::Rows(&self.temporaries[slot][..count * LANES]),
                    From::Argument(a) => Side::Rows(&self.args[a].values[start..end]),
                    From::One(k) => Side::One(ones[k]),
                };
                match *what {
                    Do::Spread(a) => {
                        if let Read::List(list) = &plan.reads[a] {
                            spread(s, out, self.args[a], &list[first..first + count]);
                        }
                    }
                    Do::Copy(x) => match side(x) {
                        Side::Rows(x) => out.copy_from_slice(x),
                        Side::One(x) => out.fill(x),
                    },
                    Do::Unary(f, x) => {
                        if let Side::Rows(x) = side(x) {
                            unary(s, out, x, f);
                        }
                    }
                    Do::Binary(f, x, y) => binary(s, out, side(x), side(y), f),
                    Do::Fused(x, y, z) => fuse(s, out, side(x), side(y), side(z)),
                }
                if !is_last {
                    self.temporaries[*slot] = temporary;
                }
            }
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

/// out = f(x, y), element by element; all rows fill whole vectors.
#[inline(always)]
fn pairs<T: Real, S: Simd>(
    s: S,
    out: &mut [T],
    x: Side<'_, T>,
    y: Side<'_, T>,
    f: impl Fn(T::V<S>, T::V<S>) -> T::V<S>,
) {
    match (x, y) {
        (Side::Rows(x), Side::Rows(y)) => {
            let out = T::vectors_mut::<S>(out);
            let (x, y) = (T::vectors::<S>(x), T::vectors::<S>(y));
            for ((out, x), y) in out.iter_mut().zip(x).zip(y) {
                *out = f(*x, *y);
            }
        }
        (Side::Rows(x), Side::One(y)) => {
            let y = T::splat(s, y);
            each::<T, S>(out, x, |x| f(x, y));
        }
        (Side::One(x), Side::Rows(y)) => {
            let x = T::splat(s, x);
            each::<T, S>(out, y, |y| f(x, y));
        }
        (Side::One(x), Side::One(y)) => {
            let value = f(T::splat(s, x), T::splat(s, y));
            T::vectors_mut::<S>(out).fill(value);
        }
    }
}

/// out = x · y + z
#[inline(always)]
fn fuse<T: Real, S: Simd>(s: S, out: &mut [T], x: Side<'_, T>, y: Side<'_, T>, z: Side<'_, T>) {
    let (x, y) = match (x, y) {
        (Side::Rows(_), Side::One(_)) => (y, x),
        _ => (x, y),
    };
    match (x, y, z) {
        (Side::Rows(x), Side::Rows(y), Side::Rows(z)) => {
            let (x, y, z) = (T::vectors::<S>(x), T::vectors::<S>(y), T::vectors::<S>(z));
            let out = T::vectors_mut::<S>(out).iter_mut();
            for (((out, x), y), z) in out.zip(x).zip(y).zip(z) {
                *out = T::fused(s, *x, *y, *z);
            }
        }
        (x, y, Side::Rows(z)) => pairs(s, out, y, Side::Rows(z), |y, z| match x {
            Side::One(x) => T::fused(s, T::splat(s, x), y, z),
            Side::Rows(_) => z,
        }),
        (x, y, Side::One(z)) => {
            let z = T::splat(s, z);
            pairs(s, out, x, y, |x, y| T::fused(s, x, y, z));
        }
    }
}

/// out = f(x), element by element; both fill whole vectors.
#[inline(always)]
fn unary<T: Real, S: Simd>(s: S, out: &mut [T], x: &[T], f: Unary) {
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
fn binary<T: Real, S: Simd>(s: S, out: &mut [T], x: Side<'_, T>, y: Side<'_, T>, f: Binary) {
    let (zero, one) = (T::splat(s, T::default()), T::splat(s, T::of(1.0)));
    match f {
        Binary::Add => pairs(s, out, x, y, |x, y| T::add(s, x, y)),
        Binary::Sub => pairs(s, out, x, y, |x, y| T::sub(s, x, y)),
        Binary::Mul => pairs(s, out, x, y, |x, y| T::mul(s, x, y)),
        Binary::Least => pairs(s, out, x, y, |x, y| T::least(s, x, y)),
        Binary::Greater => pairs(s, out, x, y, |x, y| T::if_greater(s, x, y, one, zero)),
        Binary::Equal => pairs(s, out, x, y, |x, y| T::if_equal(s, x, y, one, zero)),
        Binary::Where => pairs(s, out, x, y, |x, y| T::if_equal(s, x, zero, zero, y)),
    }
}
