//! Files of tokens, cut into windows: inputs are the tokens of a window, targets the same shifted by one.
//!
//! They are nanoGPT's `train.bin` and `val.bin` (16-bit numbers, with `meta.pkl` beside them for the size
//! of the vocabulary) and arrays `[n]` of integers. Windows follow one another without overlap, so that
//! every token but the first is predicted once. What a token means isn't known here.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::array::Values;
use super::normalize::Auto;
use super::source::{MAX_WORDS, Source, Split};
use super::targets::Targets;
use super::{DataOptions, files, numpy};
use crate::checkpoint::pickle;
use crate::error::{Error, Result};
use crate::store::npy::Header;

/// More tokens than this are a corpus, of which a part is to be measured.
const MOST_TOKENS: u64 = 1 << 26;
/// The description of a vocabulary is no longer.
const LONGEST_META: u64 = 64 << 20;

/// Whether a `.bin` file lies among those of nanoGPT: a vocabulary, or the other split.
pub(super) fn has_companions(path: &Path) -> bool {
    let name = files::name(path);
    let named = ["train.bin", "val.bin"].contains(&name.as_str());
    let beside = |other: &str| other != name && path.with_file_name(other).is_file();
    named && (beside("meta.pkl") || beside("val.bin") || name == "val.bin" && beside("train.bin"))
}

/// The tokens of a folder of nanoGPT's; `None` where there are none.
pub(super) fn folder(entries: &[PathBuf], options: &DataOptions) -> Result<Option<Source>> {
    let named = |wanted: &str| entries.iter().find(|entry| files::name(entry) == wanted);
    let train = ["train.bin", "train.npy"].into_iter().find_map(named);
    match train {
        Some(train) if are_tokens(train, options) => source(train, options).map(Some),
        _ => Ok(None),
    }
}

/// Whether a file is to be read as tokens: it is asked for, or named and typed as tokens are.
pub(super) fn are_tokens(path: &Path, options: &DataOptions) -> bool {
    let name = files::name(path);
    if name.ends_with(".npy") {
        let long = matches!(
            numpy::headed(path),
            Ok(Header::Numbers(layout)) if layout.shape.len() == 1 && !layout.element.is_float()
        );
        let stem = name.trim_end_matches(".npy");
        let named = ["train", "val", "valid", "validation", "test", "tokens"].contains(&stem);
        return long && (named || options.block_size.is_some());
    }
    name.ends_with(".bin") && (options.block_size.is_some() || has_companions(path))
}

/// The tokens at `path`, with the held-out ones beside it.
pub(super) fn source(path: &Path, options: &DataOptions) -> Result<Source> {
    let block = options.block_size.ok_or_else(|| {
        Error::file(
            path,
            "these are tokens; say how many the network is given at once: --block-size N (nanoGPT's \
             block_size)",
        )
    })?;
    if block == 0 {
        return Err(Error::Usage("--block-size 0 leaves no token".to_owned()));
    }
    let mut sha = Sha256::new();
    let held_out = files::held_out_beside(path);
    let mut warnings = Vec::new();
    let (train, left) = windows(path, block, &mut sha)?;
    let validation = match &held_out {
        Some(path) => Some(windows(path, block, &mut sha)?.0),
        None => None,
    };
    if left > 0 {
        warnings.push(format!(
            "the last {left} tokens fill no window of {block} and are left out"
        ));
    }
    let meta = path.with_file_name("meta.pkl");
    let vocabulary = meta.is_file().then(|| vocabulary(&meta)).transpose()?;
    let words = match vocabulary {
        Some(size) => format!("vocabulary of {size} (meta.pkl)"),
        None => "vocabulary as far as tokens occur".to_owned(),
    };
    let beside = held_out.map_or(String::new(), |path| format!(" and {}", files::name(&path)));
    Ok(Source {
        path: path.to_owned(),
        name: files::stem_of_folder(path),
        layout: format!(
            "tokens, {}{beside}: windows of {block} without overlap, targets the tokens one further, \
             {words}",
            files::name(path)
        ),
        classes: vocabulary,
        train,
        validation,
        unit: 1.0,
        auto: Auto::Stored,
        class_names: Vec::new(),
        scaled_targets: false,
        sha256: files::hex(sha),
        warnings,
    })
}

