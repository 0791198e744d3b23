//! Learning rate × batch size as a map with its ridge, and the best batch size by the amount of data.

use crate::engine::experiment::entry::{Ask, Part};
use crate::engine::experiment::found::{Drawing, Finding, Findings, Picture, Table};
use crate::engine::experiment::lab::Lab;
use crate::engine::experiment::seeds::{batches, mean, rates, seeds, values};
use crate::engine::experiment::trial::Trial;
use crate::engine::job::Several;
use crate::plot::colormap::series;
use crate::plot::curves_figure::{Curve, Form};
use crate::plot::figure::{ContourFigure, Levels, Marker, MarkerKind};
use crate::plot::number::{format_value, with_error};
use crate::plot::scale::Scale::Log;
use crate::train::findings::fit::line;
use crate::train::findings::interval::Mean;

pub fn plan(ask: &Ask) -> Vec<Part> {
    let mut grid = ask.usual();
    grid.batch_size = Several(ask.pick(
        vec![16, 32, 64, 128, 256],
        vec![64, 128, 256, 512, 1024, 2048],
    ));
    let rate = |k: i32| 0.0125 * 2.0_f64.powi(k);
    grid.learning_rate = Several((0..7).map(rate).collect());
    grid.run_seed = ask.seeds(3, 3);
    grid.how.stop.epochs = ask.pick(10, 40);
    let mut subsets = ask.usual();
    subsets.batch_size =
        Several(ask.pick(vec![4, 8, 16, 32, 64, 128], vec![16, 32, 64, 128, 256, 512]));
    subsets.subset = Several(ask.pick(vec![180, 360, 720, 0], vec![5000, 10000, 20000, 0]));
    subsets.learning_rate = Several::one(0.1);
    subsets.run_seed = ask.seeds(3, 3);
    subsets.how.stop.steps = Some(ask.pick(300, 5000));
    vec![
        Part::new("grid", "every learning rate with every batch size", grid),
        Part::new(
            "subsets",
            "as many steps on several amounts of training data (0: all), at one learning rate",
            subsets,
        ),
    ]
}

/// The final validation loss; infinite where the run diverged.
fn loss(trial: &Trial) -> f64 {
    if trial.diverged() {
        f64::INFINITY
    } else {
        trial.last("validation_loss")
    }
}

/// The key of the trial with the lowest loss among those that fit.
fn best<K>(
    trials: &[Trial],
    fits: impl Fn(&Trial) -> bool,
    key: impl Fn(&Trial) -> K,
) -> Option<K> {
    let own = trials.iter().filter(|t| fits(t) && loss(t).is_finite());
    own.min_by(|a, b| loss(a).total_cmp(&loss(b))).map(key)
}

pub fn measure(lab: &mut Lab<'_>, found: &mut Findings) {
    ridge(&lab.part("grid"), found);
    optimum(&lab.part("subsets"), found);
    found.notes.push("The best learning rate or batch size of a seed is the best of those tried: its slope is as coarse as the steps between them.".into());
}

fn ridge(trials: &[Trial], found: &mut Findings) {
    let (sizes, all) = (batches(trials), rates(trials));
    let cell = |rate: f64, size: usize| {
        let fits = move |t: &Trial| t.batch() == size && t.rate() == rate;
        let any = trials.iter().any(|t| fits(t) && t.diverged());
        let found = mean(trials, fits, |t| t.last("validation_loss"));
        found.filter(|_| !any).map_or(f64::NAN, |m| m.mean)
    };
    let mut table = Table::new(
        "grid",
        "Final validation loss, mean over seeds",
        &["batch_size", "learning_rate", "validation_loss", "diverged"],
    )
    .for_files();
    let mut ridge = Table::new(
        "ridge",
        "The best learning rate of each batch size, by the mean over seeds",
        &[
            "batch size",
            "best learning rate",
            "η N/B",
            "validation loss",
        ],
    );
    let samples = trials
        .iter()
        .find_map(|t| t.header.as_ref())
        .map_or(0, |h| h.data.train_samples);
    let mut markers = Vec::new();
    for &size in &sizes {
        for &rate in &all {
            let diverged = trials
                .iter()
                .filter(|t| t.batch() == size && t.rate() == rate && t.diverged());
            table.row([
                size.into(),
                rate.into(),
                cell(rate, size).into(),
                diverged.count().into(),
            ]);
        }
        let finite = all.iter().filter(|r| cell(**r, size).is_finite());
        if let Some(&top) = finite.min_by(|a, b| cell(**a, size).total_cmp(&cell(**b, size))) {
            ridge.row([
                size.into(),
                top.into(),
                (top * samples as f64 / size as f64).into(),
                cell(top, size).into(),
            ]);
            markers.push(Marker {
                x: (size as f64).log2(),
                y: top.log2(),
                label: String::new(),
                kind: MarkerKind::Minimizer,
            });
        }
    }
    found.tables.extend([table, ridge]);
    let map: Vec<f64> = all
        .iter()
        .flat_map(|r| sizes.iter().map(|s| cell(*r, *s)))
        .collect();
    if sizes.len() > 1 && all.len() > 1 && map.iter().any(|v| v.is_finite()) {
        found.pictures.push(Picture {
            name: "grid",
            caption: "Final validation loss over learning rate and batch size, mean over seeds; stars: the best learning rate of each batch size; not finite where a run diverged.".into(),
            drawing: Drawing::Map(Box::new(ContourFigure {
                x: sizes.iter().map(|s| (*s as f64).log2()).collect(),
                y: all.iter().map(|r| r.log2()).collect(),
                values: map,
                quantity: "Validation loss".into(),
                scale: Log,
                levels: Levels::Auto(8),
                x_label: "log₂ B".into(),
                y_label: "log₂ η".into(),
                markers,
                title: "Learning rate and batch size".into(),
                ..ContourFigure::default()
            })),
        });
    }
    let slopes: Vec<f64> = seeds(trials)
        .into_iter()
        .filter_map(|seed| {
            let points: Vec<[f64; 2]> = sizes
                .iter()
                .filter_map(|&size| {
                    let top = best(
                        trials,
                        |t| t.seed() == seed && t.batch() == size,
                        Trial::rate,
                    )?;
                    Some([(size as f64).ln(), top.ln()])
                })
                .collect();
            line(&points).map(|l| l.slope)
        })
        .collect();
    found.findings.push(Finding::beyond(
        "The best learning rate grows in proportion to the batch size (Goyal et al. 2017; Smith and Le 2018)",
        "slope of ln of the best rate over ln B, against 0.75: nearer to 1 (proportion) than to 1/2 (square root)",
        (&slopes, 0.75),
        format!("the slope is {}", told(&slopes)),
    ));
}

