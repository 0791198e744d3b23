//! What the command line says of an option, for whoever offers the same choice elsewhere.

use super::surface::SurfaceJob;
use clap::{Args as _, ValueEnum};

/// What a surface's option does, in the words of its help; empty where there is no such option.
pub fn option(name: &str) -> String {
    let command = SurfaceJob::augment_args(clap::Command::new("job"));
    let found = command.get_arguments().find(|a| a.get_long() == Some(name));
    let help = found.and_then(clap::Arg::get_help);
    help.map(ToString::to_string).unwrap_or_default()
}

/// What one value of an option means, in the words of its help.
pub fn value<T: ValueEnum>(value: &T) -> String {
    let value = value.to_possible_value();
    let help = value.as_ref().and_then(|v| v.get_help());
    help.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::evaluate::statistics::BatchWeights;

    #[test]
    fn help_is_that_of_the_command_line() {
        assert!(option("key").starts_with("Where in the checkpoints"));
        assert!(option("statistics-batch").contains("a number from 2 up, or all"));
        assert!(value(&BatchWeights::Batch).contains("update_bn"));
        assert!(option("no-such-option").is_empty());
    }
}
