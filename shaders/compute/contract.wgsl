// Products of matrices that both belong to the sample: a thread makes four by four numbers of four samples.

@compute @workgroup_size(64)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) w: vec3<u32>,
    @builtin(num_workgroups) size: vec3<u32>,
) {
    let i = id.x;
    if (i >= run.quads) {
        return;
    }
    let z = w.z;
    let g = z % run.groups;
    let a = rows(s.a_kind, s.a, z, g) + i;
    let b = rows(s.b_kind, s.b, z, g) + i;
    let y = rows(s.y_kind, s.y, z, g) + i;
    for (var tile = w.y; tile < s.tiles; tile += size.y) {
        let n0 = 4u * (tile % s.n_tiles);
        let m0 = 4u * ((tile / s.n_tiles) % s.m_tiles);
        let one = tile / (s.n_tiles * s.m_tiles);
        let from_a = one * s.a_size;
        let from_b = one * s.b_size;
$CLEAR
        for (var k = 0u; k < s.k; k += 1u) {
$ROUND
        }
        let row = one * s.m * s.n;
$STORE
    }
}
