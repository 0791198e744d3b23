//! Transposed convolutions.

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
    /// Step between what inputs reach.
    pub stride: Vec<usize>,
    /// Outputs left out on both sides.
    pub padding: Vec<usize>,
    /// Outputs added at the end.
    pub output_padding: Vec<usize>,
    /// Step between kernel taps.
    pub dilation: Vec<usize>,
    /// Number of channel groups.
    pub groups: usize,
}

impl TransposedConv {
    /// Entries of the output along one axis.
    fn extent(&self, axis: usize, n: usize, k: usize) -> Option<usize> {
        let reach = self.dilation[axis].checked_mul(k.checked_sub(1)?)?;
        let all = n.checked_sub(1)?.checked_mul(self.stride[axis])?;
        let all = all.checked_add(reach)?.checked_add(1)?;
        let all = all.checked_add(self.output_padding[axis])?;
        all.checked_sub(self.padding[axis].checked_mul(2)?)
    }
}

impl Kind for TransposedConv {
    fn tensors(&self) -> Tensors<'_> {
        // The filters of a transposed convolution are counted by its second axis; with groups only a part is.
        let role = Role::Trainable {
            output_axis: Some(1),
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
        let all = [
            &self.stride,
            &self.padding,
            &self.output_padding,
            &self.dilation,
        ];
        if all.iter().any(|v| v.len() != axes) {
            return Err(format!(
                "stride, padding, output_padding and dilation need {axes} entries each, as {weight:?} has shape {shape:?}"
            ));
        }
        sliding(&self.stride, &self.dilation)?;
        let padding = &self.output_padding;
        if (0..axes).any(|i| padding[i] >= self.stride[i].max(self.dilation[i])) {
            return Err(format!(
                "the output padding {padding:?} isn't smaller than the stride {:?} or the dilation {:?}",
                self.stride, self.dilation
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
                self.extent(i, x[i + 1], *k)
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
        let slide = Slide {
            size: &kernel[2..],
            stride: &self.stride,
            padding: &self.padding,
            dilation: &self.dilation,
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
