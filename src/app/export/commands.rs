//! What is typed at the terminal to write what a view shows.

use super::source;
use crate::app::state::State;
use crate::engine::job::{Job, quoted};
use crate::export::artifact::Eye;
use crate::export::figure::FigureOptions;
use crate::export::figure_args::typed;
use crate::plot::camera::Camera;

/// A command that computes a job and writes it as `output`, looking as `options` say.
pub fn of_job(job: &Job, options: &FigureOptions, output: &str) -> String {
    let line = job
        .command_line()
        .unwrap_or_else(|error| format!("# {error}"));
    let look = typed(options);
    let look = if look.is_empty() {
        look
    } else {
        format!(" {look}")
    };
    format!("{line}{look} -o {}", quoted(output))
}

/// The command that exports a view; `eye`: from where it shows surfaces in space.
pub fn of_view(name: &str, state: &State, eye: Option<Eye>) -> String {
    let view = name.to_lowercase();
    let job = Job::from(state.wish.export_job(&view));
    let mut line = of_job(&job, &source::options(&state.look), &format!("{view}.png"));
    if let Some(eye) = eye {
        let usual = Eye::default();
        if eye.camera != usual.camera {
            let Camera {
                yaw,
                pitch,
                distance,
                target: [x, y, z],
            } = eye.camera;
            line.push_str(&format!(" --eye={yaw},{pitch},{distance},{x},{y},{z}"));
        }
        if eye.height != usual.height {
            line.push_str(&format!(" --height={}", eye.height));
        }
        if !eye.lines {
            line.push_str(" --no-lines");
        }
        if view == "compare" {
            line.push_str(" --in-space");
        }
    }
    line
}
