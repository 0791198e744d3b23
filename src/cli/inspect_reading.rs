//! What `inspect --data` says of the evidence: which networks were tried on the data, what was measured under each, and
//! what decided.

use super::terminal;
use crate::engine::inputs::decided;
use crate::engine::reading::{Reading, Scene};
use crate::error::{Error, Question};
use serde_json::{Value, json};

/// What became of the networks that come into question.
pub enum Evidence {
    /// One was taken.
    Decided(Reading),
    /// Nothing decides.
    Open(Box<Question>),
    /// None fits, which is said elsewhere.
    Nothing,
}

/// Tries the networks of a checkpoint on data.
pub fn evidence(scene: &Scene<'_>) -> Evidence {
    match decided(scene) {
        Ok((_, facts)) => Evidence::Decided(facts.reading),
        Err(Error::Undecided(question)) => Evidence::Open(question),
        Err(_) => Evidence::Nothing,
    }
}

/// For people.
pub fn as_text(found: &Evidence) -> String {
    let mut text = String::new();
    let mut row = |name: &str, words: &str| {
        if !words.is_empty() {
            text += &format!("  {name:<9}{}\n", terminal::line(words));
        }
    };
    match found {
        Evidence::Decided(reading) => {
            for (key, told) in &reading.tried {
                row("tried", &format!("--model {key}: {told}"));
            }
            row("measured", &reading.told);
            row("decided", &reading.how());
        }
        Evidence::Open(question) => {
            row("open", &question.text);
            for answer in &question.answers {
                let words = [answer.told.as_str(), &answer.words];
                let words: Vec<&str> = words.into_iter().filter(|w| !w.is_empty()).collect();
                row("tried", &format!("{}: {}", answer.flag(), words.join("; ")));
            }
            if question.more > 0 {
                row("", &format!("and {} more", question.more));
            }
        }
        Evidence::Nothing => {}
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// For machines.
pub fn as_json(found: &Evidence) -> Value {
    match found {
        Evidence::Decided(reading) => {
            let row = |(key, told): &(String, String)| json!({ "model": key, "measured": told });
            json!({
                "decided": reading.key,
                "by": reading.confirmed,
                "measured": reading.told,
                "tried": reading.tried.iter().map(row).collect::<Vec<_>>(),
            })
        }
        Evidence::Open(question) => {
            let rows = question.answers.iter().map(|answer| {
                json!({ answer.option: answer.value, "measured": answer.told, "words": answer.words })
            });
            json!({
                "decided": Value::Null,
                "open": question.text,
                "tried": rows.collect::<Vec<_>>(),
                "more": question.more,
            })
        }
        Evidence::Nothing => Value::Null,
    }
}
