//! The deck: the two sliders the program is named for, with what they do to loss and sharpness.

use super::command::Command;
use super::state::{ALPHA_RANGE, EPSILON_RANGE, State};
use super::theme::{self, Palette};
use crate::engine::live::{SharpnessCurve, Snapshot};
use crate::plot::number::format_value;
use eframe::egui::{
    self, Align, Align2, Color32, DragValue, FontId, Label, Layout, Pos2, Rect, Response, RichText,
    Sense, Slider, Stroke, TextStyle, TextWrapMode, Ui, Vec2, WidgetText,
};

const ALPHA_HELP: &str = "Where on the line through both minimizers we stand: θ(α) = (1 − α) θ_small + α θ_large (Keskar et al. 2017).\n0 is the small-batch minimizer, 1 the large-batch minimizer.\nDrag, scroll, use the arrow keys, or type a value.";
const EPSILON_HELP: &str = "How large a neighbourhood counts: every weight may move by ε (|w| + 1) (Keskar et al. 2017, metric 2.1). The paper's values are 1e-3 and 5e-4.\nDrag, scroll, use the arrow keys, or type a value.";
const PHI_HELP: &str = "φ(ε) = 100 · (max f − f) / (1 + f): by how many per cent the loss can grow within the neighbourhood (Keskar et al. 2017, metric 2.1).\nA lower bound, found by sign-gradient ascent. It depends on how the network is parametrised (Dinh et al. 2017) and predicts generalisation poorly in modern settings (Andriushchenko et al. 2023).";

/// Draws the deck.
pub fn deck_ui(
    ui: &mut Ui,
    state: &mut State,
    news: &Snapshot,
    palette: &Palette,
    _commands: &mut Vec<Command>,
) {
    ui.add_space(6.0);
    ui.columns(2, |columns| {
        let [left, right] = columns else { return };
        alpha_ui(left, state, news, palette);
        epsilon_ui(right, state, news, palette);
    });
    ui.add_space(6.0);
}

/// A large number under a small name, on the next row where this one has no room for it.
fn readout_ui(ui: &mut Ui, name: &str, value: Option<String>, color: Color32, help: &str) {
    let value = value.unwrap_or_else(|| "–".to_owned());
    let lines = [
        RichText::new(name).small().weak(),
        RichText::new(value).font(theme::readout()).color(color),
    ];
    let unbroken = Some(TextWrapMode::Extend);
    let sizes = lines.clone().map(|line| {
        let line = WidgetText::from(line);
        let galley = line.into_galley(ui, unbroken, f32::INFINITY, TextStyle::Body);
        galley.size()
    });
    let size = Vec2::new(sizes[0].x.max(sizes[1].x), sizes[0].y + sizes[1].y);
    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for line in lines {
            ui.add(Label::new(line).extend());
        }
    })
    .response
    .on_hover_text(help);
}

