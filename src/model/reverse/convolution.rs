//! Reverse rules of 2-D convolutions without groups.
//!
//! Sums of two convolutions (W ∗ ẋ + Ẇ ∗ x, and their reverse) are one convolution over stacked
//! channels, and the reverse of a convolution with stride 1 is one with the turned kernel: on burn's
//! CPU devices each is up to twice as fast as the plain form.

use super::Pulled;
use super::rules::sum_to_channels;
use crate::model::graph::Layer;
use crate::model::layers::Conv;
use crate::model::tangent::DualWeights;
use crate::model::value::Value;
use crate::model::weights::Weights;
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Tensor, module};

/// Whether the rules here are for this layer.
pub fn is_fast(layer: &Layer) -> bool {
    matches!(layer, Layer::Conv(Conv { stride, groups: 1, .. }) if stride.len() == 2)
}

/// Everything of a 2-D convolution but its tensors.
struct Window {
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
}

fn window(layer: &Layer) -> Option<(&str, Option<&str>, Window)> {
    let Layer::Conv(Conv {
        weight,
        bias,
        stride,
        padding,
        dilation,
        ..
    }) = layer
    else {
        return None;
    };
    let pair = |v: &[usize]| [v[0], v[1]];
    let window = Window {
        stride: pair(stride),
        padding: pair(padding),
        dilation: pair(dilation),
    };
    Some((weight, bias.as_deref(), window))
}

impl Window {
    fn options(&self) -> ConvOptions<2> {
        ConvOptions::new(self.stride, self.padding, self.dilation, 1)
    }
}

/// ẏ = W ∗ ẋ + Ẇ ∗ x + ḃ
pub fn rate(
    layer: &Layer,
    x: Value,
    rate: Option<Value>,
    weights: DualWeights<'_>,
) -> Option<Value> {
    let (weight, bias, window) = window(layer)?;
    let turn = weights.tangent.get(weight);
    let shift = bias.map(|name| weights.tangent.flat(name));
    let (x, kernel) = match rate {
        Some(rate) => (
            Tensor::cat(vec![rate.rank4(), x.rank4()], 1),
            Tensor::cat(vec![weights.value.get(weight), turn], 1),
        ),
        None => (x.rank4(), turn),
    };
    Some(Value::Rank4(module::conv2d(
        x,
        kernel,
        shift,
        window.options(),
    )))
}

/// Σ ȳ ∗ W in reverse, as one convolution or one transposed convolution.
fn reverse(
    window: &Window,
    weight: &str,
    extent: &[usize],
    terms: Vec<(Value, &Weights)>,
) -> Option<Value> {
    let kernels: Vec<Tensor<4>> = terms.iter().map(|(_, w)| w.get(weight)).collect();
    let adjoints: Vec<Tensor<4>> = terms.into_iter().map(|(a, _)| a.rank4()).collect();
    let stacked = |mut parts: Vec<Tensor<4>>, axis| match parts.len() {
        0 | 1 => parts.pop(),
        _ => Some(Tensor::cat(parts, axis)),
    };
    let (adjoint, kernel) = (stacked(adjoints, 1)?, stacked(kernels, 0)?);
    let [_, _, height, width] = kernel.dims();
    let size = [height, width];
    let reach = |i: usize| window.dilation[i] * (size[i] - 1);
    if window.stride == [1, 1] && (0..2).all(|i| window.padding[i] <= reach(i)) {
        let turned = kernel.swap_dims(0, 1).flip([2, 3]);
        let padding = [reach(0) - window.padding[0], reach(1) - window.padding[1]];
        let options = ConvOptions::new([1, 1], padding, window.dilation, 1);
        return Some(Value::Rank4(module::conv2d(adjoint, turned, None, options)));
    }
    let out = adjoint.dims();
    // What the stride left over at the far end.
    let rest = |i: usize| {
        let covered = (out[i + 2] - 1) * window.stride[i] + reach(i) + 1;
        (extent[i + 2] + 2 * window.padding[i]).saturating_sub(covered)
    };
    let options = ConvTransposeOptions::new(
        window.stride,
        window.padding,
        [rest(0), rest(1)],
        window.dilation,
        1,
    );
    Some(Value::Rank4(module::conv_transpose2d(
        adjoint, kernel, None, options,
    )))
}

/// As [`super::linear::pull`]; `extent`: all extents of the input.
pub fn pull(
    layer: &Layer,
    extent: &[usize],
    weights: &Weights,
    pairs: Vec<(Value, Value)>,
    back: Option<Vec<(Value, &Weights)>>,
    biased: usize,
) -> Pulled {
    let Some((weight, bias, window)) = window(layer) else {
        return Pulled::default();
    };
    let input = back.and_then(|terms| reverse(&window, weight, extent, terms));
    let mut tensors = Vec::with_capacity(2);
    if let (Some(name), Some((_, adjoint)), true) = (bias, pairs.first(), biased > 0) {
        tensors.push((name.to_owned(), sum_to_channels(adjoint.clone())));
    }
    let mut sum: Option<Tensor<4>> = None;
    for (x, adjoint) in pairs {
        let (x, adjoint) = (x.rank4(), adjoint.rank4());
        // Of the weight only its shape is looked at.
        let like = weights.get(weight);
        let product = module::conv2d_weight_backward(x, like, adjoint, window.options());
        sum = Some(match sum {
            Some(sum) => sum + product,
            None => product,
        });
    }
    if let Some(sum) = sum {
        let count = sum.dims().iter().product::<usize>();
        tensors.insert(0, (weight.to_owned(), sum.reshape([count])));
    }
    Pulled {
        inputs: vec![input],
        tensors,
    }
}
