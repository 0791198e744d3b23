//! Losses: what each asks of outputs and targets, what it means in primitives, and what it is divided by.
//!
//! One file a loss. A program adds up two numbers over the samples: the loss, and what the [`Score`] is
//! made of (right answers, or squared errors). [`Totals`] are what both are held against, so that every
//! mean, gradient and sharpness over a split sees the same denominator: [`Loss::weight_of`]. Where
//! PyTorch has the loss, the mean over a split is that of `reduction="mean"` over all of it at once.
//! Nothing here knows layers, devices or files.

mod binary;
mod choose;
mod cross_entropy;
mod huber;
mod mean_absolute;
mod mean_squared;
mod regression;
mod score;
mod smooth_l1;
mod words;

pub use binary::BinaryCrossEntropy;
pub use choose::usual;
pub use cross_entropy::CrossEntropy;
pub use huber::Huber;
pub use mean_absolute::MeanAbsoluteError;
pub use mean_squared::MeanSquaredError;
pub use regression::Target;
pub use score::{Score, Totals};
pub use smooth_l1::SmoothL1;
pub use words::ACCEPTED;

use crate::dataset::Samples;
use crate::model::primitive::Leaf;
use crate::model::primitive::expression::Binary;
use crate::model::program::{Id, Program, Type};
use serde::{Deserialize, Serialize};

/// What a loss finds where it is lowered.
pub(super) struct Given<'a> {
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
    fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// The targets of a sample, as many as told, `[1, count]`.
    fn targets(&mut self, count: usize) -> Id {
        self.p.leaf(Leaf::Label, Type::sample(&[1, count]))
    }

    /// Known numbers.
    fn constant(&mut self, values: impl IntoIterator<Item = f64>, shape: &[usize]) -> Id {
        self.p.leaf(Leaf::constant(values), Type::shared(shape))
    }
}

/// What every loss says of itself. Complaints are the ends of a sentence about the model or the data.
trait Criterion {
    /// Holds the loss against the shapes of outputs and inputs, without the batch axis.
    fn check(&self, output: &[usize], input: &[usize]) -> Result<(), String>;
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

macro_rules! losses {
    ($($(#[$doc:meta])* $kind:ident),* $(,)?) => {
        /// A loss: a mean over a split. `kind` names it in files.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "kebab-case")]
        pub enum Loss {
            $($(#[$doc])* $kind($kind),)*
        }

        impl Loss {
            fn criterion(&self) -> &dyn Criterion {
                match self {
                    $(Self::$kind(own) => own,)*
                }
            }
        }

        $(impl From<$kind> for Loss {
            fn from(own: $kind) -> Self {
                Self::$kind(own)
            }
        })*
    };
}

losses! {
    /// Softmax cross-entropy, of a sample or of each of its positions.
    CrossEntropy,
    /// Binary cross-entropy on each output.
    BinaryCrossEntropy,
    /// (y − t)².
    MeanSquaredError,
    /// |y − t|.
    MeanAbsoluteError,
    /// Quadratic near 0, linear beyond (Huber 1964).
    Huber,
    /// The same in Fast R-CNN's scale (Girshick 2015, equation 3).
    SmoothL1,
}

impl Default for Loss {
    fn default() -> Self {
        Self::cross_entropy()
    }
}

impl Loss {
    /// Softmax cross-entropy without options.
    pub fn cross_entropy() -> Self {
        CrossEntropy::default().into()
    }

    /// Binary cross-entropy on labels, positive from `positive_from` up.
    pub fn binary(positive_from: u32) -> Self {
        BinaryCrossEntropy {
            positive_from: Some(positive_from),
        }
        .into()
    }

    /// Holds the loss against the shapes of a network's outputs and inputs, without the batch axis.
    ///
    /// # Errors
    /// The end of a sentence about the model: what it ends in, what the loss needs.
    pub fn check(&self, output: &[usize], input: &[usize]) -> Result<(), String> {
        self.criterion().check(output, input)
    }

    /// Holds targets against outputs that were checked.
    ///
    /// # Errors
    /// Says which targets met which outputs, and what to do.
    pub fn fits(&self, output: &[usize], samples: &Samples) -> Result<(), String> {
        self.criterion().fits(output, samples)
    }

    /// What the sum of the loss over a split is divided by to give its mean: samples, counted positions,
    /// their class weights, or values; as PyTorch's `reduction="mean"` has it.
    pub fn weight_of(&self, samples: &Samples) -> f64 {
        self.totals(samples).weight
    }

    /// What both sums over a split are held against.
    pub fn totals(&self, samples: &Samples) -> Totals {
        self.criterion().totals(samples)
    }

    /// The second number: what it is called and how it is read.
    pub fn score(&self) -> Score {
        self.criterion().score()
    }

    /// The unit of the loss; empty for that of the squared or plain targets.
    pub fn unit(&self) -> &'static str {
        self.score().loss_unit()
    }

    /// The loss in words, for axes and records.
    pub fn describe(&self) -> String {
        self.criterion().describe()
    }

    /// The weighted sums over the samples of the loss and of what the score is made of, added to a program.
    pub(super) fn lower(&self, mut given: Given<'_>) -> [Id; 2] {
        let each = self.criterion().lower(&mut given);
        let p = given.p;
        let weight = p.leaf(Leaf::Weight, Type::sample(&[1, 1]));
        each.map(|value| {
            // Padding may hold anything, so it is left out rather than multiplied by 0.
            let kept = p.binary(Binary::Where, weight, value);
            let weighted = p.binary(Binary::Mul, kept, weight);
            p.sum(weighted, Type::shared(&[1, 1]))
        })
    }
}

/// Whether two shapes differ at most by extents of 1.
fn same_but_ones(a: &[usize], b: &[usize]) -> bool {
    let long = |shape: &[usize]| -> Vec<usize> {
        shape
            .iter()
            .copied()
            .filter(|extent| *extent != 1)
            .collect()
    };
    long(a) == long(b)
}
