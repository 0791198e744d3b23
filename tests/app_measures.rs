//! The measures of the window: the table, the spectral density, the layers, the worst point.

#![cfg(feature = "window")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod window_common;

use eframe::egui::Theme;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use losscope::app::App;
use losscope::engine::job::Directions;
use losscope::engine::live::{Found, Quantity};
use window_common::{picture, settle, wait, window};

/// A window on few samples, so that everything is measured in seconds.
fn small(size: [f32; 2], theme: Theme) -> Harness<'static, App> {
    let mut harness = window(size, theme, Vec::new());
    let wish = &mut harness.state_mut().state().wish;
    wish.plane.setup.samples = Some(200);
    wish.plane.x = Some("-1:1:9".parse().unwrap());
    wish.alpha = 0.5;
    settle(&mut harness);
    harness
}

fn open(harness: &mut Harness<'_, App>, view: &str) {
    harness.get_by_label(view).click();
    harness.run_steps(3);
}

#[test]
fn opening_the_measures_measures_and_the_table_says_what_was_found() {
    let mut harness = small([1280.0, 800.0], Theme::Dark);
    assert_eq!(harness.state().snapshot().measures, [], "nobody looks yet");
    open(&mut harness, "Measures");
    settle(&mut harness);
    picture(&mut harness, "measures-dark");
    let news = harness.state().snapshot();
    let usual = Quantity::table()
        .iter()
        .filter(|quantity| quantity.is_usual());
    for &quantity in usual {
        for alpha in [0.0, 0.5, 1.0] {
            assert!(news.measure(alpha, quantity).unwrap().complete);
        }
    }
    // The table holds what was found: the copy has full precision.
    harness.get_by_label("Copy as TSV").click();
    let mut copied = Vec::new();
    for _ in 0..4 {
        harness.step();
        copied.extend(harness.output().platform_output.commands.clone());
    }
    let Some(Found::Trace(trace)) = &news.measure(1.0, Quantity::TRACE).unwrap().found else {
        panic!("no trace")
    };
    let text = format!("{copied:?}");
    assert!(text.contains(&trace.trace.mean.to_string()), "{text}");
}

#[test]
fn a_group_stops_when_its_check_is_taken_away() {
    let mut harness = small([1600.0, 1400.0], Theme::Light);
    open(&mut harness, "Measures");
    harness.get_by_label("Curvature").click();
    harness.run_steps(2);
    settle(&mut harness);
    let news = harness.state().snapshot();
    let known = news.measure(1.0, Quantity::TRACE);
    assert!(known.is_none_or(|m| !m.complete), "stopped");
    assert!(news.measure(1.0, Quantity::NOISE).unwrap().complete);
    harness.get_by_label("Curvature").click();
    harness.run_steps(2);
    settle(&mut harness);
    let news = harness.state().snapshot();
    assert!(news.measure(1.0, Quantity::TRACE).unwrap().complete);
    picture(&mut harness, "measures-light");
}

#[test]
fn the_density_and_the_layers_are_drawn() {
    let mut harness = small([1280.0, 800.0], Theme::Dark);
    open(&mut harness, "Density");
    wait(&mut harness, "a density", |app| app.is_settled());
    // Curves that were still changing are made anew after a moment.
    std::thread::sleep(std::time::Duration::from_millis(400));
    harness.run_steps(3);
    let plot = harness.get_by_label("Density of the Hessian's eigenvalues");
    let words = plot.value().unwrap();
    assert!(words.contains("large batch: up to λ = "), "{words}");
    picture(&mut harness, "density");
    open(&mut harness, "Layers");
    picture(&mut harness, "layers");
    let facts = harness.state().snapshot().experiment.clone().unwrap();
    let layer = &facts.small_from_initial.as_ref().unwrap().layers[0];
    let name = format!("Bars of {}", layer.name);
    let bars = harness.get_by_label(&name);
    assert!(bars.value().unwrap().contains("large batch: "));
    harness.get_by_label("‖θ‖/‖∇f‖").click();
    harness.run_steps(3);
    settle(&mut harness);
    let bars = harness.get_by_label(&name);
    assert!(bars.value().unwrap().contains("‖∇f‖ = "));
    picture(&mut harness, "layers-rates");
}

#[test]
fn the_plane_turns_towards_the_worst_point_and_follows_epsilon() {
    let mut harness = small([1280.0, 800.0], Theme::Dark);
    harness.get_by_label("Worst point").click();
    harness.run_steps(3);
    settle(&mut harness);
    let state = harness.state_mut().state();
    assert_eq!(state.wish.plane.directions, Directions::Worst(1e-3));
    picture(&mut harness, "towards-worst");
    harness.state_mut().state().set_epsilon(1e-2);
    harness.run_steps(3);
    settle(&mut harness);
    let worst = harness.state().snapshot().worst.unwrap();
    assert!((worst.coordinate[0] - 1.0).abs() < 1e-6 && worst.epsilon == 1e-2);
    let state = harness.state_mut().state();
    assert_eq!(state.wish.plane.directions, Directions::Worst(1e-2));
    harness.get_by_label("Worst point").click();
    harness.run_steps(3);
    let state = harness.state_mut().state();
    assert_eq!(state.wish.plane.directions, Directions::Random);
}

#[test]
fn eigenvector_planes_mark_the_worst_point_beside_the_centre() {
    let mut harness = small([1280.0, 800.0], Theme::Dark);
    let state = harness.state_mut().state();
    state.wish.plane.directions = Directions::Hessian;
    state.set_epsilon(1e-2);
    harness.run_steps(2);
    settle(&mut harness);
    let worst = harness.state().snapshot().worst.unwrap();
    let away = worst.coordinate[0].hypot(worst.coordinate[1]);
    assert!(away > 0.05, "{worst:?}");
    picture(&mut harness, "eigenvectors-worst");
}

#[test]
fn the_map_of_eigenvalues_fills_cell_by_cell_and_belongs_to_its_plane() {
    let mut harness = small([1280.0, 800.0], Theme::Dark);
    open(&mut harness, "Convexity");
    wait(&mut harness, "a first cell", |app| {
        let news = app.snapshot();
        let map = news.measure(0.5, Quantity::Convexity);
        map.is_some_and(|m| m.found.is_some())
    });
    picture(&mut harness, "convexity-filling");
    settle(&mut harness);
    picture(&mut harness, "convexity");
    let news = harness.state().snapshot();
    let measured = news.measure(0.5, Quantity::Convexity).unwrap();
    let Some(Found::Convexity(map)) = &measured.found else {
        panic!("no map")
    };
    assert!(measured.complete && map.computed.iter().all(|c| *c));
    // Its centre is the ratio of the eigenvalues there.
    open(&mut harness, "Measures");
    settle(&mut harness);
    let news = harness.state().snapshot();
    let Some(Found::Eigenvalues(values)) = &news.measure(0.5, Quantity::EIGENVALUES).unwrap().found
    else {
        panic!("no eigenvalues")
    };
    let ratio = (values.smallest.value / values.top[0].value).abs();
    let centre = map.ratio[map.ratio.len() / 2];
    assert!((centre / ratio - 1.0).abs() < 0.01, "{centre} and {ratio}");
    // Another plane has another map.
    harness.state_mut().state().new_seed();
    open(&mut harness, "Contour");
    settle(&mut harness);
    let news = harness.state().snapshot();
    assert!(news.measure(0.5, Quantity::Convexity).is_none());
}
