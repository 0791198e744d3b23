//! The plane: where its directions come from, how they are scaled, how far it reaches.

use super::rows::{choice, named, number, row};
use super::statistics;
use crate::app::command::{Ask, Command};
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::app::words::sentence;
use crate::engine::job::{AxisChoice, DEFAULT_POINTS, Directions, SurfaceJob, Tolerance};
use crate::engine::live::{Snapshot, Wish};
use crate::engine::names;
use crate::landscape::direction::{Normalization, OneDim};
use crate::landscape::grid::Axis;
use crate::landscape::slice::Buffers;
use crate::landscape::trajectory::Centring;
use crate::plot::number::format_value;
use eframe::egui::{self, RichText, Ui};

const DIRECTIONS: &str = "Where the two directions of the plane come from. A plane shows two of many thousand directions";
const NORMALIZE: &str = "How a random direction is scaled to the weights it moves.\n\nFilter normalisation (Li et al. 2018, section 4): each filter of the direction gets the norm of the filter it moves, so that a step of 1 means the same for networks whose weights differ in scale. Without it a network with small weights looks sharp for no other reason.";

const LAYERS: &str = "Which weights move: all, or those of one layer while all others stay, which shows the landscape of that layer";
const POINTS: &str = "Which points of the grid are computed. Computed ones are exact; interpolated ones are checked at random, and the figure says how good they are";

const TOLERANCES: [Choice<Tolerance>; 3] = [
    (None, "All", "Every point of the grid"),
    (
        Some(Tolerance(0.01)),
        "To 1 %",
        "As many as interpolation to 1 % of the loss's range needs; all of a rough surface",
    ),
    (
        Some(Tolerance(0.002)),
        "To 0.2 %",
        "As many as interpolation to 0.2 % of the loss's range needs; all of a rough surface",
    ),
];

/// What a choice is called, and what it does.
type Choice<T> = (Option<T>, &'static str, &'static str);

const RULES: [Choice<Normalization>; 5] = [
    (
        Some(Normalization::Filter),
        "Filter",
        "Each filter (one output unit): d ← d ‖w‖ / ‖d‖ (Li et al. 2018)",
    ),
    (
        Some(Normalization::Layer),
        "Layer",
        "Each tensor as a whole: d ← d ‖w‖ / ‖d‖",
    ),
    (
        Some(Normalization::Weight),
        "Weight",
        "Each element: d ← d · w",
    ),
    (
        Some(Normalization::Unit),
        "Unit length",
        "The whole direction to length 1: coordinates are L2 distances",
    ),
    (
        Some(Normalization::None),
        "None",
        "As drawn; only for a single network",
    ),
];

const ONE_DIM: [Choice<OneDim>; 3] = [
    (
        Some(OneDim::Zero),
        "Fixed",
        "Biases and normalisation parameters don't move, as in Li et al.'s pictures",
    ),
    (
        Some(OneDim::Keep),
        "Normalised",
        "Each moves, scaled as a whole by the same rule",
    ),
    (
        Some(OneDim::Copy),
        "Along themselves",
        "Each moves along itself, as Li et al.'s code does unless told to ignore biases",
    ),
];

/// What is chosen for stored directions where nothing is: they are used exactly as they are.
const AS_STORED: (&str, &str) = (
    "As stored",
    "Exactly the numbers of the file: they were scaled when they were made",
);

/// The choices there are for a kind of directions: where nothing is chosen, random ones get the
/// first of `all`, and stored ones stay as stored.
fn choices<T: Copy>(all: &[Choice<T>], stored: bool) -> Vec<Choice<T>> {
    let (name, why) = AS_STORED;
    let mut choices = all.to_vec();
    if stored {
        choices.insert(0, (None, name, why));
    } else if let Some(usual) = choices.first_mut() {
        usual.0 = None;
    }
    choices
}

const BUFFERS: [(Buffers, &str, &str); 3] = [
    (
        Buffers::Interpolate,
        "Interpolated",
        "Running means and variances follow the weights",
    ),
    (
        Buffers::Frozen,
        "Frozen",
        "Running means and variances stay those of the centre",
    ),
    (
        Buffers::Recompute,
        "Recomputed",
        "Measured on the training samples at every point: slow, and what a trained network would really use",
    ),
];

