//! Losses in nats and correct answers, summed over a batch.
//!
//! Sums, not means: the evaluator adds the batches in f64 and divides once by the number of samples.

use burn::tensor::{Int, Tensor, activation};

/// The labels of a batch on a device, in the form the loss needs.
#[derive(Debug, Clone)]
pub enum Targets {
    /// Class indices, `[n, 1]`.
    Classes(Tensor<2, Int>),
    /// 0 or 1 for each sample, `[n, 1]`, in the outputs' type.
    Binary(Tensor<2>),
}

/// Sum of the loss and number of correct answers over a batch, as one tensor `[2]`.
///
/// * `logits`: `[n, outputs]`.
///
/// The count is exact in f32 up to 2²⁴ samples a batch.
pub fn loss_and_correct(logits: Tensor<2>, targets: &Targets) -> Tensor<1> {
    let dtype = logits.dtype();
    let (loss, correct) = match targets {
        Targets::Classes(classes) => {
            let right = logits.clone().argmax(1).equal(classes.clone());
            let picked = activation::log_softmax(logits, 1).gather(1, classes.clone());
            (picked.neg(), right)
        }
        Targets::Binary(target) => {
            let right = logits
                .clone()
                .greater_scalar(0.0)
                .equal(target.clone().greater_scalar(0.5));
            // max(x, 0) − x t + ln(1 + e^−|x|), which can't overflow
            let log_term = logits.clone().abs().neg().exp().log1p();
            let loss = activation::relu(logits.clone()) - logits * target.clone() + log_term;
            (loss, right)
        }
    };
    let n = loss.dims()[0];
    let rows = vec![
        loss.reshape([1, n]),
        correct.float().cast(dtype).reshape([1, n]),
    ];
    // Along an axis, because over everything a GPU adds up atomically: in another order every time.
    Tensor::cat(rows, 0).sum_dim(1).reshape([2])
}

/// Derivative of the summed loss with respect to the outputs, `[n, outputs]`: the softmax (or the
/// logistic function) minus the target.
///
/// Gradients start here: outputs multiplied by these numbers, held constant, have the same
/// derivatives as the loss, and need no derivative of the loss's own operations.
pub fn slope(logits: Tensor<2>, targets: &Targets) -> Tensor<2> {
    match targets {
        Targets::Classes(classes) => {
            let [n, outputs] = logits.dims();
            let (device, dtype) = (logits.device(), logits.dtype());
            let numbers = Tensor::<1, Int>::arange(0..outputs as i64, &device)
                .reshape([1, outputs])
                .expand([n, outputs]);
            let chosen = numbers.equal(classes.clone().expand([n, outputs]));
            activation::softmax(logits, 1) - chosen.float().cast(dtype)
        }
        Targets::Binary(target) => logits.neg().exp().add_scalar(1.0).recip() - target.clone(),
    }
}
