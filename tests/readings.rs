//! Which of the networks that fit a checkpoint it is: decided right, or asked, never wrong.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

/// Files that were read as another network, each with the value that PyTorch gives in double precision.
#[path = "readings/cases.rs"]
mod cases;
/// Networks drawn afresh, to count on.
#[path = "readings/drawn.rs"]
mod drawn;
/// What a reading says of itself: keys, choices, names that contradict it.
#[path = "readings/keys.rs"]
mod keys;
/// Random small networks that differ in what tensors don't tell.
#[path = "readings/random.rs"]
mod random;
/// Small networks that PyTorch has trained a little.
#[path = "readings/trained.rs"]
mod trained;
