//! Drawing faster while something moves, where a processor draws in place of a GPU.
//!
//! Smooth edges cost a software renderer about a quarter of every frame. While α, ε or anything else
//! that is computed for changes, edges are left as they are; they are smooth again once it rests.

use eframe::egui::Context;
use std::time::{Duration, Instant};

/// Edges are smooth again after this long at rest.
const REST: Duration = Duration::from_millis(250);

/// Whether edges are worth their time.
pub struct Haste {
    /// Whether a processor draws.
    software: bool,
    /// When something last moved.
    moved: Option<Instant>,
}

impl Haste {
    /// Asks what draws.
    pub fn new(cc: &eframe::CreationContext<'_>) -> Self {
        let renderer = cc.wgpu_render_state.as_ref();
        let kind = renderer.map(|state| state.adapter.get_info().device_type);
        Self {
            software: kind == Some(wgpu::DeviceType::Cpu),
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

    /// Chooses for the frame that is being drawn.
    pub fn apply(&self, ctx: &Context) {
        let left = self.left();
        ctx.tessellation_options_mut(|options| options.feathering = left.is_none());
        if let Some(left) = left {
            ctx.request_repaint_after(left);
        }
    }
}
