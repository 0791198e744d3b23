//! Sharpness against the size of the neighbourhood: φ(ε) of both minimizers and of θ(α).

use super::curves::{self, Handle};
use super::{Context, Home, Needs, View, empty_ui};
use crate::app::export::forms::{self, Form};
use crate::app::export::source::{Content, has_curves, header, nothing};
use crate::app::keys;
use crate::app::state::State;
use crate::engine::header::Header;
use crate::engine::live::{SharpnessCurve, Snapshot};
use crate::error::Result;
use crate::export::artifact::Tables;
use crate::export::figure::FigureOptions;
use crate::export::npz::Column;
use crate::export::{caption, curves as pictures};
use crate::landscape::sharpness::{CAUTION, PUBLISHED};
use crate::plot::colormap;
use crate::plot::curves_figure::Curve;
use crate::plot::number::{self, format_value};
use crate::plot::scale::Scale;
use eframe::egui::{self, Color32, Grid, RichText, Ui};
use egui_plot::{AxisHints, Line, LineStyle, Plot, PlotPoints, Points, VLine};
use std::sync::Arc;

/// What the view keeps between frames.
#[derive(Default)]
pub struct SharpnessView {
    reset: u64,
    handle: Handle,
}

const HELP: &str = "φ(ε) = 100 · (max f − f) / (1 + f) while every weight may move by ε (|w| + 1), full space, training samples, eval mode (Keskar et al. 2017, metric 2.1).\nFound by projected sign-gradient ascent, each ε from the worst point of the one before: a lower bound.\nDrag or click to move ε, wheel to zoom, right drag to pan, double click to see everything.";

/// φ along ε at several points, as a table with its picture.
fn tables(header: Header, curves: Vec<(String, Arc<SharpnessCurve>)>, epsilon: f64) -> Tables {
    let rows = || {
        let row = |(name, curve): &(String, Arc<SharpnessCurve>)| {
            let (name, alpha) = (name.clone(), curve.alpha);
            let points = curve.epsilon.iter().zip(&curve.phi);
            let points: Vec<_> = points.map(|(e, p)| (name.clone(), alpha, *e, *p)).collect();
            points
        };
        curves.iter().flat_map(row)
    };
    let columns = vec![
        ("point", Column::Words(rows().map(|r| r.0).collect())),
        ("alpha", Column::Floats(rows().map(|r| r.1).collect())),
        ("epsilon", Column::Floats(rows().map(|r| r.2).collect())),
        ("phi", Column::Floats(rows().map(|r| r.3).collect())),
    ];
    let said = header.clone();
    let picture = move |options: &FigureOptions| {
        let color = |name: &str| match name {
            "small batch" | "checkpoint" => colormap::series(0),
            "large batch" => colormap::series(1),
            _ => colormap::series(2),
        };
        let curve = |(name, curve): &(String, Arc<SharpnessCurve>)| Curve {
            name: name.clone(),
            color: color(name),
            x: curve.epsilon.clone(),
            y: curve.phi.clone(),
            ..Curve::default()
        };
        let mut figure = pictures::sharpness(curves.iter().map(curve).collect());
        figure.mark = Some(epsilon);
        figure.caption = options.small_print(caption::around(&said, figure.caption));
        figure.title = options.title.clone().unwrap_or(figure.title);
        figure.width_mm = options.width;
        figure.svg()
    };
    Tables::new("sharpness", header, Arc::new(picture)).with("curves", "", columns)
}

