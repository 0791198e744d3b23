//! Steps that see no sample: points of a slice, folded weights, what comes after sums over samples.

use super::kernel;
use super::map::{Argument, Map};
use super::plan::{Place, Plan, Ready};
use super::simd::Real;
use crate::model::primitive::moved::{NONE, indices, strides};
use crate::model::primitive::{Op, Slot};
use crate::model::program::Id;
use crate::model::run::backend::{Source, fill};
use crate::model::run::stages::When;

/// What a shared step may read: numbers of all points, of its point, and sums.
pub struct Seen<'a, T> {
    pub plan: &'a Plan,
    pub once: &'a [Vec<T>],
    pub point: &'a [Vec<T>],
    pub sums: &'a [Vec<T>],
}

impl<T: Real> Seen<'_, T> {
    /// A shared value, at least as long as its type.
    pub fn get(&self, id: Id) -> &[T] {
        match self.plan.place[id] {
            Place::Once(at) => &self.once[at],
            Place::Point(at) => &self.point[at],
            Place::Sum(at) => &self.sums[at],
            other => unreachable!("{other:?} is of a sample"),
        }
    }

    /// Does a shared step into `out`, whose length is a multiple of `LANES`.
    pub fn step(&self, id: Id, out: &mut [T], temporaries: &mut Vec<Vec<T>>) {
        let step = self.plan.program.step(id);
        let size = step.ty.size();
        match (&step.op, &self.plan.ready[id]) {
            (Op::Moved(list), _) => {
                let x = self.get(step.args[0]);
                for (out, from) in out.iter_mut().zip(&***list) {
                    *out = if *from == NONE {
                        T::default()
                    } else {
                        x[*from as usize]
                    };
                }
            }
            (Op::Map(_), Ready::Shared { plan, repeated }) => {
                let spread: Vec<Option<Vec<T>>> = step
                    .args
                    .iter()
                    .zip(repeated)
                    .map(|(arg, indices)| {
                        let x = self.get(*arg);
                        let indices = indices.as_ref()?;
                        let mut all: Vec<T> = indices.iter().map(|i| x[*i as usize]).collect();
                        all.resize(out.len(), T::default());
                        Some(all)
                    })
                    .collect();
                let args: Vec<Argument<'_, T>> = step
                    .args
                    .iter()
                    .zip(&spread)
                    .map(|(arg, spread)| Argument {
                        values: spread.as_deref().unwrap_or_else(|| self.get(*arg)),
                        sample: true,
                    })
                    .collect();
                self.plan.arch.dispatch(Map {
                    out,
                    args: &args,
                    plan,
                    temporaries,
                });
            }
            (Op::Sum, _) => {
                let from = self.plan.program.ty(step.args[0]);
                let mut to = step.ty.shape.clone();
                to.resize(from.shape.len(), 1);
                let strides = strides(&to, &from.shape);
                let places = indices(&from.shape, &strides);
                let mut sums = vec![0.0; size];
                for (place, x) in places.iter().zip(self.get(step.args[0])) {
                    sums[*place as usize] += x.wide();
                }
                for (out, sum) in out.iter_mut().zip(sums) {
                    *out = T::of(sum);
                }
            }
            (other, _) => unreachable!("{other:?} without samples"),
        }
    }
}

impl Plan {
    /// The shared numbers of all points, or of one (`moving`), which are done before all samples.
    pub fn early<T: Real>(
        &self,
        source: &dyn Source,
        point: Option<usize>,
        once: &[Vec<T>],
        buffers: &mut Vec<Vec<T>>,
        temporaries: &mut Vec<Vec<T>>,
    ) {
        let moving = point.is_some();
        let sizes = &self.numbers[usize::from(moving)];
        buffers.resize_with(sizes.len(), Vec::new);
        for (buffer, size) in buffers.iter_mut().zip(sizes) {
            buffer.resize(*size, T::default());
        }
        for (id, step) in self.program.steps().iter().enumerate() {
            if self.when[id] != (When::Early { moving }) {
                continue;
            }
            let (Place::Once(at) | Place::Point(at)) = self.place[id] else {
                continue;
            };
            let mut out = std::mem::take(&mut buffers[at]);
            if let Op::Leaf(leaf) = &step.op {
                let out = T::numbers(&mut out[..step.ty.size()]);
                fill(source, leaf, point.unwrap_or(0), out);
            } else {
                let (all, own) = if moving {
                    (once, &buffers[..])
                } else {
                    (&buffers[..], &[][..])
                };
                let seen = Seen {
                    plan: self,
                    once: all,
                    point: own,
                    sums: &[],
                };
                seen.step(id, &mut out, temporaries);
            }
            buffers[at] = out;
        }
        for pack in self.packs.iter().filter(|pack| pack.moving == moving) {
            let Op::Form(g, slot) = &self.program.step(pack.form).op else {
                continue;
            };
            let mut out = std::mem::take(&mut buffers[pack.to]);
            let weights = match self.place[pack.weights] {
                Place::Once(at) if moving => &once[at],
                Place::Once(at) | Place::Point(at) => &buffers[at],
                _ => continue,
            };
            kernel::pack(g, *slot, self.widest, weights, &mut out[..pack.size]);
            buffers[pack.to] = out;
        }
    }

    /// Zeroed sums of a point.
    pub fn zeros<T: Real>(&self) -> Vec<Vec<T>> {
        self.sums.iter().map(|n| vec![T::default(); *n]).collect()
    }

    /// Does the shared steps after sums, of one level or of all.
    pub fn late<T: Real>(
        &self,
        level: Option<usize>,
        once: &[Vec<T>],
        point: &[Vec<T>],
        sums: &mut [Vec<T>],
        temporaries: &mut Vec<Vec<T>>,
    ) {
        for (id, step) in self.program.steps().iter().enumerate() {
            let Place::Sum(at) = self.place[id] else {
                continue;
            };
            // Rows of a slope may be longer than what is asked for; that ends with the samples.
            if let (Op::Form(g, Slot::A), When::Block { level: own, .. }) =
                (&step.op, self.when[id])
            {
                let ended = level.is_none_or(|level| own + 1 == level);
                if ended && kernel::stride(g) != g.inputs {
                    let flat = kernel::unpadded(g, &sums[at]);
                    sums[at][..flat.len()].copy_from_slice(&flat);
                }
                continue;
            }
            let When::Late { level: own } = self.when[id] else {
                continue;
            };
            if level.is_some_and(|level| own != level) {
                continue;
            }
            let mut out = std::mem::take(&mut sums[at]);
            let seen = Seen {
                plan: self,
                once,
                point,
                sums,
            };
            seen.step(id, &mut out, temporaries);
            sums[at] = out;
        }
    }
}