const CENTRINGS: [(Centring, &str, &str); 3] = [
    (
        Centring::Mean,
        "About the mean",
        "Of all checkpoints but the last, whose offset is zero; as scikit-learn's PCA does",
    ),
    (
        Centring::Li,
        "As Li et al.",
        "About the mean of all checkpoints, the last one's zero row counted, exactly as Li et al.'s code does",
    ),
    (
        Centring::Final,
        "Of the offsets",
        "Uncentred, from the last checkpoint",
    ),
];

/// Draws the controls.
pub fn plane_ui(
    ui: &mut Ui,
    state: &mut State,
    news: &Snapshot,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    directions_ui(ui, state, palette, commands);
    let between = matches!(
        state.wish.plane.directions,
        Directions::Three(..) | Directions::Pca(_) | Directions::Hessian | Directions::Worst(_)
    );
    let job = &mut state.wish.plane;
    if !between {
        let stored = matches!(job.directions, Directions::Files(_));
        let rules = choices(&RULES, stored);
        let shown =
            |rule: Option<Normalization>| rule.filter(|r| stored || *r != Normalization::Filter);
        let mut rule = shown(job.normalize);
        choice(ui, "Normalisation", NORMALIZE, &mut rule, &rules);
        if rule != shown(job.normalize) {
            job.normalize = rule;
        }
        let one_dims = choices(&ONE_DIM, stored);
        let shown = |rule: Option<OneDim>| rule.filter(|r| stored || *r != OneDim::Zero);
        let mut one_dim = shown(job.one_dim);
        choice(
            ui,
            "Biases",
            "What biases and other tensors of one axis do",
            &mut one_dim,
            &one_dims,
        );
        if one_dim != shown(job.one_dim) {
            job.one_dim = one_dim;
        }
        layer_ui(ui, job, news);
        ui.checkbox(&mut job.orthogonal, "Orthogonal directions")
            .on_hover_text("Take from the second direction what lies along the first; random ones are nearly orthogonal anyway");
    }
    if matches!(job.directions, Directions::Three(..)) {
        ui.checkbox(&mut job.isometric, "L2 distances")
            .on_hover_text("A Gram–Schmidt frame with coordinates in L2 distances instead of plain differences");
    }
    if matches!(job.directions, Directions::Pca(_)) {
        choice(
            ui,
            "Centring",
            "What the principal directions vary about",
            &mut job.centring,
            &CENTRINGS,
        );
    }
    choice(
        ui,
        "Statistics",
        "What the running statistics of batch normalisation do while the weights move; networks without it don't mind",
        &mut job.buffers,
        &BUFFERS,
    );
    if job.buffers == Buffers::Recompute {
        statistics::statistics_ui(ui, &mut job.remeasure);
    }
    extent_ui(ui, &mut state.wish, news);
}

/// Which layers move, once the network's layers are known.
fn layer_ui(ui: &mut Ui, job: &mut SurfaceJob, news: &Snapshot) {
    let Some(facts) = news.experiment.as_deref() else {
        return;
    };
    let words = match job.only.as_slice() {
        [] => "All".to_owned(),
        some => some.join(", "),
    };
    row(ui, "Layers", LAYERS, |ui| {
        let combo = egui::ComboBox::from_id_salt("Layers moved")
            .selected_text(words.as_str())
            .width(ui.available_width().min(190.0))
            .show_ui(ui, |ui| {
                if ui.selectable_label(job.only.is_empty(), "All").clicked() {
                    job.only.clear();
                }
                for layer in &facts.layers {
                    let chosen = job.only == [layer.clone()];
                    if ui.selectable_label(chosen, layer).clicked() {
                        job.only = vec![layer.clone()];
                    }
                }
            });
        named(
            &combo.response,
            egui::Role::ComboBox,
            "Layers moved",
            &words,
        );
        combo.response.on_hover_text(LAYERS);
    });
}

