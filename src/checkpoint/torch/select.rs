//! Which of the tensors in a pickle are the network's.
//!
//! Training loops save dictionaries of their own: weights under `state_dict`, `model`, `net`, next to
//! the optimizer's moments, an average of the weights, random states. Every dictionary or module that
//! holds named tensors is a candidate; well-known names of weights come first, averages come last,
//! and what else was there is told.

use super::attributes::{self, LONGEST};
use super::tensors::{class_of, is_tensor};
use super::tree::{self, Bounds};
use crate::checkpoint::content::Content;
use crate::checkpoint::modules::Module;
use crate::checkpoint::names;
use crate::checkpoint::pickle::{Id, Pickle};
use crate::checkpoint::state::Set;
use crate::checkpoint::told::{Architecture, Told};
use crate::store::Parsed;
use crate::store::container::Container;

/// What to do with a file that can't be read as it is.
pub const CONVERT: &str =
    "save the weights alone with `torch.save(model.state_dict(), \"weights.pt\")`";

/// Names of weights, the most telling first.
const WEIGHTS: [&str; 16] = [
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "module",
    "weights",
    "params",
    "net_state_dict",
    "network_state_dict",
    "model_dict",
    "net_dict",
    "student",
    "backbone",
    "encoder",
];

/// Words in names of averaged weights.
const AVERAGES: [&str; 7] = [
    "ema", "swa", "average", "averaged", "avg", "shadow", "teacher",
];

/// Words in names of what isn't weights, even where it holds tensors.
const OTHERS: [&str; 16] = [
    "optimizer",
    "optimizers",
    "optim",
    "optimiser",
    "scheduler",
    "schedulers",
    "scaler",
    "callbacks",
    "loops",
    "rng",
    "metadata",
    "hyper",
    "args",
    "config",
    "criterion",
    "extra",
];

const DEEPEST: usize = 6;
/// A training loop writes down a handful.
const MOST_NUMBERS: usize = 64;

/// The chosen tensors.
#[derive(Debug)]
pub struct Found {
    /// Dotted keys that lead to them; empty at the top.
    pub at: String,
    /// Names and values, all of them tensors.
    pub entries: Vec<(String, Id)>,
    /// Tensors of the training loop's own dictionaries, by dotted key: some are single numbers.
    pub beside: Vec<(String, Id)>,
    /// Every dictionary and module of tensors, the chosen one first.
    pub sets: Vec<Set>,
    /// What of the caller's key is left to be found among the names.
    pub key: Option<String>,
    /// What else was there.
    pub warnings: Vec<String>,
    /// The modules that the tensors belong to, and numbers beside the weights.
    pub told: Told,
}

impl Found {
    /// These tensors alone, of which nothing else is known.
    pub fn plain(entries: Vec<(String, Id)>) -> Self {
        Self {
            at: String::new(),
            entries,
            beside: Vec::new(),
            sets: Vec::new(),
            key: None,
            told: Told::default(),
            warnings: Vec::new(),
        }
    }

    /// The content of the file, where `container` has the chosen tensors.
    pub fn content(self, mut container: Container) -> Content {
        container.warnings = self.warnings;
        Content {
            container,
            at: self.at,
            sets: self.sets,
            key: self.key,
            told: self.told,
        }
    }
}

#[derive(Debug)]
struct Candidate {
    at: String,
    rank: Rank,
    entries: Vec<(String, Id)>,
    ignored: Vec<String>,
    module: Option<Module>,
}

impl Candidate {
    /// Whether it is a dictionary of a few tensors that the training loop keeps beside the weights.
    fn is_loose(&self) -> bool {
        self.module.is_none() && self.entries.len() <= MOST_NUMBERS && self.at.len() <= LONGEST
    }

    /// Its tensors by dotted key.
    fn by_key(&self) -> impl Iterator<Item = (String, Id)> {
        let start = match self.at.as_str() {
            "" => String::new(),
            at => format!("{at}."),
        };
        let entries = self.entries.iter();
        // The names of a state dict have dots.
        let short = entries.filter(|(key, _)| key.len() <= LONGEST && !key.contains('.'));
        short.map(move |(key, id)| (format!("{start}{key}"), *id))
    }
}

/// Smaller is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Weights(usize),
    Unknown,
    Average,
}

