//! More than two minimizers: a list beside the line, a plane through three of them.

use super::window_common::{picture, settle, wait, window};
use super::{axis, pixels, plane};
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use losscope::app::App;
use losscope::engine::job::Directions;
use losscope::engine::live::{LiveSurface, Quality};
use std::path::PathBuf;

/// Weights before training, under a name that doesn't say so.
fn third() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let third = folder.path().join("third.safetensors");
    std::fs::copy("assets/digits-mlp/initial.safetensors", &third).unwrap();
    (folder, third)
}

/// The built-in pair with further minimizers beside it, on a small grid of few samples.
fn open(others: Vec<PathBuf>) -> Harness<'static, App> {
    let mut harness = window([1280.0, 900.0], Theme::Dark, Vec::new());
    let wish = &mut harness.state_mut().state().wish;
    wish.others = others;
    wish.plane.x = axis(-1.0, 1.0, 9);
    wish.plane.setup.samples = Some(128);
    wish.sharpness = false;
    settle(&mut harness);
    harness
}

#[test]
fn a_further_minimizer_takes_an_end_of_the_line_and_spans_a_plane_with_both() {
    let (_folder, third) = third();
    let stranger = PathBuf::from("tests/fixtures/models/lenet/sb.pt");
    let mut harness = open(vec![third.clone(), stranger.clone()]);
    let news = harness.state().snapshot();
    assert!(news.failure.is_none() && news.stands);
    assert!(news.other(&third).unwrap().found.is_ok());
    // One of another network is told where it stands, and nothing else fails for it.
    assert!(news.other(&stranger).unwrap().found.is_err());
    assert!(
        harness.query_all_by_label_contains("sb.pt").count() > 1,
        "its name and why not"
    );
    picture(&mut harness, "others-dark");

    harness
        .get_by_label("Plane through three: third.safetensors")
        .click();
    harness.run_steps(2);
    wait(&mut harness, "the plane", |app| {
        let news = app.snapshot();
        assert!(news.failure.is_none(), "{:?}", news.failure);
        let of_three = |d: &Directions| matches!(d, Directions::Three(..));
        let full = |app: &mut App| {
            of_three(&app.state().wish.plane.directions)
                && news
                    .surfaces
                    .iter()
                    .any(|s| s.quality == Quality::Full && s.outcome.header.marks.len() == 3)
        };
        app.is_settled() && full(app)
    });
    let before = picture(&mut harness, "through-three");
    let rect = plane(&harness, super::PLANE);
    let version = harness.state().snapshot().surfaces[0].version;
    // The line lies in the plane: θ(α) moves over it, and nothing is computed anew.
    harness.state_mut().state().set_alpha(0.5);
    settle(&mut harness);
    let news = harness.state().snapshot();
    assert_eq!(
        (news.surfaces.len(), news.surfaces[0].version),
        (1, version)
    );
    let after = picture(&mut harness, "through-three-moved");
    assert!(pixels(&before, rect) != pixels(&after, rect));

    harness.get_by_label("As large: third.safetensors").click();
    harness.run_steps(2);
    settle(&mut harness);
    let wish = &harness.state_mut().state().wish;
    assert_eq!(wish.large.as_deref(), Some(third.as_path()));
    assert_eq!(wish.others[0].to_str(), Some("builtin:large"));
    let Directions::Three(a, b) = &wish.plane.directions else {
        panic!("the plane through the same three stays");
    };
    assert_eq!((a, b), (&third, &wish.others[0]));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(2);
    settle(&mut harness);
    assert_eq!(harness.state_mut().state().wish.others, [third, stranger]);
}

#[test]
fn any_set_of_minimizers_stands_in_the_comparison_on_one_scale() {
    let (folder, third) = third();
    let fourth = folder.path().join("fourth.safetensors");
    std::fs::copy("assets/digits-mlp/large-batch.safetensors", &fourth).unwrap();
    let mut harness = open(vec![third.clone(), fourth.clone()]);
    harness.state_mut().state().wish.sharpness = true;
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(2);
    settle(&mut harness);
    let news = harness.state().snapshot();
    for path in [&third, &fourth] {
        let surface = news.surface_around(path).unwrap();
        assert_eq!(surface.quality, Quality::Full);
        assert!(news.phi_of(path, 1e-3).unwrap() > 0.0);
    }
    // The same weights have the same surface and the same sharpness wherever they stand.
    let same = |s: &LiveSurface| {
        let column = s.surface().unwrap().table.train.as_ref();
        column.map(|column| column.loss.clone())
    };
    let large = news.surfaces.iter().find(|s| s.alpha == 1.0).unwrap();
    let around = news.surface_around(&fourth).unwrap();
    for (a, b) in (same(large).unwrap().iter()).zip(&same(around).unwrap()) {
        assert!((a / b - 1.0).abs() < 1e-4, "single precision: {a} {b}");
    }
    for title in [
        "Small batch",
        "Large batch",
        "third.safetensors",
        "fourth.safetensors",
    ] {
        let name = format!("{title}, plane of training loss");
        assert!(harness.query_by_label(&name).is_some(), "{title}");
    }
    harness.remove_cursor();
    harness.run_steps(2);
    picture(&mut harness, "compare-five");
    let [csv, svg] = ["csv", "svg"].map(|form| folder.path().join(format!("compare.{form}")));
    harness.state().write("Compare", &csv).unwrap();
    harness.state().write("Compare", &svg).unwrap();
    let text = std::fs::read_to_string(&csv).unwrap();
    let of_third = |line: &&str| line.split(',').any(|cell| cell == "third.safetensors");
    assert_eq!(text.lines().filter(of_third).count(), 81);
    if let Some(to) = std::env::var_os("LOSSCOPE_PICTURES") {
        std::fs::copy(&svg, PathBuf::from(to).join("compare-five.svg")).unwrap();
    }
    // Two are left out at a click each, and the command at the terminal leaves out the same.
    harness.get_by_label("Compared").click();
    harness.run_steps(3);
    for name in ["θ(α)", "fourth.safetensors"] {
        let choice = harness.get_by_role_and_label(Role::CheckBox, name);
        choice.click();
        harness.run_steps(3);
    }
    settle(&mut harness);
    picture(&mut harness, "compare-chosen");
    let name = "fourth.safetensors, plane of training loss";
    assert!(harness.query_by_label(name).is_none());
    let command = harness.state_mut().command_of("Compare").unwrap();
    assert!(command.contains("--without=here"), "{command}");
    assert!(
        command.contains("third.safetensors") && !command.contains("fourth"),
        "{command}"
    );
}

#[test]
fn one_end_alone_is_compared_with_further_minimizers() {
    let (_folder, third) = third();
    let mut harness = open(vec![third]);
    let wish = &mut harness.state_mut().state().wish;
    wish.large = None;
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(2);
    settle(&mut harness);
    for title in ["Checkpoint", "third.safetensors"] {
        let name = format!("{title}, plane of training loss");
        assert!(harness.query_by_label(&name).is_some(), "{title}");
    }
    picture(&mut harness, "compare-one-and-one");
}
