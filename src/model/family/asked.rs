//! What `--model` asks of a family: its name, and choices between its readings.
//!
//! `lenet:pool=average,padding=2` asks for the LeNets among the readings with these two choices; the rest
//! stays open. It knows no family, only what readings say of themselves.

use super::recognised::Recognised;
use crate::error::{Error, Result};

/// A family and choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked<'a> {
    /// What stands before the colon.
    pub family: &'a str,
    choices: Vec<(&'a str, &'a str)>,
}

impl<'a> Asked<'a> {
    /// Reads `NAME` or `NAME:CHOICE=VALUE,…`.
    ///
    /// # Errors
    /// [`Error::Usage`] where a choice has no value.
    pub fn parse(text: &'a str) -> Result<Self> {
        let (family, rest) = text.split_once(':').unwrap_or((text, ""));
        let parts = rest.split(',').filter(|part| !part.trim().is_empty());
        let choice = |part: &'a str| {
            let pair = part
                .split_once('=')
                .map(|(name, value)| (name.trim(), value.trim()));
            pair.ok_or_else(|| {
                Error::Usage(format!(
                    "{part:?} in --model {text} isn't a choice; write CHOICE=VALUE, as in lenet:pool=average"
                ))
            })
        };
        Ok(Self {
            family,
            choices: parts.map(choice).collect::<Result<_>>()?,
        })
    }

    /// The readings that are as asked; `settled` is what the family's name alone asks for.
    ///
    /// # Errors
    /// [`Error::Usage`] where no reading has such a choice, with the values that there are.
    pub fn of(
        &self,
        mut readings: Vec<Recognised>,
        settled: &[(&str, &str)],
    ) -> Result<Vec<Recognised>> {
        for &(name, value) in &self.choices {
            let fits = |r: &Recognised| r.choice(name).is_some_and(|own| own.value == value);
            if !readings.iter().any(fits) {
                return Err(self.nothing(&readings, name, value));
            }
            readings.retain(fits);
        }
        for &(name, value) in settled {
            let otherwise = self.choices.iter().any(|(asked, _)| *asked == name);
            let fits = |r: &Recognised| {
                r.choice(name)
                    .is_none_or(|own| own.value == value || own.value == "none")
            };
            if !otherwise && readings.iter().any(fits) {
                readings.retain(fits);
            }
        }
        Ok(readings)
    }

    /// No reading is like that: what there is.
    fn nothing(&self, readings: &[Recognised], name: &str, value: &str) -> Error {
        let mut names: Vec<&str> = Vec::new();
        let mut values: Vec<&str> = Vec::new();
        for choice in readings.iter().flat_map(|r| &r.choices) {
            if !names.contains(&choice.name) {
                names.push(choice.name);
            }
            if choice.name == name && !values.contains(&choice.value.as_str()) {
                values.push(&choice.value);
            }
        }
        let family = self.family;
        Error::Usage(if !values.is_empty() {
            format!(
                "no reading of these tensors has {name}={value}; {name} can be {}",
                values.join(", ")
            )
        } else if names.is_empty() {
            format!("--model {family} leaves nothing open here, so {name}={value} can't be chosen")
        } else {
            format!(
                "--model {family} has no choice called {name:?} here; there are {}",
                names.join(", ")
            )
        })
    }
}
