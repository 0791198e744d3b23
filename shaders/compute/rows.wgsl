// Steps of samples one after another: a thread has four samples of one instance and goes through the rows of
// each step, or, where it is one step alone, through some of them. What it wrote it may read again, since a
// step never needs another sample.

$HELPERS
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
    let p = run.first + z / run.groups;
    let g = z % run.groups;
    let instance = p * run.groups + g;
$STEPS
}
