//! `report`: everything there is to measure for two checkpoints, as one page and its files.

use crate::cli::{End, Talk, interrupt, output, progress, terminal};
use crate::engine::Flow;
use crate::engine::job::{Job, ReportJob};
use crate::engine::report::{Part, Report, run as compute};
use crate::export::partial;
use crate::export::report::{self as files, summary};
use clap::Args;
use std::path::{Path, PathBuf};

/// `losscope report`
#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    job: ReportJob,
    /// The page; figures and numbers go into a folder beside it, REPORT-files
    #[arg(short, long, value_name = "REPORT.html", default_value = "report.html")]
    output: PathBuf,
}

/// Measures and writes; what is finished when the user stops it is written beside the page.
pub fn run(args: &ReportArgs, talk: Talk) -> anyhow::Result<End> {
    args.job.pair()?;
    let job = Job::from(args.job.clone());
    let unfinished = partial::of_measure(&args.output);
    for page in [&args.output, &unfinished] {
        files::check(page, &job.inputs())?;
    }
    partial::refuse_measure(&unfinished, &files::summary_file(&unfinished), &job)?;
    let bar = progress::steps(talk.quiet);
    let mut saves = progress::Saves::new();
    let parts = Part::asked(&args.job).len();
    let mut latest = usize::MAX;
    let report = compute(&args.job, &mut |report, now| {
        let number = parts - report.coming.len();
        if number != latest && number < parts {
            latest = number;
            if number > 0 {
                saves.at(false, || {
                    files::write(&unfinished, &report.so_far()).map(drop)
                });
            }
            let text = format!("part {} of {parts}: {}", number + 1, now.progress.what);
            bar.suspend(|| talk.detail(&text));
        }
        progress::show(&bar, now);
        bar.set_prefix(format!("part {} of {parts}: ", parts.min(number + 1)));
        if interrupt::wanted() {
            Flow::Stop
        } else {
            Flow::Continue
        }
    });
    bar.finish_and_clear();
    let report = report?;
    talk.warn(&saves.failure());
    talk.warn(&report.header.warnings);
    talk.reading(&report.header.model.reading);
    // What was stopped must not replace a finished report.
    let stopped = report.gaps.iter().any(|gap| gap.stopped);
    let page = if stopped { &unfinished } else { &args.output };
    let value = files::write(page, &report).inspect_err(|_| {
        let write = |place: &Path| files::write(place, &report).map(drop);
        if let Some(place) = partial::keep(page, unfinished.clone(), write) {
            talk.say(&format!("the report is kept in {}", terminal::path(&place)));
        }
    })?;
    talk.say(&format!(
        "wrote {} and {}",
        terminal::path(page),
        terminal::path(&files::folder(page))
    ));
    if !stopped {
        files::remove(&unfinished)?;
    }
    if talk.json {
        output::print_json(&value)?;
    } else if !talk.quiet {
        let sentence = summary::sentence(&summary::rows(&report));
        output::print_summary(&format!("{sentence}\n"), true)?;
    }
    ended(&report, talk)
}

/// Stopped, failed in parts, or done.
fn ended(report: &Report, talk: Talk) -> anyhow::Result<End> {
    let failed: Vec<String> = report
        .gaps
        .iter()
        .filter(|gap| !gap.stopped)
        .map(|gap| format!("{}: {}", gap.part.describe(), gap.reason))
        .collect();
    let parts = Part::asked(&report.job).len();
    if report.gaps.iter().any(|gap| gap.stopped) {
        let done = parts - report.gaps.len();
        talk.warn(&failed);
        talk.say(&format!(
            "stopped with {done} of {parts} parts measured; the report says what is missing"
        ));
        return Ok(End::Stopped);
    }
    if !failed.is_empty() {
        anyhow::bail!(
            "{} of {parts} parts couldn't be measured; the report holds the others: {}",
            failed.len(),
            failed.join("; ")
        );
    }
    Ok(End::Done)
}
