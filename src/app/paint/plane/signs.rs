//! Names beside places of a plane, and the room that signs take.

use crate::app::theme::Palette;
use crate::plot::contour_label::Block;
use eframe::egui::{Color32, FontId, Painter, Pos2, Rect, Vec2};

/// Size of names.
const NAME: f32 = 11.0;
/// Half the width of a sign.
pub const RADIUS: f32 = 5.5;
/// Around every sign, so that it stands out on any colour.
pub const RIM: Color32 = Color32::from_rgb(0x14, 0x16, 0x1a);

/// A rectangle as something to keep clear of.
pub fn block(rect: Rect) -> Block {
    let [left, top, width, height] =
        [rect.left(), rect.top(), rect.width(), rect.height()].map(f64::from);
    Block::upright(left, top, width, height)
}

/// A name beside a place, on the side where least is in its way; `None` where it fits nowhere.
pub fn label(
    painter: &Painter,
    within: Rect,
    at: Pos2,
    name: &str,
    color: Color32,
    palette: &Palette,
    taken: &[Block],
) -> Option<Rect> {
    let galley = painter.layout_no_wrap(name.to_owned(), FontId::proportional(NAME), color);
    let size = galley.size() + Vec2::new(10.0, 4.0);
    let away = RADIUS + 5.0;
    let sides = [
        Vec2::new(away, -size.y / 2.0),
        Vec2::new(-away - size.x, -size.y / 2.0),
        Vec2::new(-size.x / 2.0, -away - size.y),
        Vec2::new(-size.x / 2.0, away),
        Vec2::new(away * 0.8, -away * 0.8 - size.y),
        Vec2::new(away * 0.8, away * 0.8),
        Vec2::new(-away * 0.8 - size.x, -away * 0.8 - size.y),
        Vec2::new(-away * 0.8 - size.x, away * 0.8),
    ];
    // Where nothing is quite free, the side where least is in the way.
    let rect = sides
        .into_iter()
        .map(|side| Rect::from_min_size(at + side, size))
        .filter(|rect| within.shrink(2.0).contains_rect(*rect))
        .min_by_key(|rect| {
            let own = block(*rect);
            taken.iter().filter(|t| t.meets(&own)).count()
        })?;
    painter.rect_filled(rect, 4.0, palette.panel.gamma_multiply(0.9));
    painter.galley(rect.min + Vec2::new(5.0, 2.0), galley, color);
    Some(rect)
}
