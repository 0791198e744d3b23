//! Files of networks, changed so that they still look like such: JSON stays JSON, an archive an archive, a message a message.
//!
//! Everything follows from a number, so that a file that was read wrongly can be made again.

use crate::common::fixture;
use serde_json::Value;
use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::PathBuf;

/// A small generator of numbers (SplitMix64, Steele et al. 2014).
pub struct Chance(u64);

impl Chance {
    /// From a number of one's own.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, 0 where that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.next().checked_rem(end as u64).unwrap_or(0) as usize
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Which kind of file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// An exported program.
    Exported,
    /// An ONNX file.
    Onnx,
    /// A TorchScript archive.
    Script,
}

impl Kind {
    /// All, with the words by which they are asked for.
    pub const ALL: [(&str, Self); 3] = [
        ("pt2", Self::Exported),
        ("onnx", Self::Onnx),
        ("script", Self::Script),
    ];

    /// The fixtures that are changed.
    fn files(self) -> Vec<PathBuf> {
        let (folder, end) = match self {
            Self::Exported => ("exported", "pt2"),
            Self::Onnx => ("onnx", "onnx"),
            Self::Script => ("script", "pt"),
        };
        let all = fs::read_dir(fixture(folder)).unwrap();
        let mut found: Vec<PathBuf> = all
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|own| own == end))
            .collect();
        found.sort();
        found
    }

    /// The file that follows from `seed`.
    pub fn made(self, seed: u64) -> Vec<u8> {
        let mut chance = Chance::new(seed);
        let files = self.files();
        let bytes = fs::read(chance.of(&files)).unwrap();
        let mut made = match self {
            Self::Exported | Self::Script => archive(&bytes, &mut chance),
            Self::Onnx => match message(&bytes, 0) {
                Some(mut fields) => {
                    for _ in 0..=chance.below(4) {
                        change_message(&mut fields, &mut chance);
                    }
                    let mut out = Vec::new();
                    write_message(&fields, &mut out);
                    out
                }
                None => bytes,
            },
        };
        if chance.once_in(16) {
            change_bytes(&mut made, &mut chance);
        }
        made
    }
}

