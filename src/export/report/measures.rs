//! Sections of a report's page about what is measured at both points: curvature, distances, noise.

use super::figures::Figures;
use super::html::{
    Cell, count, digits, maybe, note, pair_bars, paragraph, sentence_case, table, table_in_groups,
    uncertain, value, words,
};
use super::sections::{PAIR, drawn, gaps};
use crate::engine::local::curvature::CurvatureResult;
use crate::engine::local::noise::NoiseResult;
use crate::engine::report::{Part, Report};
use crate::landscape::curvature::CAUTION as CURVATURE_CAUTION;
use crate::landscape::distance::Distance;
use crate::landscape::noise::CAUTION as NOISE_CAUTION;
use crate::landscape::noise::layers::LayerNorms;
use crate::landscape::noise::scale::AtBatch;
use crate::plot::number::{format_value, significant};

/// Eigenvalues, trace and density, then curvature along lines and over planes.
pub fn curvature(report: &Report, figures: &Figures) -> String {
    let mut html = gaps(report, |p| matches!(p, Part::Curvature(_) | Part::Map(_)));
    let both = [&report.curvature[0], &report.curvature[1]].map(Option::as_ref);
    if both
        .iter()
        .chain(&report.maps.each_ref().map(Option::as_ref))
        .all(Option::is_none)
    {
        return html;
    }
    html += &note(&sentence_case(CURVATURE_CAUTION));
    if both.iter().any(Option::is_some) {
        html += &eigenvalues(both);
        html += &table("", &["", PAIR[0], PAIR[1]], &curvature_rows(both));
    }
    html += &drawn("density", figures.density.as_ref(), "medium");
    if let Some(text) = both[0].and_then(|found| line_sentence(found, report.has_statistics)) {
        html += &paragraph(&text);
    }
    html += &drawn("along-line", figures.along_line.as_ref(), "full");
    html += &drawn("along-gradient", figures.along_gradient.as_ref(), "full");
    html += &drawn("maps", figures.maps.as_ref(), "medium");
    html
}

fn eigenvalues(both: [Option<&CurvatureResult>; 2]) -> String {
    let mut rows = Vec::new();
    let most = both.iter().flatten().filter_map(|r| r.eigenvalues.as_ref());
    let most = most.map(|e| e.top.len()).max().unwrap_or(0);
    for i in 0..most {
        let mut row = vec![words(format!("λ{}", subscript(i + 1)))];
        for found in both {
            let pair = found.and_then(|r| r.eigenvalues.as_ref()?.top.get(i));
            row.push(maybe(pair.map(|p| p.value)));
            row.push(residual(pair));
        }
        rows.push(row);
    }
    let mut smallest = vec![words("λ_min")];
    for found in both {
        let pair = found.and_then(|r| Some(&r.eigenvalues.as_ref()?.smallest));
        smallest.push(maybe(pair.map(|p| p.value)));
        smallest.push(residual(pair));
    }
    rows.push(smallest);
    table(
        "Eigenvalues of the Hessian by Lanczos, with the relative residuals ‖Hv − λv‖/|λ|",
        &["", PAIR[0], "residual", PAIR[1], "residual"],
        &rows,
    )
}

/// How the loss bends from one to the other.
fn line_sentence(found: &CurvatureResult, has_statistics: bool) -> Option<String> {
    let (first, last) = (found.line.first()?, found.line.last()?);
    let least = (found.line.iter()).min_by(|a, b| a.curvature.total_cmp(&b.curvature))?;
    let statistics = if has_statistics {
        ", with the running statistics of small batch,"
    } else {
        ""
    };
    Some(format!(
        "Along the line from small to large batch{statistics} the curvature dᵀHd is {} at α = {} and {} at α = {}; it is least, {}, at α = {}.",
        format_value(first.curvature),
        format_value(first.t),
        format_value(last.curvature),
        format_value(last.t),
        format_value(least.curvature),
        format_value(least.t)
    ))
}

