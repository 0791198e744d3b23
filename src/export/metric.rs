//! What a surface can show, and how people read it.

use crate::error::{Error, Result};
use crate::landscape::table::Table;
use crate::plot::figure::Levels;
use crate::plot::number::{format_value, percent};
use crate::plot::scale::{Scale, finite_range};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What a surface can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Mean loss on the training samples.
    TrainLoss,
    /// Accuracy on the training samples.
    TrainAccuracy,
    /// Mean loss on the validation samples.
    ValidationLoss,
    /// Accuracy on the validation samples.
    ValidationAccuracy,
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
            Self::TrainAccuracy => train().map(|c| &c.accuracy),
            Self::ValidationLoss => validation().map(|c| &c.loss),
            Self::ValidationAccuracy => validation().map(|c| &c.accuracy),
        }
    }

    /// The values as people read them: nats, and per cent where the table holds shares.
    ///
    /// # Errors
    /// As [`Metric::of`].
    pub fn shown(self, table: &Table) -> Result<Vec<f64>> {
        let values = self.of(table)?;
        Ok(if self.is_loss() {
            values.clone()
        } else {
            values.iter().map(|v| 100.0 * v).collect()
        })
    }

    /// The unit of what is shown.
    pub fn unit(self) -> &'static str {
        if self.is_loss() { "nats" } else { "%" }
    }

    /// A value that is shown, with its unit where that is short.
    pub fn worded(self, shown: f64) -> String {
        if self.is_loss() || !shown.is_finite() {
            format_value(shown)
        } else {
            percent(shown / 100.0)
        }
    }

    /// Its name on axes.
    pub fn name(self) -> &'static str {
        match self {
            Self::TrainLoss => "Training loss",
            Self::TrainAccuracy => "Training accuracy",
            Self::ValidationLoss => "Validation loss",
            Self::ValidationAccuracy => "Validation accuracy",
        }
    }

    /// Its name with its unit.
    pub fn with_unit(self) -> String {
        format!("{} ({})", self.name(), self.unit())
    }

    /// Levels of what is shown; they are given as the data have them, in shares.
    pub fn levels(self, given: &Levels) -> Levels {
        match given {
            Levels::Given(levels) if !self.is_loss() => {
                Levels::Given(levels.iter().map(|level| 100.0 * level).collect())
            }
            other => other.clone(),
        }
    }

    /// Whether it is a loss, in nats.
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
