//! What the commands that measure at one checkpoint share: progress, outputs, the first lines.

use crate::cli::{End, Talk, interrupt, output, progress, terminal};
use crate::engine::header::Header;
use crate::engine::job::Job;
use crate::engine::{Flow, Observer};
use crate::error::Error;
use crate::export::figure::FigureOptions;
use crate::export::figure_args::PageArgs;
use crate::export::measure::Measure;
use crate::export::{self, Format, partial};
use clap::Args;
use std::path::{Path, PathBuf};

/// Where a measure goes.
#[derive(Debug, Args)]
pub struct Files {
    /// Output file; the suffix decides: .json .npz .csv, pictures .png .svg .pdf; may be repeated
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
    #[command(flatten)]
    page: PageArgs,
}

impl Files {
    /// Refuses what can't be written, or would replace something, before the work starts; `picture`
    /// says whether there is one.
    pub fn check(
        &self,
        job: &Job,
        picture: impl Fn() -> crate::error::Result<()>,
    ) -> anyhow::Result<()> {
        for path in &self.output {
            if export::measure::check_writable(path)? {
                picture()?;
            }
        }
        self.look().check(&self.output)?;
        let all: Vec<PathBuf> = self.output.iter().cloned().chain(self.partials()).collect();
        export::check_outputs(&all, &job.inputs())?;
        for path in self.partials() {
            partial::refuse_measure(&path, &path, job)?;
        }
        Ok(())
    }

    /// Where work in progress is kept.
    fn partials(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.output.iter().map(|path| partial::of_measure(path))
    }

    /// How its pictures look.
    pub fn look(&self) -> FigureOptions {
        self.page.options()
    }
}

/// Does a measure under a progress bar; a wish to stop ends it after its current step. What is measured
/// so far is kept from the first minute on.
pub fn watched<M: Measure>(
    files: &Files,
    talk: Talk,
    work: impl FnOnce(Observer<'_, M>) -> crate::error::Result<M>,
) -> anyhow::Result<M> {
    let bar = progress::steps(talk.quiet);
    let mut saves = progress::Saves::new();
    // Pictures can wait.
    let numbers = |path: &PathBuf| !Format::of(path).is_ok_and(Format::is_figure);
    let places: Vec<PathBuf> = files.partials().filter(numbers).collect();
    let look = files.look();
    let result = work(&mut |result, now| {
        progress::show(&bar, now);
        if !places.is_empty() {
            let write = |path: &PathBuf| export::write(path, result, &look);
            saves.at(now.failed && now.progress.done > 0, || {
                places.iter().try_for_each(write)
            });
        }
        if interrupt::wanted() {
            Flow::Stop
        } else {
            Flow::Continue
        }
    });
    bar.finish_and_clear();
    talk.warn(&saves.failure());
    if result.is_err() && saves.happened() {
        for path in &places {
            talk.say(&format!(
                "what was measured until shortly before is kept in {}",
                terminal::path(path)
            ));
        }
    }
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
    talk.reading(&header.model.reading);
    let places: Vec<PathBuf> = if header.complete {
        files.output.clone()
    } else {
        files.partials().collect()
    };
    write_all(&places, talk, |path| {
        match export::write(path, result, look) {
            // What was stopped may have come to no picture yet.
            Err(error @ Error::Slice(_)) if !header.complete => {
                talk.say(&format!("no {}: {error}", terminal::path(path)));
                Ok(false)
            }
            written => written.map(|()| true),
        }
    })?;
    if header.complete {
        partial::remove(files.partials())?;
    }
    if talk.json {
        output::print_json(&export::measure::to_value(result)?)?;
    } else if !talk.quiet {
        let text = format!("{text}\ncaution: {}\n", header.caution);
        output::print_summary(&text, !files.output.is_empty())?;
    }
    if header.complete {
        return Ok(End::Done);
    }
    talk.say("stopped: what was measured until then is above");
    Ok(End::Stopped)
}

/// Writes every one of `places`, by what answers whether there was something to write. Where one fails,
/// the others are still written, and its content is kept: beside a pipe that nobody reads, else among
/// temporary files.
pub fn write_all(
    places: &[PathBuf],
    talk: Talk,
    write: impl Fn(&Path) -> crate::error::Result<bool>,
) -> crate::error::Result<()> {
    let mut failure = None;
    for path in places {
        match write(path) {
            Ok(true) => talk.wrote(path),
            Ok(false) => {}
            Err(error) => {
                let again = |place: &Path| write(place).map(drop);
                if let Some(place) = partial::keep(path, partial::of_measure(path), again) {
                    let (place, path) = (terminal::path(&place), terminal::path(path));
                    talk.say(&format!("{path} is kept in {place}"));
                }
                failure = failure.or(Some(error));
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

/// The network, the samples, the device.
pub fn header(header: &Header) -> String {
    format!(
        "{}, {}, {}, {}, {}, {:.1} s\n",
        terminal::line(&header.model.name),
        output::counted(header.model.parameters, "parameter"),
        terminal::line(&header.data.name),
        output::counted(header.samples, &format!("{} sample", header.split)),
        header.device,
        header.elapsed_seconds
    )
}
