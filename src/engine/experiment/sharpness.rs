//! `sharpness`: how sharp the minimizers of small and large batches are at one training loss.

use super::entry::{Ask, Entry, Part};
use super::found::{Drawing, Finding, Findings, Picture, Table};
use super::lab::Lab;
use super::seeds::{against, batches, ends, factor, large_over_small, mean, seeds, spread};
use super::trial::Trial;
use crate::engine::job::Several;
use crate::error::Result;
use crate::plot::scale::Scale::Log;
use crate::train::Stopped;
use crate::train::optimizer::Kind;
use crate::train::recipe::TrainMetrics;
use std::collections::HashMap;
use std::path::PathBuf;

/// The experiment.
pub const ENTRY: Entry = Entry {
    name: "sharpness",
    title: "Sharp and flat minimizers by batch size",
    asks: "whether large batches end in sharper minimizers: line, contours on one scale, φ(1e-3)",
    source: "Keskar, Mudigere, Nocedal, Smelyanskiy and Tang 2017 (arXiv 1609.04836)",
    family: None,
    takes: "under 10 seconds",
    plan,
    measure,
};

fn plan(ask: &Ask) -> Vec<Part> {
    let mut job = ask.usual();
    job.how.optimizer.optimizer = Kind::Adam;
    job.learning_rate = Several::one(1e-3);
    job.batch_size = Several(ask.pick(vec![16, 64, 256], vec![64, 256, 1024, 4096]));
    job.run_seed = ask.seeds(5, 5);
    job.how.stop.epochs = ask.pick(150, 300);
    // The same training loss for all, in eval mode.
    job.how.stop.until_loss = Some(ask.pick(0.01, 0.001));
    job.how.draws.train_metrics = TrainMetrics::Whole;
    vec![Part::new(
        "batches",
        "Adam until the training loss is reached, so that minimizers of all batch sizes are compared at about the same loss",
        job,
    )]
}

/// Points along a side of the contours.
const GRID: usize = 21;

fn measure(lab: &mut Lab<'_>) -> Result<Findings> {
    let trials = lab.part("batches");
    let mut found = Findings::default();
    let files: Vec<PathBuf> = trials
        .iter()
        .filter_map(|t| t.end())
        .map(PathBuf::from)
        .collect();
    let values = lab.sharpness(&files)?;
    let phi: HashMap<PathBuf, f64> = files.into_iter().zip(values).collect();
    let sharp = |t: &Trial| {
        t.end()
            .and_then(|end| phi.get(end))
            .copied()
            .unwrap_or(f64::NAN)
    };
    table(&trials, &sharp, &mut found);
    let sizes = batches(&trials);
    found.pictures.extend(Picture::curves(
        "sharpness",
        "Sharpness by batch size",
        [("Batch size", Log), ("φ(1e-3) (%)", Log)],
        vec![against(&trials, &sizes, ("", 0), Trial::batch, sharp)],
        "φ(ε) = 100 (max f − f)/(1 + f) within ε(|w| + 1), full space, ε = 1e-3, over the training samples: a lower bound by sign-gradient ascent. Bars: standard deviation over seeds.",
    ));
    let [small, large] = ends(&trials);
    let first = seeds(&trials).first().copied().unwrap_or(0);
    let of = |size: usize| {
        trials
            .iter()
            .find(|t| t.batch() == size && t.seed() == first)
    };
    let pair = [of(small), of(large)].map(|t| t.and_then(Trial::end));
    if let [Some(a), Some(b)] = pair
        && a != b
    {
        found.pictures.push(Picture {
            name: "line",
            caption: format!("From the minimizer of B = {small} at α = 0 to that of B = {large} at α = 1, first seed."),
            drawing: Drawing::Line(Box::new(lab.line(a, b)?)),
        });
    }
    let mut surfaces = Vec::new();
    for &size in &sizes {
        if let Some(end) = of(size).and_then(Trial::end) {
            surfaces.push((format!("B = {size}"), lab.surface(end, GRID)?));
        }
    }
    if !surfaces.is_empty() {
        found.pictures.push(Picture {
            name: "contours",
            caption: "Filter-normalised surfaces around the minimizers of the first seed along the same random directions, on one scale of colours (Li et al. 2018).".into(),
            drawing: Drawing::Surfaces(surfaces),
        });
    }
    // Of those at about one loss.
    let ratios = large_over_small(&trials, |t| {
        if t.stopped == Some(Stopped::Loss) {
            sharp(t)
        } else {
            f64::NAN
        }
    });
    found.findings.push(Finding::new(
        "Large batches end in sharper minimizers (Keskar et al. 2017, tables 3 and 4: φ(1e-3) larger by a factor of 10 to 250)",
        &format!("ln of φ(1e-3) at B = {large} over that at B = {small}"),
        &ratios,
        format!("φ at B = {large} is {} times that at B = {small}", factor(&ratios)),
    ));
    let losses = large_over_small(&trials, |t| t.last("validation_loss"));
    found.findings.push(Finding::new(
        "Large batches generalise worse (Keskar et al. 2017, table 2)",
        &format!("ln of the final validation loss at B = {large} over that at B = {small}"),
        &losses,
        format!(
            "the validation loss at B = {large} is {} times that at B = {small}",
            factor(&losses)
        ),
    ));
    let short = trials
        .iter()
        .filter(|t| t.stopped != Some(Stopped::Loss))
        .count();
    if short > 0 {
        found.notes.push(format!("{short} of {} runs didn't reach the training loss asked for; their φ is left out of the claim, and the table has the losses that φ belongs to.", trials.len()));
    }
    found.notes.push("A sharpness depends on the parametrisation (Dinh et al. 2017) and predicts generalisation poorly in modern settings (Andriushchenko et al. 2023).".into());
    Ok(found)
}

fn table(trials: &[Trial], sharp: &impl Fn(&Trial) -> f64, found: &mut Findings) {
    let mut table = Table::new(
        "sharpness",
        "Means and standard deviations over seeds, at the end",
        &[
            "batch size",
            "φ(1e-3) (%)",
            "training loss",
            "validation loss",
            "validation accuracy",
            "epochs",
            "distance",
        ],
    );
    let mut each = Table::new(
        "runs",
        "Every run",
        &[
            "batch_size",
            "seed",
            "sharpness",
            "train_loss",
            "validation_loss",
            "epochs",
        ],
    )
    .for_files();
    for size in batches(trials) {
        let of = |number: &dyn Fn(&Trial) -> f64| {
            spread(mean(trials, |t| t.batch() == size, number)).into()
        };
        table.row([
            size.into(),
            of(&|t| sharp(t)),
            of(&|t| t.last("train_loss")),
            of(&|t| t.last("validation_loss")),
            of(&|t| t.last("validation_accuracy")),
            of(&|t| t.last("epoch")),
            of(&|t| t.last("distance")),
        ]);
    }
    for t in trials {
        each.row([
            t.batch().into(),
            (t.seed() as usize).into(),
            sharp(t).into(),
            t.last("train_loss").into(),
            t.last("validation_loss").into(),
            t.last("epoch").into(),
        ]);
    }
    found.tables.extend([table, each]);
}
