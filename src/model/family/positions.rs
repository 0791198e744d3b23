//! Positions of tokens, added to what tokens are: sinusoids that a file keeps beside its weights, or trained ones.
//!
//! There are often more of them than a sample has tokens; the first are used.

use super::attend::{self, signed};
use super::builder::Builder;
use super::order::join;
use crate::error::{Error, Result};
use crate::model::layers::{Parameter, Reshape, Shift, Slice};

/// Where the tokens' positions come from.
pub(super) enum Positions<'a> {
    /// The sinusoids of Vaswani et al. 2017, stored as `pe`.
    Sinusoids(&'a str),
    /// A trained tensor `[1, tokens, width]`.
    Trained(&'a str),
    /// A trained table `[tokens, width]`.
    Table(&'a str),
}

/// Appends the positions.
pub(super) fn place(
    builder: &mut Builder,
    positions: Option<&Positions>,
    width: usize,
    tokens: usize,
) -> Result<()> {
    let before = builder.last();
    match positions {
        None => builder.assume("Tokens have no positions: there is no tensor for them."),
        Some(Positions::Sinusoids(name)) => {
            let shape = builder.tensors.shape(name).unwrap_or_default();
            let longest = shape.iter().take(2).copied().max().unwrap_or(0);
            let expected = if shape.first() == Some(&1) {
                [Some(1), Some(longest), Some(width)]
            } else {
                [Some(longest), Some(1), Some(width)]
            };
            builder.tensors.take(name, &expected, "positions")?;
            enough(name, longest, tokens)?;
            builder.push(name, Parameter::fixed(*name));
            let shape = vec![signed(longest), signed(width)];
            builder.then(name, "flat", Reshape { shape });
            first_of(builder, name, tokens);
            attend::add(builder, &join(name, "add"), &before);
            builder.assume(format!(
                "{name} holds positions that aren't trained, such as the sinusoids of Vaswani et al. 2017."
            ));
        }
        Some(Positions::Trained(name)) => {
            let [_, longest, _] = builder.extents::<3>(name)?;
            builder
                .tensors
                .take(name, &[Some(1), Some(longest), Some(width)], "positions")?;
            enough(name, longest, tokens)?;
            if longest == tokens {
                builder.push(
                    name,
                    Shift {
                        weight: (*name).to_owned(),
                    },
                );
            } else {
                builder.push(name, Parameter::trained(*name));
                builder.then(
                    name,
                    "flat",
                    Reshape {
                        shape: vec![signed(longest), signed(width)],
                    },
                );
                first_of(builder, name, tokens);
                attend::add(builder, &join(name, "add"), &before);
            }
        }
        Some(Positions::Table(module)) => {
            let name = join(module, "weight");
            let [longest, _] = builder.extents::<2>(&name)?;
            builder
                .tensors
                .take(&name, &[Some(longest), Some(width)], "positions")?;
            enough(&name, longest, tokens)?;
            builder.push(module, Parameter::table(name));
            first_of(builder, module, tokens);
            attend::add(builder, &join(module, "add"), &before);
        }
    }
    Ok(())
}

/// Appends the first of the rows before.
fn first_of(builder: &mut Builder, name: &str, tokens: usize) {
    let (axis, start, end, step) = (1, 0, Some(tokens), 1);
    builder.then(
        name,
        "first",
        Slice {
            axis,
            start,
            end,
            step,
        },
    );
}

fn enough(name: &str, longest: usize, tokens: usize) -> Result<()> {
    if tokens <= longest {
        return Ok(());
    }
    Err(Error::Model(format!(
        "{name} has positions for {longest} tokens, but a sample has {tokens}"
    )))
}
