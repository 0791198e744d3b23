//! A recipe as a form: its fields by heading, each with what it means, and changed one at a time.
//!
//! The struct is the form: a field that a recipe gets appears by itself.

use super::recipe;
use super::training::TrainingJob;
use crate::error::{Error, Result};
use clap::{Args as _, Command};
use serde_json::{Map, Value};

/// A field of a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in a recipe.
    pub name: String,
    /// Under which heading it stands.
    pub heading: String,
    /// What it means.
    pub help: String,
    /// The values it takes, where they are few, each with what it means.
    pub choices: Vec<(String, String)>,
    /// Whether it is yes or no.
    pub flag: bool,
}

/// All fields, in the order of the recipe.
pub fn all() -> Vec<Field> {
    let command = TrainingJob::augment_args(Command::new("recipe"));
    let field = |arg: &clap::Arg| {
        let flag = !arg.get_action().takes_values();
        let values = if flag {
            Vec::new()
        } else {
            arg.get_possible_values()
        };
        let told = |help: Option<&clap::builder::StyledStr>| {
            help.map(ToString::to_string).unwrap_or_default()
        };
        Field {
            name: arg.get_id().to_string(),
            heading: arg.get_help_heading().unwrap_or("Training").to_owned(),
            help: told(arg.get_help()).replace("--", "").replace('\n', " "),
            choices: values
                .iter()
                .map(|value| (value.get_name().to_owned(), told(value.get_help())))
                .collect(),
            flag,
        }
    };
    command.get_arguments().map(field).collect()
}

/// What stands in a field, as it is typed; empty where nothing is said.
pub fn typed(fields: &Map<String, Value>, name: &str) -> String {
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match fields.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::Array(several)) => several.iter().map(word).collect::<Vec<_>>().join(", "),
        Some(value) => word(value),
    }
}

/// `job` with what was typed into a field: several values have commas between them, nothing is as if the
/// recipe didn't name the field.
///
/// # Errors
/// Says what the field takes.
pub fn with(job: &TrainingJob, name: &str, text: &str) -> Result<TrainingJob> {
    let mut fields = recipe::fields(job)?;
    fields.remove(name);
    let text = text.trim();
    if text.is_empty() {
        return recipe::with(&TrainingJob::default(), &fields);
    }
    let one = |text: &str| recipe::change(&format!("{name}={text}")).map(|(_, value)| value);
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let several = || {
        parts
            .iter()
            .map(|part| one(part))
            .collect::<Result<Vec<Value>>>()
    };
    let mut candidates = vec![one(text)?];
    candidates.push(Value::String(text.to_owned()));
    candidates.push(Value::Array(several()?));
    let mut refused = None;
    for value in candidates {
        let mut fields = fields.clone();
        fields.insert(name.to_owned(), value);
        match recipe::with(&TrainingJob::default(), &fields) {
            Ok(job) => return Ok(job),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or_else(|| Error::Usage(format!("{name} can't be {text:?}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_recipe_is_in_the_form_and_explained() {
        let fields = all();
        for name in [
            "batch_size",
            "learning_rate",
            "optimizer",
            "epochs",
            "nesterov",
        ] {
            let found = fields.iter().find(|field| field.name == name);
            // What is no field of its own is a choice of another.
            let choice = fields
                .iter()
                .any(|f| f.choices.iter().any(|(c, _)| c == name));
            assert!(found.is_some() || choice, "{name}");
        }
        for field in &fields {
            assert!(!field.help.is_empty(), "{}", field.name);
        }
    }

    #[test]
    fn what_is_typed_changes_one_field_and_nothing_else() {
        let job = TrainingJob::default();
        let changed = with(&job, "batch_size", "16, 64").unwrap();
        assert_eq!(changed.batch_size.0, [16, 64]);
        let back = with(&changed, "batch_size", "32").unwrap();
        assert_eq!(back, job);
        let patient = with(&job, "patience", "3").unwrap();
        assert_eq!(patient.how.stop.patience, Some(3));
        assert_eq!(with(&patient, "patience", " ").unwrap(), job);
        let named = with(&job, "model", "mlp:hidden=32-16").unwrap();
        assert_eq!(named.setup.model, "mlp:hidden=32-16");
        let error = with(&job, "batch_size", "many").unwrap_err().to_string();
        assert!(error.contains("batch_size"), "{error}");
        let fields = recipe::fields(&changed).unwrap();
        assert_eq!(typed(&fields, "batch_size"), "16, 64");
    }
}
