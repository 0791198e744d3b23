//! Values, gradients, Hessian-vector products and norms of samples' gradients at a point.

use super::prepared::{KeptAt, Programs, batch, whole};
use super::programs::What;
use super::source::Point;
use crate::dataset::Samples;
use crate::error::Result;
use crate::model::lower::Statistics;
use crate::model::params::Params;
use crate::model::run::Outputs;
use std::sync::{Arc, PoisonError};

/// Most points that pass through together: each has all of a network's numbers of its own.
const MOST_POINTS: usize = 64;

/// A point of parameter space.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    /// The trained values, in the order of [`Params::flatten`].
    pub trained: &'a [f64],
    /// The buffers' owner.
    pub buffers: &'a Params,
    /// Samples that share statistics; `None`: running statistics.
    pub together: Option<usize>,
}

impl Here<'_> {
    /// The same point with its running statistics.
    pub fn in_eval_mode(self) -> Self {
        Self {
            together: None,
            ..self
        }
    }

    pub(super) fn statistics(&self) -> Statistics {
        match self.together {
            Some(_) => Statistics::Batch,
            None => Statistics::Running,
        }
    }

    pub(super) fn group(&self) -> usize {
        self.together.unwrap_or(1)
    }
}

impl Programs {
    /// Points that share buffers, or one of several tangents.
    pub(super) fn at<'a>(
        &'a self,
        trained: &'a [&'a [f64]],
        buffers: &'a Params,
        tangents: &'a [&'a [f64]],
    ) -> Point<'a> {
        Point {
            layout: self.network.layout(),
            offsets: &self.offsets,
            trained,
            tangents,
            buffers,
        }
    }

    /// Numbers by tensor as one vector; 0 for tensors that the loss doesn't depend on.
    pub(super) fn flat(&self, parameters: &[usize], parts: &[Vec<f64>]) -> Vec<f64> {
        let mut flat = vec![0.0; self.count];
        for (index, part) in parameters.iter().zip(parts) {
            let from = self.offsets[*index];
            flat[from..from + part.len()].copy_from_slice(part);
        }
        flat
    }

    /// Sum of the loss at each of some points; `here` says all about them but where they are.
    pub fn values(&self, here: Here<'_>, points: &[&[f64]], samples: &Samples) -> Result<Vec<f64>> {
        let ready = self.ready(What::Value(here.statistics()))?;
        let prepared = self.fitting(&ready, here.group())?;
        let mut values = Vec::with_capacity(points.len());
        for some in points.chunks(prepared.points().min(MOST_POINTS)) {
            let source = self.at(some, here.buffers, &[]);
            let found = prepared.run(&source, whole(samples), some.len(), here.group(), None)?;
            values.extend(found.iter().map(|outputs| outputs[0][0]));
        }
        Ok(values)
    }

    /// Refuses data of which not even one sample fits.
    ///
    /// # Errors
    /// Says how much memory it would take.
    pub fn check(&self) -> Result<()> {
        let ready = self.ready(What::Value(Statistics::Running))?;
        self.fitting(&ready, 1).map(drop)
    }

    /// Sum of the loss and its gradient; each sample's times its weight, if there are some.
    pub fn gradient(
        &self,
        here: Here<'_>,
        samples: &Samples,
        weights: Option<&[f64]>,
    ) -> Result<(f64, Vec<f64>)> {
        let mut found = self.gradients(here, &[here.trained], samples, weights)?;
        Ok(found.swap_remove(0))
    }

    /// The same at each of some points; `here` says all about them but where they are.
    pub fn gradients(
        &self,
        here: Here<'_>,
        points: &[&[f64]],
        samples: &Samples,
        weights: Option<&[f64]>,
    ) -> Result<Vec<(f64, Vec<f64>)>> {
        let ready = self.ready(What::Gradient(here.statistics()))?;
        let prepared = self.fitting(&ready, here.group())?;
        let batch = batch(samples, 0..samples.len(), weights);
        let mut gradients = Vec::with_capacity(points.len());
        for some in points.chunks(prepared.points().min(MOST_POINTS)) {
            let source = self.at(some, here.buffers, &[]);
            let found = prepared.run(&source, batch, some.len(), here.group(), None)?;
            let flat = |outputs: &Outputs| {
                let slopes = self.flat(&ready.made.parameters, &outputs[1..]);
                (outputs[0][0], slopes)
            };
            gradients.extend(found.iter().map(flat));
        }
        Ok(gradients)
    }

    /// ∇²f·v for each v, f the sum of the loss, or the Gauss–Newton products: `of` says which. What doesn't
    /// depend on v is computed once, and kept for the next products of the kind at the same point over the
    /// same samples.
    pub fn products(
        &self,
        of: fn(Statistics) -> What,
        here: Here<'_>,
        directions: &[&[f64]],
        samples: &Arc<Samples>,
    ) -> Result<Vec<Vec<f64>>> {
        let what = of(here.statistics());
        let ready = self.ready(what)?;
        let prepared = self.fitting(&ready, here.group())?;
        let kept = match here.together {
            Some(_) => None,
            None => {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                let same = kept.as_ref().is_some_and(|kept| {
                    kept.what == what
                        && kept.x == here.trained
                        && Arc::ptr_eq(&kept.samples, samples)
                        && kept.buffers == *here.buffers
                });
                if !same {
                    // Before new values are made, so that there are never two sets.
                    *kept = None;
                    let new = |values| KeptAt {
                        what,
                        x: here.trained.to_vec(),
                        buffers: here.buffers.clone(),
                        samples: Arc::clone(samples),
                        values,
                    };
                    *kept = prepared
                        .keeper(samples.len(), self.memory() / 2)
                        .map(|v| Arc::new(new(v)));
                }
                kept.clone()
            }
        };
        let values = kept.as_ref().map(|kept| &kept.values);
        let mut products = Vec::with_capacity(directions.len());
        for some in directions.chunks(prepared.points()) {
            let point = [here.trained];
            let source = self.at(&point, here.buffers, some);
            let found = prepared.run(&source, whole(samples), some.len(), here.group(), values)?;
            let flat = |parts: &Vec<Vec<f64>>| self.flat(&ready.made.parameters, parts);
            products.extend(found.iter().map(flat));
        }
        Ok(products)
    }

    /// ‖∂fₙ/∂w‖² of every sample n and trained tensor w, sample after sample.
    pub fn squared_norms(&self, here: Here<'_>, samples: &Samples) -> Result<Vec<Vec<f64>>> {
        let ready = self.ready(What::Norms)?;
        let prepared = self.fitting(&ready, 1)?;
        let point = [here.trained];
        let source = self.at(&point, here.buffers, &[]);
        let found = prepared.run(&source, whole(samples), 1, 1, None)?;
        let layout = self.network.layout();
        let places: Vec<Option<usize>> = (0..layout.len())
            .filter(|i| layout[*i].is_trainable())
            .map(|i| ready.made.parameters.iter().position(|p| *p == i))
            .collect();
        let row = |sample: usize| {
            let of = |place: &Option<usize>| place.map_or(0.0, |p| found[0][p][sample]);
            places.iter().map(of).collect()
        };
        Ok((0..samples.len()).map(row).collect())
    }
}
