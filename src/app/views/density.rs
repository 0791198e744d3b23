//! The spectral density: how the eigenvalues of the Hessian are spread, at both minimizers and at θ(α).

use super::curves as plots;
use super::{Context, Home, Needs, View, empty_ui};
use crate::app::export::forms::{self, Form};
use crate::app::export::source::{self, header, nothing};
use crate::app::paint::wanted::wanted_ui;
use crate::app::state::State;
use crate::engine::header::Header;
use crate::engine::live::{Found, MeasureNews, Quantity, Snapshot};
use crate::error::Result;
use crate::export::artifact::Tables;
use crate::export::caption;
use crate::export::curves::{self, Spectral};
use crate::export::figure::FigureOptions;
use crate::export::npz::Column;
use crate::landscape::curvature::density::Density;
use crate::landscape::curvature::lanczos::Eigenvalues;
use crate::plot::colormap;
use crate::plot::number::{self, format_value, percent_to};
use crate::plot::scale::Scale;
use eframe::egui::{self, Color32, RichText, Ui};
use egui_plot::{AxisHints, Line, Plot, PlotPoints, Points};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the view keeps between frames.
#[derive(Default)]
pub struct DensityView {
    reset: u64,
    drawn: Vec<Drawn>,
}

/// A curve made of quadrature nodes, which takes milliseconds.
struct Drawn {
    alpha: f64,
    products: usize,
    made: Instant,
    points: Vec<[f64; 2]>,
}

/// One point of the line with a density.
pub struct Shown<'a> {
    /// "small batch".
    pub name: &'static str,
    /// Where.
    pub alpha: f64,
    /// How far it is.
    pub news: &'a MeasureNews,
    /// What is known.
    pub density: &'a Density,
}

const HELP: &str = "How many of the Hessian's eigenvalues lie where, as a density of mass 1 on a logarithmic scale: a few large ones stand apart from a bulk about zero (Sagun et al. 2017).\nStochastic Lanczos quadrature: 8 random vectors, 80 exact Hessian-vector products each; every node a narrow Gaussian (Ghorbani et al. 2019). Dots are the eigenvalues that Lanczos found.\nWheel to zoom, right drag to pan, double click to see everything.";

/// Eigenvalues across a curve.
const RESOLUTION: usize = 400;
/// What is this much rarer than the densest isn't shown.
const DECADES: f64 = 8.0;
/// A curve that is still changing is made anew this often.
const EVERY: Duration = Duration::from_millis(300);

impl View for DensityView {
    fn name(&self) -> &'static str {
        "Density"
    }

    fn home(&self) -> Home {
        Home::TopRight
    }

    fn needs(&self) -> Needs {
        Needs {
            measures: &[Quantity::EIGENVALUES, Quantity::DENSITY],
            ..Needs::default()
        }
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        density_ui(ui, self, cx);
    }

    fn forms(&self) -> &'static [Form] {
        forms::OF_POINTS
    }

    fn artifact(&self, state: &State, news: &Snapshot) -> Result<source::Content> {
        let pair = state.wish.large.is_some();
        let complete = shown(state.wish.alpha, pair, news)
            .iter()
            .all(|one| one.news.complete);
        let header = header("density", state, news, complete)?;
        let tables = tables(header, state.wish.alpha, pair, news);
        Ok(source::Content::of(tables.ok_or_else(nothing)?))
    }
}

/// The densities there are: small batch, θ(α), large batch.
fn shown(alpha: f64, pair: bool, news: &Snapshot) -> Vec<Shown<'_>> {
    let mut points = vec![(if pair { "small batch" } else { "checkpoint" }, 0.0)];
    if pair {
        if alpha != 0.0 && alpha != 1.0 {
            points.push(("θ(α)", alpha));
        }
        points.push(("large batch", 1.0));
    }
    let at = |(name, alpha): (&'static str, f64)| {
        let news = news.measure(alpha, Quantity::DENSITY)?;
        match &news.found {
            Some(Found::Density(density)) => Some(Shown {
                name,
                alpha,
                news,
                density,
            }),
            _ => None,
        }
    };
    points.into_iter().filter_map(at).collect()
}

