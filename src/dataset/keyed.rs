//! Named arrays → splits: which key is what, the same for `.npz`, `.npy` and safetensors.
//!
//! Integers in `y` are classes, one a sample or one a position of it; other numbers are targets as they
//! stand. Inputs alone are data of an autoencoder. Keys are `x`, `y` (with `split`, 0 training and 1 validation) or `x_train`, `y_train` and
//! `x_val`, `y_val` (`_validation`, `_valid` and `_test` too), in either case. It knows no
//! container.

use std::path::Path;

use super::array::{Array, Values};
use super::normalize::Auto;
use super::source::{MAX_CLASSES, Source, Split};
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

/// The names of a split's inputs and targets.
type Pair = (String, Option<String>);

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
    // Beside anything else, a missing `y` is more likely a slip.
    let alone = remarks.is_empty() && names.iter().all(|name| is_input(name));
    let mut reader = Reader {
        store,
        path,
        options,
        notes: Vec::new(),
        warnings: Vec::new(),
    };

    let pair = |suffix: &str| -> Result<Option<Pair>> {
        let Some(x) = key(&format!("x{suffix}")) else {
            return Ok(None);
        };
        let y = format!("y{suffix}");
        match key(&y) {
            None if !alone => Err(missing(&y)),
            y => Ok(Some((x, y))),
        }
    };
    let mut pairs = Vec::new();
    let mut marks = None;
    if let Some(train) = pair("_train")? {
        pairs.push(train);
        let is_present = |suffix: &&str| key(&format!("x{suffix}")).is_some();
        let present: Vec<&str> = HELD_OUT.into_iter().filter(is_present).collect();
        if let Some(suffix) = present.first() {
            pairs.extend(pair(suffix)?);
        }
        if let [used, ignored, ..] = present.as_slice() {
            reader.warnings.push(format!(
                "x{used} is the validation split; x{ignored} is not used"
            ));
        }
    } else {
        pairs.extend(pair("")?);
        marks = key("split");
    }
    let mut splits = reader.splits(&pairs)?.into_iter();
    let Some(mut train) = splits.next() else {
        return Err(missing("x or x_train"));
    };
    let mut validation = splits.next();
    if let Some(split) = &marks {
        (train, validation) = reader.divided(train, split)?;
    }
    let of_pair = |(x, y): Pair| std::iter::once(x).chain(y);
    let keys: Vec<String> = pairs.into_iter().flat_map(of_pair).chain(marks).collect();
    let keys = keys.join(", ");

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
             x_val, y_val; for an autoencoder x, or x_train and x_val, and nothing else"
        ),
    )
}

