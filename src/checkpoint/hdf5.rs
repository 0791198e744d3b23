//! HDF5: datasets of numbers, in groups as deep as they come.
//!
//! The library behind it reads whatever extent a dataset declares, so every size is held against the
//! file before a dataset is read, and a panic inside the library ends as an error.

use super::element::{self, ByteOrder, Element};
use super::limits::Allowance;
use super::{Array, Content, Parsed, read_bytes};
use crate::error::{Error, Result};
use hdf5_pure::{Dataset, Datatype, DatatypeByteOrder, File, Group, Layout};
use std::path::Path;

const DEEPEST: usize = 32;
const MOST_OBJECTS: usize = 1 << 17;
/// Reserved addresses, not memory: pages are only taken as they are used.
const STACK: usize = 256 << 20;

/// The numeric datasets of the HDF5 file at `path`, by their paths with slashes (`xdirection/0`);
/// others are left out.
///
/// # Errors
/// Where the file can't be read, with the dataset at fault.
pub fn read_arrays(path: &Path) -> Result<Vec<(String, Array)>> {
    let bytes = read_bytes(path, "read the arrays")?;
    let found = read(bytes).map_err(|message| Error::file(path, message))?;
    Ok(found.arrays)
}

/// The datasets as tensors: slashes in their paths become dots.
pub(super) fn content(bytes: Vec<u8>) -> Parsed<Content> {
    let found = read(bytes)?;
    let dotted = |(path, array): (String, Array)| (path.replace('/', "."), array);
    let tensors = found.arrays.into_iter().map(dotted).collect();
    let mut content = Content::flat("HDF5", tensors);
    content.warnings = found.warnings;
    Ok(content)
}

/// The names of groups and datasets at the top of the file in `bytes`.
pub(super) fn names(bytes: Vec<u8>) -> Parsed<Vec<String>> {
    guarded(move || {
        let file = File::from_bytes(bytes).map_err(|e| damaged(&e))?;
        let root = file.root();
        let mut names = root.datasets().map_err(|e| damaged(&e))?;
        names.extend(root.groups().map_err(|e| damaged(&e))?);
        Ok(names)
    })
}

struct Walk {
    arrays: Vec<(String, Array)>,
    warnings: Vec<String>,
    objects: usize,
    file_length: usize,
    allowance: Allowance,
}

fn read(bytes: Vec<u8>) -> Parsed<Walk> {
    guarded(move || walk(bytes))
}

/// Runs the library where it can do no harm.
fn guarded<T: Send + 'static>(work: impl FnOnce() -> Parsed<T> + Send + 'static) -> Parsed<T> {
    // The library reads types inside types by recursion. A header message has at most 64 KiB and a
    // level takes at least 8 bytes, so on this stack no file can nest deeply enough to overflow it;
    // and a panic in it ends with the thread, as an error.
    let thread = std::thread::Builder::new()
        .name("hdf5".into())
        .stack_size(STACK);
    let reader = thread
        .spawn(work)
        .map_err(|e| format!("no thread for HDF5: {e}"))?;
    reader
        .join()
        .unwrap_or_else(|_| Err("the HDF5 structures are damaged".into()))
}

fn walk(bytes: Vec<u8>) -> Parsed<Walk> {
    let mut walk = Walk {
        arrays: Vec::new(),
        warnings: Vec::new(),
        objects: 0,
        file_length: bytes.len(),
        allowance: Allowance::to_expand(bytes.len()),
    };
    let file = File::from_bytes(bytes).map_err(|e| damaged(&e))?;
    walk.group(&file.root(), "", 0)?;
    Ok(walk)
}

fn damaged(error: &hdf5_pure::Error) -> String {
    format!("the HDF5 structures are damaged: {error}")
}

impl Walk {
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
        self.allowance.take((prefix.len() + name.len()) as u64)?;
        if self.objects > MOST_OBJECTS {
            return Err(format!("more than {MOST_OBJECTS} groups and datasets"));
        }
        Ok(())
    }

    fn dataset(&mut self, path: &str, dataset: &Dataset) -> Parsed<()> {
        let datatype = dataset.datatype().map_err(|e| e.to_string())?;
        let Some((element, order)) = element(&datatype) else {
            self.warnings.push(format!(
                "ignored `{path}`: it doesn't hold numbers of a known type"
            ));
            return Ok(());
        };
        let shape = dataset.shape().map_err(|e| e.to_string())?;
        let sizes = shape
            .iter()
            .map(|&d| usize::try_from(d))
            .collect::<Result<Vec<_>, _>>();
        let sizes = sizes.map_err(|_| format!("shape {shape:?} is larger than any memory"))?;
        let bytes = element::byte_count(&sizes, element)?;
        let layout = dataset.layout().map_err(|e| e.to_string())?;
        let plain = !matches!(layout, Layout::Chunked { .. });
        if plain && bytes > self.file_length {
            return Err(format!(
                "shape {shape:?} takes {bytes} bytes, the file has {}",
                self.file_length
            ));
        }
        let in_memory = (bytes / element.size()).saturating_mul(element.size_in_memory());
        self.allowance.take(in_memory as u64)?;
        if let Layout::Chunked { chunk_shape, .. } = layout {
            // Chunks at the edges are stored whole, so one may be larger than the array.
            let chunk = chunk_shape
                .iter()
                .try_fold(element.size() as u64, |n, &d| n.checked_mul(d));
            self.allowance
                .take(chunk.ok_or("its chunks are larger than any memory")?)?;
        }
        let raw = if bytes == 0 {
            Vec::new()
        } else {
            dataset.read_raw().map_err(|e| e.to_string())?
        };
        self.arrays.push((
            path.to_owned(),
            element::array(sizes, element, &raw, order)?,
        ));
        Ok(())
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
