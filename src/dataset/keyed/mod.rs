//! Named arrays → splits: the same for `.npz`, `.npy`, safetensors, PyTorch's tensors and tables.
//!
//! Which array is what is said in [`names`], what targets stand for in [`targets`]; inputs alone are data
//! of an autoencoder. Everything that isn't plain is said in words. It knows no container.

pub(super) mod names;
pub(super) mod targets;

use std::path::Path;

use self::names::{Chosen, Listed, Pair};
use self::targets::Form;
use super::array::{Array, Values};
use super::normalize::Auto;
use super::source::{Source, Split};
use super::targets::Targets;
use super::{Channels, DataOptions, TargetKind, files};
use crate::error::{Error, Result};
use crate::store::element::{Dtype, Element};

/// A container of named arrays.
pub(super) trait Store {
    /// Its arrays.
    fn listed(&self) -> Vec<Listed>;
    /// What was passed over in it, and why.
    fn remarks(&self) -> &[String] {
        &[]
    }
    /// Reads the array of that name.
    fn load(&mut self, name: &str) -> Result<Array>;
}

/// Makes a data set of the arrays in `store`; `format` names the container.
pub(super) fn source(
    store: &mut dyn Store,
    path: &Path,
    format: &str,
    sha256: String,
    options: &DataOptions,
) -> Result<Source> {
    let listed = store.listed();
    let remarks = store.remarks().to_vec();
    let chosen = names::choose(&listed, &remarks, &options.keys)
        .map_err(|message| Error::file(path, message))?;
    let mut reader = Reader::new(path, options);
    reader.warnings.extend(chosen.warnings.iter().cloned());
    let splits = reader.load(store, &chosen)?;
    let keys = chosen.names().join(", ");
    let unused = match chosen.unused.as_slice() {
        [] => String::new(),
        unused => {
            let more = if unused.len() > 8 { ", …" } else { "" };
            let shown: Vec<&str> = unused.iter().take(8).map(String::as_str).collect();
            format!(", not used: {}{more}", shown.join(", "))
        }
    };
    reader.finish(splits, format!("{format} ({keys}{unused})"), sha256)
}

/// Arrays being made into samples, with what is noticed on the way.
pub(super) struct Reader<'a> {
    path: &'a Path,
    options: &'a DataOptions,
    notes: Vec<String>,
    /// What a reader of the result should know.
    pub warnings: Vec<String>,
    /// Names of the classes, where the source has them.
    pub class_names: Vec<String>,
}

/// Inputs and targets of a split as they were stored, each with its name.
pub(super) struct Stored {
    /// Inputs.
    pub x: (String, Array),
    /// Targets.
    pub y: Option<(String, Array)>,
}

impl<'a> Reader<'a> {
    /// Nothing read yet.
    pub fn new(path: &'a Path, options: &'a DataOptions) -> Self {
        Self {
            path,
            options,
            notes: Vec::new(),
            warnings: Vec::new(),
            class_names: Vec::new(),
        }
    }

    /// Reads what was chosen: training samples, then held-out ones.
    fn load(&mut self, store: &mut dyn Store, chosen: &Chosen) -> Result<Vec<Split>> {
        let mut read = |(x, y): &Pair| -> Result<Stored> {
            let inputs = store.load(x)?;
            let targets = y.as_ref().map(|y| Ok((y.clone(), store.load(y)?)));
            Ok(Stored {
                x: (x.clone(), inputs),
                y: targets.transpose()?,
            })
        };
        let pairs = std::iter::once(&chosen.train).chain(&chosen.held_out);
        let stored = pairs.map(&mut read).collect::<Result<Vec<_>>>()?;
        let marks = chosen.marks.as_ref();
        let marks = marks
            .map(|name| Ok((name, store.load(name)?)))
            .transpose()?;
        let mut splits = self.splits(stored)?;
        if let Some((name, array)) = marks
            && let Some(all) = splits.pop()
        {
            splits = self.divided(all, name, array)?;
        }
        Ok(splits)
    }

