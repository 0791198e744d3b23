//! `devices`: what this machine can compute on.

use crate::cli::output;
use crate::cli::talk::{End, Talk};
use crate::engine::device;
use clap::ValueEnum as _;

/// Lists every device, the automatic choice marked.
pub fn run(talk: Talk) -> anyhow::Result<End> {
    let devices = device::list();
    if talk.json {
        output::print_json(&serde_json::to_value(&devices)?)?;
        return Ok(End::Done);
    }
    let mut rows = vec![
        ["--device", "name", "what", "precision", ""]
            .map(String::from)
            .to_vec(),
    ];
    for info in devices {
        let choice = info
            .choice
            .to_possible_value()
            .map_or_else(String::new, |v| v.get_name().to_owned());
        let precisions: Vec<String> = info
            .precisions
            .iter()
            .map(|p| format!("{p:?}").to_lowercase())
            .collect();
        let automatic = if info.automatic {
            "auto takes this"
        } else {
            ""
        };
        rows.push(vec![
            choice,
            info.name,
            info.details,
            precisions.join(", "),
            automatic.to_owned(),
        ]);
    }
    output::print(&output::table_of_words(&rows))?;
    Ok(End::Done)
}
