//! What is drawn: a surface as triangles, its colours, its iso-lines and the frame around it.

use crate::plot::aspect::Aspect;
use crate::plot::colormap::Colormap;
use crate::plot::scale::Scale;
use crate::plot::space_axes;
use bytemuck::{Pod, Zeroable};

/// A corner of the surface, as `shaders/surface.wgsl` reads it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct Vertex {
    /// World space.
    pub position: [f32; 3],
    /// World space, length 1.
    pub normal: [f32; 3],
    /// Where the value lies on the colour map, 0 to 1.
    pub value: f32,
}

/// An end of a line of the frame, as `shaders/frame.wgsl` reads it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct LineEnd {
    /// World space.
    pub position: [f32; 3],
    /// As a screen shows it, opacity last.
    pub color: [f32; 4],
}

/// A surface in space: the longer side of the plane from −1 to 1, the other true to scale, z up.
#[derive(Debug, Clone)]
pub struct SurfaceScene {
    /// Names this content: a renderer uploads a scene of another key.
    pub key: u64,
    /// Corners, row by row.
    pub vertices: Vec<Vertex>,
    /// Three corners a triangle; cells with a hole at a corner have none.
    pub indices: Vec<u32>,
    /// Two ends a line.
    pub lines: Vec<LineEnd>,
    /// The colour map.
    pub colors: [[u8; 3]; 256],
    /// Where iso-lines lie on the colour map, 0 to 1, at most [`MOST_LEVELS`].
    pub levels: Vec<f32>,
    /// Behind everything, as a screen shows it; opacity last.
    pub background: [f32; 4],
    /// Whether the background is dark.
    pub dark: bool,
}

/// As many iso-lines as `shaders/common/scene.wgsl` has room for.
pub const MOST_LEVELS: usize = 64;

/// How a surface is placed and coloured.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Linear or logarithmic.
    pub scale: Scale,
    /// Values at the ends of the colours and of the height; beyond, the surface is flat.
    pub range: (f64, f64),
    /// Which colours.
    pub colormap: Colormap,
    /// Iso-lines at these values; empty for none.
    pub levels: Vec<f64>,
    /// Height of the surface, in widths of the plane.
    pub exaggeration: f32,
    /// Behind everything, as a screen shows it; opacity last.
    pub background: [f32; 4],
    /// Whether the background is dark.
    pub dark: bool,
}

/// The proportions of the plane over these coordinates.
pub fn aspect(x: &[f64], y: &[f64]) -> Aspect {
    let span = |c: &[f64]| match c {
        [first, .., last] => last - first,
        _ => 0.0,
    };
    Aspect::of(span(x), span(y))
}

/// How far the plane reaches from the middle along x and y in world space: 1 along its longer side.
pub fn reach(x: &[f64], y: &[f64]) -> [f32; 2] {
    aspect(x, y).half().map(|h| h as f32)
}

impl SurfaceScene {
    /// The surface of `values`, `[y, x]` in row-major order, over ascending `x` and `y`.
    ///
    /// Values that aren't finite (or not positive on a logarithmic scale) are holes; a grid of a
    /// single row or column has no surface and makes an empty scene.
    pub fn new(key: u64, x: &[f64], y: &[f64], values: &[f64], look: &Look) -> Self {
        let (lo, hi) = (
            look.scale.forward(look.range.0),
            look.scale.forward(look.range.1),
        );
        let at = |value: f64| -> Option<f32> {
            let t = (look.scale.forward(value) - lo) / (hi - lo);
            t.is_finite().then(|| t.clamp(0.0, 1.0) as f32)
        };
        let (nx, ny) = (x.len(), y.len());
        let fits = nx > 1 && ny > 1 && values.len() == nx * ny && hi > lo;
        let heights: Vec<Option<f32>> = if fits {
            values.iter().map(|v| at(*v)).collect()
        } else {
            Vec::new()
        };
        let half = reach(x, y);
        let place = |c: &[f64], i: usize, half: f32| {
            let (first, last) = (c[0], c[c.len() - 1]);
            half * (-1.0 + 2.0 * (c[i] - first) / (last - first)) as f32
        };
        let tall = 2.0 * look.exaggeration.clamp(0.0, 4.0);
        let height = |t: f32| tall * (t - 0.5);
        let mut vertices = Vec::with_capacity(heights.len());
        if fits {
            for row in 0..ny {
                for column in 0..nx {
                    let t = heights[row * nx + column].unwrap_or(0.0);
                    vertices.push(Vertex {
                        position: [place(x, column, half[0]), place(y, row, half[1]), height(t)],
                        normal: [0.0, 0.0, 1.0],
                        value: t,
                    });
                }
            }
        }
        let indices = if fits {
            triangles(&heights, nx, ny)
        } else {
            Vec::new()
        };
        smooth(&mut vertices, &heights, nx, ny);
        Self {
            key,
            vertices,
            indices,
            lines: frame(tall, half, look.dark, [x, y]),
            colors: look.colormap.table(),
            levels: look
                .levels
                .iter()
                .filter_map(|v| at(*v))
                .filter(|t| *t > 0.0 && *t < 1.0)
                .take(MOST_LEVELS)
                .collect(),
            background: look.background,
            dark: look.dark,
        }
    }
}

