//! `architecture`: what skips, normalisation, depth and width do to the surface around a minimizer.
//!
//! One residual network is the base; the others differ from it in one or two of these.

mod curvature;
mod networks;
mod surfaces;

use super::entry::{Ask, Entry, Part};
use super::found::{Findings, Table};
use super::lab::Lab;
use super::seeds::{mean, spread};
use crate::engine::job::{Keeping, Several};
use crate::error::Result;
use crate::train::initial::Rule;
use crate::train::optimizer::Kind;
use networks::{ALL, Base, RATE, Variant};

/// The experiment.
pub const ENTRY: Entry = Entry {
    name: "architecture",
    title: "Skips, normalisation, depth and width",
    asks: "what skips, batch normalisation, depth and width do to the surface around a minimizer, its convexity and the gradients on the way",
    source: "Li, Xu, Taylor, Studer and Goldstein 2018 (arXiv 1712.09913); Santurkar, Tsipras, Ilyas and Mądry 2018 (arXiv 1805.11604)",
    family: Some("resnet"),
    takes: "about half a minute",
    plan,
    measure,
};

fn plan(ask: &Ask) -> Vec<Part> {
    let usual = ask.pick([20, 4], [56, 16]);
    let base = Base::of(&ask.setup.model, usual);
    let part = |variant: Variant| {
        let mut job = ask.job("");
        job.setup.model = base.with(variant);
        job.how.optimizer.optimizer = Kind::Momentum;
        job.how.optimizer.momentum = 0.9;
        // Without normalisation the rule of PyTorch's layers lets signals die out over so many layers.
        job.how.initial.initial = Rule::He;
        job.learning_rate = Several::one(RATE);
        job.batch_size = Several::one(ask.pick(64, 128));
        job.run_seed = ask.seeds(3, 3);
        job.how.stop.epochs = ask.pick(16, 120);
        job.keep.checkpoints = Keeping::Log;
        Part::new(variant.part, variant.words, job)
    };
    ALL.map(part).to_vec()
}

fn measure(lab: &mut Lab<'_>) -> Result<Findings> {
    let mut found = Findings::default();
    found.tables.push(ends(lab));
    surfaces::measure(lab, &mut found)?;
    curvature::measure(lab, &mut found)?;
    found.notes.push(format!(
        "All networks are trained alike, at learning rate {RATE}: another may suit some of them better, and one that hasn't learned as much (see the table) has a flatter surface for that alone. Surfaces and curvature are taken over at most {} and {} training samples.",
        surfaces::SAMPLES,
        curvature::MAP_SAMPLES
    ));
    found.notes.push("Directions are filter-normalised, so that networks can be compared; a plane of two directions shows little of a network's whole neighbourhood (Li et al. 2018, section 6).".into());
    Ok(found)
}

/// What every network came to.
fn ends(lab: &Lab<'_>) -> Table {
    let mut table = Table::new(
        "networks",
        "Means and standard deviations over seeds, at the end",
        &[
            "network",
            "parameters",
            "training loss",
            "validation loss",
            "validation accuracy",
            "diverged",
        ],
    );
    for variant in ALL {
        let trials = lab.part(variant.part);
        let header = trials.iter().find_map(|t| t.header.as_ref());
        let of = |name: &str| spread(mean(&trials, |_| true, |t| t.last(name)));
        table.row([
            variant.words.into(),
            header.map_or(0, |h| h.model.parameters).into(),
            of("train_loss").into(),
            of("validation_loss").into(),
            of("validation_accuracy").into(),
            trials.iter().filter(|t| t.diverged()).count().into(),
        ]);
    }
    table
}
