//! Losses in nats and right answers, weighted and added up over the samples.

use super::Lowering;
use crate::model::graph::Loss;
use crate::model::primitive::Leaf;
use crate::model::primitive::expression::{Binary, Unary};
use crate::model::program::{Id, Type};

impl Lowering<'_> {
    /// The weighted sums of the loss and of right answers over the samples, for `logits`
    /// `[1, outputs]`.
    pub fn loss(&mut self, loss: Loss, logits: Id) -> (Id, Id) {
        let label = self.p.leaf(Leaf::Label, Type::sample(&[1, 1]));
        let (each, right) = match loss {
            Loss::CrossEntropy => {
                let each = self.cross_entropy(logits, label);
                (each, self.is_first_largest(logits, label))
            }
            Loss::BinaryCrossEntropy { positive_from } => {
                // Softmax over 0 and the logit.
                let both = self.padded(logits, 1, 1, 0);
                let positive = self.p.apply(label, |e, label| {
                    let below = e.constant(f64::from(positive_from) - 0.5);
                    e.binary(Binary::Greater, label, below)
                });
                let each = self.cross_entropy(both, positive);
                let says = self.p.unary(Unary::Step, logits);
                (each, self.p.binary(Binary::Equal, says, positive))
            }
        };
        let weight = self.p.leaf(Leaf::Weight, Type::sample(&[1, 1]));
        let mut summed = |value: Id| {
            // Padding may hold anything, so it is left out rather than multiplied by 0.
            let kept = self.p.binary(Binary::Where, weight, value);
            let weighted = self.p.binary(Binary::Mul, kept, weight);
            self.p.sum(weighted, Type::shared(&[1, 1]))
        };
        (summed(each), summed(right))
    }

    /// 1 where an output's number is the label.
    fn chosen(&mut self, outputs: usize, label: Id) -> Id {
        let numbers = self.constant((0..outputs).map(|i| i as f64), &[1, outputs]);
        self.p.binary(Binary::Equal, numbers, label)
    }

    /// ln Σ eᶻ − z_label.
    ///
    /// With m the largest, ln Σ eᶻ = m + ln(1 + (Σ e^(z−m) − 1)), where the ones of the largest are taken out
    /// of the sum one by one: a sure answer's loss, far below 1, keeps its digits.
    fn cross_entropy(&mut self, logits: Id, label: Id) -> Id {
        let outputs = self.p.ty(logits).shape[1];
        let most = self.p.most(logits, &[1]);
        let shifted = self.p.binary(Binary::Sub, logits, most);
        let rest = self.p.apply(shifted, |e, x| {
            let zero = e.constant(0.0);
            let power = e.unary(Unary::Exp, x);
            let is_most = e.binary(Binary::Equal, x, zero);
            e.sub(power, is_most)
        });
        let rest = self.p.total(rest, &[1]);
        let ties = self.p.apply(shifted, |e, x| {
            let zero = e.constant(0.0);
            e.binary(Binary::Equal, x, zero)
        });
        let ties = self.p.total(ties, &[1]);
        let ties = self.p.affine(ties, 1.0, -1.0);
        let rest = self.p.binary(Binary::Add, rest, ties);
        let sum = self.p.unary(Unary::Ln1p, rest);
        let chosen = self.chosen(outputs, label);
        let own = self.p.binary(Binary::Where, chosen, shifted);
        let own = self.p.total(own, &[1]);
        self.p.binary(Binary::Sub, sum, own)
    }

    /// 1 where the first of the largest outputs is the label's.
    fn is_first_largest(&mut self, logits: Id, label: Id) -> Id {
        let outputs = self.p.ty(logits).shape[1];
        let chosen = self.chosen(outputs, label);
        let own = self.p.binary(Binary::Where, chosen, logits);
        let own = self.p.total(own, &[1]);
        let numbers = self.constant((0..outputs).map(|i| i as f64), &[1, outputs]);
        let above = self.p.binary(Binary::Greater, logits, own);
        let level = self.p.binary(Binary::Equal, logits, own);
        let earlier = self.p.binary(Binary::Greater, label, numbers);
        let before = self.p.binary(Binary::Mul, level, earlier);
        let better = self.p.binary(Binary::Add, above, before);
        let better = self.p.total(better, &[1]);
        let best = self.p.apply(better, |e, x| {
            let zero = e.constant(0.0);
            e.binary(Binary::Equal, x, zero)
        });
        // NaN equals nothing, not even itself.
        let known = self.p.binary(Binary::Equal, own, own);
        self.p.binary(Binary::Mul, best, known)
    }
}
