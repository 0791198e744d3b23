//! `plot` and `convert`: from a result file to figures and other formats.

use crate::cli::{End, Talk, output};
use crate::engine::result::Outcome;
use crate::error::{Error, shown};
use crate::export::figure::FigureOptions;
use crate::export::figure_args::FigureArgs;
use crate::export::{self, Format};
use clap::Args;
use std::path::PathBuf;

/// `losscope plot`
#[derive(Debug, Args)]
pub struct PlotArgs {
    /// A result: .npz of Losscope, or .h5 of Li et al.'s code
    result: PathBuf,
    /// Figure to write; the suffix decides: .png .svg .pdf; may be repeated
    #[arg(short, long, value_name = "FIGURE", required = true)]
    output: Vec<PathBuf>,
    #[command(flatten)]
    figure: FigureArgs,
}

/// `losscope convert`
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// A result: .npz of Losscope, or .h5 of Li et al.'s code
    result: PathBuf,
    /// Data file to write; the suffix decides: .csv .vtk .h5 .json .npz; may be repeated
    #[arg(short, long, value_name = "DATA", required = true)]
    output: Vec<PathBuf>,
}

/// Draws a result.
pub fn plot(args: &PlotArgs, talk: Talk) -> anyhow::Result<End> {
    for path in &args.output {
        if !Format::of(path)?.is_figure() {
            return Err(Error::Usage(format!(
                "plot draws .png, .svg and .pdf; convert writes data: {}",
                shown(path)
            ))
            .into());
        }
        export::check_writable(path)?;
    }
    let figure = args.figure.options();
    figure.check(&args.output)?;
    export::check_outputs(&args.output, std::slice::from_ref(&args.result))?;
    let outcome = export::read(&args.result)?;
    write_outputs(&args.output, &outcome, &figure, talk)?;
    Ok(End::Done)
}

/// Writes a result in other formats.
pub fn convert(args: &ConvertArgs, talk: Talk) -> anyhow::Result<End> {
    for path in &args.output {
        if Format::of(path)?.is_figure() {
            return Err(Error::Usage(format!(
                "convert writes data (.csv .vtk .h5 .json .npz); plot draws figures: {}",
                shown(path)
            ))
            .into());
        }
        export::check_writable(path)?;
    }
    export::check_outputs(&args.output, std::slice::from_ref(&args.result))?;
    let outcome = export::read(&args.result)?;
    write_outputs(&args.output, &outcome, &FigureOptions::default(), talk)?;
    Ok(End::Done)
}

/// Says that a result is only a part.
fn note_missing(outcome: &Outcome, talk: Talk) {
    if outcome.missing() > 0 {
        talk.warn(&[format!(
            "{} of {} points of this result are not computed yet",
            outcome.missing(),
            outcome.points()
        )]);
    }
}

/// Writes one result to many files.
fn write_outputs(
    outputs: &[PathBuf],
    outcome: &Outcome,
    figure: &FigureOptions,
    talk: Talk,
) -> anyhow::Result<()> {
    for path in outputs {
        export::write(path, outcome, figure)?;
        talk.wrote(path);
    }
    note_missing(outcome, talk);
    if talk.json {
        let names: Vec<_> = outputs.iter().map(|path| path.to_string_lossy()).collect();
        output::print_json(&serde_json::json!({ "wrote": names }))?;
    }
    Ok(())
}
