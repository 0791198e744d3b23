//! The job of `losscope measure`: measures of the catalogue, of whole networks or layer by layer.

use super::bounds;
use super::paths::lossy;
use super::request::{Request, own_setup};
use super::setup::{Setup, without_options};
use super::values::BUILTIN_SMALL;
use crate::error::{Error, Result};
use crate::landscape::evaluate::gradient::StatisticsMode;
use crate::landscape::measures::CATALOGUE;
use crate::landscape::measures::choice::Chosen;
use crate::landscape::measures::entry::{Entry, Need};
use crate::landscape::measures::part::By;
use crate::landscape::measures::spot::Settings;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Measures of the catalogue at checkpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct MeasureJob {
    /// Network, data and device.
    #[command(flatten)]
    #[serde(flatten)]
    pub setup: Setup,
    /// Checkpoints of one network [default: the built-in small-batch minimizer]
    #[arg(value_name = "FILE")]
    #[serde(default)]
    #[serde(serialize_with = "lossy")]
    pub files: Vec<PathBuf>,
    /// What is measured: usual, all (that what is given suffices for), or names out of the list below
    #[arg(
        long,
        default_value = "usual",
        value_name = "NAME,…",
        help_heading = "Measures"
    )]
    pub measures: Chosen,
    /// Of what: the network, each layer with weights, or each module of layers; all other weights stay
    #[arg(long, value_enum, default_value = "network", help_heading = "Measures")]
    #[serde(default)]
    pub by: By,
    /// Only these layers or modules
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NAME,…",
        help_heading = "Measures"
    )]
    #[serde(default)]
    pub only: Vec<String>,
    /// The second checkpoint, of what is measured between two
    #[arg(long, value_name = "FILE", help_heading = "Measures")]
    #[serde(default)]
    #[serde(serialize_with = "lossy")]
    pub to: Option<PathBuf>,
    /// η of the measures that have one
    #[arg(long, value_parser = bounds::LEARNING_RATE, value_name = "RATE", help_heading = "Measures")]
    #[serde(default)]
    pub learning_rate: Option<f64>,
    /// Size of Keskar et al.'s box
    #[arg(long, default_value_t = 1e-3, value_parser = bounds::EPSILON, value_name = "ε", help_heading = "How exactly")]
    pub epsilon: f64,
    /// Size of the perturbations of the other sharpnesses
    #[arg(long, default_value_t = 0.05, value_parser = bounds::RHO, value_name = "ρ", help_heading = "How exactly")]
    pub rho: f64,
    /// Random draws of averages
    #[arg(long, default_value_t = 20, value_parser = bounds::DRAWS, value_name = "N", help_heading = "How exactly")]
    pub draws: usize,
    /// Steps of ascents
    #[arg(long, default_value_t = 10, value_parser = bounds::ITERATIONS, value_name = "N", help_heading = "How exactly")]
    pub iterations: usize,
    /// Largest eigenvalues, 1 to 5; losscope curvature finds more
    #[arg(long, default_value_t = 1, value_parser = bounds::FEW, value_name = "N", help_heading = "How exactly")]
    pub top: usize,
    /// Relative residual at which an eigenvalue counts as found
    #[arg(long, default_value_t = 1e-3, value_parser = bounds::TOLERANCE, help_heading = "How exactly")]
    pub tolerance: f64,
    /// Random vectors of traces
    #[arg(long, default_value_t = 100, value_parser = bounds::PROBES, value_name = "N", help_heading = "How exactly")]
    pub probes: usize,
    /// How strongly the chain of the local learning coefficient is held at its point
    #[arg(long, default_value_t = 100.0, value_parser = bounds::LOCALISATION, value_name = "γ", help_heading = "How exactly")]
    pub localisation: f64,
    /// Steps of that chain, one gradient each
    #[arg(long, default_value_t = 1000, value_parser = bounds::CHAIN, value_name = "N", help_heading = "How exactly")]
    pub chain: usize,
    /// What normalisation layers use while the weights move: running statistics, or each batch's own
    #[arg(
        long,
        value_enum,
        default_value = "eval",
        value_name = "MODE",
        help_heading = "How exactly"
    )]
    #[serde(default)]
    pub statistics: StatisticsMode,
}

