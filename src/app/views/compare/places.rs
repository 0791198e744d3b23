//! What stands side by side: which points are compared, what is known of each, and where each has its room.

use crate::app::names::names_of;
use crate::app::paint::panel::{GAP, HERE, Place, TITLE};
use crate::app::paint::plane::Coloring;
use crate::app::paint::plane::axes::Around;
use crate::app::paint::plane::camera::{self, Extent, Frame, Zoom};
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::engine::live::{Compared, LiveSurface, Snapshot};
use crate::export::figure::Metric;
use crate::landscape::evaluate::Metrics;
use crate::plot::number::format_value;
use eframe::egui::{Pos2, Rect, Ui, Vec2};
use std::path::Path;
use std::sync::Arc;

/// A row that makes panels this much larger than fewer rows do is worth having.
const WORTH_A_ROW: f32 = 1.1;

/// What is compared, with what is known of it exactly.
pub fn places(state: &State, news: &Snapshot, palette: &Palette) -> Vec<(Compared, Place)> {
    let wish = &state.wish;
    let facts = news.experiment.as_deref();
    let splits = facts.map_or((true, true), |e| e.splits);
    let value = |metrics: Option<&[Metrics]>| pick(metrics?, state.look.metric, splits);
    let on_line = |alpha| news.confirmed(alpha, wish.epsilon);
    let point = news.point.as_ref().filter(|p| p.alpha == wish.alpha);
    let compared = wish.compared();
    let names = names(state);
    let place = |what: Compared| {
        let place = match &what {
            Compared::Small => Place {
                name: small(state).into(),
                color: palette.small,
                alpha: 0.0,
                value: value(facts.map(|f| f.small.as_slice())),
                phi: on_line(0.0),
                help: wish.small.display().to_string(),
            },
            Compared::Here => Place {
                name: HERE.into(),
                color: palette.here,
                alpha: wish.alpha,
                value: value(point.map(|p| p.metrics.as_slice())),
                phi: on_line(wish.alpha),
                help: String::new(),
            },
            Compared::Large => Place {
                name: "Large batch".into(),
                color: palette.large,
                alpha: 1.0,
                value: value(facts.and_then(|f| f.large.as_deref())),
                phi: on_line(1.0),
                help: format!("{}{}", shown(wish.large.as_deref()), away(state, news)),
            },
            Compared::Other(path) => {
                let found = news.other(path).and_then(|other| other.found.as_ref().ok());
                let index = wish.others.iter().position(|other| other == path);
                Place {
                    name: index
                        .and_then(|i| names.get(i).cloned())
                        .unwrap_or_default(),
                    color: palette.other,
                    alpha: 0.0,
                    value: value(found.map(|f| f.metrics.as_slice())),
                    phi: news.phi_of(path, wish.epsilon),
                    help: match found {
                        Some(facts) => format!(
                            "{}\n{} from the small batch{}",
                            path.display(),
                            format_value(facts.from_small.total),
                            facts.from_large.as_ref().map_or_else(String::new, |d| {
                                format!(", {} from the large batch", format_value(d.total))
                            })
                        ),
                        None => path.display().to_string(),
                    },
                }
            }
        };
        (what, place)
    };
    compared.into_iter().map(place).collect()
}

/// What the small-batch minimizer is called, which may be the only checkpoint.
pub fn small(state: &State) -> &'static str {
    if state.wish.large.is_some() {
        "Small batch"
    } else {
        "Checkpoint"
    }
}

/// The names of the further minimizers, told apart.
pub fn names(state: &State) -> Vec<String> {
    let others: Vec<&Path> = state.wish.others.iter().map(AsRef::as_ref).collect();
    names_of(&others)
}

/// Why there is no surface around a point that is compared.
pub fn unreadable<'a>(news: &'a Snapshot, what: &Compared) -> Option<&'a str> {
    match what {
        Compared::Other(path) => news.other(path)?.found.as_ref().err().map(String::as_str),
        _ => None,
    }
}

fn shown(path: Option<&Path>) -> String {
    path.map_or_else(String::new, |path| path.display().to_string())
}

