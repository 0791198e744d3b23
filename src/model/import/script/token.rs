//! Code as words: names, numbers, text, signs, and where lines and blocks begin and end.

use crate::store::Parsed;

/// One word of code.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A name or keyword.
    Name(String),
    /// A whole number.
    Int(i64),
    /// A real number.
    Float(f64),
    /// Text without its quotes.
    Text(String),
    /// A sign: `(`, `->`, `=`.
    Sign(&'static str),
    /// The end of a line that isn't continued.
    Newline,
    /// A block begins.
    Indent,
    /// A block ends.
    Dedent,
}

/// A word and the line it stands in, from 1.
pub type Placed = (Token, usize);

const SIGNS: [&str; 16] = [
    "->", "==", "(", ")", "[", "]", "{", "}", ",", ":", "=", ".", "-", "+", "*", "^",
];
/// Blocks in blocks; PyTorch writes a few.
const DEEPEST: usize = 60;

/// The words of `text`.
///
/// # Errors
/// The line and what stands there.
pub fn tokens(text: &str) -> Parsed<Vec<Placed>> {
    let mut words = Words {
        found: Vec::new(),
        blocks: vec![0],
        open: 0,
    };
    for (line, text) in text.lines().enumerate() {
        let line = line + 1;
        words
            .line(text, line)
            .map_err(|e| format!("line {line}: {e}"))?;
    }
    let last = text.lines().count();
    for _ in 1..words.blocks.len() {
        words.found.push((Token::Dedent, last));
    }
    Ok(words.found)
}

struct Words {
    found: Vec<Placed>,
    /// Widths of the blocks that are open.
    blocks: Vec<usize>,
    /// Brackets that are open: within them lines go on.
    open: usize,
}

impl Words {
    fn line(&mut self, text: &str, line: usize) -> Parsed<()> {
        let inner = text.trim_start_matches(' ');
        if inner.is_empty() || inner.starts_with('#') {
            return Ok(());
        }
        if self.open == 0 {
            self.block(text.len() - inner.len(), line)?;
        }
        let mut rest = inner;
        while !rest.is_empty() {
            let (token, after) = word(rest)?;
            match token {
                Token::Sign("(" | "[" | "{") => self.open += 1,
                Token::Sign(")" | "]" | "}") => self.open = self.open.saturating_sub(1),
                _ => {}
            }
            self.found.push((token, line));
            rest = after.trim_start_matches(' ');
            if rest.starts_with('#') {
                break;
            }
        }
        if self.open == 0 {
            self.found.push((Token::Newline, line));
        }
        Ok(())
    }

    fn block(&mut self, width: usize, line: usize) -> Parsed<()> {
        let current = |blocks: &[usize]| blocks.last().copied().unwrap_or_default();
        if width > current(&self.blocks) {
            if self.blocks.len() >= DEEPEST {
                return Err(format!("blocks are nested deeper than {DEEPEST} levels"));
            }
            self.blocks.push(width);
            self.found.push((Token::Indent, line));
        }
        while width < current(&self.blocks) {
            self.blocks.pop();
            self.found.push((Token::Dedent, line));
        }
        if width != current(&self.blocks) {
            return Err("this line begins where no block does".into());
        }
        Ok(())
    }
}

/// The first word of `text` and what follows it.
fn word(text: &str) -> Parsed<(Token, &str)> {
    let first = text.chars().next().unwrap_or(' ');
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    if first.is_ascii_digit() {
        return number(text);
    }
    if is_name(first) {
        let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        return Ok((Token::Name(name.to_owned()), rest));
    }
    if first == '"' || first == '\'' {
        return quoted(text, first);
    }
    let sign = SIGNS.iter().find(|sign| text.starts_with(**sign));
    match sign {
        Some(sign) => Ok((
            Token::Sign(sign),
            text.get(sign.len()..).unwrap_or_default(),
        )),
        None => Err(format!("the sign {first:?} isn't known")),
    }
}

fn number(text: &str) -> Parsed<(Token, &str)> {
    let mut end = 0;
    let mut last = ' ';
    for (at, c) in text.char_indices() {
        let signed = matches!(c, '+' | '-') && matches!(last, 'e' | 'E');
        if !(c.is_ascii_alphanumeric() || c == '.' || signed) {
            break;
        }
        last = c;
        end = at + c.len_utf8();
    }
    let (digits, rest) = text.split_at(end);
    let token = match digits.parse::<i64>() {
        Ok(value) => Token::Int(value),
        Err(_) => match digits.parse::<f64>() {
            Ok(value) if digits.contains(['.', 'e', 'E']) => Token::Float(value),
            _ => return Err(format!("{digits:?} isn't a number that is known")),
        },
    };
    Ok((token, rest))
}

fn quoted(text: &str, quote: char) -> Parsed<(Token, &str)> {
    let mut found = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            let rest = text.get(at + 1..).unwrap_or_default();
            return Ok((Token::Text(found), rest));
        }
        if c != '\\' {
            found.push(c);
            continue;
        }
        match chars.next() {
            Some((_, 'n')) => found.push('\n'),
            Some((_, 't')) => found.push('\t'),
            Some((_, 'r')) => found.push('\r'),
            // Bytes by number only stand in messages.
            Some((_, 'x' | '0'..='7')) => found.push('?'),
            Some((_, other)) => found.push(other),
            None => break,
        }
    }
    Err("a text doesn't end on its line".into())
}
