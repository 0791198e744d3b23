//! The line between the minimizers: loss and accuracy along α (Keskar et al. 2017, figure 3).
//!
//! The pointer moves α wherever it drags in the plot; panning is the right button's.

use super::curves::{self, Handle};
use super::{Context, empty_ui};
use crate::app::state::ALPHA_RANGE;
use crate::engine::result::{Numbers, Outcome};
use crate::landscape::table::Column;
use crate::plot::number::format_value;
use crate::plot::scale::{Scale, finite_range};
use eframe::egui::{self, Color32, RichText, Ui};
use egui_plot::{
    AxisHints, Line, LineStyle, Plot, PlotPoint, PlotPoints, PlotTransform, Points, Text, VLine,
};

/// What the view keeps between frames.
#[derive(Default)]
pub struct Cache {
    reset: u64,
    handle: Handle,
}

const HELP: &str = "Drag or click to move α, wheel to zoom, right drag to pan, double click to see everything. Accuracies are read from the right axis";
const LOG_HELP: &str =
    "Losses on a logarithmic axis, which shows the basins; linear shows the height of the barrier";

/// Draws the view.
pub fn line_ui(ui: &mut Ui, cache: &mut Cache, cx: &mut Context<'_>) {
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
    ui.horizontal(|ui| {
        ui.checkbox(&mut cx.state.look.log_line, "Logarithmic loss")
            .on_hover_text(LOG_HELP);
        ui.label("?").on_hover_text(HELP);
        curves::key(ui, "loss", cx.palette.loss, false);
        curves::key(ui, "accuracy", cx.palette.accuracy, false);
        let both = matches!(&outcome.numbers, Numbers::Line(l) if l.table.validation.is_some() && l.table.train.is_some());
        if both {
            curves::key(ui, "training", cx.palette.weak, false);
            curves::key(ui, "validation", cx.palette.weak, true);
        }
        let barriers: Vec<String> = outcome
            .recipe
            .barriers
            .iter()
            .filter(|(_, b)| b.height.is_finite() && b.height > 0.0)
            .map(|(split, b)| {
                format!(
                    "{split} barrier {} nats at α = {}",
                    format_value(b.height),
                    format_value(b.alpha)
                )
            })
            .collect();
        let words = match (outcome.missing(), barriers.is_empty()) {
            (0, true) => "no barrier between the minimizers".to_owned(),
            (0, false) => barriers.join(", "),
            (missing, _) => format!("{missing} points still to come"),
        };
        ui.add(egui::Label::new(RichText::new(words).color(cx.palette.weak)).truncate())
            .on_hover_text("The largest excess of the loss over the straight chord between both minimizers, for α in 0 to 1");
    });
}

/// Accuracies share the plot: 0 to 1 are mapped to the losses' range.
#[derive(Clone, Copy)]
struct Mapping {
    scale: Scale,
    low: f64,
    high: f64,
}

impl Mapping {
    fn of(columns: &[&Column], log: bool) -> Option<Self> {
        let scale = if log { Scale::Log } else { Scale::Linear };
        let all = columns.iter().flat_map(|c| c.loss.iter().copied());
        let (low, high) = finite_range(all.map(|v| scale.forward(v)))?;
        let margin = 0.04 * (high - low).max(1e-9);
        Some(Self {
            scale,
            low: low - margin,
            high: high + margin,
        })
    }

    fn loss(self, value: f64) -> f64 {
        self.scale.forward(value)
    }

    fn accuracy(self, value: f64) -> f64 {
        self.low + value * (self.high - self.low)
    }

    /// Above all curves, with room for the names of the minimizers.
    fn top(self) -> f64 {
        self.accuracy(1.13)
    }
}

