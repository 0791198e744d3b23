//! The network of a checkpoint by the names and shapes of its tensors, whatever library wrote them.
//!
//! What differs between libraries is settled around the families, which know PyTorch's names alone.

use crate::checkpoint::{Listed, Listing, Module, Source, Told};
use crate::engine::imported::with_one_output;
use crate::engine::settings::{self, Setting};
use crate::error::{Error, Result};
use crate::model::family::{self, Hints, ModuleClass, Recognised};
use crate::model::graph::Layer;
use crate::model::import::pickled::evidence;
use crate::model::import::{self, Imported};
use crate::model::layers::Linear;
use crate::model::seen::Seen;

/// The networks of `state`, as `--model` says, the most usual first: the one that the file itself tells, else all
/// that names and shapes fit, whatever library wrote them.
///
/// # Errors
/// As [`family::readings`]; where what the file tells of its modules contradicts all that its names look like, or
/// its own description can't be followed.
pub fn readings(model: &str, state: &dyn Listing, hints: &Hints<'_>) -> Result<Vec<Recognised>> {
    let modules = classes(state);
    let hints = &Hints {
        modules: &modules,
        ..*hints
    };
    all(model, state, hints, |seen| {
        with_settings(model, seen, |model| {
            by_family(seen, |state| family::readings(model, state, hints))
        })
    })
}

/// The most usual of all [`readings`].
///
/// # Errors
/// As [`readings`]; where a number must be chosen that has no usual value.
pub fn recognise(model: &str, state: &dyn Listing, hints: &Hints<'_>) -> Result<Recognised> {
    let modules = classes(state);
    let hints = &Hints {
        modules: &modules,
        ..*hints
    };
    let mut found = all(model, state, hints, |seen| {
        with_settings(model, seen, |model| {
            let one =
                |state: &dyn Listing| family::by_name(model, state, hints).map(|one| vec![one]);
            by_family(seen, one)
        })
    })?
    .into_iter();
    found
        .next()
        .ok_or_else(|| Error::Model("no network fits".into()))
}

/// What `find` finds where what stands beside the weights chooses what `model` leaves open.
fn with_settings(
    model: &str,
    state: &Seen,
    find: impl Fn(&str) -> Result<Vec<Recognised>>,
) -> Result<Vec<Recognised>> {
    let Some((family, keys)) = family::choosable(model, state) else {
        return find(model);
    };
    let (_, asked) = model.split_once(':').unwrap_or(("", ""));
    let says = |key: &str| {
        asked
            .split(',')
            .any(|part| part.starts_with(&format!("{key}=")))
    };
    let mut settings = settings::beside(state, family, &keys)?;
    settings.retain(|setting| !says(setting.key));
    if settings.is_empty() {
        return find(model);
    }
    let own = settings
        .iter()
        .map(|own| format!("{}={}", own.key, own.value));
    let parts = std::iter::once(asked.to_owned()).filter(|asked| !asked.is_empty());
    let parts: Vec<String> = parts.chain(own).collect();
    let found = find(&format!("{family}:{}", parts.join(",")))?;
    let sources: Vec<&str> = settings.iter().map(|own| own.source.as_str()).collect();
    let says = format!("as {} says.", sources.join(", "));
    let told = |mut found: Recognised| {
        // What a person asked for is said as it was.
        if asked.is_empty() {
            for text in &mut found.assumptions {
                *text = text.replace("as asked.", &says);
            }
        }
        let told = |found: Recognised, own: &Setting| found.told_by(own.key, &own.source);
        settings.iter().fold(found, told)
    };
    Ok(found.into_iter().map(told).collect())
}

