//! Sections of a report's page about the loss around and between both: line, contours, sharpness.

use super::figures::Figures;
use super::html::{
    Cell, count, figure, gap, maybe, note, paragraph, table, uncertain, value, words,
};
use crate::engine::report::{Part, Report};
use crate::engine::sharpness::{CheckpointSharpness, SharpnessReport};
use crate::landscape::sharpness::search::{Method, Sharpness};
use crate::landscape::sharpness::{CAUTION, PUBLISHED, PUBLISHED_EPSILON};
use crate::plot::number::{format_value, percent_to, power};

/// Names of the pair, as headings.
pub(super) const PAIR: [&str; 2] = ["small batch", "large batch"];

/// What of these parts isn't there.
pub(super) fn gaps(report: &Report, mine: impl Fn(Part) -> bool) -> String {
    let missing = report.gaps.iter().filter(|g| mine(g.part));
    missing
        .map(|g| gap(&format!("Not here: {}: {}.", g.part.describe(), g.reason)))
        .collect()
}

/// A figure, or why there is none.
pub(super) fn drawn(name: &str, drawing: Option<&super::figures::Drawn>, class: &str) -> String {
    match drawing {
        None => String::new(),
        Some(Ok((svg, caption))) => figure(svg, name, caption, class),
        Some(Err(error)) => gap(&format!("The figure can't be drawn: {error}.")),
    }
}

/// Loss and accuracy between both.
pub fn line(report: &Report, figures: &Figures) -> String {
    let mut html = gaps(report, |p| p == Part::Line);
    html += &drawn("line", figures.line.as_ref(), "medium");
    let Some(line) = &report.line else {
        return html;
    };
    let score = line.header.model.criterion.score();
    for (split, barrier) in &line.header.barriers {
        let text = if barrier.height > 0.0 {
            format!(
                "On the {split} samples a barrier of {} stands between both, at α = {}.",
                score.of_loss(&format_value(barrier.height)),
                format_value(barrier.alpha)
            )
        } else {
            format!("On the {split} samples no barrier stands between both.")
        };
        html += &paragraph(&text);
    }
    html
}

/// Three contours on one scale.
pub fn contours(report: &Report, figures: &Figures) -> String {
    let mut html = gaps(report, |p| matches!(p, Part::Contour(_)));
    html += &drawn("contours", figures.contours.as_ref(), "full");
    html
}

/// φ, its methods, the other sharpnesses, and what was published.
pub fn sharpness(report: &Report, figures: &Figures) -> String {
    let mut html = gaps(report, |p| {
        matches!(p, Part::Sharpness | Part::Subspace | Part::Curve(_))
    });
    html += &note(&format!("{CAUTION} Every value is a lower bound."));
    let mut rows = Vec::new();
    if let Some(found) = &report.sharpness {
        rows.extend(boxes(found, "full space"));
    }
    if let Some(found) = &report.subspace {
        let place = format!("{} random directions", found.job.subspace.unwrap_or(0));
        rows.extend(boxes(found, &place));
    }
    if !rows.is_empty() {
        let head = [
            "box",
            "ε",
            "checkpoint",
            "loss",
            "φ (%)",
            "sign ascent",
            "L-BFGS-B",
            "random points",
            "at bounds",
            "gradients",
        ];
        html += &table(
            "φ: rise of the loss in percent of 1 + loss (Keskar et al. 2017, metric 2.1); the best of all methods, each method alone, and the best of as many random points",
            &head,
            &rows,
        );
    }
    html += &drawn("curves", figures.curves.as_ref(), "narrow");
    if let Some(found) = &report.sharpness {
        html += &others(found);
        html += &published(found);
    }
    html
}

fn boxes(found: &SharpnessReport, place: &str) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for index in 0..found.job.epsilon.len() {
        for (result, name) in found.results.iter().zip(PAIR) {
            if let Some(found) = result.boxes.get(index) {
                rows.push(one_box(found, place, name));
            }
        }
    }
    rows
}

fn one_box(found: &Sharpness, place: &str, name: &str) -> Vec<Cell> {
    let of = |method: Method| {
        let own = found.methods.iter().find(|m| m.method == method);
        maybe(own.map(|m| m.phi))
    };
    vec![
        words(place),
        Cell::Number(power(found.epsilon)),
        words(name),
        value(found.loss),
        value(found.phi),
        of(Method::Sign),
        of(Method::Lbfgsb),
        maybe(found.random_floor),
        Cell::Number(percent_to(found.active_bounds, 0)),
        count(found.gradients),
    ]
}

fn others(found: &SharpnessReport) -> String {
    let [small, large] = found.results.as_slice() else {
        return String::new();
    };
    let cell = |result: &CheckpointSharpness, i: usize| match result.measures.get(i) {
        None => maybe(None),
        Some(m) => match m.standard_error {
            Some(error) => uncertain(m.rise, error),
            None => value(m.rise),
        },
    };
    let rows: Vec<Vec<Cell>> = (small.measures.iter().enumerate())
        .map(|(i, measure)| {
            let name = measure.measure.describe();
            let rho = Cell::Number(format_value(measure.rho));
            vec![words(name), rho, cell(small, i), cell(large, i)]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    table(
        &format!(
            "Other sharpnesses: {}; means over random draws with their standard error",
            found
                .header
                .model
                .criterion
                .score()
                .of_loss("rise of the loss,")
                .trim_end_matches(',')
        ),
        &["measure", "ρ", PAIR[0], PAIR[1]],
        &rows,
    )
}

/// The paper's values beside this pair's.
fn published(found: &SharpnessReport) -> String {
    let row = |name: &str, small: f64, large: f64| {
        vec![
            words(name),
            value(small),
            value(large),
            value(large / small),
        ]
    };
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    if let [small, large] = found.results.as_slice() {
        let own = |r: &CheckpointSharpness| {
            let found = r.boxes.iter().find(|b| b.epsilon == PUBLISHED_EPSILON);
            found.map(|b| b.phi)
        };
        if let (Some(small), Some(large)) = (own(small), own(large)) {
            rows.push(row("this pair", small, large));
        }
    }
    rows.extend(PUBLISHED.iter().map(|(name, s, l)| row(name, *s, *l)));
    table(
        "Published for full space and ε = 10⁻³: φ (%) of the networks of Keskar et al. 2017, table 3",
        &["network", PAIR[0], PAIR[1], "ratio"],
        &rows,
    )
}
