//! What plots of curves share: a handle that the pointer moves, names, a readout at the pointer.

use crate::plot::axis_numbers::Style;
use crate::plot::number;
use crate::plot::scale::{Scale, Tick, spaced};
use crate::plot::text;
use eframe::egui::{
    self, Align, Align2, Color32, FontId, Layout, PointerButton, Pos2, Rangef, Response, RichText,
    Sense, Stroke, TextStyle, Ui, Vec2, WidgetText,
};
use egui_plot::{AxisHints, GridInput, GridMark, PlotBounds};
use std::ops::RangeInclusive;

/// Whether the pointer is moving a vertical line.
#[derive(Default)]
pub struct Handle {
    dragging: bool,
}

impl Handle {
    /// Where the pointer has moved the line to: by a click, or by dragging with the left button.
    pub fn moved(&mut self, response: &Response, pointer: Option<f64>) -> Option<f64> {
        let drags = response.dragged_by(PointerButton::Primary);
        self.dragging = drags;
        if drags || response.clicked() {
            response.request_focus();
            return pointer;
        }
        None
    }

    /// Whether it is being dragged.
    pub fn dragging(&self) -> bool {
        self.dragging
    }
}

/// A name and a value for a screen reader.
pub fn named(response: &Response, name: &str, value: &str) {
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::Image, true, name);
        info.current_text_value = Some(value.to_owned());
        info
    });
}

/// Words beside the pointer, on a ground of their own.
pub fn beside_pointer(ui: &Ui, words: &str) {
    let Some(pointer) = ui.ctx().pointer_hover_pos() else {
        return;
    };
    let visuals = ui.visuals();
    let painter = ui.painter();
    let font = FontId::proportional(11.5);
    let text = painter.layout_no_wrap(words.to_owned(), font, visuals.text_color());
    let room = ui.clip_rect();
    let size = text.size() + Vec2::new(12.0, 8.0);
    let mut at = pointer + Vec2::new(14.0, 10.0);
    if at.x + size.x > room.right() {
        at.x = pointer.x - 14.0 - size.x;
    }
    at.y = at.y.min(room.bottom() - size.y);
    let rect = Align2::LEFT_TOP.anchor_size(at, size);
    painter.rect(
        rect,
        5.0,
        visuals.window_fill.gamma_multiply(0.95),
        visuals.window_stroke,
        egui::StrokeKind::Inside,
    );
    painter.galley(rect.min + Vec2::new(6.0, 4.0), text, visuals.text_color());
}

/// Size of the numbers at the marks of an axis.
const NUMBER: f64 = 13.0;

