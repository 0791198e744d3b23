//! Rotary position embedding.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::primitive::expression::Binary;
use crate::model::shape::given::{Given, Shape, axis};
use serde::{Deserialize, Serialize};

/// Pairs of numbers along the last axis turned by angles that grow with the position (Su et al. 2021, section 3.2):
/// pair i of token t by t · base^(−2i/width).
///
/// Pairs are neighbours (`interleaved`, as in RoFormer and GPT-J) or lie half a width apart (as in GPT-NeoX, LLaMA and
/// `transformers`' `rotate_half`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rope {
    /// The axis that counts the tokens.
    pub axis: usize,
    /// The base of the angles.
    #[serde(default = "usual_base")]
    pub base: f64,
    /// Pairs are neighbours.
    #[serde(default)]
    pub interleaved: bool,
    /// How many numbers of the last axis are turned, an even number; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// The position of the first token.
    #[serde(default)]
    pub offset: usize,
}

fn usual_base() -> f64 {
    10_000.0
}

impl Rope {
    /// The other of a number's pair, the number of the pair, and the sign with which the other comes in.
    fn partner(&self, d: usize, width: usize) -> (usize, usize, f64) {
        let half = width / 2;
        match (self.interleaved, d) {
            (true, d) if d % 2 == 0 => (d + 1, d / 2, -1.0),
            (true, d) => (d - 1, d / 2, 1.0),
            (false, d) if d < half => (d + half, d, -1.0),
            (false, d) => (d - half, d - half, 1.0),
        }
    }
}

impl Kind for Rope {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let at = axis(x, self.axis)?;
        let last = x.len() - 1;
        let width = self.width.unwrap_or(x[last]);
        if at == last || !width.is_multiple_of(2) || width > x[last] {
            return Err(format!(
                "was given {x:?} to turn {width} numbers of the last axis by the place along axis {}, expected an even number of an axis after it",
                self.axis
            ));
        }
        Ok(x.to_vec())
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        let (at, last) = (self.axis - 1, shape.len() - 1);
        let width = self.width.unwrap_or(shape[last]);
        let (tokens, all) = (shape[at], shape[last]);
        let mut order: Vec<usize> = (0..all).collect();
        let (mut cosines, mut sines) = (Vec::new(), Vec::new());
        for token in 0..tokens {
            for (d, from) in order.iter_mut().enumerate() {
                if d >= width {
                    cosines.push(1.0);
                    sines.push(0.0);
                    continue;
                }
                let (other, pair, sign) = self.partner(d, width);
                *from = other;
                let share = 2.0 * pair as f64 / width as f64;
                let angle = (token + self.offset) as f64 * self.base.powf(-share);
                cosines.push(angle.cos());
                sines.push(sign * angle.sin());
            }
        }
        let mut own = vec![1; shape.len()];
        (own[at], own[last]) = (tokens, all);
        let (cosines, sines) = (l.constant(cosines, &own), l.constant(sines, &own));
        let turned = l.moved_along(x.id, last, &order);
        let kept = l.p.binary(Binary::Mul, x.id, cosines);
        let turned = l.p.binary(Binary::Mul, turned, sines);
        Ok(Value::new(l.p.binary(Binary::Add, kept, turned), shape))
    }
}
