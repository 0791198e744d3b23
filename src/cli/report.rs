//! `report`: everything there is to measure for two checkpoints, as one page and its files.

use crate::cli::{End, Talk, output, progress};
use crate::engine::Flow;
use crate::engine::job::ReportJob;
use crate::engine::report::{Part, Report, run as compute};
use crate::export::{
    self,
    report::{self as files, summary},
};
use clap::Args;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

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
    let partial = export::partial_path(&args.output);
    for page in [&args.output, &partial] {
        files::check(page, &args.job.inputs())?;
    }
    let interrupts = progress::listen_for_interrupts();
    let bar = progress::steps(talk.quiet);
    let parts = Part::asked(&args.job).len();
    let mut latest = None;
    let report = compute(&args.job, &mut |pulse| {
        if latest != Some(pulse.number) {
            latest = Some(pulse.number);
            let text = format!("part {} of {parts}: ", pulse.number + 1) + &pulse.part.describe();
            bar.suspend(|| talk.detail(&text));
            bar.set_message(text);
        }
        bar.set_length(pulse.total as u64);
        bar.set_position(pulse.done as u64);
        if interrupts.load(Ordering::SeqCst) > 0 {
            Flow::Stop
        } else {
            Flow::Continue
        }
    });
    bar.finish_and_clear();
    let report = report?;
    talk.warn(&report.warnings);
    // What was stopped must not replace a finished report.
    let stopped = report.gaps.iter().any(|gap| gap.stopped);
    let page = if stopped { &partial } else { &args.output };
    let value = files::write(page, &report)?;
    talk.say(&format!(
        "wrote {} and {}",
        page.display(),
        files::folder(page).display()
    ));
    if !stopped {
        files::remove(&partial)?;
    }
    if talk.json {
        output::print_json(&value)?;
    } else if !talk.quiet {
        output::print(&format!("{}\n", summary::sentence(&summary::rows(&report))))?;
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
