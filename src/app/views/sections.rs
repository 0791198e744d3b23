//! Sections of the plane: its values along both directions through one point, the one that is pointed at, else the
//! last pin, else the centre.

use super::curves as plots;
use super::{Context, Home, View, empty_ui};
use crate::app::export::forms::{self, Form};
use crate::app::export::source::{Content, header, is_full, nothing};
use crate::app::state::State;
use crate::engine::header::Header;
use crate::engine::live::Snapshot;
use crate::engine::result::{Numbers, Outcome};
use crate::error::Result;
use crate::export::artifact::Tables;
use crate::export::caption;
use crate::export::figure::{FigureOptions, Metric};
use crate::export::npz::Column;
use crate::plot::colormap;
use crate::plot::curves_figure::{Curve, CurvesFigure};
use crate::plot::number::format_value;
use crate::plot::refine;
use crate::plot::scale::Scale;
use eframe::egui::{self, Ui};
use egui_plot::{AxisHints, Line, Plot, PlotPoints, VLine};
use std::sync::Arc;

/// What the view keeps between frames.
#[derive(Default)]
pub struct SectionsView {
    reset: u64,
}

const HELP: &str = "The values of the plane along its first and its second direction through one point: the one under the pointer on the contour or the surface, else the last pin, else the centre. Between grid points they are interpolated.\nWheel to zoom, right drag to pan, double click to see everything.";
const NAMES: [&str; 2] = ["along direction 1", "along direction 2"];

/// Values along both directions.
#[derive(Clone)]
struct Sections {
    through: (f64, f64),
    metric: Metric,
    /// Coordinates and values.
    along: [Vec<(f64, f64)>; 2],
    /// The metric with its unit.
    name: String,
    scale: Scale,
}

/// The point that sections go through.
fn point(state: &State) -> (f64, f64) {
    let pinned = state.wish.probes.last().map(|p| (p.x, p.y));
    let pointed = state.pointed.map(|p| p.at);
    pointed.or(pinned).unwrap_or((0.0, 0.0))
}

/// Sections of a surface; none where it lacks the metric or the point lies outside. `guess`: values not
/// computed yet follow from their neighbours, as on the other pictures of the plane.
fn sections(
    outcome: &Outcome,
    state: &State,
    through: (f64, f64),
    guess: bool,
) -> Option<Sections> {
    let Numbers::Surface(surface) = &outcome.numbers else {
        return None;
    };
    let metric = state.look.metric;
    let values = metric.shown(&surface.table).ok()?;
    let (nx, ny) = (surface.x.len(), surface.y.len());
    let scale = state
        .look
        .scale
        .unwrap_or_else(|| metric.usual_scale(&values));
    let places: Vec<f64> = values.iter().map(|v| scale.forward(*v)).collect();
    let there = surface.table.known();
    let guessed = guess.then(|| refine::fill(nx, ny, &places, &there).values);
    let known = |column: usize, row: usize| {
        let index = row * nx + column;
        match &guessed {
            Some(places) => scale.inverse(places[index]),
            None if there.get(index).copied().unwrap_or_default() => values[index],
            None => f64::NAN,
        }
    };
    let (column, u) = between(&surface.x, through.0)?;
    let (row, v) = between(&surface.y, through.1)?;
    let mix = |a: f64, b: f64, t: f64| match t {
        0.0 => a,
        1.0 => b,
        t => a + t * (b - a),
    };
    let across = (0..nx).map(|i| {
        let value = mix(known(i, row), known(i, (row + 1).min(ny - 1)), v);
        (surface.x[i], value)
    });
    let up = (0..ny).map(|j| {
        let value = mix(known(column, j), known((column + 1).min(nx - 1), j), u);
        (surface.y[j], value)
    });
    let along = [across.collect(), up.collect()];
    let score = outcome.header.model.criterion.score();
    Some(Sections {
        through,
        metric,
        along,
        name: metric.with_unit(score),
        scale,
    })
}

/// The grid point before a coordinate, and how far towards the next it lies.
fn between(coordinates: &[f64], at: f64) -> Option<(usize, f64)> {
    let (first, last) = (*coordinates.first()?, *coordinates.last()?);
    if !(first..=last).contains(&at) {
        return None;
    }
    let next = coordinates.iter().position(|c| *c >= at)?;
    let before = next.saturating_sub(1);
    let step = coordinates[next] - coordinates[before];
    let part = if step > 0.0 {
        (at - coordinates[before]) / step
    } else {
        0.0
    };
    Some((before, part))
}

