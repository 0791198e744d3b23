//! What every view of a plane shares: its picture, axes, colour bar, marks and cross-hair.
//!
//! The contour view shows one plane, the comparison three. A [`Plane`] keeps what is expensive
//! between frames and paints it; which surface, which colours and which part of it are the views'
//! to say.

pub mod axes;
pub mod camera;
pub mod header;
mod holes;
pub mod hud;
mod lines;
pub mod marks;
pub mod paths;
mod picture;
pub mod pins;
#[expect(clippy::module_inception, reason = "the plane itself among its parts")]
mod plane;
pub mod rolls;
mod signs;
pub mod worst;

pub use holes::Patterns;
pub use marks::Detail;
pub use picture::{Coloring, Picture};
pub use plane::{Colorist, Plane, beyond, notice};
