//! Runs read back from their folders.

use super::news::{Phase, RunNews};
use crate::engine::training::{Run, Stage};
use crate::error::Result;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The run in a folder, or every run below it.
///
/// # Errors
/// Where there is none, or it is damaged.
pub(super) fn runs(folder: &Path) -> Result<Vec<RunNews>> {
    let found = match Run::open(folder) {
        Ok(run) => vec![run],
        Err(error) => {
            let entries = folder.read_dir().into_iter().flatten().flatten();
            let mut below: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            below.sort();
            let runs: Vec<Run> = below
                .iter()
                .filter_map(|path| Run::open(path).ok())
                .collect();
            if runs.is_empty() {
                return Err(error);
            }
            runs
        }
    };
    let told = |run: Run| {
        let mut news = RunNews::new(0, run.folder.clone(), None, Phase::Foreign);
        opened(&mut news, run);
        news
    };
    Ok(found.into_iter().map(told).collect())
}

/// What an opened folder tells of a run.
fn opened(news: &mut RunNews, run: Run) {
    news.phase = match &run.status {
        Some(status) => match (status.stage, status.stopped) {
            (_, Some(why)) => Phase::Ended(why),
            (Stage::Failed, _) => Phase::Failed,
            _ => Phase::Paused,
        },
        None if run.job.is_some() => Phase::Paused,
        None => Phase::Foreign,
    };
    if let Some(status) = &run.status {
        news.steps = [status.step; 2];
        news.epoch = status.epoch;
        news.message.clone_from(&status.error);
    } else if let Some(last) = run.history.last() {
        news.steps = [last.step; 2];
        news.epoch = last.get("epoch").unwrap_or(0.0);
    }
    if news.message.is_none() && !run.notes.is_empty() {
        news.message = Some(run.notes.join("; "));
    }
    news.job = run.job;
    news.history = Arc::new(run.history);
    news.checkpoints = Arc::new(run.checkpoints);
    news.initial = run.initial;
}
