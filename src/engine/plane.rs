//! Building the plane a surface job asks for: its centre, its two directions, and the words for both.

use crate::engine::builtin;
use crate::engine::directions;
use crate::engine::header::{AxisFacts, Mark, PathFacts, TrajectoryFacts};
use crate::engine::inputs::Inputs;
use crate::engine::job::{BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_SMALL, Directions, SurfaceJob};
use crate::engine::local::planes::{self, Pair};
use crate::engine::names;
use crate::error::{Error, Result};
use crate::landscape::direction::{self, Normalization, Treatment};
use crate::landscape::evaluate::statistics::Remeasure;
use crate::landscape::slice::{Buffers, Slice};
use crate::landscape::trajectory::{Centring, Trajectory, pca};
use crate::model::params::Params;
use crate::plot::number::{self, percent_to};
use std::path::{Path, PathBuf};

/// A plane and what a figure says of it.
pub struct Plane {
    /// Centre and directions.
    pub slice: Slice,
    /// One entry a direction.
    pub axes: Vec<AxisFacts>,
    /// Points worth a mark.
    pub marks: Vec<Mark>,
    /// The path of a training run.
    pub trajectory: Option<TrajectoryFacts>,
    /// The paths of further runs.
    pub paths: Vec<PathFacts>,
    /// Coordinates the default range should show, beside the centre.
    pub shown: Vec<Vec<f64>>,
}

/// The checkpoint that decides which network this is.
pub fn first_checkpoint(job: &SurfaceJob) -> Result<PathBuf> {
    match (&job.directions, &job.at, &job.small) {
        (Directions::Pca(folder), ..) => builtin::series(folder)?
            .pop()
            .ok_or_else(|| Error::file(folder, "no checkpoints in the folder")),
        (_, Some(at), _) => Ok(at.clone()),
        (_, None, Some(small)) => Ok(small.clone()),
        (_, None, None) => Ok(BUILTIN_SMALL.into()),
    }
}

/// The plane a job asks for; `found`: its directions, where they were searched for already.
pub fn build(job: &SurfaceJob, inputs: &mut Inputs, found: Option<Pair>) -> Result<Plane> {
    let mut plane = without_paths(job, inputs, found)?;
    plane.paths = paths(job, inputs, &plane.slice)?;
    if matches!(job.directions, Directions::Three(..) | Directions::Pca(_)) {
        let all = plane.paths.iter().map(|path| &path.seen);
        let points = all.flat_map(|seen| seen.x.iter().zip(&seen.y));
        plane.shown.extend(points.map(|(x, y)| vec![*x, *y]));
    }
    Ok(plane)
}

/// The paths of further runs through a plane.
fn paths(job: &SurfaceJob, inputs: &mut Inputs, slice: &Slice) -> Result<Vec<PathFacts>> {
    let own = match &job.directions {
        Directions::Pca(folder) => Some(folder),
        _ => None,
    };
    let all: Vec<PathBuf> = own.into_iter().chain(&job.paths).cloned().collect();
    let names = names::distinct(&all);
    let names = names.into_iter().skip(all.len() - job.paths.len());
    let path = |(folder, run): (&PathBuf, String)| {
        let mut seen = Trajectory {
            directions: Vec::new(),
            explained: Vec::new(),
            points: Vec::new(),
        };
        let mut stems = Vec::new();
        for file in builtin::series(folder)? {
            let stem = file.file_stem().unwrap_or_default();
            let stem = stem.to_string_lossy().into_owned();
            let point = inputs.point(&file, &format!("{run}, {stem}"))?;
            let mut place = slice.project(&point);
            if !place.distance.is_finite() {
                // Weights that aren't numbers have no place, least of all the centre.
                place.coordinate.fill(f64::NAN);
            }
            seen.points.push(place);
            stems.push(stem);
        }
        Ok(PathFacts {
            run,
            seen: trajectory_facts(stems, &seen),
        })
    };
    job.paths.iter().zip(names).map(path).collect()
}

