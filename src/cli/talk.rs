//! How much a command says while it works, and how it ended.

use super::terminal;
use crate::engine::reading::Reading;
use clap::Args;
use std::path::Path;

/// How much is said.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Messages")]
pub struct Talk {
    /// Print results for machines (JSON) on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say how things were found and made
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// How a command ended, other than by an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Everything that was asked for.
    Done,
    /// Stopped by the user; partial results are kept.
    Stopped,
}

impl Talk {
    /// Something a reader should know.
    pub fn warn(self, warnings: &[String]) {
        if !self.quiet {
            for warning in warnings {
                terminal::say(&format!("warning: {warning}"));
            }
        }
    }

    /// How the network was read and what that rests on, a line each.
    pub fn reading(self, reading: &Reading) {
        for line in reading.lines() {
            self.say(&line);
        }
    }

    /// News for a person.
    pub fn say(self, text: &str) {
        if !self.quiet {
            terminal::say(text);
        }
    }

    /// That a file is written.
    pub fn wrote(self, path: &Path) {
        self.say(&format!("wrote {}", terminal::path(path)));
    }

    /// Details for a curious person.
    pub fn detail(self, text: &str) {
        if self.verbose {
            terminal::say(text);
        }
    }
}
