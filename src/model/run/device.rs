//! Where programs run: the processor itself, or a device of burn's.

use super::backend::Backend;
use super::burn::{self as tensors, Kind};
use super::lanes;
use std::sync::Arc;

/// A device, ready for programs.
#[derive(Debug, Clone)]
pub enum Device {
    /// The processor: samples side by side.
    Lanes,
    /// A device of burn's.
    Burn {
        /// burn's handle.
        device: burn::tensor::Device,
        /// What it is made of.
        kind: Kind,
    },
}

impl Device {
    /// Whether it computes in double precision.
    pub fn is_double(&self) -> bool {
        match self {
            Self::Lanes => true,
            Self::Burn { device, .. } => device.supports_dtype(burn::tensor::DType::F64),
        }
    }

    /// What runs programs there within `memory` bytes. The first is the best; a later one takes fewer
    /// samples at a time, for what doesn't fit.
    pub fn backends(&self, double: bool, memory: usize) -> Vec<Arc<dyn Backend>> {
        match self {
            Self::Lanes => {
                let burn = tensors::Tensors {
                    device: burn::tensor::Device::flex(),
                    kind: Kind::Processor,
                    double,
                    memory,
                };
                vec![lanes::backend(double, memory), Arc::new(burn)]
            }
            Self::Burn { device, kind } => vec![Arc::new(tensors::Tensors {
                device: device.clone(),
                kind: *kind,
                double,
                memory,
            })],
        }
    }
}
