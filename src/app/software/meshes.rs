//! Text, lines and small shapes, drawn faster where a processor draws in place of a GPU.
//!
//! egui's shader carries a second way of sampling, for tests, with four loads and divisions of whole
//! numbers for each. A software renderer walks both ways at every pixel of every letter, which was two
//! thirds of all its work. So there the triangles are drawn by `shaders/mesh.wgsl`, each in its place;
//! what egui has in textures is kept a second time for it.

use crate::render::MESH_SHADER;
use eframe::egui::emath::TSTransform;
use eframe::egui::epaint::{ClippedShape, ImageData, ImageDelta, Mesh, Primitive, Vertex};
use eframe::egui::{
    Context, FullOutput, PaintCallback, PaintCallbackInfo, Shape, TextureFilter, TextureId,
    TextureOptions, TextureWrapMode,
};
use eframe::egui_wgpu::{
    Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor,
};
use eframe::wgpu;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Takes triangles out of what egui draws.
pub struct Meshes {
    device: wgpu::Device,
    queue: wgpu::Queue,
    layout: wgpu::BindGroupLayout,
    textures: HashMap<TextureId, Kept>,
    /// Textures that the last frame was the last to show.
    gone: Vec<TextureId>,
    /// Frames so far.
    frames: u64,
}

/// A texture of egui's.
struct Kept {
    texture: wgpu::Texture,
    bind_group: wgpu::BindGroup,
}

/// What becomes of one of egui's drawings.
enum Piece {
    Mesh(Mesh),
    Callback(PaintCallback),
    /// Triangles that are drawn here: which indices, over which texture.
    Ours(Range<u32>, wgpu::BindGroup),
}

impl Meshes {
    /// Prepares a window's renderer, whose target takes colours as a screen shows them.
    pub fn new(gpu: &RenderState) -> Self {
        let layout = texture_layout(&gpu.device);
        let shared = Shared::new(&gpu.device, &layout, gpu.target_format);
        gpu.renderer.write().callback_resources.insert(shared);
        Self {
            device: gpu.device.clone(),
            queue: gpu.queue.clone(),
            layout,
            textures: HashMap::new(),
            gone: Vec::new(),
            frames: 0,
        }
    }

    /// Makes triangles of everything that egui would make triangles of, and draws them itself. What
    /// stands on a texture that isn't egui's own stays egui's.
    pub fn take(&mut self, ctx: &Context, output: &mut FullOutput) {
        for id in self.gone.drain(..) {
            self.textures.remove(&id);
        }
        for (id, deltas) in &output.textures_delta.set {
            for delta in deltas {
                self.keep(*id, delta);
            }
        }
        self.gone.extend(&output.textures_delta.free);
        let shapes = std::mem::take(&mut output.shapes);
        let mut drawn = Frame::default();
        let pieces: Vec<_> = ctx
            .tessellate(shapes, output.pixels_per_point)
            .into_iter()
            .map(|made| {
                let piece = match made.primitive {
                    Primitive::Callback(callback) => Piece::Callback(callback),
                    Primitive::Mesh(mesh) => match self.textures.get(&mesh.texture_id) {
                        Some(kept) => Piece::Ours(drawn.add(&mesh), kept.bind_group.clone()),
                        None => Piece::Mesh(mesh),
                    },
                };
                (made.clip_rect, piece)
            })
            .collect();
        self.frames += 1;
        drawn.number = self.frames;
        let frame = Arc::new(drawn);
        let shape = |(clip_rect, piece)| ClippedShape {
            clip_rect,
            shape: match piece {
                Piece::Mesh(mesh) => Shape::mesh(mesh),
                Piece::Callback(callback) => Shape::Callback(callback),
                Piece::Ours(indices, picture) => {
                    let laid = Laid {
                        frame: Arc::clone(&frame),
                        indices,
                        picture,
                    };
                    Callback::new_paint_callback(clip_rect, laid).into()
                }
            },
            transform_after_tessellation: TSTransform::IDENTITY,
        };
        output.shapes = pieces.into_iter().map(shape).collect();
    }

