//! α, ε and the controls, moved by a hand that reads their names.

#![cfg(feature = "window")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod window_common;

use eframe::egui::{self, Key, Pos2, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use losscope::app::App;
use losscope::engine::job::Job;
use losscope::landscape::direction::Normalization;
use window_common::{picture, settle, wait, window};

fn small() -> Harness<'static, App> {
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    harness.state_mut().state().wish.plane.x = Some("-1:1:9".parse().unwrap());
    settle(&mut harness);
    harness
}

/// Drags from one place to another in a few frames.
fn drag(harness: &mut Harness<'_, App>, from: Pos2, to: Pos2) {
    harness.hover_at(from);
    harness.step();
    harness.drag_at(from);
    harness.step();
    for i in 1..=4 {
        harness.hover_at(from + (to - from) * (i as f32 / 4.0));
        harness.step();
    }
    assert!(
        harness.state_mut().state().wish.dragging,
        "a drag says that it is one"
    );
    harness.drop_at(to);
    harness.run_steps(2);
}

#[test]
fn dragging_alpha_moves_the_metrics_exactly_and_the_surface_follows() {
    let mut harness = small();
    let slider = harness.get_by_label("α slider").rect();
    let at = |share: f32| Pos2::new(slider.left() + share * slider.width(), slider.center().y);
    drag(&mut harness, at(1.0 / 3.0), at(0.6));
    let alpha = harness.state_mut().state().wish.alpha;
    assert!((0.6..1.0).contains(&alpha), "{alpha}");
    settle(&mut harness);
    let news = harness.state().snapshot();
    let point = news.point.as_ref().unwrap();
    assert_eq!(point.alpha, alpha);
    let surface = news.surface_near(alpha).unwrap();
    assert_eq!(surface.alpha, alpha);
    // The centre of the surface is θ(α) itself.
    let surface = surface.surface().unwrap();
    let centre = surface.table.train.as_ref().unwrap().loss[40];
    assert!((centre / point.metrics[0].loss - 1.0).abs() < 1e-4);
}

#[test]
fn alpha_moves_in_the_line_plot_and_by_arrow_keys_too() {
    let mut harness = small();
    let plot = harness
        .get_by_label("Line between the minimizers; α")
        .rect();
    drag(
        &mut harness,
        plot.center(),
        plot.center() + egui::vec2(60.0, 0.0),
    );
    let dragged = harness.state_mut().state().wish.alpha;
    assert!(dragged > 0.5, "{dragged}");
    harness.key_press(Key::ArrowRight);
    harness.run_steps(2);
    let stepped = harness.state_mut().state().wish.alpha;
    assert!(
        (stepped - dragged - 0.02).abs() < 1e-9,
        "{dragged} to {stepped}"
    );
}

#[test]
fn dragging_epsilon_reads_the_curves_and_confirms_at_rest() {
    let mut harness = small();
    let slider = harness.get_by_label("ε slider").rect();
    let at = |share: f32| Pos2::new(slider.left() + share * slider.width(), slider.center().y);
    drag(&mut harness, at(0.5), at(0.7));
    let epsilon = harness.state_mut().state().wish.epsilon;
    assert!((3e-3..3e-2).contains(&epsilon), "{epsilon}");
    let news = harness.state().snapshot();
    assert!(news.sharpness.small.as_ref().unwrap().at(epsilon).is_some());
    settle(&mut harness);
    let news = harness.state().snapshot();
    for alpha in [0.0, 1.0] {
        assert!(news.confirmed(alpha, epsilon).unwrap() > 0.0);
    }
    let plot = harness.get_by_label("Sharpness along ε; ε").rect();
    drag(
        &mut harness,
        plot.center(),
        plot.center() - egui::vec2(40.0, 0.0),
    );
    let moved = harness.state_mut().state().wish.epsilon;
    assert!(moved < epsilon, "{moved}");
}

#[test]
fn another_normalisation_is_another_surface_and_can_be_undone() {
    let mut harness = small();
    let before = harness
        .state()
        .snapshot()
        .surface_near(0.0)
        .unwrap()
        .outcome
        .clone();
    harness.get_by_label("Normalisation").click();
    harness.run_steps(3);
    harness.get_by_label("Layer").click();
    harness.run_steps(3);
    settle(&mut harness);
    let after = harness
        .state()
        .snapshot()
        .surface_near(0.0)
        .unwrap()
        .outcome
        .clone();
    let Job::Surface(job) = &after.recipe.job else {
        panic!("no surface");
    };
    assert_eq!(job.normalize, Some(Normalization::Layer));
    assert_ne!(before.numbers, after.numbers);
    picture(&mut harness, "layer-normalised");
    harness.get_by_label("Edit").click();
    harness.run_steps(3);
    harness.get_by_label_contains("Undo").click();
    harness.run_steps(3);
    settle(&mut harness);
    let undone = harness
        .state()
        .snapshot()
        .surface_near(0.0)
        .unwrap()
        .outcome
        .clone();
    assert_eq!(undone.numbers, before.numbers);
}

