//! Axes of a surface in space: which edges of its box carry them, and where ticks, numbers and names
//! lie on a picture of it.
//!
//! The window paints over a texture and a file writes over an image; both take every place from here,
//! so that a surface has the same axes wherever it is seen. World space is the camera's, with z up.
//! Nothing here draws.

use super::camera::Camera;
use super::scale::{self, Scale};
use super::text;

/// One axis: what it is called and the values at its ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Its name, with its unit.
    pub name: String,
    /// How values spread over it.
    pub scale: Scale,
    /// The value at its beginning.
    pub lo: f64,
    /// The value at its end.
    pub hi: f64,
}

/// The three axes of a surface.
#[derive(Debug, Clone, PartialEq)]
pub struct Axes {
    /// Along the first direction.
    pub x: Span,
    /// Along the second direction.
    pub y: Span,
    /// Upwards.
    pub z: Span,
    /// How far the box reaches from its middle along each, in world space.
    pub half: [f32; 3],
}

/// A marked point on the surface, in world space, and its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Pin {
    /// Where it is.
    pub at: [f32; 3],
    /// What it is.
    pub words: String,
}

/// Font sizes, in the picture's unit.
#[derive(Debug, Clone, Copy)]
pub struct Letters {
    /// Of numbers.
    pub number: f32,
    /// Of names.
    pub name: f32,
}

/// A number or a name on the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// What stands there.
    pub text: String,
    /// The middle of its box, from the top left.
    pub middle: (f32, f32),
    /// Whether it is the name of an axis.
    pub is_name: bool,
}

/// Everything around the box.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Placed {
    /// Both ends of every tick.
    pub ticks: Vec<[(f32, f32); 2]>,
    /// Numbers and names; none of them covers another.
    pub words: Vec<Word>,
    taken: Vec<[f32; 4]>,
}

/// Labelled values of an axis, at most.
const MOST: usize = 5;
/// Length of a tick, in font sizes of a number.
const TICK: f32 = 0.4;
/// From a tick to its number, and from the numbers to the name.
const GAP: f32 = 0.35;

/// Values between `lo` and `hi` that the floor of a box has lines at: those of the ticks, where all
/// of them have room.
pub fn marks(lo: f64, hi: f64) -> Vec<f64> {
    scale::nice_values(lo.min(hi), lo.max(hi), MOST - 1)
}

/// Where everything lies on a picture of this width and height.
pub fn lay_out(axes: &Axes, camera: &Camera, size: (f32, f32), letters: Letters) -> Placed {
    let depth = |at: [f32; 3]| camera.project(at, size).map_or(f32::MAX, |(_, _, d)| d);
    let [wide, deep, top] = axes.half;
    let floor = -top;
    let nearer = |a: [f32; 3], b: [f32; 3]| if depth(a) <= depth(b) { a } else { b };
    // The edges of the floor nearer to the eye carry x and y; the upright farthest to the left, which
    // nothing of the surface lies before or beside, carries z.
    let y_front = nearer([0.0, -deep, floor], [0.0, deep, floor])[1];
    let x_front = nearer([-wide, 0.0, floor], [wide, 0.0, floor])[0];
    let across = |[x, y]: [f32; 2]| {
        let seen = camera.project([x, y, 0.0], size);
        seen.map_or(f32::MAX, |(x, ..)| x)
    };
    let corners = [[-wide, -deep], [wide, -deep], [wide, deep], [-wide, deep]];
    let upright = corners
        .into_iter()
        .min_by(|a, b| across(*a).total_cmp(&across(*b)));
    let [ux, uy] = upright.unwrap_or([-wide, -deep]);
    let mut placed = Placed::default();
    let mut view = View {
        camera,
        size,
        letters,
        placed: &mut placed,
    };
    view.axis(&axes.z, [ux, uy, floor], [ux, uy, top], [0.0; 3], true);
    let middle = [0.0, 0.0, floor];
    view.axis(
        &axes.x,
        [-wide, y_front, floor],
        [wide, y_front, floor],
        middle,
        false,
    );
    view.axis(
        &axes.y,
        [x_front, -deep, floor],
        [x_front, deep, floor],
        middle,
        false,
    );
    placed
}

struct View<'a> {
    camera: &'a Camera,
    size: (f32, f32),
    letters: Letters,
    placed: &'a mut Placed,
}

type At = (f32, f32);

fn moved((x, y): At, (nx, ny): At, by: f32) -> At {
    (x + by * nx, y + by * ny)
}

