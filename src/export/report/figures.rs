//! The figures of a report, once for its page without small print, once as files with all of it.

use crate::engine::job::CENTRES;
use crate::engine::report::Report;
use crate::engine::result::Outcome;
use crate::error::Result;
use crate::export::curves::{self, Spectral};
use crate::export::figure::{self, FigureOptions};
use crate::plot::colormap;
use crate::plot::curves_figure::{Curve, CurvesFigure};
use crate::plot::number::format_value;

/// An SVG document and the small print that belongs to it.
pub type Drawn = Result<(String, Vec<String>)>;

/// Every figure there is something for.
#[derive(Debug, Default)]
pub struct Figures {
    /// The line between both.
    pub line: Option<Drawn>,
    /// Planes side by side.
    pub contours: Option<Drawn>,
    /// φ along ε.
    pub curves: Option<Drawn>,
    /// Densities of eigenvalues.
    pub density: Option<Drawn>,
}

/// Where figures go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On the page, which has its own titles and captions.
    Page,
    /// In a file of their own.
    File,
}

/// Draws them.
pub fn figures(report: &Report, place: Place) -> Figures {
    Figures {
        line: report.line.as_ref().map(|line| line_figure(line, place)),
        contours: contours(report, place),
        curves: phi_curves(report).map(|figure| laid_out(figure, place, 110.0)),
        density: densities(report).map(|figure| laid_out(figure, place, 150.0)),
    }
}

fn line_figure(line: &Outcome, place: Place) -> Drawn {
    let options = FigureOptions {
        width: if place == Place::Page { 150.0 } else { 120.0 },
        title: (place == Place::Page).then(String::new),
        ..FigureOptions::default()
    };
    let drawing = figure::drawing(line, &options, None)?;
    match place {
        Place::File => Ok((drawing.svg()?, Vec::new())),
        Place::Page => {
            let (drawing, caption) = drawing.without_caption();
            Ok((drawing.svg()?, caption))
        }
    }
}

fn contours(report: &Report, place: Place) -> Option<Drawn> {
    let names = ["small batch", "half way", "large batch"];
    let all = report.surfaces.iter().zip(names).zip(CENTRES);
    let shown: Vec<(String, &Outcome)> = all
        .filter_map(|((surface, name), alpha)| {
            let title = format!("{name}, α = {alpha}");
            Some((title, surface.as_ref()?))
        })
        .collect();
    let (_, first) = shown.first()?;
    let options = FigureOptions {
        width: if place == Place::Page { 70.0 } else { 80.0 },
        ..FigureOptions::default()
    };
    let mut caption = vec![
        "Around both minimizers and half way, on one scale of colours; the directions have one seed in all three and are scaled to the weights at each centre.".to_owned(),
    ];
    let rule = first.recipe.axes.first().map(|axis| axis.rule.clone());
    let norms: Vec<String> = shown
        .iter()
        .filter_map(|(title, outcome)| {
            let &[x, y] = outcome.recipe.geometry.norms.as_slice() else {
                return None;
            };
            let (x, y) = (format_value(x), format_value(y));
            Some(format!("{x} and {y} ({title})"))
        })
        .collect();
    caption.push(format!(
        "{}; norms of the directions {}.",
        rule.unwrap_or_default(),
        norms.join(", ")
    ));
    caption.extend(figure::caption(first).into_iter().nth(1));
    let drawn = figure::panels(&shown, &options, place == Place::File);
    Some(drawn.map(|svg| (svg, caption)))
}

fn laid_out(mut figure: CurvesFigure, place: Place, width: f64) -> Drawn {
    if place == Place::File {
        return Ok((figure.svg()?, Vec::new()));
    }
    figure.width_mm = width;
    figure.title.clear();
    let caption = std::mem::take(&mut figure.caption);
    Ok((figure.svg()?, caption))
}

const NAMES: [&str; 2] = ["small batch", "large batch"];

fn phi_curves(report: &Report) -> Option<CurvesFigure> {
    let curves: Vec<Curve> = report
        .curves
        .iter()
        .enumerate()
        .filter_map(|(i, curve)| {
            let points = &curve.as_ref()?.points;
            Some(Curve {
                name: NAMES[i].into(),
                color: colormap::series(i),
                x: points.iter().map(|p| p.epsilon).collect(),
                y: points.iter().map(|p| p.phi).collect(),
                ..Curve::default()
            })
        })
        .collect();
    if curves.is_empty() {
        return None;
    }
    let mut figure = curves::sharpness(curves);
    for line in &mut figure.caption {
        *line = line.replace("training samples", &format!("{} samples", report.split()));
    }
    Some(figure)
}

fn densities(report: &Report) -> Option<CurvesFigure> {
    let found: Vec<_> = report
        .curvature
        .iter()
        .enumerate()
        .filter_map(|(i, found)| {
            let found = found.as_ref()?;
            let top = found.eigenvalues.iter().flat_map(|e| &e.top);
            Some(Spectral {
                name: NAMES[i].to_owned(),
                color: colormap::series(i),
                density: found.density.as_ref()?,
                marked: top.map(|pair| pair.value).collect(),
            })
        })
        .collect();
    (!found.is_empty()).then(|| curves::densities(&found, report.model.parameters))
}
