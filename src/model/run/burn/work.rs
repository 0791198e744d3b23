//! A prepared program at work: batches of samples outside, points inside.

use super::kind::Kind;
use super::on::{On, Value, flat, read};
use super::plan::Plan;
use super::sums::Sums;
use crate::error::Result;
use crate::model::primitive::Op;
use crate::model::program::Id;
use crate::model::run::backend::{Batch, Kept, Outputs, Prepared, Source, fill};
use crate::model::run::stages::{When, follow};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Most samples of a batch.
const MOST_SAMPLES: usize = 8192;
/// Libraries on the processor are fastest where values stay near its caches.
const NEAR_CACHE: usize = 16 << 20;
/// More points a call bring nothing: one passes after the other.
const MOST_POINTS: usize = 64;
/// Fewer samples at a time leave them idle.
const FEW_SAMPLES: usize = 32;

/// A program ready for a device.
#[derive(Debug)]
pub struct Ready {
    pub plan: Plan,
    pub memory: usize,
    pub on: On,
}

/// Values by step; those not made, or dropped, are absent.
type Values = HashMap<Id, Value>;

/// Values that all points share.
struct Stills {
    /// Those that no sample has: origin, directions, buffers.
    once: OnceLock<Values>,
    /// Those of the samples, by batch.
    batches: Mutex<Vec<Option<Values>>>,
}

/// What a step may read.
struct Seen<'a> {
    once: &'a Values,
    point: &'a Values,
    still: &'a Values,
    own: &'a Values,
}

impl Ready {
    /// Samples of a batch.
    fn batch(&self) -> usize {
        let each = self.plan.alive * self.on.bytes();
        let once = self.plan.numbers[0] * self.on.bytes();
        // A network's own tensors must be there: they leave less, but never nothing.
        let budget = (self.memory / 2)
            .saturating_sub(once)
            .clamp(self.memory / 8, self.memory / 4);
        let few = match self.on.kind {
            Kind::Processor => FEW_SAMPLES.min(budget / each),
            Kind::Graphics | Kind::Software => 1,
        };
        let near = match self.on.kind {
            Kind::Processor => budget.min(NEAR_CACHE),
            Kind::Graphics | Kind::Software => budget,
        };
        (near / each).max(few).clamp(1, MOST_SAMPLES)
    }

    fn do_step(&self, id: Id, seen: &Seen<'_>, rows: usize) -> Value {
        let program = &self.plan.program;
        let step = program.step(id);
        let get = |arg: &Id| {
            let arg = follow(program, *arg);
            [seen.own, seen.still, seen.point, seen.once]
                .into_iter()
                .find_map(|values| values.get(&arg).cloned())
                .expect("a value lives until its last reader")
        };
        let rows = if step.ty.sample { rows } else { 1 };
        let args = step.args.iter().map(get).collect();
        self.plan.kernels[id].run(program, id, args, rows, &self.on)
    }

    /// The shared values of all points, or of one, which are done before all samples.
    fn early(&self, source: &dyn Source, point: Option<usize>, once: &Values) -> Values {
        let mut values = Values::new();
        let moving = point.is_some();
        let none = Values::new();
        for (id, step) in self.plan.program.steps().iter().enumerate() {
            if self.plan.when[id] != (When::Early { moving }) {
                continue;
            }
            let value = if let Op::Leaf(leaf) = &step.op {
                let shape = [1, step.ty.size()];
                let point = point.unwrap_or(0);
                self.on.numbers(shape, |out| fill(source, leaf, point, out))
            } else {
                let seen = Seen {
                    once,
                    point: &none,
                    still: &none,
                    own: &values,
                };
                self.do_step(id, &seen, 1)
            };
            values.insert(id, value);
        }
        values
    }

    /// The leaves of some samples, and what all points share of them.
    fn still(&self, batch: Batch<'_>, samples: &Range<usize>, once: &Values) -> Values {
        let mut values = Values::new();
        let (none, rows) = (Values::new(), samples.len());
        for &(leaf, id) in &self.plan.leaves {
            let size = self.plan.program.ty(id).size();
            let own = samples.start * size..samples.end * size;
            let value = self.on.numbers([rows, size], |out| match leaf {
                0 => out.fill(batch.inputs[own].iter().map(|v| f64::from(*v))),
                1 => out.fill(own.map(|at| batch.targets.at(at))),
                2 => out.fill(
                    samples
                        .clone()
                        .map(|s| batch.weights.map_or(1.0, |weights| weights[s])),
                ),
                _ => out.fill(own.map(|_| 1.0)),
            });
            values.insert(id, value);
        }
        for (id, when) in self.plan.when.iter().enumerate() {
            if !matches!(when, When::Block { moving: false, .. }) {
                continue;
            }
            let seen = Seen {
                once,
                point: &none,
                still: &none,
                own: &values,
            };
            let value = self.do_step(id, &seen, rows);
            values.insert(id, value);
            for gone in &self.plan.frees[id] {
                values.remove(gone);
            }
        }
        values
    }

    /// What a point makes of some samples: the values that are asked for.
    fn moving(&self, rows: usize, once: &Values, point: &Values, still: &Values) -> Values {
        let mut values = Values::new();
        for (id, when) in self.plan.when.iter().enumerate() {
            let mine = match when {
                When::Block { moving, .. } => *moving,
                When::Late { .. } => self.plan.together,
                When::Early { .. } | When::Never => false,
            };
            if !mine {
                continue;
            }
            let seen = Seen {
                once,
                point,
                still,
                own: &values,
            };
            let value = self.do_step(id, &seen, rows);
            values.insert(id, value);
            for gone in &self.plan.frees[id] {
                values.remove(gone);
            }
        }
        values
    }