/// What the file tells, else what `find` finds in it.
fn all(
    model: &str,
    state: &dyn Listing,
    hints: &Hints<'_>,
    find: impl Fn(&Seen) -> Result<Vec<Recognised>>,
) -> Result<Vec<Recognised>> {
    let mut untold = None;
    if model == "auto" {
        match import::told(state, hints.input) {
            Ok(Some(told)) => {
                let told = with_one_output(told, hints.classes);
                return Ok(vec![as_told(state, told)]);
            }
            Ok(None) => {}
            // A class of the user's own has no forward in the file; its modules are evidence still.
            Err(reason) if state.told().modules().is_some() => untold = Some(reason),
            Err(reason) => return Err(reason),
        }
    }
    let seen = Seen::new(state);
    let mut found = find(&seen)?;
    for found in &mut found {
        seen.complete(found);
    }
    if let (Some(root), Some(reason)) = (state.told().modules(), untold) {
        let against = |found: &Recognised| evidence::contradictions(root, &found.graph);
        let usual = found
            .first()
            .map(|usual| (usual.graph.name.clone(), against(usual)));
        found.retain(|found| against(found).is_empty());
        if let (Some((name, against)), true) = (usual, found.is_empty()) {
            let first = against.into_iter().next().unwrap_or_default();
            return Err(Error::Model(format!(
                "by names this is {name}, but {first}; and {reason}"
            )));
        }
        let classes = evidence::activations(root);
        let words = if classes.is_empty() {
            "The file's own modules tell no activation and no forward.".to_owned()
        } else {
            format!(
                "The file's own modules are {} where they are activations, and tell no forward.",
                classes.join(", ")
            )
        };
        let say = |found: &mut Recognised| found.assumptions.push(words.clone());
        found.iter_mut().for_each(say);
    }
    Ok(found)
}

fn as_told(state: &dyn Listing, told: Imported) -> Recognised {
    let family = if state.told().modules().is_some() {
        "modules"
    } else {
        "keras"
    };
    Recognised {
        graph: told.graph,
        family,
        why: format!("the file tells its network: {}", told.source),
        assumptions: told.notes,
        choices: Vec::new(),
        doubt: None,
    }
}

/// The modules of a file as the families know them.
fn classes(state: &dyn Listing) -> Vec<ModuleClass> {
    let walked = state.told().modules().map(Module::walk).unwrap_or_default();
    let class = |(path, module): (String, &Module)| ModuleClass {
        path,
        class: module.name().to_owned(),
        attributes: module
            .attributes
            .iter()
            .map(|(name, value)| (name.clone(), value.to_string()))
            .collect(),
    };
    walked.into_iter().map(class).collect()
}

/// What `find` finds. burn stores the weights of linear layers as [in, out], the other way round than
/// PyTorch; its files are recognised both ways, its own first.
fn by_family(
    state: &dyn Listing,
    find: impl Fn(&dyn Listing) -> Result<Vec<Recognised>>,
) -> Result<Vec<Recognised>> {
    if !state.source().format.contains("burnpack") {
        return find(state);
    }
    let shapes = state.list().into_iter().map(|tensor| match tensor.shape {
        &[inner, outer] => vec![outer, inner],
        shape => shape.to_vec(),
    });
    let turned = Turned {
        shapes: shapes.collect(),
        of: state,
    };
    let Ok(mut found) = find(&turned) else {
        return find(state);
    };
    for found in &mut found {
        for node in &mut found.graph.layers {
            if let Layer::Linear(Linear { output_axis, .. }) = &mut node.layer {
                *output_axis = 1;
            }
        }
        let words = "Linear weights are stored as [in, out], as burn does.";
        found.assumptions.push(words.into());
    }
    Ok(found)
}

/// A checkpoint with the axes of its matrices the other way round.
struct Turned<'a> {
    of: &'a dyn Listing,
    shapes: Vec<Vec<usize>>,
}

impl Listing for Turned<'_> {
    fn source(&self) -> &Source {
        self.of.source()
    }

    fn told(&self) -> &Told {
        self.of.told()
    }

    fn list(&self) -> Vec<Listed<'_>> {
        let tensors = self.of.list().into_iter().zip(&self.shapes);
        tensors.map(|(t, shape)| Listed { shape, ..t }).collect()
    }
}
