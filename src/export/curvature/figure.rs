//! The pictures of a curvature: density and map in a first row, then the line, then the steps along
//! the gradient, whichever were asked for. A report draws those of two checkpoints with the same
//! panels.

use crate::engine::job::CurvatureJob;
use crate::engine::local::curvature::CurvatureResult;
use crate::error::{Error, Result};
use crate::export::caption;
use crate::export::curves::{At, listed};
use crate::export::figure::FigureOptions;
use crate::landscape::curvature::density::Density;
use crate::landscape::curvature::line::LinePoint;
use crate::landscape::curvature::ratio::RatioGrid;
use crate::landscape::curvature::variation::{VariationPoint, VariationSummary};
use crate::plot::colormap;
use crate::plot::curves_figure::{Curve, CurvesFigure};
use crate::plot::density_figure::{DensityFigure, Spectrum};
use crate::plot::figure::with_unit;
use crate::plot::figure::{ContourFigure, Levels, Marker, MarkerKind};
use crate::plot::number::format_value;
use crate::plot::page;
use crate::plot::scale::{self, Scale, finite_range};

/// Points of a density: three to a standard deviation of its Gaussians.
const DENSITY_POINTS: usize = 2001;
/// Iso-lines of a map, over the values it has.
const LEVELS: usize = 7;

/// Refuses a picture of a job that gives none.
///
/// # Errors
/// Says what gives one.
pub fn check_picture(job: &CurvatureJob) -> Result<()> {
    if job.density || job.map.is_some() || job.to.is_some() || job.along_gradient.is_some() {
        return Ok(());
    }
    Err(Error::Usage(
        "eigenvalues and a trace alone give no picture; --density gives that of all eigenvalues, --map that of |λ_min/λ_max| over a plane, --to those of slope and curvature along a line, --along-gradient those of loss and gradient along the gradient".into(),
    ))
}

/// The pictures on one page.
pub fn document(result: &CurvatureResult, options: &FigureOptions) -> Result<String> {
    let unit = result.header.model.criterion.unit();
    let mut rows = Vec::new();
    let mut captions = caption::measured(&result.header, &result.job.setup);
    let mut first = Vec::new();
    if let Some(density) = &result.density {
        first.push(density_panel(result, density, options)?);
        captions.push(density_words(result, density));
    }
    if let Some(map) = &result.map {
        let levels = map_levels(&map.ratio);
        // As in the paper, so that the maps of two networks can be compared.
        first.push(map_panel(map, "", (0.0, 1.0), &levels, options)?);
        captions.push(map_words(&[alone(&(result, map))]));
    }
    rows.push(first);
    if !result.line.is_empty() {
        rows.push(line_panels(&result.line, unit, options)?);
        captions.push(line_words("the first checkpoint", "the second"));
    }
    if let Some(found) = &result.variation {
        let points = result.along_gradient.as_slice();
        rows.push(variation_panels(&[alone(points)], unit, options)?);
        captions.push(variation_words(&[alone(found)]));
    }
    rows.retain(|row| !row.is_empty());
    if rows.is_empty() {
        return Err(Error::Slice(
            "nothing of what was measured gives a picture".into(),
        ));
    }
    captions.extend(result.job.statistics.remark().map(str::to_owned));
    captions.push(result.header.caution.clone());
    let title = options
        .title
        .clone()
        .unwrap_or_else(|| caption::title(&result.header, "curvature"));
    page::rows(&title, &rows, &options.small_print(captions))
}

fn density_panel(
    result: &CurvatureResult,
    density: &Density,
    options: &FigureOptions,
) -> Result<String> {
    let (lambda, values, _) = drawn(density);
    let top = result.eigenvalues.iter().flat_map(|e| &e.top);
    DensityFigure {
        spectra: vec![Spectrum {
            name: String::new(),
            lambda,
            density: values,
            marked: top.map(|e| e.value).collect(),
        }],
        width_mm: options.width,
        ..DensityFigure::default()
    }
    .svg()
}

fn density_words(result: &CurvatureResult, density: &Density) -> String {
    let probes = match density.probes {
        1 => "1 random vector".to_owned(),
        n => format!("{n} random vectors"),
    };
    let mut words = format!(
        "density: stochastic Lanczos quadrature, {probes}, {} products, seed {}; every node a Gaussian of standard deviation {}",
        density.products,
        result.job.setup.seed,
        format_value(density.width()),
    );
    if let Some(found) = &result.eigenvalues {
        words += &format!(
            "; triangles: the largest {} by Lanczos; the smallest is {}",
            found.top.len(),
            format_value(found.smallest.value)
        );
    }
    words
}

/// Iso-lines over the values of a map, or of several.
pub(in crate::export) fn map_levels(ratios: &[f64]) -> Vec<f64> {
    let (low, high) = finite_range(ratios.iter().copied()).unwrap_or((0.0, 1.0));
    scale::levels(Scale::Linear, low, high, LEVELS)
}

/// A map in colours that end at `range`.
pub(in crate::export) fn map_panel(
    map: &RatioGrid,
    title: &str,
    range: (f64, f64),
    levels: &[f64],
    options: &FigureOptions,
) -> Result<String> {
    ContourFigure {
        x: map.x.clone(),
        y: map.y.clone(),
        values: map.ratio.clone(),
        computed: map.computed.clone(),
        quantity: "|λ_min/λ_max|".into(),
        range: Some(range),
        levels: Levels::Given(levels.to_vec()),
        colormap: options.colormap,
        x_label: "direction 1".into(),
        y_label: "direction 2".into(),
        markers: vec![Marker {
            kind: MarkerKind::Minimizer,
            ..Marker::default()
        }],
        title: title.to_owned(),
        width_mm: options.width,
        ..ContourFigure::default()
    }
    .svg()
}

