//! The list of losses: each by its name in files, and what can be asked of any of them.

use super::binary::BinaryCrossEntropy;
use super::criterion::{Criterion, Given, NO_TARGETS};
use super::cross_entropy::CrossEntropy;
use super::huber::Huber;
use super::mean_absolute::MeanAbsoluteError;
use super::mean_squared::MeanSquaredError;
use super::score::{Score, Totals};
use super::smooth_l1::SmoothL1;
use crate::dataset::{Samples, Targets};
use crate::model::primitive::Leaf;
use crate::model::primitive::expression::Binary;
use crate::model::program::{Id, Type};
use serde::{Deserialize, Serialize};

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
        if matches!(samples.targets, Targets::Missing(_)) && self.needs_targets() {
            return Err(NO_TARGETS.into());
        }
        self.criterion().fits(output, samples)
    }

    /// Whether outputs are held against the targets of the data.
    pub fn needs_targets(&self) -> bool {
        self.criterion().needs_targets()
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
    pub(in crate::model) fn lower(&self, mut given: Given<'_>) -> [Id; 2] {
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
