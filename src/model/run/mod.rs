//! Executors of a [`crate::model::program::Program`], for many points and samples.
//!
//! A [`Backend`] prepares programs and runs them; points and samples go in as plain numbers and outputs
//! come back as such, so that nobody above knows tensors, rows or devices. [`lanes`] is the one for the
//! processor, [`tiles`] the one for GPUs; [`burn`] runs on every device that burn has, and says plainly what each primitive means.

pub mod backend;
pub mod burn;
pub mod device;
pub mod lanes;
pub mod stages;
pub mod steady;
pub mod tiles;

pub use backend::{Backend, Batch, Kept, Numbers, Outputs, Prepared, Source};
pub use burn::Kind;
pub use device::Device;
pub use stages::Varying;
pub use steady::Trouble;