impl Default for MeasureJob {
    fn default() -> Self {
        without_options()
    }
}

impl Request for MeasureJob {
    own_setup!();

    fn files(&self) -> Vec<PathBuf> {
        self.files.iter().chain(&self.to).cloned().collect()
    }

    fn caution(&self) -> &'static str {
        crate::landscape::curvature::CAUTION
    }

    fn check(&self) -> Result<()> {
        for entry in self.entries() {
            if let Some(need) = entry.needs.iter().find(|need| !self.gives(**need)) {
                let (key, missing) = (entry.key, need.missing());
                return Err(Error::Usage(format!("{key} takes {missing}")));
            }
            if let (Chosen::Named(_), true) = (&self.measures, self.by != By::Network)
                && !entry.whole.is_empty()
            {
                let (key, why) = (entry.key, entry.whole);
                return Err(Error::Usage(format!(
                    "{key} is measured of the whole network alone: {why}; leave --by out"
                )));
            }
        }
        if !self.only.is_empty() && self.by == By::Network {
            return Err(Error::Usage(
                "--only names layers or modules: say --by layer or --by module".into(),
            ));
        }
        if let Some(rate) = self.learning_rate {
            bounds::LEARNING_RATE.check(rate)?;
        }
        bounds::EPSILON.check(self.epsilon)?;
        bounds::RHO.check(self.rho)?;
        bounds::DRAWS.check(self.draws)?;
        bounds::ITERATIONS.check(self.iterations)?;
        bounds::FEW.check(self.top)?;
        bounds::TOLERANCE.check(self.tolerance)?;
        bounds::PROBES.check(self.probes)?;
        bounds::LOCALISATION.check(self.localisation)?;
        bounds::CHAIN.check(self.chain)
    }
}

impl MeasureJob {
    /// The checkpoints named, or the built-in one.
    pub fn checkpoints(&self) -> Vec<PathBuf> {
        if self.files.is_empty() {
            vec![BUILTIN_SMALL.into()]
        } else {
            self.files.clone()
        }
    }

    /// What is measured, in the order of the catalogue.
    pub fn entries(&self) -> Vec<&'static Entry> {
        let numbers = CATALOGUE.into_iter().filter(|entry| !entry.rows.is_empty());
        let of_parts = |entry: &&Entry| self.by == By::Network || entry.in_parts();
        let given = |entry: &&Entry| entry.needs.iter().all(|need| self.gives(*need));
        match &self.measures {
            Chosen::Usual => numbers.filter(|e| e.usual).filter(of_parts).collect(),
            Chosen::All => numbers.filter(given).filter(of_parts).collect(),
            Chosen::Named(named) => numbers.filter(|e| named.contains(e)).collect(),
        }
    }

    fn gives(&self, need: Need) -> bool {
        match need {
            Need::Vectors => true,
            Need::LearningRate => self.learning_rate.is_some(),
            Need::Other => self.to.is_some(),
        }
    }

    /// How measures are made; what memory and number type allow is the place's to say.
    pub fn settings(&self) -> Settings {
        Settings {
            epsilon: self.epsilon,
            rho: self.rho,
            draws: self.draws,
            iterations: self.iterations,
            top: self.top,
            tolerance: self.tolerance,
            probes: self.probes,
            learning_rate: self.learning_rate,
            localisation: self.localisation,
            chain: self.chain,
            seed: self.setup.seed,
            ..Settings::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_measure_takes_is_asked_for() {
        let job = MeasureJob {
            only: vec!["fc".into()],
            ..MeasureJob::default()
        };
        let refused = job.check().unwrap_err().to_string();
        assert!(refused.contains("--by layer"), "{refused}");
        assert!(MeasureJob::default().check().is_ok());
    }
}
