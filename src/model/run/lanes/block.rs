//! Steps of samples: one block of rows through one step.

use super::kernel::{After, Contract, Gather, Outer, OuterEach, turns};
use super::map::{Argument, Map};
use super::plan::{Place, Ready};
use super::rows::{Lanes, Reduced, Window, Windows, lookup, moved, scatter, scatter_each};
use super::shared::Seen;
use super::simd::{LANES, Real};
use crate::model::primitive::{Op, Slot};
use crate::model::program::Id;
use crate::model::run::stages::LEAVES;
use std::mem::take;

/// Rows by buffer.
pub type Rows<T> = Vec<Vec<<T as Real>::Row>>;

/// What one thread works in.
#[derive(Debug)]
pub struct Room<T: Real> {
    /// Leaves of each block of a group.
    pub leaves: Vec<[Vec<T::Row>; LEAVES.len()]>,
    /// Values of each block of a group.
    pub rows: Vec<Rows<T>>,
    /// Values of the block at hand that all points share.
    pub still: Rows<T>,
    pub temporaries: Vec<Vec<T>>,
    pub scratch: Vec<T>,
}

impl<T: Real> Default for Room<T> {
    fn default() -> Self {
        Self {
            leaves: Vec::new(),
            rows: Vec::new(),
            still: Vec::new(),
            temporaries: Vec::new(),
            scratch: Vec::new(),
        }
    }
}

impl<T: Real> Room<T> {
    /// Rows that it holds memory for.
    pub fn rows_held(&self) -> usize {
        let values = self.rows.iter().flatten().chain(&self.still);
        let leaves = self.leaves.iter().flatten();
        values.chain(leaves).map(Vec::capacity).sum()
    }
}

/// At least `size` zeroed or used rows.
pub fn sized<R: bytemuck::Pod>(rows: &mut Vec<R>, size: usize) {
    if rows.len() < size {
        rows.resize(size, R::zeroed());
    }
}

/// A block at a point.
pub struct Block<'a, T: Real> {
    pub seen: Seen<'a, T>,
    pub leaves: &'a [Vec<T::Row>; LEAVES.len()],
    pub still: &'a mut Rows<T>,
    pub rows: &'a mut Rows<T>,
    pub sums: &'a mut [Vec<T>],
    pub temporaries: &'a mut Vec<Vec<T>>,
    pub scratch: &'a mut Vec<T>,
}

