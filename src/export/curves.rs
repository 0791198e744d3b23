//! Figures of measures over a common axis: sharpness along ε, the density of eigenvalues.

use crate::landscape::curvature::density::Density;
use crate::plot::colormap::Rgb;
use crate::plot::curves_figure::{Curve, CurvesFigure};
use crate::plot::figure::WIDTH_MM;
use crate::plot::number::{format_value, grouped};
use crate::plot::scale::Scale;

/// φ along ε.
pub fn sharpness(curves: Vec<Curve>) -> CurvesFigure {
    CurvesFigure {
        curves,
        x_label: "ε".into(),
        y_label: "Sharpness φ (%)".into(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,
        dots: true,
        mark: None,
        title: "Sharpness along ε".into(),
        caption: vec![
            "φ(ε) = 100 · (max f − f) / (1 + f), every weight within ε (|w| + 1), full space (Keskar et al. 2017); lower bounds by sign-gradient ascent, training samples".into(),
        ],
        width_mm: WIDTH_MM,
    }
}

/// Places across the axis of a density.
const PLACES: usize = 900;
/// The part of a single eigenvalue's peak that the axis still shows.
const LOWEST: f64 = 0.03;

/// Densities of the eigenvalues of Hessians over as many `parameters`, with one width of their
/// Gaussians and one floor, below which there is less than a share of one eigenvalue.
pub fn densities(found: &[(String, Rgb, &Density)], parameters: usize) -> CurvesFigure {
    let width = found.iter().map(|(_, _, d)| d.width()).fold(0.0, f64::max);
    let peak = 1.0 / (width * (2.0 * std::f64::consts::PI).sqrt());
    let floor = LOWEST * peak / parameters.max(1) as f64;
    let curve = |(name, color, density): &(String, Rgb, &Density)| {
        let x = density.range(PLACES, width);
        let y = density.at(&x, width);
        Curve {
            name: name.clone(),
            color: *color,
            y: y.into_iter().map(|v| v.max(floor)).collect(),
            x,
        }
    };
    CurvesFigure {
        curves: found.iter().map(curve).collect(),
        x_label: "Eigenvalue".into(),
        y_label: "Density".into(),
        x_scale: Scale::Linear,
        y_scale: Scale::Log,
        dots: false,
        mark: None,
        title: "Density of the Hessian’s eigenvalues".into(),
        caption: vec![format!(
            "Stochastic Lanczos quadrature (Ghorbani et al. 2019); each node a Gaussian of width {}; the peak of one eigenvalue in {} is {} high",
            format_value(width),
            grouped(parameters),
            format_value(peak / parameters.max(1) as f64)
        )],
        width_mm: WIDTH_MM,
    }
}
