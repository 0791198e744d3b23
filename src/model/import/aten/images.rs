//! Layers over images, `[batch, channels, …]`, of the data or of what all samples share.

use super::builder::Builder;
use super::value::{Outcome, Source, Value};
use crate::model::import::traced::Element;
use crate::model::layers::Layer;

/// That a value is `[batch, channels, …]` with `axes` axes after the channels.
///
/// # Errors
/// Where it isn't.
pub fn images(x: &Value, axes: usize) -> Outcome<()> {
    // What all samples share stands once in the place of theirs.
    let first = x.own.first() == Some(&1);
    let plain = first && (x.batch == Some(0) || !x.is_data());
    if plain && x.rank() == axes + 2 {
        return Ok(());
    }
    Err(format!(
        "needs [batch, channels, …] with {axes} axes after the channels, where the batch axis counts samples alone"
    ))
}

/// The value of a layer over channels and `axes` axes after them.
///
/// # Errors
/// Where the layer refuses.
pub fn over_images(
    b: &mut Builder<'_>,
    layer: impl Into<Layer>,
    inputs: &[&Value],
    shape: impl FnOnce(&[usize]) -> Vec<usize>,
) -> Outcome<Value> {
    let x = inputs[0];
    let mut places = Vec::with_capacity(inputs.len());
    for (number, input) in inputs.iter().enumerate() {
        let axes: Vec<usize> = (usize::from(number == 0)..input.rank()).collect();
        let input = b.laid_out(input, &axes)?;
        let place = b.place(&input)?;
        let shared = number == 0 && !input.is_data();
        places.push(if shared {
            Some(b.reshaped(place, &input.own[1..])?)
        } else {
            place
        });
    }
    let full = shape(&x.full);
    let mut like = Value {
        own: full.clone(),
        full,
        batch: Some(0),
        outer: 1,
        element: Element::Float,
        source: Source::Layer(None),
    };
    like.own[0] = 1;
    let made = b.value(layer, &places, like)?;
    if x.is_data() {
        return Ok(made);
    }
    let Source::Layer(place) = made.source else {
        return Ok(made);
    };
    let at = b.reshaped(place, &made.own)?;
    Ok(Value {
        batch: None,
        outer: 1,
        source: Source::Layer(Some(at)),
        ..made
    })
}
