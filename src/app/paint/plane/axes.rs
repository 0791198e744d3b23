//! Axes around a plane and the colour bar beside it.

use super::camera::Frame;
use super::picture::Coloring;
use crate::app::theme::Palette;
use crate::plot::colormap::Colormap;
use crate::plot::number::format_value;
use crate::plot::scale::{Scale, Tick, spaced, ticks};
use eframe::egui::epaint::TextShape;
use eframe::egui::{
    Align2, Color32, ColorImage, Context, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind,
    TextureHandle, TextureOptions, Vec2,
};

/// Size of the numbers at ticks.
const NUMBER: f32 = 11.0;
/// Size of the names of axes.
const NAME: f32 = 12.0;
/// Length of a tick.
const TICK: f32 = 4.0;
/// Between a tick and its number, a number and the name.
const GAP: f32 = 4.0;
/// Width of the colour bar.
const BAR: f32 = 12.0;
/// Between the plane and its colour bar.
const BAR_GAP: f32 = 12.0;
/// Height of the tip that says that values go on beyond the colours.
const TIP: f32 = 7.0;
/// A number reaches at most this far beyond the end of its axis.
const OVER: f32 = 9.0;
/// Room for numbers grows in steps, so that panning doesn't move the plane.
const STEP: f32 = 8.0;

/// What stands around a plane, by the room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// Whether axes and the colour bar have names.
    pub names: bool,
    /// Whether there is a colour bar.
    pub bar: bool,
}

impl Around {
    /// What has room in a view of this size.
    pub fn of(size: Vec2) -> Self {
        Self {
            names: size.x > 250.0 && size.y > 170.0,
            bar: size.x > 190.0,
        }
    }

    fn name(self) -> f32 {
        if self.names { GAP + NAME } else { 0.0 }
    }

    /// Room below a plane for ticks, numbers and a name.
    pub fn below(self) -> f32 {
        TICK + GAP + NUMBER + 6.0 + self.name()
    }

    /// Room to the left of a plane of this height.
    pub fn left(self, painter: &Painter, range: (f64, f64), height: f32) -> f32 {
        width_of(painter, &up(range, height)).max(2.0 * STEP) + TICK + GAP + self.name() + 2.0
    }

    /// Room to the right of a plane of this height, for its colour bar.
    pub fn right(self, painter: &Painter, coloring: &Coloring, height: f32) -> f32 {
        if !self.bar {
            return OVER + 2.0;
        }
        let numbers = width_of(painter, &bar_ticks(coloring, height)).max(2.0 * STEP);
        BAR_GAP + BAR + TICK + GAP + numbers + self.name() + 6.0
    }
}

fn number_font() -> FontId {
    FontId::proportional(NUMBER)
}

fn width_of(painter: &Painter, ticks: &[Tick]) -> f32 {
    let widths = ticks.iter().map(|t| {
        let galley = painter.layout_no_wrap(t.label.clone(), number_font(), Color32::PLACEHOLDER);
        galley.size().x
    });
    (widths.fold(0.0, f32::max) / STEP).ceil() * STEP
}

/// Ticks of a horizontal axis whose numbers, measured, stand apart.
fn across(painter: &Painter, range: (f64, f64), length: f32) -> Vec<Tick> {
    let width = |tick: &Tick| {
        let galley =
            painter.layout_no_wrap(tick.label.clone(), number_font(), Color32::PLACEHOLDER);
        f64::from(galley.size().x)
    };
    // Numbers at the ends are moved inwards by as much as they would reach out.
    let gaps = [22.0, 9.0];
    fitting(range, length, 62.0, gaps, |a, b| {
        0.5 * (width(a) + width(b))
    })
}

/// Ticks of a vertical axis whose numbers stand apart.
fn up(range: (f64, f64), length: f32) -> Vec<Tick> {
    fitting(range, length, 38.0, [8.0, 1.0], |_, _| f64::from(NUMBER))
}

fn fitting(
    (lo, hi): (f64, f64),
    length: f32,
    each: f32,
    gaps: [f64; 2],
    taken: impl Fn(&Tick, &Tick) -> f64,
) -> Vec<Tick> {
    let most = (length / each).max(2.0) as usize;
    // Halves, because the difference of two huge numbers would overflow.
    let place = |v: f64| (v / 2.0 - lo / 2.0) / (hi / 2.0 - lo / 2.0) * f64::from(length);
    spaced(Scale::Linear, (lo, hi), most, place, gaps, taken)
}

