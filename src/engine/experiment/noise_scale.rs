//! `noise-scale`: steps and samples to a loss by batch size, beside the gradient noise scale.

use super::entry::{Ask, Entry, Part};
use super::found::{Finding, Findings, Picture, Table};
use super::lab::Lab;
use super::seeds::{averaged, batches, factor, seeds};
use super::trial::Trial;
use crate::engine::job::{Measured, Several};
use crate::error::Result;
use crate::plot::colormap::series;
use crate::plot::curves_figure::{Curve, Form};
use crate::plot::number::format_value;
use crate::plot::scale::Scale::{Linear, Log};
use crate::train::batch::Growth;
use crate::train::findings::fit::reached;
use crate::train::findings::interval::Mean;
use crate::train::findings::tradeoff::{self, Tradeoff};

/// The experiment.
pub const ENTRY: Entry = Entry {
    name: "noise-scale",
    title: "Gradient noise scale and critical batch size",
    asks: "how many steps and samples a loss takes by batch size, and whether the noise scale tells",
    source: "McCandlish, Kaplan, Amodei and the OpenAI Dota Team 2018 (arXiv 1812.06162)",
    family: None,
    takes: "under 10 seconds",
    plan,
    measure,
};

/// Training losses, as shares of that at the start.
const LEVELS: [f64; 4] = [0.4, 0.2, 0.1, 0.05];
/// The learning rate of runs that are compared at one.
const RATE: f64 = 0.1;
/// Root mean square of ln S around the fit that counts as agreement.
const CLOSE: f64 = 0.25;

fn plan(ask: &Ask) -> Vec<Part> {
    let sizes: &[usize] = ask.pick(
        &[8, 16, 32, 64, 128, 256, 512],
        &[16, 64, 256, 1024, 4096, 16384],
    );
    // As many samples between two records for all batch sizes.
    let between = ask.pick(360, 5000);
    let base = |epochs: usize| {
        let mut job = ask.usual();
        job.run_seed = ask.seeds(3, 3);
        job.how.stop.until_loss = Some(ask.pick(0.1, 0.05));
        job.how.stop.epochs = epochs;
        job
    };
    let mut parts = Vec::new();
    for &size in sizes {
        let mut job = base(ask.pick((size / 2).clamp(12, 60), 100));
        job.batch_size = Several::one(size);
        job.learning_rate = Several(vec![RATE, 2.0 * RATE, 4.0 * RATE, 8.0 * RATE]);
        job.how.draws.log_every = (between / size).max(1) as u64;
        let words = "several learning rates, of which the one that is there first counts";
        parts.push(Part::new(&format!("batch{size}"), words, job));
    }
    let mut along = base(ask.pick(12, 100));
    along.batch_size = Several::one(32);
    along.learning_rate = Several::one(RATE);
    along.keep.measure = vec![Measured::NoiseScale];
    along.keep.measure_samples = ask.pick(0, 4096);
    parts.push(Part::new(
        "along",
        "the noise scale measured at every epoch",
        along,
    ));
    let mut following = base(ask.pick(30, 100));
    following.batch_size = Several::one(16);
    following.learning_rate = Several::one(RATE);
    following.how.batches.batch_schedule = Growth::NoiseScale;
    following.how.batches.batch_most = ask.pick(512, 16384);
    following.how.draws.log_every = 4;
    parts.push(Part::new(
        "following",
        "the batch size follows the noise scale, from 16 on",
        following,
    ));
    parts
}

/// The training loss over steps: means over the steps between two records, at their middle.
fn course(trial: &Trial) -> Vec<[f64; 2]> {
    let mut before = 0;
    let mut points = Vec::new();
    for record in &trial.history {
        let Some(loss) = record.train_loss else {
            continue;
        };
        // What ends an epoch is a mean over all of it.
        if record.step > 0 && record.whole_epoch {
            before = record.step;
            continue;
        }
        points.push([(before + record.step) as f64 / 2.0, loss]);
        before = record.step;
    }
    points
}

