//! Words in names that say more of a network than shapes do.
//!
//! A chain of layers has no gates, no attention and no shortcuts; a name that speaks of one contradicts
//! it. It knows words alone: which networks account for them is their families' business.

use super::tensors::Tensors;
use crate::error::{Error, Result};

/// Words, and what a network has whose names hold them.
const TELLING: [(&[&str], &str); 5] = [
    (&["gate", "gating", "glu"], "gates"),
    (&["attn", "attention", "qkv", "query"], "attention"),
    (
        &[
            "skip",
            "res",
            "residual",
            "resblock",
            "shortcut",
            "downsample",
        ],
        "skip connections",
    ),
    (&["criterion"], "a loss with weights of its own"),
    (
        &["ema", "teacher", "shadow"],
        "an average of weights beside the weights",
    ),
];

/// The name and what it tells, where some name tells of what a plain chain of layers hasn't.
pub(super) fn contradiction(tensors: &Tensors, skips: bool) -> Option<(String, &'static str)> {
    tensors.modules().iter().find_map(|module| {
        let words = split(module.name);
        let telling = TELLING.iter().find(|(telling, what)| {
            let own = words.iter().any(|word| telling.contains(&word.as_str()));
            own && !(skips && *what == "skip connections")
        });
        telling.map(|(_, what)| (module.name.to_owned(), *what))
    })
}

/// Refuses a chain whose names speak of an encoder and a decoder, or of more than a chain has.
///
/// # Errors
/// Names the tensor and what its name tells.
pub(super) fn check(tensors: &Tensors, skips: bool) -> Result<()> {
    let any = |wanted: &[&str]| {
        let has = |name: &str| {
            split(name)
                .iter()
                .any(|word| wanted.contains(&word.as_str()))
        };
        tensors.modules().iter().any(|module| has(module.name))
    };
    if any(&["encoder", "enc"]) && any(&["decoder", "dec"]) {
        return Err(Error::Model(
            "the names speak of an encoder and a decoder: such a network gives its input back rather than classes, and its loss is the mean squared error against the input, not a cross-entropy; describe it in a model.toml with loss = \"mean-squared-error\", and give data whose targets are the inputs"
                .into(),
        ));
    }
    match contradiction(tensors, skips) {
        None => Ok(()),
        Some((name, what)) => Err(Error::Model(format!(
            "the name {name:?} speaks of {what}, which a plain chain of layers hasn't: the tensors alone don't tell how it is wired"
        ))),
    }
}

/// Refuses a chain that gives as many numbers as it takes, more than there are classes.
///
/// # Errors
/// Says what it looks like.
pub(super) fn check_outputs(inputs: usize, outputs: usize, classes: Option<usize>) -> Result<()> {
    match classes {
        Some(classes) if outputs == inputs && outputs > classes && outputs > 2 => {
            Err(Error::Model(format!(
                "the network gives {outputs} numbers and takes as many, while the data has {classes} classes: it looks like an autoencoder, whose loss is the mean squared error against its input, not a cross-entropy; describe it in a model.toml, or say that it is a classifier with --model mlp"
            )))
        }
        _ => Ok(()),
    }
}

/// The words of a name, in small letters: `["layer", "res", "conv"]` for `layer1.resConv2`.
fn split(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        let begins = c.is_uppercase() && small;
        if !c.is_alphabetic() || begins {
            words.push(String::new());
        }
        if c.is_alphabetic()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        small = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn names_are_split_at_dots_numbers_and_capitals() {
        assert_eq!(
            split("layer1.resConv2_skip"),
            ["layer", "res", "conv", "skip"]
        );
        assert_eq!(split("res1.0"), ["res"]);
        assert_eq!(split("restore"), ["restore"]);
    }
}
