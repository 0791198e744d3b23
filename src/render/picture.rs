//! Pictures of scenes as pixels, with or without a window.

use super::renderer::{Canvas, SurfaceRenderer};
use super::scene::SurfaceScene;
use crate::engine::drivers;
use crate::error::{Error, Result};
use crate::plot::camera::Camera;

/// A graphics device for pictures without a window, software ones included.
///
/// # Errors
/// Where there is none.
pub fn headless() -> Result<(wgpu::Device, wgpu::Queue)> {
    let failed = |what: &str, why: String| {
        Error::Device(format!(
            "{what}: {why}; install a Vulkan driver (mesa-vulkan-drivers has a software one) to draw surfaces in space"
        ))
    };
    let _hush = drivers::hush();
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions {
        power_preference: wgpu::PowerPreference::HighPerformance,
        ..wgpu::RequestAdapterOptions::default()
    }))
    .map_err(|e| failed("no graphics adapter", e.to_string()))?;
    pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
        required_limits: wgpu::Limits::downlevel_defaults().using_resolution(adapter.limits()),
        ..wgpu::DeviceDescriptor::default()
    }))
    .map_err(|e| failed("the graphics adapter can't be opened", e.to_string()))
}

/// A graphics device that draws scenes for files.
pub struct Studio {
    device: wgpu::Device,
    queue: wgpu::Queue,
}

impl Studio {
    /// Opens one.
    ///
    /// # Errors
    /// As [`headless`].
    pub fn open() -> Result<Self> {
        let (device, queue) = headless()?;
        Ok(Self { device, queue })
    }

    /// As [`pixels`].
    ///
    /// # Errors
    /// As [`pixels`].
    pub fn pixels(
        &self,
        scene: &SurfaceScene,
        camera: &Camera,
        size: [u32; 2],
        pixel: f32,
    ) -> Result<Vec<u8>> {
        pixels(&self.device, &self.queue, scene, camera, size, pixel)
    }
}

/// The picture of a scene as RGBA, the top row first: `4 · width · height` bytes.
///
/// * `pixel`: how many pixels an iso-line is wide.
///
/// # Errors
/// Where the device fails.
pub fn pixels(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    scene: &SurfaceScene,
    camera: &Camera,
    size: [u32; 2],
    pixel: f32,
) -> Result<Vec<u8>> {
    let mut renderer = SurfaceRenderer::new(device);
    let canvas = Canvas {
        size,
        pixel,
        smooth: true,
    };
    renderer.render(device, queue, scene, camera, canvas);
    let Some(texture) = renderer.picture() else {
        return Err(Error::Device("the device drew no picture".into()));
    };
    let (width, height) = (texture.width(), texture.height());
    // Rows are copied to multiples of 256 bytes.
    let row = (4 * width).div_ceil(256) * 256;
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("picture"),
        size: u64::from(row) * u64::from(height),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo {
            buffer: &buffer,
            layout: wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(row),
                rows_per_image: Some(height),
            },
        },
        texture.size(),
    );
    queue.submit([encoder.finish()]);
    let slice = buffer.slice(..);
    let (send, receive) = std::sync::mpsc::channel();
    slice.map_async(wgpu::MapMode::Read, move |mapped| {
        send.send(mapped).ok();
    });
    let failed = |why: String| Error::Device(format!("the picture can't be read back: {why}"));
    device
        .poll(wgpu::PollType::wait_indefinitely())
        .map_err(|e| failed(e.to_string()))?;
    receive
        .recv()
        .map_err(|e| failed(e.to_string()))?
        .map_err(|e| failed(e.to_string()))?;
    let data = slice
        .get_mapped_range()
        .map_err(|e| failed(e.to_string()))?;
    let rows = data.chunks_exact(row as usize);
    Ok(rows
        .flat_map(|r| r[..4 * width as usize].iter().copied())
        .collect())
}
