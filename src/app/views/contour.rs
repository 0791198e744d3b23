//! The contour view: the plane around θ(α) as colours and iso-lines, and a probe for any point of it.
//!
//! What is shown is the best there is: the surface asked for, or the nearest one until it is there.
//! A picture stays until a better one replaces it, and a badge says what it is.

use super::plane::axes::{self, Around, Shown};
use super::plane::camera::{self, Frame, Zoom};
use super::plane::header::{self, Asked};
use super::plane::pins::Pins;
use super::plane::{
    Colorist, Detail, Patterns, Picture, Plane, beyond, hud, marks, paths, rolls, worst,
};
use super::{Context, Home, View, empty_ui};
use crate::app::export::commands;
use crate::app::export::forms::{self, Form};
use crate::app::export::source::{self, Content, is_full, nothing};
use crate::app::state::State;
use crate::engine::job::{AxisChoice, Job};
use crate::engine::live::{LiveSurface, Snapshot};
use crate::error::Result;
use crate::export::figure::Metric;
use crate::landscape::grid::Axis;
use eframe::egui::{
    self, CursorIcon, EventFilter, Id, Key, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui,
    Vec2,
};
use std::sync::Arc;

const HELP: &str = "Click pins a point and computes its exact loss and score.\nDrag moves, the wheel zooms, a double click shows everything again.\nArrow keys move a cross-hair (Shift: farther), Enter pins there, + and − zoom.";

/// What the view keeps between frames.
#[derive(Default)]
pub struct ContourView {
    plane: Plane,
    colorist: Colorist,
    patterns: Patterns,
    bar: axes::Bar,
    zoom: Zoom,
    pins: Pins,
    /// The keyboard's cross-hair, in the plane's coordinates.
    cursor: Cursor,
    reset: u64,
}

/// A cross-hair for the keyboard.
#[derive(Default)]
struct Cursor {
    at: Option<(f64, f64)>,
    /// Whether keys moved it last, rather than the pointer.
    seen: bool,
}

impl View for ContourView {
    fn name(&self) -> &'static str {
        "Contour"
    }

    fn home(&self) -> Home {
        Home::TopLeft
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        contour_ui(ui, self, cx);
    }

    fn forms(&self) -> &'static [Form] {
        forms::OF_SURFACES
    }

    fn artifact(&self, state: &State, news: &Snapshot) -> Result<Content> {
        let here = news.surface_near(state.wish.centre()).ok_or_else(nothing)?;
        Ok(Content::of(here.outcome.clone()))
    }

    fn is_complete(&self, state: &State, news: &Snapshot) -> bool {
        is_full(news, state.wish.centre())
    }

    fn command(&self, state: &State) -> Option<String> {
        let job = Job::from(state.wish.surface_job(state.wish.centre()));
        let options = source::options(&state.look);
        Some(commands::of_job(&job, &options, "contour.png"))
    }
}

fn contour_ui(ui: &mut Ui, cache: &mut ContourView, cx: &mut Context<'_>) {
    if cache.reset != cx.reset {
        cache.reset = cx.reset;
        cache.zoom = Zoom::default();
    }
    cache.pins.settle(ui, cx.state);
    let follows = cx.state.wish.follows_alpha();
    let alpha = cx.state.wish.centre();
    let Some((shown, current)) = choose(cache, cx, alpha) else {
        empty_ui(ui, cx.palette, &waiting(cx));
        return;
    };
    let asked = Asked {
        alpha,
        follows,
        current,
        stopped: cx.news.activity.stopped,
    };
    let badge = header::badge(&shown, &asked);
    let coloring = cache.colorist.of(&[&shown], &cx.state.look);
    let next = worst::room(cx.state, cx.news, alpha);
    header::header_ui(ui, cx.palette, Some(&badge), |ui| {
        header::chooser_ui(
            ui,
            &mut cx.state.look,
            coloring.as_ref().ok(),
            cx.news.score(),
            next,
        );
        worst::button_ui(ui, cx.state, cx.news, alpha);
        rolls::drop_ui(ui, cx.state, cx.news, cx.commands);
        region_ui(ui, cache, cx);
    });
    let ready = coloring.and_then(|coloring| cache.plane.show(&shown, &coloring));
    if let Err(words) = ready {
        missing_ui(ui, cx, &shown, &words);
        return;
    }
    plane_ui(ui, cache, cx, alpha);
}

