//! Small convolutional networks after VGG (Simonyan and Zisserman 2015): windows of three, halved block by
//! block, with or without normalisation.

use super::asked::Asked;
use super::builder::{Builder, Window};
use super::wanted::Wanted;
use crate::error::Result;
use crate::model::layers::Flatten;

/// Blocks of convolutions and a pool, then fully connected layers.
pub fn make(asked: &mut Asked, wanted: &Wanted<'_>) -> Result<Builder> {
    let &[channels, height, width] = wanted.input else {
        let found = format!("{:?}", wanted.input);
        return Err(asked.wrong(&found, "it takes pictures [channels, height, width]"));
    };
    let blocks = asked.list("channels", &[16, 32])?;
    let convs = asked.number("convs", 2)?;
    let hidden = asked.list("hidden", &[64])?;
    let norm = asked.choice("norm", ["batch", "none"])?;
    let activation = asked.activation()?;
    let with = if norm { "with" } else { "without" };
    let mut builder = Builder::new(&format!("VGG, {with} normalisation"), wanted);
    let (mut before, mut sides) = (channels, [height, width]);
    for (block, &own) in blocks.iter().enumerate() {
        for conv in 0..convs {
            let at = format!("{block}.{conv}");
            let window = Window {
                size: 3,
                stride: 1,
                padding: 1,
            };
            builder.conv(&format!("features.{at}.conv"), [before, own], window, !norm);
            if norm {
                builder.batch_norm(&format!("features.{at}.norm"), own);
            }
            builder.push(&format!("features.{at}.act"), activation.clone());
            before = own;
        }
        builder.pool(&format!("features.{block}.pool"));
        sides = sides.map(|side| side / 2);
        if sides.contains(&0) {
            return Err(asked.wrong("channels", "the pictures are too small for so many blocks"));
        }
    }
    builder.push("flatten", Flatten { from: 1 });
    let mut inputs = before * sides[0] * sides[1];
    for (number, &own) in hidden.iter().enumerate() {
        builder.linear(&format!("classifier.{number}"), inputs, own);
        builder.push(&format!("classifier.{number}.act"), activation.clone());
        inputs = own;
    }
    builder.linear(
        &format!("classifier.{}", hidden.len()),
        inputs,
        wanted.outputs,
    );
    Ok(builder)
}
