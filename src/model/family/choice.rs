//! What a family is told beyond names and shapes: `--model vit:heads=4`.
//!
//! Some traits of a network leave no trace in its tensors: the number of heads, where a stride lies. A family
//! names them here once. The first of its words is the usual one; a number without a usual value is asked for.
//! All that can be chosen is also what its other readings differ in.

use super::tensors::Tensors;
use crate::error::{Error, Result};

/// A trait that tensors don't tell.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// What it is called after the family's name.
    pub key: &'static str,
    /// What it is, as a phrase.
    pub what: &'static str,
    /// What may be chosen.
    pub of: Range,
}

/// What a [`Choice`] may be.
#[derive(Debug, Clone, Copy)]
pub enum Range {
    /// A whole number of at least 1, with those that come into question for a file.
    Count(fn(&Tensors) -> Vec<usize>),
    /// A number.
    Number,
    /// One of these words.
    Words(&'static [&'static str]),
}

/// What was chosen of a family, its traits beside.
#[derive(Debug, Clone)]
pub(super) struct Chosen<'a> {
    family: &'static str,
    choices: &'static [Choice],
    given: Vec<(&'a str, &'a str)>,
}

impl<'a> Chosen<'a> {
    /// Reads what stands after the colon of `vit:heads=4,pool=mean`; empty: nothing was chosen.
    ///
    /// # Errors
    /// [`Error::Usage`] for a trait that the family doesn't have or a value that it can't be.
    pub fn parse(family: &'static str, choices: &'static [Choice], text: &'a str) -> Result<Self> {
        let mut given = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let choice = choices.iter().find(|choice| choice.key == key);
            let fits = choice.is_some_and(|choice| match choice.of {
                Range::Count(_) => value.parse::<usize>().is_ok_and(|n| n > 0),
                Range::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
                Range::Words(words) => words.contains(&value),
            });
            if !fits || given.iter().any(|(other, _)| *other == key) {
                return Err(Error::Usage(format!(
                    "--model {family}:{text}: {part:?} can't be chosen; {}",
                    described(family, choices)
                )));
            }
            given.push((key, value));
        }
        Ok(Self {
            family,
            choices,
            given,
        })
    }

    /// The word chosen, or `usual`.
    pub fn word(&self, key: &str, usual: &'static str) -> &'a str {
        self.of(key).unwrap_or(usual)
    }

    /// The whole number chosen.
    pub fn count(&self, key: &str) -> Option<usize> {
        self.of(key).and_then(|value| value.parse().ok())
    }

    /// The number chosen, or `usual`.
    pub fn number(&self, key: &str, usual: f64) -> f64 {
        let value = self.of(key).and_then(|value| value.parse().ok());
        value.unwrap_or(usual)
    }

    /// Whether it was chosen, so that nothing is assumed of it.
    pub fn has(&self, key: &str) -> bool {
        self.of(key).is_some()
    }

    /// How another value is chosen: `--model vit:heads=4`.
    pub fn flag(&self, key: &str, value: impl std::fmt::Display) -> String {
        format!("--model {}:{key}={value}", self.family)
    }

    /// A sentence about a trait, and how it is chosen otherwise; "as asked" where it was.
    pub fn assumed(&self, key: &str, sentence: &str) -> String {
        if self.has(key) {
            return format!("{sentence}, as asked.");
        }
        let other = self.choices.iter().find(|choice| choice.key == key);
        let values = other.map_or_else(String::new, |choice| choice.of.words());
        format!("{sentence} ({} chooses).", self.flag(key, values))
    }

    /// Says that a trait must be chosen.
    pub fn ask(&self, key: &str, because: &str) -> Error {
        let choice = self.choices.iter().find(|choice| choice.key == key);
        let what = choice.map_or(key, |choice| choice.what);
        Error::Model(format!(
            "the tensors don't tell {what}{because}: choose it with {}",
            self.flag(key, "N")
        ))
    }

    fn of(&self, key: &str) -> Option<&'a str> {
        let found = self.given.iter().find(|(own, _)| *own == key);
        found.map(|(_, value)| *value)
    }
}

impl Range {
    /// What may stand after the equals sign.
    fn words(&self) -> String {
        match self {
            Self::Count(_) => "N".into(),
            Self::Number => "NUMBER".into(),
            Self::Words(words) => words.join("|"),
        }
    }

    /// All values that come into question for these tensors, as they are written.
    pub(super) fn values(&self, tensors: &Tensors) -> Vec<String> {
        match self {
            Self::Count(candidates) => {
                let counts = candidates(tensors).into_iter();
                counts.map(|n| n.to_string()).collect()
            }
            Self::Number => Vec::new(),
            Self::Words(words) => words.iter().map(|&word| word.to_owned()).collect(),
        }
    }
}

/// What can be chosen of a family, as a phrase.
pub(super) fn described(family: &str, choices: &[Choice]) -> String {
    if choices.is_empty() {
        return format!("{family} has nothing to choose");
    }
    let one = |choice: &Choice| format!("{}={} ({})", choice.key, choice.of.words(), choice.what);
    let all: Vec<String> = choices.iter().map(one).collect();
    format!("{family} has {}", all.join(", "))
}
