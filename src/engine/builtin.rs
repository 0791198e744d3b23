//! The digits experiment that ships with the program: two minimizers of a small MLP from one start.
//!
//! Both were trained on the built-in digits by plain SGD at learning rate 0.2 until the training loss
//! fell to 0.01: batches of 16 for 143 epochs, the last of them at a fiftieth of the rate, and batches
//! of 512 for 520. `assets/digits-mlp/make.py` made them; any of its first five seeds gives a pair
//! whose small-batch minimizer is the flatter one by every sharpness.

use crate::checkpoint::Checkpoint;
use crate::engine::job::{BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_SMALL};
use crate::error::Result;
use std::path::Path;

/// The built-in checkpoint called `path`, if it is one.
pub fn checkpoint(path: &Path, key: Option<&str>) -> Option<Result<Checkpoint>> {
    let bytes: &[u8] = match path.to_str()? {
        BUILTIN_SMALL => include_bytes!("../../assets/digits-mlp/small-batch.safetensors"),
        BUILTIN_LARGE => include_bytes!("../../assets/digits-mlp/large-batch.safetensors"),
        BUILTIN_INIT => include_bytes!("../../assets/digits-mlp/initial.safetensors"),
        _ => return None,
    };
    Some(Checkpoint::from_bytes(bytes.to_vec(), path, key))
}
