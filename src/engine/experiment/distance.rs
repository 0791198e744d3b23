//! `distance`: how far training goes from the initial weights, by batch size.

use super::entry::{Ask, Entry, Part};
use super::found::{Cell, Drawing, Finding, Findings, Picture, Table, figure};
use super::lab::Lab;
use super::seeds::{self, against, averaged, batches, by_batch, ends, factor, large_over_small};
use super::trial::Trial;
use crate::engine::job::Several;
use crate::error::Result;
use crate::plot::colormap::series;
use crate::plot::curves_figure::{Curve, Form};
use crate::plot::number::format_value;
use crate::plot::scale::Scale::{Linear, Log};
use crate::train::Record;
use crate::train::findings::fit::growth;
use crate::train::findings::interval::Mean;

/// The experiment.
pub const ENTRY: Entry = Entry {
    name: "distance",
    title: "Distance from the initial weights by batch size",
    asks: "how far small and large batches go from where they start, epoch by epoch and step by step",
    source: "Shen 2018, “Effect of batch size on training dynamics”; Hoffer, Hubara and Soudry 2017 (arXiv 1705.08741)",
    family: None,
    takes: "under 10 seconds",
    plan,
    measure,
};

fn plan(ask: &Ask) -> Vec<Part> {
    let mut job = ask.usual();
    job.batch_size = Several(ask.pick(vec![16, 64, 256], vec![32, 64, 128, 256, 512, 1024]));
    job.learning_rate = Several::one(ask.pick(0.05, 0.01));
    job.run_seed = ask.seeds(5, 5);
    job.how.stop.epochs = ask.pick(30, 100);
    vec![Part::new(
        "batches",
        "one learning rate, several batch sizes, the same initial weights and as many epochs for all batch sizes of a seed",
        job,
    )]
}

/// Σ‖g‖ over an epoch and ‖Σ g‖, the sides of the triangle inequality, as their ratio: 1 where all gradients
/// point one way.
fn straightness(record: &Record, steps: f64) -> Option<f64> {
    Some(record.gradient_sum_norm? / (steps * record.gradient_norm?))
}

/// The mean straightness over the epochs of a run, and both sides summed.
fn triangle(trial: &Trial) -> [f64; 3] {
    let mut before = 0;
    let (mut sides, mut ratios) = ([0.0; 2], Vec::new());
    for record in trial.epochs() {
        let steps = (record.step - before) as f64;
        before = record.step;
        if let Some(ratio) = straightness(record, steps) {
            ratios.push(ratio);
            sides[0] += record.gradient_sum_norm.unwrap_or_default();
            sides[1] += steps * record.gradient_norm.unwrap_or_default();
        }
    }
    let mean = Mean::of(ratios).map_or(f64::NAN, |m| m.mean);
    [mean, sides[0], sides[1]]
}

