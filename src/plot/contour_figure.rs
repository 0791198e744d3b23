//! Draws a contour figure: colours, iso-lines, marks, axes, colour bar, legend and caption.
//!
//! Drawing order is the order of the code: what comes later lies on top. Where things lie is
//! decided in `contour_layout`.

use super::axes;
use super::color_bar::{color_bar, line_ink};
use super::colormap::{self, Rgb, hex};
use super::contour::{self, Polyline};
use super::contour_label::{self, Block, Candidate};
use super::contour_layout::{Layout, MARGIN, layout};
use super::draw::{Anchor, CAP, INK, Style, Svg, number, path_data, rect_data};
use super::figure::{self, ContourFigure};
use super::heat;
use super::legend::{self, Entry, SWATCH};
use super::marks::{self, Sign};
use super::number::format_value;
use super::surface::{Hole, Surface};
use super::text;
use crate::error::Result;

/// Iso-lines shorter than this, in points, look like dirt and are left out.
const SPECK: f64 = 1.5;
/// Font size of the numbers on iso-lines.
const LEVEL_SIZE: f64 = 5.8;
/// Pixels of the colour picture per point: 300 to the inch, a usual demand of journals.
const PIXELS_PER_POINT: f64 = 300.0 / 72.0;
/// The most pixels along a side of the colour picture.
const MOST_PIXELS: f64 = 2400.0;

impl ContourFigure {
    /// The figure as an SVG document. Fails where lengths don't fit together or coordinates aren't
    /// finite and in order.
    pub fn svg(&self) -> Result<String> {
        drawn(self)
    }
}

fn drawn(figure: &ContourFigure) -> Result<String> {
    let surface = Surface::new(figure)?;
    let page = figure::page_width(figure.width_mm);
    let mut svg = Svg::default();
    let mut top = MARGIN;
    if !figure.title.trim().is_empty() {
        top = legend::title(&mut svg, &figure.title, MARGIN, top, page - 2.0 * MARGIN) + 1.0;
    }
    let layout = layout(figure, surface.as_ref(), page, top + 3.0)?;

    let clip = svg.define(|name| {
        let (left, top, width, height) = layout.bounds();
        format!(
            r#"<clipPath id="{name}"><path d="{}"/></clipPath>"#,
            rect_data(left, top, width, height)
        )
    });
    let levels = surface
        .as_ref()
        .map(|s| s.levels(&figure.levels))
        .unwrap_or_default();
    let mut lines = Vec::new();
    if let Some(surface) = &surface {
        picture(&mut svg, figure, surface, &layout)?;
        for kind in [Hole::NonFinite, Hole::NotComputed, Hole::NotPositive] {
            let region: String = surface
                .rectangles(kind)
                .into_iter()
                .map(|r| page_rect(&layout, r))
                .collect();
            if !region.is_empty() {
                marks::pattern(&mut svg, kind, &region, layout.bounds());
            }
        }
        lines = iso_lines(figure, surface, &layout, &levels);
    }

    // Labels have to know where marks are, and marks are drawn over lines: marks go to a page of
    // their own first.
    let mut over = Svg::default();
    let taken = marked(&mut over, figure, surface.is_some(), &layout, &clip);
    draw_lines(&mut svg, &lines, &layout, &taken);
    svg.append(over);
    axes::frame(
        &mut svg,
        layout.left,
        layout.top,
        layout.width,
        layout.height,
    );
    axes::ticks_below(
        &mut svg,
        &layout.x,
        &layout.x_ticks,
        layout.top + layout.height,
    );
    axes::ticks_beside(
        &mut svg,
        &layout.y,
        &layout.y_ticks,
        layout.left,
        false,
        INK,
    );
    let name_x = layout.left - axes::reach(&layout.y_ticks) - axes::name_depth(&layout.y_name);
    axes::name_upwards(
        &mut svg,
        name_x,
        layout.top + layout.height / 2.0,
        &layout.y_name,
        INK,
    );
    if let (Some(surface), Some((axis, ticks))) = (&surface, &layout.bar) {
        color_bar(&mut svg, figure, surface, &layout, (axis, ticks), &levels);
    }

    let middle = layout.left + layout.width / 2.0;
    let bottom = layout.top + layout.height;
    let mut y = bottom + axes::depth() + axes::NAME_GAP;
    y = axes::name_below(
        &mut svg,
        &figure.x_label,
        middle,
        y,
        (MARGIN, page - MARGIN),
    );
    y = y.max(bottom + layout.over + 2.0);
    let room = page - 2.0 * MARGIN;
    let entries = notes(figure, surface.as_ref(), &layout);
    y = legend::entries(&mut svg, &entries, (MARGIN, y, room), None) + 3.0;
    y = legend::caption(&mut svg, &figure.caption, MARGIN, y, room);
    let name = figure::with_unit(&figure.quantity, &figure.unit);
    let name = if figure.title.trim().is_empty() {
        &name
    } else {
        &figure.title
    };
    Ok(svg.finish(page, y + MARGIN - 1.0, name, &figure.caption.join(" ")))
}

