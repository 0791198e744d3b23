//! Which array is what, by its name: inputs or targets, of which split.
//!
//! Names are those that people give: `x_train`, `images`, `test_labels`, `Xtr`. Where two arrays could
//! be the same thing, nobody guesses: the choices are listed. Values aren't looked at here.

use std::fmt;

use super::super::Keys;

/// Words that name inputs, targets, and marks of a split.
const INPUTS: [&str; 14] = [
    "x", "inputs", "input", "images", "image", "imgs", "img", "data", "features", "samples",
    "sample", "pixels", "tokens", "pictures",
];
const TARGETS: [&str; 10] = [
    "y", "labels", "label", "targets", "target", "classes", "class", "lbls", "masks", "mask",
];
const MARKS: [&str; 1] = ["split"];
/// Words for a part of the samples.
const PARTS: [(&str, Part); 12] = [
    ("training", Part::Train),
    ("train", Part::Train),
    ("tr", Part::Train),
    ("validation", Part::Validation),
    ("valid", Part::Validation),
    ("val", Part::Validation),
    ("dev", Part::Validation),
    ("testing", Part::Test),
    ("test", Part::Test),
    ("te", Part::Test),
    ("all", Part::Whole),
    ("full", Part::Whole),
];

/// What an array is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What a network is given.
    Inputs,
    /// What its outputs are held against.
    Targets,
    /// Which split each sample belongs to.
    Marks,
}

/// Which samples it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Nobody says: all of them.
    Whole,
    /// Those the network was trained on.
    Train,
    /// Held-out ones to choose by.
    Validation,
    /// Held-out ones.
    Test,
}

/// The split that a word alone stands for: the name of a folder, or of a file without its suffix.
pub fn part(word: &str) -> Option<Part> {
    let word = word.to_lowercase();
    let found = PARTS.iter().find(|(name, _)| *name == word);
    found.map(|(_, part)| *part)
}

/// What an array is by its name; `None` where the name says nothing.
pub fn role(name: &str) -> Option<(Role, Part)> {
    let name = name.to_lowercase();
    let words = name
        .split(['_', '-', '.', '/', ' '])
        .filter(|w| !w.is_empty());
    let (mut found, mut of) = (None, Part::Whole);
    for word in words {
        // `split` alone marks samples; beside other words it is one more word for a part.
        match (part(word), found) {
            (Some(part), _) => of = part,
            (None, None) => found = Some(word),
            (None, Some(_)) => return None,
        }
    }
    let word = found?;
    if let Some(role) = plain(word) {
        return Some((role, of));
    }
    // `xtrain`, `ytest`, `trainx`.
    let glued = PARTS.iter().find_map(|(name, part)| {
        let rest = word
            .strip_suffix(name)
            .or_else(|| word.strip_prefix(name))?;
        let role = plain(rest).filter(|role| *role != Role::Marks)?;
        Some((role, *part))
    });
    glued.filter(|_| of == Part::Whole)
}

fn plain(word: &str) -> Option<Role> {
    let among = |words: &[&str]| words.contains(&word);
    match () {
        () if among(&INPUTS) => Some(Role::Inputs),
        () if among(&TARGETS) => Some(Role::Targets),
        () if among(&MARKS) => Some(Role::Marks),
        () => None,
    }
}

/// Whether arrays of these names are samples with their labels.
pub fn are_samples(names: &[String]) -> bool {
    let has = |wanted| {
        let mut roles = names.iter().filter_map(|name| role(name));
        roles.any(|(role, _)| role == wanted)
    };
    has(Role::Inputs) && has(Role::Targets)
}

/// An array before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name in the file.
    pub name: String,
    /// Its shape and type in words: `[60, 8, 8] uint8`.
    pub words: String,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.words)
    }
}

/// The names of a split's inputs and targets.
pub type Pair = (String, Option<String>);

/// Which arrays are read as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Training samples.
    pub train: Pair,
    /// Held-out samples.
    pub held_out: Option<Pair>,
    /// Marks of the split.
    pub marks: Option<String>,
    /// What is passed over.
    pub unused: Vec<String>,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

impl Chosen {
    /// Every name that is read.
    pub fn names(&self) -> Vec<String> {
        let pairs = std::iter::once(&self.train).chain(&self.held_out);
        let names = pairs.flat_map(|(x, y)| std::iter::once(x).chain(y));
        names.chain(&self.marks).cloned().collect()
    }
}

