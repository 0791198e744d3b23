//! Axes added up, averaged, or searched for their largest.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::{Value, natural, places};
use crate::model::primitive::expression::{Binary, Unary};
use crate::model::program::Id;
use crate::model::shape::given::{Given, Shape, reduced};
use serde::{Deserialize, Serialize};

/// A kind of layer that reduces axes.
macro_rules! reductions {
    ($($(#[$doc:meta])* $name:ident, $linear:literal, $reduce:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            pub struct $name {
                /// The axes reduced.
                pub axes: Vec<usize>,
                /// They stay, with one entry.
                #[serde(default)]
                pub keep: bool,
            }

            impl Kind for $name {
                fn shape(&self, given: &Given<'_>) -> Shape {
                    reduced(given.one()?, &self.axes, self.keep)
                }

                fn is_linear_map(&self) -> bool {
                    $linear
                }

                fn lists(&self) -> bool {
                    // An extreme is found along the last axis, to which the others are moved.
                    !$linear
                }

                fn lower(
                    &self,
                    l: &mut Lowering<'_>,
                    mut inputs: Vec<Value>,
                    shape: &[usize],
                ) -> Lower<Value> {
                    let x = inputs.remove(0);
                    let x = l.natural(x);
                    let axes = places(&x.shape, &self.axes);
                    let reduce: fn(&mut Lowering<'_>, Id, &[usize]) -> Id = $reduce;
                    let y = reduce(l, x.id, &axes);
                    Ok(l.shaped(y, shape))
                }
            }
        )*
    };
}

reductions! {
    /// The sum over axes: `torch.sum`.
    Sum, true, |l, x, axes| l.p.total(x, axes);
    /// The mean over axes: `torch.mean`.
    Mean, true, |l, x, axes| l.p.mean(x, axes);
    /// The largest over axes, the first of equal ones: `torch.max` along an axis.
    Max, false, largest;
    /// The smallest over axes, the first of equal ones: `torch.min` along an axis.
    Min, false, |l, x, axes| {
        let minus = l.p.unary(Unary::Neg, x);
        let most = largest(l, minus, axes);
        l.p.unary(Unary::Neg, most)
    };
    /// The largest over axes, an equal share of the slope for each of equal ones: `torch.amax`.
    Amax, false, shared;
    /// The smallest over axes, an equal share of the slope for each of equal ones: `torch.amin`.
    Amin, false, |l, x, axes| {
        let minus = l.p.unary(Unary::Neg, x);
        let most = shared(l, minus, axes);
        l.p.unary(Unary::Neg, most)
    };
}

/// m + Σ (x − m)/n over the n entries that are m, the largest: m in value, and 1/n in slope at each of them.
fn shared(l: &mut Lowering<'_>, x: Id, axes: &[usize]) -> Id {
    let most = l.p.most(x, axes);
    let equal = l.p.binary(Binary::Equal, x, most);
    let count = l.p.total(equal, axes);
    let share = l.p.unary(Unary::Recip, count);
    let rest = l.p.binary(Binary::Sub, x, most);
    let rest = l.p.binary(Binary::Where, equal, rest);
    let rest = l.p.total(rest, axes);
    let rest = l.p.binary(Binary::Mul, rest, share);
    l.p.binary(Binary::Add, most, rest)
}

/// The largest over axes of a value in the program.
fn largest(l: &mut Lowering<'_>, x: Id, axes: &[usize]) -> Id {
    let shape = l.p.ty(x).shape.clone();
    let mut axes = axes.to_vec();
    axes.sort_unstable();
    let rest: Vec<usize> = (0..shape.len()).filter(|a| !axes.contains(a)).collect();
    let order = [&axes[..], &rest[..]].concat();
    let turned = l.p.permuted(x, &order);
    let window: usize = axes.iter().map(|a| shape[*a]).product();
    let others: usize = rest.iter().map(|a| shape[*a]).product();
    let rows = l.p.view(turned, &[window, others]);
    l.p.largest(rows, vec![(0..window as u32).collect()])
}

/// The variance over axes: `torch.var`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variance {
    /// The axes reduced.
    pub axes: Vec<usize>,
    /// They stay, with one entry.
    #[serde(default)]
    pub keep: bool,
    /// What the number of values is lessened by before the sum of squares is divided by it.
    #[serde(default = "bessel")]
    pub correction: usize,
}

fn bessel() -> usize {
    1
}

impl Variance {
    fn count(&self, x: &[usize]) -> usize {
        self.axes.iter().map(|a| x[a - 1]).product()
    }
}

impl Kind for Variance {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let y = reduced(x, &self.axes, self.keep)?;
        let (count, correction) = (self.count(x), self.correction);
        if count <= correction {
            return Err(format!(
                "was given {x:?}, where {count} values less {correction} have no variance"
            ));
        }
        Ok(y)
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        let count = self.count(&x.shape);
        let [_, _, variance] = l.moments(x.id, &places(&x.shape, &self.axes));
        let share = count as f64 / (count - self.correction) as f64;
        let y = l.p.affine(variance, share, 0.0);
        let y = l.p.view(y, &natural(shape));
        Ok(Value::new(y, shape))
    }
}
