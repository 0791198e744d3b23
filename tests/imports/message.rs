//! Messages of protocol buffers as trees of their fields, so that a changed one stays a message.

use crate::chance::{Chance, change_bytes};

/// A value of a message of protocol buffers.
#[derive(Clone)]
pub enum Field {
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
pub fn message(bytes: &[u8], depth: usize) -> Option<Vec<(u64, Field)>> {
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

pub fn write_message(fields: &[(u64, Field)], out: &mut Vec<u8>) {
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
pub fn change_message(fields: &mut Vec<(u64, Field)>, chance: &mut Chance) {
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
                    value.wrapping_add(1),
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
