//! A graph under construction: layers are appended while their tensors are ticked and checked.
//!
//! What holds for every family is decided here once: which biases may be absent, the loss, the
//! epsilon of batch normalisation, names of layers. It knows no wiring.

pub(super) use super::activation::Activation;
use super::order::join;
use super::recognised::{Hints, ONE_OUTPUT, Recognised};
use super::tensors::Tensors;
use crate::error::{Error, Result};
use crate::model::graph::{Graph, INPUT, Layer, Loss, Node};
use crate::model::layers::{BatchNorm, Conv, Linear};
use std::collections::HashSet;

/// The graph so far, with the tensors not yet explained.
pub(super) struct Builder<'a> {
    /// The checkpoint.
    pub tensors: Tensors<'a>,
    /// What is known of the data.
    pub hints: &'a Hints<'a>,
    layers: Vec<Node>,
    names: HashSet<String>,
    assumptions: Vec<String>,
    biases: Vec<Bias>,
    normalised: bool,
}

/// Whether a layer had a bias, and whether a norm follows that would make it redundant.
struct Bias {
    name: String,
    outputs: usize,
    found: bool,
    before_norm: bool,
}

/// What a convolution is expected to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Convolution {
    /// Channels it reads.
    pub channels: usize,
    /// Channels it must give; `None` for any.
    pub outputs: Option<usize>,
    /// Kernel it must have; `None` for any.
    pub kernel: Option<usize>,
    /// Step.
    pub stride: usize,
    /// Zeros on both sides, height and width.
    pub padding: [usize; 2],
    /// Whether fewer channels in the weight mean groups.
    pub grouped: bool,
}

impl<'a> Builder<'a> {
    /// No layers yet.
    pub fn new(tensors: Tensors<'a>, hints: &'a Hints<'a>) -> Self {
        Self {
            tensors,
            hints,
            layers: Vec::new(),
            names: HashSet::new(),
            assumptions: Vec::new(),
            biases: Vec::new(),
            normalised: false,
        }
    }

    /// Notes a sentence that the user should know.
    pub fn assume(&mut self, sentence: impl Into<String>) {
        self.assumptions.push(sentence.into());
    }

    /// Appends a layer that reads the one before it; gives the name it got.
    pub fn push(&mut self, name: &str, layer: impl Into<Layer>) -> String {
        self.push_from(name, &[], layer)
    }

    /// Appends a layer that reads the named ones; gives the name it got.
    pub fn push_from(&mut self, name: &str, inputs: &[&str], layer: impl Into<Layer>) -> String {
        let mut unique = if name.is_empty() {
            "layer".to_owned()
        } else {
            name.to_owned()
        };
        while unique == INPUT || self.names.contains(&unique) {
            unique.push('\'');
        }
        self.names.insert(unique.clone());
        let inputs = inputs.iter().map(|&i| i.to_owned()).collect();
        self.layers.push(Node {
            name: unique.clone(),
            inputs,
            layer: layer.into(),
        });
        unique
    }

    /// The name of the last layer; of the data where there is none.
    pub fn last(&self) -> String {
        self.layers
            .last()
            .map_or(INPUT.to_owned(), |node| node.name.clone())
    }

    /// Appends a fully connected layer; gives its number of outputs.
    pub fn linear(&mut self, module: &str, inputs: Option<usize>, because: &str) -> Result<usize> {
        let weight = join(module, "weight");
        let outputs = match *self.tensors.take(&weight, &[None, inputs], because)? {
            [outputs, _] => outputs,
            _ => 0,
        };
        let bias = self.bias(module, outputs)?;
        self.push(
            module,
            Linear {
                weight,
                bias,
                output_axis: 0,
            },
        );
        Ok(outputs)
    }

    /// Appends a 2-D convolution; gives its number of output channels.
    pub fn convolution(&mut self, module: &str, spec: Convolution) -> Result<usize> {
        self.convolution_from(module, &[], spec)
    }

    /// Appends a 2-D convolution of a named layer; gives its number of output channels.
    pub fn convolution_from(
        &mut self,
        module: &str,
        inputs: &[&str],
        spec: Convolution,
    ) -> Result<usize> {
        let weight = join(module, "weight");
        let because = format!("for {} channels come in", spec.channels);
        let channels = if spec.grouped {
            None
        } else {
            Some(spec.channels)
        };
        let shape = self.tensors.take(
            &weight,
            &[spec.outputs, channels, spec.kernel, spec.kernel],
            &because,
        )?;
        let &[outputs, per_group, ..] = shape else {
            return Err(Error::Model(format!(
                "{weight} is {shape:?}: expected four axes"
            )));
        };
        let groups = spec.channels.checked_div(per_group).unwrap_or(0);
        if groups == 0
            || groups.checked_mul(per_group) != Some(spec.channels)
            || !outputs.is_multiple_of(groups)
        {
            return Err(Error::Model(format!(
                "{weight} is {shape:?}: expected [*, {}, *, *] or a group size that divides channels in and out, {because}",
                spec.channels
            )));
        }
        let bias = self.bias(module, outputs)?;
        let (stride, padding, dilation) = (vec![spec.stride; 2], spec.padding.to_vec(), vec![1, 1]);
        self.push_from(
            module,
            inputs,
            Conv {
                weight,
                bias,
                stride,
                padding,
                dilation,
                groups,
            },
        );
        Ok(outputs)
    }

