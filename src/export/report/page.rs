//! The page itself: head, summary, contents, sections.

use super::figures::Figures;
use super::files::{Files, GENERATOR, folder_name};
use super::html::{Cell, escaped, marked, maybe, ratio_bar, uncertain, value};
use super::summary::{Group, Row, curvature_sentence, sentence};
use super::{measures, methods, sections};
use crate::engine::names;
use crate::engine::report::Report;
use crate::error::Result;
use crate::model::losses::Score;
use crate::plot::heat::base64;
use crate::plot::number::{format_value, grouped};
use crate::plot::text::{FAMILY, FONT};

const STYLE: &str = include_str!("page.css");

/// The sections with their titles, in order; the first word of each is its anchor.
const SECTIONS: [(&str, &str); 7] = [
    ("line", "The line between both"),
    ("contours", "Contours around both and half way"),
    ("sharpness", "Sharpness"),
    ("curvature", "Curvature"),
    ("distances", "Distances"),
    ("noise", "Gradient noise"),
    ("methods", "How each number was made"),
];

/// The whole page.
///
/// # Errors
/// None that a report of this program could cause.
pub fn html(report: &Report, rows: &[Row], figures: &Figures, files: &Files) -> Result<String> {
    let title = format!("{}: small and large batch", report.header.model.name);
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{GENERATOR}{}\">\n<title>{}</title>\n<style>\n@font-face {{ font-family: \"{FAMILY}\"; src: url(data:font/ttf;base64,{}); }}\n{STYLE}</style>\n</head>\n<body>\n",
        escaped(&report.header.losscope),
        escaped(&title),
        base64(FONT)
    );
    html += &head(report, &title, rows);
    html += "<nav aria-label=\"Contents\"><ol>\n";
    html += "<li><a href=\"#summary\">1 Summary</a></li>\n";
    for (number, (id, title)) in SECTIONS.iter().enumerate() {
        html += &format!("<li><a href=\"#{id}\">{} {title}</a></li>\n", number + 2);
    }
    html += "</ol></nav>\n<main>\n";
    html += &section(
        1,
        "summary",
        "Summary",
        &summary(rows, report.header.model.criterion.score()),
        files,
    );
    for (number, (id, title)) in SECTIONS.iter().enumerate() {
        let body = match *id {
            "line" => sections::line(report, figures),
            "contours" => sections::contours(report, figures),
            "sharpness" => sections::sharpness(report, figures),
            "curvature" => measures::curvature(report, figures),
            "distances" => measures::distances(report),
            "noise" => measures::noise(report, figures),
            _ => methods::methods(report)?,
        };
        html += &section(number + 2, id, title, &body, files);
    }
    html += &format!(
        "</main>\n<footer>Made with Losscope {}.</footer>\n</body>\n</html>\n",
        escaped(&report.header.losscope)
    );
    Ok(html)
}

fn section(number: usize, id: &str, title: &str, body: &str, files: &Files) -> String {
    let folder = folder_name(&files.folder);
    let mut links: Vec<String> = Vec::new();
    let mut latest = "";
    for (_, name) in files.written.iter().filter(|(section, _)| *section == id) {
        let target = escaped(&address(&format!("{folder}/{name}")));
        let (stem, suffix) = name.rsplit_once('.').unwrap_or((name, ""));
        // The formats of one file stand together.
        match links.last_mut() {
            Some(link) if stem == latest => {
                *link += &format!("\u{a0}<a href=\"{target}\">{}</a>", escaped(suffix));
            }
            _ => links.push(format!("<a href=\"{target}\">{}</a>", escaped(name))),
        }
        latest = stem;
    }
    let links = if links.is_empty() {
        String::new()
    } else {
        format!("<p class=\"files\">Files: {}</p>\n", links.join(" · "))
    };
    format!(
        "<section id=\"{id}\">\n<h2><span class=\"number\">{number}</span>{}</h2>\n{body}{links}</section>\n",
        escaped(title)
    )
}

