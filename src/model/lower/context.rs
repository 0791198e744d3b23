//! The program that layers are written into, and the tensors they may name.
//!
//! It knows no layers: each says for itself what it means ([`crate::model::layers`]).

use crate::model::params::Layout;
use crate::model::primitive::{Geometry, Leaf, Slot, Table};
use crate::model::program::{Id, Program, Type};
use std::collections::HashMap;

/// A value, or why there is none.
pub type Lower<T> = Result<T, String>;

/// Most entries of a table of hits or moves: about a gigabyte.
const MOST_ENTRIES: usize = 1 << 26;

/// Refuses a table with too many entries.
///
/// # Errors
/// Where there are more than fit.
pub fn bounded(entries: Option<usize>) -> Lower<()> {
    match entries {
        Some(0..=MOST_ENTRIES) => Ok(()),
        _ => Err(format!(
            "has too many positions to be listed: more than {MOST_ENTRIES}"
        )),
    }
}

/// Where normalisation over the batch takes its mean and variance from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statistics {
    /// The running statistics among the network's tensors.
    Running,
    /// The samples that a program is run for (train mode).
    Batch,
}

/// The statistics that one layer measures in [`Statistics::Batch`].
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Mean, `[channels]`, shared.
    pub mean: Id,
    /// Unbiased variance, `[channels]`, shared.
    pub variance: Id,
    /// Place in the layout of the running mean that this would update.
    pub running_mean: usize,
    /// Place in the layout of the running variance that this would update.
    pub running_var: usize,
}

/// A program being written.
pub struct Lowering<'a> {
    /// What is written so far.
    pub p: Program,
    /// Where statistics come from.
    pub statistics: Statistics,
    /// Statistics of the batch, a layer each.
    pub measured: Vec<Measured>,
    layout: &'a Layout,
    places: HashMap<&'a str, usize>,
    derived: HashMap<&'a str, Id>,
}

impl<'a> Lowering<'a> {
    /// An empty program over these tensors.
    pub fn new(layout: &'a Layout, statistics: Statistics) -> Self {
        let places = layout.iter().enumerate();
        Self {
            p: Program::default(),
            statistics,
            measured: Vec::new(),
            layout,
            places: places.map(|(i, spec)| (spec.name.as_str(), i)).collect(),
            derived: HashMap::new(),
        }
    }

    /// From now on `name` is a value of the program.
    pub fn derive(&mut self, name: &'a str, id: Id) {
        self.derived.insert(name, id);
    }

    /// The place of a stored tensor in the layout.
    pub fn place(&self, name: &str) -> usize {
        self.places[name]
    }

    /// A tensor of the network in its stored shape, or one that is made of such.
    pub fn tensor(&mut self, name: &str) -> Id {
        if let Some(id) = self.derived.get(name) {
            return *id;
        }
        let index = self.places[name];
        let spec = &self.layout[index];
        let leaf = if spec.is_trainable() {
            Leaf::Parameter(index)
        } else {
            Leaf::Buffer(index)
        };
        self.p.leaf(leaf, Type::shared(&spec.shape))
    }

    /// A tensor in another shape.
    pub fn tensor_as(&mut self, name: &str, shape: &[usize]) -> Id {
        let tensor = self.tensor(name);
        self.p.view(tensor, shape)
    }

    /// A tensor with one number a channel, as a row.
    pub fn row(&mut self, name: &str) -> Id {
        let tensor = self.tensor(name);
        let size = self.p.ty(tensor).size();
        self.p.view(tensor, &[1, size])
    }

    /// Known numbers.
    pub fn constant(&mut self, values: impl IntoIterator<Item = f64>, shape: &[usize]) -> Id {
        self.p.leaf(Leaf::constant(values), Type::shared(shape))
    }

    /// A value repeated for every sample.
    pub fn of_sample(&mut self, x: Id) -> Id {
        let ty = self.p.ty(x).clone().with_sample(true);
        self.p.broadcast(x, ty)
    }

    /// Every row of `x` `[positions, in]` by the same weights `[out, in]`, and a bias.
    pub fn linear(&mut self, x: Id, weight: Id, bias: Option<Id>) -> Id {
        let (positions, inputs) = (self.p.ty(x).shape[0], self.p.ty(x).shape[1]);
        let outputs = self.p.ty(weight).shape[0];
        let geometry = Table::new(Geometry::linear(positions, outputs, inputs));
        let y = self.p.form(&geometry, Slot::Y, [weight, x]);
        self.plus(y, bias)
    }

    /// With a row added, if there is one.
    pub fn plus(&mut self, y: Id, bias: Option<Id>) -> Id {
        self.p.added(bias, y)
    }
}
