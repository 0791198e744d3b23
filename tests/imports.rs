//! Networks read from files that hold their graph, against what PyTorch says of the same files.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[allow(dead_code, reason = "shared with the reference, which uses the rest")]
mod common;
/// ONNX files.
#[path = "imports/onnx.rs"]
mod onnx;
/// TorchScript archives.
#[path = "imports/script.rs"]
mod script;
/// What the readers of graphs share: a file, its network and its outputs.
#[path = "imports/shared.rs"]
mod shared;
