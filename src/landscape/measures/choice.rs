//! A choice of measures, as it is typed and stored.

use super::entry::Entry;
use super::{CATALOGUE, find};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Measures by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Chosen {
    /// Those that take nothing but a checkpoint and samples, the quick ones.
    Usual,
    /// All that what is given suffices for.
    All,
    /// These.
    Named(Vec<&'static Entry>),
}

impl FromStr for Chosen {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "usual" => return Ok(Self::Usual),
            "all" => return Ok(Self::All),
            _ => {}
        }
        let mut named = Vec::new();
        for key in text.split(',') {
            let entry = find(key).filter(|entry| !entry.rows.is_empty());
            let entry = entry.ok_or_else(|| {
                let numbers = CATALOGUE.iter().filter(|entry| !entry.rows.is_empty());
                let keys: Vec<&str> = numbers.map(|entry| entry.key).collect();
                let keys = keys.join(", ");
                Error::Usage(format!(
                    "no measure is called {key:?}: write usual, all, or some of {keys}"
                ))
            })?;
            if !named.contains(&entry) {
                named.push(entry);
            }
        }
        Ok(Self::Named(named))
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usual => f.write_str("usual"),
            Self::All => f.write_str("all"),
            Self::Named(named) => {
                let keys: Vec<&str> = named.iter().map(|entry| entry.key).collect();
                f.write_str(&keys.join(","))
            }
        }
    }
}

impl From<Chosen> for String {
    fn from(chosen: Chosen) -> Self {
        chosen.to_string()
    }
}

impl TryFrom<String> for Chosen {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_written_as_they_are_read() {
        for text in ["usual", "all", "trace", "sam,eigenvalues"] {
            assert_eq!(text.parse::<Chosen>().unwrap().to_string(), text);
        }
        for text in ["", "trace,", "happiness", "density"] {
            let refused = text.parse::<Chosen>().unwrap_err().to_string();
            assert!(refused.contains("eigenvalues"), "{refused}");
        }
    }
}
