//! Several remedies for large batches beside none of them, and growing batches beside falling rates.

use crate::engine::experiment::entry::{Ask, Part};
use crate::engine::experiment::found::{Cell, Drawing, Finding, Findings, Picture, Table, figure};
use crate::engine::experiment::lab::Lab;
use crate::engine::experiment::seeds::{against, batches, factor, log_ratios, mean, spread};
use crate::engine::experiment::trial::Trial;
use crate::engine::job::{Several, TrainingJob};
use crate::error::Result;
use crate::plot::colormap::series;
use crate::plot::curves_figure::Curve;
use crate::plot::scale::Scale::{Linear, Log};
use crate::train::batch::{Growth, Scaling};
use crate::train::rate::Shape;
use std::collections::HashMap;
use std::path::PathBuf;

/// The batch size that the learning rate is meant for.
const BASE: usize = 32;
/// Seeds of an experiment of the small size.
const SEEDS: u64 = 3;

/// A remedy: the name of its part, of its curve, and what it changes in a recipe.
type Remedy = (&'static str, &'static str, fn(&mut TrainingJob));

/// All of them, none first.
const REMEDIES: [Remedy; 5] = [
    ("plain", "same rate", |_| {}),
    ("linear", "linear", |job| {
        job.how.batches.scaling = Scaling::Linear;
    }),
    ("sqrt", "square root", |job| {
        job.how.batches.scaling = Scaling::Sqrt;
    }),
    ("warmup", "linear, warm-up", |job| {
        job.how.batches.scaling = Scaling::Linear;
        job.how.rate.warmup = 3.0;
    }),
    ("ghost", "square root, ghost batches of 32", |job| {
        job.how.batches.scaling = Scaling::Sqrt;
        job.how.batches.ghost_batch = BASE;
    }),
];

/// Noise on the gradients as strong as that of the smallest batch: B/B₀ = 1 + σ².
fn noise(size: usize) -> f64 {
    (size as f64 / BASE as f64 - 1.0).max(0.0).sqrt()
}

fn base(ask: &Ask) -> TrainingJob {
    let mut job = ask.job(ask.pick(
        "vgg:channels=8-16,convs=1,hidden=32,norm=batch",
        "vgg:channels=64-128-256,convs=2,hidden=256,norm=batch",
    ));
    job.learning_rate = Several::one(0.05);
    job.run_seed = ask.seeds(SEEDS, 5);
    job.how.stop.epochs = ask.pick(12, 60);
    job.how.batches.base_batch = BASE;
    job
}

pub fn plan(ask: &Ask) -> Vec<Part> {
    let sizes = ask.pick(vec![32, 128, 512], vec![32, 256, 1024, 4096]);
    let largest = sizes.last().copied().unwrap_or(BASE);
    let mut parts: Vec<Part> = REMEDIES
        .iter()
        .map(|(name, words, change)| {
            let mut job = base(ask);
            job.batch_size = Several(sizes.clone());
            change(&mut job);
            Part::new(
                name,
                &format!("learning rate 0.05 at B = {BASE}; {words}"),
                job,
            )
        })
        .collect();
    let mut noisy = base(ask);
    noisy.batch_size = Several::one(largest);
    noisy.how.batches.gradient_noise = noise(largest);
    parts.push(Part::new(
        "noise",
        "a factor around 1 on each sample's gradient, so strong that the noise is that of a batch of 32",
        noisy,
    ));
    let every = ask.pick(4, 20);
    let mut decay = base(ask);
    decay.batch_size = Several::one(BASE);
    decay.how.rate.schedule = Shape::Step;
    decay.how.rate.decay_every = every as f64;
    decay.how.rate.decay_factor = 0.25;
    let mut growth = base(ask);
    growth.batch_size = Several::one(BASE);
    growth.how.batches.batch_schedule = Growth::Steps;
    growth.how.batches.batch_every = every;
    growth.how.batches.batch_factor = 4.0;
    parts.push(Part::new(
        "decay",
        "the learning rate falls to a quarter again and again",
        decay,
    ));
    parts.push(Part::new(
        "growth",
        "the batch grows fourfold instead",
        growth,
    ));
    parts
}

