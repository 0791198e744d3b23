//! What the caller of an ONNX graph gives: inputs, their extents and the order of their axes.
//!
//! Data here have channels first. A network of Keras takes images channels last, as `[batch, height, width, channels]`:
//! such an input is read channels first and turned before the first operator.

use super::node::{list, value};
use super::state::{State, Value};
use crate::checkpoint::onnx::Model;
use crate::checkpoint::onnx::proto::{GraphProto, ValueInfoProto};
use crate::model::import::extents::{Extents, Facts};
use crate::model::import::traced::{Call, Element, OPEN};
use crate::store::Parsed;

/// Who writes Keras's networks.
const OF_KERAS: [&str; 2] = ["tf2onnx", "keras2onnx"];
/// Images have no more channels.
const MOST_CHANNELS: usize = 4;

/// The inputs of the graph, as far as they are no tensors of the file. `sample` is the shape of one sample, where it is
/// known.
///
/// # Errors
/// Names the input that is no tensor of numbers.
pub fn inputs(
    state: &mut State<'_>,
    model: &Model,
    graph: &GraphProto,
    sample: Option<&[usize]>,
) -> Parsed<()> {
    // Old files list their tensors among the inputs, too.
    let given = graph
        .input
        .iter()
        .filter(|input| model.tensor(&input.name).is_none());
    for (index, input) in given.enumerate() {
        let (extents, element) = described(input)?;
        let sample = sample.filter(|_| index == 0);
        let turned = extents.as_ref().is_some_and(|extents| {
            element == Element::Float && is_channels_last(extents, sample, is_of_keras(model))
        });
        let own = extents.map(|mut extents| {
            if let Some(first) = extents.first_mut() {
                *first = first.or(Some(OPEN));
            }
            if turned {
                extents[1..].rotate_right(1);
            }
            let sample = sample.filter(|sample| sample.len() + 1 == extents.len());
            for (extent, &own) in extents.iter_mut().skip(1).zip(sample.unwrap_or_default()) {
                *extent = extent.or(Some(own));
            }
            extents
        });
        let facts = Facts {
            shape: own,
            element,
        };
        let mut name = state.composer.input(&input.name, facts);
        if turned {
            name = channels_last(state, &name)?;
            state.composer.note(
                "Its images are channels last; the data's, channels first, are turned for it."
                    .into(),
            );
        }
        state.set(&input.name, Value::Tensor(name));
    }
    Ok(())
}

/// Whether a network of Keras was exported.
pub fn is_of_keras(model: &Model) -> bool {
    OF_KERAS.contains(&model.proto.producer_name.as_str())
}

/// Whether an input's extents are those of images whose channels come last: by the data's shape, which fits so and
/// not otherwise, or because Keras writes images so.
fn is_channels_last(extents: &[Option<usize>], sample: Option<&[usize]>, by_keras: bool) -> bool {
    let &[_, first, second, last] = extents else {
        return false;
    };
    let few = last.is_some_and(|last| last <= MOST_CHANNELS);
    let many = first.is_none_or(|first| first > MOST_CHANNELS);
    let fits = |own: [Option<usize>; 3]| {
        let fits = |sample: &[usize]| {
            own.iter()
                .zip(sample)
                .all(|(own, n)| own.is_none_or(|own| own == *n))
        };
        sample.is_some_and(|sample| sample.len() == 3 && fits(sample))
    };
    match (fits([first, second, last]), fits([last, first, second])) {
        (plain, turned) if plain != turned => turned,
        (true, _) => by_keras && few,
        (false, _) => by_keras && few && many,
    }
}

/// The value called `name`, `[batch, channels, height, width]`, with its channels last.
fn channels_last(state: &mut State<'_>, name: &str) -> Parsed<String> {
    let made = state.composer.call(Call {
        operation: "permute".into(),
        positional: vec![value(name), list(&[0, 2, 3, 1])],
        named: Vec::new(),
        outputs: Vec::new(),
        module: String::new(),
    })?;
    let turned = made.into_iter().next();
    turned.ok_or_else(|| "its input can't be turned".into())
}

/// Extents of an input, `None` for those that are open, and what its numbers are.
fn described(input: &ValueInfoProto) -> Parsed<(Option<Extents>, Element)> {
    let tensor = input
        .r#type
        .as_ref()
        .and_then(|own| own.tensor_type.as_ref());
    let name: String = input.name.chars().take(120).collect();
    let tensor = tensor.ok_or_else(|| format!("the input {name:?} is no tensor"))?;
    let element = match tensor.elem_type {
        1 | 10 | 11 | 16 => Element::Float,
        2..=7 | 12 | 13 => Element::Integer,
        9 => Element::Bool,
        other => return Err(format!("the input {name:?} has type number {other}")),
    };
    let extents = tensor.shape.as_ref().map(|shape| {
        let extent = |n: Option<i64>| n.and_then(|n| usize::try_from(n).ok()).filter(|&n| n > 0);
        shape.dim.iter().map(|dim| extent(dim.dim_value)).collect()
    });
    Ok((extents, element))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_come_last_where_the_data_or_keras_says_so() {
        let photo = vec![None, Some(32), Some(32), Some(3)];
        let torch = vec![None, Some(3), Some(32), Some(32)];
        let open = vec![None, None, None, Some(3)];
        // Extents, a sample's shape, whether Keras is known, whether channels come last.
        for (extents, sample, by_keras, expected) in [
            (&photo, None, true, true),
            (&photo, None, false, false),
            (&photo, Some(&[3, 32, 32][..]), false, true),
            (&photo, Some(&[32, 32, 3]), true, false),
            (&photo, Some(&[3, 28, 28]), true, true),
            (&torch, None, true, false),
            (&torch, Some(&[3, 32, 32]), true, false),
            (&open, Some(&[3, 32, 32]), true, true),
            (&open, None, true, true),
            (
                &vec![None, Some(3), Some(3), Some(3)],
                Some(&[3, 3, 3]),
                true,
                true,
            ),
            (
                &vec![None, Some(3), Some(3), Some(3)],
                Some(&[3, 3, 3]),
                false,
                false,
            ),
            (&vec![None, Some(20), Some(4)], None, true, false),
        ] {
            let found = is_channels_last(extents, sample, by_keras);
            assert_eq!(found, expected, "{extents:?} {sample:?} {by_keras}");
        }
    }
}
