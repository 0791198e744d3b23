//! Figures of measures over a common axis: sharpness along ε, the density of eigenvalues.

use crate::landscape::curvature::density::Density;
use crate::plot::colormap::Rgb;
use crate::plot::curves_figure::{Curve, CurvesFigure};
use crate::plot::density_figure::{DensityFigure, Spectrum};
use crate::plot::figure::WIDTH_MM;
use crate::plot::number::{format_value, grouped};
use crate::plot::scale::Scale;

/// What was found at one checkpoint, with its name in legends and its colour.
#[derive(Debug)]
pub struct At<'a, T: ?Sized> {
    /// Empty where it is alone.
    pub name: &'a str,
    /// Of its curves.
    pub color: Rgb,
    /// What was found.
    pub found: &'a T,
}

/// What there is to say of each, with its name behind it where it has one.
pub fn listed<T: ?Sized>(all: &[At<'_, T>], say: impl Fn(&T) -> String) -> String {
    let one = |at: &At<'_, T>| match at.name {
        "" => say(at.found),
        name => format!("{} ({name})", say(at.found)),
    };
    all.iter().map(one).collect::<Vec<_>>().join(" and ")
}

/// φ along ε.
pub fn sharpness(curves: Vec<Curve>) -> CurvesFigure {
    CurvesFigure {
        curves,
        x_label: "ε".into(),
        y_label: "Sharpness φ (%)".into(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,

        title: "Sharpness along ε".into(),
        caption: vec![
            "φ(ε) = 100 · (max f − f) / (1 + f), every weight within ε (|w| + 1), full space (Keskar et al. 2017); lower bounds by sign-gradient ascent, training samples".into(),
        ],
        width_mm: WIDTH_MM,
        ..CurvesFigure::default()
    }
}

/// Places across the axis of a density.
const PLACES: usize = 900;

/// The density at one checkpoint: its name and colour, its nodes, and eigenvalues to point at.
pub struct Spectral<'a> {
    /// Its name in the legend.
    pub name: String,
    /// Its colour.
    pub color: Rgb,
    /// Quadrature nodes.
    pub density: &'a Density,
    /// The largest eigenvalues, where they are known.
    pub marked: Vec<f64>,
}

/// Densities of the eigenvalues of Hessians over as many `parameters`, with one width of their
/// Gaussians.
pub fn densities(found: &[Spectral<'_>], parameters: usize) -> CurvesFigure {
    let width = found.iter().map(|s| s.density.width()).fold(0.0, f64::max);
    let peak = 1.0 / (width * (2.0 * std::f64::consts::PI).sqrt());
    let spectrum = |one: &Spectral<'_>| {
        let lambda = one.density.range(PLACES, width);
        Spectrum {
            name: one.name.clone(),
            density: one.density.at(&lambda, width),
            lambda,
            marked: one.marked.clone(),
        }
    };
    let mut figure = DensityFigure {
        spectra: found.iter().map(spectrum).collect(),
        title: "Density of the Hessian’s eigenvalues".into(),
        caption: vec![format!(
            "Stochastic Lanczos quadrature (Ghorbani et al. 2019); each node a Gaussian of width {}; the peak of one eigenvalue in {} is {} high; triangles: the largest eigenvalues by Lanczos",
            format_value(width),
            grouped(parameters),
            format_value(peak / parameters.max(1) as f64)
        )],
        width_mm: WIDTH_MM,
    }
    .curves();
    for (curve, one) in figure.curves.iter_mut().zip(found) {
        curve.color = one.color;
    }
    figure
}
