//! A [`Traced`] as it is written: calls one after another, with the shape of every value.
//!
//! Shapes are those of one sample, without the batch axis; the calls count axes with it.

use crate::model::import::traced::{Argument, Call, Element, Input, OPEN, Traced};
use std::collections::{HashMap, HashSet};

/// Something, or why there is none.
pub type Step<T> = Result<T, String>;

/// No network calls more operations.
const MOST_CALLS: usize = 1 << 16;

/// Calls being written.
pub struct Writer<'a> {
    /// What is written so far.
    pub traced: Traced,
    /// Path of the module that is written.
    pub module: String,
    tensors: &'a HashMap<&'a str, &'a [usize]>,
    shapes: HashMap<String, Vec<usize>>,
    used: HashSet<String>,
    stored: HashMap<String, String>,
}

/// The name of the value that a network is given.
pub const GIVEN: &str = "input";

impl<'a> Writer<'a> {
    /// Nothing yet, but the input, a sample of this shape.
    pub fn new(
        source: String,
        sample: &[usize],
        tensors: &'a HashMap<&'a str, &'a [usize]>,
    ) -> Self {
        let mut writer = Self {
            traced: Traced {
                source,
                ..Traced::default()
            },
            module: String::new(),
            tensors,
            shapes: HashMap::new(),
            used: HashSet::new(),
            stored: HashMap::new(),
        };
        writer.traced.inputs.push(Input {
            name: GIVEN.to_owned(),
            shape: [None]
                .into_iter()
                .chain(sample.iter().map(|&n| Some(n)))
                .collect(),
            element: Element::Float,
        });
        writer.used.insert(GIVEN.to_owned());
        writer.shapes.insert(GIVEN.to_owned(), sample.to_vec());
        writer
    }

    /// The shape of a value, without the batch axis.
    pub fn shape(&self, value: &str) -> Vec<usize> {
        self.shapes.get(value).cloned().unwrap_or_default()
    }

    /// The shape of the tensor of the checkpoint called `name`.
    ///
    /// # Errors
    /// Where there is none.
    pub fn tensor_shape(&self, name: &str) -> Step<Vec<usize>> {
        let shape = self.tensors.get(name).map(|shape| shape.to_vec());
        shape.ok_or_else(|| format!("needs the tensor {name:?}, which the checkpoint lacks"))
    }

    /// The tensor of the checkpoint called `name`, as a value.
    ///
    /// # Errors
    /// Where there is none.
    pub fn stored(&mut self, name: &str) -> Step<String> {
        if let Some(value) = self.stored.get(name) {
            return Ok(value.clone());
        }
        let shape = self.tensor_shape(name)?;
        let value = self.unique(name);
        self.traced.stored.insert(value.clone(), name.to_owned());
        self.traced.shapes.insert(value.clone(), shape);
        self.stored.insert(name.to_owned(), value.clone());
        Ok(value)
    }

    fn unique(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut count = 1;
        while !self.used.insert(name.clone()) {
            count += 1;
            name = format!("{wanted}_{count}");
        }
        name
    }

    /// Calls `operation`, which makes one value of this shape.
    ///
    /// # Errors
    /// Where there are more calls than any network makes.
    pub fn call(
        &mut self,
        operation: &str,
        positional: Vec<Argument>,
        shape: Vec<usize>,
    ) -> Step<String> {
        self.named(operation, positional, Vec::new(), shape)
    }

    /// As [`Writer::call`], with arguments by name.
    ///
    /// # Errors
    /// As [`Writer::call`].
    pub fn named(
        &mut self,
        operation: &str,
        positional: Vec<Argument>,
        named: Vec<(String, Argument)>,
        shape: Vec<usize>,
    ) -> Step<String> {
        let mut made = self.several(operation, positional, named, vec![shape])?;
        made.pop().ok_or_else(|| "makes nothing".to_owned())
    }

    /// Calls `operation`, which makes a value of each of these shapes.
    ///
    /// # Errors
    /// As [`Writer::call`].
    pub fn several(
        &mut self,
        operation: &str,
        positional: Vec<Argument>,
        named: Vec<(String, Argument)>,
        shapes: Vec<Vec<usize>>,
    ) -> Step<Vec<String>> {
        if self.traced.calls.len() >= MOST_CALLS {
            return Err(format!("calls more than {MOST_CALLS} operations"));
        }
        let wanted = if self.module.is_empty() {
            format!("{operation}()")
        } else {
            format!("{}:{operation}", self.module)
        };
        let mut outputs = Vec::with_capacity(shapes.len());
        for shape in shapes {
            let name = self.unique(&wanted);
            self.shapes.insert(name.clone(), shape);
            outputs.push(name);
        }
        self.traced.calls.push(Call {
            operation: operation.to_owned(),
            positional,
            named,
            outputs: outputs.clone(),
            module: self.module.clone(),
        });
        Ok(outputs)
    }