    /// Follows a change of a texture; one whose beginning wasn't seen stays unknown.
    fn keep(&mut self, id: TextureId, delta: &ImageDelta) {
        let ImageData::Color(image) = &delta.image;
        let [width, height] = image.size.map(|s| s as u32);
        let size = wgpu::Extent3d {
            width,
            height,
            depth_or_array_layers: 1,
        };
        let [x, y] = delta.pos.unwrap_or_default().map(|p| p as u32);
        if delta.pos.is_none() {
            let texture = self.device.create_texture(&wgpu::TextureDescriptor {
                label: Some("letters"),
                size,
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: wgpu::TextureFormat::Rgba8Unorm,
                usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
                view_formats: &[],
            });
            let bind_group = self.bind(&texture, delta.options);
            let kept = Kept {
                texture,
                bind_group,
            };
            self.textures.insert(id, kept);
        }
        let Some(kept) = self.textures.get(&id) else {
            return;
        };
        self.queue.write_texture(
            wgpu::TexelCopyTextureInfo {
                texture: &kept.texture,
                mip_level: 0,
                origin: wgpu::Origin3d { x, y, z: 0 },
                aspect: wgpu::TextureAspect::All,
            },
            bytemuck::cast_slice(&image.pixels),
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(4 * width),
                rows_per_image: Some(height),
            },
            size,
        );
    }

    fn bind(&self, texture: &wgpu::Texture, options: TextureOptions) -> wgpu::BindGroup {
        let filter = |filter| match filter {
            TextureFilter::Nearest => wgpu::FilterMode::Nearest,
            TextureFilter::Linear => wgpu::FilterMode::Linear,
        };
        let beyond = match options.wrap_mode {
            TextureWrapMode::ClampToEdge => wgpu::AddressMode::ClampToEdge,
            TextureWrapMode::Repeat => wgpu::AddressMode::Repeat,
            TextureWrapMode::MirroredRepeat => wgpu::AddressMode::MirrorRepeat,
        };
        let sampler = self.device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("letters"),
            mag_filter: filter(options.magnification),
            min_filter: filter(options.minification),
            address_mode_u: beyond,
            address_mode_v: beyond,
            ..wgpu::SamplerDescriptor::default()
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let entry = |binding, resource| wgpu::BindGroupEntry { binding, resource };
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("letters"),
            layout: &self.layout,
            entries: &[
                entry(0, wgpu::BindingResource::TextureView(&view)),
                entry(1, wgpu::BindingResource::Sampler(&sampler)),
            ],
        })
    }
}

/// All triangles of one frame.
#[derive(Default)]
struct Frame {
    number: u64,
    vertices: Vec<Vertex>,
    indices: Vec<u32>,
}

impl Frame {
    /// Adds a mesh; where its indices are.
    fn add(&mut self, mesh: &Mesh) -> Range<u32> {
        let (first, start) = (self.vertices.len() as u32, self.indices.len() as u32);
        self.vertices.extend_from_slice(&mesh.vertices);
        self.indices.extend(mesh.indices.iter().map(|i| first + i));
        start..self.indices.len() as u32
    }
}

/// One of egui's drawings, for one frame.
struct Laid {
    frame: Arc<Frame>,
    indices: Range<u32>,
    picture: wgpu::BindGroup,
}

impl CallbackTrait for Laid {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(shared) = resources.get_mut::<Shared>() {
            shared.upload(device, queue, &self.frame, screen);
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
        pass.set_viewport(0.0, 0.0, width, height, 0.0, 1.0);
        pass.set_pipeline(&shared.pipeline);
        pass.set_bind_group(0, &shared.bind_group, &[]);
        pass.set_bind_group(1, &self.picture, &[]);
        pass.set_vertex_buffer(0, shared.vertices.slice(..));
        pass.set_index_buffer(shared.indices.slice(..), wgpu::IndexFormat::Uint32);
        pass.draw_indexed(self.indices.clone(), 0, 0..1);
    }
}

/// What all meshes of a window share.
struct Shared {
    pipeline: wgpu::RenderPipeline,
    window: wgpu::Buffer,
    bind_group: wgpu::BindGroup,
    vertices: wgpu::Buffer,
    indices: wgpu::Buffer,
    /// The frame that is in them.
    uploaded: u64,
}

impl Shared {
    fn new(
        device: &wgpu::Device,
        textures: &wgpu::BindGroupLayout,
        target: wgpu::TextureFormat,
    ) -> Self {
        let uniform = wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Uniform,
            has_dynamic_offset: false,
            min_binding_size: None,
        };
        let window_layout = layout(device, &[(wgpu::ShaderStages::VERTEX, uniform)]);
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("mesh"),
            source: wgpu::ShaderSource::Wgsl(MESH_SHADER.into()),
        });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("mesh"),
            bind_group_layouts: &[Some(&window_layout), Some(textures)],
            ..wgpu::PipelineLayoutDescriptor::default()
        });
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("mesh"),
            layout: Some(&layout),
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vertex"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &[Some(wgpu::VertexBufferLayout {
                    array_stride: size_of::<Vertex>() as u64,
                    step_mode: wgpu::VertexStepMode::Vertex,
                    attributes: &wgpu::vertex_attr_array![
                        0 => Float32x2, 1 => Float32x2, 2 => Unorm8x4
                    ],
                })],
            },
            primitive: wgpu::PrimitiveState::default(),
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
        let window = buffer(device, wgpu::BufferUsages::UNIFORM, size_of::<[f32; 4]>());
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("mesh"),
            layout: &window_layout,
            entries: &[wgpu::BindGroupEntry {
                binding: 0,
                resource: window.as_entire_binding(),
            }],
        });
        Self {
            pipeline,
            window,
            bind_group,
            vertices: buffer(device, wgpu::BufferUsages::VERTEX, 1 << 18),
            indices: buffer(device, wgpu::BufferUsages::INDEX, 1 << 17),
            uploaded: 0,
        }
    }

    fn upload(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        frame: &Frame,
        screen: &ScreenDescriptor,
    ) {
        if self.uploaded == frame.number {
            return;
        }
        self.uploaded = frame.number;
        let [width, height] = screen
            .size_in_pixels
            .map(|s| s as f32 / screen.pixels_per_point);
        let window = [width, height, 0.0, 0.0];
        queue.write_buffer(&self.window, 0, bytemuck::bytes_of(&window));
        let fill = |old: &mut wgpu::Buffer, bytes: &[u8]| {
            if old.size() < bytes.len() as u64 {
                let usage = old.usage() - wgpu::BufferUsages::COPY_DST;
                *old = buffer(device, usage, bytes.len().next_power_of_two());
            }
            queue.write_buffer(old, 0, bytes);
        };
        fill(&mut self.vertices, bytemuck::cast_slice(&frame.vertices));
        fill(&mut self.indices, bytemuck::cast_slice(&frame.indices));
    }
}

