//! Recipes as text: `recipe.toml`, in which every line is an option of `losscope train`.
//!
//! Reading is strict: a misspelt field that is silently ignored would train another network.

use super::training::TrainingJob;
use crate::dataset::Normalize;
use crate::error::{Error, Result};
use clap::{Arg, Args as _, Command};
use serde_json::{Map, Value};
use std::path::Path;

/// The options by name, with what help says of them.
fn options() -> Command {
    TrainingJob::augment_args(Command::new("recipe"))
}

/// The job as fields by name, each as a recipe has it; what isn't said is left out.
///
/// # Errors
/// None that a job of this program could cause.
pub fn fields(job: &TrainingJob) -> Result<Map<String, Value>> {
    let written = serde_json::to_value(job);
    let written = written.map_err(|e| Error::Usage(format!("the recipe can't be written: {e}")))?;
    let Value::Object(mut fields) = written else {
        return Ok(Map::new());
    };
    fields.retain(|_, value| !value.is_null());
    // As it is typed, not as it is made.
    let scaling = job.setup.data_normalize.to_string();
    fields.insert("data_normalize".into(), scaling.into());
    Ok(fields)
}

fn job(mut fields: Map<String, Value>) -> Result<TrainingJob, String> {
    if let Some(Value::String(rule)) = fields.get("data_normalize") {
        let rule: Normalize = rule.parse().map_err(|e: Error| e.to_string())?;
        let rule = serde_json::to_value(rule).map_err(|e| e.to_string())?;
        fields.insert("data_normalize".into(), rule);
    }
    serde_json::from_value(Value::Object(fields)).map_err(|e| e.to_string())
}

/// `job` with other values in some fields.
///
/// # Errors
/// Names a field that there isn't, or whose value makes no sense.
pub fn with(job: &TrainingJob, changes: &Map<String, Value>) -> Result<TrainingJob> {
    let options = options();
    let known: Vec<&str> = options
        .get_arguments()
        .map(|a| a.get_id().as_str())
        .collect();
    let mut all = fields(job)?;
    for (key, value) in changes {
        if !known.contains(&key.as_str()) {
            return Err(Error::Usage(format!(
                "a recipe has no field {key:?}; it has {}",
                known.join(", ")
            )));
        }
        let before = all.insert(key.clone(), value.clone());
        if let Err(message) = self::job(all.clone()) {
            let usual =
                before.map_or_else(String::new, |before| format!("; the default is {before}"));
            return Err(Error::Usage(format!(
                "{key} = {value} in the recipe: {message}{usual}"
            )));
        }
    }
    self::job(all).map_err(|message| Error::Usage(format!("the recipe: {message}")))
}

/// The recipe in a text; `path` is for errors only. What it doesn't say has its default.
///
/// # Errors
/// Names the line, or the field.
pub fn parse(text: &str, path: &Path) -> Result<TrainingJob> {
    let table: toml::Table = text
        .parse()
        .map_err(|e: toml::de::Error| Error::file(path, e.to_string().trim_end()))?;
    let in_file = |e: Error| match e {
        Error::Usage(message) => Error::file(path, message),
        other => other,
    };
    let written = serde_json::to_value(table);
    let written = written.map_err(|e| Error::file(path, e.to_string()))?;
    let Value::Object(changes) = written else {
        return Ok(TrainingJob::default());
    };
    with(&TrainingJob::default(), &changes).map_err(in_file)
}

/// `KEY=VALUE` as a change: the value as TOML has it, else a text.
///
/// # Errors
/// Where there is no `=`.
pub fn change(text: &str) -> Result<(String, Value)> {
    let (key, value) = text.split_once('=').ok_or_else(|| {
        Error::Usage(format!(
            "{text:?} sets nothing: write KEY=VALUE, such as learning_rate=0.05"
        ))
    })?;
    let key = key.trim().replace('-', "_");
    let parsed: Option<toml::Table> = format!("value = {value}").parse().ok();
    let parsed = parsed.and_then(|table| serde_json::to_value(table.get("value")?).ok());
    Ok((key, parsed.unwrap_or_else(|| value.trim().into())))
}