    /// A function of one number, element by element.
    ///
    /// # Errors
    /// As [`Writer::call`].
    pub fn unary(&mut self, operation: &str, x: &str, options: &[f64]) -> Step<String> {
        let shape = self.shape(x);
        let options = options.iter().map(|&option| Argument::Float(option));
        let positional = [value(x)].into_iter().chain(options).collect();
        self.call(operation, positional, shape)
    }

    /// A function of two values that broadcast.
    ///
    /// # Errors
    /// Where they don't.
    pub fn binary(&mut self, operation: &str, left: &str, right: &str) -> Step<String> {
        let (a, b) = (self.shape(left), self.shape(right));
        let shape = broadcast(&a, &b)
            .ok_or_else(|| format!("can't {operation} values of the shapes {a:?} and {b:?}"))?;
        self.call(operation, vec![value(left), value(right)], shape)
    }

    /// Axes in another order; `axes` has the batch axis, 0, first.
    ///
    /// # Errors
    /// Where these aren't its axes.
    pub fn permute(&mut self, x: &str, axes: &[usize]) -> Step<String> {
        let old = self.shape(x);
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        if axes.first() != Some(&0) || sorted != (0..=old.len()).collect::<Vec<_>>() {
            return Err(format!("has no axes {axes:?}: a sample is {old:?}"));
        }
        let shape = axes
            .iter()
            .skip(1)
            .filter_map(|&axis| old.get(axis - 1).copied());
        let shape = shape.collect();
        let axes = axes.iter().map(|&axis| axis as i64);
        self.call("permute", vec![value(x), integers(axes)], shape)
    }

    /// Axes `from` to the last of a sample as one; both count the batch axis.
    ///
    /// # Errors
    /// Where there is no such axis.
    pub fn flatten(&mut self, x: &str, from: usize) -> Step<String> {
        let old = self.shape(x);
        let kept = from
            .checked_sub(1)
            .and_then(|kept| old.split_at_checked(kept));
        let (kept, merged) =
            kept.ok_or_else(|| format!("has no axis {from}: a sample is {old:?}"))?;
        let size = size_of(merged)?;
        let shape = kept.iter().copied().chain([size]).collect();
        let from = Argument::Integer(from as i64);
        self.call(
            "flatten",
            vec![value(x), from, Argument::Integer(-1)],
            shape,
        )
    }

    /// The mean over these axes, which count the batch axis.
    ///
    /// # Errors
    /// As [`Writer::call`].
    pub fn mean(&mut self, x: &str, axes: &[usize], keep: bool) -> Step<String> {
        let shape = self.shape(x);
        let over = |axis: usize| axes.contains(&(axis + 1));
        let left =
            shape
                .iter()
                .enumerate()
                .filter_map(|(axis, &extent)| match (over(axis), keep) {
                    (true, false) => None,
                    (true, true) => Some(1),
                    (false, _) => Some(extent),
                });
        let left = left.collect();
        let axes = integers(axes.iter().map(|&axis| axis as i64));
        self.call("mean", vec![value(x), axes, Argument::Bool(keep)], left)
    }

    /// The network, whose result is the value `output`.
    pub fn finish(mut self, output: String) -> Traced {
        let batched = |shape: &[usize]| [OPEN].into_iter().chain(shape.iter().copied()).collect();
        if let Some(input) = self.traced.inputs.first() {
            let shape: Vec<usize> = input.shape.iter().skip(1).flatten().copied().collect();
            self.traced.shapes.insert(GIVEN.to_owned(), batched(&shape));
        }
        self.traced.outputs.push(output);
        self.traced
    }
}

/// A value as an argument.
pub fn value(name: &str) -> Argument {
    Argument::Value(name.to_owned())
}

/// Whole numbers as an argument.
pub fn integers(numbers: impl IntoIterator<Item = i64>) -> Argument {
    Argument::List(numbers.into_iter().map(Argument::Integer).collect())
}

/// Sizes as an argument.
pub fn sizes(numbers: &[usize]) -> Argument {
    integers(
        numbers
            .iter()
            .map(|&n| i64::try_from(n).unwrap_or(i64::MAX)),
    )
}

/// How many numbers a shape has.
///
/// # Errors
/// Where no machine holds them.
pub fn size_of(shape: &[usize]) -> Step<usize> {
    let size = shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
    size.ok_or_else(|| format!("makes {shape:?}, more numbers than any machine holds"))
}

/// The shape of what two shapes give together.
fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let at = |shape: &[usize], axis: usize| {
        let missing = rank - shape.len();
        axis.checked_sub(missing)
            .and_then(|i| shape.get(i).copied())
            .unwrap_or(1)
    };
    let extents = (0..rank).map(|axis| match (at(a, axis), at(b, axis)) {
        (a, b) if a == b => Some(a),
        (1, b) => Some(b),
        (a, 1) => Some(a),
        _ => None,
    });
    extents.collect()
}