fn directions_ui(ui: &mut Ui, state: &mut State, palette: &Palette, commands: &mut Vec<Command>) {
    let words = match &state.wish.plane.directions {
        Directions::Random => "Random",
        Directions::Files(_) => "Stored",
        Directions::Three(..) => "Three checkpoints",
        Directions::Pca(_) => "PCA of a folder",
        Directions::Hessian => "Hessian eigenvectors",
        Directions::Worst(_) => "Towards the worst point",
    };
    row(ui, "Directions", DIRECTIONS, |ui| {
        let combo = egui::ComboBox::from_id_salt("Directions")
            .selected_text(words)
            .width(ui.available_width().min(190.0))
            .show_ui(ui, |ui| {
                let random = words == "Random";
                if ui
                    .selectable_label(random, "Random")
                    .on_hover_text("Two Gaussian draws from the seed")
                    .clicked()
                {
                    state.wish.aim(Directions::Random);
                }
                let eigen = words == "Hessian eigenvectors";
                let why = "Along the eigenvectors of the two largest eigenvalues of the Hessian at θ(α): where the loss curves most. Found anew at every α, which takes a moment";
                if ui.selectable_label(eigen, "Hessian eigenvectors").on_hover_text(why).clicked() {
                    state.wish.aim(Directions::Hessian);
                }
                let worst = words == "Towards the worst point";
                let why = "To the worst point that the ascent finds in the box of this ε around θ(α), and to a random corner of the same box: how much steeper the worst way is than a usual one (Keskar et al. 2017)";
                if ui.selectable_label(worst, "Towards the worst point").on_hover_text(why).clicked() {
                    let epsilon = state.wish.epsilon;
                    state.wish.aim(Directions::Worst(epsilon));
                }
                for (ask, words, why) in [
                    (
                        Ask::Directions,
                        "Stored…",
                        "A .safetensors or .h5 file with both directions, or two files",
                    ),
                    (
                        Ask::Corners,
                        "Three checkpoints…",
                        "The plane through θ(α) and two more checkpoints",
                    ),
                    (
                        Ask::Series,
                        "PCA of a folder…",
                        "The plane in which a training run moved most",
                    ),
                ] {
                    if ui
                        .selectable_label(false, words)
                        .on_hover_text(why)
                        .clicked()
                    {
                        commands.push(Command::Ask(ask));
                    }
                }
            });
        named(&combo.response, egui::Role::ComboBox, "Directions", words);
    });
    match &state.wish.plane.directions {
        Directions::Random => {
            let seed = state.wish.plane.setup.seed;
            row(
                ui,
                "Seed",
                "Seed of the two draws, of subsets and of synthetic data: the same seed gives the same picture everywhere",
                |ui| {
                    if let Some(seed) = number(ui, "Seed", seed, 0..=u64::from(u32::MAX), 0.1) {
                        state.wish.plane.setup.seed = seed;
                    }
                    let draw = ui
                        .button("New draw")
                        .on_hover_text("Another pair of random directions");
                    if draw.clicked() {
                        commands.push(Command::NewSeed);
                    }
                },
            );
        }
        other => {
            let words = sentence(&names::directions(other));
            let places: Vec<String> = other.files().iter().map(|f| names::place(f)).collect();
            let label = egui::Label::new(RichText::new(&words).color(palette.weak)).truncate();
            ui.add(label).on_hover_text(
                std::iter::once(words)
                    .chain(places)
                    .collect::<Vec<_>>()
                    .join("\n"),
            );
        }
    }
}

/// Points along an axis, as the job will have them.
fn points_of(choice: Option<AxisChoice>) -> usize {
    match choice {
        Some(AxisChoice::Given(axis)) => axis.points,
        Some(AxisChoice::Auto(points)) => points,
        None => DEFAULT_POINTS,
    }
}