/// Draws the view.
fn density_ui(ui: &mut Ui, cache: &mut DensityView, cx: &mut Context<'_>) {
    let pair = cx.state.wish.large.is_some();
    let alpha = cx.state.wish.alpha;
    let shown = shown(alpha, pair, cx.news);
    if shown.is_empty() {
        let problem = cx
            .news
            .measure(0.0, Quantity::DENSITY)
            .and_then(|m| m.problem.clone());
        let failure = cx.news.failure.as_ref().map(|f| f.message.clone());
        let wanted = cx.state.wish.measures.contains(&Quantity::DENSITY);
        match problem.or(failure) {
            Some(words) => empty_ui(ui, cx.palette, &words),
            None if wanted => {
                empty_ui(ui, cx.palette, "The density of eigenvalues is on its way…");
            }
            None => {
                wanted_ui(ui, &mut cx.state.wish, Quantity::DENSITY);
            }
        }
        return;
    }
    plots::header(ui, |ui| {
        wanted_ui(ui, &mut cx.state.wish, Quantity::DENSITY);
        for one in &shown {
            plots::key(ui, one.name, color_of(one, cx), false);
            if !one.news.complete {
                let (done, total) = one.news.steps;
                let words = percent_to(done as f64 / total.max(1) as f64, 0);
                ui.label(RichText::new(words).small().color(cx.palette.weak));
            }
        }
        ui.label("?").on_hover_text(HELP);
    });
    for one in &shown {
        cache.follow(one);
    }
    let wanted: Vec<f64> = shown.iter().map(|one| one.alpha).collect();
    cache.drawn.retain(|d| wanted.contains(&d.alpha));
    plot_ui(ui, cache, cx, &shown);
}

fn color_of(one: &Shown<'_>, cx: &Context<'_>) -> Color32 {
    match one.name {
        "θ(α)" => cx.palette.here,
        "large batch" => cx.palette.large,
        _ => cx.palette.small,
    }
}

impl DensityView {
    /// Makes the curve anew where there is news, and not too often.
    fn follow(&mut self, one: &Shown<'_>) {
        let products = one.density.products;
        let old = self.drawn.iter().position(|d| d.alpha == one.alpha);
        if let Some(old) = old.map(|i| &self.drawn[i])
            && (old.products == products || old.made.elapsed() < EVERY && !one.news.complete)
        {
            return;
        }
        let width = one.density.width();
        let range = one.density.range(RESOLUTION, width);
        let values = one.density.at(&range, width);
        let logarithm = |(x, v): (&f64, &f64)| [*x, v.log10()];
        let points = range.iter().zip(&values).map(logarithm).collect();
        let drawn = Drawn {
            alpha: one.alpha,
            products,
            made: Instant::now(),
            points,
        };
        match old {
            Some(index) => self.drawn[index] = drawn,
            None => self.drawn.push(drawn),
        }
    }
}

fn plot_ui(ui: &mut Ui, cache: &mut DensityView, cx: &Context<'_>, shown: &[Shown<'_>]) {
    let reset = std::mem::replace(&mut cache.reset, cx.reset) != cx.reset;
    let mut plot = Plot::new("density")
        .custom_y_axes(vec![plots::scaled(
            AxisHints::new_y(),
            "density",
            Scale::Log,
        )])
        .custom_x_axes(vec![plots::linear(AxisHints::new_x(), "eigenvalue λ")])
        .x_grid_spacer(|input| plots::across(Scale::Linear, &input))
        .y_grid_spacer(|input| plots::up(Scale::Log, &input))
        .label_formatter(|_| None)
        .show_background(false)
        .grid_color(cx.palette.line)
        .pan_pointer_button(egui::PointerButton::Secondary)
        .allow_boxed_zoom(false)
        .y_axis_min_width(40.0);
    if reset {
        plot = plot.reset();
    }
    // One floor for all, below which a density counts as none.
    let tops = cache.drawn.iter().flat_map(|d| &d.points);
    let floor = tops.fold(f64::MIN, |m, p| m.max(p[1])) - DECADES;
    let response = plot.show(ui, |plot| {
        for one in shown {
            let color = color_of(one, cx);
            let Some(drawn) = cache.drawn.iter().find(|d| d.alpha == one.alpha) else {
                continue;
            };
            let raised = drawn.points.iter().map(|[x, y]| [*x, y.max(floor)]);
            let line = Line::new(one.name, raised.collect::<PlotPoints>());
            plot.line(line.color(color).width(1.3).allow_hover(false));
            if let Some(found) = eigenvalues(cx.news, one.alpha) {
                let found = found.top.iter().chain([&found.smallest]);
                let dots: Vec<[f64; 2]> = found.map(|pair| [pair.value, floor]).collect();
                let dots = Points::new("", dots).radius(3.0).color(color);
                plot.points(dots.allow_hover(false));
            }
        }
        plot.pointer_coordinate()
    });
    plots::named(
        &response.response,
        "Density of the Hessian's eigenvalues",
        &words(shown),
    );
    if let (Some(at), true) = (response.inner, response.response.hovered()) {
        let mut words = format!("λ = {}", format_value(at.x));
        let bounds = response.transform.bounds();
        for one in shown {
            let value = one.density.at(&[at.x], one.density.width())[0];
            words.push_str(&format!(
                "\n{}: {}",
                one.name,
                plots::reading(Scale::Log, bounds, value)
            ));
        }
        plots::beside_pointer(ui, &words);
    }
}

