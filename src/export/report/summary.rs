//! The numbers of a report side by side, and what they say in a sentence.

use crate::engine::report::Report;
use crate::engine::result::{Numbers, Outcome};
use crate::engine::sharpness::SharpnessReport;
use crate::landscape::table::Column;
use crate::model::losses::Score;
use crate::plot::number::{format_value, power};
use serde::Serialize;

/// What a number is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Loss and score.
    Fit,
    /// How far the loss rises nearby.
    Sharpness,
    /// Second derivatives.
    Curvature,
    /// Distances and noise.
    Other,
}

impl Group {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 4] = [Self::Fit, Self::Sharpness, Self::Curvature, Self::Other];

    /// Its heading.
    pub fn describe(self, score: Score) -> &'static str {
        match self {
            Self::Fit => match score {
                Score::Accuracy => "Loss and accuracy",
                Score::R2 => "Loss and R²",
            },
            Self::Sharpness => "Sharpness",
            Self::Curvature => "Curvature",
            Self::Other => "Distance and noise",
        }
    }
}

/// Which of the pair a sharpness finds flatter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The small-batch minimizer.
    Flatter,
    /// The large-batch minimizer.
    Sharper,
    /// The difference is within two standard errors.
    Open,
}

/// One number of both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// For programs.
    pub key: String,
    /// For people.
    pub name: String,
    /// Its unit; may be empty.
    pub unit: &'static str,
    /// What it is about.
    pub group: Group,
    /// Of the small-batch minimizer.
    pub small: f64,
    /// Of the large-batch minimizer.
    pub large: f64,
    /// Standard errors, where the numbers are means over random draws.
    pub errors: Option<[f64; 2]>,
    /// large ÷ small, where both are positive.
    pub ratio: Option<f64>,
    /// For sharpnesses.
    pub verdict: Option<Verdict>,
    /// Whether the numbers are shares of 1.
    #[serde(skip)]
    pub shares: bool,
}

impl Row {
    fn new(group: Group, key: &str, name: &str, unit: &'static str, pair: [f64; 2]) -> Self {
        let [small, large] = pair;
        let ratio = large / small;
        Self {
            key: key.to_owned(),
            name: name.to_owned(),
            unit,
            group,
            small,
            large,
            errors: None,
            ratio: (small > 0.0 && large > 0.0 && ratio.is_finite()).then_some(ratio),
            verdict: None,
            shares: false,
        }
    }

    /// What people multiply its numbers by, and the unit they read then: shares are per cent to them.
    pub fn for_people(&self) -> (f64, &'static str) {
        if self.shares {
            (100.0, "%")
        } else {
            (1.0, self.unit)
        }
    }

    fn with_errors(mut self, errors: [f64; 2]) -> Self {
        self.errors = Some(errors);
        self
    }

    fn judged(mut self) -> Self {
        let [a, b] = self.errors.unwrap_or([0.0; 2]);
        let difference = self.large - self.small;
        self.verdict = Some(if difference > 2.0 * a.hypot(b) {
            Verdict::Flatter
        } else if difference < -2.0 * a.hypot(b) {
            Verdict::Sharper
        } else {
            Verdict::Open
        });
        self
    }
}

