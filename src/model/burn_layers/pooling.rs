//! Pooling over windows and over whole axes.

use crate::model::value::Value;
use burn::tensor::module;
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};

/// Largest value in each window of `[n, c, l]` or `[n, c, h, w]`.
pub fn max_pool(
    x: Value,
    size: &[usize],
    stride: &[usize],
    padding: &[usize],
    dilation: &[usize],
    ceil: bool,
) -> Value {
    if let [_] = *size {
        let options = options_1d(size, stride, padding, dilation, ceil);
        return Value::Rank3(module::max_pool1d(x.rank3(), options));
    }
    let options = options_2d(size, stride, padding, dilation, ceil);
    Value::Rank4(module::max_pool2d(x.rank4(), options))
}

/// The windows of a 1-D max pooling in burn's terms.
pub fn options_1d(
    size: &[usize],
    stride: &[usize],
    padding: &[usize],
    dilation: &[usize],
    ceil: bool,
) -> MaxPoolOptions<1> {
    MaxPoolOptions::new([size[0]])
        .with_stride([stride[0]])
        .with_padding([padding[0]])
        .with_dilation([dilation[0]])
        .with_ceil_mode(ceil)
}

/// The windows of a 2-D max pooling in burn's terms.
pub fn options_2d(
    size: &[usize],
    stride: &[usize],
    padding: &[usize],
    dilation: &[usize],
    ceil: bool,
) -> MaxPoolOptions<2> {
    MaxPoolOptions::new([size[0], size[1]])
        .with_stride([stride[0], stride[1]])
        .with_padding([padding[0], padding[1]])
        .with_dilation([dilation[0], dilation[1]])
        .with_ceil_mode(ceil)
}

/// Mean over each window of `[n, c, l]` or `[n, c, h, w]`.
pub fn average_pool(
    x: Value,
    size: &[usize],
    stride: &[usize],
    padding: &[usize],
    count_padding: bool,
    ceil: bool,
) -> Value {
    if let [k] = *size {
        let options = AvgPoolOptions::new([k])
            .with_stride([stride[0]])
            .with_padding([padding[0]])
            .with_count_include_pad(count_padding)
            .with_ceil_mode(ceil);
        return Value::Rank3(module::avg_pool1d(x.rank3(), options));
    }
    let options = AvgPoolOptions::new([size[0], size[1]])
        .with_stride([stride[0], stride[1]])
        .with_padding([padding[0], padding[1]])
        .with_count_include_pad(count_padding)
        .with_ceil_mode(ceil);
    Value::Rank4(module::avg_pool2d(x.rank4(), options))
}

/// Mean over each of `size` parts of `[n, c, l]` or `[n, c, h, w]`.
pub fn adaptive_average_pool(x: Value, size: &[usize]) -> Value {
    match *size {
        [l] => Value::Rank3(module::adaptive_avg_pool1d(x.rank3(), l)),
        _ if size == [1, 1] => {
            let dims = x.dims();
            global_average_pool(x).reshape(&[dims[0], dims[1], 1, 1])
        }
        _ => Value::Rank4(module::adaptive_avg_pool2d(x.rank4(), [size[0], size[1]])),
    }
}

/// Mean over every axis after the channels, `[n, c, …]` → `[n, c]`.
pub fn global_average_pool(x: Value) -> Value {
    let dims = x.dims();
    let rest: usize = dims.iter().skip(2).product();
    let Value::Rank3(x) = x.reshape(&[dims[0], dims[1], rest]) else {
        unreachable!("reshaped to three axes")
    };
    Value::Rank2(x.mean_dim(2).reshape([dims[0], dims[1]]))
}
