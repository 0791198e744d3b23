//! CIFAR in the version for Python, which torchvision downloads: a pickled dictionary a batch, alone or
//! in the archive as it came.
//!
//! The dictionaries are read as inert values; nothing in them is executed. Training files in their
//! order, held-out ones and the names of the classes stay what they are. The sizes of the sets are
//! `super`'s.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::super::array::Values;
use super::super::source::{Source, Split};
use super::super::{DataOptions, files};
use super::set::{LARGEST_FILE, PIXELS, Set};
use super::tar;
use crate::checkpoint::pickle::{self, Id, Pickle, numpy};
use crate::error::{Error, Result};
use crate::store::array;
use crate::store::limits::Allowance;

/// The files of a set, whose names are the same in the folder and in the archive.
struct Names {
    set: Set,
    train: &'static [&'static str],
    test: &'static str,
    meta: &'static str,
}

const SETS: [Names; 2] = [
    Names {
        set: Set::Ten,
        train: &[
            "data_batch_1",
            "data_batch_2",
            "data_batch_3",
            "data_batch_4",
            "data_batch_5",
        ],
        test: "test_batch",
        meta: "batches.meta",
    },
    Names {
        set: Set::Hundred,
        train: &["train"],
        test: "test",
        meta: "meta",
    },
];

/// The content of the files that were found, by name.
type Found = Vec<(String, Vec<u8>)>;

/// Whether the files of a folder are one of the sets: all by name, and a pickle the first of them.
pub fn is_folder(entries: &[PathBuf]) -> bool {
    of_entries(entries).is_some()
}

fn of_entries(entries: &[PathBuf]) -> Option<(&'static Names, Vec<&PathBuf>)> {
    SETS.iter().find_map(|names| {
        let found: Vec<&PathBuf> = entries
            .iter()
            .filter(|entry| names.has(&files::name(entry)) && entry.is_file())
            .collect();
        let trained = |entry: &&&PathBuf| names.train.contains(&files::name(entry).as_str());
        let first = found.iter().find(trained)?;
        starts_as_pickle(first).then_some((names, found))
    })
}

fn starts_as_pickle(path: &Path) -> bool {
    let start = files::input(path).and_then(|mut i| files::start_of(&mut *i.reader, path));
    start.is_ok_and(|start| start.first() == Some(&0x80))
}

/// The set whose files lie in a folder with these entries.
pub fn folder(path: &Path, entries: &[PathBuf], options: &DataOptions) -> Result<Option<Source>> {
    let Some((names, files)) = of_entries(entries) else {
        return Ok(None);
    };
    let mut sha = Sha256::new();
    let mut reading = Reading::new(names, path, options)?;
    for file in files {
        let bytes = files::all(files::input(file)?, LARGEST_FILE, file)?;
        sha.update(&bytes);
        reading.add(&files::name(file), bytes)?;
    }
    reading.finish(files::hex(sha)).map(Some)
}

/// One batch alone, with the held-out one and the names beside it.
pub fn file(path: &Path, options: &DataOptions) -> Result<Source> {
    let own = files::name(path);
    let names = SETS.iter().find(|names| names.has(&own));
    let beside: Vec<PathBuf> = names
        .into_iter()
        .flat_map(|names| [names.test, names.meta])
        .filter(|name| *name != own)
        .map(|name| path.with_file_name(name))
        .filter(|path| path.is_file())
        .collect();
    let bytes = files::all(files::input(path)?, LARGEST_FILE, path)?;
    let names = match names {
        Some(names) => names,
        None if holds(&bytes, b"fine_labels") => &SETS[1],
        None => &SETS[0],
    };
    let mut sha = Sha256::new();
    sha.update(&bytes);
    let mut reading = Reading::new(names, path, options)?;
    if own == names.test {
        reading.warnings.push(format!(
            "{own} is held-out data by its name; it serves as the training split because it was \
             opened alone (open the folder for both)"
        ));
    }
    let alone = reading.batch(bytes, path)?;
    reading.train.push((own.clone(), alone));
    for file in beside {
        // The held-out file serves no training file but its own set's.
        if own != names.test || files::name(&file) == names.meta {
            let bytes = files::all(files::input(&file)?, LARGEST_FILE, &file)?;
            sha.update(&bytes);
            reading.add(&files::name(&file), bytes)?;
        }
    }
    reading.finish(files::hex(sha))
}

