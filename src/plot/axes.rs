//! Axes of a figure: from values to places on the page, ticks and their labels.
//!
//! It knows values and points, not what the values mean.

use super::colormap::{Rgb, hex};
use super::draw::{Anchor, CAP, INK, Style, Svg, number, rect_data};
use super::heat::fraction;
use super::scale::{self, Scale, Tick};
use super::text;

/// Font size of numbers along an axis, in points: legible when the figure is 8 cm wide.
pub const TICK_SIZE: f64 = 7.0;
/// Font size of an axis's name.
pub const LABEL_SIZE: f64 = 8.0;
/// Length of a tick.
const TICK_LENGTH: f64 = 2.5;
/// From the tip of a tick to its number.
const TICK_GAP: f64 = 2.2;
/// From the numbers to the axis's name.
pub const NAME_GAP: f64 = 4.0;
/// From one line of a name to the next.
const NAME_STEP: f64 = 9.4;
/// Width of axis lines.
pub const AXIS_WIDTH: f64 = 0.5;

/// One direction of a plot: values from `lo` to `hi` lie on the page from `from` to `to` points.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    pub scale: Scale,
    pub lo: f64,
    pub hi: f64,
    pub from: f64,
    pub to: f64,
}

impl Axis {
    /// Where a value lies on the page; NaN where it has no place. Not held to the axis.
    pub fn at(&self, value: f64) -> f64 {
        let [p, lo, hi] = [value, self.lo, self.hi].map(|v| self.scale.forward(v));
        self.from + fraction(p, lo, hi) * (self.to - self.from)
    }

    /// The length on the page, in points.
    pub fn length(&self) -> f64 {
        (self.to - self.from).abs()
    }

    /// Ticks for a horizontal axis, as many as stand apart.
    pub fn ticks_across(&self) -> Vec<Tick> {
        let half = |t: &Tick| text::width(&t.label, TICK_SIZE) / 2.0;
        self.thinned([11.0, 4.0], |a, b| half(a) + half(b))
    }

    /// Ticks for a vertical axis, as many as stand apart.
    pub fn ticks_up(&self) -> Vec<Tick> {
        self.thinned([8.0, 1.5], |_, _| TICK_SIZE)
    }

    fn thinned(&self, gaps: [f64; 2], taken: impl Fn(&Tick, &Tick) -> f64) -> Vec<Tick> {
        let ends = (self.lo, self.hi);
        scale::spaced(self.scale, ends, 12, |v| self.at(v), gaps, taken)
    }
}

/// The width that the labels of ticks need, in points.
pub fn widest(ticks: &[Tick]) -> f64 {
    ticks
        .iter()
        .map(|t| text::width(&t.label, TICK_SIZE))
        .fold(0.0, f64::max)
}

/// From a vertical axis to the far end of its numbers, in points.
pub fn reach(ticks: &[Tick]) -> f64 {
    TICK_LENGTH + TICK_GAP + widest(ticks)
}

/// From a horizontal axis to the foot of its numbers, in points.
pub fn depth() -> f64 {
    TICK_LENGTH + TICK_GAP + TICK_SIZE * CAP
}

/// The frame around a plot.
pub fn frame(svg: &mut Svg, left: f64, top: f64, width: f64, height: f64) {
    svg.path(
        &rect_data(left, top, width, height),
        &format!(
            r#"fill="none" stroke="{}" stroke-width="{AXIS_WIDTH}""#,
            hex(INK)
        ),
    );
}

/// Ticks and numbers below the line at `y`.
pub fn ticks_below(svg: &mut Svg, axis: &Axis, ticks: &[Tick], y: f64) {
    let mut marks = String::new();
    for tick in ticks {
        let x = axis.at(tick.value);
        let length = if tick.label.is_empty() {
            TICK_LENGTH * 0.6
        } else {
            TICK_LENGTH
        };
        marks += &format!("M{} {}v{}", number(x), number(y), number(length));
        svg.text(
            x,
            y + depth(),
            &tick.label,
            Style::new(TICK_SIZE, Anchor::Middle, INK),
        );
    }
    stroke(svg, &marks, INK);
}

/// Ticks and numbers beside the vertical line at `x`: to its right, or else to its left.
pub fn ticks_beside(svg: &mut Svg, axis: &Axis, ticks: &[Tick], x: f64, right: bool, color: Rgb) {
    let (sign, anchor) = if right {
        (1.0, Anchor::Start)
    } else {
        (-1.0, Anchor::End)
    };
    let mut marks = String::new();
    for tick in ticks {
        let y = axis.at(tick.value);
        let length = if tick.label.is_empty() {
            TICK_LENGTH * 0.6
        } else {
            TICK_LENGTH
        };
        marks += &format!("M{} {}h{}", number(x), number(y), number(sign * length));
        svg.text(
            x + sign * (TICK_LENGTH + TICK_GAP),
            y + TICK_SIZE * CAP / 2.0,
            &tick.label,
            Style::new(TICK_SIZE, anchor, color),
        );
    }
    stroke(svg, &marks, color);
}

fn stroke(svg: &mut Svg, data: &str, color: Rgb) {
    svg.path(
        data,
        &format!(
            r#"fill="none" stroke="{}" stroke-width="{AXIS_WIDTH}""#,
            hex(color)
        ),
    );
}

/// The name of a vertical axis in lines of at most `limit` points, at most `most` of them.
pub fn name_lines(name: &str, limit: f64, most: usize) -> Vec<String> {
    text::wrapped(name, LABEL_SIZE, limit, most)
}

/// The room that lines of a vertical axis's name take to its side, the gap to the numbers included.
pub fn name_depth(lines: &[String]) -> f64 {
    match lines.len() {
        0 => 0.0,
        n => NAME_GAP + LABEL_SIZE * CAP + (n - 1) as f64 * NAME_STEP,
    }
}

/// The name of a vertical axis, read from below, its lines from `left` on.
pub fn name_upwards(svg: &mut Svg, left: f64, middle: f64, lines: &[String], color: Rgb) {
    let mut style = Style::new(LABEL_SIZE, Anchor::Middle, color);
    style.turned = -90.0;
    for (i, line) in lines.iter().enumerate() {
        svg.text(
            left + LABEL_SIZE * CAP + i as f64 * NAME_STEP,
            middle,
            line,
            style,
        );
    }
}

/// The name of a horizontal axis around `middle`, from `top` down, in lines that stay inside the
/// page's `(left, right)`. Returns where it ends, descenders included.
pub fn name_below(
    svg: &mut Svg,
    name: &str,
    middle: f64,
    top: f64,
    (left, right): (f64, f64),
) -> f64 {
    let limit = 2.0 * (middle - left).min(right - middle);
    let mut y = top;
    for line in &text::wrapped(name, LABEL_SIZE, limit, 2) {
        svg.text(
            middle,
            y + LABEL_SIZE * CAP,
            line,
            Style::new(LABEL_SIZE, Anchor::Middle, INK),
        );
        y += NAME_STEP;
    }
    y + 1.5
}
