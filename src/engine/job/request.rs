//! What every kind of job says of itself.

use super::setup::Setup;
use crate::error::Result;
use std::path::PathBuf;

/// What is asked for, whatever it is.
pub trait Request {
    /// Network, data and device; `None` for what evaluates no network.
    fn setup(&self) -> Option<&Setup>;

    /// As [`Request::setup`], to change it.
    fn setup_mut(&mut self) -> Option<&mut Setup>;

    /// Where in the checkpoints the weights are, where that was said.
    fn key(&self) -> Option<&str> {
        self.setup()?.key.as_deref()
    }

    /// The checkpoints, folders and other files it names, besides network and data.
    fn files(&self) -> Vec<PathBuf>;

    /// Every file and folder it reads.
    fn inputs(&self) -> Vec<PathBuf> {
        let setup = self.setup().into_iter();
        let named = setup.flat_map(|setup| [&setup.data, &setup.model].map(PathBuf::from));
        named.chain(self.files()).collect()
    }

    /// What must be kept in mind of every number it gives; empty where nothing must.
    fn caution(&self) -> &'static str {
        ""
    }

    /// Refuses numbers that make no sense and options that contradict each other, before anything is
    /// opened.
    ///
    /// # Errors
    /// Says which.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Where a job that evaluates a network keeps its setup.
macro_rules! own_setup {
    () => {
        fn setup(&self) -> Option<&Setup> {
            Some(&self.setup)
        }

        fn setup_mut(&mut self) -> Option<&mut Setup> {
            Some(&mut self.setup)
        }
    };
}
pub(super) use own_setup;
