//! From a view to a file: what each view can be written as, and how.
//!
//! Everything a file needs is copied into a [`Job`] on the UI thread; writing it happens elsewhere.

use crate::app::state::{Look, State};
use crate::app::theme;
use crate::app::views::plane::Coloring;
use crate::app::views::{Pane, convexity, density, layers, log, measures, space};
use crate::engine::live::{LiveSurface, SharpnessCurve, Snapshot};
use crate::engine::result::Outcome;
use crate::error::{Error, Result};
use crate::export::{self, curves, figure, figure::FigureOptions, pdf, png, svg};
use crate::plot::camera::Camera;
use crate::plot::colormap;
use crate::plot::curves_figure::{Curve, CurvesFigure};
use crate::plot::figure::{ContourFigure, Levels};
use crate::plot::page;
use crate::render::picture;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A form a view can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// The file's suffix.
    pub suffix: &'static str,
    /// What it is for.
    pub words: &'static str,
}

const PNG: Form = Form {
    suffix: "png",
    words: "Picture (PNG)",
};
const SVG: Form = Form {
    suffix: "svg",
    words: "Scalable figure (SVG)",
};
const PDF: Form = Form {
    suffix: "pdf",
    words: "Page (PDF)",
};
const NPZ: Form = Form {
    suffix: "npz",
    words: "Result for NumPy and Losscope (npz)",
};
const CSV: Form = Form {
    suffix: "csv",
    words: "Numbers for spreadsheets (CSV)",
};
const VTK: Form = Form {
    suffix: "vtk",
    words: "Numbers for ParaView (VTK)",
};
const JSON: Form = Form {
    suffix: "json",
    words: "Numbers as text (JSON)",
};
const HDF5: Form = Form {
    suffix: "h5",
    words: "Layout of Li et al.'s code (HDF5)",
};
const TSV: Form = Form {
    suffix: "tsv",
    words: "Table (TSV)",
};
const TXT: Form = Form {
    suffix: "txt",
    words: "Text",
};
const GIF: Form = Form {
    suffix: "gif",
    words: "Animation of α (GIF)",
};

/// What a view can be written as.
pub fn forms(pane: Pane) -> &'static [Form] {
    match pane {
        Pane::Contour => &[PNG, SVG, PDF, NPZ, CSV, VTK, JSON, HDF5, GIF],
        Pane::Surface3d => &[PNG, SVG, PDF, NPZ, CSV, VTK, JSON, HDF5, GIF],
        Pane::Compare => &[PNG, SVG, PDF],
        Pane::Line => &[PNG, SVG, PDF, NPZ, CSV, JSON],
        Pane::Sharpness => &[PNG, SVG, PDF, CSV, JSON],
        Pane::Measures | Pane::Layers => &[TSV],
        Pane::Density | Pane::Convexity => &[PNG, SVG, PDF, CSV],
        Pane::Log => &[TXT],
    }
}

/// Everything a file needs.
#[derive(Clone)]
pub struct Job {
    /// Where it goes.
    pub path: PathBuf,
    /// Width, dots, title and colours.
    pub options: FigureOptions,
    /// What it shows.
    pub content: Content,
}

/// What a file shows.
#[derive(Clone)]
pub enum Content {
    /// A surface as colours and iso-lines, or a line.
    Outcome(Box<Outcome>),
    /// A surface in space.
    Space(Arc<LiveSurface>, Box<(Look, Camera)>),
    /// Surfaces side by side in common colours.
    Panels(Vec<Arc<LiveSurface>>, Box<Look>),
    /// Sharpness curves with their names, and the marked ε.
    Curves(Vec<(String, Arc<SharpnessCurve>)>, f64),
    /// Densities of eigenvalues, and the same as CSV.
    Densities(Box<CurvesFigure>, String),
    /// |λ_min/λ_max| over a plane, and the same as CSV.
    Convexity(Box<ContourFigure>, String),
    /// Text as it is.
    Text(String),
}

