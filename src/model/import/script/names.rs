//! Names in a function of the code.

use super::syntax::Expression;
use super::value::Value;
use std::collections::HashMap;

/// The names of one function while it runs.
pub struct Frame {
    /// Their values.
    pub names: HashMap<String, Value>,
    /// The file that the function stands in.
    pub file: String,
}

/// `a.b.c` where `a` is no local name: an operation, a constant, or something of the code.
pub fn global(expression: &Expression, frame: &Frame) -> Option<String> {
    let dotted = expression.dotted()?;
    let (root, _) = dotted.split_once('.')?;
    (!frame.names.contains_key(root)).then_some(dotted)
}
