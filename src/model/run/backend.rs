//! What every executor of programs can do, in terms of points and samples.
//!
//! Memory is a backend's own matter: it is made with a budget, cuts samples and points to it, and says
//! what doesn't fit. Words for that are for those who know the network's name.

use super::stages::Varying;
use crate::dataset::TargetSlice;
use crate::error::Result;
use crate::model::primitive::Leaf;
use crate::model::program::Program;
use std::any::Any;
use std::fmt::{self, Debug};

/// Some samples.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// How many.
    pub count: usize,
    /// Inputs, sample after sample.
    pub inputs: &'a [f32],
    /// Targets, sample after sample: as many each as [`Leaf::Label`]'s type has numbers.
    pub targets: TargetSlice<'a>,
    /// One weight a sample in sums; absent: 1.
    pub weights: Option<&'a [f64]>,
}

/// Where a leaf's numbers are written, in the number type of an executor.
#[derive(Debug)]
pub enum Numbers<'a> {
    /// Single precision.
    Single(&'a mut [f32]),
    /// Double precision.
    Double(&'a mut [f64]),
}

impl Numbers<'_> {
    /// Writes `values`, rounded once.
    pub fn fill(self, values: impl IntoIterator<Item = f64>) {
        match self {
            Self::Single(out) => {
                for (out, value) in out.iter_mut().zip(values) {
                    *out = value as f32;
                }
            }
            Self::Double(out) => {
                for (out, value) in out.iter_mut().zip(values) {
                    *out = value;
                }
            }
        }
    }
}

/// Values of the leaves that no sample has, known numbers excepted.
pub trait Source: Sync {
    /// Writes a leaf's numbers at a point.
    fn fill(&self, leaf: &Leaf, point: usize, out: Numbers<'_>);
}

/// A leaf's numbers at a point, whether known or asked for.
pub(super) fn fill(source: &dyn Source, leaf: &Leaf, point: usize, out: Numbers<'_>) {
    match leaf {
        Leaf::Constant(bits) => out.fill(bits.iter().map(|b| f64::from_bits(*b))),
        other => source.fill(other, point, out),
    }
}

/// The outputs of a program at one point: numbers of a shared output; of an output of samples, sample
/// after sample.
pub type Outputs = Vec<Vec<f64>>;

/// Values that don't depend on the point, for the next call with the same samples: an executor's own.
pub struct Kept(Box<dyn Any + Send + Sync>);

impl Kept {
    /// Keeps anything.
    pub fn new(what: impl Any + Send + Sync) -> Self {
        Self(Box::new(what))
    }

    /// What is kept, if it is of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

/// Something that runs programs.
pub trait Backend: Debug + Send + Sync {
    /// Makes a program ready for points that differ in what `varying` says.
    fn prepare(&self, program: &Program, varying: Varying) -> Box<dyn Prepared>;
}

/// A program made ready.
pub trait Prepared: Debug + Send + Sync {
    /// Bytes that it needs at least where so many samples share statistics; of a program that measures
    /// none, for as few samples as it can take at a time.
    fn room(&self, together: usize) -> usize;

    /// Whether that fits.
    fn fits(&self, together: usize) -> bool;

    /// Points that may pass through in one call, at least 1.
    fn points(&self) -> usize;

    /// A place for what the points of this and later calls share; `None` where nothing can be kept or
    /// it would take more than `bytes`. It is for one set of samples, and for sources that differ only in what varies.
    fn keeper(&self, samples: usize, bytes: usize) -> Option<Kept>;

    /// The outputs at each of `points` points, shared ones added up over the samples. Where statistics
    /// are measured, each `together` samples in a row share theirs, the last fewer.
    ///
    /// # Errors
    /// Where the device fails.
    fn run(
        &self,
        source: &dyn Source,
        batch: Batch<'_>,
        points: usize,
        together: usize,
        kept: Option<&Kept>,
    ) -> Result<Vec<Outputs>>;
}
