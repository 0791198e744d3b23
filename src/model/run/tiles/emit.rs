//! The kernels of steps of samples.

use super::fused::Read;
use super::kernel::Launch;
use super::kernel::contract::contract;
use super::kernel::product::{Product, Shape};
use super::kernel::reduce;
use super::kernel::rows::{After, Argument, Plain, Steps, Strides};
use super::kernel::windows::Window;
use super::lists::OWN;
use super::making::Making;
use super::place::Place;
use crate::model::primitive::expression::Expression;
use crate::model::primitive::moved::NONE;
use crate::model::primitive::{Geometry, Op, Slot};
use crate::model::program::Id;
use crate::model::simplify::Epilogue;

/// Channels of a result up to which weights are read as they lie.
const FEW_CHANNELS: usize = 2;

/// Weights to be packed.
#[derive(Debug)]
pub struct Pack {
    /// The value.
    pub weights: Id,
    /// The form's result.
    out: Slot,
    shape: Shape,
    /// Whether every point has its own.
    pub moving: bool,
    /// The first vector.
    pub at: usize,
}

/// What was packed so far.
#[derive(Debug, Default)]
pub struct Emit {
    /// Weights.
    pub packs: Vec<Pack>,
    /// Vectors of all points, of one.
    pub packed: [usize; 2],
}

impl Pack {
    /// Packed numbers.
    pub fn size(&self) -> usize {
        4 * self.shape.packed()
    }

    /// Where each comes from: group, tile of channels, tap, channel of the values, channel of the tile.
    pub fn list(&self) -> Vec<u32> {
        let Shape {
            groups,
            outputs,
            inputs,
            taps,
        } = self.shape;
        // A form turned round has the channels of its values for a result.
        let (rows, columns) = match self.out {
            Slot::B => (inputs, outputs),
            _ => (outputs, inputs),
        };
        let row = taps * columns;
        let mut list = Vec::with_capacity(self.size());
        for group in 0..groups {
            for tile in 0..self.shape.tiles() {
                for tap in 0..taps {
                    for source in 0..inputs {
                        for target in 0..self.shape.tile() {
                            let target = tile * self.shape.tile() + target;
                            let (o, c) = match self.out {
                                Slot::B => (source, target),
                                _ => (target, source),
                            };
                            list.push(if target < outputs {
                                (group * rows * row + o * row + tap * columns + c) as u32
                            } else {
                                NONE
                            });
                        }
                    }
                }
            }
        }
        list
    }
}

fn shape_of(g: &Geometry, out: Slot) -> Shape {
    let (outputs, inputs) = match out {
        Slot::B => (g.inputs, g.outputs),
        _ => (g.outputs, g.inputs),
    };
    Shape {
        groups: g.groups,
        outputs,
        inputs,
        taps: g.taps,
    }
}

impl Emit {
    /// The kernels of a group of steps.
    pub fn group(&mut self, making: &mut Making, group: &[Id], launches: &mut Vec<Launch>) {
        let mut steps = Steps::default();
        for &id in group {
            if let Some(alone) = self.step(making, id, &mut steps) {
                launches.push(alone);
            }
        }
        if steps.words() > 0 {
            launches.push(steps.launch());
        }
    }

    /// A step: a kernel of its own, or one among `steps`.
    fn step(&mut self, making: &mut Making, id: Id, steps: &mut Steps) -> Option<Launch> {
        if let Some(after) = making.fused.form(id) {
            return self.form(making, id, after, steps);
        }
        let step = making.fused.program.step(id).clone();
        let out = making.place[id];
        let size = step.ty.size();
        let place = |which: usize| making.place(step.args[which]);
        match &step.op {
            Op::Map(e) => {
                let args: Vec<Argument> = step
                    .args
                    .iter()
                    .map(|arg| argument(making, *arg, &step.ty.shape))
                    .collect();
                steps.map(e, &args, out, size);
            }
            Op::Moved(list) => {
                let Read { from, list } = making.fused.through(list, step.args[0]);
                let mut e = Expression::default();
                e.argument(0);
                let arg = Argument {
                    place: making.place[from],
                    sample: true,
                    list: making.lists.add(list.unwrap_or_default()),
                };
                steps.map(&e, &[arg], out, size);
            }
            Op::Sum | Op::Most => {
                let x = place(0);
                let from = making.fused.program.ty(step.args[0]).shape.clone();
                let folded = making.lists.reduce(&from, &step.ty.shape);
                if !step.ty.sample {
                    return Some(reduce::sum(x, folded, out, size));
                }
                steps.fold(step.op == Op::Most, x, folded, out, size);
            }
            Op::Pick(table) | Op::Take(table) | Op::Put(table) => {
                let (what, turned) = match &step.op {
                    Op::Pick(_) => (Window::Pick, None),
                    Op::Take(_) if making.fused.is_most(id) => (Window::Most, None),
                    Op::Take(_) => (Window::Take(place(1)), None),
                    _ => (Window::Put(place(1)), Some(step.ty.shape[0])),
                };
                let (x, channels) = (place(0), step.ty.shape[1]);
                let lists = making.lists.windows(table, turned);
                steps.window(what, x, lists, channels, (out, size));
            }
            Op::Form(g, _) => {
                let values = [place(0), place(1)];
                let seen = making.lists.seen(g, Slot::A);
                if step.ty.sample {
                    let pairs = [seen.starts, seen.entries];
                    let sizes = [g.outputs, g.taps, g.inputs, g.groups];
                    steps.outer(values, pairs, sizes, out);
                    return None;
                }
                let sizes = [g.groups, g.outputs, g.inputs, g.taps];
                return Some(reduce::outer(values, seen, sizes, out));
            }
            Op::Contract(dims, slot) => {
                return Some(contract(*dims, *slot, [place(0), place(1)], out));
            }
            Op::Lookup => {
                let table = making.fused.program.ty(step.args[0]);
                let (sample, sizes) = (table.sample, [table.shape[0], table.shape[1]]);
                let table = Argument {
                    place: place(0),
                    sample,
                    list: OWN,
                };
                steps.lookup(table, place(1), sizes, out, size);
            }
            Op::Scatter => {
                let positions = making.fused.program.ty(step.args[1]).size();
                let (entries, width) = (step.ty.shape[0], step.ty.shape[1]);
                let (x, numbers) = (place(0), place(1));
                if !step.ty.sample {
                    let sizes = [entries, width, positions];
                    return Some(reduce::scatter(x, numbers, sizes, out));
                }
                steps.scatter(x, numbers, [positions, width], out, size);
            }
            Op::Leaf(_) | Op::View => {}
        }
        None
    }

