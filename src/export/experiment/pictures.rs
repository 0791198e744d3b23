//! The pictures of an experiment as files, each with the header of what it shows inside.

use crate::engine::experiment::{Drawing, Experiment, Picture};
use crate::error::Result;
use crate::export::figure::{self, FigureOptions};
use crate::export::{npz, panels, stamp};
use crate::plot::page;
use std::path::Path;

/// A picture that was written: name of its files, SVG, and what stands under it.
pub struct Drawn {
    pub name: &'static str,
    pub svg: String,
    pub caption: String,
}

/// Width of one of several pictures side by side, in millimetres.
const PANEL: f64 = 85.0;
/// Width of one of several surfaces.
const SURFACE: f64 = 64.0;
/// Width of a picture alone.
const ALONE: f64 = 110.0;
const DPI: f64 = 200.0;

/// Writes SVG and PNG of every picture, and surfaces and lines themselves into `data`.
///
/// # Errors
/// Where one can't be drawn or written.
pub fn write(folder: &Path, data: &Path, experiment: &Experiment) -> Result<Vec<Drawn>> {
    let look = FigureOptions {
        dpi: DPI,
        ..FigureOptions::default()
    };
    let mut drawn = Vec::new();
    for picture in &experiment.found.pictures {
        let svg = document(picture)?;
        for suffix in ["svg", "png"] {
            let path = folder.join(format!("{}.{suffix}", picture.name));
            stamp::write(&path, &svg, &experiment.header, &look)?;
        }
        numbers(picture, data)?;
        drawn.push(Drawn {
            name: picture.name,
            svg,
            caption: picture.caption.clone(),
        });
    }
    Ok(drawn)
}

fn document(picture: &Picture) -> Result<String> {
    let options = |width: f64| FigureOptions {
        width,
        ..FigureOptions::default()
    };
    match &picture.drawing {
        Drawing::Curves(figure) => figure.svg(),
        Drawing::Several(figures) => {
            let each = figures.iter().map(|figure| {
                let mut figure = figure.clone();
                figure.width_mm = PANEL;
                figure.svg()
            });
            page::side_by_side(&each.collect::<Result<Vec<_>>>()?)
        }
        Drawing::Map(figure) => figure.svg(),
        Drawing::Maps(figures) => {
            let each = figures.iter().map(|figure| {
                let mut figure = figure.clone();
                figure.width_mm = SURFACE;
                figure.svg()
            });
            page::side_by_side(&each.collect::<Result<Vec<_>>>()?)
        }
        Drawing::Surfaces(surfaces) => {
            let each: Vec<panels::Panel<'_>> =
                surfaces.iter().map(|(name, o)| (name.clone(), o)).collect();
            panels::contours(&each, &options(SURFACE * each.len().min(4) as f64), true)
        }
        Drawing::Line(outcome) => figure::svg(outcome, &options(ALONE)),
    }
}

fn numbers(picture: &Picture, data: &Path) -> Result<()> {
    match &picture.drawing {
        Drawing::Surfaces(surfaces) => {
            for (at, (_, outcome)) in surfaces.iter().enumerate() {
                let name = format!("{}-{}.npz", picture.name, at + 1);
                npz::write(&data.join(name), outcome)?;
            }
            Ok(())
        }
        Drawing::Line(outcome) => npz::write(&data.join(format!("{}.npz", picture.name)), outcome),
        _ => Ok(()),
    }
}
