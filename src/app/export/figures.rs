//! From a view to a file: what each view shows now, and how it is drawn and written.
//!
//! Everything a file needs is copied into a [`Job`] on the UI thread; writing it happens elsewhere.

use super::forms;
use crate::app::state::{Look, State};
use crate::app::views::compare::Mode;
use crate::app::views::plane::Coloring;
use crate::app::views::{Caches, Pane, convexity, density, layers, log, measures, space};
use crate::engine::header::FileFacts;
use crate::engine::live::{LiveSurface, SharpnessCurve, Snapshot};
use crate::engine::result::Outcome;
use crate::error::{Error, Result};
use crate::export::space::Seen;
use crate::export::{
    self, caption, curves, figure, figure::FigureOptions, panels, pdf, png, space as spaces, stamp,
    svg,
};
use crate::plot::camera::Camera;
use crate::plot::colormap;
use crate::plot::curves_figure::{Curve, CurvesFigure};
use crate::plot::figure::{ContourFigure, Levels};
use crate::plot::number::format_value;
use crate::render::picture::Studio;
use std::hash::Hash as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// From where surfaces in space are seen.
#[derive(Debug, Clone, Copy)]
pub struct Eyes {
    /// In their own view.
    pub surface: Camera,
    /// In the comparison, where it shows them in space.
    pub compare: Option<Camera>,
}

impl Eyes {
    /// As the views have them.
    pub fn of(caches: &Caches) -> Self {
        let compare = &caches.compare;
        Self {
            surface: caches.surface3d.camera,
            compare: (compare.mode == Mode::Surface).then_some(compare.camera),
        }
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
    /// Surfaces side by side in common colours; in space, where they are seen from somewhere.
    Panels(Vec<Arc<LiveSurface>>, Box<(Look, Option<Camera>)>),
    /// Sharpness curves with their names, the marked ε, and what they are of.
    Curves(Vec<(String, Arc<SharpnessCurve>)>, f64, Vec<String>),
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
pub fn content(pane: Pane, state: &State, news: &Snapshot, eyes: &Eyes) -> Result<Content> {
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
            let look = state.look.clone();
            Content::Space(Arc::clone(here()?), Box::new((look, eyes.surface)))
        }
        Pane::Line => {
            let line = news.line.as_ref().ok_or_else(nothing)?;
            Content::Outcome(Box::new(Outcome::clone(line)))
        }
        Pane::Compare => {
            if let Some(reason) = forms::why_not(pane, state) {
                return Err(Error::Usage(reason.into()));
            }
            let at = |a: f64| news.surfaces.iter().find(|s| s.alpha == a).cloned();
            let panels: Vec<_> = [0.0, alpha, 1.0].into_iter().filter_map(at).collect();
            if panels.len() < 3 {
                return Err(Error::Usage(
                    "the three surfaces aren't there yet: open the comparison and wait".into(),
                ));
            }
            Content::Panels(panels, Box::new((state.look.clone(), eyes.compare)))
        }
        Pane::Sharpness => {
            let sharpness = &news.sharpness;
            let mut curves = Vec::new();
            for (name, curve) in [
                ("small batch".to_owned(), &sharpness.small),
                (
                    format!("θ(α), α = {}", format_value(alpha)),
                    &sharpness.here,
                ),
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
            Content::Curves(curves, state.wish.epsilon, inputs(state, news))
        }
        Pane::Measures => Content::Text(measures::tsv(state, news)),
        Pane::Convexity => {
            let found = convexity::export(alpha, state.look.colormap, news);
            let (mut figure, csv) = found.ok_or_else(nothing)?;
            figure.caption.extend(inputs(state, news));
            Content::Convexity(Box::new(figure), csv)
        }
        Pane::Layers => Content::Text(layers::tsv(news)),
        Pane::Density => {
            let pair = state.wish.large.is_some();
            let figure = density::figure(state.wish.alpha, pair, news);
            let mut figure = figure.ok_or_else(nothing)?;
            figure.caption.extend(inputs(state, news));
            let csv = density::csv(state.wish.alpha, pair, news);
            Content::Densities(Box::new(figure), csv)
        }
        Pane::Log => Content::Text(log::text(state, news)),
    })
}