/// A run with its φ.
struct Sharp(HashMap<PathBuf, f64>);

impl Sharp {
    fn of(&self, trial: &Trial) -> f64 {
        let phi = trial.end().and_then(|end| self.0.get(end));
        phi.copied().unwrap_or(f64::NAN)
    }
}

pub fn measure(lab: &mut Lab<'_>, found: &mut Findings) -> Result<()> {
    let names: Vec<(&str, &str)> = REMEDIES
        .iter()
        .map(|(name, words, _)| (*name, *words))
        .collect();
    let mut all: Vec<(&str, Vec<Trial>)> = names.iter().map(|(n, w)| (*w, lab.part(n))).collect();
    all.push(("noise on gradients", lab.part("noise")));
    let files: Vec<PathBuf> = all
        .iter()
        .flat_map(|(_, t)| t)
        .filter_map(|t| t.end())
        .map(PathBuf::from)
        .collect();
    let phi = lab.sharpness(&files)?;
    let sharp = Sharp(files.into_iter().zip(phi).collect());
    table(&all, &sharp, found);
    panels(&all, &sharp, found);
    judged(&all, found);
    let (decay, growth) = (lab.part("decay"), lab.part("growth"));
    grown(&decay, &growth, found);
    Ok(())
}

fn table(all: &[(&str, Vec<Trial>)], sharp: &Sharp, found: &mut Findings) {
    let mut table = Table::new(
        "remedies",
        "Means and standard deviations over seeds; losses and accuracies at the end",
        &[
            "remedy",
            "batch size",
            "lowest validation loss",
            "validation accuracy",
            "training loss",
            "seconds",
            "distance",
            "φ(1e-3) (%)",
            "diverged",
        ],
    );
    for (words, trials) in all {
        for size in batches(trials) {
            let own = |t: &Trial| t.batch() == size;
            let of = |number: &dyn Fn(&Trial) -> f64| -> Cell {
                spread(mean(trials, own, number)).into()
            };
            table.row([
                (*words).into(),
                size.into(),
                of(&|t| t.at_best("validation_loss")),
                of(&|t| t.last("validation_accuracy")),
                of(&|t| t.last("train_loss")),
                of(&|t| t.last("seconds")),
                of(&|t| t.last("distance")),
                of(&|t| sharp.of(t)),
                trials
                    .iter()
                    .filter(|t| own(t) && t.diverged())
                    .count()
                    .into(),
            ]);
        }
    }
    found.tables.push(table);
}

fn panels(all: &[(&str, Vec<Trial>)], sharp: &Sharp, found: &mut Findings) {
    let curves = |number: &dyn Fn(&Trial) -> f64| -> Vec<Curve> {
        let each = all.iter().enumerate().map(|(index, (words, trials))| {
            against(
                trials,
                &batches(trials),
                (words, index),
                Trial::batch,
                number,
            )
        });
        each.collect()
    };
    for (name, title, scale, number) in [
        (
            "remedies_loss",
            "Lowest validation loss",
            Log,
            &(|t: &Trial| t.at_best("validation_loss")) as &dyn Fn(&Trial) -> f64,
        ),
        (
            "remedies_distance",
            "Distance from the initial weights",
            Linear,
            &|t: &Trial| t.last("distance"),
        ),
        (
            "remedies_sharpness",
            "Sharpness φ(1e-3) (%)",
            Log,
            &|t: &Trial| sharp.of(t),
        ),
    ] {
        found.pictures.extend(Picture::curves(
            name,
            title,
            [("Batch size", Log), (title, scale)],
            curves(number),
            "Means over seeds, bars: standard deviation.",
        ));
    }
}