/// How far the two ends are from each other.
fn away(state: &State, news: &Snapshot) -> String {
    let apart = news
        .experiment
        .as_ref()
        .and_then(|facts| facts.apart.as_ref());
    let apart = apart.filter(|_| state.wish.large.is_some());
    apart.map_or_else(String::new, |apart| {
        format!("\n{} from the small batch", format_value(apart.total))
    })
}

/// A metric among those of the splits there are.
fn pick(metrics: &[Metrics], metric: Metric, (train, validation): (bool, bool)) -> Option<f64> {
    let index = match (metric.is_of_training(), train, validation) {
        (true, true, _) | (false, false, true) => 0,
        (false, true, true) => 1,
        _ => return None,
    };
    let found = metrics.get(index)?;
    Some(if metric.is_loss() {
        found.loss
    } else {
        found.score
    })
}

/// The surface of a place: exactly its own at the ends and beside the line, the nearest for θ(α).
pub fn find<'a>(
    news: &'a Snapshot,
    what: &Compared,
    alpha: f64,
    here: f64,
) -> Option<&'a Arc<LiveSurface>> {
    match what {
        Compared::Other(path) => news.surface_around(path),
        _ if alpha == here => news.surface_near(alpha),
        _ => news.surfaces.iter().find(|s| s.alpha == alpha),
    }
}

/// The places of planes of one size in rows, from left to right.
pub struct Rows {
    /// One rectangle each.
    pub rects: Vec<Rect>,
    /// How many stand beside each other.
    pub columns: usize,
    /// What stands around each.
    pub around: Around,
}

impl Rows {
    /// As large as they can be, with room for an axis at the left and the colour bar at the right.
    pub fn of(ui: &Ui, count: usize, coloring: &Coloring, extent: Extent, zoom: Zoom) -> Self {
        let mut best = Self::with(ui, count, count, coloring, extent, zoom);
        for columns in (1..count).rev() {
            let other = Self::with(ui, count, columns, coloring, extent, zoom);
            let width = |rows: &Self| rows.rects.first().map_or(0.0, Rect::width);
            if width(&other) > WORTH_A_ROW * width(&best) {
                best = other;
            }
        }
        best
    }

    fn with(
        ui: &Ui,
        count: usize,
        columns: usize,
        coloring: &Coloring,
        extent: Extent,
        zoom: Zoom,
    ) -> Self {
        let room = ui.available_rect_before_wrap();
        let rows = count.div_ceil(columns.max(1)).max(1);
        let tall = room.height() / rows as f32;
        let around = Around::of(Vec2::new(room.width() / 1.6, tall - TITLE));
        let height = (tall - TITLE - around.below() - 4.0).max(32.0);
        let seen = Frame::new(room, extent, zoom);
        let left = around.left(ui.painter(), seen.y, height);
        let right = around.right(ui.painter(), coloring, height);
        let gaps = GAP * columns.saturating_sub(1) as f32;
        let width = ((room.width() - left - right - gaps) / columns.max(1) as f32).max(32.0);
        let size = camera::fit(Vec2::new(width, height), extent);
        let spare = room.width() - left - right - columns as f32 * size.x - gaps;
        let first = room.left() + left + (spare / 2.0).max(0.0);
        let rects = (0..count).map(|i| {
            let (row, column) = (i / columns.max(1), i % columns.max(1));
            let top = room.top() + row as f32 * tall + TITLE + ((height - size.y) / 2.0).max(0.0);
            let corner = Pos2::new(first + column as f32 * (size.x + GAP), top);
            Rect::from_min_size(corner.round(), size)
        });
        Self {
            rects: rects.collect(),
            columns,
            around,
        }
    }

    /// What the colour bar stands beside: the last column, from the first row to the last.
    pub fn last_column(&self) -> Rect {
        let all = self.rects.iter().copied().reduce(Rect::union);
        let all = all.unwrap_or(Rect::NOTHING);
        let left = self.rects.get(self.columns.saturating_sub(1));
        let left = left.map_or(all.left(), Rect::left);
        Rect::from_min_max(Pos2::new(left, all.top()), all.max)
    }
}
