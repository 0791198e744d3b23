//! How each number of a report was made: formulas, sources, settings, and the commands that make it
//! again.

use super::html::{Cell, escaped, marked, note, paragraph, table, words};
use super::sections::sentence_case;
use crate::engine::job::{CENTRES, Setup, command_line};
use crate::engine::report::Report;
use crate::error::Result;
use crate::landscape::curvature::CAUTION as CURVATURE_CAUTION;
use crate::landscape::grid::Axis;
use crate::landscape::noise::CAUTION as NOISE_CAUTION;
use crate::landscape::sharpness::CAUTION;
use crate::plot::number::{format_value, grouped, power};

/// Libraries whose version may change a number.
pub const LIBRARIES: [(&str, &str); 5] = [
    ("burn", "0.22.1"),
    ("wgpu", "30.0.1"),
    ("basin", "3.2.0"),
    ("nalgebra", "0.35.0"),
    ("rand_chacha", "0.10.0"),
];

/// A paper, as a link.
fn paper(name: &str, arxiv: &str) -> String {
    format!("<a href=\"https://arxiv.org/abs/{arxiv}\">{name}</a>")
}

/// One part: what it is called, its formula, where it comes from (HTML), its settings, its commands.
struct Method {
    name: &'static str,
    formula: &'static str,
    source: String,
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
        escaped(&report.model.loss),
        grouped(report.samples()),
        report.split(),
        report.split(),
    ));
    for method in list(report)? {
        html += &format!("<h3>{}</h3>\n", escaped(method.name));
        html += &format!("<p class=\"formula\">{}</p>\n", marked(method.formula));
        html += &paragraph(&format!(
            "{} <span class=\"faint\">{}</span>",
            method.source,
            escaped(&method.settings)
        ));
        let commands: Vec<String> = method.commands.iter().map(|c| escaped(c)).collect();
        if !commands.is_empty() {
            html += &format!("<pre><code>{}</code></pre>\n", commands.join("\n"));
        }
    }
    html += "<h3>Everything again</h3>\n";
    let again = command_line("report", &report.job, &report.job.setup)?;
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
    if !report.warnings.is_empty() {
        html += "<h3>Warnings</h3>\n<ul>\n";
        let lines = report.warnings.iter().map(|w| escaped(w));
        html.extend(lines.map(|line| format!("<li>{line}</li>\n")));
        html += "</ul>\n";
    }
    html += "<h3>Versions</h3>\n";
    let libraries: Vec<String> = LIBRARIES.iter().map(|(n, v)| format!("{n} {v}")).collect();
    html += &paragraph(&format!(
        "Losscope {}, on {} {}; {}.",
        escaped(&report.losscope),
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
    let keskar = paper("Keskar et al. 2017", "1609.04836");
    let li = paper("Li et al. 2018", "1712.09913");
    let mut all = vec![
        Method {
            name: "Line between both",
            formula: "θ(α) = (1 − α) θ_small + α θ_large;  barrier = max over α in [0, 1] of f(θ(α)) − [(1 − α) f(θ_small) + α f(θ_large)]",
            source: format!("{keskar}, figure 3."),
            settings: format!("α = {}.", steps(line.alpha)),
            commands: vec![written("line", &line, "line.npz")?],
        },
        Method {
            name: "Contours",
            formula: "θ(c) = θ₀ + c₁ d₁ + c₂ d₂;  each filter of d: d ← d · ‖w‖ / ‖d‖, d ~ N(0, 1)",
            source: format!("{li}, section 4: filter-wise normalisation; tensors with one axis stay fixed."),
            settings: format!("−1 to 1 on both axes, {} points each, seed {seed}.", if job.quick { 15 } else { 31 }),
            commands: surfaces?
                .iter()
                .zip(super::CONTOURS)
                .map(|(surface, file)| written("surface", surface, file))
                .collect::<Result<_>>()?,
        },
        Method {
            name: "Sharpness φ",
            formula: "φ(ε, A) = 100 · (max over z in C of f(θ + A z) − f(θ)) / (1 + f(θ)),  C = { z : |zᵢ| ≤ ε (|(A⁺θ)ᵢ| + 1) }",
            source: format!("{keskar}, metric 2.1, equations 3 and 4."),
            settings: format!(
                "Full space A = I, and {} random directions with entries N(0, 1). Sign-gradient ascent from the centre and {} random corners and L-BFGS-B from a random interior point, {} iterations each, seed {seed}.",
                subspace.subspace.unwrap_or(0),
                sharpness.restarts,
                sharpness.iterations
            ),
            commands: vec![
                written("sharpness", &sharpness, "sharpness.json")?,
                written("sharpness", &subspace, "sharpness-subspace.json")?,
            ],
        },
        Method {
            name: "Other sharpnesses",
            formula: "SAM: f(w + ρ g/‖g‖) − f(w);  ASAM: f(w + ρ w²g/‖|w| g‖) − f(w);  worst: max of f(w + z) − f(w), |zᵢ| ≤ ρ|wᵢ|;  average: E f(w + ρ|w| ξ) − f(w), and E f(w + ρ d) − f(w) with d filter-normalised",
            source: format!(
                "{}, equation 2; {}, equation 6; {}, equation 1; {li}, section 4.",
                paper("Foret et al. 2021", "2010.01412"),
                paper("Kwon et al. 2021", "2102.11600"),
                paper("Andriushchenko et al. 2023", "2302.07011"),
            ),
            settings: format!(
                "ρ = {}, {} random draws an average, {} steps of ascent, seed {seed}; by the first command above.",
                sharpness.rho, sharpness.draws, sharpness.iterations
            ),
            commands: Vec::new(),
        },
        Method {
            name: "Sharpness along ε",
            formula: "φ(ε, I) at growing ε, each box from the worst point of the smaller one",
            source: format!("As above ({keskar})."),
            settings: "Sign-gradient ascent, two steps at each ε besides the two that choose its start: coarser than the table, so its values may lie below. The report makes it, and the window’s sharpness view.".into(),
            commands: Vec::new(),
        },
    ];
    all.extend(curvature(report)?);
    all.push(Method {
        name: "Distances",
        formula: "‖θ_a − θ_b‖₂ over the trained tensors, in total and by module; relative: over ‖θ_b‖₂",
        source: format!("{keskar}, section 4.2."),
        settings: "No setting.".into(),
        commands: distance_commands(report)?,
    });
    let [first, second] = &noise;
    all.push(Method {
        name: "Gradient noise",
        formula: "B_simple = tr Σ/‖G‖², tr Σ = mean ‖gₙ‖² − ‖G‖²;  B_noise = tr(HΣ)/(GᵀHG);  g = η (N/B − 1)",
        source: format!(
            "{}, equations 2.8 and 2.9; {}, equation 15; ‖θ‖/‖∇‖: {}, equation 6.",
            paper("McCandlish et al. 2018", "1812.06162"),
            paper("Smith and Le 2017", "1710.06451"),
            paper("You et al. 2017", "1708.03888")
        ),
        settings: format!(
            "B_simple exactly, from the gradients of all samples; {} probes for B_noise; alignment over {} batches of each size; seed {seed}.",
            first.curvature_probes, first.alignment_repeats
        ),
        commands: vec![
            written("noise", first, &json(super::NOISE[0]))?,
            written("noise", second, &json(super::NOISE[1]))?,
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
            formula: "H = ∇²f;  top and smallest eigenvalues: Lanczos;  tr H = E vᵀHv, v = ±1;  density: Σ wᵢ δ(λ − λᵢ) from Lanczos quadrature, drawn as Gaussians",
            source: format!(
                "Lanczos with full reorthogonalisation (Golub and Van Loan 2013, section 10.1); Hutchinson 1990; {}.",
                paper("Ghorbani et al. 2019", "1901.10159")
            ),
            settings: format!(
                "Exact Hessian-vector products; relative residual {}, at most {} products; {} probes for the trace; {} probes of {} steps for the density; seed {seed}.",
                power(first.tolerance),
                first.most_products,
                first.probes,
                first.density_probes,
                first.density_steps
            ),
            commands: vec![
                written("curvature", &first, &json(super::CURVATURE[0]))?,
                written("curvature", &second, &json(super::CURVATURE[1]))?,
            ],
        },
        Method {
            name: "Curvature along the line and the gradient",
            formula: "slope dᵀ∇f and curvature dᵀHd at θ_small + α d, d = θ_large − θ_small;  with g = ∇f(θ): f(θ − η g), ‖∇f(θ − η g) − g‖;  effective smoothness: the largest ‖∇f(θ − η g) − g‖/‖η g‖",
            source: format!(
                "{}, section 3.1 and figure 4.",
                paper("Santurkar et al. 2018", "1805.11604")
            ),
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
        formula: "|λ_min/λ_max| of H at θ + c₁ d₁ + c₂ d₂",
        source: format!(
            "{}, section 6 and figure 7.",
            paper("Li et al. 2018", "1712.09913")
        ),
        settings: format!(
            "c₁ and c₂ = {} each, directions made as those of the contours; Lanczos to {}, at most {} products a point, seed {seed}. A quick report has no map.",
            first.map.map_or_else(String::new, steps),
            power(first.tolerance),
            first.most_products
        ),
        commands: vec![
            written("curvature", first, &json(super::MAPS[0]))?,
            written("curvature", second, &json(super::MAPS[1]))?,
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
fn written<J>(name: &str, job: &J, file: &str) -> Result<String>
where
    J: clap::Args + serde::Serialize + HasSetup,
{
    Ok(format!(
        "{} -o {file}",
        command_line(name, job, job.setup())?
    ))
}

/// Jobs over samples.
trait HasSetup {
    fn setup(&self) -> &Setup;
}

macro_rules! has_setup {
    ($($job:ident),*) => {$(
        impl HasSetup for crate::engine::job::$job {
            fn setup(&self) -> &Setup {
                &self.setup
            }
        }
    )*};
}
has_setup!(LineJob, SurfaceJob, SharpnessJob, CurvatureJob, NoiseJob);

fn distance_commands(report: &Report) -> Result<Vec<String>> {
    use crate::engine::job::quoted;
    let file = |path: &std::path::Path| quoted(&path.display().to_string());
    let [small, large] = report.job.pair()?;
    let (small, large) = (file(&small), file(&large));
    let model = match report.job.setup.model.as_str() {
        "auto" => String::new(),
        model => format!(" {}", quoted(&format!("--model={model}"))),
    };
    let mut commands = vec![format!("losscope distance {small} {large}{model}")];
    if let Some(start) = report.job.start() {
        let from = file(&start);
        commands.push(format!(
            "losscope distance {small} {large} --from={from}{model}"
        ));
    }
    Ok(commands)
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
        let buffers = format!("{:?}", report.job.buffers).to_lowercase();
        format!(
            "running means and variances: {buffers} along the line and over planes; those of each checkpoint (eval mode) for sharpness, curvature, its lines and maps, and noise"
        )
    } else {
        "the network has no running statistics".to_owned()
    };
    let rows: Vec<Vec<Cell>> = [
        (
            "Data",
            format!("{}: {}", report.data.name, report.data.description),
        ),
        ("SHA-256 of the data", report.data.sha256.clone()),
        (
            "Samples",
            format!(
                "{} training, {} validation; {subset}",
                grouped(report.data.train_samples),
                grouped(report.data.validation_samples)
            ),
        ),
        ("Seed", format!("{} for every random draw", setup.seed)),
        ("Normalisation statistics", statistics),
        (
            "Network",
            format!("{} ({})", report.model.name, report.model.source),
        ),
        ("Assumed", report.model.assumptions.join(" ")),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(name, text)| vec![words(name), words(text)])
    .collect();
    table("", &["", ""], &rows).replace("<table>", "<table class=\"facts\">")
}
