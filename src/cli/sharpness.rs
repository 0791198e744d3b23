//! `sharpness`: how far the loss rises around minimizers, by Keskar et al.'s box and other measures.

use crate::cli::{End, Talk, interrupt, measure, output, progress, terminal};
use crate::engine::Flow;
use crate::engine::job::{Job, SharpnessJob};
use crate::engine::sharpness::{self, CheckpointSharpness, SharpnessReport};
use crate::export::{self, partial, sharpness as files};
use crate::landscape::definitions::long_help;
use crate::landscape::evaluate::Precision;
use crate::landscape::measures::definitions_of;
use crate::landscape::measures::entry::Group;
use crate::landscape::sharpness::region::epsilon_text;
use crate::landscape::sharpness::search::{Method, Sharpness, Unfinished};
use crate::landscape::sharpness::{CAUTION, PUBLISHED, PUBLISHED_EPSILON};
use crate::plot::number::{format_value, percent_to, power};
use crate::store::files::beside;
use clap::Args;
use std::path::{Path, PathBuf};

/// `losscope sharpness`
#[derive(Debug, Args)]
#[command(after_long_help = help())]
pub struct SharpnessArgs {
    #[command(flatten)]
    job: SharpnessJob,
    /// Output file, .json or .npz; may be repeated
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// Write the weights with the largest loss found, .safetensors; where there are several, one file each
    #[arg(long, value_name = "FILE")]
    save_worst: Option<PathBuf>,
}

/// What is measured, for `--help`.
fn help() -> String {
    long_help(&definitions_of(Group::Sharpness), CAUTION)
}

/// Measures, prints and writes.
pub fn run(args: &SharpnessArgs, talk: Talk) -> anyhow::Result<End> {
    check(args)?;
    let bar = progress::bar_of("evaluations", talk.quiet);
    let mut saves = progress::Saves::new();
    let mut kept: Option<SharpnessReport> = None;
    let result = sharpness::run(&args.job, args.save_worst.is_some(), &mut |report, now| {
        progress::show(&bar, now);
        if now.failed {
            kept = Some(report.clone());
        } else if has_results(report) && !args.output.is_empty() {
            let write = |path: PathBuf| files::write(&path, report);
            saves.at(false, || args.partials().try_for_each(write));
        }
        if interrupt::wanted() {
            Flow::Stop
        } else {
            Flow::Continue
        }
    });
    bar.finish_and_clear();
    let report = match result {
        Ok(report) => report,
        Err(error) => {
            // What was measured before the failure is worth keeping.
            if let Some(report) = kept.filter(has_results) {
                keep_partial(args, &report, talk).ok();
            }
            return Err(error.into());
        }
    };
    talk.warn(&saves.failure());
    talk.warn(&report.header.warnings);
    if !report.header.complete {
        keep_partial(args, &report, talk)?;
        if talk.json {
            output::print_json(&files::to_value(&report)?)?;
        } else if !talk.quiet && has_results(&report) {
            output::print(&summary(&report))?;
        }
        return Ok(End::Stopped);
    }
    describe(&report, talk);
    talk.reading(&report.header.model.reading);
    // The numbers first: the points can be found again from them.
    measure::write_all(&args.output, talk, |path| {
        files::write(path, &report).map(|()| true)
    })?;
    save_worst(args, &report, talk)?;
    partial::remove(args.partials())?;
    if talk.json {
        output::print_json(&files::to_value(&report)?)?;
    } else if !talk.quiet {
        output::print_summary(&summary(&report), !args.output.is_empty())?;
    }
    Ok(End::Done)
}

impl SharpnessArgs {
    /// Where work in progress is kept.
    fn partials(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.output.iter().map(|path| partial::of_measure(path))
    }
}

/// Refuses what can't be written, or would replace something, before the work starts.
fn check(args: &SharpnessArgs) -> crate::error::Result<()> {
    let mut outputs = args.output.clone();
    for path in &args.output {
        files::check_writable(path)?;
        outputs.push(partial::of_measure(path));
    }
    if let Some(path) = &args.save_worst {
        files::check_point(path)?;
        for path in worst_paths(path, &args.job).into_iter().flatten() {
            export::check_place(&path)?;
            outputs.push(path);
        }
    }
    let job = Job::from(args.job.clone());
    export::check_outputs(&outputs, &job.inputs())?;
    for path in args.partials() {
        partial::refuse_measure(&path, &path, &job)?;
    }
    Ok(())
}