fn eigenvalues(news: &Snapshot, alpha: f64) -> Option<&Eigenvalues> {
    match news.measure(alpha, Quantity::EIGENVALUES)?.found.as_ref()? {
        Found::Eigenvalues(found) => Some(found),
        _ => None,
    }
}

/// The largest node of each, for a screen reader.
fn words(shown: &[Shown<'_>]) -> String {
    let largest = |one: &Shown<'_>| {
        let node = one.density.nodes.last().map_or(f64::NAN, |n| n[0]);
        let probes = one.density.probes;
        format!(
            "{}: up to λ = {}, {probes} random vectors",
            one.name,
            format_value(node)
        )
    };
    let all: Vec<String> = shown.iter().map(largest).collect();
    all.join("; ")
}

/// What a figure and a file of one density are made of.
struct Kept {
    name: String,
    alpha: f64,
    color: colormap::Rgb,
    density: Density,
    marked: Vec<f64>,
}

/// The densities as tables with their picture; none before there are any.
fn tables(header: Header, alpha: f64, pair: bool, news: &Snapshot) -> Option<Tables> {
    let kept = |one: Shown<'_>| Kept {
        name: if one.name == "θ(α)" {
            format!("θ(α), α = {}", number::alpha(alpha))
        } else {
            one.name.to_owned()
        },
        alpha: one.alpha,
        color: colormap::series(match one.name {
            "θ(α)" => 2,
            "large batch" => 1,
            _ => 0,
        }),
        density: one.density.clone(),
        marked: eigenvalues(news, one.alpha)
            .map(|found| found.top.iter().map(|pair| pair.value).collect())
            .unwrap_or_default(),
    };
    let all: Vec<Kept> = shown(alpha, pair, news).into_iter().map(kept).collect();
    if all.is_empty() {
        return None;
    }
    let nodes = || {
        all.iter()
            .flat_map(|k| k.density.nodes.iter().map(move |node| (k, *node)))
    };
    let columns = vec![
        (
            "point",
            Column::Words(nodes().map(|(k, _)| k.name.clone()).collect()),
        ),
        (
            "alpha",
            Column::Floats(nodes().map(|(k, _)| k.alpha).collect()),
        ),
        (
            "eigenvalue",
            Column::Floats(nodes().map(|(_, n)| n[0]).collect()),
        ),
        (
            "weight",
            Column::Floats(nodes().map(|(_, n)| n[1]).collect()),
        ),
    ];
    let largest = || {
        all.iter()
            .flat_map(|k| k.marked.iter().map(move |value| (k, *value)))
    };
    let top = vec![
        (
            "point",
            Column::Words(largest().map(|(k, _)| k.name.clone()).collect()),
        ),
        (
            "alpha",
            Column::Floats(largest().map(|(k, _)| k.alpha).collect()),
        ),
        (
            "eigenvalue",
            Column::Floats(largest().map(|(_, v)| v).collect()),
        ),
    ];
    let said = header.clone();
    let picture = move |options: &FigureOptions| {
        let spectral = all.iter().map(|kept| Spectral {
            name: kept.name.clone(),
            color: kept.color,
            density: &kept.density,
            marked: kept.marked.clone(),
        });
        let found: Vec<_> = spectral.collect();
        let mut figure = curves::densities(&found, said.model.parameters);
        figure.caption = options.small_print(caption::around(&said, figure.caption));
        figure.title = options.title.clone().unwrap_or(figure.title);
        figure.width_mm = options.width;
        figure.svg()
    };
    let tables = Tables::new("density", header, Arc::new(picture));
    Some(
        tables
            .with("nodes", "node_", columns)
            .with("largest", "largest_", top),
    )
}
