//! Losscope: see and measure the loss landscape of a trained neural network.

pub mod checkpoint;
pub mod dataset;
pub mod error;
pub mod landscape;
pub mod model;
pub mod plot;
