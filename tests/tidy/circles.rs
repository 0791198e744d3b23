//! Circles between files: which file of `src` uses which, and where that leads back to itself.
//!
//! An arrow is drawn from a file to the file that defines what it uses: by `use`, by a path in its code,
//! through any number of re-exports. A module that only declares its children or hands their items on
//! has no arrow to them; one that calls them has. Tests inside files don't count.

use std::collections::{BTreeMap, BTreeSet};

/// Arrows from file to file.
pub type Arrows = BTreeMap<String, BTreeSet<String>>;

/// A module by its path below the crate: `["store", "npz"]`.
type Path = Vec<String>;

/// What is known of a file before any path in it is resolved.
#[derive(Default)]
struct File {
    name: String,
    children: BTreeSet<String>,
    /// What a name stands for here, by `use`.
    imports: BTreeMap<String, Path>,
    /// The imports that are handed on.
    handed_on: BTreeSet<String>,
    /// Paths in the code, and single words.
    paths: Vec<Path>,
    words: BTreeSet<String>,
}

/// Where a path leads.
enum Place {
    Module(Path),
    ItemOf(Path),
}

/// The arrows between the files in `sources` (name below `src`, text).
pub fn arrows(sources: &[(String, String)]) -> Arrows {
    let mut house: BTreeMap<Path, File> = BTreeMap::new();
    for (name, text) in sources {
        if let Some(path) = module(name) {
            house.insert(path, file(name, &without_tests(&tokens(text))));
        }
    }
    let is_part = |path: &Path| {
        let parent = path.split_last().and_then(|(own, parent)| {
            let parent = house.get(parent)?;
            Some(parent.children.contains(own))
        });
        parent.unwrap_or(false)
    };
    let mut found = Arrows::new();
    for (own, file) in house.iter().filter(|(own, _)| is_part(own)) {
        let mut uses = Vec::new();
        for (name, path) in &file.imports {
            let only_handed_on = file.handed_on.contains(name) && !file.words.contains(name);
            // A module that is imported is used by the paths that start with its name.
            if let Some(Place::ItemOf(place)) = resolve(&house, own, path, 0)
                && !only_handed_on
            {
                uses.push(place);
            }
        }
        for path in &file.paths {
            if let Some(Place::Module(place) | Place::ItemOf(place)) = resolve(&house, own, path, 0)
            {
                uses.push(place);
            }
        }
        let targets = uses.iter().filter(|place| *place != own && is_part(place));
        let targets = targets.map(|place| house[place].name.clone());
        found.insert(file.name.clone(), targets.collect());
    }
    found
}

/// The files that lie on a circle, those of one circle together.
pub fn circles(arrows: &Arrows) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = arrows
        .keys()
        .map(|file| (file, reach(arrows, file)))
        .collect();
    let mut found: Vec<BTreeSet<String>> = Vec::new();
    for (file, to) in &reached {
        if to.contains(file) && !found.iter().any(|circle| circle.contains(*file)) {
            let back = to.iter().filter(|other| reached[**other].contains(file));
            found.push(back.map(|other| (*other).clone()).collect());
        }
    }
    found
}

/// The shortest way from `file` back to itself.
pub fn shortest(arrows: &Arrows, file: &str) -> Vec<String> {
    let mut ways = vec![vec![file.to_owned()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in arrows.get(way.last().unwrap()).into_iter().flatten() {
                let way = [&way[..], std::slice::from_ref(next)].concat();
                if next == file {
                    return way;
                }
                if seen.insert(next.clone()) {
                    longer.push(way);
                }
            }
        }
        ways = longer;
    }
    Vec::new()
}

fn reach<'a>(arrows: &'a Arrows, file: &str) -> BTreeSet<&'a String> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&String> = arrows.get(file).into_iter().flatten().collect();
    while let Some(next) = open.pop() {
        if seen.insert(next) {
            open.extend(arrows.get(next).into_iter().flatten());
        }
    }
    seen
}

/// The module that a file is; `None` for the program, which no module can use.
fn module(name: &str) -> Option<Path> {
    let path = name.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "main" => None,
        "lib" => Some(Vec::new()),
        _ => Some(path.split('/').map(str::to_owned).collect()),
    }
}

