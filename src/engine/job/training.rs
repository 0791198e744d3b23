//! The training job: what `losscope train` may ask for, and what a sweep makes of it.
//!
//! Several numbers where one would do make a sweep: every combination is a run of its own.

use super::paths::lossy;
use super::request::{Request, own_setup};
use super::setup::{Setup, without_options};
use crate::error::{Error, Result};
use crate::train::Recipe;
use crate::train::recipe::How;
use clap::{Args, ValueEnum};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A network trained by a recipe, or several by the lists in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct TrainingJob {
    /// Network, data and device.
    #[command(flatten)]
    #[serde(flatten)]
    pub setup: Setup,
    /// A checkpoint whose network is trained, from its weights [default: the network that --model names, with new weights: mlp:64-128-64-10, lenet, vgg, resnet20, transformer; auto is an mlp with hidden layers of 128 and 64]
    #[arg(long, value_name = "FILE", help_heading = "Network and data")]
    #[serde(default, serialize_with = "lossy")]
    pub start: Option<PathBuf>,
    /// Draw new weights for the network of --start
    #[arg(long, help_heading = "Network and data")]
    #[serde(default)]
    pub draw: bool,
    /// Learning rate; several make a sweep
    #[arg(
        long,
        default_value = "0.1",
        value_name = "RATE,…",
        help_heading = "Sweep"
    )]
    pub learning_rate: Several<f64>,
    /// Samples in a batch; several make a sweep
    #[arg(long, default_value = "32", value_name = "N,…", help_heading = "Sweep")]
    pub batch_size: Several<usize>,
    /// Seed of weights, order and augmentation; several make a sweep
    #[arg(
        long,
        default_value = "0",
        value_name = "SEED,…",
        help_heading = "Sweep"
    )]
    pub run_seed: Several<u64>,
    /// Training samples, drawn by --seed, a smaller number's among a larger's; 0: all; several make a sweep
    #[arg(long, default_value = "0", value_name = "N,…", help_heading = "Sweep")]
    pub subset: Several<usize>,
    /// How.
    #[command(flatten)]
    #[serde(flatten)]
    pub how: How,
    /// What is kept of it.
    #[command(flatten)]
    #[serde(flatten)]
    pub keep: Keep,
}

/// What is kept and measured of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
#[command(next_help_heading = "What is kept")]
pub struct Keep {
    /// Which checkpoints are kept: epochs, epochs:N (every Nth), steps:N, log (0, 1, 2, 4, … epochs) or last; the start and the end always are
    #[arg(long, default_value = "epochs", value_name = "WHICH")]
    pub checkpoints: Keeping,
    /// Keep the weights of the lowest validation loss as well
    #[arg(long)]
    #[serde(default)]
    pub keep_best: bool,
    /// What is measured at records, on the training samples
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT,…")]
    #[serde(default)]
    pub measure: Vec<Measured>,
    /// Steps from one measurement to the next, taken at records (see --log-every); 0: at the end of every epoch
    #[arg(long, default_value_t = 0, value_name = "STEPS")]
    #[serde(default)]
    pub measure_every: u64,
    /// Training samples that are measured on, drawn by --seed; 0: all
    #[arg(long, default_value_t = 0, value_name = "N")]
    #[serde(default)]
    pub measure_samples: usize,
    /// ε of the sharpness measured
    #[arg(long, default_value_t = 1e-3)]
    pub sharpness_epsilon: f64,
}

/// Something measured on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Measured {
    /// B_simple, exactly
    NoiseScale,
    /// φ(ε) in percent, by sign-gradient ascent
    Sharpness,
    /// The largest eigenvalue of the Hessian, to be held against 2/η
    LambdaMax,
    /// The trace of the Hessian
    Trace,
}

/// Which checkpoints are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Keeping {
    /// Those after every so many epochs.
    Epochs(usize),
    /// Those after every so many steps.
    Steps(u64),
    /// Those after 0, 1, 2, 4, … epochs.
    Log,
    /// The first and the last.
    Last,
}

impl FromStr for Keeping {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = |part: &str| part.parse::<u64>().ok().filter(|n| *n > 0);
        let found = match text.split_once(':') {
            None if text == "epochs" => Some(Self::Epochs(1)),
            None if text == "log" => Some(Self::Log),
            None if text == "last" => Some(Self::Last),
            Some(("epochs", n)) => number(n).map(|n| Self::Epochs(n as usize)),
            Some(("steps", n)) => number(n).map(Self::Steps),
            _ => None,
        };
        found.ok_or_else(|| {
            Error::Usage(format!(
                "{text:?} says of no checkpoints that they are kept: write epochs, epochs:N, steps:N, log or last"
            ))
        })
    }
}

impl fmt::Display for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epochs(1) => f.write_str("epochs"),
            Self::Epochs(n) => write!(f, "epochs:{n}"),
            Self::Steps(n) => write!(f, "steps:{n}"),
            Self::Log => f.write_str("log"),
            Self::Last => f.write_str("last"),
        }
    }
}

