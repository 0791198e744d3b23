//! `lars`: ‖w‖/‖∇f‖ layer by layer along a large-batch run, with and without LARS.

use super::entry::{Ask, Entry, Part};
use super::found::{Drawing, Finding, Findings, Picture, Table, figure};
use super::lab::Lab;
use super::seeds::{factor, rates, seeds};
use super::trial::Trial;
use crate::engine::job::{Keeping, Several};
use crate::error::Result;
use crate::plot::colormap::series;
use crate::plot::curves_figure::{Curve, Form};
use crate::plot::number::format_value;
use crate::plot::scale::Scale::{Linear, Log};
use crate::train::findings::interval::Mean;
use crate::train::optimizer::Kind;

/// The experiment.
pub const ENTRY: Entry = Entry {
    name: "lars",
    title: "Layer-wise rates for large batches",
    asks: "how ‖w‖/‖∇f‖ differs from layer to layer with large batches, and what LARS makes of it",
    source: "You, Gitman and Ginsburg 2017 (arXiv 1708.03888)",
    family: None,
    takes: "under 10 seconds",
    plan,
    measure,
};

/// A factor between layers that counts as wide.
const WIDE: f64 = 3.0;
/// The optimisers compared: name of the part, and of the rule.
const SIDES: [(&str, Kind); 2] = [("momentum", Kind::Momentum), ("lars", Kind::Lars)];

fn plan(ask: &Ask) -> Vec<Part> {
    let part = |(name, kind): (&str, Kind)| {
        let mut job = ask.usual();
        job.how.optimizer.optimizer = kind;
        job.batch_size = Several::one(ask.pick(512, 8192));
        job.learning_rate = Several(match kind {
            // The trust coefficient of 0.001 asks for larger ones.
            Kind::Lars => vec![2.0, 8.0, 32.0],
            _ => vec![0.05, 0.2, 0.8],
        });
        job.run_seed = ask.seeds(3, 3);
        job.how.rate.warmup = ask.pick(3.0, 5.0);
        job.how.stop.epochs = ask.pick(32, 90);
        job.keep.checkpoints = Keeping::Log;
        Part::new(
            name,
            "a large batch with warm-up at several learning rates",
            job,
        )
    };
    SIDES.map(part).to_vec()
}

/// The runs at the rate with the lowest mean validation loss.
fn best(trials: &[Trial]) -> Vec<Trial> {
    let loss = |rate: f64| {
        let own = trials.iter().filter(|t| t.rate() == rate);
        let all: Vec<f64> = own.map(|t| t.last("validation_loss")).collect();
        if all.iter().all(|l| l.is_finite()) {
            Mean::of(all).map_or(f64::INFINITY, |m| m.mean)
        } else {
            f64::INFINITY
        }
    };
    let chosen = rates(trials)
        .into_iter()
        .min_by(|a, b| loss(*a).total_cmp(&loss(*b)));
    trials
        .iter()
        .filter(|t| Some(t.rate()) == chosen)
        .cloned()
        .collect()
}

