//! `distance`: how far checkpoints are from where they started, or from each other.

use crate::cli::{End, Talk, output, progress, runs, terminal};
use crate::engine::Flow;
use crate::engine::distance::{self, Distances};
use crate::engine::job::DistanceJob;
use crate::engine::work::drive;
use crate::export::header;
use crate::landscape::distance::Distance;
use crate::plot::number::format_value;
use serde_json::json;
use std::path::PathBuf;

/// Prints distances in total and by module.
pub fn run(job: &DistanceJob, talk: Talk) -> anyhow::Result<End> {
    if job.files.iter().any(|file| file.is_dir()) {
        return runs::run(job, talk);
    }
    let pairs = distance::start(job)?;
    let bar = progress::steps(talk.quiet);
    let found = drive(pairs, &mut |_, now| {
        progress::show(&bar, now);
        Flow::Continue
    });
    bar.finish_and_clear();
    let Distances {
        header,
        from,
        pairs: measured,
    } = found?;
    talk.warn(&header.warnings);
    if talk.json {
        let entry = |(file, d): &(PathBuf, Distance)| json!({ "file": file.to_string_lossy(), "distance": d });
        output::print_json(&json!({
            "kind": "distance",
            "recipe": header::to_value(&header)?,
            "from": from.to_string_lossy(),
            "distances": measured.iter().map(entry).collect::<Vec<_>>(),
        }))?;
        return Ok(End::Done);
    }
    let mut rows = vec![
        ["checkpoint", "distance", "relative", "cosine", "norm"]
            .map(String::from)
            .to_vec(),
    ];
    for (file, d) in &measured {
        rows.push(vec![
            file.to_string_lossy().into_owned(),
            format_value(d.total),
            format_value(d.relative),
            format_value(d.cosine),
            format_value(d.norm_a),
        ]);
    }
    output::print(&format!(
        "L2 distance from {}\n{}",
        terminal::path(&from),
        output::table(&rows)
    ))?;
    let mut head = vec!["module".to_owned(), "parameters".to_owned()];
    head.extend(
        measured
            .iter()
            .map(|(file, _)| file.to_string_lossy().into_owned()),
    );
    let mut rows = vec![head];
    for (i, layer) in measured
        .first()
        .map_or(&[][..], |(_, d)| &d.layers)
        .iter()
        .enumerate()
    {
        let mut row = vec![layer.name.clone(), output::grouped(layer.parameters)];
        let cell = |d: &Distance| {
            d.layers.get(i).map_or_else(String::new, |l| {
                format!("{} ({})", format_value(l.total), format_value(l.relative))
            })
        };
        row.extend(measured.iter().map(|(_, d)| cell(d)));
        rows.push(row);
    }
    output::print(&format!(
        "\nby module: distance (relative to the start's norm)\n{}",
        output::table(&rows)
    ))?;
    Ok(End::Done)
}
