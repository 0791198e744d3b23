//! The line job: metrics between two minimizers.

use crate::engine::inputs::{Inputs, open_checkpoint};
use crate::engine::job::{Job, LineJob};
use crate::engine::recipe::{AxisFacts, Mark};
use crate::engine::result::{Numbers, Outcome};
use crate::engine::{Observer, drive, plane, same_files, same_job};
use crate::error::{Error, Result};
use crate::landscape::line::{Line, barrier};
use crate::landscape::sample::sample;
use crate::landscape::slice::Slice;
use crate::landscape::table::Table;

/// Computes the line, or the rest of it.
pub fn run(job: &LineJob, previous: Option<Outcome>, observer: Observer<'_>) -> Result<Outcome> {
    let whole = Job::Line(job.clone());
    if let Some(previous) = &previous {
        same_job(previous, &whole)?;
    }
    let small = open_checkpoint(&job.small)?;
    let large = open_checkpoint(&job.large)?;
    let mut inputs = Inputs::open(&job.setup, &small)?;
    let small = inputs.params(&small, "small batch")?;
    let large = inputs.params(&large, "large batch")?;
    let slice = Slice::line(small, &large, job.buffers)?;
    if slice.geometry().norms == [0.0] {
        return Err(Error::Slice(
            "both checkpoints hold the same weights: there is no line between them".into(),
        ));
    }
    let (evaluator, device, splits) = inputs.evaluator(&job.setup)?;
    let mut line = Line {
        alpha: job.alpha.values(),
        table: Table::default(),
    };
    let coordinates = line.coordinates();
    line.table = Table::new(
        coordinates.len(),
        inputs.train.is_some(),
        inputs.validation.is_some(),
    );
    let clamped = slice.clamped_variances(&coordinates);
    if clamped > 0 {
        inputs.warnings.push(plane::clamped_warning(clamped));
    }
    let axis = AxisFacts {
        label: "α".into(),
        rule: "small batch at 0, large batch at 1".into(),
    };
    let mark = |(label, alpha): (&str, f64)| Mark {
        label: label.into(),
        coordinate: vec![alpha],
        outside: 0.0,
    };
    let mut recipe = inputs.recipe(whole, vec![axis], slice.geometry());
    recipe.device = device.name;
    recipe.statistics = plane::statistics_words(&inputs, job.buffers);
    recipe.clamped_variances = clamped;
    recipe.marks = [("small batch", 0.0), ("large batch", 1.0)]
        .map(mark)
        .to_vec();
    if let Some(previous) = previous {
        same_files(&previous, &recipe)?;
        recipe.elapsed_seconds = previous.recipe.elapsed_seconds;
        if let Numbers::Line(earlier) = previous.numbers
            && earlier.alpha == line.alpha
        {
            line = earlier;
        }
    }
    let order: Vec<usize> = (0..coordinates.len())
        .filter(|&i| !line.table.computed[i])
        .collect();
    let mut outcome = Outcome {
        recipe,
        numbers: Numbers::Line(line),
    };
    let loaded = evaluator.load(slice, inputs.statistics.as_ref())?;
    let sampler = sample(
        &evaluator,
        &loaded,
        splits.iter().collect(),
        &coordinates,
        order,
    );
    let store = |outcome: &mut Outcome, cells: Vec<_>| {
        if let Numbers::Line(line) = &mut outcome.numbers {
            plane::store(&mut line.table, &mut outcome.recipe.non_finite, cells);
        }
    };
    drive(sampler, &mut outcome, store, observer)?;
    if let Numbers::Line(line) = &outcome.numbers {
        let columns = [
            ("training", &line.table.train),
            ("validation", &line.table.validation),
        ];
        outcome.recipe.barriers = columns
            .into_iter()
            .filter_map(|(name, column)| {
                Some((
                    name.to_owned(),
                    barrier(&line.alpha, &column.as_ref()?.loss)?,
                ))
            })
            .collect();
    }
    Ok(outcome)
}
