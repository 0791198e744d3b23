//! torchvision's ResNets: a 7×7 stem with a pool, basic or bottleneck blocks, projected shortcuts.
//!
//! ResNeXts and wide ResNets differ in the shapes of their weights only. Networks adapted to small
//! images have a 3×3 stem, or the large one with a smaller stride or without its pool, which leaves
//! no trace.

use super::choice::{Choice, Chosen, Range};
use super::recognised::{Hints, Recognised};
use super::resnet::{self, How, Skips};
use super::tensors::Tensors;
use crate::error::Result;

pub(super) const CHOICES: &[Choice] = &[
    Choice {
        key: "stem",
        what: "the stride of the first convolution",
        of: Range::Words(&["1", "2"]),
    },
    Choice {
        key: "pool",
        what: "whether a 3×3 max-pool of stride 2 follows the first convolution",
        of: Range::Words(&["none", "max"]),
    },
    resnet::STRIDE,
];

/// Whether the names are those of such a network.
pub(super) fn claims(tensors: &Tensors) -> bool {
    tensors.any_under("layer1.0.conv1.")
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let how = How {
        family: "resnet-torchvision",
        skips: Skips::Projected,
        stems: &[7, 3],
        chosen,
    };
    resnet::build(tensors, hints, how)
}
