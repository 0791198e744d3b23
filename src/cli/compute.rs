//! Commands that compute: surface, line, trajectory.
//!
//! Outputs are checked before the work, kept while it runs, and written when it is done. A job that
//! is stopped leaves `OUTPUT.partial.npz`; the same command with `--resume` goes on from there.

use crate::cli::{End, Talk, interrupt, output, progress, terminal, trajectory};
use crate::engine::job::Job;
use crate::engine::result::{Numbers, Outcome};
use crate::engine::{self, Flow, Progress};
use crate::export::figure::FigureOptions;
use crate::export::figure_args::FigureArgs;
use crate::export::{self, Format, caption, partial};
use crate::landscape::table::{Column, Table};
use crate::model::losses::Loss;
use crate::plot::number::{self, format_value};
use clap::Args;
use std::cmp::Reverse;
use std::path::{Path, PathBuf};

/// A job, where its result goes and how it looks.
#[derive(Debug, Args)]
pub struct ComputeArgs<J: Args> {
    #[command(flatten)]
    job: J,
    /// Output file; the suffix decides: .npz .png .svg .pdf .csv .vtk .json .h5; may be repeated
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// Go on where the same command was stopped
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    figure: FigureArgs,
}

impl<J: Args + Clone + Into<Job>> ComputeArgs<J> {
    /// What is to be computed.
    pub fn job(&self) -> &J {
        &self.job
    }

    /// Refuses outputs, `also` among them, that can't be written or would replace an input.
    pub fn check(&self, also: Option<&Path>) -> crate::error::Result<()> {
        for path in &self.output {
            export::check_writable(path)?;
        }
        self.figure.options().check(&self.output)?;
        let all = self.output.iter().cloned().chain(self.partials());
        let all: Vec<PathBuf> = all.chain(also.map(Path::to_owned)).collect();
        let job: Job = self.job.clone().into();
        export::check_outputs(&all, &job.inputs())?;
        if self.resume {
            return Ok(());
        }
        partial::refuse_results(self.partials(), &job)
    }

    /// Where work in progress may be kept.
    fn partials(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.output.iter().map(|output| partial::of_result(output))
    }
}

/// Does the job and writes its outputs.
pub fn run<J: Args + Clone + Into<Job>>(args: ComputeArgs<J>, talk: Talk) -> anyhow::Result<End> {
    args.check(None)?;
    let partial = args.partials().next();
    let job: Job = args.job.into();
    let (previous, from) = if args.resume {
        previous(&args.output, &job, talk)?.unzip()
    } else {
        for (path, outcome) in partial::elsewhere(&args.output, &job)? {
            let held = held(&outcome, &path);
            talk.say(&format!(
                "{held}, of this very job; --resume goes on from it"
            ));
        }
        (None, None)
    };

    let bar = progress::bar(talk.quiet);
    let mut stopped = false;
    let mut saves = progress::Saves::new();
    let mut kept = false;
    let result = engine::run(&job, previous, &mut |outcome, now| {
        progress::show(&bar, now);
        let Progress { done, total, .. } = now.progress;
        let last = now.failed && done > 0;
        if let Some(path) = &partial {
            kept = saves.at(last, || export::npz::write(path, outcome)) && last;
        }
        stopped = interrupt::wanted() && done < total;
        if stopped { Flow::Stop } else { Flow::Continue }
    });
    bar.finish_and_clear();
    if let (true, Some(path)) = (kept, &partial) {
        talk.say(&format!(
            "what was computed is kept in {}; the same command with --resume goes on",
            terminal::path(path)
        ));
    }
    talk.warn(&saves.failure());
    let mut outcome = result?;
    talk.warn(&outcome.header.warnings);
    if stopped {
        return keep_partial(&outcome, partial.as_deref(), talk);
    }
    if let Job::Surface(_) = job
        && outcome.header.non_finite > 0
    {
        outcome.header.warnings.push(format!(
            "{} of {} points have no finite loss",
            outcome.header.non_finite,
            outcome.points()
        ));
    }
    describe(&outcome, talk);
    talk.reading(&outcome.header.model.reading);
    write_all(
        &args.output,
        &outcome,
        &args.figure.options(),
        partial.as_deref(),
        talk,
    )?;
    // It lies beside outputs of another command, which may want it.
    if let Some(path) =
        from.filter(|path| !args.output.is_empty() && !args.output.contains(path) && path.is_file())
    {
        talk.say(&format!(
            "{} is no longer needed for these outputs and can be removed",
            terminal::path(&path)
        ));
    }
    if talk.json {
        output::print_json(&export::json::to_value(&outcome)?)?;
    } else if !talk.quiet {
        output::print_summary(&summary(&outcome), !args.output.is_empty())?;
    }
    Ok(End::Done)
}

