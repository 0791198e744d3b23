//! What lies on a plane beside its colours: patterns of holes, marked points, trajectories.
//!
//! Everything bears a light rim or a dark one, so that it stays legible on any colour and on
//! paper. It knows page coordinates and what a mark means, not how the plane was made.

use super::colormap::{Rgb, hex};
use super::contour_label::Block;
use super::draw::{Anchor, CAP, INK, Style, Svg, number, path_data};
use super::figure::MarkerKind;
use super::legend::LEGEND_SIZE;
use super::surface::Hole;
use super::text;

/// A place on the page.
type Point = (f64, f64);

const WHITE: Rgb = [255; 3];
/// Distance between the lines of a pattern, in points.
const PITCH: f64 = 3.0;
/// Names beside markers are cut to this width.
const NAME_WIDTH: f64 = 64.0;

/// Fills a region with the pattern of a kind of hole. `within` is (left, top, width, height) around it.
pub fn pattern(svg: &mut Svg, kind: Hole, region: &str, within: (f64, f64, f64, f64)) {
    let (left, top, width, height) = within;
    let clip =
        svg.define(|name| format!(r#"<clipPath id="{name}"><path d="{region}"/></clipPath>"#));
    let steps = |length: f64| {
        (0..=(length / PITCH).ceil().clamp(0.0, 2000.0) as usize).map(|i| i as f64 * PITCH)
    };
    let (ground, ink, lines) = match kind {
        Hole::NonFinite => {
            let diagonal =
                |d: f64| path_data(&[(left + d - height, top + height), (left + d, top)], false);
            (
                "#f1f1f1",
                r##"stroke="#666" stroke-width="0.55""##,
                steps(width + height).map(diagonal).collect(),
            )
        }
        Hole::NotComputed => {
            let dotted =
                |d: f64| path_data(&[(left + 1.0, top + d), (left + width, top + d)], false);
            let dots = r##"stroke="#a6a6a6" stroke-width="0.8" stroke-linecap="round" stroke-dasharray="0.01 2.99""##;
            (
                "#fbfbfb",
                dots,
                steps(height).map(|d| dotted(d + 1.5)).collect::<String>(),
            )
        }
        Hole::NotPositive => {
            let level = |d: f64| path_data(&[(left, top + d), (left + width, top + d)], false);
            (
                "#f1f1f1",
                r##"stroke="#666" stroke-width="0.45""##,
                steps(height).map(|d| level(d + 1.2)).collect(),
            )
        }
    };
    svg.element(&format!(
        r#"<g clip-path="url(#{clip})"><path d="{region}" fill="{ground}"/><path d="{lines}" fill="none" {ink}/></g>"#
    ));
}

/// Draws a marker's sign.
fn sign(svg: &mut Svg, kind: MarkerKind, at: Point, color: Rgb) {
    let (ink, white) = (hex(color), hex(WHITE));
    let outlined = |svg: &mut Svg, data: &str| {
        // The rim first and wider, so that it doesn't eat into the shape.
        svg.path(
            data,
            &format!(
                r#"fill="{white}" stroke="{white}" stroke-width="1.8" stroke-linejoin="round""#
            ),
        );
        svg.path(data, &format!(r#"fill="{ink}""#));
    };
    match kind {
        MarkerKind::Minimizer => outlined(svg, &star(at, 4.0)),
        MarkerKind::Point => svg.dot(at, 2.3, &ink, &white, 0.9),
        MarkerKind::Start => {
            svg.dot(at, 2.4, "none", &white, 2.2);
            svg.dot(at, 2.4, &white, &ink, 0.9);
        }
        MarkerKind::End => {
            let r = 2.1;
            let corners = [(-r, -r), (r, -r), (r, r), (-r, r)].map(|(a, b)| (at.0 + a, at.1 + b));
            outlined(svg, &path_data(&corners, true));
        }
    }
}

/// A star with five points.
fn star((x, y): (f64, f64), radius: f64) -> String {
    let corner = |i: u8| {
        let r = if i.is_multiple_of(2) {
            radius
        } else {
            radius * 0.42
        };
        let a = std::f64::consts::PI * (f64::from(i) / 5.0 - 0.5);
        (x + r * a.cos(), y + r * a.sin())
    };
    path_data(&(0..10).map(corner).collect::<Vec<_>>(), true)
}

/// A sign and its name on the page.
pub struct Sign<'a> {
    pub at: (f64, f64),
    pub kind: MarkerKind,
    pub name: &'a str,
}

/// Draws signs with their names beside them, each on the side where it meets least: other signs,
/// other names, the border `(left, top, width, height)` and points of `busy`. Returns the room taken.
pub fn signs(
    svg: &mut Svg,
    signs: &[Sign],
    bounds: (f64, f64, f64, f64),
    busy: &[(f64, f64)],
) -> Vec<Block> {
    let radius = 4.6;
    let mut taken: Vec<Block> = signs
        .iter()
        .map(|s| Block::upright(s.at.0 - radius, s.at.1 - radius, radius * 2.0, radius * 2.0))
        .collect();
    for s in signs {
        sign(svg, s.kind, s.at, INK);
    }
    let (left, top, width, height) = bounds;
    for s in signs.iter().filter(|s| !s.name.is_empty()) {
        let name = text::ellipsized(s.name, LEGEND_SIZE, NAME_WIDTH.min(width * 0.6));
        let (w, h) = (text::width(&name, LEGEND_SIZE), LEGEND_SIZE * 1.1);
        let (x, y) = s.at;
        let reach = radius + 2.0;
        let sides = [
            (x + reach, y - h / 2.0),
            (x - reach - w, y - h / 2.0),
            (x - w / 2.0, y - reach - h),
            (x - w / 2.0, y + reach),
            (x + reach * 0.75, y - reach * 0.75 - h),
            (x + reach * 0.75, y + reach * 0.75),
            (x - reach * 0.75 - w, y - reach * 0.75 - h),
            (x - reach * 0.75 - w, y + reach * 0.75),
        ];
        let cost = |&(l, t): &(f64, f64)| {
            let block = Block::upright(l, t, w, h);
            let outside = [
                left + 3.0 - l,
                l + w - (left + width - 3.0),
                top + 2.0 - t,
                t + h - (top + height - 2.0),
            ];
            let outside: f64 = outside.into_iter().map(|d| d.max(0.0)).sum();
            let met = taken.iter().filter(|b| b.meets(&block)).count();
            let crossed = busy.iter().filter(|p| block.contains(**p)).count();
            outside * 10.0 + met as f64 * 8.0 + 2.0 * (crossed as f64).min(20.0)
        };
        let best = sides.iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
        let Some(&(l, t)) = best else { continue };
        svg.element(&format!(
            r##"<rect x="{}" y="{}" width="{}" height="{}" rx="1.6" fill="#fff" fill-opacity="0.82"/>"##,
            number(l - 1.6),
            number(t - 0.4),
            number(w + 3.2),
            number(h + 0.8)
        ));
        let style = Style::new(LEGEND_SIZE, Anchor::Start, INK);
        svg.text(l, t + h / 2.0 + LEGEND_SIZE * CAP / 2.0, &name, style);
        taken.push(Block::upright(l, t, w, h));
    }
    taken
}

/// Draws a trajectory's line with a dot for each point, as far as dots stand apart. `color` is for
/// one of several or for plain paper; `None` is white with a dark rim, legible on any colour.
pub fn path(svg: &mut Svg, points: &[Point], color: Option<Rgb>, over_colors: bool) {
    // A gap where a point has no place.
    let runs = points.split(|p| !is_placed(p)).filter(|r| r.len() > 1);
    let data: String = runs.map(|run| path_data(run, false)).collect();
    let ink = color.unwrap_or(WHITE);
    let rim = if color.is_some() { WHITE } else { INK };
    let line = |svg: &mut Svg, color: Rgb, width: f64, opacity: f64| {
        svg.path(
            &data,
            &format!(
                r#"fill="none" stroke="{}" stroke-width="{}" stroke-opacity="{}" stroke-linejoin="round" stroke-linecap="round""#,
                hex(color),
                number(width),
                number(opacity)
            ),
        );
    };
    if over_colors {
        line(svg, rim, 2.0, 0.75);
    }
    line(svg, ink, 1.0, 1.0);
    let mut last: Option<Point> = None;
    for point in points.iter().filter(|p| is_placed(p)) {
        if last.is_some_and(|l| (point.0 - l.0).hypot(point.1 - l.1) < 2.9) {
            continue;
        }
        last = Some(*point);
        let rim_width = if over_colors { 0.45 } else { 0.0 };
        svg.dot(*point, 1.25, &hex(ink), &hex(rim), rim_width);
    }
}

/// Draws a ring where a trajectory starts and, unless something else is marked there, a square
/// where it `end`s.
pub fn ends(svg: &mut Svg, points: &[Point], color: Option<Rgb>, end: bool) {
    let color = color.unwrap_or(INK);
    let mut placed = points.iter().filter(|p| is_placed(p));
    if let Some(first) = placed.next() {
        sign(svg, MarkerKind::Start, *first, color);
    }
    if let Some(last) = placed.next_back().filter(|_| end) {
        sign(svg, MarkerKind::End, *last, color);
    }
}

/// Points along a path, at most `step` apart.
pub fn dense(points: &[Point], step: f64) -> Vec<Point> {
    let mut out: Vec<Point> = points.iter().copied().filter(is_placed).collect();
    for pair in points.windows(2).filter(|w| w.iter().all(is_placed)) {
        let (a, b) = (pair[0], pair[1]);
        let parts = ((b.0 - a.0).hypot(b.1 - a.1) / step)
            .ceil()
            .clamp(1.0, 1000.0);
        let between = (1..parts as usize).map(|i| i as f64 / parts);
        out.extend(between.map(|t| (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1))));
    }
    out
}

fn is_placed(p: &Point) -> bool {
    p.0.is_finite() && p.1.is_finite()
}
