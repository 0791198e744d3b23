//! The tensors of one point, or a direction, in the order in which the steps read them.

use super::Real;
use super::kernel::pack;
use super::plan::{Kind, Norm, Plan, Product};
use crate::model::weights::Weights;
use burn::tensor::ExecutionError;

/// All tensors of a plan.
#[derive(Debug)]
pub struct Point<T> {
    pub(super) own: Vec<Own<T>>,
}

/// The tensors of one step.
#[derive(Debug)]
pub enum Own<T> {
    None,
    Product {
        /// W for the way forward.
        forward: Vec<T>,
        /// W for the way back; empty where nobody goes back.
        back: Vec<T>,
        /// b; empty: none.
        bias: Vec<T>,
    },
    Norm {
        /// γ/√(σ² + ε)
        scale: Vec<T>,
        /// β − m γ/√(σ² + ε)
        shift: Vec<T>,
        mean: Vec<T>,
        /// 1/√(σ² + ε)
        inverse: Vec<T>,
    },
}

/// What a point is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Outputs.
    Forward,
    /// Gradients and products.
    Back,
    /// The direction of a product: absent tensors don't move.
    Direction,
}

impl<T: Real> Point<T> {
    /// Reads the tensors from the device.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn new(plan: &Plan, weights: &Weights, purpose: Purpose) -> Result<Self, ExecutionError> {
        let read = |name: &str| -> Result<Vec<T>, ExecutionError> {
            let data = weights.flat(name).try_into_data()?;
            match data.as_slice::<T>() {
                Ok(values) => Ok(values.to_vec()),
                Err(_) => Ok(data.iter::<T>().collect()),
            }
        };
        let trained = |tensor: Option<usize>| match tensor {
            Some(tensor) => read(&plan.tensors()[tensor].0).map(Some),
            None => Ok(None),
        };
        let mut own = Vec::with_capacity(plan.steps.len());
        for step in &plan.steps {
            own.push(match &step.kind {
                Kind::Product(product) => {
                    let weight = trained(Some(product.weight))?.unwrap_or_default();
                    packed(product, &weight, trained(product.bias)?, purpose)
                }
                Kind::Norm(norm) => {
                    let (weight, bias) = (trained(norm.weight)?, trained(norm.bias)?);
                    let statistics = [read(&norm.mean)?, read(&norm.variance)?];
                    folded(norm, weight, bias, statistics, purpose)
                }
                _ => Own::None,
            });
        }
        Ok(Self { own })
    }
}

fn packed<T: Real>(
    product: &Product,
    weight: &[T],
    bias: Option<Vec<T>>,
    purpose: Purpose,
) -> Own<T> {
    let [output, input, tap] = product.strides;
    let forward = pack(product.shape, |o, i, t| {
        weight[o * output + i * input + t * tap]
    });
    let back = match purpose {
        Purpose::Forward => Vec::new(),
        _ => pack(product.shape.turned(), |i, o, t| {
            weight[o * output + i * input + t * tap]
        }),
    };
    Own::Product {
        forward,
        back,
        bias: bias.unwrap_or_default(),
    }
}

fn folded<T: Real>(
    norm: &Norm,
    weight: Option<Vec<T>>,
    bias: Option<Vec<T>>,
    [mean, variance]: [Vec<T>; 2],
    purpose: Purpose,
) -> Own<T> {
    let inverse: Vec<T> = variance
        .iter()
        .map(|v| T::of(1.0 / (v.wide() + norm.epsilon).sqrt()))
        .collect();
    let still = if purpose == Purpose::Direction {
        T::ZERO
    } else {
        T::ONE
    };
    let weight = weight.unwrap_or_else(|| vec![still; norm.channels]);
    let bias = bias.unwrap_or_else(|| vec![T::ZERO; norm.channels]);
    let scale: Vec<T> = weight.iter().zip(&inverse).map(|(&w, &i)| w * i).collect();
    let moved = scale.iter().zip(&mean).zip(&bias);
    Own::Norm {
        shift: moved.map(|((&s, &m), &b)| b - m * s).collect(),
        scale,
        mean,
        inverse,
    }
}
