//! The ground: containers of arrays, and files.
//!
//! Whatever is read, weights or samples, stands in the same few containers, and whatever is written
//! goes to disk the same way. So each of these is here once: what an array is (`array`) and what its
//! elements are ([`element`]), how bytes become numbers (`decode`), npy and npz, safetensors, HDF5,
//! zip and gzip, and [`files`] that are replaced at once or not at all. A size that a file claims is
//! held against the bytes that it has and the memory that its size justifies (`limits`) before
//! anything is allocated.
//!
//! It deliberately knows neither networks nor data sets: which array is a weight and which a label is
//! for the floors above. Complaints don't name the file; who opened it adds the name.

pub(crate) mod archive;
pub mod array;
pub(crate) mod bytes;
pub(crate) mod container;
pub(crate) mod decode;
pub mod element;
pub mod files;
pub(crate) mod gzip;
pub mod hdf5;
pub(crate) mod hdf5_words;
pub(crate) mod input;
pub(crate) mod limits;
pub mod lines;
pub(crate) mod npy;
pub mod npz;
pub(crate) mod records;
pub mod safetensors;

pub use array::{Array, Values};
pub use container::Entry;
pub use element::{Dtype, Kind};

/// What a reader of bytes gives: its complaints don't name the file, who opened it does.
pub(crate) type Parsed<T> = Result<T, String>;
