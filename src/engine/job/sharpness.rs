//! The job of `losscope sharpness`.

use super::bounds;
use super::paths::lossy;
use super::request::{Request, own_setup};
use super::setup::{Setup, without_options};
use super::values::{BUILTIN_LARGE, BUILTIN_SMALL};
use crate::error::{Error, Result};
use crate::landscape::evaluate::gradient::StatisticsMode;
use crate::landscape::sharpness::basis::Columns;
use crate::landscape::sharpness::other::Measure;
use crate::landscape::sharpness::search::Method;
use clap::{Args, ValueEnum as _};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// How sharp minimizers are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct SharpnessJob {
    /// Network, data and device.
    #[command(flatten)]
    #[serde(flatten)]
    pub setup: Setup,
    /// Checkpoints [default: both minimizers of the built-in experiment]
    #[arg(value_name = "FILE")]
    #[serde(default)]
    #[serde(serialize_with = "lossy")]
    pub files: Vec<PathBuf>,
    /// Sizes of the box, one or more, separated by commas
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1e-3,5e-4",
        value_parser = bounds::EPSILON,
        allow_negative_numbers = true,
        value_name = "ε,…",
        help_heading = "Sharpness"
    )]
    pub epsilon: Vec<f64>,
    /// How the largest loss is looked for, one or more, separated by commas
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "sign,lbfgsb",
        help_heading = "Sharpness"
    )]
    pub method: Vec<Method>,
    /// Iterations of each method, one gradient over all samples each
    #[arg(long, default_value = "10", value_parser = bounds::ITERATIONS, value_name = "N", help_heading = "Sharpness")]
    pub iterations: usize,
    /// Random corners of the box that sign ascent also starts from
    #[arg(
        long,
        default_value_t = 8,
        value_parser = bounds::RESTARTS,
        value_name = "N",
        help_heading = "Sharpness"
    )]
    pub restarts: usize,
    /// Look only along so many random directions [default: full space]
    #[arg(long, value_parser = bounds::SUBSPACE, value_name = "P", group = "manifold", help_heading = "Sharpness")]
    #[serde(default)]
    pub subspace: Option<usize>,
    /// How long the columns of A are: entries N(0, 1), about √n for n parameters, or 1
    ///
    /// The box is |zᵢ| ≤ ε (|(A⁺θ)ᵢ| + 1) either way, and the weights move by A z: about √n times as far
    /// with columns √n long. For the 17,226 parameters of the built-in small-batch minimizer, 100
    /// directions and ε = 1e-3, φ is 0.707 with unit-variance columns and 0.00104 with unit-norm ones (in
    /// full space 0.382). The published values are of the size that unit-variance gives.
    #[arg(
        long,
        value_enum,
        default_value = "unit-variance",
        value_name = "RULE",
        requires = "manifold",
        help_heading = "Sharpness"
    )]
    #[serde(default)]
    pub columns: Columns,
    /// Look along the directions of a file: one matrix [parameters, P]
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "subspace",
        group = "manifold",
        help_heading = "Sharpness"
    )]
    #[serde(default)]
    #[serde(serialize_with = "lossy")]
    pub basis: Option<PathBuf>,
    /// What normalisation layers use while the weights move: running statistics, or each batch's own
    #[arg(
        long,
        value_enum,
        default_value = "eval",
        value_name = "MODE",
        help_heading = "Sharpness"
    )]
    #[serde(default)]
    pub statistics: StatisticsMode,
    /// Sharpnesses of other papers: all, none, or some of sam, asam, adaptive-worst, adaptive-average, filter-average
    #[arg(
        long,
        default_value = "all",
        value_name = "NAME,…",
        help_heading = "Other sharpnesses"
    )]
    pub measures: Measures,
    /// Size of their perturbations
    #[arg(
        long,
        default_value_t = 0.05,
        value_parser = bounds::RHO,
        allow_negative_numbers = true,
        value_name = "ρ",
        help_heading = "Other sharpnesses"
    )]
    pub rho: f64,
    /// Random draws of their averages; adaptive-worst takes --iterations steps
    #[arg(
        long,
        default_value_t = 20,
        value_parser = bounds::DRAWS,
        value_name = "N",
        help_heading = "Other sharpnesses"
    )]
    pub draws: usize,
}

/// A choice of sharpnesses, as it is typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Measures(pub Vec<Measure>);

impl Default for SharpnessJob {
    fn default() -> Self {
        without_options()
    }
}

impl Request for SharpnessJob {
    own_setup!();

    fn files(&self) -> Vec<PathBuf> {
        self.files.iter().chain(&self.basis).cloned().collect()
    }

    fn caution(&self) -> &'static str {
        crate::landscape::sharpness::CAUTION
    }

    fn check(&self) -> Result<()> {
        if self.epsilon.is_empty() || self.method.is_empty() {
            return Err(Error::Usage("name at least one ε and one method".into()));
        }
        let mut seen = Vec::new();
        for method in &self.method {
            if seen.contains(method) {
                let words = format!("--method names {} twice: name each once", method.describe());
                return Err(Error::Usage(words));
            }
            seen.push(*method);
        }
        let mut sizes = self.epsilon.iter();
        sizes.try_for_each(|e| bounds::EPSILON.check(*e))?;
        bounds::ITERATIONS.check(self.iterations)?;
        bounds::RESTARTS.check(self.restarts)?;
        if let Some(count) = self.subspace {
            bounds::SUBSPACE.check(count)?;
        }
        bounds::RHO.check(self.rho)?;
        bounds::DRAWS.check(self.draws)
    }
}

impl SharpnessJob {
    /// The checkpoints named, or the built-in ones.
    pub fn checkpoints(&self) -> Vec<PathBuf> {
        if self.files.is_empty() {
            vec![BUILTIN_SMALL.into(), BUILTIN_LARGE.into()]
        } else {
            self.files.clone()
        }
    }
}

impl FromStr for Measures {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "all" => return Ok(Self(Measure::ALL.to_vec())),
            "none" => return Ok(Self(Vec::new())),
            _ => {}
        }
        let mut chosen: Vec<Measure> = Vec::new();
        for name in text.split(',') {
            let measure = Measure::from_str(name, false).map_err(|_| {
                let names: Vec<String> = Measure::ALL.into_iter().map(name_of).collect();
                Error::Usage(format!(
                    "{name:?} is no sharpness: write all, none, or some of {}",
                    names.join(", ")
                ))
            })?;
            if !chosen.contains(&measure) {
                chosen.push(measure);
            }
        }
        Ok(Self(chosen))
    }
}

fn name_of(measure: Measure) -> String {
    measure
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}

impl fmt::Display for Measures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let names: Vec<String> = self.0.iter().copied().map(name_of).collect();
        f.write_str(&names.join(","))
    }
}

impl From<Measures> for String {
    fn from(measures: Measures) -> Self {
        measures.to_string()
    }
}

impl TryFrom<String> for Measures {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_written_as_they_are_read() {
        for text in ["none", "sam", "asam,filter-average"] {
            assert_eq!(text.parse::<Measures>().unwrap().to_string(), text);
        }
        assert_eq!("all".parse::<Measures>().unwrap().0, Measure::ALL);
        assert_eq!("sam,sam".parse::<Measures>().unwrap().0, [Measure::Sam]);
        for text in ["", "sam,", "flatness"] {
            assert!(text.parse::<Measures>().is_err(), "{text}");
        }
    }
}
