//! How each number of a report was made: formulas, sources, settings, and the commands that make it
//! again.

use super::files;
use super::html::{Cell, escaped, marked, note, paragraph, sentence_case, table, words};
use crate::engine::header::ModelFacts;
use crate::engine::job::{CENTRES, DistanceJob, Job};
use crate::engine::reading::{Assumption, Reading};
use crate::engine::report::Report;
use crate::error::Result;
use crate::landscape::curvature::CAUTION as CURVATURE_CAUTION;
use crate::landscape::definitions::{self, Definition};
use crate::landscape::grid::Axis;
use crate::landscape::measures::{
    adaptive_average, adaptive_worst, asam, bend, density, eigenvalues, filter_average, noise, phi,
    sam, trace,
};
use crate::landscape::noise::CAUTION as NOISE_CAUTION;
use crate::landscape::sharpness::CAUTION;
use crate::landscape::slice::Buffers;
use crate::plot::number::{format_value, grouped, power};

/// Libraries whose version may change a number.
pub const LIBRARIES: [(&str, &str); 5] = [
    ("burn", "0.22.1"),
    ("wgpu", "30.0.1"),
    ("basin", "3.2.0"),
    ("nalgebra", "0.35.0"),
    ("rand_chacha", "0.10.0"),
];

/// Formulas one after the other, with their names where there are several.
fn formulas(definitions: &[&Definition]) -> String {
    let one = |one: &&Definition| match definitions {
        [_] => one.formula.to_owned(),
        _ => format!("{}: {}", one.name, one.formula),
    };
    let all: Vec<String> = definitions.iter().map(one).collect();
    all.join(";  ")
}

/// Where they come from, each place once, papers on arXiv as links.
fn sources(definitions: &[&Definition]) -> String {
    let mut all: Vec<String> = Vec::new();
    for source in definitions.iter().flat_map(|one| one.sources) {
        let brief = escaped(&source.brief());
        let linked = match source.arxiv {
            "" => brief,
            arxiv => brief.replacen(
                source.paper,
                &format!(
                    "<a href=\"https://arxiv.org/abs/{arxiv}\">{}</a>",
                    source.paper
                ),
                1,
            ),
        };
        if !all.contains(&linked) {
            all.push(linked);
        }
    }
    format!("{}.", all.join("; "))
}

/// One part: what it is called, what it is of, its settings, its commands.
struct Method {
    name: &'static str,
    definitions: Vec<&'static Definition>,
    settings: String,
    commands: Vec<String>,
}

/// The section.
///
/// # Errors
/// None that a report of this program could cause.
pub fn methods(report: &Report) -> Result<String> {
    let mut html = paragraph(&format!(
        "f is the mean loss ({}) over the {} {} samples, θ all trained values of a checkpoint; in eval mode, without augmentation or dropout. The line and the contours are taken over every split asked for, all else over the {} samples.",
        escaped(&report.header.model.loss),
        grouped(report.header.samples),
        report.header.split,
        report.header.split,
    ));
    for method in list(report)? {
        html += &format!("<h3>{}</h3>\n", escaped(method.name));
        html += &format!(
            "<p class=\"formula\">{}</p>\n",
            marked(&formulas(&method.definitions))
        );
        html += &paragraph(&format!(
            "{} <span class=\"faint\">{}</span>",
            sources(&method.definitions),
            escaped(&method.settings)
        ));
        let commands: Vec<String> = method.commands.iter().map(|c| escaped(c)).collect();
        if !commands.is_empty() {
            html += &format!("<pre><code>{}</code></pre>\n", commands.join("\n"));
        }
    }
    html += "<h3>Everything again</h3>\n";
    let again = Job::from(report.job.clone()).command_line()?;
    html += &format!(
        "<pre><code>{} -o report.html</code></pre>\n",
        escaped(&again)
    );
    html += "<h3>Samples, seeds, statistics</h3>\n";
    html += &facts(report);
    html += "<h3>Cautions</h3>\n";
    for caution in [CAUTION, CURVATURE_CAUTION, NOISE_CAUTION] {
        html += &note(sentence_case(caution.trim_end_matches('.')).as_str());
    }
    html += &note(
        "A plane shows two of many directions. Every sharpness is a lower bound: no method finds the true maximum.",
    );
    if !report.header.warnings.is_empty() {
        html += "<h3>Warnings</h3>\n<ul>\n";
        let lines = report.header.warnings.iter().map(|w| escaped(w));
        html.extend(lines.map(|line| format!("<li>{line}</li>\n")));
        html += "</ul>\n";
    }
    html += "<h3>Versions</h3>\n";
    let libraries: Vec<String> = LIBRARIES.iter().map(|(n, v)| format!("{n} {v}")).collect();
    html += &paragraph(&format!(
        "Losscope {}, on {} {}; {}.",
        escaped(&report.header.losscope),
        std::env::consts::OS,
        std::env::consts::ARCH,
        libraries.join(", ")
    ));
    Ok(html)
}

