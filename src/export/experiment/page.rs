//! The page of an experiment, as Markdown and as HTML from one list of blocks.

use super::pictures::Drawn;
use crate::engine::experiment::{Cell, Experiment, Finding, PartRuns, Table};
use crate::engine::job::Job;
use crate::error::Result;
use crate::plot::escaped;
use crate::plot::heat::base64;
use crate::plot::number::{format_value, grouped};
use crate::plot::text::{FAMILY, FONT};
use crate::train::findings::judge::RULE;

const STYLE: &str = include_str!("../report/page.css");

/// A piece of the page.
enum Block {
    Heading(String),
    Paragraph(String),
    /// Words that stand out, then others.
    Claim(String, Vec<(&'static str, String)>),
    Table(String, Vec<String>, Vec<Vec<String>>),
    Figure(&'static str, String, String),
}

/// The page.
pub struct Document {
    title: String,
    blocks: Vec<Block>,
}

/// Draws a figure of a page by its name, picture, lines and caption.
pub type Figure<'a> = dyn Fn(&str, &str, &[String], &str) -> String + 'a;

impl Document {
    /// Of an experiment whose pictures are drawn.
    pub fn of(experiment: &Experiment, drawn: &[Drawn]) -> Result<Self> {
        let entry = experiment.entry;
        let mut blocks = vec![
            Block::Paragraph(format!("Source: {}.", entry.source)),
            Block::Paragraph(format!("The question: {}.", entry.asks)),
            Block::Heading("What was found in this run".into()),
            Block::Paragraph(format!(
                "Each claim of the source is held against one number a seed: it {RULE}."
            )),
        ];
        blocks.extend(experiment.found.findings.iter().map(claim));
        blocks.push(Block::Heading("What was done".into()));
        blocks.extend(done(experiment)?);
        blocks.push(Block::Heading("Figures".into()));
        let figure = |d: &Drawn| Block::Figure(d.name, d.svg.clone(), d.caption.clone());
        blocks.extend(drawn.iter().map(figure));
        blocks.push(Block::Heading("Numbers".into()));
        let shown = experiment.found.tables.iter().filter(|t| t.shown);
        blocks.extend(shown.map(table));
        blocks.push(Block::Paragraph(
            "Every table, with those too long for this page, is in data/ as CSV, and all of them in data/results.npz and data/results.json with the header of this run.".into(),
        ));
        let remarks = experiment
            .found
            .notes
            .iter()
            .chain(&experiment.header.warnings);
        let remarks: Vec<String> = remarks.cloned().collect();
        if !remarks.is_empty() {
            blocks.push(Block::Heading("What to keep in mind".into()));
            blocks.extend(remarks.into_iter().map(Block::Paragraph));
        }
        Ok(Self {
            title: entry.title.to_owned(),
            blocks,
        })
    }

    /// As Markdown; figures are the files beside it.
    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n", self.title);
        for block in &self.blocks {
            text += &match block {
                Block::Heading(words) => format!("\n## {words}\n"),
                Block::Paragraph(words) => format!("\n{words}\n"),
                Block::Claim(claim, said) => {
                    let lines = said
                        .iter()
                        .map(|(name, words)| format!("- {name}: {words}\n"));
                    format!("\n**{claim}**\n\n{}", lines.collect::<String>())
                }
                Block::Table(title, head, rows) => {
                    let line = |cells: &[String]| {
                        let cells: Vec<String> =
                            cells.iter().map(|c| c.replace('|', "\\|")).collect();
                        format!("| {} |\n", cells.join(" | "))
                    };
                    let rule = vec!["---".to_owned(); head.len()];
                    let rows: String = rows.iter().map(|row| line(row)).collect();
                    format!("\n{title}:\n\n{}{}{rows}", line(head), line(&rule))
                }
                Block::Figure(name, _, caption) => {
                    format!("\n![{caption}](figures/{name}.png)\n\n*{caption}*\n")
                }
            };
        }
        text
    }

    /// As one HTML page with its figures inside, each written by `figure`.
    pub fn html(&self, figure: &Figure<'_>) -> String {
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"generator\" content=\"Losscope {}\">\n<title>{title}</title>\n<style>\n@font-face {{ font-family: \"{FAMILY}\"; src: url(data:font/ttf;base64,{}); }}\n{STYLE}figure {{ max-width: 100%; overflow-x: auto; }}\n</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n</header>\n<main>\n",
            escaped(env!("CARGO_PKG_VERSION")),
            base64(FONT),
            title = escaped(&self.title),
        );
        for block in &self.blocks {
            html += &match block {
                Block::Heading(words) => format!("<h2>{}</h2>\n", escaped(words)),
                Block::Paragraph(words) => format!("<p>{}</p>\n", escaped(words)),
                Block::Claim(claim, said) => {
                    let lines = said.iter().map(|(name, words)| {
                        format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(words))
                    });
                    format!(
                        "<h3>{}</h3>\n<dl class=\"facts\">\n{}</dl>\n",
                        escaped(claim),
                        lines.collect::<String>()
                    )
                }
                Block::Table(title, head, rows) => {
                    let cells = |cells: &[String], tag: &str| {
                        let each = cells
                            .iter()
                            .map(|c| format!("<{tag}>{}</{tag}>", escaped(c)));
                        format!("<tr>{}</tr>\n", each.collect::<String>())
                    };
                    let rows: String = rows.iter().map(|row| cells(row, "td")).collect();
                    format!(
                        "<div class=\"wide\"><table>\n<caption>{}</caption>\n<thead>{}</thead>\n<tbody>\n{rows}</tbody></table></div>\n",
                        escaped(title),
                        cells(head, "th")
                    )
                }
                Block::Figure(name, svg, caption) => {
                    figure(svg, name, std::slice::from_ref(caption), "")
                }
            };
        }
        html + "</main>\n</body>\n</html>\n"
    }
}

