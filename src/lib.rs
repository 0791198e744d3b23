//! Losscope: see and measure the loss landscape of a trained neural network.
//!
//! The crate is a house of floors. A module uses its own floor and the ones below, never one above,
//! and no two files use each other in a circle; a test keeps that true.
//!
//! | floor | modules | what they do |
//! |---|---|---|
//! | 5 | [`app`], [`cli`] | the window and the terminal: the only places that know a user |
//! | 4 | [`render`], [`export`] | surfaces in space; figures and data files out |
//! | 3 | [`engine`], [`plot`] | jobs with progress, devices; colours, iso-lines and figures as pure geometry |
//! | 2 | [`landscape`], [`train`] | slices of parameter space, directions, surfaces, lines, distances; networks on their way |
//! | 1 | [`model`] | networks as data, lowered to primitives, differentiated and run |
//! | 0 | [`checkpoint`], [`dataset`] | bytes → named tensors; bytes → samples |
//! | ground | [`store`], [`error`] | arrays, their containers and files, with bounds; the one error type |
//!
//! # Where to start reading
//! * [`landscape::slice::Slice`] is the one idea under every picture: θ(c) = θ₀ + Σ cₖ dₖ.
//! * [`landscape::evaluate::Evaluator`] takes a slice and many coordinates and returns metrics.
//! * [`engine::run`] turns an [`engine::job::Job`] into an [`engine::result::Outcome`].
//!
//! # Words
//! | word | means |
//! |---|---|
//! | minimizer | a trained checkpoint; *small batch* and *large batch* as in Keskar et al. 2017 |
//! | θ(α) | the point between two minimizers, (1 − α) θ_small + α θ_large |
//! | slice, plane, line | an affine piece of parameter space, with two directions or one |
//! | split | training or validation samples |
//! | φ, ε | Keskar et al.'s sharpness, and how large a neighbourhood counts for it |
//! | job | what is to be computed: flags, recipe and part of every file's header at once |
//! | work, step | something that takes long, taken in short pieces that can be stopped between |
//! | outcome | the header and the numbers of a surface, a line or a trajectory |
//! | wish | everything the window wants to see; the newest one counts |
//! | snapshot | everything found so far, replaced as a whole |
//! | quantity, measure | a number at a point: trace, sharpness, noise |
//! | view, pane | what a tab shows, and its name in layouts and commands |
//! | artifact | what a result can become in a file: numbers and a picture |
//! | header, recipe | how a result was made, inside every file |
//!
//! # Features
//! `window` (on by default) is all of [`app`]; without it (`--no-default-features --features cli`) the
//! same crate is the command line alone, for machines that no one sits at.
//!
//! # What is absent
//! * Nothing above floor 3 sees a tensor: they see `f64` and plain structs.
//! * The mathematics does no IO and knows no clock, and where it shares samples out among cores their
//!   sums don't depend on who was first: the same input gives the same numbers.
//! * Nothing stored in a checkpoint is ever executed.

#[cfg(feature = "window")]
pub mod app;
pub mod checkpoint;
pub mod cli;
pub mod dataset;
pub mod engine;
pub mod error;
pub mod export;
pub mod landscape;
pub mod model;
pub mod plot;
pub mod render;
pub mod store;
pub mod train;
