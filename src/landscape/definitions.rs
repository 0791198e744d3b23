//! What every measure is: its formula, its unit, its meaning and who proposed it, said once for the
//! help of the commands, the window's tooltips and the report.
//!
//! Symbols: f the mean loss over the samples, nats; θ or w all trained values; g = ∇f; H = ∇²f;
//! gₙ the gradient of sample n, G their mean, Σ their covariance; B a batch size, N the samples.

/// One measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// What it is called.
    pub name: &'static str,
    /// Its formula.
    pub formula: &'static str,
    /// Its unit in words.
    pub unit: &'static str,
    /// What it says, and how it is found.
    pub meaning: &'static str,
    /// Where it comes from.
    pub sources: &'static [Source],
}

/// A place in the literature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Authors and year.
    pub paper: &'static str,
    /// Where in it; empty: all of it.
    pub place: &'static str,
    /// Its number on arXiv; empty: it isn't there.
    pub arxiv: &'static str,
}

const fn source(paper: &'static str, place: &'static str, arxiv: &'static str) -> Source {
    Source {
        paper,
        place,
        arxiv,
    }
}

const PER_SQUARED_WEIGHT: &str = "nats per squared unit of the weights";
const ANDRIUSHCHENKO: &str = "Andriushchenko et al. 2023";

/// Keskar et al.'s sharpness.
pub const PHI: Definition = Definition {
    name: "Sharpness φ",
    formula: "φ(ε, A) = 100 · (max over z in C of f(θ + A z) − f(θ)) / (1 + f(θ)),  C = { z : |zᵢ| ≤ ε (|(A⁺θ)ᵢ| + 1) }",
    unit: "percent of 1 + f(θ)",
    meaning: "How far the loss rises in a small box around θ, in full space (A = I) or along random directions (the columns of A). A lower bound: no method finds the true maximum. It changes when layers are rescaled without changing the function (Dinh et al. 2017); the adaptive sharpnesses don't",
    sources: &[source(
        "Keskar et al. 2017",
        "metric 2.1, equations 3 and 4",
        "1609.04836",
    )],
};
/// One step up the gradient.
pub const SAM: Definition = Definition {
    name: "SAM",
    formula: "f(w + ρ g/‖g‖) − f(w)",
    unit: "nats",
    meaning: "The rise after one step of length ρ up the gradient g: the worst case in a ball, to first order. It depends on the parametrisation; ASAM doesn't",
    sources: &[source("Foret et al. 2021", "equation 2", "2010.01412")],
};
/// One step up the gradient in a ball scaled by the weights.
pub const ASAM: Definition = Definition {
    name: "ASAM",
    formula: "f(w + ρ w²∘g/‖|w|∘g‖) − f(w)",
    unit: "nats",
    meaning: "As SAM, in a ball scaled by the weights, which a rescaling of layers leaves unchanged",
    sources: &[source("Kwon et al. 2021", "equation 6", "2102.11600")],
};
/// The worst case within a share of every weight.
pub const ADAPTIVE_WORST: Definition = Definition {
    name: "Adaptive worst case",
    formula: "max f(w + z) − f(w) over |zᵢ| ≤ ρ|wᵢ|",
    unit: "nats",
    meaning: "The largest rise while every weight moves by a share ρ of itself, by projected sign-gradient ascent: a lower bound",
    sources: &[source(
        ANDRIUSHCHENKO,
        "equation 1 with p = ∞ and c = |w|",
        "2302.07011",
    )],
};
/// The mean under noise in proportion to every weight.
pub const ADAPTIVE_AVERAGE: Definition = Definition {
    name: "Adaptive average",
    formula: "E f(w + ρ|w|∘ξ) − f(w), ξ ~ N(0, I)",
    unit: "nats",
    meaning: "The mean rise under Gaussian noise in proportion to the weights; ± is its standard error",
    sources: &[source(ANDRIUSHCHENKO, "equation 1", "2302.07011")],
};
/// The mean along filter-normalised directions.
pub const FILTER_AVERAGE: Definition = Definition {
    name: "Filter-normalised average",
    formula: "E f(w + ρ d) − f(w), d ~ N(0, I), each filter of d scaled to the norm of w's",
    unit: "nats",
    meaning: "The mean rise along random filter-normalised directions; ± is its standard error",
    sources: &[source("Li et al. 2018", "section 4", "1712.09913")],
};
/// What `losscope sharpness` measures.
pub const SHARPNESS: [Definition; 6] = [
    PHI,
    SAM,
    ASAM,
    ADAPTIVE_WORST,
    ADAPTIVE_AVERAGE,
    FILTER_AVERAGE,
];