/// An axis whose numbers stand apart by themselves, so that none fades away.
pub fn axis(hints: AxisHints<'_>, name: impl Into<WidgetText>) -> AxisHints<'_> {
    hints.label(name).label_spacing(Rangef::new(2.0, 3.0))
}

/// The same with numbers of a scale, all of them in one style.
pub fn scaled(hints: AxisHints<'_>, name: impl Into<WidgetText>, scale: Scale) -> AxisHints<'_> {
    axis(hints, name).formatter(move |mark, range| value(scale, mark, range))
}

/// The same along values that stand as they are.
pub fn linear(hints: AxisHints<'_>, name: impl Into<WidgetText>) -> AxisHints<'_> {
    scaled(hints, name, Scale::Linear)
}

/// Marks of a horizontal axis at round values, as many as have room for their numbers.
pub fn across(scale: Scale, input: &GridInput) -> Vec<GridMark> {
    let half = |tick: &Tick| 0.5 * text::width(&tick.label, NUMBER);
    marks(scale, input, [14.0, 4.0], |a, b| half(a) + half(b))
}

/// Marks of a vertical axis.
pub fn up(scale: Scale, input: &GridInput) -> Vec<GridMark> {
    marks(scale, input, [22.0, 6.0], |_, _| NUMBER)
}

/// Marks whose numbers stand apart; on a logarithmic axis positions are powers of ten, and those
/// between have no number.
fn marks(
    scale: Scale,
    input: &GridInput,
    gaps: [f64; 2],
    taken: impl Fn(&Tick, &Tick) -> f64,
) -> Vec<GridMark> {
    // The plot's usual spacing, in points, makes the step that it recommends.
    const RECOMMENDED: f64 = 8.0;
    let (low, high) = input.bounds;
    let point = input.base_step_size / RECOMMENDED;
    let ends = (scale.inverse(low), scale.inverse(high));
    let place = |value: f64| (scale.forward(value) - low) / point;
    let found = spaced(scale, ends, 10, place, gaps, taken);
    let labelled: Vec<f64> = found
        .iter()
        .filter(|tick| !tick.label.is_empty())
        .map(|tick| scale.forward(tick.value))
        .collect();
    let step = labelled
        .windows(2)
        .map(|w| w[1] - w[0])
        .fold(high - low, f64::min);
    let mark = |tick: Tick| GridMark {
        value: scale.forward(tick.value),
        // What has no number is drawn fainter, which is what a smaller step means here; its sign
        // tells the axis.
        step_size: if tick.label.is_empty() {
            -0.12 * step
        } else {
            step
        },
    };
    found.into_iter().map(mark).collect()
}

/// An entry of a legend: a stroke and its name, which stay together where a row ends.
pub fn key(ui: &mut Ui, name: &str, color: Color32, dashed: bool) {
    const STROKE: f32 = 14.0;
    const GAP: f32 = 4.0;
    ui.spacing_mut().item_spacing.x = 7.0;
    let font = TextStyle::Small.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(name.to_owned(), font, color);
    let size = Vec2::new(STROKE + GAP + galley.size().x, galley.size().y);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, name));
    let stroke = Stroke::new(2.0, color);
    let middle = rect.center().y;
    let ends = [rect.left(), rect.left() + STROKE].map(|x| Pos2::new(x, middle));
    if dashed {
        ui.painter()
            .extend(egui::Shape::dashed_line(&ends, stroke, 4.0, 3.0));
    } else {
        ui.painter().line_segment(ends, stroke);
    }
    let at = rect.left_top() + Vec2::new(STROKE + GAP, 0.0);
    ui.painter().galley(at, galley, color);
}

/// A row over a plot; what has no room in it goes to the next.
pub fn header(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        add(ui);
    });
}

/// Words in what is left of a header's row, cut short; none where hardly anything is left.
pub fn rest(ui: &mut Ui, words: RichText, help: &str) {
    let room = ui.available_size_before_wrap().x - 1.0;
    if room < 70.0 {
        return;
    }
    let room = Vec2::new(room, ui.spacing().interact_size.y);
    let layout = Layout::left_to_right(Align::Center);
    let label = |ui: &mut Ui| ui.add(egui::Label::new(words).truncate());
    let shown = ui.allocate_ui_with_layout(room, layout, label).inner;
    if !help.is_empty() {
        shown.on_hover_text(help);
    }
}

/// The style of the numbers along an axis from `low` to `high`, places as the plot knows them.
pub fn style(scale: Scale, step: f64, [low, high]: [f64; 2]) -> Style {
    match scale {
        Scale::Linear => Style::steps(step, low, high),
        Scale::Log => Style::decades(scale.inverse(low), scale.inverse(high)),
    }
}

/// The number at a mark of either scale, where it has one.
pub fn value(scale: Scale, mark: GridMark, range: &RangeInclusive<f64>) -> String {
    if mark.step_size < 0.0 {
        return String::new();
    }
    let range = [*range.start(), *range.end()];
    style(scale, mark.step_size, range).write(scale.inverse(mark.value))
}

/// A value that is read from a plot at the pointer, in the style of its vertical axis.
pub fn reading(scale: Scale, bounds: &PlotBounds, value: f64) -> String {
    let range = [bounds.min()[1], bounds.max()[1]];
    style(scale, range[1] - range[0], range).read(value)
}

/// A mark of ε, which is a power of ten wherever it stands: whole ones alone have numbers.
pub fn decade(mark: GridMark) -> String {
    let nearest = mark.value.round();
    if (mark.value - nearest).abs() > 1e-6 {
        return String::new();
    }
    number::power(10_f64.powi(nearest as i32))
}
