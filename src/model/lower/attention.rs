//! Softmax, and what one attention makes of queries, keys and values (Vaswani et al. 2017, equation 1).

use super::context::{Lower, Lowering, bounded};
use crate::model::primitive::expression::{Binary, Unary};
use crate::model::program::Id;

/// How keys are weighed.
pub struct Weighing<'a> {
    /// What scores are multiplied by.
    pub scale: f64,
    /// A query sees only keys up to its own number.
    pub causal: bool,
    /// Added to the scores, `[queries, keys]`.
    pub mask: Option<&'a [f64]>,
    /// Added to the scores too, `[heads, queries, keys]`.
    pub added: Option<Id>,
}

impl Lowering<'_> {
    /// x minus its largest value along an axis, and e to the power of that.
    fn shifted_powers(&mut self, x: Id, axis: usize) -> [Id; 2] {
        let most = self.p.most(x, &[axis]);
        let shifted = self.p.binary(Binary::Sub, x, most);
        [shifted, self.p.unary(Unary::Exp, shifted)]
    }

    /// e^(x − max)/Σ along one axis of a value.
    pub fn softmax(&mut self, x: Id, axis: usize) -> Id {
        let [_, powers] = self.shifted_powers(x, axis);
        let sum = self.p.total(powers, &[axis]);
        let inverse = self.p.unary(Unary::Recip, sum);
        self.p.binary(Binary::Mul, powers, inverse)
    }

    /// x − max − ln Σ e^(x − max) along one axis of a value.
    pub fn log_softmax(&mut self, x: Id, axis: usize) -> Id {
        let [shifted, powers] = self.shifted_powers(x, axis);
        let sum = self.p.total(powers, &[axis]);
        let log = self.p.unary(Unary::Ln, sum);
        self.p.binary(Binary::Sub, shifted, log)
    }

    /// softmax(Q Kᵀ · scale + mask) V for every head: queries `[heads, queries, width]`, keys turned round
    /// `[own heads, width, keys]` and values `[own heads, keys, out]`; several heads in a row may share one
    /// head of keys and values. A query from which the mask hides every key sees nothing: 0, as in PyTorch's
    /// `scaled_dot_product_attention`.
    ///
    /// # Errors
    /// Where the mask has too many entries.
    pub fn attended(&mut self, queries: Id, keys: Id, values: Id, how: &Weighing<'_>) -> Lower<Id> {
        let shape = |me: &Self, id: Id| -> [usize; 3] {
            let shape = &me.p.ty(id).shape;
            [shape[0], shape[1], shape[2]]
        };
        let [heads, rows, width] = shape(self, queries);
        let [own, _, columns] = shape(self, keys);
        let out = shape(self, values)[2];
        let share = heads / own;
        // Heads that share keys are more queries of one head.
        let stacked = self.p.view(queries, &[own, share * rows, width]);
        let scores = self.p.product(stacked, keys);
        let scores = self.p.view(scores, &[heads, rows, columns]);
        let mut scores = self.p.affine(scores, how.scale, 0.0);
        if let Some(added) = how.added {
            scores = self.p.binary(Binary::Add, scores, added);
        }
        let mut blind = Vec::new();
        if how.causal || how.mask.is_some() {
            bounded(rows.checked_mul(columns))?;
            let added = |i: usize| {
                let seen = !how.causal || i % columns <= i / columns;
                let added = how.mask.map_or(0.0, |mask| mask[i]);
                if seen { added } else { f64::NEG_INFINITY }
            };
            let mut mask: Vec<f64> = (0..rows * columns).map(added).collect();
            for row in mask.chunks_exact_mut(columns) {
                let hidden = row.iter().all(|added| *added == f64::NEG_INFINITY);
                blind.push(hidden);
                if hidden {
                    // Any numbers will do, but those of −∞ have no derivative.
                    row.fill(0.0);
                }
            }
            let mask = self.constant(mask, &[1, rows, columns]);
            scores = self.p.binary(Binary::Add, scores, mask);
        }
        let mut shares = self.softmax(scores, 2);
        if blind.contains(&true) {
            let sees = blind.iter().map(|blind| f64::from(u8::from(!blind)));
            let sees = self.constant(sees, &[1, rows, 1]);
            shares = self.p.binary(Binary::Where, sees, shares);
        }
        let shares = self.p.view(shares, &[own, share * rows, columns]);
        let seen = self.p.product(shares, values);
        Ok(self.p.view(seen, &[heads, rows, out]))
    }
}
