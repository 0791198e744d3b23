//! Pinned points: exact metrics where a person clicked.
//!
//! A click might be the first half of a double click, so a new pin waits out that half; it is drawn
//! at once, and its values need as long anyway.

use super::camera::Frame;
use super::hud;
use super::signs::block;
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::engine::live::{Probe, Snapshot};
use crate::export::figure::Metric;
use crate::model::losses::Score;
use crate::plot::contour_label::Block;
use eframe::egui::{
    self, Align2, Color32, CursorIcon, FontId, Id, Key, Pos2, Rect, Response, Sense, Shape, Stroke,
    StrokeKind, Ui, Vec2,
};

const RADIUS: f32 = 5.0;
/// Side of the square that answers the pointer.
const TARGET: f32 = 2.0 * RADIUS + 8.0;
const TEXT: f32 = 11.0;
const ROW: f32 = 15.0;
const RIM: Color32 = Color32::from_rgb(0x14, 0x16, 0x1a);

/// A click that may become a pin.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    at: (f64, f64),
    since: f64,
}

/// What pins keep between frames.
#[derive(Default)]
pub struct Pins {
    waiting: Option<Waiting>,
}

/// What a pin says.
struct Card {
    rows: Vec<[String; 3]>,
    exact: bool,
    /// What the last of each row is.
    score: Score,
}

impl Pins {
    /// A click on the plane.
    pub fn click(&mut self, ui: &Ui, at: (f64, f64)) {
        let since = ui.input(|i| i.time);
        self.waiting = Some(Waiting { at, since });
    }

    /// It was a double click after all.
    pub fn forget(&mut self) {
        self.waiting = None;
    }

    /// Pins what has waited long enough.
    pub fn settle(&mut self, ui: &Ui, state: &mut State) {
        let Some(waiting) = self.waiting else { return };
        let delay = ui.ctx().options(|o| o.input_options.max_double_click_delay);
        let left = waiting.since + delay - ui.input(|i| i.time);
        if left <= 0.0 {
            self.waiting = None;
            state.pin(waiting.at.0, waiting.at.1);
        } else {
            ui.ctx().request_repaint_after_secs(left as f32 + 0.005);
        }
    }

    /// Draws all pins; where they and their cards are. `alpha`: the centre whose metrics count.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        frame: &Frame,
        state: &mut State,
        news: &Snapshot,
        alpha: f64,
        palette: &Palette,
    ) -> Vec<Rect> {
        let metric = state.look.metric;
        let mut taken: Vec<Block> = Vec::new();
        let mut rects = Vec::new();
        let probes = state.wish.probes.clone();
        let seen: Vec<(usize, &Probe)> = probes
            .iter()
            .enumerate()
            .filter(|(_, p)| frame.shows((p.x, p.y)))
            .collect();
        for (_, probe) in &seen {
            let at = frame.at((probe.x, probe.y));
            taken.push(block(Rect::from_center_size(
                at,
                Vec2::splat(2.0 * RADIUS + 4.0),
            )));
        }
        let mut removed = None;
        for (index, probe) in seen {
            let card = card(news, probe, alpha);
            let outcome = pin_ui(
                ui,
                frame,
                index + 1,
                probe,
                &card,
                metric,
                palette,
                &mut taken,
            );
            let at = frame.at((probe.x, probe.y));
            rects.extend(outcome.rect);
            rects.push(Rect::from_center_size(at, Vec2::splat(TARGET)));
            if outcome.removed {
                removed = Some(probe.id);
            }
        }
        if let Some(id) = removed {
            state.unpin(id);
        }
        if let Some(waiting) = self.waiting.filter(|w| frame.shows(w.at)) {
            dot(ui, frame.at(waiting.at), palette, false);
        }
        rects
    }
}

/// The exact metrics of a pin, or "…" while they are computed.
fn card(news: &Snapshot, probe: &Probe, alpha: f64) -> Card {
    let result = news.probes.iter().find(|r| r.probe == *probe);
    let exact = result.is_some_and(|r| r.alpha == alpha);
    let splits = news.experiment.as_ref().map_or((true, true), |e| e.splits);
    let score = news.score();
    let mut metrics = result.map(|r| r.metrics.iter()).into_iter().flatten();
    let mut rows = Vec::new();
    for (name, there) in [("train", splits.0), ("validation", splits.1)] {
        if !there {
            continue;
        }
        let [loss, second] = match metrics.next() {
            Some(m) => [
                hud::value(Metric::TrainLoss, m.loss, score),
                hud::value(Metric::TrainScore, m.score, score),
            ],
            None => ["…".to_owned(), "…".to_owned()],
        };
        rows.push([name.to_owned(), loss, second]);
    }
    Card { rows, exact, score }
}