/// The axis below a plane.
pub fn below(painter: &Painter, frame: &Frame, name: &str, palette: &Palette) {
    let rect = frame.rect;
    let stroke = Stroke::new(1.0, palette.weak);
    for tick in across(painter, frame.x, rect.width()) {
        let x = painter.round_to_pixel_center(frame.at((tick.value, 0.0)).x);
        painter.vline(x, rect.bottom()..=rect.bottom() + TICK, stroke);
        // A number at the very end doesn't reach under a neighbour.
        let half = 0.5
            * painter
                .layout_no_wrap(tick.label.clone(), number_font(), palette.weak)
                .size()
                .x;
        let middle = x
            .min(rect.right() - half + OVER)
            .max(rect.left() + half - OVER);
        let at = Pos2::new(middle, rect.bottom() + TICK + GAP - 1.0);
        painter.text(
            at,
            Align2::CENTER_TOP,
            &tick.label,
            number_font(),
            palette.weak,
        );
    }
    let at = Pos2::new(rect.center().x, rect.bottom() + TICK + GAP + NUMBER + 4.0);
    shortened(painter, at, name, rect.width() + 18.0, palette.text);
}

fn shortened(painter: &Painter, at: Pos2, name: &str, width: f32, color: Color32) {
    let name = crate::plot::text::ellipsized(name, f64::from(NAME), f64::from(width));
    painter.text(
        at,
        Align2::CENTER_TOP,
        name,
        FontId::proportional(NAME),
        color,
    );
}

/// The axis to the left of a plane; without a name where there is none.
pub fn beside(painter: &Painter, frame: &Frame, name: &str, palette: &Palette) {
    let rect = frame.rect;
    let stroke = Stroke::new(1.0, palette.weak);
    let all = up(frame.y, rect.height());
    for tick in &all {
        let y = painter.round_to_pixel_center(frame.at((0.0, tick.value)).y);
        painter.hline(rect.left() - TICK..=rect.left(), y, stroke);
        let at = Pos2::new(rect.left() - TICK - GAP, y);
        painter.text(
            at,
            Align2::RIGHT_CENTER,
            &tick.label,
            number_font(),
            palette.weak,
        );
    }
    let x = rect.left() - TICK - GAP - width_of(painter, &all).max(2.0 * STEP) - GAP - NAME / 2.0;
    upwards(
        painter,
        Pos2::new(x, rect.center().y),
        name,
        rect.height(),
        palette.text,
    );
}

/// A name that reads upwards, about its middle, a little longer than its axis if need be.
fn upwards(painter: &Painter, middle: Pos2, name: &str, room: f32, color: Color32) {
    let name = crate::plot::text::ellipsized(name, f64::from(NAME), f64::from(room + 36.0));
    let galley = painter.layout_no_wrap(name, FontId::proportional(NAME), color);
    let size = galley.size();
    let corner = middle + Vec2::new(-size.y / 2.0, size.x / 2.0);
    let mut shape = TextShape::new(corner, galley, color);
    shape.angle = -std::f32::consts::FRAC_PI_2;
    painter.add(shape);
}

/// A thin line around a plane or a bar.
pub fn outline(painter: &Painter, rect: Rect, palette: &Palette) {
    painter.rect_stroke(
        rect,
        0.0,
        Stroke::new(1.0, palette.weak),
        StrokeKind::Outside,
    );
}

fn bar_ticks(coloring: &Coloring, height: f32) -> Vec<Tick> {
    let count = (height / 34.0).max(1.0) as usize;
    match coloring.range {
        None => Vec::new(),
        Some((lo, hi)) if lo < hi => ticks(coloring.scale, lo, hi, count),
        Some((value, _)) => vec![Tick {
            value,
            label: format_value(value),
        }],
    }
}

/// What a colour bar shows beside its colours.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// What has room.
    pub around: Around,
    /// Whether values go on above the colours.
    pub beyond: bool,
    /// The value under the pointer.
    pub pointed: Option<f64>,
}

/// The colour bar's own texture.
#[derive(Default)]
pub struct Bar {
    strip: Option<(Colormap, TextureHandle)>,
}

