//! Optimisers: how a gradient becomes a step.
//!
//! As PyTorch 2 has them, coefficient by coefficient: its defaults, its order of operations, its decay. All
//! numbers are double, because burn's own optimisers keep their coefficients in single precision, where 0.9
//! is 2.6·10⁻⁸ off and no run agrees with PyTorch's in double. Tensors lie one after the other in one vector,
//! and all an optimiser remembers are two such vectors and a count of steps.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A rule for steps. Each is written w ← w − η·r, g the gradient with the decay λw added where that is so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Plain stochastic gradient descent.
    #[default]
    Sgd,
    /// v ← μv + g, without dampening.
    Momentum,
    /// The same, and r = g + μv (Sutskever et al. 2013).
    Nesterov,
    /// Means of g and g², each corrected for its start (Kingma and Ba 2015).
    Adam,
    /// Adam with decay apart from the gradient (Loshchilov and Hutter 2019).
    Adamw,
    /// Adam's step, each tensor's as long as the tensor (You et al. 2020, arXiv 1904.00962).
    Lamb,
    /// Momentum, each tensor's rate in proportion to ‖w‖/‖g‖ (You et al. 2017, arXiv 1708.03888).
    Lars,
}

/// Which tensors decay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum DecayOn {
    /// All that are trained, as PyTorch does unless told otherwise.
    #[default]
    All,
    /// Weights of two axes or more: no biases, no scales and shifts of normalisations.
    Weights,
}

/// An optimiser and its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Args)]
#[command(next_help_heading = "Optimiser")]
#[serde(default)]
pub struct Optimizer {
    /// How a gradient becomes a step
    #[arg(long, value_enum, default_value_t = Self::USUAL.optimizer)]
    pub optimizer: Kind,
    /// Momentum μ of momentum, nesterov and lars
    #[arg(long, default_value_t = Self::USUAL.momentum)]
    pub momentum: f64,
    /// Share of the mean gradient that stays, of adam, adamw and lamb
    #[arg(long, default_value_t = Self::USUAL.beta1)]
    pub beta1: f64,
    /// Share of the mean squared gradient that stays, of adam, adamw and lamb
    #[arg(long, default_value_t = Self::USUAL.beta2)]
    pub beta2: f64,
    /// Added to what steps are divided by [default: 1e-8; lamb 1e-6]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<f64>,
    /// Weight decay λ [default: 0; adamw 0.01]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// What decays
    #[arg(long, value_enum, default_value_t = Self::USUAL.decay_on)]
    pub decay_on: DecayOn,
    /// Trust coefficient of lars: its rate is this times ‖w‖/(‖g‖ + λ‖w‖)
    #[arg(long, default_value_t = Self::USUAL.trust)]
    pub trust: f64,
    /// Longest gradient: a longer one is scaled down to this norm; 0: any
    #[arg(long, default_value_t = Self::USUAL.clip_norm)]
    pub clip_norm: f64,
}

impl Optimizer {
    /// PyTorch's numbers.
    const USUAL: Self = Self {
        optimizer: Kind::Sgd,
        momentum: 0.9,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: None,
        weight_decay: None,
        decay_on: DecayOn::All,
        trust: 0.001,
        clip_norm: 0.0,
    };

    /// ε
    pub fn epsilon(&self) -> f64 {
        let usual = if self.optimizer == Kind::Lamb {
            1e-6
        } else {
            1e-8
        };
        self.epsilon.unwrap_or(usual)
    }

    /// λ
    pub fn decay(&self) -> f64 {
        let usual = if self.optimizer == Kind::Adamw {
            0.01
        } else {
            0.0
        };
        self.weight_decay.unwrap_or(usual)
    }

    /// Names of the vectors that it remembers.
    pub fn memories(&self) -> &'static [&'static str] {
        match self.optimizer {
            Kind::Sgd => &[],
            Kind::Momentum | Kind::Nesterov | Kind::Lars => &["momentum"],
            Kind::Adam | Kind::Adamw | Kind::Lamb => &["mean", "mean_square"],
        }
    }
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::USUAL
    }
}

/// A tensor's place in the vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its values.
    pub range: Range<usize>,
    /// Whether it is a weight of two axes or more.
    pub is_weight: bool,
}

/// What an optimiser remembers from one step to the next.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// Steps taken.
    pub steps: u64,
    /// Vectors as long as the point, in the order of [`Optimizer::memories`]; empty before the first step.
    pub vectors: Vec<Vec<f64>>,
}

