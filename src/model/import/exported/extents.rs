//! Extents of values: known, or formulas of those that the exporter left open.

use crate::model::import::traced::OPEN;
use serde::Deserialize;
use std::collections::HashMap;

/// An extent: known, or an expression of open ones.
#[derive(Deserialize)]
pub struct Size {
    #[serde(default)]
    as_int: Option<i64>,
    #[serde(default)]
    as_expr: Option<Expression>,
}

/// A formula in SymPy's notation, before PyTorch 2.7 in Python's, and what it was in the exporter's example.
#[derive(Deserialize)]
struct Expression {
    expr_str: String,
    #[serde(default)]
    hint: Option<Hint>,
}

#[derive(Deserialize)]
struct Hint {
    #[serde(default)]
    as_int: Option<i64>,
}

/// Brackets in formulas, no deeper than anybody writes them.
const DEEPEST: usize = 8;
/// What an open extent may be.
const MOST: i64 = 1 << 20;

/// What the symbols of open extents stand for.
#[derive(Default)]
pub struct Symbols(HashMap<String, i64>);

impl Symbols {
    /// Settles the open extents of the network's input: the first counts samples, and others are those of `sample`, the
    /// shape of the data without the batch axis, or else of the exporter's example. Gives a note on each of these.
    pub fn of(sizes: &[Size], sample: Option<&[usize]>) -> (Self, Vec<String>) {
        let (mut symbols, mut notes) = (Self::default(), Vec::new());
        let sample = sample.filter(|sample| sample.len() + 1 == sizes.len());
        for (axis, size) in sizes.iter().enumerate() {
            let Some(Expression { expr_str, hint }) = &size.as_expr else {
                continue;
            };
            let given = axis
                .checked_sub(1)
                .and_then(|axis| sample?.get(axis).copied());
            let (wanted, whose) = match (axis, given) {
                (0, _) => (OPEN as i64, ""),
                (_, Some(given)) => (given as i64, "the data have"),
                (_, None) => match hint.as_ref().and_then(|hint| hint.as_int) {
                    Some(own) => (own, "the example had that it was exported with"),
                    None => continue,
                },
            };
            let Some(name) = symbols.unknown(expr_str) else {
                continue;
            };
            let fits = |n: &i64| {
                let known = Self(HashMap::from([(name.clone(), *n)]));
                known.value(expr_str) == Some(wanted)
            };
            // An axis is its symbol, or a few times that.
            let found = [wanted].into_iter().chain(1..wanted.min(MOST)).find(fits);
            let Some(found) = found else { continue };
            symbols.0.insert(name, found);
            if axis > 0 {
                notes.push(format!(
                    "Axis {axis} of its input is open; it is read with {wanted} entries, as {whose}."
                ));
            }
        }
        (symbols, notes)
    }

    /// The extent; `None` where it depends on what isn't known.
    pub fn extent(&self, size: &Size) -> Option<usize> {
        let value = match (size.as_int, &size.as_expr) {
            (Some(known), _) => known,
            (None, Some(expression)) => self.value(&expression.expr_str)?,
            (None, None) => return None,
        };
        usize::try_from(value).ok()
    }

    fn value(&self, text: &str) -> Option<i64> {
        if let Some(factors) = factors(text) {
            let number = |factor: &str| match factor.parse() {
                Ok(number) => Some(number),
                Err(_) => self.0.get(factor).copied(),
            };
            let mut numbers = factors.into_iter().map(number);
            return numbers.try_fold(1, |product: i64, own| product.checked_mul(own?));
        }
        let (value, rest) = self.formula(text, 0)?;
        rest.trim().is_empty().then_some(value)
    }

    /// The one symbol of a formula that stands for nothing yet.
    fn unknown(&self, text: &str) -> Option<String> {
        let named = text.split("Symbol('").skip(1);
        let named = named.filter_map(|part| part.split('\'').next());
        let plain = factors(text).unwrap_or_default().into_iter();
        let plain = plain.filter(|factor| factor.starts_with(char::is_alphabetic));
        let names = named.chain(plain);
        let mut unknown = names.filter(|name| !self.0.contains_key(*name));
        let first = unknown.next()?;
        unknown
            .all(|other| other == first)
            .then(|| first.to_owned())
    }