    /// Shared steps after all batches of a point.
    fn late(&self, sums: &Sums<'_>, first: usize, once: &Values, point: &Values) -> Values {
        let mut values = Values::new();
        for (place, id) in self.plan.summed.iter().enumerate() {
            let size = self.plan.program.ty(*id).size();
            let nothing = || self.on.filled([1, size], 0.0);
            values.insert(*id, sums.value(first + place).unwrap_or_else(nothing));
        }
        let none = Values::new();
        for (id, when) in self.plan.when.iter().enumerate() {
            if !matches!(when, When::Late { .. }) {
                continue;
            }
            let seen = Seen {
                once,
                point,
                still: &none,
                own: &values,
            };
            let value = self.do_step(id, &seen, 1);
            values.insert(id, value);
        }
        values
    }

    /// The outputs of a point, whose sums begin at place `first`.
    fn outputs(
        &self,
        sums: &Sums<'_>,
        first: usize,
        once: &Values,
        point: &Values,
    ) -> Result<Outputs> {
        let plan = &self.plan;
        let late = if plan.together {
            Values::new()
        } else {
            self.late(sums, first, once, point)
        };
        let mut found = Vec::with_capacity(plan.program.outputs.len());
        for (output, id) in plan.program.outputs.iter().enumerate() {
            let id = follow(&plan.program, *id);
            let summed = plan.summed.binary_search(&id).ok();
            found.push(if plan.program.ty(id).sample {
                sums.numbers(first + plan.summed.len() + output)?
            } else if let Some(place) = summed {
                let mut sum = sums.numbers(first + place)?;
                sum.resize(plan.program.ty(id).size(), 0.0);
                sum
            } else {
                let values = [&late, point, once];
                let value = values
                    .into_iter()
                    .find_map(|values| values.get(&id).cloned());
                read(value.into_iter().map(flat).collect())?
            });
        }
        Ok(found)
    }
}

impl Prepared for Ready {
    fn room(&self, together: usize) -> usize {
        let samples = if self.plan.together { together } else { 1 };
        (self.plan.alive * self.on.bytes()).saturating_mul(samples)
    }

    fn fits(&self, together: usize) -> bool {
        self.room(together) <= self.memory / 2
    }

    fn points(&self) -> usize {
        let bytes = self.plan.numbers[1] * self.on.bytes();
        (self.memory / 8 / bytes.max(1)).clamp(1, MOST_POINTS)
    }

    fn keeper(&self, samples: usize, bytes: usize) -> Option<Kept> {
        let taken = (self.plan.still * self.on.bytes()).saturating_mul(samples);
        let fits = taken <= bytes && !self.plan.together;
        let batches = samples.div_ceil(self.batch());
        fits.then(|| {
            Kept::new(Stills {
                once: OnceLock::new(),
                batches: Mutex::new(vec![None; batches]),
            })
        })
    }

    fn run(
        &self,
        source: &dyn Source,
        batch: Batch<'_>,
        points: usize,
        together: usize,
        kept: Option<&Kept>,
    ) -> Result<Vec<Outputs>> {
        let plan = &self.plan;
        let stills = kept.and_then(Kept::get::<Stills>);
        let own = OnceLock::new();
        let once = stills
            .map_or(&own, |stills| &stills.once)
            .get_or_init(|| self.early(source, None, &Values::new()));
        let mine: Vec<Values> = (0..points)
            .map(|point| self.early(source, Some(point), once))
            .collect();
        let few = if plan.together {
            together.max(1)
        } else {
            self.batch()
        };
        let places = plan.summed.len() + plan.program.outputs.len();
        let mut sums = Sums::new(places * points, self.memory / 8, &self.on);
        for (number, start) in (0..batch.count).step_by(few).enumerate() {
            let samples = start..(start + few).min(batch.count);
            let known = stills.and_then(|s| s.batches.lock().ok()?.get(number)?.clone());
            let still = known.unwrap_or_else(|| self.still(batch, &samples, once));
            for (point, own) in mine.iter().enumerate() {
                let values = self.moving(samples.len(), once, own, &still);
                let value = |id: Id| {
                    let all = [&values, &still, own, once];
                    all.into_iter().find_map(|values| values.get(&id).cloned())
                };
                let first = point * places;
                for (place, id) in plan.summed.iter().enumerate() {
                    if let Some(sum) = value(*id) {
                        sums.add(first + place, sum);
                    }
                }
                for (output, id) in plan.program.outputs.iter().enumerate() {
                    let id = follow(&plan.program, *id);
                    if let Some(values) = value(id).filter(|_| plan.program.ty(id).sample) {
                        sums.append(first + plan.summed.len() + output, values);
                    }
                }
            }
            if let Some(stills) = stills {
                let mut all = stills
                    .batches
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                if let Some(place) = all.get_mut(number) {
                    *place = Some(still);
                }
            }
            let width: usize = batch.inputs.len() / batch.count.max(1);
            sums.passed(samples.len() * width * self.on.bytes())?;
        }
        sums.settle()?;
        let outputs = mine.iter().enumerate();
        outputs
            .map(|(point, own)| self.outputs(&sums, point * places, once, own))
            .collect()
    }
}
