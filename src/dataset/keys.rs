//! Which stored arrays or columns are inputs and which are targets, where somebody says so.
//!
//! Written `x=NAME,y=NAME,x_test=NAME,y_test=NAME`; what is left out is found by the usual names. Which
//! names a file has isn't known here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Names of arrays or columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Keys {
    /// Inputs; of a table several columns, joined by `+`.
    pub x: Option<String>,
    /// Targets.
    pub y: Option<String>,
    /// Held-out inputs.
    pub x_test: Option<String>,
    /// Held-out targets.
    pub y_test: Option<String>,
}

impl Keys {
    /// True where nothing is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn parts(&self) -> [(&'static str, &Option<String>); 4] {
        [
            ("x", &self.x),
            ("y", &self.y),
            ("x_test", &self.x_test),
            ("y_test", &self.y_test),
        ]
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.parts().into_iter();
        let named = named.filter_map(|(key, name)| Some(format!("{key}={}", name.as_ref()?)));
        f.write_str(&named.collect::<Vec<_>>().join(","))
    }
}

impl FromStr for Keys {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::Usage(format!(
                "{text:?} names no arrays; write x=NAME,y=NAME, and for held-out samples \
                 x_test=NAME,y_test=NAME"
            ))
        };
        let mut keys = Self::default();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (key, name) = part.split_once('=').ok_or_else(wrong)?;
            let slot = match key.trim() {
                "x" => &mut keys.x,
                "y" => &mut keys.y,
                "x_test" | "x_val" => &mut keys.x_test,
                "y_test" | "y_val" => &mut keys.y_test,
                _ => return Err(wrong()),
            };
            let name = name.trim();
            if name.is_empty() || slot.replace(name.to_owned()).is_some() {
                return Err(wrong());
            }
        }
        if keys.y_test.is_some() && keys.x_test.is_none() {
            return Err(Error::Usage(
                "y_test is named without x_test; name the held-out inputs, too".to_owned(),
            ));
        }
        Ok(keys)
    }
}

impl From<Keys> for String {
    fn from(keys: Keys) -> Self {
        keys.to_string()
    }
}

impl TryFrom<String> for Keys {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}
