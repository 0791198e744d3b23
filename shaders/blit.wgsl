// A picture laid into a rectangle as it is, between its pixels as smooth as it can be.

/// The part of the picture that is shown: left, top, right and bottom, 0 to 1.
@group(0) @binding(0) var<uniform> part: vec4<f32>;
/// Colours as a screen shows them, opacity multiplied in.
@group(0) @binding(1) var picture: texture_2d<f32>;
/// Between pixels.
@group(0) @binding(2) var smooth_sampler: sampler;

/// Whether the target turns linear light into what a screen shows.
override linear_target: bool = false;

struct Fragment {
    @builtin(position) clip: vec4<f32>,
    /// In the picture, 0 to 1.
    @location(0) at: vec2<f32>,
};

/// The four corners of the viewport, as a strip.
@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Fragment {
    let corner = vec2<f32>(f32(index & 1u), f32(index >> 1u));
    var out: Fragment;
    out.clip = vec4<f32>(2.0 * corner.x - 1.0, 1.0 - 2.0 * corner.y, 0.0, 1.0);
    out.at = mix(part.xy, part.zw, corner);
    return out;
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let color = textureSampleLevel(picture, smooth_sampler, in.at, 0.0);
    if linear_target {
        let low = color.rgb / 12.92;
        let high = pow((color.rgb + 0.055) / 1.055, vec3<f32>(2.4));
        return vec4<f32>(select(high, low, color.rgb <= vec3<f32>(0.04045)), color.a);
    }
    return color;
}
