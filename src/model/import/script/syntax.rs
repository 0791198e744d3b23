//! The part of Python in which TorchScript archives keep their code, as a tree.
//!
//! It is what PyTorch's serialiser writes and no more: no operators but a minus sign, no nested functions.

use std::collections::HashMap;

/// One file of code.
#[derive(Debug, Default)]
pub struct Module {
    /// Its classes by name.
    pub classes: HashMap<String, Class>,
    /// Its functions by name.
    pub functions: HashMap<String, Function>,
}

/// A class: of modules, or of tuples with names.
#[derive(Debug, Default)]
pub struct Class {
    /// What it derives from: `Module`, `NamedTuple`.
    pub base: String,
    /// Attributes without values in the order they are declared, each with its type's text.
    pub fields: Vec<String>,
    /// Attributes that are fixed in the code.
    pub finals: Vec<(String, Expression)>,
    /// Names of the parameters among the attributes.
    pub parameters: Vec<String>,
    /// Methods by name.
    pub methods: HashMap<String, Function>,
}

/// A function or method.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its parameters, `self` among them, each with its default.
    pub parameters: Vec<(String, Option<Expression>)>,
    /// What it does.
    pub body: Vec<Statement>,
}

/// One statement.
#[derive(Debug)]
pub struct Statement {
    /// Its line in the file, from 1.
    pub line: usize,
    /// What it does.
    pub action: Action,
}

/// What a statement does.
#[derive(Debug)]
pub enum Action {
    /// `pass`.
    Pass,
    /// A value for its effect.
    Do(Expression),
    /// A name, an attribute or a tuple of names that gets a value.
    Assign(Expression, Expression),
    /// The end of a function.
    Return(Option<Expression>),
    /// One of two blocks.
    If(Expression, Vec<Statement>, Vec<Statement>),
    /// A block for every item.
    For(String, Expression, Vec<Statement>),
    /// A block as long as a condition holds.
    While(Expression, Vec<Statement>),
}

/// A value as it is written.
#[derive(Debug, Clone)]
pub enum Expression {
    /// `None`.
    None,
    /// `True`, `False`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A real number.
    Float(f64),
    /// Text.
    Text(String),
    /// A name.
    Name(String),
    /// `of.name`.
    Attribute(Box<Expression>, String),
    /// `of[index]`.
    Index(Box<Expression>, Box<Expression>),
    /// `function(arguments, name=named)`.
    Call(Box<Call>),
    /// `(a, b)` or `[a, b]`.
    List(Vec<Expression>, Brackets),
    /// `{a: b}`.
    Dict(Vec<(Expression, Expression)>),
    /// `-a`.
    Negative(Box<Expression>),
}

/// What stands around items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brackets {
    /// A tuple's.
    Round,
    /// A list's.
    Square,
}

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// What is called.
    pub function: Expression,
    /// What it is given in order.
    pub arguments: Vec<Expression>,
    /// What it is given by name.
    pub named: Vec<(String, Expression)>,
}

impl Expression {
    /// `a.b.c` as one text; nothing for anything else.
    pub fn dotted(&self) -> Option<String> {
        let mut parts = Vec::new();
        let mut at = self;
        loop {
            match at {
                Self::Name(name) => {
                    parts.push(name.as_str());
                    parts.reverse();
                    return Some(parts.join("."));
                }
                Self::Attribute(of, name) => {
                    parts.push(name.as_str());
                    at = of;
                }
                _ => return None,
            }
        }
    }
}
