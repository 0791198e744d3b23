//! The published networks: families that know the names of their reference implementations, and all readings of one.
//!
//! The first that claims a file has it, so that a damaged file gets an error about its tensor and is never
//! read as another network. Traits that tensors don't tell are the family's choices: each combination is a reading of
//! its own, the usual one first.

use super::choice::{Choice, Chosen, Range};
use super::recognised::{Hints, Recognised};
use super::tensors::Tensors;
use super::{
    blocks, convnext, densenet, efficientnet, encoder, gpt, llama, mobilenet, numpy, preactivation,
    recurrent, resnet_cifar, resnet_torchvision, resnet9, vit,
};
use crate::checkpoint::Listing;
use crate::error::Result;

/// A published network.
pub(super) struct Known {
    /// Its name after `--model`.
    pub name: &'static str,
    /// What it is, a sentence.
    pub words: &'static str,
    /// What it looks like, as a phrase.
    pub seen: &'static str,
    /// What its tensors don't tell.
    pub choices: &'static [Choice],
    /// Whether the names are its.
    pub claims: fn(&Tensors) -> bool,
    build: for<'a> fn(Tensors<'a>, &'a Hints<'a>, &Chosen) -> Result<Recognised>,
}

/// All of them. A file belongs to the first that claims it.
pub(super) const KNOWN: &[Known] = &[
    Known {
        name: "resnet9",
        words: "ResNet-9 as of cifar10-fast, of ffcv, or of the tutorials (conv1, res1, classifier).",
        seen: "a ResNet-9",
        choices: resnet9::CHOICES,
        claims: resnet9::claims,
        build: resnet9::build,
    },
    Known {
        name: "preact-resnet",
        words: "Residual networks with norm and activation first: wide ResNets, pre-activation ResNets.",
        seen: "a residual network with norm and activation first",
        choices: preactivation::CHOICES,
        claims: preactivation::claims,
        build: preactivation::build,
    },
    Known {
        name: "resnet-cifar",
        words: "Residual network with a 3×3 stem, shortcuts without parameters (option A) or 1×1 convolutions (B).",
        seen: "a residual network with a 3×3 stem",
        choices: resnet_cifar::CHOICES,
        claims: resnet_cifar::claims,
        build: resnet_cifar::build,
    },
    Known {
        name: "resnet-cifar-noskip",
        words: "The same without any shortcut.",
        seen: "a network without shortcuts",
        choices: &[],
        claims: |_| false,
        build: resnet_cifar::build_without,
    },
    Known {
        name: "resnet-torchvision",
        words: "torchvision's ResNets, ResNeXts and wide ResNets, basic or bottleneck blocks.",
        seen: "a residual network of torchvision's layout",
        choices: resnet_torchvision::CHOICES,
        claims: resnet_torchvision::claims,
        build: resnet_torchvision::build,
    },
    Known {
        name: "densenet",
        words: "DenseNet, torchvision's and those of the CIFAR repositories.",
        seen: "a DenseNet",
        choices: densenet::CHOICES,
        claims: densenet::claims,
        build: densenet::build,
    },
    Known {
        name: "convnext",
        words: "ConvNeXt, torchvision's, timm's and its authors'.",
        seen: "a ConvNeXt",
        choices: &[],
        claims: convnext::claims,
        build: convnext::build,
    },
    Known {
        name: "efficientnet",
        words: "EfficientNet and its second version, torchvision's and timm's.",
        seen: "an EfficientNet",
        choices: efficientnet::CHOICES,
        claims: efficientnet::claims,
        build: efficientnet::build,
    },
    Known {
        name: "mobilenet-v3",
        words: "MobileNetV3 Large and Small, torchvision's and timm's.",
        seen: "a MobileNetV3",
        choices: mobilenet::CHOICES,
        claims: mobilenet::claims_v3,
        build: mobilenet::build_v3,
    },
    Known {
        name: "mobilenet-v2",
        words: "MobileNetV2, torchvision's, timm's and that of pytorch-cifar.",
        seen: "a MobileNetV2",
        choices: mobilenet::CHOICES,
        claims: mobilenet::claims_v2,
        build: mobilenet::build_v2,
    },
    Known {
        name: "vit",
        words: "Vision transformers and DeiT, timm's, torchvision's and Hugging Face's.",
        seen: "a vision transformer",
        choices: vit::CHOICES,
        claims: vit::claims,
        build: vit::build,
    },
    Known {
        name: "gpt2",
        words: "GPT-2, nanoGPT's and Hugging Face's.",
        seen: "a GPT-2",
        choices: gpt::CHOICES,
        claims: gpt::claims,
        build: gpt::build,
    },
    Known {
        name: "llama",
        words: "LLaMA-like language models, Hugging Face's and Meta's names.",
        seen: "a LLaMA-like language model",
        choices: llama::CHOICES,
        claims: llama::claims,
        build: llama::build,
    },
    Known {
        name: "transformer-encoder",
        words: "torch.nn.TransformerEncoder between an embedding or a linear layer and a linear layer.",
        seen: "a transformer encoder",
        choices: encoder::CHOICES,
        claims: encoder::claims,
        build: encoder::build,
    },
    Known {
        name: "recurrent",
        words: "LSTM, GRU or plain recurrent layers and a linear layer, with an embedding or without.",
        seen: "a recurrent network",
        choices: recurrent::CHOICES,
        claims: recurrent::claims,
        build: recurrent::build,
    },
    Known {
        name: "mlp-blocks",
        words: "Residual and gated MLPs: blocks of a norm and linear layers, SwiGLU and GEGLU among them.",
        seen: "a multilayer perceptron of residual or gated blocks",
        choices: blocks::CHOICES,
        claims: blocks::claims,
        build: blocks::build,
    },
    Known {
        name: "numpy-mlp",
        words: "Fully connected layers with the names of NumPy code: W1, b1, W2, b2.",
        seen: "fully connected layers written with NumPy",
        choices: numpy::CHOICES,
        claims: numpy::claims,
        build: numpy::build,
    },
];

