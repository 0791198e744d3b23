//! Places for the labels of iso-lines.
//!
//! A label sits on its line, turned along it but never upside down, where the line is straight and
//! nothing else is near; a line without such a place goes unlabelled, since the colour bar tells its
//! level too. It works in page coordinates (points, y downwards) and knows no values and no fonts.

use super::contour::Polyline;
use std::collections::HashMap;

/// A rectangle, possibly turned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// Its middle, in points.
    pub center: (f64, f64),
    /// Its width and height before turning, in points.
    pub size: (f64, f64),
    /// How far it is turned clockwise on the page, in degrees.
    pub angle_degrees: f64,
}

/// A label on a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Which line, as an index into those given.
    pub line: usize,
    /// Where the text goes; upright, so the angle lies in (−90, 90].
    pub block: Block,
    /// The stretch of the line under the text, as distances from its start in points.
    pub gap: (f64, f64),
}

/// A line and the width of its label in points.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The line in page coordinates.
    pub line: &'a Polyline,
    /// Width of the text.
    pub width: f64,
}

/// No figure needs more labels than this; it bounds the work on noisy surfaces.
const MOST_LABELS: usize = 60;
/// Places tried along a line.
const TRIES: usize = 48;
/// The least straightness: distance of the label's ends over the length of line between them.
const STRAIGHT: f64 = 0.94;
/// Free room around a label, in points.
const ROOM: f64 = 1.2;

/// Labels of `height` points inside the page rectangle `(left, top, width, height)`, clear of the
/// `obstacles`, of each other and of other lines; the longest lines choose first.
pub fn place(
    candidates: &[Candidate],
    height: f64,
    bounds: (f64, f64, f64, f64),
    obstacles: &[Block],
) -> Vec<Placement> {
    let paths: Vec<Path> = candidates.iter().map(|c| Path::new(c.line)).collect();
    // Points dense enough that no line slips through a label between two of them.
    let step = height / 3.0;
    let mut ink = Ink::new(4.0 * height);
    for (index, path) in paths.iter().enumerate() {
        let n = (path.length / step).ceil().clamp(1.0, 20_000.0);
        for i in 0..=n as usize {
            let s = path.length * i as f64 / n;
            ink.add((index, s, path.at(s)));
        }
    }
    let long_enough = |&i: &usize| paths[i].length > 3.0 * candidates[i].width + 3.0 * height;
    let mut order: Vec<usize> = (0..candidates.len()).filter(long_enough).collect();
    order.sort_by(|a, b| paths[*b].length.total_cmp(&paths[*a].length));
    let mut taken = obstacles.to_vec();
    let mut placements = Vec::new();
    for line in order.into_iter().take(MOST_LABELS) {
        let path = &paths[line];
        let width = candidates[line].width;
        let half = width / 2.0 + ROOM;
        // An open line shows a piece on both sides, so that it isn't mistaken for a speck.
        let first = if candidates[line].line.closed {
            half
        } else {
            half + height
        };
        let place_at = |k: usize| -> Option<(f64, Placement)> {
            let s = first + (path.length - 2.0 * first) * (k as f64 + 0.5) / TRIES as f64;
            let (a, b) = (path.at(s - half), path.at(s + half));
            let straightness = (b.0 - a.0).hypot(b.1 - a.1) / (2.0 * half);
            if straightness < STRAIGHT {
                return None;
            }
            let middle = path.at(s);
            // Between the line and its chord, so that a bend doesn't push the text off the line.
            let center = (
                (middle.0 + (a.0 + b.0) / 2.0) / 2.0,
                (middle.1 + (a.1 + b.1) / 2.0) / 2.0,
            );
            let block = Block {
                center,
                size: (2.0 * half, height + ROOM),
                angle_degrees: upright((b.1 - a.1).atan2(b.0 - a.0).to_degrees()),
            };
            let margin = block.margin(bounds)?;
            let reach = half + height;
            let crossed = ink.near(center, reach).any(|&(other, t, p)| {
                (p.0 - center.0).abs() < reach
                    && (p.1 - center.1).abs() < reach
                    && (other != line || (t - s).abs() > half + height)
                    && block.contains(p)
            });
            if crossed || taken.iter().any(|other| block.meets(other)) {
                return None;
            }
            let cost = (1.0 - straightness) * 8.0
                + (block.angle_degrees / 90.0).powi(2)
                + (6.0 - margin).max(0.0) / 12.0;
            Some((
                cost,
                Placement {
                    line,
                    block,
                    gap: (s - half, s + half),
                },
            ))
        };
        let best = (0..TRIES)
            .filter_map(place_at)
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, placement)) = best {
            taken.push(placement.block);
            placements.push(placement);
        }
    }
    placements
}

