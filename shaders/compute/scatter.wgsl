// Rows added up by the samples' numbers into a shared table: a workgroup makes one row of the table, a thread
// some of its columns; all go through all numbers in order.

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) t: u32,
    @builtin(workgroup_id) w: vec3<u32>,
    @builtin(num_workgroups) size: vec3<u32>,
) {
    let z = w.z;
    let p = run.first + z / run.groups;
    let g = z % run.groups;
    let instance = p * run.groups + g;
    let samples = count(g);
    let x = rows(s.x_kind, s.x, z, g);
    let index = rows(s.i_kind, s.i, z, g);
    let out = place(s.out_kind, s.out, instance, p);
    for (var entry = w.x; entry < s.entries; entry += size.x) {
        let own = vec4<f32>(f32(entry));
        for (var d = t; d < s.width; d += 64u) {
            var total = vec4<f32>();
            for (var position = 0u; position < s.positions; position += 1u) {
                var part = vec4<f32>();
                for (var i = 0u; i < run.quads; i += 1u) {
                    let here = floor(values[index + position * run.quads + i]) == own;
                    if (any(here)) {
                        let v = values[x + (position * s.width + d) * run.quads + i];
                        part += masked(select(vec4<f32>(), v, here), i, samples);
                    }
                }
                total += part;
            }
            numbers[out + entry * s.width + d] = (total.x + total.y) + (total.z + total.w);
        }
    }
}
