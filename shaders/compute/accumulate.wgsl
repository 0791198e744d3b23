// Sums of several submissions and groups, in their order; what rounding lost is carried along.

@compute @workgroup_size(64)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) w: vec3<u32>,
    @builtin(num_workgroups) size: vec3<u32>,
) {
    let p = w.z;
    let total = run.totals + p * 2u * s.many;
    for (var k = id.x; k < s.many; k += 64u * size.x) {
        var high = 0.0;
        var low = 0.0;
        if ((run.turn & 1u) == 0u) {
            high = numbers[total + k];
            low = numbers[total + s.many + k];
        }
        for (var g = 0u; g < run.groups; g += 1u) {
            if (g * run.samples >= run.total) {
                break;
            }
            let part = numbers[place(SUM, k, p * run.groups + g, p)];
            let sum = high + part;
            let back = sum - high;
            let lost = (high - (sum - back)) + (part - back);
            high = sum;
            // What isn't finite has lost nothing.
            if (abs(lost) < 1.0e30) {
                low += lost;
            }
        }
        numbers[total + k] = high;
        numbers[total + s.many + k] = low;
        if ((run.turn & 2u) != 0u) {
            numbers[place(SUM, k, p * run.groups, p)] = high + low;
        }
    }
}
