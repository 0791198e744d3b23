//! Tensor names as paths, and the order of layers that names imply.
//!
//! Files don't agree on order: PyTorch writes tensors as they were defined, safetensors and HDF5
//! sort them, and a plain sort puts `10` before `2`. Where all names differ only in their numbers,
//! the numbers decide; otherwise the file's order does.

use std::cmp::Ordering;

/// A name up to the last dot, empty where there is none: `layer1.0.conv1`.
pub(super) fn module(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(module, _)| module)
}

/// A name after the last dot: `weight`.
pub(super) fn leaf(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, leaf)| leaf)
}

/// The name of a module's tensor.
pub(super) fn join(module: &str, leaf: &str) -> String {
    if module.is_empty() {
        leaf.to_owned()
    } else {
        format!("{module}.{leaf}")
    }
}

/// What a member of an `nn.Sequential` is called: the parent (empty at the top) and the position.
pub(super) fn index(module: &str) -> Option<(&str, usize)> {
    let (parent, last) = module.rsplit_once('.').unwrap_or(("", module));
    let digits = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    let position = last.parse().ok().filter(|_| digits)?;
    Some((parent, position))
}

/// The last number in a name: 2 for `block.conv2`.
pub(super) fn last_number(name: &str) -> Option<usize> {
    let end = name.rfind(|c: char| c.is_ascii_digit())? + 1;
    let digits = name.get(..end)?;
    let start = digits.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |p| {
        p + digits
            .get(p..)
            .and_then(|s| s.chars().next())
            .map_or(1, char::len_utf8)
    });
    digits.get(start..)?.parse().ok()
}

/// Compares names with their numbers as numbers.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (x, y) = (digits(a), digits(b));
        let order = if x.is_empty() || y.is_empty() {
            match (a.split_first(), b.split_first()) {
                (None, None) => return Ordering::Equal,
                (None, _) => return Ordering::Less,
                (_, None) => return Ordering::Greater,
                (Some((p, rest_a)), Some((q, rest_b))) => {
                    (a, b) = (rest_a, rest_b);
                    p.cmp(q)
                }
            }
        } else {
            (a, b) = (
                a.get(x.len()..).unwrap_or_default(),
                b.get(y.len()..).unwrap_or_default(),
            );
            let (x, y) = (without_zeros(x), without_zeros(y));
            x.len().cmp(&y.len()).then(x.cmp(y))
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// True where all names are equal apart from their numbers.
pub(super) fn one_pattern<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut patterns = names.map(|name| {
        let mut pattern = name.replace(|c: char| c.is_ascii_digit(), "#");
        while pattern.contains("##") {
            pattern = pattern.replace("##", "#");
        }
        pattern
    });
    let first = patterns.next();
    patterns.all(|p| Some(&p) == first.as_ref())
}

/// True where all are numbered members of the same parent.
pub(super) fn one_parent<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut parents = names.map(|n| index(n).map(|(parent, _)| parent));
    let Some(Some(first)) = parents.next() else {
        return false;
    };
    parents.all(|p| p == Some(first))
}

fn digits(text: &[u8]) -> &[u8] {
    let length = text.iter().take_while(|b| b.is_ascii_digit()).count();
    text.get(..length).unwrap_or_default()
}

fn without_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&b| b == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}
