//! From a scene to a texture.

use super::pipelines::{DEPTH, FORMAT, Pipelines};
use super::scene::{MOST_LEVELS, SurfaceScene};
use crate::plot::camera::Camera;
use bytemuck::{Pod, Zeroable};
use wgpu::util::DeviceExt as _;

/// Samples a pixel where edges are smooth; every adapter has four.
const SAMPLES: u32 = 4;
/// Where iso-lines can't be seen: levels that a scene doesn't have.
const NOWHERE: f32 = -9.0;

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

/// What a scene is drawn onto.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Canvas {
    /// Pixels across and down.
    pub size: [u32; 2],
    /// How many pixels a line of the interface is wide, 1 on usual screens.
    pub pixel: f32,
    /// Whether edges are smooth, which takes a processor that draws more than twice as long.
    pub smooth: bool,
}

/// Draws surfaces; one for each view, because each keeps its own picture and buffers.
pub struct SurfaceRenderer {
    /// With one sample a pixel.
    quick: Pipelines,
    /// With [`SAMPLES`].
    smooth: Pipelines,
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

/// The picture and what drawing it takes, which is made when it is first needed.
struct Target {
    size: [u32; 2],
    picture: wgpu::Texture,
    view: wgpu::TextureView,
    /// Depths of one sample a pixel.
    depth: Option<wgpu::TextureView>,
    /// Colours and depths of [`SAMPLES`].
    samples: Option<[wgpu::TextureView; 2]>,
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
        Self {
            quick: Pipelines::new(device, &layout, 1),
            smooth: Pipelines::new(device, &layout, SAMPLES),
            layout,
            uniforms,
            content: None,
            target: None,
        }
    }

    /// Draws a scene; the picture stays until the next call, and its texture while its size does.
    pub fn render(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        scene: &SurfaceScene,
        camera: &Camera,
        canvas: Canvas,
    ) -> &wgpu::TextureView {
        let most = device.limits().max_texture_dimension_2d;
        let size = canvas.size.map(|s| s.clamp(1, most));
        if self.content.as_ref().is_none_or(|c| c.key != scene.key) {
            self.content = Some(self.upload(device, queue, scene));
        }
        if self.target.as_ref().is_none_or(|t| t.size != size) {
            self.target = Some(Target::new(device, size));
        }
        queue.write_buffer(
            &self.uniforms,
            0,
            bytemuck::bytes_of(&uniforms(scene, camera, size, canvas.pixel)),
        );
        let (Some(content), Some(target)) = (&self.content, &mut self.target) else {
            unreachable!("both were just made");
        };
        let pipelines = if canvas.smooth {
            &self.smooth
        } else {
            &self.quick
        };
        let ([view, depth], resolved) = target.attachments(device, canvas.smooth);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let [r, g, b, a] = scene.background.map(f64::from);
        {
            let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some("surface"),
                color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                    view,
                    resolve_target: resolved,
                    depth_slice: None,
                    ops: wgpu::Operations {
                        load: wgpu::LoadOp::Clear(wgpu::Color { r, g, b, a }),
                        store: match resolved {
                            Some(_) => wgpu::StoreOp::Discard,
                            None => wgpu::StoreOp::Store,
                        },
                    },
                })],
                depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
                    view: depth,
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
                pass.set_pipeline(&pipelines.surface);
                pass.set_vertex_buffer(0, content.vertices.slice(..));
                pass.set_index_buffer(content.indices.slice(..), wgpu::IndexFormat::Uint32);
                pass.draw_indexed(0..content.index_count, 0, 0..1);
            }
            pass.set_pipeline(&pipelines.frame);
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
        // As linear light, so that no pixel has to find it anew.
        let rgba: Vec<f32> = scene
            .colors
            .iter()
            .flat_map(|color| {
                let [r, g, b] = color.map(linear);
                [r, g, b, 1.0]
            })
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
                format: wgpu::TextureFormat::Rgba32Float,
                usage: wgpu::TextureUsages::TEXTURE_BINDING,
                view_formats: &[],
            },
            wgpu::util::TextureDataOrder::LayerMajor,
            bytemuck::cast_slice(&rgba),
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

/// A number that a screen shows as linear light.
fn linear(shown: u8) -> f32 {
    let v = f32::from(shown) / 255.0;
    if v <= 0.04045 {
        v / 12.92
    } else {
        ((v + 0.055) / 1.055).powf(2.4)
    }
}

fn texture(
    device: &wgpu::Device,
    (label, format, samples): (&str, wgpu::TextureFormat, u32),
    size: [u32; 2],
    usage: wgpu::TextureUsages,
) -> wgpu::Texture {
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
}

fn view(texture: &wgpu::Texture) -> wgpu::TextureView {
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

impl Target {
    fn new(device: &wgpu::Device, size: [u32; 2]) -> Self {
        let usage = wgpu::TextureUsages::RENDER_ATTACHMENT
            | wgpu::TextureUsages::TEXTURE_BINDING
            | wgpu::TextureUsages::COPY_SRC;
        let picture = texture(device, ("picture", FORMAT, 1), size, usage);
        Self {
            size,
            view: view(&picture),
            picture,
            depth: None,
            samples: None,
        }
    }

    /// Colours and depths to draw into, and where colours go from there.
    fn attachments(
        &mut self,
        device: &wgpu::Device,
        smooth: bool,
    ) -> ([&wgpu::TextureView; 2], Option<&wgpu::TextureView>) {
        let size = self.size;
        let made = |what| {
            let usage = wgpu::TextureUsages::RENDER_ATTACHMENT;
            view(&texture(device, what, size, usage))
        };
        if smooth {
            let [colors, depth] = self.samples.get_or_insert_with(|| {
                [("samples", FORMAT, SAMPLES), ("depth", DEPTH, SAMPLES)].map(made)
            });
            ([colors, depth], Some(&self.view))
        } else {
            let depth = self.depth.get_or_insert_with(|| made(("depth", DEPTH, 1)));
            ([&self.view, depth], None)
        }
    }
}

fn uniforms(scene: &SurfaceScene, camera: &Camera, size: [u32; 2], pixel: f32) -> Uniforms {
    let [x, y, z] = camera.eye();
    let mut levels = [[NOWHERE; 4]; MOST_LEVELS / 4];
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
            scene.levels.len().min(MOST_LEVELS).div_ceil(4) as f32,
            1.1 * pixel,
            1.0,
            0.0,
        ],
        levels,
    }
}
