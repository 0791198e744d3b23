//! The report job: what `losscope report` measures, as the jobs of the other commands.

use super::curvature::CurvatureJob;
use super::line::LineJob;
use super::noise::NoiseJob;
use super::paths::lossy;
use super::setup::{Setup, without_options};
use super::sharpness::{Measures, SharpnessJob};
use super::surface::SurfaceJob;
use super::values::{AxisChoice, BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_SMALL};
use crate::error::{Error, Result};
use crate::landscape::evaluate::statistics::Remeasure;
use crate::landscape::grid::Axis;
use crate::landscape::slice::Buffers;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// Where the contours of a report are centred: small batch, half way, large batch.
pub const CENTRES: [f64; 3] = [0.0, 0.5, 1.0];

/// Everything for two checkpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct ReportJob {
    /// Network, data and device.
    #[command(flatten)]
    #[serde(flatten)]
    pub setup: Setup,
    /// Small-batch checkpoint, large-batch checkpoint and, for distances, the weights both started from [default: the built-in experiment]
    #[arg(value_name = "FILE")]
    #[serde(default)]
    #[serde(serialize_with = "lossy")]
    pub files: Vec<PathBuf>,
    /// What running means and variances do as the weights move along the line and over planes
    #[arg(long, value_enum, default_value = "interpolate")]
    #[serde(default)]
    pub buffers: Buffers,
    /// How they are recomputed.
    #[command(flatten)]
    #[serde(flatten)]
    pub remeasure: Remeasure,
    /// Coarser grids, fewer probes and no map of curvature: a first look in a fraction of the time
    #[arg(long)]
    #[serde(default)]
    pub quick: bool,
}

impl ReportJob {
    /// Small batch and large batch.
    ///
    /// # Errors
    /// Unless there are two files, three, or none.
    pub fn pair(&self) -> Result<[PathBuf; 2]> {
        match self.files.as_slice() {
            [] => Ok([BUILTIN_SMALL.into(), BUILTIN_LARGE.into()]),
            [small, large] | [small, large, _] => Ok([small.clone(), large.clone()]),
            files => Err(Error::Usage(format!(
                "a report takes a small-batch and a large-batch checkpoint and, where there are any, the initial weights, not {} files",
                files.len()
            ))),
        }
    }

    /// The weights both started from.
    pub fn start(&self) -> Option<PathBuf> {
        match self.files.as_slice() {
            [] => Some(BUILTIN_INIT.into()),
            files => files.get(2).cloned(),
        }
    }

    /// Every file and folder the job reads.
    pub fn inputs(&self) -> Vec<PathBuf> {
        let mut inputs = self.files.clone();
        inputs.extend([
            PathBuf::from(&self.setup.data),
            PathBuf::from(&self.setup.model),
        ]);
        inputs
    }

    /// The line between both.
    ///
    /// # Errors
    /// As [`ReportJob::pair`], as all that follow.
    pub fn line(&self) -> Result<LineJob> {
        let [small, large] = self.pair()?;
        Ok(LineJob {
            setup: self.setup.clone(),
            small,
            large,
            buffers: self.buffers,
            remeasure: self.remeasure,
            alpha: axis(-1.0, 2.0, if self.quick { 31 } else { 61 }),
        })
    }

    /// The plane around one of [`CENTRES`].
    ///
    /// # Errors
    /// As above.
    pub fn surface(&self, alpha: f64) -> Result<SurfaceJob> {
        let [small, large] = self.pair()?;
        let points = if self.quick { 15 } else { 31 };
        Ok(SurfaceJob {
            setup: self.setup.clone(),
            small: Some(small),
            large: Some(large),
            alpha: Some(alpha),
            x: Some(AxisChoice::Given(axis(-1.0, 1.0, points))),
            buffers: self.buffers,
            remeasure: self.remeasure,
            ..SurfaceJob::default()
        })
    }

    /// φ in full space, and the sharpnesses of other papers.
    ///
    /// # Errors
    /// As above.
    pub fn sharpness(&self) -> Result<SharpnessJob> {
        let mut job = SharpnessJob {
            setup: self.setup.clone(),
            files: self.pair()?.to_vec(),
            ..SharpnessJob::default()
        };
        if self.quick {
            (job.iterations, job.restarts, job.draws) = (5, 2, 8);
        }
        Ok(job)
    }

    /// φ in a random subspace.
    ///
    /// # Errors
    /// As above.
    pub fn subspace(&self) -> Result<SharpnessJob> {
        Ok(SharpnessJob {
            subspace: Some(if self.quick { 20 } else { 100 }),
            measures: Measures(Vec::new()),
            ..self.sharpness()?
        })
    }

