//! Gradients of chosen samples, and norms of the gradients of single ones.
//!
//! The samples of a batch in train mode would share their statistics, so the running ones are used.

use super::gradient::NetworkObjective;
use super::programs::What;
use crate::error::Result;
use crate::landscape::measures::measurable::Measurable;
use crate::landscape::noise::Sampled;
use crate::model::params::Params;
use std::ops::Range;

impl Sampled for NetworkObjective {
    fn samples(&self) -> usize {
        self.samples.len()
    }

    fn tensors(&self) -> Vec<(String, usize)> {
        let trained = self.layout.iter().filter(|spec| spec.is_trainable());
        trained.map(|s| (s.name.clone(), s.len())).collect()
    }

    fn weighted_gradient(
        &mut self,
        x: &[f64],
        samples: &[usize],
        weights: &[f64],
    ) -> Result<Vec<f64>> {
        let own = self.per_sample();
        let weights: Vec<f64> = weights.iter().map(|w| own * w).collect();
        let chosen = self.samples.select(samples);
        let here = self.here(x).in_eval_mode();
        Ok(self.programs.gradient(here, &chosen, Some(&weights))?.1)
    }

    fn squared_norms(&mut self, x: &[f64], samples: Range<usize>) -> Result<Vec<Vec<f64>>> {
        let chosen = self.samples.select(&samples.collect::<Vec<usize>>());
        let here = self.here(x).in_eval_mode();
        let mut all = self.programs.squared_norms(here, &chosen)?;
        let own = self.per_sample().powi(2);
        all.iter_mut().flatten().for_each(|norm| *norm *= own);
        Ok(all)
    }
}

impl Measurable for NetworkObjective {
    fn gauss_newton_vectors(&mut self, x: &[f64], directions: &[&[f64]]) -> Result<Vec<Vec<f64>>> {
        self.products(What::GaussNewton, x, directions)
    }

    fn value_at(&mut self, point: &Params) -> Result<f64> {
        self.value_of(point)
    }
}

impl NetworkObjective {
    /// What a sample's loss is multiplied by, so that the samples' mean is the split's: 1 where a sample
    /// weighs 1.
    fn per_sample(&self) -> f64 {
        self.samples.len() as f64 / self.weight
    }
}
