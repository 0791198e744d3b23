//! Which samples count, and where and how exactly they are computed.

use super::{choice, number, row};
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::engine::device::{self, DeviceChoice, DeviceInfo};
use crate::engine::job::{MemorySize, SplitChoice};
use crate::engine::live::Snapshot;
use crate::landscape::evaluate::Precision;
use eframe::egui::{self, RichText, Ui};
use std::sync::{Arc, OnceLock};

const SPLITS: [(SplitChoice, &str, &str); 3] = [
    (SplitChoice::Both, "Both", "Training and validation samples"),
    (
        SplitChoice::Train,
        "Training",
        "Training samples alone: faster",
    ),
    (
        SplitChoice::Validation,
        "Validation",
        "Held-out samples alone",
    ),
];

const PRECISIONS: [(Precision, &str, &str); 2] = [
    (
        Precision::F32,
        "Single (f32)",
        "About seven digits, on every device",
    ),
    (
        Precision::F64,
        "Double (f64)",
        "About sixteen digits, on CPU devices",
    ),
];

const MEMORY: [(usize, &str, &str); 4] = [
    (256 << 20, "256 MB", "What data and activations may take"),
    (1 << 30, "1 GB", "What data and activations may take"),
    (4 << 30, "4 GB", "What data and activations may take"),
    (16 << 30, "16 GB", "What data and activations may take"),
];

/// What this machine can compute on; asked once, aside, because drivers take their time.
fn devices(ctx: &egui::Context) -> Option<&'static Vec<DeviceInfo>> {
    static FOUND: OnceLock<Arc<OnceLock<Vec<DeviceInfo>>>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let list = Arc::new(OnceLock::new());
        let (theirs, ctx) = (Arc::clone(&list), ctx.clone());
        std::thread::Builder::new()
            .name("losscope-devices".into())
            .spawn(move || {
                theirs.get_or_init(device::list);
                ctx.request_repaint();
            })
            .ok();
        list
    });
    found.get()
}

/// Draws the controls.
pub fn samples_ui(ui: &mut Ui, state: &mut State, news: &Snapshot, palette: &Palette) {
    let setup = &mut state.wish.plane.setup;
    choice(
        ui,
        "Split",
        "Which samples metrics are taken over",
        &mut setup.split,
        &SPLITS,
    );
    let help = "A stratified subset of each split, the same share of every class: faster, and a little different. Off: all of them";
    row(ui, "Subset", help, |ui| {
        let mut subset = setup.samples.is_some();
        let toggled = ui.checkbox(&mut subset, "of").on_hover_text(help);
        if toggled.changed() {
            setup.samples = subset.then_some(500);
        }
        if let Some(samples) = setup.samples {
            if let Some(samples) = number(ui, "Samples of each split", samples, 1..=1_000_000, 5.0)
            {
                setup.samples = Some(samples);
            }
        } else {
            ui.label("all samples");
        }
    });
    let mut options = vec![(
        DeviceChoice::Auto,
        "Automatic".to_owned(),
        "A real GPU where there is one, else flex".to_owned(),
    )];
    match devices(ui.ctx()) {
        Some(found) => {
            for info in found {
                if !options.iter().any(|(choice, ..)| *choice == info.choice) {
                    options.push((info.choice, info.name.clone(), info.details.clone()));
                }
            }
        }
        None => options.push((
            setup.device,
            format!("{:?}", setup.device).to_lowercase(),
            String::new(),
        )),
    }
    let options: Vec<(DeviceChoice, &str, &str)> = options
        .iter()
        .map(|(choice, name, details)| (*choice, name.as_str(), details.as_str()))
        .collect();
    choice(
        ui,
        "Device",
        "What computes; the window goes on drawing whatever it is",
        &mut setup.device,
        &options,
    );
    if setup.device == DeviceChoice::Gpu {
        setup.precision = Precision::F32;
        ui.label(RichText::new("single precision on a GPU").color(palette.weak));
    } else {
        choice(
            ui,
            "Precision",
            "The number type of the computation",
            &mut setup.precision,
            &PRECISIONS,
        );
    }
    let mut memory = setup.memory.0;
    choice(
        ui,
        "Memory",
        "What data and activations may take; larger data passes through in pieces",
        &mut memory,
        &MEMORY,
    );
    setup.memory = MemorySize(memory);
    if let Some(facts) = &news.experiment {
        ui.label(RichText::new(format!("computing on {}", facts.device)).color(palette.weak));
    }
}
