//! Transposed convolutions.

use super::conv::{each, one};
use super::kind::{Kind, Tensors, plain};
use crate::model::lower::context::{Lower, Lowering, bounded};
use crate::model::lower::value::Value;
use crate::model::lower::window::Slide;
use crate::model::primitive::{Geometry, Slot, Table};
use crate::model::role::Role;
use crate::model::shape::given::{Given, Shape, channels};
use crate::model::shape::window::sliding;
use serde::{Deserialize, Serialize};

/// The transpose of a convolution over one to three axes by the weight's rank: `torch.nn.ConvTranspose1d` to
/// `ConvTranspose3d`.
///
/// An output has (n − 1)·stride − 2·padding + dilation·(k − 1) + `output_padding` + 1 entries an axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransposedConv {
    /// Weight, `[in, out/groups, k…]`.
    pub weight: String,
    /// Bias, `[out]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<String>,
    /// Step between what inputs reach; absent: 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stride: Vec<usize>,
    /// Outputs left out on both sides; absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub padding: Vec<usize>,
    /// Outputs added at the end; absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_padding: Vec<usize>,
    /// Step between kernel taps; absent: 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dilation: Vec<usize>,
    /// Number of channel groups.
    #[serde(default = "one")]
    pub groups: usize,
}

/// Stride, padding, output padding and dilation with an entry for each axis.
type Steps = [Vec<usize>; 4];

/// Entries of the output along one axis.
fn extent(steps: &Steps, axis: usize, n: usize, k: usize) -> Option<usize> {
    let [stride, padding, more, dilation] = steps;
    let reach = dilation[axis].checked_mul(k.checked_sub(1)?)?;
    let all = n.checked_sub(1)?.checked_mul(stride[axis])?;
    let all = all.checked_add(reach)?.checked_add(1)?;
    let all = all.checked_add(more[axis])?;
    all.checked_sub(padding[axis].checked_mul(2)?)
}

impl TransposedConv {
    fn steps(&self, axes: usize) -> Steps {
        let given = [
            (&self.stride, 1),
            (&self.padding, 0),
            (&self.output_padding, 0),
            (&self.dilation, 1),
        ];
        given.map(|(given, usual)| each(given, axes, usual))
    }
}

impl Kind for TransposedConv {
    fn tensors(&self) -> Tensors<'_> {
        // The filters of a transposed convolution are counted by its second axis, those of each group by themselves.
        let role = match self.groups {
            0 | 1 => Role::Trainable {
                output_axis: Some(1),
            },
            groups => Role::Grouped { axis: 1, groups },
        };
        let mut tensors = vec![(self.weight.as_str(), role)];
        tensors.extend(plain(self.bias.as_ref()));
        tensors
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        let Self { weight, groups, .. } = self;
        let x = given.one()?;
        let shape = given.tensor(weight)?;
        let (inner, per_group, kernel) = match shape {
            [inner, per_group, kernel @ ..] if (1..=3).contains(&kernel.len()) => {
                (*inner, *per_group, kernel)
            }
            _ => {
                return Err(format!(
                    "{weight:?} has shape {shape:?}, expected 3 axes (1-D), 4 (2-D) or 5 (3-D)"
                ));
            }
        };
        let axes = kernel.len();
        let steps = self.steps(axes);
        if steps.iter().any(|v| v.len() != axes) {
            return Err(format!(
                "stride, padding, output_padding and dilation need {axes} entries each, as {weight:?} has shape {shape:?}"
            ));
        }
        let [stride, _, more, dilation] = &steps;
        sliding(stride, dilation)?;
        if (0..axes).any(|i| more[i] >= stride[i].max(dilation[i])) {
            return Err(format!(
                "the output padding {more:?} isn't smaller than the stride {stride:?} or the dilation {dilation:?}"
            ));
        }
        let c = channels(x, Some(axes + 1))?;
        if *groups == 0 || c != inner || c % groups != 0 {
            return Err(format!(
                "was given {x:?}, but {weight:?} with shape {shape:?} and {groups} group(s) takes {inner} channels"
            ));
        }
        let out = per_group
            .checked_mul(*groups)
            .ok_or("makes more channels than any memory holds")?;
        given.expect_if(self.bias.as_ref(), &[out])?;
        let mut y = vec![out];
        for (i, k) in kernel.iter().enumerate() {
            y.push(
                extent(&steps, i, x[i + 1], *k)
                    .filter(|&n| n > 0)
                    .ok_or_else(|| {
                        format!("was given {x:?}, of which the kernel {kernel:?} leaves nothing")
                    })?,
            );
        }
        Ok(y)
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.channels_last(x);
        let w = l.tensor(&self.weight);
        let kernel = l.p.ty(w).shape.clone();
        let [stride, padding, _, dilation] = &self.steps(kernel.len() - 2);
        let slide = Slide {
            size: &kernel[2..],
            stride,
            padding,
            dilation,
        };
        let taps = kernel[2..].iter().product();
        let places: usize = x.shape[1..].iter().product();
        bounded(places.checked_mul(taps))?;
        let w = l.taps_first(w);
        // The convolution from the output to the input, turned round.
        let geometry = Table::new(Geometry {
            targets: places,
            sources: shape[1..].iter().product(),
            taps,
            groups: self.groups,
            outputs: kernel[0] / self.groups,
            inputs: kernel[1],
            hits: slide.hits(&shape[1..], &x.shape[1..]),
        });
        let y = l.p.form(&geometry, Slot::B, [x.id, w]);
        let b = self.bias.as_ref().map(|name| l.row(name));
        Ok(Value::last(l.plus(y, b), shape))
    }
}
