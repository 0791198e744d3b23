//! Running sums.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::{Value, axis as place};
use crate::model::shape::given::{Given, Shape, axis};
use serde::{Deserialize, Serialize};

/// The sum of all entries of an axis up to each: `torch.cumsum`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CumulativeSum {
    /// The axis.
    pub axis: usize,
}

impl Kind for CumulativeSum {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        axis(x, self.axis).map(|_| x.to_vec())
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        let along = place(&x.shape, self.axis);
        let all = l.p.ty(x.id).shape.clone();
        let extent = all[along];
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.swap(0, along);
        let turned = l.p.permuted(x.id, &order);
        let moved = l.p.ty(turned).shape.clone();
        let others = all.iter().product::<usize>() / extent;
        let rows = l.p.view(turned, &[extent, others]);
        let terms = (0..extent).flat_map(|to| (0..=to).map(move |from| (to, from, 1.0)));
        let sums = l.mixed(rows, terms.collect(), extent)?;
        let sums = l.p.view(sums, &moved);
        // Swapping two axes twice leaves them as they were.
        let y = l.p.permuted(sums, &order);
        Ok(l.shaped(y, shape))
    }
}
