//! `curvature`: eigenvalues, trace, density, curvature along lines and over a plane.

use crate::cli::measure::{self, header};
use crate::cli::{End, Talk, output};
use crate::engine::job::CurvatureJob;
use crate::engine::local::curvature::{CurvatureResult, run as compute};
use crate::export::curvature::check_picture;
use crate::export::figure::FigureOptions;
use crate::landscape::curvature::CAUTION;
use crate::landscape::curvature::lanczos::Eigenvalue;
use crate::landscape::curvature::ratio::RatioGrid;
use crate::landscape::definitions::long_help;
use crate::landscape::measures::definitions_of;
use crate::landscape::measures::entry::Group;
use crate::plot::colormap::Colormap;
use crate::plot::number::{format_value, significant};
use clap::Args;

/// `losscope curvature`
#[derive(Debug, Args)]
#[command(after_long_help = help())]
pub struct CurvatureArgs {
    #[command(flatten)]
    job: CurvatureJob,
    #[command(flatten)]
    files: measure::Files,
    /// Colours of the map: viridis, cividis, magma, inferno, plasma or grey
    #[arg(
        long,
        default_value = "viridis",
        help_heading = "Figure",
        hide_short_help = true
    )]
    colormap: Colormap,
}

/// What is measured, for `--help`.
fn help() -> String {
    long_help(&definitions_of(Group::Curvature), CAUTION)
}

/// Measures, prints and writes.
pub fn run(args: &CurvatureArgs, talk: Talk) -> anyhow::Result<End> {
    let picture = || check_picture(&args.job);
    args.files.check(&args.job.clone().into(), picture)?;
    let result = measure::watched(&args.files, talk, |observer| compute(&args.job, observer))?;
    let look = FigureOptions {
        colormap: args.colormap,
        ..args.files.look()
    };
    measure::finish(&args.files, &result, &text(&result), &look, talk)
}

fn text(result: &CurvatureResult) -> String {
    let mut text = header(&result.header);
    if let Some(remark) = result.job.statistics.remark() {
        text += &format!("{remark}\n");
    }
    text += &format!(
        "loss {}, gradient norm {}\n",
        format_value(result.loss),
        format_value(result.gradient_norm)
    );
    if let Some(found) = &result.eigenvalues {
        let mut rows = vec![
            ["", "eigenvalue", "relative residual"]
                .map(String::from)
                .to_vec(),
        ];
        let mut row = |name: String, pair: &Eigenvalue| {
            let relative = match pair.residual / pair.value.abs() {
                none if none.is_nan() => "–".into(),
                relative => significant(relative, 2),
            };
            let unsure = if pair.converged {
                ""
            } else {
                ", not converged"
            };
            rows.push(vec![
                name,
                significant(pair.value, 6),
                format!("{relative}{unsure}"),
            ]);
        };
        for (i, pair) in found.top.iter().enumerate() {
            row(format!("largest {}", i + 1), pair);
        }
        row("smallest".into(), &found.smallest);
        text += &format!("\n{}", output::table(&rows));
        if let Some(largest) = found.top.first() {
            text += &format!(
                "|λ_min/λ_max| {}, {}{}\n",
                output::value((found.smallest.value / largest.value).abs()),
                output::counted(found.products, "Hessian-vector product"),
                if found.converged {
                    ""
                } else {
                    ", not all converged"
                }
            );
        }
    }
    if let Some(found) = &result.trace {
        text += &format!(
            "\ntrace {} ± {} (standard error), ‖H‖_F² {} ± {}, {}\n",
            format_value(found.trace.mean),
            format_value(found.trace.standard_error),
            format_value(found.squares.mean),
            format_value(found.squares.standard_error),
            output::counted(found.products, "product")
        );
    }
    if let Some(density) = &result.density {
        text += &density_text(density);
    }
    if let Some(found) = &result.variation {
        let range =
            |[low, high]: [f64; 2]| format!("{} to {}", output::value(low), output::value(high));
        let lost = result.along_gradient.iter().filter(|p| !p.is_finite());
        let lost = match lost.count() {
            0 => String::new(),
            lost => format!(
                "; not finite at {lost} of {} steps",
                result.along_gradient.len()
            ),
        };
        text += &format!(
            "\nalong the gradient: loss {}, gradient changes by {}, effective smoothness {}{lost}\n",
            range(found.loss_range),
            range(found.gradient_change_range),
            output::value(found.effective_smoothness)
        );
    }
    if !result.line.is_empty() {
        let head = ["α", "loss", "slope", "curvature", "gradient norm"];
        let table = output::table_of(head, &result.line, |p| {
            [p.t, p.value, p.slope, p.curvature, p.gradient_norm].map(format_value)
        });
        text += &format!("\n{table}");
    }
    if let Some(map) = &result.map {
        text += &map_text(map);
    }
    text
}

/// The density in eight bins of equal width: a picture needs a picture, but a terminal has columns.
fn density_text(density: &crate::landscape::curvature::density::Density) -> String {
    let (Some(first), Some(last)) = (density.nodes.first(), density.nodes.last()) else {
        return String::new();
    };
    let (low, high) = (first[0], last[0]);
    // Eigenvalues that are all one number need one.
    let count = if high > low { 8 } else { 1 };
    let mut bins = vec![0.0; count];
    for [value, weight] in &density.nodes {
        let place = (value - low) / (high - low) * count as f64;
        bins[(place as usize).min(count - 1)] += weight;
    }
    let edge = |i: usize| format_value(low + (high - low) * i as f64 / count as f64);
    let rows = bins.iter().enumerate();
    let table = output::table_of(["eigenvalues", "share"], rows, |(i, share)| {
        let range = format!("{} to {}", edge(i), edge(i + 1));
        [range, format_value(*share)]
    });
    format!(
        "\ndensity from {}, {}\n{}",
        output::counted(density.probes, "finished probe"),
        output::counted(density.products, "product"),
        table
    )
}

fn map_text(map: &RatioGrid) -> String {
    let done: Vec<f64> = map
        .ratio
        .iter()
        .copied()
        .filter(|r| r.is_finite())
        .collect();
    let mut rows = vec![vec![String::new()]];
    rows[0].extend(map.x.iter().map(|x| format_value(*x)));
    let columns = map.x.len();
    // As on a plot: the largest y on top.
    for (y, ratios) in map.y.iter().zip(map.ratio.chunks(columns)).rev() {
        let mut row = vec![format_value(*y)];
        row.extend(ratios.iter().map(|r| {
            if r.is_nan() {
                "·".into()
            } else {
                format_value(*r)
            }
        }));
        rows.push(row);
    }
    let table = if columns <= 13 {
        output::table(&rows)
    } else {
        String::from("the numbers are in --json and -o\n")
    };
    let (low, high) = (
        done.iter().copied().fold(f64::INFINITY, f64::min),
        done.iter().copied().fold(0.0, f64::max),
    );
    format!(
        "\n|λ_min/λ_max| over a plane: {} of {} points, {} to {}\n{table}",
        done.len(),
        map.ratio.len(),
        format_value(low),
        format_value(high)
    )
}