fn judged(all: &[(&str, Vec<Trial>)], found: &mut Findings) {
    let plain = &all[0].1;
    let sizes = batches(plain);
    let largest = sizes.last().copied().unwrap_or(0);
    let claims = [
        (
            1,
            "A learning rate in proportion to the batch size gives a large batch a lower validation loss (Goyal et al. 2017)",
        ),
        (
            2,
            "A learning rate with the square root of the batch size gives a large batch a lower validation loss (Hoffer et al. 2017)",
        ),
        (
            3,
            "Warm-up with a learning rate in proportion gives a large batch a lower validation loss (Goyal et al. 2017)",
        ),
        (
            4,
            "Ghost batches with a square-root rate give a large batch a lower validation loss (Hoffer et al. 2017)",
        ),
        (
            5,
            "Noise on the gradients gives a large batch a lower validation loss (Hoffer et al. 2017)",
        ),
    ];
    for (index, claim) in claims {
        let Some((words, trials)) = all.get(index) else {
            continue;
        };
        let both: Vec<Trial> = plain
            .iter()
            .map(|t| (t, true))
            .chain(trials.iter().map(|t| (t, false)))
            .filter(|(t, _)| t.batch() == largest)
            .map(|(t, plain)| {
                let mut t = t.clone();
                t.name = if plain {
                    "plain".into()
                } else {
                    "remedy".into()
                };
                t
            })
            .collect();
        let effects = log_ratios(
            &both,
            [&|t| t.name == "plain", &|t| t.name == "remedy"],
            |t| t.at_best("validation_loss"),
        );
        found.findings.push(Finding::new(
            claim,
            &format!("ln of the lowest validation loss at B = {largest} without over that with it ({words})"),
            &effects,
            format!("without it the loss is {} times as high", factor(&effects)),
        ));
    }
}

/// A factor between validation losses that counts as alike.
const ALIKE: f64 = 1.25;

fn grown(decay: &[Trial], growth: &[Trial], found: &mut Findings) {
    let both = [("rate falls", decay), ("batch grows", growth)];
    let mut table = Table::new(
        "growth",
        "Growing the batch instead of decaying the rate; means and standard deviations over seeds",
        &[
            "schedule",
            "validation loss",
            "validation accuracy",
            "steps",
            "seconds",
        ],
    );
    for (words, trials) in both {
        let of = |what: &str| -> Cell { spread(mean(trials, |_| true, |t| t.last(what))).into() };
        table.row([
            words.into(),
            of("validation_loss"),
            of("validation_accuracy"),
            of("step"),
            of("seconds"),
        ]);
    }
    found.tables.push(table);
    let panels = [
        ("By epochs", "epoch", "Epoch"),
        ("By steps", "step", "Step"),
    ]
    .map(|(title, x, label)| {
        let curves = both.iter().enumerate().map(|(index, (words, trials))| {
            let all: Vec<&Trial> = trials.iter().collect();
            let mut curve = crate::engine::experiment::seeds::averaged(
                &all,
                x,
                "validation_loss",
                (words, index),
            );
            curve.color = series(index);
            curve
        });
        figure(
            title,
            [(label, Linear), ("Validation loss", Log)],
            curves.collect(),
        )
    });
    found.pictures.push(Picture {
        name: "growth",
        caption: "Validation loss where the rate falls to a quarter and where the batch grows fourfold at the same epochs; means over seeds.".into(),
        drawing: Drawing::Several(panels.into_iter().flatten().collect()),
    });
    let mut pairs = Vec::new();
    for d in decay {
        if let Some(g) = growth.iter().find(|g| g.seed() == d.seed()) {
            pairs.push((g.last("validation_loss") / d.last("validation_loss")).ln());
        }
    }
    let alike: Vec<f64> = pairs.iter().map(|p| ALIKE.ln() - p.abs()).collect();
    found.findings.push(Finding::new(
        "Growing the batch instead of decaying the learning rate gives the same validation loss in fewer steps (Smith et al. 2018)",
        &format!("ln {ALIKE} less the size of ln of the ratio of final validation losses"),
        &alike,
        format!("the loss with the growing batch is {} times the other", factor(&pairs)),
    ));
}