struct Shown {
    rect: Option<Rect>,
    removed: bool,
}

#[expect(clippy::too_many_arguments, reason = "what a pin shows and where")]
fn pin_ui(
    ui: &mut Ui,
    frame: &Frame,
    number: usize,
    probe: &Probe,
    card: &Card,
    metric: Metric,
    palette: &Palette,
    taken: &mut Vec<Block>,
) -> Shown {
    let at = frame.at((probe.x, probe.y));
    let id = Id::unique(("pin", probe.id));
    let target = Rect::from_center_size(at, Vec2::splat(TARGET));
    let response = ui
        .interact(target, id, Sense::click())
        .on_hover_cursor(CursorIcon::PointingHand);
    let words = spoken(number, frame, probe, card);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &words));
    if response.clicked() {
        response.request_focus();
    }
    let mut removed = response.secondary_clicked() || deleted(ui, &response);
    let active = response.hovered() || response.has_focus();
    dot(ui, at, palette, response.has_focus());

    let size = card_size(ui, card);
    let place = place(frame.rect, at, size, taken).or_else(|| {
        // Under the pointer a card may cover others, and stays while the pointer is on it.
        let over = inside(frame.rect, Rect::from_min_size(at + Vec2::splat(9.0), size));
        let kept = id.with("over others");
        let was = ui.data(|d| d.get_temp(kept)).unwrap_or(false);
        let shown = active || was && ui.rect_contains_pointer(over);
        ui.data_mut(|d| d.insert_temp(kept, shown));
        shown.then_some(over)
    });
    let Some(rect) = place else {
        let number_at = at + Vec2::new(0.0, -RADIUS - 2.0);
        let font = FontId::proportional(TEXT);
        let painter = ui.painter();
        painter.text(
            number_at,
            Align2::CENTER_BOTTOM,
            number,
            font,
            Color32::WHITE,
        );
        return Shown {
            rect: None,
            removed,
        };
    };
    taken.push(block(rect));
    removed |= card_ui(ui, rect, at, number, id, card, metric, palette, active);
    Shown {
        rect: Some(rect),
        removed,
    }
}

fn deleted(ui: &Ui, response: &Response) -> bool {
    response.has_focus()
        && ui.input(|i| i.key_pressed(Key::Delete) || i.key_pressed(Key::Backspace))
}

/// What a screen reader says of a pin.
fn spoken(number: usize, frame: &Frame, probe: &Probe, card: &Card) -> String {
    let x = hud::coordinate(probe.x, frame.x.1 - frame.x.0);
    let y = hud::coordinate(probe.y, frame.y.1 - frame.y.0);
    let values: Vec<String> = card
        .rows
        .iter()
        .map(|[name, loss, score]| format!("{name} loss {loss}, {} {score}", card.score.name()))
        .collect();
    format!("Pin {number} at x {x}, y {y}: {}", values.join("; "))
}

/// A dot legible on any colour.
fn dot(ui: &Ui, at: Pos2, palette: &Palette, focused: bool) {
    let painter = ui.painter();
    if focused {
        painter.circle_stroke(at, RADIUS + 3.5, Stroke::new(4.0, RIM));
        painter.circle_stroke(at, RADIUS + 3.5, Stroke::new(2.0, palette.accent));
    }
    painter.circle(at, RADIUS, Color32::WHITE, Stroke::new(1.5, RIM));
    painter.circle_filled(at, 2.0, RIM);
}

/// Widths of the three columns.
fn columns(ui: &Ui, card: &Card) -> [f32; 3] {
    let width = |text: &str| {
        let font = FontId::proportional(TEXT);
        let galley = ui
            .painter()
            .layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER);
        galley.size().x
    };
    // Wide enough for the usual values, so that a card doesn't jump when they come.
    let mut widths = [0.0, width("0.0000"), width("00.00 %")];
    for row in &card.rows {
        for (widest, text) in widths.iter_mut().zip(row) {
            *widest = width(text).max(*widest);
        }
    }
    widths
}