    /// The splits of these arrays.
    pub fn splits(&mut self, stored: Vec<Stored>) -> Result<Vec<Split>> {
        for Stored { x: (x, inputs), y } in &stored {
            let single = |name: &str| {
                self.error(format!(
                    "{name} is a single number; its axis 0 must be samples"
                ))
            };
            let &count = inputs.shape.first().ok_or_else(|| single(x))?;
            if let Some((y, targets)) = y {
                let &labels = targets.shape.first().ok_or_else(|| single(y))?;
                if labels != count {
                    let message = format!("{x} has {count} samples, {y} has {labels} labels");
                    return Err(self.error(message));
                }
            }
        }
        let arrays = stored
            .iter()
            .filter_map(|part| part.y.as_ref().map(|(_, y)| y));
        let form = Form::of(self.options.targets, arrays);
        stored
            .into_iter()
            .map(|part| self.split(part, form))
            .collect()
    }

    fn split(&mut self, stored: Stored, form: Form) -> Result<Split> {
        let (x, inputs) = stored.x;
        self.note(&inputs, &x);
        let count = inputs.shape.first().copied().unwrap_or_default();
        let bytes = matches!(inputs.values, Values::U8(_));
        let (shape, values) = self.inputs(inputs);
        let (targets, target_shape) = match stored.y {
            Some((name, array)) => {
                let array = self.first(array, &shape);
                let pictures = array.shape.get(1..) == Some(shape.as_slice()) && shape.len() > 1;
                let of_bytes = matches!(array.values, Values::U8(_));
                if form.kind == TargetKind::Wanted && pictures && of_bytes && bytes {
                    return Err(self.error(format!(
                        "{name} holds bytes in the shape of the inputs: pictures; choose \
                         --data-targets scaled (as the inputs are) or --data-targets numbers (as \
                         stored, 0 to 255)"
                    )));
                }
                if form.kind == TargetKind::Scaled && array.shape.get(1..) != Some(&shape) {
                    return Err(self.error(format!(
                        "{name} has shape {:?} a sample, the inputs {shape:?}; only targets of the \
                         inputs' shape are scaled as they are",
                        array.shape.get(1..).unwrap_or_default()
                    )));
                }
                let read = form
                    .read(&name, array)
                    .map_err(|message| self.error(message))?;
                self.warnings.extend(read.warning);
                self.notes.extend(read.note);
                (read.targets, read.shape)
            }
            None => (Targets::Missing(count), Vec::new()),
        };
        Ok(Split {
            shape,
            values,
            targets,
            target_shape,
        })
    }

    /// The data set of these splits, the training one first.
    pub fn finish(self, splits: Vec<Split>, layout: String, sha256: String) -> Result<Source> {
        let (path, scaled) = (self.path, self.options.targets == TargetKind::Scaled);
        let Self {
            mut notes,
            mut warnings,
            class_names,
            ..
        } = self;
        let mut splits = splits.into_iter();
        let train = splits
            .next()
            .ok_or_else(|| Error::file(path, "holds no sample"))?;
        let validation = splits.next().filter(|split| {
            if split.is_empty() {
                warnings.push("the validation split is empty and left out".to_owned());
            }
            !split.is_empty()
        });
        // A file says the same of both splits.
        notes.dedup();
        warnings.dedup();
        let bytes = matches!(train.values, Values::U8(_));
        // Words with a label each are no pixels.
        if matches!(train.values, Values::I64(_)) && train.target_shape != train.shape {
            warnings.push(
                "inputs are integers wider than a byte and used as they are; for pixels choose \
                 --data-normalize 0-1 or what their scale is"
                    .to_owned(),
            );
        }
        let notes: String = notes.iter().map(|note| format!(", {note}")).collect();
        Ok(Source {
            path: path.to_owned(),
            name: files::stem(path),
            layout: format!("{layout}{notes}"),
            classes: Some(class_names.len()).filter(|n| *n > 0).map(|n| n.max(2)),
            train,
            validation,
            unit: if bytes { 255.0 } else { 1.0 },
            auto: if bytes { Auto::Unit } else { Auto::Stored },
            class_names,
            scaled_targets: scaled,
            sha256,
            warnings,
        })
    }

