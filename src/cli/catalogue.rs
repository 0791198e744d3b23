//! `measure`: any measures of the catalogue, of whole networks or part by part.

use crate::cli::measure::{self, header};
use crate::cli::{End, Talk, output, terminal};
use crate::engine::job::MeasureJob;
use crate::engine::measures::{MeasureResult, Measured, run as compute};
use crate::error::Error;
use crate::landscape::measures::CATALOGUE;
use crate::landscape::measures::entry::{Entry, Group, Row};
use crate::landscape::measures::part::By;
use crate::plot::number::with_error;
use clap::Args;

/// `losscope measure`
#[derive(Debug, Args)]
#[command(after_long_help = help(), after_help = names())]
pub struct MeasureArgs {
    #[command(flatten)]
    job: MeasureJob,
    #[command(flatten)]
    files: measure::Files,
}

/// The names of measures by heading.
fn names() -> String {
    let mut text = "Names of measures:\n".to_owned();
    for group in Group::ALL {
        let own = CATALOGUE.iter().filter(|entry| entry.group == group);
        let keys: Vec<&str> = own.filter(|e| !e.rows.is_empty()).map(|e| e.key).collect();
        text += &format!("  {}: {}\n", group.name(), keys.join(", "));
    }
    text
}

/// Every measure with its numbers, for `--help`.
fn help() -> String {
    let mut text = "Measures, by name. Those with * are the usual ones; losscope sharpness, curvature and noise give the formulas of theirs too.\n".to_owned();
    for entry in CATALOGUE.iter().filter(|entry| !entry.rows.is_empty()) {
        let star = if entry.usual { "*" } else { "" };
        let needs: Vec<&str> = entry.needs.iter().map(|need| need.brief()).collect();
        let needs = needs.into_iter().filter(|need| !need.is_empty());
        let needs: String = needs.map(|need| format!("  Takes {need}.\n")).collect();
        text += &format!("\n{}{star}: {}\n{needs}", entry.key, entry.name);
        for definition in entry.definitions {
            text += &definition.entry();
        }
    }
    text
}

/// Measures, prints and writes.
pub fn run(args: &MeasureArgs, talk: Talk) -> anyhow::Result<End> {
    let picture = || {
        Err(Error::Usage(
            "losscope measure gives tables: write .json, .npz or .csv".into(),
        ))
    };
    args.files.check(&args.job.clone().into(), picture)?;
    let result = measure::watched(&args.files, talk, |observer| compute(&args.job, observer))?;
    let look = args.files.look();
    measure::finish(&args.files, &result, &text(&result), &look, talk)
}

fn text(result: &MeasureResult) -> String {
    let mut text = header(&result.header);
    if let Some(remark) = result.job.statistics.remark() {
        text += &format!("{remark}\n");
    }
    for entry in result.job.entries() {
        let of = |found: &&Measured| found.measure == entry.key;
        let found: Vec<&Measured> = result.results.iter().filter(of).collect();
        if found.is_empty() {
            continue;
        }
        let rows = match result.job.by {
            By::Network => side_by_side(result, entry, &found),
            By::Layer | By::Module => ranking(result, entry, &found),
        };
        text += &format!("\n{}\n", entry.name);
        text += &output::table(&rows);
        let mut problems: Vec<(String, &str)> = Vec::new();
        for one in &found {
            if let Some(problem) = &one.problem
                && !problems.iter().any(|(_, known)| known == problem)
            {
                problems.push((place(result, one), problem));
            }
        }
        for (place, problem) in problems {
            text += &format!("{place}{problem}\n");
        }
        if found.iter().any(|one| !one.finished) {
            text += "stopped before its end\n";
        }
    }
    text
}

/// Where something was measured, for a remark.
fn place(result: &MeasureResult, found: &Measured) -> String {
    let several = result.job.checkpoints().len() > 1;
    let file = several.then(|| terminal::path(&found.checkpoint));
    let part = (!found.part.is_empty()).then(|| terminal::line(&found.part).into_owned());
    let words: Vec<String> = file.into_iter().chain(part).collect();
    if words.is_empty() {
        return String::new();
    }
    format!("{}: ", words.join(", "))
}

/// A number as it stands in a table.
fn cell(found: &Measured, row: &Row) -> String {
    let number = found.numbers.iter().find(|n| n.quantity == row.key);
    number.map_or_else(
        || "–".to_owned(),
        |n| {
            let (value, rest) = with_error(n.value, n.error);
            format!("{value}{rest}")
        },
    )
}

/// A number a line, a checkpoint a column.
fn side_by_side(result: &MeasureResult, entry: &Entry, found: &[&Measured]) -> Vec<Vec<String>> {
    let mut head = vec![String::new()];
    head.extend(
        result
            .job
            .checkpoints()
            .iter()
            .map(|file| terminal::path(file)),
    );
    let mut rows = vec![head];
    for row in entry.rows {
        let known = |one: &&Measured| one.numbers.iter().any(|n| n.quantity == row.key);
        if found.iter().any(known) {
            let mut line = vec![named(row)];
            line.extend(found.iter().map(|one| cell(one, row)));
            rows.push(line);
        }
    }
    rows
}

/// A part a line, those with the largest first number first; a number a column.
fn ranking(result: &MeasureResult, entry: &Entry, found: &[&Measured]) -> Vec<Vec<String>> {
    let several = result.job.checkpoints().len() > 1;
    let known = |row: &&Row| {
        let has = |one: &&Measured| one.numbers.iter().any(|n| n.quantity == row.key);
        found.iter().any(has)
    };
    let columns: Vec<&Row> = entry.rows.iter().filter(known).collect();
    let mut head = vec![result.job.by.noun().to_owned(), "parameters".into()];
    head.extend(columns.iter().map(|row| named(row)));
    let first = |one: &Measured| one.numbers.first().map_or(f64::NAN, |n| n.value);
    let files = result.job.checkpoints();
    let mut ranked = found.to_vec();
    ranked.sort_by(|a, b| {
        let nowhere = |v: f64| if v.is_nan() { f64::NEG_INFINITY } else { v };
        let by_file = |one: &Measured| files.iter().position(|f| *f == one.checkpoint);
        let numbers = nowhere(first(b)).total_cmp(&nowhere(first(a)));
        by_file(a).cmp(&by_file(b)).then(numbers)
    });
    let mut rows = vec![head];
    for one in ranked {
        let part = terminal::line(&one.part).into_owned();
        let name = if several {
            format!("{} {part}", terminal::path(&one.checkpoint))
        } else {
            part
        };
        let mut line = vec![name, output::grouped(one.parameters)];
        line.extend(columns.iter().map(|row| cell(one, row)));
        rows.push(line);
    }
    rows
}

fn named(row: &Row) -> String {
    match row.unit {
        "" => row.name.to_owned(),
        unit => format!("{} ({unit})", row.name),
    }
}