/// The median over epochs of the median update.
fn update(trial: &Trial) -> f64 {
    let mut all: Vec<f64> = trial.epochs().filter_map(|r| r.update_norm).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

fn measure(lab: &mut Lab<'_>) -> Result<Findings> {
    let trials = lab.part("batches");
    let mut found = Findings::default();
    let layers = layers(lab, &trials, &mut found)?;
    found.tables.push(summary(&trials));
    found.tables.push(epochs(&trials));
    found.pictures.extend(layers);
    pictures(&trials, &mut found);
    judged(&trials, &mut found);
    found.notes.push("Batches of all sizes see the same number of samples, so that a large batch takes fewer steps. Distances are Euclidean, over all trained tensors.".into());
    Ok(found)
}

fn judged(trials: &[Trial], found: &mut Findings) {
    let [small, large] = ends(trials);
    let shorter = |number: &dyn Fn(&Trial) -> f64| -> Vec<f64> {
        let ratios = large_over_small(trials, number);
        ratios.into_iter().map(|r| -r).collect()
    };
    let distance = shorter(&|t| t.last("distance"));
    found.findings.push(Finding::new(
        "Small batches end farther from the initial weights than large ones (Shen 2018; Hoffer et al. 2017 at equal epochs)",
        &format!("ln of the distance at B = {small} over that at B = {large}"),
        &distance,
        format!("with B = {small} the distance is {} times that with B = {large}", factor(&distance)),
    ));
    let steps = shorter(&update);
    found.findings.push(Finding::new(
        "One update of a small batch is longer than one of a large batch: E‖g‖² = ‖G‖² + tr Σ/B (McCandlish et al. 2018, section 2.2)",
        &format!("ln of the median update at B = {small} over that at B = {large}"),
        &steps,
        format!("the median update with B = {small} is {} times as long", factor(&steps)),
    ));
    let straight = large_over_small(trials, |t| triangle(t)[0]);
    found.findings.push(Finding::new(
        "Gradients of small batches cancel more: ‖Σ g‖ is a smaller share of Σ ‖g‖ (what the triangle inequality leaves room for)",
        &format!("ln of ‖Σ g‖/Σ ‖g‖ over an epoch at B = {large} over that at B = {small}"),
        &straight,
        format!("the share at B = {large} is {} times that at B = {small}", factor(&straight)),
    ));
    let mut favours = Vec::new();
    let mut slopes = Vec::new();
    let mut shares = Vec::new();
    for trial in trials.iter().filter(|t| t.batch() == small) {
        let points: Vec<[f64; 2]> = trial.curve("step", "distance");
        if let Some(fit) = growth(&points) {
            favours.push(fit.favour());
            slopes.push(fit.logarithm.slope);
            shares.push([fit.logarithm.explained, fit.root.max(fit.straight)]);
        }
    }
    let mean = |axis: usize| Mean::of(shares.iter().map(|s| s[axis]));
    let told = |m: Option<Mean>| m.map_or_else(|| "–".into(), |m| format_value(m.mean));
    found.findings.push(Finding::new(
        "The distance grows with the logarithm of the number of steps (Hoffer et al. 2017, figure 2)",
        &format!("R² of a line over ln t less that of the better of lines over t and √t, at B = {small}"),
        &favours,
        format!(
            "R² is {} over ln t and {} over the better of t and √t; the slope is {} a factor e of steps",
            told(mean(0)),
            told(mean(1)),
            told(Mean::of(slopes))
        ),
    ));
}

fn summary(trials: &[Trial]) -> Table {
    let mut table = Table::new(
        "distances",
        "Means and standard deviations over seeds, at the end",
        &[
            "batch size",
            "steps",
            "distance",
            "path length",
            "distance / path",
            "median update",
            "‖Σ g‖ / Σ ‖g‖",
            "training loss",
            "validation loss",
        ],
    );
    for size in batches(trials) {
        let of = |number: &dyn Fn(&Trial) -> f64| -> Cell {
            seeds::spread(seeds::mean(trials, |t| t.batch() == size, number)).into()
        };
        table.row([
            size.into(),
            of(&|t| t.last("step")),
            of(&|t| t.last("distance")),
            of(&|t| t.last("path_length")),
            of(&|t| t.last("distance") / t.last("path_length")),
            of(&update),
            of(&|t| triangle(t)[0]),
            of(&|t| t.last("train_loss")),
            of(&|t| t.last("validation_loss")),
        ]);
    }
    table
}

fn epochs(trials: &[Trial]) -> Table {
    let mut table = Table::new(
        "epochs",
        "Every epoch of every run",
        &[
            "batch_size",
            "seed",
            "epoch",
            "step",
            "distance",
            "epoch_distance",
            "update_least",
            "update_lower_quartile",
            "update_median",
            "update_upper_quartile",
            "update_most",
            "gradient_sum_norm",
            "gradient_norm",
        ],
    )
    .for_files();
    let told = |v: Option<f64>| Cell::Number(v.unwrap_or(f64::NAN));
    for trial in trials {
        for record in trial.epochs() {
            let five = record.update_norms.unwrap_or([f64::NAN; 5]);
            let mut row: Vec<Cell> = vec![
                trial.batch().into(),
                (trial.seed() as usize).into(),
                record.epoch.into(),
                (record.step as usize).into(),
                told(record.distance),
                told(record.epoch_distance),
            ];
            row.extend(five.map(Cell::Number));
            row.extend([told(record.gradient_sum_norm), told(record.gradient_norm)]);
            table.row(row);
        }
    }
    table
}

/// Distances of the ends layer by layer, as a table and a picture.
fn layers(lab: &mut Lab<'_>, trials: &[Trial], found: &mut Findings) -> Result<Option<Picture>> {
    let mut table = Table::new(
        "layers",
        "Distance layer by layer, mean over seeds, and relative to the initial weights",
        &["layer", "batch size", "parameters", "distance", "relative"],
    );
    let mut all = Vec::new();
    for (done, trial) in trials.iter().enumerate() {
        lab.tell("distances", done, trials.len())?;
        if let Some(distance) = lab.distance(trial)? {
            all.push((trial.batch(), distance));
        }
    }
    let sizes = batches(trials);
    let names: Vec<(String, usize)> = all.first().map_or_else(Vec::new, |(_, d)| {
        d.layers
            .iter()
            .map(|l| (l.name.clone(), l.parameters))
            .collect()
    });
    let mut curves = Vec::new();
    for (index, (name, parameters)) in names.iter().enumerate() {
        let mut curve = Curve {
            name: format!("layer {name}"),
            color: series(index),
            ..Curve::default()
        };
        for &size in &sizes {
            let own = || {
                let same = all.iter().filter(move |(b, _)| *b == size);
                same.filter_map(|(_, d)| d.layers.get(index))
            };
            let (total, relative) = (
                Mean::of(own().map(|l| l.total)),
                Mean::of(own().map(|l| l.relative)),
            );
            let (Some(total), Some(relative)) = (total, relative) else {
                continue;
            };
            table.row([
                name.clone().into(),
                size.into(),
                (*parameters).into(),
                total.mean.into(),
                relative.mean.into(),
            ]);
            curve.x.push(size as f64);
            curve.y.push(relative.mean);
            curve.errors.push(relative.deviation);
        }
        curves.push(curve);
    }
    found.tables.push(table);
    Ok(Picture::curves(
        "layers",
        "Distance layer by layer",
        [("Batch size", Log), ("‖θ − θ₀‖ / ‖θ₀‖", Linear)],
        curves,
        "Distance of each layer's weights and biases from their initial values, relative to the norm of these; bars: standard deviation over seeds.",
    ))
}

fn pictures(trials: &[Trial], found: &mut Findings) {
    let by_step = |c: Vec<Curve>| -> Vec<Curve> {
        c.into_iter()
            .map(|mut c| {
                let first = c.x.first().is_some_and(|x| *x <= 0.0);
                if first {
                    c.x.remove(0);
                    c.y.remove(0);
                }
                c
            })
            .collect()
    };
    found.pictures.extend(Picture::curves(
        "distance",
        "Distance from the initial weights",
        [("Epoch", Linear), ("‖θ − θ₀‖", Linear)],
        by_batch(trials, "epoch", "distance"),
        "Mean over seeds.",
    ));
    found.pictures.extend(Picture::curves(
        "distance_log",
        "Distance against the logarithm of steps",
        [("Step t", Log), ("‖θ − θ₀‖", Linear)],
        by_step(by_batch(trials, "step", "distance")),
        "The same over steps on a logarithmic axis: growth with log t is a straight line here (Hoffer et al. 2017, figure 2).",
    ));
    let [small, _] = ends(trials);
    let per_epoch = by_step(by_batch(trials, "epoch", "epoch_distance"));
    let own: Vec<&Trial> = trials.iter().filter(|t| t.batch() == small).collect();
    let base = averaged(&own, "epoch", "epoch_distance", ("", 0));
    let ratios = per_epoch.iter().map(|curve| {
        let over = curve.x.iter().zip(&curve.y).map(|(x, y)| {
            let at = base.x.iter().position(|b| (b - x).abs() < 1e-9);
            at.map_or(f64::NAN, |i| y / base.y[i])
        });
        Curve {
            y: over.collect(),
            ..curve.clone()
        }
    });
    let ratios: Vec<Curve> = ratios.collect();
    let both = [
        figure(
            "Epoch distance",
            [("Epoch", Linear), ("‖θ(end) − θ(start)‖ of an epoch", Log)],
            per_epoch,
        ),
        figure(
            "Its ratio to the smallest batch",
            [("Epoch", Linear), ("Ratio", Log)],
            ratios,
        ),
    ];
    found.pictures.push(Picture {
        name: "epoch_distance",
        caption: format!("How far each epoch moves, and that over the distance with B = {small}; means over seeds."),
        drawing: Drawing::Several(both.into_iter().flatten().collect()),
    });
    found.pictures.extend(Picture::curves(
        "updates",
        "Length of updates",
        [("Epoch", Linear), ("‖θ(t+1) − θ(t)‖", Log)],
        quartiles(trials),
        "Median (line) and quartiles (dashed) of the updates of an epoch, first seed.",
    ));
    let sizes = batches(trials);
    let sides = [
        against(trials, &sizes, ("‖Σ g‖", 0), Trial::batch, |t| {
            triangle(t)[1]
        }),
        against(trials, &sizes, ("Σ ‖g‖", 1), Trial::batch, |t| {
            triangle(t)[2]
        }),
    ];
    found.pictures.extend(Picture::curves(
        "triangle",
        "The triangle inequality over epochs",
        [("Batch size", Log), ("Sum over all epochs", Log)],
        sides.to_vec(),
        "‖Σ g‖ within epochs against Σ ‖g‖, g the mean gradient of a batch: the gap is what cancels. Bars: standard deviation over seeds.",
    ));
}

/// Median and quartiles of the updates of each epoch, first seed.
fn quartiles(trials: &[Trial]) -> Vec<Curve> {
    let mut curves = Vec::new();
    let first = seeds::seeds(trials).first().copied().unwrap_or(0);
    for (index, size) in batches(trials).into_iter().enumerate() {
        let own = trials
            .iter()
            .find(|t| t.batch() == size && t.seed() == first);
        for which in [2, 1, 3] {
            let mut curve = Curve {
                name: if which == 2 {
                    format!("B = {size}")
                } else {
                    String::new()
                },
                color: series(index),
                form: if which == 2 { Form::Line } else { Form::Dashed },
                ..Curve::default()
            };
            for record in own.into_iter().flat_map(Trial::epochs) {
                if let Some(five) = record.update_norms {
                    curve.x.push(record.epoch);
                    curve.y.push(five[which]);
                }
            }
            curves.push(curve);
        }
    }
    curves
}
