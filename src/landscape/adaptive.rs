//! A grid computed only where it isn't smooth: the rest is interpolated, and the error of that is measured.
//!
//! Nested grids, coarse to fine. A node of a finer one is predicted from the coarser by cubic interpolation;
//! where it is computed all the same, what the prediction lacked is the *detail* there. Details of smooth
//! functions shrink sixteenfold from one grid to the next (Deslauriers and Dubuc 1989), so nodes whose
//! neighbours have small details needn't be computed: Harten's multiresolution (1995, "Multiresolution
//! algorithms for the numerical solution of hyperbolic conservation laws"), Holmström's sparse point
//! representation (1999). An estimate can be wrong: nodes drawn at random from those left out are computed as
//! well, and held against their predictions. Where too many are off, or most of the grid is needed, it says so.
//!
//! Errors are shares of the range of all computed values; where these are positive, of their logarithms as well,
//! so that a picture is right on either scale. What to compute next follows from what is computed, from nothing
//! else: a computation that was stopped goes on from there, to the same tolerance; where its last points widened the
//! range, it may do with fewer points. It knows no networks.

mod field;
mod stencil;

pub use field::Values;
use field::{Field, SCALES, Scale};
use std::fmt;
use stencil::{Stencil, between, lines};

/// Nodes of the first two grids together, at least, and the share of all nodes that they are.
const FIRST_NODES: usize = 64;
const FIRST_SHARE: f64 = 0.01;
/// What is left of a detail on the next grid, taken for granted. Of a smooth function it is a sixteenth, of
/// one with kinks, as networks of rectifiers are, a half; on nine surfaces of six trained networks this much
/// kept the share of points beyond the tolerance below a hundredth.
const DECAY: f64 = 0.35;
/// Up to this share of nodes a surface is smooth.
const SMOOTH: f64 = 0.1;
/// More nodes than this share: then all of them, for interpolation brings little.
const MOST: f64 = 0.5;
/// Nodes that are checked: this share of all, within bounds.
const CHECKED_SHARE: f64 = 0.01;
const CHECKED: [usize; 2] = [24, 400];
/// Share of the checked nodes that may be off.
const OFF: f64 = 0.005;
/// How often the bound of estimates is halved where checks fail.
const ROUNDS: i32 = 4;
/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// These nodes are to be computed.
    Compute(Vec<usize>),
    /// No more nodes are to be computed: the others, interpolated.
    Interpolate(Interpolated),
    /// Interpolation isn't good enough: all nodes are to be computed.
    TooRough(TooRough),
}

/// A whole grid, of which some nodes were computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Interpolated {
    /// The numbers, as many lists as were given; computed ones as they were.
    pub numbers: Vec<Vec<f64>>,
    /// What is known of the error.
    pub error: Checked,
}

/// What is known of the error of interpolation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Checked {
    /// Nodes computed although their predictions seemed good enough.
    pub nodes: usize,
    /// How many of them were off by more than the tolerance.
    pub off: usize,
    /// The largest error among them, a share of the range.
    pub worst: f64,
    /// The largest error of the numbers that don't decide, in their own unit.
    pub worst_other: f64,
}

/// Why interpolation isn't good enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TooRough {
    /// More than half of the nodes would be needed; so many were computed when that was seen.
    Needed(usize),
    /// Too many checked nodes were off: how many of how many.
    Off(usize, usize),
}

impl fmt::Display for TooRough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self {
            Self::Needed(_) => "most of its points would be needed for the tolerance".to_owned(),
            Self::Off(off, nodes) => {
                format!("{off} of {nodes} checked points lay beyond the tolerance")
            }
        };
        write!(
            f,
            "the surface is too rough to be interpolated ({why}): every point is computed"
        )
    }
}

