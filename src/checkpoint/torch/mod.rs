//! What `torch.save`, `torch.jit.save` and `torch.export.save` write.
//!
//! All of them keep the numbers as plain bytes ("storages") beside a description of the tensors: a
//! pickle, or JSON in exported programs. The description is read as inert values, the tensors that
//! make the state dict are chosen, and only their storages are decoded, when they are asked for.
//! Python is never run and no class is ever looked up; optimizers and other content are skipped unread.

mod archive;
mod attributes;
mod beside;
mod every;
mod exported;
mod inner;
mod legacy;
pub mod script;
mod select;
mod storages;
mod tar;
mod tensors;
#[cfg(test)]
mod tests;
mod tree;

pub use archive::{archive_folder, read_archive};
pub use every::{Every, every_tensor};
pub use exported::{Program, is_exported, open_program, read_exported};
pub use legacy::{legacy_start, read_legacy};
pub use tar::{is_tar, read_tar};
