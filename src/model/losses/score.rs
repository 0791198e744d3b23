//! The number beside the loss, and what sums are divided by.

use serde::{Deserialize, Serialize};

/// The second number of a point: how good the answers are, larger is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Score {
    /// The fraction of right answers.
    #[default]
    Accuracy,
    /// R² = 1 − Σ‖y − t‖² / Σ‖t − t̄‖², t̄ the mean of each output's target over the split; 1 is perfect, 0
    /// no better than t̄.
    R2,
}

impl Score {
    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::R2 => "R²",
        }
    }

    /// Its name in files: `train_accuracy`, `train_r2`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::R2 => "r2",
        }
    }

    /// The unit of what people read; empty for none.
    pub fn unit(self) -> &'static str {
        if self.is_share() { "%" } else { "" }
    }

    /// The unit of the loss beside it: nats, or that of the targets, which has no name.
    pub fn loss_unit(self) -> &'static str {
        match self {
            Self::Accuracy => "nats",
            Self::R2 => "",
        }
    }

    /// The value of the loss in words: "0.25 nats", "0.25".
    pub fn of_loss(self, value: &str) -> String {
        format!("{value} {}", self.loss_unit())
            .trim_end()
            .to_owned()
    }

    /// What the number is multiplied by to be read in that unit.
    pub fn factor(self) -> f64 {
        if self.is_share() { 100.0 } else { 1.0 }
    }

    /// Whether it lies in [0, 1] and is read in per cent.
    pub fn is_share(self) -> bool {
        self == Self::Accuracy
    }

    /// What it says, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Accuracy => "share of right answers",
            Self::R2 => "share of the targets' variance that is explained, R²",
        }
    }
}

/// What the two sums over a split are held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Totals {
    /// Divides the sum of the loss.
    pub weight: f64,
    /// Divides the second sum: answers that count, or Σ‖t − t̄‖².
    pub second: f64,
    /// What the score is.
    pub score: Score,
}

impl Totals {
    /// Mean loss and score of two sums; NaN where nothing counts.
    pub fn metrics(&self, [loss, second]: [f64; 2]) -> [f64; 2] {
        let share = second / self.second;
        let score = match self.score {
            Score::Accuracy => share,
            // Targets that are all the same have no variance to explain.
            Score::R2 if self.second == 0.0 => f64::NAN,
            Score::R2 => 1.0 - share,
        };
        [loss / self.weight, score]
    }
}
