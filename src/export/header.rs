//! The header inside every result file, as JSON.
//!
//! JSON has no word for NaN or infinity, and common parsers, serde_json's among them, may miss the
//! last bit of a number. So a non-finite number is written as the text `"nan"`, `"inf"` or `"-inf"`,
//! and a header lists under `exact_numbers` every number that JSON alone wouldn't bring back, by its
//! JSON pointer. A reader that doesn't care for the last bit can ignore that list.

mod older;

pub use older::KEY;

use crate::engine::header::Header;
use crate::error::{Error, Result};
use crate::store::files::regular;
use crate::store::{Array, npz};
use serde_json::{Map, Value};
use std::path::Path;

/// Key of the numbers that JSON alone wouldn't bring back: pointer → decimal text.
const EXACT: &str = "exact_numbers";
/// Pointer of the one number that may exceed what the tree between recipe and JSON can hold.
const SEED: &str = "/job/seed";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The header of a result file of any kind, `.npz` or `.json`, of this version or an older one.
///
/// # Errors
/// Where the file can't be read or holds none.
pub fn read(path: &Path) -> Result<Header> {
    regular(path, "read the result")?;
    let value = if path.extension().is_some_and(|suffix| suffix == "json") {
        let bytes = std::fs::read(path).map_err(|e| Error::io("read the result", path, e))?;
        serde_json::from_slice(&bytes).map_err(|e| e.to_string())
    } else {
        in_arrays(&npz::read_arrays(path)?)
    };
    value
        .and_then(from_value)
        .map_err(|message| Error::file(path, message))
}

/// What stands in the array `recipe`.
pub(super) fn in_arrays(arrays: &[(String, Array)]) -> Result<Value, String> {
    let Some((_, header)) = arrays.iter().find(|(name, _)| name == KEY) else {
        return Err(format!(
            "this is no result of Losscope: it has no array `recipe`; {}",
            listed(arrays, "arrays")
        ));
    };
    let bytes = header.to_i64();
    let bytes = bytes.and_then(|b| b.into_iter().map(|v| u8::try_from(v).ok()).collect());
    let bytes: Vec<u8> = bytes.ok_or_else(|| {
        format!(
            "this is no result of Losscope: its array `recipe` is {}, expected bytes of JSON",
            described(header)
        )
    })?;
    serde_json::from_slice(&bytes).map_err(|e| format!("the array `recipe` isn't JSON: {e}"))
}

/// The arrays there are, for who misses one; `what`: how the format calls them.
pub(super) fn listed(arrays: &[(String, Array)], what: &str) -> String {
    const MOST: usize = 12;
    let mut names: Vec<String> = arrays
        .iter()
        .take(MOST)
        .map(|(name, a)| format!("`{name}` {:?}", a.shape()))
        .collect();
    if arrays.len() > MOST {
        names.push("…".into());
    }
    if names.is_empty() {
        format!("it has no {what} of numbers")
    } else {
        format!("its {what} are {}", names.join(", "))
    }
}

/// Type and shape of an array.
pub(super) fn described(array: &Array) -> String {
    format!("{} {:?}", array.values().type_name(), array.shape())
}

/// A header as JSON.
///
/// # Errors
/// None that a header made by this program could cause.
pub fn to_value(header: &Header) -> Result<Value> {
    let mut header = header.clone();
    let seed = header
        .job
        .setup_mut()
        .map(|setup| std::mem::take(&mut setup.seed));
    // TOML's tree, unlike JSON's, holds every f64.
    let tree = toml::Value::try_from(&header)
        .map_err(|e| Error::Usage(format!("the recipe can't be written: {e}")))?;
    let mut exact = Map::new();
    let mut value = encode(&tree, "", &mut exact);
    if let (Some(place), Some(seed)) = (value.pointer_mut(SEED), seed) {
        *place = seed.into();
    }
    if let (Value::Object(map), false) = (&mut value, exact.is_empty()) {
        map.insert(EXACT.into(), Value::Object(exact));
    }
    Ok(value)
}

/// The header that a file holds; complaints name the field and, where it matters, the version that
/// wrote it, but not the file.
///
/// # Errors
/// Where a field is missing, or holds what this version doesn't know.
pub fn from_value(value: Value) -> Result<Header, String> {
    let made_by = value
        .get("losscope")
        .and_then(Value::as_str)
        .unwrap_or(VERSION)
        .to_owned();
    decode_header(older::today(value)).map_err(|message| match made_by.as_str() {
        VERSION => message,
        other => format!("{message} (the file was made by Losscope {other}, this is {VERSION})"),
    })
}

