//! The worst point of the box (y* in Keskar et al. 2017): where it lies in the plane that is shown, and the plane towards it.

use super::camera::Frame;
use super::signs;
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::engine::job::Directions;
use crate::engine::live::{Snapshot, WorstPoint};
use crate::plot::number::{format_value, percent_to, power};
use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Ui, Vec2};

/// Nearer to the centre than this many points the mark would only hide it.
const NEAREST: f32 = 9.0;
const SIZE: f32 = 5.0;
/// What the button is called.
const NAME: &str = "Worst point";

/// The worst point around θ(α) at the ε wanted, if it is known.
fn known(state: &State, news: &Snapshot, alpha: f64) -> Option<WorstPoint> {
    news.worst
        .filter(|w| w.alpha == alpha && w.epsilon == state.wish.epsilon)
}

/// Room for its button, where there is one.
pub fn room(state: &State, news: &Snapshot, alpha: f64) -> f32 {
    known(state, news, alpha).map_or(0.0, |_| 92.0)
}

/// A button that says how far away the worst point is and turns the plane towards it, or back.
pub fn button_ui(ui: &mut Ui, state: &mut State, news: &Snapshot, alpha: f64) {
    if matches!(state.wish.plane.directions, Directions::Pca(_)) {
        return;
    }
    let Some(worst) = known(state, news, alpha) else {
        return;
    };
    let towards = matches!(state.wish.plane.directions, Directions::Worst(_));
    let [x, y] = worst.coordinate.map(format_value);
    let words = format!(
        "The worst point found in the box of ε = {} around θ(α): φ = {} %, at an L2 distance of {} (Keskar et al. 2017, metric 2.1).\nIts nearest point of this plane is ({x}, {y}); {} of the way there lies outside.\n{}",
        power(worst.epsilon),
        format_value(worst.phi),
        format_value(worst.distance),
        percent_to(worst.outside, 0),
        if towards {
            "Click for a random plane again."
        } else {
            "Click for the plane through it and a random corner of the same box."
        }
    );
    let button = ui.selectable_label(towards, NAME).on_hover_text(words);
    if button.clicked() {
        let directions = if towards {
            Directions::Random
        } else {
            Directions::Worst(worst.epsilon)
        };
        state.wish.aim(directions);
    }
}

/// Paints where it lies, hollow because the plane may pass it by; planes towards it have a mark of
/// their own.
pub fn paint(
    painter: &Painter,
    frame: &Frame,
    state: &State,
    news: &Snapshot,
    alpha: f64,
    palette: &Palette,
) {
    let towards = matches!(
        state.wish.plane.directions,
        Directions::Worst(_) | Directions::Pca(_)
    );
    let Some(worst) = known(state, news, alpha).filter(|_| !towards) else {
        return;
    };
    let [x, y] = worst.coordinate;
    let (centre, at) = (frame.at((0.0, 0.0)), frame.at((x, y)));
    if !frame.shows((x, y)) || centre.distance(at) < NEAREST {
        return;
    }
    for (width, color) in [(3.0, Color32::WHITE), (1.5, palette.here)] {
        painter.add(Shape::closed_line(diamond(at), Stroke::new(width, color)));
    }
    let name = format!("worst point, {} outside", percent_to(worst.outside, 0));
    // Beside the name of the centre rather than over it.
    let named = Rect::from_min_size(centre - Vec2::new(8.0, 12.0), Vec2::new(135.0, 24.0));
    let taken = [signs::block(named)];
    signs::label(
        painter,
        frame.rect,
        at,
        &name,
        palette.here,
        palette,
        &taken,
    );
}

fn diamond(at: Pos2) -> Vec<Pos2> {
    [(0.0, -SIZE), (SIZE, 0.0), (0.0, SIZE), (-SIZE, 0.0)]
        .map(|(x, y)| at + Vec2::new(x, y))
        .to_vec()
}
