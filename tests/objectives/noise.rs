//! Noise scales of linear regression, whose gradients and Hessian are written down in a line each.

use losscope::error::Result;
use losscope::landscape::noise::Sampled;
use losscope::landscape::noise::alignment::Alignment;
use losscope::landscape::noise::bend::BendedNoise;
use losscope::landscape::noise::exact::ExactPass;
use losscope::landscape::noise::two_batches::{TwoBatchOptions, TwoBatches};
use losscope::landscape::objective::Objective;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};
use std::ops::Range;

/// fₙ(x) = ½ (aₙ·x − bₙ)², with two "tensors" of 2 and 4 values.
struct Regression {
    a: Vec<[f64; 6]>,
    b: Vec<f64>,
}

impl Regression {
    fn new(samples: usize, noise: f64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1 << 41);
        let mut draw = || -> f64 { StandardNormal.sample(&mut rng) };
        let a: Vec<[f64; 6]> = (0..samples)
            .map(|_| std::array::from_fn(|_| draw()))
            .collect();
        let b = a
            .iter()
            .map(|a| a.iter().sum::<f64>() + noise * draw())
            .collect();
        Self { a, b }
    }

    fn sample(&self, n: usize, x: &[f64]) -> Vec<f64> {
        let rest: f64 = self.a[n].iter().zip(x).map(|(a, x)| a * x).sum::<f64>() - self.b[n];
        self.a[n].iter().map(|a| a * rest).collect()
    }

    fn all(&self, x: &[f64]) -> Vec<Vec<f64>> {
        (0..self.a.len()).map(|n| self.sample(n, x)).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Objective for Regression {
    fn dimension(&self) -> usize {
        6
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        let one = |(a, b): (&[f64; 6], &f64)| 0.5 * (dot(a, x) - b).powi(2);
        Ok(self.a.iter().zip(&self.b).map(one).sum::<f64>() / self.a.len() as f64)
    }

    fn gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>)> {
        let all: Vec<usize> = (0..self.a.len()).collect();
        let share = 1.0 / all.len() as f64;
        let weights = vec![share; all.len()];
        Ok((self.value(x)?, self.weighted_gradient(x, &all, &weights)?))
    }

    fn hessian_vector(&mut self, _: &[f64], v: &[f64]) -> Result<Vec<f64>> {
        let mut product = vec![0.0; 6];
        for a in &self.a {
            let along = dot(a, v) / self.a.len() as f64;
            for (p, a) in product.iter_mut().zip(a) {
                *p += along * a;
            }
        }
        Ok(product)
    }
}

impl Sampled for Regression {
    fn samples(&self) -> usize {
        self.a.len()
    }

    fn tensors(&self) -> Vec<(String, usize)> {
        vec![("first".into(), 2), ("second".into(), 4)]
    }

    fn weighted_gradient(
        &mut self,
        x: &[f64],
        samples: &[usize],
        weights: &[f64],
    ) -> Result<Vec<f64>> {
        let mut sum = vec![0.0; 6];
        for (&n, w) in samples.iter().zip(weights) {
            for (s, g) in sum.iter_mut().zip(self.sample(n, x)) {
                *s += w * g;
            }
        }
        Ok(sum)
    }

    fn squared_norms(&mut self, x: &[f64], samples: Range<usize>) -> Result<Vec<Vec<f64>>> {
        let one = |n| {
            let g = self.sample(n, x);
            vec![dot(&g[..2], &g[..2]), dot(&g[2..], &g[2..])]
        };
        Ok(samples.map(one).collect())
    }
}

const POINT: [f64; 6] = [0.6, 1.3, 0.9, 1.2, 0.8, 1.1];