#[test]
fn a_new_draw_has_other_directions() {
    let mut harness = small();
    let before = harness
        .state()
        .snapshot()
        .surface_near(0.0)
        .unwrap()
        .outcome
        .numbers
        .clone();
    harness.get_by_label("New draw").click();
    harness.run_steps(3);
    settle(&mut harness);
    assert_eq!(harness.state_mut().state().wish.plane.setup.seed, 1);
    let after = harness
        .state()
        .snapshot()
        .surface_near(0.0)
        .unwrap()
        .outcome
        .numbers
        .clone();
    assert_ne!(before, after);
}

/// The smallest window there is: what has no room goes to the next row, unbroken.
#[test]
fn a_narrow_deck_breaks_between_its_readouts() {
    let mut harness = window([720.0, 480.0], Theme::Dark, Vec::new());
    wait(&mut harness, "the first surface", |app| {
        !app.snapshot().surfaces.is_empty()
    });
    harness.run_steps(2);
    for name in ["training loss", "validation accuracy", "large / small"] {
        let heights: Vec<f32> = harness
            .query_all_by_label(name)
            .map(|node| node.rect().height())
            .collect();
        assert!(!heights.is_empty(), "no {name:?}");
        assert!(heights.iter().all(|h| *h < 20.0), "{name:?}: {heights:?}");
    }
}

#[test]
fn what_is_said_goes_away_by_itself_and_stays_in_the_log() {
    let mut harness = small();
    harness.state_mut().state().say("Wrote a.png");
    harness.run_steps(2);
    assert!(harness.query_by_label("Wrote a.png").is_some());
    let now = harness.ctx.input(|i| i.time);
    harness.input_mut().time = Some(now + 5.0);
    harness.run_steps(2);
    assert!(harness.query_by_label("Wrote a.png").is_some());
    harness.input_mut().time = Some(now + 9.0);
    harness.run_steps(2);
    assert!(harness.query_by_label("Wrote a.png").is_none());
    assert_eq!(harness.state_mut().state().said.len(), 1);
}

#[test]
fn a_tooltip_does_not_stay_over_a_dialog() {
    let mut harness = small();
    let words = "Exchange the two minimizers";
    let swap = harness.get_by_label_contains("Swap").rect();
    harness.hover_at(swap.center());
    for _ in 0..120 {
        harness.step();
    }
    assert!(
        harness.query_by_label(words).is_some(),
        "there is a tooltip"
    );
    harness.key_press(Key::F1);
    harness.run_steps(6);
    assert!(
        harness.query_by_label("Papers").is_some(),
        "there is a dialog"
    );
    assert!(harness.query_by_label(words).is_none());
}

#[test]
fn what_the_keyboard_goes_to_is_scrolled_to_and_has_a_ring() {
    let mut harness = window([1280.0, 480.0], Theme::Light, Vec::new());
    settle(&mut harness);
    let shown = harness.get_by_label("Biases").rect();
    assert!(shown.bottom() > 330.0, "below the fold: {shown:?}");
    harness.get_by_label("Normalisation").focus();
    harness.run_steps(2);
    harness.key_press(Key::Tab);
    for _ in 0..40 {
        harness.step();
    }
    let focused = harness.ctx.memory(|m| m.focused()).unwrap();
    let rect = harness.ctx.read_response(focused).unwrap().interact_rect;
    let whole = harness.ctx.read_response(focused).unwrap().rect;
    assert!(
        rect.contains_rect(whole.shrink(1.0)),
        "{whole:?} is seen as {rect:?}"
    );
    let drawn = picture(&mut harness, "focus");
    // The accent is green, and nothing else there is.
    let above = (whole.top() - 2.0) as u32;
    let ring = (whole.left() as u32 + 8..whole.right() as u32 - 8)
        .map(|x| drawn.get_pixel(x, above).0)
        .filter(|[r, g, ..]| i32::from(*g) - i32::from(*r) > 40)
        .count();
    assert!(
        ring as f32 > 0.6 * (whole.width() - 16.0),
        "{ring} of {}",
        whole.width()
    );
}

#[test]
fn the_track_of_a_slider_stands_out_in_light_colours() {
    let mut harness = window([1280.0, 800.0], Theme::Light, Vec::new());
    settle(&mut harness);
    let slider = harness.get_by_label("α slider").rect();
    let drawn = picture(&mut harness, "slider");
    let y = slider.center().y as u32;
    let luminance = |x: f32| {
        let [r, g, b, _] = drawn.get_pixel(x as u32, y).0;
        losscope::plot::colormap::luminance([r, g, b])
    };
    // On both sides of the handle, which stands at a third.
    for share in [0.1, 0.8] {
        let track = luminance(slider.left() + share * slider.width());
        let contrast = 1.05 / (track + 0.05);
        assert!(contrast >= 3.0, "{contrast:.2} at {share}");
    }
}