impl Bar {
    fn strip(&mut self, ctx: &Context, map: Colormap) -> Option<&TextureHandle> {
        if self.strip.as_ref().is_none_or(|(m, _)| *m != map) {
            let mut colors = map.table();
            colors.reverse();
            let pixels = colors.map(|[r, g, b]| Color32::from_rgb(r, g, b)).to_vec();
            let image = ColorImage::new([1, 256], pixels);
            let strip = ctx.load_texture("colour bar", image, TextureOptions::LINEAR);
            self.strip = Some((map, strip));
        }
        self.strip.as_ref().map(|(_, strip)| strip)
    }

    /// Paints the bar to the right of `plane`: colours, ticks, levels, the metric and its unit, and
    /// the value under the pointer.
    pub fn paint(
        &mut self,
        painter: &Painter,
        plane: Rect,
        coloring: &Coloring,
        Shown {
            around,
            beyond,
            pointed,
        }: Shown,
        palette: &Palette,
    ) {
        let Some((lo, hi)) = coloring.range.filter(|_| around.bar) else {
            return;
        };
        let left = plane.right() + BAR_GAP;
        let top = plane.top() + if beyond { TIP } else { 0.0 };
        let rect = Rect::from_min_max(Pos2::new(left, top), Pos2::new(left + BAR, plane.bottom()));
        if let Some(strip) = self.strip(painter.ctx(), coloring.colormap) {
            // One value alone has the colour of the middle.
            let v = if lo < hi { (0.0, 1.0) } else { (0.5, 0.5) };
            let uv = Rect::from_min_max(Pos2::new(0.0, v.0), Pos2::new(1.0, v.1));
            painter.image(strip.id(), rect, uv, Color32::WHITE);
        }
        if beyond {
            let [r, g, b] = coloring.colormap.rgb(1.0);
            let tip = vec![
                rect.left_top(),
                Pos2::new(rect.center().x, rect.top() - TIP),
                rect.right_top(),
            ];
            let stroke = Stroke::new(1.0, palette.weak);
            painter.add(Shape::convex_polygon(
                tip,
                Color32::from_rgb(r, g, b),
                stroke,
            ));
        }
        let y = |value: f64| {
            let t = coloring.fraction(value).clamp(0.0, 1.0) as f32;
            rect.bottom() - t * rect.height()
        };
        for level in coloring.level_values() {
            let ink = super::picture::ink_on(coloring.color(level)).gamma_multiply(0.72);
            painter.hline(rect.x_range(), y(level), Stroke::new(1.0, ink));
        }
        outline(painter, rect, palette);
        let ticks = bar_ticks(coloring, rect.height());
        let stroke = Stroke::new(1.0, palette.weak);
        let mut free = f32::INFINITY;
        for tick in &ticks {
            let at = painter.round_to_pixel_center(y(tick.value));
            let long = if tick.label.is_empty() { 0.5 } else { 1.0 };
            painter.hline(rect.right()..=rect.right() + TICK * long, at, stroke);
            // On a logarithmic scale numbers may come too near to each other.
            if free - at < NUMBER + 1.0 || tick.label.is_empty() {
                continue;
            }
            free = at;
            let place = Pos2::new(rect.right() + TICK + GAP, at);
            painter.text(
                place,
                Align2::LEFT_CENTER,
                &tick.label,
                number_font(),
                palette.weak,
            );
        }
        if around.names {
            let numbers = width_of(painter, &ticks).max(2.0 * STEP);
            let x = rect.right() + TICK + GAP + numbers + GAP + NAME / 2.0;
            let middle = Pos2::new(x, plane.center().y);
            let name = coloring.name();
            upwards(painter, middle, &name, plane.height(), palette.text);
        }
        if let Some(value) = pointed.filter(|v| v.is_finite()) {
            let at = y(value);
            let tip = Pos2::new(rect.left() - 1.0, at);
            let back = Vec2::new(-7.0, 4.5);
            let points = vec![tip, tip + back, tip + Vec2::new(back.x, -back.y)];
            painter.add(Shape::convex_polygon(points, palette.text, Stroke::NONE));
            painter.hline(rect.x_range(), at, Stroke::new(1.5, palette.text));
        }
    }
}
