//! Executors of a [`crate::model::program::Program`], for many points and samples.

pub mod lanes;
