//! `inspect`: what a checkpoint holds and what network it seems to be.

use crate::checkpoint::{StateDict, files};
use crate::cli::{End, Talk, output, terminal};
use crate::dataset::{self, Dataset};
use crate::engine::inputs::{open_checkpoint, open_network};
use crate::engine::recipe::ModelFacts;
use crate::error::Error;
use crate::export;
use crate::model::family::{self, Hints};
use crate::model::graph::Role;
use crate::model::{Network, file};
use clap::Args;
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// `losscope inspect`
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Checkpoints
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The network: auto, a family's name, or a model.toml
    #[arg(long, default_value = "auto")]
    model: String,
    /// Data the network should fit; its shape settles what names and shapes can't
    #[arg(long)]
    data: Option<String>,
    /// Write the network's description for editing
    #[arg(long, value_name = "model.toml")]
    write_model: Option<PathBuf>,
}

/// Shows every file in turn.
pub fn run(args: &InspectArgs, talk: Talk) -> anyhow::Result<End> {
    if args.write_model.is_some() && args.files.len() > 1 {
        return Err(
            Error::Usage("--write-model describes one network: name one file".into()).into(),
        );
    }
    if let Some(target) = &args.write_model {
        let mut inputs = args.files.clone();
        inputs.push(PathBuf::from(&args.model));
        inputs.extend(args.data.as_ref().map(PathBuf::from));
        export::check_spares(target, &inputs)?;
        export::check_place(target)?;
    }
    let data = match &args.data {
        Some(name) => {
            let options = dataset::DataOptions {
                data: name.clone(),
                ..Default::default()
            };
            Some(dataset::open(&options)?)
        }
        None => None,
    };
    let mut all = Vec::new();
    for path in &args.files {
        let state = open_checkpoint(path)?;
        let network = open_network(&args.model, &state, data.as_ref());
        if let Some(target) = &args.write_model {
            write_model(target, &state, &network, data.as_ref(), talk)?;
        }
        if talk.json {
            all.push(as_json(&state, &network));
        } else {
            output::print(&as_text(&state, &network))?;
            talk.warn(&state.warnings);
        }
    }
    if talk.json {
        output::print_json(&json!(all))?;
    }
    Ok(End::Done)
}

type Recognition = Result<(Network, ModelFacts), Error>;

/// Writes what was recognised, or a draft to complete.
fn write_model(
    target: &Path,
    state: &StateDict,
    network: &Recognition,
    data: Option<&Dataset>,
    talk: Talk,
) -> anyhow::Result<()> {
    let text = match network {
        Ok((network, facts)) => file::write(network.graph(), &facts.assumptions),
        Err(error) => {
            talk.say(&format!("not recognised, writing a draft: {error}"));
            let hints = Hints {
                input: data.map(|d| d.train.shape.as_slice()),
                classes: data.map(|d| d.classes),
            };
            let draft = family::skeleton(state, &hints);
            file::write(&draft.graph, &draft.assumptions)
        }
    };
    files::replace_file(target, |out| {
        out.write_all(text.as_bytes())
            .map_err(|source| Error::io("write the model file", target, source))
    })?;
    talk.wrote(target);
    Ok(())
}

fn as_text(state: &StateDict, network: &Recognition) -> String {
    let source = &state.source;
    let line = terminal::line;
    let path = terminal::path(&source.path);
    let mut text = format!("{path}\n  format   {}\n", source.format);
    if !source.state_dict_at.is_empty() {
        text += &format!("  found at {}\n", line(&source.state_dict_at));
    }
    if !source.prefix.is_empty() {
        text += &format!(
            "  prefix   {} removed from every name\n",
            line(&source.prefix)
        );
    }
    text += &format!("  sha256   {}\n\n", source.sha256);
    let role = |name: &str| match network {
        Ok((network, _)) => {
            network
                .layout()
                .iter()
                .find(|s| s.name == name)
                .map_or("not used", |s| match s.role {
                    Role::Trainable { .. } => "trained",
                    Role::RunningMean | Role::RunningVar => "buffer",
                })
        }
        Err(_) => "",
    };
    let mut rows = vec![
        ["tensor", "shape", "type", "values", "role"]
            .map(String::from)
            .to_vec(),
    ];
    for (name, array) in &state.tensors {
        rows.push(vec![
            name.clone(),
            format!("{:?}", array.shape()),
            array.values().type_name().to_owned(),
            output::grouped(array.len()),
            role(name).to_owned(),
        ]);
    }
    text += &indented(&output::table(&rows));
    match network {
        Ok((network, facts)) => {
            text += &format!(
                "\n  model    {}, {} parameters\n",
                line(&facts.name),
                output::grouped(facts.parameters)
            );
            text += &format!("  why      {}\n", line(&facts.source));
            text += &format!(
                "  input    {:?}\n  loss     {}\n",
                network.graph().input,
                facts.loss
            );
            for assumption in &facts.assumptions {
                text += &format!("  assumed  {}\n", line(assumption));
            }
        }
        Err(error) => {
            text += &format!(
                "\n  model    not recognised: {}\n",
                line(&error.to_string())
            );
        }
    }
    text.push('\n');
    text
}

fn indented(table: &str) -> String {
    table.lines().map(|line| format!("  {line}\n")).collect()
}

fn as_json(state: &StateDict, network: &Recognition) -> serde_json::Value {
    let tensors: Vec<_> = state
        .tensors
        .iter()
        .map(|(name, a)| json!({ "name": name, "shape": a.shape(), "type": a.values().type_name(), "non_finite": a.non_finite() }))
        .collect();
    let model = match network {
        Ok((network, facts)) => {
            json!({ "facts": facts, "graph": network.graph(), "tensors": network.layout().as_ref() })
        }
        Err(error) => json!({ "error": error.to_string() }),
    };
    let source = &state.source;
    json!({
        "file": source.path.to_string_lossy(),
        "format": source.format,
        "state_dict_at": source.state_dict_at,
        "prefix": source.prefix,
        "sha256": source.sha256,
        "tensors": tensors,
        "warnings": state.warnings,
        "model": model,
    })
}
