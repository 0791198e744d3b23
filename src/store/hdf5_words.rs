//! The words that hang on the groups of an HDF5 file: attributes of text, which libraries describe their
//! networks in.
//!
//! Only groups near the top are looked at, and only so much text is taken; what the words mean is the
//! reader's business.

use super::Parsed;
use super::bytes::Bytes;
use super::hdf5::{apart, damaged, open};
use hdf5_pure::Group;
use std::collections::HashMap;
use std::sync::Arc;

const DEEPEST: usize = 8;
const MOST_GROUPS: usize = 1 << 14;
/// Bytes of text that all attributes together may have.
const MOST_BYTES: usize = 64 << 20;

/// The attributes of text of one group, by name; a single text is a list of one.
pub type Words = HashMap<String, Vec<String>>;

/// The attributes of text of the groups of a file, by their paths; the root's is empty.
///
/// # Errors
/// Where the structures are damaged, or there is more text than any library writes.
pub fn words(bytes: Arc<Bytes>) -> Parsed<HashMap<String, Words>> {
    apart(|| {
        let file = open(bytes)?;
        let mut found = HashMap::new();
        let mut taken = 0;
        group(&file.root(), "", 0, &mut taken, &mut found)?;
        Ok(found)
    })
}

fn group(
    of: &Group,
    path: &str,
    depth: usize,
    taken: &mut usize,
    found: &mut HashMap<String, Words>,
) -> Parsed<()> {
    if depth > DEEPEST || found.len() >= MOST_GROUPS {
        return Ok(());
    }
    let mut words = Words::new();
    // An attribute that the library can't read is no text of ours.
    for (name, value) in of.attrs().unwrap_or_default() {
        let texts = match (value.as_str(), value.as_strings()) {
            (Some(text), _) => vec![text.to_owned()],
            (None, Some(texts)) => texts.to_vec(),
            (None, None) => continue,
        };
        *taken += texts.iter().map(String::len).sum::<usize>() + name.len();
        if *taken > MOST_BYTES {
            return Err(format!("more than {} MiB of attributes", MOST_BYTES >> 20));
        }
        words.insert(name, texts);
    }
    found.insert(path.to_owned(), words);
    for (name, child) in of.iter_groups().map_err(|e| damaged(&e))? {
        let inside = if path.is_empty() {
            name
        } else {
            format!("{path}/{name}")
        };
        *taken += inside.len();
        group(&child, &inside, depth + 1, taken, found)?;
    }
    Ok(())
}