fn page_rect(layout: &Layout, [x0, x1, y0, y1]: [f64; 4]) -> String {
    let ((left, bottom), (right, top)) = (layout.at((x0, y0)), layout.at((x1, y1)));
    rect_data(left, top, right - left, bottom - top)
}

/// The colours as an embedded picture, finer than any printer's dots can show.
fn picture(
    svg: &mut Svg,
    figure: &ContourFigure,
    surface: &Surface,
    layout: &Layout,
) -> Result<()> {
    let Some(range) = surface.position_range() else {
        return Ok(());
    };
    let pixels = |points: f64| (points * PIXELS_PER_POINT).round().clamp(1.0, MOST_PIXELS) as usize;
    let (width, height) = (pixels(layout.width), pixels(layout.height));
    let rgba = heat::rgba(&surface.grid(), range, figure.colormap, width, height);
    let png = heat::base64(&heat::png(&rgba, width, height)?);
    let [x, y, w, h] = [layout.left, layout.top, layout.width, layout.height].map(number);
    svg.element(&format!(
        r#"<image x="{x}" y="{y}" width="{w}" height="{h}" preserveAspectRatio="none" href="data:image/png;base64,{png}"/>"#
    ));
    Ok(())
}

/// Lines of one level, on the page.
struct Level {
    label: String,
    ink: Rgb,
    lines: Vec<Polyline>,
}

fn iso_lines(
    figure: &ContourFigure,
    surface: &Surface,
    layout: &Layout,
    levels: &[f64],
) -> Vec<Level> {
    let level = |&value: &f64| {
        let lines = contour::iso_lines(&surface.grid(), figure.scale.forward(value));
        let on_page = |line: Polyline| Polyline {
            points: line
                .points
                .into_iter()
                .map(|(x, y)| layout.at((x, y)))
                .collect(),
            closed: line.closed,
        };
        Level {
            label: format_value(value),
            ink: line_ink(figure, surface, value),
            lines: lines
                .into_iter()
                .map(on_page)
                .filter(|l| contour_label::length(l) > SPECK)
                .collect(),
        }
    };
    levels.iter().map(level).collect()
}

fn draw_lines(svg: &mut Svg, levels: &[Level], layout: &Layout, taken: &[Block]) {
    let all: Vec<(&Level, &Polyline)> = levels
        .iter()
        .flat_map(|l| l.lines.iter().map(move |p| (l, p)))
        .collect();
    let candidates: Vec<Candidate> = all
        .iter()
        .map(|(level, line)| Candidate {
            line,
            width: text::width(&level.label, LEVEL_SIZE),
        })
        .collect();
    let placements = contour_label::place(&candidates, LEVEL_SIZE * CAP, layout.bounds(), taken);
    for level in levels {
        let mut data = String::new();
        for (index, (_, line)) in all
            .iter()
            .enumerate()
            .filter(|(_, (l, _))| std::ptr::eq(*l, level))
        {
            match placements.iter().find(|p| p.line == index) {
                None => data += &path_data(&line.points, line.closed),
                Some(p) => contour_label::cut(line, p.gap)
                    .iter()
                    .for_each(|piece| data += &path_data(&piece.points, false)),
            }
        }
        svg.path(
            &data,
            &format!(
                r#"fill="none" stroke="{}" stroke-width="0.55" stroke-opacity="0.8" stroke-linejoin="round""#,
                hex(level.ink)
            ),
        );
    }
    for placement in &placements {
        let Some((level, _)) = all.get(placement.line) else {
            continue;
        };
        let Block {
            center: (x, y),
            angle_degrees,
            ..
        } = placement.block;
        // The baseline lies half a capital below the middle, across the direction of the text.
        let (sin, cos) = angle_degrees.to_radians().sin_cos();
        let drop = LEVEL_SIZE * CAP / 2.0;
        let mut style = Style::new(LEVEL_SIZE, Anchor::Middle, level.ink);
        style.turned = angle_degrees;
        svg.text(x - sin * drop, y + cos * drop, &level.label, style);
    }
}