/// Chooses by `keys`, and what they leave open by the usual names. `remarks` are what couldn't be listed.
///
/// # Errors
/// Where an array is missing, or more than one could be meant; the arrays are listed with their shapes.
pub fn choose(listed: &[Listed], remarks: &[String], keys: &Keys) -> Result<Chosen, String> {
    let naming = Naming { listed, remarks };
    let mut chosen = if keys.x.is_some() || keys.x_test.is_some() {
        naming.by_keys(keys)?
    } else {
        let mut chosen = naming.by_names(keys.y.is_some())?;
        if let Some(y) = &keys.y {
            chosen.train.1 = Some(naming.named(y)?);
        }
        chosen
    };
    let read = chosen.names();
    let rest = listed.iter().filter(|array| !read.contains(&array.name));
    chosen.unused = rest.map(|array| array.name.clone()).collect();
    Ok(chosen)
}

struct Naming<'a> {
    listed: &'a [Listed],
    remarks: &'a [String],
}

impl Naming<'_> {
    /// The array of exactly this name, or of the only one that differs in case alone.
    fn named(&self, name: &str) -> Result<String, String> {
        let exact = self.listed.iter().find(|array| array.name == name);
        let lower = name.to_lowercase();
        let same = |array: &&Listed| array.name.to_lowercase() == lower;
        let found = exact.or_else(|| self.listed.iter().find(same));
        let found = found.ok_or_else(|| self.missing(name))?;
        Ok(found.name.clone())
    }

    fn by_keys(&self, keys: &Keys) -> Result<Chosen, String> {
        let named = |name: &Option<String>| name.as_ref().map(|name| self.named(name)).transpose();
        let pair = |x: &Option<String>, y: &Option<String>| -> Result<Option<Pair>, String> {
            let x = named(x)?;
            let y = named(y)?;
            Ok(x.map(|x| (x, y)))
        };
        let (train, held_out) = (pair(&keys.x, &keys.y)?, pair(&keys.x_test, &keys.y_test)?);
        let mut warnings = Vec::new();
        let (train, held_out) = match (train, held_out) {
            (Some(train), held_out) => (train, held_out),
            (None, Some(alone)) => {
                warnings.push(alone_words(&alone.0));
                (alone, None)
            }
            (None, None) => return Err(self.missing("x or x_train")),
        };
        Ok(Chosen {
            train,
            held_out,
            marks: None,
            unused: Vec::new(),
            warnings,
        })
    }

    fn by_names(&self, targets_given: bool) -> Result<Chosen, String> {
        let mut warnings = Vec::new();
        let of = |part| self.one(Role::Inputs, part);
        let (train, whole) = (of(Part::Train)?, of(Part::Whole)?);
        let (validation, test) = (of(Part::Validation)?, of(Part::Test)?);
        let held = match (validation, test) {
            (Some(validation), Some(test)) => {
                warnings.push(format!(
                    "{validation} is the validation split; {test} is not used"
                ));
                Some((validation, Part::Validation))
            }
            (Some(validation), None) => Some((validation, Part::Validation)),
            (None, test) => test.map(|test| (test, Part::Test)),
        };
        let train = train
            .map(|train| (train, Part::Train))
            .or(whole.map(|whole| (whole, Part::Whole)));
        let (train, held) = match (train, held) {
            (Some(train), held) => (train, held),
            (None, Some(alone)) => {
                warnings.push(alone_words(&alone.0));
                (alone, None)
            }
            (None, None) => return Err(self.missing("x or x_train")),
        };
        let marks = match (&held, train.1) {
            (None, Part::Whole) => self.one(Role::Marks, Part::Whole)?,
            _ => None,
        };
        let pair = |(x, part): (String, Part), given: bool| -> Result<Pair, String> {
            if given {
                return Ok((x, None));
            }
            let y = self.one(Role::Targets, part)?;
            if y.is_none() && !self.inputs_alone() {
                return Err(self.missing(&targets_of(&x)));
            }
            Ok((x, y))
        };
        Ok(Chosen {
            train: pair(train, targets_given)?,
            held_out: held.map(|held| pair(held, false)).transpose()?,
            marks,
            unused: Vec::new(),
            warnings,
        })
    }

    /// Whether no array could be targets: beside anything else, missing ones are more likely a slip.
    fn inputs_alone(&self) -> bool {
        let is_input =
            |array: &Listed| matches!(role(&array.name), Some((Role::Inputs | Role::Marks, _)));
        self.remarks.is_empty() && self.listed.iter().all(is_input)
    }

    /// The only array of this role and part; `x` and `y` come before other words.
    fn one(&self, wanted: Role, part: Part) -> Result<Option<String>, String> {
        let fits = |array: &&Listed| role(&array.name) == Some((wanted, part));
        let found: Vec<&Listed> = self.listed.iter().filter(fits).collect();
        let is_short = |array: &&&Listed| {
            let name = array.name.to_lowercase();
            let mut words = name.split(['_', '-', '.', '/', ' ']);
            words.any(|word| ["x", "y"].contains(&word))
        };
        let short: Vec<&&Listed> = found.iter().filter(is_short).collect();
        match (found.as_slice(), short.as_slice()) {
            ([], _) => Ok(None),
            ([one], _) => Ok(Some(one.name.clone())),
            (_, [one]) => Ok(Some(one.name.clone())),
            (several, _) => {
                let names: Vec<&str> = several.iter().map(|array| array.name.as_str()).collect();
                let what = match wanted {
                    Role::Inputs => "the inputs",
                    Role::Targets => "the targets",
                    Role::Marks => "the marks of the split",
                };
                Err(format!(
                    "{} could each be {what}; choose with --data-keys x=NAME,y=NAME; found {}",
                    names.join(" and "),
                    self.found()
                ))
            }
        }
    }

    fn found(&self) -> String {
        let more = if self.listed.len() > 12 { ", …" } else { "" };
        let shown: Vec<String> = self.listed.iter().take(12).map(Listed::to_string).collect();
        match shown.as_slice() {
            [] => "no array at all".to_owned(),
            shown => format!("{}{more}", shown.join(", ")),
        }
    }

    fn missing(&self, key: &str) -> String {
        let remarks: String = self
            .remarks
            .iter()
            .take(8)
            .map(|r| format!("; {r}"))
            .collect();
        format!(
            "no array named {key}; found {}{remarks}; expected x and y (or images and labels, data \
             and target), with _train, _val, _test for splits, or say which is which: --data-keys \
             x=NAME,y=NAME; for an autoencoder --data-keys x=NAME",
            self.found()
        )
    }
}

