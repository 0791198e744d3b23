//! `losscope train`: a network trained by a recipe, or several by the lists in it.
//!
//! Whatever stops it, all but the last moments is kept; `--resume` goes on from there.

use crate::cli::talk::{End, Talk};
use crate::cli::{interrupt, output, progress, terminal};
use crate::engine::Flow;
use crate::engine::header::Header;
use crate::engine::job::{TrainingJob, recipe};
use crate::engine::training::{Row, Stage, Sweep, Trained, Training};
use crate::engine::work::{Now, drive};
use crate::error::{Error, Result};
use crate::plot::number::{format_value, grouped};
use crate::store::files;
use crate::train::{Record, Stopped};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use indicatif::ProgressBar;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// A recipe, where its run goes, and what is changed in it.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// The recipe, a TOML file [default: every field as --example shows it]
    #[arg(value_name = "RECIPE")]
    recipe: Option<PathBuf>,
    /// Folder of the run, or of the runs of a sweep
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Change a field of the recipe; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
    /// Go on where the same recipe was stopped; without a recipe with that of the folder
    #[arg(long)]
    resume: bool,
    /// Runs of a sweep at once [default: one a core, one on a GPU]
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "N")]
    parallel: usize,
    /// Print a complete recipe and end
    #[arg(long)]
    example: bool,
    #[command(flatten)]
    fields: Fields,
}

/// The fields of a recipe that were typed as options.
#[derive(Debug)]
struct Fields {
    job: Box<TrainingJob>,
    typed: Vec<String>,
}

impl Args for Fields {
    fn augment_args(command: Command) -> Command {
        TrainingJob::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        TrainingJob::augment_args_for_update(command)
    }
}

