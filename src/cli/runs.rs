//! `distance` over folders of checkpoints: how far each run gets from its start.

use crate::cli::{End, Talk, output, progress, terminal};
use crate::engine::Flow;
use crate::engine::job::DistanceJob;
use crate::engine::runs::{self, Run, Runs};
use crate::engine::work::drive;
use crate::export::header;
use crate::landscape::distance::ratios;
use crate::plot::number::format_value;
use serde_json::json;
use std::path::Path;

/// Prints the curves of one or two folders, and their ratio.
pub fn run(job: &DistanceJob, talk: Talk) -> anyhow::Result<End> {
    let walk = runs::start(job)?;
    let bar = progress::steps(talk.quiet);
    let found = drive(walk, &mut |_, now| {
        progress::show(&bar, now);
        Flow::Continue
    });
    bar.finish_and_clear();
    let Runs {
        header,
        first,
        runs,
    } = found?;
    talk.warn(&header.warnings);
    let between = match runs.as_slice() {
        [a, b] => Some([
            ratios(&a.curve.from_start, &b.curve.from_start),
            ratios(&a.curve.step, &b.curve.step),
        ]),
        _ => None,
    };
    if talk.json {
        let entry = |run: &Run| json!({ "folder": run.folder.to_string_lossy(), "names": run.names, "curve": run.curve });
        output::print_json(&json!({
            "kind": "distance",
            "recipe": header::to_value(&header)?,
            "from": job.from.as_ref().map(|from| from.to_string_lossy()),
            "runs": runs.iter().map(entry).collect::<Vec<_>>(),
            "ratio": between.as_ref().map(|[start, step]| json!({ "from_start": start, "step": step })),
        }))?;
        return Ok(End::Done);
    }
    let mut text = String::new();
    for run in &runs {
        text += &table(run, &first, job.from.is_some());
    }
    if let (Some([start, step]), [a, b]) = (&between, runs.as_slice()) {
        let mut rows = vec![
            ["checkpoint", "distance from start", "step"]
                .map(String::from)
                .to_vec(),
        ];
        for (i, (start, step)) in start.iter().zip(step).enumerate() {
            // Paired in their order, whatever they are called.
            let names = [&a.names[i], &b.names[i]];
            let name = if names[0] == names[1] {
                names[0].clone()
            } else {
                names.map(String::as_str).join(" over ")
            };
            rows.push(vec![name, shown(*start), shown(*step)]);
        }
        text += &format!(
            "{} over {}, checkpoint by checkpoint\n{}",
            terminal::path(&a.folder),
            terminal::path(&b.folder),
            output::table(&rows)
        );
    }
    output::print(&text)?;
    Ok(End::Done)
}

fn table(run: &Run, first: &Path, given: bool) -> String {
    let mut rows = vec![
        [
            "checkpoint",
            "distance from start",
            "relative",
            "step",
            "way so far",
        ]
        .map(String::from)
        .to_vec(),
    ];
    let curve = &run.curve;
    for (i, name) in run.names.iter().enumerate() {
        let values = [
            curve.from_start[i],
            curve.relative[i],
            curve.step[i],
            curve.path[i],
        ];
        let mut row = vec![name.clone()];
        row.extend(values.map(format_value));
        rows.push(row);
    }
    let start = if given {
        terminal::path(first)
    } else {
        "its first checkpoint".into()
    };
    format!(
        "{}, L2 distance from {start}\n{}\n",
        terminal::path(&run.folder),
        output::table(&rows)
    )
}

/// A ratio; a start that hasn't moved in either run has none.
fn shown(ratio: f64) -> String {
    if ratio.is_nan() {
        "·".into()
    } else {
        format_value(ratio)
    }
}
