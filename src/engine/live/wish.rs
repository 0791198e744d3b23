//! What a person wants to see, as one plain struct.

use super::quantity::Quantity;
use crate::engine::builtin;
use crate::engine::job::{
    AxisChoice, BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_SMALL, Directions, ExportJob, LineJob,
    MemorySize, NoiseJob, OnLine, ReportJob, Setup, SurfaceJob,
};
use crate::error::Result;
use crate::landscape::grid::Axis;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Everything the computing thread is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// Small-batch minimizer, at α = 0.
    pub small: PathBuf,
    /// Large-batch minimizer, at α = 1; without one there is a point and no line.
    pub large: Option<PathBuf>,
    /// The weights both started from.
    pub initial: Option<PathBuf>,
    /// Further minimizers of the same network, which can take the place of either end.
    #[serde(default)]
    pub others: Vec<PathBuf>,
    /// Plane, data and device; which checkpoint stands at its centre is this struct's to say.
    pub plane: SurfaceJob,
    /// Where on the line metrics are taken.
    pub line: Axis,
    /// Where between the two minimizers we stand.
    pub alpha: f64,
    /// How large a neighbourhood counts (Keskar et al. 2017, ε of metric 2.1).
    pub epsilon: f64,
    /// Points of the plane whose exact metrics are wanted.
    pub probes: Vec<Probe>,
    /// Whether the surfaces of all that is compared are wanted beside the one at α.
    pub compare: bool,
    /// What the comparison leaves out.
    #[serde(default)]
    pub left_out: Vec<Compared>,
    /// Whether sharpness is wanted.
    pub sharpness: bool,
    /// What is wanted to be measured.
    #[serde(default = "usual_quantities")]
    pub measures: Vec<Quantity>,
    /// η of the measures that have one.
    #[serde(default = "usual_rate")]
    pub learning_rate: f64,
    /// What of it is being looked at.
    #[serde(skip)]
    pub measuring: Vec<Quantity>,
    /// Whether the rest of what is wanted is measured once what is looked at is there.
    #[serde(skip)]
    pub aside: bool,
    /// Whether a pointer is still moving α or ε: what takes long can wait.
    #[serde(skip)]
    pub dragging: bool,
    /// Whether refining was stopped by hand.
    #[serde(skip)]
    pub stopped: bool,
}

/// Which of the checkpoints of an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The small-batch minimizer, or the only checkpoint.
    Small,
    /// The large-batch minimizer.
    Large,
    /// The initial weights.
    Initial,
}

/// A point around which surfaces are compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// The small-batch minimizer, or the only checkpoint.
    Small,
    /// θ(α).
    Here,
    /// The large-batch minimizer.
    Large,
    /// One of the further minimizers.
    Other(PathBuf),
}

/// A point of the plane.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Names it for as long as it is pinned.
    pub id: u64,
    /// Coordinate along the first direction.
    pub x: f64,
    /// Coordinate along the second direction.
    pub y: f64,
}

/// Points along an axis of the live surface: fine enough to read, coarse enough for a second.
pub const LIVE_POINTS: usize = 31;

/// The points of the line, and how the command line calls them.
const ON_LINE: [(Compared, OnLine); 3] = [
    (Compared::Small, OnLine::Small),
    (Compared::Here, OnLine::Here),
    (Compared::Large, OnLine::Large),
];

fn usual_quantities() -> Vec<Quantity> {
    let all = Quantity::all().iter().copied();
    all.filter(|quantity| quantity.is_usual()).collect()
}

fn usual_rate() -> f64 {
    NoiseJob::default().learning_rate
}

