//! Convolution (cross-correlation), 1-D and 2-D.

use crate::model::value::Value;
use crate::model::weights::Weights;
use burn::tensor::module;
use burn::tensor::ops::ConvOptions;

/// The convolution of `[n, c, …]` with a weight `[out, c/groups, …]`.
#[expect(clippy::too_many_arguments, reason = "the fields of one layer")]
pub fn conv(
    x: Value,
    weights: &Weights,
    weight: &str,
    bias: Option<&str>,
    stride: &[usize],
    padding: &[usize],
    dilation: &[usize],
    groups: usize,
) -> Value {
    let bias = bias.map(|name| weights.flat(name));
    if let [s] = *stride {
        let options = ConvOptions::new([s], [padding[0]], [dilation[0]], groups);
        return Value::Rank3(module::conv1d(
            x.rank3(),
            weights.get(weight),
            bias,
            options,
        ));
    }
    let options = ConvOptions::new(
        [stride[0], stride[1]],
        [padding[0], padding[1]],
        [dilation[0], dilation[1]],
        groups,
    );
    Value::Rank4(module::conv2d(
        x.rank4(),
        weights.get(weight),
        bias,
        options,
    ))
}