/// An archive, one of whose members is another.
fn archive(bytes: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut members = Vec::new();
    for index in 0..from.len() {
        let mut member = from.by_index(index).unwrap();
        let mut content = Vec::new();
        member.read_to_end(&mut content).unwrap();
        members.push((member.name().to_owned(), content));
    }
    let told = |name: &str| {
        [".json", ".py", ".pkl"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    let mut chosen: Vec<usize> = (0..members.len()).collect();
    if !chance.once_in(8) {
        chosen.retain(|at| told(&members[*at].0));
    }
    let at = *chance.of(&chosen);
    let (name, content) = &mut members[at];
    for _ in 0..=chance.below(4) {
        if name.ends_with(".json") {
            change_json(content, chance);
        } else if name.ends_with(".py") {
            change_text(content, chance);
        } else {
            change_bytes(content, chance);
        }
    }
    if chance.once_in(24) {
        let gone = chance.below(members.len());
        members.remove(gone);
    }
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in &members {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        to.start_file(&**name, options).unwrap();
        to.write_all(content).unwrap();
    }
    to.finish().unwrap().into_inner()
}

/// What nobody expects in the place of a number, a name or a list.
const WORDS: [&str; 22] = [
    "0",
    "-1",
    "1",
    "2",
    "3",
    "255",
    "65537",
    "1e308",
    "-1e-308",
    "4294967296",
    "4611686018427387904",
    "-9223372036854775808",
    "null",
    "[]",
    "{}",
    "\"\"",
    "\"NaN\"",
    "true",
    "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
    "{\"as_int\": 1000000007}",
    "{\"as_ints\": [-1, 0, 4611686018427387904]}",
    "{\"as_expr\": {\"expr_str\": \"Mul(Symbol('s0'), Integer(99999999999))\"}}",
];

fn change_json(content: &mut Vec<u8>, chance: &mut Chance) {
    let Ok(mut tree) = serde_json::from_slice::<Value>(content) else {
        return change_bytes(content, chance);
    };
    let mut places = 0;
    visit(&mut tree, &mut |_| places += 1);
    // A twin of what stands elsewhere, or something foreign.
    let (at, other) = (chance.below(places), chance.below(places));
    let (mut count, mut twin) = (0, Value::Null);
    visit(&mut tree, &mut |value| {
        if count == other && value.to_string().len() < 4000 {
            twin = value.clone();
        }
        count += 1;
    });
    let mut count = 0;
    visit(&mut tree, &mut |value| {
        count += 1;
        if count - 1 != at {
            return;
        }
        match value {
            Value::Array(items) if !items.is_empty() && chance.once_in(2) => {
                let item = chance.below(items.len());
                match chance.below(4) {
                    0 => drop(items.remove(item)),
                    1 => items.push(items[item].clone()),
                    2 => {
                        let other = chance.below(items.len());
                        items.swap(item, other);
                    }
                    _ => items.extend(vec![items[item].clone(); 40]),
                }
            }
            Value::Object(fields) if !fields.is_empty() && chance.once_in(2) => {
                let key = fields
                    .keys()
                    .nth(chance.below(fields.len()))
                    .cloned()
                    .unwrap();
                let own = fields.remove(&key).unwrap();
                if chance.once_in(2) {
                    fields.insert(
                        if chance.once_in(2) {
                            "as_none"
                        } else {
                            "as_ints"
                        }
                        .into(),
                        own,
                    );
                }
            }
            Value::Number(number) if chance.once_in(2) => {
                let old = number.as_i64().unwrap_or(1);
                let new = [old - 1, old + 1, -old, old * 2, old << 31, i64::MAX - old];
                *value = Value::from(*chance.of(&new));
            }
            other if chance.once_in(2) => *other = twin.clone(),
            other => *other = serde_json::from_str(WORDS[chance.below(WORDS.len())]).unwrap(),
        }
    });
    *content = serde_json::to_vec(&tree).unwrap();
}

/// Every value of a tree, in its order.
fn visit(tree: &mut Value, each: &mut dyn FnMut(&mut Value)) {
    each(tree);
    match tree {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, each)),
        Value::Object(fields) => fields.iter_mut().for_each(|(_, item)| visit(item, each)),
        _ => {}
    }
}

/// Lines and words of code.
fn change_text(content: &mut Vec<u8>, chance: &mut Chance) {
    let text = String::from_utf8_lossy(content).into_owned();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return;
    }
    let at = chance.below(lines.len());
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let words = |line: &str| -> Vec<String> {
        let all = line.split(|c| !is_word(c)).filter(|word| !word.is_empty());
        all.map(str::to_owned).collect()
    };
    match chance.below(6) {
        0 => drop(lines.remove(at)),
        1 => {
            let to = chance.below(lines.len());
            let line = lines[at].clone();
            lines.insert(to, line);
        }
        2 => {
            let depth = [2, 10, 300, 5000][chance.below(4)];
            let line = lines[at].clone();
            let (start, end) = *chance.of(&[("(", ")"), ("[", ", ]"), ("torch.neg(", ")")]);
            if let Some((left, right)) = line.split_once(" = ") {
                lines[at] = format!(
                    "{left} = {}{right}{}",
                    start.repeat(depth),
                    end.repeat(depth)
                );
            }
        }
        _ => {
            let (own, others) = (words(&lines[at]), words(&lines[chance.below(lines.len())]));
            let hostile = [
                "-1",
                "0",
                "9223372036854775807",
                "1e308",
                "None",
                "True",
                "x",
                "[]",
            ];
            if !own.is_empty() {
                let new = if others.is_empty() || chance.once_in(2) {
                    (*chance.of(&hostile)).to_owned()
                } else {
                    others[chance.below(others.len())].clone()
                };
                lines[at] = lines[at].replacen(&own[chance.below(own.len())], &new, 1);
            }
        }
    }
    *content = (lines.join("\n") + "\n").into_bytes();
}

