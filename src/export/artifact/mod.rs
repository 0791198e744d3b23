//! What a result can become in a file: numbers, tables, grids, a picture on a page.
//!
//! Whoever has something to write, the terminal or a view of the window, gives it as an [`Artifact`], and
//! [`write()`] has one writer for each format. Every file holds the header that says how it was made: an
//! `.npz` and a `.json` as `recipe`, a `.csv` in its last column, a `.vtk` as data of the whole set, an `.h5`
//! as a data set, pictures as `stamp.rs` says.

mod measured;
mod planes;
mod tables;
mod what;
mod writing;

pub use planes::{Eye, InSpace, SideBySide};
pub use tables::{Picture, Tables};
pub use what::{Artifact, Data};
pub use writing::{page, write};
