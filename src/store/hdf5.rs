//! HDF5: datasets of numbers, in groups as deep as they come.
//!
//! The library behind it reads whatever extent a dataset declares, so every size is held against the
//! file before a dataset is read, and a panic inside the library ends as an error. It reads from the
//! file what it needs, one dataset at a time.

use super::Parsed;
use super::array::Array;
use super::bytes::Bytes;
use super::container::{Arrays, Container, Entry};
use super::decode;
use super::element::{ByteOrder, Dtype, Element, byte_count};
use super::files::regular;
use super::limits::Allowance;
use crate::error::{Error, Result};
use hdf5_pure::{
    Dataset, Datatype, DatatypeByteOrder, File, FileAccessProperties, FormatError, Group, Layout,
    WriteMarkPolicy,
};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

pub(crate) const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
const DEEPEST: usize = 32;
/// Bytes of a dataset that are read at a time, at least.
const BLOCK: u64 = 1 << 20;
const MOST_OBJECTS: usize = 1 << 17;
/// Bytes of names that all paths together may have.
const MOST_NAME_BYTES: usize = 64 << 20;
/// Reserved addresses, not memory: pages are only taken as they are used.
const STACK: usize = 256 << 20;

/// The numeric datasets of the HDF5 file at `path`, by their paths with slashes (`xdirection/0`);
/// others are left out.
///
/// # Errors
/// Where the file can't be read, with the dataset at fault.
pub fn read_arrays(path: &Path) -> Result<Vec<(String, Array)>> {
    let bytes = Arc::new(Bytes::open(path, "read the arrays")?);
    let allowance = Allowance::for_file(bytes.len());
    let read = || container(bytes)?.read_all(allowance);
    read().map_err(|message: String| Error::file(path, message))
}

/// Whether the file at `path` starts as HDF5 files do; `action` says in errors what the caller is about.
///
/// # Errors
/// The operating system's refusal, and where it is a pipe or a device.
pub fn is_hdf5_file(path: &Path, action: &'static str) -> Result<bool> {
    let refused = |reason| Error::io(action, path, reason);
    regular(path, action)?;
    let mut start = Vec::new();
    let file = std::fs::File::open(path).map_err(refused)?;
    file.take(SIGNATURE.len() as u64)
        .read_to_end(&mut start)
        .map_err(refused)?;
    Ok(start == SIGNATURE)
}

/// The signature stands at 0, or after a block of the user's at 512, 1024, 2048.
pub(crate) fn is_hdf5(head: &[u8]) -> bool {
    [0, 512, 1024, 2048]
        .iter()
        .any(|&at| head.get(at..).is_some_and(|h| h.starts_with(SIGNATURE)))
}

/// The user's block may be as long as any power of two; it is looked at from `first` on.
pub(crate) fn is_hdf5_after_block(bytes: &Bytes, first: u64) -> bool {
    let places = std::iter::successors(Some(first), |at| at.checked_mul(2));
    places
        .take_while(|&at| at < bytes.len())
        .any(|at| *bytes.peek(at, 8) == *SIGNATURE)
}

/// The names of groups and datasets at the top of the file in `bytes`.
pub(crate) fn names(bytes: Arc<Bytes>) -> Parsed<Vec<String>> {
    apart(|| {
        let file = open(bytes)?;
        let root = file.root();
        let mut names = root.datasets().map_err(|e| damaged(&e))?;
        names.extend(root.groups().map_err(|e| damaged(&e))?);
        Ok(names)
    })
}

/// The datasets by their paths.
pub(crate) fn container(bytes: Arc<Bytes>) -> Parsed<Container> {
    let in_use = bytes.in_use();
    let walk = apart(|| {
        let file = open(bytes)?;
        let mut walk = Walk::new(file.file_size());
        walk.group(&file.root(), "", 0)?;
        Ok((walk, file))
    });
    let (walk, file) = walk?;
    let datasets = Datasets {
        file,
        places: walk.places,
    };
    let mut container = Container::new("HDF5", walk.entries, Box::new(datasets), in_use);
    container.warnings = walk.warnings;
    Ok(container)
}

/// Does what enters the library on a stack of its own.
///
/// The library reads types inside types by recursion. A header message has at most 64 KiB and a level
/// takes at least 8 bytes, so on this stack no file can nest deeply enough to overflow it; and a panic
/// in it ends with the thread, as an error.
pub(super) fn apart<T: Send>(work: impl FnOnce() -> Parsed<T> + Send) -> Parsed<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("hdf5".into())
            .stack_size(STACK);
        let reader = thread
            .spawn_scoped(scope, work)
            .map_err(|e| format!("no thread for HDF5: {e}"))?;
        reader
            .join()
            .unwrap_or_else(|_| Err("the HDF5 structures are damaged".into()))
    })
}

