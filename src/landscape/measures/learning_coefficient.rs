//! The local learning coefficient: how fast the volume of nearly as good weights shrinks around a point.

use super::entry::{Entry, Group, Row};
use super::found::{Found, Value, rows};
use super::measuring::Measuring;
use crate::error::{Error, Result};
use crate::landscape::curvature::vector::{Running, gaussian, generator, norm, scale};
use crate::landscape::definitions::{Definition, source};
use crate::landscape::objective::Objective;
use rand_chacha::ChaCha8Rng;

/// λ̂
pub const LEARNING_COEFFICIENT: Definition = Definition {
    name: "Local learning coefficient",
    formula: "λ̂ = nβ (E f(w) − f(θ)),  w from exp(−nβ f(w) − γ‖w − θ‖²/2),  β = 1/log n",
    unit: "half the number of parameters that count",
    meaning: "How many directions matter, by the volume of weights about as good: n samples, w by Langevin steps w ← w − (ε/2)(nβ∇f(w) + γ(w − θ)) + √ε ξ with the gradient of all samples. For a quadratic with curvatures h it is ½ Σ nβh/(nβh + γ): half the number of directions whose nβh is well above γ, all of them for γ → 0. Negative where θ is no minimum; ± is the standard error over ten stretches of the chain",
    sources: &[source("Lau et al. 2023", "sections 4 and 5", "2308.12108")],
};

/// ε
pub const CHAIN_STEP: Definition = Definition {
    name: "Step of the chain",
    formula: "ε = ½/(nβ|λ|_max + γ)",
    unit: "squared units of the weights",
    meaning: "The step ε of the Langevin chain, from the largest curvature by power iteration: small enough that its own error in λ̂ stays below a seventh, in the steepest direction alone",
    sources: &[],
};

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "learning-coefficient",
    name: LEARNING_COEFFICIENT.name,
    group: Group::Flatness,
    definitions: &[&LEARNING_COEFFICIENT, &CHAIN_STEP],
    made: "Here γ = 100 and a chain of 1,000 steps, a fifth of it left out, unless --localisation and --chain say otherwise.",
    needs: &[],
    usual: false,
    whole: "",
    rows: &[
        Row::new(
            "learning_coefficient",
            "Local learning coeff. λ̂",
            &LEARNING_COEFFICIENT,
        ),
        Row::new("chain_step", "step ε of its chain", &CHAIN_STEP),
    ],
    begin: |spot, settings| {
        let options = ChainOptions {
            samples: spot.samples,
            localisation: settings.localisation,
            steps: settings.chain,
            seed: settings.seed,
        };
        let mut chain = Chain::new(spot.theta.flatten(), options)?;
        let total = settings.chain + POWER_STEPS;
        Ok(Measuring::told(
            LEARNING_COEFFICIENT.name,
            total,
            move |objective| {
                if !chain.step(objective)? {
                    return Ok(None);
                }
                let coefficient = chain.coefficient();
                let coefficient = coefficient.map(|(mean, error)| Value::so_far(mean, error));
                Ok(Some(Found::Rows(vec![
                    coefficient,
                    chain.length().map(Value::exact),
                ])))
            },
        ))
    },
    read: rows,
};

/// Products of the power iteration that finds how long steps may be.
pub const POWER_STEPS: usize = 12;
/// Stretches of the chain whose means are compared.
const STRETCHES: usize = 10;
/// The chain's random numbers are others than those of other measures of the same seed.
const STREAM: u64 = 21;

/// How long the chain is, and how it is held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChainOptions {
    /// n, at least 3.
    pub samples: usize,
    /// γ
    pub localisation: f64,
    /// Langevin steps, the first fifth of which is left out.
    pub steps: usize,
    /// Seed.
    pub seed: u64,
}