/// Chooses the state dict of a pickle: the one at `key`, or the one that looks most like weights.
///
/// # Errors
/// Lists the keys at the top where nothing holds named tensors, and the sets where none is at `key`.
pub fn state_dict(pickle: &Pickle, key: Option<&str>) -> Parsed<Found> {
    let mut collecting = Collecting {
        pickle,
        // Whoever names a place means it, be it an optimizer's.
        all: key.is_some(),
        bounds: Bounds::default(),
        candidates: Vec::new(),
        numbers: Vec::new(),
    };
    collecting.collect(pickle.root(), "", 0)?;
    let (mut candidates, numbers) = (collecting.candidates, collecting.numbers);
    let at_top = candidates
        .iter()
        .find(|c| c.at.is_empty())
        .map_or(0, |c| c.entries.len());
    candidates.sort_by_key(|c| {
        // A few tensors under a telling name inside a full state dict are not the weights.
        let rank = if c.entries.len() < at_top {
            c.rank.max(Rank::Unknown)
        } else {
            c.rank
        };
        (rank, std::cmp::Reverse(c.entries.len()))
    });
    if candidates.is_empty() {
        return Err(nothing_found(pickle));
    }
    let (mut rest, mut index) = (None, 0);
    if let Some(key) = key {
        (index, rest) = at_key(&candidates, key).ok_or_else(|| {
            names::nothing_at(
                key,
                candidates
                    .iter()
                    .map(|c| c.at.as_str())
                    .filter(|at| !at.is_empty()),
            )
        })?;
    }
    let chosen = candidates.remove(index);
    let sets = [&chosen].into_iter().chain(&candidates).map(|c| Set {
        at: c.at.clone(),
        tensors: c.entries.len(),
    });
    let loose = candidates.iter().filter(|c| c.is_loose());
    Ok(Found {
        sets: sets.collect(),
        beside: loose.flat_map(Candidate::by_key).collect(),
        warnings: warnings(&chosen, &candidates, key.is_some()),
        key: rest,
        at: chosen.at,
        entries: chosen.entries,
        told: Told {
            architecture: chosen.module.map(Architecture::Modules),
            numbers,
            ..Told::default()
        },
    })
}

/// The candidate that a key leads to: the one at the key itself, else the nearest one above it, in
/// which names start with the rest of the key.
fn at_key(candidates: &[Candidate], key: &str) -> Option<(usize, Option<String>)> {
    let rest = |at: &str| match at {
        "" => Some(key),
        at if at == key => Some(""),
        at => key.strip_prefix(at)?.strip_prefix('.'),
    };
    let fits = candidates.iter().enumerate().filter_map(|(index, c)| {
        let rest = rest(&c.at)?;
        let start = format!("{rest}.");
        let there = rest.is_empty() || c.entries.iter().any(|(name, _)| name.starts_with(&start));
        there.then_some((index, rest))
    });
    let (index, rest) = fits.min_by_key(|(_, rest)| rest.len())?;
    Some((index, Some(rest.to_owned()).filter(|rest| !rest.is_empty())))
}

/// The search for candidates.
struct Collecting<'p, 'a> {
    pickle: &'p Pickle<'a>,
    all: bool,
    bounds: Bounds,
    candidates: Vec<Candidate>,
    numbers: Vec<(String, f64)>,
}

impl Collecting<'_, '_> {
    fn collect(&mut self, id: Id, at: &str, depth: usize) -> Parsed<()> {
        let pickle = self.pickle;
        if tree::is_module(pickle, id) {
            let (module, entries) = tree::read(pickle, id, &mut self.bounds)?;
            self.add(at, entries, Vec::new(), Some(module));
            return Ok(());
        }
        let (mut entries, mut ignored) = (Vec::new(), Vec::new());
        for (key, value) in self.bounds.entries(pickle, Some(id))? {
            if is_tensor(pickle, value) {
                entries.push((self.bounds.joined("", key)?, value));
            } else if pickle.pairs(value).is_some() || tree::is_module(pickle, value) {
                let path = if at.is_empty() {
                    self.bounds.joined("", key)?
                } else {
                    self.bounds.joined(&format!("{at}."), key)?
                };
                if depth < DEEPEST && (self.all || !has_word(key, &OTHERS)) {
                    self.collect(value, &path, depth + 1)?;
                }
            } else {
                if let Some(number) = attributes::value(pickle, value).float() {
                    self.number(at, key, number)?;
                }
                ignored.push(key.chars().take(80).collect());
            }
        }
        self.add(at, entries, ignored, None);
        Ok(())
    }