fn curvature_rows(both: [Option<&CurvatureResult>; 2]) -> Vec<Vec<Cell>> {
    let row = |name: &str, of: &dyn Fn(&CurvatureResult) -> Option<Cell>| {
        let cell = |found: Option<&CurvatureResult>| found.and_then(of);
        let mut row = vec![words(name)];
        row.extend(both.map(|found| cell(found).unwrap_or_else(|| maybe(None))));
        row
    };
    vec![
        row("|λ_min/λ_max|", &|r| {
            let found = r.eigenvalues.as_ref()?;
            Some(value(
                (found.smallest.value / found.top.first()?.value).abs(),
            ))
        }),
        row("trace ± standard error", &|r| {
            let trace = r.trace?.trace;
            Some(uncertain(trace.mean, trace.standard_error))
        }),
        row("‖H‖² (Frobenius) ± standard error", &|r| {
            let squares = r.trace?.squares;
            Some(uncertain(squares.mean, squares.standard_error))
        }),
        row("loss", &|r| Some(value(r.loss))),
        row("gradient norm ‖∇f‖", &|r| {
            Some(value(r.gradient_norm))
        }),
        row("effective smoothness along the gradient", &|r| {
            Some(value(r.variation?.effective_smoothness))
        }),
        row("loss along the gradient", &|r| {
            Some(range(r.variation?.loss_range))
        }),
        row("change of the gradient along it", &|r| {
            Some(range(r.variation?.gradient_change_range))
        }),
        row("products for eigenvalues, trace, density", &|r| {
            let products = [
                r.eigenvalues.as_ref()?.products,
                r.trace?.products,
                r.density.as_ref()?.products,
            ];
            let text: Vec<String> = products.iter().map(usize::to_string).collect();
            Some(Cell::Number(text.join(", ")))
        }),
    ]
}

/// From the smallest to the largest.
fn range([low, high]: [f64; 2]) -> Cell {
    Cell::Number(format!("{} to {}", digits(low), digits(high)))
}

fn residual(pair: Option<&crate::landscape::curvature::lanczos::Eigenvalue>) -> Cell {
    Cell::Number(pair.map_or_else(
        || "–".into(),
        |p| {
            let unsure = if p.converged { "" } else { " (not converged)" };
            let relative = significant(p.residual / p.value.abs(), 1);
            format!("{relative}{unsure}")
        },
    ))
}

fn subscript(number: usize) -> String {
    let low = |c: char| char::from_u32(c as u32 - '0' as u32 + '₀' as u32);
    number.to_string().chars().filter_map(low).collect()
}

/// How far both are from the start and from each other.
pub fn distances(report: &Report) -> String {
    let between = &report.between;
    let mut html = paragraph(&format!(
        "Both minimizers are {} apart (L2, over the trained values): {} of the norm of the small-batch one, with cosine {}.",
        format_value(between.total),
        format_value(between.relative),
        format_value(between.cosine)
    ));
    let Some(from) = &report.from_start else {
        html += &note(
            "Distances from the start are not here: no initial weights were named. Name them as a third file: losscope report SB LB INIT",
        );
        html += &layers(
            "Distance between both, by module",
            &[between],
            &["between both"],
        );
        return html;
    };
    let rows: Vec<Vec<Cell>> = from
        .iter()
        .zip(PAIR)
        .map(|(d, name)| {
            vec![
                words(name),
                value(d.total),
                value(d.relative),
                value(d.cosine),
                value(d.norm_a),
                value(d.norm_b),
            ]
        })
        .collect();
    html += &table(
        "Distance from the start",
        &[
            "",
            "distance",
            "relative to the start",
            "cosine",
            "norm",
            "norm of the start",
        ],
        &rows,
    );
    let [small, large] = from;
    html += &layers(
        "Distance from the start by module, in parentheses relative to the norm of the start’s",
        &[small, large, between],
        &[PAIR[0], PAIR[1], "between both"],
    );
    html
}

fn layers(caption: &str, found: &[&Distance], names: &[&str]) -> String {
    let longest = found.iter().take(2).flat_map(|d| &d.layers);
    let longest = longest.map(|l| l.total).fold(0.0, f64::max).max(1e-300);
    let Some(first) = found.first() else {
        return String::new();
    };
    let mut head = vec!["module", "values"];
    let bars = found.len() > 1;
    if bars {
        head.push("");
    }
    head.extend(names);
    let row = |(i, layer): (usize, &crate::landscape::distance::LayerDistance)| {
        let of = |d: &Distance| d.layers.get(i).map_or(f64::NAN, |l| l.total);
        let mut row = vec![words(&layer.name), count(layer.parameters)];
        if let (true, [small, large, ..]) = (bars, found) {
            let shares = [small, large].map(|d| of(d) / longest);
            row.push(Cell::Raw(pair_bars(shares)));
        }
        row.extend(found.iter().map(|d| {
            let relative = d.layers.get(i).map_or(f64::NAN, |l| l.relative);
            Cell::Number(format!("{} ({})", digits(of(d)), digits(relative)))
        }));
        row
    };
    let rows: Vec<Vec<Cell>> = first.layers.iter().enumerate().map(row).collect();
    table(caption, &head, &rows)
}

