//! Keskar et al.'s sharpness: how far the loss rises within a small box.

use super::entry::{Entry, Group, Row};
use super::found::{Found, Value, rows};
use super::measuring::Measuring;
use crate::landscape::definitions::{Definition, source};
use crate::landscape::sharpness::curve::{Advance, Curve};
use crate::landscape::sharpness::region::Region;
use crate::landscape::sharpness::search::{Effort, Method, Search};
use std::sync::Arc;

/// Keskar et al.'s sharpness.
pub const PHI: Definition = Definition {
    name: "Sharpness φ",
    formula: "φ(ε, A) = 100 · (max over z in C of f(θ + A z) − f(θ)) / (1 + f(θ)),  C = { z : |zᵢ| ≤ ε (|(A⁺θ)ᵢ| + 1) }",
    unit: "percent of 1 + f(θ)",
    meaning: "How far the loss rises in a small box around θ, in full space (A = I) or along random directions (the columns of A). A lower bound: no method finds the true maximum. It changes when layers are rescaled without changing the function (Dinh et al. 2017); the adaptive sharpnesses don't",
    sources: &[source(
        "Keskar et al. 2017",
        "metric 2.1, equations 3 and 4",
        "1609.04836",
    )],
};

/// The entry. The window draws it along ε instead, by [`along`].
pub const ENTRY: Entry = Entry {
    key: "phi",
    name: PHI.name,
    group: Group::Sharpness,
    definitions: &[&PHI],
    made: "Here in full space, by projected sign-gradient ascent over the training samples.",
    needs: &[],
    usual: true,
    whole: "",
    rows: &[Row::new("phi", "φ", &PHI).unit("%")],
    begin: |spot, settings| {
        let region = Arc::new(Region::of_network(&spot.theta));
        let effort = Effort {
            methods: vec![Method::Sign],
            iterations: settings.iterations,
            restarts: settings.restarts,
            seed: settings.seed,
            floor: false,
        };
        let mut search = Search::new(region, settings.epsilon, effort, None)?;
        let total = search.expected_gradients();
        Ok(Measuring::new(
            PHI.name,
            "gradient",
            total,
            move |objective, count| {
                if !search.step(objective)? {
                    return Ok(None);
                }
                count.done = search.gradients();
                let phi = search.result().map(|found| Value::so_far(found.phi, 0.0));
                Ok(Some(phi.map(|phi| Found::Rows(vec![Some(phi)]))))
            },
        ))
    },
    read: rows,
};

/// φ at the ε of a curve.
pub fn along(mut curve: Curve) -> Measuring {
    let total = curve.epsilons().len();
    Measuring::new(
        "sharpness along ε",
        "point",
        total,
        move |objective, count| {
            Ok(match curve.step(objective)? {
                Advance::Done => None,
                Advance::Working => Some(None),
                Advance::Point(point) => {
                    count.done += 1;
                    let worst = curve.worst().unwrap_or_default().to_vec();
                    Some(Some(Found::Phi(point, worst)))
                }
            })
        },
    )
}

/// ε of a curve: four a decade from 1e-5 to 1e-1, so that the decades are among them.
pub fn epsilons() -> Vec<f64> {
    (0..=16)
        .map(|i| 10_f64.powf(-5.0 + f64::from(i) / 4.0))
        .collect()
}

/// Steps at each ε of a curve, which starts from the worst point of the ε before.
pub const CURVE_ITERATIONS: usize = 2;
