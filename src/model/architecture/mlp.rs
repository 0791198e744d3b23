//! Multilayer perceptrons.

use super::asked::Asked;
use super::builder::Builder;
use super::wanted::Wanted;
use crate::error::Result;
use crate::model::layers::Flatten;

/// Layers as of an `nn.Sequential` of linear layers with a function between them.
pub fn make(asked: &mut Asked, wanted: &Wanted<'_>) -> Result<Builder> {
    let inputs: usize = wanted.input.iter().product();
    let widths = match asked.widths()? {
        Some(widths) => {
            let [first, .., last] = widths[..] else {
                return Err(asked.wrong("widths", "expected at least two, such as 64-128-10"));
            };
            if [first, last] != [inputs, wanted.outputs] {
                let message = format!(
                    "the widths go from {first} to {last}, but the data has {inputs} inputs and {} outputs; mlp:hidden={} takes the rest from the data",
                    wanted.outputs,
                    words(&widths)
                );
                return Err(asked.wrong(&words(&widths), &message));
            }
            widths
        }
        None => {
            let hidden = asked.list("hidden", &[128, 64])?;
            let ends = [inputs].into_iter().chain(hidden);
            ends.chain([wanted.outputs]).collect()
        }
    };
    let activation = asked.activation()?;
    let name = format!("MLP {}, {}", words(&widths), activation.name());
    let mut builder = Builder::new(&name, wanted);
    builder.push("flatten", Flatten { from: 1 });
    let last = widths.len() - 2;
    for (number, pair) in widths.windows(2).enumerate() {
        builder.linear(&(2 * number).to_string(), pair[0], pair[1]);
        if number < last {
            builder.push(&format!("act{number}"), activation.clone());
        }
    }
    Ok(builder)
}

fn words(widths: &[usize]) -> String {
    let words: Vec<String> = widths.iter().map(ToString::to_string).collect();
    words.join("-")
}
