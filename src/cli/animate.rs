//! `animate`: the surface around θ(α) while α moves, as a GIF.

use crate::cli::{End, Talk, interrupt};
use crate::engine::job::{BUILTIN_LARGE, BUILTIN_SMALL, SurfaceJob, bounds};
use crate::error::Error;
use crate::export::animation::{Animation, View, write};
use crate::export::{self, check_spares, figure::FigureOptions};
use crate::landscape::grid::Axis;
use crate::plot::camera::Camera;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How frames are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Drawn {
    /// Colours and iso-lines
    Contour,
    /// A surface in space
    Surface,
}

/// `losscope animate`
#[derive(Debug, Args)]
pub struct AnimateArgs {
    #[command(flatten)]
    job: SurfaceJob,
    /// Places of α: FROM:TO:FRAMES
    #[arg(
        long,
        default_value = "-1:2:61",
        allow_hyphen_values = true,
        value_name = "RANGE"
    )]
    frames: Axis,
    /// How long one round takes, seconds
    #[arg(long, default_value_t = 6.0, value_parser = bounds::SECONDS)]
    seconds: f64,
    /// Pixels across
    #[arg(long, default_value_t = 640, value_parser = clap::value_parser!(u32).range(80..=4096))]
    pixels: u32,
    /// What is drawn
    #[arg(long, value_enum, default_value = "contour")]
    view: Drawn,
    #[command(flatten)]
    figure: FigureOptions,
    /// The file, ending in .gif
    #[arg(short, long, value_name = "FILE.gif")]
    output: PathBuf,
}

/// All frames are in memory before the first is written, since they share a range of colours.
const MOST_BYTES: u64 = 2 << 30;

/// A frame three quarters as high as wide, four bytes a pixel.
fn frame_bytes(across: u32) -> u64 {
    let across = u64::from(across);
    across * (across * 3 / 4) * 4
}

/// Computes and writes the animation.
pub fn run(args: &AnimateArgs, talk: Talk) -> anyhow::Result<End> {
    let suffix = args
        .output
        .extension()
        .map(|s| s.to_string_lossy().to_lowercase());
    if suffix.as_deref() != Some("gif") {
        let message = format!("an animation is a .gif: {}", args.output.display());
        return Err(Error::Usage(message).into());
    }
    bounds::FRAMES.check(args.frames.points)?;
    let bytes = args.frames.points as u64 * frame_bytes(args.pixels);
    if bytes > MOST_BYTES {
        return Err(Error::Usage(format!(
            "{} frames of {} pixels across take {} GB of memory, more than {}; take fewer --frames or --pixels",
            args.frames.points,
            args.pixels,
            bytes >> 30,
            MOST_BYTES >> 30
        ))
        .into());
    }
    export::check_place(&args.output)?;
    let mut job = args.job.clone();
    if job.small.is_none() && job.at.is_none() {
        job.small = Some(BUILTIN_SMALL.into());
        job.large = Some(BUILTIN_LARGE.into());
    }
    if job.x.is_none() {
        job.x = Some("-1:1:25".parse()?);
    }
    check_spares(
        &args.output,
        &crate::engine::job::Job::Surface(job.clone()).inputs(),
    )?;
    let view = match args.view {
        Drawn::Contour => View::Contour,
        Drawn::Surface => View::Space(Camera::default(), 0.6),
    };
    let animation = Animation {
        job,
        alpha: args.frames,
        seconds: args.seconds,
        width: args.pixels,
        options: args.figure.clone(),
        view,
    };
    let mut last = usize::MAX;
    let done = write(&args.output, &animation, &mut |done, total, left| {
        if done != last {
            last = done;
            let left = left.map_or_else(String::new, |l| format!(", {} s left", l.as_secs()));
            talk.detail(&format!("{done} of {total} frames{left}"));
        }
        !interrupt::wanted()
    })?;
    if done {
        talk.wrote(&args.output);
        Ok(End::Done)
    } else {
        talk.say("stopped; nothing was written");
        Ok(End::Stopped)
    }
}
