//! The contour view and the comparison, clicked through as a person would.

#![cfg(feature = "window")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "app_plane/minimizers.rs"]
mod minimizers;
#[path = "app_plane/paths.rs"]
mod paths;
mod window_common;

use eframe::egui::{
    Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, Pos2, Rect, Theme,
    TouchPhase, Vec2,
};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use image::RgbaImage;
use losscope::app::App;
use losscope::engine::job::{AxisChoice, Directions, Job};
use losscope::engine::live::{LiveSurface, Quality};
use losscope::engine::result::Numbers;
use losscope::export::figure::Metric;
use losscope::landscape::grid::Axis;
use window_common::{picture, settle, wait, window};

const PLANE: &str = "Plane of training loss";

#[expect(clippy::unnecessary_wraps, reason = "the job's field is optional")]
fn axis(from: f64, to: f64, points: usize) -> Option<AxisChoice> {
    Some(AxisChoice::Given(Axis { from, to, points }))
}

/// A window on a small grid of few samples, so that it is soon done.
fn small_window() -> Harness<'static, App> {
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    let wish = &mut harness.state_mut().state().wish;
    wish.plane.x = axis(-1.0, 1.0, 9);
    wish.plane.setup.samples = Some(128);
    wish.sharpness = false;
    finish(&mut harness);
    harness
}

/// Waits until the surface asked for is whole and nothing is left to do.
#[track_caller]
fn finish(harness: &mut Harness<'_, App>) {
    wait(harness, "the surface", |app| {
        let (alpha, probes) = (app.state().wish.alpha, app.state().wish.probes.clone());
        let news = app.snapshot();
        let whole = news
            .surfaces
            .iter()
            .any(|s| s.alpha == alpha && s.quality == Quality::Full);
        app.is_settled() && (whole || news.failure.is_some()) && news.probes.len() == probes.len()
    });
}

fn plane(harness: &Harness<'_, App>, name: &str) -> Rect {
    harness.get_by_label(name).rect()
}

/// The pixels of a part of the window.
fn pixels(picture: &RgbaImage, rect: Rect) -> Vec<[u8; 4]> {
    let (x0, y0) = (rect.left() as u32 + 1, rect.top() as u32 + 1);
    let (x1, y1) = (rect.right() as u32 - 1, rect.bottom() as u32 - 1);
    (y0..y1)
        .flat_map(|y| (x0..x1).map(move |x| picture.get_pixel(x, y).0))
        .collect()
}

