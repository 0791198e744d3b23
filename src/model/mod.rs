//! Networks: a graph of layers, and what it means.
//!
//! A [`Network`] is a [`graph::Graph`] whose shapes have been checked against a checkpoint's tensors;
//! [`params::Params`] is a point of its parameter space. [`lower`] turns a network and its loss into a
//! [`program::Program`] of few primitives, [`mod@derive`] turns programs into their derivatives, and [`run`]
//! runs any of them. This floor knows nothing of slices, of files or of
//! what a loss landscape is.

pub mod architecture;
pub mod derive;
pub mod family;
pub mod file;
pub mod graph;
pub mod import;
pub mod layers;
pub mod losses;
pub mod lower;
mod network;
pub mod parametrised;
pub mod params;
pub mod primitive;
pub mod program;
pub mod role;
pub mod run;
pub mod seen;
pub mod shape;
pub mod simplify;
mod spare;

pub use network::Network;
