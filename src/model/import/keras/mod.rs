//! Networks of Keras: the configuration that `model.save` writes beside the weights names every layer with its
//! settings, and how they are wired.
//!
//! Keras counts channels last, the tensors here lie channels first (`image`). What a layer computes is said
//! in `layers`; a class that isn't known there, a `Lambda` among others, is refused by name.

mod activations;
mod image;
mod layers;
mod pools;
mod wiring;

use super::pickled::writer::{GIVEN, Writer, size_of};
use super::traced::Traced;
use crate::checkpoint::Listing;
use crate::error::{Error, Result};
use image::Value;
use serde_json::Value as Json;
use std::collections::HashMap;

/// The network that the configuration in `state` describes, for samples of the shape `sample`; `None` where
/// the file has none.
///
/// # Errors
/// Names the layer that can't be followed; where the shape of the sample isn't the network's.
pub fn read(state: &dyn Listing, sample: Option<&[usize]>) -> Result<Option<Traced>> {
    let Some(config) = state.told().keras() else {
        return Ok(None);
    };
    let listed = state.list();
    let tensors: HashMap<&str, &[usize]> = listed.iter().map(|t| (t.name, t.shape)).collect();
    let found = followed(config, sample, &tensors);
    found
        .map(Some)
        .map_err(|e| Error::Model(format!("the network of Keras can't be read: {e}")))
}

fn followed(
    config: &Json,
    sample: Option<&[usize]>,
    tensors: &HashMap<&str, &[usize]>,
) -> Result<Traced, String> {
    let shape = wiring::input_shape(config)?;
    let sample = fitting(&shape, sample)?;
    let mut writer = Writer::new("a model of Keras".to_owned(), &sample, tensors);
    let input = given(&mut writer, &shape, &sample)?;
    let keeps_last = wiring::last_activation(config);
    let output = wiring::model(&mut writer, config, input, "", 0, keeps_last.as_ref())?;
    if let Some(dropped) = keeps_last.filter(|last| last.dropped) {
        writer.traced.notes.push(format!(
            "The {} at the end belongs to the loss, which takes the values before it.",
            dropped.name
        ));
    }
    writer.module.clear();
    let output = image::plain(&mut writer, &output)?;
    let mut traced = writer.finish(output);
    traced.name = wiring::name(config).to_owned();
    Ok(traced)
}

/// The shape of a sample as data has it, channels first, where `shape` is Keras's.
fn fitting(shape: &[Option<usize>], sample: Option<&[usize]>) -> Result<Vec<usize>, String> {
    if let Some(sample) = sample {
        return Ok(sample.to_vec());
    }
    let known: Option<Vec<usize>> = shape.iter().copied().collect();
    let mut known = known.ok_or("it takes samples of any size, and no data tells theirs")?;
    if known.len() > 2 {
        known.rotate_right(1);
    }
    Ok(known)
}

/// The input as the network takes it.
fn given(w: &mut Writer<'_>, shape: &[Option<usize>], sample: &[usize]) -> Result<Value, String> {
    let fits = |given: &[usize], wanted: &[Option<usize>]| {
        given.len() == wanted.len()
            && given
                .iter()
                .zip(wanted)
                .all(|(g, w)| w.is_none_or(|w| w == *g))
    };
    let mut first = shape.to_vec();
    let by = usize::from(!first.is_empty());
    first.rotate_right(by);
    if shape.len() > 2 && fits(sample, &first) {
        return Ok(Value::first(GIVEN));
    }
    if fits(sample, shape) {
        if shape.len() > 2 {
            w.traced
                .notes
                .push("The data has its channels last, as Keras does.".to_owned());
        }
        return Ok(Value::plain(GIVEN));
    }
    // Grey images without an axis for their one channel.
    if let ([places @ .., Some(1)], 3..) = (shape, shape.len())
        && fits(sample, places)
    {
        let wide = [&[1], sample].concat();
        let all = vec![
            super::pickled::writer::value(GIVEN),
            super::traced::Argument::Integer(1),
        ];
        return Ok(Value::first(&w.call("unsqueeze", all, wide)?));
    }
    if let [Some(width)] = shape
        && size_of(sample)? == *width
    {
        w.traced.notes.push(format!(
            "A sample of shape {sample:?} is flattened before the first layer, which takes {width} numbers."
        ));
        let images = sample.len() > 2 && sample.first() != Some(&1);
        let given = if images {
            image::plain(w, &Value::first(GIVEN))?
        } else {
            GIVEN.to_owned()
        };
        return Ok(Value::plain(&w.flatten(&given, 1)?));
    }
    let words: Vec<String> = shape
        .iter()
        .map(|n| n.map_or("any".to_owned(), |n| n.to_string()))
        .collect();
    Err(format!(
        "it takes samples of shape [{}] (channels last), but the data has {sample:?}",
        words.join(", ")
    ))
}
