//! Single numbers that a training loop kept as tensors beside the weights: `best_acc1` as the sum of a batch gave it.
//!
//! They are no part of the network; what they say of it stands with the plain numbers in [`Told`].

use super::select::Found;
use super::tensors::{Described, described};
use crate::checkpoint::pickle::Pickle;
use crate::checkpoint::told::Told;
use crate::store::Parsed;
use crate::store::container::{Container, read_one};
use crate::store::limits::Allowance;

/// What the pickle says of the chosen tensors, and after them of the numbers beside; gives how many are chosen, too.
///
/// # Errors
/// Names the chosen tensor at fault.
pub fn with_numbers(
    pickle: &Pickle,
    found: &mut Found,
) -> Parsed<(Vec<(String, Described)>, usize)> {
    let mut all = described(pickle, std::mem::take(&mut found.entries))?;
    let chosen = all.len();
    for one in std::mem::take(&mut found.beside) {
        // What isn't read here was of no use before either.
        let own = described(pickle, vec![one]).unwrap_or_default();
        all.extend(own.into_iter().filter(|(_, tensor)| is_number(tensor)));
    }
    Ok((all, chosen))
}

fn is_number(tensor: &Described) -> bool {
    match tensor {
        Described::Dense(tensor) => tensor.view.shape.iter().all(|&n| n == 1),
        Described::Listed { .. } => false,
    }
}

/// Takes the numbers after the first `chosen` tensors out of the container.
///
/// # Errors
/// Names the one that is damaged.
pub fn take_numbers(container: &mut Container, chosen: usize, told: &mut Told) -> Parsed<()> {
    let mut allowance = Allowance::for_file(1);
    for (index, entry) in container.entries.iter().enumerate().skip(chosen) {
        let array = read_one(&*container.arrays, index, entry, &mut allowance)?;
        let number = array.to_f64().first().copied();
        told.numbers
            .extend(number.map(|number| (entry.name.clone(), number)));
    }
    container.entries.truncate(chosen);
    Ok(())
}