/// What to do next with an `nx` × `ny` grid of which some nodes are `computed`, so that the others can be
/// interpolated to `tolerance`, a share of the range.
pub fn next(
    nx: usize,
    ny: usize,
    values: &[Values<'_>],
    computed: &[bool],
    tolerance: f64,
) -> Next {
    let (first, second) = first_steps(nx, ny);
    let mut grid = Grid::new(nx, ny, values, computed);
    let base: Vec<usize> = grid.nodes(second).filter(|i| !computed[*i]).collect();
    if !base.is_empty() {
        return Next::Compute(base);
    }
    grid.choose_scales(first);
    let all = nx * ny;
    for round in 0..ROUNDS {
        let bound = tolerance * 0.5_f64.powi(round);
        let needed = grid.refine((first, second), bound);
        let count = needed.iter().filter(|n| **n).count();
        let missing: Vec<usize> = (0..all).filter(|i| needed[*i] && !computed[*i]).collect();
        let done = computed.iter().filter(|c| **c).count();
        if (done + missing.len()) as f64 > MOST * all as f64 {
            return Next::TooRough(TooRough::Needed(done));
        }
        if !missing.is_empty() {
            return Next::Compute(missing);
        }
        let checks = checks(&needed, all - count, round);
        let missing: Vec<usize> = checks.iter().copied().filter(|i| !computed[*i]).collect();
        if !missing.is_empty() {
            return Next::Compute(missing);
        }
        let error = grid.checked(&checks, tolerance);
        if error.off as f64 <= OFF * error.nodes as f64 {
            let fields = grid.fields.into_iter();
            let numbers = fields.map(|field| field.plain(computed)).collect();
            return Next::Interpolate(Interpolated { numbers, error });
        }
        if round + 1 == ROUNDS {
            return Next::TooRough(TooRough::Off(error.off, error.nodes));
        }
    }
    Next::TooRough(TooRough::Needed(0))
}

/// What is said of a grid of which many nodes were needed.
pub fn rough(computed: usize, nodes: usize) -> Option<String> {
    (computed as f64 > SMOOTH * nodes as f64).then(|| {
        let share = (100.0 * computed as f64 / nodes as f64).round();
        format!(
            "the surface is rough: {share} % of its points had to be computed, as the tolerance asks"
        )
    })
}

/// The steps of the first two grids, both computed whole: the coarsest that show enough of a function.
fn first_steps(nx: usize, ny: usize) -> (usize, usize) {
    let enough = FIRST_NODES.max((FIRST_SHARE * (nx * ny) as f64) as usize);
    let mut second = nx.max(ny).max(2).next_power_of_two() / 2;
    while second > 1 && lines(nx, second).len() * lines(ny, second).len() < enough {
        second /= 2;
    }
    (2 * second, second)
}

/// Some nodes that aren't needed, by the numbers a hash gives them.
fn checks(needed: &[bool], rest: usize, round: i32) -> Vec<usize> {
    let most = ((CHECKED_SHARE * needed.len() as f64) as usize).clamp(CHECKED[0], CHECKED[1]);
    let mut drawn: Vec<(u64, usize)> = (0..needed.len())
        .filter(|i| !needed[*i])
        .map(|i| (hash(i as u64 ^ (round as u64) << 48), i))
        .collect();
    let few = most.min(rest);
    if few < drawn.len() {
        drawn.select_nth_unstable(few);
        drawn.truncate(few);
    }
    drawn.into_iter().map(|(_, i)| i).collect()
}

/// SplitMix64 (Steele, Lea and Flood 2014).
fn hash(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

struct Grid<'a> {
    nx: usize,
    ny: usize,
    computed: &'a [bool],
    fields: Vec<Field>,
}

impl<'a> Grid<'a> {
    fn new(nx: usize, ny: usize, values: &[Values<'_>], computed: &'a [bool]) -> Self {
        let fields = values.iter().map(|v| Field::new(*v, computed)).collect();
        Self {
            nx,
            ny,
            computed,
            fields,
        }
    }

    /// The nodes of a grid of this step.
    fn nodes(&self, step: usize) -> impl Iterator<Item = usize> {
        let (columns, nx) = (lines(self.nx, step), self.nx);
        let rows = lines(self.ny, step).into_iter();
        rows.flat_map(move |row| {
            let columns = columns.clone().into_iter();
            columns.map(move |column| row * nx + column)
        })
    }

    /// Puts every list on the scale on which the second grid follows best from the first.
    fn choose_scales(&mut self, first: usize) {
        for own in 0..self.fields.len() {
            let scales = match self.fields[own].log_range {
                Some(_) => &SCALES[..],
                None => &SCALES[..1],
            };
            let lacking = |scale: &Scale| {
                self.fields[own].begin(*scale);
                let mut sum = 0.0;
                self.level(first / 2, |grid, node| {
                    let field = &grid.fields[own];
                    sum += field.error(node, field.predicted[node]).min(1.0);
                });
                (sum, *scale)
            };
            let found: Vec<(f64, Scale)> = scales.iter().map(lacking).collect();
            let best = found.iter().min_by(|a, b| a.0.total_cmp(&b.0));
            self.fields[own].begin(best.map_or(Scale::Plain, |best| best.1));
        }
    }

    /// Predicts the nodes of the grid of this step from those of the next coarser one, and lets `see` look
    /// at each. Known nodes keep their values, others take the predicted ones.
    fn level(&mut self, step: usize, mut see: impl FnMut(&mut Self, usize)) {
        let nx = self.nx;
        let along_x = between(nx, step);
        let along_y = between(self.ny, step);
        for row in lines(self.ny, 2 * step) {
            for stencil in &along_x {
                let node = row * nx + stencil.at;
                self.predict(node, stencil, |c| row * nx + c);
                see(self, node);
            }
        }
        for stencil in &along_y {
            for column in lines(nx, step) {
                let node = stencil.at * nx + column;
                self.predict(node, stencil, |r| r * nx + column);
                see(self, node);
            }
        }
    }

    fn predict(&mut self, node: usize, stencil: &Stencil, place: impl Fn(usize) -> usize) {
        for field in &mut self.fields {
            if field.values.is_empty() {
                continue;
            }
            let predicted = stencil.of(|line| field.values[place(line)]);
            field.predicted[node] = predicted;
            if !self.computed[node] {
                field.values[node] = predicted;
            }
        }
    }

    /// The largest error of a prediction among the numbers that decide.
    fn detail(&self, node: usize) -> f64 {
        let deciding = self.fields.iter().filter(|field| field.decides);
        let errors = deciding.map(|field| field.error(node, field.predicted[node]));
        errors.fold(0.0, f64::max)
    }

    /// Which nodes are needed for errors below `bound`, until the first grid of which some are missing; the
    /// others are predicted.
    fn refine(&mut self, (first, second): (usize, usize), bound: f64) -> Vec<bool> {
        let all = self.nx * self.ny;
        let mut needed = vec![false; all];
        for node in self.nodes(second) {
            needed[node] = true;
        }
        for field in &mut self.fields {
            field.begin(field.scale);
        }
        // What a node lacked, or is expected to lack, on the grid at hand.
        let mut lacking = vec![0.0_f64; all];
        let mut step = first / 2;
        while step >= 1 {
            for value in &mut lacking {
                *value *= DECAY;
            }
            let coarser = lacking.clone();
            let (columns, rows) = (near(self.nx, step), near(self.ny, step));
            let mut missing = false;
            self.level(step, |grid, node| {
                let nx = grid.nx;
                let rows = rows[node / nx].iter();
                let around = rows.flat_map(|r| columns[node % nx].iter().map(move |c| r * nx + c));
                let expected = around.map(|i| coarser[i]).fold(0.0, f64::max);
                needed[node] |= expected > bound;
                missing |= needed[node] && !grid.computed[node];
                lacking[node] = if grid.computed[node] {
                    grid.detail(node)
                } else {
                    expected
                };
            });
            if missing {
                break;
            }
            step /= 2;
        }
        needed
    }

    /// What predictions lacked at some computed nodes.
    fn checked(&self, nodes: &[usize], tolerance: f64) -> Checked {
        let errors: Vec<f64> = nodes.iter().map(|node| self.detail(*node)).collect();
        let others = self.fields.iter().filter(|field| !field.decides);
        let worst_other = others.flat_map(|field| {
            let off = |node: &usize| (field.given[*node] - field.predicted[*node]).abs();
            nodes.iter().map(off).filter(|off| off.is_finite())
        });
        Checked {
            nodes: nodes.len(),
            off: errors.iter().filter(|error| **error > tolerance).count(),
            worst: errors.iter().copied().fold(0.0, f64::max),
            worst_other: worst_other.fold(0.0, f64::max),
        }
    }
}

/// For every line of a grid of this step, those of the next coarser one that lie no farther than its step.
fn near(n: usize, step: usize) -> Vec<Vec<usize>> {
    let coarser = lines(n, 2 * step);
    let mut all = vec![Vec::new(); n];
    for line in lines(n, step) {
        let close = coarser.iter().filter(|c| c.abs_diff(line) <= 2 * step);
        all[line] = close.copied().collect();
    }
    all
}
