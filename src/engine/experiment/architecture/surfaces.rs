//! Surfaces around the ends of all networks, side by side on one scale, and of one network in train and eval mode.

use super::networks::{
    ALL, BARE, BASE, DEEP, DEEP_PLAIN, PLAIN, PLAIN_BARE, Variant, WIDE_PLAIN, log_ratios,
};
use crate::engine::experiment::found::{Drawing, Finding, Findings, Picture, Table};
use crate::engine::experiment::lab::Lab;
use crate::engine::experiment::seeds::factor;
use crate::engine::experiment::trial::Trial;
use crate::engine::result::{Numbers, Outcome};
use crate::error::Result;
use crate::landscape::slice::Buffers;
use std::collections::HashMap;

/// Points along a side of a surface.
const GRID: usize = 15;
/// Training samples that surfaces are taken over.
pub const SAMPLES: usize = 512;

/// What is called by a part and a seed.
type BySeed = HashMap<(&'static str, u64), f64>;

pub fn measure(lab: &mut Lab<'_>, found: &mut Findings) -> Result<()> {
    let mut heights = BySeed::new();
    let mut firsts: Vec<(Variant, Outcome)> = Vec::new();
    for variant in ALL {
        for (number, trial) in lab.part(variant.part).iter().enumerate() {
            let Some(end) = trial.end() else { continue };
            let surface = lab.rough_surface(end, (GRID, SAMPLES), Buffers::Interpolate)?;
            heights.insert((variant.part, trial.seed()), height(&surface));
            if number == 0 {
                firsts.push((variant, surface));
            }
        }
    }
    let of = |names: &[Variant]| -> Vec<(String, Outcome)> {
        let named = |v: &Variant| {
            let own = firsts.iter().find(|(own, _)| own.part == v.part);
            own.map(|(_, surface)| (v.words.to_owned(), surface.clone()))
        };
        names.iter().filter_map(named).collect()
    };
    picture(
        "skips-norm",
        "Filter-normalised surfaces around the ends of the first seed, with and without skips and batch normalisation, on one scale of colours (Li et al. 2018, figure 5).",
        of(&[BASE, PLAIN, BARE, PLAIN_BARE]),
        found,
    );
    picture(
        "depth-width",
        "The same for deeper networks with and without skips, and for a wider one without (Li et al. 2018, figures 5 and 6).",
        of(&[DEEP, DEEP_PLAIN, PLAIN, WIDE_PLAIN]),
        found,
    );
    let modes = modes(lab, found)?;
    table(&heights, &modes, found);
    let of = |v: Variant, t: &Trial| height_of(&heights, v, t);
    for (claim, [above, below]) in [
        (
            "Without skips the surface of a deep network is rougher and rises more steeply (Li et al. 2018, figure 5)",
            [DEEP_PLAIN, DEEP],
        ),
        (
            "Without skips a deeper network has the steeper surface (Li et al. 2018, section 5.1)",
            [DEEP_PLAIN, PLAIN],
        ),
        (
            "A wider network has the flatter surface (Li et al. 2018, figure 6)",
            [PLAIN, WIDE_PLAIN],
        ),
    ] {
        let sides = [above, below].map(|v| (v, lab.part(v.part)));
        let [(a, over), (b, under)] = &sides;
        let ratios = log_ratios(of, [(*a, over), (*b, under)]);
        found.findings.push(Finding::new(
            claim,
            &format!(
                "ln of the median training loss over the plane of “{}” over that of “{}”",
                above.words, below.words
            ),
            &ratios,
            format!(
                "the median loss over the plane of “{}” is {} times that of “{}”",
                above.words,
                factor(&ratios),
                below.words
            ),
        ));
    }
    Ok(())
}

/// The surface of the base in eval mode, its running statistics as they are, and with statistics measured at
/// every point as in train mode; gives the heights of the latter.
fn modes(lab: &mut Lab<'_>, found: &mut Findings) -> Result<BySeed> {
    let (mut eval, mut train) = (BySeed::new(), BySeed::new());
    let trials = lab.part(BASE.part);
    let mut panels = Vec::new();
    for (number, trial) in trials.iter().enumerate() {
        let Some(end) = trial.end() else { continue };
        for (mode, words, own) in [
            (Buffers::Frozen, "eval: running statistics", &mut eval),
            (Buffers::Recompute, "train: measured anew", &mut train),
        ] {
            let surface = lab.rough_surface(end, (GRID, SAMPLES), mode)?;
            own.insert((BASE.part, trial.seed()), height(&surface));
            if number == 0 {
                panels.push((words.to_owned(), surface));
            }
        }
    }
    picture(
        "modes",
        "The surface of the network with skips and normalisation, first seed: with the running statistics of its end at every point (eval mode), and with those measured at every point (train mode).",
        panels,
        found,
    );
    let ratio = |t: &Trial| {
        let at = |all: &BySeed| height_of(all, BASE, t);
        (at(&eval) / at(&train)).ln()
    };
    let ratios: Vec<f64> = trials.iter().map(ratio).filter(|v| v.is_finite()).collect();
    found.findings.push(Finding::new(
        "In train mode batch normalisation takes out how large weights are, so that the surface rises less than in eval mode (Li et al. 2018, section 3, on scale invariance)",
        "ln of the median training loss over the plane in eval mode, statistics as they were at the end, over that with statistics measured at every point",
        &ratios,
        format!(
            "the median loss over the plane in eval mode is {} times that in train mode",
            factor(&ratios)
        ),
    ));
    Ok(train)
}

/// The median of the training loss over a surface; where it overflows it counts as infinite.
fn height(surface: &Outcome) -> f64 {
    let Numbers::Surface(surface) = &surface.numbers else {
        return f64::NAN;
    };
    let Some(column) = &surface.table.train else {
        return f64::NAN;
    };
    let mut all: Vec<f64> = column.loss.clone();
    for loss in &mut all {
        if loss.is_nan() {
            *loss = f64::INFINITY;
        }
    }
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

fn height_of(all: &BySeed, variant: Variant, trial: &Trial) -> f64 {
    let found = all.get(&(variant.part, trial.seed()));
    found.copied().unwrap_or(f64::NAN)
}

fn picture(
    name: &'static str,
    caption: &str,
    surfaces: Vec<(String, Outcome)>,
    found: &mut Findings,
) {
    if !surfaces.is_empty() {
        found.pictures.push(Picture {
            name,
            caption: caption.to_owned(),
            drawing: Drawing::Surfaces(surfaces),
        });
    }
}

fn table(heights: &BySeed, modes: &BySeed, found: &mut Findings) {
    let mut table = Table::new(
        "heights",
        "Median training loss over the plane around each end",
        &["network", "seed", "median_loss", "median_loss_train_mode"],
    )
    .for_files();
    let mut rows: Vec<_> = heights.iter().collect();
    rows.sort_by_key(|(key, _)| **key);
    for (key, height) in rows {
        let in_train = modes.get(key).copied().unwrap_or(f64::NAN);
        table.row([
            key.0.into(),
            (key.1 as usize).into(),
            (*height).into(),
            in_train.into(),
        ]);
    }
    found.tables.push(table);
}