/// Writes every output. Where one fails, the others are still written and nothing computed is lost.
fn write_all(
    outputs: &[PathBuf],
    outcome: &Outcome,
    figure: &FigureOptions,
    partial: Option<&Path>,
    talk: Talk,
) -> anyhow::Result<()> {
    let mut failure = None;
    for path in outputs {
        match export::write(path, outcome, figure) {
            Ok(()) => talk.wrote(path),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    let Some(error) = failure else {
        partial::remove(outputs.iter().map(|output| partial::of_result(output)))?;
        return Ok(());
    };
    if let Some(path) = partial
        && let Some(place) = kept_somewhere(path, outcome)
    {
        talk.say(&format!(
            "the numbers are kept in {}",
            terminal::path(&place)
        ));
    }
    Err(error.into())
}

/// Keeps a result at `path` or, where that can't be written, among temporary files.
fn kept_somewhere(path: &Path, outcome: &Outcome) -> Option<PathBuf> {
    match export::npz::write(path, outcome) {
        Ok(()) => Some(path.to_owned()),
        Err(_) => partial::rescue(path, |place| export::npz::write(place, outcome)),
    }
}

fn keep_partial(outcome: &Outcome, partial: Option<&Path>, talk: Talk) -> anyhow::Result<End> {
    let done = outcome.points() - outcome.missing();
    let points = format!(
        "stopped with {done} of {} points computed",
        outcome.points()
    );
    let Some(path) = partial else {
        talk.say(&format!("{points}; without -o they are not kept"));
        return Ok(End::Stopped);
    };
    if let Err(error) = export::npz::write(path, outcome) {
        if let Some(place) = partial::rescue(path, |place| export::npz::write(place, outcome)) {
            talk.say(&format!(
                "{points}; they are kept in {}: move it to {} to go on from it",
                terminal::path(&place),
                terminal::path(path)
            ));
        }
        return Err(error.into());
    }
    talk.say(&format!(
        "{points}; they are kept in {}; the same command with --resume goes on",
        terminal::path(path)
    ));
    Ok(End::Stopped)
}

/// What there is of a result, and where.
fn held(outcome: &Outcome, path: &Path) -> String {
    let (points, missing) = (outcome.points(), outcome.missing());
    format!(
        "{} of {points} points are in {}",
        points - missing,
        terminal::path(path)
    )
}

/// The result to go on from and where it lies: work in progress or a result among the outputs, else what the same job left
/// beside them under another name.
fn previous(
    outputs: &[PathBuf],
    job: &Job,
    talk: Talk,
) -> anyhow::Result<Option<(Outcome, PathBuf)>> {
    let is_result = |p: &&PathBuf| Format::of(p).is_ok_and(|f| f == Format::Npz);
    let partials = outputs.iter().map(|output| partial::of_result(output));
    let candidates = partials.chain(outputs.iter().filter(is_result).cloned());
    // What was written into a pipe or a device can't be read back.
    let own = candidates.filter(|path| path.is_file());
    let own = own.map(|path| Ok((export::npz::read(&path)?, path)));
    let mut found: Vec<(Outcome, PathBuf)> = own.collect::<crate::error::Result<_>>()?;
    if found.is_empty() {
        let others = partial::elsewhere(outputs, job)?.into_iter();
        found.extend(others.map(|(path, outcome)| (outcome, path)));
    }
    // The outputs may have been named in another order before: the one that holds most, the first of
    // equal ones.
    let most = |(outcome, _): &(Outcome, PathBuf)| Reverse(outcome.points() - outcome.missing());
    if let Some((outcome, path)) = found.into_iter().min_by_key(most) {
        talk.say(&held(&outcome, &path));
        return Ok(Some((outcome, path)));
    }
    if outputs.is_empty() {
        return Err(crate::error::Error::Usage(
            "--resume needs the -o of the command that was stopped".into(),
        )
        .into());
    }
    talk.say("nothing to resume from: starting anew");
    Ok(None)
}

/// What was recognised and assumed, for `-v`.
fn describe(outcome: &Outcome, talk: Talk) {
    let header = &outcome.header;
    talk.detail(&format!(
        "model: {} ({})",
        header.model.name, header.model.source
    ));
    talk.detail(&format!("data: {}", header.data.description));
    talk.detail(&format!("device: {}", header.device));
}

/// The result in a few lines.
fn summary(outcome: &Outcome) -> String {
    let header = &outcome.header;
    let mut text = format!(
        "{}, {} parameters",
        terminal::line(&header.model.name),
        output::grouped(header.model.parameters),
    );
    if !header.data.name.is_empty() {
        text += &format!(", {}", terminal::line(&header.data.name));
    }
    text.push('\n');
    // The usual one needs no line.
    if header.model.criterion != Loss::cross_entropy() {
        text += &format!("loss: {}\n", header.model.loss);
    }
    match &outcome.numbers {
        Numbers::Surface(surface) => {
            text += &format!(
                "{} × {} points in {}\n",
                surface.x.len(),
                surface.y.len(),
                seconds(header.elapsed_seconds)
            );
            let norms: Vec<String> = header
                .geometry
                .norms
                .iter()
                .map(|n| format_value(*n))
                .collect();
            text += &format!("direction norms {}", norms.join(" and "));
            text += &header
                .geometry
                .cosine
                .map_or_else(String::new, |c| format!(", cosine {}\n", format_value(c)));
            if let Some(facts) = &header.interpolation {
                text += &format!("{}\n", caption::interpolated(facts));
            }
            text += &ranges(&surface.table);
        }
        Numbers::Line(line) => {
            text += &format!(
                "{} points in {}\n",
                line.alpha.len(),
                seconds(header.elapsed_seconds)
            );
            text += &format!(
                "distance between the minimizers {}\n",
                format_value(header.geometry.norms[0])
            );
            for (split, barrier) in &header.barriers {
                text += &format!(
                    "{split} barrier {} at α = {}\n",
                    line.table.score.of_loss(&format_value(barrier.height)),
                    format_value(barrier.alpha)
                );
            }
            text += &ranges(&line.table);
        }
        Numbers::Trajectory => text += &trajectory::table(header),
    }
    if header.non_finite > 0 {
        text += &format!("{} points have no finite loss\n", header.non_finite);
    }
    text
}

fn seconds(elapsed: f64) -> String {
    if elapsed < 10.0 {
        format!("{elapsed:.2} s")
    } else {
        format!("{elapsed:.0} s")
    }
}

fn ranges(table: &Table) -> String {
    let row = |name: &str, column: &Option<Column>| {
        let column = column.as_ref()?;
        let span = |values: &[f64], words: &dyn Fn(f64) -> String| {
            let (low, high) = crate::plot::scale::finite_range(values.iter().copied())?;
            Some([words(low), words(high)])
        };
        let [loss_low, loss_high] = span(&column.loss, &format_value)?;
        let words = |value: f64| number::score(table.score, value);
        // Targets that are all the same have a loss, but no R².
        let none = || ["–", "–"].map(str::to_owned);
        let [score_low, score_high] = span(&column.score, &words).unwrap_or_else(none);
        Some(vec![
            name.to_owned(),
            loss_low,
            loss_high,
            score_low,
            score_high,
        ])
    };
    let mut rows = vec![
        [
            String::new(),
            "lowest loss".into(),
            "highest loss".into(),
            format!("lowest {}", table.score.name()),
            format!("highest {}", table.score.name()),
        ]
        .to_vec(),
    ];
    rows.extend(row("training", &table.train));
    rows.extend(row("validation", &table.validation));
    output::table(&rows)
}
