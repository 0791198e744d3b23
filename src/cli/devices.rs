//! `devices`: what this machine can compute on, what it can do, and how fast it is.

use crate::cli::{End, Talk, output};
use crate::engine::device::{self, DeviceInfo};
use crate::engine::speed::{self, Speed};
use crate::plot::number::{format_value, significant};
use clap::Args;

/// `losscope devices`
#[derive(Debug, Args)]
pub struct DevicesArgs {
    /// Measure each device: points a second of four usual networks, arithmetic and memory
    #[arg(long)]
    measure: bool,
}

/// Lists every device, the automatic choice marked.
pub fn run(args: &DevicesArgs, talk: Talk) -> anyhow::Result<End> {
    let devices = device::list();
    let speeds = if args.measure {
        let each = devices.iter();
        let measured = each.map(|info| speed::measure(info.choice, &mut |what| talk.say(what)));
        measured.collect::<Result<Vec<Speed>, _>>()?
    } else {
        Vec::new()
    };
    if talk.json {
        let value = if args.measure {
            serde_json::json!({ "devices": devices, "measured": speeds })
        } else {
            serde_json::to_value(&devices)?
        };
        output::print_json(&value)?;
        return Ok(End::Done);
    }
    output::print(&output::table_of_words(&listed(&devices)))?;
    let able: Vec<&DeviceInfo> = devices.iter().filter(|d| !d.abilities.is_empty()).collect();
    for info in able {
        let mut rows = vec![vec![format!("{}:", info.choice), info.name.clone()]];
        let abilities = info.abilities.iter();
        rows.extend(abilities.map(|(name, value)| vec![format!("  {name}"), value.clone()]));
        output::print(&format!("\n{}", output::table_of_words(&rows)))?;
    }
    if args.measure {
        output::print(&format!("\n{}", output::table(&measured(&speeds))))?;
        output::print(
            "Points a second over 1,437 samples; arithmetic of products, memory of a copy.\n",
        )?;
    }
    Ok(End::Done)
}

fn listed(devices: &[DeviceInfo]) -> Vec<Vec<String>> {
    let head = ["--device", "name", "what", "precision", ""];
    let row = |info: &DeviceInfo| {
        let precisions = info.precisions.iter();
        let precisions: Vec<String> = precisions
            .map(|p| format!("{p:?}").to_lowercase())
            .collect();
        let automatic = if info.automatic {
            "auto takes this"
        } else {
            ""
        };
        vec![
            info.choice.to_string(),
            info.name.clone(),
            info.details.clone(),
            precisions.join(", "),
            automatic.to_owned(),
        ]
    };
    let head = head.map(String::from).to_vec();
    std::iter::once(head)
        .chain(devices.iter().map(row))
        .collect()
}

fn measured(speeds: &[Speed]) -> Vec<Vec<String>> {
    let networks = speeds.first().map_or(&[][..], |speed| &speed.networks);
    let mut head = vec!["--device".to_owned()];
    head.extend(networks.iter().map(|rate| rate.network.clone()));
    head.extend(["GFLOP/s", "GB/s", "first point"].map(str::to_owned));
    let row = |speed: &Speed| {
        let rates = speed.networks.iter();
        let first = rates.clone().map(|rate| rate.first_seconds);
        let first = first.fold(0.0, f64::max);
        let mut row = vec![speed.device.to_string()];
        row.extend(rates.map(|rate| format_value(rate.points_per_second)));
        row.push(significant(1e-9 * speed.flops, 3));
        row.push(significant(1e-9 * speed.bytes, 3));
        row.push(format!("{first:.1} s"));
        row
    };
    std::iter::once(head)
        .chain(speeds.iter().map(row))
        .collect()
}
