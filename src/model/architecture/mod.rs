//! Networks by name, made for data: layers, and the shapes of tensors that don't exist yet.
//!
//! An [`Architecture`] is written `NAME:OPTION=VALUE,…`, such as `mlp:hidden=128-64,activation=tanh`. Tensors
//! are named as PyTorch would name them. Recognising the networks of others is `family`'s business.

mod asked;
mod builder;
mod lenet;
mod mlp;
mod resnet;
mod transformer;
mod vgg;
mod wanted;

use crate::checkpoint::{Kind, Listed, Listing, Source};
use crate::error::{Error, Result};
use crate::model::graph::Graph;
use crate::model::network::Network;
use asked::Asked;
use builder::Builder;
use std::path::PathBuf;
pub use wanted::Wanted;

/// A graph and the shapes of its tensors.
#[derive(Debug, Clone)]
pub struct Architecture {
    /// The layers.
    pub graph: Graph,
    /// Name and shape of every tensor, in the order of the layers.
    pub tensors: Vec<(String, Vec<usize>)>,
    source: Source,
}

/// Makes a named network.
type Make = fn(&mut Asked, &Wanted<'_>) -> Result<Builder>;

/// Every name, what makes it, and its options.
const KNOWN: [(&str, Make, &str); 5] = [
    (
        "mlp",
        mlp::make,
        "mlp:hidden=128-64,activation=relu, or mlp:64-128-64-10 with all widths",
    ),
    (
        "lenet",
        lenet::make,
        "lenet:channels=6-16,hidden=120-84,activation=relu",
    ),
    (
        "vgg",
        vgg::make,
        "vgg:channels=16-32,convs=2,hidden=64,norm=batch|none,activation=relu",
    ),
    (
        "resnet",
        resnet::make,
        "resnet:depth=20,width=16,norm=batch|none,skips=yes|no, or resnet20",
    ),
    (
        "transformer",
        transformer::make,
        "transformer:width=32,depth=2,heads=4,patch=2",
    ),
];

/// Whether a `--model` names one of these.
pub fn is_known(model: &str) -> bool {
    known(model).is_some()
}

/// Every name with its options, for help.
pub fn words() -> String {
    let each = KNOWN.iter().map(|(_, _, words)| *words);
    each.collect::<Vec<_>>().join("; ")
}

/// What makes a network, what it is called and what is asked of it.
fn known(model: &str) -> Option<(Make, &'static str, &str)> {
    let (name, options) = model.split_once(':').unwrap_or((model, ""));
    // resnet20 is resnet:depth=20.
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let found = KNOWN.iter().find(|(own, ..)| *own == name);
    let numbered = || {
        KNOWN
            .iter()
            .find(|(own, ..)| *own == "resnet" && *own == bare)
    };
    let (own, make, _) = found.or_else(numbered)?;
    Some((*make, own, options))
}

/// The network that `model` names, made for data.
///
/// # Errors
/// Where there is no such network or option, or it doesn't fit the data.
pub fn make(model: &str, wanted: &Wanted<'_>) -> Result<Architecture> {
    let Some((make, name, options)) = known(model) else {
        return Err(Error::Usage(format!(
            "no network to train is called {model:?}; there are {}, or name a checkpoint with --start",
            words()
        )));
    };
    let mut asked = Asked::new(name, options)?;
    let number = model.split(':').next().unwrap_or_default();
    if let Some(depth) = number
        .strip_prefix(name)
        .filter(|digits| !digits.is_empty())
    {
        asked.put("depth", depth)?;
    }
    let builder = make(&mut asked, wanted)?;
    asked.done()?;
    let (graph, tensors) = builder.done();
    Ok(Architecture {
        graph,
        tensors,
        source: Source {
            path: PathBuf::from(model),
            format: "an architecture".into(),
            state_dict_at: String::new(),
            prefix: String::new(),
            sha256: String::new(),
        },
    })
}

impl Architecture {
    /// The network, checked.
    ///
    /// # Errors
    /// Names the layer whose shapes don't fit.
    pub fn network(&self) -> Result<Network> {
        Network::new(self.graph.clone(), self)
    }
}

impl Listing for Architecture {
    fn source(&self) -> &Source {
        &self.source
    }

    fn list(&self) -> Vec<Listed<'_>> {
        let each = self.tensors.iter().map(|(name, shape)| Listed {
            name,
            shape,
            dtype: "float64",
            kind: Kind::Float,
        });
        each.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::graph::Loss;

    fn made(model: &str, input: &[usize], outputs: usize) -> Result<Architecture> {
        let wanted = Wanted {
            input,
            outputs,
            sequence: false,
            loss: Loss::cross_entropy(),
        };
        make(model, &wanted)
    }

    #[test]
    fn every_network_fits_the_digits_and_small_colour_pictures() {
        for input in [&[1, 8, 8][..], &[3, 32, 32]] {
            for model in [
                "mlp",
                "mlp:hidden=16,activation=tanh",
                "lenet",
                "vgg",
                "vgg:norm=none,channels=8-16,convs=1",
                "resnet8",
                "resnet:depth=14,width=4,norm=none,skips=no",
                "transformer",
            ] {
                let network = made(model, input, 10).and_then(|made| made.network());
                assert_eq!(network.unwrap().output(), [10], "{model}");
            }
        }
        let widths = made("mlp:64-128-64-10", &[1, 8, 8], 10).unwrap();
        let shapes: Vec<_> = widths
            .tensors
            .iter()
            .map(|(_, shape)| shape.clone())
            .collect();
        assert_eq!(shapes[0], [128, 64]);
        assert_eq!(shapes.len(), 6);
    }

    #[test]
    fn what_isnt_known_is_refused_by_name() {
        for (model, word) in [
            ("mpl", "mpl"),
            ("mlp:hiden=3", "hiden"),
            ("mlp:64-10", ""),
            ("mlp:32-10", "32"),
            ("mlp:activation=rello", "rello"),
            ("resnet:depth=9", "depth"),
            ("resnet:skips=perhaps", "perhaps"),
            ("transformer:heads=5", "heads"),
        ] {
            let found = made(model, &[1, 8, 8], 10);
            if word.is_empty() {
                found.unwrap();
            } else {
                let message = found.unwrap_err().to_string();
                assert!(message.contains(word), "{message}");
            }
        }
    }
}
