//! Filled rectangles, drawn faster where a processor draws in place of a GPU.
//!
//! egui's shader samples a texture twice over for every pixel of every card, button and rail, though
//! all of them are plain. On a software renderer that is a third of a frame, so that there they are
//! taken out of what egui draws and drawn by `shaders/rectangle.wgsl`, each in its place. What else there is
//! goes the way of [`Meshes`].

use super::meshes::Meshes;
use crate::render::RECTANGLE_SHADER;
use bytemuck::{Pod, Zeroable};
use eframe::egui::emath::GuiRounding as _;
use eframe::egui::emath::TSTransform;
use eframe::egui::epaint::{ClippedShape, RectShape};
use eframe::egui::{
    Color32, Context, CornerRadius, FullOutput, PaintCallbackInfo, Plugin, Rect, Shape, StrokeKind,
};
use eframe::egui_wgpu::{
    Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor,
};
use eframe::wgpu;
use std::sync::atomic::{AtomicU32, Ordering};

/// Smaller ones, in square points, aren't worth a change of shaders.
const WORTH: f32 = 400.0;

/// Prepares a window and its renderer.
pub fn install(ctx: &Context, gpu: &RenderState) {
    // Colours are written as a screen shows them, as egui does wherever it can.
    if !gpu.target_format.is_srgb() {
        let shared = Shared::new(&gpu.device, gpu.target_format);
        gpu.renderer.write().callback_resources.insert(shared);
        ctx.add_plugin(Rectangles {
            meshes: Meshes::new(gpu),
        });
    }
}

/// Takes rectangles out of what egui draws, and then the rest.
struct Rectangles {
    meshes: Meshes,
}

impl Plugin for Rectangles {
    fn debug_name(&self) -> &'static str {
        "rectangles"
    }

    fn output_hook(&mut self, ctx: &Context, output: &mut FullOutput) {
        let pixel = output.pixels_per_point;
        let mut row = Row {
            clip: Rect::NOTHING,
            rectangles: Vec::new(),
        };
        let mut shapes = Vec::with_capacity(output.shapes.len());
        for shape in output.shapes.drain(..) {
            match Rectangle::of(&shape, pixel) {
                Some(rectangle) => {
                    if row.clip != shape.clip_rect {
                        shapes.extend(row.end());
                    }
                    row.clip = shape.clip_rect;
                    row.rectangles.push(rectangle);
                }
                None => {
                    shapes.extend(row.end());
                    shapes.push(shape);
                }
            }
        }
        shapes.extend(row.end());
        output.shapes = shapes;
        self.meshes.take(ctx, output);
    }
}

/// Rectangles that follow each other and share a clip: one drawing.
struct Row {
    clip: Rect,
    rectangles: Vec<Rectangle>,
}

impl Row {
    /// The shape that draws what was gathered.
    fn end(&mut self) -> Option<ClippedShape> {
        if self.rectangles.is_empty() {
            return None;
        }
        let laid = Laid {
            rectangles: std::mem::take(&mut self.rectangles),
            first: AtomicU32::new(0),
        };
        Some(ClippedShape {
            clip_rect: self.clip,
            shape: Callback::new_paint_callback(self.clip, laid).into(),
            transform_after_tessellation: TSTransform::IDENTITY,
        })
    }
}

/// A rectangle as `shaders/rectangle.wgsl` reads it, but for its place in clip space.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
struct Rectangle {
    rect: [f32; 4],
    clip: [f32; 4],
    radius: [f32; 4],
    fill: [f32; 4],
    stroke: [f32; 4],
    width: f32,
}