fn decode_header(mut value: Value) -> Result<Header, String> {
    let Value::Object(map) = &mut value else {
        return Err("the recipe isn't a JSON object".into());
    };
    let exact = match map.shift_remove(EXACT) {
        None => Map::new(),
        Some(Value::Object(exact)) => exact,
        Some(other) => {
            return Err(format!(
                "the recipe's `{EXACT}` should be an object, found {other}"
            ));
        }
    };
    let mut seed = None;
    if let Some(place) = value.pointer_mut(SEED) {
        let found = place.as_u64();
        seed = Some(found.ok_or_else(|| {
            format!(
                "the recipe's field `job.seed` should be a whole number from 0 up, found {place}"
            )
        })?);
        *place = 0.into();
    }
    let tree = decode(&value, "", &exact)?.ok_or("the recipe is null")?;
    let mut header: Header = tree.clone().try_into().map_err(|e: toml::de::Error| {
        // The message first, then "in `job.data`" on a line of its own.
        let words: Vec<String> = e.to_string().lines().map(str::to_owned).collect();
        format!(
            "the recipe isn't one that this version can read: {}",
            words.join(" ")
        )
    })?;
    let known =
        toml::Value::try_from(&header).map_err(|e| format!("the recipe can't be used: {e}"))?;
    if let Some(field) = unknown(&tree, &known, "") {
        return Err(format!(
            "the recipe has a field `{field}` that this version doesn't know"
        ));
    }
    if let (Some(setup), Some(seed)) = (header.job.setup_mut(), seed) {
        setup.seed = seed;
    }
    Ok(header)
}

fn encode(tree: &toml::Value, at: &str, exact: &mut Map<String, Value>) -> Value {
    match tree {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Boolean(flag) => (*flag).into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Float(float) => {
            let written = number(*float);
            let back: Option<f64> = serde_json::from_str(&written.to_string()).ok();
            if back.map(f64::to_bits) != Some(float.to_bits()) {
                exact.insert(at.to_owned(), format!("{float:?}").to_lowercase().into());
            }
            written
        }
        toml::Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, item)| encode(item, &format!("{at}/{i}"), exact))
            .collect(),
        toml::Value::Table(fields) => fields
            .iter()
            .map(|(key, field)| (key.clone(), encode(field, &format!("{at}/{key}"), exact)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// `None` for null, which stands for a field that isn't there.
fn decode(
    value: &Value,
    at: &str,
    exact: &Map<String, Value>,
) -> Result<Option<toml::Value>, String> {
    let field = || at.trim_start_matches('/').replace('/', ".");
    if let Some(text) = exact.get(at) {
        let float: Option<f64> = text.as_str().and_then(|t| t.parse().ok());
        let float = float.ok_or_else(|| {
            format!(
                "the recipe's `{EXACT}` has {text} for `{}`, expected a number as text",
                field()
            )
        })?;
        return Ok(Some(toml::Value::Float(float)));
    }
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Bool(flag) => toml::Value::Boolean(*flag),
        Value::String(text) => toml::Value::String(text.clone()),
        Value::Number(number) => match (number.as_i64(), number.is_u64(), number.as_f64()) {
            (Some(integer), ..) => toml::Value::Integer(integer),
            (None, false, Some(float)) => toml::Value::Float(float),
            _ => {
                return Err(format!(
                    "the recipe's field `{}` is too large a number: {number}",
                    field()
                ));
            }
        },
        Value::Array(items) => {
            let item = |(i, item)| {
                let found = decode(item, &format!("{at}/{i}"), exact)?;
                found.ok_or_else(|| format!("the recipe's field `{}.{i}` is null", field()))
            };
            toml::Value::Array(
                items
                    .iter()
                    .enumerate()
                    .map(item)
                    .collect::<Result<_, _>>()?,
            )
        }
        Value::Object(fields) => {
            let mut table = toml::Table::new();
            for (key, field) in fields {
                if let Some(field) = decode(field, &format!("{at}/{key}"), exact)? {
                    table.insert(key.clone(), field);
                }
            }
            toml::Value::Table(table)
        }
    }))
}

/// The first field of `found` that `known` lacks, dotted.
fn unknown(found: &toml::Value, known: &toml::Value, at: &str) -> Option<String> {
    match (found, known) {
        (toml::Value::Table(found), toml::Value::Table(known)) => {
            found.iter().find_map(|(key, field)| {
                let at = if at.is_empty() {
                    key.clone()
                } else {
                    format!("{at}.{key}")
                };
                match known.get(key) {
                    Some(known) => unknown(field, known, &at),
                    None => Some(at),
                }
            })
        }
        (toml::Value::Array(found), toml::Value::Array(known)) => found
            .iter()
            .zip(known)
            .enumerate()
            .find_map(|(i, (f, k))| unknown(f, k, &format!("{at}.{i}"))),
        _ => None,
    }
}

/// A number as JSON, in words where JSON has none for it.
pub(super) fn number(value: f64) -> Value {
    if value.is_finite() {
        value.into()
    } else {
        word(value).into()
    }
}

fn word(value: f64) -> &'static str {
    match value {
        f64::INFINITY => "inf",
        f64::NEG_INFINITY => "-inf",
        _ => "nan",
    }
}
