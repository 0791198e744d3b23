//! Multi-head self-attention (Vaswani et al. 2017, equation 1), in PyTorch's `MultiheadAttention` layout.

use crate::model::value::Value;
use crate::model::weights::Weights;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Tensor, module};

/// The tensors of one attention layer.
pub struct Names<'a> {
    pub in_weight: &'a str,
    pub in_bias: Option<&'a str>,
    pub out_weight: &'a str,
    pub out_bias: Option<&'a str>,
}

/// softmax(Q Kᵀ/√d) V a head, the heads joined and projected; `[n, tokens, width]` in and out.
pub fn attention(
    x: Value,
    weights: &Weights,
    names: &Names<'_>,
    heads: usize,
    causal: bool,
) -> Value {
    let [batch, tokens, width] = x.rank3_dims();
    let project = |x: Value, weight: &str, bias: Option<&str>| {
        super::linear::linear(x, weights, weight, bias, 0).rank3()
    };
    let all = project(x, names.in_weight, names.in_bias);
    // [n, tokens, 3·width] → one [n, heads, tokens, width/heads] for each of query, key and value
    let part = |i: usize| -> Tensor<4> {
        all.clone()
            .narrow(2, i * width, width)
            .reshape([batch, tokens, heads, width / heads])
            .permute([0, 2, 1, 3])
    };
    let options = AttentionModuleOptions {
        is_causal: causal,
        ..Default::default()
    };
    let seen = module::attention(part(0), part(1), part(2), None, None, options);
    let joined = seen.permute([0, 2, 1, 3]).reshape([batch, tokens, width]);
    Value::Rank3(project(
        Value::Rank3(joined),
        names.out_weight,
        names.out_bias,
    ))
}

impl Value {
    /// Extents of a value known to have three axes.
    fn rank3_dims(&self) -> [usize; 3] {
        let dims = self.dims();
        dims.as_slice()
            .try_into()
            .unwrap_or_else(|_| panic!("expected 3 axes, found {dims:?}"))
    }
}
