//! `distance`: how far checkpoints are from where they started, or from each other.

use crate::cli::{End, Talk, output, runs, terminal};
use crate::engine::distance::between;
use crate::engine::inputs::{list_checkpoint, open_network};
use crate::engine::job::{BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_SMALL};
use crate::error::Error;
use crate::landscape::distance::Distance;
use crate::plot::number::format_value;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// `losscope distance`
#[derive(Debug, Args)]
pub struct DistanceArgs {
    /// Checkpoints, or one or two folders of them [default: both minimizers of the built-in experiment]
    #[arg(value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
    /// Where distances are measured from, such as the initial weights [default: the first FILE]
    #[arg(long, value_name = "INIT")]
    from: Option<PathBuf>,
    /// The network: auto, a family's name, a model.toml, or a file with a graph (.pt2)
    #[arg(long, default_value = "auto")]
    model: String,
    /// Where in the checkpoints the weights are, such as state_dict.ema [default: found by usual names]
    #[arg(long, value_name = "NAME.NAME")]
    key: Option<String>,
}

/// Prints distances in total and by module.
pub fn run(args: &DistanceArgs, talk: Talk) -> anyhow::Result<End> {
    if args.files.iter().any(|file| file.is_dir()) {
        let key = args.key.as_deref();
        return runs::run(&args.files, args.from.as_deref(), &args.model, key, talk);
    }
    let (from, files): (PathBuf, Vec<PathBuf>) = match (&args.from, args.files.as_slice()) {
        (None, []) => (
            BUILTIN_INIT.into(),
            vec![BUILTIN_SMALL.into(), BUILTIN_LARGE.into()],
        ),
        (Some(from), files @ [_, ..]) => (from.clone(), files.to_vec()),
        (None, [first, others @ ..]) if !others.is_empty() => (first.clone(), others.to_vec()),
        _ => {
            let message =
                "a distance takes two checkpoints: name another, or --from the initial weights";
            return Err(Error::Usage(message.into()).into());
        }
    };
    let key = args.key.as_deref();
    let start = list_checkpoint(&from, key)?;
    let (network, _) = open_network(&args.model, &start, None)?;
    talk.warn(&start.warnings);
    talk.warn(&network.check(&start)?);
    let mut measured: Vec<(&Path, Distance)> = Vec::new();
    for file in &files {
        let other = list_checkpoint(file, key)?;
        talk.warn(&other.warnings);
        talk.warn(&network.check(&other)?);
        measured.push((file, between(&network, &other, &start)?));
    }
    if talk.json {
        let entries: Vec<_> = measured
            .iter()
            .map(|(file, d)| json!({ "file": file.to_string_lossy(), "from": from.to_string_lossy(), "distance": d }))
            .collect();
        output::print_json(&json!(entries))?;
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
