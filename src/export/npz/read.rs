//! Reading a result back: which arrays a kind of result must have, and of which shape and type.
//!
//! The recipe says what kind of result it is; arrays that no result has are passed over, so that a
//! user may add some of their own. How an archive is unpacked is the checkpoint readers' business.

use crate::engine::job::Job;
use crate::engine::result::{Numbers, Outcome};
use crate::error::{Error, Result};
use crate::export::complete::{check, names, path_arrays};
use crate::export::header::{self, described};
use crate::landscape::line::Line;
use crate::landscape::surface::Surface;
use crate::landscape::table::{Column, Table};
use crate::model::losses::Score;
use crate::store::files::regular;
use crate::store::{Array, npz};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Reads the result at `path`, exactly as it was written.
///
/// # Errors
/// Where the file is no regular one or no result of Losscope (with the arrays it has), is damaged, or comes from a
/// version that knew more: names the array or field, what was found and what was expected.
pub fn read(path: &Path) -> Result<Outcome> {
    let mut start = Vec::new();
    let refused = |source| Error::io("read the result", path, source);
    regular(path, "read the result")?;
    File::open(path)
        .and_then(|file| file.take(4).read_to_end(&mut start))
        .map_err(refused)?;
    if !start.starts_with(b"PK") {
        return Err(Error::file(
            path,
            "this is no result of Losscope: it isn't an .npz archive",
        ));
    }
    let arrays = Arrays(npz::read_arrays(path)?);
    outcome(&arrays).map_err(|message| Error::file(path, message))
}

/// The numeric arrays of a file.
struct Arrays(Vec<(String, Array)>);

fn outcome(arrays: &Arrays) -> Result<Outcome, String> {
    let header = header::from_value(header::in_arrays(&arrays.0)?)?;
    let table = |shape: &[usize]| arrays.table(shape, header.model.criterion.score());
    let numbers = match &header.job {
        Job::Surface(_) => {
            let (x, y) = (arrays.coordinates("x")?, arrays.coordinates("y")?);
            let table = table(&[y.len(), x.len()])?;
            Numbers::Surface(Surface { x, y, table })
        }
        Job::Line(_) => {
            let alpha = arrays.coordinates("alpha")?;
            let table = table(&[alpha.len()])?;
            Numbers::Line(Line { alpha, table })
        }
        Job::Trajectory(_) => Numbers::Trajectory,
        other => {
            let kind = other.command();
            return Err(format!(
                "this file holds a {kind} result; plot and convert take surfaces, lines and trajectories, and pictures of measures come from the -o of the command that measures them"
            ));
        }
    };
    let mut outcome = Outcome { header, numbers };
    outcome.header.complete = outcome.missing() == 0;
    check(&outcome)?;
    for (name, expected) in path_arrays(&outcome) {
        let found = arrays.floats(name, &[expected.len()])?;
        let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        if !found.iter().zip(expected).all(same) {
            return Err(format!(
                "the array `{name}` isn't the one in the recipe; one of the two was changed"
            ));
        }
    }
    Ok(outcome)
}

impl Arrays {
    fn find(&self, name: &str) -> Option<&Array> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, array)| array)
    }

    fn listed(&self) -> String {
        header::listed(&self.0, "arrays")
    }

    fn coordinates(&self, name: &str) -> Result<Vec<f64>, String> {
        match self.find(name).map(Array::shape) {
            Some(&[n]) => self.floats(name, &[n]),
            Some(shape) => Err(format!(
                "the array `{name}` has shape {shape:?}, expected one axis"
            )),
            None => self.floats(name, &[]),
        }
    }

    fn of_shape(&self, name: &str, shape: &[usize]) -> Result<&Array, String> {
        let array = self
            .find(name)
            .ok_or_else(|| format!("the array `{name}` is missing; {}", self.listed()))?;
        if array.shape() == shape {
            return Ok(array);
        }
        Err(format!(
            "the array `{name}` has shape {:?}, expected {shape:?}",
            array.shape()
        ))
    }

    fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f64>, String> {
        let array = self.of_shape(name, shape)?;
        if array.values().is_float() {
            return Ok(array.to_f64());
        }
        Err(format!(
            "the array `{name}` is {}, expected float64",
            described(array)
        ))
    }

    fn table(&self, shape: &[usize], score: Score) -> Result<Table, String> {
        let [train, validation] = names(score);
        Ok(Table {
            train: self.column(train, shape)?,
            validation: self.column(validation, shape)?,
            computed: self.flags("computed", shape)?,
            interpolated: match self.find("interpolated") {
                Some(_) => self.flags("interpolated", shape)?,
                None => Vec::new(),
            },
            score,
        })
    }

    fn flags(&self, name: &str, shape: &[usize]) -> Result<Vec<bool>, String> {
        let flags = self.of_shape(name, shape)?;
        let flag = |value: &i64| match value {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!(
                "the array `{name}` holds {other}, expected true or false"
            )),
        };
        let values = flags
            .to_i64()
            .ok_or_else(|| format!("the array `{name}` is {}, expected bool", described(flags)))?;
        values.iter().map(flag).collect()
    }

    /// The metrics of one split, `None` where the file has neither.
    fn column(&self, [loss, score]: [&str; 2], shape: &[usize]) -> Result<Option<Column>, String> {
        if self.find(loss).is_none() && self.find(score).is_none() {
            return Ok(None);
        }
        Ok(Some(Column {
            loss: self.floats(loss, shape)?,
            score: self.floats(score, shape)?,
        }))
    }
}
