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
use losscope::landscape::evaluate::statistics::{BatchSize, BatchWeights, Remeasure};
use losscope::landscape::slice::Buffers;
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
    for _ in 0..2 {
        harness.key_press(Key::ArrowRight);
        harness.run_steps(2);
    }
    let stepped = harness.state_mut().state().wish.alpha;
    assert!(
        (stepped - dragged - 0.02).abs() < 1e-9,
        "{dragged} to {stepped}"
    );
}

#[test]
fn a_click_on_a_slider_gives_it_the_keys() {
    let mut harness = small();
    let rect = harness.get_by_label("α slider").rect();
    harness.hover_at(rect.center());
    harness.step();
    harness.drag_at(rect.center());
    harness.step();
    harness.drop_at(rect.center());
    harness.run_steps(2);
    let alpha = |harness: &mut Harness<'_, App>| harness.state_mut().state().wish.alpha;
    let clicked = alpha(&mut harness);
    assert!((clicked - 0.5).abs() < 0.01, "{clicked}");
    let shift = egui::Modifiers::SHIFT;
    let none = egui::Modifiers::NONE;
    for (modifiers, key, by) in [
        (none, Key::ArrowRight, 0.01),
        (none, Key::ArrowRight, 0.01),
        (none, Key::ArrowDown, -0.01),
        (shift, Key::ArrowLeft, -0.1),
        (none, Key::PageUp, 0.1),
        (none, Key::PageDown, -0.1),
    ] {
        let before = alpha(&mut harness);
        harness.key_press_modifiers(modifiers, key);
        harness.run_steps(2);
        let moved = alpha(&mut harness) - before;
        assert!((moved - by).abs() < 1e-9, "{modifiers:?} {key:?}: {moved}");
    }
    for (key, end) in [(Key::Home, -1.0), (Key::End, 2.0)] {
        harness.key_press(key);
        harness.run_steps(2);
        assert_eq!(alpha(&mut harness), end);
    }
}

#[test]
fn an_explanation_never_covers_the_numbers_a_slider_changes() {
    let mut harness = small();
    let wait_a_while = |harness: &mut Harness<'_, App>| harness.run_steps(90);
    let slider = harness.get_by_label("α slider").rect();
    harness.hover_at(slider.center());
    wait_a_while(&mut harness);
    let words = "Where on the line through both";
    assert_eq!(harness.query_all_by_label_contains(words).count(), 0);
    let letter = harness.get_by_label("α").rect();
    harness.hover_at(letter.center());
    wait_a_while(&mut harness);
    let shown = harness.get_by_label_contains(words).rect();
    picture(&mut harness, "deck-explained");
    for name in ["training loss", "validation accuracy", "α slider"] {
        let number = harness.get_by_label(name).rect();
        assert!(
            shown.bottom() <= number.top(),
            "{name}: {shown:?} {number:?}"
        );
    }
}

/// Where everything in the deck and the status line's button stand.
fn places(harness: &Harness<'_, App>) -> Vec<egui::Rect> {
    let names = [
        "α, typed",
        "ε, typed",
        "α slider",
        "ε slider",
        "training loss",
        "training accuracy",
        "validation loss",
        "validation accuracy",
        "φ small batch",
        "φ at θ(α)",
        "φ large batch",
        "large / small",
    ];
    names
        .iter()
        .map(|name| harness.get_by_label(name).rect())
        .collect()
}

#[test]
fn nothing_in_the_deck_moves_while_alpha_goes_from_end_to_end() {
    for size in [[1280.0, 800.0], [1024.0, 700.0], [720.0, 480.0]] {
        let mut harness = window(size, Theme::Dark, Vec::new());
        harness.state_mut().state().wish.plane.x = Some("-1:1:3".parse().unwrap());
        settle(&mut harness);
        let still = places(&harness);
        for alpha in [-1.0, -0.875, -0.11, 0.0, 0.5, 1.0, 1.111, 2.0] {
            harness.state_mut().state().set_alpha(alpha);
            harness.run_steps(3);
            let kept = harness.state_mut().state().wish.alpha;
            assert_eq!(kept, alpha, "the slider rounds nothing that it didn't set");
            assert_eq!(places(&harness), still, "at once, α = {alpha}");
            wait(&mut harness, "the metrics", |app| {
                app.snapshot()
                    .point
                    .as_ref()
                    .is_some_and(|p| p.alpha == alpha)
            });
            assert_eq!(places(&harness), still, "α = {alpha} in {size:?}");
        }
    }
}

#[test]
fn the_button_that_stops_stays_where_it_is() {
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    let mut seen: Vec<egui::Rect> = Vec::new();
    wait(&mut harness, "the first surface", |app| {
        !app.snapshot().surfaces.is_empty()
    });
    for alpha in [0.1, -0.35, 0.999, -1.0] {
        harness.state_mut().state().set_alpha(alpha);
        for _ in 0..12 {
            harness.step();
            std::thread::sleep(std::time::Duration::from_millis(10));
            seen.extend(harness.query_all_by_label("Stop").map(|n| n.rect()));
        }
    }
    assert!(seen.len() > 3, "something was computed");
    assert!(seen.iter().all(|r| *r == seen[0]), "{seen:?}");
}

