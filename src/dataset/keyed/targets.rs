//! An array → the targets of a split: classes, answers, numbers.
//!
//! What integers, whole numbers and rows of 0 and 1 stand for is settled for all splits at once, so
//! that one split that happens to hold whole numbers only decides nothing. It knows no losses.

use super::super::TargetKind;
use super::super::array::{Array, Values};
use super::super::source::MAX_CLASSES;
use super::super::targets::{IGNORED, Targets};

/// How the targets of all splits are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// What was asked for.
    pub kind: TargetKind,
    /// Floating-point numbers `[n]` are whole and small enough for classes, in every split.
    whole: bool,
    /// Rows are one-hot, in every split.
    one_hot: bool,
}

/// Targets and what is to be said of them.
pub struct Read {
    /// The targets.
    pub targets: Targets,
    /// Shape of one sample's.
    pub shape: Vec<usize>,
    /// What was assumed.
    pub warning: Option<String>,
    /// What was done.
    pub note: Option<String>,
}

impl Form {
    /// What holds for the targets of all splits.
    pub fn of<'a>(kind: TargetKind, targets: impl Iterator<Item = &'a Array> + Clone) -> Self {
        let open = |y: &&Array| y.values.is_float() && row_shape(y).is_empty();
        let whole = targets
            .clone()
            .filter(open)
            .all(|y| y.values.all_below(MAX_CLASSES));
        let rows: usize = targets.clone().filter_map(|y| y.shape.first()).sum();
        let one_hot = rows > 1 && targets.clone().all(is_one_hot) && targets.count() > 0;
        Self {
            kind,
            whole,
            one_hot,
        }
    }

    /// Reads the array called `y`, whose channels stand first.
    ///
    /// # Errors
    /// Where its numbers aren't what they are asked to be.
    pub fn read(self, y: &str, array: Array) -> Result<Read, String> {
        let shape = array.shape.get(1..).unwrap_or_default().to_vec();
        let name = array.dtype.name().to_owned();
        let plain = |targets, shape| Read {
            targets,
            shape,
            warning: None,
            note: None,
        };
        match self.kind {
            TargetKind::Numbers | TargetKind::Scaled | TargetKind::Wanted => {
                return Ok(plain(Targets::Values(numbers(array.values)), shape));
            }
            TargetKind::Auto | TargetKind::Classes if self.one_hot => {
                let classes = shape.first().copied().unwrap_or_default();
                let mut read = plain(Targets::Classes(hot(&array.values, classes)), Vec::new());
                read.warning = Some(format!(
                    "the rows of {y} are one-hot and taken as one of {classes} classes each; choose \
                     --data-targets answers for {classes} yes-or-no answers a sample"
                ));
                return Ok(read);
            }
            TargetKind::Auto | TargetKind::Classes | TargetKind::Answers => {}
        }
        let single = matches!(shape.as_slice(), [] | [1]);
        // Answers may be shares of 1.
        let asked = self.kind == TargetKind::Classes;
        let whole = array.values.is_float()
            && if asked {
                array.values.all_below(MAX_CLASSES)
            } else {
                self.whole && shape.is_empty()
            };
        if asked && array.values.is_float() && !whole {
            return Err(format!(
                "{y} is {name} and holds numbers that are no classes; choose --data-targets numbers"
            ));
        }
        let warning = (whole && !asked).then(|| {
            format!(
                "{y} is {name} but holds whole numbers only, which are taken as classes; choose \
                 --data-targets numbers for a regression"
            )
        });
        // Each becomes at once what it will be: a copy in between would take the most memory of all.
        let targets = match array.values {
            Values::U8(labels) => Targets::Classes(labels.into_iter().map(u32::from).collect()),
            Values::I64(labels) => Targets::Classes(classes(y, &labels)?),
            Values::F32(v) if whole => Targets::Classes(v.into_iter().map(|v| v as u32).collect()),
            Values::F64(v) if whole => Targets::Classes(v.into_iter().map(|v| v as u32).collect()),
            values => Targets::Values(numbers(values)),
        };
        let shape = match targets {
            Targets::Classes(_) if single => Vec::new(),
            _ => shape,
        };
        Ok(Read {
            warning,
            ..plain(targets, shape)
        })
    }
}

/// The shape of a row of targets, without extents of 1.
fn row_shape(y: &Array) -> Vec<usize> {
    y.shape.get(1..).unwrap_or_default().to_vec()
}

fn numbers(values: Values) -> Vec<f32> {
    match values {
        Values::U8(v) => v.into_iter().map(f32::from).collect(),
        Values::I64(v) => v.into_iter().map(|v| v as f32).collect(),
        Values::F32(v) => v,
        Values::F64(v) => v.into_iter().map(|v| v as f32).collect(),
    }
}

/// Classes counted from 0; PyTorch's −100 is a label that may be ignored.
fn classes(y: &str, labels: &[i64]) -> Result<Vec<u32>, String> {
    let class = |(index, &label): (usize, &i64)| match u32::try_from(label) {
        Ok(label) if label != IGNORED => Ok(label),
        _ if label == -100 => Ok(IGNORED),
        _ => Err(format!(
            "{y}[{index}] is {label}; labels are classes counted from 0 (-100: ignored); for a \
             regression choose --data-targets numbers"
        )),
    };
    labels.iter().enumerate().map(class).collect()
}

/// Whether every row of `[n, k]` numbers has exactly one 1 and else 0.
fn is_one_hot(y: &Array) -> bool {
    let classes = match *y.shape.as_slice() {
        [_, classes] if classes > 1 => classes,
        _ => return false,
    };
    let count = y.values.len();
    (0..count).step_by(classes).all(|start| {
        let mut ones = 0;
        let plain = (start..start + classes).all(|index| {
            let value = y.values.at(index);
            ones += usize::from(value == 1.0);
            value == 1.0 || value == 0.0
        });
        plain && ones == 1
    })
}

/// The place of the 1 in each row.
fn hot(values: &Values, classes: usize) -> Vec<u32> {
    let rows = (0..values.len()).step_by(classes.max(1));
    let place = |start: usize| (0..classes).find(|&at| values.at(start + at) == 1.0);
    rows.map(|start| place(start).unwrap_or_default() as u32)
        .collect()
}