/// tr Σ and ‖G‖² by their definitions.
fn definitions(objective: &Regression, range: Range<usize>) -> (f64, f64) {
    let all = objective.all(&POINT);
    let n = all.len() as f64;
    let (mut trace, mut square) = (0.0, 0.0);
    for i in range {
        let mean = all.iter().map(|g| g[i]).sum::<f64>() / n;
        square += mean * mean;
        trace += all.iter().map(|g| (g[i] - mean).powi(2)).sum::<f64>() / n;
    }
    (trace, square)
}

fn exact(objective: &mut Regression) -> ExactPass {
    let mut pass = ExactPass::new(POINT.to_vec());
    let mut last = 0;
    while let Some(now) = pass.step(objective).unwrap() {
        assert!(now.done >= last && now.total == objective.samples());
        last = now.done;
    }
    pass
}

#[test]
fn the_exact_noise_is_its_definition_in_total_and_by_tensor() {
    let mut objective = Regression::new(300, 0.5);
    let pass = exact(&mut objective);
    let found = pass.noise(&objective.tensors()).unwrap();
    assert_eq!((found.samples, found.sample_norms.len()), (300, 300));
    let parts = [0..6, 0..2, 2..6];
    let measured = [&found.total, &found.tensors[0], &found.tensors[1]];
    for (range, noise) in parts.into_iter().zip(measured) {
        let (trace, square) = definitions(&objective, range);
        assert!(
            (noise.covariance_trace - trace).abs() < 1e-10 * trace,
            "{noise:?}"
        );
        assert!(
            (noise.scale - trace / square).abs() < 1e-9 * noise.scale,
            "{noise:?}"
        );
    }
}

/// A 95 % interval holds the true value in 95 of 100 repetitions; that fewer than 90 do has a
/// chance of 1.1 % for a right interval with fixed seeds either way.
#[test]
fn the_interval_of_two_batch_sizes_covers_the_exact_scale() {
    let mut objective = Regression::new(400, 0.5);
    let (trace, square) = definitions(&objective, 0..6);
    let mut covered = 0;
    let mut estimates = Vec::new();
    for seed in 0..100 {
        let options = TwoBatchOptions {
            small: 16,
            parts: 8,
            repeats: 40,
            seed,
        };
        let mut two = TwoBatches::new(POINT.to_vec(), options);
        let mut found = None;
        while let Some(now) = two.step(&mut objective).unwrap() {
            found = Some(now);
        }
        let found = found.unwrap();
        assert_eq!(found.repeats, 40);
        let [low, high] = found.interval;
        assert!(low <= found.scale && found.scale <= high, "{found:?}");
        covered += usize::from((low..=high).contains(&(trace / square)));
        estimates.push(found);
    }
    assert!(covered >= 90, "the interval covers {covered} of 100");
    // Unbiased: the means over 100 seeds lie within five of their standard errors.
    for (of, truth) in [
        (
            (|e| e.gradient_squared)
                as fn(&losscope::landscape::noise::two_batches::TwoBatchEstimate) -> f64,
            square,
        ),
        (|e| e.covariance_trace, trace),
    ] {
        let values: Vec<f64> = estimates.iter().map(of).collect();
        let mean = values.iter().sum::<f64>() / 100.0;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 99.0;
        assert!(
            (mean - truth).abs() < 5.0 * (variance / 100.0).sqrt(),
            "{mean} {truth}"
        );
    }
}

#[test]
fn the_scale_with_curvature_is_its_definition() {
    let mut objective = Regression::new(300, 0.5);
    let all = objective.all(&POINT);
    let (_, mean) = objective.gradient(&POINT).unwrap();
    let mut trace = 0.0;
    for g in &all {
        let off: Vec<f64> = g.iter().zip(&mean).map(|(g, m)| g - m).collect();
        trace += dot(&off, &objective.hessian_vector(&[], &off).unwrap()) / 300.0;
    }
    let along = dot(&mean, &objective.hessian_vector(&[], &mean).unwrap());
    let mut bended = BendedNoise::new(POINT.to_vec(), 400, 3);
    let mut found = None;
    while let Some(now) = bended.step(&mut objective).unwrap() {
        found = Some(now);
    }
    let found = found.unwrap();
    assert!((found.gradient - along).abs() < 1e-12 * along);
    assert!(
        (found.noise.mean - trace).abs() < 5.0 * found.noise.standard_error,
        "{found:?} {trace}"
    );
    assert!(found.noise.standard_error < 0.1 * trace);
    assert!((found.scale - found.noise.mean / along).abs() < 1e-12 * found.scale);
}

