//! Where programs run: the processor itself, a GPU, or a device of burn's.

use super::backend::Backend;
use super::burn::{Kind, Tensors};
use super::lanes;
use super::steady::{Steady, Trouble};
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
        match self {
            Self::Lanes => vec![lanes::backend(double, memory), processor(double, memory)],
            Self::Tiles { gpu, device } => {
                let kind = if gpu.software {
                    Kind::Software
                } else {
                    Kind::Graphics
                };
                let burn = tensors(device, kind, double, memory);
                vec![tiles::backend(gpu, memory), burn]
            }
            Self::Burn { device, kind } => vec![tensors(device, *kind, double, memory)],
        }
    }

    /// The same, and where the device can fail the processor goes on in its place; `trouble` is where that is
    /// said.
    pub fn steady(&self, double: bool, memory: usize, trouble: &Trouble) -> Vec<Arc<dyn Backend>> {
        let own = self.backends(double, memory);
        let Self::Tiles { .. } = self else {
            return own;
        };
        let pairs = own.into_iter().zip(Self::Lanes.backends(double, memory));
        let each = pairs.map(|(first, reserve)| {
            let trouble = trouble.clone();
            Arc::new(Steady {
                first,
                reserve,
                trouble,
            }) as Arc<dyn Backend>
        });
        each.collect()
    }
}

/// burn's tensors on a device.
fn tensors(
    device: &burn::tensor::Device,
    kind: Kind,
    double: bool,
    memory: usize,
) -> Arc<dyn Backend> {
    Arc::new(Tensors {
        device: device.clone(),
        kind,
        double,
        memory,
    })
}

/// burn's tensors on the processor.
fn processor(double: bool, memory: usize) -> Arc<dyn Backend> {
    let device = burn::tensor::Device::flex();
    tensors(&device, Kind::Processor, double, memory)
}
