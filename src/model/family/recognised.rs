//! What is told to a recogniser and what it tells: hints, and a network with what was assumed of it.
//!
//! Names and shapes often fit several wirings. Each is a [`Recognised`] of its own; what it settles that
//! the tensors leave open stands in its [`Choice`]s, and these make the key that asks for it.

use crate::model::graph::{Graph, Loss};

/// How the assumption about networks of one output begins.
pub(super) const ONE_OUTPUT: &str = "One output and";

/// What the recogniser may know besides names and shapes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// Shape of one sample of the data, where a data set is given.
    pub input: Option<&'a [usize]>,
    /// Number of classes in the data.
    pub classes: Option<usize>,
    /// What the file says of its modules, where it holds whole modules; empty where it doesn't.
    pub modules: &'a [ModuleClass],
}

/// A module as a pickled network names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModuleClass {
    /// Where in the network it is, dotted: `features.2`.
    pub path: String,
    /// The name of its class without its package: `MaxPool2d`.
    pub class: String,
    /// Its plain attributes, as Python writes them: `("kernel_size", "2")`.
    pub attributes: Vec<(String, String)>,
}

/// Something that names and shapes leave open, and what a reading takes it to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is chosen, as in a key: `pool`.
    pub name: &'static str,
    /// What it is taken to be, as in a key: `average`. It holds no comma, no colon and no space.
    pub value: String,
    /// The same in words that stand in a list: "average pooling 2×2".
    pub words: String,
    /// What tells it, where that is neither names nor shapes: "config.json".
    pub by: Option<String>,
}

/// A network and how it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    /// The network.
    pub graph: Graph,
    /// Name of the family, one of [`super::names`] (`skeleton` for [`super::skeleton()`]'s).
    pub family: &'static str,
    /// What in the checkpoint speaks for the family, as a phrase.
    pub why: String,
    /// What was assumed because neither names nor shapes tell, one sentence each.
    pub assumptions: Vec<String>,
    /// What this reading settles that names and shapes leave open; empty where they leave nothing.
    pub choices: Vec<Choice>,
    /// Why this reading needs evidence even where no other fits, if it does.
    pub doubt: Option<String>,
}

impl Recognised {
    /// The same with another loss than the one that the outputs suggest.
    #[must_use]
    pub fn with_loss(mut self, loss: Loss) -> Self {
        self.graph.loss = loss;
        let others = |words: &String| !words.starts_with(ONE_OUTPUT);
        self.assumptions.retain(others);
        self
    }

    /// The same, as the reading in which what is called `name` is `value`; `words` say it in a list.
    #[must_use]
    pub fn choosing(
        mut self,
        name: &'static str,
        value: impl Into<String>,
        words: impl Into<String>,
    ) -> Self {
        self.choices.push(Choice {
            name,
            value: value.into(),
            words: words.into(),
            by: None,
        });
        self
    }

    /// The same, where `by` tells what is called `name`.
    #[must_use]
    pub fn told_by(mut self, name: &str, by: &str) -> Self {
        for choice in self.choices.iter_mut().filter(|c| c.name == name) {
            choice.by = Some(by.to_owned());
        }
        self
    }

    /// The same, as a reading that needs evidence even where no other fits, because of `why`.
    #[must_use]
    pub fn doubting(mut self, why: impl Into<String>) -> Self {
        self.doubt = Some(why.into());
        self
    }

    /// What it takes the thing called `name` to be, where it settles that.
    pub fn choice(&self, name: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.name == name)
    }

    /// The text that asks for exactly this reading after `--model`: `lenet:pool=average,padding=2`.
    pub fn key(&self) -> String {
        self.key_of(|_| true)
    }

    /// As [`Recognised::key`], only as long as it must be to be told from `others`.
    pub fn key_among(&self, others: &[Self]) -> String {
        let mut told: Vec<&Choice> = self.choices.iter().collect();
        let alone = |told: &[&Choice]| {
            let same = |other: &&Self| {
                let mut told = told.iter();
                told.all(|own| other.choice(own.name).is_some_and(|c| c.value == own.value))
            };
            others.iter().filter(same).count() <= 1
        };
        // What isn't needed goes, the last first: the first choices say most.
        for place in (0..told.len()).rev() {
            let one = told.remove(place);
            if !alone(&told) {
                told.insert(place, one);
            }
        }
        self.key_of(|choice| told.iter().any(|own| own.name == choice.name))
    }

    fn key_of(&self, told: impl Fn(&Choice) -> bool) -> String {
        let choices = self.choices.iter().filter(|choice| told(choice));
        let choices = choices.map(|choice| format!("{}={}", choice.name, choice.value));
        let choices: Vec<String> = choices.collect();
        if choices.is_empty() {
            return self.family.to_owned();
        }
        format!("{}:{}", self.family, choices.join(","))
    }

    /// What it settles, in words: "ReLU; average pooling 2×2; padding 2".
    pub fn phrase(&self) -> String {
        let words = self.choices.iter().map(|choice| choice.words.as_str());
        let words: Vec<&str> = words.filter(|words| !words.is_empty()).collect();
        words.join("; ")
    }
}
