//! A network as an exporter wrote it down: operations in order over named values.
//!
//! It says what a file says and no more: no axis is the batch axis yet, and no operation is known.

use std::collections::HashMap;

/// The extent that stands for a batch axis left open: a prime that no network has as an extent of its own. Extents
/// computed from it (`49 · batch`) are whole multiples.
pub const OPEN: usize = 65_537;

/// A straight-line program without control flow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Traced {
    /// What the network is called, the class of its outermost module; empty where the file doesn't say.
    pub name: String,
    /// What the reader had to assume, or a person should know of the file, a sentence each.
    pub notes: Vec<String>,
    /// What wrote it, in words: "an exported program of PyTorch 2.9".
    pub source: String,
    /// What the network's caller gives, in order.
    pub inputs: Vec<Input>,
    /// Value names of parameters and buffers, each with the name of its tensor in a checkpoint. Their shapes stand in
    /// [`Traced::shapes`].
    pub stored: HashMap<String, String>,
    /// Values that the file fixes: masks, positions, scales. A name that is in [`Traced::stored`] too is a buffer, which
    /// isn't trained: its numbers here serve where an operation must know them, to choose or to compare.
    pub constants: HashMap<String, Constant>,
    /// The operations in an order in which they can be computed.
    pub calls: Vec<Call>,
    /// Names of the values given back.
    pub outputs: Vec<String>,
    /// Shapes of values where the file has them, batch axis included; for checks, and for what is stored. An open
    /// batch axis counts [`OPEN`].
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
    /// Its name without namespace and overload: `conv2d`, `add`, `scaled_dot_product_attention`.
    /// Arithmetic of whole numbers between them has Python's names: `add`, `sub`, `mul`, `floordiv`, `neg`, and
    /// `sym_size` is the extent of an axis. A name that ends in `_` (`relu_`, `fill_`) writes over its first argument:
    /// whoever reads that name later, or another view of the same numbers, meets what was written. A reader that has
    /// renamed all later uses itself leaves the mark out.
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
