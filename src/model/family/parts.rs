//! The tensors of a plain convolutional network sorted into its two parts: convolutions, then fully
//! connected layers.
//!
//! It knows the order of the layers and which norm belongs to which, not what lies between them.

use super::dense::{self, Host};
use super::order;
use super::tensors::{Kind, Tensors};
use crate::error::{Error, Result};

/// A convolutional network's layers with tensors.
pub(super) struct Parts<'a> {
    /// The convolutions, at least one.
    pub body: Vec<Host<'a>>,
    /// The fully connected layers, at least one.
    pub head: Vec<Host<'a>>,
    /// Name of the first convolution's weight.
    pub first_weight: String,
    /// Name of the first fully connected weight.
    pub head_weight: String,
    /// Channels of the images.
    pub channels: usize,
    /// Numbers that the first fully connected layer takes.
    pub features: usize,
}

/// Sorts the modules of the checkpoint.
pub(super) fn split<'a>(tensors: &Tensors<'a>) -> Result<Parts<'a>> {
    let modules = tensors.modules();
    let of = |kind: Kind| {
        modules
            .iter()
            .filter(move |m| m.kind == kind)
            .copied()
            .collect::<Vec<_>>()
    };
    let mut all = of(Kind::Conv);
    if order::one_pattern(all.iter().map(|m| m.name)) {
        all.sort_by(|a, b| order::natural(a.name, b.name));
    }
    let convolutions = all.len();
    all.extend(dense::ordered(of(Kind::Linear)));
    let mut body = dense::attach(&all, &of(Kind::Norm));
    let head = body.split_off(convolutions.min(body.len()));
    let shapes = (body.first(), body.last(), head.first());
    let (Some(first), Some(last), Some(dense)) = shapes else {
        return Err(Error::Model(format!(
            "expected convolutions [out, in, kh, kw] and fully connected layers [out, in]: the file has {}",
            tensors.summary()
        )));
    };
    let head_weight = order::join(dense.module.name, "weight");
    let (&[_, channels, ..], &[_, ..], &[_, features]) =
        (first.module.weight, last.module.weight, dense.module.weight)
    else {
        return Err(Error::Model(format!(
            "{head_weight} is {:?}: expected [out, in]",
            dense.module.weight
        )));
    };
    Ok(Parts {
        first_weight: order::join(first.module.name, "weight"),
        head_weight,
        channels,
        features,
        body,
        head,
    })
}

/// "1 convolution", "2 convolutions".
pub(super) fn counted(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
