//! How a surface and the frame around it are drawn: shaders, what they read, depth and blending.
//!
//! The renderer says when and onto what.

use super::scene::{LineEnd, Vertex};
use super::{FRAME_SHADER, SURFACE_SHADER};

/// The picture's format: numbers as a screen shows them, which is what egui takes and a PNG holds.
pub const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
/// Of how far away things are.
pub const DEPTH: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;

/// The two passes of a picture.
pub struct Pipelines {
    /// The surface itself.
    pub surface: wgpu::RenderPipeline,
    /// The lines around it.
    pub frame: wgpu::RenderPipeline,
}

impl Pipelines {
    /// Compiles them for so many samples a pixel.
    pub fn new(device: &wgpu::Device, layout: &wgpu::BindGroupLayout, samples: u32) -> Self {
        let of = |shader, buffer, topology, blend| {
            pipeline(device, layout, (shader, samples), buffer, topology, blend)
        };
        Self {
            // It covers whatever it hides: nothing of what was there before is looked at.
            surface: of(
                SURFACE_SHADER,
                wgpu::VertexBufferLayout {
                    array_stride: size_of::<Vertex>() as u64,
                    step_mode: wgpu::VertexStepMode::Vertex,
                    attributes: &wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x3, 2 => Float32],
                },
                wgpu::PrimitiveTopology::TriangleList,
                None,
            ),
            frame: of(
                FRAME_SHADER,
                wgpu::VertexBufferLayout {
                    array_stride: size_of::<LineEnd>() as u64,
                    step_mode: wgpu::VertexStepMode::Vertex,
                    attributes: &wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x4],
                },
                wgpu::PrimitiveTopology::LineList,
                Some(wgpu::BlendState::ALPHA_BLENDING),
            ),
        }
    }
}

fn pipeline(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    (source, samples): (&str, u32),
    buffer: wgpu::VertexBufferLayout<'_>,
    topology: wgpu::PrimitiveTopology,
    blend: Option<wgpu::BlendState>,
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
                blend,
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
            count: samples,
            ..wgpu::MultisampleState::default()
        },
        multiview_mask: None,
        cache: None,
    })
}
