//! The deck: the two sliders the program is named for, with what they do to loss and sharpness.
//!
//! Nothing in it moves while numbers change: every number has the room of its widest value, and
//! explanations open above the deck, never over what a slider changes.

mod readout;

use super::command::Command;
use super::keys::{self, Move};
use super::state::{ALPHA_RANGE, EPSILON_RANGE, State};
use super::theme::{self, Palette};
use crate::engine::live::{SharpnessCurve, Snapshot};
use crate::model::losses::Score;
use crate::plot::number::{self, WIDEST, format_value};
use eframe::egui::{
    self, Color32, DragValue, FontId, Pos2, Rangef, Rect, Response, RichText, Sense, Slider,
    Stroke, Ui, Vec2,
};
pub use readout::LOW;
use readout::{Readout, Style, WIDEST_ALPHA, WIDEST_EPSILON, explain, field, numbers_ui};

const ALPHA_HELP: &str = "Where on the line through both minimizers we stand: θ(α) = (1 − α) θ_small + α θ_large (Keskar et al. 2017).\n0 is the small-batch minimizer, 1 the large-batch minimizer.\nDrag, scroll or type a value; after a click arrow keys move it by 0.01, Shift or Page keys by 0.1, Home and End to its ends.";
const EPSILON_HELP: &str = "How large a neighbourhood counts: every weight may move by ε (|w| + 1) (Keskar et al. 2017, metric 2.1). The paper's values are 10⁻³ and 5×10⁻⁴; 1e-3 can be typed.\nDrag, scroll or type a value; after a click arrow keys move it, Shift or Page keys by half a decade, Home and End to its ends.";
const PHI_HELP: &str = "φ(ε) = 100 · (max f − f) / (1 + f): by how many per cent the loss can grow within the neighbourhood (Keskar et al. 2017, metric 2.1).\nA lower bound, found by sign-gradient ascent. It depends on how the network is parametrised (Dinh et al. 2017) and predicts generalisation poorly in modern settings (Andriushchenko et al. 2023).";
/// Steps of α under a pointer.
const ALPHA_STEP: f64 = 0.005;
const LOSS_HELP: &str =
    "Mean loss at θ(α) over all samples of the split: in nats, or the targets' unit";
const R2_HELP: &str =
    "R² at θ(α): the share of the targets' variance over the split that is explained";
const ACCURACY_HELP: &str = "Share of right answers at θ(α) over all samples of the split";
const RATIO_HELP: &str = "How many times sharper the large-batch minimizer is. Keskar et al. 2017 find one to two orders of magnitude at ε = 10⁻³.";

/// Draws the deck.
pub fn deck_ui(
    ui: &mut Ui,
    state: &mut State,
    news: &Snapshot,
    palette: &Palette,
    _commands: &mut Vec<Command>,
) {
    let shown = [
        at_alpha(state, news, palette),
        at_epsilon(state, news, palette),
    ];
    let low = ui.ctx().content_rect().height() < LOW;
    let style = Style::of(ui, low, &shown);
    let air = if low { 2.0 } else { 6.0 };
    ui.add_space(air);
    ui.columns(2, |columns| {
        let [left, right] = columns else { return };
        half_ui(
            left,
            state,
            &shown[0],
            style,
            palette,
            (alpha_ui, alpha_slider_ui),
        );
        half_ui(
            right,
            state,
            &shown[1],
            style,
            palette,
            (epsilon_ui, epsilon_slider_ui),
        );
    });
    ui.add_space(air);
}

/// Loss and accuracy at θ(α).
fn at_alpha(state: &State, news: &Snapshot, palette: &Palette) -> Vec<Readout> {
    let pair = state.wish.large.is_some();
    let point = news
        .point
        .as_ref()
        .filter(|p| p.alpha == state.wish.alpha)
        .map(|p| p.metrics.clone())
        .or_else(|| {
            let facts = news.experiment.as_ref()?;
            (!pair).then(|| facts.small.clone())
        })
        .unwrap_or_default();
    let splits = news.experiment.as_ref().map_or((true, true), |e| e.splits);
    let score = news.score();
    let mut metrics = point.into_iter();
    let mut shown = Vec::new();
    for (split, there) in [("training", splits.0), ("validation", splits.1)] {
        if !there {
            continue;
        }
        let m = metrics.next();
        shown.push(Readout {
            name: format!("{split} loss"),
            value: m.map(|m| format_value(m.loss)),
            widest: WIDEST,
            color: palette.text,
            help: LOSS_HELP,
        });
        shown.push(Readout {
            name: format!("{split} {}", score.name()),
            value: m.map(|m| number::score(score, m.score)),
            widest: "100.00 %",
            color: palette.text,
            help: match score {
                Score::Accuracy => ACCURACY_HELP,
                Score::R2 => R2_HELP,
            },
        });
    }
    shown
}

