//! The colour picture of a surface: values interpolated between grid points, then coloured.
//!
//! Interpolating colours instead would show values that the surface doesn't have. Each grid point
//! owns the part of the picture that is nearest to it; where its value is a hole that part stays
//! transparent, and beside it the interpolation uses what is left of the four neighbours. It knows
//! no scale: for a logarithmic one, pass logarithms.

use image::ImageEncoder as _;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};

use super::colormap::Colormap;
use super::contour::Grid;
use crate::error::{Error, Result};

/// The borders between the parts that grid points own along one axis: one more than coordinates.
/// The outermost lie on the outermost coordinates; a single coordinate owns a width of its own.
pub fn borders(coordinates: &[f64]) -> Vec<f64> {
    match coordinates {
        [] => Vec::new(),
        [only] => {
            // Wide enough to be seen as a number even far from zero.
            let half = 0.5f64.max(only.abs() * 1e-6);
            vec![only - half, only + half]
        }
        [first, .., last] => {
            let middles = coordinates.windows(2).map(|w| w[0] / 2.0 + w[1] / 2.0);
            std::iter::once(*first)
                .chain(middles)
                .chain([*last])
                .collect()
        }
    }
}

/// Where `value` lies between `lo` (0) and `hi` (1); one half where they coincide.
pub fn fraction(value: f64, lo: f64, hi: f64) -> f64 {
    // Halves, because the difference of two huge values would overflow.
    let span = hi / 2.0 - lo / 2.0;
    if span > 0.0 {
        (value / 2.0 - lo / 2.0) / span
    } else {
        0.5
    }
}

/// Where `at` falls between coordinates: the lower neighbour and the way to the next, in [0, 1].
fn between(coordinates: &[f64], at: f64) -> (usize, f64) {
    let next = coordinates.partition_point(|c| *c <= at);
    if next == 0 || next >= coordinates.len() {
        return (next.saturating_sub(1), 0.0);
    }
    let (a, b) = (coordinates[next - 1], coordinates[next]);
    (next - 1, fraction(at, a, b))
}

/// The value of the picture between four grid points; `None` in a hole.
fn blend(grid: &Grid, (i, u): (usize, f64), (j, v): (usize, f64)) -> Option<f64> {
    let nearest = grid.value(i + usize::from(u >= 0.5), j + usize::from(v >= 0.5));
    if !nearest.is_finite() {
        return None;
    }
    let (mut sum, mut weights) = (0.0, 0.0);
    for (di, dj, weight) in [
        (0, 0, (1.0 - u) * (1.0 - v)),
        (1, 0, u * (1.0 - v)),
        (0, 1, (1.0 - u) * v),
        (1, 1, u * v),
    ] {
        let value = grid.value(i + di, j + dj);
        if weight > 0.0 && value.is_finite() {
            sum += weight * value;
            weights += weight;
        }
    }
    Some(sum / weights)
}

/// The value that the picture shows at (x, y), and the nearest grid point's column and row; `None`
/// outside the grid. In a hole the value is NaN.
pub fn value_at(grid: &Grid, x: f64, y: f64) -> Option<(f64, usize, usize)> {
    let (xs, ys) = (borders(grid.x), borders(grid.y));
    let within = |ends: &[f64], at: f64| matches!((ends.first(), ends.last()), (Some(&lo), Some(&hi)) if (lo..=hi).contains(&at));
    if !within(&xs, x) || !within(&ys, y) {
        return None;
    }
    let (column, row) = (between(grid.x, x), between(grid.y, y));
    let nearest = |(i, u): (usize, f64)| i + usize::from(u >= 0.5);
    let value = blend(grid, column, row).unwrap_or(f64::NAN);
    Some((value, nearest(column), nearest(row)))
}

/// Where the centres of `pixels` fall between coordinates.
fn samples(coordinates: &[f64], pixels: usize) -> Vec<(usize, f64)> {
    let borders = borders(coordinates);
    let (Some(&lo), Some(&hi)) = (borders.first(), borders.last()) else {
        return Vec::new();
    };
    let place = |p: usize| {
        let t = (p as f64 + 0.5) / pixels as f64;
        between(coordinates, lo + t * (hi - lo))
    };
    (0..pixels).map(place).collect()
}

