// Slopes of weights: a form whose result is the weights, added up over positions and samples in a fixed order.
// A workgroup makes four by four of them for one tap; its threads share out the samples.

var<workgroup> parts: array<f32, 1024>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) t: u32,
    @builtin(workgroup_id) w: vec3<u32>,
    @builtin(num_workgroups) size: vec3<u32>,
) {
    var tile = w.y * size.x + w.x;
    if (tile >= s.tiles) {
        return;
    }
    let z = w.z;
    let p = run.first + z / run.groups;
    let g = z % run.groups;
    let instance = p * run.groups + g;
    let samples = count(g);
    let across = tile % s.c_tiles;
    tile /= s.c_tiles;
    let down = tile % s.o_tiles;
    tile /= s.o_tiles;
    let tap = tile % s.taps;
    let group = tile / s.taps;
    let y = rows(s.y_kind, s.y, z, g);
    let x = rows(s.x_kind, s.x, z, g);
    let o0 = 4u * down;
    let c0 = 4u * across;
$CLEAR
    let end = lists[s.hits + tap + 1u];
    for (var j = lists[s.hits + tap]; j < end; j += 1u) {
        let yr = y + (lists[s.pairs + 2u * j + 1u] * s.groups + group) * s.outputs * run.quads;
        let xr = x + (lists[s.pairs + 2u * j] * s.groups + group) * s.inputs * run.quads;
        for (var i = t; i < run.quads; i += 64u) {
$ROUND
        }
    }
$PARTS
    workgroupBarrier();
    if (t < 16u) {
        var sum = 0.0;
        for (var k = 0u; k < 64u; k += 1u) {
            sum += parts[16u * k + t];
        }
        let o = o0 + t / 4u;
        let c = c0 + t % 4u;
        if (o < s.outputs && c < s.inputs) {
            let at = ((group * s.outputs + o) * s.taps + tap) * s.inputs + c;
            numbers[place(s.out_kind, s.out, instance, p) + at] = sum;
        }
    }
}
