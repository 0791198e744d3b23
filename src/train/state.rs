//! All that decides how a run goes on, as named vectors: what is stored, and read back bit for bit.
//!
//! Counts are numbers too, exact up to 2⁵³: a text between would have to be trusted with every bit.

use crate::error::{Error, Result};

/// Named vectors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// Each with its name, in a fixed order.
    pub vectors: Vec<(String, Vec<f64>)>,
}

impl State {
    /// Adds one.
    pub fn put(&mut self, name: &str, values: impl Into<Vec<f64>>) {
        self.vectors.push((name.to_owned(), values.into()));
    }

    /// The one of this name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn get(&self, name: &str) -> Result<&[f64]> {
        let found = self.vectors.iter().find(|(own, _)| own == name);
        let found = found.map(|(_, values)| values.as_slice());
        found.ok_or_else(|| missing(name))
    }

    /// As [`State::get`], of so many numbers.
    ///
    /// # Errors
    /// Where there is none, or it has another length.
    pub fn exact(&self, name: &str, len: usize) -> Result<Vec<f64>> {
        let found = self.get(name)?;
        if found.len() == len {
            return Ok(found.to_vec());
        }
        Err(Error::Usage(format!(
            "the state to go on from has {} numbers in {name:?}, but {len} are needed: it belongs to another network or recipe",
            found.len()
        )))
    }

    /// As [`State::exact`], as an array.
    ///
    /// # Errors
    /// As [`State::exact`].
    pub fn array<const N: usize>(&self, name: &str) -> Result<[f64; N]> {
        let found = self.exact(name, N)?;
        found.try_into().map_err(|_| missing(name))
    }
}

fn missing(name: &str) -> Error {
    Error::Usage(format!(
        "the state to go on from lacks {name:?}: it was written by another version of Losscope, or for another recipe"
    ))
}