fn resolve(
    house: &BTreeMap<Path, File>,
    own: &Path,
    path: &[String],
    depth: usize,
) -> Option<Place> {
    let (first, mut rest) = path.split_first()?;
    let file = house.get(own)?;
    let mut at = match first.as_str() {
        "crate" => Vec::new(),
        "self" => own.clone(),
        "super" => own.split_last()?.1.to_vec(),
        name if file.children.contains(name) => [&own[..], std::slice::from_ref(first)].concat(),
        name => {
            let import = file.imports.get(name)?;
            // An import of a crate's item by its own name leads nowhere.
            if depth > 20 || import.first() == Some(first) {
                return None;
            }
            let whole = [&import[..], rest].concat();
            return resolve(house, own, &whole, depth + 1);
        }
    };
    while let Some((next, after)) = rest.split_first() {
        let module = house.get(&at)?;
        if next == "super" {
            at.pop()?;
        } else if module.children.contains(next) {
            at.push(next.clone());
        } else if let Some(import) = module.imports.get(next) {
            if depth > 20 {
                return None;
            }
            let whole = [&import[..], after].concat();
            return resolve(house, &at, &whole, depth + 1);
        } else {
            return Some(Place::ItemOf(at));
        }
        rest = after;
    }
    Some(Place::Module(at))
}

