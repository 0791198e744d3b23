//! Several values made one, and one value padded or combined with a tensor.

use super::context::Lowering;
use super::value::{Value, aligned, axis as place, natural};
use crate::model::primitive::expression::{Binary, Expression};
use crate::model::primitive::moved::NONE;
use crate::model::program::Id;

/// The node of two values combined.
pub type Pair = fn(&mut Expression, usize, usize) -> usize;

impl Lowering<'_> {
    /// Numpy-style broadcasting of all values, combined one after the other.
    pub fn combined(&mut self, values: Vec<Value>, pair: Pair, shape: &[usize]) -> Value {
        // Channels last where every value has all positions or one.
        let positions: usize = shape[1..].iter().product();
        let fits = |v: &Value| {
            let own: usize = v.shape.iter().skip(1).product();
            v.shape.len() == shape.len() && (v.shape[1..] == shape[1..] || own == 1)
        };
        let last = shape.len() > 1 && positions > 0 && values.iter().any(|v| v.last);
        if last && values.iter().all(fits) {
            let parts: Vec<Id> = values
                .into_iter()
                .map(|v| self.channels_last(v).id)
                .collect();
            return Value::last(self.folded(&parts, pair), shape);
        }
        let parts: Vec<Id> = values
            .into_iter()
            .map(|v| {
                let v = self.natural(v);
                self.p.view(v.id, &aligned(&v.shape, shape))
            })
            .collect();
        Value::new(self.folded(&parts, pair), shape)
    }

    fn folded(&mut self, parts: &[Id], pair: Pair) -> Id {
        let (first, rest) = (parts[0], &parts[1..]);
        rest.iter()
            .fold(first, |sum, part| self.pair(pair, sum, *part))
    }

    /// Two values combined element by element, broadcast; both have the same number of axes.
    pub fn pair(&mut self, pair: Pair, x: Id, y: Id) -> Id {
        let ty = self.p.common(&[x, y]);
        let mut e = Expression::default();
        let a = e.argument(0);
        let b = if x == y { a } else { e.argument(1) };
        let root = pair(&mut e, a, b);
        self.p.map(&e, root, &[x, y], ty)
    }

    /// A value and a trained tensor, broadcast against the axes after the batch. A tensor with as many
    /// axes as the value with its batch has a batch axis of extent 1 of its own.
    pub fn with_tensor(
        &mut self,
        x: Value,
        name: &str,
        function: Binary,
        shape: &[usize],
    ) -> Value {
        let x = self.natural(x);
        let tensor = self.tensor(name);
        let mut own = self.p.ty(tensor).shape.clone();
        if own.len() > x.shape.len() {
            own.remove(0);
        }
        let tensor = self.p.view(tensor, &aligned(&own, shape));
        let value = self.p.view(x.id, &aligned(&x.shape, shape));
        Value::new(self.p.binary(function, value, tensor), shape)
    }

    /// Zeros before and after along an axis.
    pub fn padded(&mut self, x: Id, axis: usize, before: usize, after: usize) -> Id {
        if before + after == 0 {
            return x;
        }
        let from = self.p.ty(x).shape.clone();
        let mut shape = from.clone();
        shape[axis] += before + after;
        let inner: usize = from[axis + 1..].iter().product();
        let list = (0..shape.iter().product::<usize>()).map(|i| {
            let (at, rest) = (i / inner % shape[axis], i % inner);
            let outer = i / (inner * shape[axis]);
            let inside = at >= before && at < before + from[axis];
            if inside {
                ((outer * from[axis] + at - before) * inner + rest) as u32
            } else {
                NONE
            }
        });
        self.p.moved(x, list.collect(), &shape)
    }

    /// Values one after the other along an axis, two at a time: each padded to both, and added.
    pub fn joined(&mut self, mut parts: Vec<Id>, axis: usize) -> Id {
        while parts.len() > 1 {
            let pairs: Vec<Vec<Id>> = parts.chunks(2).map(<[Id]>::to_vec).collect();
            parts = pairs
                .into_iter()
                .map(|pair| match pair[..] {
                    [first, second] => {
                        let extent = |id: Id| self.p.ty(id).shape[axis];
                        let (before, after) = (extent(first), extent(second));
                        let first = self.padded(first, axis, 0, after);
                        let second = self.padded(second, axis, before, 0);
                        self.p.binary(Binary::Add, first, second)
                    }
                    _ => pair[0],
                })
                .collect();
        }
        parts[0]
    }

    /// Values one after the other along an axis of the graph.
    pub fn concatenated(&mut self, values: Vec<Value>, axis: usize, shape: &[usize]) -> Value {
        let last = axis == 1 && shape.len() > 1 && values.iter().all(|v| v.last);
        let along = if last { 1 } else { place(shape, axis) };
        let parts: Vec<Id> = values
            .into_iter()
            .map(|v| if last { v.id } else { self.natural(v).id })
            .collect();
        Value {
            id: self.joined(parts, along),
            shape: shape.to_vec(),
            last,
        }
    }

    /// A trained tensor before the value along axis 1 of the graph.
    pub fn prepended(&mut self, x: Value, name: &str, shape: &[usize]) -> Value {
        let x = self.natural(x);
        let mut own = natural(shape);
        let along = place(shape, 1);
        own[along] = 1;
        let token = self.tensor_as(name, &own);
        let rest = natural(shape)[along] - 1;
        let token = self.padded(token, along, 0, rest);
        let value = self.padded(x.id, along, 1, 0);
        Value::new(self.p.binary(Binary::Add, value, token), shape)
    }

    /// Products over the last two axes of two values.
    pub fn matmul(&mut self, values: Vec<Value>, shape: &[usize]) -> Value {
        let parts: Vec<Id> = values
            .into_iter()
            .map(|v| {
                let v = self.natural(v);
                let own = natural(&v.shape);
                let [.., rows, columns] = own[..] else {
                    unreachable!("two axes at least")
                };
                let batch = own.iter().product::<usize>() / (rows * columns);
                self.p.view(v.id, &[batch, rows, columns])
            })
            .collect();
        let y = self.p.product(parts[0], parts[1]);
        self.shaped(y, shape)
    }
}