fn without_paths(job: &SurfaceJob, inputs: &mut Inputs, found: Option<Pair>) -> Result<Plane> {
    if let Directions::Pca(folder) = &job.directions {
        return through_series(job, folder, inputs);
    }
    let (centre, mut marks_at) = centre(job, inputs)?;
    let (directions, axes) = match &job.directions {
        Directions::Three(a, b) => {
            let first = inputs.point(a, "second corner")?;
            let second = inputs.point(b, "third corner")?;
            let plane = direction::through(&centre, &first, &second, job.isometric)?;
            let kind = if job.isometric {
                "orthonormal frame in L2 distances"
            } else {
                "plain differences"
            };
            let corners = corner_names(job, a, b, &mut marks_at);
            let rest: Vec<&str> = marks_at.iter().map(|(name, _)| name.as_str()).collect();
            let [a, b] = &corners;
            let rule = format!("{kind}, through {}, {a} and {b}", rest.join(", "));
            let axes = [a, b].map(|name| AxisFacts {
                label: if job.isometric {
                    "L2 distance".into()
                } else {
                    format!("towards {name}")
                },
                rule: rule.clone(),
            });
            marks_at.extend(corners.into_iter().zip([first, second]));
            (plane, axes.to_vec())
        }
        directions => match found {
            Some(found) => found,
            None => match planes::find(directions, inputs, &job.setup, &centre)? {
                Some(found) => found,
                None => random_or_stored(job, &centre)?,
            },
        },
    };
    if let (Directions::Worst(_), Some(direction)) = (&job.directions, directions.first()) {
        marks_at.push(("worst point".into(), centre.plus(1.0, direction)));
    }
    let slice = Slice::new(centre, directions, job.buffers)?;
    let marks: Vec<Mark> = marks_at
        .into_iter()
        .map(|(label, point)| {
            let seen = slice.project(&point);
            Mark {
                label,
                coordinate: seen.coordinate,
                outside: seen.outside,
            }
        })
        .collect();
    let shown = if matches!(job.directions, Directions::Three(..)) {
        marks.iter().map(|m| m.coordinate.clone()).collect()
    } else {
        Vec::new()
    };
    Ok(Plane {
        slice,
        axes,
        marks,
        trajectory: None,
        paths: Vec::new(),
        shown,
    })
}

/// The centre, and the checkpoints it lies at or between.
pub fn centre(job: &SurfaceJob, inputs: &mut Inputs) -> Result<(Params, Vec<(String, Params)>)> {
    if let (Some(small), Some(large)) = (&job.small, &job.large) {
        let small = inputs.point(small, "small batch")?;
        let large = inputs.point(large, "large batch")?;
        let line = Slice::line(small.clone(), &large, Buffers::Interpolate)?;
        let alpha = job.alpha.unwrap_or(0.5);
        let (point, clamped) = line.at(&[alpha]);
        if clamped > 0 {
            inputs.warnings.push(clamped_warning(clamped));
        }
        let marks = vec![
            (format!("α = {}", number::alpha(alpha)), point.clone()),
            ("small batch".into(), small),
            ("large batch".into(), large),
        ];
        return Ok((point, marks));
    }
    let path = first_checkpoint(job)?;
    let point = inputs.point(&path, "centre")?;
    let name = match path.to_str() {
        Some(BUILTIN_SMALL) => "small batch".into(),
        Some(BUILTIN_LARGE) => "large batch".into(),
        Some(BUILTIN_INIT) => "initial weights".into(),
        _ => names::name(&path),
    };
    Ok((point.clone(), vec![(name, point)]))
}

/// Names of the two other corners of a plane, told apart from each other and from the centre's file.
fn corner_names(
    job: &SurfaceJob,
    a: &Path,
    b: &Path,
    marks: &mut [(String, Params)],
) -> [String; 2] {
    let at = job.at.clone().unwrap_or_default();
    let mut told = names::distinct(&[at.clone(), a.to_owned(), b.to_owned()]);
    if let Some((name, _)) = marks.first_mut()
        && *name == names::name(&at)
        && let Some(apart) = told.first()
    {
        name.clone_from(apart);
    }
    let second = told.pop().unwrap_or_default();
    [told.pop().unwrap_or_default(), second]
}