/// Takes one step from `x` against `gradient` at rate `rate`. Gives the length of the step.
pub fn step(
    how: &Optimizer,
    rate: f64,
    parts: &[Part],
    x: &mut [f64],
    gradient: &mut [f64],
    memory: &mut Memory,
) -> f64 {
    clip(how.clip_norm, gradient);
    let first = memory.steps == 0;
    memory.steps += 1;
    let wanted = how.memories().len();
    memory.vectors.resize_with(wanted, || vec![0.0; x.len()]);
    let at = memory.steps;
    let mut square = 0.0;
    for part in parts {
        let decays = how.decay_on == DecayOn::All || part.is_weight;
        let decay = if decays { how.decay() } else { 0.0 };
        let mut memories = memory.vectors.iter_mut();
        let [m, v] = [(); 2].map(|()| {
            let vector = memories.next();
            vector.map_or(&mut [][..], |vector| &mut vector[part.range.clone()])
        });
        let (x, g) = (
            &mut x[part.range.clone()],
            &mut gradient[part.range.clone()],
        );
        square += match how.optimizer {
            Kind::Sgd | Kind::Momentum | Kind::Nesterov => {
                descend(how, first, [rate, decay], x, g, m)
            }
            Kind::Adam | Kind::Adamw => adaptive(how, at, [rate, decay], x, g, [m, v]),
            Kind::Lamb => lamb(how, at, [rate, decay], x, g, [m, v]),
            Kind::Lars => lars(how, [rate, decay], part.is_weight, x, g, m),
        };
    }
    square.sqrt()
}

fn squared(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum()
}

/// Scales a gradient that is too long, as `torch.nn.utils.clip_grad_norm_`.
fn clip(most: f64, gradient: &mut [f64]) {
    if most <= 0.0 {
        return;
    }
    let scale = most / (squared(gradient).sqrt() + 1e-6);
    if scale < 1.0 {
        for g in gradient {
            *g *= scale;
        }
    }
}

/// `torch.optim.SGD` with dampening 0: the first momentum is the gradient itself.
fn descend(
    how: &Optimizer,
    first: bool,
    [rate, decay]: [f64; 2],
    x: &mut [f64],
    g: &mut [f64],
    v: &mut [f64],
) -> f64 {
    if decay != 0.0 {
        g.iter_mut().zip(&*x).for_each(|(g, x)| *g += decay * x);
    }
    if !v.is_empty() {
        let mu = if first { 0.0 } else { how.momentum };
        v.iter_mut().zip(&*g).for_each(|(v, g)| *v = mu * *v + g);
        if how.optimizer == Kind::Nesterov {
            let mu = how.momentum;
            g.iter_mut().zip(&*v).for_each(|(g, v)| *g += mu * v);
        } else {
            g.copy_from_slice(v);
        }
    }
    x.iter_mut().zip(&*g).for_each(|(x, g)| *x -= rate * g);
    rate * rate * squared(g)
}

/// Means of g and g² after so many steps, g with its decay where `coupled`.
fn means(how: &Optimizer, decay: f64, x: &[f64], g: &mut [f64], [m, v]: [&mut [f64]; 2]) {
    let (one, two) = (how.beta1, how.beta2);
    for (((g, x), m), v) in g.iter_mut().zip(x).zip(m).zip(v) {
        *g += decay * x;
        *m += (1.0 - one) * (*g - *m);
        *v = two * *v + (1.0 - two) * *g * *g;
    }
}

/// 1 − βᵗ
fn correction(beta: f64, steps: u64) -> f64 {
    1.0 - beta.powi(i32::try_from(steps).unwrap_or(i32::MAX))
}

/// `torch.optim.Adam` and `AdamW`.
fn adaptive(
    how: &Optimizer,
    steps: u64,
    [rate, decay]: [f64; 2],
    x: &mut [f64],
    g: &mut [f64],
    [m, v]: [&mut [f64]; 2],
) -> f64 {
    let apart = how.optimizer == Kind::Adamw;
    means(
        how,
        if apart { 0.0 } else { decay },
        x,
        g,
        [&mut *m, &mut *v],
    );
    let size = rate / correction(how.beta1, steps);
    let root = correction(how.beta2, steps).sqrt();
    let epsilon = how.epsilon();
    let mut square = 0.0;
    for ((x, m), v) in x.iter_mut().zip(&*m).zip(&*v) {
        let before = *x;
        if apart {
            *x *= 1.0 - rate * decay;
        }
        *x -= size * m / (v.sqrt() / root + epsilon);
        square += (*x - before).powi(2);
    }
    square
}

