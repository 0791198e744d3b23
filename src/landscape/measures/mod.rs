//! The catalogue of measures: one file a measure, and the list of them.
//!
//! An [`Entry`] says everything of a measure: its key, its numbers with formula, unit, meaning and
//! source, what it takes, and how it is made. The window's table, `losscope measure`, the help, the
//! files and the README are loops over the list below. A new measure is one file and one line in it.
//!
//! # Glossary
//! | symbol | what |
//! |---|---|
//! | θ, w | all trained values of a network, one vector of n numbers ([`crate::model::params::Params`]) |
//! | f, ℓ | the mean loss over the samples of a split, the loss of one sample |
//! | g, G | ∇f, the gradient of the mean loss |
//! | gₙ, Σ | the gradient of sample n, the covariance of these over the samples |
//! | H | ∇²f, the Hessian; only products H·v are ever formed |
//! | GGN | the generalised Gauss–Newton matrix Jᵀ(∂²ℓ/∂z²)J of the outputs z: H without the bends of the network itself |
//! | λ, trace | eigenvalues of H and their sum |
//! | η, B, N | a learning rate, a batch size, the number of samples |
//! | ε, ρ, γ | the size of a box, of a perturbation, the pull of a chain back to its point |
//! | layer, module | what has weights of its own ([`part::By`]): `layer1.0.conv1`; a group of these: `layer1.0` |
//! | spot | where a measure is taken: a point, its samples, the other point of a pair ([`spot::Spot`]) |
//! | settled | known as well as it will be, though the measure may go on ([`found::Value`]) |

pub mod adaptive_average;
pub mod adaptive_worst;
pub mod aligned_barrier;
pub mod asam;
pub mod barrier;
pub mod bend;
pub mod by_part;
pub mod choice;
pub mod critical_sharpness;
pub mod curves;
pub mod density;
pub mod edge;
pub mod eigenvalues;
pub mod entry;
pub mod filter_average;
pub mod found;
pub mod gauss_newton;
pub mod learning_coefficient;
pub mod line_predictiveness;
pub mod measurable;
pub mod measuring;
pub mod noise;
pub mod part;
pub mod phi;
pub mod predictiveness;
pub mod relative_flatness;
pub mod rise;
pub mod sam;
pub mod spot;
pub mod trace;
pub mod update_sharpness;

use super::definitions::{
    ALONG_GRADIENT, ALONG_LINE, CRITICAL, Definition, ESTIMATE, SGD_NOISE, TRUST,
};
use entry::{Entry, Group};

/// Every measure of one point, those of a group together, the cheapest first.
pub const CATALOGUE: [&Entry; 21] = [
    &phi::ENTRY,
    &sam::ENTRY,
    &asam::ENTRY,
    &adaptive_worst::ENTRY,
    &adaptive_average::ENTRY,
    &filter_average::ENTRY,
    &eigenvalues::ENTRY,
    &trace::ENTRY,
    &density::ENTRY,
    &noise::ENTRY,
    &bend::ENTRY,
    &critical_sharpness::ENTRY,
    &edge::ENTRY,
    &predictiveness::ENTRY,
    &gauss_newton::ENTRY,
    &relative_flatness::ENTRY,
    &learning_coefficient::ENTRY,
    &barrier::ENTRY,
    &aligned_barrier::ENTRY,
    &line_predictiveness::ENTRY,
    &update_sharpness::ENTRY,
];

/// What else the commands of a group give: curves, fits and tables, which aren't numbers of one point.
const BESIDE: [(Group, &Definition); 6] = [
    (Group::Curvature, &ALONG_LINE),
    (Group::Curvature, &ALONG_GRADIENT),
    (Group::Noise, &ESTIMATE),
    (Group::Noise, &SGD_NOISE),
    (Group::Noise, &CRITICAL),
    (Group::Noise, &TRUST),
];

/// The measure of a key.
pub fn find(key: &str) -> Option<&'static Entry> {
    CATALOGUE.into_iter().find(|entry| entry.key == key)
}

/// The catalogue as a table in Markdown: name, numbers, whether they are taken layer by layer, source.
pub fn table() -> String {
    let mut text =
        String::from("| name | what | takes | by layer | source |\n|---|---|---|---|---|\n");
    for entry in CATALOGUE.into_iter().filter(|entry| !entry.rows.is_empty()) {
        let names: Vec<&str> = entry.definitions.iter().map(|one| one.name).collect();
        let needs: Vec<&str> = entry.needs.iter().map(|need| need.brief()).collect();
        let needs: Vec<String> = (needs.iter().filter(|need| !need.is_empty()))
            .map(|need| format!("`{need}`"))
            .collect();
        let mut sources: Vec<String> = Vec::new();
        for source in entry.definitions.iter().flat_map(|one| one.sources) {
            let linked = match source.arxiv {
                "" => source.paper.to_owned(),
                arxiv => format!("[{}](https://arxiv.org/abs/{arxiv})", source.paper),
            };
            if !sources.contains(&linked) {
                sources.push(linked);
            }
        }
        text += &format!(
            "| `{}`{} | {} | {} | {} | {} |\n",
            entry.key,
            if entry.usual { "*" } else { "" },
            names.join(", ").replace('|', "\\|"),
            needs.join(", "),
            if entry.in_parts() { "yes" } else { "" },
            sources.join("; ")
        );
    }
    text
}

/// All that is measured under a heading.
pub fn definitions_of(group: Group) -> Vec<&'static Definition> {
    let entries = CATALOGUE.into_iter().filter(|entry| entry.group == group);
    let beside = BESIDE.iter().filter(|(of, _)| *of == group);
    let own = entries.flat_map(|entry| entry.definitions).copied();
    own.chain(beside.map(|(_, definition)| *definition))
        .collect()
}
