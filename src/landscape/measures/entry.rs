//! What a measure is to everyone who lists, computes, shows or writes measures.

use super::found::{Found, Value};
use super::measuring::Measuring;
use super::spot::{Settings, Spot};
use crate::error::Result;
use crate::landscape::definitions::Definition;
use std::fmt;

/// One measure: everything that is said of it, and how it is made.
pub struct Entry {
    /// What it is called where it is typed and in files: `trace`.
    pub key: &'static str,
    /// What it is called while it is measured: "Trace".
    pub name: &'static str,
    /// Under which heading it stands.
    pub group: Group,
    /// What its numbers are, each with formula, unit, meaning and source.
    pub definitions: &'static [&'static Definition],
    /// How it is made unless told otherwise, a sentence for a tooltip; empty where nothing is to be added.
    pub made: &'static str,
    /// What it takes besides a point and samples.
    pub needs: &'static [Need],
    /// Whether it is measured where nobody names it.
    pub usual: bool,
    /// Why it isn't measured of a part of the network alone; empty where it is.
    pub whole: &'static str,
    /// Its numbers, in the order of [`Entry::read`].
    pub rows: &'static [Row],
    /// Starts it.
    ///
    /// # Errors
    /// Where a setting makes no sense, or there is nothing to measure at the spot.
    pub begin: fn(Spot, &Settings) -> Result<Measuring>,
    /// Its numbers out of what was found, one for each row; `None` where one isn't known.
    pub read: fn(&Found) -> Vec<Option<Value>>,
}

/// A number that a measure gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// What it is called in files: `lambda_1`.
    pub key: &'static str,
    /// What it is called in tables, short.
    pub name: &'static str,
    /// Its unit where that is a word of its own; empty for none, or that of the definition.
    pub unit: &'static str,
    /// What tables multiply it by, so that it needs no power of ten.
    pub scale: f64,
    /// What it is.
    pub definition: &'static Definition,
}

/// Headings of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Rises of the loss around a point.
    Sharpness,
    /// The Hessian.
    Curvature,
    /// Gradients of single samples.
    Noise,
    /// What step sizes a point bears.
    Stability,
    /// How much room there is around a point.
    Flatness,
    /// What takes two points.
    Pair,
}

/// What a measure takes besides a point and samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Some tens of vectors as long as the network.
    Vectors,
    /// A learning rate.
    LearningRate,
    /// A second point.
    Other,
}

impl Entry {
    /// Whether it needs something.
    pub fn needs(&self, need: Need) -> bool {
        self.needs.contains(&need)
    }

    /// Whether it gives numbers of a part of the network.
    pub fn in_parts(&self) -> bool {
        self.whole.is_empty() && !self.rows.is_empty()
    }

    /// What a number of it is and how it is made, for a tooltip.
    pub fn tooltip(&self, definition: &Definition) -> String {
        match self.made {
            "" => format!("{}.", definition.tooltip()),
            made => format!("{}.\n\n{made}", definition.tooltip()),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key)
    }
}

/// By its key: an entry stands in the catalogue once.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Entry {}

impl Row {
    /// A number whose unit is that of its definition.
    pub const fn new(
        key: &'static str,
        name: &'static str,
        definition: &'static Definition,
    ) -> Self {
        Self {
            key,
            name,
            unit: "",
            scale: 1.0,
            definition,
        }
    }

    /// With a unit in a word.
    #[must_use]
    pub const fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    /// Shown in thousandths.
    #[must_use]
    pub const fn thousandths(self) -> Self {
        Self { scale: 1e3, ..self }
    }
}

impl Group {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 6] = [
        Self::Sharpness,
        Self::Curvature,
        Self::Noise,
        Self::Stability,
        Self::Flatness,
        Self::Pair,
    ];

    /// The heading.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sharpness => "Sharpness",
            Self::Curvature => "Curvature",
            Self::Noise => "Gradient noise",
            Self::Stability => "Stability",
            Self::Flatness => "Flatness and volume",
            Self::Pair => "Between both",
        }
    }
}

impl Need {
    /// What it is, and how it is given at the terminal; empty where it is there anyway.
    pub const fn brief(self) -> &'static str {
        match self {
            Self::Vectors => "",
            Self::LearningRate => "--learning-rate",
            Self::Other => "--to",
        }
    }

    /// What is missing where it isn't there, and how to give it at the terminal.
    pub const fn missing(self) -> &'static str {
        match self {
            Self::Vectors => "more memory: raise --memory",
            Self::LearningRate => "a learning rate: give --learning-rate",
            Self::Other => "a second checkpoint: give --to FILE",
        }
    }
}