/// Sharpness in the box of ε, at both minimizers and at θ(α).
fn at_epsilon(state: &State, news: &Snapshot, palette: &Palette) -> Vec<Readout> {
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
    let phi = |name: &str, value: Option<f64>, color| Readout {
        name: name.to_owned(),
        value: value.map(format_value),
        widest: WIDEST,
        color,
        help: PHI_HELP,
    };
    let mut shown = vec![phi("φ small batch", small, palette.small)];
    if state.wish.large.is_some() {
        shown.push(phi("φ at θ(α)", here, palette.here));
        shown.push(phi("φ large batch", large, palette.large));
        let ratio = small.zip(large).filter(|(small, _)| *small > 0.0);
        shown.push(Readout {
            name: "large / small".to_owned(),
            value: ratio.map(|(small, large)| format!("× {}", format_value(large / small))),
            widest: "× 8.88×10⁸",
            color: palette.text,
            help: RATIO_HELP,
        });
    }
    shown
}

/// A part of a half of the deck.
type Part = fn(&mut Ui, &mut State, &Palette);

/// One half: a value that can be typed, its slider and the numbers it changes.
fn half_ui(
    ui: &mut Ui,
    state: &mut State,
    shown: &[Readout],
    style: Style,
    palette: &Palette,
    (typed, slider): (Part, Part),
) {
    if style.is_flat() {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.horizontal_top(|ui| {
            ui.horizontal(|ui| typed(ui, state, palette));
            ui.vertical(|ui| slider(ui, state, palette));
        });
        numbers_ui(ui, style, shown);
        return;
    }
    ui.horizontal_wrapped(|ui| {
        typed(ui, state, palette);
        numbers_ui(ui, style, shown);
    });
    slider(ui, state, palette);
}

fn alpha_ui(ui: &mut Ui, state: &mut State, palette: &Palette) {
    let enabled = state.wish.large.is_some();
    let name = ui.label(RichText::new("α").heading().color(palette.here));
    explain(ui, &name, ALPHA_HELP);
    let mut alpha = state.wish.alpha;
    let size = Vec2::new(field(ui, WIDEST_ALPHA), ui.spacing().interact_size.y);
    let typed = DragValue::new(&mut alpha)
        .speed(0.005)
        .range(ALPHA_RANGE)
        .custom_formatter(|v, _| number::alpha(v))
        .custom_parser(number::parse)
        .min_size(size);
    let response = ui.add_enabled(enabled, typed);
    named(&response, "α, typed");
    if response.changed() {
        state.set_alpha(alpha);
    }
    state.wish.dragging |= response.dragged();
}

fn alpha_slider_ui(ui: &mut Ui, state: &mut State, palette: &Palette) {
    let enabled = state.wish.large.is_some();
    let mark = |at: f64, name: &str, color| (at, name.to_owned(), color);
    let marks = [
        mark(-1.0, "−1", palette.weak),
        mark(0.0, "small batch", palette.small),
        mark(0.5, "½", palette.weak),
        mark(1.0, "large batch", palette.large),
        mark(2.0, "2", palette.weak),
    ];
    let mut alpha = state.wish.alpha;
    let (response, by) = slider_ui(
        ui,
        ("α slider", enabled),
        &mut alpha,
        ALPHA_RANGE,
        false,
        &marks,
        palette,
    );
    if let Some(steps) = wheel(ui, &response) {
        state.set_alpha(state.wish.alpha + 0.02 * steps);
    } else if let Some(by) = by {
        keys::move_alpha(state, by);
    } else if response.changed() {
        // A pointer goes in steps. The slider itself has none: it would round what is typed too.
        state.set_alpha((alpha / ALPHA_STEP).round() * ALPHA_STEP);
    }
    state.wish.dragging |= response.dragged();
}

