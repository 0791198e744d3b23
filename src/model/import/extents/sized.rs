//! Shapes whose extents are computed from numbers.

use super::{Extents, Read};
use crate::model::import::traced::Argument;

impl Read<'_> {
    /// Of a value with numbers added at its ends.
    pub(super) fn padded(&self) -> Option<Extents> {
        let mut shape = self.shape(0)?;
        let pads = self.list(1, "pad")?;
        for (pair, pad) in pads.chunks(2).enumerate() {
            let at = shape.len().checked_sub(pair + 1)?;
            let extent = shape.get_mut(at)?;
            let sides = pad.iter().try_fold(0_i64, |sum, n| sum.checked_add((*n)?));
            *extent = match (*extent, sides) {
                (Some(n), Some(sides)) => usize::try_from((n as i64).checked_add(sides)?).ok(),
                _ => None,
            };
        }
        Some(shape)
    }

    /// Of numbers in a row.
    pub(super) fn ranged(&self) -> Option<Extents> {
        let number = |index: usize| match self.call.positional.get(index) {
            Some(Argument::Integer(value)) => Some(*value),
            _ => None,
        };
        let (start, end, step) = match self.call.positional.len() {
            1 => (0, number(0)?, 1),
            2 => (number(0)?, number(1)?, 1),
            _ => (number(0)?, number(1)?, number(2)?),
        };
        if step < 1 {
            return Some(vec![None]);
        }
        let length = usize::try_from(end.checked_sub(start)?).unwrap_or(0);
        Some(vec![Some(length.div_ceil(step as usize))])
    }

    /// Of a value whose last axes have the sizes that it is told; those that aren't told aren't known.
    pub(super) fn resized(&self, axes: usize) -> Option<Extents> {
        let mut shape = self.shape(0)?;
        let lead = shape.len().checked_sub(axes)?;
        let sizes = self.list(1, "output_size").unwrap_or_default();
        for (at, extent) in shape.get_mut(lead..)?.iter_mut().enumerate() {
            *extent = sizes
                .get(at)
                .copied()
                .flatten()
                .and_then(|n| usize::try_from(n).ok());
        }
        Some(shape)
    }

    /// Of pixels made of channels.
    pub(super) fn shuffled(&self) -> Option<Extents> {
        let mut shape = self.shape(0)?;
        let factor = usize::try_from(self.integer(1, "upscale_factor", 1)).ok()?;
        let rank = shape.len();
        let channels = shape.get_mut(rank.checked_sub(3)?)?;
        *channels = channels.and_then(|n| n.checked_div(factor.checked_mul(factor)?));
        for extent in shape.get_mut(rank - 2..)? {
            *extent = extent.and_then(|n| n.checked_mul(factor));
        }
        Some(shape)
    }
}
