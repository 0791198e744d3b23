//! The executor on burn's tensors: any device, either number type, one primitive at a time.
//!
//! Nothing is fused, folded or laid out for speed here. It says of every primitive what it means in the
//! plainest operations that are right and give the same numbers every time on every device; other
//! executors are held against it, and it takes what they can't. A value is a tensor `[samples, numbers]`,
//! of one row where samples share it.

mod contract;
mod form;
mod kernel;
mod kind;
mod map;
mod moved;
mod on;
mod plan;
mod reduce;
mod sums;
mod table;
mod window;
mod work;

use super::backend::{Backend, Prepared};
use super::stages::Varying;
use crate::model::program::Program;
use burn::tensor::{DType, Device};
pub use kind::Kind;
use on::On;
use plan::Plan;
use work::Ready;

/// A device of burn's, in one number type.
#[derive(Debug, Clone)]
pub struct Tensors {
    /// burn's handle.
    pub device: Device,
    /// What it is made of.
    pub kind: Kind,
    /// Double precision.
    pub double: bool,
    /// Bytes that data and values may take.
    pub memory: usize,
}

impl Backend for Tensors {
    fn prepare(&self, program: &Program, varying: Varying) -> Box<dyn Prepared> {
        let on = On {
            device: self.device.clone(),
            dtype: if self.double { DType::F64 } else { DType::F32 },
            kind: self.kind,
        };
        Box::new(Ready {
            plan: Plan::new(program, varying, &on),
            memory: self.memory,
            on,
        })
    }
}
