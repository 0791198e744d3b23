//! What a surface can show, and how people read it.

use crate::error::{Error, Result};
use crate::landscape::table::Table;
use crate::model::losses::Score;
use crate::plot::figure::{Levels, with_unit};
use crate::plot::number::{self, format_value};
use crate::plot::scale::{Scale, finite_range};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What a surface can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Mean loss on the training samples.
    TrainLoss,
    /// Accuracy (or R²) on the training samples.
    #[value(name = "train-accuracy", alias = "train-r2")]
    #[serde(rename = "train-accuracy", alias = "train-r2")]
    TrainScore,
    /// Mean loss on the validation samples.
    ValidationLoss,
    /// Accuracy (or R²) on the validation samples.
    #[value(name = "validation-accuracy", alias = "validation-r2")]
    #[serde(rename = "validation-accuracy", alias = "validation-r2")]
    ValidationScore,
}

/// What a surface shows unless told otherwise.
///
/// # Errors
/// Where the table holds nothing.
pub fn default_metric(table: &Table) -> Result<Metric> {
    match (&table.train, &table.validation) {
        (Some(_), _) => Ok(Metric::TrainLoss),
        (None, Some(_)) => Ok(Metric::ValidationLoss),
        (None, None) => Err(Error::Usage("the result holds no metrics to draw".into())),
    }
}

impl Metric {
    /// The values in a table.
    ///
    /// # Errors
    /// Where the table lacks the split.
    pub fn of(self, table: &Table) -> Result<&Vec<f64>> {
        let missing = |split: &str| {
            Error::Usage(format!(
                "the result holds no {split} metrics; compute them with --split both"
            ))
        };
        let train = || table.train.as_ref().ok_or_else(|| missing("training"));
        let validation = || {
            table
                .validation
                .as_ref()
                .ok_or_else(|| missing("validation"))
        };
        match self {
            Self::TrainLoss => train().map(|c| &c.loss),
            Self::TrainScore => train().map(|c| &c.score),
            Self::ValidationLoss => validation().map(|c| &c.loss),
            Self::ValidationScore => validation().map(|c| &c.score),
        }
    }

    /// The values as people read them: losses as they are, and per cent where the table holds shares.
    ///
    /// # Errors
    /// As [`Metric::of`].
    pub fn shown(self, table: &Table) -> Result<Vec<f64>> {
        let values = self.of(table)?;
        Ok(if self.is_loss() {
            values.clone()
        } else {
            let factor = table.score.factor();
            values.iter().map(|v| factor * v).collect()
        })
    }

    /// The unit of what is shown.
    pub fn unit(self, score: Score) -> &'static str {
        if self.is_loss() {
            score.loss_unit()
        } else {
            score.unit()
        }
    }

    /// A value that is shown, with its unit where that is short.
    pub fn worded(self, shown: f64, score: Score) -> String {
        if self.is_loss() {
            format_value(shown)
        } else {
            number::score(score, shown / score.factor())
        }
    }

    /// Its name on axes.
    pub fn name(self, score: Score) -> &'static str {
        match (self, score) {
            (Self::TrainLoss, _) => "Training loss",
            (Self::TrainScore, Score::Accuracy) => "Training accuracy",
            (Self::TrainScore, Score::R2) => "Training R²",
            (Self::ValidationLoss, _) => "Validation loss",
            (Self::ValidationScore, Score::Accuracy) => "Validation accuracy",
            (Self::ValidationScore, Score::R2) => "Validation R²",
        }
    }

    /// Its name within a sentence.
    pub fn in_sentence(self, score: Score) -> String {
        let split = if self.is_of_training() {
            "training"
        } else {
            "validation"
        };
        format!("{split} {}", self.short(score))
    }

    /// Its name in one or two words, without the split.
    pub fn short(self, score: Score) -> &'static str {
        if self.is_loss() { "loss" } else { score.name() }
    }

    /// Its name with its unit.
    pub fn with_unit(self, score: Score) -> String {
        with_unit(self.name(score), self.unit(score))
    }

    /// Levels of what is shown; they are given as the data have them, in shares.
    pub fn levels(self, given: &Levels, score: Score) -> Levels {
        match given {
            Levels::Given(levels) if !self.is_loss() => {
                let factor = score.factor();
                Levels::Given(levels.iter().map(|level| factor * level).collect())
            }
            other => other.clone(),
        }
    }

    /// Whether it is on the training samples.
    pub fn is_of_training(self) -> bool {
        matches!(self, Self::TrainLoss | Self::TrainScore)
    }

    /// Whether it is a loss.
    pub fn is_loss(self) -> bool {
        matches!(self, Self::TrainLoss | Self::ValidationLoss)
    }

    /// Logarithmic for losses that span more than a factor of 30, where linear levels would leave
    /// the basin empty.
    pub fn usual_scale(self, values: &[f64]) -> Scale {
        match finite_range(values.iter().copied()) {
            Some((low, high)) if self.is_loss() && low > 0.0 && high > 30.0 * low => Scale::Log,
            _ => Scale::Linear,
        }
    }
}
