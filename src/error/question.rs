//! A question that only a person can answer: several things fit, and nothing tells which is meant.

use std::fmt;

/// What is asked, and what can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What was found, and why that doesn't settle it.
    pub text: String,
    /// What can be answered, the likeliest first.
    pub answers: Vec<Answer>,
    /// How many more there are.
    pub more: usize,
}

/// An answer, and what the data says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The option that gives it: `model`, `data-normalize`.
    pub option: &'static str,
    /// What the option is to be: `lenet:pool=average`.
    pub value: String,
    /// The same in words.
    pub words: String,
    /// What was measured with it: "loss 0.042, accuracy 98.4 %".
    pub told: String,
}

impl Question {
    /// Whether the data are in question, not the network.
    pub fn is_about_data(&self) -> bool {
        let mut answers = self.answers.iter();
        answers.all(|answer| answer.option.starts_with("data"))
    }
}

impl Answer {
    /// As it is typed: `--model lenet:pool=average`.
    pub fn flag(&self) -> String {
        format!("--{} {}", self.option, self.value)
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; choose one with", self.text)?;
        for answer in &self.answers {
            write!(f, "\n  {}", answer.flag())?;
            for words in [&answer.told, &answer.words] {
                if !words.is_empty() {
                    write!(f, "   {words}")?;
                }
            }
        }
        if self.more > 0 {
            write!(f, "\n  … and {} more", self.more)?;
        }
        Ok(())
    }
}
