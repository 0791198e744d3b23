//! Which part of a plane is seen, and where on the screen.
//!
//! The zoom is kept in fractions of the plane's extent, so that it outlives a change of the plane
//! and can be shared by several planes side by side.

use crate::plot::aspect::Aspect;
use crate::plot::heat::borders;
use eframe::egui::{Key, MouseWheelSource, PointerButton, Pos2, Rect, Response, Ui, Vec2};

/// The most a plane is enlarged: far below the distance of grid points.
const MOST: f64 = 200.0;
/// The least: what lies around the plane comes into view.
const LEAST: f64 = 0.4;

/// The coordinates a plane covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// From and to, along the first direction.
    pub x: (f64, f64),
    /// From and to, along the second direction.
    pub y: (f64, f64),
}

impl Extent {
    /// What a grid covers; `None` without coordinates.
    pub fn of(x: &[f64], y: &[f64]) -> Option<Self> {
        let ends = |c: &[f64]| {
            let borders = borders(c);
            Some((*borders.first()?, *borders.last()?))
        };
        Some(Self {
            x: ends(x)?,
            y: ends(y)?,
        })
    }

    /// The proportions in which it is drawn.
    pub fn aspect(self) -> Aspect {
        // Halves, because the difference of two huge numbers would overflow.
        let half = |(lo, hi): (f64, f64)| hi / 2.0 - lo / 2.0;
        Aspect::of(half(self.x), half(self.y))
    }

    /// What two planes cover together.
    pub fn union(self, other: Self) -> Self {
        let both = |a: (f64, f64), b: (f64, f64)| (a.0.min(b.0), a.1.max(b.1));
        Self {
            x: both(self.x, other.x),
            y: both(self.y, other.y),
        }
    }
}

/// How much of an extent is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zoom {
    /// The middle, in fractions of the extent along both directions.
    pub centre: (f64, f64),
    /// 1: all of it; larger is nearer.
    pub factor: f64,
}

impl Default for Zoom {
    fn default() -> Self {
        Self {
            centre: (0.5, 0.5),
            factor: 1.0,
        }
    }
}

impl Zoom {
    /// Comes nearer by `factor`; what is at `anchor`, in fractions of what is seen, stays there.
    pub fn nearer(&mut self, factor: f64, anchor: (f64, f64)) {
        if !factor.is_finite() || factor <= 0.0 {
            return;
        }
        let new = (self.factor * factor).clamp(LEAST, MOST);
        let moved = 1.0 / self.factor - 1.0 / new;
        self.factor = new;
        self.shift((anchor.0 - 0.5) * moved, (anchor.1 - 0.5) * moved);
    }

    /// Moves what is seen by fractions of itself.
    pub fn pan(&mut self, (x, y): (f64, f64)) {
        self.shift(x / self.factor, y / self.factor);
    }

    /// The plane never leaves the screen.
    fn shift(&mut self, x: f64, y: f64) {
        let held = |at: f64| {
            if at.is_finite() {
                at.clamp(0.0, 1.0)
            } else {
                0.5
            }
        };
        self.centre = (held(self.centre.0 + x), held(self.centre.1 + y));
    }
}

/// The part of a plane that is seen, on the screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Where on the screen.
    pub rect: Rect,
    /// First and last coordinate seen along the first direction.
    pub x: (f64, f64),
    /// Lowest and highest coordinate seen along the second direction.
    pub y: (f64, f64),
}

impl Frame {
    /// What `zoom` shows of `extent` in `rect`.
    pub fn new(rect: Rect, extent: Extent, zoom: Zoom) -> Self {
        let seen = |(lo, hi): (f64, f64), centre: f64| {
            // Halves, because the difference of two huge numbers would overflow.
            let half = hi / 2.0 - lo / 2.0;
            let middle = lo + 2.0 * half * centre;
            (middle - half / zoom.factor, middle + half / zoom.factor)
        };
        Self {
            rect,
            x: seen(extent.x, zoom.centre.0),
            y: seen(extent.y, zoom.centre.1),
        }
    }

    /// Where a point of the plane lies on the screen.
    pub fn at(&self, (x, y): (f64, f64)) -> Pos2 {
        let part = |v: f64, (lo, hi): (f64, f64)| (v / 2.0 - lo / 2.0) / (hi / 2.0 - lo / 2.0);
        // Far outside is far enough: the painter has no use for more.
        let far = |t: f64| t.clamp(-1e4, 1e4) as f32;
        Pos2::new(
            self.rect.left() + far(part(x, self.x)) * self.rect.width(),
            self.rect.bottom() - far(part(y, self.y)) * self.rect.height(),
        )
    }

    /// The point of the plane at a place on the screen.
    pub fn coordinate(&self, at: Pos2) -> (f64, f64) {
        let (u, v) = self.fraction(at);
        let mix = |t: f64, (lo, hi): (f64, f64)| lo + t * (hi - lo);
        (mix(u, self.x), mix(v, self.y))
    }

    /// A place on the screen as fractions of what is seen, upwards.
    pub fn fraction(&self, at: Pos2) -> (f64, f64) {
        (
            f64::from((at.x - self.rect.left()) / self.rect.width().max(1.0)),
            f64::from((self.rect.bottom() - at.y) / self.rect.height().max(1.0)),
        )
    }

