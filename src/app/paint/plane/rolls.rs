//! The ball rolls: paths of runs on the plane that is shown, and balls dropped on it.
//!
//! A run leaves the plane; what is drawn is the nearest point of it, and beside the ball stand how far away
//! the run is and its true loss beside the plane's.

use super::camera::Frame;
use super::picture::Picture;
use crate::app::command::Command;
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::app::training::{self, Order};
use crate::engine::live::Snapshot;
use crate::engine::queue::{Id, RunNews, Spot};
use crate::export::figure::Metric;
use crate::plot::colormap;
use crate::plot::number::{self, format_value};
use eframe::egui::{
    self, Color32, DragValue, FontId, Painter, Pos2, Rect, Shape, Stroke, Ui, Vec2,
};
use std::sync::Arc;

const RIM: Color32 = Color32::from_rgb(0x14, 0x16, 0x1a);
const BALL: f32 = 6.0;

/// Draws the paths of all runs, that of the chosen one with its ball and what is said of it.
pub fn paint(
    painter: &Painter,
    frame: &Frame,
    picture: &Picture,
    (state, news): (&State, &Snapshot),
    palette: &Palette,
) {
    // A path belongs on the plane that it is seen from, and on no older picture.
    let version = picture.shown.version;
    let fresh = news.surfaces.iter().any(|s| s.version == version);
    let here = picture.shown.alpha == state.wish.centre();
    if !(state.training.paths && fresh && here) {
        return;
    }
    let seen = |run: &&Arc<RunNews>| match (&run.ground, &news.ground) {
        (Some(own), Some(shown)) => Arc::ptr_eq(own, shown),
        _ => false,
    };
    let chosen = state.training.chosen;
    let runs = state.runs.iter().filter(seen);
    let (own, others): (Vec<_>, Vec<_>) = runs.partition(|run| Some(run.id) == chosen);
    for run in others {
        path(painter, frame, run, false);
    }
    let Some(run) = own.first() else { return };
    path(painter, frame, run, true);
    let Some(spot) = spot_at(run, state.training.epoch) else {
        return;
    };
    ball(painter, frame.at((spot.at[0], spot.at[1])), run.id);
    if frame.rect.width() > 200.0 {
        said(painter, frame, picture, spot, palette);
    }
}

/// Where a run is, or was at an epoch.
fn spot_at(run: &RunNews, epoch: Option<f64>) -> Option<&Spot> {
    let Some(epoch) = epoch else {
        return run.path.last();
    };
    let far = |spot: &&Spot| (spot.epoch - epoch).abs();
    run.path.iter().min_by(|a, b| far(a).total_cmp(&far(b)))
}

fn color(id: Id) -> Color32 {
    let [r, g, b] = colormap::series(id.saturating_sub(1) as usize);
    Color32::from_rgb(r, g, b)
}

fn path(painter: &Painter, frame: &Frame, run: &RunNews, chosen: bool) {
    let finite = run
        .path
        .iter()
        .filter(|spot| spot.at.iter().all(|v| v.is_finite()));
    let points: Vec<Pos2> = finite
        .map(|spot| frame.at((spot.at[0], spot.at[1])))
        .collect();
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
        return;
    };
    let width = if chosen { 2.2 } else { 1.4 };
    for (wider, ink) in [(2.4, RIM), (1.2, Color32::WHITE), (0.0, color(run.id))] {
        painter.add(Shape::line(points.clone(), Stroke::new(width + wider, ink)));
    }
    painter.circle(first, 3.0, Color32::WHITE, Stroke::new(1.5, RIM));
    if !chosen {
        ball(painter, last, run.id);
    }
}

fn ball(painter: &Painter, at: Pos2, id: Id) {
    painter.circle_filled(at, BALL + 1.8, RIM);
    painter.circle_filled(at, BALL + 0.8, Color32::WHITE);
    painter.circle_filled(at, BALL - 0.4, color(id));
    painter.circle_filled(
        at - Vec2::splat(1.8),
        1.5,
        Color32::WHITE.gamma_multiply(0.8),
    );
}

/// How far out of the plane the run is, and its own loss beside the plane's.
fn said(painter: &Painter, frame: &Frame, picture: &Picture, spot: &Spot, palette: &Palette) {
    let mut lines = vec![format!(
        "epoch {}, {} out of the plane",
        number::fixed(spot.epoch, usize::from(spot.epoch.fract() > 0.0)),
        format_value(spot.away)
    )];
    let is_loss = picture.coloring.metric == Metric::TrainLoss;
    let plane = picture.value_at((spot.at[0], spot.at[1])).ok();
    let plane = plane.filter(|_| is_loss);
    match (spot.loss, plane) {
        (Some(own), Some(plane)) => lines.push(format!(
            "training loss {}, of the plane {}",
            format_value(own),
            format_value(plane)
        )),
        (Some(own), None) => lines.push(format!("training loss {}", format_value(own))),
        _ => {}
    }
    let font = FontId::proportional(11.0);
    let galley = painter.layout_no_wrap(lines.join("\n"), font, palette.text);
    let size = galley.size() + Vec2::new(12.0, 8.0);
    let corner = Pos2::new(frame.rect.left() + 6.0, frame.rect.top() + 6.0);
    let rect = Rect::from_min_size(corner, size);
    painter.rect_filled(rect, 5.0, palette.card.gamma_multiply(0.93));
    painter.galley(rect.min + Vec2::new(6.0, 4.0), galley, palette.text);
}

/// A button that drops a ball at the newest pin, and whether paths are shown.
pub fn drop_ui(ui: &mut Ui, state: &mut State, news: &Snapshot, commands: &mut Vec<Command>) {
    if state.runs.iter().any(|run| !run.path.is_empty()) {
        ui.checkbox(&mut state.training.paths, "Paths")
            .on_hover_text(
                "The paths of runs, seen in this plane; their colours are those of the Runs view",
            );
    }
    let Some(pin) = state.wish.probes.last().copied() else {
        return;
    };
    let Some(ground) = news.ground.clone() else {
        return;
    };
    // What the pin says was computed on this very plane: then the ball starts where it lies.
    let centre = state.wish.centre();
    if !news
        .probes
        .iter()
        .any(|found| found.probe == pin && found.alpha == centre)
    {
        return;
    }
    let number = state.wish.probes.len();
    let menu = ui.menu_button("Drop a ball", |ui| {
        ui.set_min_width(210.0);
        ui.label(format!("SGD starts at pin {number}"));
        let (batch, rate) = &mut state.training.ball;
        egui::Grid::new("ball").show(ui, |ui| {
            ui.label("Batch size").on_hover_text("Samples in a batch");
            ui.add(DragValue::new(batch).range(1..=1_000_000));
            ui.end_row();
            ui.label("Learning rate")
                .on_hover_text("Of plain SGD, without momentum or decay");
            ui.add(
                DragValue::new(rate)
                    .range(1e-6..=1e3)
                    .speed(0.002)
                    .max_decimals(6),
            );
            ui.end_row();
        });
        if ui.button("Roll").clicked() {
            let job = training::ball(&state.wish, state.training.ball);
            let order = Order::Drop(Arc::clone(&ground), [pin.x, pin.y], Box::new(job));
            commands.push(Command::Run(order));
            state.training.paths = true;
            ui.close();
        }
    });
    menu.response.on_hover_text(
        "SGD from the newest pinned point: its path appears on the plane, its curves under Runs",
    );
}