impl View for SectionsView {
    fn name(&self) -> &'static str {
        "Sections"
    }

    fn home(&self) -> Home {
        Home::BottomLeft
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        let shown = cx.news.surface_near(cx.state.wish.centre());
        let found = shown.and_then(|s| sections(&s.outcome, cx.state, point(cx.state), true));
        let Some(found) = found else {
            let words = match (&cx.news.failure, shown) {
                (Some(failure), _) => failure.message.as_str(),
                (None, None) => "The first picture is on its way…",
                (None, Some(_)) => "The plane has no values at this point",
            };
            empty_ui(ui, cx.palette, words);
            return;
        };
        let colors = [cx.palette.small, cx.palette.large];
        plots::header(ui, |ui| {
            for (name, color) in NAMES.into_iter().zip(colors) {
                plots::key(ui, name, color, false);
            }
            ui.label("?").on_hover_text(HELP);
            let (x, y) = found.through;
            let words = format!("through ({}, {})", format_value(x), format_value(y));
            plots::rest(ui, egui::RichText::new(words).color(cx.palette.weak), HELP);
        });
        let reset = std::mem::replace(&mut self.reset, cx.reset) != cx.reset;
        let scale = found.scale;
        let mut plot = Plot::new("sections")
            .custom_y_axes(vec![plots::scaled(
                AxisHints::new_y(),
                found.name.clone(),
                scale,
            )])
            .custom_x_axes(vec![plots::linear(AxisHints::new_x(), "coordinate")])
            .x_grid_spacer(|input| plots::across(Scale::Linear, &input))
            .y_grid_spacer(move |input| plots::up(scale, &input))
            .label_formatter(|_| None)
            .show_background(false)
            .grid_color(cx.palette.line)
            .pan_pointer_button(egui::PointerButton::Secondary)
            .allow_boxed_zoom(false)
            .y_axis_min_width(40.0);
        if reset {
            plot = plot.reset();
        }
        plot = plot.id(ui.scope_id().with(("sections", scale == Scale::Log)));
        let response = plot.show(ui, |plot| {
            for ((points, name), color) in found.along.iter().zip(NAMES).zip(colors) {
                let places = points
                    .iter()
                    .map(|(at, value)| [*at, scale.forward(*value)]);
                let places: Vec<[f64; 2]> = places.filter(|p| p[1].is_finite()).collect();
                let line = Line::new(name, PlotPoints::from(places))
                    .color(color)
                    .width(1.8);
                plot.line(line.allow_hover(false));
            }
            for (at, color) in [found.through.0, found.through.1].into_iter().zip(colors) {
                let line = VLine::new("", at)
                    .color(color.gamma_multiply(0.5))
                    .width(1.0);
                plot.vline(line.allow_hover(false));
            }
        });
        let (x, y) = found.through;
        let through = format!("{}, {}", format_value(x), format_value(y));
        plots::named(
            &response.response,
            "Sections of the plane; through",
            &through,
        );
    }

    fn forms(&self) -> &'static [Form] {
        forms::OF_POINTS
    }

    fn artifact(&self, state: &State, news: &Snapshot) -> Result<Content> {
        // The header names this α: the surface of another doesn't do.
        let alpha = state.wish.centre();
        let here = news.surfaces.iter().find(|s| s.alpha == alpha);
        let here = here.ok_or_else(nothing)?;
        // What the pointer happens to lie on is no place for a file.
        let pinned = state.wish.probes.last().map_or((0.0, 0.0), |p| (p.x, p.y));
        let found = sections(&here.outcome, state, pinned, false).ok_or_else(nothing)?;
        let header = header("sections", state, news, is_full(news, state.wish.centre()))?;
        Ok(Content::of(tables(header, found)))
    }
}

/// Sections as a table with their picture.
fn tables(header: Header, found: Sections) -> Tables {
    let rows = || {
        let along = found.along.iter().zip(1..);
        along.flat_map(|(points, direction)| points.iter().map(move |p| (direction, *p)))
    };
    let columns = vec![
        ("direction", Column::Counts(rows().map(|r| r.0).collect())),
        (
            "coordinate",
            Column::Floats(rows().map(|r| r.1.0).collect()),
        ),
        ("value", Column::Floats(rows().map(|r| r.1.1).collect())),
    ];
    let said = header.clone();
    let picture = move |options: &FigureOptions| {
        let curve = |(index, points): (usize, &Vec<(f64, f64)>)| Curve {
            name: NAMES[index].into(),
            color: colormap::series(index),
            x: points.iter().map(|p| p.0).collect(),
            y: points.iter().map(|p| p.1).collect(),
            ..Curve::default()
        };
        let (x, y) = found.through;
        let own = format!(
            "{} along both directions of the plane through ({}, {}); between grid points interpolated",
            found.metric.name(said.model.criterion.score()),
            format_value(x),
            format_value(y)
        );
        CurvesFigure {
            curves: found.along.iter().enumerate().map(curve).collect(),
            x_label: "Coordinate".into(),
            y_label: found.name.clone(),
            y_scale: found.scale,
            title: options
                .title
                .clone()
                .unwrap_or_else(|| format!("{}: sections of the plane", said.model.name)),
            caption: options.small_print(caption::around(&said, vec![own])),
            width_mm: options.width,
            ..CurvesFigure::default()
        }
        .svg()
    };
    Tables::new("sections", header, Arc::new(picture)).with("sections", "", columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_lies_between_two_of_the_grid_or_outside() {
        let grid = [-1.0, 0.0, 1.0];
        assert_eq!(between(&grid, -0.25), Some((0, 0.75)));
        assert_eq!(between(&grid, 1.0), Some((1, 1.0)));
        assert_eq!(between(&grid, -1.0), Some((0, 0.0)));
        assert_eq!(between(&grid, 1.5), None);
    }
}
