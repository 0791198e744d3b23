//! Activations as expressions.

use crate::model::graph::Layer;
use crate::model::primitive::expression::{Expression, Unary};

/// The node of an activation of a node.
pub type Build = Box<dyn Fn(&mut Expression, usize) -> usize>;

/// σ(x) = ½ + ½ tanh(x/2), which never overflows.
fn sigmoid(e: &mut Expression, x: usize) -> usize {
    let half = e.constant(0.5);
    let y = e.mul(x, half);
    let y = e.unary(Unary::Tanh, y);
    let y = e.mul(y, half);
    e.add(y, half)
}

/// x · (½ + ½ y)
fn gated(e: &mut Expression, x: usize, y: usize) -> usize {
    let half = e.constant(0.5);
    let y = e.mul(y, half);
    let gate = e.add(y, half);
    e.mul(x, gate)
}

/// The expression of an activation layer.
///
/// # Panics
/// For layers of another kind.
pub fn of(layer: &Layer) -> Build {
    match *layer {
        Layer::Relu => Box::new(|e, x| e.unary(Unary::Relu, x)),
        Layer::LeakyRelu { slope } => Box::new(move |e, x| {
            // slope · x + (1 − slope) · max(x, 0)
            let (slope, rest) = (e.constant(slope), e.constant(1.0 - slope));
            let positive = e.unary(Unary::Relu, x);
            let (a, b) = (e.mul(x, slope), e.mul(positive, rest));
            e.add(a, b)
        }),
        // Hendrycks and Gimpel 2016: x Φ(x).
        Layer::Gelu { tanh: false } => Box::new(|e, x| {
            let scale = e.constant(0.5_f64.sqrt());
            let y = e.mul(x, scale);
            let y = e.unary(Unary::Erf, y);
            gated(e, x, y)
        }),
        Layer::Gelu { tanh: true } => Box::new(|e, x| {
            let (scale, cubic) = (
                e.constant((2.0 / std::f64::consts::PI).sqrt()),
                e.constant(0.044_715),
            );
            let square = e.mul(x, x);
            let cube = e.mul(square, x);
            let cube = e.mul(cube, cubic);
            let y = e.add(x, cube);
            let y = e.mul(y, scale);
            let y = e.unary(Unary::Tanh, y);
            gated(e, x, y)
        }),
        Layer::Silu => Box::new(|e, x| {
            let gate = sigmoid(e, x);
            e.mul(x, gate)
        }),
        Layer::Tanh => Box::new(|e, x| e.unary(Unary::Tanh, x)),
        Layer::Sigmoid => Box::new(sigmoid),
        ref other => unreachable!("{other:?} is no activation"),
    }
}
