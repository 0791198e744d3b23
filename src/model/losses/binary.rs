//! Binary cross-entropy on logits, one or many a sample.
//!
//! As `torch.nn.BCEWithLogitsLoss`: of a logit z with target t the loss is −t ln σ(z) − (1 − t) ln(1 − σ(z)),
//! and the mean is over all outputs of all samples. The accuracy is the fraction of outputs whose sign is
//! right.

use super::criterion::{Criterion, Given, NO_TARGETS, same_but_ones};
use super::cross_entropy::log_sum;
use super::score::{Score, Totals};
use crate::dataset::{IGNORED, Samples, Targets};
use crate::model::primitive::expression::{Binary, Unary};
use crate::model::primitive::moved::NONE;
use crate::model::program::Id;
use serde::{Deserialize, Serialize};

/// Binary cross-entropy in nats, on each output.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BinaryCrossEntropy {
    /// The smallest label that counts as 1; absent: targets are 0, 1 or between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positive_from: Option<u32>,
}

impl Criterion for BinaryCrossEntropy {
    fn check(&self, output: &[usize], _: &[usize]) -> Result<(), String> {
        match (output.iter().product::<usize>(), self.positive_from) {
            (1, _) => Ok(()),
            (2.., None) => Ok(()),
            (_, Some(_)) => Err(format!(
                "ends in {output:?}, but binary cross-entropy with positive_from needs exactly one output; without it every output has a target of 0 or 1"
            )),
            (_, None) => Err(format!(
                "ends in {output:?}, but binary cross-entropy needs one or more outputs"
            )),
        }
    }

    fn fits(&self, output: &[usize], samples: &Samples) -> Result<(), String> {
        let found = &samples.target_shape;
        if !same_but_ones(output, found) {
            return Err(format!(
                "the data's targets have shape {found:?} a sample, but outputs of shape {output:?} need as many for binary cross-entropy"
            ));
        }
        let each = samples.targets_each();
        match (&samples.targets, self.positive_from) {
            (Targets::Missing(_), _) => Err(NO_TARGETS.into()),
            (Targets::Classes(labels), Some(from)) => {
                match labels.iter().position(|l| *l == IGNORED) {
                    None => Ok(()),
                    Some(at) => Err(format!(
                        "sample {} has the label -100, which is no class, but binary cross-entropy counts labels from {from} up as positive and ignores none; take such samples out of the data",
                        at / each
                    )),
                }
            }
            (Targets::Classes(labels), None) => match labels.iter().position(|l| *l > 1) {
                None => Ok(()),
                Some(at) => Err(format!(
                    "sample {} has label {}, but binary cross-entropy takes 0 and 1; --loss binary-cross-entropy:positive-from=N says from which label up it is 1",
                    at / each,
                    if labels[at] == IGNORED {
                        -100
                    } else {
                        i64::from(labels[at])
                    }
                )),
            },
            (Targets::Values(_), Some(from)) => Err(format!(
                "the targets of the data are numbers, which positive_from = {from} says nothing about; leave it out: --loss binary-cross-entropy"
            )),
            (Targets::Values(values), None) => {
                match values.iter().position(|t| !(0.0..=1.0).contains(t)) {
                    None => Ok(()),
                    Some(at) => Err(format!(
                        "sample {} has the target {}, but binary cross-entropy takes 0 to 1; choose --loss mean-squared-error for other numbers",
                        at / each,
                        values[at]
                    )),
                }
            }
        }
    }

    fn lower(&self, given: &mut Given<'_>) -> [Id; 2] {
        let count = given.size();
        let target = given.targets(count);
        let (numbers, ones) = match self.positive_from {
            Some(_) => (given.constant([0.0, 1.0], &[1, 2]), None),
            None => (
                given.constant([-1.0, 1.0], &[1, 2]),
                Some(given.constant([1.0, 0.0], &[1, 2])),
            ),
        };
        let p = &mut *given.p;
        let target = p.view(target, &[count, 1]);
        let logits = p.view(given.outputs, &[count, 1]);
        // Softmax over 0 and the logit.
        let both = (0..count as u32).flat_map(|i| [NONE, i]).collect();
        let both = p.moved(logits, both, &[count, 2]);
        let (sum, shifted) = log_sum(p, both);
        let (own, positive) = match (self.positive_from, ones) {
            (Some(from), _) => {
                let positive = p.apply(target, |e, label| {
                    let below = e.constant(f64::from(from) - 0.5);
                    e.binary(Binary::Greater, label, below)
                });
                let chosen = p.binary(Binary::Equal, numbers, positive);
                (p.binary(Binary::Where, chosen, shifted), positive)
            }
            (None, ones) => {
                // 1 − t and t; a share of 0 takes nothing, even of what is infinite.
                let turned = p.binary(Binary::Mul, numbers, target);
                let shares = p.added(ones, turned);
                let there = p.binary(Binary::Where, shares, shifted);
                let half = p.apply(target, |e, t| {
                    let half = e.constant(0.5);
                    e.binary(Binary::Greater, t, half)
                });
                (p.binary(Binary::Mul, there, shares), half)
            }
        };
        let own = p.total(own, &[1]);
        let each = p.binary(Binary::Sub, sum, own);
        let says = p.unary(Unary::Step, logits);
        let right = p.binary(Binary::Equal, says, positive);
        // NaN equals nothing, not even itself, and is never right.
        let known = p.binary(Binary::Equal, logits, logits);
        let right = p.binary(Binary::Mul, right, known);
        [each, right].map(|v| p.total(v, &[0]))
    }

    fn totals(&self, samples: &Samples) -> Totals {
        let count = samples.targets.len() as f64;
        Totals {
            weight: count,
            second: count,
            score: Score::Accuracy,
        }
    }

    fn score(&self) -> Score {
        Score::Accuracy
    }

    fn describe(&self) -> String {
        match self.positive_from {
            Some(from) => {
                format!("binary cross-entropy on one logit, labels from {from} up positive")
            }
            None => "binary cross-entropy on every logit".into(),
        }
    }
}