/// The extent of both axes, as people think of it: how far from the centre, how fine.
fn extent_ui(ui: &mut Ui, wish: &mut Wish, news: &Snapshot) {
    let alpha = if wish.follows_alpha() {
        wish.alpha
    } else {
        0.0
    };
    let job = &mut wish.plane;
    let mut automatic = matches!(job.x, Some(AxisChoice::Auto(_)) | None);
    let points = points_of(job.x);
    let half = match job.x {
        Some(AxisChoice::Given(axis)) => axis.to.abs().max(axis.from.abs()),
        _ => 1.0,
    };
    let given = |half: f64, points: usize| {
        Some(AxisChoice::Given(Axis {
            from: -half,
            to: half,
            points,
        }))
    };
    let help = "How far the plane reaches from its centre, in units of its directions (filter-normalised: multiples of the weights' own norm)";
    row(ui, "Reach", help, |ui| {
        let lopsided = match job.x {
            Some(AxisChoice::Given(axis)) if axis.from != -axis.to => Some(axis),
            _ => None,
        };
        if automatic {
            ui.label("wide enough");
        } else if let Some(axis) = lopsided {
            let [from, to] = [axis.from, axis.to].map(format_value);
            ui.label(format!("{from} to {to}"));
        } else if let Some(half) = number(ui, "Reach", half, 1e-4..=1e3, 0.01) {
            (job.x, job.y) = (given(half, points), None);
        }
        let toggled = ui
            .checkbox(&mut automatic, "Auto")
            .on_hover_text("Wide enough for the loss to grow fivefold along each direction, or for the checkpoints that the plane goes through");
        if toggled.changed() {
            let through = matches!(job.directions, Directions::Three(..) | Directions::Pca(_));
            job.x = match (automatic, through) {
                (true, true) => None,
                (true, false) => Some(AxisChoice::Auto(points)),
                (false, _) => given(1.0, points),
            };
            job.y = None;
        }
    });
    let help = "Points along each axis; the whole surface takes their square. Coarser passes come first and say so";
    row(ui, "Grid", help, |ui| {
        if let Some(points) = number(ui, "Grid points", points, 2..=401, 0.2) {
            finer(job, points, || seen(news, alpha));
        }
        ui.label(format!("× {}", points_of(job.y.or(job.x))));
    });
    choice(ui, "Points", POINTS, &mut job.tolerance, &TOLERANCES);
}

/// Another number of points over the same plane; `seen`: how far it reaches where nobody has said.
fn finer(job: &mut SurfaceJob, points: usize, seen: impl Fn() -> Option<[Axis; 2]>) {
    let with = |axis: Axis| AxisChoice::Given(Axis { points, ..axis });
    match (job.x, job.y) {
        (Some(AxisChoice::Auto(_)), _) => (job.x, job.y) = (Some(AxisChoice::Auto(points)), None),
        (Some(AxisChoice::Given(x)), y) => {
            job.x = Some(with(x));
            job.y = match y {
                Some(AxisChoice::Given(y)) => Some(with(y)),
                _ => None,
            };
        }
        (None, _) => match seen() {
            Some([x, y]) => (job.x, job.y) = (Some(with(x)), Some(with(y))),
            None => (job.x, job.y) = (Some(AxisChoice::Auto(points)), None),
        },
    }
}

/// The axes of the surface that is shown.
fn seen(news: &Snapshot, alpha: f64) -> Option<[Axis; 2]> {
    let surface = news.surface_near(alpha)?.surface()?;
    let axis = |c: &[f64]| {
        let (from, to) = (*c.first()?, *c.last()?);
        (from < to).then_some(Axis {
            from,
            to,
            points: c.len(),
        })
    };
    Some([axis(&surface.x)?, axis(&surface.y)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finer_grid_covers_the_same_plane() {
        let axis = |from, to, points| Axis { from, to, points };
        let plane = || Some([axis(-3.0, 13.0, 51), axis(-6.0, 6.0, 51)]);
        // The axes of a training run's plane are chosen by its checkpoints.
        let mut job = SurfaceJob::default();
        (job.x, job.y) = (None, None);
        assert_eq!(points_of(job.x), DEFAULT_POINTS);
        finer(&mut job, 21, plane);
        let given = |from, to| Some(AxisChoice::Given(axis(from, to, 21)));
        assert_eq!((job.x, job.y), (given(-3.0, 13.0), given(-6.0, 6.0)));
        let mut job = SurfaceJob::default();
        (job.x, job.y) = (given(-1.0, 1.0), given(-2.0, 2.0));
        finer(&mut job, 31, plane);
        assert_eq!((points_of(job.x), points_of(job.y)), (31, 31));
    }
}
