//! Weights times what every position sees, some channels a thread.

use super::super::lists::Pairs;
use super::super::place::Place;
use super::rows::After;
use super::{Axis, Fields, Grid, Launch};

const TEMPLATE: &str = include_str!("../../../../../shaders/compute/product.wgsl");
/// Channels of the values a round.
const UNROLL: usize = 4;

/// The channels of one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Channels that share nothing with each other.
    pub groups: usize,
    /// Channels of the result, a group.
    pub outputs: usize,
    /// Channels of the values, a group.
    pub inputs: usize,
    /// Weights a pair of channels.
    pub taps: usize,
}

impl Shape {
    /// Channels a thread sums.
    pub fn tile(self) -> usize {
        if self.outputs > 8 { 16 } else { 8 }
    }

    /// Tiles a group.
    pub fn tiles(self) -> usize {
        self.outputs.div_ceil(self.tile())
    }

    /// Packed weights, as vectors of four.
    pub fn packed(self) -> usize {
        self.groups * self.tiles() * self.taps * self.inputs * self.tile() / 4
    }
}

/// What a product reads and writes.
#[derive(Debug, Clone, Copy)]
pub struct Product {
    /// Channels.
    pub shape: Shape,
    /// Positions of the result.
    pub positions: usize,
    /// What each of them sees.
    pub seen: Pairs,
    /// Packed weights: the first vector, and whether every point has its own.
    pub packed: (usize, bool),
    /// Values.
    pub x: Place,
    /// The result.
    pub y: Place,
    /// What is done with the sums.
    pub after: After,
}

impl Product {
    /// The kernel.
    pub fn launch(&self) -> Launch {
        let shape = self.shape;
        let (tile, vectors) = (shape.tile(), shape.tile() / 4);
        let mut fields = Fields::default();
        let tiles = shape.groups * shape.tiles();
        for (name, word) in [
            ("wide", shape.tiles()),
            ("packed", self.packed.0),
            ("moves", usize::from(self.packed.1)),
            ("taps", shape.taps),
            ("cin", shape.inputs),
            ("cout", shape.outputs),
            ("across", shape.groups * shape.inputs),
            ("outs", shape.groups * shape.outputs),
            ("positions", self.positions),
            ("hits", self.seen.starts),
            ("pairs", self.seen.entries),
            ("relu", usize::from(self.after.relu)),
        ] {
            fields.named(name, word);
        }
        fields.place("x", self.x);
        fields.place("y", self.y);
        let each = |f: &dyn Fn(usize) -> String| -> String { (0..tile).map(f).collect() };
        let clear = each(&|m| format!("        var c{m} = vec4<f32>();\n"));
        let round = |indent: &str| -> String {
            let mut text = format!("{indent}{{\n{indent}    let v = values[b];\n");
            for m in 0..vectors {
                text.push_str(&format!("{indent}    let w{m} = packs[a + {m}u];\n"));
            }
            for m in 0..tile {
                text.push_str(&format!(
                    "{indent}    c{m} = fma(vec4<f32>(w{}[{}]), v, c{m});\n",
                    m / 4,
                    m % 4
                ));
            }
            text.push_str(&format!(
                "{indent}    a += {vectors}u;\n{indent}    b += run.quads;\n{indent}}}\n"
            ));
            text
        };
        let mut before = String::new();
        let mut more = String::new();
        if let Some(bias) = self.after.bias {
            fields.place("bias", bias);
            before.push_str("        let bias = place(s.bias_kind, s.bias, instance, p) + group * s.cout + channel;\n");
            more.push_str(" + vec4<f32>(number(s.bias_kind, bias + $Mu))");
        }
        if let Some(rows) = self.after.rows {
            fields.place("r", rows);
            before.push_str("        let r = rows(s.r_kind, s.r, z, g) + i;\n");
            more.push_str(" + values[r + (row + $Mu) * run.quads]");
        }
        let store = each(&|m| {
            let sum = format!("c{m}{}", more.replace("$M", &m.to_string()));
            format!(
                "        if (channel + {m}u < s.cout) {{
            let v = {sum};
            values[y + (row + {m}u) * run.quads] = select(v, rectified(v), s.relu != 0u);
        }}\n"
            )
        });
        let holes = [
            ("TILE", tile.to_string()),
            ("VECTORS", vectors.to_string()),
            ("UNROLL", UNROLL.to_string()),
            ("CLEAR", clear),
            ("ROUNDS", round("                ").repeat(UNROLL)),
            ("ROUND", round("                ")),
            ("STORE", before + &store),
        ];
        let grid = Grid {
            x: tiles,
            y: self.positions,
            by_samples: Some(Axis::Y),
        };
        fields.launch(TEMPLATE, &holes, grid)
    }
}