fn random_or_stored(job: &SurfaceJob, centre: &Params) -> Result<(Vec<Params>, Vec<AxisFacts>)> {
    let (raw, from, treatment) = match &job.directions {
        Directions::Files(files) => (
            directions::read(files, centre)?,
            names::directions(&job.directions),
            Treatment {
                normalize: job.normalize,
                one_dim: job.one_dim,
            },
        ),
        _ => {
            let seed = job.setup.seed;
            (
                (0..2)
                    .map(|stream| direction::random(centre.layout(), seed, stream))
                    .collect(),
                format!("Gaussian, seed {seed}"),
                Treatment::of_random(job.normalize, job.one_dim),
            )
        }
    };
    let scaled = raw.iter().map(|d| {
        let moved = direction::only(&treatment.apply(d, centre), &job.only)?;
        // What is left of a direction of length 1 is shorter.
        let unit = treatment.normalize == Some(Normalization::Unit) && !job.only.is_empty();
        Ok(match moved.norm() {
            length if unit && length > 0.0 => moved.scaled(1.0 / length),
            _ => moved,
        })
    });
    let mut scaled: Vec<Params> = scaled.collect::<Result<_>>()?;
    if let [x, y] = scaled.as_mut_slice() {
        if x.norm() == 0.0 || y.norm() == 0.0 {
            return Err(Error::Slice(
                "a direction is zero everywhere: nothing would move along it; layers without a weight of two axes move with --one-dim keep".into(),
            ));
        }
        if job.orthogonal {
            *y = direction::orthogonal_to(y, x)?;
        }
    }
    let words = format!(
        "{}{}{}{}",
        treatment.describe(),
        if job.buffers == Buffers::Interpolate && scaled.iter().any(Params::moves_buffers) {
            ", running statistics along theirs"
        } else {
            ""
        },
        if job.orthogonal { ", orthogonal" } else { "" },
        alone(&job.only)
    );
    let unit = if treatment.normalize == Some(Normalization::Unit) {
        "L2 distance"
    } else {
        "direction"
    };
    let axes = ["1", "2"].map(|n| AxisFacts {
        label: format!("{unit} {n}{}", of(&job.only)),
        rule: format!("{from}, {words}"),
    });
    Ok((scaled, axes.to_vec()))
}

/// What is said where only some layers move.
pub fn alone(only: &[String]) -> String {
    if only.is_empty() {
        return String::new();
    }
    format!(", {} moved alone", only.join(", "))
}

/// The layers that move, for an axis.
fn of(only: &[String]) -> String {
    if only.is_empty() {
        return String::new();
    }
    format!(" of {}", only.join(", "))
}

fn through_series(job: &SurfaceJob, folder: &Path, inputs: &mut Inputs) -> Result<Plane> {
    let (names, points) = inputs.series(folder)?;
    let found = pca(&points, job.centring)?;
    let last = points
        .into_iter()
        .next_back()
        .ok_or_else(|| Error::file(folder, "no checkpoints in the folder"))?;
    let axes = pca_axes(&found.explained, folder, job.centring);
    let shown = found.points.iter().map(|p| p.coordinate.clone()).collect();
    let marks = vec![Mark {
        label: "last checkpoint".into(),
        coordinate: vec![0.0, 0.0],
        outside: 0.0,
    }];
    let trajectory = Some(trajectory_facts(names, &found));
    let slice = Slice::new(last, found.directions, job.buffers)?;
    Ok(Plane {
        slice,
        axes,
        marks,
        trajectory,
        paths: Vec::new(),
        shown,
    })
}

/// Axes of a PCA plane with their share of the variance.
pub fn pca_axes(explained: &[f64], folder: &Path, centring: Centring) -> Vec<AxisFacts> {
    let axis = |(i, share): (usize, &f64)| AxisFacts {
        label: format!("PCA {} ({})", i + 1, percent_to(*share, 1)),
        rule: format!(
            "principal directions {}, checkpoints of {}",
            centring.describe(),
            names::name(folder)
        ),
    };
    explained.iter().take(2).enumerate().map(axis).collect()
}

/// A trajectory in the recipe's terms.
pub fn trajectory_facts(names: Vec<String>, found: &Trajectory) -> TrajectoryFacts {
    TrajectoryFacts {
        names,
        x: found.points.iter().map(|p| p.coordinate[0]).collect(),
        y: found.points.iter().map(|p| p.coordinate[1]).collect(),
        distance: found.points.iter().map(|p| p.distance).collect(),
        outside: found.points.iter().map(|p| p.outside).collect(),
        explained: found.explained.clone(),
    }
}

/// What the running statistics do, in words; empty where the network has none.
pub fn statistics_words(inputs: &Inputs, buffers: Buffers, remeasure: Remeasure) -> String {
    if !inputs.network.has_statistics() {
        return String::new();
    }
    match buffers {
        Buffers::Frozen => "normalisation statistics frozen".into(),
        Buffers::Interpolate => "normalisation statistics interpolated".into(),
        Buffers::Recompute => {
            let samples = inputs.statistics.as_ref().map_or(0, |s| s.len());
            format!("normalisation statistics {}", remeasure.describe(samples))
        }
    }
}

/// Says that extrapolation met negative variances.
pub fn clamped_warning(clamped: usize) -> String {
    format!(
        "{clamped} running variances turn negative outside the two checkpoints and are clamped; --buffers recompute measures them instead"
    )
}