/// How maps of one job were made, and between which values they lie.
pub(in crate::export) fn map_words(all: &[At<'_, (&CurvatureResult, &RatioGrid)>]) -> String {
    let Some((result, map)) = all.first().map(|at| at.found) else {
        return String::new();
    };
    let range = |(_, map): &(&CurvatureResult, &RatioGrid)| {
        let (low, high) = finite_range(map.ratio.iter().copied()).unwrap_or((f64::NAN, f64::NAN));
        format!("{} to {}", format_value(low), format_value(high))
    };
    let norms = |(_, map): &(&CurvatureResult, &RatioGrid)| {
        let norms: Vec<String> = map.norms.iter().map(|n| format_value(*n)).collect();
        norms.join(", ")
    };
    format!(
        "|λ_min/λ_max| of the whole Hessian at {} × {} points, {}, by Lanczos to {}; near 0 there is next to no negative curvature (Li et al. 2018, figure 7); {}; norms {}",
        map.x.len(),
        map.y.len(),
        listed(all, range),
        format_value(result.job.tolerance),
        map.rule,
        listed(all, norms)
    )
}

/// What slope and curvature along a line are.
pub(in crate::export) fn line_words(from: &str, to: &str) -> String {
    format!(
        "slope dᵀ∇f and curvature dᵀ∇²f d: the exact derivatives of f(θ + α d) in α, where d leads from {from} (α = 0) to {to} (α = 1)"
    )
}

/// Loss, slope and curvature along a line.
pub(in crate::export) fn line_panels(
    points: &[LinePoint],
    unit: &str,
    options: &FigureOptions,
) -> Result<Vec<String>> {
    let alone = [alone(points)];
    let column = |of: fn(&LinePoint) -> f64| columns(&alone, of);
    let (x, loss) = (column(|p| p.t), column(|p| p.value));
    let name = with_unit("Loss", unit);
    let panels = [
        (&*name, loss_scale(&loss), loss),
        ("Slope along the line", Scale::Linear, column(|p| p.slope)),
        (
            "Curvature along the line",
            Scale::Linear,
            column(|p| p.curvature),
        ),
    ];
    let panel = |(label, scale, y)| panel(&alone, ("α", &x), (label, scale, y), options);
    panels.into_iter().map(panel).collect()
}

/// Loss, change of the gradient, and that per distance, at steps along the gradient.
pub(in crate::export) fn variation_panels(
    all: &[At<'_, [VariationPoint]>],
    unit: &str,
    options: &FigureOptions,
) -> Result<Vec<String>> {
    let column = |of: fn(&VariationPoint) -> f64| columns(all, of);
    let (x, loss) = (column(|p| p.step), column(|p| p.value));
    let name = with_unit("Loss", unit);
    let panels = [
        (&*name, loss_scale(&loss), loss),
        (
            "Change of the gradient",
            Scale::Linear,
            column(|p| p.gradient_change),
        ),
        (
            "Change per distance",
            Scale::Linear,
            column(|p| p.smoothness),
        ),
    ];
    let panel = |(label, scale, y)| panel(all, ("Learning rate η", &x), (label, scale, y), options);
    panels.into_iter().map(panel).collect()
}

/// What steps along the gradient are, and the effective smoothness.
pub(in crate::export) fn variation_words(all: &[At<'_, VariationSummary>]) -> String {
    format!(
        "from θ to θ − η g, g the gradient at θ (Santurkar et al. 2018, figure 4); the largest change of the gradient per distance moved is {}",
        listed(all, |found| format_value(found.effective_smoothness))
    )
}

/// Without a name, in the first colour.
fn alone<T: ?Sized>(found: &T) -> At<'_, T> {
    At {
        name: "",
        color: colormap::series(0),
        found,
    }
}

/// A number of every point of every curve.
fn columns<T>(all: &[At<'_, [T]>], of: fn(&T) -> f64) -> Vec<Vec<f64>> {
    let one = |at: &At<'_, [T]>| at.found.iter().map(of).collect();
    all.iter().map(one).collect()
}

/// Logarithmic where a linear axis would leave all but the largest losses flat.
fn loss_scale(losses: &[Vec<f64>]) -> Scale {
    match finite_range(losses.iter().flatten().copied()) {
        Some((low, high)) if low > 0.0 && high > 100.0 * low => Scale::Log,
        _ => Scale::Linear,
    }
}

fn panel<T: ?Sized>(
    all: &[At<'_, T>],
    (x_label, x): (&str, &[Vec<f64>]),
    (y_label, y_scale, y): (&str, Scale, Vec<Vec<f64>>),
    options: &FigureOptions,
) -> Result<String> {
    let curves = all.iter().zip(x).zip(y);
    CurvesFigure {
        curves: curves
            .map(|((at, x), y)| Curve {
                name: at.name.to_owned(),
                color: at.color,
                x: x.clone(),
                y,
                ..Curve::default()
            })
            .collect(),
        x_label: x_label.into(),
        y_label: y_label.into(),
        y_scale,
        width_mm: options.width,
        ..CurvesFigure::default()
    }
    .svg()
}

/// A density at evenly spaced eigenvalues, with the width of its Gaussians.
pub(super) fn drawn(density: &Density) -> (Vec<f64>, Vec<f64>, f64) {
    let width = density.width();
    let lambda = density.range(DENSITY_POINTS, width);
    let values = density.at(&lambda, width);
    (lambda, values, width)
}