fn plot_ui(ui: &mut Ui, cache: &mut Cache, cx: &mut Context<'_>, outcome: &Outcome) {
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
    let Some(mapping) = Mapping::of(&plain, cx.state.look.log_line) else {
        let words = if outcome.missing() > 0 {
            "The line between the minimizers is on its way…"
        } else {
            "No point of the line has a finite loss"
        };
        empty_ui(ui, cx.palette, words);
        return;
    };
    let palette = cx.palette;
    let scale = mapping.scale;
    let reset = std::mem::replace(&mut cache.reset, cx.reset) != cx.reset;
    let mut plot = Plot::new("line")
        .custom_y_axes(vec![
            AxisHints::new_y()
                .label("Loss (nats)")
                .formatter(move |mark, _| format_value(scale.inverse(mark.value))),
        ])
        .y_grid_spacer(move |input| curves::marks(scale, input.bounds))
        .x_axis_label("α")
        .label_formatter(move |_| None)
        .show_background(false)
        .grid_color(cx.palette.line)
        .show_crosshair(false)
        .pan_pointer_button(egui::PointerButton::Secondary)
        .allow_boxed_zoom(false)
        .include_x(-1.0)
        .include_x(2.0)
        .include_y(mapping.low)
        .include_y(mapping.top())
        .set_margin_fraction(egui::Vec2::ZERO)
        .y_axis_min_width(40.0);
    if reset {
        plot = plot.reset();
    }
    // Another scale is another plot: its zoom would make no sense here.
    plot = plot.id(ui.scope_id().with(("line", scale == Scale::Log)));
    let alpha = cx.state.wish.alpha;
    let shown = cx.news.point.as_ref().filter(|p| p.alpha == alpha);
    let response = plot.show(ui, |plot| {
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
                ("accuracy", palette.accuracy, &column.accuracy),
            ] {
                let points: Vec<[f64; 2]> = line
                    .alpha
                    .iter()
                    .zip(values)
                    .map(|(&a, &v)| {
                        let y = if what == "loss" {
                            mapping.loss(v)
                        } else {
                            mapping.accuracy(v)
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
                plot.points(dot(mapping.loss(m.loss), palette.loss));
                plot.points(dot(mapping.accuracy(m.accuracy), palette.accuracy));
            }
        }
        plot.pointer_coordinate().map(|p| p.x)
    });
    percents(ui, &response.transform, mapping, palette.accuracy);
    curves::named(
        &response.response,
        "Line between the minimizers; α",
        &format_value(alpha),
    );
    if let Some(moved) = cache.handle.moved(&response.response, response.inner) {
        cx.state
            .set_alpha(moved.clamp(*ALPHA_RANGE.start(), *ALPHA_RANGE.end()));
    }
    cx.state.wish.dragging |= cache.handle.dragging();
    if response.response.has_focus() {
        let step = curves::arrow(ui, 0.02);
        if step != 0.0 {
            cx.state.set_alpha(alpha + step);
        }
    }
    if let (Some(at), false) = (response.inner, cache.handle.dragging()) {
        readout(ui, &response.response, at, line.alpha.as_slice(), &columns);
    }
}

/// Accuracies in per cent along the right edge: the second axis of the plot.
fn percents(ui: &Ui, transform: &PlotTransform, mapping: Mapping, color: Color32) {
    let frame = transform.frame();
    let painter = ui.painter().with_clip_rect(*frame);
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let y = transform.position_from_point_y(mapping.accuracy(share));
        let tick = egui::Stroke::new(1.0, color);
        painter.hline(frame.right() - 4.0..=frame.right(), y, tick);
        let align = match share {
            0.0 => egui::Align2::RIGHT_BOTTOM,
            1.0 => egui::Align2::RIGHT_TOP,
            _ => egui::Align2::RIGHT_CENTER,
        };
        let at = egui::pos2(frame.right() - 7.0, y);
        painter.text(
            at,
            align,
            percent(share),
            egui::FontId::proportional(10.5),
            color,
        );
    }
}

/// The computed values nearest to the pointer, beside it.
fn readout(
    ui: &Ui,
    response: &egui::Response,
    at: f64,
    alpha: &[f64],
    columns: &[(&str, LineStyle, &Column)],
) {
    if !response.hovered() {
        return;
    }
    let nearest = (0..alpha.len()).min_by(|&a, &b| {
        let away = |i: usize| (alpha[i] - at).abs();
        away(a).total_cmp(&away(b))
    });
    let Some(index) = nearest else { return };
    let mut words = format!("α = {}", format_value(alpha[index]));
    for (name, _, column) in columns {
        words.push_str(&format!(
            "\n{name}: {} nats, {}",
            format_value(column.loss[index]),
            percent(column.accuracy[index])
        ));
    }
    curves::beside_pointer(ui, &words);
}

fn percent(share: f64) -> String {
    if (-0.001..=1.001).contains(&share) {
        format!("{:.0} %", 100.0 * share)
    } else if share.is_nan() {
        "–".into()
    } else {
        String::new()
    }
}
