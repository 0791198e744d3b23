//! Channels made positions, and back.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// `[c·r², h, w]` to `[c, h·r, w·r]`: `torch.nn.PixelShuffle` (Shi et al. 2016).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PixelShuffle {
    /// r
    pub factor: usize,
}

/// `[c, h·r, w·r]` to `[c·r², h, w]`: `torch.nn.PixelUnshuffle`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PixelUnshuffle {
    /// r
    pub factor: usize,
}

/// Channels in groups taken in turn, `torch.nn.ChannelShuffle` (Zhang et al. 2018).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChannelShuffle {
    /// Number of groups.
    pub groups: usize,
}

/// A value in a finer shape, its axes in another order, in the shape of the result.
fn shuffled(
    l: &mut Lowering<'_>,
    x: Value,
    fine: &[usize],
    order: &[usize],
    shape: &[usize],
) -> Value {
    let x = l.natural(x);
    let y = l.p.view(x.id, fine);
    let y = l.p.permuted(y, order);
    l.shaped(y, shape)
}

impl Kind for PixelShuffle {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let (x, r) = (given.one()?, self.factor);
        match x {
            [c, h, w] if r > 0 && c % r.saturating_mul(r) == 0 => {
                Ok(vec![c / (r * r), h * r, w * r])
            }
            _ => Err(format!(
                "was given {x:?}, but needs [channels, height, width] with a multiple of {r}² channels"
            )),
        }
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let (r, h, w) = (self.factor, x.shape[1], x.shape[2]);
        let fine = [shape[0], r, r, h, w];
        Ok(shuffled(l, x, &fine, &[0, 3, 1, 4, 2], shape))
    }
}

impl Kind for PixelUnshuffle {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let (x, r) = (given.one()?, self.factor);
        match x {
            [c, h, w] if r > 0 && h % r == 0 && w % r == 0 => {
                let many = c.checked_mul(r * r).ok_or("makes too many channels")?;
                Ok(vec![many, h / r, w / r])
            }
            _ => Err(format!(
                "was given {x:?}, but needs [channels, height, width] with multiples of {r} rows and columns"
            )),
        }
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let r = self.factor;
        let fine = [x.shape[0], shape[1], r, shape[2], r];
        Ok(shuffled(l, x, &fine, &[0, 2, 4, 1, 3], shape))
    }
}

impl Kind for ChannelShuffle {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let (x, groups) = (given.one()?, self.groups);
        match x {
            [c, ..] if groups > 0 && c % groups == 0 => Ok(x.to_vec()),
            _ => Err(format!(
                "was given {x:?}, whose channels don't divide into {groups} groups"
            )),
        }
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let rest: usize = shape[1..].iter().product();
        let fine = [self.groups, shape[0] / self.groups, rest];
        Ok(shuffled(l, x, &fine, &[1, 0, 2], shape))
    }
}