/// Whether an array is no targets by its name.
fn is_input(name: &str) -> bool {
    let name = name.to_lowercase();
    let suffix = name.strip_prefix('x');
    name == "split" || suffix.is_some_and(|s| ["", "_train"].contains(&s) || HELD_OUT.contains(&s))
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
    /// The splits of inputs and targets of these names. Numbers `[n]` are classes where those of all splits
    /// are whole ones.
    fn splits(&mut self, pairs: &[Pair]) -> Result<Vec<Split>> {
        let mut stored = Vec::with_capacity(pairs.len());
        for (x, y) in pairs {
            stored.push(self.read(x, y.as_deref())?);
        }
        let is_open = |y: &&Array| y.shape.len() == 1 && y.values.is_float();
        let mut open = stored
            .iter()
            .filter_map(|(_, y)| y.as_ref())
            .filter(is_open);
        let whole = open.all(|y| y.values.all_below(MAX_CLASSES));
        let mut splits = Vec::with_capacity(pairs.len());
        for ((_, name), (inputs, targets)) in pairs.iter().zip(stored) {
            let (targets, target_shape) = match (name, targets) {
                (Some(name), Some(array)) => self.targets(name, array, whole)?,
                _ => {
                    let count = inputs.shape.first().copied().unwrap_or_default();
                    (Targets::Missing(count), Vec::new())
                }
            };
            let (shape, values) = self.inputs(inputs);
            splits.push(Split {
                shape,
                values,
                targets,
                target_shape,
            });
        }
        Ok(splits)
    }

    /// Inputs `x` with targets `y`, as they are stored.
    fn read(&mut self, x: &str, y: Option<&str>) -> Result<(Array, Option<Array>)> {
        let single = |name: &str| format!("{name} is a single number; its axis 0 must be samples");
        let inputs = self.store.load(x)?;
        let Some(&count) = inputs.shape.first() else {
            return Err(self.error(single(x)));
        };
        self.note(&inputs, x);
        let Some(y) = y else {
            return Ok((inputs, None));
        };
        let targets = self.store.load(y)?;
        match targets.shape.first() {
            None => Err(self.error(single(y))),
            Some(&labels) if labels != count => {
                Err(self.error(format!("{x} has {count} samples, {y} has {labels} labels")))
            }
            Some(_) => Ok((inputs, Some(targets))),
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

    /// Targets and their shape: classes from integers `[n, …]`, numbers from others. `[n, 1]` integers are
    /// one class a sample, and so are numbers `[n]` where all are `whole`.
    fn targets(&mut self, y: &str, array: Array, whole: bool) -> Result<(Targets, Vec<usize>)> {
        let Array {
            dtype,
            shape,
            mut values,
        } = array;
        let mut rest = shape.get(1..).unwrap_or_default().to_vec();
        if let [height, width, channels] = *rest.as_slice()
            && self.channels_last(&shape)
        {
            values = values.channels_first([height, width, channels]);
            rest = vec![channels, height, width];
        }
        let whole = whole && rest.is_empty();
        if whole && values.is_float() {
            self.warnings.push(format!(
                "{y} is {} but holds whole numbers only, which are taken as classes; for a \
                 regression save {y}.reshape(-1, 1)",
                dtype.name()
            ));
        }
        // Each becomes at once what it will be: a copy in between would take the most memory of all.
        let targets = match values {
            Values::U8(labels) => Targets::Classes(labels.into_iter().map(u32::from).collect()),
            Values::I64(labels) => Targets::Classes(self.classes(y, &labels)?),
            Values::F32(v) if whole => Targets::Classes(v.into_iter().map(|v| v as u32).collect()),
            Values::F64(v) if whole => Targets::Classes(v.into_iter().map(|v| v as u32).collect()),
            Values::F32(v) => Targets::Values(v),
            Values::F64(v) => Targets::Values(v.into_iter().map(|v| v as f32).collect()),
        };
        let shape = match (&targets, rest.as_slice()) {
            (Targets::Classes(_), [1]) => Vec::new(),
            _ => rest,
        };
        if let (Targets::Classes(labels), [classes]) = (&targets, shape.as_slice())
            && is_one_hot(labels, *classes)
        {
            self.warnings.push(format!(
                "the rows of {y} are one-hot and taken as {classes} yes-or-no answers a sample; \
                 save {y}.argmax(1) for one class a sample"
            ));
        }
        Ok((targets, shape))
    }

    /// Classes counted from 0; PyTorch's −100 is a label that may be ignored.
    fn classes(&self, y: &str, labels: &[i64]) -> Result<Vec<u32>> {
        let mut classes = Vec::with_capacity(labels.len());
        for (index, &label) in labels.iter().enumerate() {
            classes.push(match u32::try_from(label) {
                Ok(label) if label != IGNORED => label,
                _ if label == -100 => IGNORED,
                _ => {
                    return Err(self.error(format!(
                        "{y}[{index}] is {label}; labels are classes counted from 0 (-100: ignored)"
                    )));
                }
            });
        }
        Ok(classes)
    }

    /// Whether each sample is one of validation, from an array `[n]` or `[n, 1]` of 0 and 1.
    fn marks(&mut self, key: &str) -> Result<Vec<bool>> {
        let Array { shape, values, .. } = self.store.load(key)?;
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
        Ok(marks)
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
        if !marks.contains(&true) {
            return Ok((all, None));
        }
        let part = |wanted: bool| {
            let indexes: Vec<usize> = (0..marks.len())
                .filter(|&index| marks.get(index) == Some(&wanted))
                .collect();
            all.select(&indexes)
        };
        Ok((part(false), Some(part(true))))
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
