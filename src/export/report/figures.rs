//! The figures of a report, once for its page without small print, once as files with all of it.

use super::html::sentence_case;
use crate::engine::job::CENTRES;
use crate::engine::report::Report;
use crate::engine::result::Outcome;
use crate::error::Result;
use crate::export::caption;
use crate::export::curvature::figure as bends;
use crate::export::curves::{self, At, Spectral};
use crate::export::figure::{self, FigureOptions};
use crate::export::noise::figure as noises;
use crate::export::panels;
use crate::plot::colormap;
use crate::plot::curves_figure::{Curve, CurvesFigure};
use crate::plot::number::format_value;
use crate::plot::page;
use crate::plot::scale::{Scale, robust_range};

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
    /// Loss, slope and curvature along the line between both.
    pub along_line: Option<Drawn>,
    /// Loss and gradient along the gradient of each.
    pub along_gradient: Option<Drawn>,
    /// |λ_min/λ_max| over planes side by side.
    pub maps: Option<Drawn>,
    /// What a batch size costs, and how much its gradients agree.
    pub noise: Option<Drawn>,
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
        along_line: along_line(report, place),
        along_gradient: along_gradient(report, place),
        maps: maps(report, place),
        noise: noise(report, place),
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
            let (drawing, mut caption) = drawing.without_caption();
            // The page says at its head what was compared.
            let said = caption::inputs(&line.header);
            caption.retain(|words| !said.contains(words));
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
        width: shown.len() as f64 * if place == Place::Page { 70.0 } else { 80.0 },
        ..FigureOptions::default()
    };
    let mut caption = vec![
        "Around both minimizers and half way, on one scale of colours; the directions have one seed in all three and are scaled to the weights at each centre.".to_owned(),
    ];
    let rule = first.header.axes.first().map(|axis| axis.rule.clone());
    let norms: Vec<String> = shown
        .iter()
        .filter_map(|(title, outcome)| {
            let &[x, y] = outcome.header.geometry.norms.as_slice() else {
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
    caption.push(caption::data_line(&first.header));
    let drawn = panels::contours(&shown, &options, place == Place::File);
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
        *line = line.replace(
            "training samples",
            &format!("{} samples", report.header.split),
        );
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
    (!found.is_empty()).then(|| curves::densities(&found, report.header.model.parameters))
}

/// What was found at both, where it was.
fn pair<T>(found: &[Option<T>; 2]) -> Vec<At<'_, T>> {
    let all = found.iter().zip(NAMES).enumerate();
    all.filter_map(|(i, (found, name))| {
        Some(At {
            name,
            color: colormap::series(i),
            found: found.as_ref()?,
        })
    })
    .collect()
}

/// Something else of the same checkpoint.
fn beside<'a, T, U: ?Sized>(at: &At<'a, T>, found: &'a U) -> At<'a, U> {
    At {
        name: at.name,
        color: at.color,
        found,
    }
}

/// Panels of `width` millimetres in a row; those of a file under a title and over their small print.
fn row(
    title: &str,
    width: f64,
    caption: Vec<String>,
    place: Place,
    panels: impl FnOnce(&FigureOptions) -> Result<Vec<String>>,
) -> Drawn {
    let panels = panels(&FigureOptions {
        width,
        ..FigureOptions::default()
    })?;
    match place {
        Place::File => Ok((page::rows(title, &[panels], &caption)?, Vec::new())),
        Place::Page => {
            let caption = caption.iter().map(|line| sentence_case(line)).collect();
            Ok((page::side_by_side(&panels)?, caption))
        }
    }
}

fn along_line(report: &Report, place: Place) -> Option<Drawn> {
    let points = &report.curvature[0].as_ref()?.line;
    let title = "Slope and curvature from small to large batch";
    let mut caption = vec![bends::line_words(NAMES[0], NAMES[1])];
    if report.has_statistics {
        caption.push("running means and variances stay those of small batch all along, unlike in the plot of the line between both: at α = 1 the weights are those of large batch, the statistics aren’t".into());
    }
    (!points.is_empty()).then(|| {
        row(title, 70.0, caption, place, |options| {
            bends::line_panels(points, report.header.model.criterion.unit(), options)
        })
    })
}

fn along_gradient(report: &Report, place: Place) -> Option<Drawn> {
    let both = pair(&report.curvature);
    let measured = both.iter().filter_map(|at| {
        let points = at.found.along_gradient.as_slice();
        Some((beside(at, points), beside(at, at.found.variation.as_ref()?)))
    });
    let (points, summaries): (Vec<_>, Vec<_>) = measured.unzip();
    let title = "Loss and gradient along the gradient";
    let caption = vec![bends::variation_words(&summaries)];
    (!points.is_empty()).then(|| {
        row(title, 70.0, caption, place, |options| {
            bends::variation_panels(&points, report.header.model.criterion.unit(), options)
        })
    })
}

/// On one scale of colours, from 0 where no curvature is negative.
fn maps(report: &Report, place: Place) -> Option<Drawn> {
    let both = pair(&report.maps);
    let grids: Vec<_> = both
        .iter()
        .filter_map(|at| Some((at, (at.found, at.found.map.as_ref()?))))
        .collect();
    let all: Vec<_> = grids.iter().map(|(at, grid)| beside(at, grid)).collect();
    let ratios: Vec<f64> = grids
        .iter()
        .flat_map(|(_, (_, map))| map.ratio.iter().copied().filter(|r| r.is_finite()))
        .collect();
    let (_, most) = robust_range(Scale::Linear, &ratios)?;
    let shown: Vec<f64> = ratios.into_iter().filter(|r| *r <= most).collect();
    let levels = bends::map_levels(&shown);
    let caption = vec![bends::map_words(&all)];
    let title = "|λ_min/λ_max| around both";
    Some(row(title, 80.0, caption, place, |options| {
        let panel = |at: &At<'_, (_, &_)>| {
            bends::map_panel(at.found.1, at.name, (0.0, most), &levels, options)
        };
        all.iter().map(panel).collect()
    }))
}

fn noise(report: &Report, place: Place) -> Option<Drawn> {
    let mut costs = pair(&report.noise);
    costs.retain(|at| noises::has_costs(at.found));
    let mut aligned = pair(&report.noise);
    aligned.retain(|at| noises::has_alignment(at.found));
    let mut caption = Vec::new();
    if !costs.is_empty() {
        caption.push(noises::tradeoff_words(&costs));
    }
    caption.extend(aligned.first().map(|at| noises::alignment_words(at.found)));
    let title = "What a batch size costs, and how much its gradients agree";
    (!caption.is_empty()).then(|| {
        row(title, 70.0, caption, place, |options| {
            let each = costs.iter().map(|at| noises::tradeoff_panel(at, options));
            let mut panels = each.collect::<Result<Vec<_>>>()?;
            if !aligned.is_empty() {
                panels.push(noises::alignment_panel(&aligned, options)?);
            }
            Ok(panels)
        })
    })
}