fn alone_words(name: &str) -> String {
    format!(
        "{name} is held-out data by its name; it serves as the training split because there is no other"
    )
}

/// How the targets beside inputs of this name are usually called.
fn targets_of(inputs: &str) -> String {
    let lower = inputs.to_lowercase();
    match lower.strip_prefix('x') {
        Some(rest) => format!("y{rest}"),
        None => format!("y or labels for {inputs}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn samples_are_known_by_the_names_of_their_arrays() {
        for data in [
            "x y",
            "X_train y_train X_test y_test",
            "images labels",
            "train_images train_labels",
            "data target",
            "x y split",
            "xtrain ytrain",
            "x_test y_test",
        ] {
            assert!(are_samples(&names(data)), "{data}");
        }
        for weights in [
            "0.weight 0.bias",
            "x.0.weight y.0.weight",
            "x",
            "conv.data.weight label_head.weight",
        ] {
            assert!(!are_samples(&names(weights)), "{weights}");
        }
    }

    #[test]
    fn of_several_candidates_none_is_guessed() {
        let listed = |text: &str| -> Vec<Listed> {
            let named = names(text).into_iter();
            let words = || "[2] int64".to_owned();
            named
                .map(|name| Listed {
                    name,
                    words: words(),
                })
                .collect()
        };
        let none = Keys::default();
        let message = choose(&listed("images fine_labels labels targets"), &[], &none).unwrap_err();
        assert!(
            message.contains("labels and targets could each be the targets")
                && message.contains("images [2] int64"),
            "{message}"
        );
        let keys: Keys = "x=images,y=fine_labels".parse().unwrap();
        let chosen = choose(&listed("images fine_labels labels"), &[], &keys).unwrap();
        assert_eq!(chosen.train, ("images".into(), Some("fine_labels".into())));
        assert_eq!(chosen.unused, ["labels"]);
        // Only what is missing is found by its name.
        let keys: Keys = "y=age".parse().unwrap();
        let chosen = choose(&listed("images age labels"), &[], &keys).unwrap();
        assert_eq!(chosen.train, ("images".into(), Some("age".into())));
        let message = choose(&listed("a b"), &[], &"x=c".parse().unwrap()).unwrap_err();
        assert!(
            message.starts_with("no array named c; found a [2] int64, b"),
            "{message}"
        );
    }
}