    /// Whether a point of the plane is seen.
    pub fn shows(&self, (x, y): (f64, f64)) -> bool {
        let slack = |(lo, hi): (f64, f64)| 1e-9 * (hi - lo);
        let within =
            |v: f64, (lo, hi): (f64, f64)| v >= lo - slack((lo, hi)) && v <= hi + slack((lo, hi));
        within(x, self.x) && within(y, self.y)
    }

    /// The rectangle of an extent on the screen.
    pub fn rect_of(&self, [x0, x1, y0, y1]: [f64; 4]) -> Rect {
        Rect::from_two_pos(self.at((x0, y0)), self.at((x1, y1)))
    }
}

/// The room a plane takes of `room`.
pub fn fit(room: Vec2, extent: Extent) -> Vec2 {
    let ratio = extent.aspect().ratio;
    let (width, height) = (f64::from(room.x.max(1.0)), f64::from(room.y.max(1.0)));
    let (width, height) = (width.min(height * ratio), height.min(width / ratio));
    Vec2::new(
        (width + 1e-6).floor() as f32,
        (height + 1e-6).floor() as f32,
    )
}

/// Pans by dragging, comes nearer by wheel, pinch, + and −, goes back by Home and double click.
pub fn navigate(ui: &Ui, response: &Response, frame: &Frame, zoom: &mut Zoom) {
    let dragged =
        response.dragged_by(PointerButton::Primary) || response.dragged_by(PointerButton::Middle);
    if dragged {
        let by = response.drag_delta() / frame.rect.size().max(Vec2::splat(1.0));
        zoom.pan((-f64::from(by.x), f64::from(by.y)));
    }
    let over = response.contains_pointer();
    if let Some(pointer) = ui.ctx().pointer_hover_pos().filter(|_| over) {
        let (scrolled, pinched, source) = ui.input_mut(|i| {
            let scrolled = std::mem::take(&mut i.smooth_scroll_delta);
            (scrolled, i.zoom_delta(), i.scroll_source())
        });
        let mut factor = f64::from(pinched);
        match source {
            // Two fingers move what they lie on, where the system tells them from a wheel.
            Some(MouseWheelSource::Trackpad | MouseWheelSource::Momentum) => {
                let by = scrolled / frame.rect.size().max(Vec2::splat(1.0));
                zoom.pan((-f64::from(by.x), f64::from(by.y)));
            }
            _ => factor *= (f64::from(scrolled.y) * 0.004).exp(),
        }
        if factor != 1.0 {
            zoom.nearer(factor, frame.fraction(pointer));
        }
    }
    if response.has_focus() {
        let pressed = |key| ui.input(|i| i.modifiers.is_none() && i.key_pressed(key));
        if pressed(Key::Plus) || pressed(Key::Equals) {
            zoom.nearer(1.25, (0.5, 0.5));
        }
        if pressed(Key::Minus) {
            zoom.nearer(0.8, (0.5, 0.5));
        }
        if pressed(Key::Home) {
            *zoom = Zoom::default();
        }
    }
    if response.double_clicked() {
        *zoom = Zoom::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXTENT: Extent = Extent {
        x: (-1.0, 1.0),
        y: (-2.0, 6.0),
    };

    fn frame(zoom: Zoom) -> Frame {
        let rect = Rect::from_min_size(Pos2::new(10.0, 20.0), Vec2::new(200.0, 100.0));
        Frame::new(rect, EXTENT, zoom)
    }

    #[test]
    fn places_and_coordinates_are_inverse() {
        let mut zoom = Zoom::default();
        zoom.nearer(3.0, (0.2, 0.9));
        let frame = frame(zoom);
        for point in [(-0.3, 4.0), (0.0, 0.0), (0.9, -1.5)] {
            let back = frame.coordinate(frame.at(point));
            // Screen places are f32.
            assert!((back.0 - point.0).abs() < 1e-5 && (back.1 - point.1).abs() < 1e-4);
        }
    }

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let pointer = Pos2::new(60.0, 90.0);
        let mut zoom = Zoom::default();
        let before = frame(zoom).coordinate(pointer);
        for factor in [1.3, 2.0, 0.7] {
            zoom.nearer(factor, frame(zoom).fraction(pointer));
            let after = frame(zoom).coordinate(pointer);
            assert!((after.0 - before.0).abs() < 1e-9 && (after.1 - before.1).abs() < 1e-9);
        }
    }

    #[test]
    fn zoom_and_pan_have_bounds() {
        let mut zoom = Zoom::default();
        for _ in 0..100 {
            zoom.nearer(2.0, (0.5, 0.5));
            zoom.pan((1.0, -1.0));
        }
        assert_eq!((zoom.factor, zoom.centre), (MOST, (1.0, 0.0)));
        zoom.nearer(f64::NAN, (0.5, 0.5));
        zoom.nearer(1e-9, (0.5, 0.5));
        assert_eq!(zoom.factor, LEAST);
        assert!(frame(zoom).at((1e300, -1e300)).x.is_finite());
    }

    #[test]
    fn every_plane_is_true_to_scale() {
        let room = Vec2::new(600.0, 300.0);
        assert_eq!(fit(room, EXTENT), Vec2::new(75.0, 300.0));
        let square = Extent {
            x: (-1.0, 1.0),
            y: (-1.0, 1.0),
        };
        assert_eq!(fit(room, square), Vec2::new(300.0, 300.0));
        let sliver = Extent {
            x: (0.0, 100.0),
            y: (0.0, 1.0),
        };
        assert_eq!(fit(room, sliver), Vec2::new(600.0, 200.0));
        assert!(sliver.aspect().words().is_some(), "and says that it isn't");
    }
}
