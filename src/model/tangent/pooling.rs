//! The tangent of max pooling: the tangents at the places where the largest values stand.

use super::Dual;
use crate::model::burn_layers::pooling as plain;
use crate::model::value::Value;
use burn::tensor::module;

/// Largest value in each window, and its rate of change.
pub fn max_pool(
    x: Dual,
    size: &[usize],
    stride: &[usize],
    padding: &[usize],
    dilation: &[usize],
    ceil: bool,
) -> Dual {
    let Some(tangent) = x.tangent else {
        return Dual {
            value: plain::max_pool(x.value, size, stride, padding, dilation, ceil),
            tangent: None,
        };
    };
    if let [_] = *size {
        let options = plain::options_1d(size, stride, padding, dilation, ceil);
        let (value, places) = module::max_pool1d_with_indices(x.value.rank3(), options);
        return Dual {
            value: Value::Rank3(value),
            tangent: Some(Value::Rank3(tangent.rank3().gather(2, places))),
        };
    }
    let options = plain::options_2d(size, stride, padding, dilation, ceil);
    let (value, places) = module::max_pool2d_with_indices(x.value.rank4(), options);
    // Places count through a channel's plane, row by row.
    let ([n, c, h, w], [_, _, rows, columns]) = (tangent.rank4_dims(), value.dims());
    let plane = tangent.rank4().reshape([n, c, h * w]);
    let picked = plane.gather(2, places.reshape([n, c, rows * columns]));
    Dual {
        tangent: Some(Value::Rank4(picked.reshape([n, c, rows, columns]))),
        value: Value::Rank4(value),
    }
}

impl Value {
    /// Extents of a value known to have four axes.
    fn rank4_dims(&self) -> [usize; 4] {
        let dims = self.dims();
        dims.as_slice()
            .try_into()
            .unwrap_or_else(|_| panic!("expected 4 axes, found {dims:?}"))
    }
}
