//! How the window is made and opened.

use super::App;
use crate::engine::device::may_have_gpu;
use crate::engine::drivers;
use eframe::egui;
use std::path::PathBuf;

/// Opens the window and shows `files`, or what was open last time.
///
/// # Errors
/// Where no window can be opened.
pub fn run(files: Vec<PathBuf>) -> anyhow::Result<()> {
    // Until the adapter is open: from then on drivers have little to say, and a crash much.
    let hush = drivers::hush();
    eframe::run_native(
        "losscope",
        options(),
        Box::new(move |cc| {
            drop(hush);
            Ok(Box::new(App::new(cc, files)?))
        }),
    )
    .map_err(|e| {
        anyhow::anyhow!(
            "the window can't be opened: {e}; every subcommand works without one (losscope --help)"
        )
    })
}

/// How the window is made.
pub fn options() -> eframe::NativeOptions {
    let icon = eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png")).ok();
    let mut viewport = egui::ViewportBuilder::default()
        .with_title("Losscope")
        .with_app_id("losscope")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([720.0, 480.0]);
    if let Some(icon) = icon {
        viewport = viewport.with_icon(icon);
    }
    let mut wgpu_options = eframe::egui_wgpu::WgpuConfiguration::default();
    if !may_have_gpu() {
        // Waiting for a screen that isn't there makes frames that are a little late twice as late.
        wgpu_options.surface.present_mode = wgpu::PresentMode::AutoNoVsync;
    }
    eframe::NativeOptions {
        viewport,
        wgpu_options,
        // Gradients are wide here; without it a software renderer draws a fifth faster.
        dithering: false,
        ..eframe::NativeOptions::default()
    }
}