/// Steps to a share of the loss at the start; `None` where it isn't reached.
fn steps_to(trial: &Trial, share: f64) -> Option<f64> {
    let start = trial.history.first()?.train_loss?;
    reached(&course(trial), share * start).filter(|steps| *steps > 0.0)
}

/// Samples seen until a step.
fn samples_at(trial: &Trial, steps: f64) -> f64 {
    let seen = trial.curve("step", "samples");
    let after = seen
        .iter()
        .position(|p| p[0] >= steps)
        .unwrap_or(seen.len() - 1);
    let [[a, x], [b, y]] = [seen[after.saturating_sub(1)], seen[after]];
    if b > a {
        x + (y - x) * (steps - a) / (b - a)
    } else {
        y
    }
}

/// (batch size, steps) to a level at the best learning rate, of one seed or of all.
fn fastest(trials: &[Trial], share: f64, seed: Option<u64>) -> Vec<[f64; 2]> {
    let mut points = Vec::new();
    for size in batches(trials) {
        for own in seeds(trials) {
            if seed.is_some_and(|seed| seed != own) {
                continue;
            }
            let fits = |t: &&Trial| t.batch() == size && t.seed() == own;
            let steps = trials
                .iter()
                .filter(fits)
                .filter_map(|t| steps_to(t, share));
            let least = steps.fold(f64::INFINITY, f64::min);
            if least.is_finite() {
                points.push([size as f64, least]);
            }
        }
    }
    points
}

/// The noise scale of a run at a share of the loss at the start.
fn noise_at(trial: &Trial, share: f64) -> Option<f64> {
    let start = trial.history.first()?.train_loss?;
    let points = trial.curve("train_loss", "noise_scale");
    points.iter().find(|p| p[0] <= share * start).map(|p| p[1])
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "those of other experiments can fail"
)]
fn measure(lab: &mut Lab<'_>) -> Result<Findings> {
    let fixed: Vec<Trial> = lab
        .all()
        .into_iter()
        .filter(|t| {
            t.job.how.batches.batch_schedule == Growth::Constant && t.job.keep.measure.is_empty()
        })
        .collect();
    let (along, following) = (lab.part("along"), lab.part("following"));
    let mut found = Findings::default();
    let fits: Vec<(f64, Option<Tradeoff>)> = LEVELS
        .map(|l| (l, tradeoff::fit(&fastest(&fixed, l, None))))
        .to_vec();
    steps_table(&fixed, &mut found);
    fit_table(&fits, &along, &mut found);
    pictures(&fixed, &fits, &along, &mut found);
    judged(&fixed, &along, &mut found);
    follows(&fixed, &following, &mut found);
    found.notes.push("A level is reached where the training loss, a mean over the samples between two records, first falls to it, at the fastest of the learning rates tried; a learning rate at the end of those tried may not be the best one. Intervals are 95 % ones of the fit to ln S over all seeds.".into());
    Ok(found)
}

fn steps_table(fixed: &[Trial], found: &mut Findings) {
    let mut table = Table::new(
        "steps",
        "Steps and samples to shares of the initial training loss",
        &[
            "share of the initial loss",
            "batch size",
            "seed",
            "steps",
            "samples",
        ],
    )
    .for_files();
    for level in LEVELS {
        for seed in seeds(fixed) {
            for [size, steps] in fastest(fixed, level, Some(seed)) {
                table.row([
                    level.into(),
                    size.into(),
                    (seed as usize).into(),
                    steps.into(),
                    (size * steps).into(),
                ]);
            }
        }
    }
    found.tables.push(table);
}

