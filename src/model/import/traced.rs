//! A network as an exporter wrote it down: operations in order over named values.
//!
//! It says what a file says and no more: no axis is the batch axis yet, and no operation is known.

use std::collections::HashMap;

/// A straight-line program without control flow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Traced {
    /// What wrote it, in words: "an exported program of PyTorch 2.9".
    pub source: String,
    /// What the network's caller gives, in order.
    pub inputs: Vec<Input>,
    /// Value names of parameters and buffers, each with the name of its tensor in a checkpoint.
    pub stored: HashMap<String, String>,
    /// Values that the file fixes and that are no tensors of a checkpoint: masks, positions, scales.
    pub constants: HashMap<String, Constant>,
    /// The operations in an order in which they can be computed.
    pub calls: Vec<Call>,
    /// Names of the values given back.
    pub outputs: Vec<String>,
    /// Shapes of values where the file has them, batch axis included; for checks.
    pub shapes: HashMap<String, Vec<usize>>,
}

/// An input of a [`Traced`].
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// The value's name.
    pub name: String,
    /// Extents with the batch axis, `None` where the exporter left one open.
    pub shape: Vec<Option<usize>>,
    /// What its numbers are.
    pub element: Element,
}

/// What numbers a value holds; widths don't matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// Real numbers.
    Float,
    /// Whole numbers: tokens, positions.
    Integer,
    /// Truth values: masks.
    Bool,
}

/// A tensor that the file fixes.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// Its extents.
    pub shape: Vec<usize>,
    /// What its numbers are.
    pub element: Element,
    /// Its numbers in row-major order, truth as 0 and 1.
    pub values: Vec<f64>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Its name without overload and in-place mark: `conv2d`, `add`, `scaled_dot_product_attention`.
    pub operation: String,
    /// What it reads, in the order of the operation's schema.
    pub positional: Vec<Argument>,
    /// What it reads by name.
    pub named: Vec<(String, Argument)>,
    /// Names of the values it makes, more than one for `split` and its like.
    pub outputs: Vec<String>,
    /// Path of the module that called it, empty at the top: `layer1.0.conv1`.
    pub module: String,
}

/// What an operation is given.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// Nothing, where something optional might stand.
    Absent,
    /// A value, by name.
    Value(String),
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A real number.
    Float(f64),
    /// A word: `mean`, `same`.
    Text(String),
    /// Several; shapes may mix numbers and values.
    List(Vec<Argument>),
}