/// Every number of both that was measured.
pub fn rows(report: &Report) -> Vec<Row> {
    let mut rows = fit(report);
    for (found, place) in [
        (&report.sharpness, "full space"),
        (&report.subspace, "random subspace"),
    ] {
        rows.extend(found.iter().flat_map(|found| boxes(found, place)));
    }
    rows.extend(report.sharpness.iter().flat_map(others));
    if let [Some(small), Some(large)] = &report.curvature {
        let both = [small, large];
        if let [Some(a), Some(b)] = both.map(|r| r.eigenvalues.as_ref()?.top.first()) {
            let pair = [a.value, b.value];
            let name = "λ_max, largest eigenvalue of the Hessian";
            rows.push(Row::new(Group::Curvature, "lambda_max", name, "", pair));
        }
        if let [Some(a), Some(b)] = both.map(|r| r.trace) {
            let pair = [a.trace.mean, b.trace.mean];
            let errors = [a.trace.standard_error, b.trace.standard_error];
            let row = Row::new(Group::Curvature, "trace", "trace of the Hessian", "", pair);
            rows.push(row.with_errors(errors));
        }
        if let [Some(a), Some(b)] = both.map(|r| r.variation) {
            let pair = [a.effective_smoothness, b.effective_smoothness];
            let name = "effective smoothness along the gradient";
            let key = "effective_smoothness";
            rows.push(Row::new(Group::Curvature, key, name, "", pair));
        }
    }
    if let Some([small, large]) = &report.from_start {
        let pair = [small.total, large.total];
        let name = "distance from the start";
        rows.push(Row::new(Group::Other, "distance", name, "", pair));
    }
    if let [Some(small), Some(large)] = &report.noise
        && let [Some(a), Some(b)] = [&small.exact, &large.exact]
    {
        let pair = [a.total.scale, b.total.scale];
        let name = "B_simple, gradient noise scale";
        rows.push(Row::new(Group::Other, "b_simple", name, "samples", pair));
    }
    rows
}

/// Metrics at both ends of the line.
fn fit(report: &Report) -> Vec<Row> {
    let Some(Outcome {
        numbers: Numbers::Line(line),
        ..
    }) = &report.line
    else {
        return Vec::new();
    };
    let at = |values: &[f64], alpha: f64| {
        let index = line.alpha.iter().position(|a| (a - alpha).abs() < 1e-9);
        index.and_then(|i| values.get(i).copied())
    };
    let mut rows = Vec::new();
    for (split, column) in [
        ("training", &line.table.train),
        ("validation", &line.table.validation),
    ] {
        let Some(Column { loss, score }) = column else {
            continue;
        };
        let kind = line.table.score;
        let unit = kind.loss_unit();
        for (key, what, values, unit, shares) in [
            ("loss", "loss", loss, unit, false),
            (kind.key(), kind.name(), score, "", kind.is_share()),
        ] {
            if let (Some(small), Some(large)) = (at(values, 0.0), at(values, 1.0)) {
                let (key, name) = (format!("{split}_{key}"), format!("{split} {what}"));
                let row = Row::new(Group::Fit, &key, &name, unit, [small, large]);
                rows.push(Row { shares, ..row });
            }
        }
    }
    rows
}

/// φ of every box.
fn boxes(found: &SharpnessReport, place: &str) -> Vec<Row> {
    let [small, large] = found.results.as_slice() else {
        return Vec::new();
    };
    let row = |(a, b): (
        &crate::landscape::sharpness::search::Sharpness,
        &crate::landscape::sharpness::search::Sharpness,
    )| {
        let key = format!("phi_{}_{:e}", place.replace(' ', "_"), a.epsilon);
        let name = format!("φ at ε = {}, {place}", power(a.epsilon));
        Row::new(Group::Sharpness, &key, &name, "%", [a.phi, b.phi]).judged()
    };
    small.boxes.iter().zip(&large.boxes).map(row).collect()
}

/// The sharpnesses of other papers.
fn others(found: &SharpnessReport) -> Vec<Row> {
    let [small, large] = found.results.as_slice() else {
        return Vec::new();
    };
    let unit = found.header.model.criterion.unit();
    small
        .measures
        .iter()
        .zip(&large.measures)
        .map(|(a, b)| {
            let key = serde_json::to_value(a.measure)
                .ok()
                .and_then(|v| v.as_str().map(|s| s.replace('-', "_")))
                .unwrap_or_default();
            let name = a.measure.describe();
            let row = Row::new(Group::Sharpness, &key, name, unit, [a.rise, b.rise]);
            match (a.standard_error, b.standard_error) {
                (Some(a), Some(b)) => row.with_errors([a, b]).judged(),
                _ => row.judged(),
            }
        })
        .collect()
}

