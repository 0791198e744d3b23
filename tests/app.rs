//! The window, clicked through by the words a person reads.

#![cfg(feature = "window")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

/// Runs, started to their end.
#[path = "app/runs.rs"]
mod runs;
mod window_common;

use eframe::egui::{self, Theme};
use egui_kittest::kittest::Queryable as _;
use window_common::{picture, settle, window};

#[test]
fn the_window_opens_on_the_built_in_experiment_and_computes_it() {
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    settle(&mut harness);
    let news = harness.state().snapshot();
    assert!(news.failure.is_none(), "{:?}", news.failure);
    assert_eq!(news.line.as_ref().unwrap().missing(), 0);
    assert!(!news.surfaces.is_empty());
    picture(&mut harness, "window-dark");
}

#[test]
fn the_window_in_light_colours_and_large_letters_is_whole() {
    for (name, size, theme, scale) in [
        ("window-light", [1280.0, 800.0], Theme::Light, 1.0),
        ("window-large", [2560.0, 1600.0], Theme::Dark, 2.0),
        ("window-wide", [2560.0, 1440.0], Theme::Dark, 1.0),
    ] {
        let mut harness = window(size, theme, Vec::new());
        harness.state_mut().state().look.zoom = scale;
        harness.state_mut().state().set_alpha(0.5);
        settle(&mut harness);
        let drawn = picture(&mut harness, name);
        let colours: std::collections::HashSet<_> = drawn.pixels().map(|p| p.0).collect();
        assert!(colours.len() > 2_000, "{name}: {}", colours.len());
    }
}

#[test]
fn three_surfaces_in_space_turn_together() {
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    harness.state_mut().state().set_alpha(0.5);
    settle(&mut harness);
    harness.get_by_label("Compare").click();
    harness.run_steps(3);
    settle(&mut harness);
    harness.get_by_label("In space").click();
    harness.run_steps(3);
    let before = picture(&mut harness, "compare-space");
    let first = harness.get_by_label("Small batch in space").rect();
    harness.drag_at(first.center());
    harness.step();
    harness.hover_at(first.center() + egui::vec2(60.0, 10.0));
    harness.step();
    harness.drop_at(first.center() + egui::vec2(60.0, 10.0));
    harness.run_steps(3);
    let after = picture(&mut harness, "compare-space-turned");
    let last = harness.get_by_label("Large batch in space").rect();
    let at = |x: f32| last.center() + egui::vec2(x, 0.0);
    let column = |picture: &image::RgbaImage| -> Vec<_> {
        (-60..60)
            .map(|x| *picture.get_pixel(at(x as f32).x as u32, at(0.0).y as u32))
            .collect()
    };
    assert_ne!(
        column(&before),
        column(&after),
        "the third turns with the first"
    );
}

/// Mean difference of a colour channel, 0 to 255, between two of this program's pictures; drivers
/// differ in the last bit of what they blend.
const TOLERANCE: f64 = 2.0;

#[test]
fn the_readme_shows_the_window_as_it_is() {
    for (name, theme) in [("window-dark", Theme::Dark), ("window-light", Theme::Light)] {
        let mut harness = window([1280.0, 800.0], theme, Vec::new());
        harness.state_mut().state().set_alpha(0.5);
        settle(&mut harness);
        if theme == Theme::Light {
            harness.get_by_label("Compare").click();
            harness.run_steps(3);
            settle(&mut harness);
            harness.get_by_label("In space").click();
            harness.get_by_label("Measures").click();
            harness.run_steps(3);
            settle(&mut harness);
        }
        harness.remove_cursor();
        harness.run_steps(3);
        let drawn = image::DynamicImage::from(picture(&mut harness, name)).to_rgb8();
        let kept = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("assets/pictures")
            .join(format!("{name}.png"));
        if std::env::var_os("UPDATE_PICTURES").is_some() {
            drawn.save(&kept).unwrap();
        }
        let kept = image::open(&kept).unwrap().to_rgb8();
        assert_eq!(drawn.dimensions(), kept.dimensions(), "{name}");
        let sum: u64 = drawn
            .iter()
            .zip(kept.iter())
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        let difference = sum as f64 / drawn.len() as f64;
        assert!(
            difference < TOLERANCE,
            "{name} has changed by {difference:.2} on average; look at it, then run with UPDATE_PICTURES=1"
        );
    }
}
