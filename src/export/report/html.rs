//! HTML being written: escaped text, tables, figures, sections. It knows nothing of what they say.

pub(super) use crate::plot::escaped;
use crate::plot::number::grouped;
pub(super) use crate::plot::number::three_digits as digits;
use crate::plot::page::with_names;

/// A cell of a table.
pub enum Cell {
    /// Words, to the left.
    Words(String),
    /// A number, to the right.
    Number(String),
    /// Something written as HTML already.
    Raw(String),
}

/// Words.
pub fn words(text: impl AsRef<str>) -> Cell {
    Cell::Words(text.as_ref().to_owned())
}

/// A number, to three digits.
pub fn value(number: f64) -> Cell {
    Cell::Number(digits(number))
}

/// Words of this program with their indices set low: λ_max, B_simple.
pub fn marked(text: &str) -> String {
    let mut html = escaped(text);
    for index in ["max", "min", "simple", "noise", "small", "large"] {
        for symbol in ["λ", "B", "θ", "S", "E"] {
            let low = format!("{symbol}<sub>{index}</sub>");
            html = html.replace(&format!("{symbol}_{index}"), &low);
        }
    }
    html
}

/// A number that may be missing.
pub fn maybe(number: Option<f64>) -> Cell {
    number.map_or_else(|| Cell::Number("–".into()), value)
}

/// A number and its standard error.
pub fn uncertain(mean: f64, error: f64) -> Cell {
    Cell::Number(format!("{} ± {}", digits(mean), digits(error)))
}

/// A whole number with its thousands apart.
pub fn count(number: usize) -> Cell {
    Cell::Number(grouped(number))
}

impl Cell {
    /// The cell in a row.
    pub fn html(&self) -> String {
        match self {
            Self::Words(text) => format!("<td>{}</td>", marked(text)),
            Self::Number(text) => format!("<td class=\"n\">{}</td>", escaped(text)),
            Self::Raw(html) => format!("<td>{html}</td>"),
        }
    }
}

/// A table under a heading row; `caption` stands above it and may be empty.
pub fn table(caption: &str, head: &[&str], rows: &[Vec<Cell>]) -> String {
    table_in_groups(caption, &[], head, rows)
}

/// The same with headings over several columns each: name and number of columns.
pub fn table_in_groups(
    caption: &str,
    groups: &[(&str, usize)],
    head: &[&str],
    rows: &[Vec<Cell>],
) -> String {
    let mut html = String::from("<div class=\"wide\"><table>\n");
    if !caption.is_empty() {
        html += &format!("<caption>{}</caption>\n", marked(caption));
    }
    html += "<thead>";
    if !groups.is_empty() {
        html += "<tr class=\"over\">";
        html.extend(
            groups
                .iter()
                .map(|(name, columns)| format!("<th colspan=\"{columns}\">{}</th>", marked(name))),
        );
        html += "</tr>\n";
    }
    html += "<tr>";
    for (column, name) in head.iter().enumerate() {
        // A heading stands over its numbers.
        let number = rows
            .first()
            .and_then(|row| row.get(column))
            .is_some_and(|cell| matches!(cell, Cell::Number(_)));
        let mut class = if number { "n" } else { "" }.to_owned();
        // Both checkpoints keep their colours.
        for side in ["small", "large"] {
            if name.starts_with(side) {
                class += &format!(" {side}");
            }
        }
        html += &format!(
            "<th scope=\"col\" class=\"{}\">{}</th>",
            class.trim(),
            marked(name)
        );
    }
    html += "</tr></thead>\n<tbody>\n";
    for row in rows {
        html += "<tr>";
        html.extend(row.iter().map(Cell::html));
        html += "</tr>\n";
    }
    html + "</tbody></table></div>\n"
}

/// A figure of this crate with its caption below; `name` begins its names within the page.
pub fn figure(svg: &str, name: &str, caption: &[String], class: &str) -> String {
    let svg = with_names(svg, name);
    let lines: Vec<String> = caption.iter().map(|line| marked(line)).collect();
    format!(
        "<figure class=\"{class}\">\n{svg}<figcaption>{}</figcaption>\n</figure>\n",
        lines.join("<br>")
    )
}

/// A paragraph; `html` is written as it is.
pub fn paragraph(html: &str) -> String {
    format!("<p>{html}</p>\n")
}

/// A part that isn't there.
pub fn gap(text: &str) -> String {
    format!("<p class=\"note gap\">{}</p>\n", escaped(text))
}

/// A remark that stands out.
pub fn note(text: &str) -> String {
    format!("<p class=\"note\">{}</p>\n", marked(text))
}

/// A bar for a ratio on a logarithmic axis from 1/`most` to `most`: to the right of the middle where
/// it is more than one.
pub fn ratio_bar(ratio: f64, most: f64) -> String {
    let share = (ratio.ln() / most.max(1.0 + 1e-9).ln()).clamp(-1.0, 1.0);
    let (left, width) = if share >= 0.0 {
        (50.0, 50.0 * share)
    } else {
        (50.0 + 50.0 * share, -50.0 * share)
    };
    let side = if share >= 0.0 { "more" } else { "less" };
    format!(
        "<span class=\"ratio\" aria-hidden=\"true\"><span class=\"{side}\" style=\"left:{left:.2}%;width:{width:.2}%\"></span></span>"
    )
}

/// Two bars below each other, each a share of the whole width.
pub fn pair_bars(shares: [f64; 2]) -> String {
    let bar = |class: &str, share: f64| {
        format!(
            "<span class=\"{class}\" style=\"width:{:.2}%\"></span>",
            100.0 * share.clamp(0.0, 1.0)
        )
    };
    format!(
        "<span class=\"pair\" aria-hidden=\"true\">{}{}</span>",
        bar("small", shares[0]),
        bar("large", shares[1])
    )
}

/// With a capital and a full stop.
pub fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_are_escaped() {
        let html = table("a<b", &["&"], &[vec![words("<script>")]]);
        assert!(html.contains("a&lt;b") && html.contains("&amp;") && html.contains("&lt;script"));
        assert!(!html.contains("<script"));
    }

    #[test]
    fn indices_are_set_low() {
        assert_eq!(marked("λ_max < 1"), "λ<sub>max</sub> &lt; 1");
    }

    #[test]
    fn bars_stay_within_their_place() {
        assert!(ratio_bar(4.0, 4.0).contains("left:50.00%;width:50.00%"));
        assert!(ratio_bar(0.5, 4.0).contains("left:25.00%;width:25.00%"));
        assert!(ratio_bar(1.0, 1.0).contains("width:0.00%"));
    }
}