fn alpha_ui(ui: &mut Ui, state: &mut State, news: &Snapshot, palette: &Palette) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("α").heading().color(palette.here))
            .on_hover_text(ALPHA_HELP);
        let mut alpha = state.wish.alpha;
        let enabled = state.wish.large.is_some();
        let field = DragValue::new(&mut alpha)
            .speed(0.005)
            .range(ALPHA_RANGE)
            .max_decimals(3);
        let response = ui.add_enabled(enabled, field);
        named(&response, "α, typed");
        if response.changed() {
            state.set_alpha(alpha);
        }
        state.wish.dragging |= response.dragged();
        ui.add_space(12.0);
        let point = news
            .point
            .as_ref()
            .filter(|p| p.alpha == state.wish.alpha)
            .map(|p| p.metrics.clone())
            .or_else(|| {
                let facts = news.experiment.as_ref()?;
                (!enabled).then(|| facts.small.clone())
            })
            .unwrap_or_default();
        let splits = news.experiment.as_ref().map_or((true, true), |e| e.splits);
        let mut metrics = point.into_iter();
        for (split, there) in [("training", splits.0), ("validation", splits.1)] {
            if !there {
                continue;
            }
            let m = metrics.next();
            readout_ui(
                ui,
                &format!("{split} loss"),
                m.map(|m| format_value(m.loss)),
                palette.text,
                "Mean loss at θ(α) over all samples of the split, in nats",
            );
            ui.add_space(8.0);
            readout_ui(
                ui,
                &format!("{split} accuracy"),
                m.map(|m| format!("{:.2} %", 100.0 * m.accuracy)),
                palette.text,
                "Share of right answers at θ(α) over all samples of the split",
            );
            ui.add_space(8.0);
        }
    });
    let marks = [
        (-1.0, "−1", palette.weak),
        (0.0, "small batch", palette.small),
        (0.5, "½", palette.weak),
        (1.0, "large batch", palette.large),
        (2.0, "2", palette.weak),
    ];
    let enabled = state.wish.large.is_some();
    let mut alpha = state.wish.alpha;
    let response = slider_ui(ui, enabled, &mut alpha, ALPHA_RANGE, false, &marks, palette);
    named(&response, "α slider");
    let response = response.on_hover_text(ALPHA_HELP);
    if let Some(steps) = wheel(ui, &response) {
        state.set_alpha(state.wish.alpha + 0.02 * steps);
    } else if response.changed() {
        state.set_alpha(alpha);
    }
    state.wish.dragging |= response.dragged();
}

fn epsilon_ui(ui: &mut Ui, state: &mut State, news: &Snapshot, palette: &Palette) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("ε").heading().color(palette.here))
            .on_hover_text(EPSILON_HELP);
        let mut epsilon = state.wish.epsilon;
        let speed = epsilon * 0.01;
        let field = DragValue::new(&mut epsilon)
            .speed(speed)
            .range(EPSILON_RANGE)
            .custom_formatter(|v, _| scientific(v))
            .custom_parser(|text| text.trim().replace('−', "-").parse().ok());
        let response = ui.add(field);
        named(&response, "ε, typed");
        if response.changed() {
            state.set_epsilon(epsilon);
        }
        state.wish.dragging |= response.dragged();
        ui.add_space(12.0);
        let (alpha, epsilon) = (state.wish.alpha, state.wish.epsilon);
        let at = |alpha: f64, curve: Option<&SharpnessCurve>| {
            news.confirmed(alpha, epsilon)
                .or_else(|| curve.and_then(|c| c.at(epsilon)))
        };
        let sharpness = &news.sharpness;
        let small = at(0.0, sharpness.small.as_deref());
        let large = at(1.0, sharpness.large.as_deref());
        let here = at(
            alpha,
            sharpness.here.as_deref().filter(|c| c.alpha == alpha),
        );
        let shown = |v: Option<f64>| v.map(format_value);
        readout_ui(ui, "φ small batch", shown(small), palette.small, PHI_HELP);
        ui.add_space(8.0);
        if state.wish.large.is_some() {
            readout_ui(ui, "φ at θ(α)", shown(here), palette.here, PHI_HELP);
            ui.add_space(8.0);
            readout_ui(ui, "φ large batch", shown(large), palette.large, PHI_HELP);
            ui.add_space(8.0);
            let ratio = small
                .zip(large)
                .filter(|(small, _)| *small > 0.0)
                .map(|(small, large)| format!("× {}", format_value(large / small)));
            let help = "How many times sharper the large-batch minimizer is. Keskar et al. 2017 find one to two orders of magnitude at ε = 1e-3.";
            readout_ui(ui, "large / small", ratio, palette.text, help);
        }
    });
    let tick = |e: f64, name: &'static str| (e, name, palette.weak);
    let marks = [
        tick(1e-5, "1e−5"),
        tick(1e-4, "1e−4"),
        tick(5e-4, ""),
        tick(1e-3, "1e−3"),
        tick(1e-2, "1e−2"),
        tick(1e-1, "1e−1"),
    ];
    let mut epsilon = state.wish.epsilon;
    let response = slider_ui(ui, true, &mut epsilon, EPSILON_RANGE, true, &marks, palette);
    named(&response, "ε slider");
    let response = response.on_hover_text(EPSILON_HELP);
    if let Some(steps) = wheel(ui, &response) {
        state.set_epsilon(state.wish.epsilon * 1.1_f64.powf(steps));
    } else if response.changed() {
        state.set_epsilon(epsilon);
    }
    state.wish.dragging |= response.dragged();
}

