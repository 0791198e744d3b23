//! A surface in space, as the window shows it and files hold it: its scene, its axes, its pins.
//!
//! Whoever draws one says what is to be seen as a [`Seen`]; everything else follows from it, so that
//! the window, its export and an animation can't disagree.

use crate::engine::result::{Numbers, Outcome};
use crate::error::{Error, Result};
use crate::export::figure::{FigureOptions, Metric};
use crate::export::panels::{self, Panel};
use crate::landscape::surface::Surface;
use crate::model::losses::Score;
use crate::plot::camera::Camera;
use crate::plot::colormap::Colormap;
use crate::plot::page::{self, Key};
use crate::plot::refine;
use crate::plot::scale::Scale;
use crate::plot::space_axes::{Axes, Pin, Span};
use crate::render::picture::Studio;
use crate::render::scene::{self, Look, SurfaceScene};

/// What is to be seen of a surface.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    /// The surface.
    pub outcome: &'a Outcome,
    /// Of which the height is.
    pub metric: Metric,
    /// How height and colours spread over values.
    pub scale: Scale,
    /// The values at the floor and at the top.
    pub range: (f64, f64),
    /// Which colours.
    pub colormap: Colormap,
    /// Values of the iso-lines on it.
    pub levels: Vec<f64>,
    /// Its height, in widths of the plane's longer side.
    pub height: f32,
}

/// The ground of a picture on paper.
const PAPER: [f32; 4] = [1.0; 4];
/// The same in the dark, as `page::DARK`.
const NIGHT: [f32; 4] = [21.0 / 255.0, 23.0 / 255.0, 27.0 / 255.0, 1.0];
/// The most pixels across a scene.
const MOST_PIXELS: f64 = 4096.0;

impl Seen<'_> {
    fn surface(&self) -> Option<&Surface> {
        match &self.outcome.numbers {
            Numbers::Surface(surface) => Some(surface),
            _ => None,
        }
    }

    /// The ends of the height. One value alone is a flat surface in the middle of the scale.
    fn ends(&self) -> (f64, f64) {
        match (self.range, self.scale) {
            ((lo, hi), _) if lo < hi => (lo, hi),
            ((value, _), Scale::Linear) => (value - 1.0, value + 1.0),
            ((value, _), Scale::Log) => (0.1 * value, 10.0 * value),
        }
    }

    /// The scene, named `key`; values not computed yet follow from their neighbours. `None` where
    /// there is no surface or the metric is missing.
    pub fn scene(&self, key: u64, background: [f32; 4], dark: bool) -> Option<SurfaceScene> {
        let surface = self.surface()?;
        let values = self.metric.shown(&surface.table).ok()?;
        let positions: Vec<f64> = values.iter().map(|v| self.scale.forward(*v)).collect();
        let (nx, ny) = (surface.x.len(), surface.y.len());
        let filled = refine::fill(nx, ny, &positions, &surface.table.known());
        let inverse = |t: &f64| self.scale.inverse(*t);
        let values: Vec<f64> = filled.values.iter().map(inverse).collect();
        let look = Look {
            scale: self.scale,
            range: self.ends(),
            colormap: self.colormap,
            levels: self.levels.clone(),
            exaggeration: self.height,
            background,
            dark,
        };
        Some(SurfaceScene::new(
            key, &surface.x, &surface.y, &values, &look,
        ))
    }

    /// What the surface's second number is.
    fn score(&self) -> Score {
        self.outcome.header.model.criterion.score()
    }

    /// The axes of the box around it.
    pub fn axes(&self) -> Option<Axes> {
        let surface = self.surface()?;
        let span = |index: usize, coordinates: &[f64]| {
            let axis = self.outcome.header.axes.get(index);
            Some(Span {
                name: axis.map_or_else(String::new, |a| a.label.clone()),
                scale: Scale::Linear,
                lo: *coordinates.first()?,
                hi: *coordinates.last()?,
            })
        };
        let (lo, hi) = self.ends();
        Some(Axes {
            x: span(0, &surface.x)?,
            y: span(1, &surface.y)?,
            z: Span {
                name: self.metric.with_unit(self.score()),
                scale: self.scale,
                lo,
                hi,
            },
            half: {
                let [wide, deep] = scene::reach(&surface.x, &surface.y);
                [wide, deep, self.height.clamp(0.0, 4.0)]
            },
        })
    }

    /// What is to be said where a unit is longer along one axis than along the other.
    pub fn proportions(&self) -> Option<String> {
        let surface = self.surface()?;
        scene::aspect(&surface.x, &surface.y).words()
    }

    /// The marked points on it. Marks at one place share a pin: θ(α) stands on a minimizer at α = 0
    /// and 1.
    pub fn pins(&self) -> Vec<Pin> {
        let mut pins: Vec<Pin> = Vec::new();
        for mark in &self.outcome.header.marks {
            let near = mark.outside.is_nan() || mark.outside <= 0.5;
            let at = self.above(&mark.coordinate).filter(|_| near);
            let Some(at) = at else { continue };
            match pins.iter_mut().find(|pin| pin.at == at) {
                Some(pin) => pin.words.push_str(&format!(", {}", mark.label)),
                None => pins.push(Pin {
                    at,
                    words: mark.label.clone(),
                }),
            }
        }
        pins
    }

    /// The grid point that is drawn nearest to a place of a picture of this size, within a twelfth of its height.
    pub fn nearest(
        &self,
        camera: &Camera,
        size: (f32, f32),
        (left, top): (f32, f32),
    ) -> Option<(f64, f64)> {
        let surface = self.surface()?;
        let values = self.metric.shown(&surface.table).ok()?;
        let mut best = (size.1 / 12.0, None);
        for (row, y) in surface.y.iter().enumerate() {
            for (column, x) in surface.x.iter().enumerate() {
                let value = *values.get(row * surface.x.len() + column)?;
                let place = self.place([*x, *y], value);
                let seen = place.and_then(|place| camera.project(place, size));
                let Some((across, down, _)) = seen else {
                    continue;
                };
                let away = (across - left).hypot(down - top);
                if away < best.0 {
                    best = (away, Some((*x, *y)));
                }
            }
        }
        best.1
    }

    /// Where a coordinate of the plane lies on the surface, in world space; `None` outside.
    pub fn above(&self, coordinate: &[f64]) -> Option<[f32; 3]> {
        let surface = self.surface()?;
        let &[x, y] = coordinate else { return None };
        let (u, v) = (share(&surface.x, x)?, share(&surface.y, y)?);
        let column = (u * (surface.x.len() - 1) as f64).round() as usize;
        let row = (v * (surface.y.len() - 1) as f64).round() as usize;
        let values = self.metric.shown(&surface.table).ok()?;
        let value = *values.get(row * surface.x.len() + column)?;
        self.place([x, y], value)
    }

    /// Where a value at a coordinate lies in world space; `None` outside the plane, or without a value.
    fn place(&self, [x, y]: [f64; 2], value: f64) -> Option<[f32; 3]> {
        let surface = self.surface()?;
        let (lo, hi) = self.ends();
        let height = |v| Scale::forward(self.scale, v);
        let t = ((height(value) - height(lo)) / (height(hi) - height(lo))).clamp(0.0, 1.0);
        if !t.is_finite() {
            return None;
        }
        let [wide, deep] = scene::reach(&surface.x, &surface.y);
        let at = |c: &[f64], v: f64, reach: f32| {
            let share = share(c, v)?;
            Some(reach * (2.0 * share - 1.0) as f32)
        };
        let across = at(&surface.x, x, wide)?;
        Some([
            across,
            at(&surface.y, y, deep)?,
            2.0 * self.height * (t as f32 - 0.5),
        ])
    }
}

