//! What is asked where evidence doesn't decide: which of several networks it is, how its data were scaled.

use super::trial::Trial;
use crate::dataset::{Dataset, Normalize};
use crate::error::{Answer, Error, Question};
use crate::model::family::{Choice, Recognised};

/// Answers shown of many.
const SHOWN: usize = 12;

/// The question between readings, the likeliest first.
pub fn asked(
    readings: &[Recognised],
    open: &[usize],
    text: String,
    told: impl Fn(usize) -> String,
) -> Error {
    let tried: Vec<Recognised> = open
        .iter()
        .map(|number| readings[*number].clone())
        .collect();
    let answer = |number: &usize| {
        let found = &readings[*number];
        Answer {
            option: "model",
            value: found.key_among(readings),
            words: differing(found, &tried),
            told: told(*number),
        }
    };
    Error::Undecided(Box::new(Question {
        text,
        answers: open.iter().take(SHOWN).map(answer).collect(),
        more: open.len().saturating_sub(SHOWN),
    }))
}

/// What a reading settles that others settle otherwise, in words.
fn differing(found: &Recognised, others: &[Recognised]) -> String {
    let differs = |choice: &&Choice| {
        let value = |r: &Recognised| r.choice(choice.name).map(|c| c.value.clone());
        others
            .iter()
            .any(|other| value(other).as_ref() != Some(&choice.value))
    };
    let words = found
        .choices
        .iter()
        .filter(differs)
        .map(|choice| choice.words.as_str());
    let words: Vec<&str> = words.filter(|words| !words.is_empty()).collect();
    words.join("; ")
}

/// The question between scalings of the data; `because` says what is wrong with the present one.
pub fn rescaled(scalings: Vec<(Normalize, Trial)>, data: &Dataset, because: &str) -> Error {
    let answers = scalings.into_iter().map(|(normalize, trial)| Answer {
        option: "data-normalize",
        value: normalize.to_string(),
        words: String::new(),
        told: trial.words(),
    });
    Error::Undecided(Box::new(Question {
        text: format!(
            "with the data as they are read, {}, {because}; it was likely trained on another scaling of them",
            data.description
        ),
        answers: answers.collect(),
        more: 0,
    }))
}