/// The archive as it is downloaded, `cifar-10-python.tar.gz`, unpacked or not.
pub fn packed(path: &Path, options: &DataOptions) -> Result<Source> {
    let input = files::input(path)?;
    let wanted = |name: &str| SETS.iter().any(|names| names.has(name));
    let mut found: Found = Vec::new();
    let mut allowance = Allowance::for_file(input.stored);
    tar::each(input.reader, |name, size, content| {
        let short = name.rsplit('/').next().unwrap_or_default().to_owned();
        if !name.contains('/') || !wanted(&short) || found.iter().any(|(n, _)| *n == short) {
            return Ok(());
        }
        if size > LARGEST_FILE {
            return Err(format!(
                "its member {name} has {size} bytes, which no batch has"
            ));
        }
        allowance.take(size)?;
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        let read = content.read_to_end(&mut bytes);
        read.map_err(|e| format!("its member {name} can't be read: {e}"))?;
        found.push((short, bytes));
        Ok(())
    })
    .map_err(|message| Error::file(path, message))?;
    let of = |names: &&Names| {
        let trained = |(name, _): &(String, Vec<u8>)| names.train.contains(&name.as_str());
        found.iter().any(trained)
    };
    let names = SETS.iter().find(of).ok_or_else(|| {
        Error::file(
            path,
            "no batches of CIFAR for Python in this archive (data_batch_1, or train); unpack it and \
             open the folder",
        )
    })?;
    let mut sha = Sha256::new();
    files::hash(&mut sha, path)?;
    let mut reading = Reading::new(names, path, options)?;
    found.sort();
    for (name, bytes) in found {
        if names.has(&name) {
            reading.add(&name, bytes)?;
        }
    }
    let mut source = reading.finish(files::hex(sha))?;
    source.layout.push_str(", from the archive");
    Ok(source)
}

impl Names {
    fn has(&self, name: &str) -> bool {
        self.train.contains(&name) || [self.test, self.meta].contains(&name)
    }
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    let start = bytes.get(..bytes.len().min(1 << 20)).unwrap_or_default();
    start.windows(word.len()).any(|w| w == word)
}

/// A set whose files are read one by one.
struct Reading<'a> {
    names: &'static Names,
    path: &'a Path,
    /// The entry of the dictionaries that labels are taken from, and their classes.
    labels: &'static str,
    classes: u8,
    train: Vec<(String, Batch)>,
    test: Option<Batch>,
    class_names: Vec<String>,
    warnings: Vec<String>,
}

/// The images and labels of one file.
struct Batch {
    pixels: Vec<u8>,
    labels: Vec<u32>,
}