/// A mean and its deviation.
fn told(values: &[f64]) -> String {
    match Mean::of(values.iter().copied()) {
        None => "unknown".into(),
        Some(m) if m.deviation > 0.0 => {
            let (value, error) = with_error(m.mean, m.deviation);
            format!("{value} {error}").trim_end().to_owned()
        }
        Some(m) => format_value(m.mean),
    }
}

fn optimum(trials: &[Trial], found: &mut Findings) {
    // All samples stand last, with their number.
    let all = trials.iter().find(|t| t.subset() == 0);
    let all = all
        .and_then(|t| t.header.as_ref())
        .map_or(0, |h| h.data.train_samples);
    let samples = |t: &Trial| if t.subset() == 0 { all } else { t.subset() };
    let mut table = Table::new(
        "subsets",
        "Final validation loss after as many steps, mean over seeds; the best batch size by this mean",
        &["training samples", "batch size", "validation loss", "best"],
    );
    let mut curves = Vec::new();
    let mut front = Curve {
        color: series(0),
        form: Form::Dotted,
        ..Curve::default()
    };
    for (index, count) in values(trials, samples).into_iter().enumerate() {
        let cell = |size: usize| {
            let found = mean(trials, |t| samples(t) == count && t.batch() == size, loss);
            found.map_or(f64::NAN, |m| m.mean)
        };
        let sizes = batches(trials);
        let finite = sizes.iter().copied().filter(|s| cell(*s).is_finite());
        let top = finite.min_by(|a, b| cell(*a).total_cmp(&cell(*b)));
        let mut curve = Curve {
            name: format!("{count} samples"),
            color: series(index),
            ..Curve::default()
        };
        for &size in &sizes {
            curve.x.push(size as f64);
            curve.y.push(cell(size));
            let is = if Some(size) == top { "best" } else { "" };
            table.row([count.into(), size.into(), cell(size).into(), is.into()]);
        }
        curves.push(curve);
        if let Some(top) = top {
            front.x.push(count as f64);
            front.y.push(top as f64);
        }
    }
    found.tables.push(table);
    found.pictures.extend(Picture::curves(
        "subsets",
        "Validation loss by batch size and amount of data",
        [("Batch size", Log), ("Validation loss", Log)],
        curves,
        "After as many steps at one learning rate; means over seeds.",
    ));
    found.pictures.extend(Picture::curves(
        "best_batch",
        "Best batch size by amount of data",
        [("Training samples", Log), ("Best batch size", Log)],
        vec![front],
        "The batch size with the lowest mean validation loss, of those tried (Smith and Le 2018, figure 6).",
    ));
    let slopes: Vec<f64> = seeds(trials)
        .into_iter()
        .filter_map(|seed| {
            let points: Vec<[f64; 2]> = values(trials, samples)
                .into_iter()
                .filter_map(|count| {
                    let fits = |t: &Trial| t.seed() == seed && samples(t) == count;
                    let top = best(trials, fits, Trial::batch)?;
                    Some([(count as f64).ln(), (top as f64).ln()])
                })
                .collect();
            line(&points).map(|l| l.slope)
        })
        .collect();
    found.findings.push(Finding::beyond(
        "The best batch size grows in proportion to the amount of training data (Smith and Le 2018)",
        "slope of ln of the best batch size over ln N, against 0.5: nearer to 1 than to 0",
        (&slopes, 0.5),
        format!("the slope is {}", told(&slopes)),
    ));
}