/// Which files, data and network everything that is open comes from, for small print.
fn inputs(state: &State, news: &Snapshot) -> Vec<String> {
    let file = |role: &str, path: &Path| FileFacts {
        role: role.to_owned(),
        path: path.to_owned(),
        sha256: String::new(),
    };
    let files = match &state.wish.large {
        Some(large) => vec![
            file("small batch", &state.wish.small),
            file("large batch", large),
        ],
        None => vec![file("checkpoint", &state.wish.small)],
    };
    let mut lines = vec![caption::files_line(&files)];
    if let Some(open) = news.experiment.as_deref() {
        let setup = &state.wish.plane.setup;
        lines.push(caption::experiment_line(
            &open.model,
            &open.data,
            Some(setup),
        ));
        lines.push(caption::network_line(&open.model));
        lines.extend(caption::assumed_line(&open.model));
    }
    lines
}

/// Adds what a picture of this content depends on to a hash.
pub fn mark(content: &Content, hasher: &mut impl std::hash::Hasher) {
    match content {
        Content::Outcome(outcome) => outcome.missing().hash(hasher),
        Content::Space(surface, look) => {
            surface.version.hash(hasher);
            format!("{look:?}").hash(hasher);
        }
        Content::Panels(surfaces, look) => {
            for surface in surfaces {
                surface.version.hash(hasher);
            }
            format!("{look:?}").hash(hasher);
        }
        Content::Curves(curves, epsilon, _) => {
            for (_, curve) in curves {
                curve.phi.len().hash(hasher);
            }
            epsilon.to_bits().hash(hasher);
        }
        Content::Densities(_, csv) | Content::Convexity(_, csv) => csv.hash(hasher),
        Content::Text(_) => {}
    }
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
        (Content::Curves(curves, ..), "csv") => bytes(&job.path, csv(curves).as_bytes()),
        (Content::Curves(curves, epsilon, _), "json") => {
            bytes(&job.path, json(curves, *epsilon).as_bytes())
        }
        (Content::Space(surface, _), "npz" | "csv" | "vtk" | "json" | "h5") => {
            export::write(&job.path, &surface.outcome, &job.options)
        }
        (Content::Outcome(outcome), _) => export::write(&job.path, outcome, &job.options),
        (Content::Space(surface, _), "svg" | "pdf" | "png") => {
            let header = &surface.outcome.header;
            stamp::write(&job.path, &document(job)?, header, job.options.dpi)
        }
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
    crate::store::files::replace_file(path, |file| {
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
        Content::Panels(surfaces, look_and_eye) => {
            let (look, eye) = look_and_eye.as_ref();
            panels_document(surfaces, look, eye.as_ref(), options)
        }
        Content::Curves(curves, epsilon, inputs) => {
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
            figure.caption.extend(inputs.iter().cloned());
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
    let seen = seen(surface, &coloring, look)?;
    let outcome = &surface.outcome;
    let usual = || figure::title(&outcome.header);
    let title = options.title.clone().unwrap_or_else(usual);
    let caption = figure::caption(outcome);
    spaces::document(&Studio::open()?, &seen, camera, (&title, &caption), options)
}

fn seen<'a>(surface: &'a LiveSurface, coloring: &Coloring, look: &Look) -> Result<Seen<'a>> {
    let nothing = || Error::Usage("there is no surface to draw".into());
    space::seen(surface, coloring, look).ok_or_else(nothing)
}

/// The three of the comparison, as it shows them.
fn panels_document(
    surfaces: &[Arc<LiveSurface>],
    look: &Look,
    eye: Option<&Camera>,
    options: &FigureOptions,
) -> Result<String> {
    let names = ["small batch", "θ(α)", "large batch"];
    let all: Vec<panels::Panel<'_>> = surfaces
        .iter()
        .zip(names)
        .map(|(surface, name)| {
            let title = format!("{name}, α = {}", format_value(surface.alpha));
            (title, &surface.outcome)
        })
        .collect();
    let Some(eye) = eye else {
        return panels::contours(&all, options, true);
    };
    let shown: Vec<&LiveSurface> = surfaces.iter().map(Arc::as_ref).collect();
    let coloring = Coloring::of(&shown, look).map_err(Error::Usage)?;
    let mut seen_all = Vec::new();
    for (panel, surface) in all.into_iter().zip(shown) {
        seen_all.push((panel, seen(surface, &coloring, look)?));
    }
    spaces::panels(&Studio::open()?, &seen_all, eye, options)
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
