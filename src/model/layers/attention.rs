//! Multi-head attention with its projections.

use super::kind::{Kind, Tensors, plain};
use crate::model::lower::attention::Weighing;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::primitive::moved::indices;
use crate::model::program::Id;
use crate::model::role::Role;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// Multi-head attention over `[n, tokens, width]`: `torch.nn.MultiheadAttention` with `batch_first=True` (Vaswani et
/// al. 2017). One input attends to itself; two are queries, and keys and values; three are one each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attention {
    /// Query, key and value projections stacked, `[3·width, width]`.
    pub in_weight: String,
    /// Their biases, `[3·width]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_bias: Option<String>,
    /// Output projection, `[width, width]`.
    pub out_weight: String,
    /// Its bias, `[width]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_bias: Option<String>,
    /// Number of heads; divides the width.
    pub heads: usize,
    /// A token sees only itself and those before it.
    #[serde(default)]
    pub causal: bool,
}

impl Attention {
    /// One of the three projections of `[tokens, width]`: 0 queries, 1 keys, 2 values; by heads, the axes
    /// (tokens, heads, each) in the order `axes`.
    fn projected(&self, l: &mut Lowering<'_>, x: Id, which: usize, axes: &[usize]) -> Id {
        let (tokens, width) = (l.p.ty(x).shape[0], l.p.ty(x).shape[1]);
        let weight = l.tensor(&self.in_weight);
        let weight = l.part(weight, 0, which * width, (which + 1) * width);
        let bias = self.in_bias.as_ref().map(|name| {
            let bias = l.row(name);
            l.part(bias, 1, which * width, (which + 1) * width)
        });
        let y = l.linear(x, weight, bias);
        let y = l.p.view(y, &[tokens, self.heads, width / self.heads]);
        l.p.permuted(y, axes)
    }

    /// All three projections of `[tokens, width]` at once.
    fn projected_at_once(&self, l: &mut Lowering<'_>, x: Id) -> [Id; 3] {
        let (tokens, width) = (l.p.ty(x).shape[0], l.p.ty(x).shape[1]);
        let weight = l.tensor(&self.in_weight);
        let bias = self.in_bias.as_ref().map(|name| l.row(name));
        let all = l.linear(x, weight, bias);
        let (heads, each, row) = (self.heads, width / self.heads, 3 * width);
        [0, 1, 2].map(|which| {
            // [heads, tokens, each], keys [heads, each, tokens].
            let (shape, strides) = if which == 1 {
                ([heads, each, tokens], [each, 1, row])
            } else {
                ([heads, tokens, each], [each, row, 1])
            };
            let list = indices(&shape, &strides).into_iter();
            let list = list.map(|i| i + (which * width) as u32).collect();
            l.p.moved(all, list, &shape)
        })
    }
}

impl Kind for Attention {
    fn tensors(&self) -> Tensors<'_> {
        let mut tensors = vec![(self.in_weight.as_str(), Role::WEIGHT)];
        tensors.extend(plain(self.in_bias.as_ref()));
        tensors.push((&self.out_weight, Role::WEIGHT));
        tensors.extend(plain(self.out_bias.as_ref()));
        tensors
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        let heads = self.heads;
        let (x, others) = match given.inputs {
            [x, others @ ..] if others.len() < 3 => (*x, others),
            _ => return Err(given.refused()),
        };
        let &[_, width] = x else {
            return Err(format!("was given {x:?}, but needs [tokens, width]"));
        };
        let tokens = others.first().and_then(|keys| keys.first());
        let fits = |other: &&[usize]| other.len() == 2 && other[1] == width;
        if !others.iter().all(|o| fits(o) && o.first() == tokens) {
            return Err(format!(
                "was given {:?}, but needs [tokens, {width}] for keys and values, as many tokens in both",
                given.inputs
            ));
        }
        if heads == 0 || width % heads != 0 {
            return Err(format!(
                "a width of {width} doesn't divide into {heads} heads"
            ));
        }
        given.expect(&self.in_weight, &[3 * width, width])?;
        given.expect(&self.out_weight, &[width, width])?;
        given.expect_if(self.in_bias.as_ref(), &[3 * width])?;
        given.expect_if(self.out_bias.as_ref(), &[width])?;
        Ok(x.to_vec())
    }

    fn lower(&self, l: &mut Lowering<'_>, inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let inputs: Vec<Id> = inputs.into_iter().map(|x| l.natural(x).id).collect();
        let [queries, keys, values] = match inputs[..] {
            [x] => self.projected_at_once(l, x),
            [x, y] => [
                self.projected(l, x, 0, &[1, 0, 2]),
                self.projected(l, y, 1, &[1, 2, 0]),
                self.projected(l, y, 2, &[1, 0, 2]),
            ],
            _ => [
                self.projected(l, inputs[0], 0, &[1, 0, 2]),
                self.projected(l, inputs[1], 1, &[1, 2, 0]),
                self.projected(l, inputs[2], 2, &[1, 0, 2]),
            ],
        };
        let each = shape[1] / self.heads;
        let how = Weighing {
            scale: 1.0 / (each as f64).sqrt(),
            causal: self.causal,
            mask: None,
            added: None,
        };
        let seen = l.attended(queries, keys, values, &how)?;
        let joined = l.p.permuted(seen, &[1, 0, 2]);
        let joined = l.p.view(joined, shape);
        let weight = l.tensor(&self.out_weight);
        let bias = self.out_bias.as_ref().map(|name| l.row(name));
        Ok(Value::new(l.linear(joined, weight, bias), shape))
    }
}
