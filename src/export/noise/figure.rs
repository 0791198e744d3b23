//! The pictures of a gradient noise: what a batch size costs in steps and in examples, and how much
//! the gradients within a batch agree. A report draws those of two checkpoints with the same panels.

use crate::engine::local::noise::NoiseResult;
use crate::error::{Error, Result};
use crate::export::caption;
use crate::export::curves::{At, listed};
use crate::export::figure::FigureOptions;
use crate::landscape::noise::scale::relative_costs;
use crate::plot::colormap;
use crate::plot::curves_figure::{Curve, CurvesFigure, Form};
use crate::plot::number::format_value;
use crate::plot::page;
use crate::plot::scale::{Scale, finite_range};

/// Points of a line drawn from a formula.
const POINTS: usize = 121;

/// The pictures on one page.
pub fn document(result: &NoiseResult, options: &FigureOptions) -> Result<String> {
    if !has_costs(result) {
        return Err(Error::Slice(format!(
            "a noise scale of {} gives no picture of steps against examples",
            format_value(scale(result))
        )));
    }
    let alone = [At {
        name: "",
        color: colormap::series(0),
        found: result,
    }];
    let mut row = vec![tradeoff_panel(&alone[0], options)?];
    let mut captions = caption::measured(&result.header, &result.job.setup);
    captions.push(tradeoff_words(&alone));
    if let Some(found) = &result.tradeoff {
        captions.push(format!(
            "the runs given: S_min = {}, E_min = {}, B_crit = {}, fitted to their steps",
            format_value(found.tradeoff.fewest_steps),
            format_value(found.tradeoff.fewest_examples),
            format_value(found.critical_batch)
        ));
    }
    if has_alignment(result) {
        row.push(alignment_panel(&alone, options)?);
        captions.push(alignment_words(result));
    }
    captions.push(result.header.caution.clone());
    let title = options
        .title
        .clone()
        .unwrap_or_else(|| caption::title(&result.header, "gradient noise"));
    page::rows(&title, &[row], &captions)
}

/// B_simple from all samples; NaN where it wasn't measured.
fn scale(result: &NoiseResult) -> f64 {
    result.exact.as_ref().map_or(f64::NAN, |e| e.total.scale)
}

/// Whether there are steps and examples to draw.
pub(in crate::export) fn has_costs(result: &NoiseResult) -> bool {
    scale(result) > 0.0 && scale(result).is_finite()
}

/// Whether there is an alignment to draw.
pub(in crate::export) fn has_alignment(result: &NoiseResult) -> bool {
    result.batches.iter().any(|b| b.alignment.is_some())
}

