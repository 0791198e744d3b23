//! Attention of given queries, keys and values.

use super::kind::Kind;
use crate::model::lower::attention::Weighing;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::{Value, aligned};
use crate::model::program::{Id, Type};
use crate::model::shape::arrange::broadcast;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// softmax(Q Kᵀ · scale + mask) V: `torch.nn.functional.scaled_dot_product_attention` (Vaswani et al. 2017).
///
/// Inputs are queries `[…, heads, queries, width]`, keys `[…, heads, keys, width]` and values
/// `[…, heads, keys, out]`, the axis of heads and those before it being optional. Keys and values may have fewer heads,
/// each for as many heads of queries in a row (`enable_gqa=True`; Ainslie et al. 2023). A fourth input is a mask that
/// isn't the same for every head or isn't known: added to the scores, broadcast to `[…, heads, queries, keys]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaledDotProductAttention {
    /// Added to the scores, row by row `[queries, keys]`; `-inf` hides a key. A query that sees none gives 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<Vec<f64>>,
    /// A query sees only keys up to its own number.
    #[serde(default)]
    pub causal: bool,
    /// What scores are multiplied by; absent: 1/√width.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
}

/// Heads, all axes before the last two being heads; rows and columns.
fn matrices(shape: &[usize]) -> [usize; 3] {
    match shape {
        [rest @ .., rows, columns] => [rest.iter().product(), *rows, *columns],
        _ => [1, 1, 1],
    }
}

impl Kind for ScaledDotProductAttention {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let (q, k, v, added) = match given.inputs {
            [q, k, v] => (q, k, v, None),
            [q, k, v, added] => (q, k, v, Some(added)),
            _ => {
                return Err(
                    "needs three inputs, queries, keys and values, or a mask as a fourth".into(),
                );
            }
        };
        let refused = || {
            format!(
                "was given queries {q:?}, keys {k:?} and values {v:?}, but needs […, heads, queries, width], […, heads, keys, width] and […, heads, keys, out]"
            )
        };
        let rank = q.len();
        if rank < 2 || k.len() != rank || v.len() != rank {
            return Err(refused());
        }
        let (leads, own) = (&q[..rank - 2], &k[..rank - 2]);
        let grouped = match (leads, own) {
            ([a @ .., heads], [b @ .., shared]) => {
                a == b && *shared > 0 && heads.is_multiple_of(*shared)
            }
            _ => true,
        };
        let fits =
            own == &v[..rank - 2] && k[rank - 2] == v[rank - 2] && q[rank - 1] == k[rank - 1];
        if !grouped || !fits {
            return Err(refused());
        }
        let (rows, columns) = (q[rank - 2], k[rank - 2]);
        if let Some(mask) = &self.mask
            && mask.len() != rows * columns
        {
            return Err(format!(
                "has a mask of {} numbers, expected {rows} · {columns}",
                mask.len()
            ));
        }
        let scores = [leads, &[rows, columns]].concat();
        if let Some(added) = added
            && broadcast(&scores, added)? != scores
        {
            return Err(format!(
                "was given a mask {added:?} for scores {scores:?}, which it doesn't fit"
            ));
        }
        let mut y = q.to_vec();
        y[rank - 1] = v[rank - 1];
        Ok(y)
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let added = (inputs.len() > 3).then(|| inputs.remove(3));
        let keys = inputs[1].shape[shape.len() - 2];
        let added = added.map(|added| {
            let added = l.natural(added);
            let mut scores = shape.to_vec();
            scores[shape.len() - 1] = keys;
            let view = l.p.view(added.id, &aligned(&added.shape, &scores));
            let ty = Type::shared(&scores).with_sample(l.p.ty(view).sample);
            let all = l.p.broadcast(view, ty);
            l.p.view(all, &matrices(&scores))
        });
        let parts: Vec<Id> = inputs
            .into_iter()
            .map(|x| {
                let x = l.natural(x);
                let all = matrices(&x.shape);
                l.p.view(x.id, &all)
            })
            .collect();
        let keys = l.p.permuted(parts[1], &[0, 2, 1]);
        let width = l.p.ty(keys).shape[1] as f64;
        let how = Weighing {
            scale: self.scale.unwrap_or(1.0 / width.sqrt()),
            causal: self.causal,
            mask: self.mask.as_deref(),
            added,
        };
        let y = l.attended(parts[0], keys, parts[2], &how)?;
        Ok(l.shaped(y, shape))
    }
}
