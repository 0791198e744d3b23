//! What each step's kernel needs, made once for a program.

use super::kernel::{Lists, Shape};
use super::map::{MapPlan, Read};
use super::plan::{Pack, Place, Plan, Ready};
use super::rows::Reduce;
use super::simd::LANES;
use crate::model::primitive::moved::{indices, strides};
use crate::model::primitive::{Op, Slot};
use crate::model::program::Id;
use crate::model::run::stages::When;
use crate::model::simplify::Epilogue;
use std::collections::HashMap;

/// Weights, which way round, groups and taps.
type Packed = (Id, Slot, usize, usize);

impl Plan {
    /// Lists, packs and temporaries of every step.
    pub(super) fn make_ready(&mut self, moving: &[bool], after: &[Option<Epilogue>]) {
        let mut packed: HashMap<Packed, Place> = HashMap::new();
        for id in 0..self.program.steps().len() {
            let step = self.program.step(id).clone();
            let ready = match (&step.op, self.when[id]) {
                (_, When::Never) | (Op::Leaf(_), _) => Ready::Plain,
                (Op::Map(e), When::Early { .. } | When::Late { .. }) => {
                    let mut reads = Vec::new();
                    let mut repeated = Vec::new();
                    for arg in &step.args {
                        let strides = strides(&self.program.ty(*arg).shape, &step.ty.shape);
                        let whole = self.program.ty(*arg).shape == step.ty.shape;
                        let scalar = !whole && strides.iter().all(|s| *s == 0);
                        reads.push(if scalar { Read::One } else { Read::Own });
                        repeated
                            .push((!whole && !scalar).then(|| indices(&step.ty.shape, &strides)));
                    }
                    Ready::Shared {
                        plan: MapPlan::new(e, reads),
                        repeated,
                    }
                }
                (Op::Map(e), _) => match after[id] {
                    Some(found) => self.gather(found, moving, &mut packed),
                    None => {
                        let list = |arg: &Id| {
                            let ty = self.program.ty(*arg);
                            if ty.sample && ty.shape == step.ty.shape {
                                Read::Own
                            } else if !ty.sample && ty.size() == 1 {
                                Read::One
                            } else {
                                let strides = strides(&ty.shape, &step.ty.shape);
                                Read::List(indices(&step.ty.shape, &strides))
                            }
                        };
                        Ready::Map(MapPlan::new(e, step.args.iter().map(list).collect()))
                    }
                },
                (Op::Form(g, Slot::A), _) => Ready::Outer {
                    lists: Lists::of(g, Slot::A),
                },
                (Op::Form(..), _) => {
                    let alone = Epilogue {
                        form: id,
                        bias: None,
                        rows: None,
                        relu: false,
                    };
                    self.gather(alone, moving, &mut packed)
                }
                (Op::Sum | Op::Most, _) => {
                    let from = self.program.ty(step.args[0]);
                    let mut to = step.ty.shape.clone();
                    if to.len() != from.shape.len() {
                        to.resize(from.shape.len(), 1);
                    }
                    Ready::Reduce(Reduce::new(&from.shape, &to))
                }
                (Op::Take(_), _) => {
                    let index = step.args[1];
                    let only = self.program.steps().iter().all(|s| {
                        !s.args.contains(&index)
                            || matches!(s.op, Op::Take(_)) && s.args[0] == step.args[0]
                    });
                    let own = self.program.step(index).args[0] == step.args[0];
                    if only && own && !self.program.outputs.contains(&index) {
                        self.when[index] = When::Never;
                        Ready::Most
                    } else {
                        Ready::Plain
                    }
                }
                _ => Ready::Plain,
            };
            self.ready.push(ready);
        }
    }

    fn gather(
        &mut self,
        after: Epilogue,
        moving: &[bool],
        packed: &mut HashMap<Packed, Place>,
    ) -> Ready {
        let step = self.program.step(after.form).clone();
        let Op::Form(g, out) = &step.op else {
            return Ready::Plain;
        };
        let (weights, x) = match out {
            Slot::B => (step.args[1], step.args[0]),
            _ => (step.args[0], step.args[1]),
        };
        let shape = Shape::of(g, *out);
        let key = (weights, *out, g.groups, g.taps);
        let (numbers, packs) = (&mut self.numbers, &mut self.packs);
        let place = *packed.entry(key).or_insert_with(|| {
            let moving = moving[weights];
            let buffers = &mut numbers[usize::from(moving)];
            buffers.push(shape.size().next_multiple_of(LANES));
            let to = buffers.len() - 1;
            packs.push(Pack {
                weights,
                form: after.form,
                moving,
                to,
                size: shape.size(),
            });
            if moving {
                Place::Point(to)
            } else {
                Place::Once(to)
            }
        });
        Ready::Gather {
            lists: Lists::of(g, *out),
            shape,
            packed: place,
            x,
            after,
        }
    }
}
