//! More than two minimizers on the computing thread.

use super::{Desk, fixture, small_wish};
use losscope::engine::live::Place;
use std::path::{Path, PathBuf};

/// One more checkpoint of the network has the numbers it has as an end of the line, and spans a plane with
/// both ends that is the same for every α.
#[test]
fn further_minimizers_are_measured_as_the_ends_are_and_span_a_plane_with_them() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.plane.setup.samples = Some(64);
    wish.sharpness = false;
    wish.measures.clear();
    let third = wish.initial.clone().unwrap();
    let stranger = fixture("models/lenet/sb.pt");
    wish.others = vec![third.clone(), stranger.clone(), "gone.pt".into()];
    wish.go_through(0);
    let news = desk.settle(&wish);
    assert!(news.failure.is_none(), "{:?}", news.failure);
    let facts = news.experiment.clone().unwrap();
    let found = news.other(&third).unwrap().found.clone().unwrap();
    assert_eq!(
        Some(&found.from_small.total),
        facts.small_from_initial.as_ref().map(|d| &d.total)
    );
    // What doesn't fit, and what isn't there, is told on the list and fails nothing else.
    for path in [&stranger, &PathBuf::from("gone.pt")] {
        let why = news.other(path).unwrap().found.clone().unwrap_err();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(why.contains(name), "{why}");
    }
    let surface = news.surfaces[0].clone();
    let marks = &surface.outcome.header.marks;
    let at = |i: usize| [marks[i].coordinate[0], marks[i].coordinate[1]];
    assert_eq!(at(0), [0.0, 0.0]);
    let apart = facts.apart.as_ref().unwrap().total;
    assert!((at(1)[0] / apart - 1.0).abs() < 1e-9 && at(1)[1].abs() < 1e-9 * apart);
    let [x, y] = at(2);
    assert!((x.hypot(y) / found.from_small.total - 1.0).abs() < 1e-9);
    assert!(((x - apart).hypot(y) / found.from_large.as_ref().unwrap().total - 1.0).abs() < 1e-9);
    assert!(marks.iter().all(|mark| mark.outside < 1e-6));
    wish.alpha = 0.25;
    let moved = desk.settle(&wish);
    assert_eq!(
        (moved.surfaces.len(), moved.surfaces[0].version),
        (1, surface.version)
    );

    // In an end's place it has the same numbers, and so has the end on the list.
    let was = facts.large.clone().unwrap();
    wish.with_other_ends(|wish| wish.exchange(Place::Large, 0));
    let news = desk.settle(&wish);
    let facts = news.experiment.clone().unwrap();
    let listed = news.other(Path::new("builtin:large")).unwrap();
    let listed = listed.found.clone().unwrap().metrics;
    let pairs = facts.large.iter().flatten().zip(&found.metrics);
    for (a, b) in pairs.chain(listed.iter().zip(&was)) {
        // Single precision: an end is reached along the line, a point beside it isn't.
        assert!((a.loss / b.loss - 1.0).abs() < 1e-5, "{a:?} {b:?}");
    }
}
