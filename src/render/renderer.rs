//! From a scene to a texture.

use super::scene::{LineEnd, MOST_LEVELS, SurfaceScene, Vertex};
use super::{FRAME_SHADER, SURFACE_SHADER};
use crate::plot::camera::Camera;
use bytemuck::{Pod, Zeroable};
use wgpu::util::DeviceExt as _;

/// The picture's format: numbers as a screen shows them, which is what egui takes and a PNG holds.
pub const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
const DEPTH: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;
/// Samples a pixel; every adapter has four.
const SAMPLES: u32 = 4;

/// Camera and light, as `shaders/common/scene.wgsl` reads them.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct Uniforms {
    clip_from_world: [[f32; 4]; 4],
    eye: [f32; 4],
    light: [f32; 4],
    line_color: [f32; 4],
    options: [f32; 4],
    levels: [[f32; 4]; MOST_LEVELS / 4],
}

/// Draws surfaces; one for each view, because each keeps its own picture and buffers.
pub struct SurfaceRenderer {
    surface: wgpu::RenderPipeline,
    frame: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    uniforms: wgpu::Buffer,
    content: Option<Content>,
    target: Option<Target>,
}

/// A scene on the device.
struct Content {
    key: u64,
    bind_group: wgpu::BindGroup,
    vertices: wgpu::Buffer,
    indices: wgpu::Buffer,
    index_count: u32,
    lines: wgpu::Buffer,
    line_count: u32,
}

/// The picture and what drawing it takes.
struct Target {
    size: [u32; 2],
    picture: wgpu::Texture,
    view: wgpu::TextureView,
    samples: wgpu::TextureView,
    depth: wgpu::TextureView,
}

impl SurfaceRenderer {
    /// Compiles the shaders.
    pub fn new(device: &wgpu::Device) -> Self {
        let entry = |binding, visibility, ty| wgpu::BindGroupLayoutEntry {
            binding,
            visibility,
            ty,
            count: None,
        };
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("surface"),
            entries: &[
                entry(
                    0,
                    wgpu::ShaderStages::VERTEX_FRAGMENT,
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
                        sample_type: wgpu::TextureSampleType::Float { filterable: false },
                        view_dimension: wgpu::TextureViewDimension::D2,
                        multisampled: false,
                    },
                ),
            ],
        });
        let uniforms = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("scene"),
            size: size_of::<Uniforms>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let surface = pipeline(
            device,
            &layout,
            SURFACE_SHADER,
            wgpu::VertexBufferLayout {
                array_stride: size_of::<Vertex>() as u64,
                step_mode: wgpu::VertexStepMode::Vertex,
                attributes: &wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x3, 2 => Float32],
            },
            wgpu::PrimitiveTopology::TriangleList,
        );
        let frame = pipeline(
            device,
            &layout,
            FRAME_SHADER,
            wgpu::VertexBufferLayout {
                array_stride: size_of::<LineEnd>() as u64,
                step_mode: wgpu::VertexStepMode::Vertex,
                attributes: &wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x4],
            },
            wgpu::PrimitiveTopology::LineList,
        );
        Self {
            surface,
            frame,
            layout,
            uniforms,
            content: None,
            target: None,
        }
    }

    /// Draws a scene `size` pixels wide and high; the picture stays until the next call.
    ///
    /// * `pixel`: how many pixels a line of the interface is wide, 1 on usual screens.
    pub fn render(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        scene: &SurfaceScene,
        camera: &Camera,
        size: [u32; 2],
        pixel: f32,
    ) -> &wgpu::TextureView {
        let most = device.limits().max_texture_dimension_2d;
        let size = size.map(|s| s.clamp(1, most));
        if self.content.as_ref().is_none_or(|c| c.key != scene.key) {
            self.content = Some(self.upload(device, queue, scene));
        }
        if self.target.as_ref().is_none_or(|t| t.size != size) {
            self.target = Some(Target::new(device, size));
        }
        queue.write_buffer(
            &self.uniforms,
            0,
            bytemuck::bytes_of(&uniforms(scene, camera, size, pixel)),
        );
        let (Some(content), Some(target)) = (&self.content, &self.target) else {
            unreachable!("both were just made");
        };
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let [r, g, b, a] = scene.background.map(f64::from);
        {
            let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some("surface"),
                color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                    view: &target.samples,
                    resolve_target: Some(&target.view),
                    depth_slice: None,
                    ops: wgpu::Operations {
                        load: wgpu::LoadOp::Clear(wgpu::Color { r, g, b, a }),
                        store: wgpu::StoreOp::Discard,
                    },
                })],
                depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
                    view: &target.depth,
                    depth_ops: Some(wgpu::Operations {
                        load: wgpu::LoadOp::Clear(1.0),
                        store: wgpu::StoreOp::Discard,
                    }),
                    stencil_ops: None,
                }),
                ..wgpu::RenderPassDescriptor::default()
            });
            pass.set_bind_group(0, &content.bind_group, &[]);
            if content.index_count > 0 {
                pass.set_pipeline(&self.surface);
                pass.set_vertex_buffer(0, content.vertices.slice(..));
                pass.set_index_buffer(content.indices.slice(..), wgpu::IndexFormat::Uint32);
                pass.draw_indexed(0..content.index_count, 0, 0..1);
            }
            pass.set_pipeline(&self.frame);
            pass.set_vertex_buffer(0, content.lines.slice(..));
            pass.draw(0..content.line_count, 0..1);
        }
        queue.submit([encoder.finish()]);
        &target.view
    }

    /// The picture drawn last.
    pub fn picture(&self) -> Option<&wgpu::Texture> {
        self.target.as_ref().map(|t| &t.picture)
    }

    fn upload(&self, device: &wgpu::Device, queue: &wgpu::Queue, scene: &SurfaceScene) -> Content {
        let buffer = |label, contents: &[u8], usage| {
            // Empty buffers can't be bound; a few bytes more are never drawn.
            let padded = if contents.is_empty() {
                &[0; 64]
            } else {
                contents
            };
            device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some(label),
                contents: padded,
                usage,
            })
        };
        let rgba: Vec<u8> = scene
            .colors
            .iter()
            .flat_map(|[r, g, b]| [*r, *g, *b, 255])
            .collect();
        let colors = device.create_texture_with_data(
            queue,
            &wgpu::TextureDescriptor {
                label: Some("colours"),
                size: wgpu::Extent3d {
                    width: 256,
                    height: 1,
                    depth_or_array_layers: 1,
                },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: FORMAT,
                usage: wgpu::TextureUsages::TEXTURE_BINDING,
                view_formats: &[],
            },
            wgpu::util::TextureDataOrder::LayerMajor,
            &rgba,
        );
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("surface"),
            layout: &self.layout,
            entries: &[
                wgpu::BindGroupEntry {
                    binding: 0,
                    resource: self.uniforms.as_entire_binding(),
                },
                wgpu::BindGroupEntry {
                    binding: 1,
                    resource: wgpu::BindingResource::TextureView(
                        &colors.create_view(&wgpu::TextureViewDescriptor::default()),
                    ),
                },
            ],
        });
        let vertex = wgpu::BufferUsages::VERTEX;
        Content {
            key: scene.key,
            bind_group,
            vertices: buffer("surface", bytemuck::cast_slice(&scene.vertices), vertex),
            indices: buffer(
                "triangles",
                bytemuck::cast_slice(&scene.indices),
                wgpu::BufferUsages::INDEX,
            ),
            index_count: scene.indices.len() as u32,
            lines: buffer("frame", bytemuck::cast_slice(&scene.lines), vertex),
            line_count: scene.lines.len() as u32,
        }
    }
}

