//! Softmax cross-entropy, of a sample or of each of its positions.
//!
//! As `torch.nn.CrossEntropyLoss`: of position i with label y the loss is
//! (1 − ε) w_y (−ln p_y) + ε/C Σ_c w_c (−ln p_c), and the mean divides the sum by Σ w_y over the positions
//! that aren't ignored. The accuracy counts each of those once, whatever its weight.

use super::criterion::{Criterion, Given, same_but_ones};
use super::score::{Score, Totals};
use crate::dataset::{IGNORED, Samples, Targets};
use crate::model::primitive::expression::Binary;
use crate::model::primitive::expression::Unary;
use crate::model::program::{Id, Program};
use serde::{Deserialize, Serialize};

/// The label that PyTorch ignores unless told otherwise.
pub const PYTORCH_IGNORED: i64 = -100;

/// Softmax cross-entropy in nats, over the classes along one axis of the outputs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossEntropy {
    /// ε in [0, 1]: the share of every target that is spread over all classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_smoothing: Option<f64>,
    /// w: a weight for each class; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// The label of positions that don't count: a class, or −100. Absent: all count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<i64>,
    /// Which axis counts the classes, from 0 at the batch axis. Absent: the last of `[tokens, classes]`,
    /// else the first, as of `[classes, height, width]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub axis: Option<usize>,
}

impl CrossEntropy {
    /// Extents before, along and after the axis of the classes.
    fn parts(&self, output: &[usize]) -> Option<[usize; 3]> {
        let axis = self.class_axis(output)?;
        let outer = output[..axis].iter().product();
        let inner = output[axis + 1..].iter().product();
        Some([outer, output[axis], inner])
    }

    /// The axis of the classes within a sample.
    fn class_axis(&self, output: &[usize]) -> Option<usize> {
        let axis = match self.axis {
            Some(axis) => axis.checked_sub(1)?,
            None => usize::from(output.len() == 2),
        };
        (axis < output.len()).then_some(axis)
    }

    /// The shape of the labels that outputs ask for.
    pub(super) fn labels_of(&self, output: &[usize]) -> Vec<usize> {
        let mut shape = output.to_vec();
        if let Some(axis) = self.class_axis(output) {
            shape.remove(axis);
        }
        shape
    }

    /// Whether a label counts nowhere.
    fn ignores(&self, label: u32) -> bool {
        match self.ignore {
            Some(PYTORCH_IGNORED) => label == IGNORED,
            Some(ignored) => i64::from(label) == ignored && label != IGNORED,
            None => false,
        }
    }
}

impl Criterion for CrossEntropy {
    fn check(&self, output: &[usize], _: &[usize]) -> Result<(), String> {
        let classes = match self.parts(output) {
            Some([_, classes, _]) if classes >= 2 => classes,
            _ => {
                return Err(match self.axis {
                    None => format!(
                        "ends in {output:?}, but cross-entropy needs one axis of two or more outputs"
                    ),
                    Some(axis) => format!(
                        "ends in {output:?}, but cross-entropy needs two or more outputs along axis {axis} (counted from 0 at the batch axis)"
                    ),
                });
            }
        };
        if let Some(weights) = &self.weights {
            if weights.len() != classes {
                return Err(format!(
                    "has {classes} classes, but the loss has {} class weights",
                    weights.len()
                ));
            }
            if let Some(wrong) = weights.iter().find(|w| !w.is_finite() || **w < 0.0) {
                return Err(format!(
                    "has a loss with the class weight {wrong}; weights are 0 or more"
                ));
            }
        }
        match self.label_smoothing {
            Some(smoothing) if !(0.0..=1.0).contains(&smoothing) => Err(format!(
                "has a loss with label smoothing {smoothing}, which should lie between 0 and 1"
            )),
            _ => Ok(()),
        }
    }