fn list(report: &Report) -> Result<Vec<Method>> {
    let job = &report.job;
    let seed = job.setup.seed;
    let line = job.line()?;
    let sharpness = job.sharpness()?;
    let subspace = job.subspace()?;
    let noise = [job.noise(0)?, job.noise(1)?];
    let surfaces: Result<Vec<_>> = CENTRES.iter().map(|alpha| job.surface(*alpha)).collect();
    let mut all = vec![
        Method {
            name: "Line between both",
            definitions: vec![&definitions::BARRIER],
            settings: format!("α = {}.", steps(line.alpha)),
            commands: vec![written(&line, "line.npz")?],
        },
        Method {
            name: "Contours",
            definitions: vec![&definitions::PLANE],
            settings: format!("−1 to 1 on both axes, {} points each, seed {seed}.", if job.quick { 15 } else { 31 }),
            commands: surfaces?
                .iter()
                .zip(files::CONTOURS)
                .map(|(surface, file)| written(surface, file))
                .collect::<Result<_>>()?,
        },
        Method {
            name: "Sharpness φ",
            definitions: vec![&phi::PHI],
            settings: format!(
                "Full space A = I, and {} random directions with entries N(0, 1). Sign-gradient ascent from the centre and {} random corners and L-BFGS-B from a random interior point, {} iterations each, seed {seed}.",
                subspace.subspace.unwrap_or(0),
                sharpness.restarts,
                sharpness.iterations
            ),
            commands: vec![
                written(&sharpness, "sharpness.json")?,
                written(&subspace, "sharpness-subspace.json")?,
            ],
        },
        Method {
            name: "Other sharpnesses",
            definitions: vec![&sam::SAM, &asam::ASAM, &adaptive_worst::ADAPTIVE_WORST, &adaptive_average::ADAPTIVE_AVERAGE, &filter_average::FILTER_AVERAGE],
            settings: format!(
                "ρ = {}, {} random draws an average, {} steps of ascent, seed {seed}; by the first command above.",
                sharpness.rho, sharpness.draws, sharpness.iterations
            ),
            commands: Vec::new(),
        },
        Method {
            name: "Sharpness along ε",
            definitions: vec![&phi::PHI],
            settings: "Each box of a growing ε from the worst point of the smaller one, sign-gradient ascent, two steps at each ε besides the two that choose its start: coarser than the table, so its values may lie below. The report makes it, and the window’s sharpness view.".into(),
            commands: Vec::new(),
        },
    ];
    all.extend(curvature(report)?);
    all.push(Method {
        name: "Distances",
        definitions: vec![&definitions::DISTANCE],
        settings: "No setting.".into(),
        commands: distance_commands(report)?,
    });
    let [first, second] = &noise;
    all.push(Method {
        name: "Gradient noise",
        definitions: vec![&noise::B_SIMPLE, &bend::B_NOISE, &definitions::SGD_NOISE, &noise::ALIGNMENT, &definitions::TRUST],
        settings: format!(
            "B_simple exactly, from the gradients of all samples; {} probes for B_noise; alignment over {} batches of each size; seed {seed}.",
            first.curvature_probes, first.alignment_repeats
        ),
        commands: vec![
            written(first, &json(files::NOISE[0]))?,
            written(second, &json(files::NOISE[1]))?,
        ],
    });
    Ok(all)
}

