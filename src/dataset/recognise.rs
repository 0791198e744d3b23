//! What a name stands for: a built-in set, a kind of file by its content, a kind of folder by what
//! lies in it.
//!
//! Only CIFAR has no mark in its content; its files are known by `.bin` and the size of their
//! records. It reads no format itself.

use std::path::Path;

use super::source::Source;
use super::{
    DataOptions, Dataset, cifar, digits, files, folder, idx, numpy, safetensors, synthetic,
};
use crate::error::{Error, Result, caught};
use crate::store::npy;
use crate::store::safetensors::is_safetensors;

/// What `--data` accepts, in words for help and messages.
pub const ACCEPTED: &str = "digits, spirals, moons, blobs, or a path: IDX images (.gz too), CIFAR \
binary, .npz, .npy, safetensors, or a folder of one of these or of images in one subfolder a class";

/// Opens the data set that `options` name.
///
/// # Errors
/// [`Error::Usage`] for an unknown name or an impossible normalisation,
/// [`Error::Io`] for a file that can't be read, and
/// [`Error::File`] for one whose content is not what it promises: damaged, cut short,
/// with labels out of range or with inputs that are not finite.
pub fn open(options: &DataOptions) -> Result<Dataset> {
    options.normalize.check()?;
    let read = || source(options)?.finish(&options.normalize);
    caught(read).unwrap_or_else(|text| {
        let message = format!(
            "a library failed on it ({text}): the file, or a file in the folder, is damaged"
        );
        Err(Error::file(&options.data, message))
    })
}

/// Finds the reader for what `options` name and runs it.
fn source(options: &DataOptions) -> Result<Source> {
    match options.data.trim() {
        "digits" => return digits::source(),
        "spirals" => return Ok(synthetic::spirals(options.seed)),
        "moons" => return Ok(synthetic::moons(options.seed)),
        "blobs" => return Ok(synthetic::blobs(options.seed)),
        _ => {}
    }
    let path = Path::new(&options.data);
    match path.metadata() {
        Ok(meta) if meta.is_dir() => of_folder(path, options),
        Ok(_) => of_file(path, options),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::Usage(format!(
            "no data set and no file is named `{}`; accepted are {ACCEPTED}",
            options.data
        ))),
        Err(error) => Err(Error::io("open the data", path, error)),
    }
}

/// A folder is known by the files in it.
fn of_folder(path: &Path, options: &DataOptions) -> Result<Source> {
    let entries = files::entries(path)?;
    if let Some(source) = cifar::folder(path, &entries)? {
        return Ok(source);
    }
    if let Some(source) = idx::folder(&entries)? {
        return Ok(source);
    }
    if let Some(source) = numpy::folder(path, &entries, options)? {
        return Ok(source);
    }
    if let Some(source) = folder::images(path, &entries, options)? {
        return Ok(source);
    }
    Err(Error::file(
        path,
        "no data in this folder; looked for CIFAR files (data_batch_1.bin, train.bin), IDX files \
         (train-images-idx3-ubyte), NumPy files (x.npy, x_train.npy) and one subfolder of images a \
         class",
    ))
}

/// A file is known by its first bytes, and where they say nothing by its name.
fn of_file(path: &Path, options: &DataOptions) -> Result<Source> {
    let mut input = files::input(path)?;
    let start = files::start_of(&mut *input.reader, path)?;
    let name = files::name(path).to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    let length = input.exact.then_some(input.limit);

    if start.is_empty() {
        return Err(Error::file(path, "the file is empty"));
    }
    // Its first bytes are a number, which may look like any other format's.
    if is_safetensors(&start) {
        if !input.exact {
            return Err(Error::file(
                path,
                "gzipped safetensors aren't read as data; unpack the file first",
            ));
        }
        return safetensors::source(path, options);
    }
    if start.starts_with(b"PK") || ends(&[".npz"]) {
        return numpy::npz(path, options);
    }
    if start.starts_with(npy::MAGIC) || ends(&[".npy"]) {
        return numpy::npy(path, options);
    }
    let is_idx = idx::is_magic(&start);
    // A record may begin like an IDX header, so `.bin` comes first unless its size is impossible.
    if ends(&[".bin"]) && !(is_idx && length.is_some_and(|length| !cifar::fits(length))) {
        return cifar::file(path);
    }
    if is_idx || ends(&["-ubyte", ".idx"]) || name.contains("idx") {
        return idx::file(path);
    }
    if start.get(8) == Some(&b'{') || ends(&[".safetensors"]) {
        return safetensors::source(path, options);
    }
    if image::guess_format(&start).is_ok() {
        return Err(Error::file(
            path,
            "one image is no data set; give the folder that holds one subfolder of images a class",
        ));
    }
    Err(Error::file(
        path,
        format!("not recognised as data; accepted are {ACCEPTED}"),
    ))
}