/// Where only a part of the plane is seen, a button that has this part computed instead, as finely.
fn region_ui(ui: &mut Ui, cache: &mut ContourView, cx: &mut Context<'_>) {
    let Some(picture) = cache
        .plane
        .picture()
        .filter(|_| cache.zoom != Zoom::default())
    else {
        return;
    };
    let seen = Frame::new(Rect::NOTHING, picture.extent, cache.zoom);
    let help = "Compute the plane over what is seen, with as many points; Undo goes back";
    let named = ui.button("Compute this part").on_hover_text(help);
    if !named.clicked() {
        return;
    }
    let plane = &mut cx.state.wish.plane;
    let points = [picture.surface.x.len(), picture.surface.y.len()];
    let axis = |(from, to): (f64, f64), points| {
        let digits = 10_f64.powf((to - from).log10().floor() - 3.0);
        let rounded = |v: f64| (v / digits).round() * digits;
        AxisChoice::Given(Axis {
            from: rounded(from),
            to: rounded(to),
            points,
        })
    };
    plane.x = Some(axis(seen.x, points[0]));
    plane.y = Some(axis(seen.y, points[1]));
    cache.zoom = Zoom::default();
}

/// The surface to show, and whether it belongs to the plane asked for.
fn choose(cache: &ContourView, cx: &Context<'_>, alpha: f64) -> Option<(Arc<LiveSurface>, bool)> {
    if let Some(fresh) = cx.news.surface_near(alpha) {
        return Some((Arc::clone(fresh), true));
    }
    // Old pixels stay until better ones exist, but not where none will come.
    let old = cache.plane.picture().filter(|_| cx.news.failure.is_none());
    old.map(|picture| (Arc::clone(&picture.shown), false))
}

/// Why there is nothing to show yet.
fn waiting(cx: &Context<'_>) -> String {
    match (&cx.news.failure, &cx.news.experiment) {
        (Some(failure), _) => format!("Nothing to show\n\n{}", failure.message),
        (None, None) => "Opening…".into(),
        (None, Some(_)) if cx.news.activity.stopped => "Stopped before the first picture".into(),
        (None, Some(_)) => "The first picture is on its way…".into(),
    }
}

/// Words where the surface lacks the metric, and a way on.
fn missing_ui(ui: &mut Ui, cx: &mut Context<'_>, shown: &LiveSurface, words: &str) {
    let table = shown.surface().map(|s| &s.table);
    let there = [Metric::TrainLoss, Metric::ValidationLoss]
        .into_iter()
        .find(|m| table.is_some_and(|t| m.of(t).is_ok()));
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() / 2.0 - 40.0).max(8.0));
        ui.label(egui::RichText::new(words).color(cx.palette.weak));
        if let Some(metric) = there {
            ui.add_space(6.0);
            let text = format!("Show {}", metric.in_sentence(cx.news.score()));
            if ui.button(text).clicked() {
                cx.state.look.metric = metric;
            }
        }
    });
}

fn plane_ui(ui: &mut Ui, cache: &mut ContourView, cx: &mut Context<'_>, alpha: f64) {
    let ContourView {
        plane,
        patterns,
        bar,
        zoom,
        pins,
        cursor,
        ..
    } = cache;
    let Some(picture) = plane.picture() else {
        return;
    };
    let palette = cx.palette;
    let (rect, around) = lay_out(ui, picture, *zoom);
    let extent = picture.extent;
    let response = ui.interact(rect, Id::unique("contour plane"), Sense::click_and_drag());
    camera::navigate(ui, &response, &Frame::new(rect, extent, *zoom), zoom);
    let frame = Frame::new(rect, extent, *zoom);
    let spacing = picture.spacing();
    keyboard(ui, &response, &frame, spacing, cursor);

    let detail = Detail {
        names: rect.width() > 180.0,
        here: true,
        values: rect.width() > 180.0 && rect.height() > 80.0,
    };
    plane.paint(ui, &frame, patterns, &cx.state.look, palette, detail);
    let Some(picture) = plane.picture() else {
        return;
    };
    if cx.state.wish.goes_through_both_ends() {
        marks::on_the_line(
            &ui.painter_at(rect),
            picture,
            &frame,
            cx.state.wish.alpha,
            palette,
        );
    }
    worst::paint(
        &ui.painter_at(rect),
        &frame,
        cx.state,
        cx.news,
        alpha,
        palette,
    );
    rolls::paint(
        &ui.painter_at(rect),
        &frame,
        picture,
        (&*cx.state, cx.news),
        palette,
    );
    let painter = ui.painter().clone();
    axes::outline(&painter, rect, palette);
    let name = |index| {
        if around.names {
            picture.axis(index)
        } else {
            ""
        }
    };
    axes::below(&painter, &frame, name(0), palette);
    axes::beside(&painter, &frame, name(1), palette);
    plane.legend(ui, &frame, patterns, palette);

    let cards = pins.ui(ui, &frame, cx.state, cx.news, alpha, palette);
    let pointer = response
        .hover_pos()
        .filter(|p| !response.dragged() && !cards.iter().any(|c| c.contains(*p)));
    let point = match pointer {
        Some(pointer) if !cursor.seen => Some(frame.coordinate(pointer)),
        _ => cursor.at.filter(|_| cursor.seen && response.has_focus()),
    };
    let pointed = point.and_then(|p| picture.value_at(p).ok());
    let beside = Shown {
        around,
        beyond: beyond(picture),
        pointed,
    };
    bar.paint(&painter, rect, &picture.coloring, beside, palette);
    let before = cx.state.pointed;
    let elsewhere = cx.state.point("Contour", point);
    if cx.state.pointed != before {
        ui.ctx().request_repaint();
    }
    if let Some(elsewhere) = elsewhere.filter(|p| frame.shows(*p)) {
        hud::cross(&ui.painter_at(rect), &frame, frame.at(elsewhere));
    }
    if let Some(point) = point.filter(|p| frame.shows(*p)) {
        let clipped = ui.painter_at(rect);
        let at = frame.at(point);
        hud::cross(&clipped, &frame, at);
        let path = paths::reading(picture, &frame, at);
        let lines: Vec<String> = hud::readout(picture, &frame, point)
            .into_iter()
            .chain(path)
            .collect();
        hud::chip(&clipped, rect, at, &lines, palette);
    }
    if response.has_focus() && cursor.seen {
        let stroke = Stroke::new(1.5, palette.accent);
        painter.rect_stroke(rect.expand(2.0), 1.0, stroke, StrokeKind::Outside);
    }
    describe(&response, picture, &frame, point);
    clicks(ui, &response, &frame, pins, cursor, &cards);
    let shape = if response.dragged() {
        CursorIcon::Grabbing
    } else {
        CursorIcon::Crosshair
    };
    response.on_hover_cursor(shape);
}

