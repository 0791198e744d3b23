//! A loss as a person types it: `NAME[:option=value,…]`, the names and options of `model.toml`.

use super::loss::Loss;
use crate::error::{Error, Result};
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;

/// What is accepted, in words for help and messages.
pub const ACCEPTED: &str = "cross-entropy[:label-smoothing=E,weights=W:W:…,ignore=LABEL,axis=N], binary-cross-entropy[:positive-from=LABEL], mean-squared-error[:target=input], mean-absolute-error, huber[:delta=D], smooth-l1[:beta=B]";

/// Short names that people use.
const SHORT: [(&str, &str); 5] = [
    ("ce", "cross-entropy"),
    ("bce", "binary-cross-entropy"),
    ("mse", "mean-squared-error"),
    ("mae", "mean-absolute-error"),
    ("l1", "mean-absolute-error"),
];

impl FromStr for Loss {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |what: String| {
            Error::Usage(format!(
                "{text:?} names no loss: {what}; accepted are {ACCEPTED}"
            ))
        };
        let (name, options) = text.trim().split_once(':').unwrap_or((text.trim(), ""));
        let known = SHORT.iter().find(|(short, _)| *short == name);
        let name = known.map_or(name, |(_, name)| name);
        let mut table = Map::new();
        table.insert("kind".into(), name.into());
        for option in options.split(',').filter(|o| !o.trim().is_empty()) {
            let Some((key, value)) = option.split_once('=') else {
                return Err(wrong(format!("{option:?} is no option=value")));
            };
            table.insert(key.trim().replace('-', "_"), typed(value.trim()));
        }
        serde_json::from_value(Value::Object(table)).map_err(|e| wrong(e.to_string()))
    }
}

/// 1 as a whole number, 0.5 as a number, 1:2:3 as a list, anything else as a word.
fn typed(text: &str) -> Value {
    if text.contains(':') {
        return text.split(':').map(|part| typed(part.trim())).collect();
    }
    if let Ok(whole) = text.parse::<i64>() {
        return whole.into();
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => number.into(),
        _ => text.into(),
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = match serde_json::to_value(self) {
            Ok(Value::Object(table)) => table,
            _ => Map::new(),
        };
        let word = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Array(all) => {
                let all: Vec<String> = all.iter().map(ToString::to_string).collect();
                all.join(":")
            }
            other => other.to_string(),
        };
        f.write_str(&table.get("kind").map(word).unwrap_or_default())?;
        let options = table.iter().filter(|(key, _)| *key != "kind");
        for (i, (key, value)) in options.enumerate() {
            let before = if i == 0 { ':' } else { ',' };
            write!(f, "{before}{}={}", key.replace('_', "-"), word(value))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_written_as_they_are_read() {
        for text in [
            "cross-entropy",
            "cross-entropy:label-smoothing=0.1,weights=1.0:2.5,ignore=-100",
            "cross-entropy:axis=2",
            "binary-cross-entropy:positive-from=5",
            "mean-squared-error:target=input",
            "huber:delta=0.5",
            "smooth-l1:beta=2.0",
        ] {
            assert_eq!(text.parse::<Loss>().unwrap().to_string(), text);
        }
        assert_eq!(
            "mse".parse::<Loss>().unwrap().to_string(),
            "mean-squared-error"
        );
        for (text, words) in [
            ("hinge", "hinge"),
            ("huber:delta", "no option=value"),
            ("huber:gamma=1", "gamma"),
            ("cross-entropy:weights=a:b", "weights"),
            ("mse:target=output", "output"),
        ] {
            let said = text.parse::<Loss>().unwrap_err().to_string();
            assert!(said.contains(words) && said.contains("smooth-l1"), "{said}");
        }
    }
}