const LANCZOS: &[Source] = &[source("Golub and Van Loan 2013", "section 10.1", "")];
/// The largest eigenvalues.
pub const LARGEST: Definition = Definition {
    name: "Largest eigenvalues",
    formula: "H v = λ v,  H = ∇²f(θ)",
    unit: PER_SQUARED_WEIGHT,
    meaning: "The curvature along the directions in which the loss bends most. By Lanczos with full reorthogonalisation and exact Hessian-vector products, until the residual ‖Hv − λv‖ is within the tolerance, a share of λ itself; an eigenvalue lies within the residual of each λ",
    sources: LANCZOS,
};
/// The smallest eigenvalue.
pub const SMALLEST: Definition = Definition {
    name: "Smallest eigenvalue",
    formula: "the least λ of H v = λ v",
    unit: PER_SQUARED_WEIGHT,
    meaning: "Below zero where the loss bends downwards along some direction. From the same Lanczos run as the largest, within the same share of its own size; where it is too small for the rounding of the products, it isn't called converged",
    sources: LANCZOS,
};
/// How far from convex.
pub const RATIO: Definition = Definition {
    name: "Convexity",
    formula: "|λ_min/λ_max|",
    unit: "none",
    meaning: "How far from convex the loss is: 0 where it bends upwards in every direction. Over a plane λ_min is found within the tolerance of itself or of λ_max/10, whichever is more",
    sources: &[source(
        "Li et al. 2018",
        "section 6 and figure 7",
        "1712.09913",
    )],
};
/// The trace of the Hessian.
pub const TRACE: Definition = Definition {
    name: "Trace",
    formula: "tr H = Σ λ = E vᵀHv, vᵢ = ±1",
    unit: PER_SQUARED_WEIGHT,
    meaning: "The sum of all curvatures: the mean over random sign vectors v; ± is its standard error",
    sources: &[source("Hutchinson 1990", "", "")],
};
/// The Frobenius norm of the Hessian.
pub const FROBENIUS: Definition = Definition {
    name: "Frobenius norm",
    formula: "‖H‖_F = √Σ λ² = √(E ‖Hv‖²), vᵢ = ±1",
    unit: PER_SQUARED_WEIGHT,
    meaning: "From the same products as the trace; ± is its standard error",
    sources: &[source("Hutchinson 1990", "", "")],
};
/// The density of all eigenvalues.
pub const DENSITY: Definition = Definition {
    name: "Density of eigenvalues",
    formula: "Σ wᵢ δ(λ − λᵢ), each δ drawn as a Gaussian",
    unit: "share of all eigenvalues per unit of λ",
    meaning: "Stochastic Lanczos quadrature: for a random vector, λᵢ are the eigenvalues of the Lanczos matrix and wᵢ the squared first entries of its eigenvectors; the mean over several vectors",
    sources: &[
        source("Ubaru, Chen and Saad 2017", "", ""),
        source("Ghorbani et al. 2019", "", "1901.10159"),
    ],
};
/// Slope and curvature along a line.
pub const ALONG_LINE: Definition = Definition {
    name: "Along a line",
    formula: "slope dᵀ∇f and curvature dᵀHd at θ + α d, d = θ_to − θ",
    unit: "nats per α and per α²; over ‖d‖ and ‖d‖² per unit of length",
    meaning: "The exact derivatives of the curve that a plot of the line shows",
    sources: &[source("Pearlmutter 1994", "", "")],
};
/// Steps along the gradient.
pub const ALONG_GRADIENT: Definition = Definition {
    name: "Along the gradient",
    formula: "f(θ − η g) and ‖∇f(θ − η g) − g‖, g = ∇f(θ);  effective smoothness: the largest ‖∇f(θ − η g) − g‖/‖η g‖",
    unit: "nats; nats per unit of the weights; nats per squared unit",
    meaning: "How far the gradient can be trusted: the range of the loss, the change of the gradient and its largest rate over the steps η",
    sources: &[source(
        "Santurkar et al. 2018",
        "section 3.1 and figure 4",
        "1805.11604",
    )],
};
/// What `losscope curvature` measures.
pub const CURVATURE: [Definition; 8] = [
    LARGEST,
    SMALLEST,
    RATIO,
    TRACE,
    FROBENIUS,
    DENSITY,
    ALONG_LINE,
    ALONG_GRADIENT,
];

