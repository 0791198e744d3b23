//! Named arrays → splits: which key is what, the same for `.npz`, `.npy` and safetensors.
//!
//! Integers in `y` are classes, one a sample or one a position of it; other numbers are targets as they
//! stand. Keys are `x`, `y` (with `split`, 0 training and 1 validation) or `x_train`, `y_train` and
//! `x_val`, `y_val` (`_validation`, `_valid` and `_test` too), in either case. It knows no
//! container.

use std::path::Path;

use super::array::{Array, Values};
use super::normalize::Auto;
use super::source::{Source, Split};
use super::targets::{IGNORED, Targets};
use super::{Channels, DataOptions, files};
use crate::error::{Error, Result};
use crate::store::element::{Dtype, Element};

/// A container of named arrays.
pub(super) trait Store {
    /// The names of its arrays.
    fn names(&self) -> Vec<String>;
    /// What was passed over in it, and why.
    fn remarks(&self) -> &[String] {
        &[]
    }
    /// Reads the array of that name.
    fn load(&mut self, name: &str) -> Result<Array>;
}

/// Suffixes of held-out keys; the first that occurs is taken.
const HELD_OUT: [&str; 4] = ["_val", "_validation", "_valid", "_test"];

/// Makes a data set of the arrays in `store`; `format` names the container.
pub(super) fn source(
    store: &mut dyn Store,
    path: &Path,
    format: &str,
    sha256: String,
    options: &DataOptions,
) -> Result<Source> {
    let names = store.names();
    let remarks = store.remarks().to_vec();
    let missing = |key: &str| missing(path, key, &names, &remarks);
    let key = |wanted: &str| {
        names
            .iter()
            .find(|name| name.to_lowercase() == wanted)
            .cloned()
    };
    let mut reader = Reader {
        store,
        path,
        options,
        notes: Vec::new(),
        warnings: Vec::new(),
    };

    let (train, validation, keys) = if let Some(x) = key("x_train") {
        let y = key("y_train").ok_or_else(|| missing("y_train"))?;
        let train = reader.split(&x, &y)?;
        let present: Vec<&str> = HELD_OUT
            .into_iter()
            .filter(|suffix| key(&format!("x{suffix}")).is_some())
            .collect();
        let mut keys = format!("{x}, {y}");
        let mut validation = None;
        if let Some(suffix) = present.first() {
            let name = |axis: &str| {
                let name = format!("{axis}{suffix}");
                key(&name).ok_or_else(|| missing(&name))
            };
            let (x, y) = (name("x")?, name("y")?);
            validation = Some(reader.split(&x, &y)?);
            keys.push_str(&format!(", {x}, {y}"));
        }
        if let [used, ignored, ..] = present.as_slice() {
            reader.warnings.push(format!(
                "x{used} is the validation split; x{ignored} is not used"
            ));
        }
        (train, validation, keys)
    } else if let Some(x) = key("x") {
        let y = key("y").ok_or_else(|| missing("y"))?;
        let all = reader.split(&x, &y)?;
        match key("split") {
            Some(split) => {
                let (train, validation) = reader.divided(all, &split)?;
                (train, validation, format!("{x}, {y}, {split}"))
            }
            None => (all, None, format!("{x}, {y}")),
        }
    } else {
        return Err(missing("x or x_train"));
    };

    let Reader {
        mut notes,
        mut warnings,
        ..
    } = reader;
    let validation = validation.filter(|split| {
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
             --data-normalize scale:255 or what their scale is"
                .to_owned(),
        );
    }
    let notes: String = notes.iter().map(|note| format!(", {note}")).collect();
    Ok(Source {
        path: path.to_owned(),
        name: files::stem(path),
        layout: format!("{format} ({keys}){notes}"),
        classes: None,
        train,
        validation,
        unit: if bytes { 255.0 } else { 1.0 },
        auto: if bytes { Auto::Unit } else { Auto::Stored },
        sha256,
        warnings,
    })
}

fn missing(path: &Path, key: &str, names: &[String], remarks: &[String]) -> Error {
    let found = match names {
        [] => "no array at all".to_owned(),
        names => {
            let more = if names.len() > 8 { ", …" } else { "" };
            format!(
                "{}{more}",
                names.iter().take(8).cloned().collect::<Vec<_>>().join(", ")
            )
        }
    };
    let remarks: String = remarks.iter().take(8).map(|r| format!("; {r}")).collect();
    Error::file(
        path,
        format!(
            "no array named {key}; found {found}{remarks}; expected x and y, or x_train, y_train, \
             x_val, y_val"
        ),
    )
}

/// A store being read, with what is noticed on the way.
struct Reader<'a> {
    store: &'a mut dyn Store,
    path: &'a Path,
    options: &'a DataOptions,
    notes: Vec<String>,
    warnings: Vec<String>,
}