    fn fits(&self, output: &[usize], samples: &Samples) -> Result<(), String> {
        let Targets::Classes(labels) = &samples.targets else {
            return Err(
                "the targets of the data are numbers, but cross-entropy takes classes; choose --loss mean-squared-error, or save y as integers".into(),
            );
        };
        let (wanted, found) = (self.labels_of(output), &samples.target_shape);
        if !same_but_ones(&wanted, found) {
            return Err(format!(
                "the data's labels have shape {found:?} a sample, but outputs of shape {output:?} with classes along axis {} need labels of shape {wanted:?}; --loss cross-entropy:axis=N names another axis",
                self.class_axis(output).map_or(0, |axis| axis + 1)
            ));
        }
        let classes = self.parts(output).map_or(0, |[_, classes, _]| classes);
        let wrong = |label: &u32| *label as usize >= classes && !self.ignores(*label);
        let Some(at) = labels.iter().position(wrong) else {
            return Ok(());
        };
        let sample = at / samples.targets_each();
        Err(match labels[at] {
            IGNORED => format!(
                "sample {sample} has the label -100, which this loss doesn't ignore; choose --loss cross-entropy:ignore=-100"
            ),
            label => format!(
                "sample {sample} has label {label}, but the model has {classes} outputs for classes 0 to {}; a label that doesn't count is named by --loss cross-entropy:ignore={label}",
                classes.saturating_sub(1)
            ),
        })
    }

    fn lower(&self, given: &mut Given<'_>) -> [Id; 2] {
        let [outer, classes, inner] = self.parts(given.shape).unwrap_or([1, given.size(), 1]);
        let positions = outer * inner;
        let label = given.targets(positions);
        let label = given.p.view(label, &[positions, 1]);
        let rows = {
            let p = &mut *given.p;
            let turned = if inner == 1 {
                given.outputs
            } else {
                let parts = p.view(given.outputs, &[outer, classes, inner]);
                p.permuted(parts, &[0, 2, 1])
            };
            p.view(turned, &[positions, classes])
        };
        let (sum, shifted) = log_sum(given.p, rows);
        let chosen = chosen(given, classes, label);
        let own = picked(given.p, chosen, shifted);
        let mut each = given.p.binary(Binary::Sub, sum, own);
        if let Some(weights) = &self.weights {
            let weights = given.constant(weights.iter().copied(), &[1, classes]);
            let weight = picked(given.p, chosen, weights);
            each = given.p.binary(Binary::Mul, each, weight);
        }
        if let Some(smoothing) = self.label_smoothing.filter(|s| *s > 0.0) {
            let share = smoothing / classes as f64;
            let weight = |c: usize| self.weights.as_ref().map_or(1.0, |w| w[c]);
            let shares = given.constant((0..classes).map(|c| share * weight(c)), &[1, classes]);
            let p = &mut *given.p;
            let surprises = p.binary(Binary::Sub, sum, shifted);
            let spread = p.binary(Binary::Mul, surprises, shares);
            let spread = p.total(spread, &[1]);
            let hard = p.affine(each, 1.0 - smoothing, 0.0);
            each = p.binary(Binary::Add, hard, spread);
        }
        let mut right = is_first_largest(given, rows, label, chosen);
        if let Some(ignored) = self.ignore {
            // A label beyond the classes chooses none of them.
            let counts = (0..classes).map(|c| f64::from(u8::from(c as i64 != ignored)));
            let counts = given.constant(counts, &[1, classes]);
            let counts = picked(given.p, chosen, counts);
            [each, right] = [each, right].map(|v| given.p.binary(Binary::Where, counts, v));
        }
        [each, right].map(|v| given.p.total(v, &[0]))
    }

    fn totals(&self, samples: &Samples) -> Totals {
        let (mut weight, mut count) = (0.0, 0.0);
        if let Targets::Classes(labels) = &samples.targets {
            for &label in labels.iter().filter(|label| !self.ignores(**label)) {
                let own = self.weights.as_ref().map(|w| w.get(label as usize));
                weight += own.map_or(1.0, |w| w.copied().unwrap_or(0.0));
                count += 1.0;
            }
        }
        Totals {
            weight,
            second: count,
            score: Score::Accuracy,
        }
    }