fn fit_table(fits: &[(f64, Option<Tradeoff>)], along: &[Trial], found: &mut Findings) {
    let mut table = Table::new(
        "trade-off",
        "(S/S_min − 1)(E/E_min − 1) = 1 fitted, and the noise scale at the same loss with B = 32",
        &[
            "share of the initial loss",
            "S_min",
            "E_min",
            "B_crit = E_min/S_min",
            "B_simple",
            "RMS of ln S",
        ],
    );
    let told = |[value, low, high]: [f64; 3]| {
        let [value, low, high] = [value, low, high].map(format_value);
        format!("{value} ({low} to {high})")
    };
    for (level, fit) in fits {
        let noise = Mean::of(along.iter().filter_map(|t| noise_at(t, *level)));
        let noise = noise.map_or(f64::NAN, |m| m.mean);
        match fit {
            Some(fit) => table.row([
                (*level).into(),
                told(fit.steps).into(),
                told(fit.samples).into(),
                told(fit.critical).into(),
                noise.into(),
                fit.residual.into(),
            ]),
            None => table.row([
                (*level).into(),
                "no fit".into(),
                "–".into(),
                "–".into(),
                noise.into(),
                f64::NAN.into(),
            ]),
        }
    }
    found.tables.push(table);
}

fn pictures(
    fixed: &[Trial],
    fits: &[(f64, Option<Tradeoff>)],
    along: &[Trial],
    found: &mut Findings,
) {
    let sizes = batches(fixed);
    let mut curves = Vec::new();
    let mut front = Vec::new();
    for (index, (level, fit)) in fits.iter().enumerate() {
        let points = fastest(fixed, *level, None);
        let name = format!("{level} of the initial loss");
        let rings = |x: Vec<f64>, y: Vec<f64>| Curve {
            name: name.clone(),
            color: series(index),
            x,
            y,
            form: Form::Rings,
            ..Curve::default()
        };
        let mean = |size: usize| {
            let own = points.iter().filter(move |p| p[0] == size as f64);
            Mean::of(own.map(|p| p[1])).map(|m| (size as f64, m.mean))
        };
        let means: Vec<(f64, f64)> = sizes.iter().filter_map(|s| mean(*s)).collect();
        curves.push(rings(
            means.iter().map(|m| m.0).collect(),
            means.iter().map(|m| m.1).collect(),
        ));
        let by_steps: Vec<(f64, f64)> = means.iter().rev().map(|(b, s)| (*s, b * s)).collect();
        front.push(rings(
            by_steps.iter().map(|p| p.0).collect(),
            by_steps.iter().map(|p| p.1).collect(),
        ));
        if let (Some(fit), Some(first), Some(last)) = (fit, sizes.first(), sizes.last()) {
            let along =
                |i: u32| *first as f64 * (*last as f64 / *first as f64).powf(f64::from(i) / 60.0);
            let b: Vec<f64> = (0..=60).map(along).collect();
            let fitted = |x: Vec<f64>, y: Vec<f64>| Curve {
                color: series(index),
                x,
                y,
                form: Form::Dashed,
                ..Curve::default()
            };
            let s: Vec<f64> = b.iter().map(|b| fit.at(*b)).collect();
            let e: Vec<f64> = b.iter().zip(&s).map(|(b, s)| b * s).collect();
            curves.push(fitted(b, s.clone()));
            front.push(fitted(
                s.into_iter().rev().collect(),
                e.into_iter().rev().collect(),
            ));
        }
    }
    found.pictures.extend(Picture::curves(
        "steps",
        "Steps to a training loss by batch size",
        [("Batch size B", Log), ("Steps S", Log)],
        curves,
        "Rings: means over seeds at the fastest learning rate; dashed: S = S_min + E_min/B fitted.",
    ));
    found.pictures.extend(Picture::curves(
        "trade-off",
        "Samples against steps",
        [("Steps S", Log), ("Samples E", Log)],
        front,
        "The same as the trade-off of McCandlish et al., figure 1: dashed (S/S_min − 1)(E/E_min − 1) = 1.",
    ));
    let all: Vec<&Trial> = along.iter().collect();
    found.pictures.extend(Picture::curves(
        "along",
        "The noise scale along a run",
        [("Epoch", Linear), ("B_simple", Log)],
        vec![averaged(&all, "epoch", "noise_scale", ("", 0))],
        "B_simple = tr Σ/‖G‖², exact over the training samples, with B = 32; mean over seeds.",
    ));
}