/// A point of a line: which line, how far along it, where.
type InkPoint = (usize, f64, (f64, f64));

/// The points of all lines, sorted into squares, so that a label looks only at its neighbourhood.
struct Ink {
    side: f64,
    squares: HashMap<(i64, i64), Vec<InkPoint>>,
}

impl Ink {
    fn new(side: f64) -> Self {
        Self {
            side: side.max(f64::MIN_POSITIVE),
            squares: HashMap::new(),
        }
    }

    fn square(&self, at: f64) -> i64 {
        (at / self.side).floor() as i64
    }

    fn add(&mut self, point: InkPoint) {
        let square = (self.square(point.2.0), self.square(point.2.1));
        self.squares.entry(square).or_default().push(point);
    }

    fn near(&self, (x, y): (f64, f64), reach: f64) -> impl Iterator<Item = &InkPoint> {
        let rows = self.square(y - reach)..=self.square(y + reach);
        let columns = self.square(x - reach)..=self.square(x + reach);
        let squares = rows.flat_map(move |row| columns.clone().map(move |column| (column, row)));
        squares
            .filter_map(|square| self.squares.get(&square))
            .flatten()
    }
}

/// The length of a line.
pub fn length(line: &Polyline) -> f64 {
    Path::new(line).length
}

/// The line without the stretch under a label: what is left, as open pieces (a loop starts behind
/// the gap).
pub fn cut(line: &Polyline, gap: (f64, f64)) -> Vec<Polyline> {
    let path = Path::new(line);
    let mut before = vec![];
    let mut after = vec![path.at(gap.1)];
    for (point, s) in path.points.iter().zip(&path.starts) {
        if *s < gap.0 {
            before.push(*point);
        } else if *s > gap.1 {
            after.push(*point);
        }
    }
    before.push(path.at(gap.0));
    let pieces = if line.closed {
        after.pop();
        after.extend(before);
        vec![after]
    } else {
        vec![before, after]
    };
    let drawn = pieces.into_iter().filter(|p| p.len() > 1);
    drawn
        .map(|points| Polyline {
            points,
            closed: false,
        })
        .collect()
}

/// A line measured along its length; a loop repeats its first corner at the end.
struct Path {
    points: Vec<(f64, f64)>,
    starts: Vec<f64>,
    length: f64,
}

impl Path {
    fn new(line: &Polyline) -> Self {
        let mut points = line.points.clone();
        if line.closed {
            points.extend(line.points.first());
        }
        let mut length = 0.0;
        let mut starts = vec![0.0];
        for pair in points.windows(2) {
            length += (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1);
            starts.push(length);
        }
        Self {
            points,
            starts,
            length,
        }
    }

    /// The point at a distance from the start, held to the ends.
    fn at(&self, s: f64) -> (f64, f64) {
        let next = self.starts.partition_point(|start| *start <= s);
        let (Some(a), b) = (
            self.points.get(next.saturating_sub(1)),
            self.points.get(next),
        ) else {
            return (0.0, 0.0);
        };
        let (Some(b), true) = (b, next > 0) else {
            return *a;
        };
        let span = self.starts[next] - self.starts[next - 1];
        let t = if span > 0.0 {
            (s - self.starts[next - 1]) / span
        } else {
            0.0
        };
        (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1))
    }
}

/// Turns an angle by half a circle where text would stand on its head.
fn upright(degrees: f64) -> f64 {
    if degrees > 90.0 {
        degrees - 180.0
    } else if degrees <= -90.0 {
        degrees + 180.0
    } else {
        degrees
    }
}

impl Block {
    /// An upright rectangle.
    pub fn upright(left: f64, top: f64, width: f64, height: f64) -> Self {
        Self {
            center: (left + width / 2.0, top + height / 2.0),
            size: (width, height),
            angle_degrees: 0.0,
        }
    }

    fn axes(&self) -> [(f64, f64); 2] {
        let (sin, cos) = self.angle_degrees.to_radians().sin_cos();
        [(cos, sin), (-sin, cos)]
    }