    fn score(&self) -> Score {
        Score::Accuracy
    }

    fn describe(&self) -> String {
        let mut words = "softmax cross-entropy".to_owned();
        if let Some(smoothing) = self.label_smoothing {
            words += &format!(", label smoothing {smoothing}");
        }
        if let Some(weights) = &self.weights {
            let weights: Vec<String> = weights.iter().map(f64::to_string).collect();
            words += &format!(", class weights {}", weights.join(" "));
        }
        if let Some(ignored) = self.ignore {
            words += &format!(", label {ignored} ignored");
        }
        if let Some(axis) = self.axis {
            words += &format!(", classes along axis {axis}");
        }
        words
    }
}

/// 1 where a class's number is the label: `[positions, classes]`.
fn chosen(given: &mut Given<'_>, classes: usize, label: Id) -> Id {
    let numbers = given.constant((0..classes).map(|i| i as f64), &[1, classes]);
    given.p.binary(Binary::Equal, numbers, label)
}

/// The chosen of each row, `[positions, 1]`; 0 where none is.
fn picked(p: &mut Program, chosen: Id, values: Id) -> Id {
    let own = p.binary(Binary::Where, chosen, values);
    p.total(own, &[1])
}

/// Of rows of logits, `[positions, classes]`: ln Σ e^(z−m), `[positions, 1]`, and z − m, m the largest of a
/// row.
///
/// ln Σ e^(z−m) = ln(1 + (Σ e^(z−m) − 1)), where the ones of the largest are taken out of the sum one by
/// one: a sure answer's loss, far below 1, keeps its digits.
pub(super) fn log_sum(p: &mut Program, rows: Id) -> (Id, Id) {
    let most = p.most(rows, &[1]);
    let shifted = p.binary(Binary::Sub, rows, most);
    let rest = p.apply(shifted, |e, x| {
        let zero = e.constant(0.0);
        let power = e.unary(Unary::Exp, x);
        let is_most = e.binary(Binary::Equal, x, zero);
        e.sub(power, is_most)
    });
    let rest = p.total(rest, &[1]);
    let ties = p.apply(shifted, |e, x| {
        let zero = e.constant(0.0);
        e.binary(Binary::Equal, x, zero)
    });
    let ties = p.total(ties, &[1]);
    let ties = p.affine(ties, 1.0, -1.0);
    let rest = p.binary(Binary::Add, rest, ties);
    (p.unary(Unary::Ln1p, rest), shifted)
}

/// 1 where the first of a row's largest is the label's.
fn is_first_largest(given: &mut Given<'_>, rows: Id, label: Id, chosen: Id) -> Id {
    let classes = given.p.ty(rows).shape[1];
    let numbers = given.constant((0..classes).map(|i| i as f64), &[1, classes]);
    let p = &mut *given.p;
    let own = picked(p, chosen, rows);
    let above = p.binary(Binary::Greater, rows, own);
    let level = p.binary(Binary::Equal, rows, own);
    let earlier = p.binary(Binary::Greater, label, numbers);
    let before = p.binary(Binary::Mul, level, earlier);
    let better = p.binary(Binary::Add, above, before);
    let better = p.total(better, &[1]);
    let best = p.apply(better, |e, x| {
        let zero = e.constant(0.0);
        e.binary(Binary::Equal, x, zero)
    });
    // NaN equals nothing, not even itself; a row with one has no largest.
    let known = p.binary(Binary::Equal, rows, rows);
    let known = p.total(known, &[1]);
    let known = p.apply(known, |e, x| {
        let all = e.constant(classes as f64);
        e.binary(Binary::Equal, x, all)
    });
    p.binary(Binary::Mul, best, known)
}
