//! `forgetting`: the learning rate against training and test loss for several amounts of data, and what is
//! left at the end of the batches that were trained on last.

use super::entry::{Ask, Entry, Part};
use super::found::{Drawing, Finding, Findings, Picture, Table, figure};
use super::lab::Lab;
use super::seeds::{batches, factor, mean, rates, seeds, spread, values};
use super::trial::Trial;
use crate::engine::job::Several;
use crate::error::Result;
use crate::plot::colormap::series;
use crate::plot::curves_figure::{Curve, CurvesFigure, Form};
use crate::plot::scale::Scale::Log;

/// The experiment.
pub const ENTRY: Entry = Entry {
    name: "forgetting",
    title: "Learning rate, amount of data and recent batches",
    asks: "what learning rates do with little and much data, and whether batches trained on last are known best",
    source: "Smith and Le 2018 (arXiv 1710.06451); Toneva et al. 2019 (arXiv 1812.05159)",
    family: None,
    takes: "under 10 seconds",
    plan,
    measure,
};

fn plan(ask: &Ask) -> Vec<Part> {
    let mut job = ask.usual();
    job.batch_size = Several(ask.pick(vec![16, 256], vec![64, 1024]));
    job.learning_rate = Several(vec![0.0125, 0.05, 0.2, 0.8]);
    job.subset = Several(ask.pick(vec![360, 720, 0], vec![5000, 20000, 0]));
    job.run_seed = ask.seeds(3, 3);
    job.how.stop.epochs = ask.pick(16, 60);
    vec![Part::new(
        "factors",
        "several learning rates at two batch sizes on several amounts of the training data (0: all)",
        job,
    )]
}

/// The base that learning rates are multiples of.
const BASE: f64 = 0.05;

fn measure(lab: &mut Lab<'_>) -> Result<Findings> {
    let trials = lab.part("factors");
    let mut found = Findings::default();
    let mut table = Table::new(
        "factors",
        "Means and standard deviations over seeds, at the end",
        &[
            "samples",
            "batch size",
            "learning rate factor",
            "training loss",
            "validation loss",
            "diverged",
        ],
    );
    let subsets = values(&trials, |t| {
        if t.subset() == 0 {
            usize::MAX
        } else {
            t.subset()
        }
    });
    let name = |subset: usize| {
        if subset == usize::MAX {
            "all".to_owned()
        } else {
            subset.to_string()
        }
    };
    let own = |t: &Trial| {
        if t.subset() == 0 {
            usize::MAX
        } else {
            t.subset()
        }
    };
    let mut panels: Vec<CurvesFigure> = Vec::new();
    for size in batches(&trials) {
        let mut curves = Vec::new();
        for (index, &subset) in subsets.iter().enumerate() {
            let [mut train, mut test] =
                [(Form::Dashed, ""), (Form::Dotted, "samples")].map(|(form, unit)| Curve {
                    name: if unit.is_empty() {
                        String::new()
                    } else {
                        format!("{} {unit}", name(subset))
                    },
                    color: series(index),
                    form,
                    ..Curve::default()
                });
            for rate in rates(&trials) {
                let fits = |t: &Trial| t.batch() == size && own(t) == subset && t.rate() == rate;
                let of = |what: &str| mean(&trials, fits, |t| t.last(what));
                for (curve, what) in [(&mut train, "train_loss"), (&mut test, "validation_loss")] {
                    if let Some(found) = of(what) {
                        curve.x.push(rate / BASE);
                        curve.y.push(found.mean);
                    }
                }
                table.row([
                    name(subset).into(),
                    size.into(),
                    (rate / BASE).into(),
                    spread(of("train_loss")).into(),
                    spread(of("validation_loss")).into(),
                    trials
                        .iter()
                        .filter(|t| fits(t) && t.diverged())
                        .count()
                        .into(),
                ]);
            }
            curves.extend([test, train]);
        }
        panels.extend(figure(
            &format!("B = {size}"),
            [("Learning rate / 0.05", Log), ("Loss", Log)],
            curves,
        ));
    }
    found.tables.push(table);
    if !panels.is_empty() {
        found.pictures.push(Picture {
            name: "factors",
            caption: "Validation loss (lines with dots) and training loss (dashed) at the end, by amount of training data; means over seeds.".into(),
            drawing: Drawing::Several(panels),
        });
    }
    recent(lab, &trials, &mut found)?;
    Ok(found)
}

/// The loss of the batches of the last epoch by how long ago they were trained on.
fn recent(lab: &mut Lab<'_>, trials: &[Trial], found: &mut Findings) -> Result<()> {
    let mut table = Table::new(
        "recent",
        "Loss at the end of samples by when they were trained on, all training samples, factor 4",
        &[
            "batch size",
            "seed",
            "last tenth of the last epoch",
            "first tenth of it",
            "never (validation)",
        ],
    );
    let rate = 4.0 * BASE;
    let chosen: Vec<&Trial> = trials
        .iter()
        .filter(|t| t.subset() == 0 && (t.rate() - rate).abs() < 1e-9)
        .collect();
    let smallest = batches(trials).first().copied().unwrap_or(0);
    let mut effects = Vec::new();
    let mut unseen = Vec::new();
    for (done, trial) in chosen.iter().enumerate() {
        lab.tell("recent batches", done, chosen.len())?;
        let Some([last, first, fresh]) = lab.losses_by_age(trial)? else {
            continue;
        };
        table.row([
            trial.batch().into(),
            (trial.seed() as usize).into(),
            last.into(),
            first.into(),
            fresh.into(),
        ]);
        if trial.batch() == smallest {
            effects.push((first / last).ln());
            unseen.push((fresh / last).ln());
        }
    }
    found.tables.push(table);
    found.findings.push(Finding::new(
        "What was trained on long ago is partly forgotten: its loss is higher than that of recent batches (Toneva et al. 2019)",
        &format!("ln of the loss of the first tenth of the last epoch over that of its last tenth, at B = {smallest}"),
        &effects,
        format!("the loss of the earlier samples is {} times that of the latest", factor(&effects)),
    ));
    found.findings.push(Finding::new(
        "Samples that were trained on have a lower loss than fresh ones (the generalisation gap)",
        &format!("ln of the validation loss over the loss of the last tenth of the last epoch, at B = {smallest}"),
        &unseen,
        format!("the loss of fresh samples is {} times that of the latest", factor(&unseen)),
    ));
    let more: Vec<f64> = seeds(trials)
        .into_iter()
        .filter_map(|seed| {
            let subsets = values(trials, |t| {
                if t.subset() == 0 {
                    usize::MAX
                } else {
                    t.subset()
                }
            });
            let least = |subset: usize| {
                let own = trials.iter().filter(|t| {
                    let own = if t.subset() == 0 {
                        usize::MAX
                    } else {
                        t.subset()
                    };
                    t.seed() == seed && own == subset && t.batch() == smallest
                });
                own.map(|t| t.last("validation_loss"))
                    .filter(|l| l.is_finite())
                    .fold(f64::INFINITY, f64::min)
            };
            Some((least(*subsets.first()?) / least(*subsets.last()?)).ln())
        })
        .filter(|v| v.is_finite())
        .collect();
    found.findings.push(Finding::new(
        "More training data lower the validation loss at the best learning rate",
        &format!("ln of the lowest validation loss over learning rates with the fewest samples over that with all, at B = {smallest}"),
        &more,
        format!("with the fewest samples it is {} times that with all", factor(&more)),
    ));
    Ok(())
}