impl Reader<'_> {
    /// Inputs `x` with targets `y`.
    fn split(&mut self, x: &str, y: &str) -> Result<Split> {
        let inputs = self.store.load(x)?;
        let (targets, target_shape, count) = self.targets(y)?;
        match inputs.shape.first() {
            None => Err(self.error(format!(
                "{x} is a single number; its axis 0 must be samples"
            ))),
            Some(&n) if n != count => {
                Err(self.error(format!("{x} has {n} samples, {y} has {count} labels")))
            }
            Some(_) => {
                self.note(&inputs, x);
                let (shape, values) = self.inputs(inputs);
                Ok(Split {
                    shape,
                    values,
                    targets,
                    target_shape,
                })
            }
        }
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

    /// Targets, their shape and how many samples they are of: classes from integers `[n, …]`, numbers
    /// from others. `[n, 1]` integers are one class a sample, as are whole numbers `[n]` of any type.
    fn targets(&mut self, y: &str) -> Result<(Targets, Vec<usize>, usize)> {
        let Array {
            dtype,
            shape,
            values,
        } = self.store.load(y)?;
        let Some((&count, rest)) = shape.split_first() else {
            return Err(self.error(format!(
                "{y} is a single number; its axis 0 must be samples"
            )));
        };
        let values = match *rest {
            [height, width, channels] if self.channels_last(&shape) => {
                let moved = values.channels_first([height, width, channels]);
                let targets = self.numbers_or_classes(y, dtype, moved, false)?;
                return Ok((targets, vec![channels, height, width], count));
            }
            _ => values,
        };
        let targets = self.numbers_or_classes(y, dtype, values, rest.is_empty())?;
        let shape = match (&targets, rest) {
            (Targets::Classes(_), [1]) => Vec::new(),
            _ => rest.to_vec(),
        };
        if let (Targets::Classes(labels), [classes]) = (&targets, shape.as_slice())
            && is_one_hot(labels, *classes)
        {
            self.warnings.push(format!(
                "the rows of {y} are one-hot and taken as {classes} yes-or-no answers a sample; \
                 save {y}.argmax(1) for one class a sample"
            ));
        }
        Ok((targets, shape, count))
    }

    /// `single`: one target a sample, which is a class if all are whole numbers.
    fn numbers_or_classes(
        &mut self,
        y: &str,
        dtype: Dtype,
        values: Values,
        single: bool,
    ) -> Result<Targets> {
        let floats: Vec<f64> = match values {
            Values::U8(labels) => {
                return Ok(Targets::Classes(
                    labels.into_iter().map(u32::from).collect(),
                ));
            }
            Values::I64(labels) => return self.classes(y, &labels).map(Targets::Classes),
            Values::F32(v) => v.into_iter().map(f64::from).collect(),
            Values::F64(v) => v,
        };
        let whole = |v: &f64| v.fract() == 0.0 && (0.0..=f64::from(u32::MAX - 1)).contains(v);
        if single && !floats.is_empty() && floats.iter().all(whole) {
            self.warnings.push(format!(
                "{y} is {} but holds whole numbers only, which are taken as classes; for a \
                 regression save {y}.reshape(-1, 1)",
                dtype.name()
            ));
            let labels: Vec<i64> = floats.iter().map(|v| *v as i64).collect();
            return self.classes(y, &labels).map(Targets::Classes);
        }
        let values = floats.into_iter().map(|v| v as f32).collect();
        Ok(Targets::Values(values))
    }

    /// Classes counted from 0; PyTorch's −100 is a label that may be ignored.
    fn classes(&self, y: &str, labels: &[i64]) -> Result<Vec<u32>> {
        let class = |(index, &label): (usize, &i64)| match u32::try_from(label) {
            Ok(label) if label != IGNORED => Ok(label),
            _ if label == -100 => Ok(IGNORED),
            _ => Err(self.error(format!(
                "{y}[{index}] is {label}; labels are classes counted from 0 (-100: ignored)"
            ))),
        };
        labels.iter().enumerate().map(class).collect()
    }

    /// Marks of samples from an array of integers, `[n]` or `[n, 1]`.
    fn marks(&mut self, key: &str) -> Result<Vec<u32>> {
        match self.targets(key)? {
            (Targets::Classes(marks), shape, _) if shape.is_empty() => Ok(marks),
            (_, shape, _) => Err(self.error(format!(
                "{key} should hold one whole number a sample, but has shape [samples{}] or other \
                 numbers",
                shape.iter().map(|n| format!(", {n}")).collect::<String>()
            ))),
        }
    }

    /// Divides samples by an array that holds 0 for training and 1 for validation.
    fn divided(&mut self, all: Split, key: &str) -> Result<(Split, Option<Split>)> {
        let marks = self.marks(key)?;
        if marks.len() != all.len() {
            return Err(self.error(format!(
                "{key} has {} entries for {} samples",
                marks.len(),
                all.len()
            )));
        }
        if let Some((index, mark)) = marks.iter().enumerate().find(|(_, mark)| **mark > 1) {
            return Err(self.error(format!(
                "{key}[{index}] is {mark}, expected 0 (training) or 1 (validation)"
            )));
        }
        let part = |wanted: u32| {
            let indexes: Vec<usize> = (0..marks.len())
                .filter(|&index| marks.get(index) == Some(&wanted))
                .collect();
            all.select(&indexes)
        };
        if !marks.contains(&1) {
            return Ok((all, None));
        }
        Ok((part(0), Some(part(1))))
    }

    fn error(&self, message: String) -> Error {
        Error::file(self.path, message)
    }
}

/// Whether every row of `classes` labels has exactly one 1 and else 0; two rows at least.
fn is_one_hot(labels: &[u32], classes: usize) -> bool {
    classes > 1
        && labels.len() >= 2 * classes
        && labels
            .chunks(classes)
            .all(|row| row.iter().all(|l| *l <= 1) && row.iter().filter(|l| **l == 1).count() == 1)
}
