//! LeNet (LeCun et al. 1998), with smaller windows for pictures smaller than its own.

use super::asked::Asked;
use super::builder::{Builder, Window};
use super::wanted::Wanted;
use crate::error::Result;
use crate::model::layers::Flatten;

/// Smaller pictures get windows of three.
const OWN: usize = 28;

/// Convolutions and pools, then fully connected layers.
pub fn make(asked: &mut Asked, wanted: &Wanted<'_>) -> Result<Builder> {
    let &[channels, height, width] = wanted.input else {
        let found = format!("{:?}", wanted.input);
        return Err(asked.wrong(&found, "it takes pictures [channels, height, width]"));
    };
    let maps = asked.list("channels", &[6, 16])?;
    let hidden = asked.list("hidden", &[120, 84])?;
    let activation = asked.activation()?;
    let small = height.min(width) < OWN;
    let size = if small { 3 } else { 5 };
    let mut builder = Builder::new(&format!("LeNet, {size} × {size} windows"), wanted);
    let (mut before, mut sides) = (channels, [height, width]);
    for (number, &own) in (1..).zip(&maps) {
        // The first keeps the size, as pictures of 28 were framed to 32; small ones keep it always.
        let padding = if number == 1 || small { size / 2 } else { 0 };
        let window = Window {
            size,
            stride: 1,
            padding,
        };
        builder.conv(&format!("conv{number}"), [before, own], window, true);
        builder.push(&format!("act{number}"), activation.clone());
        builder.pool(&format!("pool{number}"));
        sides = sides.map(|side| (side + 2 * padding).saturating_sub(size - 1) / 2);
        if sides.contains(&0) {
            return Err(asked.wrong("channels", "the pictures are too small for so many pools"));
        }
        before = own;
    }
    builder.push("flatten", Flatten { from: 1 });
    let mut inputs = before * sides[0] * sides[1];
    for (number, &own) in (1..).zip(&hidden) {
        builder.linear(&format!("fc{number}"), inputs, own);
        builder.push(&format!("fcact{number}"), activation.clone());
        inputs = own;
    }
    builder.linear(&format!("fc{}", hidden.len() + 1), inputs, wanted.outputs);
    Ok(builder)
}