impl<T: Real> Block<'_, T> {
    /// The rows of a value of samples, or the numbers of a shared one.
    pub fn get(&self, id: Id) -> &[T] {
        let size = self.seen.plan.program.ty(id).size() * LANES;
        match self.seen.plan.place[id] {
            Place::Leaf(at) => &bytemuck::cast_slice(&self.leaves[at])[..size],
            Place::Still(at) => &bytemuck::cast_slice(&self.still[at])[..size],
            Place::Rows(at) => &bytemuck::cast_slice(&self.rows[at])[..size],
            Place::Sum(at) => &self.sums[at],
            Place::Once(_) | Place::Point(_) => self.seen.get(id),
        }
    }

    /// Does a step.
    pub fn step(&mut self, id: Id) {
        let plan = self.seen.plan;
        let size = plan.program.ty(id).size();
        match plan.place[id] {
            Place::Still(at) => {
                let mut out = take(&mut self.still[at]);
                sized(&mut out, size);
                self.rows_into(id, &mut bytemuck::cast_slice_mut(&mut out)[..size * LANES]);
                self.still[at] = out;
            }
            Place::Rows(at) => {
                let mut out = take(&mut self.rows[at]);
                sized(&mut out, size);
                self.rows_into(id, &mut bytemuck::cast_slice_mut(&mut out)[..size * LANES]);
                self.rows[at] = out;
            }
            Place::Sum(at) => {
                let mut sums = take(&mut self.sums[at]);
                self.sums_into(id, &mut sums);
                self.sums[at] = sums;
            }
            Place::Leaf(_) | Place::Once(_) | Place::Point(_) => {}
        }
    }

    fn rows_into(&mut self, id: Id, out: &mut [T]) {
        let plan = self.seen.plan;
        let step = plan.program.step(id);
        let arch = plan.arch;
        let windows = |what| -> Window<'_, T> { what };
        match (&step.op, &plan.ready[id]) {
            (
                _,
                Ready::Gather {
                    lists,
                    shape,
                    packed,
                    x,
                    after,
                },
            ) => {
                let packed = match packed {
                    Place::Once(at) => &self.seen.once[*at],
                    Place::Point(at) => &self.seen.point[*at],
                    other => unreachable!("packs are no {other:?}"),
                };
                let gather = Gather {
                    y: out,
                    x: self.get(*x),
                    seen: lists,
                    packed: &packed[..shape.size()],
                    shape: *shape,
                    widest: plan.widest,
                    after: After {
                        bias: after.bias.map(|id| self.get(id)),
                        rows: after.rows.map(|id| self.get(id)),
                        relu: after.relu,
                    },
                };
                arch.dispatch(gather);
            }
            (Op::Map(_), Ready::Map(map)) => {
                let mut temporaries = take(self.temporaries);
                let args: Vec<Argument<'_, T>> = step
                    .args
                    .iter()
                    .map(|arg| Argument {
                        values: self.get(*arg),
                        sample: plan.program.ty(*arg).sample,
                    })
                    .collect();
                arch.dispatch(Map {
                    out,
                    args: &args,
                    plan: map,
                    temporaries: &mut temporaries,
                });
                *self.temporaries = temporaries;
            }
            (Op::Form(g, Slot::A), Ready::Outer { lists }) => arch.dispatch(OuterEach {
                out,
                y: self.get(step.args[0]),
                x: self.get(step.args[1]),
                pairs: lists,
                geometry: g,
            }),
            (Op::Contract(dims, slot), _) => self.contract(*dims, *slot, &step.args, out),
            (Op::Sum | Op::Most, Ready::Reduce(reduce)) => arch.dispatch(Reduced {
                out,
                x: self.get(step.args[0]),
                plan: reduce,
                most: step.op == Op::Most,
            }),
            (Op::Pick(table) | Op::Take(table) | Op::Put(table), ready) => {
                let what = match (&step.op, ready) {
                    (_, Ready::Most) => Window::Most,
                    (Op::Pick(_), _) => Window::Pick,
                    (Op::Take(_), _) => Window::Take(self.get(step.args[1])),
                    _ => Window::Put(self.get(step.args[1])),
                };
                arch.dispatch(Windows {
                    out,
                    x: self.get(step.args[0]),
                    lists: table,
                    channels: step.ty.shape[1],
                    what: windows(what),
                });
            }
            (Op::Moved(list), _) => moved(out, self.get(step.args[0]), list),
            (Op::Lookup, _) => {
                let table = plan.program.ty(step.args[0]);
                let values = &self.get(step.args[0])[..table.size()];
                lookup(out, values, self.get(step.args[1]), table.shape[1]);
            }
            (Op::Scatter, _) => {
                let (x, numbers) = (self.get(step.args[0]), self.get(step.args[1]));
                scatter_each(out, x, numbers, step.ty.shape[1]);
            }
            (other, _) => unreachable!("{other:?} of a sample"),
        }
    }

    fn contract(&self, dims: [usize; 4], slot: Slot, args: &[Id], out: &mut [T]) {
        let [batch, m, k, n] = dims;
        let (first, second) = (self.get(args[0]), self.get(args[1]));
        let part = |rows: &[T], i: usize, size: usize| -> std::ops::Range<usize> {
            debug_assert!(rows.len() >= (i + 1) * size * LANES);
            i * size * LANES..(i + 1) * size * LANES
        };
        for i in 0..batch {
            // y = a b, a = y bᵀ, b = aᵀ y.
            let (size, left, right, a, b, strides) = match slot {
                Slot::Y => ([m, k, n], m * k, k * n, first, second, [[k, 1], [n, 1]]),
                Slot::A => ([m, n, k], m * n, k * n, first, second, [[n, 1], [1, n]]),
                Slot::B => ([k, m, n], m * k, m * n, second, first, [[1, k], [n, 1]]),
            };
            let whole = size[0] * size[2];
            self.seen.plan.arch.dispatch(Contract {
                out: &mut out[i * whole * LANES..(i + 1) * whole * LANES],
                a: &a[part(a, i, left)],
                b: &b[part(b, i, right)],
                size,
                strides,
            });
        }
    }

    fn sums_into(&mut self, id: Id, sums: &mut [T]) {
        let plan = self.seen.plan;
        let step = plan.program.step(id);
        let arch = plan.arch;
        match (&step.op, &plan.ready[id]) {
            (Op::Form(g, Slot::A), Ready::Outer { lists }) => {
                let mut scratch = take(self.scratch);
                arch.dispatch(Outer {
                    sums,
                    y: self.get(step.args[0]),
                    x: self.get(step.args[1]),
                    pairs: lists,
                    geometry: g,
                    widest: plan.widest,
                    scratch: &mut scratch,
                });
                *self.scratch = scratch;
                debug_assert!(turns(g) || sums.len() >= step.ty.size());
            }
            (Op::Sum, Ready::Reduce(reduce)) => {
                let size = step.ty.size();
                let x = self.get(step.args[0]);
                if plan.program.ty(step.args[0]).size() == size {
                    arch.dispatch(Lanes {
                        sums: &mut sums[..size],
                        x,
                    });
                    return;
                }
                let mut scratch = take(self.scratch);
                scratch.clear();
                scratch.resize(size * LANES, T::default());
                let x = self.get(step.args[0]);
                arch.dispatch(Reduced {
                    out: &mut scratch,
                    x,
                    plan: reduce,
                    most: false,
                });
                arch.dispatch(Lanes {
                    sums: &mut sums[..size],
                    x: &scratch,
                });
                *self.scratch = scratch;
            }
            (Op::Scatter, _) => {
                let width = step.ty.shape[1];
                let size = step.ty.size();
                let (x, numbers) = (self.get(step.args[0]), self.get(step.args[1]));
                scatter(&mut sums[..size], x, numbers, width);
            }
            (other, _) => unreachable!("{other:?} over samples"),
        }
    }
}