pub(super) fn open(bytes: Arc<Bytes>) -> Parsed<File> {
    // A writer that died left its mark in the file; what it had written is there.
    let properties =
        FileAccessProperties::new().with_write_mark_policy(WriteMarkPolicy::AllowSnapshot);
    File::from_source_with_options(Source(bytes), properties).map_err(|e| damaged(&e))
}

pub(super) fn damaged(error: &hdf5_pure::Error) -> String {
    format!("the HDF5 structures are damaged: {error}")
}

/// A file's bytes as the library asks for them.
struct Source(Arc<Bytes>);

impl hdf5_pure::Source for Source {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), FormatError> {
        let filled = self.0.fill(offset, buffer);
        filled.map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => FormatError::UnexpectedEof {
                expected: buffer.len(),
                available: usize::try_from(self.0.len().saturating_sub(offset))
                    .unwrap_or(usize::MAX),
            },
            _ => FormatError::Source(e.to_string()),
        })
    }
}

/// The path, type and extents of a dataset that is read.
#[derive(Clone)]
struct Place {
    path: String,
    element: Element,
    order: ByteOrder,
    shape: Vec<usize>,
    /// Rows that are read at a time; 0 for a dataset without rows.
    block: u64,
}

/// The datasets of a file, `None` where one isn't read.
struct Datasets {
    file: File,
    places: Vec<Option<Place>>,
}

impl Arrays for Datasets {
    fn read(&self, index: usize) -> Parsed<Array> {
        let place = self.places.get(index).and_then(Option::as_ref);
        let place = place.ok_or("it doesn't hold numbers of a known type")?;
        apart(|| {
            let mut rows = Rows {
                dataset: self.file.dataset(&place.path).map_err(|e| damaged(&e))?,
                at: 0,
                block: place.block,
                read: Vec::new(),
                taken: 0,
            };
            decode::array(place.shape.clone(), place.element, &mut rows, place.order)
        })
    }
}

/// The bytes of a dataset, some rows at a time.
struct Rows {
    dataset: Dataset,
    /// The next row to read.
    at: u64,
    /// How many are read at a time; 0 for a dataset without rows.
    block: u64,
    read: Vec<u8>,
    taken: usize,
}

impl Read for Rows {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.read.len() {
            // The old rows go before the new ones come.
            self.read = Vec::new();
            self.read = match self.block {
                0 if self.at > 0 => Vec::new(),
                0 => self
                    .dataset
                    .read_raw()
                    .map_err(|e| io::Error::other(e.to_string()))?,
                block => {
                    let rows = self.dataset.read_raw_rows(self.at, block);
                    rows.map_err(|e| io::Error::other(e.to_string()))?
                }
            };
            self.at += self.block.max(1);
            self.taken = 0;
        }
        let mut left = self.read.get(self.taken..).unwrap_or_default();
        let count = left.read(buffer)?;
        self.taken += count;
        Ok(count)
    }
}

struct Walk {
    entries: Vec<Entry>,
    places: Vec<Option<Place>>,
    warnings: Vec<String>,
    objects: usize,
    name_bytes: usize,
    file_length: u64,
}

impl Walk {
    fn new(file_length: u64) -> Self {
        Self {
            entries: Vec::new(),
            places: Vec::new(),
            warnings: Vec::new(),
            objects: 0,
            name_bytes: 0,
            file_length,
        }
    }

    fn group(&mut self, group: &Group, prefix: &str, depth: usize) -> Parsed<()> {
        if depth > DEEPEST {
            return Err(format!(
                "the groups are nested deeper than {DEEPEST} levels"
            ));
        }
        let datasets = group.iter_datasets().map_err(|e| damaged(&e))?;
        for (name, dataset) in datasets {
            self.count(prefix, &name)?;
            let path = format!("{prefix}{name}");
            self.dataset(&path, &dataset)
                .map_err(|e| format!("dataset `{path}`: {e}"))?;
        }
        let groups = group.iter_groups().map_err(|e| damaged(&e))?;
        for (name, child) in groups {
            self.count(prefix, &name)?;
            self.group(&child, &format!("{prefix}{name}/"), depth + 1)?;
        }
        Ok(())
    }

    /// Links can lead in circles, so the walk has an end of its own.
    fn count(&mut self, prefix: &str, name: &str) -> Parsed<()> {
        self.objects += 1;
        self.name_bytes += prefix.len() + name.len();
        if self.objects > MOST_OBJECTS {
            return Err(format!("more than {MOST_OBJECTS} groups and datasets"));
        }
        if self.name_bytes > MOST_NAME_BYTES {
            return Err(format!(
                "the paths of the datasets take more than {} MiB",
                MOST_NAME_BYTES >> 20
            ));
        }
        Ok(())
    }