/// Trajectories and markers. Returns the room they take.
fn marked(
    svg: &mut Svg,
    figure: &ContourFigure,
    over_colors: bool,
    layout: &Layout,
    clip: &str,
) -> Vec<Block> {
    let inside = |(x, y): (f64, f64)| {
        let (left, top, width, height) = layout.bounds();
        // A little slack for what lies on the border itself.
        x >= left - 0.1 && x <= left + width + 0.1 && y >= top - 0.1 && y <= top + height + 0.1
    };
    let signs: Vec<Sign> = figure
        .markers
        .iter()
        .map(|m| Sign {
            at: layout.at((m.x, m.y)),
            kind: m.kind,
            name: &m.label,
        })
        .filter(|s| inside(s.at))
        .collect();
    let mut busy: Vec<(f64, f64)> = Vec::new();
    svg.element(&format!(r#"<g clip-path="url(#{clip})">"#));
    for (index, trajectory) in figure.trajectories.iter().enumerate() {
        let points: Vec<(f64, f64)> = trajectory.points.iter().map(|p| layout.at(*p)).collect();
        let has_sign = |p: &(f64, f64)| {
            signs
                .iter()
                .any(|s| (s.at.0 - p.0).hypot(s.at.1 - p.1) < 3.0)
        };
        let end = !points.last().is_some_and(has_sign);
        let color = trajectory_color(figure, index, over_colors);
        marks::path(svg, &points, color, over_colors);
        marks::ends(svg, &points, color, end);
        busy.extend(
            marks::dense(&points, 2.0)
                .into_iter()
                .filter(|p| inside(*p)),
        );
    }
    svg.element("</g>");
    let mut taken = marks::signs(svg, &signs, layout.bounds(), &busy);
    taken.extend(
        busy.iter()
            .map(|(x, y)| Block::upright(x - 2.0, y - 2.0, 4.0, 4.0)),
    );
    taken
}

fn trajectory_color(figure: &ContourFigure, index: usize, over_colors: bool) -> Option<Rgb> {
    let alone = figure.trajectories.len() == 1;
    (!alone || !over_colors).then(|| colormap::series(index))
}

/// What the plot alone doesn't tell.
fn notes<'a>(
    figure: &'a ContourFigure,
    surface: Option<&Surface>,
    layout: &Layout,
) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    let note = |text: String| Entry { swatch: None, text };
    for (index, trajectory) in figure
        .trajectories
        .iter()
        .enumerate()
        .filter(|(_, t)| !t.label.is_empty())
    {
        let color = trajectory_color(figure, index, surface.is_some());
        let over_colors = surface.is_some();
        let swatch = move |svg: &mut Svg, x: f64, y: f64| {
            let points = [(x + 1.3, y), (x + SWATCH / 2.0, y), (x + SWATCH - 1.3, y)];
            marks::path(svg, &points, color, over_colors);
        };
        entries.push(Entry {
            swatch: Some(Box::new(swatch)),
            text: trajectory.label.clone(),
        });
    }
    if let Some(surface) = surface {
        for (kind, words) in [
            (Hole::NonFinite, "non-finite"),
            (Hole::NotComputed, "not computed"),
            (Hole::NotPositive, "≤ 0, without a logarithm"),
        ] {
            let count = surface.count(kind);
            if count == 0 {
                continue;
            }
            let swatch = move |svg: &mut Svg, x: f64, y: f64| {
                let (width, height) = (SWATCH, 6.5);
                let region = rect_data(x, y - height / 2.0, width, height);
                marks::pattern(svg, kind, &region, (x, y - height / 2.0, width, height));
                axes::frame(svg, x, y - height / 2.0, width, height);
            };
            let cells = if count == 1 { "cell" } else { "cells" };
            entries.push(Entry {
                swatch: Some(Box::new(swatch)),
                text: format!("{words}: {count} {cells}"),
            });
        }
        if let (true, Some((_, hi)), Some((_, largest))) =
            (surface.is_cut(), surface.range, surface.extent)
        {
            let [hi, largest] = [hi, largest].map(format_value);
            entries.push(note(format!(
                "colours end at {hi}; the largest value is {largest}"
            )));
        }
    }
    let (left, top, width, height) = layout.bounds();
    let is_outside = |x: f64, y: f64| {
        let (x, y) = layout.at((x, y));
        !(x >= left - 0.1 && x <= left + width + 0.1 && y >= top - 0.1 && y <= top + height + 0.1)
    };
    let outside: Vec<&str> = figure
        .markers
        .iter()
        .filter(|m| is_outside(m.x, m.y))
        .map(|m| m.label.as_str())
        .collect();
    if !outside.is_empty() {
        let names = outside
            .into_iter()
            .map(|n| if n.is_empty() { "unnamed" } else { n });
        entries.push(note(format!(
            "outside the plot: {}",
            names.collect::<Vec<_>>().join(", ")
        )));
    }
    entries.extend(layout.aspect.words().map(note));
    entries
}
