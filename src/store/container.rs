//! Named arrays that are listed first and read when they are asked for.
//!
//! Every format gives the same two things: what it holds, as [`Entry`]s, and a way to the values, as
//! [`Arrays`]. How much memory reading may take is held against an [`Allowance`] here, once for all of
//! them. It knows no format, and not what an array is for.

use super::Parsed;
use super::array::Array;
use super::element::{Dtype, Element, Kind, memory};
use super::limits::Allowance;

/// The values behind the entries of a container.
pub trait Arrays {
    /// The values of the entry at `index`, which is a readable one.
    fn read(&self, index: usize) -> Parsed<Array>;
}

/// What one file holds.
pub struct Container {
    /// The format in words.
    pub format: String,
    /// Every array, in file order.
    pub entries: Vec<Entry>,
    /// The way to their values.
    pub arrays: Box<dyn Arrays>,
    /// What a reader should know.
    pub warnings: Vec<String>,
    /// Bytes in memory for as long as arrays are read.
    pub held: u64,
}

impl Container {
    /// A container that needs no remarks.
    pub fn new(format: &str, entries: Vec<Entry>, arrays: Box<dyn Arrays>, held: u64) -> Self {
        Self {
            format: format.into(),
            entries,
            arrays,
            warnings: Vec::new(),
            held,
        }
    }

    /// The values of every readable entry.
    ///
    /// # Errors
    /// As [`read_one`].
    pub fn read_all(self, mut allowance: Allowance) -> Parsed<Vec<(String, Array)>> {
        allowance.take(self.held)?;
        let mut read = Vec::with_capacity(self.entries.len());
        for (index, entry) in self.entries.into_iter().enumerate() {
            if entry.is_readable() {
                let array = read_one(&*self.arrays, index, &entry, &mut allowance)?;
                read.push((entry.name, array));
            }
        }
        Ok(read)
    }
}

/// Reads one array within what is left of the memory; `index` is its place in `arrays`.
///
/// # Errors
/// Names the array: its type isn't read, its bytes are damaged, or it takes too much memory.
pub fn read_one(
    arrays: &dyn Arrays,
    index: usize,
    entry: &Entry,
    allowance: &mut Allowance,
) -> Parsed<Array> {
    let mut read = || {
        if !entry.is_readable() {
            return Err(unreadable(entry.dtype.name()));
        }
        allowance.check(entry.memory.saturating_add(entry.beside))?;
        allowance.take(entry.memory)?;
        arrays.read(index)
    };
    read().map_err(|e: String| format!("tensor `{}`: {e}", entry.name))
}

/// Why an array of such a type can't be used, and what to do.
pub fn unreadable(dtype: &str) -> String {
    format!(
        "its type is {dtype}, and only dense tensors of floating point, integers and booleans are read (save `tensor.dequantize()`, `tensor.to_dense()` or `tensor.float()`)"
    )
}

/// What is known of a stored array before its values are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name; in a checkpoint as the network knows it.
    pub name: String,
    /// Extent of each axis; empty for a scalar, and where an unreadable one doesn't tell.
    pub shape: Vec<usize>,
    /// Type in the file.
    pub dtype: Dtype,
    /// Bytes that its values take once they are read.
    pub(crate) memory: u64,
    /// Bytes that lie beside them while they are read.
    pub(crate) beside: u64,
}

impl Entry {
    /// An array whose values come from a stream.
    pub(crate) fn new(name: String, shape: Vec<usize>, element: Element) -> Parsed<Self> {
        Ok(Self {
            memory: memory(&shape, element)?,
            name,
            shape,
            dtype: element.into(),
            beside: 0,
        })
    }

    /// An array that is listed only.
    pub(crate) fn unreadable(name: String, shape: Vec<usize>, dtype: Dtype) -> Self {
        Self {
            name,
            shape,
            dtype,
            memory: 0,
            beside: 0,
        }
    }

    /// The same where reading needs `bytes` beside the values.
    pub(crate) fn beside(mut self, bytes: u64) -> Self {
        self.beside = bytes;
        self
    }

    /// Number of values, as far as the shape tells.
    pub fn len(&self) -> usize {
        self.shape.iter().fold(1, |n, &d| n.saturating_mul(d))
    }

    /// True where some axis has extent 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether its values can be read.
    pub fn is_readable(&self) -> bool {
        self.dtype.kind != Kind::Unreadable
    }
}
