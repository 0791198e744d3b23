//! How many values an operation makes, and the shapes of parts.

use super::{Extents, Read, axis};
use crate::model::import::traced::Argument;
use crate::store::Parsed;

impl Read<'_> {
    /// One shape for each value that is made.
    pub(super) fn shapes(&self, operation: &str) -> Parsed<Vec<Option<Extents>>> {
        let several = |made: Option<Vec<Extents>>| {
            let made = made.ok_or_else(|| {
                format!("how many parts `{operation}` makes can't be told before the input's shape is known")
            })?;
            Ok(made.into_iter().map(Some).collect())
        };
        match operation {
            "split" | "split_with_sizes" => return several(self.split()),
            "chunk" | "tensor_split" => return several(self.chunks()),
            "unbind" => return several(self.unbound()),
            "max_pool2d_with_indices" => return Ok(vec![self.pooled(2, true); 2]),
            "lstm" => return Ok(self.recurrent(3)),
            "gru" | "rnn_tanh" | "rnn_relu" => return Ok(self.recurrent(2)),
            "meshgrid" => return Ok(vec![None; self.listed(0).len()]),
            "max" | "min" if self.call.positional.len() > 1 && !self.is_value(1) => {
                return Ok(vec![self.reduced(1, "dim", 2); 2]);
            }
            "topk" | "sort" | "var_mean" | "std_mean" => return Ok(vec![None; 2]),
            _ => {}
        }
        Ok(vec![self.one(operation)])
    }

    /// Of the parts of an axis, by their size or sizes.
    fn split(&self) -> Option<Vec<Extents>> {
        let shape = self.shape(0)?;
        let at = axis(self.integer(2, "dim", 0), shape.len())?;
        let sizes: Vec<usize> = match self.argument(1, "split_size") {
            Argument::Integer(size) => {
                let size = usize::try_from(*size).ok().filter(|&n| n > 0)?;
                parts((*shape.get(at)?)?, size)?
            }
            Argument::List(_) => {
                let list = self.list(1, "split_sizes")?;
                let sizes: Option<Vec<usize>> =
                    list.into_iter().map(|n| usize::try_from(n?).ok()).collect();
                sizes?
            }
            _ => return None,
        };
        Some(Self::cut(&shape, at, sizes))
    }

    fn chunks(&self) -> Option<Vec<Extents>> {
        let shape = self.shape(0)?;
        let at = axis(self.integer(2, "dim", 0), shape.len())?;
        let count = usize::try_from(self.integer(1, "chunks", 0))
            .ok()
            .filter(|&n| n > 0)?;
        let whole = (*shape.get(at)?)?;
        let size = whole.div_ceil(count).max(1);
        Some(Self::cut(&shape, at, parts(whole, size)?))
    }

    fn cut(shape: &Extents, at: usize, sizes: Vec<usize>) -> Vec<Extents> {
        let part = |size: usize| {
            let mut part = shape.clone();
            if let Some(extent) = part.get_mut(at) {
                *extent = Some(size);
            }
            part
        };
        sizes.into_iter().map(part).collect()
    }

    fn unbound(&self) -> Option<Vec<Extents>> {
        let mut shape = self.shape(0)?;
        let at = axis(self.integer(1, "dim", 0), shape.len())?;
        let count = shape.remove(at)?;
        (count <= MOST_PARTS).then(|| vec![shape; count])
    }

    /// Output, then states: of an LSTM two, of the others one.
    fn recurrent(&self, made: usize) -> Vec<Option<Extents>> {
        let output = || {
            let mut shape = self.shape(0)?;
            let weights = self.listed(2);
            // The hidden width is that of the second weight, which turns states into gates.
            let hidden = weights.get(1)?.as_ref()?.get(1).copied().flatten();
            let twice = self.truth(7, "bidirectional");
            *shape.last_mut()? = hidden.and_then(|n| n.checked_mul(if twice { 2 } else { 1 }));
            Some(shape)
        };
        let states = match self.argument(1, "hx") {
            Argument::List(_) => self.listed(1).into_iter().next().flatten(),
            _ => self.shape(1),
        };
        let mut all = vec![output()];
        all.resize(made, states);
        all
    }
}

/// More parts of a value than any code unpacks.
const MOST_PARTS: usize = 1 << 12;

/// Extents of the parts of an axis that are `size` long, the last one shorter.
fn parts(whole: usize, size: usize) -> Option<Vec<usize>> {
    if whole.div_ceil(size) > MOST_PARTS {
        return None;
    }
    Some(
        (0..whole)
            .step_by(size)
            .map(|at| size.min(whole - at))
            .collect(),
    )
}
