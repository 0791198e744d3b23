//! How inputs are scaled, which samples count, and where and how exactly they are computed.

use super::rows::{choice, named, number, row};
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::app::threads;
use crate::dataset::normalize::NAMED;
use crate::dataset::{Normalize, TargetKind};
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

const TARGETS: [(TargetKind, &str, &str); 5] = [
    (
        TargetKind::Auto,
        "By their values",
        "Integers and one-hot rows are classes, other numbers what they are; what was assumed is said",
    ),
    (
        TargetKind::Classes,
        "Classes",
        "Integers, whole numbers or one-hot rows",
    ),
    (
        TargetKind::Answers,
        "Answers",
        "A label of 0 or 1 in every column",
    ),
    (TargetKind::Numbers, "Numbers", "As they are stored"),
    (
        TargetKind::Scaled,
        "Pictures",
        "Numbers that are scaled as the inputs are",
    ),
];

/// The scaling of the inputs: the usual ones by name, and whatever else was typed.
fn scaling_ui(ui: &mut Ui, rule: &mut Normalize) {
    let help = "How stored numbers become inputs: what the network was trained with";
    let mut usual = vec![
        (
            Normalize::Auto,
            "By the data: pixels from 0 to 1, CIFAR by its published mean",
        ),
        (Normalize::None, "As they are stored"),
        (
            Normalize::PerChannel,
            "Mean 0 and deviation 1 of each channel over the training samples",
        ),
    ];
    usual.extend(NAMED.map(|named| (Normalize::Named(named), named.scaling().words)));
    row(ui, "Scaling", help, |ui| {
        let words = rule.to_string();
        let combo = egui::ComboBox::from_id_salt("Scaling")
            .selected_text(&words)
            .width(ui.available_width().min(190.0))
            .height(320.0)
            .show_ui(ui, |ui| {
                for (option, why) in usual {
                    let name = option.to_string();
                    ui.selectable_value(rule, option, name).on_hover_text(why);
                }
            });
        named(&combo.response, egui::Role::ComboBox, "Scaling", &words);
        combo.response.on_hover_text(help);
    });
}

/// What this machine can compute on; asked once, aside, because drivers take their time.
fn devices(ctx: &egui::Context) -> Option<&'static Vec<DeviceInfo>> {
    static FOUND: OnceLock<Arc<OnceLock<Vec<DeviceInfo>>>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let list = Arc::new(OnceLock::new());
        let (theirs, ctx) = (Arc::clone(&list), ctx.clone());
        threads::spawn("losscope-devices", move || {
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
    scaling_ui(ui, &mut setup.data_normalize);
    choice(
        ui,
        "Targets",
        "What the numbers of the targets stand for",
        &mut setup.data_targets,
        &TARGETS,
    );
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
    let found = devices(ui.ctx()).map_or(&[][..], Vec::as_slice);
    for info in found {
        if !options.iter().any(|(choice, ..)| *choice == info.choice) {
            options.push((info.choice, info.name.clone(), info.details.clone()));
        }
    }
    if found.iter().any(|i| i.automatic && i.choice.is_gpu()) {
        let all = "Every GPU and the processor share the points of surfaces and lines";
        options.push((DeviceChoice::All, "All together".to_owned(), all.to_owned()));
    }
    if !options.iter().any(|(choice, ..)| *choice == setup.device) {
        options.push((setup.device, setup.device.to_string(), String::new()));
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
    if setup.device.is_gpu() {
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