#[test]
fn alignment_is_one_for_single_samples_and_the_full_gradient_for_all() {
    let mut objective = Regression::new(200, 0.5);
    let norms = exact(&mut objective)
        .noise(&objective.tensors())
        .unwrap()
        .sample_norms;
    let mut alignment = Alignment::new(POINT.to_vec(), norms.clone(), vec![1, 8, 200], 30, 0);
    let mut found: Vec<_> = Vec::new();
    while let Some(now) = alignment.step(&mut objective).unwrap() {
        found.retain(|f: &losscope::landscape::noise::alignment::Aligned| f.batch != now.batch);
        found.push(now);
    }
    assert_eq!(
        found
            .iter()
            .map(|f| (f.batch, f.batches))
            .collect::<Vec<_>>(),
        [(1, 30), (8, 30), (200, 1)]
    );
    assert!((found[0].alignment.mean - 1.0).abs() < 1e-12);
    assert!((0.2..0.9).contains(&found[1].alignment.mean), "{found:?}");
    let (_, mean) = objective.gradient(&POINT).unwrap();
    let full = 200.0 * dot(&mean, &mean).sqrt() / norms.iter().sum::<f64>();
    assert!((found[2].alignment.mean - full).abs() < 1e-12);
}

/// Where half the samples fit exactly their gradients are zero: a batch of such samples alone points
/// nowhere and is left out, and where all are zero there is no alignment.
#[test]
fn alignment_is_over_the_batches_that_have_a_gradient() {
    let align = |objective: &mut Regression, norms: Vec<f64>, sizes: Vec<usize>| {
        let mut alignment = Alignment::new(POINT.to_vec(), norms, sizes, 30, 0);
        let mut all = Vec::new();
        while let Some(now) = alignment.step(objective).unwrap() {
            all.push(now);
        }
        all
    };
    let mut objective = Regression::new(40, 0.5);
    for n in 0..20 {
        objective.b[n] = dot(&objective.a[n], &POINT);
    }
    let found = exact(&mut objective).noise(&objective.tensors()).unwrap();
    let single = align(&mut objective, found.sample_norms, vec![1]);
    let last = single.last().unwrap();
    assert_eq!(single.len(), 30);
    assert!((1..30).contains(&last.batches), "{last:?}");
    assert_eq!(last.alignment.mean, 1.0);
    for n in 20..40 {
        objective.b[n] = dot(&objective.a[n], &POINT);
    }
    let nowhere = align(&mut objective, vec![0.0; 40], vec![1, 8, 40]);
    assert_eq!(nowhere.len(), 61);
    for found in nowhere {
        assert!(
            found.alignment.mean.is_nan() && found.batches == 0,
            "{found:?}"
        );
    }
}

#[test]
fn gradients_that_overflow_have_no_noise() {
    // The square of a gradient, a gradient, a loss.
    for slip in [1e160, f64::INFINITY, f64::NAN] {
        let mut objective = Regression::new(20, 0.5);
        objective.b[3] = slip;
        let mut pass = ExactPass::new(POINT.to_vec());
        let words = loop {
            match pass.step(&mut objective) {
                Ok(now) => assert!(
                    now.is_some(),
                    "{slip}: {:?}",
                    pass.noise(&objective.tensors())
                ),
                Err(error) => break error.to_string(),
            }
        };
        assert!(
            words.contains("isn't finite") && words.contains("f64"),
            "{words}"
        );
    }
}
