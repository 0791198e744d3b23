//! Animations: the surface around θ(α) while α moves, as a GIF that starts over.
//!
//! All frames share one range of colours, found from all of them first: only then does a basin that
//! gets narrower look narrower. The file is written beside its place and renamed.

use crate::checkpoint::files::replace_file;
use crate::engine::job::{Job, SurfaceJob};
use crate::engine::result::{Numbers, Outcome};
use crate::engine::{self, Flow};
use crate::error::{Error, Result};
use crate::export::figure::{self, FigureOptions, Metric};
use crate::export::png;
use crate::landscape::grid::Axis;
use crate::plot::camera::Camera;
use crate::plot::number;
use crate::plot::scale::{Scale, levels, robust_range};
use crate::render::picture;
use crate::render::scene::{Look, SurfaceScene};
use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, RgbaImage};
use std::io::BufWriter;
use std::path::Path;
use std::time::{Duration, Instant};

/// How frames are drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum View {
    /// Colours and iso-lines, as a figure.
    Contour,
    /// In space: from where, how high (in widths of the plane).
    Space(Camera, f32),
}

/// What an animation shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Animation {
    /// The surface at every α; what it says of α itself is replaced.
    pub job: SurfaceJob,
    /// The α of the frames.
    pub alpha: Axis,
    /// How long one round takes.
    pub seconds: f64,
    /// Pixels across.
    pub width: u32,
    /// Metric, scale, levels and colours.
    pub options: FigureOptions,
    /// How frames are drawn.
    pub view: View,
}

/// Told after every frame: frames done, in all, and the time left; answers whether to go on.
pub type Told<'a> = &'a mut dyn FnMut(usize, usize, Option<Duration>) -> bool;

/// Computes all frames and writes the file. `false` where it was stopped: nothing is written.
///
/// # Errors
/// Where a surface can't be computed or drawn, or the file can't be written.
pub fn write(path: &Path, animation: &Animation, told: Told<'_>) -> Result<bool> {
    if animation.job.small.is_none() || animation.job.large.is_none() {
        return Err(Error::Usage(
            "an animation of α takes a small-batch and a large-batch minimizer".into(),
        ));
    }
    let alphas = animation.alpha.values();
    let start = Instant::now();
    let mut outcomes = Vec::with_capacity(alphas.len());
    for (index, &alpha) in alphas.iter().enumerate() {
        let job = Job::Surface(SurfaceJob {
            at: None,
            alpha: Some(alpha),
            ..animation.job.clone()
        });
        let mut go_on = true;
        let left =
            (index > 0).then(|| start.elapsed() / index as u32 * (alphas.len() - index) as u32);
        let outcome = engine::run(&job, None, &mut |_, _| {
            go_on = told(index, alphas.len(), left);
            if go_on { Flow::Continue } else { Flow::Stop }
        })?;
        if !go_on {
            return Ok(false);
        }
        outcomes.push((alpha, outcome));
    }
    let frames = draw(animation, &outcomes)?;
    let delay = 1000.0 * animation.seconds / frames.len().max(1) as f64;
    let delay = Delay::from_numer_denom_ms(delay.clamp(20.0, 10_000.0) as u32, 1);
    replace_file(path, |file| {
        let failed = |e: image::ImageError| {
            Error::file(path, format!("the animation can't be written: {e}"))
        };
        let mut encoder = GifEncoder::new_with_speed(BufWriter::new(file), 8);
        encoder.set_repeat(Repeat::Infinite).map_err(failed)?;
        for frame in frames {
            encoder
                .encode_frame(Frame::from_parts(frame, 0, 0, delay))
                .map_err(failed)?;
        }
        Ok(())
    })?;
    told(alphas.len(), alphas.len(), None);
    Ok(true)
}

fn values(outcome: &Outcome, metric: Metric) -> Result<Vec<f64>> {
    match &outcome.numbers {
        Numbers::Surface(surface) => metric.shown(&surface.table),
        _ => Err(Error::Usage("an animation is made of surfaces".into())),
    }
}

fn draw(animation: &Animation, outcomes: &[(f64, Outcome)]) -> Result<Vec<RgbaImage>> {
    let metric = animation.options.metric.unwrap_or(Metric::TrainLoss);
    let mut all = Vec::new();
    for (_, outcome) in outcomes {
        all.extend(values(outcome, metric)?);
    }
    let scale = animation
        .options
        .scale
        .unwrap_or_else(|| metric.usual_scale(&all));
    let range = robust_range(scale, &all);
    let device = match animation.view {
        View::Space(..) => Some(picture::headless()?),
        View::Contour => None,
    };
    let mut frames: Vec<RgbaImage> = Vec::with_capacity(outcomes.len());
    for (index, (alpha, outcome)) in outcomes.iter().enumerate() {
        let frame = match (&animation.view, &device) {
            (View::Space(camera, height), Some((device, queue))) => {
                let look = Look {
                    scale,
                    range: range.filter(|(lo, hi)| lo < hi).unwrap_or((0.0, 1.0)),
                    colormap: animation.options.colormap,
                    levels: range.map_or_else(Vec::new, |(lo, hi)| levels(scale, lo, hi, 12)),
                    exaggeration: *height,
                    background: [1.0; 4],
                    dark: false,
                };
                let Numbers::Surface(surface) = &outcome.numbers else {
                    continue;
                };
                let values = values(outcome, metric)?;
                let scene = SurfaceScene::new(index as u64, &surface.x, &surface.y, &values, &look);
                let size = [animation.width, animation.width * 3 / 4];
                let pixels = picture::pixels(device, queue, &scene, camera, size, 1.3)?;
                RgbaImage::from_raw(size[0], size[1], pixels)
                    .ok_or_else(|| Error::Device("the picture has another size".into()))?
            }
            _ => contour(animation, *alpha, outcome, scale, range)?,
        };
        // Captions differ in length: every frame has the size of the first.
        frames.push(match frames.first() {
            Some(first) if first.dimensions() != frame.dimensions() => {
                let mut page =
                    RgbaImage::from_pixel(first.width(), first.height(), image::Rgba([255; 4]));
                image::imageops::replace(&mut page, &frame, 0, 0);
                page
            }
            _ => frame,
        });
    }
    Ok(frames)
}

fn contour(
    animation: &Animation,
    alpha: f64,
    outcome: &Outcome,
    scale: Scale,
    range: Option<(f64, f64)>,
) -> Result<RgbaImage> {
    let options = FigureOptions {
        scale: Some(scale),
        title: Some(format!("α = {}", number::alpha(alpha))),
        ..animation.options.clone()
    };
    let dpi = f64::from(animation.width) / (options.width / 25.4);
    let svg = figure::svg_in_range(outcome, &options, range)?;
    let bytes = png::bytes(&svg, dpi)?;
    let picture = image::load_from_memory(&bytes)
        .map_err(|e| Error::Slice(format!("the figure can't be read back: {e}")))?;
    Ok(picture.to_rgba8())
}
