//! Eigenvectors of the Hessian as directions of a plane.

use super::{pull, rounding};
use crate::engine::Flow;
use crate::engine::inputs::Inputs;
use crate::engine::job::{Setup, SplitChoice};
use crate::engine::recipe::AxisFacts;
use crate::error::{Error, Result};
use crate::landscape::curvature::lanczos::{Lanczos, LanczosOptions};
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::model::params::Params;
use std::sync::Arc;

/// The unit eigenvectors of the two largest eigenvalues at `centre`, and the words for their axes.
///
/// # Errors
/// Where the device fails, or the network has fewer than two parameters.
pub fn eigenvectors(
    inputs: &Inputs,
    setup: &Setup,
    centre: &Params,
) -> Result<(Vec<Params>, Vec<AxisFacts>)> {
    if centre.count() < 2 {
        return Err(Error::Slice(
            "a network of one parameter has no plane of eigenvectors".into(),
        ));
    }
    let (evaluator, _, splits) = inputs.evaluator(setup)?;
    let split = splits
        .first()
        .ok_or_else(|| Error::Usage("no samples to take the Hessian over".into()))?;
    let mut objective = NetworkObjective::new(&evaluator, centre, split, StatisticsMode::Running);
    let options = LanczosOptions {
        top: 2,
        smallest: false,
        seed: setup.seed,
        rounding: rounding(setup.precision),
        ..LanczosOptions::default()
    };
    let mut lanczos = Lanczos::new(centre.flatten(), options);
    let mut latest = None;
    pull(
        || lanczos.step(&mut objective),
        |found| {
            latest = Some(found);
            Flow::Continue
        },
    )?;
    let found = latest.ok_or_else(|| Error::Slice("there is no Hessian here".into()))?;
    let over = match setup.split {
        SplitChoice::Validation => "validation",
        _ => "training",
    };
    let still = Params::zeros(&Arc::clone(centre.layout()));
    let directions = lanczos
        .eigenvectors(2)
        .iter()
        .map(|v| still.with_trainable(v))
        .collect();
    let axes = found.top.iter().enumerate().map(|(i, pair)| AxisFacts {
        label: format!("L2 distance along eigenvector {} (λ = {:.4})", i + 1, pair.value),
        rule: format!(
            "unit eigenvector of the {over} loss' Hessian at the centre, Lanczos to a relative residual of {:.0e} in {} products, seed {}",
            pair.residual / pair.value.abs(),
            found.products,
            setup.seed
        ),
    });
    Ok((directions, axes.collect()))
}