#[test]
fn a_closed_view_comes_back_where_it_was() {
    let mut harness = small();
    let places = |harness: &Harness<'_, App>| {
        ["Contour", "Compare", "Convexity"].map(|name| harness.get_by_label(name).rect())
    };
    let before = places(&harness);
    let crosses: Vec<egui::Rect> = harness
        .query_all_by_label("Close")
        .map(|node| node.rect())
        .collect();
    let tab = before[1];
    let cross = crosses.iter().find(|c| tab.contains(c.center())).unwrap();
    let cross = cross.center();
    harness.hover_at(cross);
    harness.run_steps(2);
    harness.drag_at(cross);
    harness.step();
    harness.drop_at(cross);
    harness.run_steps(3);
    assert_eq!(harness.query_all_by_label("Compare").count(), 0, "closed");
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::Num3);
    harness.run_steps(3);
    assert_eq!(places(&harness), before);
}

#[test]
fn a_small_window_shows_one_view_and_keeps_its_side_panel_at_hand() {
    for (name, size, zoom) in [
        ("small-1024", [1024.0, 700.0], 1.0),
        ("small-double", [1280.0, 800.0], 2.0),
    ] {
        for theme in [Theme::Dark, Theme::Light] {
            let narrow = size[0] / zoom < 900.0;
            let mut harness = window(size, theme, Vec::new());
            harness.state_mut().state().look.zoom = zoom;
            harness.state_mut().state().wish.plane.x = Some("-1:1:9".parse().unwrap());
            harness.state_mut().state().set_alpha(0.5);
            settle(&mut harness);
            let suffix = if theme == Theme::Dark {
                "dark"
            } else {
                "light"
            };
            picture(&mut harness, &format!("{name}-{suffix}"));
            if narrow {
                assert_eq!(
                    harness.query_all_by_label("Sharpness along ε; ε").count(),
                    0
                );
            } else {
                // Views end where their neighbours begin.
                let line = harness
                    .get_by_label("Line between the minimizers; α")
                    .rect();
                let neighbour = harness.get_by_label("Sharpness").rect();
                assert!(line.right() <= neighbour.left(), "{line:?} {neighbour:?}");
                let sharpness = harness.get_by_label("Sharpness along ε; ε").rect();
                assert!(sharpness.right() <= size[0], "{sharpness:?}");
            }
            let plane = harness.get_by_label("Plane of training loss").rect();
            assert!(
                plane.width().min(plane.height()) > 130.0,
                "{name}: {plane:?}"
            );
            let there = |harness: &Harness<'_, App>| {
                harness.query_all_by_label("Normalisation").count() > 0
            };
            assert_eq!(there(&harness), !narrow, "{name}");
            harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::B);
            harness.run_steps(3);
            assert_eq!(there(&harness), narrow, "{name}");
            picture(&mut harness, &format!("{name}-{suffix}-toggled"));
            harness.get_by_label("Side panel").click();
            harness.run_steps(3);
            assert_eq!(there(&harness), !narrow, "{name}");
            for view in ["Line", "Surface", "Compare"] {
                harness.get_by_label(view).click();
                harness.run_steps(3);
                settle(&mut harness);
                picture(&mut harness, &format!("{name}-{suffix}-{view}"));
            }
            let last = harness.get_by_label("In space").rect();
            let end = if narrow {
                size[0] / zoom
            } else {
                harness.get_by_label("Surface").rect().left()
            };
            assert!(last.right() <= end, "{name}: {last:?}");
        }
    }
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
    let Job::Surface(job) = &after.header.job else {
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

/// How running statistics are recomputed is asked only where they are.
#[test]
fn recomputed_statistics_say_of_which_batches_and_can_be_undone() {
    let mut harness = window([1280.0, 1100.0], Theme::Dark, Vec::new());
    harness.state_mut().state().wish.plane.x = Some("-1:1:5".parse().unwrap());
    settle(&mut harness);
    assert_eq!(harness.query_all_by_label("Batch size").count(), 0);
    harness.get_by_label("Statistics").click();
    harness.run_steps(3);
    harness.get_by_label("Recomputed").click();
    harness.run_steps(3);
    settle(&mut harness);
    picture(&mut harness, "statistics-recomputed");
    harness.get_by_label("Batches count").hover();
    harness.run_steps(90);
    // In the words of the command line's help.
    let words = "What a batch counts when the means and unbiased variances";
    assert!(harness.query_all_by_label_contains(words).count() > 0);
    picture(&mut harness, "statistics-explained");
    harness.get_by_label("Batches count").click();
    harness.run_steps(3);
    harness.get_by_label("By their samples").click();
    harness.run_steps(3);
    harness.get_by_label("All in one").click();
    harness.run_steps(3);
    settle(&mut harness);
    // One batch has nothing to be weighed against.
    assert_eq!(harness.query_all_by_label("Batches count").count(), 0);
    let remeasure = |harness: &mut Harness<'_, App>| {
        let news = harness.state().snapshot();
        let outcome = &news.surface_near(0.0).unwrap().outcome;
        let Job::Surface(job) = &outcome.header.job else {
            panic!("no surface");
        };
        assert_eq!(job.buffers, Buffers::Recompute);
        job.remeasure
    };
    let all = Remeasure {
        statistics_batch: BatchSize::All,
        statistics_weights: BatchWeights::Sample,
    };
    assert_eq!(remeasure(&mut harness), all);
    for batch in [BatchSize::default(), BatchSize::All, BatchSize::default()] {
        let keys = match batch {
            BatchSize::All => Key::Y,
            BatchSize::Of(_) => Key::Z,
        };
        harness.key_press_modifiers(egui::Modifiers::COMMAND, keys);
        harness.run_steps(3);
        settle(&mut harness);
        assert_eq!(remeasure(&mut harness).statistics_batch, batch);
    }
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
    let focused = harness.ctx.memory(egui::Memory::focused).unwrap();
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
