//! Iso-lines on the screen, with their values on them.
//!
//! Where lines and labels lie changes only with the picture and the part of it that is seen, so
//! both are kept until one of them moves.

use super::camera::Frame;
use super::picture::Picture;
use crate::plot::contour::Polyline;
use crate::plot::contour_label::{self, Block, Candidate};
use crate::plot::text;
use eframe::egui::epaint::TextShape;
use eframe::egui::{Color32, FontId, Painter, Pos2, Shape, Stroke, Vec2};

/// Size of the values on lines, in points.
pub const LABEL_SIZE: f32 = 10.0;
/// Height of a capital over the size of the font.
const CAPITAL: f64 = 0.73;
/// Lines shorter than this, in points, look like dirt.
const SPECK: f64 = 2.5;
/// Lines are kept this far beyond what is seen, so that their ends aren't.
const BEYOND: f64 = 24.0;

/// Lines ready to paint.
#[derive(Default)]
pub struct Lines {
    key: Option<(u64, Frame, bool, usize)>,
    strokes: Vec<(Color32, Vec<Pos2>)>,
    labels: Vec<(String, Color32, Block)>,
}

impl Lines {
    /// The lines of a picture as shapes; labels keep clear of `obstacles`.
    pub fn shapes(
        &mut self,
        painter: &Painter,
        picture: &Picture,
        frame: &Frame,
        labelled: bool,
        obstacles: &[Block],
    ) -> Vec<Shape> {
        let key = (picture.serial, *frame, labelled, obstacles.len());
        if self.key != Some(key) {
            self.key = Some(key);
            self.lay_out(picture, frame, labelled, obstacles);
        }
        let mut shapes = Vec::with_capacity(self.strokes.len() + self.labels.len());
        for (ink, points) in &self.strokes {
            let stroke = Stroke::new(1.0, ink.gamma_multiply(0.72));
            shapes.push(Shape::line(points.clone(), stroke));
        }
        for (label, ink, block) in &self.labels {
            let font = FontId::proportional(LABEL_SIZE);
            let galley = painter.layout_no_wrap(label.clone(), font, *ink);
            let angle = block.angle_degrees.to_radians() as f32;
            // Text turns about its upper left corner.
            let half = galley.size() / 2.0;
            let turned = Vec2::new(
                half.x * angle.cos() - half.y * angle.sin(),
                half.x * angle.sin() + half.y * angle.cos(),
            );
            let centre = Pos2::new(block.center.0 as f32, block.center.1 as f32);
            let mut shape = TextShape::new(centre - turned, galley, *ink);
            shape.angle = angle;
            shapes.push(shape.into());
        }
        shapes
    }

    fn lay_out(&mut self, picture: &Picture, frame: &Frame, labelled: bool, obstacles: &[Block]) {
        self.strokes.clear();
        self.labels.clear();
        let rect = frame.rect;
        let bounds = [rect.left(), rect.top(), rect.width(), rect.height()].map(f64::from);
        let mut placed: Vec<(usize, Polyline)> = Vec::new();
        for (index, level) in picture.levels.iter().enumerate() {
            for line in &level.lines {
                let on_screen = Polyline {
                    points: line
                        .points
                        .iter()
                        .map(|&p| {
                            let at = frame.at(p);
                            (f64::from(at.x), f64::from(at.y))
                        })
                        .collect(),
                    closed: line.closed,
                };
                let seen = clipped(on_screen, bounds);
                let long = seen
                    .into_iter()
                    .filter(|l| contour_label::length(l) > SPECK);
                placed.extend(long.map(|l| (index, l)));
            }
        }
        let candidates: Vec<Candidate> = placed
            .iter()
            .map(|(index, line)| Candidate {
                line,
                width: text::width(&picture.levels[*index].label, f64::from(LABEL_SIZE)),
            })
            .collect();
        let [left, top, width, height] = bounds;
        let placements = if labelled {
            contour_label::place(
                &candidates,
                f64::from(LABEL_SIZE) * CAPITAL,
                (left, top, width, height),
                obstacles,
            )
        } else {
            Vec::new()
        };
        let points = |line: &Polyline| {
            let mut points: Vec<Pos2> = line
                .points
                .iter()
                .map(|&(x, y)| Pos2::new(x as f32, y as f32))
                .collect();
            if line.closed {
                points.extend(points.first().copied());
            }
            points
        };
        for (number, (index, line)) in placed.iter().enumerate() {
            let level = &picture.levels[*index];
            match placements.iter().find(|p| p.line == number) {
                None => self.strokes.push((level.ink, points(line))),
                Some(placement) => {
                    let pieces = contour_label::cut(line, placement.gap);
                    let pieces = pieces.iter().map(|piece| (level.ink, points(piece)));
                    self.strokes.extend(pieces);
                    let label = (level.label.clone(), level.ink, placement.block);
                    self.labels.push(label);
                }
            }
        }
    }
}

/// The parts of a line that can be seen, with a little beyond.
fn clipped(line: Polyline, [left, top, width, height]: [f64; 4]) -> Vec<Polyline> {
    let seen = |a: (f64, f64), b: (f64, f64)| {
        a.0.max(b.0) >= left - BEYOND
            && a.0.min(b.0) <= left + width + BEYOND
            && a.1.max(b.1) >= top - BEYOND
            && a.1.min(b.1) <= top + height + BEYOND
    };
    let count = line.points.len();
    let segments = if line.closed {
        count
    } else {
        count.saturating_sub(1)
    };
    let end = |i: usize| line.points[(i + 1) % count];
    if (0..segments).all(|i| seen(line.points[i], end(i))) {
        return vec![line];
    }
    let mut pieces = Vec::new();
    let mut piece: Vec<(f64, f64)> = Vec::new();
    for i in 0..segments {
        if seen(line.points[i], end(i)) {
            if piece.is_empty() {
                piece.push(line.points[i]);
            }
            piece.push(end(i));
        } else if !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    let open = |points| Polyline {
        points,
        closed: false,
    };
    pieces.into_iter().map(open).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_seen_is_drawn() {
        let bounds = [0.0, 0.0, 100.0, 100.0];
        let line = |points: Vec<(f64, f64)>, closed| Polyline { points, closed };
        let whole = line(vec![(10.0, 10.0), (90.0, 10.0), (50.0, 90.0)], true);
        assert_eq!(clipped(whole.clone(), bounds), [whole]);
        let through = line(
            vec![
                (-500.0, 50.0),
                (-300.0, 50.0),
                (50.0, 50.0),
                (300.0, 50.0),
                (500.0, 50.0),
            ],
            false,
        );
        let pieces = clipped(through, bounds);
        assert_eq!(pieces.len(), 1);
        assert_eq!(
            pieces[0].points,
            [(-300.0, 50.0), (50.0, 50.0), (300.0, 50.0)]
        );
        let beside = line(vec![(500.0, 0.0), (500.0, 100.0)], false);
        assert!(clipped(beside, bounds).is_empty());
    }
}
