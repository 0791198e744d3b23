//! What stands over and in a plane of several side by side: its name, its metric, how good it is.

use super::plane::header::{self, Trust};
use super::plane::hud;
use crate::app::theme::Palette;
use crate::export::figure::Metric;
use crate::model::losses::Score;
use crate::plot::number;
use eframe::egui::{Align, Color32, Label, Layout, Pos2, Rect, RichText, Ui, UiBuilder, Vec2};

/// Height of a title: a name and a value.
pub const TITLE: f32 = 40.0;
/// Between two planes.
pub const GAP: f32 = 20.0;
/// A plane as wide has room for φ beside its metric.
const ROOM_FOR_PHI: f32 = 170.0;
/// The one between the ends.
pub const HERE: &str = "θ(α)";

/// One of the points that are compared.
pub struct Place {
    /// What it is called.
    pub name: String,
    /// Its colour.
    pub color: Color32,
    /// Where on the line it stands.
    pub alpha: f64,
    /// The metric there, once it is known.
    pub value: Option<f64>,
    /// φ there at the ε that is chosen, once it is known.
    pub phi: Option<f64>,
    /// Where it is, in words.
    pub help: String,
}

/// Name in the checkpoint's colour, and the metric there.
pub fn title_ui(
    ui: &mut Ui,
    plane: Rect,
    place: &Place,
    (metric, score): (Metric, Score),
    palette: &Palette,
) {
    let rect = Rect::from_min_max(
        Pos2::new(plane.left(), plane.top() - TITLE),
        Pos2::new(plane.right() + GAP - 6.0, plane.top() - 4.0),
    );
    let builder = UiBuilder::new()
        .max_rect(rect)
        .layout(Layout::top_down(Align::Min));
    ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        let name = if place.name == HERE && plane.width() < 80.0 {
            format!("α = {}", number::alpha(place.alpha))
        } else if place.name == HERE {
            format!("θ(α), α = {}", number::alpha(place.alpha))
        } else {
            place.name.clone()
        };
        let name = RichText::new(name).strong().color(place.color);
        let name = ui.add(Label::new(name).truncate());
        if !place.help.is_empty() {
            name.on_hover_text(&place.help);
        }
        let words = place.value.map_or_else(
            || "…".to_owned(),
            |value| {
                let value = hud::value(metric, value, score);
                format!("{} {value}", metric.short(score))
            },
        );
        let words = match place.phi {
            Some(phi) if plane.width() > ROOM_FOR_PHI => {
                format!("{words}, φ {} %", number::format_value(phi))
            }
            _ => words,
        };
        let value = RichText::new(words).size(12.0).color(palette.text);
        ui.add(Label::new(value).truncate()).on_hover_text(format!(
            "{} there, over all samples asked for{}",
            metric.name(score),
            place.phi.map_or_else(String::new, |phi| {
                format!("\nSharpness φ(ε) = {} %", number::format_value(phi))
            })
        ));
    });
}

/// What a picture is, in its corner, where it isn't what was asked for.
pub fn chip_ui(ui: &mut Ui, plane: Rect, badge: &(String, Trust), palette: &Palette) {
    if badge.1 == Trust::Done {
        return;
    }
    let rect = Rect::from_min_size(
        plane.min + Vec2::splat(4.0),
        Vec2::new(plane.width() - 8.0, 20.0),
    );
    let builder = UiBuilder::new()
        .max_rect(rect)
        .layout(Layout::left_to_right(Align::Min));
    ui.scope_builder(builder, |ui| {
        header::badge_ui(ui, badge, palette);
    });
}
