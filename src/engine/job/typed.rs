//! Jobs as they would be typed.

use super::request::Request;
use super::setup::without_options;
use crate::error::{Error, Result};
use clap::{ArgAction, Args, Command};
use serde::Serialize;
use serde_json::{Map, Value};

/// A job as it would be typed: what differs from the defaults, and every file.
///
/// A field of a job is an option of the same name; positional ones stand without one.
///
/// # Errors
/// None that a job of this program could cause.
pub(super) fn typed<J: Request + Args + Serialize>(command: &str, job: &J) -> Result<String> {
    let usual = fields(&without_options::<J>())?;
    let all = fields(job)?;
    let options = J::augment_args(Command::new("job"));
    let positional: Vec<&str> = options
        .get_positionals()
        .map(|a| a.get_id().as_str())
        .collect();
    let mut line = format!("losscope {command}");
    for key in &positional {
        for file in list(all.get(*key)) {
            line += &format!(" {}", quoted(&file));
        }
    }
    // An option that is given once for each of its values.
    let repeated = |key: &str| {
        let arg = options.get_arguments().find(|a| a.get_id() == key);
        arg.is_some_and(|a| {
            matches!(a.get_action(), ArgAction::Append) && a.get_value_delimiter().is_none()
        })
    };
    // Of a pair both are named or neither.
    let pair = ["small", "large"];
    let named = pair.iter().any(|k| all.get(*k) != usual.get(*k));
    for (key, value) in &all {
        let always = named && pair.contains(&key.as_str());
        let skipped = positional.contains(&key.as_str());
        if skipped || !always && usual.get(key) == Some(value) {
            continue;
        }
        let flag = format!("--{}", key.replace('_', "-"));
        match value {
            Value::Null | Value::Bool(false) => {}
            Value::Bool(true) => line += &format!(" {flag}"),
            Value::Array(values) if repeated(key) => {
                let each = values
                    .iter()
                    .map(|v| quoted(&format!("{flag}={}", word(v))));
                each.for_each(|option| line += &format!(" {option}"));
            }
            value => line += &format!(" {}", quoted(&format!("{flag}={}", word(value)))),
        }
    }
    Ok(line)
}

/// A job's options by name.
fn fields<J: Request + Serialize>(job: &J) -> Result<Map<String, Value>> {
    let value = serde_json::to_value(job)
        .map_err(|e| Error::Usage(format!("the job can't be written: {e}")))?;
    let Value::Object(mut fields) = value else {
        return Ok(Map::new());
    };
    if let Some(setup) = job.setup() {
        let scaling = setup.data_normalize.to_string();
        fields.insert("data_normalize".into(), scaling.into());
    }
    Ok(fields)
}

/// One or several texts.
fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(values)) => values.iter().map(word).collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(value) => vec![word(value)],
    }
}

/// A value as its option takes it.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(word).collect::<Vec<_>>().join(","),
        // An axis, or a run that reached a loss.
        Value::Object(parts) => parts.values().map(word).collect::<Vec<_>>().join(":"),
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or_else(String::new, |v| v.to_string())
        }
        other => other.to_string(),
    }
}

/// As a shell takes it for one word.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::job::{ExperimentJob, Job, NoiseJob, ReportJob};

    #[test]
    fn a_command_says_what_differs_from_the_defaults() {
        let typed = |job: &ReportJob| Job::from(job.clone()).command_line().unwrap();
        assert_eq!(typed(&ReportJob::default()), "losscope report");
        let mut changed = ReportJob {
            files: vec!["a b.pt".into(), "it's.pt".into()],
            quick: true,
            ..ReportJob::default()
        };
        changed.setup.seed = 7;
        changed.setup.data_normalize = "given:0.5:0.25".parse().unwrap();
        assert_eq!(
            typed(&changed),
            r"losscope report 'a b.pt' 'it'\''s.pt' --data-normalize=given:0.5:0.25 --seed=7 --quick"
        );
        let text = Job::from(changed.line().unwrap()).command_line().unwrap();
        assert!(text.contains("--small=a b.pt") && text.contains("--alpha=-1:2:31"));
        let noise = NoiseJob {
            reached: vec!["64:1200".parse().unwrap(), "128:700".parse().unwrap()],
            ..NoiseJob::default()
        };
        let text = Job::from(noise).command_line().unwrap();
        assert_eq!(text, "losscope noise --reached=64:1200,128:700");
        let experiment = ExperimentJob {
            experiment: Some("distance".into()),
            set: vec!["epochs=2".into(), "run_seed=[0,1]".into()],
            ..ExperimentJob::default()
        };
        assert_eq!(
            Job::from(experiment).command_line().unwrap(),
            "losscope experiment distance --set=epochs=2 '--set=run_seed=[0,1]'"
        );
    }
}