impl View<'_> {
    fn place(&self, at: [f32; 3]) -> Option<At> {
        self.camera.project(at, self.size).map(|(x, y, _)| (x, y))
    }

    /// One axis along the edge from `a` to `b`, its words on the side away from `middle`.
    fn axis(&mut self, span: &Span, a: [f32; 3], b: [f32; 3], middle: [f32; 3], upwards: bool) {
        let (Some(pa), Some(pb), Some(pm)) = (self.place(a), self.place(b), self.place(middle))
        else {
            return;
        };
        let along = (pb.0 - pa.0, pb.1 - pa.1);
        let length = along.0.hypot(along.1);
        // Seen end on, it has no room for a number.
        if !length.is_finite() || length < 3.0 * self.letters.number {
            return;
        }
        let half = (0.5 * (pa.0 + pb.0), 0.5 * (pa.1 + pb.1));
        let across = (-along.1 / length, along.0 / length);
        let away = (half.0 - pm.0) * across.0 + (half.1 - pm.1) * across.1;
        let out = if away < 0.0 {
            (-across.0, -across.1)
        } else {
            across
        };
        let numbers = self.numbers(span, a, b, out);
        let deepest = numbers.iter().map(|n| n.depth).fold(0.0, f32::max);
        self.name(span, (pa, half, pb), out, deepest, upwards);
        for number in numbers {
            let tip = moved(number.foot, out, TICK * self.letters.number);
            self.placed.ticks.push([number.foot, tip]);
            if !number.text.is_empty() {
                self.write(number.text, number.middle, false);
            }
        }
    }

    /// The numbers of an axis, as many as don't touch each other.
    fn numbers(&self, span: &Span, a: [f32; 3], b: [f32; 3], out: At) -> Vec<Number> {
        let position = |value: f64| {
            let [v, lo, hi] = [value, span.lo, span.hi].map(|v| span.scale.forward(v));
            (v - lo) / (hi - lo)
        };
        let (lo, hi) = (span.lo.min(span.hi), span.lo.max(span.hi));
        let number = |tick: scale::Tick| {
            let t = position(tick.value) as f32;
            let world: [f32; 3] = std::array::from_fn(|i| a[i] + t * (b[i] - a[i]));
            let foot = self
                .place(world)
                .filter(|_| (-0.001..=1.001).contains(&t))?;
            let depth = extent(&tick.label, self.letters.number, out);
            let from = (TICK + GAP) * self.letters.number + 0.5 * depth;
            Some(Number {
                middle: moved(foot, out, from),
                text: tick.label,
                foot,
                depth,
            })
        };
        let mut tries = (1..=MOST).rev().map(|most| {
            let ticks = scale::ticks(span.scale, lo, hi, most - usize::from(most > 1));
            ticks.into_iter().filter_map(number).collect::<Vec<_>>()
        });
        let apart = |numbers: &Vec<Number>| {
            let shown: Vec<[f32; 4]> = numbers
                .iter()
                .filter(|n| !n.text.is_empty())
                .map(|n| bounds(&n.text, n.middle, self.letters.number))
                .collect();
            shown.windows(2).all(|pair| !overlap(pair[0], pair[1]))
        };
        tries.find(apart).unwrap_or_default()
    }

    /// The name beyond the numbers of an axis, or over the top of an upright one.
    fn name(
        &mut self,
        span: &Span,
        (pa, half, pb): (At, At, At),
        out: At,
        depth: f32,
        upwards: bool,
    ) {
        let size = self.letters.name;
        let room = self.size.0 - 4.0;
        let name = text::ellipsized(&span.name, f64::from(size), f64::from(room));
        let (width, height) = measure(&name, size);
        let places = if upwards {
            let top = if pb.1 < pa.1 { pb } else { pa };
            vec![(top.0, top.1 - 1.1 * size)]
        } else {
            let numbers = (TICK + 2.0 * GAP) * self.letters.number + depth;
            let from = numbers + 0.5 * extent(&name, size, out);
            // Beside the middle, else along the axis, else farther out: wherever no other word is.
            let along = [0.0_f32, -0.3, 0.3, -0.6, 0.6];
            let farther = [0.0_f32, 1.2, 2.4];
            farther
                .iter()
                .flat_map(|rows| along.iter().map(move |t| (rows, t)))
                .map(|(rows, t)| {
                    let end = if *t < 0.0 { pa } else { pb };
                    let towards = (end.0 - half.0, end.1 - half.1);
                    let foot = moved(half, towards, t.abs());
                    moved(foot, out, from + rows * size)
                })
                .collect()
        };
        let held = |v: f32, half: f32, most: f32| {
            v.clamp(half.min(0.5 * most), (most - half).max(0.5 * most))
        };
        for at in places {
            let (x, y) = (
                held(at.0, 0.5 * width + 2.0, self.size.0),
                held(at.1, 0.5 * height + 1.0, self.size.1),
            );
            if self.write(name.clone(), (x, y), true) {
                return;
            }
        }
    }

    /// Notes a word where it lies on the picture and covers no other; whether it does.
    fn write(&mut self, text: String, middle: At, is_name: bool) -> bool {
        let size = if is_name {
            self.letters.name
        } else {
            self.letters.number
        };
        let taken = bounds(&text, middle, size);
        let [left, top, right, bottom] = taken;
        let inside = left >= 0.0 && top >= 0.0 && right <= self.size.0 && bottom <= self.size.1;
        if text.is_empty() || !inside || self.placed.taken.iter().any(|t| overlap(*t, taken)) {
            return false;
        }
        self.placed.taken.push(taken);
        self.placed.words.push(Word {
            text,
            middle,
            is_name,
        });
        true
    }
}

