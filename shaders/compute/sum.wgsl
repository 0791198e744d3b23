// Sums over samples and axes, in a fixed order: a workgroup makes one number.

var<workgroup> parts: array<f32, 64>;

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
    let out = place(s.out_kind, s.out, instance, p);
    for (var row = w.x; row < s.rows; row += size.x) {
        let base = listed(s.bases, row);
        var total = vec4<f32>();
        for (var k = 0u; k < s.many; k += 1u) {
            let from_ = x + (base + listed(s.steps, k)) * run.quads;
            var part = vec4<f32>();
            for (var i = t; i < run.quads; i += 64u) {
                part += masked(values[from_ + i], i, samples);
            }
            total += part;
        }
        parts[t] = (total.x + total.y) + (total.z + total.w);
        workgroupBarrier();
        for (var width = 32u; width > 0u; width >>= 1u) {
            if (t < width) {
                parts[t] += parts[t + width];
            }
            workgroupBarrier();
        }
        if (t == 0u) {
            numbers[out + row] = parts[0];
        }
        workgroupBarrier();
    }
}
