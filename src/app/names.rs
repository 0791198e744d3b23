//! How files are called in the window.

use crate::engine::job::{BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_RUN, BUILTIN_SMALL};
use crate::engine::names;
use std::path::{Path, PathBuf};

/// A file's own name; the built-in ones have words.
pub fn name_of(path: &Path) -> String {
    names_of(&[path]).concat()
}

/// The names of files that are seen beside each other, told apart where two have the same.
pub fn names_of(paths: &[&Path]) -> Vec<String> {
    let owned: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
    let names = names::distinct(&owned);
    let name = |(path, name): (&&Path, String)| match path.to_str() {
        Some(BUILTIN_SMALL) => "digits, batches of 16".into(),
        Some(BUILTIN_LARGE) => "digits, batches of 512".into(),
        Some(BUILTIN_INIT) => "digits, before training".into(),
        Some(BUILTIN_RUN) => "digits, the run with batches of 16".into(),
        _ if name.is_empty() => path.display().to_string(),
        _ => name,
    };
    paths.iter().zip(names).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_checkpoints_have_words_and_files_their_names() {
        let paths = [BUILTIN_SMALL, "a/model.pt", "b/model.pt"].map(Path::new);
        assert_eq!(
            names_of(&paths),
            ["digits, batches of 16", "a/model.pt", "b/model.pt"]
        );
        assert_eq!(name_of(Path::new("/x/a/model.pt")), "model.pt");
    }
}
