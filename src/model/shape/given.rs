//! What a layer is given: its inputs' shapes and those of tensors, and the questions all layers ask of them.
//!
//! Shapes leave the batch axis out; a graph's axis numbers count it as axis 0.

/// A shape, or what doesn't fit.
pub type Shape = Result<Vec<usize>, String>;

/// The shapes that one layer meets.
pub struct Given<'a> {
    /// Of its inputs, at least one.
    pub inputs: &'a [&'a [usize]],
    /// Of a named tensor.
    pub tensors: &'a dyn Fn(&str) -> Option<&'a [usize]>,
}

impl<'a> Given<'a> {
    /// The only input.
    ///
    /// # Errors
    /// Where there are several.
    pub fn one(&self) -> Result<&'a [usize], String> {
        match self.inputs {
            [x] => Ok(*x),
            _ => Err(self.refused()),
        }
    }

    /// That the number of inputs isn't one that the layer takes.
    pub fn refused(&self) -> String {
        format!(
            "has {} inputs, which this kind of layer can't take",
            self.inputs.len()
        )
    }

    /// The shape of a tensor.
    ///
    /// # Errors
    /// Where there is none of this name.
    pub fn tensor(&self, name: &str) -> Result<&'a [usize], String> {
        (self.tensors)(name)
            .ok_or_else(|| format!("needs the tensor {name:?}, which the checkpoint lacks"))
    }

    /// Holds a tensor's shape against the one it must have.
    ///
    /// # Errors
    /// Names both.
    pub fn expect(&self, name: &str, expected: &[usize]) -> Result<(), String> {
        let shape = self.tensor(name)?;
        if shape == expected {
            Ok(())
        } else {
            Err(format!(
                "{name:?} has shape {shape:?}, expected {expected:?}"
            ))
        }
    }

    /// As [`Given::expect`], where the tensor is named at all.
    ///
    /// # Errors
    /// Names both shapes.
    pub fn expect_if(&self, name: Option<&String>, expected: &[usize]) -> Result<(), String> {
        name.map_or(Ok(()), |name| self.expect(name, expected))
    }
}

/// How many entries a shape has; `None` where no number holds it.
pub fn product(extents: &[usize]) -> Option<usize> {
    extents.iter().try_fold(1_usize, |n, &d| n.checked_mul(d))
}

/// The number of channels, where an input has as many axes as it must.
///
/// # Errors
/// Says which axes are needed.
pub fn channels(x: &[usize], rank: Option<usize>) -> Result<usize, String> {
    match (x.first(), rank) {
        (Some(&c), None) => Ok(c),
        (Some(&c), Some(rank)) if x.len() == rank => Ok(c),
        (_, rank) => Err(format!(
            "was given {x:?}, but needs {}",
            match rank {
                Some(2) => "[channels, length]",
                Some(3) => "[channels, height, width]",
                Some(4) => "[channels, depth, height, width]",
                _ => "a channel axis",
            }
        )),
    }
}

/// The place in `x` of an axis that counts the batch as axis 0.
///
/// # Errors
/// Where there is no such axis, or it is the batch.
pub fn axis(x: &[usize], axis: usize) -> Result<usize, String> {
    axis.checked_sub(1).filter(|&a| a < x.len()).ok_or_else(|| {
        format!(
            "axis {axis} isn't one of the {} axes after the batch of {x:?}",
            x.len()
        )
    })
}

/// The places in `x` of some axes, in ascending order.
///
/// # Errors
/// Where one isn't there, or is named twice, or none is named.
pub fn axes(x: &[usize], axes: &[usize]) -> Result<Vec<usize>, String> {
    let mut places = axes
        .iter()
        .map(|&a| axis(x, a))
        .collect::<Result<Vec<usize>, String>>()?;
    places.sort_unstable();
    if places.is_empty() || places.windows(2).any(|w| w[0] == w[1]) {
        return Err(format!(
            "names the axes {axes:?}, expected one or more different ones"
        ));
    }
    Ok(places)
}

/// The shape that stays when axes are reduced: ones where they are kept.
///
/// # Errors
/// As [`axes`].
pub fn reduced(x: &[usize], named: &[usize], keep: bool) -> Shape {
    let places = axes(x, named)?;
    let mut y = x.to_vec();
    for place in places.iter().rev() {
        if keep {
            y[*place] = 1;
        } else {
            y.remove(*place);
        }
    }
    Ok(y)
}