/// Eigenvalues, lines, and the map where there is one.
fn curvature(report: &Report) -> Result<Vec<Method>> {
    let job = &report.job;
    let seed = job.setup.seed;
    let [first, second] = [job.curvature(0)?, job.curvature(1)?];
    let mut all = vec![
        Method {
            name: "Curvature",
            definitions: vec![
                &eigenvalues::LARGEST,
                &eigenvalues::SMALLEST,
                &trace::TRACE,
                &trace::FROBENIUS,
                &density::DENSITY,
            ],
            settings: format!(
                "Exact Hessian-vector products; relative residual {}, at most {} products; {} probes for the trace; {} probes of {} steps for the density; seed {seed}.",
                power(first.tolerance),
                first.most_products,
                first.probes,
                first.density_probes,
                first.density_steps
            ),
            commands: vec![
                written(&first, &json(files::CURVATURE[0]))?,
                written(&second, &json(files::CURVATURE[1]))?,
            ],
        },
        Method {
            name: "Curvature along the line and the gradient",
            definitions: vec![&definitions::ALONG_LINE, &definitions::ALONG_GRADIENT],
            settings: format!(
                "α = {}; η = {}; by the commands above.",
                steps(first.alpha),
                first.along_gradient.map_or_else(String::new, steps)
            ),
            commands: Vec::new(),
        },
    ];
    if job.quick {
        return Ok(all);
    }
    let maps = [job.map(0)?, job.map(1)?];
    let [first, second] = &maps;
    all.push(Method {
        name: "Map of curvature",
        definitions: vec![&eigenvalues::RATIO],
        settings: format!(
            "c₁ and c₂ = {} each, directions made as those of the contours; Lanczos to {}, at most {} products a point, seed {seed}. A quick report has no map.",
            first.map.map_or_else(String::new, steps),
            power(first.tolerance),
            first.most_products
        ),
        commands: vec![
            written(first, &json(files::MAPS[0]))?,
            written(second, &json(files::MAPS[1]))?,
        ],
    });
    Ok(all)
}

/// An axis in words.
fn steps(axis: Axis) -> String {
    format!(
        "{} to {}, {} points",
        format_value(axis.from),
        format_value(axis.to),
        axis.points
    )
}

/// The file of a measure that a command writes.
fn json(name: &str) -> String {
    format!("{name}.json")
}

/// A job as it would be typed, with the file it writes.
fn written(job: &(impl Into<Job> + Clone), file: &str) -> Result<String> {
    let job: Job = job.clone().into();
    Ok(format!("{} -o {file}", job.command_line()?))
}

fn distance_commands(report: &Report) -> Result<Vec<String>> {
    let setup = &report.job.setup;
    let pair = DistanceJob {
        files: report.job.pair()?.to_vec(),
        model: setup.model.clone(),
        key: setup.key.clone(),
        ..DistanceJob::default()
    };
    let start = report.job.start().map(|start| DistanceJob {
        from: Some(start),
        ..pair.clone()
    });
    let jobs = std::iter::once(pair).chain(start);
    jobs.map(|job| Job::from(job).command_line()).collect()
}

/// Data, seeds and what normalisation layers did.
fn facts(report: &Report) -> String {
    let setup = &report.job.setup;
    let subset = setup.samples.map_or_else(
        || "all samples of each split".to_owned(),
        |n| {
            format!(
                "a stratified subset of {n} of each split, seed {}",
                setup.seed
            )
        },
    );
    let statistics = if report.has_statistics {
        let mut buffers = format!("{:?}", report.job.buffers).to_lowercase();
        if report.job.buffers == Buffers::Recompute {
            buffers += &format!(" ({})", report.job.remeasure.rule());
        }
        format!(
            "running means and variances: {buffers} along the line and over planes; those of each checkpoint (eval mode) for sharpness, curvature, its lines and maps, and noise"
        )
    } else {
        "the network has no running statistics".to_owned()
    };
    let rows: Vec<Vec<Cell>> = [
        (
            "Data",
            format!(
                "{}: {}",
                report.header.data.name, report.header.data.description
            ),
        ),
        ("SHA-256 of the data", report.header.data.sha256.clone()),
        (
            "Samples",
            format!(
                "{} training, {} validation; {subset}",
                grouped(report.header.data.train_samples),
                grouped(report.header.data.validation_samples)
            ),
        ),
        ("Seed", format!("{} for every random draw", setup.seed)),
        ("Normalisation statistics", statistics),
        (
            "Network",
            format!(
                "{} ({})",
                report.header.model.name, report.header.model.source
            ),
        ),
        ("Read as", read_as(&report.header.model)),
        ("Assumed", assumed(&report.header.model)),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(name, text)| vec![words(name), words(text)])
    .collect();
    table("", &["", ""], &rows).replace("<table>", "<table class=\"facts\">")
}

/// What was settled of the network, by what, and what came next.
fn read_as(model: &ModelFacts) -> String {
    let reading = &model.reading;
    let next = reading
        .runner_up
        .as_ref()
        .map(|next| format!("next came {next}"));
    let parts = [
        reading.words.clone(),
        reading.how(),
        reading.told.clone(),
        next.unwrap_or_default(),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

/// What the network rests on, each with what confirmed it.
fn assumed(model: &ModelFacts) -> String {
    if model.reading == Reading::default() {
        return model.assumptions.join(" ");
    }
    let lines = model.reading.assumptions.iter().map(Assumption::line);
    lines.collect::<Vec<_>>().join("; ")
}