impl Default for Wish {
    /// The built-in experiment.
    fn default() -> Self {
        Self {
            small: BUILTIN_SMALL.into(),
            large: Some(BUILTIN_LARGE.into()),
            initial: Some(BUILTIN_INIT.into()),
            others: Vec::new(),
            plane: SurfaceJob {
                x: Some(AxisChoice::Given(Axis {
                    from: -1.0,
                    to: 1.0,
                    points: LIVE_POINTS,
                })),
                ..SurfaceJob::default()
            },
            line: LineJob::default().alpha,
            alpha: 0.0,
            epsilon: 1e-3,
            probes: Vec::new(),
            compare: false,
            left_out: Vec::new(),
            sharpness: true,
            measures: usual_quantities(),
            learning_rate: usual_rate(),
            measuring: Vec::new(),
            aside: false,
            dragging: false,
            stopped: false,
        }
    }
}

impl Wish {
    /// Takes other directions and leaves behind what only the ones before could be asked for: rules
    /// of scaling, a frame, coordinates in units of their own.
    pub fn aim(&mut self, directions: Directions) {
        let plane = &mut self.plane;
        if !matches!(directions, Directions::Random | Directions::Files(_)) {
            (plane.normalize, plane.one_dim) = (None, None);
            plane.orthogonal = false;
            plane.only.clear();
        }
        if !matches!(directions, Directions::Three(..)) {
            plane.isometric = false;
        }
        // Between checkpoints the plane reaches around them; elsewhere it has its usual extent.
        let around = |d: &Directions| matches!(d, Directions::Three(..) | Directions::Pca(_));
        if around(&directions) {
            (plane.x, plane.y) = (None, None);
        } else if around(&plane.directions) {
            (plane.x, plane.y) = (Self::default().plane.x, None);
        }
        plane.directions = directions;
    }

    /// The checkpoint of a place, if there is one.
    pub fn checkpoint(&self, place: Place) -> Option<&Path> {
        match place {
            Place::Small => Some(&self.small),
            Place::Large => self.large.as_deref(),
            Place::Initial => self.initial.as_deref(),
        }
    }

    /// The surface around θ(α) as the command line would be asked for it.
    pub fn surface_job(&self, alpha: f64) -> SurfaceJob {
        let mut job = self.plane.clone();
        (job.at, job.small, job.large, job.alpha) = (None, None, None, None);
        match (&job.directions, &self.large) {
            // Centred at the folder's last checkpoint.
            (Directions::Pca(_), _) => {}
            _ if self.goes_through_both_ends() => job.at = Some(self.small.clone()),
            (_, Some(large)) => {
                job.small = Some(self.small.clone());
                job.large = Some(large.clone());
                job.alpha = Some(alpha);
            }
            (_, None) => job.at = Some(self.small.clone()),
        }
        job
    }

    /// The surface around one of the further minimizers, in a plane chosen as that around θ(α) is.
    pub fn surface_around(&self, other: &Path) -> SurfaceJob {
        let mut job = self.surface_job(0.0);
        (job.small, job.large, job.alpha) = (None, None, None);
        job.at = Some(other.to_owned());
        job
    }

    /// All that can be compared, in the order in which it stands side by side; nothing where the plane is
    /// the same for all of them.
    pub fn comparable(&self) -> Vec<Compared> {
        if matches!(self.plane.directions, Directions::Pca(_)) || self.goes_through_both_ends() {
            return Vec::new();
        }
        let line = match &self.large {
            Some(_) => vec![Compared::Small, Compared::Here, Compared::Large],
            None => vec![Compared::Small],
        };
        let others = self.others.iter().cloned().map(Compared::Other);
        line.into_iter().chain(others).collect()
    }

    /// What is compared: all that can be but what is left out.
    pub fn compared(&self) -> Vec<Compared> {
        let mut all = self.comparable();
        all.retain(|one| !self.left_out.contains(one));
        all
    }

    /// The line as the command line would be asked for it; `None` with one checkpoint.
    pub fn line_job(&self) -> Option<LineJob> {
        Some(LineJob {
            only: Vec::new(),
            setup: self.plane.setup.clone(),
            small: self.small.clone(),
            large: self.large.clone()?,
            alpha: self.line,
            buffers: self.plane.buffers,
            remeasure: self.plane.remeasure,
        })
    }

