//! `generate`: man pages and shell completions, from the one definition of the command line.
//!
//! For those who make packages; no help lists it. The pages and completions don't list it either.

use crate::cli::{End, Talk, terminal};
use crate::error::Error;
use clap::{Args, Command, ValueEnum};
use clap_complete::aot::{self, Shell};
use std::path::{Path, PathBuf};

/// `losscope generate`
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// What to write
    #[arg(value_enum)]
    what: What,
    /// The folder it goes into
    folder: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// One page for the program and one for each command
    Man,
    /// For bash, zsh and fish
    Completions,
}

const NAME: &str = "losscope";
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

/// Writes what is asked for about the command line that `definition` defines.
pub fn run(args: &GenerateArgs, definition: &Command, talk: Talk) -> anyhow::Result<End> {
    let folder = &args.folder;
    std::fs::create_dir_all(folder).map_err(|e| Error::io("make the folder", folder, e))?;
    match args.what {
        What::Man => man(definition, folder),
        What::Completions => completions(definition, folder),
    }
    .map_err(|e| Error::io("write into the folder", folder, e))?;
    talk.detail(&format!("wrote into {}", terminal::path(folder)));
    Ok(End::Done)
}

fn man(definition: &Command, folder: &Path) -> std::io::Result<()> {
    clap_mangen::generate_to(definition.clone(), folder)
}

fn completions(definition: &Command, folder: &Path) -> std::io::Result<()> {
    // A shell would offer what is hidden too.
    let shown = definition
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    let mut shown = Command::new(NAME)
        .version(env!("CARGO_PKG_VERSION"))
        .args(definition.get_arguments().cloned())
        .subcommands(shown.cloned());
    for shell in SHELLS {
        aot::generate_to(shell, &mut shown, NAME, folder)?;
    }
    Ok(())
}
