// Rectangles with round corners and a border, each a plain shape whose edges are found per pixel.

struct Rectangle {
    /// Left, top, right and bottom, in pixels.
    @location(0) rect: vec4<f32>,
    /// The same in clip space, half a pixel wider on every side.
    @location(1) clip: vec4<f32>,
    /// Radius of the corners, in pixels: upper left, upper right, lower left, lower right.
    @location(2) radius: vec4<f32>,
    /// Inside, as a screen shows it, opacity multiplied in.
    @location(3) fill: vec4<f32>,
    /// Of the border, likewise.
    @location(4) stroke: vec4<f32>,
    /// How far the border reaches inwards, in pixels.
    @location(5) width: f32,
};

struct Fragment {
    @builtin(position) at: vec4<f32>,
    @location(0) @interpolate(flat) rect: vec4<f32>,
    @location(1) @interpolate(flat) radius: vec4<f32>,
    @location(2) @interpolate(flat) fill: vec4<f32>,
    @location(3) @interpolate(flat) stroke: vec4<f32>,
    @location(4) @interpolate(flat) width: f32,
};

/// Four corners a rectangle, as a strip.
@vertex
fn vertex(@builtin(vertex_index) index: u32, rectangle: Rectangle) -> Fragment {
    let right = (index & 1u) == 1u;
    let bottom = index > 1u;
    var out: Fragment;
    out.at = vec4<f32>(
        select(rectangle.clip.x, rectangle.clip.z, right),
        select(rectangle.clip.y, rectangle.clip.w, bottom),
        0.0,
        1.0,
    );
    out.rect = rectangle.rect;
    out.radius = rectangle.radius;
    out.fill = rectangle.fill;
    out.stroke = rectangle.stroke;
    out.width = rectangle.width;
    return out;
}

@fragment
fn fragment(in: Fragment) -> @location(0) vec4<f32> {
    let from_middle = in.at.xy - 0.5 * (in.rect.xy + in.rect.zw);
    let half = 0.5 * (in.rect.zw - in.rect.xy);
    let row = select(in.radius.xy, in.radius.zw, from_middle.y > 0.0);
    let radius = select(row.x, row.y, from_middle.x > 0.0);
    // The distance to the edge, negative inside.
    let beyond = abs(from_middle) - half + radius;
    let distance = length(max(beyond, vec2<f32>(0.0))) + min(max(beyond.x, beyond.y), 0.0) - radius;
    let whole = clamp(0.5 - distance, 0.0, 1.0);
    let inside = clamp(0.5 - distance - in.width, 0.0, 1.0);
    return in.fill * inside + in.stroke * (whole - inside);
}