    fn number(&mut self, at: &str, key: &str, number: f64) -> Parsed<()> {
        if self.numbers.len() < MOST_NUMBERS {
            let prefix = if at.is_empty() {
                String::new()
            } else {
                format!("{at}.")
            };
            let key = self.bounds.joined(&prefix, key)?;
            self.numbers.push((key, number));
        }
        Ok(())
    }

    fn add(
        &mut self,
        at: &str,
        entries: Vec<(String, Id)>,
        ignored: Vec<String>,
        module: Option<Module>,
    ) {
        if !entries.is_empty() {
            self.candidates.push(Candidate {
                module,
                at: at.into(),
                rank: rank(at),
                entries,
                ignored,
            });
        }
    }
}

fn rank(at: &str) -> Rank {
    if at.split('.').any(|key| has_word(key, &AVERAGES)) {
        return Rank::Average;
    }
    let last = at.rsplit('.').next().unwrap_or_default().to_lowercase();
    WEIGHTS
        .iter()
        .position(|&name| name == last)
        .map_or(Rank::Unknown, Rank::Weights)
}

fn has_word(key: &str, words: &[&str]) -> bool {
    let key = key.to_lowercase();
    key.split(['_', '-', '.', ' '])
        .any(|word| words.contains(&word))
}

fn warnings(chosen: &Candidate, others: &[Candidate], by_key: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    let place = |at: &str| {
        if at.is_empty() {
            "the top".into()
        } else {
            format!("`{at}`")
        }
    };
    // A single tensor is the best accuracy or a counter, not another set of weights.
    let others = others.iter().filter(|c| c.entries.len() > 1);
    let others: Vec<_> = others
        .map(|c| format!("{} ({} tensors)", place(&c.at), c.entries.len()))
        .take(8)
        .collect();
    if chosen.rank == Rank::Average && !by_key {
        warnings.push(format!(
            "the weights in `{}` are an average; no plain weights were found",
            chosen.at
        ));
    }
    if !others.is_empty() && !by_key {
        warnings.push(format!(
            "read the {} tensors in {}; there are also tensors in {} (choose with --key)",
            chosen.entries.len(),
            place(&chosen.at),
            others.join(", ")
        ));
    }
    // At the top of a training checkpoint such entries are the rule; in a state dict they surprise.
    if !chosen.ignored.is_empty() {
        let shown: Vec<_> = chosen
            .ignored
            .iter()
            .take(8)
            .map(|k| format!("`{k}`"))
            .collect();
        warnings.push(format!(
            "ignored {} entries that aren't tensors: {}",
            chosen.ignored.len(),
            shown.join(", ")
        ));
    }
    warnings
}

fn nothing_found(pickle: &Pickle) -> String {
    if tree::is_module(pickle, pickle.root()) {
        return format!(
            "the module in the file has no tensors of its own (is it frozen?); {CONVERT}"
        );
    }
    match keys_at_top(pickle) {
        Some(keys) => {
            format!("no named tensors found; the top of the file has the keys {keys}; {CONVERT}")
        }
        None => format!(
            "no named tensors found: the file holds {}; {CONVERT}",
            kind(pickle)
        ),
    }
}

fn kind(pickle: &Pickle) -> String {
    let root = pickle.root();
    if is_tensor(pickle, root) {
        return "a single tensor without a name".into();
    }
    match class_of(pickle, root) {
        Some((module, name)) => {
            let class: String = format!("{module}.{name}").chars().take(120).collect();
            format!("an object of the class `{class}`")
        }
        None => "no dictionary".into(),
    }
}

/// The keys at the top of a dictionary, for messages about files without a state dict.
fn keys_at_top(pickle: &Pickle) -> Option<String> {
    const SHOWN: usize = 12;
    let pairs = pickle.pairs(pickle.root())?;
    let mut keys: Vec<_> = pairs.iter().filter_map(|(k, _)| pickle.text(*k)).collect();
    let hidden = keys.len().saturating_sub(SHOWN);
    keys.truncate(SHOWN);
    let more = if hidden > 0 {
        format!(" and {hidden} more")
    } else {
        String::new()
    };
    (!keys.is_empty()).then(|| format!("`{}`{more}", keys.join("`, `")))
}