/// The windows of a file and how many tokens are left over.
fn windows(path: &Path, block: usize, sha: &mut Sha256) -> Result<(Split, usize)> {
    let tokens = read(path)?;
    files::hash(sha, path)?;
    let count = tokens.len().saturating_sub(1) / block;
    if count == 0 {
        return Err(Error::file(
            path,
            format!(
                "{} tokens fill no window of {block} and its next token; choose a smaller --block-size",
                tokens.len()
            ),
        ));
    }
    let used = count * block;
    let next = tokens.iter().skip(1).take(used);
    let targets = next.map(|token| u32::try_from(*token).unwrap_or(u32::MAX - 1));
    let split = Split {
        shape: vec![block],
        targets: Targets::Classes(targets.collect()),
        target_shape: vec![block],
        values: Values::I64(tokens.iter().take(used).copied().collect()),
    };
    Ok((split, tokens.len() - 1 - used))
}

/// The tokens of a file.
fn read(path: &Path) -> Result<Vec<i64>> {
    let fault = |message: String| Error::file(path, message);
    let too_many = |count: u64| {
        fault(format!(
            "{count} tokens are more than {MOST_TOKENS}; save a part of them, as `head -c 20000000 \
             train.bin > part/train.bin` does"
        ))
    };
    if files::name(path).ends_with(".npy") {
        if let Ok(Header::Numbers(layout)) = numpy::headed(path)
            && let Some(&count) = layout.shape.first()
            && count as u64 > MOST_TOKENS
        {
            return Err(too_many(count as u64));
        }
        let array = numpy::read(path, "of tokens")?;
        if array.shape.len() != 1 {
            return Err(fault(format!(
                "an array of shape {:?}; tokens are integers of shape [n]",
                array.shape
            )));
        }
        let tokens: Vec<i64> = match array.values {
            Values::I64(tokens) => tokens,
            Values::U8(tokens) => tokens.into_iter().map(i64::from).collect(),
            Values::F32(_) | Values::F64(_) => {
                return Err(fault("numbers of floating point are no tokens".to_owned()));
            }
        };
        let wrong = tokens
            .iter()
            .position(|t| !(0..MAX_WORDS as i64).contains(t));
        if let Some(index) = wrong {
            return Err(fault(format!(
                "token {index} is {}; tokens are numbers from 0 to {}",
                tokens.get(index).copied().unwrap_or_default(),
                MAX_WORDS - 1
            )));
        }
        return Ok(tokens);
    }
    let length = files::length(path)?;
    if length % 2 != 0 {
        return Err(fault(format!(
            "{length} bytes aren't a whole number of 16-bit tokens"
        )));
    }
    if length / 2 > MOST_TOKENS {
        return Err(too_many(length / 2));
    }
    let mut input = files::input(path)?;
    let mut tokens = Vec::with_capacity((length / 2) as usize);
    let mut pair = vec![0; 1 << 16];
    loop {
        let mut filled = 0;
        while filled < pair.len() {
            let rest = pair.get_mut(filled..).unwrap_or_default();
            match input
                .reader
                .read(rest)
                .map_err(|e| files::read_error(path, e))?
            {
                0 => break,
                count => filled += count,
            }
        }
        let (whole, _) = pair[..filled].as_chunks::<2>();
        tokens.extend(
            whole
                .iter()
                .map(|pair| i64::from(u16::from_le_bytes(*pair))),
        );
        if filled < pair.len() || tokens.len() as u64 > MOST_TOKENS {
            return Ok(tokens);
        }
    }
}

/// The size of the vocabulary that `meta.pkl` tells.
fn vocabulary(meta: &Path) -> Result<usize> {
    let bytes = files::all(files::input(meta)?, LONGEST_META, meta)?;
    let read = || {
        let pickle = pickle::parse(&bytes).map_err(|e| e.to_string())?;
        let size = pickle.get(pickle.root(), "vocab_size");
        let size = size
            .and_then(|id| pickle.int(id))
            .ok_or("no vocab_size in it")?;
        let fits = usize::try_from(size)
            .ok()
            .filter(|n| (2..=MAX_WORDS).contains(n));
        fits.ok_or_else(|| format!("a vocab_size of {size}"))
    };
    read().map_err(|message: String| Error::file(meta, message))
}
