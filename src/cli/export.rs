//! `export`: what views of the window show, without opening it.

use crate::cli::{End, Talk, interrupt, output, progress, terminal};
use crate::engine::job::{ExportJob, Job};
use crate::error::{Error, Result, shown};
use crate::export::artifact::Eye;
use crate::export::figure_args::FigureArgs;
use crate::export::{self, Format, partial};
use crate::plot::camera::Camera;
use clap::Args;
use std::path::PathBuf;

/// `losscope export`
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    job: ExportJob,
    /// All views that there is something to show of
    #[arg(long)]
    all: bool,
    /// File of one view, whose suffix decides, may be repeated; or the folder of several
    #[arg(short, long, value_name = "FILE|FOLDER", required = true)]
    output: Vec<PathBuf>,
    /// What each of several views is written as
    #[arg(
        long = "as",
        value_name = "FORMAT,…",
        value_delimiter = ',',
        default_value = "png,csv"
    )]
    formats: Vec<String>,
    #[command(flatten)]
    eye: EyeArgs,
    #[command(flatten)]
    figure: FigureArgs,
}

/// From where surfaces in space are seen.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "In space")]
struct EyeArgs {
    /// Where the eye stands: YAW,PITCH,DISTANCE, with ,X,Y,Z after them the point that it looks at; angles in radians
    #[arg(long, value_name = "YAW,PITCH,DISTANCE", value_parser = camera, allow_hyphen_values = true)]
    eye: Option<Camera>,
    /// Height of the surface in widths of the plane
    #[arg(long, value_name = "FACTOR", default_value_t = 0.6)]
    height: f32,
    /// No iso-lines on the surface
    #[arg(long)]
    no_lines: bool,
    /// The comparison in space too
    #[arg(long)]
    in_space: bool,
}

fn camera(text: &str) -> std::result::Result<Camera, String> {
    let numbers: Option<Vec<f32>> = text
        .split(',')
        .map(|n| n.trim().parse().ok().filter(|n: &f32| n.is_finite()))
        .collect();
    let usual = Camera::default();
    match numbers.as_deref() {
        Some(&[yaw, pitch, distance]) => Ok(Camera {
            yaw,
            pitch,
            distance,
            ..usual
        }),
        Some(&[yaw, pitch, distance, x, y, z]) => Ok(Camera {
            yaw,
            pitch,
            distance,
            target: [x, y, z],
        }),
        _ => Err("expected three numbers, or six: yaw,pitch,distance,x,y,z".into()),
    }
}

impl EyeArgs {
    fn eye(&self) -> Eye {
        Eye {
            camera: self.eye.unwrap_or_default(),
            height: self.height,
            lines: !self.no_lines,
        }
    }
}

/// One file to be written.
struct Place {
    view: String,
    path: PathBuf,
}

/// Where everything goes: the files named, or those of several views in a folder.
fn places(args: &ExportArgs, views: &[String]) -> Result<Vec<Place>> {
    if let [view] = views
        && args.output.iter().all(|path| Format::of(path).is_ok())
    {
        let place = |path: &PathBuf| Place {
            view: view.clone(),
            path: path.clone(),
        };
        return Ok(args.output.iter().map(place).collect());
    }
    let [folder] = args.output.as_slice() else {
        return Err(Error::Usage(
            "several views go into one folder: give one -o, and what they are written as by --as"
                .into(),
        ));
    };
    if folder.is_file() || Format::of(folder).is_ok() {
        return Err(Error::Usage(format!(
            "several views go into a folder, not into a file: {}",
            shown(folder)
        )));
    }
    let mut all = Vec::new();
    for view in views {
        for format in &args.formats {
            let path = folder.join(format!("{view}.{format}"));
            Format::of(&path)?;
            all.push(Place {
                view: view.clone(),
                path,
            });
        }
    }
    std::fs::create_dir_all(folder).map_err(|e| Error::io("make the folder", folder, e))?;
    Ok(all)
}

/// Computes and writes.
#[cfg(feature = "window")]
pub fn run(args: &ExportArgs, talk: Talk) -> anyhow::Result<End> {
    use crate::app::headless::{self, Looks};
    let mut job = args.job.clone();
    if args.all {
        let pair = job.surface.at.is_none()
            && !matches!(
                job.surface.directions,
                crate::engine::job::Directions::Pca(_)
            );
        let alone = job.surface.large.is_none()
            && (job.surface.at.is_some() || job.surface.small.is_some());
        job.views = headless::names();
        job.views
            .retain(|view| pair && !alone || !["compare", "line"].contains(&view.as_str()));
    }
    if job.views.is_empty() {
        return Err(Error::Usage(format!(
            "name a view, or --all: {}",
            headless::names().join(", ")
        ))
        .into());
    }
    Job::from(job.clone()).check()?;
    let places = places(args, &job.views)?;
    let options = args.figure.options();
    let paths: Vec<PathBuf> = places.iter().map(|place| place.path.clone()).collect();
    options.check(&paths)?;
    for path in &paths {
        export::check_writable(path)?;
    }
    export::check_outputs(&paths, &Job::from(job.clone()).inputs())?;
    let looks = Looks {
        options: options.clone(),
        eye: args.eye.eye(),
        in_space: args.eye.in_space,
    };
    let bar = progress::steps(talk.quiet);
    let mut stopped = false;
    let found = headless::shown(&job, &looks, &mut |what| {
        bar.set_message(what.to_owned());
        stopped = interrupt::wanted();
        !stopped
    });
    bar.finish_and_clear();
    let found = found?;
    let mut failure = None;
    let mut wrote = Vec::new();
    for place in &places {
        let Some(view) = found
            .iter()
            .find(|found| found.name == place.view.to_lowercase())
        else {
            continue;
        };
        let content = match &view.content {
            Ok(content) => content,
            // Of all views, and of a stopped export, what there is is wanted.
            Err(error) if args.all || stopped => {
                talk.say(&format!("no {}: {error}", terminal::path(&place.path)));
                continue;
            }
            Err(error) => {
                let words = format!("{}: {error}", view.name);
                failure = failure.or(Some(Error::Usage(words)));
                continue;
            }
        };
        // What isn't all there isn't what was asked for.
        let path = if view.complete {
            place.path.clone()
        } else {
            partial::of_measure(&place.path)
        };
        let mut options = options.clone();
        let page = &args.figure.page;
        let preset = page.preset.as_ref().and_then(|preset| preset.width);
        if let Some((narrowest, usual)) = headless::widths(&view.name) {
            if page.width.or(preset).is_none() {
                options.width = usual;
            } else if page.width.is_none() {
                // As in the window: a preset for one panel makes room for three.
                options.width = options.width.max(narrowest * options.text);
            }
        }
        match content.write(&path, &options) {
            Ok(()) => {
                talk.wrote(&path);
                wrote.push(path.to_string_lossy().into_owned());
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    if let Some(error) = failure {
        return Err(error.into());
    }
    if talk.json {
        output::print_json(&serde_json::json!({ "wrote": wrote }))?;
    }
    Ok(if stopped { End::Stopped } else { End::Done })
}

/// What a build without the window says.
#[cfg(not(feature = "window"))]
pub fn run(args: &ExportArgs, _talk: Talk) -> anyhow::Result<End> {
    places(args, &args.job.views)?;
    Err(Error::Usage(
        "this losscope was built without its window, whose views export takes; `losscope surface`, `line`, `sharpness` and `curvature` write the same numbers".into(),
    )
    .into())
}