impl View for SharpnessView {
    fn name(&self) -> &'static str {
        "Sharpness"
    }

    fn home(&self) -> Home {
        Home::BottomRight
    }

    fn needs(&self) -> Needs {
        Needs {
            sharpness: true,
            ..Needs::default()
        }
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        sharpness_ui(ui, self, cx);
    }

    fn forms(&self) -> &'static [Form] {
        forms::OF_POINTS
    }

    fn artifact(&self, state: &State, news: &Snapshot) -> Result<Content> {
        let alpha = state.wish.alpha;
        let sharpness = &news.sharpness;
        let pair = state.wish.large.is_some();
        let alone = if pair { "small batch" } else { "checkpoint" };
        let mut curves: Vec<(String, Arc<SharpnessCurve>)> = Vec::new();
        for (name, curve) in [
            (alone.to_owned(), &sharpness.small),
            (
                format!("θ(α), α = {}", format_value(alpha)),
                &sharpness.here,
            ),
            ("large batch".to_owned(), &sharpness.large),
        ] {
            let Some(curve) = curve else { continue };
            // A curve of where α stood before is none of where it stands.
            if name.starts_with('θ') && curve.alpha != alpha {
                continue;
            }
            let twice = curves.iter().any(|(_, c)| c.alpha == curve.alpha);
            if !twice && !(name.starts_with('θ') && (curve.alpha == 0.0 || curve.alpha == 1.0)) {
                curves.push((name, Arc::clone(curve)));
            }
        }
        if curves.is_empty() {
            return Err(nothing());
        }
        let complete = has_curves(state, news);
        let header = header("sharpness", state, news, complete)?;
        Ok(Content::of(tables(header, curves, state.wish.epsilon)))
    }
}

fn sharpness_ui(ui: &mut Ui, cache: &mut SharpnessView, cx: &mut Context<'_>) {
    let sharpness = &cx.news.sharpness;
    let pair = cx.state.wish.large.is_some();
    let curves: Vec<(&str, Color32, &SharpnessCurve)> = [
        (
            if pair { "small batch" } else { "checkpoint" },
            cx.palette.small,
            &sharpness.small,
        ),
        ("large batch", cx.palette.large, &sharpness.large),
        ("θ(α)", cx.palette.here, &sharpness.here),
    ]
    .into_iter()
    .filter_map(|(name, color, curve)| Some((name, color, curve.as_deref()?)))
    .filter(|(name, _, curve)| *name != "θ(α)" || pair && curve.alpha != 0.0 && curve.alpha != 1.0)
    .collect();
    let finite = |c: &SharpnessCurve| c.phi.iter().any(|p| p.is_finite() && *p > 0.0);
    if !curves.iter().any(|(_, _, c)| finite(c)) {
        let complete = !curves.is_empty() && curves.iter().all(|(_, _, c)| c.complete);
        let words = if let Some(failure) = &cx.news.failure {
            failure.message.as_str()
        } else if complete {
            "Sharpness isn't a number here: the loss isn't finite or doesn't change"
        } else {
            "Sharpness along ε is on its way…"
        };
        empty_ui(ui, cx.palette, words);
        return;
    }
    header_ui(ui, cx, &curves);
    plot_ui(ui, cache, cx, &curves);
}

fn header_ui(ui: &mut Ui, cx: &Context<'_>, shown: &[(&str, Color32, &SharpnessCurve)]) {
    curves::header(ui, |ui| {
        let narrow = ui.available_width() < 420.0;
        for (name, color, curve) in shown {
            let stale = *name == "θ(α)" && curve.alpha != cx.state.wish.alpha;
            let words = if stale {
                format!("{name} at α = {}", number::alpha(curve.alpha))
            } else {
                (*name).to_owned()
            };
            curves::key(ui, &words, *color, false);
        }
        ui.label("?").on_hover_text(HELP);
        let published = if narrow {
            "Published"
        } else {
            "Published values"
        };
        ui.menu_button(published, |ui| {
            ui.label("Keskar et al. 2017, full space, ε = 10⁻³");
            Grid::new("published").striped(true).show(ui, |ui| {
                for words in ["network", "small batch", "large batch"] {
                    ui.label(RichText::new(words).strong());
                }
                ui.end_row();
                for (name, small, large) in PUBLISHED {
                    ui.label(name);
                    ui.label(format_value(small));
                    ui.label(format_value(large));
                    ui.end_row();
                }
            });
        })
        .response
        .on_hover_text("What the paper found, for comparison");
        let caution = RichText::new("depends on the parametrisation").color(cx.palette.weak);
        curves::rest(ui, caution, CAUTION);
    });
}

