//! What every kind of layer says of itself: all that the rest of the program knows of it.

use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::primitive::expression::Expression;
use crate::model::role::Role;
use crate::model::shape::given::{Given, Shape};

/// Stored tensors by name, and what each is to its layer.
pub type Tensors<'a> = Vec<(&'a str, Role)>;

/// One kind of layer.
pub trait Kind {
    /// The tensors it uses.
    fn tensors(&self) -> Tensors<'_> {
        Vec::new()
    }

    /// The shape of its output, without the batch axis.
    ///
    /// # Errors
    /// Says what doesn't fit, without the layer's name.
    fn shape(&self, given: &Given<'_>) -> Shape;

    /// Whether it is a linear function of its one input, without tensors.
    fn is_linear_map(&self) -> bool {
        false
    }

    /// Whether it lists the places of its values, of which there may only be so many. False for kinds that lay out
    /// nothing anew, however much they are given.
    fn lists(&self) -> bool {
        true
    }

    /// What it means in primitives. Inputs and `shape`, that of its output, have passed [`Kind::shape`].
    ///
    /// # Errors
    /// Where the tables of its positions would not fit.
    fn lower(&self, l: &mut Lowering<'_>, inputs: Vec<Value>, shape: &[usize]) -> Lower<Value>;
}

/// A layer that is a function of one number, element by element, without tensors.
pub trait Elementwise {
    /// The node of the function of the node `x`.
    fn of(&self, e: &mut Expression, x: usize) -> usize;

    /// Holds its numbers against what the function allows.
    ///
    /// # Errors
    /// Says what was found and what is expected, without the layer's name.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl<T: Elementwise> Kind for T {
    fn shape(&self, given: &Given<'_>) -> Shape {
        self.check()?;
        given.one().map(<[usize]>::to_vec)
    }

    fn lists(&self) -> bool {
        false
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, _: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let id = l.p.apply(x.id, |e, x| self.of(e, x));
        Ok(Value { id, ..x })
    }
}

/// A name's tensor without filters, if there is a name.
pub fn plain(name: Option<&String>) -> Option<(&str, Role)> {
    name.map(|name| (name.as_str(), Role::PLAIN))
}
