//! Maps of |λ_min/λ_max| with and without skips, and how predictive gradients are with and without normalisation.

use super::networks::{BARE, BASE, PLAIN, PLAIN_BARE, RATE, Variant, log_ratios};
use crate::engine::experiment::found::{Drawing, Finding, Findings, Picture, Table, figure};
use crate::engine::experiment::lab::Lab;
use crate::engine::experiment::seeds::factor;
use crate::engine::experiment::trial::Trial;
use crate::error::Result;
use crate::landscape::curvature::ratio::RatioGrid;
use crate::plot::colormap::series;
use crate::plot::curves_figure::{Curve, Form};
use crate::plot::figure::{ContourFigure, Levels, Marker};
use crate::plot::number::format_value;
use crate::plot::scale::Scale::{Linear, Log};
use std::collections::HashMap;

/// Points along a side of a map.
const GRID: usize = 7;
/// Training samples that a map is taken over: each of its points takes many products.
pub const MAP_SAMPLES: usize = 128;
/// Training samples that gradients are taken over.
const GRADIENT_SAMPLES: usize = 256;

pub fn measure(lab: &mut Lab<'_>, found: &mut Findings) -> Result<()> {
    maps(lab, found)?;
    predictiveness(lab, found)
}

/// |λ_min/λ_max| around the ends of the first seed.
fn maps(lab: &mut Lab<'_>, found: &mut Findings) -> Result<()> {
    let mut maps: Vec<(Variant, RatioGrid)> = Vec::new();
    for variant in [BASE, PLAIN] {
        let trials = lab.part(variant.part);
        if let Some(end) = trials.first().and_then(Trial::end) {
            maps.push((variant, lab.ratio_map(end, GRID, MAP_SAMPLES)?));
        }
    }
    let mut table = Table::new(
        "ratios",
        "|λ_min/λ_max| over the plane around the end, first seed: near 0 there is next to no negative curvature",
        &["network", "at the end", "median over the plane", "largest"],
    );
    for (variant, map) in &maps {
        let mut finite: Vec<f64> = map
            .ratio
            .iter()
            .copied()
            .filter(|r| r.is_finite())
            .collect();
        finite.sort_by(f64::total_cmp);
        let at = |index: usize| finite.get(index).copied().unwrap_or(f64::NAN);
        table.row([
            variant.words.into(),
            map.ratio
                .get(GRID * GRID / 2)
                .copied()
                .unwrap_or(f64::NAN)
                .into(),
            at(finite.len() / 2).into(),
            at(finite.len().saturating_sub(1)).into(),
        ]);
    }
    if maps
        .iter()
        .any(|(_, map)| map.ratio.iter().any(|r| r.is_finite()))
    {
        found.pictures.push(Picture {
            name: "convexity",
            caption: "|λ_min/λ_max| of the Hessian over the plane around the ends of the first seed, from 0 (convex) to 1, eval mode (Li et al. 2018, figure 7). One seed: no verdict.".into(),
            drawing: Drawing::Maps(maps.iter().map(|(v, map)| drawn(*v, map)).collect()),
        });
    }
    found.tables.push(table);
    Ok(())
}

fn drawn(variant: Variant, map: &RatioGrid) -> ContourFigure {
    ContourFigure {
        x: map.x.clone(),
        y: map.y.clone(),
        values: map.ratio.clone(),
        computed: map.computed.clone(),
        quantity: "|λ_min/λ_max|".into(),
        range: Some((0.0, 1.0)),
        levels: Levels::Auto(5),
        x_label: "direction 1".into(),
        y_label: "direction 2".into(),
        markers: vec![Marker::default()],
        title: variant.words.to_owned(),
        ..ContourFigure::default()
    }
}

/// What a checkpoint's steps along the gradient say.
struct Steps {
    epoch: f64,
    /// Largest change of the gradient per distance.
    smoothness: f64,
    /// Largest change of the gradient over the gradient's own norm.
    change: f64,
}

