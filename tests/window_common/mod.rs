//! A window without a screen: the whole program under egui_kittest, on software Vulkan.

use eframe::egui::{self, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use losscope::app::App;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The program as a person meets it, with `files` on its command line.
pub fn window(size: [f32; 2], theme: egui::Theme, files: Vec<PathBuf>) -> Harness<'static, App> {
    let mut harness = Harness::builder()
        .with_size(Vec2::from(size))
        .with_theme(theme)
        .with_step_dt(1.0 / 60.0)
        .wgpu()
        .build_eframe(move |cc| App::new(cc, files).unwrap());
    let choice = match theme {
        egui::Theme::Dark => losscope::app::state::ThemeChoice::Dark,
        egui::Theme::Light => losscope::app::state::ThemeChoice::Light,
    };
    let state = harness.state_mut().state();
    state.look.theme = choice;
    // What no test looks at would only take its time.
    state.measure_hidden = false;
    harness.step();
    harness
}

/// Draws frames until `done`, or fails after some minutes.
#[track_caller]
pub fn wait(harness: &mut Harness<'_, App>, what: &str, mut done: impl FnMut(&mut App) -> bool) {
    let deadline = Instant::now() + Duration::from_mins(10);
    harness.step();
    while !done(harness.state_mut()) {
        assert!(Instant::now() < deadline, "still waiting for {what}");
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
    // What the last news changed is drawn, and drawn well.
    while !harness.state().is_at_rest() {
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
    harness.run_steps(2);
}

/// Draws frames until everything that was asked for is computed.
#[track_caller]
pub fn settle(harness: &mut Harness<'_, App>) {
    wait(harness, "the computing thread", |app| app.is_settled());
}

/// The window's pixels; kept as a file where `LOSSCOPE_PICTURES` names a folder, to be looked at.
pub fn picture(harness: &mut Harness<'_, App>, name: &str) -> image::RgbaImage {
    let mut picture = harness.render().unwrap();
    // A window is cleared to the colour of its panels; a picture starts out transparent.
    let ground = harness.ctx.style_of(harness.ctx.theme()).visuals.panel_fill;
    for pixel in picture.pixels_mut() {
        let clear = 255 - u16::from(pixel[3]);
        for (channel, below) in pixel.0.iter_mut().zip(ground.to_array()) {
            *channel = (u16::from(*channel) + u16::from(below) * clear / 255).min(255) as u8;
        }
    }
    if let Some(folder) = std::env::var_os("LOSSCOPE_PICTURES") {
        let path = PathBuf::from(folder).join(format!("{name}.png"));
        picture.save(path).unwrap();
    }
    picture
}

/// Answers "Which network is this?" by a family's name, as a person does who knows it.
#[track_caller]
#[allow(dead_code, reason = "not every window meets an unknown network")]
pub fn answer(harness: &mut Harness<'_, App>, family: &str) {
    wait(harness, "the question", |app| !app.is_opening());
    assert!(
        harness.query_by_label("Which network is this?").is_some(),
        "nothing is asked: {:?}",
        harness.state().snapshot().log
    );
    let families = harness.query_all_by_label(family);
    families.last().expect("a family's name").click();
    harness.run_steps(3);
    wait(harness, "the answer", |app| !app.is_opening());
}
