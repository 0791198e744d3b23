//! Files of Li et al.'s code (Li et al. 2018, `loss-landscape` on GitHub).
//!
//! A surface has `xcoordinates` `[nx]`, `ycoordinates` `[ny]` and, row = y, `train_loss`, `train_acc`,
//! `test_loss`, `test_acc`; a surface of one axis has no `ycoordinates`. Accuracies are in per cent,
//! −1 stands for a point not computed. What their code doesn't know is R²: it is written as `train_r2` and
//! `test_r2`, as it is, and NaN where not computed, since −1 is a value of it; nor does it know points that
//! follow from computed ones, which `interpolated` marks. Their code creates the arrays as `[nx, ny]` but fills and plots
//! them as `[ny, nx]`; so the shape is written as `[ny, nx]`, which it reads as well, and both are read in
//! the order in which they were filled. The dataset `recipe`, which their code passes over, is the header as
//! JSON in bytes. Where it is missing, another program made the file and doesn't say where its numbers come
//! from: the header made up for it says "unknown".

mod directions;

use super::{complete, header};
use crate::engine::header::{AxisFacts, DataFacts, Header, ModelFacts, TrajectoryFacts};
use crate::engine::job::{AxisChoice, Directions, Job, LineJob, Setup, SplitChoice, SurfaceJob};
use crate::engine::result::{Numbers, Outcome};
use crate::error::{Error, Result};
use crate::landscape::direction::Normalization;
use crate::landscape::grid::Axis;
use crate::landscape::line::Line;
use crate::landscape::surface::Surface;
use crate::landscape::table::{Column, Table};
use crate::model::losses::{Loss, MeanSquaredError, Score};
use crate::store::files::stream;
use crate::store::{Array, hdf5};
pub use directions::{directions, write_directions};
use hdf5_pure::FileBuilder;
use std::io::Write as _;
use std::path::Path;

const NOT_COMPUTED: f64 = -1.0;
const UNKNOWN: &str = "unknown";
/// Which points follow from computed ones: 1, else 0. Their code passes it over.
const INTERPOLATED: &str = "interpolated";
const SPLITS: [&str; 2] = ["train", "test"];

/// The dataset of a split's loss.
fn loss_name(split: &str) -> String {
    format!("{split}_loss")
}

/// The dataset of a split's score. Their code knows accuracies alone, in per cent.
fn score_name(split: &str, score: Score) -> String {
    match score {
        Score::Accuracy => format!("{split}_acc"),
        Score::R2 => format!("{split}_{}", score.key()),
    }
}

/// What stands for the score of a point not computed.
fn no_score(score: Score) -> f64 {
    match score {
        Score::Accuracy => NOT_COMPUTED,
        Score::R2 => f64::NAN,
    }
}

/// Writes a result in the layout above. A trajectory, alone or in a surface, becomes `proj_xcoord`,
/// `proj_ycoord` and `explained_variance_ratio_`.
///
/// # Errors
/// Where the result contradicts itself or the file can't be written.
pub fn write_surface(path: &Path, outcome: &Outcome) -> Result<()> {
    complete::check(outcome).map_err(|message| Error::file(path, message))?;
    let mut file = FileBuilder::new();
    let mut dataset = |name: &str, shape: &[usize], values: &[f64]| {
        file.create_dataset(name)
            .with_f64_data(values)
            .with_shape(&sizes(shape));
    };
    let (table, shape) = match &outcome.numbers {
        Numbers::Surface(surface) => {
            dataset("xcoordinates", &[surface.x.len()], &surface.x);
            dataset("ycoordinates", &[surface.y.len()], &surface.y);
            (Some(&surface.table), vec![surface.y.len(), surface.x.len()])
        }
        Numbers::Line(line) => {
            dataset("xcoordinates", &[line.alpha.len()], &line.alpha);
            (Some(&line.table), vec![line.alpha.len()])
        }
        Numbers::Trajectory => (None, Vec::new()),
    };
    if let Some(table) = table {
        let score = table.score;
        for (column, split) in [&table.train, &table.validation].into_iter().zip(SPLITS) {
            let Some(column) = column else { continue };
            for (name, values, factor, none) in [
                (loss_name(split), &column.loss, 1.0, NOT_COMPUTED),
                (
                    score_name(split, score),
                    &column.score,
                    score.factor(),
                    no_score(score),
                ),
            ] {
                let points = values.iter().enumerate();
                let values: Vec<f64> = points
                    .map(|(i, v)| if table.is_known(i) { v * factor } else { none })
                    .collect();
                dataset(&name, &shape, &values);
            }
        }
    }
    if let Some(table) = outcome
        .numbers
        .table()
        .filter(|t| !t.interpolated.is_empty())
    {
        let flags = table
            .interpolated
            .iter()
            .map(|flag| f64::from(u8::from(*flag)));
        dataset(INTERPOLATED, &shape, &flags.collect::<Vec<f64>>());
    }
    if let Some(facts) = &outcome.header.trajectory {
        dataset("proj_xcoord", &[facts.x.len()], &facts.x);
        dataset("proj_ycoord", &[facts.y.len()], &facts.y);
        if !facts.explained.is_empty() {
            dataset(
                "explained_variance_ratio_",
                &[facts.explained.len()],
                &facts.explained,
            );
        }
    }
    let header = header::to_value(&complete::header(outcome))?.to_string();
    file.create_dataset(header::KEY)
        .with_u8_data(header.as_bytes())
        .with_shape(&sizes(&[header.len()]));
    save(path, file)
}

