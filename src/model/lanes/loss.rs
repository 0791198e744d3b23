//! The loss at the end of the rows, its derivative and the rate of that.

use super::{LANES, Real, Row};
use crate::model::graph::Loss;

/// Sum of the loss, nats, and number of right answers over one block's samples.
pub fn sums<T: Real>(loss: Loss, logits: &[Row<T>], labels: &[u32]) -> [f64; 2] {
    let mut found = [0.0; 2];
    for (lane, &label) in labels.iter().enumerate().take(LANES) {
        let z = |i: usize| logits[i].0[lane];
        match loss {
            Loss::CrossEntropy => {
                let best = (1..logits.len()).fold(0, |b, i| if z(i) > z(b) { i } else { b });
                let rest = (0..logits.len()).fold(T::ZERO, |sum, i| sum + (z(i) - z(best)).exp());
                found[0] += (rest.ln() - (z(label as usize) - z(best))).wide();
                found[1] += f64::from(u8::from(best == label as usize));
            }
            Loss::BinaryCrossEntropy { positive_from } => {
                let (z, positive) = (z(0), label >= positive_from);
                let size = if z < T::ZERO { -z } else { z };
                // max(z, 0) − z t + ln(1 + e^−|z|), which can't overflow
                let above = if (z > T::ZERO) == positive {
                    T::ZERO
                } else {
                    size
                };
                found[0] += (above + (-size).exp().ln_1p()).wide();
                found[1] += f64::from(u8::from((z > T::ZERO) == positive));
            }
        }
    }
    found
}

/// λ of the logits of one block: 0 for lanes without a sample.
pub fn adjoints<T: Real>(loss: Loss, logits: &[Row<T>], labels: &[u32], out: &mut [Row<T>]) {
    out.fill(Row::ZERO);
    for (lane, &label) in labels.iter().enumerate().take(LANES) {
        probabilities(loss, logits, lane, |i, p| out[i].0[lane] = p);
        let (at, target) = match loss {
            Loss::CrossEntropy => (label as usize, T::ONE),
            Loss::BinaryCrossEntropy { positive_from } => {
                (0, T::of(f64::from(u8::from(label >= positive_from))))
            }
        };
        out[at].0[lane] = out[at].0[lane] - target;
    }
}

/// μ of the logits of one block from their rates: p (ż − Σ p ż), or p (1 − p) ż for one output.
pub fn seconds<T: Real>(
    loss: Loss,
    logits: &[Row<T>],
    rates: &[Row<T>],
    samples: usize,
    out: &mut [Row<T>],
) {
    out.fill(Row::ZERO);
    for lane in 0..samples.min(LANES) {
        probabilities(loss, logits, lane, |i, p| out[i].0[lane] = p);
        let mean = match loss {
            Loss::CrossEntropy => {
                let terms = out.iter().zip(rates).map(|(p, r)| p.0[lane] * r.0[lane]);
                terms.fold(T::ZERO, |sum, term| sum + term)
            }
            Loss::BinaryCrossEntropy { .. } => out[0].0[lane] * rates[0].0[lane],
        };
        for (p, rate) in out.iter_mut().zip(rates) {
            p.0[lane] = p.0[lane] * (rate.0[lane] - mean);
        }
    }
}

/// Hands over the probability of every output of one sample.
fn probabilities<T: Real>(
    loss: Loss,
    logits: &[Row<T>],
    lane: usize,
    mut give: impl FnMut(usize, T),
) {
    let z = |i: usize| logits[i].0[lane];
    match loss {
        Loss::CrossEntropy => {
            let best = (1..logits.len()).fold(0, |b, i| if z(i) > z(b) { i } else { b });
            let rest = (0..logits.len()).fold(T::ZERO, |sum, i| sum + (z(i) - z(best)).exp());
            for i in 0..logits.len() {
                give(i, (z(i) - z(best)).exp() / rest);
            }
        }
        Loss::BinaryCrossEntropy { .. } => give(0, T::ONE / (T::ONE + (-z(0)).exp())),
    }
}
