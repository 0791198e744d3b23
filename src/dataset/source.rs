//! What every reader hands over, and the checks that make a data set of it.
//!
//! A reader knows its format; the rules that hold for all of them stand here once: splits agree in
//! shape, labels are classes, inputs and targets are finite. It knows no file format.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::array::Values;
use super::normalize::{self, Auto};
pub(super) use super::split::Split;
use super::targets::{IGNORED, Targets};
use super::{Dataset, Normalize, Samples};
use crate::error::{Error, Result};

/// More classes than this are taken for a mistake (a column of numbers read as labels).
pub(super) const MAX_CLASSES: usize = 100_000;
/// As many where every position of a sample has a label: words of a language.
pub(super) const MAX_WORDS: usize = 1 << 20;

/// What to do with integers that are no classes.
const FOR_A_REGRESSION: &str = "; for a regression on them choose --data-targets numbers";

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
    /// Names of the classes in order, where the source has them.
    pub class_names: Vec<String>,
    /// Whether the targets are pictures that are scaled as the inputs.
    pub scaled_targets: bool,
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
            mut layout,
            train,
            validation,
            class_names,
            scaled_targets,
            sha256,
            mut warnings,
            ..
        } = self;
        if let (Targets::Classes(labels), []) = (&train.targets, train.target_shape.as_slice()) {
            warnings.extend(absent(labels, classes));
        }
        warnings.extend(plan.warnings.iter().cloned());
        if let (Targets::Classes(_), Some(few)) = (&train.targets, some(&class_names)) {
            layout.push_str(&format!(", classes {few}"));
        }

        let held_out = match &validation {
            Some(split) => format!(" and {} validation", split.len()),
            None => String::new(),
        };
        let description = format!(
            "{layout}; {} training{held_out} samples of shape {:?}, {}{}; {}",
            train.len(),
            train.shape,
            targets_in_words(&train, classes),
            if scaled_targets {
                ", scaled as the inputs"
            } else {
                ""
            },
            plan.words
        );
        let samples = |split: Split, part: &str| -> Result<Samples> {
            let count = split.len();
            let Split {
                shape,
                values,
                targets,
                target_shape,
            } = split;
            let targets = match targets {
                Targets::Values(v) if scaled_targets => {
                    Targets::Values(plan.apply(Values::F32(v), &shape))
                }
                targets => targets,
            };
            let inputs = plan.apply(values, &shape);
            let flags = inputs.iter().map(|x| x.is_finite());
            finite(flags, count, part, "normalised ", "input")
                .map_err(|message| Error::file(&path, message))?;
            Ok(Samples {
                shape,
                inputs,
                targets,
                target_shape,
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
            class_names,
            description,
            stored: plan.facts,
            sha256,
            warnings,
        })
    }

    /// Number of classes, at least 2; 0 where targets are numbers or missing.
    fn classes(&self) -> Result<usize> {
        let mut largest = 0;
        for (part, split) in self.splits() {
            let Targets::Classes(labels) = &split.targets else {
                return Ok(0);
            };
            let each = split.each();
            let most = if split.target_shape.is_empty() {
                MAX_CLASSES
            } else {
                MAX_WORDS
            };
            let label = |(i, l): (usize, &u32)| (usize::try_from(*l).unwrap_or(usize::MAX), i);
            let counted = labels.iter().enumerate().filter(|(_, l)| **l != IGNORED);
            if let Some((label, index)) = counted.map(label).max() {
                if label >= most {
                    return Err(self.error(format!(
                        "{part} sample {} has label {label}; labels are classes counted from 0, \
                         at most {most} of them{advice}",
                        index / each,
                        advice = if each == 1 { FOR_A_REGRESSION } else { "" }
                    )));
                }
                if let Some(classes) = self.classes
                    && label >= classes
                {
                    return Err(self.error(format!(
                        "{part} sample {} has label {label}, where there are {classes} classes",
                        index / each
                    )));
                }
                largest = largest.max(label);
            }
        }
        Ok(self.classes.unwrap_or((largest + 1).max(2)))
    }

    /// What must hold before anything is computed.
    fn check(&self) -> Result<()> {
        if self.train.is_empty() {
            return Err(self.error("holds no training sample".to_owned()));
        }
        for (part, split) in self.splits() {
            let Split {
                shape,
                values,
                targets,
                target_shape,
            } = split;
            let count = split.len();
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
            if target_shape != &self.train.target_shape
                || matches!(targets, Targets::Classes(_))
                    != matches!(self.train.targets, Targets::Classes(_))
            {
                let advice = match (target_shape.as_slice(), self.train.target_shape.as_slice()) {
                    ([] | [1], [] | [1]) => {
                        ": integers for classes, floats of shape [samples, 1] for a regression (or --data-targets)"
                    }
                    _ => "",
                };
                return Err(self.error(format!(
                    "{part} samples have {}, training samples {}; both splits must have targets \
                     of one kind and shape{advice}",
                    targets_in_words(split, 0),
                    targets_in_words(&self.train, 0)
                )));
            }
            if target_shape.contains(&0) {
                return Err(self.error(format!("targets of shape {target_shape:?} hold no number")));
            }
            if width.checked_mul(count) != Some(values.len()) {
                return Err(self.error(format!(
                    "{count} {part} labels but {} inputs of shape {shape:?}",
                    values.len() / width
                )));
            }
            let message = match values {
                Values::U8(_) | Values::I64(_) => Ok(()),
                Values::F32(v) => finite(v.iter().map(|x| x.is_finite()), count, part, "", "input"),
                Values::F64(v) => finite(v.iter().map(|x| x.is_finite()), count, part, "", "input"),
            };
            message.map_err(|message| self.error(message))?;
            if let Targets::Values(v) = targets {
                finite(v.iter().map(|x| x.is_finite()), count, part, "", "target")
                    .map_err(|message| self.error(message))?;
            }
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

/// "10 classes", "labels of shape `[16]`, 50 classes", "targets of shape `[3]`, numbers"; 0 classes: not
/// counted.
fn targets_in_words(split: &Split, classes: usize) -> String {
    let shape = &split.target_shape;
    let classes = match classes {
        0 => "classes".to_owned(),
        n => format!("{n} classes"),
    };
    match (&split.targets, shape.as_slice()) {
        (Targets::Classes(_), []) => classes,
        (Targets::Classes(_), _) => format!("labels of shape {shape:?}, {classes}"),
        (Targets::Missing(_), _) => "no targets".to_owned(),
        (Targets::Values(_), []) => "one number each as the target".to_owned(),
        (Targets::Values(_), _) => format!("numbers of shape {shape:?} as targets"),
    }
}

/// `Err` with a message where some flag is false; the flags of one sample follow one another.
fn finite(
    flags: impl ExactSizeIterator<Item = bool>,
    samples: usize,
    part: &str,
    adjective: &str,
    what: &str,
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
        "{} {adjective}{part} {what} values are NaN or infinite, the first in sample {} (counted \
         from 0); remove or repair these samples",
        1 + bad.count(),
        first / width
    ))
}

/// The first names of classes, where there are any.
fn some(names: &[String]) -> Option<String> {
    let more = if names.len() > 20 { ", …" } else { "" };
    let shown: Vec<&str> = names.iter().take(20).map(String::as_str).collect();
    (!names.is_empty()).then(|| format!("{}{more}", shown.join(", ")))
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
