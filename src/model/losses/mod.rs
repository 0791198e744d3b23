//! Losses: what each asks of outputs and targets, what it means in primitives, and what it is divided by.
//!
//! One file a loss. A program adds up two numbers over the samples: the loss, and what the [`Score`] is
//! made of (right answers, or squared errors). [`Totals`] are what both are held against, so that every
//! mean, gradient and sharpness over a split sees the same denominator: [`Loss::weight_of`]. Where
//! PyTorch has the loss, the mean over a split is that of `reduction="mean"` over all of it at once.
//! Nothing here knows layers, devices or files.

mod binary;
mod choose;
mod criterion;
mod cross_entropy;
mod huber;
mod loss;
mod mean_absolute;
mod mean_squared;
mod regression;
mod score;
mod smooth_l1;
mod words;

pub use binary::BinaryCrossEntropy;
pub use choose::usual;
pub(super) use criterion::Given;
pub use cross_entropy::CrossEntropy;
pub use huber::Huber;
pub use loss::Loss;
pub use mean_absolute::MeanAbsoluteError;
pub use mean_squared::MeanSquaredError;
pub use regression::Target;
pub use score::{Score, Totals};
pub use smooth_l1::SmoothL1;
pub use words::ACCEPTED;
