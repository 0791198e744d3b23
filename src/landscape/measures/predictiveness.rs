//! Gradient predictiveness: how far along itself a gradient stays what it is.

use super::entry::{Entry, Group, Need, Row};
use super::found::{Found, Value, rows};
use super::measuring::Measuring;
use crate::error::Error;
use crate::landscape::curvature::variation::{Variation, VariationPoint};
use crate::landscape::definitions::{Definition, source};

/// ‖∇f(θ − η g) − g‖
pub const PREDICTIVENESS: Definition = Definition {
    name: "Gradient predictiveness",
    formula: "max ‖∇f(θ + t d) − ∇f(θ)‖ over steps t;  d = −∇f(θ), t from η/2 to 4 η, or d = θ' − θ, t from 1/8 to 1",
    unit: "nats per unit of the weights",
    meaning: "How much the gradient changes within the reach of a step, or on the way to another minimizer: small where it can be trusted",
    sources: &[source(
        "Santurkar et al. 2018",
        "section 3.1 and figure 4",
        "1805.11604",
    )],
};

/// The largest ‖∇f(θ + t d) − ∇f(θ)‖/‖t d‖
pub const SMOOTHNESS: Definition = Definition {
    name: "Effective smoothness",
    formula: "max ‖∇f(θ + t d) − ∇f(θ)‖/‖t d‖ over the same steps",
    unit: "nats per squared unit of the weights",
    meaning: "The change of the gradient per distance: a lower bound of its Lipschitz constant there",
    sources: PREDICTIVENESS.sources,
};

/// The smallest cosine of the angle between ∇f(θ + t d) and ∇f(θ)
pub const TURN: Definition = Definition {
    name: "Cosine of the gradients",
    formula: "min cos(∇f(θ + t d), ∇f(θ)) over the same steps",
    unit: "none",
    meaning: "1 where the gradient keeps its direction, −1 where it turns back",
    sources: &[],
};

/// The numbers along one direction.
pub const ROWS: [Row; 3] = [
    Row::new("gradient_change", "Change of the gradient", &PREDICTIVENESS),
    Row::new("effective_smoothness", "Effective smoothness", &SMOOTHNESS),
    Row::new("gradient_cosine", "Least cosine", &TURN),
];

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "predictiveness",
    name: PREDICTIVENESS.name,
    group: Group::Stability,
    definitions: &[&PREDICTIVENESS, &SMOOTHNESS, &TURN],
    made: "Here along the gradient, at eight steps.",
    needs: &[Need::LearningRate],
    usual: false,
    whole: "",
    rows: &ROWS,
    begin: |spot, settings| {
        let Some(rate) = settings.learning_rate else {
            return Err(Error::Usage(Need::LearningRate.missing().into()));
        };
        let steps = (1..=STEPS).map(|i| 0.5 * rate * i as f64).collect();
        Ok(measuring(Variation::new(spot.theta.flatten(), steps)))
    },
    read: rows,
};

/// Steps along a direction: from η/2 to 4 η as in the paper.
pub const STEPS: usize = 8;

/// The steps of a variation as rows.
pub fn measuring(mut work: Variation) -> Measuring {
    let mut points: Vec<VariationPoint> = Vec::new();
    Measuring::told(PREDICTIVENESS.name, STEPS, move |objective| {
        let Some(point) = work.step(objective)? else {
            return Ok(None);
        };
        points.push(point);
        let finite = || points.iter().filter(|point| point.is_finite());
        if finite().count() == 0 {
            return Ok(Some(Found::Rows(vec![None; 3])));
        }
        let most =
            |of: fn(&VariationPoint) -> f64| finite().map(of).fold(f64::NEG_INFINITY, f64::max);
        let values = [
            most(|p| p.gradient_change),
            most(|p| p.smoothness),
            -most(|p| -p.cosine),
        ];
        Ok(Some(Found::Rows(
            values.map(|v| Some(Value::so_far(v, 0.0))).to_vec(),
        )))
    })
}
