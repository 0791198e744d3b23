// Weights times what every position sees: a form whose result is the product or, turned round, the values. A
// thread sums some channels of four samples; the weights are the same for all its neighbours.

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) t: u32,
    @builtin(workgroup_id) w: vec3<u32>,
    @builtin(num_workgroups) size: vec3<u32>,
) {
    let tile = w.x;
    let z = w.z;
    let p = run.first + z / run.groups;
    let g = z % run.groups;
    let instance = p * run.groups + g;
    let group = tile / s.wide;
    let channel = (tile % s.wide) * $TILEu;
    let weights = s.packed + s.moves * (run.packs + p * run.pack) + tile * s.taps * s.cin * $VECTORSu;
    let x = rows(s.x_kind, s.x, z, g) + group * s.cin * run.quads;
    let y0 = rows(s.y_kind, s.y, z, g);
    // Runs of samples lie beside each other, then positions.
    let strips = (run.quads + 63u) / 64u;
    for (var k = w.y; k < s.positions * strips; k += size.y) {
        let q = k / strips;
        let i = (k % strips) * 64u + t;
        if (i >= run.quads) {
            continue;
        }
        let y = y0 + i;
$CLEAR
        let end = lists[s.hits + q + 1u];
        for (var j = lists[s.hits + q]; j < end; j += 1u) {
            var a = weights + lists[s.pairs + 2u * j] * s.cin * $VECTORSu;
            var b = x + i + lists[s.pairs + 2u * j + 1u] * s.across * run.quads;
            var c = 0u;
            for (; c + $UNROLLu <= s.cin; c += $UNROLLu) {
$ROUNDS
            }
            for (; c < s.cin; c += 1u) {
$ROUND
            }
        }
        let row = q * s.outs + group * s.cout + channel;
$STORE
    }
}
