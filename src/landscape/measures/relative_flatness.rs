//! Relative flatness: the curvature in a layer's weights, weighed by how long these are.

use super::entry::{Entry, Group, Row};
use super::found::{Found, Value, rows};
use super::measuring::Measuring;
use crate::error::{Error, Result};
use crate::landscape::curvature::vector::{Running, dot, generator, rademacher};
use crate::landscape::definitions::{Definition, source};
use crate::landscape::objective::Objective;
use crate::model::params::Params;
use crate::model::role::Role;
use rand_chacha::ChaCha8Rng;

/// κ
pub const RELATIVE_FLATNESS: Definition = Definition {
    name: "Relative flatness",
    formula: "κ_Tr = Σ_{s,s'} ⟨w_s, w_{s'}⟩ tr H_{s,s'},  w_s the rows of a layer's weight, H_{s,s'} the Hessian's block of two rows",
    unit: "nats",
    meaning: "Small where the layer's weights are flat in proportion to their length, which a rescaling of layers leaves unchanged. Of a fully connected layer; of a network of its last one. From random vectors V = W r qᵀ with r, q of signs: κ = E V:H V; ± is the standard error",
    sources: &[source("Petzka et al. 2021", "definition 3", "2001.00939")],
};

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "relative-flatness",
    name: RELATIVE_FLATNESS.name,
    group: Group::Flatness,
    definitions: &[&RELATIVE_FLATNESS],
    made: "Here of the last fully connected layer, from 100 random vectors.",
    needs: &[],
    usual: false,
    whole: "",
    rows: &[Row::new(
        "relative_flatness",
        "Relative flatness κ",
        &RELATIVE_FLATNESS,
    )],
    begin: |spot, settings| {
        let mut work = RelativeFlatness::new(&spot.theta, settings.probes, settings.seed)?;
        Ok(Measuring::told(
            RELATIVE_FLATNESS.name,
            settings.probes,
            move |objective| {
                if !work.step(objective)? {
                    return Ok(None);
                }
                let (mean, error) = work.estimate();
                Ok(Some(Found::Rows(vec![Some(Value::so_far(mean, error))])))
            },
        ))
    },
    read: rows,
};

/// The signs of a seed are other than those of other measures.
const STREAM: u64 = 22;

/// A running estimate of a layer's relative flatness, advanced by [`RelativeFlatness::step`].
#[derive(Debug, Clone)]
pub struct RelativeFlatness {
    point: Vec<f64>,
    /// Where the weight's values begin.
    offset: usize,
    /// Outputs and inputs.
    extents: [usize; 2],
    /// Whether the outputs are the first axis.
    by_rows: bool,
    probes: usize,
    rng: ChaCha8Rng,
    values: Running,
}

impl RelativeFlatness {
    /// Of the last weight of two axes among the trained tensors of `theta`.
    ///
    /// # Errors
    /// Where there is none.
    pub fn new(theta: &Params, probes: usize, seed: u64) -> Result<Self> {
        let mut found = None;
        let mut offset = 0;
        for (spec, values) in theta.trainable() {
            if let (
                &[first, second],
                Role::Trainable {
                    output_axis: Some(axis),
                },
            ) = (spec.shape.as_slice(), spec.role)
            {
                let by_rows = axis == 0;
                let extents = if by_rows {
                    [first, second]
                } else {
                    [second, first]
                };
                found = Some((offset, extents, by_rows));
            }
            offset += values.len();
        }
        let Some((offset, extents, by_rows)) = found else {
            return Err(Error::Slice(
                "relative flatness is of fully connected layers, whose weight has two axes: there is none here".into(),
            ));
        };
        Ok(Self {
            point: theta.flatten(),
            offset,
            extents,
            by_rows,
            probes,
            rng: generator(seed, STREAM),
            values: Running::default(),
        })
    }

    /// κ so far, and its standard error.
    pub fn estimate(&self) -> (f64, f64) {
        (self.values.mean(), self.values.standard_error())
    }

    /// One product more; false after the last.
    ///
    /// # Errors
    /// Where the objective fails.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<bool> {
        if self.values.count() >= self.probes {
            return Ok(false);
        }
        let [outputs, inputs] = self.extents;
        let place = |s: usize, t: usize| {
            let index = if self.by_rows {
                s * inputs + t
            } else {
                t * outputs + s
            };
            self.offset + index
        };
        let across = rademacher(inputs, &mut self.rng);
        let along = rademacher(inputs, &mut self.rng);
        let mut probe = vec![0.0; self.point.len()];
        for s in 0..outputs {
            let sum: f64 = (0..inputs)
                .map(|k| self.point[place(s, k)] * across[k])
                .sum();
            for t in 0..inputs {
                probe[place(s, t)] = sum * along[t];
            }
        }
        let product = objective.hessian_vector(&self.point, &probe)?;
        self.values.add(dot(&probe, &product));
        Ok(true)
    }
}