fn click_at(harness: &mut Harness<'_, App>, at: Pos2) {
    harness.hover_at(at);
    harness.step();
    for pressed in [true, false] {
        harness.event(Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        harness.step();
    }
}

/// Lets the time of a double click pass.
fn let_pass(harness: &mut Harness<'_, App>) {
    harness.run_steps(25);
}

#[test]
fn the_plane_is_drawn_in_both_themes_and_sizes() {
    for (theme, size, name) in [
        (Theme::Dark, [1280.0, 800.0], "contour-dark"),
        (Theme::Light, [2560.0, 1440.0], "contour-light"),
    ] {
        let mut harness = window(size, theme, Vec::new());
        harness.state_mut().state().set_alpha(0.3);
        settle(&mut harness);
        finish(&mut harness);
        harness.remove_cursor();
        harness.run_steps(2);
        let rect = plane(&harness, PLANE);
        let mut colors = pixels(&picture(&mut harness, name), rect);
        colors.sort_unstable();
        colors.dedup();
        assert!(colors.len() > 100, "{} colours", colors.len());
        assert!(harness.query_all_by_label("31 × 31, all samples").count() > 0);
    }
}

#[test]
fn a_unit_is_as_long_on_both_axes_of_every_view_of_a_plane() {
    let mut harness = small_window();
    let wish = &mut harness.state_mut().state().wish;
    wish.plane.x = axis(-1.0, 1.0, 9);
    wish.plane.y = axis(-0.5, 0.5, 9);
    finish(&mut harness);
    let ratio = |rect: Rect| rect.width() / rect.height();
    let contour = ratio(plane(&harness, PLANE));
    // Sides are whole points.
    assert!((contour - 2.0).abs() < 0.02, "{contour}");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(3);
    finish(&mut harness);
    for name in ["Small batch", "θ(α)", "Large batch"] {
        let compared = ratio(plane(&harness, &format!("{name}, plane of training loss")));
        assert!((compared - 2.0).abs() < 0.03, "{name}: {compared}");
    }
    picture(&mut harness, "compare-wide-plane");
}

#[test]
fn the_grid_is_the_same_in_the_control_the_status_and_the_picture() {
    let mut harness = small_window();
    let wish = &mut harness.state_mut().state().wish;
    wish.plane.x = axis(-1.0, 1.0, 11);
    wish.plane.y = axis(-1.0, 1.0, 7);
    finish(&mut harness);
    // The contour and the surface in space each have a badge.
    for (words, count) in [("× 7", 1), ("11 × 7, 128 samples", 2)] {
        assert_eq!(harness.query_all_by_label(words).count(), count, "{words}");
    }
}

#[test]
fn a_click_pins_a_point_and_its_exact_metrics() {
    let mut harness = small_window();
    let rect = plane(&harness, PLANE);
    let at = rect.lerp_inside(Vec2::new(0.75, 0.25));
    click_at(&mut harness, at);
    assert!(
        harness.state_mut().state().wish.probes.is_empty(),
        "it may become a double click"
    );
    let_pass(&mut harness);
    finish(&mut harness);
    let probe = harness.state_mut().state().wish.probes[0];
    // A pixel is 2 / 400 of the plane.
    assert!(
        (probe.x - 0.5).abs() < 0.02 && (probe.y - 0.5).abs() < 0.02,
        "{probe:?}"
    );

    let found = harness.state().snapshot().probes[0].clone();
    let mut job = harness.state_mut().state().wish.surface_job(0.0);
    job.x = axis(probe.x, probe.x, 1);
    job.y = axis(probe.y, probe.y, 1);
    let outcome = losscope::engine::run(&Job::Surface(job), None, &mut |_, _| {
        losscope::engine::Flow::Continue
    })
    .unwrap();
    let Numbers::Surface(surface) = &outcome.numbers else {
        panic!("a surface");
    };
    let column = surface.table.train.as_ref().unwrap();
    // The same network and samples: only the order of sums may differ.
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6 * (1.0 + a.abs());
    assert!(near(found.metrics[0].loss, column.loss[0]));
    assert!(near(found.metrics[0].score, column.score[0]));
    harness.get_by_label_contains("Pin 1 at x 0.5");
    picture(&mut harness, "contour-pin");

    harness.get_by_label("Remove pin 1").click();
    harness.run_steps(2);
    assert!(harness.state_mut().state().wish.probes.is_empty());
}

#[test]
fn a_pin_can_be_set_and_removed_without_a_pointer() {
    let mut harness = small_window();
    harness.get_by_label(PLANE).focus();
    harness.run_steps(2);
    harness.key_press(Key::ArrowRight);
    harness.step();
    harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowUp);
    harness.step();
    harness.key_press(Key::Enter);
    let_pass(&mut harness);
    finish(&mut harness);
    picture(&mut harness, "contour-keys");
    let probe = harness.state_mut().state().wish.probes[0];
    // One grid step to the right; five up would leave the plane, which ends at 1.
    assert!(
        (probe.x - 0.25).abs() < 1e-9 && (probe.y - 1.0).abs() < 1e-9,
        "{probe:?}"
    );
    harness.get_by_label_contains("Pin 1 at").focus();
    harness.run_steps(2);
    harness.key_press(Key::Delete);
    harness.run_steps(2);
    assert!(harness.state_mut().state().wish.probes.is_empty());
}

#[test]
fn a_right_click_removes_a_pin() {
    let mut harness = small_window();
    harness.state_mut().state().pin(-0.5, 0.25);
    finish(&mut harness);
    harness.get_by_label_contains("Pin 1 at").click_secondary();
    harness.run_steps(3);
    assert!(harness.state_mut().state().wish.probes.is_empty());
}

