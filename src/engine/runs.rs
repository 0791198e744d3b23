//! Distances along training runs: how far each checkpoint of a folder is from the start, and from the one
//! before it.

use crate::checkpoint::{Checkpoint, non_finite, series};
use crate::engine::distance::{note, sums};
use crate::engine::header::{DataFacts, Header};
use crate::engine::inputs::{list_checkpoint, open_network};
use crate::engine::job::DistanceJob;
use crate::engine::work::{Progress, Step, Work};
use crate::error::{Error, Result};
use crate::landscape::distance::DistanceCurve;
use crate::model::Network;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One or two runs.
#[derive(Debug, Clone)]
pub struct Runs {
    /// How they were measured.
    pub header: Header,
    /// The first checkpoint of the first run, or the one that distances are measured from.
    pub first: PathBuf,
    /// In the order of their folders.
    pub runs: Vec<Run>,
}

/// One folder's curve.
#[derive(Debug, Clone)]
pub struct Run {
    /// The folder.
    pub folder: PathBuf,
    /// Name of each checkpoint, in order.
    pub names: Vec<String>,
    /// Distances.
    pub curve: DistanceCurve,
}

/// Distances along runs on their way, a checkpoint a step.
pub struct Walk {
    network: Network,
    coming: VecDeque<Way>,
    done: usize,
    total: usize,
    found: Runs,
}

/// A run that is gone along.
struct Way {
    folder: PathBuf,
    start: Arc<Checkpoint>,
    files: VecDeque<PathBuf>,
    before: Option<Checkpoint>,
    names: Vec<String>,
    from_start: Vec<f64>,
    step: Vec<f64>,
    norm: f64,
}

/// Opens the folders and their starts; nothing is measured yet.
///
/// # Errors
/// Unless there are one or two folders of checkpoints of one network.
pub fn start(job: &DistanceJob) -> Result<Walk> {
    let folders = &job.files;
    if folders.len() > 2 || folders.iter().any(|f| !f.is_dir()) {
        return Err(Error::Usage(
            "distances along runs take one or two folders of checkpoints; files are compared without folders".into(),
        ));
    }
    let open = |file: &Path| list_checkpoint(file, job.key.as_deref()).map(Arc::new);
    let first = match (&job.from, folders.first()) {
        (Some(from), _) => from.clone(),
        (None, Some(folder)) => series(folder)?
            .into_iter()
            .next()
            .ok_or_else(|| Error::file(folder, "no checkpoints in the folder"))?,
        (None, None) => return Err(Error::Usage("name a folder of checkpoints".into())),
    };
    let given = open(&first)?;
    let (network, model) = open_network(&job.model, &*given, None)?;
    let mut header = Header::new(job.clone().into(), model, DataFacts::default());
    note(&mut header, "start", &network, &given)?;
    let mut coming = VecDeque::new();
    for folder in folders {
        let files = series(folder)?;
        // Without --from every run has a start of its own.
        let start = match (&job.from, files.first()) {
            (None, Some(file)) => open(file)?,
            _ => Arc::clone(&given),
        };
        network.check(&*start)?;
        coming.push_back(Way {
            folder: folder.clone(),
            start,
            files: files.into(),
            before: None,
            names: Vec::new(),
            from_start: Vec::new(),
            step: Vec::new(),
            norm: f64::NAN,
        });
    }
    Ok(Walk {
        network,
        done: 0,
        total: coming.iter().map(|way| way.files.len()).sum(),
        coming,
        found: Runs {
            header,
            first,
            runs: Vec::new(),
        },
    })
}

impl Way {
    /// Adds the next checkpoint.
    fn add(&mut self, network: &Network, next: Checkpoint, header: &mut Header) -> Result<()> {
        let (mut far, mut step, mut norm) = (0.0, 0.0, 0.0);
        for spec in network.layout().iter().filter(|s| s.is_trainable()) {
            let name = &spec.name;
            let (here, start) = (next.read(name)?, self.start.read(name)?);
            header.warn(non_finite(name, &here));
            let from_start = sums(&here, &start);
            drop(start);
            far += from_start.square();
            norm += from_start.norm_square();
            step += match &self.before {
                Some(before) => sums(&here, &before.read(name)?).square(),
                None => from_start.square(),
            };
        }
        self.from_start.push(far.sqrt());
        self.step.push(step.sqrt());
        self.norm = norm.sqrt();
        self.before = Some(next);
        Ok(())
    }

    fn run(self) -> Run {
        Run {
            folder: self.folder,
            names: self.names,
            curve: DistanceCurve::new(self.from_start, self.step, self.norm),
        }
    }
}

impl Work for Walk {
    type Found = Runs;

    fn step(&mut self) -> Result<Step> {
        let Some(way) = self.coming.front_mut() else {
            return Ok(Step::Done);
        };
        let Some(file) = way.files.pop_front() else {
            let way = self.coming.pop_front();
            self.found.runs.extend(way.map(Way::run));
            return Ok(Step::More);
        };
        let header = &mut self.found.header;
        let stem = file.file_stem().unwrap_or_default();
        let name = stem.to_string_lossy().into_owned();
        let next = list_checkpoint(&file, header.job.key())?;
        note(header, &name, &self.network, &next)?;
        way.add(&self.network, next, header)?;
        way.names.push(name);
        self.done += 1;
        Ok(Step::More)
    }

    fn progress(&self) -> Progress {
        Progress {
            what: "distances".into(),
            unit: "checkpoint",
            done: self.done,
            total: self.total,
        }
    }

    fn found(&self) -> &Runs {
        &self.found
    }

    fn header(&mut self) -> Option<&mut Header> {
        Some(&mut self.found.header)
    }

    fn finish(self) -> Runs {
        self.found
    }
}
