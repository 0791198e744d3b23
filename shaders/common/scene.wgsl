// What every shader of a scene shares: the camera, the light, and the way to the screen's colours.

struct Scene {
    /// World to clip space, depth 0 to 1.
    clip_from_world: mat4x4<f32>,
    /// Where the camera stands, world space; w unused.
    eye: vec4<f32>,
    /// Towards the light, world space, length 1; w: how much of it there is.
    light: vec4<f32>,
    /// Colour of iso-lines, linear; w: its opacity.
    line_color: vec4<f32>,
    /// x: number of vectors of iso-lines; y: their width in pixels; z: 1 to light the surface; w unused.
    options: vec4<f32>,
    /// Colour positions of the iso-lines, four a vector; far from every value where there is none.
    levels: array<vec4<f32>, 16>,
};

/// Camera, light and iso-lines.
@group(0) @binding(0) var<uniform> scene: Scene;

/// Linear light to the numbers that a screen shows.
fn screen_from_linear(rgb: vec3<f32>) -> vec3<f32> {
    let low = rgb * 12.92;
    let high = 1.055 * pow(max(rgb, vec3<f32>(0.0)), vec3<f32>(1.0 / 2.4)) - 0.055;
    return select(high, low, rgb <= vec3<f32>(0.0031308));
}
