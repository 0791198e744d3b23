//! Activations that burn computes in single precision on some device whatever the tensors' type, in
//! plain arithmetic: the logistic function, and the Gaussian error linear unit (Hendrycks and Gimpel
//! 2016, arXiv 1606.08415).

use burn::tensor::Tensor;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

/// x Φ(x) with the exact Gaussian distribution function.
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let phi = x
        .clone()
        .mul_scalar(FRAC_1_SQRT_2)
        .erf()
        .add_scalar(1.0)
        .mul_scalar(0.5);
    x * phi
}

/// 0.5 x (1 + tanh(√(2/π)(x + 0.044715 x³))).
pub fn gelu_tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let cube = x.clone() * x.clone() * x.clone();
    let inner = (x.clone() + cube.mul_scalar(0.044_715)).mul_scalar(FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
    x * inner.tanh().add_scalar(1.0).mul_scalar(0.5)
}

/// 1 / (1 + e^−x), which tends to 0 and 1 without overflow.
pub fn sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.neg().exp().add_scalar(1.0).recip()
}

/// x σ(x).
pub fn silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.clone() * sigmoid(x)
}