fn judged(fixed: &[Trial], along: &[Trial], found: &mut Findings) {
    let level = LEVELS[2];
    let each: Vec<(u64, Tradeoff)> = seeds(fixed)
        .into_iter()
        .filter_map(|seed| Some((seed, tradeoff::fit(&fastest(fixed, level, Some(seed)))?)))
        .collect();
    let near: Vec<f64> = each.iter().map(|(_, fit)| CLOSE - fit.residual).collect();
    let rms = Mean::of(each.iter().map(|(_, fit)| fit.residual));
    found.findings.push(Finding::new(
        "Steps and samples to a loss trade off as (S/S_min − 1)(E/E_min − 1) = 1 (McCandlish et al. 2018, equation 2.11)",
        &format!("{CLOSE} less the root mean square of ln S around the fit, at {level} of the initial loss"),
        &near,
        format!("the points lie around the fit by {} in ln S", rms.map_or_else(|| "–".into(), |m| format_value(m.mean))),
    ));
    let ratios: Vec<f64> = each
        .iter()
        .filter_map(|(seed, fit)| {
            let run = along.iter().find(|t| t.seed() == *seed)?;
            Some((fit.critical[0] / noise_at(run, level)?).ln())
        })
        .collect();
    let within: Vec<f64> = ratios.iter().map(|r| 10.0_f64.ln() - r.abs()).collect();
    found.findings.push(Finding::new(
        "The noise scale tells the critical batch size to an order of magnitude (McCandlish et al. 2018, figure 4)",
        &format!("ln 10 less the size of ln(B_crit/B_simple), at {level} of the initial loss"),
        &within,
        format!("B_crit is {} times B_simple", factor(&ratios)),
    ));
    let growth: Vec<f64> = along
        .iter()
        .filter_map(|t| {
            let told: Vec<f64> = t.epochs().filter_map(|r| r.noise_scale).collect();
            Some((told.last()? / told.first()?).ln())
        })
        .collect();
    found.findings.push(Finding::new(
        "The noise scale grows as the loss falls (McCandlish et al. 2018, section 3.3)",
        "ln of B_simple at the last epoch over that after the first",
        &growth,
        format!(
            "it is {} times as large at the end as after the first epoch",
            factor(&growth)
        ),
    ));
}

/// The run whose batch size follows the noise scale against those of one size at the same learning rate.
fn follows(fixed: &[Trial], following: &[Trial], found: &mut Findings) {
    let level = LEVELS[2];
    let mut table = Table::new(
        "following",
        &format!("To {level} of the initial loss at learning rate {RATE}"),
        &["batch size", "steps", "samples", "seeds that reach it"],
    );
    let same: Vec<&Trial> = fixed
        .iter()
        .filter(|t| (t.rate() - RATE).abs() < 1e-12)
        .collect();
    let mut row = |name: String, own: Vec<&Trial>| {
        let reached: Vec<(f64, f64)> = own
            .iter()
            .filter_map(|t| steps_to(t, level).map(|s| (s, samples_at(t, s))))
            .collect();
        let mean = |f: fn(&(f64, f64)) -> f64| {
            Mean::of(reached.iter().map(f)).map_or(f64::NAN, |m| m.mean)
        };
        table.row([
            name.into(),
            mean(|r| r.0).into(),
            mean(|r| r.1).into(),
            format!("{} of {}", reached.len(), own.len()).into(),
        ]);
    };
    for size in batches(fixed) {
        row(
            size.to_string(),
            same.iter().filter(|t| t.batch() == size).copied().collect(),
        );
    }
    row("follows B_simple".into(), following.iter().collect());
    found.tables.push(table);
    let first = following.first().map_or(0, Trial::batch);
    let fewer: Vec<f64> = following
        .iter()
        .filter_map(|t| {
            let other = same
                .iter()
                .find(|o| o.batch() == first && o.seed() == t.seed())?;
            Some((steps_to(other, level)? / steps_to(t, level)?).ln())
        })
        .collect();
    found.findings.push(Finding::new(
        "A batch size that follows the noise scale takes fewer steps than the size it started with (McCandlish et al. 2018, appendix D)",
        &format!("ln of the steps to {level} of the initial loss at B = {first} over those of the batch size that follows"),
        &fewer,
        format!("B = {first} takes {} times the steps", factor(&fewer)),
    ));
}