struct Number {
    text: String,
    foot: At,
    middle: At,
    /// How far its box reaches along the way out.
    depth: f32,
}

fn measure(text: &str, size: f32) -> At {
    (text::width(text, f64::from(size)) as f32, size)
}

/// Left, top, right and bottom of a word, with a little air at its sides.
fn bounds(text: &str, (x, y): At, size: f32) -> [f32; 4] {
    let (width, height) = measure(text, size);
    let (w, h) = (0.5 * width + 0.15 * size, 0.5 * height);
    [x - w, y - h, x + w, y + h]
}

/// How far a word's box reaches along a direction.
fn extent(text: &str, size: f32, (x, y): At) -> f32 {
    x.abs() * text::width(text, f64::from(size)) as f32 + y.abs() * size
}

fn overlap(a: [f32; 4], b: [f32; 4]) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (f32, f32) = (640.0, 480.0);
    const LETTERS: Letters = Letters {
        number: 11.0,
        name: 12.0,
    };

    fn axes() -> Axes {
        let span = |name: &str| Span {
            name: name.into(),
            scale: Scale::Linear,
            lo: -1.0,
            hi: 1.0,
        };
        Axes {
            x: span("direction 1"),
            y: span("direction 2"),
            z: Span {
                name: "Training loss (nats)".into(),
                scale: Scale::Log,
                lo: 0.01,
                hi: 30.0,
            },
            half: [1.0, 1.0, 0.6],
        }
    }

    #[test]
    fn every_axis_of_a_surface_in_space_has_its_name_and_numbers() {
        for turn in 0..24 {
            let mut camera = Camera::default();
            camera.orbit(turn as f32 * 0.26, 0.0);
            let placed = lay_out(&axes(), &camera, SIZE, LETTERS);
            let names: Vec<&str> = placed
                .words
                .iter()
                .filter(|w| w.is_name)
                .map(|w| w.text.as_str())
                .collect();
            assert_eq!(
                names,
                ["Training loss (nats)", "direction 1", "direction 2"],
                "turned by {turn}"
            );
            let numbers = placed.words.iter().filter(|w| !w.is_name).count();
            assert!(numbers >= 6, "turned by {turn}: {numbers} numbers");
            assert!(placed.ticks.len() >= numbers);
        }
    }

    #[test]
    fn no_word_covers_another_or_leaves_the_picture() {
        for (width, height) in [(640.0, 480.0), (180.0, 300.0), (90.0, 60.0), (1.0, 1.0)] {
            for (yaw, pitch) in [(0.0, 0.0), (1.0, 0.9), (2.5, -1.2), (4.0, 1.5)] {
                let mut camera = Camera::default();
                camera.orbit(yaw, pitch);
                let placed = lay_out(&axes(), &camera, (width, height), LETTERS);
                for (i, a) in placed.taken.iter().enumerate() {
                    assert!(a[0] >= 0.0 && a[2] <= width && a[1] >= 0.0 && a[3] <= height);
                    assert!(placed.taken[..i].iter().all(|b| !overlap(*a, *b)));
                }
            }
        }
    }

    #[test]
    fn a_value_stands_where_the_surface_has_it() {
        let (axes, camera) = (axes(), Camera::default());
        let placed = lay_out(&axes, &camera, SIZE, LETTERS);
        // 0.1 lies at 1 of 3.477 decades.
        let one = placed.words.iter().find(|w| w.text == "0.1").unwrap();
        let t = 1.0 / 3000_f32.log10();
        let corners = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]];
        let left = corners
            .map(|[x, y]| camera.project([x, y, 0.6 * (2.0 * t - 1.0)], SIZE).unwrap())
            .into_iter()
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap();
        assert!((one.middle.1 - left.1).abs() < 4.0, "{one:?} {left:?}");
        assert!(one.middle.0 < left.0);
    }
}
