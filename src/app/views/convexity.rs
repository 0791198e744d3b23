//! How convex the plane is: |λ_min/λ_max| of the whole Hessian over it (Li et al. 2018, figure 7).

use super::curves as plots;
use super::{Context, Home, Needs, View, empty_ui};
use crate::app::export::forms::{self, Form};
use crate::app::export::source::{Content, header, nothing};
use crate::app::paint::wanted::wanted_ui;
use crate::app::state::State;
use crate::engine::header::Header;
use crate::engine::live::{ConvexityMap, Found, MeasureNews, Quantity, Snapshot};
use crate::error::Result;
use crate::export::artifact::Tables;
use crate::export::caption;
use crate::export::figure::FigureOptions;
use crate::export::npz::Column;
use crate::plot::colormap::Colormap;
use crate::plot::figure::{ContourFigure, Levels, Marker};
use crate::plot::number::{self, format_value};
use crate::plot::refine;
use crate::plot::scale::Scale;
use crate::render::scene;
use eframe::egui::{self, Color32, Rect, RichText, Sense, Stroke, Ui, Vec2};
use egui_plot::{AxisHints, Plot, PlotPoints, Points, Polygon};
use std::sync::Arc;

/// What the view keeps between frames.
#[derive(Default)]
pub struct ConvexityView {
    reset: u64,
}

const HELP: &str = "|λ_min/λ_max| of the whole Hessian at each point of the plane that the contour shows, 0 (dark): the loss bends upwards in every direction, as it would were it convex; 1 and more (light): downwards as much as upwards. A plane may look convex while the loss falls in directions it doesn't show (Li et al. 2018, section 6 and figure 7).\nLanczos to 0.1 % with exact Hessian-vector products over the training samples; running statistics stay those of the centre. Pale cells are between computed ones.\nWheel to zoom, right drag to pan, double click to see everything.";

/// The map around θ(α), as far as it is.
fn known(news: &Snapshot, alpha: f64) -> Option<(&MeasureNews, &ConvexityMap)> {
    let measured = news.measure(alpha, Quantity::Convexity)?;
    match measured.found.as_ref()? {
        Found::Convexity(map) => Some((measured, map)),
        _ => None,
    }
}

impl View for ConvexityView {
    fn name(&self) -> &'static str {
        "Convexity"
    }

    fn home(&self) -> Home {
        Home::TopLeft
    }

    fn needs(&self) -> Needs {
        Needs {
            measures: &[Quantity::Convexity],
            ..Needs::default()
        }
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        convexity_ui(ui, self, cx);
    }

    fn forms(&self) -> &'static [Form] {
        forms::OF_POINTS
    }

    fn artifact(&self, state: &State, news: &Snapshot) -> Result<Content> {
        let alpha = state.wish.centre();
        let complete = known(news, alpha).is_some_and(|(measured, _)| measured.complete);
        let header = header("convexity", state, news, complete)?;
        Ok(Content::of(
            tables(header, alpha, news).ok_or_else(nothing)?,
        ))
    }
}

fn convexity_ui(ui: &mut Ui, cache: &mut ConvexityView, cx: &mut Context<'_>) {
    let alpha = cx.state.wish.centre();
    let news = cx.news;
    let found = known(news, alpha);
    plots::header(ui, |ui| {
        wanted_ui(ui, &mut cx.state.wish, Quantity::Convexity);
        bar_ui(ui, cx.state.look.colormap);
        if let Some((measured, map)) = found.filter(|(m, _)| !m.complete) {
            let (done, total) = measured.steps;
            let words = format!(
                "  {done} of {total} points, {} × {}",
                map.x.len(),
                map.y.len()
            );
            ui.label(RichText::new(words).small().color(cx.palette.weak));
        }
        ui.label("?").on_hover_text(HELP);
        let words = found.and_then(|(_, map)| scene::aspect(&map.x, &map.y).words());
        if let Some(words) = words {
            let words = RichText::new(words).small().color(cx.palette.weak);
            plots::rest(ui, words, "");
        }
    });
    let Some((_, map)) = found.filter(|(_, map)| map.computed.contains(&true)) else {
        let problem = news
            .measure(alpha, Quantity::Convexity)
            .and_then(|m| m.problem.clone());
        let failure = news.failure.as_ref().map(|f| f.message.clone());
        let wanted = cx.state.wish.measures.contains(&Quantity::Convexity);
        let waiting = if wanted {
            "The map of eigenvalues comes after the surface…"
        } else {
            "Check Measure to have the plane's eigenvalues computed"
        };
        empty_ui(
            ui,
            cx.palette,
            &problem.or(failure).unwrap_or(waiting.into()),
        );
        return;
    };
    plot_ui(ui, cache, cx, map);
}