/// A relative path as the address of a link.
fn address(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./~".contains(&b);
    path.bytes()
        .map(|b| {
            if plain(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// Title and facts.
fn head(report: &Report, title: &str, rows: &[Row]) -> String {
    let mut html = format!("<header>\n<h1>{}</h1>\n", escaped(title));
    html += "<p class=\"lead\">How sharp two minimizers are, how the loss runs between them, and how each number was made.</p>\n";
    if !report.complete() {
        let names: Vec<String> = report.gaps.iter().map(|g| g.part.describe()).collect();
        html += &format!(
            "<p class=\"note gap\">This report is not complete. Missing: {}.</p>\n",
            escaped(&names.join("; "))
        );
    }
    html += "<dl class=\"facts\">\n";
    for file in &report.header.checkpoints {
        let class = file.role.split(' ').next().unwrap_or_default();
        html += &format!(
            "<dt class=\"{class}\">{}</dt><dd>{} <span class=\"hash\">sha-256 {}</span></dd>\n",
            escaped(&file.role),
            escaped(&names::place(&file.path)),
            escaped(&file.sha256)
        );
    }
    let setup = &report.job.setup;
    let data = &report.header.data;
    let facts = [
        (
            "network",
            format!(
                "{}, {} parameters",
                report.header.model.name,
                grouped(report.header.model.parameters)
            ),
        ),
        (
            "data",
            format!(
                "{}, {} training and {} validation samples",
                data.name,
                grouped(data.train_samples),
                grouped(data.validation_samples)
            ),
        ),
        (
            "computed",
            format!(
                "{}, {}, seed {}, {:.1} s{}",
                report.header.device,
                format!("{:?}", setup.precision).to_lowercase(),
                setup.seed,
                report.header.elapsed_seconds,
                if report.job.quick {
                    "; quick: coarser grids and fewer probes"
                } else {
                    ""
                }
            ),
        ),
    ];
    for (name, text) in facts {
        html += &format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(&text));
    }
    html += "</dl>\n";
    html += &format!("<p class=\"verdict\">{}</p>\n", unbroken(&sentence(rows)));
    html + "</header>\n"
}

/// Text whose factors stay in one line.
fn unbroken(text: &str) -> String {
    escaped(text).replace("× ", "×\u{a0}")
}

/// Every number of both, with bars for their ratios.
fn summary(rows: &[Row], score: Score) -> String {
    let shown: Vec<&Row> = rows.iter().filter(|r| r.ratio.is_some()).collect();
    let ratios = shown.iter().filter_map(|r| r.ratio);
    let most = ratios.map(|r| r.max(1.0 / r)).fold(1.0, f64::max);
    let mut html = String::from(
        "<div class=\"wide\"><table class=\"summary\">\n<thead><tr><th scope=\"col\"></th><th scope=\"col\" class=\"n small\">small batch</th><th scope=\"col\" class=\"n large\">large batch</th><th scope=\"col\" class=\"n\">large ÷ small</th>",
    );
    let most_text = format_value(most);
    html += &format!(
        "<th class=\"bars\" aria-hidden=\"true\"><span class=\"ends\"><span>÷ {most_text}</span><span>1</span><span>× {most_text}</span></span></th></tr></thead>\n<tbody>\n"
    );
    for group in Group::ALL {
        let mine: Vec<&Row> = rows.iter().filter(|r| r.group == group).collect();
        if mine.is_empty() {
            continue;
        }
        html += &format!(
            "<tr class=\"group\"><td colspan=\"5\">{}</td></tr>\n",
            group.describe(score)
        );
        for row in mine {
            html += &summary_row(row, most);
        }
    }
    html += "</tbody></table></div>\n";
    if let Some(text) = curvature_sentence(rows) {
        html += &format!("<p>{}</p>\n", unbroken(&text));
    }
    html
}

fn summary_row(row: &Row, most: f64) -> String {
    let (factor, unit) = row.for_people();
    let number = |i: usize, v: f64| match row.errors {
        Some(errors) => uncertain(factor * v, factor * errors[i]),
        None => value(factor * v),
    };
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!(" <span class=\"faint\">{}</span>", escaped(unit))
    };
    let bar = row.ratio.map_or_else(String::new, |r| ratio_bar(r, most));
    let cells = [
        Cell::Raw(format!("{}{unit}", marked(&row.name))),
        number(0, row.small),
        number(1, row.large),
        maybe(row.ratio),
    ];
    let cells: String = cells.iter().map(Cell::html).collect();
    format!("<tr>{cells}<td class=\"bars\">{bar}</td></tr>\n")
}
