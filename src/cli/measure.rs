//! What the commands that measure at one checkpoint share: progress, outputs, the first lines.

use crate::cli::{End, Talk, output, progress};
use crate::engine::Flow;
use crate::engine::job::Setup;
use crate::engine::local::{Header, Pulse};
use crate::error::Error;
use crate::export;
use clap::Args;
use serde::Serialize;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Where a measure goes.
#[derive(Debug, Args)]
pub struct Files {
    /// Write everything measured: .json; may be repeated
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
}

impl Files {
    /// Refuses what can't be written before the work starts.
    pub fn check<'a>(
        &self,
        setup: &Setup,
        inputs: impl Iterator<Item = &'a PathBuf>,
    ) -> anyhow::Result<()> {
        let mut read: Vec<PathBuf> = inputs.cloned().collect();
        read.extend([PathBuf::from(&setup.data), PathBuf::from(&setup.model)]);
        for path in &self.output {
            if path.extension().is_none_or(|e| e != "json") {
                return Err(Error::Usage(format!(
                    "a measure is written as .json: {}",
                    path.display()
                ))
                .into());
            }
            export::check_writable(path)?;
            export::check_spares(path, &read)?;
        }
        Ok(())
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

/// Prints and writes what was measured, complete or not, with a word of caution as `(name, text)`.
pub fn finish<T: Serialize>(
    files: &Files,
    result: &T,
    header: &Header,
    text: &str,
    caution: (&str, &str),
    talk: Talk,
) -> anyhow::Result<End> {
    talk.warn(&header.warnings);
    let mut value = serde_json::to_value(result)?;
    if let Some(object) = value.as_object_mut() {
        object.insert(caution.0.to_owned(), caution.1.into());
    }
    for path in &files.output {
        crate::checkpoint::files::replace_file(path, |out| {
            serde_json::to_writer_pretty(&mut *out, &value)
                .map_err(std::io::Error::from)
                .and_then(|()| out.write_all(b"\n"))
                .map_err(|source| Error::io("write the result", path, source))
        })?;
        talk.say(&format!("wrote {}", path.display()));
    }
    if talk.json {
        output::print_json(&value)?;
    } else if !talk.quiet {
        output::print(&format!("{text}\n{}: {}\n", caution.0, caution.1))?;
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
        "{}, {} parameters, {}, {} {} samples, {}, {:.1} s\n",
        header.model.name,
        output::grouped(header.model.parameters),
        header.data.name,
        output::grouped(header.samples),
        header.split,
        header.device,
        header.elapsed_seconds
    )
}
