//! Local response normalisation.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering, bounded};
use crate::model::lower::scalar::power;
use crate::model::lower::value::Value;
use crate::model::primitive::expression::Binary;
use crate::model::shape::given::{Given, Shape, channels};
use serde::{Deserialize, Serialize};

/// x/(k + α/n Σ x²)^β, the sum over n neighbouring channels: `torch.nn.LocalResponseNorm` (Krizhevsky et al. 2012,
/// section 3.3, there without 1/n).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LocalResponseNorm {
    /// n
    pub size: usize,
    /// α
    pub alpha: f64,
    /// β
    pub beta: f64,
    /// k
    pub k: f64,
}

impl Kind for LocalResponseNorm {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        channels(x, None)?;
        if self.size == 0 {
            return Err("has size 0, expected at least one channel".into());
        }
        Ok(x.to_vec())
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.channels_last(x);
        let channels = l.p.ty(x.id).shape[1];
        bounded(channels.checked_mul(channels))?;
        let square = l.p.binary(Binary::Mul, x.id, x.id);
        let (before, after) = (self.size / 2, (self.size - 1) / 2);
        let share = self.alpha / self.size as f64;
        let band = (0..channels * channels).map(|i| {
            let (to, from) = (i / channels, i % channels);
            let near = from + before >= to && from <= to + after;
            if near { share } else { 0.0 }
        });
        let band = l.constant(band, &[channels, channels]);
        let sum = l.linear(square, band, None);
        let (k, beta) = (self.k, self.beta);
        let scale = l.p.apply(sum, |e, x| {
            let k = e.constant(k);
            let x = e.add(k, x);
            power(e, x, -beta)
        });
        Ok(Value::last(l.p.binary(Binary::Mul, x.id, scale), shape))
    }
}