#[test]
fn another_metric_is_another_picture() {
    let mut harness = small_window();
    let rect = plane(&harness, PLANE);
    let before = pixels(&picture(&mut harness, "contour-loss"), rect);
    // The controls at the left have the same choice.
    harness
        .query_all_by_label("Metric")
        .find(|choice| choice.rect().left() > 315.0)
        .unwrap()
        .click();
    harness.run_steps(3);
    harness.get_by_label("Validation accuracy").click();
    harness.run_steps(3);
    harness.remove_cursor();
    harness.run_steps(2);
    assert_eq!(
        harness.state_mut().state().look.metric,
        Metric::ValidationScore
    );
    let rect = plane(&harness, "Plane of validation accuracy");
    let after = pixels(&picture(&mut harness, "contour-accuracy"), rect);
    assert_ne!(before, after);
}

#[test]
fn a_metric_that_isnt_there_says_so() {
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    let state = harness.state_mut().state();
    state.wish.plane.x = axis(-1.0, 1.0, 5);
    state.wish.plane.setup.split = losscope::engine::job::SplitChoice::Train;
    state.look.metric = Metric::ValidationLoss;
    finish(&mut harness);
    let words = "Validation loss isn't computed";
    assert!(harness.query_all_by_label_contains(words).count() > 0);
    picture(&mut harness, "contour-missing");
    harness.get_by_label("Show training loss").click();
    harness.run_steps(3);
    plane(&harness, PLANE);
}

#[test]
fn the_wheel_zooms_and_everything_can_be_seen_again() {
    let mut harness = small_window();
    let rect = plane(&harness, PLANE);
    let whole = pixels(&picture(&mut harness, "contour-whole"), rect);
    harness.hover_at(rect.center());
    harness.step();
    harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: Vec2::new(0.0, 200.0),
        phase: TouchPhase::Move,
        source: MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    harness.run_steps(30);
    harness.remove_cursor();
    harness.run_steps(2);
    let rect = plane(&harness, PLANE);
    let near = pixels(&picture(&mut harness, "contour-near"), rect);
    assert_ne!(whole, near);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num0);
    harness.run_steps(3);
    let rect = plane(&harness, PLANE);
    assert!(whole == pixels(&picture(&mut harness, "contour-reset"), rect));

    harness.get_by_label(PLANE).focus();
    harness.run_steps(2);
    harness.key_press(Key::Plus);
    harness.run_steps(2);
    click_at(&mut harness, rect.center());
    click_at(&mut harness, rect.center());
    let_pass(&mut harness);
    assert!(
        harness.state_mut().state().wish.probes.is_empty(),
        "a double click pins nothing"
    );
}

#[test]
fn three_surfaces_stand_side_by_side() {
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    harness.state_mut().state().set_alpha(0.5);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(2);
    wait(&mut harness, "three surfaces", |app| {
        let news = app.snapshot();
        let full = |a: f64| {
            news.surfaces
                .iter()
                .any(|s| s.alpha == a && s.quality == Quality::Full)
        };
        full(0.0) && full(0.5) && full(1.0) && news.activity.is_idle()
    });
    for title in ["Small batch", "θ(α), α = 0.50", "Large batch"] {
        assert!(harness.query_all_by_label(title).count() > 0, "{title}");
    }
    harness.remove_cursor();
    harness.run_steps(2);
    let shot = picture(&mut harness, "compare-dark");
    let planes: Vec<Vec<[u8; 4]>> = ["Small batch", "θ(α)", "Large batch"]
        .map(|name| format!("{name}, plane of training loss"))
        .iter()
        .map(|name| pixels(&shot, plane(&harness, name)))
        .collect();
    assert!(planes[0] != planes[2] && planes[0] != planes[1]);
}

#[test]
fn one_checkpoint_has_nothing_to_compare() {
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    let wish = &mut harness.state_mut().state().wish;
    wish.large = None;
    wish.plane.x = axis(-1.0, 1.0, 5);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    finish(&mut harness);
    let words = "open a second checkpoint";
    assert!(harness.query_all_by_label_contains(words).count() > 0);
    picture(&mut harness, "compare-single");
}

