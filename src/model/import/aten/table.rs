//! The list of operations that can be read, each by its name in PyTorch.

use super::arguments::Arguments;
use super::builder::Builder;
use super::value::{Outcome, Value};
use crate::model::layers::Layer;

/// How a call becomes values.
#[derive(Clone, Copy)]
pub enum Reading {
    /// By a function of its own, which gives as many values as the call has outputs.
    Call(fn(&mut Builder<'_>, &Arguments<'_>) -> Outcome<Vec<Value>>),
    /// As one function of one number.
    Function {
        /// Of a known number.
        known: Option<fn(f64) -> f64>,
        /// As a layer.
        layer: fn(&Arguments<'_>) -> Outcome<Layer>,
    },
}

/// An operation's name and how it is read.
pub type Entry = (&'static str, Reading);
