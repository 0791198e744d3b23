//! ResNets for small images: a 3×3 stem without a pool (He et al. 2016, section 4.2, and the
//! 18-to-152-layer networks of the CIFAR repositories).
//!
//! Shortcuts of option A have no parameters, so a network with them and one without any skip have
//! the same tensors: skips are assumed unless the network is asked for without them.

use super::recognised::{Hints, Recognised};
use super::resnet::{self, Skips};
use super::tensors::Tensors;
use crate::error::Result;

/// Makes the network, with or without skip connections.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    skip: bool,
) -> Result<Recognised> {
    let (family, skips) = if skip {
        ("resnet-cifar", Skips::ProjectedOrPadded)
    } else {
        ("resnet-cifar-noskip", Skips::None)
    };
    resnet::build(family, tensors, hints, skips, &[3])
}
