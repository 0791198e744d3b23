//! Several values made one, and one value cut, padded or combined with a tensor.

use super::Lowering;
use super::value::{Value, axis as place, natural};
use crate::model::primitive::expression::Binary;
use crate::model::primitive::moved::{NONE, indices};
use crate::model::program::Id;

impl Lowering<'_> {
    /// Numpy-style broadcasting of all values, combined one after the other.
    pub fn combined(&mut self, values: Vec<Value>, function: Binary, shape: &[usize]) -> Value {
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
            return Value::last(self.folded(&parts, function), shape);
        }
        let axes = natural(shape).len();
        let parts: Vec<Id> = values
            .into_iter()
            .map(|v| {
                let v = self.natural(v);
                let mut own = v.shape;
                own.splice(0..0, std::iter::repeat_n(1, axes - own.len()));
                self.p.view(v.id, &own)
            })
            .collect();
        Value::new(self.folded(&parts, function), shape)
    }

    fn folded(&mut self, parts: &[Id], function: Binary) -> Id {
        let (first, rest) = (parts[0], &parts[1..]);
        rest.iter()
            .fold(first, |sum, part| self.p.binary(function, sum, *part))
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
        let axes = natural(shape).len();
        own.splice(0..0, std::iter::repeat_n(1, axes - own.len()));
        let tensor = self.p.view(tensor, &own);
        let mut given = x.shape.clone();
        given.splice(0..0, std::iter::repeat_n(1, axes - given.len()));
        let value = self.p.view(x.id, &given);
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

    /// Values one after the other along an axis of the graph: each padded, and all added.
    pub fn concatenated(&mut self, values: Vec<Value>, axis: usize, shape: &[usize]) -> Value {
        let last = axis == 1 && shape.len() > 1 && values.iter().all(|v| v.last);
        let along = if last { 1 } else { place(shape, axis) };
        let parts: Vec<Id> = values
            .into_iter()
            .map(|v| if last { v.id } else { self.natural(v).id })
            .collect();
        let total: usize = parts.iter().map(|p| self.p.ty(*p).shape[along]).sum();
        let mut before = 0;
        let mut padded = Vec::with_capacity(parts.len());
        for part in parts {
            let extent = self.p.ty(part).shape[along];
            padded.push(self.padded(part, along, before, total - before - extent));
            before += extent;
        }
        let id = self.folded(&padded, Binary::Add);
        Value {
            id,
            shape: shape.to_vec(),
            last,
        }
    }

    /// Every `step`-th index from `start` on along an axis of the graph's shape.
    pub fn sliced(
        &mut self,
        x: &Value,
        axis: usize,
        start: usize,
        step: usize,
        shape: &[usize],
    ) -> Value {
        let mut strides = vec![1; x.shape.len()];
        for i in (1..x.shape.len()).rev() {
            strides[i - 1] = strides[i] * x.shape[i];
        }
        let first = start * strides[axis];
        strides[axis] *= step;
        let list = indices(shape, &strides);
        let list = list.into_iter().map(|at| at + first as u32).collect();
        let id = self.p.moved(x.id, list, &natural(shape));
        Value::new(id, shape)
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
