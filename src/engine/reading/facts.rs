//! How a network was read: what every result says of it, so that a reader can tell what was measured.

use super::weigh::Weighed;
use crate::model::family::{Choice, Recognised};
use serde::{Deserialize, Serialize};

/// A network in words, how far that is confirmed, and what it rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reading {
    /// What asks for exactly this reading after `--model`; empty for a network that was described.
    pub key: String,
    /// What it settles that names and shapes leave open: "ReLU; average pooling 2×2 after conv1".
    pub words: String,
    /// What confirmed it: "running statistics, loss and accuracy on 256 training samples"; `None` where
    /// nothing did.
    pub confirmed: Option<String>,
    /// What was measured: "loss 0.042, accuracy 98.4 %"; empty where nothing was.
    pub told: String,
    /// The reading that came next, with what was measured.
    pub runner_up: Option<String>,
    /// What it rests on.
    pub assumptions: Vec<Assumption>,
    /// The best of the readings that were tried, each by what asks for it, with what was measured. They are for
    /// whoever asks how it was decided and stand in no file.
    #[serde(skip)]
    pub tried: Vec<(String, String)>,
}

/// Something that names and shapes don't tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Assumption {
    /// A sentence, or a few words.
    pub text: String,
    /// What confirmed it; `None` where nothing did.
    pub confirmed: Option<String>,
    /// The readings that differ in this alone. They are for whoever may change it and stand in no file.
    #[serde(skip)]
    pub instead: Vec<Way>,
}

/// Another reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// What asks for it.
    pub key: String,
    /// What it takes instead, in words.
    pub words: String,
}

impl Assumption {
    /// One line: the sentence, marked where nothing confirmed it.
    pub fn line(&self) -> String {
        let text = self.text.trim_end_matches('.');
        match &self.confirmed {
            Some(by) => format!("{text} (confirmed by {by})"),
            None => format!("{text} (unconfirmed)"),
        }
    }
}

impl Reading {
    /// A network that a person described: nothing was assumed.
    pub fn described(file: &str) -> Self {
        Self {
            confirmed: Some(format!("its description, {file}")),
            ..Self::default()
        }
    }

    /// A network whose graph a file holds: it is read, not guessed.
    pub fn held() -> Self {
        Self {
            confirmed: Some("its graph".to_owned()),
            ..Self::default()
        }
    }

    /// A reading among all that fit what `model` asks for; `by` says what settled what they differ in.
    pub fn of(model: &str, found: &Recognised, all: &[Recognised], by: Option<String>) -> Self {
        let value = |r: &Recognised, name: &str| r.choice(name).map(|c| c.value.clone());
        let choice = |choice: &Choice| {
            let own = Some(&choice.value);
            let open = all
                .iter()
                .any(|other| value(other, choice.name).as_ref() != own);
            let alone = match model {
                "auto" => "names and shapes: nothing else fits".to_owned(),
                model => format!("--model {model}, names and shapes"),
            };
            Assumption {
                text: spoken(choice),
                confirmed: match &choice.by {
                    Some(told) if !open => Some(told.clone()),
                    _ if open => by.clone(),
                    _ => Some(alone),
                },
                instead: instead(found, all, choice.name),
            }
        };
        let told = found
            .choices
            .iter()
            .filter(|choice| !choice.words.is_empty());
        let mut assumptions: Vec<Assumption> = told.clone().map(choice).collect();
        // A sentence that says what a choice says is said already.
        let said = |text: &String| {
            told.clone()
                .any(|choice| text.contains(choice.words.as_str()))
        };
        let rest = found.assumptions.iter().filter(|text| !said(text));
        assumptions.extend(rest.map(|text| Assumption {
            text: text.clone(),
            ..Assumption::default()
        }));
        Self {
            key: found.key(),
            words: found.phrase(),
            confirmed: by,
            assumptions,
            ..Self::default()
        }
    }

    /// What some samples say of the network.
    pub fn weighed(&mut self, found: Weighed) {
        self.told = found.told;
        if let Some(words) = found.agrees {
            let by = self.confirmed.take();
            self.confirmed = Some(by.map_or(words.clone(), |by| format!("{by}, and {words}")));
        }
        for doubt in found.doubts {
            self.assume(doubt);
        }
    }

    /// What was chosen of `name` stays open, as `words` say.
    pub fn leave_open(&mut self, name: &str, words: &str) {
        let start = format!("{name}:");
        let mut all = self.assumptions.iter_mut();
        if let Some(assumption) = all.find(|a| a.text.starts_with(&start)) {
            assumption.confirmed = None;
            assumption.text = format!("{start} {words}");
        }
    }

    /// Something more that was assumed.
    pub fn assume(&mut self, text: impl Into<String>) {
        self.assumptions.push(Assumption {
            text: text.into(),
            ..Assumption::default()
        });
    }

    /// How it was confirmed, for the small print of a figure: "chosen by …", "unconfirmed".
    pub fn how(&self) -> String {
        match &self.confirmed {
            Some(by) => format!("confirmed by {by}"),
            None if self.assumptions.is_empty() => String::new(),
            None => "not confirmed by anything but names and shapes".to_owned(),
        }
    }

    /// How many assumptions nothing confirmed.
    pub fn unconfirmed(&self) -> usize {
        self.assumptions
            .iter()
            .filter(|a| a.confirmed.is_none())
            .count()
    }

    /// What every command that computes prints, a line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        if let Some(other) = &self.runner_up {
            let told = if self.told.is_empty() {
                String::new()
            } else {
                format!(": {}", self.told)
            };
            lines.push(format!("read as {}{told}; next came {other}", self.key));
        }
        lines.extend(
            self.assumptions
                .iter()
                .map(|a| format!("assumed: {}", a.line())),
        );
        lines
    }
}

/// A choice as an assumption: "pool: average pooling 2×2 after conv1".
fn spoken(choice: &Choice) -> String {
    format!("{}: {}", choice.name, choice.words)
}

/// The readings that differ from `found` in the choice called `name` alone.
fn instead(found: &Recognised, all: &[Recognised], name: &str) -> Vec<Way> {
    let differs = |other: &Recognised| {
        let mut choices = other.choices.iter();
        let same = choices.all(|c| {
            c.name == name || found.choice(c.name).is_some_and(|own| own.value == c.value)
        });
        same && other.choice(name).map(|c| &c.value) != found.choice(name).map(|c| &c.value)
    };
    let others = all.iter().filter(|other| differs(other));
    let way = |other: &Recognised| {
        let choice = other.choice(name)?;
        Some(Way {
            key: other.key(),
            words: if choice.words.is_empty() {
                choice.value.clone()
            } else {
                choice.words.clone()
            },
        })
    };
    others.filter_map(way).collect()
}
