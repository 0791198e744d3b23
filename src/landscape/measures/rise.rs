//! What the sharpnesses that are rises of the loss have in common.

use super::entry::{Entry, Group, Row};
use super::found::{Found, Value};
use super::measuring::Measuring;
use super::spot::{Settings, Spot};
use crate::error::{Error, Result};
use crate::landscape::definitions::Definition;
use crate::landscape::sharpness::other::{Measure, Measurement};
use crate::model::params::Params;

/// How far a sharpness of another paper looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    /// ρ
    pub rho: f64,
    /// Draws of an average.
    pub draws: usize,
    /// Steps of the adaptive worst case.
    pub ascent_steps: usize,
    /// Seed of the draws.
    pub seed: u64,
}

impl Settings {
    /// How far the sharpnesses with a ρ look.
    pub fn reach(&self) -> Reach {
        Reach {
            rho: self.rho,
            draws: self.draws,
            ascent_steps: self.iterations,
            seed: self.seed,
        }
    }
}

/// The entry of one of them.
pub const fn entry(
    key: &'static str,
    definitions: &'static [&'static Definition],
    rows: &'static [Row],
    begin: fn(Spot, &Settings) -> Result<Measuring>,
) -> Entry {
    Entry {
        key,
        name: definitions[0].name,
        group: Group::Sharpness,
        definitions,
        made: "Here over the training samples.",
        needs: &[],
        usual: true,
        whole: "",
        rows,
        begin,
        read: |found| match found {
            Found::Rise(rise) => {
                let error = rise.standard_error.unwrap_or(0.0);
                vec![Some(Value::so_far(rise.rise, error))]
            }
            _ => Vec::new(),
        },
    }
}

/// A sharpness other than φ; its first step is the gradient at the point.
pub fn measuring(measure: Measure, theta: Params, reach: Reach) -> Measuring {
    let steps = match measure {
        Measure::AdaptiveWorst => reach.ascent_steps,
        _ => reach.draws,
    };
    let total = match measure {
        Measure::Sam | Measure::Asam => 1,
        _ => steps,
    };
    let mut work: Option<Measurement> = None;
    Measuring::new(
        measure.describe(),
        "step",
        total,
        move |objective, count| {
            let Some(work) = &mut work else {
                let origin = objective.gradient(&theta.flatten())?;
                if !origin.0.is_finite() {
                    return Err(Error::Slice("the loss isn't finite here".into()));
                }
                let Reach { rho, seed, .. } = reach;
                work = Some(Measurement::new(measure, &theta, origin, rho, steps, seed)?);
                return Ok(Some(None));
            };
            if !work.step(objective)? {
                return Ok(None);
            }
            count.done += 1;
            Ok(Some(work.result().map(Found::Rise)))
        },
    )
}
