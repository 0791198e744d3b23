//! When a run ends, and why it did.

use super::history::Record;
use clap::Args;
use serde::{Deserialize, Serialize};

/// How long a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Args)]
#[command(next_help_heading = "Length")]
#[serde(default)]
pub struct Stop {
    /// Passes over the training samples
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub epochs: usize,
    /// Steps of the optimiser, in place of --epochs
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Epochs without a lower validation loss after which to stop
    #[arg(long, value_name = "EPOCHS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
    /// Stop once the training loss of an epoch is at most this
    #[arg(long, value_name = "LOSS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_loss: Option<f64>,
    /// Stop once the training accuracy of an epoch is at least this, from 0 to 1
    #[arg(long, value_name = "ACCURACY")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_accuracy: Option<f64>,
}

impl Default for Stop {
    fn default() -> Self {
        Self {
            epochs: 20,
            steps: None,
            patience: None,
            until_loss: None,
            until_accuracy: None,
        }
    }
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// All epochs or steps are done.
    Finished,
    /// The validation loss got no lower for so many epochs.
    Patience,
    /// The training loss was reached.
    Loss,
    /// The training accuracy was reached.
    Accuracy,
    /// The loss or the gradient isn't finite.
    Diverged,
}

impl Stopped {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Finished => "all epochs are done",
            Self::Patience => "the validation loss stopped falling",
            Self::Loss => "the training loss was reached",
            Self::Accuracy => "the training accuracy was reached",
            Self::Diverged => {
                "the loss or its gradient is no longer finite: try a lower learning rate"
            }
        }
    }
}

impl Stop {
    /// Whether an epoch's record ends the run; `waited`: epochs since the lowest validation loss.
    pub fn after(&self, record: &Record, waited: u64) -> Option<Stopped> {
        let reached = |value: Option<f64>, test: &dyn Fn(f64) -> bool| value.is_some_and(test);
        if let Some(loss) = self.until_loss
            && reached(record.train_loss, &|l| l <= loss)
        {
            return Some(Stopped::Loss);
        }
        if let Some(accuracy) = self.until_accuracy
            && reached(record.train_accuracy, &|a| a >= accuracy)
        {
            return Some(Stopped::Accuracy);
        }
        let patience = self.patience?;
        (waited >= patience as u64).then_some(Stopped::Patience)
    }
}
