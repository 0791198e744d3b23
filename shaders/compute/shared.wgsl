// Steps that see no sample, many of one kind in a dispatch: a workgroup finds its step and its share of the
// numbers in a table.

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) t: u32,
    @builtin(workgroup_id) w: vec3<u32>,
) {
    let z = w.z;
    let p = run.first + z / run.groups;
    let instance = p * run.groups + z % run.groups;
    let job = lists[s.table + 2u * w.x];
    let first = lists[s.table + 2u * w.x + 1u];
    let end = min(lists[job], first + s.share);
$SETUP
    for (var k = first + t; k < end; k += 64u) {
$BODY
        put(lists[job + 1u], out + k, v);
    }
}

fn put(kind: u32, at: u32, v: f32) {
    if (kind >= PACK) {
        packs[at / 4u][at % 4u] = v;
    } else if (kind < GIVEN0) {
        numbers[at] = v;
    } else if (kind == GIVEN0) {
        given0[at] = v;
    } else if (kind == GIVEN1) {
        given1[at] = v;
    } else {
        given2[at] = v;
    }
}
