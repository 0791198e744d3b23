//! What every reader hands over, and the checks that make a data set of it.
//!
//! A reader knows its format; the rules that hold for all of them stand here once: splits agree in
//! shape, labels are classes, inputs are finite. It knows no file format.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::array::Values;
use super::normalize::{self, Auto};
pub(super) use super::split::Split;
use super::{Dataset, Normalize, Samples};
use crate::error::{Error, Result};

/// More classes than this are taken for a mistake (a column of numbers read as labels).
const MAX_CLASSES: usize = 100_000;

/// A data set before normalisation.
#[derive(Debug)]
pub(super) struct Source {
    /// For messages.
    pub path: PathBuf,
    /// Short name for figures.
    pub name: String,
    /// The format in words, the start of the description.
    pub layout: String,
    /// Number of classes where the format fixes it, else one more than the largest label.
    pub classes: Option<usize>,
    /// Training samples.
    pub train: Split,
    /// Held-out samples.
    pub validation: Option<Split>,
    /// The stored number that stands for 1: 255 for bytes, 1 for floats.
    pub unit: f64,
    /// What [`Normalize::Auto`] means for this source.
    pub auto: Auto,
    /// Hash of the bytes, lower-case hex.
    pub sha256: String,
    /// What was noticed while reading.
    pub warnings: Vec<String>,
}

impl Source {
    /// Checks the source, normalises it and describes it.
    pub fn finish(self, normalize: &Normalize) -> Result<Dataset> {
        let classes = self.classes()?;
        self.check()?;
        let stored = normalize::Stored {
            unit: self.unit,
            auto: self.auto,
            train: &self.train,
            validation: self.validation.as_ref(),
        };
        let plan = normalize::plan(normalize, &stored)?;
        let Self {
            path,
            name,
            layout,
            train,
            validation,
            sha256,
            mut warnings,
            ..
        } = self;
        warnings.extend(absent(&train.labels, classes));
        warnings.extend(plan.warnings.iter().cloned());

        let held_out = match &validation {
            Some(split) => format!(" and {} validation", split.labels.len()),
            None => String::new(),
        };
        let description = format!(
            "{layout}; {} training{held_out} samples of shape {:?}, {classes} classes; {}",
            train.labels.len(),
            train.shape,
            plan.words
        );
        let samples = |split: Split, part: &str| -> Result<Samples> {
            let Split {
                shape,
                values,
                labels,
            } = split;
            let inputs = plan.apply(values, &shape);
            finite(
                inputs.iter().map(|x| x.is_finite()),
                labels.len(),
                part,
                "normalised ",
            )
            .map_err(|message| Error::file(&path, message))?;
            Ok(Samples {
                shape,
                inputs,
                labels,
            })
        };
        let train = samples(train, "training")?;
        let validation = validation
            .map(|split| samples(split, "validation"))
            .transpose()?;
        Ok(Dataset {
            name,
            classes,
            train,
            validation,
            description,
            sha256,
            warnings,
        })
    }

    /// Number of classes, at least 2.
    fn classes(&self) -> Result<usize> {
        if let Some(classes) = self.classes {
            return Ok(classes);
        }
        let mut largest = 0;
        for (part, split) in self.splits() {
            let label = |(i, l): (usize, &u32)| (usize::try_from(*l).unwrap_or(usize::MAX), i);
            if let Some((label, index)) = split.labels.iter().enumerate().map(label).max() {
                if label >= MAX_CLASSES {
                    return Err(self.error(format!(
                        "{part} sample {index} has label {label}; labels are classes counted from \
                         0, at most {MAX_CLASSES} of them"
                    )));
                }
                largest = largest.max(label);
            }
        }
        Ok((largest + 1).max(2))
    }

    /// What must hold before anything is computed.
    fn check(&self) -> Result<()> {
        if self.train.labels.is_empty() {
            return Err(self.error("holds no training sample".to_owned()));
        }
        for (part, split) in self.splits() {
            let Split {
                shape,
                values,
                labels,
            } = split;
            if shape != &self.train.shape {
                return Err(self.error(format!(
                    "{part} inputs have shape {shape:?}, training inputs {:?}; both splits must \
                     have the same shape",
                    self.train.shape
                )));
            }
            let width = shape.iter().product::<usize>();
            if width == 0 {
                return Err(self.error(format!("inputs of shape {shape:?} hold no number")));
            }
            if width.checked_mul(labels.len()) != Some(values.len()) {
                return Err(self.error(format!(
                    "{} {part} labels but {} inputs of shape {shape:?}",
                    labels.len(),
                    values.len() / width
                )));
            }
            let message = match values {
                Values::U8(_) | Values::I64(_) => Ok(()),
                Values::F32(v) => finite(v.iter().map(|x| x.is_finite()), labels.len(), part, ""),
                Values::F64(v) => finite(v.iter().map(|x| x.is_finite()), labels.len(), part, ""),
            };
            message.map_err(|message| self.error(message))?;
        }
        Ok(())
    }

    /// The splits with their names.
    fn splits(&self) -> impl Iterator<Item = (&'static str, &Split)> {
        let validation = self.validation.as_ref().map(|split| ("validation", split));
        std::iter::once(("training", &self.train)).chain(validation)
    }

    fn error(&self, message: String) -> Error {
        Error::file(&self.path, message)
    }
}

/// `Err` with a message where some flag is false; the flags of one sample follow one another.
fn finite(
    flags: impl ExactSizeIterator<Item = bool>,
    samples: usize,
    part: &str,
    adjective: &str,
) -> Result<(), String> {
    let width = (flags.len() / samples.max(1)).max(1);
    let mut bad = flags
        .enumerate()
        .filter(|(_, finite)| !finite)
        .map(|(i, _)| i);
    let Some(first) = bad.next() else {
        return Ok(());
    };
    Err(format!(
        "{} {adjective}{part} input values are NaN or infinite, the first in sample {} (counted \
         from 0); remove or repair these samples",
        1 + bad.count(),
        first / width
    ))
}

/// A warning where training samples of some class are missing: labels counted from 1, or a file
/// that is one part of a larger set.
fn absent(labels: &[u32], classes: usize) -> Option<String> {
    let present: BTreeSet<usize> = labels
        .iter()
        .filter_map(|&label| usize::try_from(label).ok())
        .collect();
    let absent: Vec<usize> = (0..classes)
        .filter(|class| !present.contains(class))
        .collect();
    let first: Vec<String> = absent.iter().take(5).map(usize::to_string).collect();
    let more = if absent.len() > first.len() {
        ", …"
    } else {
        ""
    };
    (!absent.is_empty()).then(|| {
        format!(
            "{} of {classes} classes have no training sample: {}{more}",
            absent.len(),
            first.join(", ")
        )
    })
}
