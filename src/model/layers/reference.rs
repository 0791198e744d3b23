//! What every kind of layer is and what can be written of it, in words: the reference of model files.
//!
//! The words are the doc comments of the kinds' own files, the fields and their usual values what serde is told
//! there: nothing is said twice. It reads the text of Rust as rustfmt leaves it, and knows no kind.

/// A kind of layer as model files have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindText {
    /// Its name: `max-pool`.
    pub name: String,
    /// What it computes.
    pub words: String,
    /// What can be written of it.
    pub fields: Vec<FieldText>,
}

/// A field of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldText {
    /// Its name.
    pub name: String,
    /// What it takes: "a number", "a tensor's name".
    pub takes: String,
    /// Its value where it isn't written: `0`, `none`; `None` where it must be written.
    pub usual: Option<String>,
    /// What it means.
    pub words: String,
}

/// The reference of kinds, each a name in Rust and the text of its file; `parts` are files of structs that several
/// kinds hold.
pub(super) fn read(kinds: &[(&str, &str)], parts: &[&str]) -> Vec<KindText> {
    let kinds = kinds.iter().map(|(kind, text)| {
        let lines: Vec<&str> = text.lines().collect();
        KindText {
            name: kebab(kind),
            words: words_of(kind, &lines),
            fields: fields_of(kind, &lines, parts),
        }
    });
    kinds.collect()
}

/// The doc comment of a struct, or of the line of a macro that makes it.
fn words_of(kind: &str, lines: &[&str]) -> String {
    let made = |line: &str| {
        let rest = line.trim_start().strip_prefix(kind);
        rest.is_some_and(|rest| rest.starts_with(['(', ',']))
    };
    let own = struct_line(kind, lines).or_else(|| lines.iter().position(|line| made(line)));
    own.map_or_else(String::new, |at| docs_before(lines, at))
}

fn struct_line(kind: &str, lines: &[&str]) -> Option<usize> {
    let start = format!("pub struct {kind} {{");
    lines
        .iter()
        .position(|line| line.trim_start().starts_with(&start))
}

/// The doc comment before a line, attributes between them left out.
fn docs_before(lines: &[&str], at: usize) -> String {
    let before = lines[..at].iter().rev().map(|line| line.trim_start());
    let own = before.take_while(|line| line.starts_with("///") || line.starts_with("#["));
    let mut docs: Vec<&str> = own
        .filter_map(|line| line.strip_prefix("///"))
        .map(str::trim)
        .collect();
    docs.reverse();
    docs.retain(|line| !line.is_empty());
    docs.join(" ")
}

/// The fields of a kind's struct; of the macro's that makes it, where it has none of its own.
fn fields_of(kind: &str, lines: &[&str], parts: &[&str]) -> Vec<FieldText> {
    let own = struct_line(kind, lines).or_else(|| struct_line("$name", lines));
    let Some(start) = own.filter(|&at| !lines[at].ends_with("{}")) else {
        return Vec::new();
    };
    let indent = lines[start].len() - lines[start].trim_start().len();
    let closes = |line: &str| line.len() == indent + 1 && line.ends_with('}');
    let end = lines[start..].iter().position(|line| closes(line));
    let end = end.map_or(lines.len(), |n| start + n);
    let mut fields = Vec::new();
    for at in start + 1..end {
        let field = lines[at].trim_start().strip_prefix("pub ");
        let Some((name, of)) = field.and_then(|field| field.split_once(": ")) else {
            continue;
        };
        let of = of.trim_end_matches(',');
        let told = attributes(lines, at);
        if told.iter().any(|line| line.contains("flatten")) {
            let inner = parts.iter().map(|text| text.lines().collect::<Vec<&str>>());
            let inner = inner.map(|lines| fields_of(of, &lines, &[]));
            fields.extend(inner.flatten());
            continue;
        }
        let texts = std::iter::once(lines.to_vec());
        let texts: Vec<Vec<&str>> = texts
            .chain(parts.iter().map(|text| text.lines().collect()))
            .collect();
        let words = docs_before(lines, at);
        fields.push(FieldText {
            name: name.to_owned(),
            takes: taken(of, &texts),
            usual: usual(of, &told, lines, &words),
            words,
        });
    }
    fields
}

/// The attributes just before a line.
fn attributes<'a>(lines: &[&'a str], at: usize) -> Vec<&'a str> {
    let before = lines[..at].iter().rev().map(|line| line.trim_start());
    let own = before.take_while(|line| line.starts_with("///") || line.starts_with("#["));
    own.filter(|line| line.starts_with("#[")).collect()
}

/// What a type takes, in words; of an enum, its words.
fn taken(of: &str, texts: &[Vec<&str>]) -> String {
    match of {
        "usize" | "i64" | "u32" => "a whole number",
        "f64" => "a number",
        "bool" => "true or false",
        "String" => "a tensor's name",
        "Vec<usize>" | "Vec<i64>" => "a list of whole numbers",
        "Vec<f64>" => "a list of numbers",
        "Vec<String>" => "a list of tensors' names",
        _ => {
            let inner = of
                .strip_prefix("Option<")
                .and_then(|of| of.strip_suffix('>'));
            return inner.map_or_else(|| variants(of, texts), |inner| taken(inner, texts));
        }
    }
    .to_owned()
}

/// The words of an enum.
fn variants(of: &str, texts: &[Vec<&str>]) -> String {
    let start = format!("pub enum {of} {{");
    for lines in texts {
        let Some(at) = lines.iter().position(|line| line.starts_with(&start)) else {
            continue;
        };
        let inside = lines[at + 1..]
            .iter()
            .take_while(|line| !line.starts_with('}'));
        let names = inside.filter_map(|line| line.trim().strip_suffix(','));
        let names: Vec<String> = names.map(|name| format!("{:?}", kebab(name))).collect();
        return names.join(" or ");
    }
    of.to_owned()
}

/// The value of a field that isn't written, as its attributes have it; of a list, as its words do.
fn usual(of: &str, told: &[&str], lines: &[&str], words: &str) -> Option<String> {
    let default = told.iter().find(|line| line.contains("default"))?;
    if let Some((_, rest)) = default.split_once("default = \"") {
        let name = rest.split('"').next()?;
        let start = format!("fn {name}()");
        let at = lines
            .iter()
            .position(|line| line.trim_start().starts_with(&start))?;
        return lines.get(at + 1).map(|line| line.trim().replace('_', ""));
    }
    let absent = words.split_once("absent: ");
    let absent = absent.and_then(|(_, rest)| rest.split(['.', ';']).next());
    let word = match (of, absent) {
        (_, Some(absent)) if of.starts_with("Vec") => absent,
        ("bool", _) => "false",
        ("usize" | "f64", _) => "0",
        _ if of.starts_with("Option") || of.starts_with("Vec") => "none",
        _ => "the first",
    };
    Some(word.to_owned())
}

/// `MaxPool` as serde's kebab-case has it.
pub(super) fn kebab(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(c.to_lowercase());
    }
    text
}