    /// Appends batch normalisation of `channels` channels.
    pub fn batch_norm(&mut self, module: &str, channels: usize) -> Result<()> {
        let shape = [Some(channels)];
        let because = format!("for {channels} channels come in");
        let [weight, bias, running_mean, running_var] =
            ["weight", "bias", "running_mean", "running_var"].map(|leaf| join(module, leaf));
        let has = |name: &String| self.tensors.shape(name).is_some();
        let affine = has(&weight) || has(&bias) || !has(&running_mean);
        if affine {
            self.tensors.take(&weight, &shape, &because)?;
            self.tensors.take(&bias, &shape, &because)?;
        }
        self.tensors.take(&running_mean, &shape, &because)?;
        self.tensors.take(&running_var, &shape, &because)?;
        if let Some(bias) = self.biases.last_mut() {
            bias.before_norm = true;
        }
        self.normalised = true;
        let (weight, bias) = (affine.then_some(weight), affine.then_some(bias));
        self.push(
            module,
            BatchNorm {
                weight,
                bias,
                running_mean,
                running_var,
                epsilon: 1e-5,
            },
        );
        Ok(())
    }

    /// Appends the norm that a layer's tensors are: of the batch where it keeps statistics, else of the layer.
    pub fn norm(&mut self, module: &str, channels: usize) -> Result<()> {
        if self.has(&join(module, "running_mean")) || !self.has(&join(module, "weight")) {
            return self.batch_norm(module, channels);
        }
        self.layer_norm(module, &[], channels, 1e-5, true)?;
        let words = "Layer normalisation adds 1e-5 to the variance.";
        if !self.assumptions.iter().any(|said| said == words) {
            self.assume(words);
        }
        if let Some(bias) = self.biases.last_mut() {
            bias.before_norm = true;
        }
        Ok(())
    }

    /// Appends the activation that follows the layer called `after`.
    pub fn activation(&mut self, after: &str, activation: Activation) {
        self.push(&join(after, activation.name()), activation.layer());
    }

    /// True where some convolution has groups.
    pub fn has_groups(&self) -> bool {
        self.layers
            .iter()
            .any(|node| matches!(node.layer, Layer::Conv(Conv { groups, .. }) if groups > 1))
    }

    /// Checks that all tensors are explained and gives the network.
    pub fn finish(
        mut self,
        title: String,
        input: Vec<usize>,
        outputs: usize,
        read: Reading,
    ) -> Result<Recognised> {
        self.tensors.finish()?;
        self.check_biases()?;
        if self.normalised {
            self.assume("Batch normalisation adds 1e-5 to the variance.");
        }
        let loss = self.loss(outputs)?;
        let mut graph = Graph::new(title, input, loss);
        graph.layers = self.layers;
        Ok(Recognised {
            graph,
            family: read.family,
            why: read.why,
            assumptions: self.assumptions,
            choices: Vec::new(),
            doubt: None,
        })
    }

    /// Reads `[channels, height, width]` from the hints, checked against the first convolution.
    pub fn image(&self, weight: &str, channels: usize) -> Result<Option<[usize; 3]>> {
        match self.hints.input {
            None => Ok(None),
            Some(&[found, height, width]) if found == channels => {
                Ok(Some([channels, height, width]))
            }
            Some(&[found, height, width]) => Err(Error::Model(format!(
                "{weight} takes {channels} channels, but a sample of the data is {:?} and has {found}",
                [found, height, width]
            ))),
            Some(other) => Err(Error::Model(format!(
                "{weight} takes images [channels, height, width] with {channels} channels, but a sample of the data is {other:?}"
            ))),
        }
    }

    fn bias(&mut self, module: &str, outputs: usize) -> Result<Option<String>> {
        let name = join(module, "bias");
        let found = self.tensors.shape(&name).is_some();
        if found {
            self.tensors
                .take(&name, &[Some(outputs)], "one for each output of the weight")?;
        }
        self.biases.push(Bias {
            name: name.clone(),
            outputs,
            found,
            before_norm: false,
        });
        Ok(found.then_some(name))
    }

    /// A layer without a bias among others with one is a damaged file rather than a network; before
    /// a norm a bias is redundant, so these layers are compared among themselves. The last layer has
    /// a bias unless no layer of its sort has one.
    fn check_biases(&self) -> Result<()> {
        for before_norm in [false, true] {
            let group = || self.biases.iter().filter(|b| b.before_norm == before_norm);
            let lonely = group().count() == 1 && self.biases.len() > 1 && !before_norm;
            let example = group()
                .find(|b| b.found)
                .map(|b| format!("as {} is there", b.name));
            let example = example.or_else(|| {
                lonely.then(|| "as the last layer of such a network has one".to_owned())
            });
            if let (Some(example), Some(absent)) = (example, group().find(|b| !b.found)) {
                return Err(Error::Model(format!(
                    "{} is missing: expected [{}], {example} (a network that has none by design needs a model.toml)",
                    absent.name, absent.outputs
                )));
            }
        }
        Ok(())
    }

    fn loss(&mut self, outputs: usize) -> Result<Loss> {
        let classes = self.hints.classes;
        if outputs != 1 {
            return match classes {
                Some(classes) if classes > outputs => Err(Error::Model(format!(
                    "the network has {outputs} outputs, but the data has {classes} classes"
                ))),
                _ => Ok(Loss::cross_entropy()),
            };
        }
        let half = (classes.unwrap_or(2) / 2).max(1);
        let positive_from = u32::try_from(half).unwrap_or(u32::MAX);
        self.assume(match classes {
            Some(classes) => format!(
                "{ONE_OUTPUT} {classes} classes: labels from {positive_from} up are positive."
            ),
            None => {
                format!("{ONE_OUTPUT} an unknown number of classes: labels from 1 up are positive.")
            }
        });
        Ok(Loss::binary(positive_from))
    }
}

/// Which family a network was read as, and why.
pub(super) struct Reading {
    /// Name of the family.
    pub family: &'static str,
    /// What speaks for it.
    pub why: String,
}
