//! Drawing faster while something moves, where a processor draws in place of a GPU.
//!
//! Smooth edges cost a software renderer about a quarter of every frame. While α, ε or anything else
//! that is computed for changes, edges are left as they are; they are smooth again once it rests.
//! And where no screen sets the pace, frames that nobody could see leave their time to computing.

use super::rectangles;
use eframe::egui::Context;
use eframe::egui_wgpu::RenderState;
use eframe::wgpu::{self, rwh::HasWindowHandle as _};
use std::time::{Duration, Instant};

/// Edges are smooth again after this long at rest.
const REST: Duration = Duration::from_millis(250);

/// From one frame to the next on a usual screen.
const FRAME: Duration = Duration::from_millis(16);

/// Whether edges are worth their time, and when the next frame is.
pub struct Pacing {
    /// Whether a processor draws.
    software: bool,
    /// Whether frames wait for nothing else.
    paced: bool,
    /// When the last frame began.
    began: Option<Instant>,
    /// When something last moved.
    moved: Option<Instant>,
}

impl Pacing {
    /// Prepares the window.
    ///
    /// * `waits`: whether the window waits for its screen.
    pub fn new(cc: &eframe::CreationContext<'_>, waits: bool) -> Self {
        let renderer = cc.wgpu_render_state.as_ref();
        let of_processor =
            |gpu: &&RenderState| gpu.adapter.get_info().device_type == wgpu::DeviceType::Cpu;
        if let Some(gpu) = renderer.filter(of_processor) {
            rectangles::install(&cc.egui_ctx, gpu);
        }
        let software = renderer.is_some_and(|gpu| of_processor(&gpu));
        Self {
            software,
            paced: software && !waits && cc.window_handle().is_ok(),
            began: None,
            moved: None,
        }
    }

    /// Something moved.
    pub fn note(&mut self) {
        self.moved = Some(Instant::now());
    }

    /// How long until edges are smooth again; `None` while they are.
    fn left(&self) -> Option<Duration> {
        let moved = self.moved.filter(|_| self.software)?;
        REST.checked_sub(moved.elapsed())
    }

    /// Whether edges are smooth.
    pub fn is_at_rest(&self) -> bool {
        self.left().is_none()
    }

    /// Waits as a screen would have made it wait.
    fn keep_pace(&mut self) {
        let since = self.began.map(|began| began.elapsed());
        let left = since.and_then(|since| FRAME.checked_sub(since));
        if let Some(left) = left.filter(|_| self.paced) {
            std::thread::sleep(left);
        }
        self.began = Some(Instant::now());
    }

    /// Chooses for the frame that is being drawn.
    pub fn apply(&mut self, ctx: &Context) {
        if ctx.current_pass_index() == 0 {
            self.keep_pace();
        }
        let left = self.left();
        ctx.tessellation_options_mut(|options| options.feathering = left.is_none());
        if let Some(left) = left {
            ctx.request_repaint_after(left);
        }
    }
}