impl FromArgMatches for Fields {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let job = TrainingJob::from_arg_matches(matches)?;
        let ids = matches.ids().map(|id| id.as_str().to_owned());
        let typed = ids.filter(|id| matches.value_source(id) == Some(ValueSource::CommandLine));
        Ok(Self {
            job: Box::new(job),
            typed: typed.collect(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl TrainArgs {
    /// The recipe with what was changed in it: first by --set, then by options.
    fn job(&self) -> Result<TrainingJob> {
        let in_folder = self
            .output
            .as_ref()
            .map(|folder| folder.join("recipe.toml"));
        let in_folder = in_folder.filter(|path| self.resume && path.is_file());
        let path = self.recipe.clone().or(in_folder);
        let base = match &path {
            Some(path) => recipe::parse(&files::read_text(path, "read the recipe")?, path)?,
            None => TrainingJob::default(),
        };
        let mut changes = Map::new();
        for text in &self.set {
            let (key, value) = recipe::change(text)?;
            changes.insert(key, value);
        }
        let all = recipe::fields(&self.fields.job)?;
        for key in &self.fields.typed {
            if let Some(value) = all.get(key) {
                changes.insert(key.clone(), value.clone());
            }
        }
        if self.resume && path.is_none() && changes.is_empty() {
            return Err(Error::Usage(
                "there is nothing to resume: no recipe was named, and the folder after -o holds no run; name its folder, or leave out --resume".into(),
            ));
        }
        recipe::with(&base, &changes)
    }
}

/// Trains.
pub fn run(args: &TrainArgs, talk: Talk) -> anyhow::Result<End> {
    let job = args.job()?;
    if args.example {
        output::print(&recipe::write(&job)?)?;
        return Ok(End::Done);
    }
    let Some(folder) = &args.output else {
        return Err(Error::Usage("name the folder of the run: -o FOLDER".into()).into());
    };
    if job.is_sweep() {
        return sweep(args, &job, folder, talk);
    }
    let training = Training::start(&job, Some(folder), args.resume)?;
    let header = training.header_so_far();
    describe(header, talk);
    let bar = progress::steps(talk.quiet);
    let mut stopped = false;
    let result = drive(training, &mut |found: &Trained, now| {
        show(&bar, found, now);
        stopped = interrupt::wanted() && found.stopped.is_none();
        if stopped { Flow::Stop } else { Flow::Continue }
    });
    bar.finish_and_clear();
    let found = result.inspect_err(|_| {
        let place = terminal::path(folder);
        talk.say(&format!(
            "what was trained until then is kept in {place}; --resume goes on from its last state"
        ));
    })?;
    talk.warn(&found.header.warnings);
    if talk.json {
        output::print_json(&machine(&found))?;
    } else if !talk.quiet {
        output::print_summary(&summary(&found), true)?;
    }
    if stopped {
        talk.say(&format!(
            "stopped after {} steps; the same command with --resume goes on",
            grouped(found.step as usize)
        ));
        return Ok(End::Stopped);
    }
    if found.stopped == Some(Stopped::Diverged) {
        anyhow::bail!(
            "the run diverged after {} steps: {}; its history is kept in {}",
            found.step,
            Stopped::Diverged.words(),
            terminal::path(folder)
        );
    }
    talk.wrote(folder);
    Ok(End::Done)
}

/// What was recognised and assumed.
fn describe(header: &Header, talk: Talk) {
    talk.detail(&format!(
        "model: {} ({})",
        header.model.name, header.model.source
    ));
    talk.detail(&format!("data: {}", header.data.description));
    talk.detail(&format!("device: {}", header.device));
}

/// One line while it goes on: where it is, loss, accuracy, time left.
fn show(bar: &ProgressBar, found: &Trained, now: &Now) {
    progress::show(bar, now);
    let last = found.history.last();
    let validation = last.and_then(|record| record.validation_accuracy.or(record.validation_loss));
    let named = last.map(|r| {
        if r.validation_accuracy.is_some() {
            "validation accuracy"
        } else {
            "validation loss"
        }
    });
    let validation = validation.zip(named);
    let validation = validation.map_or_else(String::new, |(v, name)| {
        format!(", {name} {}", format_value(v))
    });
    let loss = if found.loss.is_finite() {
        format!(", loss {}", format_value(found.loss))
    } else {
        String::new()
    };
    bar.set_prefix(format!("epoch {:.1}{loss}{validation}  ", found.epoch));
}

/// A run for other programs.
fn machine(found: &Trained) -> Value {
    json!({
        "folder": found.folder.as_ref().map(|folder| folder.to_string_lossy()),
        "stopped": found.stopped,
        "step": found.step,
        "epoch": found.epoch,
        "seconds": found.seconds,
        "last": found.history.last(),
        "best_validation_loss": best(&found.history),
        "header": found.header,
    })
}

fn best(history: &[Record]) -> Option<f64> {
    let losses = history.iter().filter_map(|record| record.validation_loss);
    losses.min_by(f64::total_cmp)
}

/// A run in a few lines.
fn summary(found: &Trained) -> String {
    let header = &found.header;
    let mut text = format!(
        "{}, {} parameters, {}\n",
        terminal::line(&header.model.name),
        grouped(header.model.parameters),
        terminal::line(&header.data.name)
    );
    text += &format!(
        "{} steps, {:.1} epochs in {:.1} s\n",
        grouped(found.step as usize),
        found.epoch,
        found.seconds
    );
    if let Some(stopped) = found.stopped {
        text += &format!("{}\n", stopped.words());
    }
    let ends = [found.history.first(), found.history.last()];
    let [Some(first), Some(last)] = ends else {
        return text;
    };
    let mut rows = vec![vec![String::new(), "start".into(), "end".into()]];
    for name in [
        "train_loss",
        "train_accuracy",
        "validation_loss",
        "validation_accuracy",
        "distance",
        "sharpness",
        "lambda_max",
        "noise_scale",
    ] {
        let cell = |record: &Record| record.get(name).map_or_else(|| "–".into(), format_value);
        if last.get(name).is_some() {
            rows.push(vec![name.replace('_', " "), cell(first), cell(last)]);
        }
    }
    text += &output::table(&rows);
    text
}

/// Every run of a recipe's lists.
fn sweep(args: &TrainArgs, job: &TrainingJob, folder: &Path, talk: Talk) -> anyhow::Result<End> {
    let sweep = Sweep::start(job, folder, args.resume, args.parallel)?;
    let bar = progress::bar_of("runs", talk.quiet);
    let mut stopped = false;
    let result = drive(sweep, &mut |found, now| {
        progress::show(&bar, now);
        let running = found
            .rows
            .iter()
            .filter(|row| row.stage == Some(Stage::Running));
        let words: Vec<String> = running
            .map(|row| format!("{} {:.0} %", row.name, share(row)))
            .collect();
        bar.set_message(words.join(", "));
        stopped = interrupt::wanted() && now.progress.done < now.progress.total;
        if stopped { Flow::Stop } else { Flow::Continue }
    });
    bar.finish_and_clear();
    let found = result?;
    let rows = &found.rows;
    if talk.json {
        let each: Vec<Value> = rows.iter().map(row_for_machines).collect();
        output::print_json(&json!({ "folder": folder.to_string_lossy(), "runs": each }))?;
    } else if !talk.quiet {
        output::print_summary(&table(rows), true)?;
    }
    if stopped {
        talk.say("stopped; the same command with --resume goes on");
        return Ok(End::Stopped);
    }
    let failed = rows.iter().find_map(|row| Some((row, row.error.as_ref()?)));
    if let Some((row, error)) = failed {
        anyhow::bail!("not every run could be trained; {}: {error}", row.name);
    }
    talk.wrote(folder);
    Ok(End::Done)
}

/// How much of a run is done, per cent.
fn share(row: &Row) -> f64 {
    let [done, all] = row.steps;
    100.0 * done as f64 / (all as f64).max(1.0)
}

fn row_for_machines(row: &Row) -> Value {
    json!({
        "folder": row.name,
        "batch_size": row.job.batch_size,
        "learning_rate": row.job.learning_rate,
        "run_seed": row.job.run_seed,
        "subset": row.job.subset,
        "stage": row.stage,
        "stopped": row.stopped,
        "error": row.error,
        "step": row.steps[0],
        "last": row.last,
        "best_validation_loss": row.best,
    })
}

/// The runs of a sweep as a table.
fn table(rows: &[Row]) -> String {
    let names = [
        "train_loss",
        "validation_loss",
        "validation_accuracy",
        "distance",
        "seconds",
    ];
    let mut head = vec!["run".to_owned(), "ended".into(), "steps".into()];
    head.extend(names.map(|name| name.replace('_', " ")));
    let mut all = vec![head];
    for row in rows {
        let ended = match (row.stopped, row.stage) {
            (Some(stopped), _) => format!("{stopped:?}").to_lowercase(),
            (None, Some(stage)) => format!("{stage:?}").to_lowercase(),
            (None, None) => "to do".into(),
        };
        let mut cells = vec![row.name.clone(), ended, grouped(row.steps[0] as usize)];
        let number = |name| row.last.as_ref().and_then(|last: &Record| last.get(name));
        cells.extend(names.map(|name| number(name).map_or_else(|| "–".into(), format_value)));
        all.push(cells);
    }
    output::table(&all)
}