/// What the views show now, ready to be written.
///
/// # Errors
/// Where there is nothing to write yet.
pub fn content(pane: Pane, state: &State, news: &Snapshot, camera: &Camera) -> Result<Content> {
    let nothing =
        || Error::Usage("there is nothing to export yet: wait for the first picture".into());
    let alpha = if state.wish.follows_alpha() {
        state.wish.alpha
    } else {
        0.0
    };
    let here = || news.surface_near(alpha).ok_or_else(nothing);
    Ok(match pane {
        Pane::Contour => Content::Outcome(Box::new(here()?.outcome.clone())),
        Pane::Surface3d => {
            Content::Space(Arc::clone(here()?), Box::new((state.look.clone(), *camera)))
        }
        Pane::Line => {
            let line = news.line.as_ref().ok_or_else(nothing)?;
            Content::Outcome(Box::new(Outcome::clone(line)))
        }
        Pane::Compare => {
            let at = |a: f64| news.surfaces.iter().find(|s| s.alpha == a).cloned();
            let panels: Vec<_> = [0.0, alpha, 1.0].into_iter().filter_map(at).collect();
            if panels.len() < 3 {
                return Err(Error::Usage(
                    "the three surfaces aren't there yet: open the comparison and wait".into(),
                ));
            }
            Content::Panels(panels, Box::new(state.look.clone()))
        }
        Pane::Sharpness => {
            let sharpness = &news.sharpness;
            let mut curves = Vec::new();
            for (name, curve) in [
                ("small batch".to_owned(), &sharpness.small),
                (format!("θ(α), α = {alpha}"), &sharpness.here),
                ("large batch".to_owned(), &sharpness.large),
            ] {
                let Some(curve) = curve else { continue };
                let twice = curves
                    .iter()
                    .any(|(_, c): &(String, Arc<SharpnessCurve>)| c.alpha == curve.alpha);
                if !twice && !(name.starts_with('θ') && (curve.alpha == 0.0 || curve.alpha == 1.0))
                {
                    curves.push((name, Arc::clone(curve)));
                }
            }
            if curves.is_empty() {
                return Err(nothing());
            }
            Content::Curves(curves, state.wish.epsilon)
        }
        Pane::Measures => Content::Text(measures::tsv(state, news)),
        Pane::Convexity => {
            let found = convexity::export(alpha, state.look.colormap, news);
            let (figure, csv) = found.ok_or_else(nothing)?;
            Content::Convexity(Box::new(figure), csv)
        }
        Pane::Layers => Content::Text(layers::tsv(news)),
        Pane::Density => {
            let pair = state.wish.large.is_some();
            let figure = density::figure(state.wish.alpha, pair, news).ok_or_else(nothing)?;
            let csv = density::csv(state.wish.alpha, pair, news);
            Content::Densities(Box::new(figure), csv)
        }
        Pane::Log => Content::Text(log::text(state, news)),
    })
}

/// The look of the window as the options of a figure.
pub fn options(look: &Look) -> FigureOptions {
    FigureOptions {
        metric: Some(look.metric),
        scale: look.scale,
        levels: Levels::Auto(look.levels),
        colormap: look.colormap,
        ..FigureOptions::default()
    }
}

/// Writes a file.
///
/// # Errors
/// Where it can't be drawn or written; what was there before stays.
pub fn write(job: &Job) -> Result<()> {
    let suffix = job
        .path
        .extension()
        .map(|s| s.to_string_lossy().to_lowercase());
    let suffix = suffix.as_deref().unwrap_or_default();
    match (&job.content, suffix) {
        (Content::Text(text), _) => bytes(&job.path, text.as_bytes()),
        (Content::Densities(_, csv) | Content::Convexity(_, csv), "csv") => {
            bytes(&job.path, csv.as_bytes())
        }
        (Content::Curves(curves, _), "csv") => bytes(&job.path, csv(curves).as_bytes()),
        (Content::Curves(curves, epsilon), "json") => {
            bytes(&job.path, json(curves, *epsilon).as_bytes())
        }
        (Content::Space(surface, _), "npz" | "csv" | "vtk" | "json" | "h5") => {
            export::write(&job.path, &surface.outcome, &job.options)
        }
        (Content::Outcome(outcome), _) => export::write(&job.path, outcome, &job.options),
        (_, "svg") => bytes(&job.path, &svg::bytes(&document(job)?)?),
        (_, "pdf") => bytes(&job.path, &pdf::bytes(&document(job)?)?),
        (_, "png") => bytes(&job.path, &png::bytes(&document(job)?, job.options.dpi)?),
        (_, other) => Err(Error::Usage(format!(
            "this view can't be written as .{other}; choose one of the forms offered"
        ))),
    }
}

fn bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write as _;
    crate::checkpoint::files::replace_file(path, |file| {
        file.write_all(bytes)
            .map_err(|e| Error::io("write the file", path, e))
    })
}