    fn form(
        &mut self,
        making: &mut Making,
        id: Id,
        after: Epilogue,
        steps: &mut Steps,
    ) -> Option<Launch> {
        let step = making.fused.program.step(after.form).clone();
        let Op::Form(g, slot) = &step.op else {
            return None;
        };
        let (weights, x) = match slot {
            Slot::B => (step.args[1], step.args[0]),
            _ => (step.args[0], step.args[1]),
        };
        let (shape, seen) = (shape_of(g, *slot), making.lists.seen(g, *slot));
        let (x, y) = (making.place(x), making.place[id]);
        let positions = match slot {
            Slot::B => g.sources,
            _ => g.targets,
        };
        let sample = making.fused.program.ty(weights).sample;
        let place = making.place(weights);
        let ending = After {
            bias: after.bias.map(|id| making.place(id)),
            rows: after.rows.map(|id| making.place(id)),
            relu: after.relu,
        };
        if shape.outputs <= FEW_CHANNELS || sample || matches!(place, Place::Sum(_)) {
            let row = g.taps * g.inputs;
            let strides = match slot {
                Slot::B => Strides {
                    channel: 1,
                    tap: g.inputs,
                    inner: row,
                    group: g.outputs * row - g.inputs,
                },
                _ => Strides {
                    channel: row,
                    tap: g.inputs,
                    inner: 1,
                    group: 0,
                },
            };
            let weights = Argument {
                place,
                sample,
                list: OWN,
            };
            let outs = shape.groups * shape.outputs;
            let form = Plain {
                weights,
                x,
                pairs: [seen.starts, seen.entries],
                channels: [
                    outs,
                    shape.outputs,
                    shape.groups * shape.inputs,
                    shape.inputs,
                ],
                strides,
                after: ending,
            };
            steps.plain(&form, (y, positions * outs));
            return None;
        }
        let product = Product {
            shape,
            positions,
            seen,
            packed: self.pack(making, weights, *slot, shape),
            x,
            y,
            after: ending,
        };
        Some(product.launch())
    }

    /// The place of packed weights, the same for all products that read them alike.
    fn pack(&mut self, making: &Making, weights: Id, out: Slot, shape: Shape) -> (usize, bool) {
        let weights = making.fused.read(weights).from;
        let same = |pack: &&Pack| {
            pack.weights == weights
                && pack.shape == shape
                && (pack.out == Slot::B) == (out == Slot::B)
        };
        if let Some(known) = self.packs.iter().find(same) {
            return (known.at, known.moving);
        }
        let moving = matches!(making.place[weights], Place::Point(_));
        let at = self.packed[usize::from(moving)];
        self.packed[usize::from(moving)] += shape.packed();
        self.packs.push(Pack {
            weights,
            out,
            shape,
            moving,
            at,
        });
        (at, moving)
    }
}

/// An argument of an expression.
fn argument(making: &mut Making, arg: Id, shape: &[usize]) -> Argument {
    let read = making.fused.read_as(arg, shape);
    let ty = making.fused.program.ty(arg);
    let list = match read.list {
        Some(list) => making.lists.add(list),
        None => making.lists.broadcast(&ty.shape, shape),
    };
    Argument {
        place: making.place[read.from],
        sample: ty.sample,
        list,
    }
}