fn predictiveness(lab: &mut Lab<'_>, found: &mut Findings) -> Result<()> {
    let mut table = Table::new(
        "predictiveness",
        "Steps along the gradient, from half to four times the learning rate, train mode",
        &[
            "network",
            "seed",
            "epoch",
            "gradient_norm",
            "least_loss",
            "largest_loss",
            "largest_gradient_change",
            "effective_smoothness",
        ],
    )
    .for_files();
    // The largest smoothness along each run.
    let mut largest: HashMap<(&'static str, u64), f64> = HashMap::new();
    let (mut smooth, mut changes) = (Vec::new(), Vec::new());
    let networks = [BASE, PLAIN, BARE, PLAIN_BARE];
    for (index, variant) in networks.into_iter().enumerate() {
        for (number, trial) in lab.part(variant.part).iter().enumerate() {
            let steps = along(lab, variant, trial, &mut table)?;
            let most = steps.iter().map(|s| s.smoothness).fold(f64::NAN, f64::max);
            largest.insert((variant.part, trial.seed()), most);
            if number == 0 {
                let curve = |of: fn(&Steps) -> f64| Curve {
                    name: variant.words.to_owned(),
                    color: series(index),
                    form: Form::Dotted,
                    x: steps.iter().map(|s| s.epoch).collect(),
                    y: steps.iter().map(of).collect(),
                    ..Curve::default()
                };
                smooth.push(curve(|s| s.smoothness));
                changes.push(curve(|s| s.change));
            }
        }
    }
    found.tables.push(table);
    let panels = [
        figure(
            "Effective smoothness",
            [("Epoch", Linear), ("max ‖∇f(θ − t g) − g‖ / ‖t g‖", Log)],
            smooth,
        ),
        figure(
            "Change of the gradient",
            [("Epoch", Linear), ("max ‖∇f(θ − t g) − g‖ / ‖g‖", Log)],
            changes,
        ),
    ];
    let panels: Vec<_> = panels.into_iter().flatten().collect();
    if !panels.is_empty() {
        found.pictures.push(Picture {
            name: "predictiveness",
            caption: format!("How far the gradient g changes along itself, the largest over steps t from half to four times the learning rate of {}, first seed, train mode (Santurkar et al. 2018, figure 4).", format_value(RATE)),
            drawing: Drawing::Several(panels),
        });
    }
    let of = |v: Variant, t: &Trial| {
        let found = largest.get(&(v.part, t.seed()));
        found.copied().unwrap_or(f64::NAN)
    };
    let (bare, norm) = (lab.part(PLAIN_BARE.part), lab.part(PLAIN.part));
    let ratios = log_ratios(of, [(PLAIN_BARE, &bare), (PLAIN, &norm)]);
    found.findings.push(Finding::new(
        "With batch normalisation gradients are more predictive and the loss is smoother (Santurkar et al. 2018, figure 4)",
        "ln of the largest effective smoothness along the run without normalisation over that with it, both without skips",
        &ratios,
        format!(
            "without normalisation the largest change of the gradient per distance is {} times that with it",
            factor(&ratios)
        ),
    ));
    Ok(())
}

/// The steps at every checkpoint of a run that a gradient can be taken at.
fn along(
    lab: &mut Lab<'_>,
    variant: Variant,
    trial: &Trial,
    table: &mut Table,
) -> Result<Vec<Steps>> {
    let mut all = Vec::new();
    if trial.end().is_none() {
        return Ok(all);
    }
    for kept in &trial.checkpoints {
        let found = lab.along_gradient(&kept.path, trial.rate(), GRADIENT_SAMPLES)?;
        let Some(summary) = found.variation else {
            continue;
        };
        let epoch = kept.epoch.unwrap_or(f64::NAN);
        let change = summary.gradient_change_range[1];
        table.row([
            variant.words.into(),
            (trial.seed() as usize).into(),
            epoch.into(),
            found.gradient_norm.into(),
            summary.loss_range[0].into(),
            summary.loss_range[1].into(),
            change.into(),
            summary.effective_smoothness.into(),
        ]);
        all.push(Steps {
            epoch,
            smoothness: summary.effective_smoothness,
            change: change / found.gradient_norm,
        });
    }
    Ok(all)
}