impl Rectangle {
    /// Of a shape that is a plain rectangle, large enough, and has its border inside.
    fn of(shape: &ClippedShape, pixel: f32) -> Option<Self> {
        let Shape::Rect(rect) = &shape.shape else {
            return None;
        };
        let RectShape {
            rect,
            corner_radius,
            fill,
            stroke,
            stroke_kind,
            round_to_pixels,
            blur_width,
            brush,
            angle,
        } = rect;
        let seen = rect.intersect(shape.clip_rect);
        let plain = *blur_width == 0.0
            && brush.is_none()
            && *angle == 0.0
            && *round_to_pixels != Some(false)
            && (stroke.is_empty() || *stroke_kind == StrokeKind::Inside)
            && shape.transform_after_tessellation == TSTransform::IDENTITY;
        let large = rect.is_finite() && seen.is_positive() && seen.area() >= WORTH;
        if !plain || !large || fill.a() == 0 {
            return None;
        }
        let rect = rect.round_to_pixels(pixel) * pixel;
        let most = 0.5 * rect.size().min_elem();
        let CornerRadius { nw, ne, sw, se } = *corner_radius;
        let width = if stroke.is_empty() { 0.0 } else { stroke.width };
        Some(Self {
            rect: [rect.left(), rect.top(), rect.right(), rect.bottom()],
            clip: [0.0; 4],
            radius: [nw, ne, sw, se].map(|r| (f32::from(r) * pixel).min(most)),
            fill: screen(*fill),
            stroke: screen(stroke.color),
            width: width * pixel,
        })
    }

    /// With its place in clip space, half a pixel wider on every side.
    fn on([width, height]: [u32; 2]) -> impl Fn(&Self) -> Self {
        let across = move |x: f32| 2.0 * x / width as f32 - 1.0;
        let down = move |y: f32| 1.0 - 2.0 * y / height as f32;
        move |rectangle| {
            let [left, top, right, bottom] = rectangle.rect;
            Self {
                clip: [
                    across(left - 0.5),
                    down(top - 0.5),
                    across(right + 0.5),
                    down(bottom + 0.5),
                ],
                ..*rectangle
            }
        }
    }
}

/// A colour as a screen shows it, 0 to 1, opacity multiplied in.
fn screen(color: Color32) -> [f32; 4] {
    color.to_array().map(|c| f32::from(c) / 255.0)
}

/// A row of rectangles, for one frame.
struct Laid {
    rectangles: Vec<Rectangle>,
    /// Where the row begins among all of the frame.
    first: AtomicU32,
}

impl CallbackTrait for Laid {
    fn prepare(
        &self,
        _device: &wgpu::Device,
        _queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(shared) = resources.get_mut::<Shared>() {
            let first = shared.gather(
                self.rectangles
                    .iter()
                    .map(Rectangle::on(screen.size_in_pixels)),
            );
            self.first.store(first, Ordering::Relaxed);
        }
        Vec::new()
    }

    fn finish_prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(shared) = resources.get_mut::<Shared>() {
            shared.upload(device, queue);
        }
        Vec::new()
    }

    fn paint(
        &self,
        info: PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        let Some(shared) = resources.get::<Shared>() else {
            return;
        };
        let [width, height] = info.screen_size_px.map(|s| s as f32);
        let first = self.first.load(Ordering::Relaxed);
        pass.set_viewport(0.0, 0.0, width, height, 0.0, 1.0);
        pass.set_pipeline(&shared.pipeline);
        pass.set_vertex_buffer(0, shared.buffer.slice(..));
        pass.draw(0..4, first..first + self.rectangles.len() as u32);
    }
}

/// What all rectangles of a window share.
struct Shared {
    pipeline: wgpu::RenderPipeline,
    buffer: wgpu::Buffer,
    /// All of the frame, in the order in which they are drawn.
    rectangles: Vec<Rectangle>,
    /// Whether `rectangles` is on the device, so that the next frame begins anew.
    uploaded: bool,
}