/// Reads a surface of Li et al.'s code: a [`Surface`], or a [`Line`] where there is one axis.
///
/// A point counts as computed where any loss is; a split without a computed point is left out. The score
/// is R² where one is stored, else the accuracy; one that isn't stored is NaN, and so are a path's
/// distances out of the plane.
///
/// # Errors
/// Where the file is no such surface (with what it holds), or an array has another shape than the
/// coordinates ask for.
pub fn read_surface(path: &Path) -> Result<Outcome> {
    let arrays = hdf5::read_arrays(path)?;
    let read = || {
        let x = coordinates(&arrays, "xcoordinates")?;
        let x = x.ok_or_else(|| {
            format!(
                "this is no surface of Li et al.'s code: it has no `xcoordinates`; {}",
                header::listed(&arrays, "datasets")
            )
        })?;
        let y = coordinates(&arrays, "ycoordinates")?;
        let mut warnings = Vec::new();
        let table = table(&arrays, x.len(), y.as_ref().map(Vec::len), &mut warnings)?;
        let header = if find(&arrays, header::KEY).is_some() {
            let mut own = header::from_value(header::in_arrays(&arrays)?)?;
            own.warn(warnings);
            own.complete = table.missing() == 0;
            own
        } else {
            let mut foreign = foreign(&table, &x, y.as_deref(), warnings)?;
            foreign.trajectory = projections(&arrays)?;
            foreign
        };
        let numbers = match y {
            Some(y) => Numbers::Surface(Surface { x, y, table }),
            None => Numbers::Line(Line { alpha: x, table }),
        };
        let outcome = Outcome { header, numbers };
        complete::check(&outcome)?;
        Ok(outcome)
    };
    read().map_err(|message: String| Error::file(path, message))
}

fn find<'a>(arrays: &'a [(String, Array)], name: &str) -> Option<&'a Array> {
    arrays
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, array)| array)
}

fn coordinates(arrays: &[(String, Array)], name: &str) -> Result<Option<Vec<f64>>, String> {
    match find(arrays, name) {
        Some(array) if array.shape().len() != 1 => Err(format!(
            "the dataset `{name}` has shape {:?}, expected one axis",
            array.shape()
        )),
        array => Ok(array.map(Array::to_f64)),
    }
}

fn table(
    arrays: &[(String, Array)],
    nx: usize,
    ny: Option<usize>,
    warnings: &mut Vec<String>,
) -> Result<Table, String> {
    let values = |name: &str| -> Result<Option<Vec<f64>>, String> {
        let Some(array) = find(arrays, name) else {
            return Ok(None);
        };
        let fits = match (ny, array.shape()) {
            (None, &[n]) => n == nx,
            (Some(ny), &[a, b]) => (a, b) == (ny, nx) || (a, b) == (nx, ny),
            _ => false,
        };
        let expected = ny.map_or_else(|| format!("[{nx}]"), |ny| format!("[{ny}, {nx}]"));
        let message = || {
            format!(
                "the dataset `{name}` has shape {:?}, expected {expected}",
                array.shape()
            )
        };
        fits.then(|| Some(array.to_f64())).ok_or_else(message)
    };
    let mut columns = [None, None];
    let mut computed = vec![false; nx * ny.unwrap_or(1)];
    let mut found = false;
    let has_r2 = |split: &&str| find(arrays, &score_name(split, Score::R2)).is_some();
    let score = if SPLITS.iter().any(has_r2) {
        Score::R2
    } else {
        Score::Accuracy
    };
    for (column, split) in columns.iter_mut().zip(SPLITS) {
        let (loss_name, score_name) = (loss_name(split), score_name(split, score));
        let Some(mut loss) = values(&loss_name)? else {
            continue;
        };
        found = true;
        let done: Vec<bool> = loss.iter().map(|v| *v != NOT_COMPUTED).collect();
        if !done.contains(&true) {
            warnings.push(format!(
                "`{loss_name}` has no computed point and is left out"
            ));
            continue;
        }
        let scores = values(&score_name)?;
        if scores.is_none() {
            warnings.push(format!("the file has `{loss_name}` but no `{score_name}`"));
        }
        let mut scores = scores.unwrap_or_else(|| vec![f64::NAN; loss.len()]);
        for ((loss, own), done) in loss.iter_mut().zip(&mut scores).zip(&done) {
            *own = if *done && *own != no_score(score) {
                *own / score.factor()
            } else {
                f64::NAN
            };
            *loss = if *done { *loss } else { f64::NAN };
        }
        computed.iter_mut().zip(done).for_each(|(c, d)| *c |= d);
        *column = Some(Column {
            loss,
            score: scores,
        });
    }
    if !found {
        return Err(format!(
            "this surface has neither `train_loss` nor `test_loss`; {}",
            header::listed(arrays, "datasets")
        ));
    }
    let [train, validation] = columns;
    if train.is_none() && validation.is_none() {
        return Err("no point of this surface has been computed: every loss is −1".into());
    }
    let interpolated = values(INTERPOLATED)?.unwrap_or_default();
    let interpolated: Vec<bool> = interpolated.iter().map(|flag| *flag == 1.0).collect();
    for (computed, _) in computed.iter_mut().zip(&interpolated).filter(|(_, i)| **i) {
        *computed = false;
    }
    Ok(Table {
        train,
        validation,
        computed,
        interpolated,
        score,
    })
}

