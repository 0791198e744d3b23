//! Paths of training runs through a plane: each in a colour of its own, with its name where it ends.

use super::camera::Frame;
use super::picture::Picture;
use super::signs::{RIM, block, label};
use crate::app::theme::Palette;
use crate::engine::header::{Header, TrajectoryFacts};
use crate::plot::colormap;
use crate::plot::contour_label::Block;
use crate::plot::number::{format_value, percent_to};
use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Vec2};

/// The pointer means a checkpoint that is no farther away.
const REACH: f32 = 9.0;

/// The colours of all paths: white for one alone, as figures have it.
pub fn colors(header: &Header) -> Vec<Color32> {
    let color = |index| {
        let [r, g, b] = colormap::series(index);
        Color32::from_rgb(r, g, b)
    };
    match header.all_paths().len() {
        1 => vec![Color32::WHITE],
        count => (0..count).map(color).collect(),
    }
}

/// Paints all paths, and where `named` their names; the room they take.
pub fn paint(
    painter: &Painter,
    picture: &Picture,
    frame: &Frame,
    palette: &Palette,
    named: bool,
) -> Vec<Block> {
    let header = &picture.shown.outcome.header;
    let mut taken = Vec::new();
    let mut names = Vec::new();
    for ((name, path), color) in header.all_paths().into_iter().zip(colors(header)) {
        let points = places(path, frame);
        taken.extend(one(painter, frame, &points, color));
        if let Some(end) = points.last().filter(|_| named && !name.is_empty()) {
            names.push((*end, name, color));
        }
    }
    for (end, name, color) in names.into_iter().filter(|n| frame.rect.contains(n.0)) {
        let ink = color.lerp_to_gamma(palette.text, 0.35);
        let placed = label(painter, frame.rect, end, &name, ink, palette, &taken);
        taken.extend(placed.map(block));
    }
    taken
}

/// Where the checkpoints of a path are seen.
fn places(path: &TrajectoryFacts, frame: &Frame) -> Vec<Pos2> {
    let points = path.x.iter().zip(&path.y);
    let finite = points.filter(|(x, y)| x.is_finite() && y.is_finite());
    finite.map(|(&x, &y)| frame.at((x, y))).collect()
}

/// A path within a dark rim, a dot a checkpoint, a ring where it starts.
fn one(painter: &Painter, frame: &Frame, points: &[Pos2], color: Color32) -> Vec<Block> {
    for (width, color) in [(4.0, RIM), (2.0, color)] {
        painter.add(Shape::line(points.to_vec(), Stroke::new(width, color)));
    }
    let mut last: Option<Pos2> = None;
    for &point in points {
        if last.is_some_and(|l| l.distance(point) < 6.0) {
            continue;
        }
        last = Some(point);
        painter.circle(point, 2.6, color, Stroke::new(1.2, RIM));
    }
    if let Some(&start) = points.first() {
        painter.circle(start, 5.0, color, Stroke::new(1.6, RIM));
        painter.circle_filled(start, 2.0, RIM);
    }
    let along = points.windows(2).flat_map(|ends| {
        let steps = (ends[0].distance(ends[1]) / 8.0).clamp(1.0, 400.0) as usize;
        let (from, way) = (ends[0], ends[1] - ends[0]);
        (0..=steps).map(move |i| from + way * (i as f32 / steps as f32))
    });
    along
        .filter(|p| frame.rect.contains(*p))
        .map(|p| block(Rect::from_center_size(p, Vec2::splat(7.0))))
        .collect()
}

/// What is known of the checkpoint of a path that the pointer means: its name, and how far it is out of the plane.
pub fn reading(picture: &Picture, frame: &Frame, pointer: Pos2) -> Option<String> {
    let header = &picture.shown.outcome.header;
    let mut nearest: Option<(f32, String)> = None;
    for (run, path) in header.all_paths() {
        let points = path.x.iter().zip(&path.y).enumerate();
        for (index, (&x, &y)) in points {
            let away = frame.at((x, y)).distance(pointer);
            let nearer = nearest.as_ref().is_none_or(|(best, _)| away < *best);
            if !(away <= REACH && nearer) {
                continue;
            }
            let name = path.names.get(index).map_or("", String::as_str);
            let name = if run.is_empty() {
                name.to_owned()
            } else {
                format!("{run}, {name}")
            };
            let out = path.distance.get(index).copied().unwrap_or(f64::NAN);
            let share = path.outside.get(index).copied().unwrap_or(f64::NAN);
            let words = format!(
                "{name}: {} out of the plane, {} of its distance",
                format_value(out),
                percent_to(share, 0)
            );
            nearest = Some((away, words));
        }
    }
    nearest.map(|(_, words)| words)
}