/// Where the worst points go: of each checkpoint one a box.
fn worst_paths(path: &Path, job: &SharpnessJob) -> Vec<Vec<PathBuf>> {
    let checkpoints = job.checkpoints().len();
    if checkpoints * job.epsilon.len() == 1 {
        return vec![vec![path.to_owned()]];
    }
    let stem = path.file_stem().unwrap_or_default();
    let suffix = path.extension().unwrap_or_default().to_string_lossy();
    let name = |index: usize, epsilon: &f64| {
        let size = epsilon_text(*epsilon);
        beside(path, stem, &format!("-{index}-{size}.{suffix}"))
    };
    let row = |index| job.epsilon.iter().map(|e| name(index, e)).collect();
    (1..=checkpoints).map(row).collect()
}

fn has_results(report: &SharpnessReport) -> bool {
    report.results.iter().any(|r| !r.boxes.is_empty())
}

/// Writes what there is beside the outputs: it isn't what was asked for. Worst points are what they
/// will be.
fn keep_partial(args: &SharpnessArgs, report: &SharpnessReport, talk: Talk) -> anyhow::Result<()> {
    if !has_results(report) {
        talk.say("stopped before the first point of a box was tried: nothing is kept");
        return Ok(());
    }
    let boxes = || report.results.iter().flat_map(|r| &r.boxes);
    let done = boxes().filter(|found| found.unfinished.is_none()).count();
    let all = report.job.checkpoints().len() * report.job.epsilon.len();
    let within = boxes().find_map(|found| found.unfinished);
    let within = within.map_or_else(String::new, |at| format!(" and one begun, {}", after(at)));
    talk.say(&format!(
        "stopped with {done} of {all} boxes measured{within}"
    ));
    let places: Vec<PathBuf> = args.partials().collect();
    measure::write_all(&places, talk, |path| {
        files::write(path, report).map(|()| true)
    })?;
    save_worst(args, report, talk)
}

/// How far unfinished work came.
fn after(at: Unfinished) -> String {
    format!(
        "after {} of about {}",
        output::grouped(at.evaluations),
        output::counted(at.expected, "evaluation")
    )
}

/// Writes the worst points of the boxes; of one that was stopped within, the worst until then.
fn save_worst(args: &SharpnessArgs, report: &SharpnessReport, talk: Talk) -> anyhow::Result<()> {
    let Some(path) = &args.save_worst else {
        return Ok(());
    };
    let single = report.job.setup.precision == Precision::F32;
    for (result, paths) in report.results.iter().zip(worst_paths(path, &args.job)) {
        for (point, path) in result.worst.iter().zip(paths) {
            files::write_point(&path, point, single)?;
            talk.wrote(&path);
        }
    }
    Ok(())
}

fn describe(report: &SharpnessReport, talk: Talk) {
    talk.detail(&format!(
        "model: {} ({})",
        report.header.model.name, report.header.model.source
    ));
    talk.detail(&format!("data: {}", report.header.data.description));
    talk.detail(&format!("device: {}", report.header.device));
}