/// A Langevin chain around a point, advanced by [`Chain::step`].
#[derive(Debug, Clone)]
pub struct Chain {
    centre: Vec<f64>,
    options: ChainOptions,
    /// nβ
    weight: f64,
    rng: ChaCha8Rng,
    /// The vector of the power iteration, and how often it was multiplied.
    power: (Vec<f64>, usize),
    curvature: f64,
    start: f64,
    position: Vec<f64>,
    taken: usize,
    all: Running,
    stretches: Vec<Running>,
}

impl Chain {
    /// A chain that starts at `centre`.
    ///
    /// # Errors
    /// For fewer than three samples, whose log is no measure of anything.
    pub fn new(centre: Vec<f64>, options: ChainOptions) -> Result<Self> {
        if options.samples < 3 {
            return Err(Error::Slice(
                "a local learning coefficient takes at least three samples".into(),
            ));
        }
        let n = options.samples as f64;
        let mut rng = generator(options.seed, STREAM);
        let mut vector = gaussian(centre.len(), &mut rng);
        let length = norm(&vector);
        scale(&mut vector, 1.0 / length);
        Ok(Self {
            position: centre.clone(),
            centre,
            options,
            weight: n / n.ln(),
            rng,
            power: (vector, 0),
            curvature: 0.0,
            start: f64::NAN,
            taken: 0,
            all: Running::default(),
            stretches: vec![Running::default(); STRETCHES],
        })
    }

    /// ε, once it is known.
    pub fn length(&self) -> Option<f64> {
        let stiffest = self.weight * self.curvature + self.options.localisation;
        (self.power.1 >= POWER_STEPS && stiffest > 0.0).then(|| 0.5 / stiffest)
    }

    /// λ̂ so far and its standard error; `None` before the first step that counts.
    pub fn coefficient(&self) -> Option<(f64, f64)> {
        if self.all.count() == 0 {
            return None;
        }
        let mut means = Running::default();
        for stretch in self.stretches.iter().filter(|s| s.count() > 0) {
            means.add(stretch.mean());
        }
        let mean = self.weight * (self.all.mean() - self.start);
        Some((mean, self.weight * means.standard_error()))
    }

    /// One product of the power iteration, or one step of the chain; false at its end.
    ///
    /// # Errors
    /// Where the objective fails, or the chain leaves for where the loss isn't finite.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<bool> {
        if self.power.1 < POWER_STEPS {
            let product = objective.hessian_vector(&self.centre, &self.power.0)?;
            self.curvature = self.curvature.max(norm(&product));
            let length = norm(&product);
            if length > 0.0 {
                self.power.0 = product;
                scale(&mut self.power.0, 1.0 / length);
            }
            self.power.1 += 1;
            return Ok(true);
        }
        if self.taken >= self.options.steps {
            return Ok(false);
        }
        let Some(length) = self.length().filter(|length| length.is_finite()) else {
            return Err(Error::Slice(
                "the curvature here is zero or not finite, and γ is zero: a chain has nothing that holds it".into(),
            ));
        };
        let (value, gradient) = objective.gradient(&self.position)?;
        if !value.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
            return Err(Error::Slice(
                "the chain reached weights whose loss isn't finite: hold it with a larger --localisation".into(),
            ));
        }
        if self.taken == 0 {
            self.start = value;
        }
        let burned = self.options.steps / 5;
        if self.taken >= burned {
            let counted = self.options.steps - burned;
            let stretch = (self.taken - burned) * STRETCHES / counted.max(1);
            self.all.add(value);
            self.stretches[stretch.min(STRETCHES - 1)].add(value);
        }
        let noise = gaussian(self.position.len(), &mut self.rng);
        let pull = self.options.localisation;
        let places = self.position.iter_mut().zip(&self.centre);
        for ((w, centre), (g, xi)) in places.zip(gradient.iter().zip(&noise)) {
            let drift = self.weight * g + pull * (*w - centre);
            *w += length.sqrt() * xi - 0.5 * length * drift;
        }
        self.taken += 1;
        Ok(true)
    }
}
