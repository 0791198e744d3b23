//! The command line: what can be typed, and what is printed.
//!
//! A subcommand parses into a job, the engine does it, and this floor shows progress and errors.
//! Numbers meant for other programs go to standard output, everything said to a person to standard
//! error, both through `terminal`. Exit status: 0 done, 1 failed, 2 wrong usage, 130 stopped with
//! partial results kept.

mod animate;
mod catalogue;
mod compute;
mod convert;
mod curvature;
mod described;
mod devices;
mod distance;
mod experiment;
mod export;
mod generate;
mod inspect;
mod inspect_data;
mod inspect_reading;
mod interrupt;
mod measure;
mod noise;
mod output;
mod progress;
mod report;
mod runs;
mod sharpness;
mod surface;
mod talk;
mod terminal;
mod train;
mod trajectory;

use crate::engine::drivers;
use crate::engine::job::{DistanceJob, LineJob, TrajectoryJob};
use crate::engine::recognise;
use crate::error::{Error, shown};
use clap::{CommandFactory as _, Parser, Subcommand};
use std::borrow::Cow;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;
use talk::{End, Talk};

/// See and measure the loss landscape of a trained neural network.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Checkpoints, data, results, the folder of a run or a session to open in the window, each known
    /// by its content [default: the built-in experiment]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    talk: Talk,
}

#[derive(Debug, Subcommand)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, and it is read once"
)]
enum Command {
    /// Show a checkpoint's tensors, the model recognised and what was assumed
    Inspect(inspect::InspectArgs),
    /// Loss and accuracy along the line between two minimizers
    Line(compute::ComputeArgs<LineJob>),
    /// Loss and accuracy over a plane around a point of parameter space
    Surface(Box<surface::SurfaceArgs>),
    /// How far the loss rises within a small box around minimizers
    Sharpness(Box<sharpness::SharpnessArgs>),
    /// Eigenvalues, trace and density of the Hessian at a checkpoint
    Curvature(Box<curvature::CurvatureArgs>),
    /// How much the gradients of single samples differ at a checkpoint
    Noise(Box<noise::NoiseArgs>),
    /// Any measure of the catalogue, of whole networks, layer by layer or module by module
    Measure(Box<catalogue::MeasureArgs>),
    /// Distances between checkpoints, in total and layer by layer
    Distance(DistanceJob),
    /// Everything the program measures for two checkpoints, as a page to read and print
    Report(Box<report::ReportArgs>),
    /// The path of a training run in its PCA plane
    Trajectory(compute::ComputeArgs<TrajectoryJob>),
    /// The surface around θ(α) while α moves from one minimizer to the other, as a GIF; a frame has
    /// 25 × 25 points from −1 to 1 unless --x says otherwise
    Animate(Box<animate::AnimateArgs>),
    /// Train a network by a recipe, or several by the lists in it
    Train(Box<train::TrainArgs>),
    /// Do an experiment of the literature on batch size and loss landscapes again, or list those there are
    Experiment(Box<experiment::ExperimentArgs>),
    /// What views of the window show, one or all of them, without opening it
    Export(Box<export::ExportArgs>),
    /// Draw a result as a figure
    Plot(convert::PlotArgs),
    /// Write a result in another data format
    Convert(convert::ConvertArgs),
    /// List what this machine can compute on, and measure how fast
    Devices(devices::DevicesArgs),
    /// Write man pages or shell completions
    #[command(hide = true)]
    Generate(generate::GenerateArgs),
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => return tell(&message),
    };
    let verbose = cli.talk.verbose;
    drivers::let_them_talk(verbose);
    // A panic inside a library becomes an error of its job; its own report would only confuse.
    std::panic::set_hook(Box::new(move |panic| {
        if verbose {
            terminal::say_block(&panic.to_string());
        }
    }));
    let ended = match cli.command {
        Some(command) => run(command, cli.talk),
        None => window(cli.files),
    };
    match ended {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::Stopped) => ExitCode::from(130),
        Err(error) => {
            let unwritten = error.downcast_ref::<terminal::Unwritten>();
            if unwritten.is_some_and(terminal::Unwritten::is_quiet) {
                return ExitCode::SUCCESS;
            }
            terminal::say(&format!("error: {error:#}"));
            ExitCode::from(match error.downcast_ref::<Error>() {
                Some(Error::Usage(_) | Error::Undecided(_)) => 2,
                // A pipe that nobody reads was waited for until the user ended that.
                Some(Error::Io { reason, .. }) if reason.kind() == ErrorKind::Interrupted => 130,
                _ => 1,
            })
        }
    }
}