/// The report as tables.
fn summary(report: &SharpnessReport) -> String {
    let job = &report.job;
    let gradients: usize = report.results.iter().map(|r| r.gradients).sum();
    let mut text = format!(
        "{}, {}, {}: {}, {}; {} in {:.1} s\n",
        terminal::line(&report.header.model.name),
        output::counted(report.header.model.parameters, "parameter"),
        terminal::line(&report.header.data.name),
        output::counted(
            report.header.samples,
            &format!("{} sample", report.header.split)
        ),
        report.header.device,
        output::counted(gradients, "gradient"),
        report.header.elapsed_seconds,
    );
    if let Some(remark) = job.statistics.remark() {
        text += &format!("{remark}\n");
    }
    text += &match (&job.basis, job.subspace) {
        (Some(path), _) => format!("within the subspace of {}\n", terminal::path(path)),
        (None, Some(p)) => {
            let directions = output::counted(p, "random direction");
            format!("within {directions}, seed {}\n", job.setup.seed)
        }
        (None, None) => "in full space: |z| ≤ ε (|θ| + 1) for every weight\n".to_owned(),
    };
    text += "\nφ: rise of the loss in percent of 1 + loss (Keskar et al. 2017, metric 2.1)\n";
    text += &output::table(&boxes(report));
    for result in &report.results {
        for found in &result.boxes {
            let size = power(found.epsilon);
            if let Some(at) = found.unfinished {
                let (phi, after) = (output::value(found.phi), after(at));
                text += &format!("{}, ε = {size}: φ at least {phi}, {after}\n", name(result));
            }
            if let Some(reason) = &found.reason {
                text += &format!("{}, ε = {size}: {reason}\n", name(result));
            }
        }
    }
    text += &ratios(report);
    if job.epsilon.contains(&PUBLISHED_EPSILON) && job.basis.is_none() && job.subspace.is_none() {
        let values: Vec<String> = PUBLISHED
            .iter()
            .map(|(name, small, large)| format!("{name} {small}/{large}"))
            .collect();
        text += &format!(
            "published for ε = 10⁻³, small/large batch: {}\n",
            values.join(", ")
        );
    }
    if !job.measures.0.is_empty() {
        let rise = report
            .header
            .model
            .criterion
            .score()
            .of_loss("rise of the loss,");
        text += &format!("\nother sharpnesses: {}\n", rise.trim_end_matches(','));
        text += &output::table(&others(report));
        for result in &report.results {
            for (measure, at) in result
                .measures
                .iter()
                .filter_map(|m| Some((m.measure, m.unfinished?)))
            {
                let (of, after) = (measure.describe(), after(at));
                text += &format!("{}, {of}: not finished, {after}\n", name(result));
            }
        }
    }
    format!("{text}\n{CAUTION}\nEvery value is a lower bound.\n")
}

fn name(result: &CheckpointSharpness) -> String {
    terminal::path(&result.checkpoint)
}

fn boxes(report: &SharpnessReport) -> Vec<Vec<String>> {
    let mut head = vec!["checkpoint", "loss", "ε", "φ"];
    head.extend(report.job.method.iter().map(|m| m.describe()));
    head.extend(["random points", "at bounds", "gradients"]);
    let mut rows = vec![head.into_iter().map(String::from).collect::<Vec<_>>()];
    for index in 0..report.job.epsilon.len() {
        for result in &report.results {
            let Some(found) = result.boxes.get(index) else {
                continue;
            };
            let mut row = vec![
                name(result),
                format_value(found.loss),
                power(found.epsilon),
                match found.unfinished {
                    Some(_) => format!("≥ {}", output::value(found.phi)),
                    None => output::value(found.phi),
                },
            ];
            let of = |method: &Method| method_value(found, *method);
            row.extend(report.job.method.iter().map(of));
            row.extend([
                found
                    .random_floor
                    .map_or_else(|| "–".to_owned(), format_value),
                percent_to(found.active_bounds, 0),
                found.gradients.to_string(),
            ]);
            rows.push(row);
        }
    }
    rows
}

fn method_value(found: &Sharpness, method: Method) -> String {
    let result = found.methods.iter().find(|m| m.method == method);
    result.map_or_else(|| "–".to_owned(), |m| output::value(m.phi))
}

/// For two checkpoints, how many times sharper the second is.
fn ratios(report: &SharpnessReport) -> String {
    let [first, second] = report.results.as_slice() else {
        return String::new();
    };
    first
        .boxes
        .iter()
        .zip(&second.boxes)
        .filter(|(a, b)| a.unfinished.or(b.unfinished).is_none())
        .filter(|(a, b)| a.phi > 0.0 && b.phi > 0.0)
        .map(|(a, b)| {
            format!(
                "at ε = {} the second is {} times as sharp as the first\n",
                power(a.epsilon),
                format_value(b.phi / a.phi)
            )
        })
        .collect()
}

fn others(report: &SharpnessReport) -> Vec<Vec<String>> {
    let mut head = vec!["measure".to_owned(), "ρ".to_owned()];
    head.extend(report.results.iter().map(name));
    let mut rows = vec![head];
    for measure in &report.job.measures.0 {
        let mut row = vec![measure.describe().to_owned(), format_value(report.job.rho)];
        for result in &report.results {
            let found = result.measures.iter().find(|m| m.measure == *measure);
            row.push(found.map_or_else(
                || "–".to_owned(),
                |m| match m.standard_error {
                    _ if !m.rise.is_finite() => "–".to_owned(),
                    Some(error) => {
                        format!("{} ± {}", format_value(m.rise), format_value(error))
                    }
                    None => format_value(m.rise),
                },
            ));
        }
        rows.push(row);
    }
    rows
}
