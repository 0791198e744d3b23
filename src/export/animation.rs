//! Animations: the surface around θ(α) while α moves, as a GIF that starts over.
//!
//! All frames share one range of colours, found from all of them first: only then does a basin that
//! gets narrower look narrower. The file is written beside its place and renamed.

use crate::engine::header::Header;
use crate::engine::job::{AnimationJob, Job, Request as _, Run};
use crate::engine::result::Outcome;
use crate::engine::{self, Flow};
use crate::error::{Error, Result};
use crate::export::artifact::Eye;
use crate::export::figure::{self, FigureOptions};
use crate::export::panels::{Panel, Shared};
use crate::export::{png, space, stamp};
use crate::plot::number;
use crate::render::picture::Studio;
use crate::store::files;
use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, RgbaImage};
use std::path::Path;
use std::time::{Duration, Instant};

/// How frames are drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum View {
    /// Colours and iso-lines, as a figure.
    Contour,
    /// In space.
    Space(Eye),
}

/// What an animation shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Animation {
    /// Which surfaces, at which α, how long, how large.
    pub job: AnimationJob,
    /// Metric, scale, levels and colours.
    pub options: FigureOptions,
    /// How frames are drawn.
    pub view: View,
}

/// An animation that has been made.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The file's.
    pub bytes: Vec<u8>,
    /// How the first frame was made, with the warnings of all frames, each once.
    pub header: Header,
}

/// Told after every frame: frames done, in all, and the time left; answers whether to go on.
pub type Told<'a> = &'a mut dyn FnMut(usize, usize, Option<Duration>) -> bool;

/// Computes all frames and writes the file. `false` where it was stopped: nothing is written.
///
/// # Errors
/// Where a surface can't be computed or drawn, or the file can't be written.
pub fn write(path: &Path, animation: &Animation, told: Told<'_>) -> Result<bool> {
    let Some(made) = make(animation, told)? else {
        return Ok(false);
    };
    files::write(path, "write the animation", &made.bytes)?;
    Ok(true)
}

/// The bytes of the file and how they were made; `None` where the work was stopped.
///
/// # Errors
/// Where a surface can't be computed or drawn.
pub fn make(animation: &Animation, told: Told<'_>) -> Result<Option<Made>> {
    let surface = &animation.job.surface;
    if surface.small.is_none() || surface.large.is_none() {
        return Err(Error::Usage(
            "an animation of α takes a small-batch and a large-batch minimizer".into(),
        ));
    }
    animation.job.check()?;
    let alphas = animation.job.run.frames.values();
    let start = Instant::now();
    let mut outcomes = Vec::with_capacity(alphas.len());
    for (index, &alpha) in alphas.iter().enumerate() {
        let job = animation.job.frame(alpha).into();
        let mut go_on = true;
        let left =
            (index > 0).then(|| start.elapsed() / index as u32 * (alphas.len() - index) as u32);
        let outcome = engine::run(&job, None, &mut |_, _| {
            go_on = told(index, alphas.len(), left);
            if go_on { Flow::Continue } else { Flow::Stop }
        })?;
        if !go_on {
            return Ok(None);
        }
        outcomes.push((alpha, outcome));
    }
    let frames = draw(animation, &outcomes)?;
    let delays = delays(&animation.job.run, frames.len());
    let mut bytes = Vec::new();
    let failed =
        |e: image::ImageError| Error::Slice(format!("the animation can't be encoded: {e}"));
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 8);
    encoder.set_repeat(Repeat::Infinite).map_err(failed)?;
    for (frame, delay) in frames.into_iter().zip(delays) {
        let frame = Frame::from_parts(frame, 0, 0, delay);
        encoder.encode_frame(frame).map_err(failed)?;
    }
    drop(encoder);
    told(alphas.len(), alphas.len(), None);
    let mut headers = outcomes.into_iter().map(|(_, outcome)| outcome.header);
    let Some(first) = headers.next() else {
        return Err(Error::Usage("an animation takes a frame or more".into()));
    };
    let mut header = Header {
        job: Job::from(animation.job.clone()),
        complete: true,
        ..first
    };
    for warning in headers.flat_map(|header| header.warnings) {
        if !header.warnings.contains(&warning) {
            header.warnings.push(warning);
        }
    }
    let bytes = stamp::in_gif(bytes, &header)?;
    Ok(Some(Made { bytes, header }))
}

