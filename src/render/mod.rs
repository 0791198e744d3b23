//! Surfaces in space, drawn by wgpu from the shaders in `shaders/`.
//!
//! A [`scene::SurfaceScene`] says what is drawn, a [`crate::plot::camera::Camera`] from where; a
//! [`renderer::SurfaceRenderer`] draws it into a texture of its own, with a depth buffer, which a
//! window shows and [`picture::pixels`] reads back for a file. Nothing here knows a window.

pub mod picture;
mod pipelines;
pub mod renderer;
pub mod scene;

/// Shared by every shader; WGSL has no inclusion, so that the parts are joined here.
macro_rules! shader {
    ($name:literal) => {
        concat!(
            include_str!("../../shaders/common/scene.wgsl"),
            "\n",
            include_str!(concat!("../../shaders/", $name))
        )
    };
}

/// The surface's shader.
pub const SURFACE_SHADER: &str = shader!("surface.wgsl");
/// The shader of the frame around it.
pub const FRAME_SHADER: &str = shader!("frame.wgsl");
/// The shader that lays a picture into a window; it needs no scene.
pub const BLIT_SHADER: &str = include_str!("../../shaders/blit.wgsl");
/// The shader of letters and lines; it needs no scene.
pub const MESH_SHADER: &str = include_str!("../../shaders/mesh.wgsl");
/// The shader of plain rectangles; it needs no scene.
pub const RECTANGLE_SHADER: &str = include_str!("../../shaders/rectangle.wgsl");