/// What the colours mean.
fn bar_ui(ui: &mut Ui, colormap: Colormap) {
    ui.spacing_mut().item_spacing.x = 4.0;
    ui.label(RichText::new("|λ_min/λ_max|  0").small());
    let (rect, _) = ui.allocate_exact_size(Vec2::new(72.0, 9.0), Sense::hover());
    let steps = 36;
    for i in 0..steps {
        let part = |i: i32| rect.left() + rect.width() * i as f32 / steps as f32;
        let [r, g, b] = colormap.rgb(f64::from(i) / f64::from(steps - 1));
        let cell = Rect::from_x_y_ranges(part(i)..=part(i + 1), rect.y_range());
        ui.painter()
            .rect_filled(cell, 0.0, Color32::from_rgb(r, g, b));
    }
    ui.label(RichText::new("1").small());
    ui.spacing_mut().item_spacing.x = 8.0;
}

fn plot_ui(ui: &mut Ui, cache: &mut ConvexityView, cx: &Context<'_>, map: &ConvexityMap) {
    let reset = std::mem::replace(&mut cache.reset, cx.reset) != cx.reset;
    let [across, up] = map.axes.clone();
    let aspect = scene::aspect(&map.x, &map.y);
    let mut plot = Plot::new("convexity")
        .custom_x_axes(vec![plots::linear(AxisHints::new_x(), across)])
        .custom_y_axes(vec![plots::linear(AxisHints::new_y(), up)])
        .x_grid_spacer(|input| plots::across(Scale::Linear, &input))
        .y_grid_spacer(|input| plots::up(Scale::Linear, &input))
        // True to scale, as the plane is in every view.
        .data_aspect(aspect.stretch as f32)
        .label_formatter(|_| None)
        .show_background(false)
        .show_grid(false)
        .pan_pointer_button(egui::PointerButton::Secondary)
        .allow_boxed_zoom(false)
        .y_axis_min_width(40.0);
    if reset {
        plot = plot.reset();
    }
    let (nx, ny) = (map.x.len(), map.y.len());
    let filled = refine::fill(nx, ny, &map.ratio, &map.computed);
    let half = |v: &[f64]| 0.5 * (v[1] - v[0]);
    let (hx, hy) = (half(&map.x), half(&map.y));
    let colormap = cx.state.look.colormap;
    let ends = |v: &[f64], half: f64| [v[0] - half, v[v.len() - 1] + half];
    for x in ends(&map.x, hx) {
        plot = plot.include_x(x);
    }
    for y in ends(&map.y, hy) {
        plot = plot.include_y(y);
    }
    let response = plot.show(ui, |plot| {
        for (index, value) in filled.values.iter().enumerate() {
            if value.is_nan() {
                continue;
            }
            let (x, y) = (map.x[index % nx], map.y[index / nx]);
            let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
            // A little over the edge, so that no seams show.
            let corners = corners.map(|(a, b)| [x + 1.02 * a * hx, y + 1.02 * b * hy]);
            let [r, g, b] = colormap.rgb(*value);
            let color = Color32::from_rgb(r, g, b);
            let color = color.gamma_multiply(if filled.estimated[index] { 0.45 } else { 1.0 });
            let cell = Polygon::new("", PlotPoints::from(corners.to_vec()))
                .fill_color(color)
                .stroke(Stroke::NONE);
            plot.polygon(cell.allow_hover(false));
        }
        let centre = Points::new("", vec![[0.0, 0.0]]).radius(4.0);
        plot.points(centre.color(cx.palette.here).allow_hover(false));
        plot.pointer_coordinate()
    });
    let seen = map.ratio.iter().copied().filter(|r| r.is_finite());
    let (low, high) = seen.fold((f64::MAX, 0.0_f64), |(l, h), r| (l.min(r), h.max(r)));
    plots::named(
        &response.response,
        "How convex the plane is",
        &format!("from {} to {}", format_value(low), format_value(high)),
    );
    if let (Some(at), true) = (response.inner, response.response.hovered())
        && let Some(index) = nearest(map, at.x, at.y, (hx, hy))
        && map.computed[index]
    {
        plots::beside_pointer(
            ui,
            &format!(
                "({}, {})\n|λ_min/λ_max| = {}\nλ_max = {}\nλ_min = {}",
                format_value(map.x[index % nx]),
                format_value(map.y[index / nx]),
                format_value(map.ratio[index]),
                format_value(map.largest[index]),
                format_value(map.smallest[index])
            ),
        );
    }
}

