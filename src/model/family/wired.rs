//! Layers whose tensors a family knows one by one: which biases there are, which epsilon.
//!
//! A family of a published network says what it expects of every tensor; a tensor that is missing, of another
//! shape or left over is an error by its name. Nothing is guessed here.

use super::builder::Builder;
use super::order::join;
use crate::error::{Error, Result};
use crate::model::graph::Layer;
use crate::model::layers::{
    BatchNorm, Conv, Flatten, GlobalAveragePool, LayerNorm, Linear, MaxPool, RmsNorm, Slice,
};

/// A 2-D convolution with a square kernel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Square {
    /// Channels it reads.
    pub channels: usize,
    /// Channels it must give; `None` for any.
    pub outputs: Option<usize>,
    /// Extent of its kernel; `None` for any.
    pub kernel: Option<usize>,
    /// Step.
    pub stride: usize,
    /// Zeros on every side; `None` for half the kernel.
    pub padding: Option<usize>,
    /// Whether every channel is filtered by itself.
    pub depthwise: bool,
    /// Whether it has a bias.
    pub bias: bool,
}

impl Square {
    /// A convolution of `channels` that keeps the extents, without a bias.
    pub fn new(channels: usize, kernel: usize) -> Self {
        Self {
            channels,
            outputs: None,
            kernel: Some(kernel),
            stride: 1,
            padding: None,
            depthwise: false,
            bias: false,
        }
    }

    /// With another step.
    pub fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// With a bias or without.
    pub fn bias(self, bias: bool) -> Self {
        Self { bias, ..self }
    }

    /// That must give so many channels.
    pub fn to(self, outputs: usize) -> Self {
        let outputs = Some(outputs);
        Self { outputs, ..self }
    }
}