    /// The report on both minimizers as the command line would be asked for it; `None` with one checkpoint.
    pub fn report_job(&self) -> Option<ReportJob> {
        let pair = [self.small.clone(), self.large.clone()?];
        Some(ReportJob {
            setup: self.plane.setup.clone(),
            files: pair.into_iter().chain(self.initial.clone()).collect(),
            buffers: self.plane.buffers,
            remeasure: self.plane.remeasure,
            quick: false,
        })
    }

    /// What a view shows as the command line would be asked for it.
    pub fn export_job(&self, view: &str) -> ExportJob {
        let mut surface = self.plane.clone();
        (surface.at, surface.small, surface.large, surface.alpha) = match &self.large {
            Some(large) => (
                None,
                Some(self.small.clone()),
                Some(large.clone()),
                Some(self.alpha),
            ),
            None => (Some(self.small.clone()), None, None, None),
        };
        ExportJob {
            views: vec![view.to_owned()],
            surface,
            initial: self.initial.clone(),
            line: self.line,
            through: self.probes.last().map_or_else(Vec::new, |p| vec![p.x, p.y]),
            beside: self.others_of(view),
            without: self.without_of(view),
            epsilon: self.epsilon,
        }
    }

    /// The further minimizers that a view shows.
    fn others_of(&self, view: &str) -> Vec<PathBuf> {
        let other = |one: Compared| match one {
            Compared::Other(path) if view == "compare" => Some(path),
            _ => None,
        };
        self.compared().into_iter().filter_map(other).collect()
    }

    /// The points of the line that a view leaves out.
    fn without_of(&self, view: &str) -> Vec<OnLine> {
        let left_out = |one: &Compared| self.left_out.contains(one) && view == "compare";
        let points = ON_LINE.iter().filter(|(one, _)| left_out(one));
        points.map(|(_, point)| *point).collect()
    }

    /// What a job wants to be seen; what it doesn't say is as in a new window.
    ///
    /// # Errors
    /// Where a folder of checkpoints holds none.
    pub fn of_job(job: &ExportJob) -> Result<Self> {
        let mut plane = job.surface.clone();
        let (at, small, large, alpha) = (
            plane.at.take(),
            plane.small.take(),
            plane.large.take(),
            plane.alpha.take(),
        );
        let usual = Self::default();
        let run = match &plane.directions {
            Directions::Pca(folder) => builtin::series(folder)?.pop(),
            _ => None,
        };
        let between = matches!(plane.directions, Directions::Three(..) | Directions::Pca(_));
        if plane.x.is_none() && !between {
            plane.x = usual.plane.x;
        }
        let named = at.or(small).or(run);
        let own = named.is_some();
        let initial = if own { None } else { usual.initial };
        Ok(Self {
            large: if own { large } else { usual.large },
            small: named.unwrap_or(usual.small),
            initial: job.initial.clone().or(initial),
            plane,
            others: job.beside.clone(),
            left_out: (ON_LINE.iter())
                .filter(|(_, point)| job.without.contains(point))
                .map(|(one, _)| one.clone())
                .collect(),
            line: job.line,
            alpha: alpha.unwrap_or(0.0),
            epsilon: job.epsilon,
            probes: match job.through.as_slice() {
                &[x, y] => vec![Probe { id: 0, x, y }],
                _ => Vec::new(),
            },
            ..Self::default()
        })
    }

    /// Whether the plane moves with α.
    pub fn follows_alpha(&self) -> bool {
        let through = matches!(self.plane.directions, Directions::Pca(_));
        self.large.is_some() && !through && !self.goes_through_both_ends()
    }

