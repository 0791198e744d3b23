//! The edge of stability: λ_max against 2/η.

use super::entry::{Entry, Group, Need, Row};
use super::found::{Found, Value, rows};
use super::measuring::Measuring;
use crate::error::Error;
use crate::landscape::curvature::lanczos::{Lanczos, LanczosOptions};
use crate::landscape::definitions::{Definition, source};

/// λ_max beside the largest that gradient descent at η bears.
pub const EDGE: Definition = Definition {
    name: "Edge of stability",
    formula: "η λ_max/2, λ_max the largest eigenvalue of H",
    unit: "none",
    meaning: "On a quadratic, gradient descent with the learning rate η diverges where λ_max is above 2/η. Full-batch training raises λ_max until this number is 1 and stays about there; far below 1 the step could be longer. Momentum and adaptive steps have other edges",
    sources: &[source(
        "Cohen et al. 2021",
        "sections 2 and 3",
        "2103.00065",
    )],
};

/// 2/η
pub const LIMIT: Definition = Definition {
    name: "2/η",
    formula: "2/η",
    unit: "nats per squared unit of the weights",
    meaning: "The largest curvature at which gradient descent with the learning rate η doesn't diverge on a quadratic",
    sources: EDGE.sources,
};

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "edge-of-stability",
    name: EDGE.name,
    group: Group::Stability,
    definitions: &[&EDGE, &LIMIT],
    made: "Here λ_max over the training samples in eval mode, to 0.1 %; ± follows from its residual.",
    needs: &[Need::LearningRate, Need::Vectors],
    usual: false,
    whole: "",
    rows: &[
        Row::new("edge", "η λ_max/2", &EDGE),
        Row::new("edge_limit", "2/η", &LIMIT),
    ],
    begin: |spot, settings| {
        let Some(rate) = settings.learning_rate else {
            return Err(Error::Usage(Need::LearningRate.missing().into()));
        };
        let options = LanczosOptions {
            top: 1,
            smallest: false,
            ..settings.lanczos()
        };
        let point = spot.theta.flatten();
        let total = options.most_products.min(point.len());
        let mut work = Lanczos::new(point, options);
        Ok(Measuring::told(EDGE.name, total, move |objective| {
            let found = work.step(objective)?;
            Ok(found.map(|found| {
                let edge = found.top.first().map(|pair| Value {
                    number: 0.5 * rate * pair.value,
                    error: 0.5 * rate * pair.residual,
                    settled: pair.converged,
                });
                Found::Rows(vec![edge, Some(Value::exact(2.0 / rate))])
            }))
        }))
    },
    read: rows,
};