/// Two triangles a cell, cut along the diagonal whose ends are more alike, which keeps valleys
/// that run across the grid from turning into teeth.
fn triangles(heights: &[Option<f32>], nx: usize, ny: usize) -> Vec<u32> {
    let mut indices = Vec::with_capacity(6 * nx * ny);
    for row in 0..ny - 1 {
        for column in 0..nx - 1 {
            let corner = row * nx + column;
            let [a, b, c, d] = [corner, corner + 1, corner + nx, corner + nx + 1];
            let [Some(ha), Some(hb), Some(hc), Some(hd)] = [a, b, c, d].map(|i| heights[i]) else {
                continue;
            };
            let cut = if (ha - hd).abs() <= (hb - hc).abs() {
                [a, b, d, a, d, c]
            } else {
                [a, b, c, b, d, c]
            };
            indices.extend(cut.map(|i| i as u32));
        }
    }
    indices
}

/// Normals from central differences, one-sided at borders and holes.
fn smooth(vertices: &mut [Vertex], heights: &[Option<f32>], nx: usize, ny: usize) {
    let positions: Vec<[f32; 3]> = vertices.iter().map(|v| v.position).collect();
    let slope = |here: usize, before: Option<usize>, after: Option<usize>, axis: usize| -> f32 {
        let there = |i: Option<usize>| i.filter(|&i| heights[i].is_some()).unwrap_or(here);
        let (a, b) = (positions[there(before)], positions[there(after)]);
        let run = b[axis] - a[axis];
        if run.abs() > 0.0 {
            (b[2] - a[2]) / run
        } else {
            0.0
        }
    };
    for row in 0..ny {
        for column in 0..nx {
            let here = row * nx + column;
            let Some(vertex) = vertices.get_mut(here) else {
                return;
            };
            if heights[here].is_none() {
                continue;
            }
            let left = (column > 0).then(|| here - 1);
            let right = (column + 1 < nx).then(|| here + 1);
            let below = (row > 0).then(|| here - nx);
            let above = (row + 1 < ny).then(|| here + nx);
            let (dx, dy) = (slope(here, left, right, 0), slope(here, below, above, 1));
            let length = (dx * dx + dy * dy + 1.0).sqrt();
            vertex.normal = [-dx / length, -dy / length, 1.0 / length];
        }
    }
}

