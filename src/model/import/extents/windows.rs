//! Shapes of convolutions and pools.

use super::{Extents, Read};
use crate::model::import::traced::Argument;

impl Read<'_> {
    /// Of a convolution over `axes` axes.
    pub(super) fn convolved(&self, axes: usize) -> Option<Extents> {
        let (x, weight) = (self.shape(0)?, self.shape(1)?);
        let lead = x.len().checked_sub(axes)?;
        let mut found: Extents = x.get(..lead.checked_sub(1)?)?.to_vec();
        found.push(weight.first().copied().flatten());
        let text = match self.argument(4, "padding") {
            Argument::Text(text) => Some(text.as_str()),
            _ => None,
        };
        for at in 0..axes {
            let number = |index, name, default| self.per_axis(index, name, at, default);
            let (stride, dilation) = (number(3, "stride", 1), number(5, "dilation", 1));
            let pad = match text {
                Some("valid") => Some(0),
                Some(_) => None,
                None => number(4, "padding", 0),
            };
            let extent = x.get(lead + at).copied().flatten();
            let kernel = weight.get(2 + at).copied().flatten();
            found.push(match (text, extent) {
                (Some("same"), extent) => extent,
                (_, Some(extent)) => windows(extent, [kernel, stride, pad, dilation], false),
                _ => None,
            });
        }
        Some(found)
    }

    /// Of a transposed convolution over `axes` axes.
    pub(super) fn spread(&self, axes: usize) -> Option<Extents> {
        let (x, weight) = (self.shape(0)?, self.shape(1)?);
        let lead = x.len().checked_sub(axes)?;
        let mut found: Extents = x.get(..lead.checked_sub(1)?)?.to_vec();
        let groups = usize::try_from(self.integer(6, "groups", 1)).ok()?;
        found.push(
            weight
                .get(1)
                .copied()
                .flatten()
                .and_then(|n| n.checked_mul(groups)),
        );
        for at in 0..axes {
            let number = |index, name, default| self.per_axis(index, name, at, default);
            let grown = || {
                let extent = x.get(lead + at).copied().flatten()?;
                let kernel = weight.get(2 + at).copied().flatten()?;
                let (stride, pad) = (number(3, "stride", 1)?, number(4, "padding", 0)?);
                let (more, dilation) = (number(5, "output_padding", 0)?, number(7, "dilation", 1)?);
                let steps = extent.checked_sub(1)?.checked_mul(stride)?;
                let reach = kernel.checked_sub(1)?.checked_mul(dilation)?;
                let whole = steps
                    .checked_add(reach)?
                    .checked_add(more)?
                    .checked_add(1)?;
                whole.checked_sub(pad.checked_mul(2)?)
            };
            found.push(grown());
        }
        Some(found)
    }

    /// Of a pool over `axes` axes; `dilation` and `ceil_mode` stand where they do for this kind.
    pub(super) fn pooled(&self, axes: usize, dilated: bool) -> Option<Extents> {
        let x = self.shape(0)?;
        let lead = x.len().checked_sub(axes)?;
        let mut found: Extents = x.get(..lead)?.to_vec();
        let ceil = self.truth(if dilated { 5 } else { 4 }, "ceil_mode");
        for at in 0..axes {
            let kernel = self.per_axis(1, "kernel_size", at, 1);
            let strides = self.list(2, "stride").is_some_and(|list| !list.is_empty());
            let stride = if strides {
                self.per_axis(2, "stride", at, 1)
            } else {
                kernel
            };
            let pad = self.per_axis(3, "padding", at, 0);
            let dilation = if dilated {
                self.per_axis(4, "dilation", at, 1)
            } else {
                Some(1)
            };
            let extent = x.get(lead + at).copied().flatten();
            let steps = [kernel, stride, pad, dilation];
            found.push(extent.and_then(|extent| windows(extent, steps, ceil)));
        }
        Some(found)
    }

    /// Of a pool to given extents, the last ones; an extent that isn't given stays.
    pub(super) fn adapted(&self, axes: usize) -> Option<Extents> {
        let x = self.shape(0)?;
        let lead = x.len().checked_sub(axes)?;
        let mut found: Extents = x.get(..lead)?.to_vec();
        let sizes = match self.argument(1, "output_size") {
            Argument::List(items) => items.clone(),
            one => vec![one.clone(); axes],
        };
        for at in 0..axes {
            found.push(match sizes.get(at)? {
                Argument::Integer(n) => usize::try_from(*n).ok(),
                Argument::Absent => x.get(lead + at).copied().flatten(),
                _ => None,
            });
        }
        Some(found)
    }

    /// A number that is given once for all axes or once for each.
    fn per_axis(&self, index: usize, name: &str, at: usize, default: i64) -> Option<usize> {
        let list = self
            .list(index, name)
            .unwrap_or_else(|| vec![Some(default)]);
        let number = list
            .get(at)
            .or(if list.len() == 1 { list.first() } else { None });
        usize::try_from((*number?)?).ok()
    }
}

/// How many windows fit.
fn windows(extent: usize, steps: [Option<usize>; 4], ceil: bool) -> Option<usize> {
    let [kernel, stride, pad, dilation] = steps;
    let (kernel, stride, pad, dilation) = (kernel?, stride?, pad?, dilation?);
    let reach = kernel
        .checked_sub(1)?
        .checked_mul(dilation)?
        .checked_add(1)?;
    let room = extent
        .checked_add(pad.checked_mul(2)?)?
        .checked_sub(reach)?;
    if stride == 0 {
        return None;
    }
    if !ceil {
        return Some(room / stride + 1);
    }
    let count = room.div_ceil(stride) + 1;
    // The last window must begin within the input or its left padding.
    let begins = (count - 1).checked_mul(stride)?;
    Some(if begins >= extent.checked_add(pad)? {
        count - 1
    } else {
        count
    })
}
