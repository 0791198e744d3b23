//! Tables: text and Parquet.
//!
//! Which columns are inputs and targets is said in [`roles`], what becomes of them in [`samples`]; a file
//! is read into [`columns`].

mod columns;
pub(super) mod csv;
pub(super) mod labels;
pub(super) mod parquet;
mod roles;
mod samples;

use std::path::Path;

pub use csv::cells;
pub(super) use parquet::is_parquet;

/// Whether a file holds a table of samples, by its name and start.
pub(super) fn claims(path: &Path, name: &str, start: &[u8]) -> bool {
    is_parquet(name) || start.starts_with(parquet::MAGIC) || csv::claims(path, name, start)
}
