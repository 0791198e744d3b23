//! Norms of weights and gradients module by module, and their ratio, which layer-wise adaptive rates
//! follow (You et al. 2017, arXiv 1708.03888, equation 6).

use crate::model::params::Params;
use serde::{Deserialize, Serialize};

/// One module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerNorms {
    /// Name of the module: `layer1.0.conv1`.
    pub name: String,
    /// Number of trained values.
    pub parameters: usize,
    /// ‖θ‖₂
    pub weights: f64,
    /// ‖∇f‖₂
    pub gradient: f64,
    /// ‖θ‖/‖∇f‖: the learning rate at which a step would be as long as the weights; infinite where the
    /// gradient is zero.
    pub ratio: f64,
}

/// Every module of the network, in its order. `gradient` has a value for each trained one of `theta`.
pub fn table(theta: &Params, gradient: &[f64]) -> Vec<LayerNorms> {
    let mut modules: Vec<LayerNorms> = Vec::new();
    let mut offset = 0;
    for (spec, values) in theta.trainable() {
        let own = &gradient[offset..offset + values.len()];
        offset += values.len();
        let square = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>();
        let name = spec.module();
        let (weights, gradient) = (square(values), square(own));
        match modules.iter_mut().find(|m| m.name == name) {
            Some(module) => {
                module.parameters += values.len();
                module.weights += weights;
                module.gradient += gradient;
            }
            None => modules.push(LayerNorms {
                name: name.to_owned(),
                parameters: values.len(),
                weights,
                gradient,
                ratio: 0.0,
            }),
        }
    }
    for module in &mut modules {
        module.weights = module.weights.sqrt();
        module.gradient = module.gradient.sqrt();
        module.ratio = module.weights / module.gradient;
    }
    modules
}