/// The cell around a place.
fn nearest(map: &ConvexityMap, x: f64, y: f64, (hx, hy): (f64, f64)) -> Option<usize> {
    let within = |v: &[f64], at: f64, half: f64| v.iter().position(|c| (c - at).abs() <= half);
    let column = within(&map.x, x, hx)?;
    Some(within(&map.y, y, hy)? * map.x.len() + column)
}

/// The map as tables with its picture; none before there is one.
fn tables(header: Header, alpha: f64, news: &Snapshot) -> Option<Tables> {
    let (_, map) = known(news, alpha)?;
    let (nx, ny) = (map.x.len(), map.y.len());
    let at = |of: fn(&ConvexityMap, usize) -> f64| (0..nx * ny).map(|i| of(map, i)).collect();
    let places = vec![
        ("x", Column::Floats(at(|map, i| map.x[i % map.x.len()]))),
        ("y", Column::Floats(at(|map, i| map.y[i / map.x.len()]))),
    ];
    let columns = vec![
        ("ratio", Column::Floats(map.ratio.clone())),
        ("lambda_max", Column::Floats(map.largest.clone())),
        ("lambda_min", Column::Floats(map.smallest.clone())),
        ("computed", Column::Flags(map.computed.clone())),
    ];
    let axes = vec![("x", map.x.clone()), ("y", map.y.clone())];
    let (said, drawn) = (header.clone(), map.clone());
    let picture = move |options: &FigureOptions| {
        let [x_label, y_label] = drawn.axes.clone();
        let own = format!(
            "|λ_min/λ_max| of the whole Hessian, training samples, by Lanczos to a relative residual of {}; near 0 there is next to no negative curvature (Li et al. 2018, figure 7); normalisation statistics of the centre",
            number::power(drawn.tolerance)
        );
        let usual = || {
            let alpha = number::alpha(alpha);
            format!("How convex the plane around θ(α) is, α = {alpha}")
        };
        ContourFigure {
            x: drawn.x.clone(),
            y: drawn.y.clone(),
            values: drawn.ratio.clone(),
            computed: drawn.computed.clone(),
            quantity: "|λ_min/λ_max|".into(),
            range: Some((0.0, 1.0)),
            levels: Levels::Auto(7),
            colormap: options.colormap,
            x_label,
            y_label,
            markers: vec![Marker::default()],
            title: options.title.clone().unwrap_or_else(usual),
            caption: options.small_print(caption::around(&said, vec![own])),
            width_mm: options.width,
            ..ContourFigure::default()
        }
        .svg()
    };
    let tables = Tables::new("convexity", header, Arc::new(picture));
    Some(tables.with_grid("map", axes, columns, (places, vec![ny, nx])))
}
