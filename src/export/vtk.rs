//! VTK: a result as a data set for ParaView, in VTK's legacy format.
//!
//! The legacy format is the one every version opens, and its binary form keeps NaN and infinity, which
//! its text form doesn't reliably read. A surface is a rectilinear grid, so that one click on Warp By
//! Scalar raises it; a line and a trajectory are polylines. The recipe lies among the
//! data of the whole set, as an array `recipe` of the bytes of its JSON.

use super::{complete, header};
use crate::engine::header::TrajectoryFacts;
use crate::engine::result::{Numbers, Outcome};
use crate::error::{Error, Result};
use crate::landscape::table::Table;
use crate::store::files::stream;
use std::io::{self, Write};
use std::path::Path;

/// Writes a result to `path`, replacing an existing file at once or not at all.
///
/// * A surface: `RECTILINEAR_GRID` with the metrics as point data.
/// * A line: `POLYDATA`, one polyline along x = α, with the metrics as point data.
/// * A trajectory: `POLYDATA`, one polyline in the plane z = 0, with `step`, `distance` and `outside`.
///
/// Surfaces and lines also have `valid`, 1 where every metric is computed and finite, and `height`,
/// the first loss with every other value replaced by the largest finite one, so that warping by it
/// leaves no hole.
///
/// # Errors
/// Where the result contradicts itself, has more points than the format can number, or the file
/// can't be written.
pub fn write(path: &Path, outcome: &Outcome) -> Result<()> {
    complete::check(outcome).map_err(|message| Error::file(path, message))?;
    let recipe = header::to_value(&complete::header(outcome))?.to_string();
    stream(path, "write the result", |out| {
        begin(out, &title(outcome))?;
        match &outcome.numbers {
            Numbers::Surface(surface) => {
                let [x, y] = [&surface.x, &surface.y];
                writeln!(out, "DATASET RECTILINEAR_GRID")?;
                field_data(out, &recipe)?;
                writeln!(out, "DIMENSIONS {} {} 1", x.len(), y.len())?;
                for (name, values) in [("X", x.as_slice()), ("Y", y), ("Z", &[0.0])] {
                    writeln!(out, "{name}_COORDINATES {} double", values.len())?;
                    doubles(out, values.iter().copied())?;
                }
                table(out, &surface.table)
            }
            Numbers::Line(line) => {
                polyline(out, line.alpha.iter().map(|alpha| [*alpha, 0.0]), &recipe)?;
                table(out, &line.table)
            }
            Numbers::Trajectory => outcome
                .header
                .trajectory
                .as_ref()
                .map_or(Ok(()), |facts| trajectory(out, facts, &recipe)),
        }
    })
}

/// How everything was made, as data of the whole set.
fn field_data(out: &mut impl Write, recipe: &str) -> io::Result<()> {
    writeln!(
        out,
        "FIELD FieldData 1\nrecipe 1 {} unsigned_char",
        recipe.len()
    )?;
    out.write_all(recipe.as_bytes())?;
    writeln!(out)
}

fn begin(out: &mut impl Write, title: &str) -> io::Result<()> {
    writeln!(out, "# vtk DataFile Version 3.0\n{title}\nBINARY")
}

/// One line of at most 255 bytes.
fn title(outcome: &Outcome) -> String {
    let title = format!(
        "Losscope: {} of {}",
        complete::kind(&outcome.numbers),
        outcome.header.model.name
    );
    let mut line: String = title
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    line.truncate(line.floor_char_boundary(255));
    line
}

fn trajectory(out: &mut impl Write, facts: &TrajectoryFacts, recipe: &str) -> io::Result<()> {
    let places = facts.x.iter().zip(&facts.y).map(|(x, y)| [*x, *y]);
    polyline(out, places, recipe)?;
    let steps: Vec<f64> = (0..facts.x.len()).map(|step| step as f64).collect();
    point_data(
        out,
        &[
            ("step", &steps),
            ("distance", &facts.distance),
            ("outside", &facts.outside),
        ],
        None,
    )
}

/// Points in the plane z = 0 and one line through all of them.
fn polyline(
    out: &mut impl Write,
    points: impl ExactSizeIterator<Item = [f64; 2]>,
    recipe: &str,
) -> io::Result<()> {
    // The format numbers points by 32 bits.
    let count = i32::try_from(points.len())
        .ok()
        .filter(|n| *n < i32::MAX)
        .ok_or(io::ErrorKind::FileTooLarge)?;
    writeln!(out, "DATASET POLYDATA")?;
    field_data(out, recipe)?;
    writeln!(out, "POINTS {count} double")?;
    doubles(out, points.flat_map(|[x, y]| [x, y, 0.0]))?;
    writeln!(out, "LINES 1 {}", count + 1)?;
    for index in std::iter::once(count).chain(0..count) {
        out.write_all(&index.to_be_bytes())?;
    }
    writeln!(out)
}

fn table(out: &mut impl Write, table: &Table) -> io::Result<()> {
    let mut columns = complete::metrics(table);
    let is_valid = |i: usize| {
        columns
            .iter()
            .all(|(_, values)| values.get(i).is_some_and(|v| v.is_finite()))
    };
    let valid: Vec<u8> = (0..table.computed.len())
        .map(|i| u8::from(table.is_known(i) && is_valid(i)))
        .collect();
    let height = height(table.primary().map_or(&[], |column| &column.loss));
    columns.push(("height", &height));
    point_data(out, &columns, Some(&valid))
}

/// The loss with a lid: what isn't finite lies as high as the largest finite loss.
fn height(loss: &[f64]) -> Vec<f64> {
    let highest = loss
        .iter()
        .copied()
        .filter(|v| v.is_finite())
        .fold(f64::NEG_INFINITY, f64::max);
    let lid = if highest.is_finite() { highest } else { 0.0 };
    loss.iter()
        .map(|v| if v.is_finite() { *v } else { lid })
        .collect()
}

/// The first array colours the data set; of others called scalars too, many readers would take none.
fn point_data(
    out: &mut impl Write,
    columns: &[(&str, &[f64])],
    valid: Option<&[u8]>,
) -> io::Result<()> {
    let Some(((first, values), others)) = columns.split_first() else {
        return Ok(());
    };
    writeln!(
        out,
        "POINT_DATA {}\nSCALARS {first} double 1\nLOOKUP_TABLE default",
        values.len()
    )?;
    doubles(out, values.iter().copied())?;
    writeln!(
        out,
        "FIELD FieldData {}",
        others.len() + usize::from(valid.is_some())
    )?;
    for (name, values) in others {
        writeln!(out, "{name} 1 {} double", values.len())?;
        doubles(out, values.iter().copied())?;
    }
    if let Some(valid) = valid {
        writeln!(out, "valid 1 {} unsigned_char", valid.len())?;
        out.write_all(valid)?;
        writeln!(out)?;
    }
    Ok(())
}

/// The legacy format is big-endian everywhere.
fn doubles(out: &mut impl Write, values: impl Iterator<Item = f64>) -> io::Result<()> {
    for value in values {
        out.write_all(&value.to_be_bytes())?;
    }
    writeln!(out)
}
