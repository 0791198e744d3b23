//! Tangents of activations: ẏ = g′(x) ẋ, with g′ made of operations that can be differentiated again.

use super::Dual;
use crate::model::value::{Product, Value, map};
use burn::tensor::{Tensor, activation as act};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

/// A smooth function of one number.
pub trait Smooth {
    /// g(x) and g′(x).
    fn both<const D: usize>(&self, x: Tensor<D>) -> (Tensor<D>, Tensor<D>);
}

/// A smooth activation and its tangent.
pub fn through(x: Dual, function: impl Smooth) -> Dual {
    macro_rules! at {
        ($($rank:ident),*) => {
            match x.value {
                $(Value::$rank(t) => {
                    let (value, slope) = function.both(t);
                    (Value::$rank(value), Value::$rank(slope))
                })*
            }
        };
    }
    let (value, slope) = at!(Rank2, Rank3, Rank4, Rank5);
    Dual {
        value,
        tangent: x.tangent.map(|t| t.zip(slope, Product)),
    }
}

/// x for x > 0 and `slope` x below; the tangent takes the same branch. `slope` = 0 is ReLU.
pub fn leaky_relu(x: Dual, slope: f64) -> Dual {
    let Some(tangent) = x.tangent else {
        return Dual {
            value: map!(x.value, t => rectified(t, slope)),
            tangent: None,
        };
    };
    macro_rules! at {
        ($($rank:ident),*) => {
            match (x.value, tangent) {
                $((Value::$rank(x), Value::$rank(t)) => {
                    let below = x.clone().lower_equal_scalar(0.0);
                    let tangent = if slope == 0.0 {
                        t.mask_fill(below, 0.0)
                    } else {
                        let scaled = t.clone().mul_scalar(slope);
                        t.mask_where(below, scaled)
                    };
                    (Value::$rank(rectified(x, slope)), Value::$rank(tangent))
                })*
                _ => unreachable!("a tangent has its value's shape"),
            }
        };
    }
    let (value, tangent) = at!(Rank2, Rank3, Rank4, Rank5);
    Dual {
        value,
        tangent: Some(tangent),
    }
}

fn rectified<const D: usize>(x: Tensor<D>, slope: f64) -> Tensor<D> {
    if slope == 0.0 {
        act::relu(x)
    } else {
        act::leaky_relu(x, slope)
    }
}

/// Softmax along `axis`: ẏ = y (ẋ − Σ y ẋ).
pub fn softmax(x: Dual, axis: usize) -> Dual {
    let value = map!(x.value, t => act::softmax(t, axis));
    macro_rules! at {
        ($($rank:ident),*) => {
            match (&value, x.tangent) {
                (_, None) => None,
                $((Value::$rank(y), Some(Value::$rank(t))) => {
                    let mean = (y.clone() * t.clone()).sum_dim(axis);
                    Some(Value::$rank(y.clone() * (t - mean)))
                })*
                _ => unreachable!("a tangent has its value's shape"),
            }
        };
    }
    let tangent = at!(Rank2, Rank3, Rank4, Rank5);
    Dual { value, tangent }
}

/// tanh′ = 1 − tanh²
pub struct Tanh;
/// σ′ = σ (1 − σ)
pub struct Sigmoid;
/// (x σ)′ = σ (1 + x (1 − σ))
pub struct Silu;
/// (x Φ)′ = Φ + x φ, with φ the Gaussian density
pub struct Gelu;
/// x (1 + t)/2 with t = tanh u, u = √(2/π)(x + a x³): (1 + t)/2 + x (1 − t²) u′/2
pub struct GeluTanh;

impl Smooth for Tanh {
    fn both<const D: usize>(&self, x: Tensor<D>) -> (Tensor<D>, Tensor<D>) {
        let y = x.tanh();
        let slope = (y.clone() * y.clone()).neg().add_scalar(1.0);
        (y, slope)
    }
}

fn logistic<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.neg().exp().add_scalar(1.0).recip()
}

impl Smooth for Sigmoid {
    fn both<const D: usize>(&self, x: Tensor<D>) -> (Tensor<D>, Tensor<D>) {
        let y = logistic(x);
        let slope = y.clone() * y.clone().neg().add_scalar(1.0);
        (y, slope)
    }
}

impl Smooth for Silu {
    fn both<const D: usize>(&self, x: Tensor<D>) -> (Tensor<D>, Tensor<D>) {
        let sigma = logistic(x.clone());
        let y = x.clone() * sigma.clone();
        let slope = sigma.clone() + y.clone() * sigma.neg().add_scalar(1.0);
        (y, slope)
    }
}

impl Smooth for Gelu {
    fn both<const D: usize>(&self, x: Tensor<D>) -> (Tensor<D>, Tensor<D>) {
        let erf = x.clone().mul_scalar(FRAC_1_SQRT_2).erf();
        let phi = erf.add_scalar(1.0).mul_scalar(0.5);
        let density = (x.clone() * x.clone())
            .mul_scalar(-0.5)
            .exp()
            .mul_scalar(0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
        let slope = phi.clone() + x.clone() * density;
        (x * phi, slope)
    }
}

impl Smooth for GeluTanh {
    fn both<const D: usize>(&self, x: Tensor<D>) -> (Tensor<D>, Tensor<D>) {
        const CUBIC: f64 = 0.044_715;
        const ROOT: f64 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
        let square = x.clone() * x.clone();
        let inner = (x.clone() + (square.clone() * x.clone()).mul_scalar(CUBIC)).mul_scalar(ROOT);
        let t = inner.tanh();
        let half = t.clone().add_scalar(1.0).mul_scalar(0.5);
        let rate = square.mul_scalar(3.0 * CUBIC * ROOT).add_scalar(ROOT);
        let bend = (t.clone() * t).neg().add_scalar(1.0).mul_scalar(0.5);
        let slope = half.clone() + x.clone() * bend * rate;
        (x * half, slope)
    }
}
