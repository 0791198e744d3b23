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