    fn note(&mut self, inputs: &Array, x: &str) {
        if inputs.dtype == Dtype::from(Element::F64) {
            self.notes
                .push("float64 rounded once to float32".to_owned());
        }
        if inputs.dtype == Dtype::from(Element::Bool) {
            self.warnings.push(format!(
                "{x} is boolean and treated as bytes; choose --data-normalize none for inputs 0 and 1"
            ));
        }
    }

    /// Inputs as samples with their channels first.
    fn inputs(&mut self, array: Array) -> (Vec<usize>, Values) {
        let Array { shape, values, .. } = array;
        match *shape.as_slice() {
            [] | [_] => (vec![1], values),
            // A grey image has one channel.
            [_, height, width] => (vec![1, height, width], values),
            [_, height, width, channels] if self.channels_last(&shape) => (
                vec![channels, height, width],
                values.channels_first([height, width, channels]),
            ),
            [_, ref rest @ ..] => (rest.to_vec(), values),
        }
    }

    /// Targets with their channels first, as the inputs' are; grey pictures get their channel where they
    /// are numbers of the inputs' shape.
    fn first(&mut self, mut array: Array, inputs: &[usize]) -> Array {
        let pictures = matches!(
            self.options.targets,
            TargetKind::Numbers | TargetKind::Scaled | TargetKind::Wanted
        );
        match *array.shape.as_slice() {
            [n, height, width, channels] if self.channels_last(&array.shape) => {
                array.values = array.values.channels_first([height, width, channels]);
                array.shape = vec![n, channels, height, width];
            }
            [n, height, width] if pictures && inputs == [1, height, width] => {
                array.shape = vec![n, 1, height, width];
            }
            _ => {}
        }
        array
    }

    /// Whether the channels of a four-axis array stand last.
    fn channels_last(&mut self, shape: &[usize]) -> bool {
        let last = match self.options.channels {
            Channels::First => return false,
            Channels::Last => true,
            Channels::Auto => {
                !matches!(shape.get(1), Some(1 | 3)) && matches!(shape.last(), Some(1 | 3 | 4))
            }
        };
        if last {
            self.notes.push("channels moved first".to_owned());
            if self.options.channels == Channels::Auto {
                self.warnings.push(format!(
                    "axes {:?} are taken as height, width, channels and the channels moved first; \
                     choose --data-channels first if they already are",
                    &shape[1..]
                ));
            }
        }
        last
    }

    /// Divides samples by an array `[n]` or `[n, 1]` that holds 0 for training and 1 for validation.
    fn divided(&mut self, all: Split, key: &str, marks: Array) -> Result<Vec<Split>> {
        let Array { shape, values, .. } = marks;
        if !matches!(shape.as_slice(), [_] | [_, 1]) {
            return Err(self.error(format!(
                "{key} has shape {shape:?}; it should hold one number a sample, 0 (training) or 1 \
                 (validation)"
            )));
        }
        let mut marks = Vec::with_capacity(values.len());
        for index in 0..values.len() {
            marks.push(match values.at(index) {
                0.0 => false,
                1.0 => true,
                mark => {
                    return Err(self.error(format!(
                        "{key}[{index}] is {mark}, expected 0 (training) or 1 (validation)"
                    )));
                }
            });
        }
        if marks.len() != all.len() {
            return Err(self.error(format!(
                "{key} has {} entries for {} samples",
                marks.len(),
                all.len()
            )));
        }
        Ok(all.divided(&marks))
    }

    fn error(&self, message: String) -> Error {
        Error::file(self.path, message)
    }
}