/// The picture as RGBA, the top row (largest y) first: `width` × `height` pixels over the grid's
/// extent, coloured from `lo` to `hi`.
pub fn rgba(
    grid: &Grid,
    (lo, hi): (f64, f64),
    map: Colormap,
    width: usize,
    height: usize,
) -> Vec<u8> {
    let table = map.table();
    let columns = samples(grid.x, width);
    let mut rows = samples(grid.y, height);
    rows.reverse();
    let mut pixels = Vec::with_capacity(width * height * 4);
    for &row in &rows {
        for &column in &columns {
            let Some(value) = blend(grid, column, row) else {
                pixels.extend([0, 0, 0, 0]);
                continue;
            };
            let t = fraction(value, lo, hi).clamp(0.0, 1.0);
            let [r, g, b] = table[(t * 255.0).round() as usize];
            pixels.extend([r, g, b, 255]);
        }
    }
    pixels
}

/// RGBA pixels as a PNG file; without alpha where nothing is transparent.
pub fn png(pixels: &[u8], width: usize, height: usize) -> Result<Vec<u8>> {
    let opaque = pixels.chunks_exact(4).all(|p| p[3] == 255);
    let (bytes, color) = if opaque {
        let rgb = pixels
            .chunks_exact(4)
            .flat_map(|p| [p[0], p[1], p[2]])
            .collect::<Vec<u8>>();
        (rgb, image::ExtendedColorType::Rgb8)
    } else {
        (pixels.to_vec(), image::ExtendedColorType::Rgba8)
    };
    let mut out = Vec::new();
    PngEncoder::new_with_quality(&mut out, CompressionType::Default, FilterType::Adaptive)
        .write_image(&bytes, width as u32, height as u32, color)
        .map_err(|e| Error::Slice(format!("the surface can't be made a picture: {e}")))?;
    Ok(out)
}

/// Bytes as base64, for data URIs.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let used = digit <= chunk.len();
            let index = (bits >> (18 - 6 * digit)) & 63;
            out.push(if used {
                char::from(DIGITS[index as usize])
            } else {
                '='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_interpolated_not_colours() {
        let grid = Grid {
            x: &[0.0, 1.0],
            y: &[0.0, 1.0],
            values: &[0.0, 1.0, 0.0, 1.0],
        };
        let pixels = rgba(&grid, (0.0, 1.0), Colormap::Viridis, 5, 1);
        for (i, pixel) in pixels.chunks(4).enumerate() {
            let expected = Colormap::Viridis.rgb((0.1 + 0.2 * i as f64) * 255.0 / 255.0);
            assert!(
                pixel.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 2),
                "{i}"
            );
        }
    }

    #[test]
    fn the_top_row_is_the_largest_y_and_holes_stay_clear() {
        let grid = Grid {
            x: &[0.0, 1.0],
            y: &[0.0, 1.0],
            values: &[0.0, 0.0, 1.0, f64::NAN],
        };
        let pixels = rgba(&grid, (0.0, 1.0), Colormap::Grey, 2, 2);
        assert!(pixels[0] > pixels[8], "top left is the large value");
        let alpha: Vec<u8> = pixels.chunks(4).map(|p| p[3]).collect();
        assert_eq!(alpha, [255, 0, 255, 255]);
    }

    #[test]
    fn a_value_is_read_where_the_picture_shows_it() {
        let grid = Grid {
            x: &[0.0, 1.0],
            y: &[0.0, 1.0],
            values: &[0.0, 1.0, 2.0, f64::NAN],
        };
        assert_eq!(value_at(&grid, 0.25, 0.0), Some((0.25, 0, 0)));
        assert_eq!(value_at(&grid, 0.0, 1.0), Some((2.0, 0, 1)));
        let hole = value_at(&grid, 0.9, 0.9).unwrap();
        assert!(hole.0.is_nan() && (hole.1, hole.2) == (1, 1));
        for (x, y) in [(-0.1, 0.5), (0.5, 1.1), (f64::NAN, 0.5)] {
            assert_eq!(value_at(&grid, x, y), None);
        }
    }

    #[test]
    fn odd_grids_have_pictures() {
        for (nx, ny) in [(0, 0), (1, 1), (1, 3), (4, 1)] {
            let axis = |n: usize| (0..n).map(|i| i as f64).collect::<Vec<_>>();
            let (x, y) = (axis(nx), axis(ny));
            let values = vec![1e308; nx * ny];
            let pixels = rgba(
                &Grid {
                    x: &x,
                    y: &y,
                    values: &values,
                },
                (-1e308, 1e308),
                Colormap::Grey,
                3,
                3,
            );
            assert_eq!(pixels.len(), if nx == 0 { 0 } else { 36 });
        }
        assert_eq!(borders(&[0.0, 1.0, 4.0]), [0.0, 0.5, 2.5, 4.0]);
    }

    #[test]
    fn base64_is_padded() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