impl<'a> Reading<'a> {
    fn new(names: &'static Names, path: &'a Path, options: &DataOptions) -> Result<Self> {
        let choices: &[(&str, u8)] = match names.set {
            Set::Ten => &[("labels", 10)],
            Set::Hundred => &[("fine_labels", 100), ("coarse_labels", 20)],
        };
        let wanted = options.keys.y.as_deref().unwrap_or(choices[0].0);
        let found = choices.iter().find(|(name, _)| *name == wanted);
        let &(labels, classes) = found.ok_or_else(|| {
            let known: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            Error::file(
                path,
                format!("no labels called {wanted}; found {}", known.join(", ")),
            )
        })?;
        Ok(Self {
            names,
            path,
            labels,
            classes,
            train: Vec::new(),
            test: None,
            class_names: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// Reads a file by its name.
    fn add(&mut self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let path = self.path.join(name);
        let path = if self.path.is_dir() { &path } else { self.path };
        if name == self.names.meta {
            self.class_names = self.meta(&bytes, path)?;
        } else if name == self.names.test {
            self.test = Some(self.batch(bytes, path)?);
        } else {
            let batch = self.batch(bytes, path)?;
            self.train.push((name.to_owned(), batch));
        }
        Ok(())
    }

    fn batch(&self, bytes: Vec<u8>, path: &Path) -> Result<Batch> {
        let read = || {
            let pickle = pickle::parse(&bytes).map_err(|e| e.to_string())?;
            let data = entry(&pickle, "data")?;
            let images =
                numpy::array(&pickle, data).ok_or("its data aren't an array of NumPy's")??;
            let labels = self.labels_of(&pickle)?;
            let shape = images.shape().to_vec();
            if shape != [labels.len(), PIXELS] {
                return Err(format!(
                    "its data have shape {shape:?} where {} labels and {PIXELS} numbers an image are \
                     expected",
                    labels.len()
                ));
            }
            match images.into_parts() {
                (_, array::Values::U8(pixels)) => Ok(Batch { pixels, labels }),
                (_, other) => Err(format!("its data are {}, not uint8", other.type_name())),
            }
        };
        read().map_err(|message: String| Error::file(path, message))
    }

    fn labels_of(&self, pickle: &Pickle<'_>) -> Result<Vec<u32>, String> {
        let list = entry(pickle, self.labels)?;
        let items = pickle.elements(list).ok_or("its labels aren't a list")?;
        let label = |(index, &id): (usize, &Id)| {
            let label = pickle.int(id);
            let fits = label.filter(|label| (0..i64::from(self.classes)).contains(label));
            fits.map(|label| label as u32).ok_or_else(|| {
                let found = label.map_or("no number".to_owned(), |label| label.to_string());
                format!(
                    "{}[{index}] is {found}, {} has labels 0 to {}",
                    self.labels,
                    self.names.set.name(),
                    self.classes - 1
                )
            })
        };
        items.iter().enumerate().map(label).collect()
    }

    /// The names of the classes.
    fn meta(&self, bytes: &[u8], path: &Path) -> Result<Vec<String>> {
        let key = match self.labels {
            "fine_labels" => "fine_label_names",
            "coarse_labels" => "coarse_label_names",
            _ => "label_names",
        };
        let read = || {
            let pickle = pickle::parse(bytes).map_err(|e| e.to_string())?;
            let list = entry(&pickle, key)?;
            let items = pickle.elements(list).ok_or("its names aren't a list")?;
            let name = |id: &Id| numpy::text(&pickle, *id).map(std::borrow::Cow::into_owned);
            let names: Option<Vec<String>> = items.iter().map(name).collect();
            let names = names.ok_or("a name of a class isn't text")?;
            if names.len() != usize::from(self.classes) {
                return Err(format!("{} names of {} classes", names.len(), self.classes));
            }
            Ok(names)
        };
        read().map_err(|message: String| Error::file(path, message))
    }

    fn finish(self, sha256: String) -> Result<Source> {
        let Self {
            names,
            path,
            labels,
            classes,
            mut train,
            test,
            class_names,
            mut warnings,
        } = self;
        train.sort_by(|(a, _), (b, _)| a.cmp(b));
        let read: Vec<&str> = train.iter().map(|(name, _)| name.as_str()).collect();
        let missing: Vec<&str> = names
            .train
            .iter()
            .copied()
            .filter(|n| !read.contains(n))
            .collect();
        if path.is_dir() && !missing.is_empty() {
            warnings.push(format!(
                "the training split is incomplete: {} is missing",
                missing.join(", ")
            ));
        }
        let layout = format!(
            "{} for Python ({}; {labels})",
            names.set.name(),
            read.join(", ")
        );
        let split =
            |batch: Batch| Split::labelled(vec![3, 32, 32], Values::U8(batch.pixels), batch.labels);
        let mut batches = train.into_iter().map(|(_, batch)| batch);
        let first = batches.next();
        let mut whole = first.ok_or_else(|| Error::file(path, "holds no training batch"))?;
        for batch in batches {
            whole.pixels.extend(batch.pixels);
            whole.labels.extend(batch.labels);
        }
        Ok(Source {
            path: path.to_owned(),
            name: files::stem(path),
            layout,
            classes: Some(classes.into()),
            train: split(whole),
            validation: test.map(split),
            unit: 255.0,
            auto: names.set.published(),
            class_names,
            scaled_targets: false,
            sha256,
            warnings,
        })
    }
}

/// The entry of the dictionary whose key is this text, or these bytes.
fn entry(pickle: &Pickle<'_>, key: &str) -> Result<Id, String> {
    let pairs = pickle.pairs(pickle.root());
    let pairs = pairs.ok_or("it isn't a dictionary, as CIFAR's files for Python are")?;
    let named = |(k, _): &&(Id, Id)| numpy::text(pickle, *k).as_deref() == Some(key);
    let found = pairs.iter().find(named);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let keys = pairs.iter().filter_map(|(k, _)| numpy::text(pickle, *k));
        let keys: Vec<String> = keys.take(8).map(std::borrow::Cow::into_owned).collect();
        format!("no entry `{key}`; found {}", keys.join(", "))
    })
}
