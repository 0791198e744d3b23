//! One step of a program: what it needs beside its arguments, made once, and what it does with them.

use super::form::Form;
use super::kind::Kind;
use super::map::Map;
use super::moved::Moved;
use super::on::{On, Value};
use super::reduce::Reduce;
use super::window::Windows;
use super::{contract, table};
use crate::model::primitive::{Geometry, Op, Slot, Table};
use crate::model::program::{Id, Program};
use std::collections::HashMap;
use std::sync::Arc;

/// Mesa's software Vulkan leaves a loop after 65,535 rounds without a word; a product of matrices may
/// take one for every number that it adds up.
const MOST_LOOPS: usize = 32_768;

/// What a step needs.
#[derive(Debug)]
pub enum Kernel {
    Map(Map),
    Form(Arc<Form>),
    Reduce(Reduce),
    Windows(Arc<Windows>),
    Moved(Arc<Moved>),
    Plain,
}

/// Positions by window.
type Lists = Table<Vec<Vec<u32>>>;

/// Kernels of a program; equal tables are put on the device once.
pub struct Kernels<'a> {
    program: &'a Program,
    on: &'a On,
    forms: HashMap<(Table<Geometry>, Slot), Arc<Form>>,
    windows: HashMap<(Lists, usize, usize), Arc<Windows>>,
    moves: HashMap<(Table<Vec<u32>>, usize), Arc<Moved>>,
}

/// How many numbers a product of matrices may add up at a time.
fn loops(on: &On) -> usize {
    match on.kind {
        Kind::Software => MOST_LOOPS,
        Kind::Processor | Kind::Graphics => usize::MAX,
    }
}

impl<'a> Kernels<'a> {
    /// None yet.
    pub fn new(program: &'a Program, on: &'a On) -> Self {
        Self {
            program,
            on,
            forms: HashMap::new(),
            windows: HashMap::new(),
            moves: HashMap::new(),
        }
    }

    /// What a step needs.
    pub fn of(&mut self, id: Id) -> Kernel {
        let (program, on) = (self.program, self.on);
        let step = program.step(id);
        let arg = |which: usize| program.ty(step.args[which]);
        match &step.op {
            Op::Map(_) => {
                let shapes = step.args.iter().map(|a| program.ty(*a).shape.as_slice());
                Kernel::Map(Map::new(&shapes.collect::<Vec<_>>(), &step.ty.shape, on))
            }
            Op::Form(g, out) => {
                let made = self.forms.entry((g.clone(), *out));
                let new = || Arc::new(Form::new(g, *out, loops(on), on));
                Kernel::Form(Arc::clone(made.or_insert_with(new)))
            }
            Op::Sum | Op::Most => {
                let samples = !step.ty.sample && arg(0).sample;
                Kernel::Reduce(Reduce::new(&arg(0).shape, &step.ty.shape, samples))
            }
            Op::Pick(lists) | Op::Take(lists) | Op::Put(lists) => {
                // `Put` makes what the others read.
                let x = match step.op {
                    Op::Put(_) => &step.ty,
                    _ => arg(0),
                };
                let (positions, channels) = (x.shape[0], x.shape[1]);
                let made = self.windows.entry((lists.clone(), positions, channels));
                let new = || Arc::new(Windows::new(lists, positions, channels, on));
                Kernel::Windows(Arc::clone(made.or_insert_with(new)))
            }
            Op::Moved(list) => {
                let size = arg(0).size();
                let made = self.moves.entry((list.clone(), size));
                let new = || Arc::new(Moved::new(list, size, on));
                Kernel::Moved(Arc::clone(made.or_insert_with(new)))
            }
            Op::Leaf(_) | Op::Contract(..) | Op::Lookup | Op::Scatter | Op::View => Kernel::Plain,
        }
    }
}

impl Kernel {
    /// Numbers a sample that a step works with beside its arguments and its result.
    pub fn workspace(&self, program: &Program, id: Id) -> usize {
        let step = program.step(id);
        let size = step.ty.size();
        match (self, &step.op) {
            (Self::Map(_), Op::Map(e)) => size * e.nodes.len().min(4),
            (Self::Form(form), _) => form.workspace(),
            (Self::Windows(_), _) => 4 * size.max(program.ty(step.args[0]).size()),
            (Self::Reduce(_) | Self::Moved(_), _) => program.ty(step.args[0]).size(),
            (_, Op::Scatter) => 2 * step.ty.shape[0] * program.ty(step.args[1]).size(),
            (_, Op::Contract(..)) => program.ty(step.args[0]).size(),
            _ => size,
        }
    }

    /// The step's value, `rows` of it.
    pub fn run(&self, program: &Program, id: Id, args: Vec<Value>, rows: usize, on: &On) -> Value {
        let step = program.step(id);
        if let (Self::Map(map), Op::Map(e)) = (self, &step.op) {
            return map.run(e, args, rows, on);
        }
        let mut args = args.into_iter();
        let mut next = || args.next().expect("as many arguments as the primitive has");
        match (self, &step.op) {
            (Self::Form(form), _) => form.run(next(), next(), step.ty.sample, on),
            (_, Op::Contract(dims, out)) => contract::run(*dims, *out, next(), next()),
            (Self::Reduce(reduce), Op::Most) => reduce.most(next()),
            (Self::Reduce(reduce), _) => reduce.sum(next()),
            (Self::Windows(windows), Op::Pick(_)) => windows.pick(next(), on),
            (Self::Windows(windows), Op::Take(_)) => windows.take(next(), next()),
            (Self::Windows(windows), _) => windows.put(next(), next(), on),
            (Self::Moved(moved), _) => moved.run(next(), on),
            (_, Op::Lookup) => {
                let entries = program.ty(step.args[0]).shape[0];
                table::lookup(next(), next(), entries)
            }
            (_, Op::Scatter) => {
                let entries = step.ty.shape[0];
                let each = step.ty.sample;
                table::scatter(next(), next(), entries, each, loops(on), on)
            }
            (_, other) => unreachable!("{other:?} is no step of its own"),
        }
    }
}
