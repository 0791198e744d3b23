//! Large pictures on the shortest way to the screen.
//!
//! egui's shader carries a second way of sampling, for tests, which a processor that draws in place
//! of a GPU walks through at every pixel though nothing comes of it. The pictures that fill most of
//! the window, a plane's colours and a surface in space, are drawn by `shaders/blit.wgsl` instead.

use crate::render::BLIT_SHADER;
use eframe::egui::{ColorImage, PaintCallbackInfo, Painter, Rect, emath::GuiRounding as _};
use eframe::egui_wgpu::{
    Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor,
};
use eframe::wgpu::{self, util::DeviceExt as _};
use std::sync::{Arc, OnceLock};

/// Prepares a window's renderer; without it no sheet is drawn.
pub fn install(gpu: &RenderState) {
    let shared = Shared::new(&gpu.device, gpu.target_format);
    gpu.renderer.write().callback_resources.insert(shared);
}

/// A picture that can be laid into the window; it goes to the device when it is first drawn.
#[derive(Clone)]
pub struct Sheet(Arc<Inner>);

struct Inner {
    source: Source,
    made: OnceLock<Made>,
}

enum Source {
    Pixels(ColorImage),
    View(wgpu::TextureView),
}

/// What one picture is on the device.
struct Made {
    part: wgpu::Buffer,
    bind_group: wgpu::BindGroup,
}

impl Sheet {
    /// Of pixels as a screen shows them.
    pub fn of_pixels(image: ColorImage) -> Self {
        Self::new(Source::Pixels(image))
    }

    /// Of a texture of the same device, whatever is drawn into it.
    pub fn of_view(view: wgpu::TextureView) -> Self {
        Self::new(Source::View(view))
    }

    fn new(source: Source) -> Self {
        Self(Arc::new(Inner {
            source,
            made: OnceLock::new(),
        }))
    }

    /// Lays the picture into `whole`, of which `visible` is seen. Once a frame: the same sheet in
    /// another place shows the same part.
    pub fn paint(&self, painter: &Painter, whole: Rect, visible: Rect) {
        // What is drawn begins and ends at pixels, and at the window, so that the part has to as
        // well: beyond it the picture would be squeezed.
        let rect = whole
            .intersect(visible)
            .intersect(painter.ctx().viewport_rect())
            .round_to_pixels(painter.pixels_per_point());
        if !rect.is_positive() {
            return;
        }
        let across = |x: f32| (x - whole.left()) / whole.width();
        let down = |y: f32| (y - whole.top()) / whole.height();
        painter.add(Callback::new_paint_callback(
            rect,
            Laid {
                sheet: self.clone(),
                part: [
                    across(rect.left()),
                    down(rect.top()),
                    across(rect.right()),
                    down(rect.bottom()),
                ],
            },
        ));
    }
}

/// A sheet in its place, for one frame.
struct Laid {
    sheet: Sheet,
    part: [f32; 4],
}

impl CallbackTrait for Laid {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(shared) = resources.get::<Shared>() {
            let inner = &self.sheet.0;
            let made = inner
                .made
                .get_or_init(|| shared.make(device, queue, &inner.source));
            queue.write_buffer(&made.part, 0, bytemuck::bytes_of(&self.part));
        }
        Vec::new()
    }

    fn paint(
        &self,
        _info: PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        let (Some(shared), Some(made)) = (resources.get::<Shared>(), self.sheet.0.made.get())
        else {
            return;
        };
        pass.set_pipeline(&shared.pipeline);
        pass.set_bind_group(0, &made.bind_group, &[]);
        pass.draw(0..4, 0..1);
    }
}

/// What all sheets of a window share.
struct Shared {
    pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    sampler: wgpu::Sampler,
}

