//! Networks read from files that hold their graph, against what PyTorch says of the same files.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[allow(dead_code, reason = "shared with the reference, which uses the rest")]
mod common;
/// Exported programs.
#[path = "imports/exported.rs"]
mod exported;
/// Hostile files.
#[path = "imports/fuzz.rs"]
mod fuzz;
/// Files, changed.
#[path = "imports/mutation.rs"]
mod mutation;
/// ONNX files.
#[path = "imports/onnx.rs"]
mod onnx;
/// What checkpoints tell beside their tensors.
#[path = "imports/pickled.rs"]
mod pickled;
/// Files made elsewhere.
#[path = "imports/probe.rs"]
mod probe;
/// TorchScript archives.
#[path = "imports/script.rs"]
mod script;
/// What the readers of graphs share: a file, its network and its outputs.
#[path = "imports/shared.rs"]
mod shared;