    fn corners(&self) -> [(f64, f64); 4] {
        let [u, v] = self.axes();
        let (w, h) = (self.size.0 / 2.0, self.size.1 / 2.0);
        [(-w, -h), (w, -h), (w, h), (-w, h)].map(|(a, b)| {
            (
                self.center.0 + a * u.0 + b * v.0,
                self.center.1 + a * u.1 + b * v.1,
            )
        })
    }

    /// Whether a point lies inside.
    pub fn contains(&self, point: (f64, f64)) -> bool {
        let d = (point.0 - self.center.0, point.1 - self.center.1);
        let [u, v] = self.axes();
        (d.0 * u.0 + d.1 * u.1).abs() < self.size.0 / 2.0
            && (d.0 * v.0 + d.1 * v.1).abs() < self.size.1 / 2.0
    }

    /// Whether two blocks overlap: no side of either separates them.
    pub fn meets(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.corners(), other.corners());
        self.axes().into_iter().chain(other.axes()).all(|axis| {
            let extent = |corners: &[(f64, f64); 4]| {
                corners
                    .iter()
                    .map(|p| p.0 * axis.0 + p.1 * axis.1)
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), d| {
                        (lo.min(d), hi.max(d))
                    })
            };
            let (a, b) = (extent(&mine), extent(&theirs));
            a.0 < b.1 && b.0 < a.1
        })
    }

    /// The distance to the border of `(left, top, width, height)`, if the block lies inside.
    fn margin(&self, (left, top, width, height): (f64, f64, f64, f64)) -> Option<f64> {
        let distance = self
            .corners()
            .into_iter()
            .fold(f64::INFINITY, |least, (x, y)| {
                least
                    .min(x - left)
                    .min(y - top)
                    .min(left + width - x)
                    .min(top + height - y)
            });
        (distance > 1.0).then_some(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(x: f64, y: f64, radius: f64) -> Polyline {
        let points = (0..120).map(|i| {
            let a = f64::from(i) * std::f64::consts::TAU / 120.0;
            (x + radius * a.cos(), y + radius * a.sin())
        });
        Polyline {
            points: points.collect(),
            closed: true,
        }
    }

    #[test]
    fn labels_stay_clear_of_everything() {
        let lines: Vec<Polyline> = (1..=9)
            .map(|i| circle(70.0, 70.0, 8.0 * f64::from(i)))
            .collect();
        let candidates: Vec<Candidate> = lines
            .iter()
            .map(|line| Candidate { line, width: 14.0 })
            .collect();
        let obstacle = Block::upright(60.0, 100.0, 20.0, 20.0);
        let bounds = (0.0, 0.0, 140.0, 140.0);
        let placements = place(&candidates, 6.0, bounds, &[obstacle]);
        assert!(placements.len() >= 5, "{}", placements.len());
        for (i, p) in placements.iter().enumerate() {
            assert!(p.block.angle_degrees > -90.0 && p.block.angle_degrees <= 90.0);
            assert!(p.block.margin(bounds).is_some() && !p.block.meets(&obstacle));
            assert!(
                placements
                    .iter()
                    .skip(i + 1)
                    .all(|q| !p.block.meets(&q.block))
            );
            for (k, line) in lines.iter().enumerate() {
                assert!(k == p.line || !line.points.iter().any(|point| p.block.contains(*point)));
            }
        }
        // A circle smaller than its label has none.
        assert!(placements.iter().all(|p| p.line > 0));
    }

    #[test]
    fn a_cut_line_leaves_room_for_its_label() {
        let line = Polyline {
            points: vec![(0.0, 0.0), (10.0, 0.0)],
            closed: false,
        };
        let left: Vec<_> = cut(&line, (4.0, 6.0))
            .into_iter()
            .map(|p| p.points)
            .collect();
        assert_eq!(
            left,
            [vec![(0.0, 0.0), (4.0, 0.0)], vec![(6.0, 0.0), (10.0, 0.0)]]
        );
        let square = Polyline {
            points: vec![(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)],
            closed: true,
        };
        let left = cut(&square, (3.0, 6.0));
        assert_eq!(left.len(), 1);
        assert_eq!(
            (left[0].points[0], left[0].points[5]),
            ((6.0, 0.0), (3.0, 0.0))
        );
        assert!(
            cut(
                &Polyline {
                    points: vec![],
                    closed: true
                },
                (0.0, 1.0)
            )
            .len()
                < 2
        );
    }
}