/// The job as the text of a recipe: every field, under the headings of the help, each with what it is.
///
/// # Errors
/// None that a job of this program could cause.
pub fn write(job: &TrainingJob) -> Result<String> {
    let fields = fields(job)?;
    let options = options();
    let mut headings: Vec<&str> = Vec::new();
    for arg in options.get_arguments() {
        let own = arg.get_help_heading().unwrap_or("Training");
        if !headings.contains(&own) {
            headings.push(own);
        }
    }
    let mut text = String::from(
        "# A recipe for losscope train. Every field may be left out; then it is what stands here.\n",
    );
    for heading in headings {
        text.push_str(&format!("\n# ---- {heading} ----\n"));
        let own = |arg: &&Arg| arg.get_help_heading().unwrap_or("Training") == heading;
        for arg in options.get_arguments().filter(own) {
            text.push_str(&line(arg, &fields));
        }
    }
    Ok(text)
}

/// One field with its help.
fn line(arg: &Arg, fields: &Map<String, Value>) -> String {
    let key = arg.get_id().as_str();
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let help = help.replace("--", "").replace('\n', " ");
    let choices: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|v| v.get_name().to_owned())
        .collect();
    let is_flag = !arg.get_action().takes_values();
    let choices = if choices.is_empty() || is_flag {
        String::new()
    } else {
        format!(" ({})", choices.join(", "))
    };
    let value = fields
        .get(key)
        .and_then(|value| toml::Value::try_from(value).ok());
    let entry = match value {
        Some(value) => format!("{key} = {value}"),
        None => format!("# {key} ="),
    };
    format!("# {help}{choices}\n{entry}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<TrainingJob> {
        parse(text, Path::new("recipe.toml"))
    }

    #[test]
    fn a_written_recipe_is_read_back() {
        let job = parsed(
            "batch_size = [16, 64]\noptimizer = \"adamw\"\nlearning_rate = 1\ndata_normalize = \"cifar10\"\ncheckpoints = \"steps:5\"\n",
        )
        .unwrap();
        assert_eq!(job.batch_size.0, [16, 64]);
        assert_eq!(job.learning_rate.0, [1.0]);
        let text = write(&job).unwrap();
        assert_eq!(parsed(&text).unwrap(), job, "{text}");
        assert_eq!(parsed("").unwrap(), TrainingJob::default());
        assert_eq!(
            parsed(&write(&TrainingJob::default()).unwrap()).unwrap(),
            TrainingJob::default()
        );
    }

    #[test]
    fn a_wrong_field_is_named() {
        for (text, field) in [
            ("batchsize = 3", "batchsize"),
            ("batch_size = \"many\"", "batch_size"),
            ("optimizer = \"sdg\"", "optimizer"),
            ("checkpoints = \"sometimes\"", "checkpoints"),
            ("flip = 3", "flip"),
            ("data_normalize = \"mnits\"", "data_normalize"),
        ] {
            let message = parsed(text).unwrap_err().to_string();
            assert!(
                message.contains(field) && message.contains("recipe.toml"),
                "{message}"
            );
        }
        use super::super::request::Request as _;
        for (text, field) in [
            ("learning_rate = -1.0", "learning_rate"),
            ("momentum = 1.0", "momentum"),
            ("batch_size = [32, 0]", "batch_size"),
            ("draw = true", "draw"),
        ] {
            let message = parsed(text).unwrap().check().unwrap_err().to_string();
            assert!(message.contains(field), "{message}");
        }
    }

    #[test]
    fn a_change_is_typed_as_in_a_recipe() {
        let change = |text| change(text).unwrap();
        assert_eq!(change("learning-rate=0.5").0, "learning_rate");
        assert_eq!(change("batch_size=[1, 2]").1, serde_json::json!([1, 2]));
        assert_eq!(change("optimizer=adam").1, "adam");
        let job = TrainingJob::default();
        let changes = Map::from_iter([change("optimizer=adam")]);
        let changed = with(&job, &changes).unwrap();
        assert_eq!(
            changed.how.optimizer.optimizer,
            crate::train::optimizer::Kind::Adam
        );
    }
}