fn change_bytes(bytes: &mut Vec<u8>, chance: &mut Chance) {
    if bytes.is_empty() {
        return;
    }
    let at = chance.below(bytes.len());
    let end = (at + 1 + chance.below(12)).min(bytes.len());
    match chance.below(6) {
        0 => bytes[at] ^= 1 << chance.below(8),
        1 => bytes[at] = *chance.of(&[0, 1, 0x7f, 0x80, 0xff, b'(', b'.', b'R', b'h', b'q']),
        2 => {
            let part = bytes[at..end].to_vec();
            bytes.splice(at..at, part);
        }
        3 => drop(bytes.drain(at..end)),
        4 => bytes[at..end].fill(0xff),
        _ => bytes[at] = chance.below(256) as u8,
    }
}

/// A value of a message of protocol buffers.
#[derive(Clone)]
enum Field {
    Number(u64),
    Fixed(Vec<u8>),
    Bytes(Vec<u8>),
    Message(Vec<(u64, Field)>),
}

/// One number in groups of seven bits.
fn number(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// The fields of a message, where the bytes are one.
fn message(bytes: &[u8], depth: usize) -> Option<Vec<(u64, Field)>> {
    let (mut at, mut fields) = (0, Vec::new());
    while at < bytes.len() {
        let key = number(bytes, &mut at)?;
        let mut fixed = |length: usize| {
            let part = bytes.get(at..at.checked_add(length)?)?.to_vec();
            at += length;
            Some(part)
        };
        let field = match key & 7 {
            1 => Field::Fixed(fixed(8)?),
            5 => Field::Fixed(fixed(4)?),
            0 => Field::Number(number(bytes, &mut at)?),
            2 => {
                let length = usize::try_from(number(bytes, &mut at)?).ok()?;
                let part = bytes.get(at..at.checked_add(length)?)?;
                at += length;
                let inner = if depth < 6 && !part.is_empty() {
                    message(part, depth + 1)
                } else {
                    None
                };
                inner.map_or_else(|| Field::Bytes(part.to_vec()), Field::Message)
            }
            _ => return None,
        };
        fields.push((key, field));
    }
    Some(fields)
}

fn write_number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn write_message(fields: &[(u64, Field)], out: &mut Vec<u8>) {
    for (key, field) in fields {
        write_number(*key, out);
        match field {
            Field::Number(value) => write_number(*value, out),
            Field::Fixed(bytes) => out.extend(bytes),
            Field::Bytes(bytes) => {
                write_number(bytes.len() as u64, out);
                out.extend(bytes);
            }
            Field::Message(inner) => {
                let mut own = Vec::new();
                write_message(inner, &mut own);
                write_number(own.len() as u64, out);
                out.extend(own);
            }
        }
    }
}

/// One of the fields, however deep.
fn change_message(fields: &mut Vec<(u64, Field)>, chance: &mut Chance) {
    if fields.is_empty() {
        return;
    }
    let at = chance.below(fields.len());
    if let Field::Message(inner) = &mut fields[at].1
        && !chance.once_in(5)
    {
        return change_message(inner, chance);
    }
    match chance.below(8) {
        0 => drop(fields.remove(at)),
        1 => fields.push(fields[at].clone()),
        2 => {
            let other = chance.below(fields.len());
            fields.swap(at, other);
        }
        3 => {
            let other = chance.below(fields.len());
            fields[at].1 = fields[other].1.clone();
        }
        _ => match &mut fields[at].1 {
            Field::Number(value) => {
                let new = [
                    0,
                    1,
                    2,
                    *value + 1,
                    value.wrapping_neg(),
                    u64::MAX,
                    1 << 62,
                    1 << 31,
                ];
                *value = *chance.of(&new);
            }
            Field::Fixed(bytes) | Field::Bytes(bytes) => {
                let length = bytes.len();
                change_bytes(bytes, chance);
                if matches!(fields[at].1, Field::Fixed(_))
                    && let Field::Fixed(bytes) = &mut fields[at].1
                {
                    bytes.resize(length, 0xff);
                }
            }
            Field::Message(_) => {
                let mut own = Vec::new();
                write_message(&fields[at..=at], &mut own);
                fields[at].1 = Field::Bytes(own);
            }
        },
    }
}
