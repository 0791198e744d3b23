//! ResNets for small images: a 3×3 stem without a pool (He et al. 2016, section 4.2, and the
//! 18-to-152-layer networks of the CIFAR repositories).
//!
//! Shortcuts of option A have no parameters, so a network with them and one without any skip have
//! the same tensors, and so have those that add their zeros at another place.

use super::choice::{Choice, Chosen, Range};
use super::recognised::{Hints, Recognised};
use super::resnet::{self, How, Skips};
use super::tensors::Tensors;
use crate::error::Result;

pub(super) const CHOICES: &[Choice] = &[
    Choice {
        key: "skip",
        what: "whether blocks without tensors for it have a skip connection",
        of: Range::Words(&["identity", "none"]),
    },
    Choice {
        key: "zeros",
        what: "where option A adds its zero channels: on both sides, or after the others",
        of: Range::Words(&["both", "after"]),
    },
    resnet::STRIDE,
];

/// Whether the names are those of such a network: not torchvision's, or with a 3×3 stem.
pub(super) fn claims(tensors: &Tensors) -> bool {
    let small = tensors
        .shape("conv1.weight")
        .is_none_or(|s| s.get(2) == Some(&3));
    let torchvision = tensors.any_under("fc.") && tensors.any_under("layer4.");
    tensors.any_under("layer1.0.conv1.") && small && !torchvision
}

/// Makes the network, with skip connections unless chosen otherwise.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let skips = match chosen.word("skip", "identity") {
        "none" => Skips::None,
        _ => Skips::ProjectedOrPadded,
    };
    make("resnet-cifar", tensors, hints, skips, chosen)
}

/// Makes the network without skip connections.
pub(super) fn build_without<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    make("resnet-cifar-noskip", tensors, hints, Skips::None, chosen)
}

fn make<'a>(
    family: &'static str,
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    skips: Skips,
    chosen: &Chosen,
) -> Result<Recognised> {
    let how = How {
        family,
        skips,
        stems: &[3],
        chosen,
    };
    resnet::build(tensors, hints, how)
}