/// The simple noise scale.
pub const B_SIMPLE: Definition = Definition {
    name: "B_simple",
    formula: "B_simple = tr Σ/‖G‖², tr Σ = mean ‖gₙ‖² − ‖G‖²",
    unit: "samples",
    meaning: "About how many samples a batch needs for its gradient to be more signal than noise; larger batches save few steps. Exact, from the gradients of all samples",
    sources: &[source(
        "McCandlish et al. 2018",
        "equation 2.9",
        "1812.06162",
    )],
};
/// The scatter of the gradients.
pub const COVARIANCE: Definition = Definition {
    name: "tr Σ",
    formula: "tr Σ = mean ‖gₙ‖² − ‖G‖²",
    unit: "squared nats per squared unit of the weights",
    meaning: "How much the gradients gₙ of single samples scatter about their mean G",
    sources: &[source(
        "McCandlish et al. 2018",
        "equation 2.9",
        "1812.06162",
    )],
};
/// The simple noise scale from two batch sizes.
pub const ESTIMATE: Definition = Definition {
    name: "B_simple from two batch sizes",
    formula: "‖G‖² ≈ (B‖G_B‖² − b‖G_b‖²)/(B − b),  tr Σ ≈ (‖G_b‖² − ‖G_B‖²)/(1/b − 1/B)",
    unit: "samples",
    meaning: "What a training run can estimate on its way; numerator and denominator are averaged separately, with a 95 % interval",
    sources: &[source(
        "McCandlish et al. 2018",
        "appendix A.1",
        "1812.06162",
    )],
};
/// The noise scale with curvature.
pub const B_NOISE: Definition = Definition {
    name: "B_noise",
    formula: "B_noise = tr(HΣ)/(GᵀHG)",
    unit: "samples",
    meaning: "The noise scale when the loss bends differently along different directions, from random vectors; ± is the standard error. Negative where the loss bends downwards along its gradient",
    sources: &[source(
        "McCandlish et al. 2018",
        "equation 2.8",
        "1812.06162",
    )],
};
/// The noise of SGD.
pub const SGD_NOISE: Definition = Definition {
    name: "Noise of SGD",
    formula: "g = η (N/B − 1)",
    unit: "that of the learning rate η",
    meaning: "How strong the noise of SGD is at a batch size: proportional to η/B while B is small",
    sources: &[source("Smith and Le 2017", "equation 15", "1710.06451")],
};
/// Steps against examples.
pub const CRITICAL: Definition = Definition {
    name: "Critical batch size",
    formula: "(S/S_min − 1)(E/E_min − 1) = 1,  B_crit = E_min/S_min",
    unit: "steps S, examples E, samples B_crit",
    meaning: "The trade between optimisation steps and examples to the same loss, fitted to runs that reached it; in the table of batch sizes B_simple stands for B_crit",
    sources: &[source(
        "McCandlish et al. 2018",
        "equation 2.11",
        "1812.06162",
    )],
};
/// How much gradients point the same way.
pub const ALIGNMENT: Definition = Definition {
    name: "Alignment",
    formula: "‖Σ gₙ‖/Σ ‖gₙ‖ over the samples of a batch",
    unit: "none",
    meaning: "1 where all gradients point the same way, about 1/√B where none are related; the mean over random batches, ± its standard error. It falls with the batch size, which is why larger batches step less far",
    sources: &[source(
        "Yin et al. 2018",
        "whose gradient diversity is Σ ‖gₙ‖²/‖Σ gₙ‖²",
        "1706.05699",
    )],
};
/// Weights over gradient, module by module.
pub const TRUST: Definition = Definition {
    name: "Table of layers",
    formula: "‖θ‖/‖∇f‖ of every module",
    unit: "squared units of the weights per nat",
    meaning: "The length of the weights beside that of their gradient: layers whose ratio is small want a small learning rate",
    sources: &[source("You et al. 2017", "equation 6", "1708.03888")],
};
/// What `losscope noise` measures.
pub const NOISE: [Definition; 8] = [
    B_SIMPLE, COVARIANCE, ESTIMATE, B_NOISE, SGD_NOISE, CRITICAL, ALIGNMENT, TRUST,
];

