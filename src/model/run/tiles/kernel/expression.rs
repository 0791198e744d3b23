//! Element-wise expressions as WGSL.

use crate::model::primitive::expression::{Binary, Expression, Node, Unary};

/// Lines that compute `e`, and the name of its result; `argument` and `constant` say how those are read, as
/// vectors of four.
pub fn text(
    e: &Expression,
    argument: impl Fn(usize) -> String,
    mut constant: impl FnMut(f64) -> String,
) -> (String, String) {
    let mut lines = String::new();
    for (number, node) in e.nodes.iter().enumerate() {
        let right = match *node {
            Node::Argument(index) => argument(index),
            Node::Constant(bits) => {
                format!("vec4<f32>({})", constant(f64::from_bits(bits)))
            }
            Node::Unary(function, x) => unary(function, &format!("e{x}")),
            // A number differs from itself where it is none.
            Node::Binary(Binary::Equal, x, y) if x == y => {
                format!("as_number(!unknown(e{x}))")
            }
            Node::Binary(function, x, y) => binary(function, &format!("e{x}"), &format!("e{y}")),
        };
        lines.push_str(&format!("            let e{number} = {right};\n"));
    }
    (lines, format!("e{}", e.root))
}

fn unary(function: Unary, x: &str) -> String {
    match function {
        Unary::Neg => format!("-{x}"),
        Unary::Exp => format!("exp({x})"),
        Unary::Ln => format!("log({x})"),
        Unary::Ln1p => format!("ln1p({x})"),
        Unary::Tanh => format!("hyperbolic({x})"),
        Unary::Erf => format!("error({x})"),
        Unary::Sin => format!("wave({x}, 0u)"),
        Unary::Cos => format!("wave({x}, 1u)"),
        Unary::Sqrt => format!("sqrt({x})"),
        Unary::Recip => format!("1.0 / {x}"),
        Unary::Step => format!("as_number({x} > vec4<f32>())"),
        Unary::Relu => format!("rectified({x})"),
    }
}

fn binary(function: Binary, x: &str, y: &str) -> String {
    match function {
        Binary::Add => format!("{x} + {y}"),
        Binary::Sub => format!("{x} - {y}"),
        Binary::Mul => format!("{x} * {y}"),
        Binary::Least => format!("smaller({x}, {y})"),
        Binary::Greater => format!("as_number({x} > {y})"),
        Binary::Equal => format!("as_number({x} == {y})"),
        Binary::Where => format!("select({y}, vec4<f32>(), {x} == vec4<f32>())"),
    }
}