fn claim(finding: &Finding) -> Block {
    let judged = &finding.judged;
    let mut said = vec![("here", finding.here.clone()), ("verdict", judged.words())];
    if let Some(mean) = &judged.mean {
        let half = mean.half();
        let interval = if half.is_finite() {
            format!(" ± {}", format_value(half))
        } else {
            String::new()
        };
        said.push((
            "judged by",
            format!(
                "{}{interval}, the mean of {}; {} of {} on the claimed side",
                format_value(mean.mean),
                if mean.count == 1 {
                    "one seed".into()
                } else {
                    format!("{} seeds", mean.count)
                },
                judged.in_favour,
                mean.count
            ),
        ));
    }
    said.push(("the number", finding.rule.clone()));
    Block::Claim(format!("{}.", finding.source), said)
}

fn done(experiment: &Experiment) -> Result<Vec<Block>> {
    let header = &experiment.header;
    let trials = || experiment.parts.iter().flat_map(|part| &part.trials);
    let seconds: f64 = trials()
        .map(|t| t.last("seconds"))
        .filter(|s| s.is_finite())
        .sum();
    let head = [
        "sweep",
        "runs",
        "network",
        "optimiser",
        "batch size",
        "learning rate",
        "seeds",
        "at most",
        "what",
    ];
    let rows = experiment.parts.iter().map(part).collect();
    let command = Job::from(experiment.job.clone()).command_line()?;
    Ok(vec![
        Block::Table(
            "What was trained; each sweep's whole recipe is runs/SWEEP/recipe.toml".into(),
            head.map(str::to_owned).to_vec(),
            rows,
        ),
        Block::Paragraph(format!(
            "Data: {}, {}; {} training and {} validation samples. Loss: {}.",
            header.data.name,
            header.data.description,
            grouped(header.data.train_samples),
            grouped(header.data.validation_samples),
            header.model.loss
        )),
        Block::Paragraph(format!(
            "Computed on {} with Losscope {}: {} runs, {:.0} s of training in all runs together. The command: {command}",
            header.device,
            header.losscope,
            trials().count(),
            seconds
        )),
    ])
}

fn part(part: &PartRuns) -> Vec<String> {
    let job = &part.job;
    let list = |values: Vec<String>| values.join(", ");
    let model = part.trials.iter().find_map(|t| t.header.as_ref());
    let network = model.map_or_else(
        || job.setup.model.clone(),
        |h| {
            format!(
                "{} ({} parameters)",
                h.model.name,
                grouped(h.model.parameters)
            )
        },
    );
    let optimizer = format!("{:?}", job.how.optimizer.optimizer).to_lowercase();
    let length = match job.how.stop.steps {
        Some(steps) => format!("{steps} steps"),
        None => format!("{} epochs", job.how.stop.epochs),
    };
    vec![
        part.name.clone(),
        part.trials.len().to_string(),
        network,
        optimizer,
        list(job.batch_size.0.iter().map(ToString::to_string).collect()),
        list(
            job.learning_rate
                .0
                .iter()
                .map(|r| format_value(*r))
                .collect(),
        ),
        list(job.run_seed.0.iter().map(ToString::to_string).collect()),
        length,
        part.words.clone(),
    ]
}

fn table(table: &Table) -> Block {
    let cell = |cell: &Cell| match cell {
        Cell::Word(word) => word.clone(),
        Cell::Number(number) if number.is_nan() => "–".into(),
        Cell::Number(number) if number.fract() == 0.0 && number.abs() < 1e9 => {
            format!("{number}")
        }
        Cell::Number(number) => format_value(*number),
    };
    let rows = table.rows.iter().map(|row| row.iter().map(cell).collect());
    Block::Table(table.title.clone(), table.columns.clone(), rows.collect())
}
