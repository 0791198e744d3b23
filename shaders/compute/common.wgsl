// What every kernel is given, and how it reads a value. `Step` is written by the program for each kernel.

/// What the steps of one submission share.
struct Run {
    /// Vectors of four samples in a row.
    quads: u32,
    /// Samples of a whole group, and of all groups together.
    samples: u32,
    total: u32,
    /// Groups of samples a point: those that share statistics.
    groups: u32,
    /// The first point of this submission.
    first: u32,
    /// Where values of the points begin, and vectors an instance (a group at a point) and a group has.
    values: u32,
    value: u32,
    still: u32,
    /// Numbers a point has; where sums begin, and numbers of an instance's sums.
    point: u32,
    sums: u32,
    sum: u32,
    /// Where packed weights of points begin, and vectors a point.
    packs: u32,
    pack: u32,
    /// Where totals of earlier submissions lie, and whether this is the first or the last (1 and 2).
    totals: u32,
    turn: u32,
    /// No number, and minus infinity: WGSL has no words for them.
    nan: u32,
    lowest: u32,
}

/// Values of samples: those of groups, then those of instances; `[row][sample]`, four samples a vector.
@group(0) @binding(0) var<storage, read_write> values: array<vec4<f32>>;
/// Numbers of every point, then the sums of every instance.
@group(0) @binding(1) var<storage, read_write> numbers: array<f32>;
/// Weights in the order in which products read them.
@group(0) @binding(2) var<storage, read_write> packs: array<vec4<f32>>;
/// Lists of places, and the jobs of shared steps.
@group(0) @binding(3) var<storage, read> lists: array<u32>;
/// Numbers of all points: origins, what no direction moves.
@group(0) @binding(4) var<storage, read_write> given0: array<f32>;
/// The same of a first direction.
@group(0) @binding(5) var<storage, read_write> given1: array<f32>;
/// The same of the other directions.
@group(0) @binding(6) var<storage, read_write> given2: array<f32>;
/// This submission.
@group(0) @binding(7) var<uniform> run: Run;
/// This step.
@group(0) @binding(8) var<uniform> s: Step;

/// In place of a list: every row itself; the first row always. In a list: a zero.
const NONE = 0xffffffffu;
const FIRST = 0xfffffffeu;
/// Kinds of values of samples.
const STILL = 1u;
/// Kinds of shared numbers.
const POINT = 0u;
const SUM = 1u;
const GIVEN0 = 2u;
const GIVEN1 = 3u;
/// Kinds of places to write packed weights to: of a point, of all points.
const PACK = 5u;

/// Where a value of samples begins.
fn rows(kind: u32, row: u32, z: u32, g: u32) -> u32 {
    if (kind == STILL) {
        return g * run.still + row * run.quads;
    }
    return run.values + z * run.value + row * run.quads;
}

/// Where shared numbers begin.
fn place(kind: u32, at: u32, instance: u32, p: u32) -> u32 {
    if (kind == POINT) {
        return p * run.point + at;
    }
    if (kind == SUM) {
        return run.sums + instance * run.sum + at;
    }
    if (kind == PACK) {
        return 4u * (run.packs + p * run.pack) + at;
    }
    return at;
}

fn number(kind: u32, at: u32) -> f32 {
    if (kind < GIVEN0) {
        return numbers[at];
    }
    if (kind == GIVEN0) {
        return given0[at];
    }
    if (kind == GIVEN1) {
        return given1[at];
    }
    return given2[at];
}

/// The row that a list names.
fn listed(list: u32, row: u32) -> u32 {
    if (list == NONE) {
        return row;
    }
    if (list == FIRST) {
        return 0u;
    }
    return lists[list + row];
}

/// A row of a value of samples, or zeros.
fn value(base: u32, row: u32) -> vec4<f32> {
    if (row == NONE) {
        return vec4<f32>();
    }
    return values[base + row * run.quads];
}

/// Samples of a group.
fn count(g: u32) -> u32 {
    return min(run.samples, run.total - g * run.samples);
}

/// Zeros where a vector's samples are only padding: they may hold anything.
fn masked(v: vec4<f32>, i: u32, samples: u32) -> vec4<f32> {
    if (4u * i + 4u <= samples) {
        return v;
    }
    return select(vec4<f32>(), v, vec4<u32>(4u * i) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(samples));
}

/// By the bits: a comparison with itself may be taken for granted.
fn unknown(x: vec4<f32>) -> vec4<bool> {
    return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
}

/// min(x, y) that keeps what is no number.
fn smaller(x: vec4<f32>, y: vec4<f32>) -> vec4<f32> {
    return select(select(x, y, x > y), y, unknown(y));
}

/// max(x, 0) that keeps what is no number.
fn rectified(x: vec4<f32>) -> vec4<f32> {
    return select(x, vec4<f32>(), x < vec4<f32>());
}