/// Shows help, the version, or what is wrong with the command line.
fn tell(message: &clap::Error) -> ExitCode {
    if !message.use_stderr() {
        // It holds nothing that was typed, so it may have its styles.
        return match message.print() {
            Err(refused) if refused.kind() != ErrorKind::BrokenPipe => {
                terminal::say(&format!("error: can't write to standard output: {refused}"));
                ExitCode::FAILURE
            }
            _ => ExitCode::SUCCESS,
        };
    }
    let typed: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .filter(|word| matches!(terminal::line(word), Cow::Owned(_)))
        .collect();
    if typed.is_empty() {
        message.print().ok();
    } else {
        let text = terminal::quoting(&message.render().to_string(), &typed);
        terminal::say_block(text.trim_end());
    }
    ExitCode::from(2)
}

/// Opens the window on `files`.
fn window(files: Vec<PathBuf>) -> anyhow::Result<End> {
    let there = |path: &PathBuf| path.exists() || recognise::is_built_in(path);
    if let Some(missing) = files.iter().find(|path| !there(path)) {
        return Err(Error::Usage(format!(
            "no command and no file is called {}; losscope --help lists the commands",
            shown(missing)
        ))
        .into());
    }
    // What can't be opened is said here, where it was typed.
    recognise::Sorted::of(&files)?;
    open_window(files)
}

#[cfg(feature = "window")]
fn open_window(files: Vec<PathBuf>) -> anyhow::Result<End> {
    crate::app::run(files)?;
    Ok(End::Done)
}

/// What a build for cluster nodes says instead of opening a window.
#[cfg(not(feature = "window"))]
fn open_window(_files: Vec<PathBuf>) -> anyhow::Result<End> {
    Err(Error::Usage(
        "this losscope was built without its window (without the feature `window`); name a command, \
         such as `losscope report`; losscope --help lists them"
            .into(),
    )
    .into())
}

fn run(command: Command, talk: Talk) -> anyhow::Result<End> {
    // The others are ended at once: they have nothing to keep.
    if !matches!(
        command,
        Command::Inspect(_)
            | Command::Distance(_)
            | Command::Plot(_)
            | Command::Convert(_)
            | Command::Devices(_)
    ) {
        interrupt::listen();
    }
    match command {
        Command::Inspect(args) => inspect::run(&args, talk),
        Command::Line(args) => compute::run(args, talk),
        Command::Surface(args) => surface::run(*args, talk),
        Command::Sharpness(args) => sharpness::run(&args, talk),
        Command::Curvature(args) => curvature::run(&args, talk),
        Command::Noise(args) => noise::run(&args, talk),
        Command::Measure(args) => catalogue::run(&args, talk),
        Command::Distance(args) => distance::run(&args, talk),
        Command::Report(args) => report::run(&args, talk),
        Command::Trajectory(args) => compute::run(args, talk),
        Command::Animate(args) => animate::run(&args, talk),
        Command::Train(args) => train::run(&args, talk),
        Command::Experiment(args) => experiment::run(&args, talk),
        Command::Export(args) => export::run(&args, talk),
        Command::Plot(args) => convert::plot(&args, talk),
        Command::Convert(args) => convert::convert(&args, talk),
        Command::Devices(args) => devices::run(&args, talk),
        Command::Generate(args) => generate::run(&args, &Cli::command(), talk),
    }
}
