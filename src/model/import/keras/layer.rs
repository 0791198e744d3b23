//! A layer of Keras with its settings, as the configuration has them.

use crate::model::import::pickled::writer::{Step, Writer};
use crate::model::import::traced::Argument;
use serde_json::Value as Json;

/// A layer as its configuration has it.
pub struct Layer<'j> {
    /// Its class.
    pub class: &'j str,
    /// The path that its tensors are called by.
    pub path: &'j str,
    /// Its settings.
    pub config: &'j Json,
    /// Its activation is left to the loss.
    pub bare: bool,
    /// Written by Keras 3.
    pub newer: bool,
}

impl Layer<'_> {
    /// A setting that is text.
    pub fn word(&self, key: &str) -> Option<&str> {
        self.config.get(key)?.as_str()
    }

    /// A setting that is a truth value.
    pub fn flag(&self, key: &str, missing: bool) -> bool {
        self.config
            .get(key)
            .and_then(Json::as_bool)
            .unwrap_or(missing)
    }

    /// A setting that is a number.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.config.get(key)?.as_f64()
    }

    /// A setting that is sizes, one for each of `axes`.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn sizes(&self, key: &str, axes: usize, missing: Option<usize>) -> Step<Vec<usize>> {
        let size = |json: &Json| json.as_u64().and_then(|n| usize::try_from(n).ok());
        let set = self.config.get(key).filter(|set| !set.is_null());
        let set: Option<Vec<usize>> = match set {
            None => missing.map(|n| vec![n; axes]),
            Some(Json::Array(items)) => items.iter().map(size).collect(),
            Some(one) => size(one).map(|n| vec![n; axes]),
        };
        let set = set.filter(|set| set.len() == axes);
        set.ok_or_else(|| format!("has no {key} of {axes} sizes"))
    }

    /// Whether Keras itself counts the channels first here.
    pub fn channels_first(&self) -> bool {
        self.word("data_format") == Some("channels_first")
    }

    /// Its tensor called `leaf`, as an argument.
    ///
    /// # Errors
    /// Where the checkpoint lacks it.
    pub fn tensor(&self, w: &mut Writer<'_>, leaf: &str) -> Step<Argument> {
        w.stored(&format!("{}.{leaf}", self.path))
            .map(Argument::Value)
    }

    /// The same where a setting says whether there is one.
    ///
    /// # Errors
    /// As [`Layer::tensor`].
    pub fn tensor_if(&self, w: &mut Writer<'_>, leaf: &str, there: bool) -> Step<Argument> {
        if there {
            self.tensor(w, leaf)
        } else {
            Ok(Argument::Absent)
        }
    }
}
