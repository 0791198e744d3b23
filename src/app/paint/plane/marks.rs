//! What lies on a plane: checkpoints with their names, over the paths of training runs.
//!
//! Every sign bears a white rim within a dark one, so that it stands out on any colour.

use super::camera::Frame;
use super::paths;
use super::picture::Picture;
use super::signs::{RADIUS, RIM, block, label};
use crate::app::theme::Palette;
use crate::engine::header::Header;
use crate::engine::job::{Directions, Job};
use crate::plot::contour_label::Block;
use crate::plot::number;
use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Vec2};

/// A checkpoint that lies farther outside than this has no place in the plane.
const MOST_OUTSIDE: f64 = 0.5;

/// How much a plane says, which depends on its room and on what stands around it.
#[derive(Debug, Clone, Copy)]
pub struct Detail {
    /// Whether marks have names.
    pub names: bool,
    /// Whether θ(α) is marked.
    pub here: bool,
    /// Whether iso-lines carry their values.
    pub values: bool,
}

/// Something marked.
pub struct Mark {
    /// Where.
    at: (f64, f64),
    /// Its name.
    name: String,
    /// Its colour.
    color: Color32,
    /// Whether it is θ(α): a ring around whatever else is there.
    here: bool,
}

/// The marks of a picture, in the interface's colours; those in the same place share a name.
pub fn marks(picture: &Picture, palette: &Palette) -> Vec<Mark> {
    let header = &picture.shown.outcome.header;
    let mut marks: Vec<Mark> = Vec::new();
    let corners = through_three(header).then_some([palette.small, palette.large, palette.other]);
    for (index, mark) in header.marks.iter().enumerate() {
        let &[x, y] = mark.coordinate.as_slice() else {
            continue;
        };
        // Where that fraction isn't known, the point is the centre itself.
        if mark.outside > MOST_OUTSIDE || !x.is_finite() || !y.is_finite() {
            continue;
        }
        let here = mark.label.starts_with("α = ");
        let color = match mark.label.as_str() {
            "small batch" => palette.small,
            "large batch" => palette.large,
            _ if here => palette.here,
            _ => corners
                .and_then(|c| c.get(index).copied())
                .unwrap_or(palette.text),
        };
        let name = if here {
            format!("θ(α), {}", mark.label)
        } else {
            mark.label.clone()
        };
        marks.push(Mark {
            at: (x, y),
            name,
            color,
            here,
        });
    }
    marks
}

/// Whether a plane has its origin at one checkpoint and goes through two more.
fn through_three(header: &Header) -> bool {
    matches!(&header.job, Job::Surface(job) if job.at.is_some() && matches!(job.directions, Directions::Three(..)))
}

/// Paints θ(α) in a plane that the whole line lies in, at the α that is wanted now.
pub fn on_the_line(
    painter: &Painter,
    picture: &Picture,
    frame: &Frame,
    alpha: f64,
    palette: &Palette,
) {
    let header = &picture.shown.outcome.header;
    let large = header.marks.get(1).filter(|_| through_three(header));
    let Some(&[x, y]) = large.map(|large| large.coordinate.as_slice()) else {
        return;
    };
    let mark = Mark {
        at: (alpha * x, alpha * y),
        name: format!("θ(α), α = {}", number::alpha(alpha)),
        color: palette.here,
        here: true,
    };
    if !frame.shows(mark.at) {
        return;
    }
    let at = frame.at(mark.at);
    let others = marks(picture, palette);
    let shared = others.iter().any(|m| frame.at(m.at).distance(at) < RADIUS);
    sign(painter, at, &mark, shared);
    if !shared {
        label(
            painter,
            frame.rect,
            at,
            &mark.name,
            mark.color,
            palette,
            &[],
        );
    }
}

/// Paints the path of a training run, marks and their names; the room they take.
pub fn paint(
    painter: &Painter,
    picture: &Picture,
    frame: &Frame,
    palette: &Palette,
    detail: Detail,
) -> Vec<Block> {
    let mut taken = paths::paint(painter, picture, frame, palette, detail.names);
    let marks = marks(picture, palette);
    let seen: Vec<(&Mark, Pos2)> = marks
        .iter()
        .filter(|m| frame.shows(m.at) && (detail.here || !m.here))
        .map(|m| (m, frame.at(m.at)))
        .collect();
    for (mark, at) in &seen {
        let shared = seen
            .iter()
            .any(|(m, p)| !std::ptr::eq(*m, *mark) && p.distance(*at) < RADIUS);
        sign(painter, *at, mark, shared);
        taken.push(block(Rect::from_center_size(
            *at,
            Vec2::splat(2.0 * RADIUS + 4.0),
        )));
    }
    if !detail.names {
        return taken;
    }
    let mut names: Vec<(Pos2, String, Color32)> = Vec::new();
    for (mark, at) in &seen {
        match names.iter_mut().find(|(p, ..)| p.distance(*at) < RADIUS) {
            Some((_, name, color)) => {
                *name = format!("{}, {name}", mark.name);
                *color = mark.color;
            }
            None => names.push((*at, mark.name.clone(), mark.color)),
        }
    }
    for (at, name, color) in names {
        if let Some(rect) = label(painter, frame.rect, at, &name, color, palette, &taken) {
            taken.push(block(rect));
        }
    }
    taken
}

fn sign(painter: &Painter, at: Pos2, mark: &Mark, shared: bool) {
    if mark.here {
        let radius = if shared { RADIUS + 3.5 } else { RADIUS };
        painter.circle_stroke(at, radius, Stroke::new(4.5, RIM));
        painter.circle_stroke(at, radius, Stroke::new(3.0, Color32::WHITE));
        painter.circle_stroke(at, radius, Stroke::new(1.5, mark.color));
        if !shared {
            painter.circle_filled(at, 2.0, RIM);
            painter.circle_filled(at, 1.5, Color32::WHITE);
        }
        return;
    }
    let diamond = |r: f32| {
        [(0.0, -r), (r, 0.0), (0.0, r), (-r, 0.0)]
            .map(|(x, y)| at + Vec2::new(x, y))
            .to_vec()
    };
    for (radius, color) in [
        (RADIUS + 2.4, RIM),
        (RADIUS + 1.4, Color32::WHITE),
        (RADIUS - 0.6, mark.color),
    ] {
        painter.add(Shape::convex_polygon(diamond(radius), color, Stroke::NONE));
    }
}
