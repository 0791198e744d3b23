//! The path of a run: where it was, kept in memory, and seen from whatever plane is shown.

use super::news::{Id, RunNews, Spot};
use super::shared::{Shared, Sight, Slot};
use crate::engine::ground::Ground;
use crate::engine::training::Kept;
use std::sync::Arc;

/// Most places of a path.
const MOST_SIGHTS: usize = 240;
/// What the places of one path may take, in bytes.
const MOST_BYTES: usize = 128 << 20;
/// Checkpoints of an opened run that are read for its path.
const MOST_READ: usize = 80;
/// Why a path isn't drawn.
const STRANGER: &str =
    "another network than the one that is open: open one of its checkpoints to see its path";

/// Notes where a run is; where that becomes too much, every second place is forgotten but the first.
pub(super) fn note(shared: &Shared, id: Id, sight: Sight) {
    let bytes = sight.point.count() * size_of::<f64>();
    let most = (MOST_BYTES / bytes.max(1)).clamp(8, MOST_SIGHTS);
    let sight = Arc::new(sight);
    let (ground, stale) = {
        let mut inner = shared.lock();
        let ground = inner.ground.clone();
        let Some(slot) = inner.slot(id) else { return };
        if slot.sights.len() >= most {
            let mut index = 0;
            slot.sights.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            slot.seen_from = None;
        }
        slot.sights.push(Arc::clone(&sight));
        let stale = !same(slot.seen_from.as_ref(), ground.as_ref());
        (ground, stale)
    };
    if stale {
        return look(shared, id);
    }
    let Some(ground) = ground else { return };
    let Some(spot) = spot(&ground, &sight) else {
        return;
    };
    if let Some(slot) = shared.lock().slot(id)
        && same(slot.news.ground.as_ref(), Some(&ground))
    {
        let news = Arc::make_mut(&mut slot.news);
        Arc::make_mut(&mut news.path).push(spot);
    }
    (shared.notify)();
}

fn same(a: Option<&Arc<Ground>>, b: Option<&Arc<Ground>>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

fn spot(ground: &Ground, sight: &Sight) -> Option<Spot> {
    let seen = ground.see(&sight.point)?;
    Some(Spot {
        epoch: sight.epoch,
        at: seen.at,
        away: seen.away,
        loss: sight.loss,
    })
}

/// Sees the whole path of a run from the plane that is shown now. Where that or the path changes meanwhile, what
/// was seen belongs to neither, and is seen again.
pub(super) fn look(shared: &Shared, id: Id) {
    loop {
        let (ground, sights) = {
            let mut inner = shared.lock();
            let ground = inner.ground.clone();
            let Some(slot) = inner.slot(id) else { return };
            slot.seen_from.clone_from(&ground);
            (ground, slot.sights.clone())
        };
        let seen_by = |ground: &Arc<Ground>| -> Vec<Spot> {
            sights
                .iter()
                .filter_map(|sight| spot(ground, sight))
                .collect()
        };
        let spots = ground.as_ref().map(seen_by).unwrap_or_default();
        let strange = ground.is_some() && spots.is_empty() && !sights.is_empty();
        {
            let mut inner = shared.lock();
            let Some(slot) = inner.slot(id) else { return };
            let still = same(slot.seen_from.as_ref(), ground.as_ref());
            if still && slot.sights.len() != sights.len() {
                continue;
            }
            // Seen from another plane meanwhile: whoever did that has its path.
            if still {
                let news = Arc::make_mut(&mut slot.news);
                news.path = Arc::new(spots);
                // Where nothing could be read, the reason stands there already.
                if !sights.is_empty() || ground.is_none() {
                    news.pathless = strange.then_some(STRANGER);
                }
                news.ground = ground;
            }
        }
        (shared.notify)();
        return;
    }
}

/// Runs whose path was seen from another plane and that no thread trains, which looks by itself.
pub(super) fn stale(slots: &[Slot], ground: Option<&Arc<Ground>>) -> Vec<Id> {
    let old = |slot: &&Slot| !same(slot.seen_from.as_ref(), ground);
    let slots = slots.iter().filter(old);
    slots.map(|slot| slot.news.id).collect()
}

/// Reads the checkpoints of a run that was opened, where it has no path in memory.
pub(super) fn read(shared: &Shared, id: Id) {
    let (ground, news) = {
        let mut inner = shared.lock();
        let ground = inner.ground.clone();
        let Some(slot) = inner.slot(id) else { return };
        if !slot.sights.is_empty() || slot.news.phase.is_busy() {
            return;
        }
        (ground, Arc::clone(&slot.news))
    };
    let Some(ground) = ground else { return };
    let first = news.checkpoints.first();
    let size = first.and_then(|kept| kept.path.metadata().ok());
    // In memory numbers are double.
    let bytes = 2 * size.map_or(0, |size| size.len() as usize);
    let most = (MOST_BYTES / bytes.max(1)).clamp(8, MOST_READ);
    let mut sights = Vec::new();
    for kept in thinned(&news.checkpoints, most) {
        if shared.lock().quit {
            return;
        }
        match ground.read(&kept.path) {
            Ok(point) => sights.push(Arc::new(Sight {
                epoch: kept.epoch.unwrap_or(sights.len() as f64),
                loss: whole_loss(&news, kept),
                point,
            })),
            Err(_) => {
                shared.tell(id, |news| news.pathless = Some(STRANGER));
                return;
            }
        }
    }
    if let Some(slot) = shared.lock().slot(id)
        && slot.sights.is_empty()
    {
        slot.sights = sights;
    }
}

/// The training loss of a record counts for its point only where it was taken over the whole split there.
fn whole_loss(news: &RunNews, kept: &Kept) -> Option<f64> {
    use crate::train::recipe::TrainMetrics;
    let whole = news.job.as_ref()?.how.draws.train_metrics == TrainMetrics::Whole;
    let record = news.history.iter().find(|r| Some(r.step) == kept.step)?;
    record.train_loss.filter(|_| whole || record.step == 0)
}

/// Some of many checkpoints, the first and the last among them.
fn thinned(all: &[Kept], most: usize) -> Vec<&Kept> {
    let each = all.len().div_ceil(most).max(1);
    let last = all.len().saturating_sub(1);
    let chosen = all
        .iter()
        .enumerate()
        .filter(|(i, _)| i % each == 0 || *i == last);
    chosen.map(|(_, kept)| kept).collect()
}
