// A loss surface: heights over a plane, coloured by value, lit, with iso-lines of constant width.
// Read after common/scene.wgsl.

/// The colour map, 256 × 1, linear light.
@group(0) @binding(1) var colors: texture_2d<f32>;

struct Vertex {
    /// World space.
    @location(0) position: vec3<f32>,
    /// World space, length 1.
    @location(1) normal: vec3<f32>,
    /// Where the value lies on the colour map, 0 to 1.
    @location(2) value: f32,
};

struct Fragment {
    @builtin(position) clip: vec4<f32>,
    @location(0) world: vec3<f32>,
    @location(1) normal: vec3<f32>,
    @location(2) value: f32,
};

@vertex
fn vertex(in: Vertex) -> Fragment {
    var out: Fragment;
    out.clip = scene.clip_from_world * vec4<f32>(in.position, 1.0);
    out.world = in.position;
    out.normal = in.normal;
    out.value = in.value;
    return out;
}

/// The colour at a position of the map, between its two nearest entries.
fn color_at(value: f32) -> vec3<f32> {
    let at = clamp(value, 0.0, 1.0) * 255.0;
    let low = i32(floor(at));
    let high = min(low + 1, 255);
    let a = textureLoad(colors, vec2<i32>(low, 0), 0).rgb;
    let b = textureLoad(colors, vec2<i32>(high, 0), 0).rgb;
    return mix(a, b, at - f32(low));
}

/// How much of an iso-line covers this pixel: the nearest one covers most.
fn line_cover(value: f32, change: f32) -> f32 {
    var away = vec4<f32>(1e6);
    let count = i32(scene.options.x);
    for (var i = 0; i < count; i++) {
        away = min(away, abs(vec4<f32>(value) - scene.levels[i]));
    }
    let pixels = min(min(away.x, away.y), min(away.z, away.w)) / max(change, 1e-6);
    let half = 0.5 * scene.options.y;
    return 1.0 - smoothstep(half - 0.5, half + 0.5, pixels);
}

@fragment
fn fragment(in: Fragment, @builtin(front_facing) front: bool) -> @location(0) vec4<f32> {
    let change = fwidth(in.value);
    var color = color_at(in.value);
    if scene.options.z > 0.5 {
        let towards_eye = normalize(scene.eye.xyz - in.world);
        var normal = normalize(in.normal);
        if dot(normal, towards_eye) < 0.0 {
            normal = -normal;
        }
        let key = max(dot(normal, scene.light.xyz), 0.0);
        let sky = 0.5 + 0.5 * normal.z;
        let aside = 1.0 - max(dot(normal, towards_eye), 0.0);
        let glance = aside * aside * aside;
        let halfway = normalize(scene.light.xyz + towards_eye);
        // To the power of 40, as 32 and 8.
        let towards_light = max(dot(normal, halfway), 0.0);
        let second = towards_light * towards_light;
        let fourth = second * second;
        let eighth = fourth * fourth;
        let sixteenth = eighth * eighth;
        let shine = sixteenth * sixteenth * eighth;
        color = color * (0.34 + 0.24 * sky + scene.light.w * key) + vec3<f32>(0.05 * shine + 0.03 * glance);
        if !front {
            color *= 0.72;
        }
    }
    let cover = line_cover(in.value, change) * scene.line_color.w;
    color = mix(color, scene.line_color.rgb, cover);
    return vec4<f32>(screen_from_linear(clamp(color, vec3<f32>(0.0), vec3<f32>(1.0))), 1.0);
}
