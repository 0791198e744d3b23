//! Files as people call them: by their own names, told apart by their folders where two are equal,
//! and in words where they are built in.
//!
//! Figures, captions and cards take their words from here, so that one file is never called two ways.
//! It opens nothing: a name is made from the path alone.

use crate::engine::job::{BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_RUN, BUILTIN_SMALL, Directions};
use crate::plot::number::format_value;
use std::path::{Component, Path, PathBuf};

/// What is built in, and what people call it.
const BUILTIN: [(&str, &str); 4] = [
    (BUILTIN_SMALL, "built-in digits, batches of 16"),
    (BUILTIN_LARGE, "built-in digits, batches of 512"),
    (BUILTIN_INIT, "built-in digits, before training"),
    (BUILTIN_RUN, "built-in digits, the run with batches of 16"),
];

/// A file's or folder's own name; words for what is built in.
pub fn name(path: &Path) -> String {
    tail(path, 1)
}

/// The whole path; words for what is built in.
pub fn place(path: &Path) -> String {
    builtin(path).unwrap_or_else(|| plain(&path.to_string_lossy()))
}

/// The name of each; files of one name have as many of their folders before it as tell them apart.
pub fn distinct(paths: &[PathBuf]) -> Vec<String> {
    let deepest = paths.iter().map(|p| parts(p).len()).max().unwrap_or(0);
    let mut depths = vec![1; paths.len()];
    for _ in 1..deepest {
        let names: Vec<String> = paths
            .iter()
            .zip(&depths)
            .map(|(p, d)| tail(p, *d))
            .collect();
        let clashes = |i: usize| {
            let same = |j: usize| names[i] == names[j] && paths[i] != paths[j];
            (0..paths.len()).any(same)
        };
        let clashing: Vec<usize> = (0..paths.len()).filter(|i| clashes(*i)).collect();
        if clashing.is_empty() {
            break;
        }
        for i in clashing {
            depths[i] += 1;
        }
    }
    paths
        .iter()
        .zip(&depths)
        .map(|(p, d)| tail(p, *d))
        .collect()
}

/// Where the directions of a plane come from; what their `Display` writes is for the command line.
pub fn directions(directions: &Directions) -> String {
    let files = || distinct(&directions.files()).join(" and ");
    match directions {
        Directions::Random => "two Gaussian draws".into(),
        Directions::Hessian => "eigenvectors of the Hessian".into(),
        Directions::Worst(epsilon) => format!(
            "towards the worst point of the box of ε = {}",
            format_value(*epsilon)
        ),
        Directions::Files(_) => format!("stored in {}", files()),
        Directions::Three(..) => format!("through {}", files()),
        Directions::Pca(_) => format!("PCA of the checkpoints in {}", files()),
    }
}

fn builtin(path: &Path) -> Option<String> {
    let known = BUILTIN.iter().find(|(key, _)| Path::new(key) == path);
    known.map(|(_, words)| (*words).to_owned())
}

/// The last `depth` parts of a path, as text.
fn tail(path: &Path, depth: usize) -> String {
    if let Some(words) = builtin(path) {
        return words;
    }
    let parts = parts(path);
    if parts.is_empty() {
        return plain(&path.to_string_lossy());
    }
    parts[parts.len().saturating_sub(depth)..].join("/")
}

/// The names along a path, without its root and without dots.
fn parts(path: &Path) -> Vec<String> {
    let name = |part: Component<'_>| match part {
        Component::Normal(name) => Some(plain(&name.to_string_lossy())),
        _ => None,
    };
    path.components().filter_map(name).collect()
}

/// Text that a page, a table and a terminal can hold: control characters are shown as unknown ones.
fn plain(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(paths: &[&str], expected: &[&str]) {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        assert_eq!(distinct(&paths), expected);
    }

    #[test]
    fn files_of_one_name_are_told_apart_by_their_folders() {
        check(&["/r/small/a.pt", "/r/large/b.pt"], &["a.pt", "b.pt"]);
        check(
            &["/r/small/model.pt", "/r/large/model.pt", "x.pt"],
            &["small/model.pt", "large/model.pt", "x.pt"],
        );
        check(
            &["/r/1/out/model.pt", "/r/2/out/model.pt"],
            &["1/out/model.pt", "2/out/model.pt"],
        );
        check(&["model.pt", "b/model.pt"], &["model.pt", "b/model.pt"]);
        // The same file twice has one name, and the search for another ends.
        check(&["/r/a.pt", "/r/a.pt"], &["a.pt", "a.pt"]);
        check(&["/", "..", ""], &["/", "..", ""]);
    }

    #[test]
    fn what_is_built_in_has_words() {
        check(
            &[BUILTIN_SMALL, BUILTIN_LARGE],
            &[
                "built-in digits, batches of 16",
                "built-in digits, batches of 512",
            ],
        );
        assert_eq!(place(Path::new("/r/a\u{1b}.pt")), "/r/a\u{fffd}.pt");
    }

    #[test]
    fn people_read_of_directions_in_words() {
        for (text, words) in [
            (
                "worst:0.001",
                "towards the worst point of the box of ε = 0.001",
            ),
            ("pca:/data/runs/1", "PCA of the checkpoints in 1"),
            ("three:a/m.pt,b/m.pt", "through a/m.pt and b/m.pt"),
            ("/data/x.h5,/data/y.h5", "stored in x.h5 and y.h5"),
        ] {
            assert_eq!(directions(&text.parse().unwrap()), words);
        }
    }
}
