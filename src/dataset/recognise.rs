//! What a name stands for: a built-in set, a kind of file by its content, a kind of folder by what
//! lies in it.
//!
//! CIFAR's binary files and nanoGPT's have no mark in their content: they are known by `.bin`, the size
//! of their records and what lies beside them; text tables by their suffix. It reads no format itself.

use std::path::{Path, PathBuf};

use super::source::Source;
use super::{
    DataOptions, Dataset, cifar, digits, files, idx, images, numpy, safetensors, synthetic, table,
    tokens, torch,
};
use crate::error::{Error, Result, caught};
use crate::store::npy;
use crate::store::safetensors::is_safetensors;

/// What `--data` accepts, in words for help and messages.
pub const ACCEPTED: &str = "digits, spirals, moons, blobs, or a path: IDX images (.gz too), CIFAR \
binary or for Python, .npz, .npy, safetensors, .pt of tensors, CSV, Parquet, tokens (train.bin, .npy), \
or a folder of one of these, of images in one subfolder a class, of images with labels in a CSV file, \
or of images and masks";

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

/// Subfolders that torchvision makes, and the only ones that a folder is entered for.
const INSIDE: [&str; 5] = [
    "raw",
    "cifar-10-batches-py",
    "cifar-100-python",
    "cifar-10-batches-bin",
    "cifar-100-binary",
];

/// A folder is known by the files in it.
fn of_folder(path: &Path, options: &DataOptions) -> Result<Source> {
    let entries = files::entries(path)?;
    if let Some(source) = tokens::folder(&entries, options)? {
        return Ok(source);
    }
    if let Some(source) = cifar::folder(path, &entries, options)? {
        return Ok(source);
    }
    if let Some(source) = idx::folder(&entries)? {
        return Ok(source);
    }
    if let Some(source) = numpy::folder(path, &entries, options)? {
        return Ok(source);
    }
    if let Some(source) = table::parquet::folder(path, &entries, options)? {
        return Ok(source);
    }
    let training = entries.iter().find(|e| files::name(e) == "training.pt");
    if let Some(source) = training.and_then(|file| torch::source(file, options)) {
        return source;
    }
    if let Some(source) = images::with_masks(path, &entries, options)? {
        return Ok(source);
    }
    if let Some(source) = images::labelled_by_table(path, &entries, options)? {
        return Ok(source);
    }
    let inside: Vec<&PathBuf> = entries
        .iter()
        .filter(|entry| INSIDE.contains(&files::name(entry).as_str()) && entry.is_dir())
        .collect();
    match inside.as_slice() {
        [one] => {
            let mut source = of_folder(one, options)?;
            if files::name(one) == "raw" {
                source.name = files::stem(path);
            }
            return Ok(source);
        }
        [] => {}
        several => {
            let names: Vec<String> = several.iter().map(|place| files::name(place)).collect();
            let message = format!(
                "several data sets lie in this folder; open one of {}",
                names.join(", ")
            );
            return Err(Error::file(path, message));
        }
    }
    if let Some(source) = images::by_class(path, &entries, options)? {
        return Ok(source);
    }
    Err(Error::file(
        path,
        "no data in this folder; looked for CIFAR files (data_batch_1, data_batch_1.bin, train.bin), \
         IDX files (train-images-idx3-ubyte), NumPy files (x.npy, x_train.npy), Parquet files, \
         training.pt, images with masks (images, masks) or with labels in a CSV file, and one \
         subfolder of images a class",
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
    if let Some(source) = torch::source(path, options) {
        return source;
    }
    if start.starts_with(b"PK") || ends(&[".npz"]) {
        return numpy::npz(path, options);
    }
    if (start.starts_with(npy::MAGIC) || ends(&[".bin"])) && tokens::are_tokens(path, options) {
        return tokens::source(path, options);
    }
    if start.starts_with(npy::MAGIC) || ends(&[".npy"]) {
        return numpy::npy(path, options);
    }
    if start.starts_with(table::parquet::MAGIC) || ends(&[".parquet"]) {
        return table::parquet::file(path, options);
    }
    if ends(&[".csv", ".tsv"]) {
        return table::csv::source(path, options);
    }
    let long = files::start(path, 1024)?;
    if start.first() == Some(&0x80) && cifar::is_batch(&long) {
        return cifar::batch(path, options);
    }
    if cifar::is_packed(&long) {
        return cifar::packed(path, options);
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