#[test]
fn a_wide_comparison_says_more() {
    let mut harness = window([1600.0, 1000.0], Theme::Light, Vec::new());
    let app = harness.state_mut();
    app.state().set_alpha(0.25);
    app.state().wish.plane.x = axis(-1.0, 1.0, 9);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(2);
    for pane in [
        "Measures",
        "Surface",
        "Line",
        "Sharpness",
        "Density",
        "Convexity",
        "Layers",
        "Log",
    ] {
        harness
            .get_by_label(pane)
            .click_button(PointerButton::Middle);
        harness.run_steps(2);
    }
    wait(&mut harness, "three surfaces", |app| {
        app.snapshot().surfaces.len() == 3 && app.snapshot().activity.is_idle()
    });
    let middle = plane(&harness, "θ(α), plane of training loss");
    harness.hover_at(middle.lerp_inside(Vec2::new(0.7, 0.3)));
    harness.run_steps(3);
    picture(&mut harness, "compare-wide");
}

#[test]
fn holes_are_hatched_and_named() {
    let mut harness = window([1280.0, 800.0], Theme::Light, Vec::new());
    let wish = &mut harness.state_mut().state().wish;
    wish.plane.x = axis(-3e12, 3e12, 31);
    wish.plane.setup.samples = Some(64);
    finish(&mut harness);
    let hole = plane(&harness, PLANE).lerp_inside(Vec2::new(0.2, 0.1));
    harness.hover_at(hole);
    harness.run_steps(3);
    picture(&mut harness, "contour-holes");
}

#[test]
fn a_plane_on_its_way_says_how_far_it_is() {
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    harness.state_mut().state().wish.plane.x = axis(-1.0, 1.0, 61);
    wait(&mut harness, "the first picture", |app| {
        !app.snapshot().surfaces.is_empty()
    });
    // On a busy machine the coarse picture may have gone by.
    let says = |part| harness.query_all_by_label_contains(part).count() > 0;
    assert!(says("coarse, 256 samples") || says("filling, "));
    picture(&mut harness, "contour-coarse");
    wait(&mut harness, "the whole grid", |app| {
        app.snapshot().surfaces[0].quality > Quality::Coarse(256)
    });
    picture(&mut harness, "contour-filling");
    // A frame draws what there was before it asks for more.
    harness.state_mut().state().set_alpha(0.5);
    harness.step();
    let words = "while α = 0.50 computes";
    assert!(harness.query_all_by_label_contains(words).count() > 0);
    picture(&mut harness, "contour-neighbour");
}

#[test]
fn double_size_and_a_small_window_clip_nothing() {
    let mut harness = window([2560.0, 1600.0], Theme::Light, Vec::new());
    harness.state_mut().state().look.zoom = 2.0;
    harness.state_mut().state().wish.plane.x = axis(-1.0, 1.0, 15);
    finish(&mut harness);
    harness.state_mut().state().pin(0.3, -0.4);
    harness.state_mut().state().pin(-0.3, 0.4);
    finish(&mut harness);
    picture(&mut harness, "contour-double");
    let view = |harness: &Harness<'_, App>| {
        let tab = |name| harness.get_by_label(name).rect();
        let corner = Pos2::new(tab("Surface").left(), tab("Line").top());
        Rect::from_min_max(tab("Contour").left_bottom(), corner)
    };
    assert!(view(&harness).contains_rect(plane(&harness, PLANE)));
    harness.state_mut().state().look.zoom = 1.0;
    harness.run_steps(3);
    harness.set_size(Vec2::new(1000.0, 560.0));
    harness.run_steps(3);
    picture(&mut harness, "contour-small");
    assert!(view(&harness).contains_rect(plane(&harness, PLANE)));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(5);
    picture(&mut harness, "compare-small");
}

#[test]
fn a_plane_without_a_finite_value_has_words() {
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    let wish = &mut harness.state_mut().state().wish;
    wish.small = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/formats/broken/nan_weight.pt"
    )
    .into();
    (wish.large, wish.initial) = (None, None);
    wish.plane.x = axis(-1.0, 1.0, 8);
    finish(&mut harness);
    let news = harness.state().snapshot();
    let surface = news.surfaces[0].surface().unwrap();
    let losses = &surface.table.train.as_ref().unwrap().loss;
    assert!(losses.iter().all(|l| !l.is_finite()));
    plane(&harness, PLANE);
    picture(&mut harness, "contour-nan");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(20);
    picture(&mut harness, "compare-nan");
}

