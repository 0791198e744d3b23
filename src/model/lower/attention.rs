//! Softmax, and multi-head self-attention (Vaswani et al. 2017, equation 1) in PyTorch's
//! `MultiheadAttention` layout.

use super::Lowering;
use crate::model::primitive::expression::{Binary, Unary};
use crate::model::program::Id;

/// The tensors of one attention layer.
pub struct Names<'a> {
    pub in_weight: &'a str,
    pub in_bias: Option<&'a str>,
    pub out_weight: &'a str,
    pub out_bias: Option<&'a str>,
}

impl Lowering<'_> {
    /// e^(x − max)/Σ along one axis of a value.
    pub fn softmax(&mut self, x: Id, axis: usize) -> Id {
        let most = self.p.most(x, &[axis]);
        let shifted = self.p.binary(Binary::Sub, x, most);
        let powers = self.p.unary(Unary::Exp, shifted);
        let sum = self.p.total(powers, &[axis]);
        let inverse = self.p.unary(Unary::Recip, sum);
        self.p.binary(Binary::Mul, powers, inverse)
    }

    /// softmax(Q Kᵀ/√d) V a head, the heads joined and projected; `[tokens, width]` in and out.
    pub fn attention(&mut self, x: Id, names: &Names<'_>, heads: usize, causal: bool) -> Id {
        let (tokens, width) = (self.p.ty(x).shape[0], self.p.ty(x).shape[1]);
        let each = width / heads;
        let weight = self.tensor(names.in_weight);
        let bias = names.in_bias.map(|name| self.row(name));
        let all = self.linear(x, weight, bias);
        let all = self.p.view(all, &[tokens, 3, heads, each]);
        // [tokens, 3, heads, each] → [heads, tokens, each], for keys [heads, each, tokens]
        let part = |me: &mut Self, part: usize, turned: bool| {
            let at = |t: usize, h: usize, d: usize| ((t * 3 + part) * heads + h) * each + d;
            let count = heads * tokens * each;
            let list = (0..count).map(|i| {
                let (h, rest) = (i / (tokens * each), i % (tokens * each));
                let index = if turned {
                    at(rest % tokens, h, rest / tokens)
                } else {
                    at(rest / each, h, rest % each)
                };
                index as u32
            });
            let shape = if turned {
                [heads, each, tokens]
            } else {
                [heads, tokens, each]
            };
            me.p.moved(all, list.collect(), &shape)
        };
        let (queries, keys, values) = (
            part(self, 0, false),
            part(self, 1, true),
            part(self, 2, false),
        );
        let scores = self.p.product(queries, keys);
        let mut scores = self.p.affine(scores, 1.0 / (each as f64).sqrt(), 0.0);
        if causal {
            let mask = (0..tokens * tokens).map(|i| {
                if i % tokens > i / tokens {
                    f64::NEG_INFINITY
                } else {
                    0.0
                }
            });
            let mask = self.constant(mask, &[1, tokens, tokens]);
            scores = self.p.binary(Binary::Add, scores, mask);
        }
        let shares = self.softmax(scores, 2);
        let seen = self.p.product(shares, values);
        let joined = self.p.permuted(seen, &[1, 0, 2]);
        let joined = self.p.view(joined, &[tokens, width]);
        let weight = self.tensor(names.out_weight);
        let bias = names.out_bias.map(|name| self.row(name));
        self.linear(joined, weight, bias)
    }
}