/// Noise scales, SGD's noise, alignment and the norms of layers.
pub fn noise(report: &Report, figures: &Figures) -> String {
    let mut html = gaps(report, |p| matches!(p, Part::Noise(_)));
    let both = [&report.noise[0], &report.noise[1]].map(Option::as_ref);
    let Some(any) = both.iter().flatten().next() else {
        return html;
    };
    html += &note(&sentence_case(NOISE_CAUTION));
    let row = |name: &str, of: &dyn Fn(&NoiseResult) -> Option<Cell>| {
        let mut row = vec![words(name)];
        row.extend(both.map(|r| r.and_then(of).unwrap_or_else(|| maybe(None))));
        row
    };
    let scales = [
        row("tr Σ, covariance of the samples’ gradients", &|r| {
            Some(value(r.exact.as_ref()?.total.covariance_trace))
        }),
        row("‖G‖², mean gradient", &|r| {
            Some(value(r.exact.as_ref()?.total.gradient_squared))
        }),
        row("B_simple = tr Σ/‖G‖², exact", &|r| {
            Some(value(r.exact.as_ref()?.total.scale))
        }),
        row("B_noise = tr(HΣ)/(GᵀHG) ± standard error", &|r| {
            let found = r.curved?;
            Some(uncertain(found.scale, found.standard_error))
        }),
    ];
    html += &table("Noise scales", &["", PAIR[0], PAIR[1]], &scales);
    html += &drawn("noise", figures.noise.as_ref(), "full");
    let rate = any.job.learning_rate;
    let batches: Vec<Vec<Cell>> = (any.batches.iter())
        .map(|at| {
            let of = |pick: &dyn Fn(&AtBatch) -> Option<f64>| {
                let find = |r: Option<&NoiseResult>| {
                    let own = r?.batches.iter().find(|b| b.batch == at.batch)?;
                    pick(own)
                };
                both.map(|r| maybe(find(r)))
            };
            let mut row = vec![count(at.batch), value(at.sgd_noise)];
            row.extend(of(&|b| Some(b.steps)));
            row.extend(of(&|b| Some(b.examples)));
            row.extend(of(&|b| b.alignment.map(|a| a.alignment.mean)));
            row
        })
        .collect();
    let sides = ["small", "large"];
    html += &table_in_groups(
        &format!(
            "By batch size B: SGD’s noise g = η (N/B − 1) at η = {rate}; steps and examples over the fewest, 1 + B_simple/B and 1 + B/B_simple; alignment ‖Σ gₙ‖/Σ ‖gₙ‖ of the gradients within a batch"
        ),
        &[("", 2), ("steps", 2), ("examples", 2), ("alignment", 2)],
        &[&["B", "SGD noise"][..], &sides, &sides, &sides].concat(),
        &batches,
    );
    let modules: Vec<Vec<Cell>> = (any.layers.iter().enumerate())
        .map(|(i, layer)| {
            let mut row = vec![words(&layer.name), count(layer.parameters)];
            let of = |pick: fn(&LayerNorms) -> f64| {
                both.map(|r| maybe(r.and_then(|r| r.layers.get(i)).map(pick)))
            };
            row.extend(of(|l| l.weights));
            row.extend(of(|l| l.gradient));
            row.extend(of(|l| l.ratio));
            row
        })
        .collect();
    html += &table_in_groups(
        "Norms of weights and gradients by module",
        &[("", 2), ("‖θ‖", 2), ("‖∇‖", 2), ("‖θ‖/‖∇‖", 2)],
        &[&["module", "values"][..], &sides, &sides, &sides].concat(),
        &modules,
    );
    html
}
