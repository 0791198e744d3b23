//! Tensors that stand by themselves: an ONNX file doesn't say which of them were trained.

use crate::model::import::traced::{Argument, Traced};

/// Operations that take a tensor number by number; in every other place a kept tensor is a layer's weight.
const NUMBER_BY_NUMBER: [&str; 5] = ["add", "sub", "mul", "div", "where"];

/// What tf2onnx calls a tensor that it has computed from others, numbers in the code among them.
const COMPUTED: &str = "const_fold_opt__";

/// Names the tensors of two axes and more that are read number by number: positions may be trained or not, a mask
/// never is. Vectors there are biases and scales, unless the exporter computed them.
pub fn note(traced: &Traced) -> Option<String> {
    let calls = traced.calls.iter();
    let calls = calls.filter(|call| NUMBER_BY_NUMBER.contains(&call.operation.as_str()));
    let mut names: Vec<&str> = calls
        .flat_map(|call| &call.positional)
        .filter_map(|argument| match argument {
            Argument::Value(value) => Some(value),
            _ => None,
        })
        .filter(|value| {
            let shape = traced.shapes.get(*value);
            let wide = |shape: &Vec<usize>| shape.iter().filter(|extent| **extent > 1).count() > 1;
            value.starts_with(COMPUTED) || shape.is_some_and(wide)
        })
        .filter_map(|value| traced.stored.get(value).map(String::as_str))
        .collect();
    names.sort_unstable();
    names.dedup();
    (!names.is_empty()).then(|| {
        format!(
            "{} {} taken as trained: an ONNX file doesn't tell trained tensors from fixed ones, such as masks and \
             sinusoids.",
            names.join(", "),
            if names.len() == 1 { "is" } else { "are" }
        )
    })
}
