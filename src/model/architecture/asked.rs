//! Options of an architecture: `OPTION=VALUE,…`, each of which must mean something.

use crate::error::{Error, Result};
use crate::model::layers::{Elu, Gelu, Layer, LeakyRelu, Relu, Sigmoid, Silu, Tanh};
use std::collections::BTreeMap;

/// What is asked of an architecture.
#[derive(Debug)]
pub struct Asked {
    name: &'static str,
    options: BTreeMap<String, String>,
    /// What stands without a name: widths.
    bare: Option<String>,
}

impl Asked {
    /// The options in a text.
    ///
    /// # Errors
    /// Where one is given twice.
    pub fn new(name: &'static str, text: &str) -> Result<Self> {
        let mut asked = Self {
            name,
            options: BTreeMap::new(),
            bare: None,
        };
        for part in text.split(',').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some((key, value)) => asked.put(key.trim(), value.trim())?,
                None if asked.bare.is_none() => asked.bare = Some(part.trim().to_owned()),
                None => return Err(asked.wrong(part, "says nothing: write OPTION=VALUE")),
            }
        }
        Ok(asked)
    }

    /// Adds one.
    ///
    /// # Errors
    /// Where it is there already.
    pub fn put(&mut self, key: &str, value: &str) -> Result<()> {
        let before = self.options.insert(key.to_owned(), value.to_owned());
        match before {
            None => Ok(()),
            Some(_) => Err(self.wrong(key, "is given twice")),
        }
    }

    /// A complaint about an option or a value.
    pub fn wrong(&self, what: &str, message: &str) -> Error {
        Error::Usage(format!("{:?} in the model {}: {message}", what, self.name))
    }

    /// The widths that stand without a name.
    ///
    /// # Errors
    /// Where they are none.
    pub fn widths(&mut self) -> Result<Option<Vec<usize>>> {
        let bare = self.bare.take();
        bare.map(|text| self.parsed_list(&text)).transpose()
    }

    /// Several numbers, written 16-32.
    ///
    /// # Errors
    /// Where they are none.
    pub fn list(&mut self, key: &str, usual: &[usize]) -> Result<Vec<usize>> {
        match self.options.remove(key) {
            None => Ok(usual.to_vec()),
            Some(text) if text == "none" => Ok(Vec::new()),
            Some(text) => self.parsed_list(&text),
        }
    }

    fn parsed_list(&self, text: &str) -> Result<Vec<usize>> {
        let numbers = text.split('-').map(|n| n.parse().ok().filter(|n| *n > 0));
        let numbers: Option<Vec<usize>> = numbers.collect();
        numbers.ok_or_else(|| self.wrong(text, "expected widths such as 128-64"))
    }

    /// A number of at least 1.
    ///
    /// # Errors
    /// Where it is none.
    pub fn number(&mut self, key: &str, usual: usize) -> Result<usize> {
        let Some(text) = self.options.remove(key) else {
            return Ok(usual);
        };
        let number = text.parse().ok().filter(|n| (1..=1_000_000).contains(n));
        number.ok_or_else(|| self.wrong(&format!("{key}={text}"), "expected a number from 1 up"))
    }

    /// One of two words; whether it is the first, which is usual.
    ///
    /// # Errors
    /// Where it is neither.
    pub fn choice(&mut self, key: &str, words: [&str; 2]) -> Result<bool> {
        match self.options.remove(key) {
            None => Ok(true),
            Some(text) if text == words[0] => Ok(true),
            Some(text) if text == words[1] => Ok(false),
            Some(text) => {
                let expected = format!("expected {key}={} or {key}={}", words[0], words[1]);
                Err(self.wrong(&text, &expected))
            }
        }
    }

    /// The function between layers.
    ///
    /// # Errors
    /// Where there is none of this name.
    pub fn activation(&mut self) -> Result<Layer> {
        let text = self.options.remove("activation");
        Ok(match text.as_deref() {
            None | Some("relu") => Relu {}.into(),
            Some("leaky-relu") => LeakyRelu { slope: 0.01 }.into(),
            Some("tanh") => Tanh {}.into(),
            Some("sigmoid") => Sigmoid {}.into(),
            Some("silu") => Silu {}.into(),
            Some("elu") => Elu { alpha: 1.0 }.into(),
            Some("gelu") => Gelu { tanh: false }.into(),
            Some(other) => {
                return Err(self.wrong(
                    other,
                    "expected activation=relu, leaky-relu, tanh, sigmoid, silu, elu or gelu",
                ));
            }
        })
    }

    /// Refuses what nobody asked for.
    ///
    /// # Errors
    /// Names it.
    pub fn done(&self) -> Result<()> {
        let left = self.options.keys().next().or(self.bare.as_ref());
        match left {
            None => Ok(()),
            Some(left) => Err(self.wrong(left, "isn't an option of it")),
        }
    }
}
