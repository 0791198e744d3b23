//! Pictures as geometry: colours, scales, iso-lines and figures drawn into SVG text.
//!
//! Everything here is a pure function from numbers to shapes, so that the same result gives the
//! same figure in the window, in a file and in a test. A figure becomes an SVG string; `export`
//! turns that into files. Nothing here knows networks, files, windows or GPUs.

pub mod aspect;
mod axes;
pub mod axis_numbers;
pub mod bars_figure;
pub mod camera;
mod color_bar;
pub mod colormap;
pub mod contour;
mod contour_figure;
pub mod contour_label;
mod contour_layout;
mod curve;
mod curve_marks;
pub mod curves_figure;
pub mod density_figure;
mod draw;
pub mod figure;
pub mod heat;
mod legend;
mod line_figure;
mod line_marks;
pub mod line_range;
mod marks;
pub mod number;
pub mod page;
pub mod refine;
pub mod scale;
pub mod space_axes;
pub mod surface;
pub mod table_figure;
pub mod text;

pub(crate) use draw::escaped;
