//! Short names of files, long enough to tell them apart.

use std::path::{Component, Path};

/// A name for every path: its last part, and as many of those before it as it takes to tell it from
/// the others. Equal paths have equal names.
pub fn told_apart(paths: &[&Path]) -> Vec<String> {
    let parts: Vec<Vec<String>> = paths.iter().map(|path| parts_of(path)).collect();
    let name = |own: &Vec<String>| {
        let ending = |parts: &Vec<String>, length: usize| {
            parts[parts.len().saturating_sub(length)..].to_vec()
        };
        let is_alone = |length: &usize| {
            let end = ending(own, *length);
            parts
                .iter()
                .all(|other| other == own || ending(other, *length) != end)
        };
        let length = (1..=own.len().max(1)).find(is_alone).unwrap_or(own.len());
        ending(own, length).join("/")
    };
    parts.iter().map(name).collect()
}

fn parts_of(path: &Path) -> Vec<String> {
    let part = |c: Component<'_>| match c {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        Component::ParentDir => Some("..".to_owned()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    };
    path.components().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_of_one_name_are_told_apart_by_their_folders() {
        let names = |paths: &[&str]| {
            let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
            told_apart(&paths)
        };
        assert_eq!(names(&["a/sb.pt", "a/lb.pt"]), ["sb.pt", "lb.pt"]);
        assert_eq!(
            names(&["/runs/a/model.pt", "/runs/b/model.pt"]),
            ["a/model.pt", "b/model.pt"]
        );
        assert_eq!(
            names(&["a/1/model.pt", "b/1/model.pt", "init.pt"]),
            ["a/1/model.pt", "b/1/model.pt", "init.pt"]
        );
        assert_eq!(
            names(&["model.pt", "b/model.pt"]),
            ["model.pt", "b/model.pt"]
        );
        assert_eq!(names(&["model.pt", "model.pt"]), ["model.pt", "model.pt"]);
    }
}
