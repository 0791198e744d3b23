//! Functions of one number that have a name of their own and nothing to choose.

use super::kind::Elementwise;
use crate::model::lower::scalar::magnitude;
use crate::model::primitive::expression::{Expression, Unary};
use serde::{Deserialize, Serialize};

/// A kind of layer that is one function.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($e:ident, $x:ident) $body:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            pub struct $name {}

            impl Elementwise for $name {
                fn of(&self, $e: &mut Expression, $x: usize) -> usize {
                    $body
                }
            }
        )*
    };
}

functions! {
    /// −x: `torch.neg`.
    Neg(e, x) e.unary(Unary::Neg, x);
    /// eˣ: `torch.exp`.
    Exp(e, x) e.unary(Unary::Exp, x);
    /// ln x: `torch.log`.
    Log(e, x) e.unary(Unary::Ln, x);
    /// ln(1 + x): `torch.log1p`.
    Log1p(e, x) e.unary(Unary::Ln1p, x);
    /// |x|, slope 0 at 0: `torch.abs`.
    Abs(e, x) magnitude(e, x);
    /// √x: `torch.sqrt`.
    Sqrt(e, x) e.unary(Unary::Sqrt, x);
    /// 1/√x: `torch.rsqrt`.
    Rsqrt(e, x) {
        let root = e.unary(Unary::Sqrt, x);
        e.unary(Unary::Recip, root)
    };
    /// 1/x: `torch.reciprocal`.
    Reciprocal(e, x) e.unary(Unary::Recip, x);
    /// sin x: `torch.sin`.
    Sin(e, x) e.unary(Unary::Sin, x);
    /// cos x: `torch.cos`.
    Cos(e, x) e.unary(Unary::Cos, x);
    /// erf x: `torch.erf`.
    Erf(e, x) e.unary(Unary::Erf, x);
}
