//! What every loss says of itself, and what it finds where it is lowered.

use super::score::{Score, Totals};
use crate::dataset::Samples;
use crate::model::primitive::Leaf;
use crate::model::program::{Id, Program, Type};

/// What a loss finds where it is lowered.
pub(in crate::model) struct Given<'a> {
    /// The program being written.
    pub p: &'a mut Program,
    /// The outputs, as the graph has them.
    pub outputs: Id,
    /// Their shape, without the batch axis.
    pub shape: &'a [usize],
    /// The inputs, as the graph has them.
    pub input: Id,
}

impl Given<'_> {
    /// How many outputs a sample has.
    pub(super) fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// The targets of a sample, as many as told, `[1, count]`.
    pub(super) fn targets(&mut self, count: usize) -> Id {
        self.p.leaf(Leaf::Label, Type::sample(&[1, count]))
    }

    /// Known numbers.
    pub(super) fn constant(
        &mut self,
        values: impl IntoIterator<Item = f64>,
        shape: &[usize],
    ) -> Id {
        self.p.leaf(Leaf::constant(values), Type::shared(shape))
    }
}

/// The complaint of a loss that needs targets where the data has none.
pub(super) const NO_TARGETS: &str = "the data has no targets (no array y), which this loss needs; choose --loss mse:target=input for an autoencoder, or save them as y";

/// What every loss says of itself. Complaints are the ends of a sentence about the model or the data.
pub(super) trait Criterion {
    /// Holds the loss against the shapes of outputs and inputs, without the batch axis.
    fn check(&self, output: &[usize], input: &[usize]) -> Result<(), String>;
    /// Whether it holds outputs against the targets of the data, which then may not be missing.
    fn needs_targets(&self) -> bool {
        true
    }
    /// Holds the targets of samples against outputs that were checked.
    fn fits(&self, output: &[usize], samples: &Samples) -> Result<(), String>;
    /// Adds to a program the loss and what the score is made of, of a sample, `[1, 1]` each.
    fn lower(&self, given: &mut Given<'_>) -> [Id; 2];
    /// What sums over these samples are held against.
    fn totals(&self, samples: &Samples) -> Totals;
    /// The second number.
    fn score(&self) -> Score;
    /// The loss in words.
    fn describe(&self) -> String;
}

/// Whether two shapes differ at most by extents of 1.
pub(super) fn same_but_ones(a: &[usize], b: &[usize]) -> bool {
    let long = |shape: &[usize]| -> Vec<usize> {
        shape
            .iter()
            .copied()
            .filter(|extent| *extent != 1)
            .collect()
    };
    long(a) == long(b)
}