/// The barrier of a line.
pub const BARRIER: Definition = Definition {
    name: "Line between both",
    formula: "θ(α) = (1 − α) θ_small + α θ_large;  barrier = max over α in [0, 1] of f(θ(α)) − [(1 − α) f(θ_small) + α f(θ_large)]",
    unit: "nats",
    meaning: "How far the loss on the way rises above the straight chord between its ends",
    sources: &[source("Keskar et al. 2017", "figure 3", "1609.04836")],
};
/// A plane of filter-normalised directions.
pub const PLANE: Definition = Definition {
    name: "Contours",
    formula: "θ(c) = θ₀ + c₁ d₁ + c₂ d₂;  each filter of d: d ← d · ‖w‖ / ‖d‖, d ~ N(0, 1)",
    unit: "nats",
    meaning: "The loss over a plane of two random directions, filter-wise normalised; tensors with one axis stay fixed",
    sources: &[source("Li et al. 2018", "section 4", "1712.09913")],
};
/// Distances between checkpoints.
pub const DISTANCE: Definition = Definition {
    name: "Distances",
    formula: "‖θ_a − θ_b‖₂ over the trained tensors, in total and by module; relative: over ‖θ_b‖₂",
    unit: "units of the weights",
    meaning: "How far two checkpoints lie apart",
    sources: &[source("Keskar et al. 2017", "section 4.2", "1609.04836")],
};

impl Source {
    /// "Li et al. 2018, section 4".
    pub fn brief(&self) -> String {
        if self.place.is_empty() {
            self.paper.to_owned()
        } else {
            format!("{}, {}", self.paper, self.place)
        }
    }

    /// As [`Source::brief`], with the number on arXiv.
    pub fn full(&self) -> String {
        if self.arxiv.is_empty() {
            self.brief()
        } else {
            format!("{} (arXiv {})", self.brief(), self.arxiv)
        }
    }
}

impl Definition {
    fn listed(&self, source: fn(&Source) -> String) -> String {
        let all: Vec<String> = self.sources.iter().map(source).collect();
        all.join("; ")
    }

    /// Formula, meaning and source, for a tooltip.
    pub fn tooltip(&self) -> String {
        format!(
            "{}\n{} ({})",
            self.formula,
            self.meaning,
            self.listed(Source::brief)
        )
    }

    /// Everything, for the help of a command.
    fn entry(&self) -> String {
        format!(
            "  {}\n      {}\n      Unit: {}.\n      {}.\n      Source: {}.\n",
            self.name,
            self.formula,
            self.unit,
            self.meaning,
            self.listed(Source::full)
        )
    }
}

/// What a command measures, for its help.
pub fn long_help(definitions: &[Definition], caution: &str) -> String {
    let entries: Vec<String> = definitions.iter().map(Definition::entry).collect();
    format!(
        "What is measured. f is the mean loss in nats (in its own unit where targets are numbers, which then stands for nats in every unit below) over the samples of the split, θ and w all trained values.\n\n{}\nCaution: {caution}",
        entries.join("\n")
    )
}