    /// Eigenvalues, trace, density and steps along the gradient at one of the pair; at the small-batch
    /// one slope and curvature along the line to the other, too.
    ///
    /// # Errors
    /// As above.
    pub fn curvature(&self, which: usize) -> Result<CurvatureJob> {
        let [small, large] = self.pair()?;
        let mut job = CurvatureJob {
            setup: self.setup.clone(),
            ..CurvatureJob::default()
        };
        (job.trace, job.density) = (true, true);
        job.along_gradient = Some(axis(0.01, 1.0, if self.quick { 10 } else { 20 }));
        if self.quick {
            (job.probes, job.density_probes, job.density_steps) = (20, 2, 40);
            job.alpha.points = 11;
        }
        if which == 0 {
            (job.file, job.to) = (Some(small), Some(large));
        } else {
            job.file = Some(large);
        }
        Ok(job)
    }

    /// |λ_min/λ_max| over the plane around one of the pair.
    ///
    /// # Errors
    /// As above.
    pub fn map(&self, which: usize) -> Result<CurvatureJob> {
        Ok(CurvatureJob {
            setup: self.setup.clone(),
            file: self.pair()?.get(which).cloned(),
            top: 0,
            map: Some(axis(-1.0, 1.0, 9)),
            ..CurvatureJob::default()
        })
    }

    /// Gradient noise at one of the pair.
    ///
    /// # Errors
    /// As above.
    pub fn noise(&self, which: usize) -> Result<NoiseJob> {
        let mut job = NoiseJob {
            setup: self.setup.clone(),
            file: self.pair()?.get(which).cloned(),
            ..NoiseJob::default()
        };
        if self.quick {
            (job.curvature_probes, job.alignment_repeats) = (5, 4);
        }
        Ok(job)
    }
}

fn axis(from: f64, to: f64, points: usize) -> Axis {
    Axis { from, to, points }
}

/// A job as it would be typed: what differs from the defaults, and every file.
///
/// A field of a job is an option of the same name; `files` and `file` stand without one.
///
/// # Errors
/// None that a job of this program could cause.
pub fn command_line<J: Args + Serialize>(name: &str, job: &J, setup: &Setup) -> Result<String> {
    let fields = |job: &J, setup: &Setup| -> Result<Map<String, Value>> {
        let words = |e: serde_json::Error| Error::Usage(format!("the job can't be written: {e}"));
        let mut value = serde_json::to_value(job).map_err(words)?;
        let object = std::mem::take(&mut value).as_object().cloned();
        let mut object = object.unwrap_or_default();
        object.insert(
            "data_normalize".into(),
            setup.data_normalize.to_string().into(),
        );
        Ok(object)
    };
    let usual = fields(&without_options(), &LineJob::default().setup)?;
    let mut line = format!("losscope {name}");
    let all = fields(job, setup)?;
    for key in ["files", "file"] {
        for file in list(all.get(key)) {
            line += &format!(" {}", quoted(&file));
        }
    }
    // Of a pair both are named or neither.
    let pair = ["small", "large"];
    let named = pair.iter().any(|k| all.get(*k) != usual.get(*k));
    for (key, value) in &all {
        let always = named && pair.contains(&key.as_str());
        let skipped = ["files", "file"].contains(&key.as_str());
        if skipped || !always && usual.get(key) == Some(value) {
            continue;
        }
        let flag = format!("--{}", key.replace('_', "-"));
        match value {
            Value::Null | Value::Bool(false) => {}
            Value::Bool(true) => line += &format!(" {flag}"),
            value => line += &format!(" {}", quoted(&format!("{flag}={}", typed(value)))),
        }
    }
    Ok(line)
}

/// One or several texts.
fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(values)) => values.iter().map(typed).collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(value) => vec![typed(value)],
    }
}

/// A value as its option takes it.
fn typed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(typed).collect::<Vec<_>>().join(","),
        // An axis.
        Value::Object(axis) => {
            let part = |key: &str| axis.get(key).map_or_else(String::new, typed);
            format!("{}:{}:{}", part("from"), part("to"), part("points"))
        }
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or_else(String::new, |v| v.to_string())
        }
        other => other.to_string(),
    }
}

/// As a shell takes it for one word.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> ReportJob {
        without_options()
    }

    #[test]
    fn a_command_says_what_differs_from_the_defaults() {
        let typed = |job: &ReportJob| command_line("report", job, &job.setup).unwrap();
        assert_eq!(typed(&job()), "losscope report");
        let mut changed = job();
        changed.files = vec!["a b.pt".into(), "it's.pt".into()];
        changed.quick = true;
        changed.setup.seed = 7;
        changed.setup.data_normalize = "given:0.5:0.25".parse().unwrap();
        assert_eq!(
            typed(&changed),
            r"losscope report 'a b.pt' 'it'\''s.pt' --data-normalize=given:0.5:0.25 --seed=7 --quick"
        );
        let line = changed.line().unwrap();
        let text = command_line("line", &line, &line.setup).unwrap();
        assert!(text.contains("--small=a b.pt") && text.contains("--alpha=-1:2:31"));
    }

    #[test]
    fn one_file_or_four_are_refused() {
        for count in [1, 4] {
            let mut job = job();
            job.files = vec!["a.pt".into(); count];
            assert!(job.pair().is_err());
        }
    }
}
