//! `parallel`: data-parallel training, whose shares of a batch are taken by workers of their own.

use super::entry::{Ask, Entry, Part};
use super::found::{Finding, Findings, Picture, Table};
use super::lab::Lab;
use super::seeds::{factor, mean, seeds, spread};
use super::trial::Trial;
use crate::engine::job::Several;
use crate::error::Result;
use crate::landscape::evaluate::Precision;
use crate::plot::colormap::series;
use crate::plot::curves_figure::{Curve, Form};
use crate::plot::number::power;
use crate::plot::scale::Scale::Log;
use crate::train::findings::interval::Mean;

/// The experiment.
pub const ENTRY: Entry = Entry {
    name: "parallel",
    title: "Data-parallel training",
    asks: "whether workers that share every batch train to the weights of one device, and how much faster they are",
    source: "Li et al. 2020 (PyTorch Distributed, arXiv 2006.15704); Goyal et al. 2017 (arXiv 1706.02677), section 4",
    family: None,
    takes: "under 10 seconds",
    plan,
    measure,
};

/// Numbers of workers.
const WORKERS: [usize; 5] = [1, 2, 4, 8, 16];
/// The part that has none.
const WHOLE: &str = "one-device";
/// The share of the ideal speed that counts as near it (Goyal et al. 2017, figure 7).
const NEAR: f64 = 0.9;

/// Runs alike whose speeds differ by more had no machine to themselves.
const NOISY: f64 = 0.15;

/// How far weights may differ, relative to the way they went: sums of gradients in another order differ in
/// their last digits (6e-8 and 1e-16 of them), which steps add up and carry on.
fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::F32 => 1e-3,
        Precision::F64 => 1e-9,
    }
}

fn plan(ask: &Ask) -> Vec<Part> {
    let mut job = ask.job(ask.pick(
        "mlp:hidden=512-512",
        "vgg:channels=64-128-256,convs=2,hidden=256",
    ));
    job.batch_size = Several::one(ask.pick(256, 1024));
    job.learning_rate = Several::one(0.05);
    job.run_seed = ask.seeds(3, 3);
    job.how.stop.epochs = ask.pick(6, 3);
    let part = |name: String, words: &str, workers: usize| {
        let mut job = job.clone();
        job.how.batches.workers = workers;
        let mut part = Part::new(&name, words, job);
        part.parallel = 1;
        part
    };
    let most = ask.pick(4, 16);
    let some = WORKERS.into_iter().filter(|count| *count <= most);
    let shared = some.map(|count| {
        part(
            format!("workers-{count}"),
            "every batch shared out among so many workers, a thread each where the processor computes; one run at a time",
            count,
        )
    });
    let whole = part(
        WHOLE.into(),
        "the same batches whole: the device shares the samples out itself",
        0,
    );
    std::iter::once(whole).chain(shared).collect()
}

/// Runs with so many workers, and how far each ended from the run of its seed on one device, relative to the
/// way that went.
struct Side {
    workers: usize,
    trials: Vec<Trial>,
    apart: Vec<(u64, f64)>,
}

impl Side {
    fn rate(trial: &Trial) -> f64 {
        trial.last("samples_per_second")
    }

    fn of_seed(&self, seed: u64) -> Option<f64> {
        let own = self.trials.iter().find(|t| t.seed() == seed);
        own.map(Self::rate)
    }
}

