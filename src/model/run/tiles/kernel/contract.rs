//! Products of matrices that both belong to the sample.

use super::super::place::Place;
use super::{Fields, Grid, Launch};
use crate::model::primitive::Slot;

const TEMPLATE: &str = include_str!("../../../../../shaders/compute/contract.wgsl");
/// Numbers a side of what a thread makes.
const SIDE: usize = 4;

/// Σ y[b, m, n] a[b, m, k] b[b, k, n], `out` being the result of the other two.
pub fn contract(
    [batch, m, k, n]: [usize; 4],
    out: Slot,
    [first, second]: [Place; 2],
    result: Place,
) -> Launch {
    // y = a b, a = y bᵀ, b = aᵀ y; strides by row of the result, by what is summed, and by column.
    let ([rows, depth, columns], [a, b], [a_row, a_depth], [b_depth, b_column]) = match out {
        Slot::Y => ([m, k, n], [first, second], [k, 1], [n, 1]),
        Slot::A => ([m, n, k], [first, second], [n, 1], [1, n]),
        Slot::B => ([k, m, n], [second, first], [1, k], [n, 1]),
    };
    let (m_tiles, n_tiles) = (rows.div_ceil(SIDE), columns.div_ceil(SIDE));
    let tiles = batch * m_tiles * n_tiles;
    let mut fields = Fields::default();
    for (name, word) in [
        ("tiles", tiles),
        ("m_tiles", m_tiles),
        ("n_tiles", n_tiles),
        ("m", rows),
        ("k", depth),
        ("n", columns),
        ("a_size", rows * depth),
        ("b_size", depth * columns),
        ("a_row", a_row),
        ("a_depth", a_depth),
        ("b_depth", b_depth),
        ("b_column", b_column),
    ] {
        fields.named(name, word);
    }
    fields.place("a", a);
    fields.place("b", b);
    fields.place("y", result);
    let pair = |f: &dyn Fn(usize, usize) -> String| -> String {
        (0..SIDE * SIDE).map(|n| f(n / SIDE, n % SIDE)).collect()
    };
    let clear = pair(&|i, j| format!("        var c{i}_{j} = vec4<f32>();\n"));
    let mut round = String::new();
    for l in 0..SIDE {
        // Beyond the last the last is read again, and not stored.
        round.push_str(&format!(
            "            let a{l} = value(a, from_a + min(m0 + {l}u, s.m - 1u) * s.a_row + k * s.a_depth);\n            let b{l} = value(b, from_b + k * s.b_depth + min(n0 + {l}u, s.n - 1u) * s.b_column);\n"
        ));
    }
    round.push_str(&pair(&|i, j| {
        format!("            c{i}_{j} = fma(a{i}, b{j}, c{i}_{j});\n")
    }));
    let store = pair(&|i, j| {
        format!(
            "        if (m0 + {i}u < s.m && n0 + {j}u < s.n) {{\n            values[y + (row + (m0 + {i}u) * s.n + n0 + {j}u) * run.quads] = c{i}_{j};\n        }}\n"
        )
    });
    let holes = [("CLEAR", clear), ("ROUND", round), ("STORE", store)];
    fields.launch(TEMPLATE, &holes, Grid::rows(tiles))
}