    /// Whether the plane goes through both ends of the line and a third checkpoint: all of the line lies in
    /// it, so that it is the same for every α, and has its origin at the small-batch minimizer.
    pub fn goes_through_both_ends(&self) -> bool {
        matches!((&self.plane.directions, &self.large), (Directions::Three(a, _), Some(large)) if a == large)
    }

    /// Lets the plane go through both ends of the line and one of the further minimizers.
    pub fn go_through(&mut self, other: usize) {
        if let (Some(large), Some(third)) = (&self.large, self.others.get(other)) {
            self.aim(Directions::Three(large.clone(), third.clone()));
            // Distances true to scale, as Garipov et al. 2018 draw them.
            self.plane.isometric = true;
        }
    }

    /// Exchanges an end of the line with one of the further minimizers; an end that isn't there yet is
    /// taken from them. A plane through three of them stays where it is.
    pub fn exchange(&mut self, place: Place, other: usize) {
        let Some(new) = self.others.get(other).cloned() else {
            return;
        };
        let old = match place {
            Place::Small => Some(std::mem::replace(&mut self.small, new)),
            Place::Large => self.large.replace(new),
            Place::Initial => return,
        };
        match old {
            Some(old) => self.others[other] = old,
            None => drop(self.others.remove(other)),
        }
    }

    /// Exchanges both ends of the line; θ(α) stays where it is on it.
    pub fn swap(&mut self) {
        if let Some(large) = self.large.take() {
            let small = std::mem::replace(&mut self.small, large);
            self.large = Some(small);
        }
    }

    /// Changes the ends of the line by `change`; a plane through both and a third checkpoint stays one
    /// through the same three, as far as they still are there.
    pub fn with_other_ends(&mut self, change: impl FnOnce(&mut Self)) {
        let Directions::Three(_, third) = self.plane.directions.clone() else {
            return change(self);
        };
        if !self.goes_through_both_ends() {
            return change(self);
        }
        let trio = [Some(third), Some(self.small.clone()), self.large.clone()];
        change(self);
        let is_end = |p: &PathBuf| *p == self.small || Some(p) == self.large.as_ref();
        let mut rest = trio.into_iter().flatten().filter(|p| !is_end(p));
        match (self.large.clone(), rest.next()) {
            (Some(large), Some(third)) => self.plane.directions = Directions::Three(large, third),
            _ => self.aim(Directions::Random),
        }
    }

    /// The α that the plane has its centre at; 0 where it doesn't move with α.
    pub fn centre(&self) -> f64 {
        if self.follows_alpha() {
            self.alpha
        } else {
            0.0
        }
    }

    /// Whether running statistics do the same as the weights move.
    pub(super) fn same_statistics(&self, other: &Self) -> bool {
        let how = |wish: &Self| (wish.plane.buffers, wish.plane.remeasure);
        how(self) == how(other)
    }

    /// Whether the same files are to be opened on the same device.
    pub(super) fn same_experiment(&self, other: &Self) -> bool {
        self.small == other.small
            && self.large == other.large
            && self.initial == other.initial
            && self.plane.setup == other.plane.setup
    }

    /// Whether the two name the same files, options of opening included.
    pub fn same_files(&self, other: &Self) -> bool {
        self.same_experiment(other) && self.plane == other.plane
    }

    /// Whether surfaces of the one are surfaces of the other.
    pub(super) fn same_plane(&self, other: &Self) -> bool {
        same_surface(&self.surface_job(0.0), &other.surface_job(0.0))
    }
}

/// Whether two jobs compute the same numbers; on what device doesn't matter.
pub(super) fn same_surface(a: &SurfaceJob, b: &SurfaceJob) -> bool {
    let plain = |job: &SurfaceJob| SurfaceJob {
        setup: Setup {
            device: crate::engine::device::DeviceChoice::Auto,
            memory: MemorySize(1 << 30),
            ..job.setup.clone()
        },
        ..job.clone()
    };
    plain(a) == plain(b)
}
