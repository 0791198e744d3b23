//! `distance` over folders of checkpoints: how far each run gets from its start.

use crate::checkpoint::Source;
use crate::cli::{End, Talk, output, terminal};
use crate::engine::distance::Series;
use crate::engine::header::{DataFacts, FileFacts, Header};
use crate::engine::inputs::{list_checkpoint, open_network};
use crate::engine::job::DistanceJob;

use crate::error::Error;
use crate::export::header;
use crate::landscape::distance::{DistanceCurve, ratios};
use crate::plot::number::format_value;
use serde_json::json;
use std::collections::HashSet;
use std::path::Path;

/// One folder's curve.
struct Run<'a> {
    folder: &'a Path,
    names: Vec<String>,
    curve: DistanceCurve,
}

/// Prints the curves of one or two folders, and their ratio.
pub fn run(job: &DistanceJob, talk: Talk) -> anyhow::Result<End> {
    let folders = &job.files;
    let (from, key) = (job.from.as_deref(), job.key.as_deref());
    if folders.len() > 2 || folders.iter().any(|f| !f.is_dir()) {
        return Err(Error::Usage(
            "distances along runs take one or two folders of checkpoints; files are compared without folders".into(),
        )
        .into());
    }
    let first = match from {
        Some(from) => from.to_path_buf(),
        None => crate::checkpoint::series(&folders[0])?
            .into_iter()
            .next()
            .ok_or_else(|| Error::file(&folders[0], "no checkpoints in the folder"))?,
    };
    let given = list_checkpoint(&first, key)?;
    let (network, model) = open_network(&job.model, &given, None)?;
    let facts = |role: &str, source: &Source| FileFacts {
        role: role.to_owned(),
        path: source.path.clone(),
        sha256: source.sha256.clone(),
    };
    let mut checkpoints = vec![facts("start", &given.source)];
    let mut warnings = [given.warnings.clone(), network.check(&given)?].concat();
    let mut runs = Vec::with_capacity(2);
    for folder in folders {
        let files = crate::checkpoint::series(folder)?;
        // Without --from every run has a start of its own.
        let own = match (from, files.first()) {
            (None, Some(file)) => Some(list_checkpoint(file, key)?),
            _ => None,
        };
        let mut series = Series::new(&network, own.as_ref().unwrap_or(&given))?;
        let mut names = Vec::with_capacity(files.len());
        for file in &files {
            let stem = file.file_stem().unwrap_or_default();
            let name = stem.to_string_lossy().into_owned();
            let next = list_checkpoint(file, key)?;
            warnings.extend(next.warnings.iter().cloned());
            warnings.extend(network.check(&next)?);
            checkpoints.push(facts(&name, &next.source));
            series.add(next)?;
            names.push(name);
        }
        warnings.append(&mut series.warnings);
        runs.push(Run {
            folder,
            curve: series.curve(),
            names,
        });
    }
    let mut told = HashSet::new();
    warnings.retain(|warning| told.insert(warning.clone()));
    talk.warn(&warnings);
    let between = match runs.as_slice() {
        [a, b] => Some([
            ratios(&a.curve.from_start, &b.curve.from_start),
            ratios(&a.curve.step, &b.curve.step),
        ]),
        _ => None,
    };
    if talk.json {
        let entry = |run: &Run<'_>| json!({ "folder": run.folder.to_string_lossy(), "names": run.names, "curve": run.curve });
        let header = Header {
            checkpoints,
            complete: true,
            warnings,
            ..Header::new(job.clone().into(), model, DataFacts::default())
        };
        output::print_json(&json!({
            "kind": "distance",
            "recipe": header::to_value(&header)?,
            "runs": runs.iter().map(entry).collect::<Vec<_>>(),
            "ratio": between.as_ref().map(|[start, step]| json!({ "from_start": start, "step": step })),
        }))?;
        return Ok(End::Done);
    }
    let mut text = String::new();
    for run in &runs {
        text += &table(run, &first, from.is_some());
    }
    if let (Some([start, step]), [a, b]) = (&between, runs.as_slice()) {
        let mut rows = vec![
            ["checkpoint", "distance from start", "step"]
                .map(String::from)
                .to_vec(),
        ];
        for (i, (start, step)) in start.iter().zip(step).enumerate() {
            rows.push(vec![(i + 1).to_string(), shown(*start), shown(*step)]);
        }
        text += &format!(
            "{} over {}, checkpoint by checkpoint\n{}",
            terminal::path(a.folder),
            terminal::path(b.folder),
            output::table(&rows)
        );
    }
    output::print(&text)?;
    Ok(End::Done)
}

fn table(run: &Run<'_>, first: &Path, given: bool) -> String {
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
        terminal::path(run.folder),
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
