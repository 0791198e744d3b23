//! Values from outside.

use super::table::Table;

/// A value that a program is given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// The sample's input, in the program's order.
    Input,
    /// The sample's label, a number; one a position where there are several.
    Label,
    /// The sample's weight in sums, 0 for samples that are only padding.
    Weight,
    /// 1 for a sample, 0 for padding.
    Present,
    /// A tensor of the network by its place in the layout, at the point.
    Parameter(usize),
    /// A running statistic by its place in the layout, at the point.
    Buffer(usize),
    /// The rate of a parameter.
    Tangent(usize),
    /// A tensor at the slice's origin.
    Origin(usize),
    /// A tensor of the slice's k-th direction.
    Direction(usize, usize),
    /// The k-th coordinate of the point, one number.
    Coordinate(usize),
    /// Known numbers, as the bits of an f64 each.
    Constant(Table<Vec<u64>>),
}

impl Leaf {
    /// Known numbers.
    pub fn constant(values: impl IntoIterator<Item = f64>) -> Self {
        Self::Constant(Table::new(values.into_iter().map(f64::to_bits).collect()))
    }

    /// Whether there is one for every sample.
    pub fn is_of_sample(&self) -> bool {
        matches!(
            self,
            Self::Input | Self::Label | Self::Weight | Self::Present
        )
    }
}