/// What steps and examples are over.
pub(in crate::export) fn tradeoff_words(all: &[At<'_, NoiseResult>]) -> String {
    format!(
        "steps S and examples E to the same loss, over the fewest possible, at batch sizes B, where B_simple = tr Σ/‖G‖² = {} stands for the critical one: S/S_min = 1 + B_simple/B, E/E_min = 1 + B/B_simple (McCandlish et al. 2018)",
        listed(all, |result| format_value(scale(result)))
    )
}

/// What an alignment is, and over how many batches.
pub(in crate::export) fn alignment_words(result: &NoiseResult) -> String {
    format!(
        "alignment ‖Σ g‖/Σ ‖g‖ of the gradients g of a batch: 1 where all are parallel, about 1/√B where they are unrelated; up to {} batches of each size, bars are standard errors, seed {}",
        result.job.alignment_repeats, result.job.setup.seed
    )
}

/// The name in a legend: the checkpoint's, or without one what is drawn.
fn named(name: &str, otherwise: &str) -> String {
    if name.is_empty() { otherwise } else { name }.to_owned()
}

/// Steps against examples at one checkpoint.
pub(in crate::export) fn tradeoff_panel(
    at: &At<'_, NoiseResult>,
    options: &FigureOptions,
) -> Result<String> {
    let result = at.found;
    let scale = scale(result);
    let sizes = result.batches.iter().map(|b| b.batch as f64);
    let (low, high) = finite_range(sizes.chain([scale])).unwrap_or((scale, scale));
    let costs = geometric(low / 2.0, high * 2.0).map(|batch| relative_costs(scale, batch));
    // Steps fall as batches grow.
    let (mut x, mut y): (Vec<f64>, Vec<f64>) = costs.map(|[s, e]| (s, e)).unzip();
    x.reverse();
    y.reverse();
    let mut curves = vec![
        Curve {
            name: named(at.name, "(S/S_min − 1)(E/E_min − 1) = 1"),
            color: at.color,
            x,
            y,
            form: Form::Line,
            ..Curve::default()
        },
        Curve {
            color: colormap::series(6),
            x: vec![2.0],
            y: vec![2.0],
            form: Form::Rings,
            labels: vec![format!("B_simple = {}", format_value(scale))],
            ..Curve::default()
        },
        Curve {
            color: at.color,
            x: result.batches.iter().map(|b| b.steps).collect(),
            y: result.batches.iter().map(|b| b.examples).collect(),
            form: Form::Rings,
            labels: result
                .batches
                .iter()
                .map(|b| format!("B = {}", b.batch))
                .collect(),
            ..Curve::default()
        },
    ];
    if let Some(found) = &result.tradeoff {
        let fewest = &found.tradeoff;
        let runs = &result.job.reached;
        let examples = |r: &crate::engine::job::Reached| r.batch as f64 * r.steps as f64;
        curves.push(Curve {
            name: "runs given".into(),
            color: colormap::series(2),
            x: runs
                .iter()
                .map(|r| r.steps as f64 / fewest.fewest_steps)
                .collect(),
            y: runs
                .iter()
                .map(|r| examples(r) / fewest.fewest_examples)
                .collect(),
            form: Form::Rings,
            ..Curve::default()
        });
    }
    CurvesFigure {
        curves,
        x_label: "Steps / fewest steps".into(),
        y_label: "Examples / fewest examples".into(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,
        width_mm: options.width,
        ..CurvesFigure::default()
    }
    .svg()
}

/// How much the gradients of a batch agree.
pub(in crate::export) fn alignment_panel(
    all: &[At<'_, NoiseResult>],
    options: &FigureOptions,
) -> Result<String> {
    let mut curves: Vec<Curve> = all
        .iter()
        .map(|at| {
            let aligned = at.found.batches.iter().filter_map(|b| b.alignment);
            let aligned: Vec<_> = aligned.collect();
            Curve {
                name: named(at.name, "‖Σ g‖/Σ ‖g‖"),
                color: at.color,
                x: aligned.iter().map(|a| a.batch as f64).collect(),
                y: aligned.iter().map(|a| a.alignment.mean).collect(),
                errors: aligned.iter().map(|a| a.alignment.standard_error).collect(),
                ..Curve::default()
            }
        })
        .collect();
    let sizes = curves.iter().flat_map(|c| c.x.iter().copied());
    let (low, high) = finite_range(sizes).unwrap_or((1.0, 1.0));
    let rule: Vec<f64> = geometric(low, high).collect();
    curves.push(Curve {
        name: "1/√B".into(),
        color: colormap::series(6),
        y: rule.iter().map(|b| 1.0 / b.sqrt()).collect(),
        x: rule,
        form: Form::Dashed,
        ..Curve::default()
    });
    CurvesFigure {
        curves,
        x_label: "Batch size B".into(),
        y_label: "Alignment of gradients".into(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,
        width_mm: options.width,
        ..CurvesFigure::default()
    }
    .svg()
}

/// Numbers at equal ratios.
fn geometric(low: f64, high: f64) -> impl Iterator<Item = f64> {
    let step = (high / low).ln() / (POINTS - 1) as f64;
    (0..POINTS).map(move |i| low * (step * i as f64).exp())
}