/// The figure as an SVG document.
///
/// # Errors
/// Where there is nothing to draw, or no device to draw a surface in space with.
pub fn document(job: &Job) -> Result<String> {
    let options = &job.options;
    match &job.content {
        Content::Outcome(outcome) => figure::svg(outcome, options),
        Content::Space(surface, look_and_camera) => {
            let (look, camera) = look_and_camera.as_ref();
            space_document(surface, look, camera, options)
        }
        Content::Panels(surfaces, look) => {
            let names = ["small batch", "θ(α)", "large batch"];
            let panels: Vec<_> = surfaces
                .iter()
                .zip(names)
                .map(|(surface, name)| {
                    let title = format!("{name}, α = {}", surface.alpha);
                    (title, &surface.outcome)
                })
                .collect();
            let options = FigureOptions {
                metric: Some(look.metric),
                scale: look.scale,
                ..options.clone()
            };
            figure::panels(&panels, &options, true)
        }
        Content::Curves(curves, epsilon) => {
            let color = |name: &str| match name {
                "small batch" => colormap::series(0),
                "large batch" => colormap::series(1),
                _ => colormap::series(2),
            };
            let curves = curves.iter().map(|(name, curve)| Curve {
                name: name.clone(),
                color: color(name),
                x: curve.epsilon.clone(),
                y: curve.phi.clone(),
                ..Curve::default()
            });
            let mut figure = curves::sharpness(curves.collect());
            figure.mark = Some(*epsilon);
            figure.title = options.title.clone().unwrap_or(figure.title);
            figure.width_mm = options.width;
            figure.svg()
        }
        Content::Convexity(figure, _) => {
            let mut figure = figure.as_ref().clone();
            figure.title = options.title.clone().unwrap_or(figure.title);
            figure.width_mm = options.width;
            figure.svg()
        }
        Content::Densities(figure, _) => {
            let mut figure = figure.as_ref().clone();
            figure.title = options.title.clone().unwrap_or(figure.title);
            figure.width_mm = options.width;
            figure.svg()
        }
        Content::Text(_) => Err(Error::Usage("a table has no figure".into())),
    }
}

fn space_document(
    surface: &LiveSurface,
    look: &Look,
    camera: &Camera,
    options: &FigureOptions,
) -> Result<String> {
    let coloring = Coloring::of(&[surface], look).map_err(Error::Usage)?;
    let scene = space::scene_of(surface, &coloring, look, theme::palette(false))
        .ok_or_else(|| Error::Usage("there is no surface to draw".into()))?;
    let (device, queue) = picture::headless()?;
    let width = ((options.width / 25.4 * options.dpi) as u32).clamp(200, 4096);
    let size = [width, width * 3 / 4];
    let pixel = (options.dpi / 110.0) as f32;
    let pixels = picture::pixels(&device, &queue, &scene, camera, size, pixel)?;
    let title = options
        .title
        .clone()
        .unwrap_or_else(|| format!("{} around θ(α), α = {}", coloring.name(), surface.alpha));
    page::with_words(
        &pixels,
        (size[0] as usize, size[1] as usize),
        &title,
        &page::Key {
            colormap: coloring.colormap,
            scale: coloring.scale,
            range: coloring.range.unwrap_or((0.0, 1.0)),
            name: &coloring.name(),
        },
        &figure::caption(&surface.outcome),
        options.width,
    )
}

fn csv(curves: &[(String, Arc<SharpnessCurve>)]) -> String {
    let mut text = "point,alpha,epsilon,phi\n".to_owned();
    for (name, curve) in curves {
        for (epsilon, phi) in curve.epsilon.iter().zip(&curve.phi) {
            text.push_str(&format!("\"{name}\",{},{epsilon},{phi}\n", curve.alpha));
        }
    }
    text
}

fn json(curves: &[(String, Arc<SharpnessCurve>)], epsilon: f64) -> String {
    let curve = |(name, curve): &(String, Arc<SharpnessCurve>)| {
        serde_json::json!({
            "point": name,
            "alpha": curve.alpha,
            "epsilon": curve.epsilon,
            "phi": curve.phi,
            "gradients": curve.gradients,
        })
    };
    let all: Vec<_> = curves.iter().map(curve).collect();
    let value = serde_json::json!({
        "losscope": env!("CARGO_PKG_VERSION"),
        "measure": "phi of Keskar et al. 2017 (metric 2.1), full space, per cent",
        "marked_epsilon": epsilon,
        "curves": all,
    });
    format!("{value:#}\n")
}