    fn dataset(&mut self, path: &str, dataset: &Dataset) -> Parsed<()> {
        let datatype = dataset.datatype().map_err(|e| e.to_string())?;
        let (number, listed) = (element(&datatype), listed(&datatype));
        if number.is_none() && listed.is_none() {
            self.warnings.push(format!(
                "ignored `{path}`: it doesn't hold numbers of a known type"
            ));
            return Ok(());
        }
        let shape = dataset.shape().map_err(|e| e.to_string())?;
        let sizes = shape
            .iter()
            .map(|&d| usize::try_from(d))
            .collect::<Result<Vec<_>, _>>();
        let sizes = sizes.map_err(|_| format!("shape {shape:?} is larger than any memory"))?;
        let Some((element, order)) = number else {
            let entry = listed.map(|dtype| Entry::unreadable(path.to_owned(), sizes, dtype));
            self.entries.extend(entry);
            self.places.push(None);
            return Ok(());
        };
        let bytes = byte_count(&sizes, element)? as u64;
        let layout = dataset.layout().map_err(|e| e.to_string())?;
        let plain = !matches!(layout, Layout::Chunked { .. });
        if plain && bytes > self.file_length {
            return Err(format!(
                "shape {shape:?} takes {bytes} bytes, the file has {}",
                self.file_length
            ));
        }
        let row = bytes / shape.first().copied().unwrap_or(1).max(1);
        let mut block = (BLOCK / row.max(1)).max(1);
        let mut chunk = 0;
        if let Layout::Chunked { chunk_shape, .. } = layout {
            // Chunks at the edges are stored whole, so one may be larger than the array.
            let size = chunk_shape
                .iter()
                .try_fold(element.size() as u64, |n, &d| n.checked_mul(d));
            chunk = size.ok_or("its chunks are larger than any memory")?;
            // Whole chunks, so that none is unpacked twice.
            let high = chunk_shape.first().copied().unwrap_or(1).max(1);
            block = block.div_ceil(high).saturating_mul(high);
        }
        // The library unpacks one chunk after the other into the rows asked for.
        let beside = block.saturating_mul(row).min(bytes);
        let beside = beside.saturating_add(chunk.saturating_mul(2));
        // A dataset without axes has no rows; one with them no more than that.
        block = block.min(shape.first().copied().unwrap_or(0));
        let entry = Entry::new(path.to_owned(), sizes.clone(), element)?;
        self.entries.push(entry.beside(beside));
        self.places.push(Some(Place {
            path: path.to_owned(),
            element,
            order,
            shape: sizes,
            block,
        }));
        Ok(())
    }
}

/// Numbers that are listed only: complex ones, which h5py writes as two floats called r and i, and
/// floats of other widths.
fn listed(datatype: &Datatype) -> Option<Dtype> {
    let members = match datatype {
        Datatype::Compound { members, .. } => members,
        Datatype::FloatingPoint { size, .. } => {
            let bits = u64::from(*size) * 8;
            return Some(Dtype::unreadable(format!("unusual float{bits}")));
        }
        _ => return None,
    };
    let [real, imaginary] = members.as_slice() else {
        return None;
    };
    let named = (real.name.as_str(), imaginary.name.as_str()) == ("r", "i");
    let parts = [&real.datatype, &imaginary.datatype].map(element);
    match parts {
        [Some((Element::F32, _)), Some((Element::F32, _))] if named => {
            Some(Dtype::unreadable("complex64"))
        }
        [Some((Element::F64, _)), Some((Element::F64, _))] if named => {
            Some(Dtype::unreadable("complex128"))
        }
        _ => None,
    }
}

fn element(datatype: &Datatype) -> Option<(Element, ByteOrder)> {
    let (element, order) = match datatype {
        // h5py writes booleans as an enumeration over one byte.
        Datatype::Enumeration { base_type, .. } => return element(base_type),
        Datatype::FloatingPoint {
            size,
            byte_order,
            layout,
        } => {
            let element = match (size, layout.exponent_size, layout.mantissa_size) {
                (2, 5, 10) => Element::F16,
                (2, 8, 7) => Element::BF16,
                (4, 8, 23) => Element::F32,
                (8, 11, 52) => Element::F64,
                _ => return None,
            };
            (element, byte_order)
        }
        Datatype::FixedPoint {
            size,
            byte_order,
            layout,
        } => {
            if layout.bit_offset != 0
                || Some(u32::from(layout.bit_precision)) != size.checked_mul(8)
            {
                return None;
            }
            let element = match (size, layout.signed) {
                (1, true) => Element::I8,
                (2, true) => Element::I16,
                (4, true) => Element::I32,
                (8, true) => Element::I64,
                (1, false) => Element::U8,
                (2, false) => Element::U16,
                (4, false) => Element::U32,
                (8, false) => Element::U64,
                _ => return None,
            };
            (element, byte_order)
        }
        _ => return None,
    };
    let order = match order {
        DatatypeByteOrder::LittleEndian => ByteOrder::Little,
        DatatypeByteOrder::BigEndian => ByteOrder::Big,
        DatatypeByteOrder::Vax => return None,
    };
    Some((element, order))
}