/// Reads declarations, imports and paths.
fn file(name: &str, tokens: &[String]) -> File {
    let mut file = File {
        name: name.to_owned(),
        ..File::default()
    };
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let mut at = 0;
    while at < tokens.len() {
        match word(at) {
            "mod" if word(at + 2) == ";" => {
                file.children.insert(word(at + 1).to_owned());
                at += 3;
            }
            "use" => {
                // `pub use`, `pub(crate) use`.
                let handed_on = at > 0 && ["pub", ")"].contains(&word(at - 1));
                let mut found = Vec::new();
                at = tree(tokens, at + 1, &[], &mut found);
                for (alias, path) in found {
                    if handed_on {
                        file.handed_on.insert(alias.clone());
                    }
                    file.imports.insert(alias, path);
                }
            }
            first if is_name(first) => {
                let start = at;
                let mut path = vec![first.to_owned()];
                while word(at + 1) == "::" && is_name(word(at + 2)) {
                    path.push(word(at + 2).to_owned());
                    at += 2;
                }
                // Neither a field nor a method.
                if word(start.wrapping_sub(1)) != "." && word(at + 1) != ":" {
                    file.words.insert(first.to_owned());
                }
                if path.len() > 1 {
                    file.paths.push(path);
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    file
}

/// One tree of `use`, from `at` on: every name it brings in, and its path. Gives where it ends.
fn tree(
    tokens: &[String],
    mut at: usize,
    before: &[String],
    found: &mut Vec<(String, Path)>,
) -> usize {
    let mut path = before.to_vec();
    let word = |at: usize| tokens.get(at).map_or(";", String::as_str);
    loop {
        match word(at) {
            "{" => {
                at += 1;
                while word(at) != "}" && word(at) != ";" {
                    at = tree(tokens, at, &path, found);
                    at += usize::from(word(at) == ",");
                }
                return at + 1;
            }
            "::" => at += 1,
            "*" => {
                // Whatever it brings in is used somewhere.
                path.push("*".into());
                found.push((path.join("::"), path));
                return at + 1;
            }
            "self" if !path.is_empty() => at += 1,
            "as" => {
                found.push((word(at + 1).to_owned(), path));
                return at + 2;
            }
            name if is_name(name) => {
                path.push(name.to_owned());
                at += 1;
            }
            _ => {
                if let Some(last) = path.last().cloned() {
                    found.push((last, path));
                }
                return at;
            }
        }
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Tokens without the items under `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at..].iter().take(TEST.len()).eq(TEST) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += TEST.len();
        let mut depth = 0;
        while at < tokens.len() {
            let token = tokens[at].as_str();
            at += 1;
            match token {
                "{" | "[" | "(" => depth += 1,
                "}" | "]" | ")" => depth -= 1,
                _ => {}
            }
            if depth == 0 && [";", "}"].contains(&token) {
                break;
            }
        }
    }
    kept
}

/// Names, `::` and single signs; comments, text and lifetimes are left out.
fn tokens(text: &str) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    let sign = |at: usize| text.get(at).copied().unwrap_or('\0');
    let end_of = |mut at: usize, quote: char| {
        while at < text.len() && sign(at) != quote {
            at += if sign(at) == '\\' { 2 } else { 1 };
        }
        at + 1
    };
    let mut found: Vec<String> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let here = sign(at);
        if here == '/' && sign(at + 1) == '/' {
            while at < text.len() && sign(at) != '\n' {
                at += 1;
            }
        } else if here == '"' {
            at = end_of(at + 1, '"');
        } else if here == '\'' {
            // A character, or else a lifetime.
            let is_char = sign(at + 1) == '\\' || sign(at + 2) == '\'';
            at = if is_char {
                end_of(at + 1, '\'')
            } else {
                at + 1
            };
        } else if here.is_alphabetic() || here == '_' {
            let start = at;
            while sign(at).is_alphanumeric() || sign(at) == '_' {
                at += 1;
            }
            let name: String = text[start..at].iter().collect();
            let hashes = text[at..].iter().take_while(|c| **c == '#').count();
            if ["r", "br"].contains(&name.as_str()) && sign(at + hashes) == '"' {
                let end: String = format!("\"{}", "#".repeat(hashes));
                at += hashes + 1;
                while at < text.len() && !text[at..].iter().take(end.len()).copied().eq(end.chars())
                {
                    at += 1;
                }
                at += end.len();
            } else if name != "b" || !['"', '\''].contains(&sign(at)) {
                found.push(name);
            }
        } else if here == ':' && sign(at + 1) == ':' {
            found.push("::".into());
            at += 2;
        } else {
            if !here.is_whitespace() {
                found.push(here.into());
            }
            at += 1;
        }
    }
    found
}

#[test]
fn an_arrow_leads_to_the_file_that_defines_what_is_used() {
    let sources = [
        ("lib.rs", "mod a; pub mod b;"),
        // It hands on an item of its child's and declares the other; it uses neither.
        (
            "a/mod.rs",
            "mod x; pub(crate) mod y; mod z; pub use x::{X, self as ex}; pub struct Own;",
        ),
        (
            "a/x.rs",
            "pub struct X; impl<'a> X { fn f(own: super::Own, c: char) { 'c'; } }",
        ),
        // Neither text nor tests nor comments count.
        (
            "a/y.rs",
            "// crate::b::B\nfn f() { r#\"crate::b::B \"#; \"\\\"crate::b::B\"; '\"'; super::X; }
             #[cfg(test)] #[allow(unused)] mod tests { use crate::b::B; }",
        ),
        (
            "a/z.rs",
            "use crate::{a::{self, y}, b::B as Bee}; fn f(x: a::X) { y::f(); }",
        ),
        // What is handed on and used as well is used.
        (
            "b.rs",
            "pub use crate::a::ex::X; use std::a; pub struct B(X); fn f() { a::y::f(); }",
        ),
    ];
    let sources: Vec<_> = sources.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    let found = arrows(&sources);
    let of = |file: &str| found[file].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("a/mod.rs"), Vec::<&str>::new());
    assert_eq!(of("a/x.rs"), ["a/mod.rs"]);
    assert_eq!(of("a/y.rs"), ["a/x.rs"]);
    assert_eq!(of("a/z.rs"), ["a/x.rs", "a/y.rs", "b.rs"]);
    assert_eq!(of("b.rs"), ["a/x.rs"]);
    assert_eq!(circles(&found), Vec::<BTreeSet<String>>::new());
}

#[test]
fn a_parent_that_calls_a_child_which_uses_it_is_a_circle() {
    let sources = [
        ("lib.rs", "mod a;"),
        (
            "a/mod.rs",
            "mod x; mod y; pub use x::f; pub struct Own; fn g() { f(); }",
        ),
        ("a/x.rs", "use super::y; pub fn f() { y::h() }"),
        ("a/y.rs", "use super::Own; pub fn h() -> Own { Own }"),
    ];
    let sources: Vec<_> = sources.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    let found = arrows(&sources);
    let circle = ["a/mod.rs", "a/x.rs", "a/y.rs"].map(str::to_owned);
    assert_eq!(circles(&found), [BTreeSet::from(circle)]);
    assert_eq!(
        shortest(&found, "a/x.rs").join(" → "),
        "a/x.rs → a/y.rs → a/mod.rs → a/x.rs"
    );
}
