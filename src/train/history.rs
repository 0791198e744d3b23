//! What is noted of a run on its way: one record an epoch, and one every so many steps where asked for.
//!
//! A record is a line of `history.jsonl`. A number that isn't finite or wasn't measured is absent.

use serde::{Deserialize, Serialize};

/// What is known after a step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// Steps of the optimiser taken.
    pub step: u64,
    /// Epochs passed, with the share of the one at hand; NaN where another trainer's log doesn't say.
    pub epoch: f64,
    /// Whether it ends an epoch (or is the start): its means are those of the whole epoch then, else those
    /// since the last record.
    pub whole_epoch: bool,
    /// Samples seen, each as often as it was.
    pub samples: u64,
    /// η of the last step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// B of the last step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<usize>,
    /// Mean training loss: over the batches as they were trained on, or over the whole split afterwards, as
    /// the recipe says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_loss: Option<f64>,
    /// The same of the score: accuracy in 0..1, or R².
    #[serde(alias = "train_r2", skip_serializing_if = "Option::is_none")]
    pub train_accuracy: Option<f64>,
    /// Mean validation loss, eval mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// Validation score.
    #[serde(alias = "validation_r2", skip_serializing_if = "Option::is_none")]
    pub validation_accuracy: Option<f64>,
    /// Mean of ‖g‖ over the steps, g the mean gradient of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// ‖Σ g‖ over the steps, to be held against their number times `gradient_norm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_sum_norm: Option<f64>,
    /// Median of ‖θ_{t+1} − θ_t‖ over the steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_norm: Option<f64>,
    /// Quartiles of the same, and the smallest and the largest: five numbers in ascending order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_norms: Option<[f64; 5]>,
    /// Σ ‖θ_{t+1} − θ_t‖ since the start of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_length: Option<f64>,
    /// ‖θ − θ₀‖ over trained tensors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance: Option<f64>,
    /// ‖θ − θ at the start of the epoch‖.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch_distance: Option<f64>,
    /// Mean cosine between gradients of successive steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alignment: Option<f64>,
    /// B_simple on the training split; of halves of batches on the way where the batch size follows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_scale: Option<f64>,
    /// φ(ε) in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharpness: Option<f64>,
    /// Largest eigenvalue of the Hessian.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda_max: Option<f64>,
    /// 2/η, beyond which gradient descent on a quadratic diverges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stability_edge: Option<f64>,
    /// Trace of the Hessian.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<f64>,
    /// Samples a second since the last record, measuring left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples_per_second: Option<f64>,
    /// Seconds of training, all sittings together, measuring left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// A number that is told.
pub fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

impl Record {
    /// Name and value of every number that is there, in order: columns of a table, axes of a plot.
    pub fn numbers(&self) -> Vec<(&'static str, f64)> {
        let each = [
            ("step", Some(self.step as f64)),
            ("epoch", finite(self.epoch)),
            ("samples", Some(self.samples as f64)),
            ("learning_rate", self.learning_rate),
            ("batch_size", self.batch_size.map(|b| b as f64)),
            ("train_loss", self.train_loss),
            ("train_accuracy", self.train_accuracy),
            ("validation_loss", self.validation_loss),
            ("validation_accuracy", self.validation_accuracy),
            ("gradient_norm", self.gradient_norm),
            ("gradient_sum_norm", self.gradient_sum_norm),
            ("update_norm", self.update_norm),
            ("path_length", self.path_length),
            ("distance", self.distance),
            ("epoch_distance", self.epoch_distance),
            ("alignment", self.alignment),
            ("noise_scale", self.noise_scale),
            ("sharpness", self.sharpness),
            ("lambda_max", self.lambda_max),
            ("stability_edge", self.stability_edge),
            ("trace", self.trace),
            ("samples_per_second", self.samples_per_second),
            ("seconds", self.seconds),
        ];
        let there = |(name, value): (&'static str, Option<f64>)| Some((name, value?));
        each.into_iter().filter_map(there).collect()
    }

    /// The number of this name.
    pub fn get(&self, name: &str) -> Option<f64> {
        let mut numbers = self.numbers().into_iter();
        numbers
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value)
    }
}
