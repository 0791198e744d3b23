//! Where programs run: the processor itself, a GPU, or a device of burn's.

use super::backend::Backend;
use super::burn::{self as tensors, Kind};
use super::lanes;
use super::tiles::{self, Gpu};
use std::sync::Arc;

/// A device, ready for programs.
#[derive(Debug, Clone)]
pub enum Device {
    /// The processor: samples side by side.
    Lanes,
    /// A GPU: points side by side. What doesn't fit there is burn's, on the same adapter.
    Tiles {
        /// The adapter.
        gpu: Arc<Gpu>,
        /// burn's handle.
        device: burn::tensor::Device,
    },
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
            Self::Tiles { .. } => false,
            Self::Burn { device, .. } => device.supports_dtype(burn::tensor::DType::F64),
        }
    }

    /// What runs programs there within `memory` bytes. The first is the best; a later one takes fewer
    /// samples at a time, for what doesn't fit.
    pub fn backends(&self, double: bool, memory: usize) -> Vec<Arc<dyn Backend>> {
        let burn = |device: &burn::tensor::Device, kind: Kind| -> Arc<dyn Backend> {
            Arc::new(tensors::Tensors {
                device: device.clone(),
                kind,
                double,
                memory,
            })
        };
        match self {
            Self::Lanes => vec![
                lanes::backend(double, memory),
                burn(&burn::tensor::Device::flex(), Kind::Processor),
            ],
            Self::Tiles { gpu, device } => {
                let kind = if gpu.software {
                    Kind::Software
                } else {
                    Kind::Graphics
                };
                vec![tiles::backend(gpu, memory), burn(device, kind)]
            }
            Self::Burn { device, kind } => vec![burn(device, *kind)],
        }
    }
}