/// How long each frame is shown: hundredths of a second that add up to the whole.
fn delays(run: &Run, frames: usize) -> Vec<Delay> {
    let until = |i: usize| (100.0 * run.seconds * i as f64 / frames.max(1) as f64).round();
    (0..frames)
        .map(|i| Delay::from_numer_denom_ms(10 * (until(i + 1) - until(i)) as u32, 1))
        .collect()
}

fn draw(animation: &Animation, outcomes: &[(f64, Outcome)]) -> Result<Vec<RgbaImage>> {
    let all: Vec<Panel<'_>> = outcomes
        .iter()
        .map(|(alpha, outcome)| (title(*alpha), outcome))
        .collect();
    let shared = Shared::of(&all, &animation.options)?;
    let studio = match animation.view {
        View::Space(..) => Some(Studio::open()?),
        View::Contour => None,
    };
    let frames: Result<Vec<RgbaImage>> = all
        .iter()
        .map(|panel| {
            frame(
                &document(animation, panel, &shared, studio.as_ref())?,
                animation,
            )
        })
        .collect();
    Ok(even(frames?))
}

/// What stands over a frame.
fn title(alpha: f64) -> String {
    format!("α = {}", number::alpha(alpha))
}

/// One frame as an SVG document.
fn document(
    animation: &Animation,
    (title, outcome): &Panel<'_>,
    shared: &Shared,
    studio: Option<&Studio>,
) -> Result<String> {
    let options = FigureOptions {
        metric: Some(shared.metric),
        scale: Some(shared.scale),
        title: Some(title.clone()),
        dpi: dots(animation),
        ..animation.options.clone()
    };
    match (&animation.view, studio) {
        (View::Space(eye), Some(studio)) => {
            let seen = eye.sees(outcome, shared, &options)?;
            let caption = figure::caption(outcome);
            space::document(studio, &seen, &eye.camera, (title, &caption), &options)
        }
        _ => figure::svg_in_range(outcome, &options, shared.range),
    }
}

/// Dots per inch that give the page of a frame its pixels.
fn dots(animation: &Animation) -> f64 {
    f64::from(animation.job.run.pixels) / (animation.options.width / 25.4)
}

fn frame(document: &str, animation: &Animation) -> Result<RgbaImage> {
    let document = &animation.options.finished(document);
    let bytes = png::bytes(document, dots(animation))?;
    let picture = image::load_from_memory(&bytes)
        .map_err(|e| Error::Slice(format!("the figure can't be read back: {e}")))?;
    Ok(picture.to_rgba8())
}

/// Captions differ in length: every frame has the size of the largest, so that none is cut.
fn even(frames: Vec<RgbaImage>) -> Vec<RgbaImage> {
    let width = frames.iter().map(RgbaImage::width).max().unwrap_or(0);
    let height = frames.iter().map(RgbaImage::height).max().unwrap_or(0);
    let paper = image::Rgba([255; 4]);
    let enlarged = |frame: RgbaImage| {
        if frame.dimensions() == (width, height) {
            return frame;
        }
        let mut page = RgbaImage::from_pixel(width, height, paper);
        image::imageops::replace(&mut page, &frame, 0, 0);
        page
    };
    frames.into_iter().map(enlarged).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_together_take_the_seconds_asked_for() {
        for (seconds, frames) in [(6.0, 61), (1.0, 7), (0.5, 25)] {
            let run = Run {
                seconds,
                ..Run::default()
            };
            let ms = |d: Delay| d.numer_denom_ms().0 / d.numer_denom_ms().1;
            let all: u32 = delays(&run, frames).into_iter().map(ms).sum();
            assert_eq!(f64::from(all), 1000.0 * seconds);
        }
    }
}
