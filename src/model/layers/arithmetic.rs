//! Several inputs combined element by element, broadcast as numpy does.

use super::kind::Kind;
use crate::model::lower::combine::Pair;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::scalar::extreme;
use crate::model::lower::value::Value;
use crate::model::primitive::expression::{Expression, Unary};
use crate::model::shape::arrange::broadcast;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// How many inputs such a layer takes.
#[derive(PartialEq)]
enum Inputs {
    /// One or more, combined from the left.
    Any,
    /// Two.
    Two,
}

fn combined(given: &Given<'_>, inputs: &Inputs) -> Shape {
    let (first, rest) = given.inputs.split_first().ok_or("has no inputs")?;
    if *inputs == Inputs::Two && rest.len() != 1 {
        return Err("needs exactly two inputs".into());
    }
    rest.iter()
        .try_fold(first.to_vec(), |a, b| broadcast(&a, b))
}

/// A kind of layer that combines its inputs pair by pair.
macro_rules! pairs {
    ($($(#[$doc:meta])* $name:ident, $inputs:ident, $pair:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            pub struct $name {}

            impl Kind for $name {
                fn shape(&self, given: &Given<'_>) -> Shape {
                    combined(given, &Inputs::$inputs)
                }

                fn lower(
                    &self,
                    l: &mut Lowering<'_>,
                    inputs: Vec<Value>,
                    shape: &[usize],
                ) -> Lower<Value> {
                    let pair: Pair = $pair;
                    Ok(l.combined(inputs, pair, shape))
                }
            }
        )*
    };
}

/// x/y
fn quotient(e: &mut Expression, x: usize, y: usize) -> usize {
    let inverse = e.unary(Unary::Recip, y);
    e.mul(x, inverse)
}

pairs! {
    /// Sum of all inputs.
    Add, Any, Expression::add;
    /// Product of all inputs.
    Multiply, Any, Expression::mul;
    /// The first input less the second.
    Subtract, Two, Expression::sub;
    /// The first input over the second.
    Divide, Two, quotient;
    /// The larger of two inputs, half of the slope each where they are equal: `torch.maximum`.
    Maximum, Two, |e, x, y| extreme(e, x, y, true);
    /// The smaller of two inputs, half of the slope each where they are equal: `torch.minimum`.
    Minimum, Two, |e, x, y| extreme(e, x, y, false);
}
