//! `surface`: what any computation takes, and the directions as a file of their own.

use crate::cli::compute::{self, ComputeArgs};
use crate::cli::{End, Talk};
use crate::engine::job::SurfaceJob;
use crate::{engine, export};
use clap::Args;
use std::path::PathBuf;

/// `losscope surface`
#[derive(Debug, Args)]
pub struct SurfaceArgs {
    /// Write both directions, as --directions takes them: .safetensors, or .h5 as Li et al.'s code
    #[arg(long, value_name = "FILE")]
    save_directions: Option<PathBuf>,
    #[command(flatten)]
    compute: ComputeArgs<SurfaceJob>,
}

/// Writes the directions, then does the job.
pub fn run(args: SurfaceArgs, talk: Talk) -> anyhow::Result<End> {
    if let Some(path) = &args.save_directions {
        export::check_directions(path)?;
        args.compute.check(Some(path))?;
        let directions = engine::surface::directions(args.compute.job())?;
        export::write_directions(path, &directions)?;
        talk.wrote(path);
    }
    compute::run(args.compute, talk)
}
