//! What views show, without a window: the same computing, the same artifacts.
//!
//! `losscope export` takes views from here, so that what it writes is what the window would write, byte
//! for byte.

use super::export::source::Content;
use super::state::{Look, State};
use super::views::{View, list};
use crate::engine::job::ExportJob;
use crate::engine::live::{Live, Snapshot, Wish};
use crate::error::{Error, Result};
use crate::export::artifact::Eye;
use crate::export::figure::FigureOptions;
use crate::plot::figure::Levels;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Whether everything is there is looked at this often while something is computed.
const EVERY: Duration = Duration::from_millis(500);

/// A view, and what it shows.
pub struct Found {
    /// The view's name, as it is typed.
    pub name: String,
    /// What it shows, or why that is nothing.
    pub content: Result<Content>,
    /// Whether all of it is there.
    pub complete: bool,
}

/// How views look, as far as their numbers don't say.
pub struct Looks {
    /// Metric, scale, iso-lines, colours.
    pub options: FigureOptions,
    /// From where surfaces in space are seen.
    pub eye: Eye,
    /// Whether the comparison is seen from there too.
    pub in_space: bool,
}

/// The names of all views that can be exported as figures, as they are typed.
pub fn names() -> Vec<String> {
    let all = list();
    let pictured = all
        .iter()
        .filter(|view| view.forms().iter().any(|f| f.is_figure()));
    pictured.map(|view| view.name().to_lowercase()).collect()
}

/// The narrowest page of a view and its usual one, in millimetres.
pub fn widths(name: &str) -> Option<(f64, f64)> {
    let view = list()
        .into_iter()
        .find(|view| view.name().eq_ignore_ascii_case(name));
    view.map(|view| view.widths())
}

/// Computes what the views of a job show. `told` hears what is being done, and says whether to go on; what there
/// is by then is the result.
///
/// # Errors
/// Where a view isn't known or has nothing to show, or something can't be opened or computed.
pub fn shown(
    job: &ExportJob,
    looks: &Looks,
    told: &mut dyn FnMut(&str) -> bool,
) -> Result<Vec<Found>> {
    let mut views = chosen(&job.views)?;
    let mut state = State::default();
    state.wish = Wish::of_job(job)?;
    state.look = look(looks);
    for view in &mut views {
        if view.name() != "Compare" || looks.in_space {
            view.see_from(looks.eye.camera);
        }
        if let Some(reason) = view.why_not(&state) {
            return Err(Error::Usage(format!(
                "{}: {reason}",
                view.name().to_lowercase()
            )));
        }
    }
    let needs: Vec<_> = views.iter().map(|view| view.needs()).collect();
    let wish = &mut state.wish;
    // What a new window measures, of what these views can show.
    let usual = Wish::default().measures;
    let all = needs.iter().flat_map(|n| n.measures.to_vec());
    wish.measures = all.filter(|quantity| usual.contains(quantity)).collect();
    wish.measuring.clone_from(&wish.measures);
    wish.sharpness = needs.iter().any(|n| n.sharpness);
    wish.compare = needs.iter().any(|n| n.both_ends);
    let (send, news) = channel();
    let live = Live::start(move || {
        send.send(()).ok();
    });
    let live = live.map_err(|e| Error::Device(format!("no thread to compute on: {e}")))?;
    let number = live.wish(state.wish.clone());
    let mut looked = Instant::now();
    loop {
        news.recv_timeout(Duration::from_millis(100)).ok();
        // What has piled up is old.
        while news.try_recv().is_ok() {}
        let snapshot = live.snapshot();
        let go_on = told(&snapshot.activity.what);
        if snapshot.wish != number && go_on {
            continue;
        }
        let idle = snapshot.activity.is_idle();
        if go_on && !idle && looked.elapsed() < EVERY {
            continue;
        }
        looked = Instant::now();
        // What is measured is asked for alone: it is all there when nothing is left to do.
        let done = needs.iter().all(|n| n.measures.is_empty() && !n.sharpness)
            && views.iter().all(|view| view.is_complete(&state, &snapshot));
        if idle || !go_on || done {
            return found(&views, &state, &snapshot);
        }
    }
}

fn found(views: &[Box<dyn View>], state: &State, news: &Snapshot) -> Result<Vec<Found>> {
    if let Some(failure) = &news.failure {
        return Err(Error::Usage(failure.message.clone()));
    }
    let found = views.iter().map(|view| Found {
        name: view.name().to_lowercase(),
        content: view.artifact(state, news),
        complete: view.is_complete(state, news),
    });
    Ok(found.collect())
}

/// The views of these names.
fn chosen(names: &[String]) -> Result<Vec<Box<dyn View>>> {
    let mut views = Vec::new();
    for name in names {
        let known = self::names();
        let view = list()
            .into_iter()
            .find(|view| view.name().eq_ignore_ascii_case(name));
        let view = view.filter(|_| known.contains(&name.to_lowercase()));
        views.push(view.ok_or_else(|| {
            Error::Usage(format!(
                "no view is called {name}; there are {}",
                known.join(", ")
            ))
        })?);
    }
    Ok(views)
}

fn look(looks: &Looks) -> Look {
    let options = &looks.options;
    let usual = Look::default();
    let (levels, level_values) = match &options.levels {
        Levels::Auto(count) => (*count, Vec::new()),
        Levels::Given(values) => (usual.levels, values.clone()),
    };
    Look {
        metric: options.metric.unwrap_or(usual.metric),
        scale: options.scale,
        colormap: options.colormap,
        levels,
        level_values,
        exaggeration: looks.eye.height,
        lines_on_surface: looks.eye.lines,
        ..usual
    }
}