impl Shared {
    fn new(device: &wgpu::Device, target: wgpu::TextureFormat) -> Self {
        let entry = |binding, visibility, ty| wgpu::BindGroupLayoutEntry {
            binding,
            visibility,
            ty,
            count: None,
        };
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("blit"),
            entries: &[
                entry(
                    0,
                    wgpu::ShaderStages::VERTEX,
                    wgpu::BindingType::Buffer {
                        ty: wgpu::BufferBindingType::Uniform,
                        has_dynamic_offset: false,
                        min_binding_size: None,
                    },
                ),
                entry(
                    1,
                    wgpu::ShaderStages::FRAGMENT,
                    wgpu::BindingType::Texture {
                        sample_type: wgpu::TextureSampleType::Float { filterable: true },
                        view_dimension: wgpu::TextureViewDimension::D2,
                        multisampled: false,
                    },
                ),
                entry(
                    2,
                    wgpu::ShaderStages::FRAGMENT,
                    wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
                ),
            ],
        });
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("blit"),
            source: wgpu::ShaderSource::Wgsl(BLIT_SHADER.into()),
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("blit"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let linear = f64::from(u8::from(target.is_srgb()));
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("blit"),
            layout: Some(&pipeline_layout),
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vertex"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &[],
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
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &[("linear_target", linear)],
                    ..wgpu::PipelineCompilationOptions::default()
                },
                targets: &[Some(wgpu::ColorTargetState {
                    format: target,
                    blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        });
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("blit"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..wgpu::SamplerDescriptor::default()
        });
        Self {
            pipeline,
            layout,
            sampler,
        }
    }

    fn make(&self, device: &wgpu::Device, queue: &wgpu::Queue, source: &Source) -> Made {
        let view = match source {
            Source::View(view) => view.clone(),
            Source::Pixels(image) => {
                texture(device, queue, image).create_view(&wgpu::TextureViewDescriptor::default())
            }
        };
        let part = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("blit"),
            size: size_of::<[f32; 4]>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let bind = |binding, resource| wgpu::BindGroupEntry { binding, resource };
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("blit"),
            layout: &self.layout,
            entries: &[
                bind(0, part.as_entire_binding()),
                bind(1, wgpu::BindingResource::TextureView(&view)),
                bind(2, wgpu::BindingResource::Sampler(&self.sampler)),
            ],
        });
        Made { part, bind_group }
    }
}

fn texture(device: &wgpu::Device, queue: &wgpu::Queue, image: &ColorImage) -> wgpu::Texture {
    let [width, height] = image.size.map(|s| s as u32);
    device.create_texture_with_data(
        queue,
        &wgpu::TextureDescriptor {
            label: Some("blit"),
            size: wgpu::Extent3d {
                width,
                height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING,
            view_formats: &[],
        },
        wgpu::util::TextureDataOrder::LayerMajor,
        bytemuck::cast_slice(&image.pixels),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{Color32, Pos2, Vec2};
    use egui_kittest::{Harness, wgpu as kittest_wgpu};

    /// Left half red and right half blue, laid from the middle of a window that is as wide as it.
    #[test]
    fn a_picture_that_reaches_past_the_window_is_cut_off_not_squeezed() {
        let options = eframe::egui_wgpu::RendererOptions::PREDICTABLE;
        let gpu = kittest_wgpu::create_render_state(kittest_wgpu::default_wgpu_setup(), options);
        install(&gpu);
        let renderer = kittest_wgpu::WgpuTestRenderer::from_render_state(gpu.clone());
        let pixels = (0..200 * 8).map(|i| match i % 200 {
            0..100 => Color32::RED,
            _ => Color32::BLUE,
        });
        let sheet = Sheet::of_pixels(ColorImage::new([200, 8], pixels.collect()));
        let builder = Harness::builder().with_size(Vec2::new(200.0, 40.0));
        let mut harness = builder.renderer(renderer).build_ui(|ui| {
            let whole = Rect::from_min_size(Pos2::new(110.0, 10.0), Vec2::new(200.0, 20.0));
            let painter = ui.painter().with_clip_rect(Rect::EVERYTHING);
            sheet.paint(&painter, whole, whole);
        });
        harness.run();
        let picture = harness.render().unwrap_or_default();
        let at = |x| picture.get_pixel(x, 20).0;
        assert_ne!(at(105), [255, 0, 0, 255]);
        for x in [111, 150, 198] {
            assert_eq!(at(x), [255, 0, 0, 255], "{x}");
        }
    }
}
