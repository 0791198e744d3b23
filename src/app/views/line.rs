//! The line between the minimizers: loss and accuracy along α (Keskar et al. 2017, figure 3).
//!
//! The pointer moves α wherever it drags in the plot; panning is the right button's.

use super::curves::{self, Handle};
use super::{Context, Home, View, empty_ui};
use crate::app::export::commands;
use crate::app::export::forms::{self, Form};
use crate::app::export::source::{self, Content, nothing};
use crate::app::keys;
use crate::app::paint::line_axes::{Mapping, beyond, shares};
use crate::app::state::{ALPHA_RANGE, State};
use crate::engine::job::Job;
use crate::engine::live::Snapshot;
use crate::engine::result::{Numbers, Outcome};
use crate::error::Result;
use crate::landscape::table::Column;
use crate::model::losses::Score;
use crate::plot::figure::with_unit;
use crate::plot::number::{self, format_value};
use crate::plot::scale::Scale;
use eframe::egui::{self, Color32, RichText, Ui};
use egui_plot::{AxisHints, Line, LineStyle, Plot, PlotPoint, PlotPoints, Points, Text, VLine};

/// What the view keeps between frames.
#[derive(Default)]
pub struct LineView {
    reset: u64,
    handle: Handle,
    /// The scale of the plot that was last shown.
    scale: Option<Scale>,
}

const HELP: &str = "Drag or click to move α, wheel to zoom, right drag to pan, double click to go back. The axis fits the losses between the minimizers; arrows at the edge say how far they go outside. Accuracies are read from the right axis";
const LOG_HELP: &str =
    "Losses on a logarithmic axis, which shows the basins; linear shows the height of the barrier";

const BARRIER_HELP: &str = "The largest excess of the loss over the straight chord between both minimizers, for α in 0 to 1";

impl View for LineView {
    fn name(&self) -> &'static str {
        "Line"
    }

    fn home(&self) -> Home {
        Home::BottomLeft
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        line_ui(ui, self, cx);
    }

    fn forms(&self) -> &'static [Form] {
        forms::OF_LINES
    }

    fn why_not(&self, state: &State) -> Option<&'static str> {
        forms::of_both(state)
    }

    fn artifact(&self, _state: &State, news: &Snapshot) -> Result<Content> {
        let line = news.line.as_ref().ok_or_else(nothing)?;
        Ok(Content::of(Outcome::clone(line)))
    }

    fn command(&self, state: &State) -> Option<String> {
        let job = Job::from(state.wish.line_job()?);
        let options = source::options(&state.look);
        Some(commands::of_job(&job, &options, "line.png"))
    }
}

fn line_ui(ui: &mut Ui, cache: &mut LineView, cx: &mut Context<'_>) {
    let Some(outcome) = cx.news.line.clone() else {
        let words = if cx.state.wish.large.is_none() {
            "A line takes two minimizers: open a second checkpoint as the large batch"
        } else if let Some(failure) = &cx.news.failure {
            &failure.message
        } else {
            "The line between the minimizers is on its way…"
        };
        empty_ui(ui, cx.palette, words);
        return;
    };
    header_ui(ui, cx, &outcome);
    plot_ui(ui, cache, cx, &outcome);
}

