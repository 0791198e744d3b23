//! The colour bar of a contour figure: which colour means which value, and where the iso-lines are.
//!
//! It knows where it lies from the layout and what it shows from the surface.

use super::axes::{self, AXIS_WIDTH, Axis};
use super::colormap::{Rgb, hex, luminance};
use super::contour_layout::{BAR_GAP, BAR_TIP, BAR_WIDTH, Layout};
use super::draw::{INK, Svg, number, path_data, rect_data};
use super::figure::ContourFigure;
use super::scale::Tick;
use super::surface::Surface;

/// Draws the colour bar with its numbers, its name and the lines of the levels.
pub fn color_bar(
    svg: &mut Svg,
    figure: &ContourFigure,
    surface: &Surface,
    layout: &Layout,
    (axis, ticks): (&Axis, &[Tick]),
    levels: &[f64],
) {
    let left = layout.left + layout.width + BAR_GAP;
    let (top, height) = (axis.to, axis.length());
    // Enough stops that the straight lines between them can't be told from the map.
    let stops: String = (0..=32)
        .map(|i| {
            let t = f64::from(i) / 32.0;
            let flat = surface.range.is_some_and(|(lo, hi)| lo == hi);
            let color = hex(figure.colormap.rgb(if flat { 0.5 } else { t }));
            format!(r#"<stop offset="{}" stop-color="{color}"/>"#, number(t))
        })
        .collect();
    let gradient = svg.define(|name| {
        format!(
            r#"<linearGradient id="{name}" x1="0" y1="1" x2="0" y2="0">{stops}</linearGradient>"#
        )
    });
    svg.path(
        &rect_data(left, top, BAR_WIDTH, height),
        &format!(r#"fill="url(#{gradient})""#),
    );
    if surface.is_cut() {
        let tip = [
            (left, top),
            (left + BAR_WIDTH / 2.0, top - BAR_TIP),
            (left + BAR_WIDTH, top),
        ];
        svg.path(
            &path_data(&tip, true),
            &format!(
                r#"fill="{}" stroke="{}" stroke-width="{AXIS_WIDTH}" stroke-linejoin="round""#,
                hex(figure.colormap.rgb(1.0)),
                hex(INK)
            ),
        );
    }
    for &level in levels {
        let y = axis.at(level);
        if y > top + 0.3 && y < top + height - 0.3 {
            svg.line(
                &[(left, y), (left + BAR_WIDTH, y)],
                line_ink(figure, surface, level),
                0.55,
            );
        }
    }
    axes::frame(svg, left, top, BAR_WIDTH, height);
    let right = left + BAR_WIDTH;
    axes::ticks_beside(svg, axis, ticks, right, true, INK);
    let x = right + axes::reach(ticks) + axes::NAME_GAP;
    axes::name_upwards(
        svg,
        x,
        layout.top + layout.height / 2.0,
        &layout.bar_name,
        INK,
    );
}

/// Dark lines on light colours and light ones on dark.
pub fn line_ink(figure: &ContourFigure, surface: &Surface, value: f64) -> Rgb {
    let ground = figure.colormap.rgb(surface.fraction(value));
    if luminance(ground) < 0.2 {
        [255; 3]
    } else {
        [0x1a; 3]
    }
}