fn epsilon_ui(ui: &mut Ui, state: &mut State, palette: &Palette) {
    let name = ui.label(RichText::new("ε").heading().color(palette.here));
    explain(ui, &name, EPSILON_HELP);
    let mut epsilon = state.wish.epsilon;
    let speed = epsilon * 0.01;
    let size = Vec2::new(field(ui, WIDEST_EPSILON), ui.spacing().interact_size.y);
    let typed = DragValue::new(&mut epsilon)
        .speed(speed)
        .range(EPSILON_RANGE)
        .custom_formatter(|v, _| number::power(v))
        .custom_parser(number::parse)
        .min_size(size);
    let response = ui.add(typed);
    named(&response, "ε, typed");
    if response.changed() {
        state.set_epsilon(epsilon);
    }
    state.wish.dragging |= response.dragged();
}

fn epsilon_slider_ui(ui: &mut Ui, state: &mut State, palette: &Palette) {
    let marks = [1e-5, 1e-4, 5e-4, 1e-3, 1e-2, 1e-1].map(|epsilon| {
        // The paper's other value has a mark, but a name would touch its neighbour's.
        let words = if epsilon == 5e-4 {
            String::new()
        } else {
            number::power(epsilon)
        };
        (epsilon, words, palette.weak)
    });
    let mut epsilon = state.wish.epsilon;
    let (response, by) = slider_ui(
        ui,
        ("ε slider", true),
        &mut epsilon,
        EPSILON_RANGE,
        true,
        &marks,
        palette,
    );
    if let Some(steps) = wheel(ui, &response) {
        state.set_epsilon(state.wish.epsilon * 1.1_f64.powf(steps));
    } else if let Some(by) = by {
        keys::move_epsilon(state, by);
    } else if response.changed() {
        state.set_epsilon(epsilon);
    }
    state.wish.dragging |= response.dragged();
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

/// A slider over the whole width, with named marks below it, and what keys ask of it.
fn slider_ui(
    ui: &mut Ui,
    (name, enabled): (&str, bool),
    value: &mut f64,
    range: std::ops::RangeInclusive<f64>,
    logarithmic: bool,
    marks: &[(f64, String, Color32)],
    palette: &Palette,
) -> (Response, Option<Move>) {
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
    // Keys are heard before the slider sees them: its own steps depend on the window's width.
    let kept = ui.scope_id().with(name);
    let by = ui
        .data(|d| d.get_temp::<egui::Id>(kept))
        .filter(|_| enabled)
        .and_then(|id| keys::moved(ui, id));
    let slider = Slider::new(value, range.clone())
        .logarithmic(logarithmic)
        .smallest_positive(*range.start())
        .show_value(false);
    let response = ui.add_enabled(enabled, slider);
    named(&response, name);
    ui.data_mut(|d| d.insert_temp(kept, response.id));
    if response.is_pointer_button_down_on() {
        response.request_focus();
    }
    keys::hold(ui, response.id);
    let (strip, _) = ui.allocate_exact_size(Vec2::new(width, 14.0), Sense::hover());
    let rect = response.rect;
    let knob = rect.height() / 2.5;
    let rail = Rect::from_x_y_ranges(rect.left() + knob..=rect.right() - knob, rect.y_range());
    let painter = ui.painter();
    let last = marks.len().saturating_sub(1);
    let mut names = Vec::new();
    for (index, (at, name, color)) in marks.iter().enumerate() {
        let x = rail.left() + position(*at) as f32 * rail.width();
        let stroke = Stroke::new(1.5, *color);
        let top = Pos2::new(x, strip.top() - 5.0);
        painter.line_segment([top, top + Vec2::new(0.0, 4.0)], stroke);
        let ink = if enabled { *color } else { palette.weak };
        let galley = painter.layout_no_wrap(name.clone(), FontId::proportional(11.0), ink);
        let width = galley.size().x;
        let left = match index {
            0 => rect.left(),
            i if i == last => rect.right() - width,
            _ => x - 0.5 * width,
        };
        names.push((left, galley));
    }
    // The longest first: where names would touch, the shortest has none.
    names.sort_by(|a, b| b.1.size().x.total_cmp(&a.1.size().x));
    let mut taken: Vec<Rangef> = Vec::new();
    for (left, galley) in names {
        let across = Rangef::new(left, left + galley.size().x);
        if taken
            .iter()
            .all(|other| !other.intersects(across.expand(3.0)))
        {
            taken.push(across);
            painter.galley(Pos2::new(left, strip.top()), galley, palette.weak);
        }
    }
    (response, by)
}
