//! What a run is said in: the columns of the table, sorted and filtered.

use crate::app::times::duration;
use crate::engine::queue::RunNews;
use crate::plot::number::{self, format_value};
use std::cmp::Ordering;
use std::sync::Arc;

/// A column.
pub struct Column {
    /// Its head.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// Its share of the width.
    pub share: f32,
    /// What a cell says.
    pub words: fn(&RunNews) -> String,
    /// What it is sorted by: missing values last.
    pub value: fn(&RunNews) -> Option<f64>,
}

/// The columns after the name.
pub const COLUMNS: [Column; 9] = [
    Column {
        name: "State",
        help: "What the run is doing",
        share: 0.13,
        words: state,
        value: |run| Some(rank(run)),
    },
    Column {
        name: "Batch",
        help: "Samples in a batch",
        share: 0.08,
        words: |run| batch(run).map_or_else(dash, |b| number::grouped(b as usize)),
        value: batch,
    },
    Column {
        name: "Rate",
        help: "Learning rate of the recipe",
        share: 0.09,
        words: |run| told(rate(run)),
        value: rate,
    },
    Column {
        name: "Epoch",
        help: "Epochs passed",
        share: 0.09,
        words: |run| number::fixed(run.epoch, usize::from(run.phase.is_busy())),
        value: |run| Some(run.epoch),
    },
    Column {
        name: "Train",
        help: "Training loss of the last record: mean over the batches as they were trained on, unless the recipe says otherwise",
        share: 0.1,
        words: |run| told(run.latest("train_loss")),
        value: |run| run.latest("train_loss"),
    },
    Column {
        name: "Validation",
        help: "Validation loss of the last record",
        share: 0.12,
        words: |run| told(run.latest("validation_loss")),
        value: |run| run.latest("validation_loss"),
    },
    Column {
        name: "Score",
        help: "Validation accuracy of the last record, or R²",
        share: 0.09,
        words: |run| told(run.latest("validation_accuracy")),
        value: |run| run.latest("validation_accuracy"),
    },
    Column {
        name: "Distance",
        help: "L2 distance from the initial weights, over trained tensors",
        share: 0.11,
        words: |run| told(run.latest("distance")),
        value: |run| run.latest("distance"),
    },
    Column {
        name: "Left",
        help: "Time until it ends, at the present speed",
        share: 0.1,
        words: |run| {
            run.left
                .filter(|_| run.phase.is_busy())
                .map_or_else(dash, duration)
        },
        value: |run| run.left.map(|left| left.as_secs_f64()),
    },
];

fn dash() -> String {
    "–".to_owned()
}

fn told(value: Option<f64>) -> String {
    value.map_or_else(dash, format_value)
}

fn batch(run: &RunNews) -> Option<f64> {
    let of_recipe = run.job.as_ref().and_then(|job| job.batch_size.0.first());
    of_recipe.map(|b| *b as f64).or(run.latest("batch_size"))
}

fn rate(run: &RunNews) -> Option<f64> {
    let of_recipe = run.job.as_ref().and_then(|job| job.learning_rate.0.first());
    of_recipe.copied().or(run.latest("learning_rate"))
}

fn state(run: &RunNews) -> String {
    let [done, all] = run.steps;
    if run.phase == crate::engine::queue::Phase::Training && all > 0 {
        return number::percent_to(done as f64 / all as f64, 0);
    }
    run.phase.words().to_owned()
}

/// What goes on comes first.
fn rank(run: &RunNews) -> f64 {
    use crate::engine::queue::Phase;
    match run.phase {
        Phase::Training => 0.0,
        Phase::Opening => 1.0,
        Phase::Waiting => 2.0,
        Phase::Paused => 3.0,
        Phase::Failed => 4.0,
        Phase::Ended(_) => 5.0,
        Phase::Foreign => 6.0,
    }
}

/// The runs whose cells or name hold every word of `filter`, sorted by a column; `None`: as they were begun.
pub fn chosen(
    runs: &[Arc<RunNews>],
    filter: &str,
    sorted: Option<(usize, bool)>,
) -> Vec<Arc<RunNews>> {
    let says = |run: &RunNews, word: &str| {
        let name = run.name.to_lowercase();
        let phase = run.phase.words();
        name.contains(word) || phase.contains(word)
    };
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let kept = runs
        .iter()
        .filter(|run| words.iter().all(|word| says(run, word)));
    let mut kept: Vec<Arc<RunNews>> = kept.cloned().collect();
    if let Some((column, falling)) = sorted {
        let value = COLUMNS.get(column).map(|column| column.value);
        kept.sort_by(|a, b| {
            let Some(value) = value else {
                return Ordering::Equal;
            };
            match (value(a), value(b)) {
                (Some(a), Some(b)) if falling => b.total_cmp(&a),
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            }
        });
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::job::{Several, TrainingJob};
    use crate::engine::queue::Phase;

    fn run(id: u64, folder: &str, batch: usize, phase: Phase) -> Arc<RunNews> {
        let job = TrainingJob {
            batch_size: Several::one(batch),
            ..TrainingJob::default()
        };
        Arc::new(RunNews::new(id, folder.into(), Some(job), phase))
    }

    #[test]
    fn runs_are_sorted_by_a_column_and_found_by_words() {
        let runs = [
            run(1, "a/batch16", 16, Phase::Paused),
            run(2, "a/batch512", 512, Phase::Training),
            run(3, "b/other", 64, Phase::Paused),
        ];
        let ids = |filter, sorted| -> Vec<u64> {
            chosen(&runs, filter, sorted)
                .iter()
                .map(|run| run.id)
                .collect()
        };
        assert_eq!(ids("", None), [1, 2, 3]);
        assert_eq!(ids("batch", None), [1, 2]);
        assert_eq!(ids("batch PAUSED", None), [1]);
        assert_eq!(ids("", Some((1, false))), [1, 3, 2]);
        assert_eq!(ids("", Some((1, true))), [2, 3, 1]);
        assert_eq!(ids("", Some((0, false)))[0], 2, "what goes on comes first");
        assert_eq!(
            ids("", Some((5, true))).len(),
            3,
            "no value is no reason to leave one out"
        );
    }
}