fn header_ui(ui: &mut Ui, cx: &mut Context<'_>, outcome: &Outcome) {
    let score = outcome.header.model.criterion.score();
    curves::header(ui, |ui| {
        let words = if ui.available_width() < 420.0 {
            "Log"
        } else {
            "Logarithmic loss"
        };
        ui.checkbox(&mut cx.state.look.log_line, words)
            .on_hover_text(LOG_HELP);
        ui.label("?").on_hover_text(HELP);
        curves::key(ui, "loss", cx.palette.loss, false);
        curves::key(ui, score.name(), cx.palette.accuracy, false);
        let both = matches!(&outcome.numbers, Numbers::Line(l) if l.table.validation.is_some() && l.table.train.is_some());
        if both {
            curves::key(ui, "training", cx.palette.weak, false);
            curves::key(ui, "validation", cx.palette.weak, true);
        }
        let barriers: Vec<String> = outcome
            .header
            .barriers
            .iter()
            .filter(|(_, b)| b.height.is_finite() && b.height > 0.0)
            .map(|(split, b)| {
                format!(
                    "{split} barrier {} at α = {}",
                    score.of_loss(&format_value(b.height)),
                    number::alpha(b.alpha)
                )
            })
            .collect();
        let words = match (outcome.missing(), barriers.is_empty()) {
            (0, true) => "no barrier between the minimizers".to_owned(),
            (0, false) => barriers.join(", "),
            (missing, _) => format!("{missing} points still to come"),
        };
        let words = RichText::new(words).color(cx.palette.weak);
        curves::rest(ui, words, BARRIER_HELP);
    });
}