/// The family that has these names.
pub(super) fn claimed(tensors: &Tensors) -> Option<&'static Known> {
    KNOWN.iter().find(|known| (known.claims)(tensors))
}

/// The family called so.
pub(super) fn named(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

impl Known {
    /// The network with the choices in `text`, as `heads=4,pool=mean`; the others are usual.
    ///
    /// # Errors
    /// Names the tensor that doesn't fit; the choice that must be made; as [`Chosen::parse`].
    pub fn read(&self, text: &str, state: &dyn Listing, hints: &Hints) -> Result<Recognised> {
        let tensors = Tensors::new(state);
        tensors.check_extents()?;
        let chosen = Chosen::parse(self.name, self.choices, text)?;
        (self.build)(tensors, hints, &chosen)
    }

    /// All networks that differ in what is neither told by tensors nor chosen in `text`, the usual one first. What
    /// may be any number is as usual in all of them.
    ///
    /// # Errors
    /// As [`Known::read`], where no reading fits, or a number must be chosen and there is no data to decide it.
    pub fn readings(
        &self,
        text: &str,
        state: &dyn Listing,
        hints: &Hints,
    ) -> Result<Vec<Recognised>> {
        let usual = self.read(text, state, hints);
        if usual.is_err() && hints.input.is_none() {
            return usual.map(|usual| vec![usual]);
        }
        let mut found: Vec<(String, Recognised)> = Vec::new();
        found.extend(
            usual
                .as_ref()
                .ok()
                .map(|usual| (text.to_owned(), usual.clone())),
        );
        for own in self.texts(text, state, usual.is_ok())? {
            let Ok(read) = self.read(&own, state, hints) else {
                continue;
            };
            match found
                .iter_mut()
                .find(|(_, other)| other.graph == read.graph)
            {
                // The usual one is named by the choices that make it, as the others are.
                Some((other, _)) if other == text => *other = own,
                Some(_) => {}
                None => found.push((own, read)),
            }
        }
        if found.is_empty() {
            return usual.map(|usual| vec![usual]);
        }
        // What is the same in all of them isn't open, unless it was asked for.
        let value = |own: &str, key: &str| chosen_in(own, key).map(str::to_owned);
        let open = |key: &str| {
            let first = value(&found[0].0, key);
            chosen_in(text, key).is_some() || found.iter().any(|(own, _)| value(own, key) != first)
        };
        let open: Vec<&Choice> = self.choices.iter().filter(|c| open(c.key)).collect();
        let told = |(own, read): (String, Recognised)| {
            open.iter()
                .fold(read, |read, choice| match value(&own, choice.key) {
                    Some(value) => {
                        let words = format!("{} {value}", choice.key);
                        read.choosing(choice.key, value, words)
                    }
                    None => read,
                })
        };
        Ok(found.clone().into_iter().map(told).collect())
    }

    /// `text` with every combination of what it leaves open, the usual values first. What has a usual number isn't
    /// searched.
    fn texts(&self, text: &str, state: &dyn Listing, usual: bool) -> Result<Vec<String>> {
        /// So many readings can be told apart by a person or by data.
        const MOST: usize = 24;
        /// So many of a small network, which is tried in no time.
        const MOST_OF_SMALL: usize = 64;
        const SMALL: usize = 200_000;
        let tensors = Tensors::new(state);
        let most = if tensors.values() <= SMALL {
            MOST_OF_SMALL
        } else {
            MOST
        };
        let chosen = Chosen::parse(self.name, self.choices, text)?;
        let mut texts = vec![text.to_owned()];
        for choice in self.choices {
            let values = choice.of.values(&tensors);
            let counted = matches!(choice.of, Range::Count(_)) && usual;
            if chosen.has(choice.key) || counted || values.is_empty() {
                continue;
            }
            if values.len() * texts.len() > most {
                continue;
            }
            let with = |own: &String, value: &String| {
                let comma = if own.is_empty() { "" } else { "," };
                format!("{own}{comma}{}={value}", choice.key)
            };
            let before = texts.iter();
            texts = before
                .flat_map(|own| values.iter().map(move |value| with(own, value)))
                .collect();
        }
        Ok(texts)
    }
}

/// What `key` is in a text of choices.
fn chosen_in<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let mut parts = text.split(',').filter_map(|part| part.split_once('='));
    parts.find(|(own, _)| *own == key).map(|(_, value)| value)
}
