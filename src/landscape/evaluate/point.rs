//! Values, gradients, Hessian-vector products and norms of samples' gradients at a point.

use super::prepared::{KeptAt, Programs, batch, whole};
use super::programs::What;
use super::source::Point;
use crate::dataset::Samples;
use crate::error::Result;
use crate::model::lower::Statistics;
use crate::model::params::Params;
use std::sync::{Arc, PoisonError};

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

    fn statistics(&self) -> Statistics {
        match self.together {
            Some(_) => Statistics::Batch,
            None => Statistics::Running,
        }
    }

    fn group(&self) -> usize {
        self.together.unwrap_or(1)
    }
}

impl Programs {
    fn at<'a>(&'a self, here: Here<'a>, tangents: &'a [&'a [f64]]) -> Point<'a> {
        Point {
            layout: self.network.layout(),
            offsets: &self.offsets,
            trained: here.trained,
            tangents,
            buffers: here.buffers,
        }
    }

    /// Numbers by tensor as one vector; 0 for tensors that the loss doesn't depend on.
    fn flat(&self, parameters: &[usize], parts: &[Vec<f64>]) -> Vec<f64> {
        let mut flat = vec![0.0; self.count];
        for (index, part) in parameters.iter().zip(parts) {
            let from = self.offsets[*index];
            flat[from..from + part.len()].copy_from_slice(part);
        }
        flat
    }

    /// Sum of the loss.
    pub fn value(&self, here: Here<'_>, samples: &Samples) -> Result<f64> {
        let ready = self.ready(What::Value(here.statistics()))?;
        let prepared = self.fitting(&ready, here.group())?;
        let source = self.at(here, &[]);
        let found = prepared.run(&source, whole(samples), 1, here.group(), None)?;
        Ok(found[0][0][0])
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
        let ready = self.ready(What::Gradient(here.statistics()))?;
        let prepared = self.fitting(&ready, here.group())?;
        let source = self.at(here, &[]);
        let batch = batch(samples, 0..samples.len(), weights);
        let found = prepared.run(&source, batch, 1, here.group(), None)?;
        let (loss, slopes) = (found[0][0][0], &found[0][1..]);
        Ok((loss, self.flat(&ready.made.parameters, slopes)))
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
            let source = self.at(here, some);
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
        let source = self.at(here, &[]);
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