impl Shared {
    fn new(device: &wgpu::Device, target: wgpu::TextureFormat) -> Self {
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("rectangle"),
            source: wgpu::ShaderSource::Wgsl(RECTANGLE_SHADER.into()),
        });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("rectangle"),
            bind_group_layouts: &[],
            immediate_size: 0,
        });
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("rectangle"),
            layout: Some(&layout),
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vertex"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &[Some(wgpu::VertexBufferLayout {
                    array_stride: size_of::<Rectangle>() as u64,
                    step_mode: wgpu::VertexStepMode::Instance,
                    attributes: &wgpu::vertex_attr_array![
                        0 => Float32x4, 1 => Float32x4, 2 => Float32x4, 3 => Float32x4,
                        4 => Float32x4, 5 => Float32
                    ],
                })],
            },
            primitive: wgpu::PrimitiveState {
                topology: wgpu::PrimitiveTopology::TriangleStrip,
                ..wgpu::PrimitiveState::default()
            },
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some("fragment"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                targets: &[Some(wgpu::ColorTargetState {
                    format: target,
                    blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        });
        Self {
            pipeline,
            buffer: buffer(device, 256),
            rectangles: Vec::new(),
            uploaded: true,
        }
    }

    /// Adds a row; returns where it begins.
    fn gather(&mut self, row: impl Iterator<Item = Rectangle>) -> u32 {
        if self.uploaded {
            self.rectangles.clear();
            self.uploaded = false;
        }
        let first = self.rectangles.len() as u32;
        self.rectangles.extend(row);
        first
    }

    fn upload(&mut self, device: &wgpu::Device, queue: &wgpu::Queue) {
        if self.uploaded {
            return;
        }
        let bytes: &[u8] = bytemuck::cast_slice(&self.rectangles);
        if self.buffer.size() < bytes.len() as u64 {
            self.buffer = buffer(device, self.rectangles.len().next_power_of_two());
        }
        queue.write_buffer(&self.buffer, 0, bytes);
        self.uploaded = true;
    }
}

fn buffer(device: &wgpu::Device, rectangles: usize) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("rectangles"),
        size: (rectangles * size_of::<Rectangle>()) as u64,
        usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{Pos2, Stroke, Vec2};
    use egui_kittest::{Harness, wgpu as kittest_wgpu};

    /// Cards, a translucent one, one with four different corners, one cut off by its clip.
    fn picture(rectangles: bool) -> image::RgbaImage {
        let options = eframe::egui_wgpu::RendererOptions::PREDICTABLE;
        let gpu = kittest_wgpu::create_render_state(kittest_wgpu::default_wgpu_setup(), options);
        let renderer = kittest_wgpu::WgpuTestRenderer::from_render_state(gpu.clone());
        let builder = Harness::builder().with_size(Vec2::new(240.0, 160.0));
        let mut harness = builder.renderer(renderer).build_ui(|ui| {
            let painter = ui.painter();
            let ink = Stroke::new(1.0, Color32::LIGHT_BLUE);
            let card = |x, y| Rect::from_min_size(Pos2::new(x, y), Vec2::new(90.0, 50.0));
            let inside = StrokeKind::Inside;
            painter.rect(card(10.0, 10.0), 6, Color32::DARK_RED, ink, inside);
            let glass = Color32::from_black_alpha(150);
            painter.rect_filled(card(60.0, 35.0), 0, glass);
            let corners = CornerRadius {
                nw: 0,
                ne: 4,
                sw: 10,
                se: 25,
            };
            painter.rect_filled(card(130.0, 90.0), corners, Color32::DARK_GREEN);
            let half = painter.with_clip_rect(card(10.0, 60.0));
            half.rect(card(10.0, 90.0), 9, Color32::GOLD, ink, inside);
        });
        if rectangles {
            install(&harness.ctx, &gpu);
        }
        harness.run();
        harness.render().unwrap_or_default()
    }

    /// Only the softness of edges may differ, and little.
    #[test]
    fn rectangles_look_as_egui_draws_them() {
        let (egui, ours) = (picture(false), picture(true));
        assert_eq!(egui.dimensions(), ours.dimensions());
        assert_ne!(
            egui, ours,
            "the rectangles weren't drawn by their own shader"
        );
        let away: Vec<u8> = egui
            .iter()
            .zip(ours.iter())
            .map(|(a, b)| a.abs_diff(*b))
            .collect();
        let mean = away.iter().map(|d| f64::from(*d)).sum::<f64>() / away.len() as f64;
        let far = away.iter().filter(|d| **d > 64).count();
        assert!(mean < 0.2 && far < 40, "mean {mean}, {far} far away");
    }
}
