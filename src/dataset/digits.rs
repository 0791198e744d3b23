//! The built-in digits: 1,797 real handwritten ones of 8×8 pixels, so that everything can be tried
//! without a download.
//!
//! Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning
//! Repository, CC BY 4.0; see `assets/digits.LICENSE.md`. The order is the one the reference runs
//! were trained with, so the splits are fixed here and not drawn.

use std::path::Path;

use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};

use super::array::Values;
use super::files::{self, Input};
use super::idx::{self, Idx};
use super::normalize::Auto;
use super::source::{Source, Split};
use crate::error::{Error, Result};
use crate::store::input::DEFLATE_RATIO;

/// A gzipped IDX file of bytes, `[1797, 65]`: 64 pixels 0..=16 of a digit, then its class.
const ASSET: &[u8] = include_bytes!("../../assets/digits.idx.gz");
/// Pixels of a digit.
const PIXELS: usize = 64;
/// Size of the training split; the rest is held out.
const TRAIN: usize = 1437;

/// The digits; inputs are pixel/16, which f32 holds exactly.
pub(super) fn source() -> Result<Source> {
    let path = Path::new("digits");
    let limit = (ASSET.len() as u64).saturating_mul(DEFLATE_RATIO);
    let input = Input {
        reader: Box::new(GzDecoder::new(ASSET)),
        limit,
        exact: false,
        stored: ASSET.len() as u64,
    };
    let Idx { bytes, .. } = idx::parse(input, path)?;
    // Over the pixels and classes: how they were compressed is of no interest to a result.
    let sha256 = files::hex(Sha256::new_with_prefix(&bytes));

    let (records, _) = bytes.as_chunks::<{ PIXELS + 1 }>();
    let (train, validation) = records
        .split_at_checked(TRAIN)
        .ok_or_else(|| Error::file(path, "the built-in digits are incomplete"))?;
    Ok(Source {
        path: path.to_owned(),
        name: "digits".to_owned(),
        layout: "handwritten digits of the UCI repository (E. Alpaydin and C. Kaynak, CC BY 4.0), \
                 built in"
            .to_owned(),
        classes: Some(10),
        train: split(train),
        validation: Some(split(validation)),
        unit: 16.0,
        auto: Auto::Unit,
        class_names: Vec::new(),
        scaled_targets: false,
        sha256,
        warnings: Vec::new(),
    })
}

fn split(records: &[[u8; PIXELS + 1]]) -> Split {
    let mut pixels = Vec::with_capacity(records.len() * PIXELS);
    let mut labels = Vec::with_capacity(records.len());
    for [image @ .., label] in records {
        pixels.extend_from_slice(image);
        labels.push(u32::from(*label));
    }
    Split::labelled(vec![1, 8, 8], Values::U8(pixels), labels)
}