fn plot_ui(
    ui: &mut Ui,
    cache: &mut SharpnessView,
    cx: &mut Context<'_>,
    curves: &[(&str, Color32, &SharpnessCurve)],
) {
    let palette = cx.palette;
    let (alpha, epsilon) = (cx.state.wish.alpha, cx.state.wish.epsilon);
    let reset = std::mem::replace(&mut cache.reset, cx.reset) != cx.reset;
    let mut plot = Plot::new("sharpness")
        .custom_y_axes(vec![curves::scaled(
            AxisHints::new_y(),
            "φ (%)",
            Scale::Log,
        )])
        .custom_x_axes(vec![
            curves::axis(AxisHints::new_x(), "ε").formatter(|mark, _| curves::decade(mark)),
        ])
        .x_grid_spacer(|input| curves::across(Scale::Log, &input))
        .y_grid_spacer(|input| curves::up(Scale::Log, &input))
        .label_formatter(|_| None)
        .show_background(false)
        .grid_color(cx.palette.line)
        .pan_pointer_button(egui::PointerButton::Secondary)
        .allow_boxed_zoom(false)
        .include_x(-5.0)
        .include_x(-1.0)
        .y_axis_min_width(40.0);
    if reset {
        plot = plot.reset();
    }
    let response = plot.show(ui, |plot| {
        for paper in [5e-4_f64, 1e-3] {
            let line = VLine::new("", paper.log10()).color(palette.line).width(1.0);
            plot.vline(line.style(LineStyle::dotted_dense()).allow_hover(false));
        }
        for (name, color, curve) in curves {
            let stale = *name == "θ(α)" && curve.alpha != alpha;
            let points: Vec<[f64; 2]> = curve
                .epsilon
                .iter()
                .zip(&curve.phi)
                .filter(|(_, p)| **p > 0.0 && p.is_finite())
                .map(|(e, p)| [e.log10(), p.log10()])
                .collect();
            let color = color.gamma_multiply(if stale { 0.45 } else { 1.0 });
            let line = Line::new(*name, PlotPoints::from(points.clone()))
                .color(color)
                .width(1.8);
            plot.line(line.allow_hover(false));
            plot.points(
                Points::new("", points)
                    .radius(2.0)
                    .color(color)
                    .allow_hover(false),
            );
        }
        plot.vline(
            VLine::new("", epsilon.log10())
                .color(palette.here)
                .width(2.0)
                .allow_hover(false),
        );
        for (_, color, curve) in curves {
            let confirmed = cx.news.confirmed(curve.alpha, epsilon);
            if let Some(phi) = confirmed.or_else(|| curve.at(epsilon)).filter(|p| *p > 0.0) {
                let dot = Points::new("", vec![[epsilon.log10(), phi.log10()]])
                    .radius(4.5)
                    .filled(confirmed.is_some())
                    .color(*color);
                plot.points(dot.allow_hover(false));
            }
        }
        plot.pointer_coordinate().map(|p| p.x)
    });
    curves::named(
        &response.response,
        "Sharpness along ε; ε",
        &number::power(epsilon),
    );
    if let Some(moved) = cache.handle.moved(&response.response, response.inner) {
        cx.state.set_epsilon(10_f64.powf(moved));
    }
    cx.state.wish.dragging |= cache.handle.dragging();
    if let Some(by) = keys::moved(ui, response.response.id) {
        keys::move_epsilon(cx.state, by);
    }
    if let (Some(at), true) = (response.inner, response.response.hovered())
        && !cache.handle.dragging()
    {
        let pointed = 10_f64.powf(at);
        let bounds = response.transform.bounds();
        let mut words = format!("ε = {}", number::power(pointed));
        for (name, _, curve) in curves {
            if let Some(phi) = curve.at(pointed) {
                words.push_str(&format!(
                    "\n{name}: φ = {}",
                    curves::reading(Scale::Log, bounds, phi)
                ));
            }
        }
        curves::beside_pointer(ui, &words);
    }
}
