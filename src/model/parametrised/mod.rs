//! Tensors that a network computes from stored ones: weights under a weight norm or a spectral norm.
//!
//! A model file lists them beside the layers, and any layer may name one as its weight. What is stored is
//! what is trained, so directions, distances and gradients are those of the stored tensors. The rest is
//! computed once a point, not once a sample.

pub mod found;
mod spectral_norm;
mod weight_norm;

pub use spectral_norm::SpectralNorm;
pub use weight_norm::WeightNorm;

use crate::model::lower::context::Lowering;
use crate::model::program::Id;
use crate::model::role::Role;
use crate::model::shape::given::Shape;
use serde::{Deserialize, Serialize};

/// A tensor that is computed from others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parametrised {
    /// What layers call it; no tensor of the checkpoint.
    pub name: String,
    /// How it is computed.
    #[serde(flatten)]
    pub parametrisation: Parametrisation,
}

/// How a tensor is computed from stored ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Parametrisation {
    /// [`WeightNorm`].
    WeightNorm(WeightNorm),
    /// [`SpectralNorm`].
    SpectralNorm(SpectralNorm),
}

impl Parametrisation {
    /// The stored tensors and what each is, if the computed one has this role to its layer.
    pub fn tensors(&self, role: Role) -> Vec<(&str, Role)> {
        match self {
            Self::WeightNorm(norm) => norm.tensors(role),
            Self::SpectralNorm(norm) => norm.tensors(role),
        }
    }

    /// The shape of the result.
    ///
    /// # Errors
    /// Names the stored tensors whose shapes don't fit each other.
    pub fn shape<'a>(&self, tensor: &dyn Fn(&str) -> Option<&'a [usize]>) -> Shape {
        let of = |name: &str| {
            tensor(name)
                .ok_or_else(|| format!("needs the tensor {name:?}, which the checkpoint lacks"))
        };
        match self {
            Self::WeightNorm(norm) => norm.shape(&of),
            Self::SpectralNorm(norm) => norm.shape(&of),
        }
    }

    /// The result, shared by all samples.
    pub fn lower(&self, l: &mut Lowering<'_>) -> Id {
        match self {
            Self::WeightNorm(norm) => norm.lower(l),
            Self::SpectralNorm(norm) => norm.lower(l),
        }
    }
}
