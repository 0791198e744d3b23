//! Files of a sharpness: `.json`, the whole report as text; `.npz`, its numbers as arrays.
//!
//! Arrays of the `.npz`, for C checkpoints, E sizes of the box and M other measures: `epsilon` `[E]`;
//! `loss`, `gradient_norm` `[C]`; `phi`, `worst_loss`, `random_floor`, `active_bounds`, `gradients`,
//! `phi_sign`, `phi_lbfgsb`, `phi_finished` `[C, E]`; `rise`, `standard_error`, `rise_finished` `[C, M]`;
//! and `recipe`, the header as JSON in bytes. Numbers that weren't measured are NaN. Where work
//! was stopped within a box or a measure, `…_finished` is 0 and its numbers are those of the part that
//! was done; else 1. In the `.json` such an entry has a field `unfinished`.

use super::npz::{self, Column};
use super::{Format, header, json};
use crate::engine::sharpness::{CheckpointSharpness, SharpnessReport};
use crate::error::{Error, Result, shown};
use crate::landscape::sharpness::search::{Method, Sharpness};
use crate::model::params::Params;
use crate::store::{Array, Values, safetensors};
use serde_json::Value;
use std::path::Path;

/// Says now that a file can't be written later.
///
/// # Errors
/// Where the suffix is another than .json and .npz, or the folder isn't writable.
pub fn check_writable(path: &Path) -> Result<()> {
    form(path)?;
    super::check_writable(path)
}

fn form(path: &Path) -> Result<Format> {
    match Format::of(path) {
        Ok(format @ (Format::Json | Format::Npz)) => Ok(format),
        _ => Err(Error::Usage(format!(
            "a sharpness is written as .json or .npz: {}",
            shown(path)
        ))),
    }
}

/// The report as JSON: `kind`, `recipe` and `results`; numbers that aren't finite are null.
///
/// # Errors
/// None that a report made by this program could cause.
pub fn to_value(report: &SharpnessReport) -> Result<Value> {
    let mut value = serde_json::to_value(report)
        .map_err(|e| Error::Usage(format!("the report can't be written: {e}")))?;
    if let Value::Object(map) = &mut value {
        map.shift_insert(0, "kind".into(), "sharpness".into());
        map.shift_insert(1, header::KEY.into(), header::to_value(&report.header)?);
    }
    Ok(value)
}

/// Writes the report in the format that the suffix of `path` names.
///
/// # Errors
/// Where the suffix is another than .json and .npz, or the file can't be written.
pub fn write(path: &Path, report: &SharpnessReport) -> Result<()> {
    if form(path)? == Format::Json {
        return json::write_indented(path, &to_value(report)?);
    }
    write_npz(path, report)
}

fn write_npz(path: &Path, report: &SharpnessReport) -> Result<()> {
    let header = header::to_value(&report.header)?.to_string();
    let job = &report.job;
    let (checkpoints, boxes, others) = (
        report.results.len(),
        job.epsilon.len(),
        job.measures.0.len(),
    );
    let each = |f: &dyn Fn(&CheckpointSharpness) -> f64| -> Vec<f64> {
        report.results.iter().map(f).collect()
    };
    let by_box = |f: &dyn Fn(&Sharpness) -> f64| -> Vec<f64> {
        let row = |r: &CheckpointSharpness| -> Vec<f64> {
            (0..boxes)
                .map(|e| r.boxes.get(e).map_or(f64::NAN, f))
                .collect()
        };
        report.results.iter().flat_map(row).collect()
    };
    let of = |method: Method| {
        by_box(&move |s: &Sharpness| {
            let found = s.methods.iter().find(|m| m.method == method);
            found.map_or(f64::NAN, |m| m.phi)
        })
    };
    let by_measure = |f: &dyn Fn(&crate::landscape::sharpness::other::Measured) -> f64| {
        let row = |r: &CheckpointSharpness| -> Vec<f64> {
            (0..others)
                .map(|m| r.measures.get(m).map_or(f64::NAN, f))
                .collect()
        };
        report.results.iter().flat_map(row).collect::<Vec<f64>>()
    };
    let (c, ce, cm) = (
        || vec![checkpoints],
        || vec![checkpoints, boxes],
        || vec![checkpoints, others],
    );
    let flag = |done: bool| f64::from(u8::from(done));
    let or_nan = |value: Option<f64>| value.unwrap_or(f64::NAN);
    let arrays: Vec<(&str, Vec<usize>, Vec<f64>)> = vec![
        ("epsilon", vec![boxes], job.epsilon.clone()),
        ("loss", c(), each(&|r| r.loss)),
        ("gradient_norm", c(), each(&|r| r.gradient_norm)),
        ("phi", ce(), by_box(&|s| s.phi)),
        ("worst_loss", ce(), by_box(&|s| s.worst_loss)),
        ("random_floor", ce(), by_box(&|s| or_nan(s.random_floor))),
        ("active_bounds", ce(), by_box(&|s| s.active_bounds)),
        ("gradients", ce(), by_box(&|s| s.gradients as f64)),
        ("phi_sign", ce(), of(Method::Sign)),
        ("phi_lbfgsb", ce(), of(Method::Lbfgsb)),
        (
            "phi_finished",
            ce(),
            by_box(&|s| flag(s.unfinished.is_none())),
        ),
        ("rise", cm(), by_measure(&|m| m.rise)),
        (
            "standard_error",
            cm(),
            by_measure(&|m| or_nan(m.standard_error)),
        ),
        (
            "rise_finished",
            cm(),
            by_measure(&|m| flag(m.unfinished.is_none())),
        ),
    ];
    let named =
        |(name, shape, values): (&str, _, _)| (name.to_owned(), shape, Column::Floats(values));
    let arrays: Vec<npz::Named> = arrays.into_iter().map(named).collect();
    npz::write_arrays(path, &arrays, &header)
}

/// Says now that a point can't be written later.
///
/// # Errors
/// Where the suffix is another than .safetensors, or the folder isn't writable.
pub fn check_point(path: &Path) -> Result<()> {
    let suffix = path.extension().map(|s| s.to_string_lossy().to_lowercase());
    if suffix.as_deref() != Some("safetensors") {
        return Err(Error::Usage(format!(
            "the worst weights are written as .safetensors: {}",
            shown(path)
        )));
    }
    super::check_place(path)
}

/// Writes a point of parameter space, buffers included, as safetensors.
///
/// # Errors
/// Where the file can't be written.
pub fn write_point(path: &Path, point: &Params, single: bool) -> Result<()> {
    let tensor = |(spec, values): (&crate::model::params::TensorSpec, &[f64])| {
        let values = if single {
            Values::F32(values.iter().map(|&v| v as f32).collect())
        } else {
            Values::F64(values.to_vec())
        };
        Array::new(spec.shape.clone(), values)
            .map(|array| (spec.name.clone(), array))
            .ok_or_else(|| Error::Model(format!("{} doesn't have its own shape", spec.name)))
    };
    let tensors: Result<Vec<_>> = point.tensors().map(tensor).collect();
    safetensors::write(path, &tensors?)
}
