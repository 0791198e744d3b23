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

/// A source.
pub const fn source(paper: &'static str, place: &'static str, arxiv: &'static str) -> Source {
    Source {
        paper,
        place,
        arxiv,
    }
}

/// The unit of second derivatives.
pub const PER_SQUARED_WEIGHT: &str = "nats per squared unit of the weights";

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
/// Weights over gradient, module by module.
pub const TRUST: Definition = Definition {
    name: "Table of layers",
    formula: "‖θ‖/‖∇f‖ of every module",
    unit: "squared units of the weights per nat",
    meaning: "The length of the weights beside that of their gradient: layers whose ratio is small want a small learning rate",
    sources: &[source("You et al. 2017", "equation 6", "1708.03888")],
};
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
        let sources = match self.listed(Source::brief) {
            none if none.is_empty() => none,
            sources => format!(" ({sources})"),
        };
        format!("{}\n{}{sources}", self.formula, self.meaning)
    }

    /// Everything, for the help of a command.
    pub fn entry(&self) -> String {
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
pub fn long_help(definitions: &[&Definition], caution: &str) -> String {
    let entries: Vec<String> = definitions.iter().map(|one| one.entry()).collect();
    format!(
        "What is measured. f is the mean loss in nats (in its own unit where targets are numbers, which then stands for nats in every unit below) over the samples of the split, θ and w all trained values.\n\n{}\nCaution: {caution}",
        entries.join("\n")
    )
}