fn plot_ui(ui: &mut Ui, cache: &mut LineView, cx: &mut Context<'_>, outcome: &Outcome) {
    let Numbers::Line(line) = &outcome.numbers else {
        return;
    };
    let columns: Vec<(&str, LineStyle, &Column)> = [
        ("training", LineStyle::Solid, &line.table.train),
        (
            "validation",
            LineStyle::dashed_loose(),
            &line.table.validation,
        ),
    ]
    .into_iter()
    .filter_map(|(name, style, column)| Some((name, style, column.as_ref()?)))
    .collect();
    let plain: Vec<&Column> = columns.iter().map(|(_, _, c)| *c).collect();
    let Some(mapping) = Mapping::of(&line.alpha, &plain, cx.state.look.log_line) else {
        let words = if outcome.missing() > 0 {
            "The line between the minimizers is on its way…"
        } else {
            "No point of the line has a finite loss"
        };
        empty_ui(ui, cx.palette, words);
        return;
    };
    let palette = cx.palette;
    let score = line.table.score;
    let scale = mapping.scale;
    let reset = std::mem::replace(&mut cache.reset, cx.reset) != cx.reset;
    // Another scale is another plot: its zoom would make no sense here.
    let another = cache.scale.replace(scale) != Some(scale);
    let anew = reset || another;
    let mut plot = Plot::new("line")
        .custom_y_axes(vec![curves::scaled(
            AxisHints::new_y(),
            with_unit("Loss", score.loss_unit()),
            scale,
        )])
        .custom_x_axes(vec![curves::linear(AxisHints::new_x(), "α")])
        .x_grid_spacer(|input| curves::across(Scale::Linear, &input))
        .y_grid_spacer(move |input| curves::up(scale, &input))
        .label_formatter(move |_| None)
        .show_background(false)
        .grid_color(cx.palette.line)
        .show_crosshair(false)
        .pan_pointer_button(egui::PointerButton::Secondary)
        .allow_boxed_zoom(false)
        .include_x(-1.0)
        .include_x(2.0)
        .default_y_bounds(mapping.low, mapping.top())
        .set_margin_fraction(egui::Vec2::ZERO)
        // The number at the end of the axis stands half beyond it.
        .width(ui.available_width() - 6.0)
        .y_axis_min_width(40.0);
    if reset {
        plot = plot.reset();
    }
    plot = plot.id(ui.scope_id().with(("line", scale == Scale::Log)));
    let alpha = cx.state.wish.alpha;
    let shown = cx.news.point.as_ref().filter(|p| p.alpha == alpha);
    let response = plot.show(ui, |plot| {
        if anew {
            // From here on the axes follow their ranges, until a hand moves them.
            plot.set_auto_bounds(true);
        }
        let ends = [
            (0.0, "small batch", palette.small),
            (1.0, "large batch", palette.large),
        ];
        let top = plot.plot_bounds().max()[1];
        for (at, name, color) in ends {
            let line = VLine::new("", at)
                .color(color.gamma_multiply(0.55))
                .width(1.0);
            plot.vline(line.style(LineStyle::dotted_dense()).allow_hover(false));
            let words = RichText::new(name).small().color(color);
            let place = PlotPoint::new(at, top);
            plot.text(Text::new("", place, words).anchor(egui::Align2::LEFT_TOP));
        }
        for (name, style, column) in &columns {
            for (what, color, values) in [
                ("loss", palette.loss, &column.loss),
                (score.name(), palette.accuracy, &column.score),
            ] {
                let points: Vec<[f64; 2]> = line
                    .alpha
                    .iter()
                    .zip(values)
                    .map(|(&a, &v)| {
                        let y = if what == "loss" {
                            mapping.held(mapping.loss(v))
                        } else {
                            mapping.score(v)
                        };
                        [a, y]
                    })
                    .filter(|[_, y]| y.is_finite())
                    .collect();
                let line = Line::new(format!("{name} {what}"), PlotPoints::from(points))
                    .color(color)
                    .width(1.8)
                    .style(*style)
                    .allow_hover(false);
                plot.line(line);
            }
        }
        plot.vline(
            VLine::new("", alpha)
                .color(palette.here)
                .width(2.0)
                .allow_hover(false),
        );
        if let Some(point) = shown {
            for (m, _) in point.metrics.iter().zip(&columns) {
                let dot = |y: f64, color: Color32| {
                    Points::new("", vec![[alpha, y]])
                        .radius(4.0)
                        .color(color)
                        .allow_hover(false)
                };
                plot.points(dot(mapping.held(mapping.loss(m.loss)), palette.loss));
                plot.points(dot(mapping.score(m.score), palette.accuracy));
            }
        }
        plot.pointer_coordinate().map(|p| p.x)
    });
    shares(ui, &response.transform, mapping, palette.accuracy, score);
    let losses: Vec<&[f64]> = plain.iter().map(|c| c.loss.as_slice()).collect();
    beyond(
        ui,
        &response.transform,
        (mapping, palette.loss),
        &line.alpha,
        &losses,
    );
    curves::named(
        &response.response,
        "Line between the minimizers; α",
        &number::alpha(alpha),
    );
    if let Some(moved) = cache.handle.moved(&response.response, response.inner) {
        cx.state
            .set_alpha(moved.clamp(*ALPHA_RANGE.start(), *ALPHA_RANGE.end()));
    }
    cx.state.wish.dragging |= cache.handle.dragging();
    if let Some(by) = keys::moved(ui, response.response.id) {
        keys::move_alpha(cx.state, by);
    }
    if let (Some(at), false) = (response.inner, cache.handle.dragging()) {
        let bounds = response.transform.bounds();
        let loss = |value: f64| curves::reading(scale, bounds, value);
        let values = (line.alpha.as_slice(), score);
        readout(ui, &response.response, at, values, &columns, loss);
    }
}

/// The computed values nearest to the pointer, beside it.
fn readout(
    ui: &Ui,
    response: &egui::Response,
    at: f64,
    (alpha, score): (&[f64], Score),
    columns: &[(&str, LineStyle, &Column)],
    loss: impl Fn(f64) -> String,
) {
    if !response.hovered() {
        return;
    }
    let nearest = (0..alpha.len()).min_by(|&a, &b| {
        let away = |i: usize| (alpha[i] - at).abs();
        away(a).total_cmp(&away(b))
    });
    let Some(index) = nearest else { return };
    let mut words = format!("α = {}", number::alpha(alpha[index]));
    for (name, _, column) in columns {
        words.push_str(&format!(
            "\n{name}: {}, {} {}",
            score.of_loss(&loss(column.loss[index])),
            score.name(),
            number::score(score, column.score[index])
        ));
    }
    curves::beside_pointer(ui, &words);
}