fn projections(arrays: &[(String, Array)]) -> Result<Option<TrajectoryFacts>, String> {
    let (Some(x), Some(y)) = (
        coordinates(arrays, "proj_xcoord")?,
        coordinates(arrays, "proj_ycoord")?,
    ) else {
        return Ok(None);
    };
    Ok(Some(TrajectoryFacts {
        names: (0..x.len()).map(|i| i.to_string()).collect(),
        distance: vec![f64::NAN; x.len()],
        outside: vec![f64::NAN; x.len()],
        explained: coordinates(arrays, "explained_variance_ratio_")?.unwrap_or_default(),
        x,
        y,
    }))
}

/// The recipe of numbers that another program made: a job with the program's defaults whose network,
/// data and checkpoints are "unknown", axes as found, no norms, no device.
fn foreign(
    table: &Table,
    x: &[f64],
    y: Option<&[f64]>,
    mut warnings: Vec<String>,
) -> Result<Header, String> {
    let words = "made by another program, which doesn't say from which network and data";
    warnings.insert(0, words.to_owned());
    let from_to = |values: &[f64]| -> Result<Axis, String> {
        let (Some(from), Some(to)) = (values.first(), values.last()) else {
            return Err("an axis is empty".into());
        };
        Ok(Axis {
            from: *from,
            to: *to,
            points: values.len(),
        })
    };
    let unknown_setup = |setup: &mut Setup| {
        setup.model = UNKNOWN.into();
        setup.data = UNKNOWN.into();
        setup.split = match (&table.train, &table.validation) {
            (Some(_), None) => SplitChoice::Train,
            (None, Some(_)) => SplitChoice::Validation,
            _ => SplitChoice::Both,
        };
    };
    let job = if let Some(y) = y {
        let mut job = SurfaceJob::default();
        unknown_setup(&mut job.setup);
        job.at = Some(UNKNOWN.into());
        job.directions = Directions::Files(vec![UNKNOWN.into()]);
        job.normalize = Some(Normalization::None);
        job.x = Some(AxisChoice::Given(from_to(x)?));
        job.y = Some(AxisChoice::Given(from_to(y)?));
        Job::Surface(job)
    } else {
        let mut job = LineJob::default();
        unknown_setup(&mut job.setup);
        (job.small, job.large) = (UNKNOWN.into(), UNKNOWN.into());
        job.alpha = from_to(x)?;
        Job::Line(job)
    };
    let axis = |label: &str| AxisFacts {
        label: label.into(),
        rule: "direction unknown".into(),
    };
    let model = ModelFacts {
        name: UNKNOWN.into(),
        source: "made by another program".into(),
        loss: UNKNOWN.into(),
        criterion: match table.score {
            Score::Accuracy => Loss::default(),
            // Which regression, the file doesn't say.
            Score::R2 => MeanSquaredError::default().into(),
        },
        ..ModelFacts::default()
    };
    let data = DataFacts {
        name: UNKNOWN.into(),
        ..DataFacts::default()
    };
    Ok(Header {
        axes: if y.is_some() {
            vec![axis("x"), axis("y")]
        } else {
            vec![axis("α")]
        },
        non_finite: table.non_finite(),
        complete: table.missing() == 0,
        warnings,
        ..Header::new(job, model, data)
    })
}

fn sizes(shape: &[usize]) -> Vec<u64> {
    shape.iter().map(|n| *n as u64).collect()
}

fn save(path: &Path, file: FileBuilder) -> Result<()> {
    let bytes = file
        .finish()
        .map_err(|e| Error::file(path, format!("the HDF5 file can't be made: {e}")))?;
    stream(path, "write the result", |out| out.write_all(&bytes))
}
