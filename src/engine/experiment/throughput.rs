//! `throughput`: samples a second by batch size on this device.

use super::entry::{Ask, Entry, Part};
use super::found::{Finding, Findings, Picture, Table};
use super::lab::Lab;
use super::seeds::{against, batches, factor, log_ratios, mean, seeds, spread};
use super::trial::Trial;
use crate::engine::job::Several;
use crate::error::Result;
use crate::plot::scale::Scale::Log;
use crate::train::findings::interval::Mean;

/// The experiment.
pub const ENTRY: Entry = Entry {
    name: "throughput",
    title: "Samples a second by batch size",
    asks: "how fast this device trains by batch size, and where more samples a batch no longer help",
    source: "Goyal et al. 2017 (arXiv 1706.02677); McCandlish et al. 2018 (arXiv 1812.06162), section 2.3",
    family: None,
    takes: "under 10 seconds",
    plan,
    measure,
};

/// The share of the best rate that counts as saturated.
const SATURATED: f64 = 0.9;

fn plan(ask: &Ask) -> Vec<Part> {
    let mut job = ask.usual();
    job.batch_size = Several(ask.pick(
        vec![1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
        vec![8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
    ));
    job.learning_rate = Several::one(0.01);
    job.run_seed = ask.seeds(3, 3);
    job.how.stop.epochs = 3;
    let mut part = Part::new(
        "batches",
        "three epochs each, one run at a time; the last epoch is timed, without what is measured between",
        job,
    );
    part.parallel = 1;
    vec![part]
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "those of other experiments can fail"
)]
fn measure(lab: &mut Lab<'_>) -> Result<Findings> {
    let trials = lab.part("batches");
    let mut found = Findings::default();
    let rate = |t: &Trial| t.last("samples_per_second");
    let each = |t: &Trial| {
        let epochs = t.last("epoch");
        t.last("samples") / epochs / rate(t)
    };
    let sizes = batches(&trials);
    let of = |size: usize| mean(&trials, |t| t.batch() == size, rate);
    let best = sizes
        .iter()
        .filter_map(|s| of(*s))
        .map(|m| m.mean)
        .fold(0.0, f64::max);
    let saturated = sizes
        .iter()
        .copied()
        .find(|s| of(*s).is_some_and(|m| m.mean >= SATURATED * best));
    let mut table = Table::new(
        "throughput",
        "Means and standard deviations over runs",
        &[
            "batch size",
            "samples a second",
            "share of the best",
            "milliseconds a step",
            "seconds an epoch",
        ],
    );
    for &size in &sizes {
        let here = of(size).map_or(f64::NAN, |m| m.mean);
        table.row([
            size.into(),
            spread(of(size)).into(),
            (here / best).into(),
            (1000.0 * size as f64 / here).into(),
            spread(mean(&trials, |t| t.batch() == size, each)).into(),
        ]);
    }
    found.tables.push(table);
    let mut curve = against(&trials, &sizes, ("", 0), Trial::batch, rate);
    curve.pointers = saturated.map(|s| s as f64).into_iter().collect();
    found.pictures.extend(Picture::curves(
        "throughput",
        "Samples a second by batch size",
        [("Batch size", Log), ("Samples a second", Log)],
        vec![curve],
        "Bars: standard deviation over runs. The triangle points at the smallest batch with 90 % of the best rate.",
    ));
    let (first, last) = (sizes[0], sizes[sizes.len() - 1]);
    let peak = |seed: u64| {
        let own = trials.iter().filter(move |t| t.seed() == seed);
        own.map(rate).filter(|r| r.is_finite()).fold(0.0, f64::max)
    };
    let gain: Vec<f64> = seeds(&trials)
        .into_iter()
        .filter_map(|seed| {
            let one = trials
                .iter()
                .find(|t| t.seed() == seed && t.batch() == first)?;
            Some((peak(seed) / rate(one)).ln())
        })
        .collect();
    found.findings.push(Finding::new(
        "Larger batches are trained at more samples a second (Goyal et al. 2017)",
        &format!("ln of the best rate over that at B = {first}"),
        &gain,
        format!(
            "the best rate is {} times that at B = {first}",
            factor(&gain)
        ),
    ));
    let earlier = sizes
        .iter()
        .copied()
        .filter(|s| 4 * s <= last)
        .max()
        .unwrap_or(first);
    let late = log_ratios(
        &trials,
        [&|t| t.batch() == last, &|t| t.batch() == earlier],
        rate,
    );
    let flat: Vec<f64> = late.iter().map(|l| 1.25_f64.ln() - l).collect();
    found.findings.push(Finding::new(
        "Beyond some batch size the rate saturates (McCandlish et al. 2018, section 2.3)",
        &format!("ln 1.25 less ln of the rate at B = {last} over that at B = {earlier}"),
        &flat,
        format!(
            "B = {last} is {} times as fast as B = {earlier}; 90 % of the best rate are there from B = {} on",
            factor(&late),
            saturated.map_or_else(|| "–".into(), |s| s.to_string())
        ),
    ));
    let spread_all = Mean::of(
        sizes
            .iter()
            .filter_map(|s| of(*s))
            .map(|m| m.deviation / m.mean),
    );
    if spread_all.is_some_and(|m| m.mean > 0.15) {
        found.notes.push("The rates of runs of one batch size differ by more than 15 %: something else was using this machine.".into());
    }
    found.notes.push("Memory is not measured. Training has single precision, and double precision on a CPU (--precision f64); there is no half precision to compare with.".into());
    Ok(found)
}