impl Builder<'_> {
    /// Appends a convolution of the named layers' output (the last layer's for none); gives its number of channels.
    pub fn square(&mut self, module: &str, from: &[&str], spec: Square) -> Result<usize> {
        let weight = join(module, "weight");
        let because = format!("for {} channels come in", spec.channels);
        let (inner, outputs) = if spec.depthwise {
            (1, Some(spec.channels))
        } else {
            (spec.channels, spec.outputs)
        };
        let expected = [outputs, Some(inner), spec.kernel, spec.kernel];
        let shape = self.tensors.take(&weight, &expected, &because)?;
        let &[outputs, _, height, width] = shape else {
            return Err(Error::Model(format!(
                "{weight} is {shape:?}: expected four axes"
            )));
        };
        let bias = self.own_bias(module, outputs, spec.bias)?;
        let padding = match spec.padding {
            Some(padding) => vec![padding; 2],
            None => vec![height / 2, width / 2],
        };
        let layer = Conv {
            weight,
            bias,
            stride: vec![spec.stride; 2],
            padding,
            dilation: vec![1, 1],
            groups: if spec.depthwise { spec.channels } else { 1 },
        };
        self.push_from(module, from, layer);
        Ok(outputs)
    }

    /// Appends a fully connected layer of the named layer's output; gives its number of outputs.
    pub fn full(
        &mut self,
        module: &str,
        from: &[&str],
        inputs: usize,
        bias: bool,
    ) -> Result<usize> {
        self.full_along(module, from, inputs, bias, 0)
    }

    /// As [`Builder::full`], where `output_axis` of the weight counts the outputs.
    pub fn full_along(
        &mut self,
        module: &str,
        from: &[&str],
        inputs: usize,
        bias: bool,
        output_axis: usize,
    ) -> Result<usize> {
        let weight = join(module, "weight");
        let mut expected = [None, Some(inputs)];
        if output_axis == 1 {
            expected.reverse();
        }
        let because = format!("for {inputs} numbers come in");
        let shape = self.tensors.take(&weight, &expected, &because)?;
        let outputs = shape.get(output_axis).copied().unwrap_or(0);
        let bias = self.own_bias(module, outputs, bias)?;
        let layer = Linear {
            weight,
            bias,
            output_axis,
        };
        self.push_from(module, from, layer);
        Ok(outputs)
    }

    /// Appends batch normalisation with weights, of `channels` channels.
    pub fn batch(&mut self, module: &str, channels: usize, epsilon: f64) -> Result<()> {
        self.batch_of(module, &[], channels, epsilon)
    }

    /// As [`Builder::batch`], of the named layer's output.
    pub fn batch_of(
        &mut self,
        module: &str,
        from: &[&str],
        channels: usize,
        epsilon: f64,
    ) -> Result<()> {
        let because = format!("for {channels} channels come in");
        let leaves = ["weight", "bias", "running_mean", "running_var"];
        let [weight, bias, running_mean, running_var] = leaves.map(|leaf| join(module, leaf));
        for name in [&weight, &bias, &running_mean, &running_var] {
            self.tensors.take(name, &[Some(channels)], &because)?;
        }
        let layer = BatchNorm {
            weight: Some(weight),
            bias: Some(bias),
            running_mean,
            running_var,
            epsilon,
        };
        self.push_from(module, from, layer);
        Ok(())
    }

    /// Appends layer normalisation with weights over the last axis; gives the layer's name.
    pub fn layer_norm(
        &mut self,
        module: &str,
        from: &[&str],
        width: usize,
        epsilon: f64,
        bias: bool,
    ) -> Result<String> {
        let weight = join(module, "weight");
        let because = format!("for {width} numbers come in");
        self.tensors.take(&weight, &[Some(width)], &because)?;
        let bias = self.own_bias(module, width, bias)?;
        let layer = LayerNorm {
            weight: Some(weight),
            bias,
            shape: None,
            epsilon,
        };
        Ok(self.push_from(module, from, layer))
    }

    /// Appends root-mean-square normalisation over the last axis; gives the layer's name.
    pub fn rms_norm(
        &mut self,
        module: &str,
        from: &[&str],
        width: usize,
        epsilon: f64,
    ) -> Result<String> {
        let weight = join(module, "weight");
        let because = format!("for {width} numbers come in");
        self.tensors.take(&weight, &[Some(width)], &because)?;
        let layer = RmsNorm {
            weight: Some(weight),
            shape: None,
            epsilon,
        };
        Ok(self.push_from(module, from, layer))
    }

    /// Appends the mean of every map and a fully connected layer; gives its number of outputs.
    pub fn mean_and_head(&mut self, head: &str, channels: usize) -> Result<usize> {
        self.push("avgpool", GlobalAveragePool {});
        self.full(head, &[], channels, true)
    }

    /// Appends one token of `[tokens, width]` as `[width]`.
    pub fn token(&mut self, name: &str, from: &str, which: usize) -> String {
        let layer = Slice {
            axis: 1,
            start: which,
            end: Some(which + 1),
            step: 1,
        };
        self.push_from(name, &[from], layer);
        self.push(&join(name, "flat"), Flatten { from: 1 })
    }

    /// Appends an activation or anything else without tensors, named after the layer it follows.
    pub fn then(&mut self, after: &str, word: &str, layer: impl Into<Layer>) -> String {
        self.push(&join(after, word), layer)
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.shape(name).is_some()
    }

    /// The extents of a tensor that must have as many axes.
    pub fn extents<const N: usize>(&self, name: &str) -> Result<[usize; N]> {
        let found = self.tensors.shape(name);
        let extents = found.and_then(|shape| shape.try_into().ok());
        extents.ok_or_else(|| {
            Error::Model(match found {
                Some(shape) => format!("{name} is {shape:?}: expected {N} axes"),
                None => format!("{name} is missing: expected a tensor of {N} axes"),
            })
        })
    }

    /// Shape of an image of so many channels: the data's, else `side`×`side`, which is said.
    pub fn image_or(&mut self, weight: &str, channels: usize, side: usize) -> Result<[usize; 3]> {
        if let Some(image) = self.image(weight, channels)? {
            return Ok(image);
        }
        let image = [channels, side, side];
        self.assume(format!(
            "A sample is {image:?}: no data was given to tell its shape."
        ));
        Ok(image)
    }

    /// How many numbered members a module has: one more than the largest number after `prefix`.
    pub fn members(&self, prefix: &str) -> usize {
        members(&self.tensors, prefix)
    }

    fn own_bias(&mut self, module: &str, outputs: usize, expected: bool) -> Result<Option<String>> {
        if !expected {
            return Ok(None);
        }
        let name = join(module, "bias");
        let because = "one for each output of the weight";
        self.tensors.take(&name, &[Some(outputs)], because)?;
        Ok(Some(name))
    }
}

/// How many numbered members a module has: one more than the largest number after `prefix`.
pub(super) fn members(tensors: &super::tensors::Tensors, prefix: &str) -> usize {
    let numbers = tensors.modules().into_iter().filter_map(|module| {
        let rest = module.name.strip_prefix(prefix)?;
        let digits = rest.split('.').next()?;
        digits.parse::<usize>().ok()
    });
    // No network has so many blocks; a number beyond is no place.
    const MOST: usize = 10_000;
    let most = numbers.filter(|&n| n < MOST).max();
    most.map_or(0, |n| n + 1)
}

/// A max-pool of a square window.
pub(super) fn max_pool(size: usize, stride: usize, padding: usize) -> MaxPool {
    MaxPool {
        size: vec![size; 2],
        stride: vec![stride; 2],
        padding: vec![padding; 2],
        dilation: vec![1, 1],
        ceil: false,
    }
}