    /// `Symbol('s77', …)`, `Integer(49)`, `Mul(…, …)` and the like, and what is left of the text.
    fn formula<'t>(&self, text: &'t str, depth: usize) -> Option<(i64, &'t str)> {
        if depth > DEEPEST {
            return None;
        }
        let (function, inside) = text.trim_start().split_once('(')?;
        let (own, rest) = match function.trim() {
            "Symbol" => {
                let (inner, rest) = inside.split_once(')')?;
                let name = inner.strip_prefix('\'')?.split('\'').next()?;
                (*self.0.get(name)?, rest)
            }
            "Integer" => {
                let (number, rest) = inside.split_once(')')?;
                (number.trim().parse().ok()?, rest)
            }
            function => {
                let combined: fn(i64, i64) -> Option<i64> = match function {
                    "Mul" => i64::checked_mul,
                    "Add" => i64::checked_add,
                    "Max" => |a, b| Some(a.max(b)),
                    "Min" => |a, b| Some(a.min(b)),
                    // Of numbers that aren't negative, as extents and their divisors are.
                    "FloorDiv" | "CleanDiv" => |a, b| (a >= 0 && b > 0).then(|| a / b),
                    "Mod" | "PythonMod" => |a, b| (a >= 0 && b > 0).then(|| a % b),
                    _ => return None,
                };
                let (mut value, mut rest) = self.formula(inside, depth + 1)?;
                loop {
                    rest = rest.trim_start();
                    if let Some(after) = rest.strip_prefix(')') {
                        break (value, after);
                    }
                    let (next, after) = self.formula(rest.strip_prefix(',')?, depth + 1)?;
                    value = combined(value, next)?;
                    rest = after;
                }
            }
        };
        Some((own, rest))
    }
}

/// The factors of a product as Python writes one: `s0`, `49*s0`. What is no product isn't followed.
fn factors(text: &str) -> Option<Vec<&str>> {
    let factors: Vec<&str> = text.split('*').map(str::trim).collect();
    let plain = |factor: &&str| {
        !factor.is_empty()
            && factor
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    factors.iter().all(plain).then_some(factors)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests {
    use super::*;

    fn size(text: &str, hint: i64) -> Size {
        Size {
            as_int: None,
            as_expr: Some(Expression {
                expr_str: text.into(),
                hint: Some(Hint { as_int: Some(hint) }),
            }),
        }
    }

    const BATCH: &str = "Symbol('s77', positive=True, integer=True)";
    const LENGTH: &str = "Mul(Integer(4), Symbol('s1', positive=True, integer=True))";

    #[test]
    fn products_with_an_open_batch_are_multiples_of_it() {
        let (symbols, notes) = Symbols::of(&[size(BATCH, 2)], None);
        let extent = |text: &str| symbols.extent(&size(text, 2));
        assert!(notes.is_empty());
        assert_eq!(extent(BATCH), Some(OPEN));
        assert_eq!(
            extent(&format!("Mul(Integer(49), {BATCH})")),
            Some(49 * OPEN)
        );
        assert_eq!(extent(&format!("Pow({BATCH}, Integer(2))")), None);
        assert_eq!(extent("Symbol('u0', integer=True)"), None);
        // As Python writes them.
        assert_eq!(extent("s77"), Some(OPEN));
        assert_eq!(extent("49*s77"), Some(49 * OPEN));
        assert_eq!(extent("s77**2"), None);
        assert_eq!(extent("s77 + 1"), None);
        let (plain, _) = Symbols::of(&[size("s0", 2)], None);
        assert_eq!(plain.extent(&size("s0", 2)), Some(OPEN));
        assert_eq!(extent(&"Mul(".repeat(5000)), None);
    }

    #[test]
    fn other_open_extents_are_those_of_the_data_or_of_the_example() {
        let sizes = [size(BATCH, 2), size(LENGTH, 8)];
        for (sample, expected) in [(None, 8), (Some(&[12][..]), 12), (Some(&[3, 4]), 8)] {
            let (symbols, notes) = Symbols::of(&sizes, sample);
            assert_eq!(symbols.extent(&sizes[1]), Some(expected));
            assert_eq!(notes.len(), 1);
            assert!(
                notes[0].contains(&format!("{expected} entries")),
                "{notes:?}"
            );
        }
        let (symbols, _) = Symbols::of(&sizes, Some(&[10]));
        // No whole number of fours.
        assert_eq!(symbols.extent(&sizes[1]), None);
        let half = "Add(FloorDiv(Add(Symbol('s77'), Integer(-1)), Integer(2)), Integer(1))";
        let expected = (OPEN - 1) / 2 + 1;
        assert_eq!(symbols.extent(&size(half, 1)), Some(expected));
    }
}
