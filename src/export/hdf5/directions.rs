//! Directions in files: Li et al.'s HDF5 and safetensors by parameter name.
//!
//! Both are what `--directions` takes, which reads back exactly what was written. Buffers are written
//! where a direction moves any. How a stored direction is matched to a network is the engine's business.

use super::{save, sizes};
use crate::error::{Error, Result};
use crate::model::graph::Role;
use crate::model::params::{Params, TensorSpec};
use crate::store::{Array, Values, safetensors};
use hdf5_pure::{FileBuilder, GroupBuilder};
use std::path::Path;

/// Writes one or two directions as Li et al.'s code does: groups `xdirection` and `ydirection` with
/// datasets "0", "1", … of the trained tensors in the network's order, or where buffers move of all
/// entries of the state dict (counters of batches as zeros), float32 where that is exact.
///
/// # Errors
/// Where there are none or more than two, a value isn't finite, or the file can't be written.
pub fn write_directions(path: &Path, directions: &[Params]) -> Result<()> {
    let single = check_directions(path, directions)?;
    let states = directions.iter().any(Params::moves_buffers);
    let mut file = FileBuilder::new();
    for (name, direction) in ["xdirection", "ydirection"].into_iter().zip(directions) {
        let mut group = file.create_group(name);
        let mut next = 0;
        for (spec, values) in direction
            .tensors()
            .filter(|(s, _)| states || s.is_trainable())
        {
            dataset(&mut group, next, values, &spec.shape, single);
            next += 1;
            if spec.role == Role::RunningVar {
                dataset(&mut group, next, &[0.0], &[], single);
                next += 1;
            }
        }
        file.add_group(group.finish());
    }
    save(path, file)
}

fn dataset(group: &mut GroupBuilder, index: usize, values: &[f64], shape: &[usize], single: bool) {
    let dataset = group.create_dataset(&index.to_string());
    if single {
        dataset.with_f32_data(&narrow(values));
    } else {
        dataset.with_f64_data(values);
    }
    dataset.with_shape(&sizes(shape));
}

/// Writes directions as safetensors by parameter name: two as `x.NAME` and `y.NAME`, one as `NAME`.
/// Trained tensors, and where they move buffers, F32 where that is exact for all values, else F64.
///
/// # Errors
/// As [`write_directions`].
pub fn directions(path: &Path, directions: &[Params]) -> Result<()> {
    let single = check_directions(path, directions)?;
    let prefixes = if directions.len() == 1 {
        ["", ""]
    } else {
        ["x.", "y."]
    };
    let mut tensors = Vec::new();
    for (prefix, direction) in prefixes.into_iter().zip(directions) {
        let moves_buffers = direction.moves_buffers();
        let written = |spec: &TensorSpec| moves_buffers || spec.is_trainable();
        for (spec, values) in direction.tensors().filter(|(spec, _)| written(spec)) {
            let values = if single {
                Values::F32(narrow(values))
            } else {
                Values::F64(values.to_vec())
            };
            let name = format!("{prefix}{}", spec.name);
            let array = Array::new(spec.shape.clone(), values);
            tensors.push((
                name,
                array
                    .ok_or_else(|| Error::Slice("a direction doesn't have its own shape".into()))?,
            ));
        }
    }
    safetensors::write(path, &tensors)
}

/// Whether every value is exactly an f32.
fn check_directions(path: &Path, directions: &[Params]) -> Result<bool> {
    if !(1..=2).contains(&directions.len()) {
        return Err(Error::Slice(format!(
            "a file of directions holds 1 or 2, not {}",
            directions.len()
        )));
    }
    let tensors = || directions.iter().flat_map(Params::tensors);
    if let Some((spec, _)) = tensors().find(|(_, values)| values.iter().any(|v| !v.is_finite())) {
        return Err(Error::file(
            path,
            format!(
                "the direction's {:?} has values that aren't finite",
                spec.name
            ),
        ));
    }
    let exact = |v: &f64| f64::from(single(*v)).to_bits() == v.to_bits();
    Ok(tensors().all(|(_, values)| values.iter().all(exact)))
}

fn single(value: f64) -> f32 {
    value as f32
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|v| single(*v)).collect()
}