/// Where a coordinate lies between the ends of an axis, 0 to 1; `None` outside.
fn share(coordinates: &[f64], value: f64) -> Option<f64> {
    let (first, last) = (*coordinates.first()?, *coordinates.last()?);
    let t = (value - first) / (last - first);
    (0.0..=1.0).contains(&t).then_some(t)
}

/// The surface from where the camera stands as an SVG document, with its axes and colours, under a
/// title and over small print.
///
/// # Errors
/// Where there is nothing to draw or the device fails.
pub fn document(
    studio: &Studio,
    seen: &Seen<'_>,
    camera: &Camera,
    (title, caption): (&str, &[String]),
    options: &FigureOptions,
) -> Result<String> {
    let missing = || Error::Usage("there is no surface to draw".into());
    let paper = if options.dark { NIGHT } else { PAPER };
    let drawn = seen.scene(1, paper, options.dark).ok_or_else(missing)?;
    let axes = seen.axes().ok_or_else(missing)?;
    let width = (options.width / 25.4 * options.dpi).clamp(200.0, MOST_PIXELS) as u32;
    // Four by three to the pixel, so that a page is as high at any number of dots.
    let width = width.next_multiple_of(4);
    let size = [width, width / 4 * 3];
    let pixels = studio.pixels(&drawn, camera, size, (options.dpi / 110.0) as f32)?;
    let name = seen.metric.with_unit(seen.score());
    let drawn = page::Scene {
        pixels: &pixels,
        size: (size[0] as usize, size[1] as usize),
        key: Key {
            colormap: seen.colormap,
            scale: seen.scale,
            range: seen.ends(),
            name: &name,
        },
        axes: &axes,
        camera,
        pins: &seen.pins(),
    };
    let mut caption = caption.to_vec();
    caption.extend(seen.proportions());
    let caption = options.small_print(caption);
    page::with_words(&drawn, title, &caption, options.width)
}

/// Surfaces side by side, seen from one place, under a title and over what is said of them.
///
/// # Errors
/// As [`document`]; where the page is too narrow for so many.
pub fn panels(
    studio: &Studio,
    all: &[(Panel<'_>, Seen<'_>)],
    camera: &Camera,
    options: &FigureOptions,
) -> Result<String> {
    let panel = FigureOptions {
        width: panels::panel_width(all.len(), options)?,
        ..options.clone()
    };
    let documents: Result<Vec<String>> = all
        .iter()
        .map(|((title, _), seen)| document(studio, seen, camera, (title, &[]), &panel))
        .collect();
    let surfaces: Vec<Panel<'_>> = all.iter().map(|(panel, _)| panel.clone()).collect();
    let metric = all.first().map(|(_, seen)| seen.metric);
    let metric = metric.unwrap_or(Metric::TrainLoss);
    panels::together(&surfaces, &documents?, metric, options)
}
