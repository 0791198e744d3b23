//! Convolutions.

use super::kind::{Kind, Tensors, plain};
use crate::model::lower::context::{Lower, Lowering, bounded};
use crate::model::lower::value::Value;
use crate::model::lower::window::Slide;
use crate::model::primitive::{Geometry, Slot, Table};
use crate::model::program::Id;
use crate::model::role::Role;
use crate::model::shape::given::{Given, Shape, channels};
use crate::model::shape::window::{sliding, windows};
use serde::{Deserialize, Serialize};

/// Convolution (cross-correlation) over one to three axes by the weight's rank: `torch.nn.Conv1d` to `Conv3d`.
///
/// `stride`, `padding` and `dilation` have an entry for each of these axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conv {
    /// Weight, `[out, in/groups, k]`, `[out, in/groups, kh, kw]` or `[out, in/groups, kd, kh, kw]`.
    pub weight: String,
    /// Bias, `[out]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<String>,
    /// Step between outputs; absent: 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stride: Vec<usize>,
    /// Zeros added on both sides; absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub padding: Vec<usize>,
    /// Step between kernel taps; absent: 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dilation: Vec<usize>,
    /// Number of channel groups.
    #[serde(default = "one")]
    pub groups: usize,
}

/// One group.
pub(super) fn one() -> usize {
    1
}

/// An entry for each of `axes` axes: those given, or `usual` where none are.
pub(super) fn each(given: &[usize], axes: usize, usual: usize) -> Vec<usize> {
    if given.is_empty() {
        vec![usual; axes]
    } else {
        given.to_vec()
    }
}

/// How a window slides: what a convolution knows besides its weights.
pub(super) struct Sliding<'a> {
    pub(super) stride: &'a [usize],
    pub(super) padding: &'a [usize],
    pub(super) dilation: &'a [usize],
    pub(super) groups: usize,
}

impl Sliding<'_> {
    /// Stride, padding and dilation with an entry for each axis.
    fn each(&self, axes: usize) -> [Vec<usize>; 3] {
        let given = [(self.stride, 1), (self.padding, 0), (self.dilation, 1)];
        given.map(|(given, usual)| each(given, axes, usual))
    }

    /// The shape of the output for an input and weights of these shapes; `weight` names the weights.
    pub(super) fn shape(&self, x: &[usize], weight: &str, shape: &[usize]) -> Shape {
        let groups = &self.groups;
        let (out, per_group, kernel) = match shape {
            [out, per_group, kernel @ ..] if (1..=3).contains(&kernel.len()) => {
                (*out, *per_group, kernel)
            }
            _ => {
                return Err(format!(
                    "{weight:?} has shape {shape:?}, expected 3 axes (1-D), 4 (2-D) or 5 (3-D)"
                ));
            }
        };
        let axes = kernel.len();
        let [stride, padding, dilation] = &self.each(axes);
        if [stride, padding, dilation].iter().any(|v| v.len() != axes) {
            return Err(format!(
                "stride, padding and dilation need {axes} entries each, as {weight:?} has shape {shape:?}"
            ));
        }
        sliding(stride, dilation)?;
        let c = channels(x, Some(axes + 1))?;
        if *groups == 0 || Some(c) != per_group.checked_mul(*groups) || out % groups != 0 {
            return Err(format!(
                "was given {x:?}, but {weight:?} with shape {shape:?} and {groups} group(s) takes {} channels",
                per_group.saturating_mul(*groups)
            ));
        }
        let mut y = vec![out];
        for i in 0..axes {
            let (k, s, p, d) = (kernel[i], stride[i], padding[i], dilation[i]);
            y.push(
                windows(x[i + 1], k, s, p, d, false)
                    .filter(|&n| n > 0)
                    .ok_or_else(|| {
                        format!("was given {x:?}, too small for the kernel {kernel:?}")
                    })?,
            );
        }
        Ok(y)
    }

    /// The product of an input and weights `[out, in/groups, …]`, channels last.
    pub(super) fn product(
        &self,
        l: &mut Lowering<'_>,
        x: Value,
        w: Id,
        shape: &[usize],
    ) -> Lower<Id> {
        let x = l.channels_last(x);
        let kernel = l.p.ty(w).shape.clone();
        let [stride, padding, dilation] = &self.each(kernel.len() - 2);
        let slide = Slide {
            size: &kernel[2..],
            stride,
            padding,
            dilation,
        };
        let taps = kernel[2..].iter().product();
        let places: usize = shape[1..].iter().product();
        bounded(places.checked_mul(taps))?;
        let w = l.taps_first(w);
        let geometry = Table::new(Geometry {
            targets: places,
            sources: x.shape[1..].iter().product(),
            taps,
            groups: self.groups,
            outputs: kernel[0] / self.groups,
            inputs: kernel[1],
            hits: slide.hits(&x.shape[1..], &shape[1..]),
        });
        Ok(l.p.form(&geometry, Slot::Y, [w, x.id]))
    }
}

impl Conv {
    fn sliding(&self) -> Sliding<'_> {
        Sliding {
            stride: &self.stride,
            padding: &self.padding,
            dilation: &self.dilation,
            groups: self.groups,
        }
    }
}

impl Kind for Conv {
    fn tensors(&self) -> Tensors<'_> {
        let mut tensors = vec![(self.weight.as_str(), Role::WEIGHT)];
        tensors.extend(plain(self.bias.as_ref()));
        tensors
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let weight = given.tensor(&self.weight)?;
        let y = self.sliding().shape(x, &self.weight, weight)?;
        given.expect_if(self.bias.as_ref(), &weight[..1])?;
        Ok(y)
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let w = l.tensor(&self.weight);
        let y = self.sliding().product(l, inputs.remove(0), w, shape)?;
        let b = self.bias.as_ref().map(|name| l.row(name));
        Ok(Value::last(l.plus(y, b), shape))
    }
}
