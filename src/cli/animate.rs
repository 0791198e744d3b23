//! `animate`: the surface around θ(α) while α moves, as a GIF.

use crate::cli::{End, Talk, interrupt, measure};
use crate::engine::job::{AnimationJob, Request as _};
use crate::error::{Error, shown};
use crate::export::animation::{Animation, View, make};
use crate::export::{self, artifact::Eye, check_spares, figure_args::FigureArgs};
use crate::store::files;
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
    job: AnimationJob,
    /// What is drawn
    #[arg(
        long,
        value_enum,
        default_value = "contour",
        help_heading = "Animation"
    )]
    view: Drawn,
    #[command(flatten)]
    figure: FigureArgs,
    /// The file, ending in .gif
    #[arg(short, long, value_name = "FILE.gif")]
    output: PathBuf,
}

/// Computes and writes the animation.
pub fn run(args: &AnimateArgs, talk: Talk) -> anyhow::Result<End> {
    let suffix = args
        .output
        .extension()
        .map(|s| s.to_string_lossy().to_lowercase());
    if suffix.as_deref() != Some("gif") {
        let message = format!("an animation is a .gif: {}", shown(&args.output));
        return Err(Error::Usage(message).into());
    }
    let job = args.job.clone().settled();
    job.check()?;
    export::check_place(&args.output)?;
    check_spares(&args.output, &job.inputs())?;
    let view = match args.view {
        Drawn::Contour => View::Contour,
        Drawn::Surface => View::Space(Eye::default()),
    };
    let animation = Animation {
        job,
        options: args.figure.options(),
        view,
    };
    let mut last = usize::MAX;
    let made = make(&animation, &mut |done, total, left| {
        if done != last {
            last = done;
            let left = left.map_or_else(String::new, |l| format!(", {} s left", l.as_secs()));
            talk.detail(&format!("{done} of {total} frames{left}"));
        }
        !interrupt::wanted()
    })?;
    let Some(made) = made else {
        talk.say("stopped; nothing was written");
        return Ok(End::Stopped);
    };
    talk.warn(&made.header.warnings);
    talk.reading(&made.header.model.reading);
    let places = std::slice::from_ref(&args.output);
    measure::write_all(places, talk, |path| {
        files::write(path, "write the animation", &made.bytes).map(|()| true)
    })?;
    Ok(End::Done)
}
