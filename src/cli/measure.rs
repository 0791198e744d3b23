//! What the commands that measure at one checkpoint share: progress, outputs, the first lines.

use crate::cli::{End, Talk, output, progress};
use crate::engine::Flow;
use crate::engine::job::Setup;
use crate::engine::local::{Header, Pulse};
use crate::error::Error;
use crate::export::figure::{self, FigureOptions};
use crate::export::measure::Measure;
use crate::export::{self, png};
use crate::plot::figure::WIDTH_MM;
use clap::Args;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Where a measure goes.
#[derive(Debug, Args)]
pub struct Files {
    /// Output file; the suffix decides: .json .npz .csv, pictures .png .svg .pdf; may be repeated
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// Width of each picture in millimetres; text keeps its size
    #[arg(long, default_value_t = WIDTH_MM, value_name = "MM", value_parser = figure::width, help_heading = "Figure")]
    width: f64,
    /// Dots per inch of a PNG
    #[arg(long, default_value_t = png::DPI, value_parser = figure::dots, help_heading = "Figure")]
    dpi: f64,
    /// Title of the page [default: what is shown]
    #[arg(long, help_heading = "Figure")]
    title: Option<String>,
}

impl Files {
    /// Refuses what can't be written before the work starts; `picture` says whether there is one.
    pub fn check<'a>(
        &self,
        setup: &Setup,
        inputs: impl Iterator<Item = &'a PathBuf>,
        picture: impl Fn() -> crate::error::Result<()>,
    ) -> anyhow::Result<()> {
        let mut read: Vec<PathBuf> = inputs.cloned().collect();
        read.extend([PathBuf::from(&setup.data), PathBuf::from(&setup.model)]);
        for path in &self.output {
            if export::measure::check_writable(path)? {
                picture()?;
            }
        }
        let partials = self.output.iter().map(|path| export::partial_path(path));
        let all: Vec<PathBuf> = self.output.iter().cloned().chain(partials).collect();
        Ok(export::check_outputs(&all, &read)?)
    }

    /// How its pictures look.
    pub fn look(&self) -> FigureOptions {
        FigureOptions {
            width: self.width,
            dpi: self.dpi,
            title: self.title.clone(),
            ..FigureOptions::default()
        }
    }
}

/// Does a measure under a progress bar; Ctrl-C stops it after its current step.
pub fn watched<T>(
    talk: Talk,
    work: impl FnOnce(&mut dyn FnMut(Pulse) -> Flow) -> crate::error::Result<T>,
) -> anyhow::Result<T> {
    let interrupts = progress::listen_for_interrupts();
    let bar = progress::steps(talk.quiet);
    let result = work(&mut |pulse| {
        bar.set_length(pulse.total as u64);
        bar.set_position(pulse.done as u64);
        bar.set_message(pulse.what);
        if interrupts.load(Ordering::SeqCst) > 0 {
            Flow::Stop
        } else {
            Flow::Continue
        }
    });
    bar.finish_and_clear();
    Ok(result?)
}

/// Prints and writes what was measured; what is incomplete goes beside the outputs, since it isn't what
/// was asked for.
pub fn finish<M: Measure>(
    files: &Files,
    result: &M,
    text: &str,
    look: &FigureOptions,
    talk: Talk,
) -> anyhow::Result<End> {
    let header = result.header();
    talk.warn(&header.warnings);
    for path in &files.output {
        let path = if header.complete {
            path.clone()
        } else {
            export::partial_path(path)
        };
        match export::measure::write(&path, result, look) {
            // What was stopped may have come to no picture yet.
            Err(error @ Error::Slice(_)) if !header.complete => {
                talk.say(&format!("no {}: {error}", path.display()));
            }
            written => {
                written?;
                talk.say(&format!("wrote {}", path.display()));
            }
        }
    }
    if header.complete {
        export::remove_partials(&files.output)?;
    }
    if talk.json {
        output::print_json(&export::measure::to_value(result)?)?;
    } else if !talk.quiet {
        output::print(&format!("{text}\ncaution: {}\n", M::CAUTION))?;
    }
    if header.complete {
        return Ok(End::Done);
    }
    talk.say("stopped: what was measured until then is above");
    Ok(End::Stopped)
}

/// The network, the samples, the device.
pub fn header(header: &Header) -> String {
    format!(
        "{}, {}, {}, {}, {}, {:.1} s\n",
        header.model.name,
        output::counted(header.model.parameters, "parameter"),
        header.data.name,
        output::counted(header.samples, &format!("{} sample", header.split)),
        header.device,
        header.elapsed_seconds
    )
}
