//! Sums over samples: of values, of products of values, of rows by number; and over submissions.

use super::super::lists::Pairs;
use super::super::place::Place;
use super::{Fields, Grid, Launch, MOST_GROUPS, THREADS};

const OUTER: &str = include_str!("../../../../../shaders/compute/outer.wgsl");
const SUM: &str = include_str!("../../../../../shaders/compute/sum.wgsl");
const SCATTER: &str = include_str!("../../../../../shaders/compute/scatter.wgsl");
const ACCUMULATE: &str = include_str!("../../../../../shaders/compute/accumulate.wgsl");
/// Weights a side of what a workgroup makes.
const SIDE: usize = 4;

/// Slopes of weights from slopes `y` and values `x`, by what each tap sees.
pub fn outer(
    [y, x]: [Place; 2],
    seen: Pairs,
    [groups, outputs, inputs, taps]: [usize; 4],
    out: Place,
) -> Launch {
    let mut fields = Fields::default();
    let (o_tiles, c_tiles) = (outputs.div_ceil(SIDE), inputs.div_ceil(SIDE));
    let tiles = groups * taps * o_tiles * c_tiles;
    for (name, word) in [
        ("tiles", tiles),
        ("groups", groups),
        ("outputs", outputs),
        ("inputs", inputs),
        ("taps", taps),
        ("o_tiles", o_tiles),
        ("c_tiles", c_tiles),
        ("hits", seen.starts),
        ("pairs", seen.entries),
    ] {
        fields.named(name, word);
    }
    fields.place("y", y);
    fields.place("x", x);
    fields.place("out", out);
    let pair = |f: &dyn Fn(usize, usize) -> String| -> String {
        (0..SIDE * SIDE).map(|n| f(n / SIDE, n % SIDE)).collect()
    };
    let clear = pair(&|o, c| format!("    var a{o}_{c} = vec4<f32>();\n"));
    let mut round = String::new();
    for k in 0..SIDE {
        // Beyond the last channel the last is read again, and not stored.
        round.push_str(&format!(
            "            let y{k} = masked(values[yr + min(o0 + {k}u, s.outputs - 1u) * run.quads + i], i, samples);\n            let x{k} = masked(values[xr + min(c0 + {k}u, s.inputs - 1u) * run.quads + i], i, samples);\n"
        ));
    }
    round.push_str(&pair(&|o, c| {
        format!("            a{o}_{c} = fma(y{o}, x{c}, a{o}_{c});\n")
    }));
    let parts = pair(&|o, c| {
        let (n, a) = (o * SIDE + c, format!("a{o}_{c}"));
        format!("    parts[16u * t + {n}u] = ({a}.x + {a}.y) + ({a}.z + {a}.w);\n")
    });
    let holes = [("CLEAR", clear), ("ROUND", round), ("PARTS", parts)];
    let x = tiles.clamp(1, MOST_GROUPS);
    let grid = Grid {
        x,
        y: tiles.div_ceil(x),
        by_samples: None,
    };
    fields.launch(OUTER, &holes, grid)
}

/// Sums of `x` over samples and axes.
pub fn sum(
    x: Place,
    (bases, steps, many): (usize, usize, usize),
    out: Place,
    rows: usize,
) -> Launch {
    let mut fields = Fields::default();
    for (name, word) in [
        ("rows", rows),
        ("bases", bases),
        ("steps", steps),
        ("many", many),
    ] {
        fields.named(name, word);
    }
    fields.place("x", x);
    fields.place("out", out);
    fields.launch(SUM, &[], Grid::numbers(rows))
}

/// Rows of `x` added up by the samples' `numbers` into a table.
pub fn scatter(
    x: Place,
    numbers: Place,
    [entries, width, positions]: [usize; 3],
    out: Place,
) -> Launch {
    let mut fields = Fields::default();
    for (name, word) in [
        ("entries", entries),
        ("width", width),
        ("positions", positions),
    ] {
        fields.named(name, word);
    }
    fields.place("x", x);
    fields.place("i", numbers);
    fields.place("out", out);
    fields.launch(SCATTER, &[], Grid::numbers(entries))
}

/// The first `many` sums of every point added up over groups and submissions.
pub fn accumulate(many: usize) -> Launch {
    let mut fields = Fields::default();
    fields.named("many", many);
    let groups = many.div_ceil(THREADS).clamp(1, MOST_GROUPS);
    fields.launch(ACCUMULATE, &[], Grid::numbers(groups))
}
