//! The progress bar, and the user's wish to stop.

use crate::engine::Progress;
use crate::plot::number;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

static INTERRUPTS: OnceLock<&'static AtomicUsize> = OnceLock::new();

/// Counts Ctrl-C from now on. The first asks the work to stop after its current chunk; a second
/// ends the program at once.
pub fn listen_for_interrupts() -> &'static AtomicUsize {
    INTERRUPTS.get_or_init(|| {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        // Without a handler Ctrl-C ends the program, which is the best that can be done then.
        let mut first: Option<Instant> = None;
        ctrlc::set_handler(move || {
            // Some wrappers send the same signal twice at once; only a later one means it.
            let since = first.get_or_insert_with(Instant::now).elapsed();
            if COUNT.fetch_add(1, Ordering::SeqCst) > 0 && since > Duration::from_secs(1) {
                std::process::exit(130);
            }
        })
        .ok();
        &COUNT
    })
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
    if let Ok(style) = ProgressStyle::with_template("{bar:32.cyan/dim} {pos}/{len}  {msg}") {
        bar.set_style(style.progress_chars("━━─"));
    }
    bar
}

/// Shows how far the work is.
pub fn show(bar: &ProgressBar, progress: &Progress) {
    bar.set_length(progress.total as u64);
    bar.set_position(progress.done as u64);
    if let Some(rate) = number::rate(progress.points_per_second, "") {
        let left = progress.left.map_or_else(String::new, |left| {
            format!("  {} left", duration(left.as_secs()))
        });
        bar.set_message(format!("{rate}{left}"));
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