fn measure(lab: &mut Lab<'_>) -> Result<Findings> {
    let mut found = Findings::default();
    let mut ratios = Table::new(
        "ratios",
        "‖w‖/‖∇f‖ of every weight along the runs at each optimiser's best rate",
        &[
            "optimiser",
            "seed",
            "epoch",
            "weight",
            "norm",
            "gradient_norm",
            "ratio",
        ],
    )
    .for_files();
    let mut ends = Table::new(
        "ends",
        "The end of the runs at each learning rate, means over seeds",
        &[
            "optimiser",
            "learning rate",
            "training loss",
            "validation loss",
            "validation accuracy",
            "diverged",
        ],
    );
    let mut panels = Vec::new();
    let mut spreads = [Vec::new(), Vec::new()];
    let mut chosen = Vec::new();
    for (side, (name, _)) in SIDES.into_iter().enumerate() {
        let all = lab.part(name);
        for rate in rates(&all) {
            let own: Vec<&Trial> = all.iter().filter(|t| t.rate() == rate).collect();
            let mean = |what: &str| {
                Mean::of(own.iter().map(|t| t.last(what))).map_or(f64::NAN, |m| m.mean)
            };
            ends.row([
                name.into(),
                rate.into(),
                mean("train_loss").into(),
                mean("validation_loss").into(),
                mean("validation_accuracy").into(),
                own.iter().filter(|t| t.diverged()).count().into(),
            ]);
        }
        let trials = best(&all);
        let mut curves: Vec<Curve> = Vec::new();
        for (done, trial) in trials.iter().enumerate() {
            lab.tell("norms by layer", done, trials.len())?;
            let mut widest: f64 = 0.0;
            for kept in &trial.checkpoints {
                let norms = lab.layer_norms(trial, &kept.path)?;
                let each = norms.iter().map(|(_, w, g)| w / g);
                let finite: Vec<f64> = each.filter(|r| r.is_finite()).collect();
                let ends = finite
                    .iter()
                    .fold([f64::INFINITY, 0.0], |[a, b], r| [r.min(a), r.max(b)]);
                widest = widest.max(ends[1] / ends[0]);
                for (index, (weight, w, g)) in norms.into_iter().enumerate() {
                    let epoch = kept.epoch.unwrap_or(f64::NAN);
                    ratios.row([
                        name.into(),
                        (trial.seed() as usize).into(),
                        epoch.into(),
                        weight.clone().into(),
                        w.into(),
                        g.into(),
                        (w / g).into(),
                    ]);
                    if done == 0 {
                        if curves.len() <= index {
                            curves.push(Curve {
                                name: weight,
                                color: series(index),
                                form: Form::Dotted,
                                ..Curve::default()
                            });
                        }
                        curves[index].x.push(epoch);
                        curves[index].y.push(w / g);
                    }
                }
            }
            spreads[side].push(widest);
        }
        let rate = trials.first().map_or(f64::NAN, Trial::rate);
        let title = format!("{name}, learning rate {}", format_value(rate));
        panels.extend(figure(
            &title,
            [("Epoch", Linear), ("‖w‖ / ‖∇f‖", Log)],
            curves,
        ));
        chosen.push(trials);
    }
    found.tables.extend([ends, ratios]);
    if !panels.is_empty() {
        found.pictures.push(Picture {
            name: "ratios",
            caption: "‖w‖/‖∇f‖ of each weight over the training samples, at the best learning rate of each optimiser, first seed.".into(),
            drawing: Drawing::Several(panels),
        });
    }
    judged(&spreads, &chosen, &mut found);
    Ok(found)
}

fn judged(spreads: &[Vec<f64>; 2], chosen: &[Vec<Trial>], found: &mut Findings) {
    let logs: Vec<f64> = spreads[0].iter().map(|s| s.ln()).collect();
    found.findings.push(Finding::beyond(
        "‖w‖/‖∇f‖ differs widely from layer to layer (You et al. 2017, table 2: up to three orders of magnitude in AlexNet)",
        &format!("ln of the largest ratio of two layers along the run with momentum, against ln {WIDE}"),
        (&logs, WIDE.ln()),
        format!("two layers differ by a factor of {}", factor(&logs)),
    ));
    let [momentum, lars] = chosen else { return };
    let better: Vec<f64> = seeds(momentum)
        .into_iter()
        .filter_map(|seed| {
            let of = |side: &[Trial]| {
                side.iter()
                    .find(|t| t.seed() == seed)
                    .map(|t| t.last("validation_loss"))
            };
            Some((of(momentum)? / of(lars)?).ln())
        })
        .collect();
    found.findings.push(Finding::new(
        "With large batches LARS reaches a lower validation loss than momentum (You et al. 2017, table 3)",
        "ln of the final validation loss with momentum over that with LARS, each at its best learning rate of those tried",
        &better,
        format!("momentum's validation loss is {} times that of LARS", factor(&better)),
    ));
}