/// The floor with a light grid at the numbers of its axes, and the four edges up to the top of the
/// scale.
fn frame(tall: f32, [wide, deep]: [f32; 2], dark: bool, axes: [&[f64]; 2]) -> Vec<LineEnd> {
    let ink = if dark { 0.72 } else { 0.30 };
    let line = |a: [f32; 3], b: [f32; 3], opacity: f32| {
        [a, b].map(|position| LineEnd {
            position,
            color: [ink, ink, ink, opacity],
        })
    };
    let (floor, top) = (-0.5 * tall, 0.5 * tall);
    let corners = [[-wide, -deep], [wide, -deep], [wide, deep], [-wide, deep]];
    let mut lines = Vec::new();
    for (i, [x, y]) in corners.into_iter().enumerate() {
        let [nx, ny] = corners[(i + 1) % 4];
        lines.extend(line([x, y, floor], [nx, ny, floor], 0.8));
        lines.extend(line([x, y, floor], [x, y, top], 0.35));
    }
    for (k, coordinates) in axes.into_iter().enumerate() {
        let (Some(first), Some(last)) = (coordinates.first(), coordinates.last()) else {
            continue;
        };
        for value in space_axes::marks(*first, *last) {
            let at = (-1.0 + 2.0 * (value - first) / (last - first)) as f32;
            if !(-0.999..0.999).contains(&at) {
                continue;
            }
            let ends = [-1.0, 1.0].map(|end| match k {
                0 => [wide * at, deep * end, floor],
                _ => [wide * end, deep * at, floor],
            });
            lines.extend(line(ends[0], ends[1], 0.22));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look() -> Look {
        Look {
            scale: Scale::Linear,
            range: (0.0, 2.0),
            colormap: Colormap::Viridis,
            levels: vec![0.5, 1.0, 5.0],
            exaggeration: 0.5,
            background: [0.0; 4],
            dark: true,
        }
    }

    #[test]
    fn a_hole_takes_the_cells_around_it_away() {
        let axis = [-1.0, 0.0, 1.0];
        let mut values = vec![1.0; 9];
        let whole = SurfaceScene::new(1, &axis, &axis, &values, &look());
        assert_eq!(whole.indices.len(), 4 * 6);
        values[0] = f64::NAN;
        let holed = SurfaceScene::new(2, &axis, &axis, &values, &look());
        assert_eq!(holed.indices.len(), 3 * 6);
        values[4] = f64::INFINITY;
        let empty = SurfaceScene::new(3, &axis, &axis, &values, &look());
        assert!(empty.indices.is_empty());
    }

    #[test]
    fn no_number_that_is_none_reaches_the_gpu() {
        let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0];
        for scale in [Scale::Linear, Scale::Log] {
            let look = Look {
                scale,
                range: (0.1, 2.0),
                ..look()
            };
            let scene = SurfaceScene::new(1, &[0.0, 1.0], &[0.0, 1.0], &values, &look);
            let numbers: Vec<f32> = bytemuck::cast_slice::<Vertex, f32>(&scene.vertices).to_vec();
            assert!(numbers.iter().all(|v| v.is_finite()));
            assert!(scene.levels.iter().all(|t| *t > 0.0 && *t < 1.0));
        }
    }

    #[test]
    fn grids_without_a_surface_make_an_empty_scene() {
        for (nx, ny) in [(0, 0), (1, 1), (1, 4), (4, 1)] {
            let axis = |n: usize| (0..n).map(|i| i as f64).collect::<Vec<_>>();
            let scene = SurfaceScene::new(1, &axis(nx), &axis(ny), &vec![1.0; nx * ny], &look());
            assert!(scene.indices.is_empty());
        }
    }

    #[test]
    fn a_plane_twice_as_wide_as_high_is_so_in_space() {
        let (x, y) = ([-2.0, 0.0, 2.0], [-1.0, 1.0]);
        let scene = SurfaceScene::new(1, &x, &y, &[1.0; 6], &look());
        let reach = |axis: usize| {
            let ends = scene.vertices.iter().map(|v| v.position[axis].abs());
            ends.fold(0.0_f32, f32::max)
        };
        assert_eq!((reach(0), reach(1)), (1.0, 0.5));
        let floor = scene.lines.iter().map(|l| l.position[1].abs());
        assert_eq!(floor.fold(0.0_f32, f32::max), 0.5, "the frame as well");
    }

    #[test]
    fn normals_point_up_the_slope_backwards() {
        // z rises with x: the normal leans to −x.
        let values = [0.0, 1.0, 0.0, 1.0];
        let scene = SurfaceScene::new(1, &[0.0, 1.0], &[0.0, 1.0], &values, &look());
        assert!(
            scene
                .vertices
                .iter()
                .all(|v| v.normal[0] < -0.1 && v.normal[1] == 0.0)
        );
    }
}