/// You et al. 2020, algorithm 2, with both corrections.
fn lamb(
    how: &Optimizer,
    steps: u64,
    [rate, decay]: [f64; 2],
    x: &mut [f64],
    g: &mut [f64],
    [m, v]: [&mut [f64]; 2],
) -> f64 {
    means(how, 0.0, x, g, [&mut *m, &mut *v]);
    let (one, two) = (correction(how.beta1, steps), correction(how.beta2, steps));
    let epsilon = how.epsilon();
    for (((g, x), m), v) in g.iter_mut().zip(&*x).zip(&*m).zip(&*v) {
        *g = m / one / ((v / two).sqrt() + epsilon) + decay * x;
    }
    let (own, long) = (squared(x).sqrt(), squared(g).sqrt());
    let trust = if own > 0.0 && long > 0.0 {
        own / long
    } else {
        1.0
    };
    let size = rate * trust;
    x.iter_mut().zip(&*g).for_each(|(x, g)| *x -= size * g);
    (size * long).powi(2)
}

/// You et al. 2017, algorithm 1; biases and what normalisations train take plain momentum.
fn lars(
    how: &Optimizer,
    [rate, decay]: [f64; 2],
    is_weight: bool,
    x: &mut [f64],
    g: &mut [f64],
    v: &mut [f64],
) -> f64 {
    let (own, long) = (squared(x).sqrt(), squared(g).sqrt());
    let trust = if is_weight && own > 0.0 && long > 0.0 {
        how.trust * own / (long + decay * own + how.epsilon())
    } else {
        1.0
    };
    let size = rate * trust;
    let mut square = 0.0;
    for ((x, g), v) in x.iter_mut().zip(&*g).zip(v) {
        *v = how.momentum * *v + size * (g + decay * *x);
        *x -= *v;
        square += *v * *v;
    }
    square
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(
        how: &Optimizer,
        rate: f64,
        is_weight: bool,
        gradients: &[[f64; 2]],
    ) -> ([f64; 2], f64) {
        let (mut x, mut memory, mut length) = ([3.0, 4.0], Memory::default(), 0.0);
        let parts = [Part {
            range: 0..2,
            is_weight,
        }];
        for gradient in gradients {
            let mut gradient = *gradient;
            length = step(how, rate, &parts, &mut x, &mut gradient, &mut memory);
        }
        (x, length)
    }

    #[track_caller]
    fn near(found: ([f64; 2], f64), x: [f64; 2], length: f64) {
        let off = |a: f64, b: f64| (a - b).abs() > 1e-12;
        let wrong = off(found.0[0], x[0]) || off(found.0[1], x[1]) || off(found.1, length);
        assert!(!wrong, "{found:?} for {x:?}, {length}");
    }

    /// PyTorch has neither of the two, so the papers' formulas are worked out by hand.
    #[test]
    fn lamb_steps_as_far_as_its_tensor_is_long() {
        let how = Optimizer {
            optimizer: Kind::Lamb,
            epsilon: Some(0.0),
            weight_decay: Some(0.5),
            ..Optimizer::default()
        };
        // First step: m̂/√v̂ is the sign, r = [1 + 1.5, −1 + 2], as far as η‖x‖ = 0.5.
        let long = 7.25_f64.sqrt();
        let x = [3.0 - 1.25 / long, 4.0 - 0.5 / long];
        near(moved(&how, 0.1, true, &[[2.0, -5.0]]), x, 0.5);
    }

    #[test]
    fn lars_has_a_rate_for_every_weight_and_none_for_biases() {
        let how = Optimizer {
            optimizer: Kind::Lars,
            epsilon: Some(0.0),
            weight_decay: Some(0.5),
            trust: 0.02,
            ..Optimizer::default()
        };
        let g = [6.0, 8.0];
        // 0.02 · 5/(10 + 0.5 · 5) = 0.008; twice that times g + x/2 = [7.5, 10].
        near(moved(&how, 2.0, true, &[g]), [2.88, 3.84], 0.2);
        // 0.02 · 4.8/(10 + 0.5 · 4.8), and 0.9 of the first step.
        near(moved(&how, 2.0, true, &[g, g]), [2.6568, 3.5424], 0.372);
        near(moved(&how, 2.0, false, &[g]), [-12.0, -16.0], 25.0);
    }
}
