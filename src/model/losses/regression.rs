//! What the losses of regressions share: outputs held against numbers of the same shape, or against the
//! input.
//!
//! The mean is over all outputs of all samples; the score is R². A loss says only what one error costs.

use super::criterion::{Given, NO_TARGETS, same_but_ones};
use super::score::{Score, Totals};
use crate::dataset::{Samples, TargetSlice};
use crate::model::lower::scalar;
use crate::model::primitive::expression::Binary;
use crate::model::program::{Id, Program};
use serde::{Deserialize, Serialize};

/// What outputs are held against.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The targets of the data.
    #[default]
    Data,
    /// The inputs: an autoencoder.
    Input,
}

/// As [`super::criterion::Criterion::check`].
pub fn check(target: Option<Target>, output: &[usize], input: &[usize]) -> Result<(), String> {
    let size = |shape: &[usize]| shape.iter().product::<usize>();
    if size(output) == 0 {
        return Err(format!("ends in {output:?}, which holds no output"));
    }
    if target == Some(Target::Input) && size(output) != size(input) {
        return Err(format!(
            "ends in {output:?} but takes {input:?}: an autoencoder's outputs are as many as its inputs; leave target = \"input\" out to take the targets of the data"
        ));
    }
    Ok(())
}

/// As [`super::criterion::Criterion::fits`].
pub fn fits(target: Option<Target>, output: &[usize], samples: &Samples) -> Result<(), String> {
    if target == Some(Target::Input) {
        return Ok(());
    }
    let found = &samples.target_shape;
    match samples.targets.as_slice() {
        TargetSlice::Classes(_) => Err(
            "the targets of the data are classes, but a regression takes numbers; choose --loss cross-entropy, --loss mean-squared-error:target=input for an autoencoder, or save y as floats of the outputs' shape".into(),
        ),
        TargetSlice::Missing(_) => Err(NO_TARGETS.into()),
        TargetSlice::Values(_) if same_but_ones(output, found) => Ok(()),
        TargetSlice::Values(_) => Err(format!(
            "the data's targets have shape {found:?} a sample, but the model's outputs have shape {output:?}"
        )),
    }
}

/// As [`super::criterion::Criterion::lower`]: `cost` makes the cost of every error y − t.
pub fn lower(
    target: Option<Target>,
    given: &mut Given<'_>,
    cost: impl FnOnce(&mut Program, Id) -> Id,
) -> [Id; 2] {
    let count = given.size();
    let wanted = match target.unwrap_or_default() {
        Target::Data => given.targets(count),
        Target::Input => given.p.view(given.input, &[1, count]),
    };
    let p = &mut *given.p;
    let found = p.view(given.outputs, &[1, count]);
    let error = p.binary(Binary::Sub, found, wanted);
    let each = cost(p, error);
    let square = p.binary(Binary::Mul, error, error);
    [each, square].map(|v| p.total(v, &[1]))
}

/// |x|, whose derivative at 0 is 0.
pub fn magnitude(p: &mut Program, x: Id) -> Id {
    p.apply(x, scalar::magnitude)
}

/// x²/2 up to `delta`, then δ(|x| − δ/2) (Huber 1964). The square is of x and not of |x|, whose slope of 0 at 0 would
/// take the curvature away there.
pub fn huber(p: &mut Program, x: Id, delta: f64) -> Id {
    p.apply(x, |e, x| {
        let size = scalar::magnitude(e, x);
        let (end, half, one) = (e.constant(delta), e.constant(0.5), e.constant(1.0));
        let shift = e.constant(-0.5 * delta);
        let inside = e.binary(Binary::Greater, end, size);
        let outside = e.sub(one, inside);
        let square = e.mul(x, x);
        let square = e.mul(half, square);
        let straight = e.add(size, shift);
        let straight = e.mul(end, straight);
        let square = e.binary(Binary::Where, inside, square);
        let straight = e.binary(Binary::Where, outside, straight);
        e.add(square, straight)
    })
}

/// As [`super::criterion::Criterion::totals`].
pub fn totals(target: Option<Target>, samples: &Samples) -> Totals {
    let (values, each) = match target.unwrap_or_default() {
        Target::Data => (samples.targets.as_slice(), samples.targets_each()),
        Target::Input => (TargetSlice::Values(&samples.inputs), samples.width().max(1)),
    };
    let count = values.len();
    let rows = (count / each).max(1) as f64;
    let mut means = vec![0.0; each];
    for i in 0..count {
        means[i % each] += values.at(i);
    }
    for mean in &mut means {
        *mean /= rows;
    }
    let square = |i: usize| (values.at(i) - means[i % each]).powi(2);
    Totals {
        weight: count as f64,
        second: (0..count).map(square).sum(),
        score: Score::R2,
    }
}

/// "mean squared error", "mean squared error to the input".
pub fn describe(target: Option<Target>, words: &str) -> String {
    match target.unwrap_or_default() {
        Target::Data => words.to_owned(),
        Target::Input => format!("{words} to the input"),
    }
}

/// A [`super::criterion::Criterion`] of a struct with a field `target`: the parameters it checks, its cost, its words.
macro_rules! regression {
    ($name:ident, $own:ident, $wrong:expr, $cost:expr, $words:expr) => {
        impl super::criterion::Criterion for $name {
            fn check(&self, output: &[usize], input: &[usize]) -> Result<(), String> {
                let $own = self;
                let _ = $own;
                let wrong: Option<String> = $wrong;
                wrong.map_or_else(|| super::regression::check(self.target, output, input), Err)
            }

            fn needs_targets(&self) -> bool {
                self.target != Some(super::regression::Target::Input)
            }

            fn fits(
                &self,
                output: &[usize],
                samples: &crate::dataset::Samples,
            ) -> Result<(), String> {
                super::regression::fits(self.target, output, samples)
            }

            fn lower(
                &self,
                given: &mut super::criterion::Given<'_>,
            ) -> [crate::model::program::Id; 2] {
                let $own = self;
                let _ = $own;
                super::regression::lower(self.target, given, $cost)
            }

            fn totals(&self, samples: &crate::dataset::Samples) -> super::score::Totals {
                super::regression::totals(self.target, samples)
            }

            fn score(&self) -> super::score::Score {
                super::score::Score::R2
            }

            fn describe(&self) -> String {
                let $own = self;
                let _ = $own;
                super::regression::describe(self.target, &$words)
            }
        }
    };
}
pub(super) use regression;
