//! What a complete result is, for every format: numbers that fit the job, columns of one length, and the
//! names that they carry.
//!
//! It knows no format.

use crate::engine::header::{Header, TrajectoryFacts};
use crate::engine::job::Job;
use crate::engine::result::{Numbers, Outcome};
use crate::landscape::table::Table;
use crate::model::losses::Score;

/// Why a result can't be written or used, where it contradicts itself; without the file's name.
pub(super) fn check(outcome: &Outcome) -> Result<(), String> {
    let (table, points) = match (&outcome.numbers, &outcome.header.job) {
        (Numbers::Surface(surface), Job::Surface(_)) => {
            check_axis("x", &surface.x)?;
            check_axis("y", &surface.y)?;
            (Some(&surface.table), surface.x.len() * surface.y.len())
        }
        (Numbers::Line(line), Job::Line(_)) => {
            check_axis("alpha", &line.alpha)?;
            (Some(&line.table), line.alpha.len())
        }
        (Numbers::Trajectory, Job::Trajectory(_)) => {
            outcome
                .header
                .trajectory
                .as_ref()
                .ok_or("the recipe of a trajectory has no `trajectory`")?;
            (None, 0)
        }
        (numbers, _) => {
            return Err(format!(
                "the numbers are those of a {}, but the job is another",
                kind(numbers)
            ));
        }
    };
    if let Some(table) = table {
        let mut columns = metrics(table);
        if columns.is_empty() {
            return Err("the result has neither `train_loss` nor `validation_loss`".into());
        }
        let lengths = columns.drain(..).map(|(name, values)| (name, values.len()));
        let interpolated = match table.interpolated.len() {
            0 => points,
            given => given,
        };
        let flags = [
            ("computed", table.computed.len()),
            ("interpolated", interpolated),
        ];
        for (name, length) in lengths.chain(flags) {
            if length != points {
                return Err(format!("`{name}` has {length} values, expected {points}"));
            }
        }
    }
    let Some(facts) = &outcome.header.trajectory else {
        return Ok(());
    };
    let expected = facts.names.len();
    let columns = [
        ("x", &facts.x),
        ("y", &facts.y),
        ("distance", &facts.distance),
        ("outside", &facts.outside),
    ];
    match columns.iter().find(|(_, values)| values.len() != expected) {
        Some((name, values)) => Err(format!(
            "the trajectory has {expected} names, but {} values of `{name}`",
            values.len()
        )),
        None => Ok(()),
    }
}

/// The header of a result with whether all of it is there.
pub(super) fn header(outcome: &Outcome) -> Header {
    Header {
        complete: outcome.missing() == 0,
        ..outcome.header.clone()
    }
}

fn check_axis(name: &str, values: &[f64]) -> Result<(), String> {
    if values.is_empty() {
        return Err(format!("`{name}` is empty"));
    }
    match values.iter().find(|v| !v.is_finite()) {
        Some(value) => Err(format!(
            "`{name}` holds {value}, expected finite coordinates"
        )),
        None => Ok(()),
    }
}

/// "surface", "line" or "trajectory".
pub(super) fn kind(numbers: &Numbers) -> &'static str {
    match numbers {
        Numbers::Surface(_) => "surface",
        Numbers::Line(_) => "line",
        Numbers::Trajectory => "trajectory",
    }
}

/// The columns that a table has, by the names they carry in every format.
pub(super) fn metrics(table: &Table) -> Vec<(&'static str, &[f64])> {
    let mut columns: Vec<(&'static str, &[f64])> = Vec::new();
    let names = names(table.score);
    for (split, [loss, score]) in [&table.train, &table.validation].into_iter().zip(names) {
        if let Some(column) = split {
            columns.push((loss, &column.loss));
            columns.push((score, &column.score));
        }
    }
    columns
}

/// The flags that a table has, by the names they carry: which points were computed, and where any was, which
/// were interpolated.
pub(super) fn flags(table: &Table) -> Vec<(&'static str, &[bool])> {
    let mut flags: Vec<(&'static str, &[bool])> = vec![("computed", &table.computed)];
    if !table.interpolated.is_empty() {
        flags.push(("interpolated", &table.interpolated));
    }
    flags
}

/// The names of the columns of training and validation.
pub(super) fn names(score: Score) -> [[&'static str; 2]; 2] {
    match score {
        Score::Accuracy => [
            ["train_loss", "train_accuracy"],
            ["validation_loss", "validation_accuracy"],
        ],
        Score::R2 => [
            ["train_loss", "train_r2"],
            ["validation_loss", "validation_r2"],
        ],
    }
}

/// The arrays of a trajectory by name: a surface carries the path for drawing, the rest stands in the recipe.
pub(super) fn path_arrays(outcome: &Outcome) -> Vec<(&'static str, &Vec<f64>)> {
    let Some(facts) = &outcome.header.trajectory else {
        return Vec::new();
    };
    let TrajectoryFacts {
        x,
        y,
        distance,
        outside,
        explained,
        ..
    } = facts;
    let mut found = vec![
        ("proj_x", x),
        ("proj_y", y),
        ("distance", distance),
        ("outside", outside),
        ("explained", explained),
    ];
    match outcome.numbers {
        Numbers::Surface(_) => found.truncate(2),
        Numbers::Line(_) => found.clear(),
        Numbers::Trajectory => {}
    }
    found
}