impl Target {
    fn new(device: &wgpu::Device, size: [u32; 2]) -> Self {
        let texture = |label, format, samples, usage| {
            device.create_texture(&wgpu::TextureDescriptor {
                label: Some(label),
                size: wgpu::Extent3d {
                    width: size[0],
                    height: size[1],
                    depth_or_array_layers: 1,
                },
                mip_level_count: 1,
                sample_count: samples,
                dimension: wgpu::TextureDimension::D2,
                format,
                usage,
                view_formats: &[],
            })
        };
        let view = |t: &wgpu::Texture| t.create_view(&wgpu::TextureViewDescriptor::default());
        let attachment = wgpu::TextureUsages::RENDER_ATTACHMENT;
        let picture = texture(
            "picture",
            FORMAT,
            1,
            attachment | wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_SRC,
        );
        Self {
            size,
            view: view(&picture),
            samples: view(&texture("samples", FORMAT, SAMPLES, attachment)),
            depth: view(&texture("depth", DEPTH, SAMPLES, attachment)),
            picture,
        }
    }
}

fn uniforms(scene: &SurfaceScene, camera: &Camera, size: [u32; 2], pixel: f32) -> Uniforms {
    let [x, y, z] = camera.eye();
    let mut levels = [[0.0; 4]; MOST_LEVELS / 4];
    for (i, level) in scene.levels.iter().take(MOST_LEVELS).enumerate() {
        levels[i / 4][i % 4] = *level;
    }
    // From above the left shoulder of whoever looks, so that a turned surface stays lit.
    let turn = camera.yaw - 0.7;
    let light = [0.55 * turn.cos(), 0.55 * turn.sin(), 0.83];
    let length = light.iter().map(|v| v * v).sum::<f32>().sqrt();
    let [lx, ly, lz] = light.map(|v| v / length);
    let ink = if scene.dark { 0.0 } else { 0.01 };
    Uniforms {
        clip_from_world: camera.clip_from_world(size[0] as f32 / size[1] as f32),
        eye: [x, y, z, 1.0],
        light: [lx, ly, lz, 0.55],
        line_color: [ink, ink, ink, 0.55],
        options: [
            scene.levels.len().min(MOST_LEVELS) as f32,
            1.1 * pixel,
            1.0,
            0.0,
        ],
        levels,
    }
}

fn pipeline(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    source: &str,
    buffer: wgpu::VertexBufferLayout<'_>,
    topology: wgpu::PrimitiveTopology,
) -> wgpu::RenderPipeline {
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("surface"),
        source: wgpu::ShaderSource::Wgsl(source.into()),
    });
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("surface"),
        bind_group_layouts: &[Some(layout)],
        ..wgpu::PipelineLayoutDescriptor::default()
    });
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("surface"),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("vertex"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[Some(buffer)],
        },
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("fragment"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(wgpu::ColorTargetState {
                format: FORMAT,
                blend: Some(wgpu::BlendState::ALPHA_BLENDING),
                write_mask: wgpu::ColorWrites::ALL,
            })],
        }),
        primitive: wgpu::PrimitiveState {
            topology,
            ..wgpu::PrimitiveState::default()
        },
        depth_stencil: Some(wgpu::DepthStencilState {
            format: DEPTH,
            depth_write_enabled: Some(true),
            depth_compare: Some(wgpu::CompareFunction::LessEqual),
            stencil: wgpu::StencilState::default(),
            bias: wgpu::DepthBiasState::default(),
        }),
        multisample: wgpu::MultisampleState {
            count: SAMPLES,
            ..wgpu::MultisampleState::default()
        },
        multiview_mask: None,
        cache: None,
    })
}