impl From<Keeping> for String {
    fn from(keeping: Keeping) -> Self {
        keeping.to_string()
    }
}

impl TryFrom<String> for Keeping {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

/// One value or several: written as one where there is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Several<T>(pub Vec<T>);

impl<T> Several<T> {
    /// One.
    pub fn one(value: T) -> Self {
        Self(vec![value])
    }
}

impl<T: FromStr> FromStr for Several<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let each = text.split(',').map(|part| {
            let part = part.trim();
            part.parse().map_err(|_| {
                format!("{part:?} isn't such a number; write one, or several with commas")
            })
        });
        each.collect::<Result<_, _>>().map(Self)
    }
}

impl<T: Serialize> Serialize for Several<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Several<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected one such number, or a list of them")]
        enum Form<T> {
            One(T),
            Many(Vec<T>),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::One(one) => Self(vec![one]),
            Form::Many(many) => Self(many),
        })
    }
}

impl Default for TrainingJob {
    fn default() -> Self {
        without_options()
    }
}

impl TrainingJob {
    /// The recipe of a job with one run.
    ///
    /// # Errors
    /// Where there are several, or a number makes no sense.
    pub fn recipe(&self) -> Result<Recipe> {
        let ([learning_rate], [batch_size], [seed], [_]) = (
            self.learning_rate.0.as_slice(),
            self.batch_size.0.as_slice(),
            self.run_seed.0.as_slice(),
            self.subset.0.as_slice(),
        ) else {
            return Err(Error::Usage(
                "this recipe is a sweep of several runs: expected one learning_rate, batch_size, run_seed and subset".into(),
            ));
        };
        let recipe = Recipe {
            learning_rate: *learning_rate,
            batch_size: *batch_size,
            seed: *seed,
            how: self.how.clone(),
        };
        recipe.check()?;
        Ok(recipe)
    }

    /// The seed of the initial weights of a job with one run.
    pub fn weights_seed(&self) -> u64 {
        let own = self.how.initial.weights_seed;
        own.or(self.run_seed.0.first().copied()).unwrap_or(0)
    }

    /// Every run of a sweep, each as a job of its own: itself where there is one.
    pub fn runs(&self) -> Vec<Self> {
        let mut runs = Vec::new();
        for &seed in &self.run_seed.0 {
            for &subset in &self.subset.0 {
                for &batch in &self.batch_size.0 {
                    for &rate in &self.learning_rate.0 {
                        runs.push(Self {
                            learning_rate: Several::one(rate),
                            batch_size: Several::one(batch),
                            run_seed: Several::one(seed),
                            subset: Several::one(subset),
                            ..self.clone()
                        });
                    }
                }
            }
        }
        runs
    }

    /// What tells one of its runs from the others, as parts of a name: `["batch32", "seed1"]`; empty where
    /// there is one run.
    pub fn told_apart(&self, run: &Self) -> Vec<String> {
        let part = |count: usize, text: String| (count > 1).then_some(text);
        let parts = [
            part(
                self.batch_size.0.len(),
                format!("batch{}", run.batch_size.0[0]),
            ),
            part(
                self.learning_rate.0.len(),
                format!("rate{}", run.learning_rate.0[0]),
            ),
            part(self.subset.0.len(), format!("subset{}", run.subset.0[0])),
            part(self.run_seed.0.len(), format!("seed{}", run.run_seed.0[0])),
        ];
        parts.into_iter().flatten().collect()
    }

    /// Whether it has several runs.
    pub fn is_sweep(&self) -> bool {
        let counts = [
            self.learning_rate.0.len(),
            self.batch_size.0.len(),
            self.run_seed.0.len(),
            self.subset.0.len(),
        ];
        counts.iter().any(|count| *count > 1)
    }
}

impl Request for TrainingJob {
    own_setup!();

    fn files(&self) -> Vec<PathBuf> {
        self.start.iter().cloned().collect()
    }

    fn check(&self) -> Result<()> {
        let runs = self.runs();
        if runs.is_empty() {
            return Err(Error::Usage(
                "learning_rate, batch_size, run_seed and subset each need a value".into(),
            ));
        }
        // Two runs of one name would share a folder.
        let mut names: Vec<String> = runs.iter().map(|r| self.told_apart(r).join("_")).collect();
        names.sort_unstable();
        if let Some([twice, _]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::Usage(format!(
                "a value stands twice in a list of the recipe, so that two runs are the same ({twice}): list each once"
            )));
        }
        if self.draw && self.start.is_none() {
            return Err(Error::Usage(
                "draw takes new weights for the network of start: expected a checkpoint there"
                    .into(),
            ));
        }
        let epsilon = self.keep.sharpness_epsilon;
        if !(epsilon.is_finite() && epsilon > 0.0) {
            return Err(Error::Usage(format!(
                "sharpness_epsilon = {epsilon} in the recipe: expected a number above 0"
            )));
        }
        runs.iter().try_for_each(|run| run.recipe().map(drop))
    }
}