fn measure(lab: &mut Lab<'_>) -> Result<Findings> {
    let mut found = Findings::default();
    let whole = lab.part(WHOLE);
    let mut sides = Vec::new();
    for workers in WORKERS {
        let trials = lab.part(&format!("workers-{workers}"));
        if trials.is_empty() {
            continue;
        }
        let mut apart = Vec::new();
        for trial in &trials {
            let one = whole.iter().find(|t| t.seed() == trial.seed());
            let Some((one, theirs)) = one.and_then(|one| Some((one, one.end()?))) else {
                continue;
            };
            if trial.diverged() {
                // As far away as the way is long.
                apart.push((trial.seed(), 1.0));
            } else if let Some(end) = trial.end()
                && let Some(distance) = lab.apart(theirs, end)?
                && let Some(way) = lab.distance(one)?
            {
                apart.push((trial.seed(), distance.total / way.total));
            }
        }
        sides.push(Side {
            workers,
            trials,
            apart,
        });
    }
    table(&whole, &sides, &mut found);
    picture(&sides, &mut found);
    judged(lab.setup.precision, &whole, &sides, &mut found);
    let spreads = sides.iter().filter_map(|side| {
        let rate = mean(&side.trials, |_| true, Side::rate)?;
        Some(rate.deviation / rate.mean)
    });
    if Mean::of(spreads).is_some_and(|m| m.mean > NOISY) {
        found.notes.push("The speeds of runs with as many workers differ by more than 15 %: something else was using this machine.".into());
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    found.notes.push(format!("This machine offers {cores} {}: more workers than that share them. The step of the optimiser and whatever is noted between steps are taken by one thread. Only the processor takes shares side by side; a GPU takes one after the other.", if cores == 1 { "core" } else { "cores" }));
    found.notes.push("Sums of shares are added in the order of the shares, so that the number of threads changes no bit of the weights; the number of workers changes the last digits of the sums.".into());
    Ok(found)
}

/// Seconds of the last epoch count as speed, without what is measured between.
fn table(whole: &[Trial], sides: &[Side], found: &mut Findings) {
    let mut table = Table::new(
        "workers",
        "Means and standard deviations over seeds",
        &[
            "workers",
            "samples a second",
            "times one worker",
            "share of the ideal",
            "largest relative difference of the weights",
        ],
    );
    let rate = |trials: &[Trial]| mean(trials, |_| true, Side::rate);
    let one = sides.iter().find(|s| s.workers == 1);
    let base = one
        .and_then(|s| rate(&s.trials))
        .map_or(f64::NAN, |m| m.mean);
    let mut row = |name: super::found::Cell, trials: &[Trial], ideal: f64, apart: f64| {
        let own = rate(trials);
        let times = own.map_or(f64::NAN, |m| m.mean) / base;
        table.row([
            name,
            spread(own).into(),
            times.into(),
            (times / ideal).into(),
            apart.into(),
        ]);
    };
    row("none: one device".into(), whole, f64::NAN, f64::NAN);
    for side in sides {
        let apart = side.apart.iter().map(|own| own.1).fold(f64::NAN, f64::max);
        row(
            side.workers.into(),
            &side.trials,
            side.workers as f64,
            apart,
        );
    }
    found.tables.push(table);
}

fn picture(sides: &[Side], found: &mut Findings) {
    let mut curve = Curve {
        name: "measured".into(),
        color: series(0),
        form: Form::Dotted,
        ..Curve::default()
    };
    for side in sides {
        if let Some(rate) = mean(&side.trials, |_| true, Side::rate) {
            curve.x.push(side.workers as f64);
            curve.y.push(rate.mean);
            curve.errors.push(rate.deviation);
        }
    }
    let first = curve.x.first().zip(curve.y.first()).map(|(x, y)| y / x);
    let ideal = Curve {
        name: "in proportion to one worker".into(),
        color: series(1),
        form: Form::Dashed,
        x: curve.x.clone(),
        y: curve
            .x
            .iter()
            .map(|x| x * first.unwrap_or(f64::NAN))
            .collect(),
        ..Curve::default()
    };
    found.pictures.extend(Picture::curves(
        "speed",
        "Samples a second by number of workers",
        [("Workers", Log), ("Samples a second", Log)],
        vec![curve, ideal],
        "Bars: standard deviation over runs.",
    ));
}

fn judged(precision: Precision, whole: &[Trial], sides: &[Side], found: &mut Findings) {
    let most = tolerance(precision);
    // The largest over numbers of workers, for each seed.
    let largest = |seed: u64| {
        let of = |s: &Side| {
            let own = s.apart.iter().find(|own| own.0 == seed);
            own.map(|own| own.1.abs())
        };
        let each: Option<Vec<f64>> = sides.iter().map(of).collect();
        each?.into_iter().max_by(f64::total_cmp)
    };
    let largest = seeds(whole).into_iter().filter_map(largest);
    let largest: Vec<f64> = largest.filter(|d| d.is_finite()).collect();
    // How much smaller than a hundredth of what is allowed they are says nothing more.
    let within: Vec<f64> = largest
        .iter()
        .map(|d| (most / d.max(0.01 * most)).ln())
        .collect();
    found.findings.push(Finding::new(
        "Workers that share a batch train to the weights of one device with the same whole batch (Li et al. 2020, section 2.2)",
        &format!(
            "ln of {} over the largest distance between the ends, relative to the way from the start and no less than a hundredth of that, with any number of workers; layers with statistics of the batch have those of a share, and differ",
            power(most)
        ),
        &within,
        format!(
            "the ends differ by at most {} of the way from the start",
            power(largest.iter().copied().fold(0.0, f64::max))
        ),
    ));
    let one = sides.iter().find(|s| s.workers == 1);
    let two = sides.iter().find(|s| s.workers == 2);
    if let (Some(one), Some(two)) = (one, two) {
        let gain = |seed| Some((two.of_seed(seed)? / one.of_seed(seed)? / 2.0).ln());
        let gains: Vec<f64> = seeds(&one.trials).into_iter().filter_map(gain).collect();
        found.findings.push(Finding::beyond(
            "Training is faster nearly in proportion to the workers (Goyal et al. 2017, figure 7: 90 % of the ideal)",
            &format!("ln of the speed of two workers over twice that of one, against ln {NEAR}"),
            (&gains, NEAR.ln()),
            format!("two workers have {} of the ideal speed", factor(&gains)),
        ));
    }
    let rate = |trials: &[Trial]| Mean::of(trials.iter().map(Side::rate)).map(|m| m.mean);
    let best = sides
        .iter()
        .filter_map(|s| Some((rate(&s.trials)?, s.workers)));
    let best = best.max_by(|a, b| a.0.total_cmp(&b.0));
    if let (Some((best, workers)), Some(device)) = (best, rate(whole)) {
        let words = format!(
            "The fastest number of workers, {workers}, has {:.0} % of the speed of the device that shares the samples of a whole batch out itself.",
            100.0 * best / device
        );
        found.notes.push(words);
    }
}
