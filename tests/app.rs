//! The window, clicked through by the words a person reads.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod window_common;

use eframe::egui::Theme;
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
        ("window-large", [1280.0, 720.0], Theme::Dark, 2.0),
        ("window-wide", [2560.0, 1440.0], Theme::Dark, 1.0),
    ] {
        let mut harness = window(size, theme, Vec::new());
        harness.set_pixels_per_point(scale);
        harness.state_mut().state().set_alpha(0.5);
        settle(&mut harness);
        let drawn = picture(&mut harness, name);
        let colours: std::collections::HashSet<_> = drawn.pixels().map(|p| p.0).collect();
        assert!(colours.len() > 2_000, "{name}: {}", colours.len());
    }
}