/// ε as people write it: 5e-4.
pub fn scientific(value: f64) -> String {
    let exponent = value.abs().log10().floor() as i32;
    let mantissa = value / 10_f64.powi(exponent);
    let digits = format!("{mantissa:.2}");
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    format!("{digits}e{exponent}")
}

/// A name for a screen reader.
fn named(response: &Response, name: &str) {
    let (enabled, name) = (response.enabled(), name.to_owned());
    response.widget_info(move || egui::WidgetInfo::labeled(egui::Role::Slider, enabled, &name));
}

/// Notches of the wheel over a slider, which then doesn't scroll anything else.
fn wheel(ui: &Ui, response: &Response) -> Option<f64> {
    if !response.hovered() || !response.enabled() {
        return None;
    }
    let scrolled = ui.input(|i| i.smooth_scroll_delta().y);
    (scrolled != 0.0).then(|| f64::from(scrolled) / 24.0)
}

/// A slider over the whole width, with named marks below it.
fn slider_ui(
    ui: &mut Ui,
    enabled: bool,
    value: &mut f64,
    range: std::ops::RangeInclusive<f64>,
    logarithmic: bool,
    marks: &[(f64, &str, Color32)],
    palette: &Palette,
) -> Response {
    let width = ui.available_width();
    ui.spacing_mut().slider_width = width;
    theme::slider_colours(ui, palette);
    let position = |v: f64| {
        let (lo, hi) = (*range.start(), *range.end());
        if logarithmic {
            (v / lo).ln() / (hi / lo).ln()
        } else {
            (v - lo) / (hi - lo)
        }
    };
    let slider = Slider::new(value, range.clone())
        .logarithmic(logarithmic)
        .smallest_positive(*range.start())
        .show_value(false)
        .step_by(if logarithmic { 0.0 } else { 0.005 });
    let response = ui.add_enabled(enabled, slider);
    let (strip, _) = ui.allocate_exact_size(Vec2::new(width, 14.0), Sense::hover());
    let rect = response.rect;
    let knob = rect.height() / 2.5;
    let rail = Rect::from_x_y_ranges(rect.left() + knob..=rect.right() - knob, rect.y_range());
    let painter = ui.painter();
    let last = marks.len().saturating_sub(1);
    for (index, (at, name, color)) in marks.iter().enumerate() {
        let x = rail.left() + position(*at) as f32 * rail.width();
        let stroke = Stroke::new(1.5, *color);
        let top = Pos2::new(x, strip.top() - 5.0);
        painter.line_segment([top, top + Vec2::new(0.0, 4.0)], stroke);
        let align = match index {
            0 => Align2::LEFT_TOP,
            i if i == last => Align2::RIGHT_TOP,
            _ => Align2::CENTER_TOP,
        };
        let x = match index {
            0 => rect.left(),
            i if i == last => rect.right(),
            _ => x,
        };
        let ink = if enabled { *color } else { palette.weak };
        painter.text(
            Pos2::new(x, strip.top()),
            align,
            name,
            FontId::proportional(11.0),
            ink,
        );
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epsilon_is_written_as_people_write_it() {
        for (value, text) in [
            (1e-3, "1e-3"),
            (5e-4, "5e-4"),
            (1.23e-2, "1.23e-2"),
            (0.1, "1e-1"),
        ] {
            assert_eq!(scientific(value), text);
        }
    }
}
