//! What goes to standard output: numbers and tables.

use crate::cli::terminal;
use crate::plot::number::format_value;
pub use crate::plot::number::grouped;

/// Prints text to standard output; a reader that went away is an error like any other, which
/// [`super::main`] then passes over.
pub fn print(text: &str) -> anyhow::Result<()> {
    Ok(terminal::print(text)?)
}

/// Prints what was computed where it is also `kept` in files, which then are the result: that nobody
/// can read it here is no failure.
pub fn print_summary(text: &str, kept: bool) -> anyhow::Result<()> {
    match terminal::print(text) {
        Err(_) if kept => Ok(()),
        printed => Ok(printed?),
    }
}

/// Prints a value as indented JSON.
pub fn print_json(value: &serde_json::Value) -> anyhow::Result<()> {
    Ok(terminal::print_json(&serde_json::to_string_pretty(value)?)?)
}

/// A number as tables show it: a dash where there is none.
pub fn value(number: f64) -> String {
    if number.is_nan() {
        return "–".to_owned();
    }
    format_value(number)
}

/// So many of a thing: `1 probe`, `1,437 training samples`.
pub fn counted(number: usize, noun: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{} {noun}{end}", grouped(number))
}

/// Where a column's cells stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// A wider name makes a table of lines that no screen holds; `--json` has it whole.
const WIDEST: usize = 100;

/// Aligned columns: the first to the left, the others to the right.
pub fn table(rows: &[Vec<String>]) -> String {
    aligned(
        rows,
        |column| {
            if column == 0 { Side::Left } else { Side::Right }
        },
    )
}

/// A table under a head, with a row for each of `rows`.
pub fn table_of<T, const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = T>,
    cells: impl Fn(T) -> [String; N],
) -> String {
    let rows = rows.into_iter().map(|row| cells(row).to_vec());
    let head = std::iter::once(head.map(String::from).to_vec());
    table(&head.chain(rows).collect::<Vec<_>>())
}

/// Aligned columns of words, all to the left.
pub fn table_of_words(rows: &[Vec<String>]) -> String {
    aligned(rows, |_| Side::Left)
}

fn aligned(rows: &[Vec<String>], side: impl Fn(usize) -> Side) -> String {
    let cell = |text: &String| {
        let text = terminal::shortened(&terminal::line(text), WIDEST);
        (terminal::columns(&text), text)
    };
    let rows: Vec<Vec<(usize, String)>> = rows
        .iter()
        .map(|row| row.iter().map(cell).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|(w, _)| *w).max();
    let widths: Vec<usize> = (0..columns).map(|c| width(c).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (c, (width, cell)) in row.iter().enumerate() {
            let pad = " ".repeat(widths[c] - width);
            let gap = if c == 0 { "" } else { "  " };
            line += &match side(c) {
                Side::Left => format!("{gap}{cell}{pad}"),
                Side::Right => format!("{gap}{pad}{cell}"),
            };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}
