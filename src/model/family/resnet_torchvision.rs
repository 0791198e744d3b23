//! torchvision's ResNets: a 7×7 stem with a pool, basic or bottleneck blocks, projected shortcuts.
//!
//! ResNeXts and wide ResNets differ in the shapes of their weights only. A 3×3 stem, as networks
//! adapted to small images have it, is taken to have neither stride nor pool.

use super::recognised::{Hints, Recognised};
use super::resnet::{self, Skips};
use super::tensors::Tensors;
use crate::error::Result;

/// Makes the network.
pub(super) fn build<'a>(tensors: Tensors<'a>, hints: &'a Hints<'a>) -> Result<Recognised> {
    resnet::build(
        "resnet-torchvision",
        tensors,
        hints,
        Skips::Projected,
        &[7, 3],
    )
}
