//! `losscope experiment`: an experiment of the literature, trained, measured and written as a folder.
//!
//! Whatever stops it, its runs are kept; `--resume` goes on from there.

use crate::cli::talk::{End, Talk};
use crate::cli::{interrupt, output, progress, terminal};
use crate::engine::Flow;
use crate::engine::experiment::{ALL, Experiment, run as compute};
use crate::engine::job::ExperimentJob;
use crate::export::experiment as files;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// `losscope experiment`
#[derive(Debug, Args)]
pub struct ExperimentArgs {
    #[command(flatten)]
    job: ExperimentJob,
    /// Folder of its runs, numbers, figures and page [default: experiment-NAME]
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Go on where the same experiment was stopped
    #[arg(long)]
    resume: bool,
}

/// Does the experiment, or lists those there are.
pub fn run(args: &ExperimentArgs, talk: Talk) -> anyhow::Result<End> {
    let Some(name) = &args.job.experiment else {
        return list(talk);
    };
    crate::engine::experiment::find(name)?;
    let usual = || PathBuf::from(format!("experiment-{name}"));
    let folder = args.output.clone().unwrap_or_else(usual);
    let bar = progress::steps(talk.quiet);
    let mut latest = String::new();
    let done = compute(&args.job, &folder, args.resume, &mut |words, now| {
        progress::show(&bar, now);
        bar.set_prefix(format!("{words}  "));
        let stage = words.split(':').next().unwrap_or_default();
        if latest != stage {
            stage.clone_into(&mut latest);
            bar.suspend(|| talk.detail(stage));
        }
        if interrupt::wanted() {
            Flow::Stop
        } else {
            Flow::Continue
        }
    });
    bar.finish_and_clear();
    let done = done.inspect_err(|_| {
        if folder.join("runs").is_dir() {
            let place = terminal::path(&folder);
            talk.say(&format!(
                "what was trained until then is kept in {place}; --resume goes on with it"
            ));
        }
    })?;
    let Some(experiment) = done else {
        talk.say("stopped; the same command with --resume goes on");
        return Ok(End::Stopped);
    };
    let value = files::write(&folder, &experiment)?;
    talk.warn(&experiment.header.warnings);
    if talk.json {
        output::print_json(&value)?;
    } else if !talk.quiet {
        output::print_summary(&summary(&experiment), true)?;
    }
    talk.wrote(&folder.join(files::PAGE));
    Ok(End::Done)
}

/// Each claim, its verdict and what was found.
fn summary(experiment: &Experiment) -> String {
    let mut text = format!("{}\n", experiment.entry.title);
    for finding in &experiment.found.findings {
        text += &format!(
            "\n{}\n  {}: {}\n",
            finding.source,
            finding.judged.words(),
            finding.here
        );
    }
    text
}

/// The experiments there are.
fn list(talk: Talk) -> anyhow::Result<End> {
    if talk.json {
        let each: Vec<Value> = ALL
            .iter()
            .map(
                |e| json!({ "name": e.name, "title": e.title, "asks": e.asks, "source": e.source, "takes": e.takes }),
            )
            .collect();
        output::print_json(&each.into())?;
        return Ok(End::Done);
    }
    let mut text = String::new();
    for entry in ALL {
        text += &format!(
            "{}: {}\n    {}\n    {} on two cores with the built-in digits\n",
            entry.name, entry.asks, entry.source, entry.takes
        );
    }
    output::print(&text)?;
    Ok(End::Done)
}
