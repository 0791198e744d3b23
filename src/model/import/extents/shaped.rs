//! The shape of every operation that keeps, joins or rearranges extents.

use super::{Extents, Read, axis, broadcast};
use crate::model::import::traced::Argument;

impl Read<'_> {
    /// Whether an argument is a value.
    pub(super) fn is_value(&self, index: usize) -> bool {
        matches!(self.call.positional.get(index), Some(Argument::Value(_)))
    }

    /// Of the only value that an operation makes.
    pub(super) fn one(&self, operation: &str) -> Option<Extents> {
        match operation {
            "relu"
            | "relu6"
            | "tanh"
            | "sigmoid"
            | "gelu"
            | "silu"
            | "mish"
            | "elu"
            | "selu"
            | "celu"
            | "leaky_relu"
            | "rrelu"
            | "prelu"
            | "softplus"
            | "softsign"
            | "hardtanh"
            | "hardswish"
            | "hardsigmoid"
            | "hardshrink"
            | "softshrink"
            | "threshold"
            | "log_sigmoid"
            | "logsigmoid"
            | "softmax"
            | "_softmax"
            | "log_softmax"
            | "dropout"
            | "alpha_dropout"
            | "feature_dropout"
            | "feature_alpha_dropout"
            | "batch_norm"
            | "layer_norm"
            | "group_norm"
            | "instance_norm"
            | "rms_norm"
            | "local_response_norm"
            | "clamp"
            | "clamp_min"
            | "clamp_max"
            | "to"
            | "type_as"
            | "contiguous"
            | "clone"
            | "detach"
            | "alias"
            | "lift_fresh_copy"
            | "neg"
            | "abs"
            | "exp"
            | "expm1"
            | "log"
            | "log1p"
            | "log2"
            | "log10"
            | "sqrt"
            | "rsqrt"
            | "sin"
            | "cos"
            | "erf"
            | "sign"
            | "floor"
            | "ceil"
            | "round"
            | "trunc"
            | "reciprocal"
            | "square"
            | "cumsum"
            | "cumprod"
            | "flip"
            | "roll"
            | "tril"
            | "triu"
            | "zeros_like"
            | "ones_like"
            | "full_like"
            | "empty_like"
            | "logical_not"
            | "bitwise_not"
            | "isnan"
            | "nan_to_num"
            | "normalize"
            | "fill"
            | "zero"
            | "copy"
            | "masked_fill"
            | "scatter"
            | "index_put"
            | "float"
            | "double"
            | "half"
            | "long"
            | "channel_shuffle"
            | "positive"
            | "square_"
            | "channels_last"
            | "float_power" => self.shape(0),
            "add" | "sub" | "rsub" | "mul" | "div" | "true_divide" | "floor_divide"
            | "remainder" | "fmod" | "pow" | "maximum" | "minimum" | "max" | "min" | "eq"
            | "ne" | "lt" | "le" | "gt" | "ge" | "logical_and" | "logical_or" | "bitwise_and"
            | "bitwise_or" | "__and__" | "__or__" | "atan2" => {
                match (self.is_value(0), self.is_value(1)) {
                    (true, true) => broadcast(&[self.shape(0), self.shape(1)]),
                    (true, false) => self.shape(0),
                    (false, true) => self.shape(1),
                    (false, false) => None,
                }
            }
            "where" => broadcast(&self.all_values()),
            "addcmul" | "addcdiv" | "lerp" => broadcast(&self.all_values()),
            "conv1d" => self.convolved(1),
            "conv2d" => self.convolved(2),
            "conv3d" => self.convolved(3),
            "conv_transpose1d" => self.spread(1),
            "conv_transpose2d" => self.spread(2),
            "conv_transpose3d" => self.spread(3),
            "max_pool1d" => self.pooled(1, true),
            "max_pool2d" => self.pooled(2, true),
            "max_pool3d" => self.pooled(3, true),
            "avg_pool1d" => self.pooled(1, false),
            "avg_pool2d" => self.pooled(2, false),
            "avg_pool3d" => self.pooled(3, false),
            "adaptive_avg_pool1d" | "adaptive_max_pool1d" => self.adapted(1),
            "adaptive_avg_pool2d" | "adaptive_max_pool2d" => self.adapted(2),
            "adaptive_avg_pool3d" | "adaptive_max_pool3d" => self.adapted(3),
            "linear" => {
                let mut shape = self.shape(0)?;
                *shape.last_mut()? = self.shape(1)?.first().copied().flatten();
                Some(shape)
            }
            "matmul" | "bmm" | "mm" => self.product(0, 1),
            "addmm" | "baddbmm" => self.product(1, 2),
            "embedding" => {
                let mut shape = self.shape(1)?;
                shape.push(self.shape(0)?.get(1).copied().flatten());
                Some(shape)
            }
            "scaled_dot_product_attention" => {
                let mut shape = self.shape(0)?;
                *shape.last_mut()? = self.shape(2)?.last().copied().flatten();
                Some(shape)
            }
            "view" | "reshape" | "_unsafe_view" => {
                Self::viewed(&self.shape(0)?, &self.list(1, "size")?)
            }
            "view_as" | "reshape_as" | "expand_as" => self.shape(1),
            "flatten" => self.flattened(),
            "unflatten" => self.unflattened(),
            "squeeze" => self.squeezed(),
            "unsqueeze" => {
                let mut shape = self.shape(0)?;
                let at = axis(self.integer(1, "dim", 0), shape.len() + 1)?;
                shape.insert(at, Some(1));
                Some(shape)
            }
            "transpose" | "swapaxes" => {
                let mut shape = self.shape(0)?;
                let rank = shape.len();
                let (a, b) = (self.integer(1, "dim0", 0), self.integer(2, "dim1", 0));
                shape.swap(axis(a, rank)?, axis(b, rank)?);
                Some(shape)
            }
            "t" | "numpy_T" => Some(self.shape(0)?.into_iter().rev().collect()),
            "permute" => {
                let shape = self.shape(0)?;
                let order = self.list(1, "dims")?;
                let moved = order
                    .iter()
                    .map(|at| shape.get(axis((*at)?, shape.len())?).copied());
                moved.collect()
            }
            "expand" => self.expanded(),
            "repeat" | "tile" => self.repeated(),
            "select" => {
                let mut shape = self.shape(0)?;
                let at = axis(self.integer(1, "dim", 0), shape.len())?;
                shape.remove(at);
                Some(shape)
            }
            "slice" | "narrow" => self.sliced(operation),
            "index_select" => {
                let mut shape = self.shape(0)?;
                let at = axis(self.integer(1, "dim", 0), shape.len())?;
                *shape.get_mut(at)? = self.shape(2)?.first().copied().flatten();
                Some(shape)
            }
            "gather" => self.shape(2),
            "cat" | "concat" => self.joined(),
            "stack" => {
                let shapes = self.listed(0);
                let mut shape = shapes.first()?.clone()?;
                let at = axis(self.integer(1, "dim", 0), shape.len() + 1)?;
                shape.insert(at, Some(shapes.len()));
                Some(shape)
            }
            "mean" | "sum" | "amax" | "amin" | "logsumexp" | "prod" | "argmax" | "argmin"
            | "any" | "all" | "std" | "var" => self.reduced(1, "dim", 2),
            "norm" | "linalg_vector_norm" => self.reduced(2, "dim", 3),
            "pad" | "constant_pad_nd" | "reflection_pad1d" | "reflection_pad2d"
            | "reflection_pad3d" | "replication_pad1d" | "replication_pad2d"
            | "replication_pad3d" => self.padded(),
            "zeros" | "ones" | "full" | "empty" | "rand" | "randn" => {
                let size = self.list(0, "size")?;
                Some(size.into_iter().map(|n| usize::try_from(n?).ok()).collect())
            }
            "new_zeros" | "new_ones" | "new_full" | "new_empty" => {
                let size = self.list(1, "size")?;
                Some(size.into_iter().map(|n| usize::try_from(n?).ok()).collect())
            }
            "arange" => self.ranged(),
            "one_hot" => {
                let mut shape = self.shape(0)?;
                shape.push(usize::try_from(self.integer(1, "num_classes", -1)).ok());
                Some(shape)
            }
            "pixel_shuffle" => self.shuffled(),
            "upsample_nearest1d" | "upsample_linear1d" => self.resized(1),
            "upsample_nearest2d"
            | "_upsample_nearest_exact2d"
            | "upsample_bilinear2d"
            | "upsample_bicubic2d" => self.resized(2),
            "upsample_nearest3d" | "upsample_trilinear3d" => self.resized(3),
            _ => None,
        }
    }

    /// Shapes of all arguments that are values.
    fn all_values(&self) -> Vec<Option<Extents>> {
        let count = self.call.positional.len();
        let values = (0..count).filter(|&index| self.is_value(index));
        values.map(|index| self.shape(index)).collect()
    }

    fn product(&self, left: usize, right: usize) -> Option<Extents> {
        let (mut a, mut b) = (self.shape(left)?, self.shape(right)?);
        let (single_a, single_b) = (a.len() == 1, b.len() == 1);
        if single_a {
            a.insert(0, Some(1));
        }
        if single_b {
            b.push(Some(1));
        }
        let (columns, _) = (b.pop()?, b.pop()?);
        a.pop()?;
        let rows = a.pop()?;
        let mut shape = broadcast(&[Some(a), Some(b)])?;
        if !single_a {
            shape.push(rows);
        }
        if !single_b {
            shape.push(columns);
        }
        Some(shape)
    }

    /// A shape with one extent left open by -1.
    fn viewed(from: &Extents, to: &[Option<i64>]) -> Option<Extents> {
        let size = |extents: &[Option<usize>]| {
            extents
                .iter()
                .try_fold(1_usize, |n, d| n.checked_mul((*d)?))
        };
        let mut shape: Extents = to.iter().map(|n| usize::try_from((*n)?).ok()).collect();
        if let Some(at) = to.iter().position(|n| *n == Some(-1)) {
            let mut rest = shape.clone();
            rest.remove(at);
            if let (Some(whole), Some(rest)) = (size(from), size(&rest))
                && rest > 0
            {
                *shape.get_mut(at)? = Some(whole / rest);
            }
        }
        Some(shape)
    }

    fn flattened(&self) -> Option<Extents> {
        let shape = self.shape(0)?;
        if shape.is_empty() {
            return Some(vec![Some(1)]);
        }
        let first = axis(self.integer(1, "start_dim", 0), shape.len())?;
        let last = axis(self.integer(2, "end_dim", -1), shape.len())?;
        let inner = shape.get(first..=last)?;
        let size = inner.iter().try_fold(1_usize, |n, d| n.checked_mul((*d)?));
        let mut found: Extents = shape.get(..first)?.to_vec();
        found.push(size);
        found.extend_from_slice(shape.get(last + 1..)?);
        Some(found)
    }

    fn unflattened(&self) -> Option<Extents> {
        let shape = self.shape(0)?;
        let at = axis(self.integer(1, "dim", 0), shape.len())?;
        let inner = Self::viewed(&vec![*shape.get(at)?], &self.list(2, "sizes")?)?;
        let mut found: Extents = shape.get(..at)?.to_vec();
        found.extend(inner);
        found.extend_from_slice(shape.get(at + 1..)?);
        Some(found)
    }

    fn squeezed(&self) -> Option<Extents> {
        let shape = self.shape(0)?;
        let chosen: Option<Vec<usize>> = match self.list(1, "dim") {
            Some(list) => list.into_iter().map(|n| axis(n?, shape.len())).collect(),
            None => Some((0..shape.len()).collect()),
        };
        let chosen = chosen?;
        let mut found = Vec::new();
        for (at, extent) in shape.into_iter().enumerate() {
            match extent {
                Some(1) if chosen.contains(&at) => {}
                None if chosen.contains(&at) => return None,
                extent => found.push(extent),
            }
        }
        Some(found)
    }

    fn expanded(&self) -> Option<Extents> {
        let (shape, sizes) = (self.shape(0)?, self.list(1, "size")?);
        let more = sizes.len().checked_sub(shape.len())?;
        let one = |(at, size): (usize, Option<i64>)| match size {
            Some(-1) => at
                .checked_sub(more)
                .and_then(|at| shape.get(at).copied().flatten()),
            size => usize::try_from(size?).ok(),
        };
        Some(sizes.into_iter().enumerate().map(one).collect())
    }

    fn repeated(&self) -> Option<Extents> {
        let (shape, counts) = (self.shape(0)?, self.list(1, "repeats")?);
        let rank = shape.len().max(counts.len());
        let from_end = |at: usize| {
            let extent = match shape.len().checked_sub(at + 1) {
                Some(place) => (*shape.get(place)?)?,
                None => 1,
            };
            let count = match counts.len().checked_sub(at + 1) {
                Some(place) => usize::try_from((*counts.get(place)?)?).ok()?,
                None => 1,
            };
            extent.checked_mul(count)
        };
        Some((0..rank).rev().map(from_end).collect())
    }

    fn sliced(&self, operation: &str) -> Option<Extents> {
        let mut shape = self.shape(0)?;
        let at = axis(self.integer(1, "dim", 0), shape.len())?;
        let extent = shape.get_mut(at)?;
        if operation == "narrow" {
            *extent = usize::try_from(self.integer(3, "length", -1)).ok();
            return Some(shape);
        }
        let Some(whole) = *extent else {
            return Some(shape);
        };
        // A bound that is a value isn't known.
        if self.is_value(2) || self.is_value(3) {
            *extent = None;
            return Some(shape);
        }
        let bound = |number: i64| {
            let number = if number < 0 {
                number.saturating_add(whole as i64)
            } else {
                number
            };
            number.clamp(0, whole as i64) as usize
        };
        let start = bound(self.integer(2, "start", 0));
        let end = bound(self.integer(3, "end", i64::MAX));
        let step = usize::try_from(self.integer(4, "step", 1))
            .ok()
            .filter(|&s| s > 0)?;
        *extent = Some(end.saturating_sub(start).div_ceil(step));
        Some(shape)
    }

    fn joined(&self) -> Option<Extents> {
        let shapes: Option<Vec<Extents>> = self.listed(0).into_iter().collect();
        let shapes = shapes?;
        let mut shape = shapes.first()?.clone();
        let at = axis(self.integer(1, "dim", 0), shape.len())?;
        let extents = shapes.iter().map(|shape| shape.get(at).copied().flatten());
        let mut extents = extents;
        let sum = extents.try_fold(0_usize, |sum, n| sum.checked_add(n?));
        *shape.get_mut(at)? = sum;
        Some(shape)
    }

    pub(super) fn reduced(&self, dim: usize, name: &str, keep: usize) -> Option<Extents> {
        let shape = self.shape(0)?;
        let keeps = self.truth(keep, "keepdim");
        let axes: Option<Vec<usize>> = match self.list(dim, name) {
            Some(list) if !list.is_empty() => {
                list.into_iter().map(|n| axis(n?, shape.len())).collect()
            }
            _ => Some((0..shape.len()).collect()),
        };
        let axes = axes?;
        let mut found = Vec::new();
        for (at, extent) in shape.into_iter().enumerate() {
            match (axes.contains(&at), keeps) {
                (false, _) => found.push(extent),
                (true, true) => found.push(Some(1)),
                (true, false) => {}
            }
        }
        Some(found)
    }
}