fn buffer(device: &wgpu::Device, usage: wgpu::BufferUsages, bytes: usize) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("mesh"),
        size: bytes as u64,
        usage: usage | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

fn texture_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let texture = wgpu::BindingType::Texture {
        sample_type: wgpu::TextureSampleType::Float { filterable: true },
        view_dimension: wgpu::TextureViewDimension::D2,
        multisampled: false,
    };
    let sampler = wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering);
    let fragment = wgpu::ShaderStages::FRAGMENT;
    layout(device, &[(fragment, texture), (fragment, sampler)])
}

fn layout(
    device: &wgpu::Device,
    bindings: &[(wgpu::ShaderStages, wgpu::BindingType)],
) -> wgpu::BindGroupLayout {
    let entry = |(binding, &(visibility, ty))| wgpu::BindGroupLayoutEntry {
        binding,
        visibility,
        ty,
        count: None,
    };
    let entries: Vec<_> = (0..).zip(bindings).map(entry).collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("mesh"),
        entries: &entries,
    })
}

#[cfg(test)]
mod tests {
    use crate::app::software::rectangles;
    use eframe::egui::{Color32, Pos2, Rect, Shape, Stroke, Vec2};
    use egui_kittest::{Harness, wgpu as kittest_wgpu};

    /// Words, lines, a disc and a picture on a texture of their own that changes.
    fn picture(ours: bool) -> image::RgbaImage {
        let options = eframe::egui_wgpu::RendererOptions::PREDICTABLE;
        let gpu = kittest_wgpu::create_render_state(kittest_wgpu::default_wgpu_setup(), options);
        let renderer = kittest_wgpu::WgpuTestRenderer::from_render_state(gpu.clone());
        let builder = Harness::builder().with_size(Vec2::new(240.0, 160.0));
        let mut frames = 0;
        let mut texture = None;
        let mut harness = builder.renderer(renderer).build_ui(move |ui| {
            if frames == 0 && ours {
                rectangles::install(ui.ctx(), &gpu);
            }
            frames += 1;
            let shade = [Color32::RED, Color32::GREEN][usize::from(frames > 1)];
            let image = eframe::egui::ColorImage::filled([2, 2], shade);
            let options = eframe::egui::TextureOptions::NEAREST;
            let texture = texture
                .get_or_insert_with(|| ui.ctx().load_texture("shade", image.clone(), options));
            texture.set(image, options);
            ui.label("Words, and numbers such as 12.5 × 10");
            ui.label(format!("frame {}", frames.min(2)));
            let painter = ui.painter();
            let stroke = Stroke::new(1.5, Color32::LIGHT_BLUE);
            painter.line_segment([Pos2::new(10.0, 70.0), Pos2::new(200.0, 120.0)], stroke);
            painter.circle_filled(Pos2::new(60.0, 120.0), 9.0, Color32::GOLD);
            let all = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
            let place = Rect::from_min_size(Pos2::new(120.0, 60.0), Vec2::splat(40.0));
            painter.image(texture.id(), place, all, Color32::WHITE);
        });
        harness.run_steps(3);
        let callback =
            |s: &eframe::egui::epaint::ClippedShape| matches!(s.shape, Shape::Callback(_));
        assert_eq!(harness.output().shapes.iter().all(callback), ours);
        harness.render().unwrap_or_default()
    }

    #[test]
    fn words_and_lines_look_as_egui_draws_them() {
        let (egui, ours) = (picture(false), picture(true));
        assert_eq!(egui.dimensions(), ours.dimensions());
        let away = egui.iter().zip(ours.iter()).map(|(a, b)| a.abs_diff(*b));
        let most = away.max().unwrap_or(255);
        // Both sample the same texture, one in whole numbers.
        assert!(most <= 3, "{most} away");
        assert_eq!(ours.get_pixel(140, 80).0, [0, 255, 0, 255]);
    }
}
