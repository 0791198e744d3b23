// Triangles of the interface: text, lines, small shapes, each with colours at its corners.

/// x and y: width and height of the window, in points.
@group(0) @binding(0) var<uniform> window: vec4<f32>;
/// Letters, or a picture, as a screen shows them, opacity multiplied in.
@group(1) @binding(0) var picture: texture_2d<f32>;
/// Between pixels.
@group(1) @binding(1) var picture_sampler: sampler;

struct Vertex {
    /// From the upper left corner of the window, in points.
    @location(0) position: vec2<f32>,
    /// In the picture, 0 to 1.
    @location(1) at: vec2<f32>,
    /// As a screen shows it, opacity multiplied in.
    @location(2) color: vec4<f32>,
};

struct Fragment {
    @builtin(position) clip: vec4<f32>,
    @location(0) at: vec2<f32>,
    @location(1) color: vec4<f32>,
};

@vertex
fn vertex(in: Vertex) -> Fragment {
    var out: Fragment;
    let place = 2.0 * in.position / window.xy;
    out.clip = vec4<f32>(place.x - 1.0, 1.0 - place.y, 0.0, 1.0);
    out.at = in.at;
    out.color = in.color;
    return out;
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    return in.color * textureSampleLevel(picture, picture_sampler, in.at, 0.0);
}