fn card_size(ui: &Ui, card: &Card) -> Vec2 {
    let widths = columns(ui, card);
    let width = widths.iter().sum::<f32>() + 2.0 * 10.0 + 14.0 + 20.0;
    Vec2::new(width, ROW * card.rows.len().max(1) as f32 + 8.0)
}

/// Where a card goes: beside its pin, clear of the others.
fn place(within: Rect, at: Pos2, size: Vec2, taken: &[Block]) -> Option<Rect> {
    let away = RADIUS + 5.0;
    let corners = [
        Vec2::new(away, -size.y / 2.0),
        Vec2::new(-away - size.x, -size.y / 2.0),
        Vec2::new(away, away),
        Vec2::new(away, -away - size.y),
        Vec2::new(-away - size.x, away),
        Vec2::new(-away - size.x, -away - size.y),
        Vec2::new(-size.x / 2.0, away),
        Vec2::new(-size.x / 2.0, -away - size.y),
    ];
    let beside = corners.map(|corner| Rect::from_min_size(at + corner, size));
    // A narrow plane has room for it only when it is moved along its pin.
    let moved = beside.map(|rect| inside(within.shrink(2.0), rect));
    beside.into_iter().chain(moved).find(|rect| {
        let own = block(*rect);
        within.shrink(2.0).contains_rect(*rect) && !taken.iter().any(|t| t.meets(&own))
    })
}

fn inside(within: Rect, rect: Rect) -> Rect {
    let over = (rect.max - within.max).max(Vec2::ZERO);
    let moved = rect.translate(-over);
    moved.translate((within.min - moved.min).max(Vec2::ZERO))
}

#[expect(clippy::too_many_arguments, reason = "what a card shows and where")]
fn card_ui(
    ui: &mut Ui,
    rect: Rect,
    at: Pos2,
    number: usize,
    id: Id,
    card: &Card,
    metric: Metric,
    palette: &Palette,
    active: bool,
) -> bool {
    let painter = ui.painter().clone();
    let border = if active { palette.accent } else { palette.line };
    let near = rect.clamp(at);
    if near.distance(at) > RADIUS {
        painter.add(Shape::line_segment([at, near], Stroke::new(1.0, RIM)));
        dot(ui, at, palette, false);
    }
    painter.rect(
        rect,
        5.0,
        palette.card.gamma_multiply(0.95),
        Stroke::new(1.0, border),
        StrokeKind::Inside,
    );
    let widths = columns(ui, card);
    let font = FontId::proportional(TEXT);
    for (index, [name, loss, score]) in card.rows.iter().enumerate() {
        let y = rect.top() + 4.0 + ROW * (index as f32 + 0.5);
        // The split that the colours show stands out.
        let shown = metric.is_of_training() == (name == "train");
        let ink = match (card.exact, shown) {
            (false, _) => palette.weak,
            (true, true) => palette.text,
            (true, false) => palette.text.lerp_to_gamma(palette.weak, 0.5),
        };
        let mut x = rect.left() + 8.0;
        painter.text(
            Pos2::new(x, y),
            Align2::LEFT_CENTER,
            name,
            font.clone(),
            palette.weak,
        );
        x += widths[0] + 10.0 + widths[1];
        painter.text(
            Pos2::new(x, y),
            Align2::RIGHT_CENTER,
            loss,
            font.clone(),
            ink,
        );
        x += 10.0 + widths[2];
        painter.text(
            Pos2::new(x, y),
            Align2::RIGHT_CENTER,
            score,
            font.clone(),
            ink,
        );
    }
    let close = Rect::from_min_size(
        Pos2::new(rect.right() - 20.0, rect.top() + 2.0),
        Vec2::splat(18.0),
    );
    let response = ui
        .interact(close, id.with("remove"), Sense::click())
        .on_hover_text("Remove this pin (right click or Delete)")
        .on_hover_cursor(CursorIcon::PointingHand);
    let words = format!("Remove pin {number}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &words));
    let ink = if response.hovered() || response.has_focus() {
        palette.error
    } else {
        palette.weak
    };
    painter.text(
        close.center(),
        Align2::CENTER_CENTER,
        "×",
        FontId::proportional(14.0),
        ink,
    );
    response.clicked()
}
