//! The progress bar. What can't be drawn is left out: the library drops refusals of the terminal.

use crate::engine::Now;
use crate::error::Result;
use crate::plot::number;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// Work in progress is saved this often, so that a crash loses no more.
const SAVE_EVERY: Duration = Duration::from_mins(1);

/// When work in progress is saved, and how that went.
pub struct Saves {
    last: Instant,
    failure: Option<String>,
    happened: bool,
}

impl Saves {
    /// The first save is due after a minute.
    pub fn new() -> Self {
        Self {
            last: Instant::now(),
            failure: None,
            happened: false,
        }
    }

    /// Saves where it is time, or where this is the `last` chance; whether something is saved now.
    pub fn at(&mut self, last: bool, save: impl FnOnce() -> Result<()>) -> bool {
        if !last && self.last.elapsed() < SAVE_EVERY {
            return false;
        }
        self.failure = save().err().map(|error| error.to_string());
        self.last = Instant::now();
        self.happened |= self.failure.is_none();
        self.failure.is_none()
    }

    /// Whether anything was saved.
    pub fn happened(&self) -> bool {
        self.happened
    }

    /// What a person should know of it afterwards.
    pub fn failure(&self) -> Vec<String> {
        let words = |error: &String| format!("work in progress couldn't be saved: {error}");
        self.failure.iter().map(words).collect()
    }
}

/// A bar with points a second and time left, on standard error, where that is a terminal.
pub fn bar(hidden: bool) -> ProgressBar {
    bar_of("points", hidden)
}

/// The same for other units of work than points.
pub fn bar_of(unit: &str, hidden: bool) -> ProgressBar {
    if hidden {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template(&format!(
        "{{bar:32.cyan/dim}} {{pos}}/{{len}} {unit}  {{msg}}"
    )) {
        bar.set_style(style.progress_chars("━━─"));
    }
    bar
}

/// A bar for the steps of a measure, which its message names.
pub fn steps(hidden: bool) -> ProgressBar {
    let bar = bar(hidden);
    if let Ok(style) = ProgressStyle::with_template("{bar:32.cyan/dim} {pos}/{len}  {prefix}{msg}")
    {
        bar.set_style(style.progress_chars("━━─"));
    }
    bar
}

/// Shows how far the work is: what is done now, how fast, and how long it still takes.
pub fn show(bar: &ProgressBar, now: &Now) {
    bar.set_length(now.progress.total as u64);
    bar.set_position(now.progress.done as u64);
    let what = now.progress.what.to_string();
    let rate = number::rate(now.per_second, "");
    let left = now.left.filter(|_| rate.is_some());
    let left = left.map(|left| format!("{} left", duration(left.as_secs())));
    let words = [Some(what), rate, left].into_iter().flatten();
    let words: Vec<String> = words.filter(|words| !words.is_empty()).collect();
    if !words.is_empty() {
        bar.set_message(words.join("  "));
    }
}

/// Seconds as a person would say them.
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn work_in_progress_is_saved_from_the_first_minute_on() {
        let mut saves = Saves::new();
        assert!(!saves.at(false, || Ok(())));
        saves.last = Instant::now().checked_sub(SAVE_EVERY).unwrap();
        assert!(saves.at(false, || Ok(())) && saves.happened());
        assert!(!saves.at(false, || Ok(())), "not again at once");
        assert!(!saves.at(true, || Err(Error::Usage("full".into()))));
        assert!(saves.failure()[0].contains("full"));
    }
}
