// The frame around a surface: thin lines in world space. Read after common/scene.wgsl.

struct Vertex {
    /// World space.
    @location(0) position: vec3<f32>,
    /// As a screen shows it, opacity last.
    @location(1) color: vec4<f32>,
};

struct Fragment {
    @builtin(position) clip: vec4<f32>,
    @location(0) color: vec4<f32>,
};

@vertex
fn vertex(in: Vertex) -> Fragment {
    var out: Fragment;
    out.clip = scene.clip_from_world * vec4<f32>(in.position, 1.0);
    out.color = in.color;
    return out;
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    return in.color;
}