/// Where the plane goes, between its axis and its colour bar.
fn lay_out(ui: &Ui, picture: &Picture, zoom: Zoom) -> (Rect, Around) {
    let room = ui.available_rect_before_wrap();
    let around = Around::of(room.size());
    let height = (room.height() - around.below() - 4.0).max(32.0);
    let seen = Frame::new(room, picture.extent, zoom);
    let painter = ui.painter();
    let left = around.left(painter, seen.y, height);
    let right = around.right(painter, &picture.coloring, height);
    let free = Vec2::new((room.width() - left - right).max(32.0), height);
    let size = camera::fit(free, picture.extent);
    let over = (free - size) / 2.0;
    let corner = Pos2::new(room.left() + left + over.x, room.top() + 4.0 + over.y);
    (Rect::from_min_size(corner.round(), size), around)
}

/// Moves the keyboard's cross-hair.
fn keyboard(ui: &Ui, response: &Response, frame: &Frame, spacing: (f64, f64), cursor: &mut Cursor) {
    if ui.input(|i| i.pointer.delta() != Vec2::ZERO || i.pointer.any_down()) {
        cursor.seen = false;
    }
    if !response.has_focus() {
        return;
    }
    let arrows = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|m| m.set_focus_lock_filter(response.id, arrows));
    let (pressed, far) = ui.input(|i| {
        let pressed = |key| i.num_presses(key) as f64;
        let x = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
        let y = pressed(Key::ArrowUp) - pressed(Key::ArrowDown);
        ((x, y), i.modifiers.shift)
    });
    let middle = ((frame.x.0 + frame.x.1) / 2.0, (frame.y.0 + frame.y.1) / 2.0);
    if response.gained_focus() {
        cursor.seen = !ui.input(|i| i.pointer.any_down() || i.pointer.any_released());
        if cursor.at.is_none_or(|c| !frame.shows(c)) {
            cursor.at = Some(middle);
        }
    }
    if pressed == (0.0, 0.0) {
        return;
    }
    let step = if far { 5.0 } else { 1.0 };
    let (x, y) = cursor.at.unwrap_or(middle);
    let moved = (
        (x + pressed.0 * step * spacing.0).clamp(frame.x.0, frame.x.1),
        (y + pressed.1 * step * spacing.1).clamp(frame.y.0, frame.y.1),
    );
    *cursor = Cursor {
        at: Some(moved),
        seen: true,
    };
}

/// What a click, a double click or Enter means.
fn clicks(
    ui: &Ui,
    response: &Response,
    frame: &Frame,
    pins: &mut Pins,
    cursor: &mut Cursor,
    cards: &[Rect],
) {
    if response.double_clicked() || response.triple_clicked() {
        pins.forget();
        return;
    }
    if !response.clicked() {
        return;
    }
    let at = match response.interact_pointer_pos() {
        Some(pointer) if cards.iter().any(|c| c.contains(pointer)) => return,
        Some(pointer) => {
            response.request_focus();
            frame.coordinate(pointer)
        }
        None => cursor
            .at
            .unwrap_or_else(|| frame.coordinate(frame.rect.center())),
    };
    cursor.at = Some(at);
    pins.click(ui, at);
}

/// What a screen reader says of the plane.
fn describe(response: &Response, picture: &Picture, frame: &Frame, point: Option<(f64, f64)>) {
    let name = format!(
        "Plane of {}",
        picture.coloring.metric.in_sentence(picture.coloring.score)
    );
    let value = point.map(|p| hud::readout(picture, frame, p).join(", "));
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::Canvas, true, &name);
        info.current_text_value.clone_from(&value);
        info.hint_text = Some(HELP.to_owned());
        info
    });
}