#[test]
fn a_training_run_goes_through_its_plane_true_to_scale() {
    let folder = tempfile::tempdir().unwrap();
    for (epoch, name) in ["initial", "large-batch", "small-batch", "large-batch"]
        .iter()
        .enumerate()
    {
        let from = format!("assets/digits-mlp/{name}.safetensors");
        let to = folder.path().join(format!("epoch-{epoch}.safetensors"));
        std::fs::copy(from, to).unwrap();
    }
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    let wish = &mut harness.state_mut().state().wish;
    wish.plane.directions = Directions::Pca(folder.path().to_owned());
    wish.plane.x = None;
    wish.plane.setup.samples = Some(64);
    wait(&mut harness, "the plane of the run", |app| {
        let news = app.snapshot();
        assert!(news.failure.is_none(), "{:?}", news.failure);
        let whole =
            |s: &LiveSurface| s.quality == Quality::Full && s.outcome.header.trajectory.is_some();
        news.activity.is_idle() && news.surfaces.iter().any(|s| whole(s))
    });
    picture(&mut harness, "contour-run");
    let rect = plane(&harness, PLANE);
    let news = harness.state().snapshot();
    let surface = news.surfaces[0].surface().unwrap();
    let span = |c: &[f64]| (c[c.len() - 1] - c[0]) as f32;
    let (drawn, true_ratio) = (
        rect.width() / rect.height(),
        span(&surface.x) / span(&surface.y),
    );
    // Sides are whole points.
    assert!(
        (drawn / true_ratio - 1.0).abs() < 0.02,
        "{drawn} {true_ratio}"
    );
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(3);
    harness.get_by_label_contains("the same for every α");
}

#[test]
fn the_part_that_is_seen_can_be_computed_and_undone() {
    let mut harness = small_window();
    assert!(harness.query_by_label("Compute this part").is_none());
    let rect = plane(&harness, PLANE);
    harness.hover_at(rect.center());
    harness.step();
    harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: Vec2::new(0.0, 200.0),
        modifiers: Modifiers::NONE,
        source: MouseWheelSource::Wheel,
        phase: TouchPhase::Move,
    });
    harness.run_steps(8);
    harness.get_by_label("Compute this part").click();
    harness.run_steps(2);
    let state = harness.state_mut().state();
    let Some(AxisChoice::Given(x)) = state.wish.plane.x else {
        panic!("{:?}", state.wish.plane.x)
    };
    assert!(x.to - x.from < 1.5 && x.points == 9, "{x:?}");
    finish(&mut harness);
    let news = harness.state().snapshot();
    let shown = news.surface_near(0.0).unwrap().surface().unwrap().clone();
    assert!((shown.x[0] - x.from).abs() < 1e-9);
    assert!(harness.query_by_label("Compute this part").is_none());
    harness.state_mut().state().undo();
    assert_eq!(harness.state_mut().state().wish.plane.x, axis(-1.0, 1.0, 9));
}

#[test]
fn what_is_pointed_at_on_the_contour_is_marked_on_the_surface_and_cut_through() {
    let mut harness = small_window();
    harness.state_mut().show("Sections");
    harness.run_steps(2);
    let sections = || "Sections of the plane; through";
    assert!(harness.query_by_label(sections()).is_some());
    let before = picture(&mut harness, "pointed-nowhere");
    let space = harness.get_by_label("Surface in space").rect();
    let rect = plane(&harness, PLANE);
    harness.hover_at(rect.lerp_inside(Vec2::new(0.75, 0.25)));
    harness.run_steps(3);
    let pointed = harness.state_mut().state().pointed.unwrap();
    assert!((pointed.at.0 - 0.5).abs() < 0.15 && (pointed.at.1 - 0.5).abs() < 0.15);
    let after = picture(&mut harness, "pointed-at");
    assert_ne!(pixels(&before, space), pixels(&after, space), "no mark");
    // And the other way round.
    harness.hover_at(space.center());
    harness.run_steps(3);
    let pointed = harness.state_mut().state().pointed.unwrap();
    assert_eq!(pointed.view, "Surface");
    harness.hover_at(Pos2::new(3.0, 3.0));
    harness.run_steps(3);
    assert_eq!(harness.state_mut().state().pointed, None);
}