/// By how much the small-batch minimizer is flatter, or not.
pub fn sentence(rows: &[Row]) -> String {
    let judged: Vec<&Row> = rows.iter().filter(|r| r.verdict.is_some()).collect();
    let of = |verdict: Verdict| -> Vec<&Row> {
        let mine = judged.iter().filter(|r| r.verdict == Some(verdict));
        mine.copied().collect()
    };
    let (flatter, sharper, open) = (
        of(Verdict::Flatter),
        of(Verdict::Sharper),
        of(Verdict::Open),
    );
    let all = judged.len();
    if all == 0 {
        return "No sharpness of both was measured.".into();
    }
    let mut text = if flatter.len() == all {
        format!(
            "The small-batch minimizer is flatter by every one of {all} sharpnesses{}.",
            span(&flatter, false)
        )
    } else if flatter.is_empty() {
        format!("The small-batch minimizer is flatter by none of {all} sharpnesses.")
    } else {
        format!(
            "The small-batch minimizer is flatter by {} of {all} sharpnesses{}.",
            flatter.len(),
            span(&flatter, false)
        )
    };
    let names = |rows: &[&Row]| {
        let names: Vec<&str> = rows.iter().map(|r| r.name.as_str()).collect();
        names.join("; ")
    };
    if sharper.len() == all {
        text += &format!(
            " It is sharper by every one of them{}.",
            span(&sharper, true)
        );
    } else if !sharper.is_empty() {
        text += &format!(" Not by: {}{}.", names(&sharper), span(&sharper, true));
    }
    if !open.is_empty() {
        text += &format!(" Too close to tell: {}.", names(&open));
    }
    text
}

/// The smallest and the largest ratio, the way round that makes them larger than one.
fn span(rows: &[&Row], turned: bool) -> String {
    let turn = |r: f64| if turned { 1.0 / r } else { r };
    let ratios: Vec<f64> = rows.iter().filter_map(|r| r.ratio.map(turn)).collect();
    let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ratios.iter().copied().fold(0.0, f64::max);
    let sharper = if turned { "sharper, " } else { "" };
    match ratios.len() {
        0 => String::new(),
        1 => format!(": {sharper}× {}", format_value(low)),
        _ => format!(
            ": {sharper}× {} to × {}",
            format_value(low),
            format_value(high)
        ),
    }
}

/// What curvature says beside it.
pub fn curvature_sentence(rows: &[Row]) -> Option<String> {
    let ratio = |key: &str| rows.iter().find(|r| r.key == key)?.ratio;
    let (largest, trace) = (ratio("lambda_max")?, ratio("trace")?);
    Some(format!(
        "The Hessian of the large-batch minimizer has {} times the largest eigenvalue and {} times the trace.",
        format_value(largest),
        format_value(trace)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, small: f64, large: f64) -> Row {
        Row::new(Group::Sharpness, name, name, "%", [small, large]).judged()
    }

    #[test]
    fn the_sentence_counts_and_names() {
        let flat = [row("a", 1.0, 2.0), row("b", 1.0, 4.0)];
        assert_eq!(
            sentence(&flat),
            "The small-batch minimizer is flatter by every one of 2 sharpnesses: × 2 to × 4."
        );
        let noisy = Row::new(Group::Sharpness, "c", "c", "nats", [1.0, 1.1]);
        let noisy = noisy.with_errors([0.1, 0.1]).judged();
        let mixed = [row("a", 1.0, 2.0), row("b", 4.0, 1.0), noisy];
        assert_eq!(
            sentence(&mixed),
            "The small-batch minimizer is flatter by 1 of 3 sharpnesses: × 2. Not by: b: sharper, × 4. Too close to tell: c."
        );
        let sharp = [row("a", 2.0, 1.0)];
        assert!(sentence(&sharp).contains("by none of 1") && sentence(&sharp).contains("× 2"));
        assert!(sentence(&[]).contains("No sharpness"));
    }

    #[test]
    fn what_has_no_ratio_still_has_a_verdict() {
        let below_zero = row("a", -1.0, 2.0);
        assert_eq!(
            (below_zero.ratio, below_zero.verdict),
            (None, Some(Verdict::Flatter))
        );
        assert_eq!(row("a", 0.0, 0.0).verdict, Some(Verdict::Open));
        // What isn't a number decides nothing.
        assert_eq!(row("a", f64::NAN, 1.0).verdict, Some(Verdict::Open));
    }
}
